/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery_test.c - packets found again on their way, also cut and filled ones
 */
#include "harness/replay/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "harness/replay/snaplen_padding.h"

static uint8_t bytes[2048];

static uint32_t
make(uint8_t family, uint32_t seq, uint32_t payload_bytes)
{
	static const uint8_t zero[16], payload[1400] = { 7, 7, 7 };
	struct packet_tcp tcp = {
		.ip = {
			.src = family == 4 ? address_ip4(zero)
					   : address_ip6(zero),
			.dst = family == 4 ? address_ip4(zero)
					   : address_ip6(zero),
			.ttl = 64,
		},
		.src_port = 1,
		.dst_port = 2,
		.seq = seq,
		.flags = TCP_ACK,
		.payload = payload,
		.payload_bytes = payload_bytes,
	};
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));

	CHECK(size > 0);
	return (uint32_t)size;
}

static void
test_hops(uint8_t family)
{
	struct deliveries *deliveries = deliveries_create();
	uint32_t size = make(family, 5, 100);

	CHECK(deliveries_add(deliveries, 0, true, DROP_NONE));
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) ==
	      DELIVERY_NONE);
	deliveries_send(deliveries, 0, bytes, size);
	for (int hop = 0; hop < 10; hop++) {
		CHECK(packet_ttl_decrement(bytes, size) == DROP_NONE);
		CHECK_ROW(deliveries_find(deliveries, bytes, size,
					  DELIVERY_SENT) == 0,
			  "hops change nothing that counts");
	}
	/* Every other byte counts. */
	for (uint32_t i = 0; i < size; i++) {
		bool hop = family == 4 ? i == 8 || i == 10 || i == 11 : i == 7;

		bytes[i] ^= 0x10;
		CHECK_ROW((deliveries_find(deliveries, bytes, size,
					   DELIVERY_SENT) == 0) == hop,
			  "a changed byte is noticed");
		bytes[i] ^= 0x10;
	}
	CHECK_ROW(deliveries_find(deliveries, bytes, size - 1, DELIVERY_SENT) ==
			  DELIVERY_NONE,
		  "a lost byte is noticed");
	deliveries_destroy(deliveries);
}

/* Equal packets are told apart by order and state. */
static void
test_equal(void)
{
	struct deliveries *deliveries = deliveries_create();
	uint32_t size = make(4, 5, 0);

	for (uint32_t i = 0; i < 4; i++) {
		CHECK(deliveries_add(deliveries, i, true, DROP_NONE));
		deliveries_send(deliveries, i, bytes, size);
	}
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) == 0);
	deliveries_get(deliveries, 0)->state = DELIVERY_HELD;
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) == 1);
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_HELD) == 0);
	deliveries_get(deliveries, 1)->state = DELIVERY_DELIVERED;
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) == 2);
	deliveries_get(deliveries, 0)->state = DELIVERY_DROPPED;
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_HELD) == 2);
	deliveries_get(deliveries, 2)->state = DELIVERY_DELIVERED;
	deliveries_get(deliveries, 3)->state = DELIVERY_DELIVERED;
	CHECK_ROW(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) == 3,
		  "a duplicate of what has arrived");
	CHECK(deliveries_add(deliveries, 4, true, DROP_NONE));
	deliveries_send(deliveries, 4, bytes, size);
	CHECK(deliveries_find(deliveries, bytes, size, DELIVERY_SENT) == 4);
	CHECK(deliveries_add(deliveries, 0, true, DROP_SHORT));
	CHECK(deliveries_get(deliveries, 5)->state == DELIVERY_OUT);
	deliveries_destroy(deliveries);
}

/* A walk: many packets, many of them equal, arrive in any order. The oracle
 * is the number of each that are on their way. */
static void
test_walk(void)
{
	enum {
		KINDS = 500,
		STEPS = 20000
	};
	static uint32_t under_way[KINDS];
	struct deliveries *deliveries = deliveries_create();
	struct rng rng;

	rng_init(&rng, 1, 1);
	for (uint32_t i = 0, sent = 0; i < STEPS; i++) {
		uint32_t kind = (uint32_t)(rng_next(&rng) % KINDS);
		uint32_t size = make(4, kind, 0);

		if (rng_next(&rng) % 2 == 0) {
			CHECK(deliveries_add(deliveries, kind, true,
					     DROP_NONE));
			deliveries_send(deliveries, sent++, bytes, size);
			under_way[kind]++;
			continue;
		}
		uint32_t found =
			deliveries_find(deliveries, bytes, size, DELIVERY_SENT);
		bool on_way = found != DELIVERY_NONE &&
			      deliveries_get(deliveries, found)->state ==
				      DELIVERY_SENT;
		CHECK(on_way == (under_way[kind] > 0));
		if (!on_way)
			continue;
		CHECK(deliveries_get(deliveries, found)->conversation == kind);
		deliveries_get(deliveries, found)->state = DELIVERY_DELIVERED;
		under_way[kind]--;
	}
	deliveries_destroy(deliveries);
}

static void
test_padded(uint8_t family)
{
	static uint8_t out[SNAPLEN_PADDING_BYTES_MAX];
	uint32_t size = make(family, 5, 1000);
	uint32_t headers = (family == 4 ? 20 : 40) + 20;
	struct packet packet;

	for (uint32_t cut = 0; cut <= size; cut++) {
		struct capture_packet record = {
			.bytes = bytes,
			.size = cut,
			.missing = size - cut,
		};
		uint32_t filled = snaplen_padding_fill(&record, out);

		CHECK_ROW(filled == (cut >= headers && cut < size ? size : 0),
			  "whole headers suffice");
		if (filled == 0)
			continue;
		CHECK(packet_parse(out, filled, &packet) == DROP_NONE);
		CHECK(packet_checksum_ok(out, &packet));
		CHECK(packet.tcp_seq == 5 && packet.payload_bytes == 1000);
		CHECK(memcmp(out, bytes, headers - 4) == 0);
		record.missing = 0;
		CHECK_ROW(snaplen_padding_fill(&record, out) == 0,
			  "broken on the wire is not cut by the capture");
		record.missing = size - cut - 1;
		CHECK_ROW(snaplen_padding_fill(&record, out) == 0,
			  "nor is what claims more than there was");
	}
}

int
main(void)
{
	test_hops(4);
	test_hops(6);
	test_equal();
	test_walk();
	test_padded(4);
	test_padded(6);
	return check_done();
}
