/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.c - `homeward bench steer`: nanoseconds a stray
 *
 * A server of the core, alone: its node, its steer and an outbox, as the
 * daemon has them. So many sessions have strayed here and their owner is
 * cached; their segments come in turn, each is classified, judged and
 * sealed into the outbox, which is then emptied. So this is what a stray
 * costs the core: no TUN, no sockets, no kernel.
 *
 * The node is the only one of its network. It answers each lookup with a
 * miss at once; what steer is told is an answer with the owner's address in
 * its place.
 *
 * Time stands still: the sessions stay within the window of first strays, and
 * no flow grows old. IPv4 and IPv6 take their turns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/node.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/hold.h"
#include "core/steer/steer.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/tcp.h"
#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "sim/engine/memory.h"

#define FAMILIES      2
#define FLOWS_MAX     65536
#define PAYLOAD_MAX   1400
#define SERVICE_PORT  443
#define NODE_PORT     7000
#define TABLE_ENTRIES 16 /* of tables that hardly any stray needs */
#define HELD_BYTES    (UINT32_C(64) << 10)
#define OUTBOX_ITEMS  64
#define OUTBOX_BYTES  (64 * 2048)

struct stray {
	uint32_t size;
	uint8_t bytes[PAYLOAD_MAX + 60]; /* IPv6 and TCP headers */
};

struct lone {
	struct steer_service service;
	struct steer_settings settings;
	struct node_settings node_settings;
	struct node_parts parts;
	struct node *node;
	struct steer *steer;
	struct outbox outbox;
	uint32_t owner;
	uint32_t flow_count, at;
	struct stray *strays; /* one a session */
	void *memories[10];
	unsigned memory_count;
};

struct asked {
	uint64_t strays, flows, payload_bytes;
};

/* ---- the server ---- */

static void *
take(struct lone *lone, size_t size)
{
	void *memory = memory_zeroed(1, size);

	lone->memories[lone->memory_count++] = memory;
	return memory;
}

static struct address
address_make(uint8_t family, uint8_t net, uint16_t host)
{
	struct address address = { .family = family };

	address.bytes[0] = family == 4 ? 10 : 0x20;
	address.bytes[1] = net;
	wire_put16(address.bytes + (family == 4 ? 2 : 14), host);
	return address;
}

static void
lone_init(struct lone *lone, uint8_t family, uint32_t flow_count)
{
	static const struct siphash_key placement = { { 1 } };
	const struct node_limits node_limits = { .contacts = TABLE_ENTRIES };
	const struct steer_limits limits = {
		.flows = flow_count,
		.fragments = TABLE_ENTRIES,
		.prefixes = TABLE_ENTRIES,
		.peers = TABLE_ENTRIES,
		.sketch_bytes = TABLE_ENTRIES * 64,
	};
	struct endpoint self = { address_make(family, 1, 1), NODE_PORT };
	struct endpoint owner = { address_make(family, 1, 2), NODE_PORT };

	lone->service = (struct steer_service){ address_make(family, 2, 1),
						SERVICE_PORT };
	node_settings_default(&lone->node_settings);
	steer_settings_default(&lone->settings);
	lone->settings.services = &lone->service;
	lone->settings.service_count = 1;
	lone->settings.tag_key_valid[0] = true;
	lone->settings.misses_per_s = 0;
	lone->settings.misses_per_s_prefix = 0;
	lone->settings.hold_bytes = HELD_BYTES;
	lone->parts = (struct node_parts){
		.endpoints = endpoints_init(
			take(lone, endpoints_size(TABLE_ENTRIES)),
			TABLE_ENTRIES, &placement),
		.lookups = lookups_init(take(lone, lookups_size(TABLE_ENTRIES)),
					TABLE_ENTRIES),
		.store = store_init(take(lone, store_size(TABLE_ENTRIES)),
				    TABLE_ENTRIES, &placement),
		.publications = publications_init(
			take(lone,
			     publications_size(TABLE_ENTRIES,
					       lone->node_settings.replicas)),
			TABLE_ENTRIES, lone->node_settings.replicas),
	};
	uint32_t index = endpoints_intern(lone->parts.endpoints, &self);
	lone->owner = endpoints_intern(lone->parts.endpoints, &owner);
	struct hold *held =
		hold_init(take(lone, hold_size(HELD_BYTES)), HELD_BYTES);
	lone->node =
		node_init(take(lone, node_size(&node_limits)), &node_limits,
			  &lone->node_settings, &lone->parts, index, 1);
	lone->steer = steer_init(take(lone, steer_size(&limits)), &limits,
				 &lone->settings, lone->node,
				 lone->parts.endpoints, held, 1);
	lone->outbox = (struct outbox){
		.items = take(lone, OUTBOX_ITEMS * sizeof(struct outbox_item)),
		.item_capacity = OUTBOX_ITEMS,
		.bytes = take(lone, OUTBOX_BYTES),
		.byte_capacity = OUTBOX_BYTES,
	};
	lone->flow_count = flow_count;
	lone->strays = take(lone, flow_count * sizeof(struct stray));
}

static void
lone_free(struct lone *lone)
{
	for (unsigned i = 0; i < lone->memory_count; i++)
		free(lone->memories[i]);
}

/* ---- strays ---- */

static void
stray_make(struct stray *stray, const struct lone *lone, uint32_t flow,
	   size_t payload_bytes)
{
	static const uint8_t zeros[PAYLOAD_MAX];
	const struct packet_tcp tcp = {
		.ip = { .src = address_make(lone->service.address.family, 3,
					    (uint16_t)(flow / 256)),
			.dst = lone->service.address,
			.ttl = 60,
			.df = true },
		.src_port = (uint16_t)(40000 + flow % 256),
		.dst_port = SERVICE_PORT,
		.seq = 1000,
		.ack = 2000,
		.flags = TCP_ACK,
		.window = 1000,
		.payload = zeros,
		.payload_bytes = payload_bytes,
	};

	stray->size = (uint32_t)packet_build_tcp(&tcp, stray->bytes,
						 sizeof(stray->bytes));
}

static enum steer_verdict
stray_put(struct lone *lone, const struct stray *stray)
{
	const struct instant now = { NS_PER_S };
	struct classification classification;

	steer_classify(lone->steer, stray->bytes, stray->size, &classification);
	return steer_packet(lone->steer, now, &classification, stray->bytes,
			    false, 0, &lone->outbox)
		.verdict;
}

/* The first stray of each session is held, and released to the owner. False:
 * it was not. */
static bool
lone_fill(struct lone *lone, size_t payload_bytes)
{
	const struct instant now = { NS_PER_S };

	for (uint32_t i = 0; i < lone->flow_count; i++) {
		stray_make(&lone->strays[i], lone, i, payload_bytes);
		if (stray_put(lone, &lone->strays[i]) != STEER_HOLD)
			return false;
		struct node_event event = node_event(lone->node);
		if (event.kind != NODE_MISSED)
			return false;
		event.kind = NODE_FOUND;
		event.record_count = 1;
		event.records[0] = (struct record){ .owner = lone->owner };
		steer_learned(lone->steer, now, &event, &lone->outbox);
		if (lone->outbox.item_count != 1 ||
		    lone->outbox.items[0].kind != OUTBOX_FORWARD)
			return false;
		outbox_clear(&lone->outbox);
	}
	return true;
}

/* Nanoseconds a stray; negative: one was not forwarded. */
static double
lone_window(struct lone *lone, uint64_t strays)
{
	int64_t began = bench_clock_ns();

	for (uint64_t i = 0; i < strays; i++) {
		const struct stray *stray = &lone->strays[lone->at];

		lone->at = lone->at + 1 < lone->flow_count ? lone->at + 1 : 0;
		if (stray_put(lone, stray) != STEER_FORWARD)
			return -1;
		outbox_clear(&lone->outbox);
	}
	return (double)(bench_clock_ns() - began) / (double)strays;
}

/* ---- the verb ---- */

/* The median of each family. False: a stray was not forwarded. */
static bool
measure(const struct asked *asked, uint32_t runs, double *medians)
{
	static const uint8_t families[FAMILIES] = { 4, 6 };
	struct lone *lones = memory_zeroed(FAMILIES, sizeof(*lones));
	double ns[FAMILIES][99];
	bool good = true;

	for (unsigned f = 0; f < FAMILIES; f++) {
		lone_init(&lones[f], families[f], (uint32_t)asked->flows);
		good = lone_fill(&lones[f], asked->payload_bytes) && good;
	}
	for (uint32_t run = 0; run < runs && good; run++) {
		for (unsigned f = 0; f < FAMILIES; f++) {
			ns[f][run] = lone_window(&lones[f], asked->strays);
			good = good && ns[f][run] >= 0;
		}
	}
	for (unsigned f = 0; f < FAMILIES; f++) {
		if (good)
			medians[f] = bench_median(ns[f], runs);
		lone_free(&lones[f]);
	}
	free(lones);
	return good;
}

static void
medians_print(const struct asked *asked, uint32_t runs, const double *medians)
{
	bench_machine_print(stdout);
	printf("ns a stray, medians of %u; %" PRIu64
	       " sessions, payload %" PRIu64 " B\nIPv4 %8.1f\nIPv6 %8.1f\n",
	       runs, asked->flows, asked->payload_bytes, medians[0],
	       medians[1]);
}

static void
medians_json(const struct asked *asked, uint32_t runs, const double *medians)
{
	struct json json = bench_json_begin("steer");

	json_uint(&json, "runs", runs);
	json_uint(&json, "strays", asked->strays);
	json_uint(&json, "flows", asked->flows);
	json_uint(&json, "payload_bytes", asked->payload_bytes);
	json_fixed(&json, "ip4_ns", medians[0], 1);
	json_fixed(&json, "ip6_ns", medians[1], 1);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
}

struct wish {
	struct bench_options common;
	const char *strays, *flows, *payload;
};

static const struct verb_option options[] = {
	{ "strays", "N", "packets in each run (1e6)", options_text,
	  .at = offsetof(struct wish, strays) },
	{ "flows", "N", "sessions that they are of (1000)", options_text,
	  .at = offsetof(struct wish, flows) },
	{ "payload", "N", "bytes behind their TCP header (100)", options_text,
	  .at = offsetof(struct wish, payload) },
	BENCH_OPTION_RUNS,
	BENCH_OPTION_JSON,
	{ 0 },
};

static int
steer_run(int argc, char **argv)
{
	struct wish wish = { { .runs = BENCH_RUNS }, "1e6", "1000", "100" };
	int operands = options_read(&bench_steer, argc, argv, &wish);
	struct asked asked;
	double medians[FAMILIES];

	if (operands < 0)
		return -operands;
	if (bench_numbers(&bench_steer, "strays", wish.strays, 1, 1000000000,
			  &asked.strays, 1) == 0 ||
	    bench_numbers(&bench_steer, "flows", wish.flows, 1, FLOWS_MAX,
			  &asked.flows, 1) == 0 ||
	    bench_numbers(&bench_steer, "payload", wish.payload, 0, PAYLOAD_MAX,
			  &asked.payload_bytes, 1) == 0)
		return EXIT_USAGE;
	if (!measure(&asked, wish.common.runs, medians)) {
		fprintf(stderr, "homeward bench steer: a stray was not "
				"forwarded\n");
		return EXIT_RUNTIME;
	}
	if (wish.common.json)
		medians_json(&asked, wish.common.runs, medians);
	else
		medians_print(&asked, wish.common.runs, medians);
	return EXIT_OK;
}

const struct verb bench_steer = {
	.name = "steer",
	.parent = "bench",
	.summary = "what a stray costs the core, owner known",
	.run = steer_run,
	.options = options,
};
