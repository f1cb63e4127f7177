/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attacker.c - an alarm for each event that attacks
 */
#include "sim/host/attacker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/model/fault_kind.h"

#define PACKET_BYTES	(60 + 20 + ATTACKER_DATA)
#define ATTACKER_TTL	64
#define PORT_FIRST	1024
#define OPEN_TRIES	64 /* random sessions, then the next that is open */
#define NEIGHBOUR_TRIES 16

struct attacker {
	struct alarm alarm; /* idle: it does not attack */
	struct rng rng;
	uint64_t sent, missed; /* missed: no session was open */
};

struct attackers {
	const struct settings *settings;
	struct network *network;
	struct queue *queue;
	const struct workload *workload;
	struct attacker *array; /* by event of the script */
	bool begun; /* one has, ever */
};

struct attackers *
attackers_create(const struct settings *settings, struct network *network,
		 struct queue *queue, const struct workload *workload)
{
	struct attackers *attackers = memory_zeroed(1, sizeof(*attackers));

	*attackers = (struct attackers){
		.settings = settings,
		.network = network,
		.queue = queue,
		.workload = workload,
		.array = memory_zeroed((size_t)settings->fault_count + 1,
				       sizeof(struct attacker)),
	};
	for (uint32_t i = 0; i < settings->fault_count; i++)
		attackers->array[i] = (struct attacker){
			.alarm = { .deadline_ns = INT64_MAX },
			.rng = stream_rng(settings->seed, STREAM_ATTACK, i),
		};
	return attackers;
}

void
attackers_destroy(struct attackers *attackers)
{
	if (attackers == NULL)
		return;
	for (uint32_t i = 0; i < attackers->settings->fault_count; i++)
		alarm_cancel(&attackers->array[i].alarm, attackers->queue);
	free(attackers->array);
	free(attackers);
}

/* ---- what is sent ---- */

static uint32_t
random_word(struct rng *rng)
{
	return (uint32_t)rng_next(rng);
}

/* Of the internet's own addresses: no host of the fabric has one. */
static struct address
anybody(struct rng *rng, uint8_t family)
{
	uint8_t bytes[16];

	for (;;) {
		for (unsigned i = 0; i < sizeof(bytes); i += 4)
			wire_put32(bytes + i, random_word(rng));
		if (family == 6) {
			bytes[0] = 0x20 | (bytes[0] & 0x1f); /* 2000::/3 */
			if (wire_get32(bytes) != UINT32_C(0x20010db8))
				return address_ip6(bytes);
			continue;
		}
		/* RFC 6890, by whole /8s; and the clients' own network. */
		bool special = bytes[0] == 0 || bytes[0] == 10 ||
			       bytes[0] == 100 || bytes[0] == 127 ||
			       bytes[0] == 169 || bytes[0] == 172 ||
			       bytes[0] == 192 || bytes[0] == 198 ||
			       bytes[0] == 203 || bytes[0] >= 224;
		if (!special && (bytes[0] != 20 || bytes[1] != 1))
			return address_ip4(bytes);
	}
}

static bool
is_of_client(const struct attackers *attackers, const struct address *address)
{
	const struct fabric_settings *fabric = &attackers->settings->fabric;
	uint32_t first = network_client_device(attackers->network, 0);

	for (uint32_t i = 0; i < fabric->clients; i++) {
		const struct address own = network_host_address(
			attackers->network, first + i, address->family);
		if (address_equal(address, &own))
			return true;
	}
	return false;
}

/* In a /24 all may be clients: then it is one of them. */
static struct address
neighbour(const struct attackers *attackers, struct rng *rng, uint32_t device)
{
	uint8_t family = attackers->settings->service.family;
	struct address address =
		network_host_address(attackers->network, device, family);

	for (unsigned i = 0; i < NEIGHBOUR_TRIES; i++) {
		if (family == 4)
			address.bytes[3] = (uint8_t)(1 + rng_below(rng, 254));
		else
			for (unsigned at = 8; at < 16; at += 4)
				wire_put32(address.bytes + at,
					   random_word(rng));
		if (!is_of_client(attackers, &address))
			break;
	}
	return address;
}

static uint8_t
flags_of(enum fault_packets packets, struct rng *rng)
{
	switch (packets) {
	case FAULT_PACKETS_ACK:
		return TCP_ACK;
	case FAULT_PACKETS_SYN:
		return TCP_SYN;
	case FAULT_PACKETS_RANDOM:
		break;
	}
	return (uint8_t)rng_below(rng, 64);
}

/* Everything but names and flags. */
static void
fill(struct packet_tcp *segment, struct rng *rng)
{
	segment->ip.ttl = ATTACKER_TTL;
	segment->ip.id = (uint16_t)random_word(rng);
	segment->ip.df = true;
	segment->seq = random_word(rng);
	segment->window = (uint16_t)random_word(rng);
	if (segment->flags & TCP_ACK)
		segment->ack = random_word(rng);
}

static void
send_segment(struct attackers *attackers, uint32_t item, uint32_t device,
	     const struct packet_tcp *segment)
{
	const struct fault_settings *fault = &attackers->settings->faults[item];
	uint8_t bytes[PACKET_BYTES];
	size_t size = packet_build_tcp(segment, bytes, sizeof(bytes));

	assert(size > 0);
	for (uint32_t i = 0; i < fault->repeat; i++)
		network_send(attackers->network, device, OUTBOX_ANY_UPLINK,
			     bytes, (uint32_t)size);
	attackers->array[item].sent += fault->repeat;
}

static void
send_bogus(struct attackers *attackers, uint32_t item, uint32_t device)
{
	static const uint8_t data[ATTACKER_DATA];
	const struct settings *settings = attackers->settings;
	const struct fault_settings *fault = &settings->faults[item];
	struct rng *rng = &attackers->array[item].rng;
	uint8_t family = settings->service.family;
	struct packet_tcp segment = {
		.ip.src = fault->sources == FAULT_SOURCES_CLIENT
				  ? neighbour(attackers, rng, device)
				  : anybody(rng, family),
		.ip.dst = network_service_address(attackers->network, family),
		.src_port = (uint16_t)(PORT_FIRST +
				       rng_below(rng, 65536 - PORT_FIRST)),
		.dst_port = settings->service.port,
		.flags = flags_of(fault->packets, rng),
		.payload = data,
	};

	fill(&segment, rng);
	if (fault->packets != FAULT_PACKETS_SYN && rng_below(rng, 2) == 0)
		segment.payload_bytes = 1 + rng_below(rng, ATTACKER_DATA);
	send_segment(attackers, item, device, &segment);
}

/* NULL: none is. */
static const struct session *
open_session(const struct workload *workload, struct rng *rng)
{
	uint32_t count = workload_count(workload), flow = 0;
	const struct session *session;

	for (unsigned i = 0; count > 0 && i < OPEN_TRIES; i++) {
		flow = (uint32_t)rng_below(rng, count);
		session = workload_session(workload, flow);
		if (session->state == SESSION_OPEN)
			return session;
	}
	for (uint32_t i = 1; i < count; i++) {
		session = workload_session(workload, (flow + i) % count);
		if (session->state == SESSION_OPEN)
			return session;
	}
	return NULL;
}

static void
send_forged(struct attackers *attackers, uint32_t item, uint32_t device)
{
	struct attacker *attacker = &attackers->array[item];
	const struct session *session =
		open_session(attackers->workload, &attacker->rng);

	if (session == NULL) {
		attacker->missed++;
		return;
	}
	const struct session_key *key = &session->key;
	struct packet_tcp segment = {
		.ip.src = key->family == 4 ? address_ip4(key->client)
					   : address_ip6(key->client),
		.ip.dst = key->family == 4 ? address_ip4(key->service)
					   : address_ip6(key->service),
		.src_port = wire_get16(key->client_port),
		.dst_port = wire_get16(key->service_port),
		.flags = TCP_SYN,
	};

	fill(&segment, &attacker->rng);
	send_segment(attackers, item, device, &segment);
}

/* ---- when ---- */

static void
schedule(struct attackers *attackers, uint32_t item)
{
	const struct fault_settings *fault = &attackers->settings->faults[item];
	struct attacker *attacker = &attackers->array[item];
	const struct event event = {
		.destination = item,
		.class = EVENT_TIMER,
		.kind = EVENT_ATTACK,
	};
	int64_t wait_ns =
		rng_exponential(&attacker->rng, NS_PER_S / fault->rate_pps);

	alarm_set(&attacker->alarm, attackers->queue,
		  instant_after(queue_now(attackers->queue), wait_ns), &event);
}

void
attackers_begin(struct attackers *attackers, uint32_t item)
{
	attackers->begun = true;
	if (attackers->array[item].alarm.deadline_ns == INT64_MAX)
		schedule(attackers, item);
}

void
attackers_end(struct attackers *attackers, uint32_t item)
{
	const struct settings *settings = attackers->settings;

	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (i == item || settings->faults[item].kind == FAULT_CALM)
			alarm_cancel(&attackers->array[i].alarm,
				     attackers->queue);
}

void
attackers_event(struct attackers *attackers, const struct event *event)
{
	uint32_t item = event->destination;
	const struct fault_settings *fault = &attackers->settings->faults[item];
	struct attacker *attacker = &attackers->array[item];

	if (!alarm_fires(&attacker->alarm, attackers->queue))
		return;
	uint32_t client = (uint32_t)rng_below(
		&attacker->rng, attackers->settings->fabric.clients);
	uint32_t device = network_client_device(attackers->network, client);
	if (fault->kind == FAULT_FORGED_SYN)
		send_forged(attackers, item, device);
	else
		send_bogus(attackers, item, device);
	schedule(attackers, item);
}

/* ---- reports ---- */

void
attackers_report(const struct attackers *attackers, const struct watch *watch,
		 uint64_t answers)
{
	const struct settings *settings = attackers->settings;
	uint64_t flood = 0, forged = 0, missed = 0;

	if (!attackers->begun || watch->counter == NULL)
		return;
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct attacker *attacker = &attackers->array[i];

		if (settings->faults[i].kind == FAULT_FLOOD)
			flood += attacker->sent;
		else
			forged += attacker->sent;
		missed += attacker->missed;
	}
	watch->counter(watch->context, "", "flood_packets", flood);
	watch->counter(watch->context, "", "forged_packets", forged);
	watch->counter(watch->context, "", "forged_missed", missed);
	watch->counter(watch->context, "", "attack_answers", answers);
}

void
attackers_remark(const struct attackers *attackers, const struct watch *watch)
{
	for (uint32_t i = 0; i < attackers->settings->fault_count; i++) {
		const struct attacker *attacker = &attackers->array[i];

		if (attacker->sent > 0 || attacker->missed == 0 ||
		    watch->remark == NULL)
			continue;
		watch->remark(watch->context,
			      &(struct watch_remark){
				      .kind = REMARK_WARNING,
				      .event = i + 1,
				      .sentence = "forged_syn hit nothing: no "
						  "session was open",
			      });
	}
}
