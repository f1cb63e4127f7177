/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_fault_test.c - packets while links are cut, and where they go then
 */
#include "sim/net/network.h"

#include "core/rng.h"
#include "sim/test/network_bed.h"

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

int
main(void)
{
	test_avoid();
	test_in_flight();
	test_one_way();
	test_cut_leaf_server();
	test_path(1, ECMP_HASH_THRESHOLD);
	test_path(2, ECMP_MODULO);
	test_path(3, ECMP_RESILIENT);
	return check_done();
}
