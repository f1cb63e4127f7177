/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_test.c - pages stay where they are found, whatever comes after; and
 * which packets are one
 */
#include "sim/judge/ledger.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"

#define PAGES 5000

/* Beside an array: hashes are counted up so that many lie side by side. */
static void
walk(void)
{
	static uint32_t plain[PAGES];
	struct ledger *ledger = ledger_create();
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint32_t i = 0; i < 4 * PAGES; i++) {
		uint32_t hash = (uint32_t)rng_below(&rng, PAGES);
		struct ledger_page *page = ledger_open(ledger, 1 + hash);
		CHECK(page->hash == 1 + hash && page->a == plain[hash]);
		page->a = ++plain[hash];
	}
	for (uint32_t i = 0; i < PAGES; i++) {
		const struct ledger_page *page = ledger_find(ledger, 1 + i);
		CHECK((page != NULL) == (plain[i] > 0));
		CHECK(page == NULL || page->a == plain[i]);
	}
	CHECK(ledger_find(ledger, PAGES + 1) == NULL);
	CHECK(ledger_open(ledger, 0) == ledger_open(ledger, 1));
	ledger_destroy(ledger);
}

enum part {
	PART_NONE = -1,
	PART_ADDRESS,
	PART_TOS,
	PART_ID,
	PART_TTL,
	PART_SEQ,
	PART_DATA,
};

/* What is another, of two packets, and is it another packet, segment? */
static const struct {
	const char *sentence;
	enum part part;
	bool packet, segment;
} pairs[] = {
	{ "the same", PART_NONE, false, false },
	{ "a router was crossed", PART_TTL, false, false },
	{ "congestion was marked", PART_TOS, false, false },
	{ "a segment sent again", PART_ID, true, false },
	{ "another client", PART_ADDRESS, true, true },
	{ "another number", PART_SEQ, true, true },
	{ "other data", PART_DATA, true, true },
};

static void
build(uint8_t family, enum part part, uint8_t bytes[600], size_t *size)
{
	uint8_t data[400] = { 1 };
	struct packet_tcp tcp = {
		.ip = { .src = { .family = family, .bytes = { 20, 1, 0, 1 } },
			.dst = { .family = family, .bytes = { 192, 168, 1 } },
			.ttl = 64, },
		.src_port = 40000,
		.dst_port = 80,
		.flags = TCP_ACK,
		.payload = data,
		.payload_bytes = sizeof(data),
	};

	tcp.ip.src.bytes[3] ^= part == PART_ADDRESS;
	tcp.ip.traffic_class = part == PART_TOS ? 3 : 0;
	tcp.ip.ttl = part == PART_TTL ? 63 : 64;
	tcp.ip.id = part == PART_ID && family == 4;
	tcp.seq = part == PART_SEQ;
	data[1] = part == PART_DATA;
	*size = packet_build_tcp(&tcp, bytes, 600);
}

static void
packets(uint8_t family)
{
	uint8_t one[600], other[600];
	struct packet first, second;
	size_t size;

	build(family, PART_NONE, one, &size);
	CHECK(packet_parse(one, size, &first) == DROP_NONE);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *sentence = pairs[i].sentence;
		/* IPv6 packets have no numbers. */
		if (pairs[i].part == PART_ID && family == 6)
			continue;
		build(family, pairs[i].part, other, &size);
		CHECK_ROW(packet_parse(other, size, &second) == DROP_NONE,
			  sentence);
		bool packet = ledger_hash_packet(7, one, (uint32_t)size) !=
			      ledger_hash_packet(7, other, (uint32_t)size);
		bool segment = ledger_hash_segment(one, &first) !=
			       ledger_hash_segment(other, &second);
		CHECK_ROW(packet == pairs[i].packet, sentence);
		CHECK_ROW(segment == pairs[i].segment, sentence);
	}
	CHECK(ledger_hash_packet(7, one, (uint32_t)size) !=
	      ledger_hash_packet(8, one, (uint32_t)size));
}

int
main(void)
{
	walk();
	packets(4);
	packets(6);
	return check_done();
}
