/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forwards.c - an account for each packet and server
 */
#include "sim/judge/forwards.h"

#include <stdlib.h>

#include "core/record.h"
#include "core/wire/cursor.h"
#include "sim/engine/memory.h"
#include "sim/judge/ledger.h"
#include "sim/model/workload.h"

struct judge_forwards {
	struct judge_parts parts;
	struct ledger *packets; /* a: arrivals, b: forwards */
	struct ledger *ways; /* a: forwards to one other */
	struct ledger *tunnelled; /* a: it was forwarded to this server */
	struct ledger *numbers; /* of tunnels; a: it was used */
};

struct judge_forwards *
judge_forwards_create(const struct judge_parts *parts)
{
	struct judge_forwards *forwards = memory_zeroed(1, sizeof(*forwards));

	forwards->parts = *parts;
	forwards->packets = ledger_create();
	forwards->ways = ledger_create();
	forwards->tunnelled = ledger_create();
	forwards->numbers = ledger_create();
	return forwards;
}

void
judge_forwards_destroy(struct judge_forwards *forwards)
{
	if (forwards == NULL)
		return;
	ledger_destroy(forwards->packets);
	ledger_destroy(forwards->ways);
	ledger_destroy(forwards->tunnelled);
	ledger_destroy(forwards->numbers);
	free(forwards);
}

void
judge_forwards_arrived(struct judge_forwards *forwards, uint32_t server,
		       const uint8_t *bytes, const struct packet *packet)
{
	uint64_t hash = ledger_hash_packet(server, bytes, packet->size_bytes);

	ledger_open(forwards->packets, hash)->a++;
}

/* The first of that number? */
static bool
is_new(struct judge_forwards *forwards, const struct judge_forward *forward)
{
	const uint32_t name[] = { forward->from, forward->to, forward->boot,
				  forward->sequence };
	struct ledger_page *page = ledger_open(
		forwards->numbers, ledger_hash(0, name, sizeof(name)));

	return page->a++ == 0;
}

static uint32_t
flow_of(const struct judge_forwards *forwards,
	const struct judge_forward *forward)
{
	struct packet packet;
	struct session_key key;

	if (packet_parse(forward->inner, forward->inner_bytes, &packet) !=
		    DROP_NONE ||
	    packet_session(&packet, false, &key) != DROP_NONE)
		return WATCH_NONE;
	return workload_find(forwards->parts.workload, &key);
}

void
judge_forwards_sent(struct judge_forwards *forwards, struct instant now,
		    const struct judge_forward *forward)
{
	uint64_t here = ledger_hash_packet(forward->from, forward->inner,
					   forward->inner_bytes);
	uint64_t there = ledger_hash_packet(forward->to, forward->inner,
					    forward->inner_bytes);

	uint64_t way = ledger_hash(here, &forward->to, sizeof(forward->to));

	if (!is_new(forwards, forward))
		return;
	ledger_open(forwards->tunnelled, there)->a++;
	uint32_t same = ++ledger_open(forwards->ways, way)->a;
	struct ledger_page *page = ledger_open(forwards->packets, here);
	if (++page->b <= RECORDS_PER_KEY * page->a && same <= page->a)
		return;
	verdict(forwards->parts.verdicts, VIOLATION_TUNNEL_AGAIN, now,
		forward->from, flow_of(forwards, forward),
		"a packet went on to server%u that %s, for the %u. time, and "
		"came to the server by itself %u times",
		forward->to + 1,
		ledger_find(forwards->tunnelled, here) != NULL
			? "had come in a tunnel"
			: "no tunnel had brought",
		page->b, page->a);
}
