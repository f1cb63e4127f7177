/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_test.c - packets between all pairs, and what becomes of the others
 *
 * With arguments SERVERS LEAVES it measures: nanoseconds per hop.
 */
#include "sim/net/network.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"

#define MS	  NS_PER_MS
#define CATCH_MAX 4096

static const struct settings paper = {
	.seed = 1,
	.fabric = {
		.exits = 2,
		.spines = 2,
		.leaves = 4,
		.pods = 1,
		.servers = 4,
		.uplinks = 2,
		.clients = 2,
		.client_link = { 10000000000, 1000000, 1600, 1 << 20, 0, 0, 0 },
		.edge_link = { 40000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.fabric_link = { 40000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.server_link = { 10000000000, 1000, 1600, 1 << 20, 0, 0, 0 },
		.uniform_delay_ns = 50000,
	},
	.routing = {
		.resilient_buckets = 128,
		.detection = DETECTION_BFD,
		.reroute = { 800000, 2100000 },
		.local = { 78 * MS, 82 * MS },
		.hop = { 49500000, 50500000 },
		.bfd = { 167 * MS, 212 * MS },
		.hold = { 2650 * MS, 2670 * MS },
		.restore = { 900 * MS, 1100 * MS },
	},
};

struct bed {
	struct network *network;
	struct queue *queue;
	struct watch watch;
	struct settings settings;
	/* What arrived. */
	uint32_t count;
	uint32_t device[CATCH_MAX];
	uint8_t port[CATCH_MAX];
	int64_t at_ns[CATCH_MAX];
	uint32_t size[CATCH_MAX];
	uint8_t last[65536]; /* bytes of the last one */
	uint64_t taps, bad_checksums;
	uint64_t counted_in, counted_out; /* from the report's sums */
};

static void
bed_deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	    const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;

	if (bed->count == CATCH_MAX)
		bed->count = 0;
	bed->device[bed->count] = device;
	bed->port[bed->count] = port;
	bed->at_ns[bed->count] = now.ns;
	bed->size[bed->count] = size;
	memcpy(bed->last, bytes, size);
	bed->count++;
}

static void
bed_tap(void *context, const char *device, uint32_t port, struct instant at,
	const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;
	struct packet packet;

	(void)device;
	(void)port;
	(void)at;
	bed->taps++;
	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &packet))
		bed->bad_checksums++;
}

static void
bed_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct bed *bed = context;

	if (node[0] != '\0')
		return;
	if (strcmp(name, "sent_packets") == 0 ||
	    strcmp(name, "fragments") == 0 || strcmp(name, "duplicates") == 0)
		bed->counted_in += value;
	if (strcmp(name, "received_packets") == 0 ||
	    strncmp(name, "drop_", 5) == 0)
		bed->counted_out += value;
}

static struct bed *
bed_create(const struct settings *settings)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	char error[128];

	if (bed == NULL)
		abort();
	bed->settings = *settings;
	bed->watch.context = bed;
	bed->watch.packet = bed_tap;
	bed->watch.counter = bed_counter;
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, settings, bed->queue, &bed->watch,
			     bed_deliver, bed, error, sizeof(error)) == 0);
	return bed;
}

static void
bed_run(struct bed *bed, int64_t duration_ns)
{
	struct instant until =
		instant_after(queue_now(bed->queue), duration_ns);
	struct event event;

	while (queue_next(bed->queue, until, &event))
		network_event(bed->network, &event);
}

/* Whatever happened, no packet may be lost from the books. */
static void
bed_destroy(struct bed *bed)
{
	bed_run(bed, 100 * NS_PER_S);
	network_report(bed->network);
	CHECK(bed->counted_in == bed->counted_out);
	CHECK(bed->bad_checksums == 0);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
	free(bed);
}

static uint32_t
find(const struct bed *bed, const char *name)
{
	return network_device_find(bed->network, name);
}

static void
cut(struct bed *bed, const char *name, enum link_state state)
{
	uint32_t link = network_link_find(bed->network, name);

	CHECK(link != UINT32_MAX);
	network_link_set(bed->network, link, state);
}

struct wanted {
	struct address src, dst;
	uint16_t src_port, dst_port;
	uint8_t ttl;
	bool df;
	size_t payload_bytes;
};

static uint32_t
packet_make(const struct wanted *wanted, uint8_t out[65536])
{
	static uint8_t payload[65000];
	const struct packet_udp udp = {
		.ip = { .src = wanted->src,
			.dst = wanted->dst,
			.ttl = wanted->ttl,
			.id = 77,
			.df = wanted->df },
		.src_port = wanted->src_port,
		.dst_port = wanted->dst_port,
		.payload = payload,
		.payload_bytes = wanted->payload_bytes,
	};
	size_t size = packet_build_udp(&udp, out, 65536);

	CHECK(size > 0);
	return (uint32_t)size;
}

static void
host_send(struct bed *bed, uint32_t device, uint8_t avoid,
	  const struct wanted *wanted)
{
	static uint8_t bytes[65536];
	uint32_t size = packet_make(wanted, bytes);

	network_send(bed->network, device, avoid, bytes, size);
}

static struct address
own(const struct bed *bed, uint32_t device, uint8_t family)
{
	return network_host_address(bed->network, device, family);
}

/* ---- delivery ---- */

static void
test_pairs(uint8_t family)
{
	struct bed *bed = bed_create(&paper);
	uint32_t hosts = 6;

	for (uint32_t from = 0; from < hosts; from++)
		for (uint32_t to = 0; to < hosts; to++) {
			const struct wanted wanted = {
				.src = own(bed, from, family),
				.dst = own(bed, to, family),
				.src_port = 1000,
				.dst_port = 7000,
				.ttl = 64,
				.payload_bytes = 100,
			};
			uint8_t bytes[65536];
			uint32_t size = packet_make(&wanted, bytes);
			uint32_t links[16], last;
			uint32_t count = network_path(bed->network, from, bytes,
						      size, links, 16, &last);
			uint64_t taps = bed->taps;
			struct packet packet;

			bed->count = 0;
			network_send(bed->network, from, OUTBOX_ANY_UPLINK,
				     bytes, size);
			bed_run(bed, NS_PER_S);
			CHECK(bed->count == 1 && bed->device[0] == to);
			CHECK(bed->size[0] == size);
			CHECK(packet_parse(bed->last, size, &packet) ==
			      DROP_NONE);
			CHECK(packet_checksum_ok(bed->last, &packet));
			if (from == to) {
				CHECK(packet.ttl == 64 && bed->taps == taps);
				continue;
			}
			/* Each hop but the last takes one; each link is seen
			 * at both ends. */
			CHECK(last == to && packet.ttl == 64 - (count - 1));
			CHECK(bed->taps - taps == 2 * count);
			CHECK(links[0] < links[count] || count < 16);
		}
	bed_destroy(bed);
}

static void
test_service(void)
{
	struct bed *bed = bed_create(&paper);
	uint32_t client = find(bed, "client1"), hits[4] = { 0 };

	CHECK(client == 4 && network_client_device(bed->network, 1) == 5);
	for (uint16_t port = 0; port < 4000; port++) {
		const struct wanted wanted = {
			.src = own(bed, client, 4),
			.dst = network_service_address(bed->network, 4),
			.src_port = (uint16_t)(20000 + port),
			.dst_port = 80,
			.ttl = 64,
		};
		host_send(bed, client, OUTBOX_ANY_UPLINK, &wanted);
	}
	bed_run(bed, NS_PER_S);
	CHECK(bed->count == 4000);
	for (uint32_t i = 0; i < bed->count; i++)
		hits[bed->device[i]]++;
	for (int i = 0; i < 4; i++)
		CHECK(hits[i] > 850 && hits[i] < 1150);
	bed_destroy(bed);
}

/* 128 bytes at 10 Gbit/s are 102.4 ns, at 40 Gbit/s 25.6. */
static void
test_time(void)
{
	struct bed *bed = bed_create(&paper);
	const struct wanted wanted = {
		.src = own(bed, 4, 4),
		.dst = own(bed, 0, 4),
		.ttl = 9,
		.payload_bytes = 100,
	};

	host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, NS_PER_S);
	CHECK(bed->count == 1);
	CHECK(bed->at_ns[0] == 1000000 + 103 + 3 * (1000 + 26) + 1000 + 103);
	bed_destroy(bed);
}

/* ---- ICMP ---- */

static void
test_ttl(uint8_t family)
{
	struct bed *bed = bed_create(&paper);
	static const char *const routers[] = { "edge1", "exit", "spine",
					       "leaf" };

	for (uint8_t ttl = 1; ttl <= 5; ttl++) {
		const struct wanted wanted = {
			.src = own(bed, 4, family),
			.dst = own(bed, 2, family),
			.src_port = 5,
			.dst_port = 33434,
			.ttl = ttl,
			.payload_bytes = 10,
		};
		struct packet packet, quote;

		bed->count = 0;
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
		bed_run(bed, NS_PER_S);
		CHECK(bed->count == 1);
		if (ttl == 5) {
			CHECK(bed->device[0] == 2);
			continue;
		}
		CHECK(bed->device[0] == 4);
		CHECK(packet_parse(bed->last, bed->size[0], &packet) ==
		      DROP_NONE);
		CHECK(packet.icmp_error &&
		      packet.icmp_type == (family == 4 ? 11 : 3));
		CHECK(packet_parse_quote(bed->last + packet.quote_offset,
					 packet.quote_bytes,
					 &quote) == DROP_NONE);
		CHECK(quote.dst_port == 33434);
		/* From that router's own address. */
		uint32_t device = UINT32_MAX;
		for (uint32_t i = 6; i < network_device_count(bed->network);
		     i++) {
			struct address address = own(bed, i, family);
			if (address_equal(&address, &packet.src))
				device = i;
		}
		CHECK(device != UINT32_MAX &&
		      strncmp(network_device_name(bed->network, device),
			      routers[ttl - 1], strlen(routers[ttl - 1])) == 0);
	}
	bed_destroy(bed);
}

static void
test_icmp_limit(void)
{
	struct bed *bed = bed_create(&paper);
	const struct wanted wanted = {
		.src = own(bed, 4, 4),
		.dst = own(bed, 2, 4),
		.ttl = 1,
	};

	/* To one address; icmp_limit_test.c has the rest. */
	for (int i = 0; i < 200; i++)
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, 10 * MS);
	CHECK(bed->count == 6);
	bed_run(bed, 3000 * MS);
	bed->count = 0;
	for (int i = 0; i < 200; i++)
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, 10 * MS);
	CHECK(bed->count == 3);
	bed_destroy(bed);
}

static void
test_mtu(void)
{
	static const struct {
		const char *sentence;
		uint8_t family;
		bool df;
		uint32_t client_mtu, fabric_mtu;
		size_t payload;
		uint32_t arrive; /* packets at the server */
		uint32_t mtu; /* told to the client; 0: nothing */
	} rows[] = {
		{ "fits", 4, true, 1500, 1500, 1472, 1, 0 },
		{ "one byte more with DF", 4, true, 9000, 1500, 1473, 0, 1500 },
		{ "one byte more without", 4, false, 9000, 1500, 1473, 2, 0 },
		{ "8,000 bytes in six pieces", 4, false, 9000, 1500, 8000, 6,
		  0 },
		{ "IPv6 is never fragmented on the way", 6, false, 9000, 1500,
		  1473, 0, 1500 },
		{ "but by its source", 6, false, 1500, 1500, 1473, 2, 0 },
		{ "the host's own link, DF", 4, true, 1500, 1500, 1473, 0,
		  1500 },
		{ "the host's own link, no DF", 4, false, 1500, 1500, 3000, 3,
		  0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings = paper;
		settings.fabric.client_link.mtu_bytes = rows[i].client_mtu;
		settings.fabric.edge_link.mtu_bytes = rows[i].client_mtu;
		settings.fabric.fabric_link.mtu_bytes = rows[i].fabric_mtu;
		settings.fabric.server_link.mtu_bytes = rows[i].fabric_mtu;
		struct bed *bed = bed_create(&settings);
		const struct wanted wanted = {
			.src = own(bed, 4, rows[i].family),
			.dst = network_service_address(bed->network,
						       rows[i].family),
			.src_port = 999,
			.dst_port = 80,
			.ttl = 64,
			.df = rows[i].df,
			.payload_bytes = rows[i].payload,
		};
		uint32_t told = 0;

		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
		bed_run(bed, NS_PER_S);
		for (uint32_t j = 0; j < bed->count; j++) {
			CHECK_ROW((bed->device[j] < 4) == (rows[i].mtu == 0),
				  rows[i].sentence);
			CHECK_ROW(bed->device[j] == bed->device[0],
				  rows[i].sentence);
		}
		if (rows[i].mtu != 0) {
			struct packet packet;
			CHECK_ROW(bed->count == 1, rows[i].sentence);
			CHECK(packet_parse(bed->last, bed->size[0], &packet) ==
			      DROP_NONE);
			told = packet.icmp_mtu;
		} else {
			CHECK_ROW(bed->count == rows[i].arrive,
				  rows[i].sentence);
		}
		CHECK_ROW(told == rows[i].mtu, rows[i].sentence);
		bed_destroy(bed);
	}
}

/* ---- faults ---- */

static void
test_avoid(void)
{
	struct bed *bed = bed_create(&paper);

	for (uint8_t avoid = 0; avoid < 2; avoid++) {
		for (uint16_t i = 0; i < 50; i++) {
			const struct wanted wanted = {
				.src = own(bed, 0, 4),
				.dst = own(bed, 1, 4),
				.src_port = i,
				.ttl = 64,
			};
			bed->count = 0;
			host_send(bed, 0, avoid, &wanted);
			bed_run(bed, MS);
			/* Servers 1 and 2 share both leaves. */
			CHECK(bed->count == 1 && bed->port[0] == !avoid);
		}
	}
	/* Unless it is the only one that works. */
	cut(bed, "server1-leaf2", LINK_DOWN);
	bed_run(bed, NS_PER_S);
	const struct wanted wanted = {
		.src = own(bed, 0, 4),
		.dst = own(bed, 1, 4),
		.ttl = 64,
	};
	bed->count = 0;
	host_send(bed, 0, 0, &wanted);
	bed_run(bed, MS);
	CHECK(bed->count == 1 && bed->port[0] == 0);
	bed_destroy(bed);
}

static void
test_in_flight(void)
{
	struct bed *bed = bed_create(&paper);
	const struct wanted wanted = {
		.src = own(bed, 4, 4),
		.dst = own(bed, 0, 4),
		.ttl = 64,
	};

	host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, MS / 2);
	cut(bed, "client1-edge1", LINK_DOWN);
	cut(bed, "client1-edge1", LINK_UP);
	bed_run(bed, NS_PER_S);
	CHECK(bed->count == 0); /* what was on the wire is lost */
	host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, NS_PER_S);
	CHECK(bed->count == 1);
	cut(bed, "client1-edge1", LINK_SILENT);
	host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
	bed_run(bed, NS_PER_S);
	CHECK(bed->count == 1); /* the host believes that it has left */
	cut(bed, "client1-edge1", LINK_DOWN);
	bed_run(bed, 3 * MS);
	CHECK(!network_routed(bed->network, 4, &wanted.dst));
	cut(bed, "client1-edge1", LINK_UP);
	bed_run(bed, 3 * MS);
	CHECK(network_routed(bed->network, 4, &wanted.dst));
	bed_destroy(bed);
}

/* A link of which one direction is silent. */
static void
test_one_way(void)
{
	static const struct {
		const char *sentence;
		enum link_state state;
		uint32_t up, down; /* packets that come through */
	} rows[] = {
		{ "both ways", LINK_UP, 1, 1 },
		{ "what the upper end sends is lost", LINK_SILENT_UPPER, 1, 0 },
		{ "what the lower end sends is lost", LINK_SILENT_LOWER, 0, 1 },
		{ "neither", LINK_SILENT, 0, 0 },
	};

	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *sentence = rows[i / 2].sentence;
		struct settings settings = paper;
		settings.fabric.fidelity =
			i % 2 ? FIDELITY_PATH : FIDELITY_PACKET;
		struct bed *bed = bed_create(&settings);
		const struct wanted down = { .src = own(bed, 4, 4),
					     .dst = own(bed, 0, 4),
					     .ttl = 64 };
		const struct wanted up = { .src = down.dst,
					   .dst = down.src,
					   .ttl = 64 };
		/* On the wire when it happens: what is not concerned lives. */
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &down);
		host_send(bed, 0, OUTBOX_ANY_UPLINK, &up);
		bed_run(bed, MS / 2);
		cut(bed, "client1-edge1", rows[i / 2].state);
		bed_run(bed, NS_PER_S);
		uint32_t came = rows[i / 2].up + rows[i / 2].down;
		CHECK_ROW(bed->count == came, sentence);
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &down);
		bed_run(bed, NS_PER_S);
		CHECK_ROW(bed->count == came + rows[i / 2].down, sentence);
		host_send(bed, 0, OUTBOX_ANY_UPLINK, &up);
		bed_run(bed, NS_PER_S);
		CHECK_ROW(bed->count == 2 * came, sentence);
		bed_destroy(bed);
	}
}

/* Where flows land before and after the cut of leaf1-server1. */
static void
test_cut_leaf_server(void)
{
	struct bed *bed = bed_create(&paper);
	uint32_t moved = 0, owned = 0, links[16], last, cut_link;

	cut_link = network_link_find(bed->network, "leaf1-server1");
	for (uint32_t i = 0; i < 1000; i++) {
		const struct wanted wanted = {
			.src = own(bed, 4, 4),
			.dst = network_service_address(bed->network, 4),
			.src_port = (uint16_t)(1000 + i),
			.dst_port = 80,
			.ttl = 64,
		};
		uint8_t bytes[65536];
		uint32_t size = packet_make(&wanted, bytes);
		uint32_t count = network_path(bed->network, 4, bytes, size,
					      links, 16, &last);
		CHECK(count == 5);
		owned += links[4] == cut_link;
	}
	CHECK(owned > 90 && owned < 160);
	cut(bed, "leaf1-server1", LINK_DOWN);
	for (int stage = 0; stage < 2; stage++) {
		uint32_t dead = 0;
		for (uint32_t i = 0; i < 1000; i++) {
			const struct wanted wanted = {
				.src = own(bed, 4, 4),
				.dst = network_service_address(bed->network, 4),
				.src_port = (uint16_t)(1000 + i),
				.dst_port = 80,
				.ttl = 64,
			};
			uint8_t bytes[65536];
			uint32_t size = packet_make(&wanted, bytes);
			dead += network_path(bed->network, 4, bytes, size,
					     links, 16, &last) == 0;
			moved += stage == 1 && last == 1;
		}
		/* At first they fall into the hole; in 2.1 ms into server 2. */
		CHECK(dead == (stage == 0 ? owned : 0));
		bed_run(bed, 3 * MS);
	}
	CHECK(moved >= owned);
	bed_destroy(bed);
}

/* network_path() is what really happens: random faults, random flows. */
static void
test_path(uint64_t seed, enum ecmp_kind ecmp)
{
	struct settings settings = paper;
	struct rng rng;

	settings.seed = seed;
	settings.routing.ecmp = ecmp;
	settings.fabric.pods = 2;
	settings.fabric.servers = 12;
	struct bed *bed = bed_create(&settings);
	uint32_t hosts = 14, lost = 0;
	uint32_t devices = network_device_count(bed->network);
	rng_init(&rng, seed, 1);
	for (int round = 0; round < 60; round++) {
		if (rng_below(&rng, 2)) {
			uint32_t link = (uint32_t)rng_below(&rng, 2 + 8 + 16);
			network_link_set(bed->network, link,
					 (enum link_state)rng_below(&rng, 5));
		} else {
			uint32_t device =
				14 + (uint32_t)rng_below(&rng, devices - 14);
			network_device_set(bed->network, device,
					   rng_below(&rng, 3) != 0);
		}
		bed_run(bed, (int64_t)rng_below(&rng, 400 * MS));
		for (int i = 0; i < 12; i++) {
			uint32_t from = (uint32_t)rng_below(&rng, hosts);
			uint32_t to = (uint32_t)rng_below(&rng, hosts);
			const struct wanted wanted = {
				.src = own(bed, from, 4),
				.dst = i % 3 && to != from
					       ? own(bed, to, 4)
					       : network_service_address(
							 bed->network, 4),
				.src_port = (uint16_t)rng_next(&rng),
				.dst_port = 80,
				.ttl = 64,
			};
			uint8_t bytes[65536];
			uint32_t size = packet_make(&wanted, bytes);
			uint32_t links[64], last;
			bool local = from < 12 && !(i % 3 && to != from);
			uint32_t count = network_path(bed->network, from, bytes,
						      size, links, 64, &last);

			bed->count = 0;
			network_send(bed->network, from, OUTBOX_ANY_UPLINK,
				     bytes, size);
			/* Longer than any path, shorter than most changes. */
			bed_run(bed, 2500000);
			bool came = false;
			for (uint32_t j = 0; j < bed->count; j++)
				came = came || (bed->size[j] == size &&
						bed->device[j] == last);
			if (local)
				continue;
			lost += count == 0;
			CHECK(came == (count > 0));
		}
	}
	CHECK(lost > 0);
	bed_destroy(bed);
}

/* Two runs of everything that draws random numbers. */
static uint64_t
run_hash(uint64_t seed)
{
	struct settings settings = paper;

	settings.seed = seed;
	settings.fabric.fabric_link.loss_ppm = 20000;
	settings.fabric.fabric_link.duplicate_ppm = 20000;
	settings.fabric.fabric_link.reorder_ppm = 20000;
	struct bed *bed = bed_create(&settings);
	cut(bed, "exit1-spine1", LINK_DOWN);
	for (uint16_t i = 0; i < 1000; i++) {
		const struct wanted wanted = {
			.src = own(bed, 4, 6),
			.dst = network_service_address(bed->network, 6),
			.src_port = i,
			.dst_port = 80,
			.ttl = 64,
		};
		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
		bed_run(bed, MS / 10);
	}
	uint64_t hash = queue_hash(bed->queue);
	bed_destroy(bed);
	return hash;
}

static void
test_uniform(void)
{
	struct settings settings = paper;
	uint32_t hits[8] = { 0 };

	settings.fabric.kind = FABRIC_UNIFORM;
	settings.fabric.servers = 8;
	struct bed *bed = bed_create(&settings);
	for (uint32_t from = 0; from < 10; from++)
		for (uint32_t to = 0; to < 10; to++) {
			const struct wanted wanted = {
				.src = own(bed, from, 4),
				.dst = own(bed, to, 4),
				.ttl = 64,
			};
			int64_t start = queue_now(bed->queue).ns;
			uint64_t events = queue_popped(bed->queue);
			bed->count = 0;
			host_send(bed, from, OUTBOX_ANY_UPLINK, &wanted);
			bed_run(bed, MS);
			CHECK(bed->count == 1 && bed->device[0] == to);
			CHECK(bed->at_ns[0] - start ==
			      (from == to ? 0 : 50000));
			CHECK(queue_popped(bed->queue) == events + 1);
		}
	network_device_set(bed->network, 3, false);
	network_announce(bed->network, 5, false);
	bed->count = 0;
	for (uint16_t i = 0; i < 4000; i++) {
		const struct wanted wanted = {
			.src = own(bed, 8, 4),
			.dst = network_service_address(bed->network, 4),
			.src_port = i,
			.ttl = 64,
		};
		host_send(bed, 8, OUTBOX_ANY_UPLINK, &wanted);
	}
	bed_run(bed, MS);
	for (uint32_t i = 0; i < bed->count; i++)
		hits[bed->device[i]]++;
	for (int i = 0; i < 8; i++)
		CHECK(i == 3 || i == 5 ? hits[i] == 0
				       : hits[i] > 560 && hits[i] < 780);
	struct address dead = own(bed, 3, 4);
	CHECK(!network_routed(bed->network, 0, &dead));
	bed_destroy(bed);
}

static void
measure(uint32_t servers, uint32_t leaves)
{
	struct settings settings = paper;
	clock_t start = clock();

	settings.fabric.servers = servers;
	settings.fabric.leaves = leaves;
	settings.fabric.kind = leaves ? FABRIC_SPINE_LEAF : FABRIC_UNIFORM;
	struct bed *bed = bed_create(&settings);
	bed->watch.packet = NULL;
	printf("%u servers, %u leaves: start %.3f s\n", servers, leaves,
	       (double)(clock() - start) / CLOCKS_PER_SEC);
	static uint8_t bytes[1000][65536];
	static uint32_t sizes[1000];
	for (uint32_t i = 0; i < 1000; i++) {
		const struct wanted wanted = {
			.src = own(bed, i % servers, 4),
			.dst = own(bed, (i * 7919 + 1) % servers, 4),
			.src_port = (uint16_t)i,
			.ttl = 64,
			.payload_bytes = 60,
		};
		sizes[i] = packet_make(&wanted, bytes[i]);
	}
	start = clock();
	for (int round = 0; round < 500; round++) {
		for (uint32_t i = 0; i < 1000; i++)
			network_send(bed->network, i % servers,
				     OUTBOX_ANY_UPLINK, bytes[i], sizes[i]);
		bed_run(bed, MS);
	}
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	double events = (double)queue_popped(bed->queue);
	printf("%.0f packets, %.0f events: %.1f ns an event\n", 500e3, events,
	       seconds * 1e9 / events);
	bed_destroy(bed);
}

int
main(int argc, char **argv)
{
	if (argc > 2) {
		measure((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]));
		return 0;
	}
	test_pairs(4);
	test_pairs(6);
	test_service();
	test_time();
	test_ttl(4);
	test_ttl(6);
	test_icmp_limit();
	test_mtu();
	test_avoid();
	test_in_flight();
	test_one_way();
	test_cut_leaf_server();
	test_path(1, ECMP_HASH_THRESHOLD);
	test_path(2, ECMP_MODULO);
	test_path(3, ECMP_RESILIENT);
	CHECK(run_hash(1) == run_hash(1));
	CHECK(run_hash(1) != run_hash(2));
	test_uniform();
	return check_done();
}
