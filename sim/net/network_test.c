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

#include "sim/test/network_bed.h"

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

static const struct {
	const char *sentence;
	uint8_t family;
	bool df;
	uint32_t client_mtu, fabric_mtu;
	size_t payload;
	uint32_t arrive; /* packets at the server */
	uint32_t mtu; /* told to the client; 0: nothing */
} mtu_rows[] = {
	{ "fits", 4, true, 1500, 1500, 1472, 1, 0 },
	{ "one byte more with DF", 4, true, 9000, 1500, 1473, 0, 1500 },
	{ "one byte more without", 4, false, 9000, 1500, 1473, 2, 0 },
	{ "8,000 bytes in six pieces", 4, false, 9000, 1500, 8000, 6, 0 },
	{ "IPv6 is never fragmented on the way", 6, false, 9000, 1500, 1473, 0,
	  1500 },
	{ "but by its source", 6, false, 1500, 1500, 1473, 2, 0 },
	{ "the host's own link, DF", 4, true, 1500, 1500, 1473, 0, 1500 },
	{ "the host's own link, no DF", 4, false, 1500, 1500, 3000, 3, 0 },
};

static void
test_mtu(void)
{
	for (size_t i = 0; i < sizeof(mtu_rows) / sizeof(mtu_rows[0]); i++) {
		struct settings settings = paper;
		settings.fabric.client_link.mtu_bytes = mtu_rows[i].client_mtu;
		settings.fabric.edge_link.mtu_bytes = mtu_rows[i].client_mtu;
		settings.fabric.fabric_link.mtu_bytes = mtu_rows[i].fabric_mtu;
		settings.fabric.server_link.mtu_bytes = mtu_rows[i].fabric_mtu;
		struct bed *bed = bed_create(&settings);
		const struct wanted wanted = {
			.src = own(bed, 4, mtu_rows[i].family),
			.dst = network_service_address(bed->network,
						       mtu_rows[i].family),
			.src_port = 999,
			.dst_port = 80,
			.ttl = 64,
			.df = mtu_rows[i].df,
			.payload_bytes = mtu_rows[i].payload,
		};
		uint32_t told = 0;

		host_send(bed, 4, OUTBOX_ANY_UPLINK, &wanted);
		bed_run(bed, NS_PER_S);
		for (uint32_t j = 0; j < bed->count; j++) {
			CHECK_ROW((bed->device[j] < 4) ==
					  (mtu_rows[i].mtu == 0),
				  mtu_rows[i].sentence);
			CHECK_ROW(bed->device[j] == bed->device[0],
				  mtu_rows[i].sentence);
		}
		if (mtu_rows[i].mtu != 0) {
			struct packet packet;
			CHECK_ROW(bed->count == 1, mtu_rows[i].sentence);
			CHECK(packet_parse(bed->last, bed->size[0], &packet) ==
			      DROP_NONE);
			told = packet.icmp_mtu;
		} else {
			CHECK_ROW(bed->count == mtu_rows[i].arrive,
				  mtu_rows[i].sentence);
		}
		CHECK_ROW(told == mtu_rows[i].mtu, mtu_rows[i].sentence);
		bed_destroy(bed);
	}
}

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
	CHECK(run_hash(1) == run_hash(1));
	CHECK(run_hash(1) != run_hash(2));
	test_uniform();
	return check_done();
}
