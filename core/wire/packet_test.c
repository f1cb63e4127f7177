/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_test.c - the parsers on packets written out in hex
 *
 * The table has one packet a row. Afterwards every row is cut at every byte,
 * each copy in memory of its own size, so that ASan sees one byte too far;
 * then bits are flipped at random. Whatever comes out as DROP_NONE must obey
 * the invariants that packet.h promises.
 */
#include "core/wire/packet.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/eth.h"
#include "core/wire/gue.h"

#define ADDRESSES4 "0a000001 c0a80102"
#define ADDRESSES6                                                             \
	"20010db8000000000000000000000001 20010db8000000000000000000000002"
/* Ports 40000 and 80, ACK and PSH, window 512, checksum left 0. */
#define TCP	 "9c400050 11223344 55667788 50180200 00000000"
#define TCP_MSS	 "9c400050 11223344 00000000 6002faf0 00000000 020405b4"
#define UDP4	 "9c400050 000c0000 61626364"
#define PAYLOAD4 "61626364"

static const struct row {
	const char *sentence;
	const char *hex;
	enum drop want;
	uint8_t protocol;
	uint32_t l4_offset;
	uint32_t fragment_offset;
	uint16_t src_port;
	uint32_t payload_bytes;
} rows[] = {
	{ "a TCP segment in IPv4",
	  "4500002c 00014000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_NONE, 6,
	  20, 0, 40000, 4 },
	{ "a SYN with an MSS option has no payload",
	  "4500002c 00014000 40060000" ADDRESSES4 TCP_MSS, DROP_NONE, 6, 20, 0,
	  40000, 0 },
	{ "link padding behind total length is not payload",
	  "45000028 00014000 40060000" ADDRESSES4 TCP "000000000000", DROP_NONE,
	  6, 20, 0, 40000, 0 },
	{ "UDP in IPv4", "45000020 00010000 40110000" ADDRESSES4 UDP4,
	  DROP_NONE, 17, 20, 0, 40000, 4 },
	{ "bytes between UDP's length and IP's are not payload",
	  "45000020 00010000 40110000" ADDRESSES4 "9c400050 00080000 61626364",
	  DROP_NONE, 17, 20, 0, 40000, 0 },
	{ "an echo request is no error and has no quote",
	  "4500001c 00010000 40010000" ADDRESSES4 "08000000 00010001",
	  DROP_NONE, 1, 20, 0, 0, 0 },
	{ "a protocol we do not name passes as a number",
	  "45000018 00010000 40840000" ADDRESSES4 "9c400050", DROP_NONE, 132,
	  20, 0, 0, 0 },
	{ "an IPv4 packet may be a header only",
	  "45000014 00010000 40ff0000" ADDRESSES4, DROP_NONE, 255, 20, 0, 0,
	  0 },
	/* IPv4 options */
	{ "no-operations and an end pad the IPv4 header",
	  "46000030 00014000 40060000" ADDRESSES4 "01010100" TCP PAYLOAD4,
	  DROP_NONE, 6, 24, 0, 40000, 4 },
	{ "a router alert is stepped over",
	  "46000030 00014000 40060000" ADDRESSES4 "94040000" TCP PAYLOAD4,
	  DROP_NONE, 6, 24, 0, 40000, 4 },
	{ "forty bytes of options are the most",
	  "4f000054 00014000 40060000" ADDRESSES4
	  "0727040000000000000000000000000000000000"
	  "0000000000000000000000000000000000000001" TCP PAYLOAD4,
	  DROP_NONE, 6, 60, 0, 40000, 4 },
	{ "forty no-operations are forty turns",
	  "4f000050 00014000 40060000" ADDRESSES4
	  "0101010101010101010101010101010101010101"
	  "0101010101010101010101010101010101010101" TCP,
	  DROP_NONE, 6, 60, 0, 40000, 0 },
	{ "behind the end nothing is an option",
	  "46000030 00014000 40060000" ADDRESSES4 "00ff0000" TCP PAYLOAD4,
	  DROP_NONE, 6, 24, 0, 40000, 4 },
	{ "an option that reaches past the header is malformed",
	  "46000030 00014000 40060000" ADDRESSES4 "94050000" TCP PAYLOAD4,
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "an option of length 1 is malformed",
	  "46000030 00014000 40060000" ADDRESSES4 "94010000" TCP PAYLOAD4,
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "an option whose length is outside is malformed",
	  "46000030 00014000 40060000" ADDRESSES4 "01010194" TCP PAYLOAD4,
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	/* IPv4 header fields */
	{ "version 5 is unknown",
	  "5500002c 00014000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_VERSION, 0,
	  0, 0, 0, 0 },
	{ "a header of 16 bytes is malformed",
	  "4400002c 00014000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_MALFORMED,
	  0, 0, 0, 0, 0 },
	{ "a total length below the header is malformed",
	  "45000013 00014000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_MALFORMED,
	  0, 0, 0, 0, 0 },
	{ "a total length beyond the bytes is short",
	  "4500002d 00014000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_SHORT, 0,
	  0, 0, 0, 0 },
	{ "nothing at all is short", "", DROP_SHORT, 0, 0, 0, 0, 0 },
	/* IPv4 fragments */
	{ "a first fragment has ports",
	  "4500002c 00012000 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_NONE, 6,
	  20, 0, 40000, 4 },
	{ "a later fragment has none, whatever its bytes look like",
	  "4500002c 00012003 40060000" ADDRESSES4 TCP PAYLOAD4, DROP_NONE, 6,
	  20, 24, 0, 0 },
	{ "a last fragment may end anywhere",
	  "45000015 00010003 40060000" ADDRESSES4 "61", DROP_NONE, 6, 20, 24, 0,
	  0 },
	{ "a fragment that is not the last comes in units of 8",
	  "45000029 00012000 40060000" ADDRESSES4 TCP "61", DROP_MALFORMED, 0,
	  0, 0, 0, 0 },
	{ "a first fragment without the whole TCP header is short",
	  "45000024 00012000 40060000" ADDRESSES4
	  "9c400050 11223344 55667788 50180200",
	  DROP_SHORT, 0, 0, 0, 0, 0 },
	{ "a fragment may not end beyond 65,535",
	  "45000024 00011fff 40060000" ADDRESSES4
	  "00112233445566778899aabbccddeeff",
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "a first fragment of UDP states the length of the whole",
	  "45000024 00012000 40110000" ADDRESSES4
	  "9c400050 04000000 6162636465666768",
	  DROP_NONE, 17, 20, 0, 40000, 8 },
	/* TCP and UDP fields */
	{ "a TCP header of 16 bytes is malformed",
	  "45000028 00014000 40060000" ADDRESSES4
	  "9c400050 11223344 55667788 40180200 00000000",
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "TCP options beyond the packet are short",
	  "45000028 00014000 40060000" ADDRESSES4
	  "9c400050 11223344 55667788 60180200 00000000",
	  DROP_SHORT, 0, 0, 0, 0, 0 },
	{ "TCP's header may not borrow from the padding",
	  "45000024 00014000 40060000" ADDRESSES4 TCP, DROP_SHORT, 0, 0, 0, 0,
	  0 },
	{ "a UDP length of 7 is malformed",
	  "45000020 00010000 40110000" ADDRESSES4 "9c400050 00070000 61626364",
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "a UDP length beyond the packet is short",
	  "45000020 00010000 40110000" ADDRESSES4 "9c400050 000d0000 61626364",
	  DROP_SHORT, 0, 0, 0, 0, 0 },
	{ "an ICMP of 7 bytes is short",
	  "4500001b 00010000 40010000" ADDRESSES4 "08000000 000100", DROP_SHORT,
	  0, 0, 0, 0, 0 },
	/* IPv6 and its chain */
	{ "a TCP segment in IPv6", "60000000 00180640" ADDRESSES6 TCP PAYLOAD4,
	  DROP_NONE, 6, 40, 0, 40000, 4 },
	{ "UDP in IPv6", "60000000 000c1140" ADDRESSES6 UDP4, DROP_NONE, 17, 40,
	  0, 40000, 4 },
	{ "hop-by-hop options before TCP",
	  "60000000 00200040" ADDRESSES6 "06000104 00000000" TCP PAYLOAD4,
	  DROP_NONE, 6, 48, 0, 40000, 4 },
	{ "hop-by-hop, destination, routing, fragment, AH, destination, TCP",
	  "60000000 00540040" ADDRESSES6 "3c000104 00000000" /* hop-by-hop */
	  "2b000104 00000000" /* destination */
	  "2c000000 00000000" /* routing, none left */
	  "33000000 000000ff" /* fragment: the only one */
	  "3c010000 00000001 00000002" /* AH: 12 bytes */
	  "06000104 00000000" TCP PAYLOAD4 "00000000"
	  "0000000000000000", /* as padding */
	  DROP_NONE, 6, 92, 0, 40000, 12 },
	{ "seven extension headers are one too many",
	  "60000000 00500040" ADDRESSES6 "3c000104 00000000"
	  "3c000104 00000000 3c000104 00000000 3c000104 00000000"
	  "3c000104 00000000 3c000104 00000000 06000104 00000000" TCP PAYLOAD4,
	  DROP_EXTENSIONS, 0, 0, 0, 0, 0 },
	{ "six are not",
	  "60000000 00480040" ADDRESSES6 "3c000104 00000000"
	  "3c000104 00000000 3c000104 00000000 3c000104 00000000"
	  "3c000104 00000000 06000104 00000000" TCP PAYLOAD4,
	  DROP_NONE, 6, 88, 0, 40000, 4 },
	{ "hop-by-hop behind another header is malformed",
	  "60000000 00283c40" ADDRESSES6
	  "00000104 00000000 06000104 00000000" TCP PAYLOAD4,
	  DROP_MALFORMED, 0, 0, 0, 0, 0 },
	{ "an extension header longer than the payload is short",
	  "60000000 00203c40" ADDRESSES6 "06050104 00000000" TCP PAYLOAD4,
	  DROP_SHORT, 0, 0, 0, 0, 0 },
	{ "an extension header longer than the bytes is short",
	  "60000000 08003c40" ADDRESSES6 "06ff0104 00000000" TCP PAYLOAD4,
	  DROP_SHORT, 0, 0, 0, 0, 0 },
	{ "ESP ends what can be read",
	  "60000000 00103240" ADDRESSES6 "00000001 00000001 0011223344556677",
	  DROP_NONE, 50, 40, 0, 0, 0 },
	{ "no next header ends it too", "60000000 00003b40" ADDRESSES6,
	  DROP_NONE, 59, 40, 0, 0, 0 },
	{ "a first fragment of IPv6 has ports",
	  "60000000 00202c40" ADDRESSES6 "06000001 deadbeef" TCP PAYLOAD4,
	  DROP_NONE, 6, 48, 0, 40000, 4 },
	{ "a later fragment of IPv6 ends the walk",
	  "60000000 00102c40" ADDRESSES6 "3c000018 deadbeef 0011223344556677",
	  DROP_NONE, 60, 48, 24, 0, 0 },
	{ "an IPv6 payload of 0 with TCP promised is short",
	  "60000000 00000640" ADDRESSES6 TCP PAYLOAD4, DROP_SHORT, 0, 0, 0, 0,
	  0 },
	{ "ICMPv4 in IPv6 is just a number",
	  "60000000 00080140" ADDRESSES6 "03000000 00000000", DROP_NONE, 1, 40,
	  0, 0, 0 },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Hex with spaces to bytes; returns how many. */
static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t digits = 0;

	for (; *hex != '\0'; hex++) {
		unsigned value;

		if (*hex == ' ')
			continue;
		value = *hex <= '9' ? (unsigned)(*hex - '0')
				    : (unsigned)(*hex - 'a') + 10;
		if (digits % 2 == 0)
			out[digits / 2] = (uint8_t)(value << 4);
		else
			out[digits / 2] |= (uint8_t)value;
		digits++;
	}
	return digits / 2;
}

/* What packet.h promises of every summary. */
static void
check_invariants(const struct packet *p, size_t size, bool quote,
		 const char *sentence)
{
	CHECK_ROW(p->family == 4 || p->family == 6, sentence);
	CHECK_ROW(p->header_bytes == p->l4_offset, sentence);
	CHECK_ROW(p->l4_offset + p->l4_bytes <= size, sentence);
	CHECK_ROW(quote || p->l4_offset + p->l4_bytes == p->size_bytes,
		  sentence);
	CHECK_ROW(p->payload_bytes == 0 ||
			  p->payload_offset + p->payload_bytes <= size,
		  sentence);
	CHECK_ROW(p->quote_offset + p->quote_bytes <= size, sentence);
	CHECK_ROW(p->fragment_offset == 0 || (!p->transport && !p->has_ports),
		  sentence);
	CHECK_ROW(!p->partial || (quote && !p->transport), sentence);
	CHECK_ROW(p->final_offset < p->header_bytes, sentence);
}

/* Parse a copy that is exactly as large as it says. */
static enum drop
parse_copy(const uint8_t *bytes, size_t size, bool quote, struct packet *p,
	   const char *sentence)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);
	enum drop drop;

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, bytes, size);
	drop = quote ? packet_parse_quote(copy, size, p)
		     : packet_parse(copy, size, p);
	if (drop == DROP_NONE)
		check_invariants(p, size, quote, sentence);
	if (drop == DROP_NONE && p->transport && p->protocol == IP_TCP) {
		struct tcp_options options;

		tcp_options_parse(copy + p->l4_offset + TCP_HEADER_MIN,
				  (size_t)p->tcp_header_bytes - TCP_HEADER_MIN,
				  &options);
	}
	free(copy);
	return drop;
}

static void
test_table(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		uint8_t bytes[256];
		size_t size = unhex(row->hex, bytes);
		struct packet p;
		enum drop got =
			parse_copy(bytes, size, false, &p, row->sentence);

		CHECK_ROW(got == row->want, row->sentence);
		if (got != DROP_NONE || got != row->want)
			continue;
		CHECK_ROW(p.protocol == row->protocol, row->sentence);
		CHECK_ROW(p.l4_offset == row->l4_offset, row->sentence);
		CHECK_ROW(p.fragment_offset == row->fragment_offset,
			  row->sentence);
		CHECK_ROW(p.src_port == row->src_port, row->sentence);
		CHECK_ROW(p.payload_bytes == row->payload_bytes, row->sentence);
		CHECK_ROW(p.dst_port == (row->src_port != 0 ? 80 : 0),
			  row->sentence);
	}
}

/* A packet cut anywhere inside is short, never anything worse: only the part
 * that was padding may go. */
static void
test_truncation(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		uint8_t bytes[256];
		size_t size = unhex(rows[i].hex, bytes);
		struct packet whole, p;

		if (packet_parse(bytes, size, &whole) != DROP_NONE)
			continue;
		for (size_t cut = 0; cut < size; cut++) {
			enum drop drop = parse_copy(bytes, cut, false, &p,
						    rows[i].sentence);

			CHECK_ROW(drop == (cut < whole.size_bytes ? DROP_SHORT
								  : DROP_NONE),
				  rows[i].sentence);
			drop = parse_copy(bytes, cut, true, &p,
					  rows[i].sentence);
			if (cut < whole.l4_offset)
				CHECK_ROW(drop == DROP_SHORT, rows[i].sentence);
			if (cut >= whole.l4_offset + 8u) {
				CHECK_ROW(drop == DROP_NONE, rows[i].sentence);
				CHECK_ROW(p.src_port == whole.src_port,
					  rows[i].sentence);
				CHECK_ROW(p.tcp_seq == whole.tcp_seq,
					  rows[i].sentence);
			}
		}
	}
}

static void
test_flips(void)
{
	struct rng rng;

	rng_init(&rng, 791, 0);
	for (int round = 0; round < 200000; round++) {
		const struct row *row = &rows[rng_below(&rng, ROWS)];
		uint8_t bytes[256];
		size_t size = unhex(row->hex, bytes);
		uint64_t flips = 1 + rng_below(&rng, 8);
		struct packet p;

		if (size == 0)
			continue;
		while (flips-- > 0)
			bytes[rng_below(&rng, size)] ^=
				(uint8_t)(1u << rng_below(&rng, 8));
		size -= rng_below(&rng, 4) == 0 ? rng_below(&rng, size) : 0;
		parse_copy(bytes, size, rng_below(&rng, 2) == 0, &p,
			   row->sentence);
	}
}

static void
test_fields(void)
{
	uint8_t bytes[256];
	struct packet p;
	size_t size = unhex("46b80038 abcd6000 3f060000" ADDRESSES4
			    "83 03 04 00" TCP "6162636465666768 61626364",
			    bytes);

	CHECK(packet_parse(bytes, size - 4, &p) == DROP_SHORT);
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.traffic_class == 0xb8 && p.ttl == 0x3f);
	CHECK(p.fragment_id == 0xabcd && p.df && p.mf);
	CHECK(p.src.family == 4 && p.src.bytes[0] == 10 &&
	      p.src.bytes[3] == 1 && p.src.bytes[4] == 0);
	CHECK(p.dst.family == 4 && p.dst.bytes[0] == 192);
	CHECK(p.tcp_seq == 0x11223344 && p.tcp_ack == 0x55667788);
	CHECK(p.tcp_flags == (TCP_ACK | TCP_PSH) && p.tcp_window == 512);
	CHECK(p.tcp_header_bytes == 20 && p.has_ports && p.transport);

	size = unhex("6ab12345 00102c07" ADDRESSES6
		     "06000019 deadbeef 0011223344556677",
		     bytes);
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.flow_label == 0x12345 && p.traffic_class == 0xab);
	CHECK(p.ttl == 7 && p.df && p.mf && p.fragment_id == 0xdeadbeef);
	CHECK(p.src.family == 6 && p.src.bytes[15] == 1);
}

static void
test_source_routes(void)
{
	uint8_t bytes[256];
	struct packet p;
	struct session_key key;
	size_t size = unhex("47000030 00014000 40060000" ADDRESSES4
			    "8307040b0c0d0e 00" TCP,
			    bytes);

	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.final_offset == 23 && bytes[p.final_offset] == 0x0b);
	CHECK(packet_session(&p, false, &key) == DROP_PROTOCOL);
	bytes[22] = 8; /* no stop left */
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.final_offset == 0);
	CHECK(packet_session(&p, false, &key) == DROP_NONE);

	size = unhex("60000000 002c2b40" ADDRESSES6
		     "06020401 00000000 20010db8000000000000000000000009" TCP,
		     bytes);
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.final_offset == 48 && bytes[p.final_offset + 15] == 9);
	bytes[43] = 0;
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	CHECK(p.final_offset == 0);
}

/* An ICMP error about a segment from the service: the quote is reversed. */
static void
test_quotes(void)
{
	static const struct {
		const char *sentence;
		const char *hex;
		size_t size;
		uint32_t mtu;
	} quotes[] = {
		{ "fragmentation needed, 8 quoted bytes",
		  "45000038 00010000 40010000 0a0000fe c0a80102"
		  "03040000 00000514"
		  "450005dc 00014000 3f060000" ADDRESSES4 "9c400050 11223344",
		  56, 1300 },
		{ "packet too big, whole TCP header quoted",
		  "60000000 00443a40" ADDRESSES6 "02000000 00000500"
		  "60000000 05b40640" ADDRESSES6 TCP,
		  108, 1280 },
	};

	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[256];
		size_t size = unhex(quotes[i].hex, bytes);
		struct packet p, quoted;
		struct session_key key, forward;
		const char *sentence = quotes[i].sentence;

		CHECK_ROW(size == quotes[i].size, sentence);
		CHECK_ROW(packet_parse(bytes, size, &p) == DROP_NONE, sentence);
		CHECK_ROW(p.icmp_error, sentence);
		CHECK_ROW(p.icmp_mtu == quotes[i].mtu, sentence);
		CHECK_ROW(packet_parse(bytes + p.quote_offset, p.quote_bytes,
				       &quoted) == DROP_SHORT,
			  sentence);
		CHECK_ROW(packet_parse_quote(bytes + p.quote_offset,
					     p.quote_bytes,
					     &quoted) == DROP_NONE,
			  sentence);
		CHECK_ROW(quoted.size_bytes == 1500, sentence);
		CHECK_ROW(quoted.has_ports, sentence);
		CHECK_ROW(quoted.partial == (i == 0), sentence);
		CHECK_ROW(quoted.tcp_seq == 0x11223344, sentence);
		CHECK_ROW(packet_session(&quoted, true, &key) == DROP_NONE,
			  sentence);
		CHECK_ROW(packet_session(&quoted, false, &forward) == DROP_NONE,
			  sentence);
		CHECK_ROW(wire_get16(key.client_port) == 80, sentence);
		CHECK_ROW(wire_get16(key.service_port) == 40000, sentence);
		CHECK_ROW(memcmp(key.client, forward.service, 16) == 0,
			  sentence);
		CHECK_ROW(memcmp(key.service, forward.client, 16) == 0,
			  sentence);
		CHECK_ROW(key.protocol == 6 && key.family == p.family,
			  sentence);
	}
}

static void
test_tuple(void)
{
	uint8_t bytes[256], whole[PACKET_TUPLE_BYTES],
		first[PACKET_TUPLE_BYTES];
	uint8_t later[PACKET_TUPLE_BYTES];
	struct packet p;
	struct session_key key;
	size_t size = unhex(
		"4500002c 00010000 40060000" ADDRESSES4 TCP PAYLOAD4, bytes);

	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	packet_tuple(&p, whole);
	CHECK(wire_get16(whole + 32) == 40000 && wire_get16(whole + 34) == 80);
	CHECK(whole[36] == 6 && whole[37] == 4 && whole[0] == 10);
	bytes[6] = 0x20;
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	packet_tuple(&p, first);
	bytes[7] = 3;
	CHECK(packet_parse(bytes, size, &p) == DROP_NONE);
	packet_tuple(&p, later);
	CHECK(memcmp(first, later, sizeof(first)) == 0);
	CHECK(memcmp(first, whole, sizeof(first)) != 0);
	CHECK(packet_session(&p, false, &key) == DROP_FRAGMENT);
}

static void
test_eth(void)
{
	static const struct {
		const char *sentence;
		const char *tail; /* behind the addresses */
		enum drop want;
		uint16_t type;
		uint8_t tags;
	} frames[] = {
		{ "plain IPv4", "0800", DROP_NONE, 0x0800, 0 },
		{ "one 802.1Q tag", "8100 0064 86dd", DROP_NONE, 0x86dd, 1 },
		{ "802.1ad outside, 802.1Q inside", "88a8 0064 8100 00c8 0800",
		  DROP_NONE, 0x0800, 2 },
		{ "QinQ before 802.1ad", "9100 0064 8100 00c8 0800", DROP_NONE,
		  0x0800, 2 },
		{ "four tags", "88a8 0001 8100 0002 8100 0003 8100 0004 0800",
		  DROP_NONE, 0x0800, 4 },
		{ "five are too many",
		  "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800",
		  DROP_MALFORMED, 0, 0 },
		{ "a tag that ends early", "8100 0064 08", DROP_SHORT, 0, 0 },
		{ "no type", "08", DROP_SHORT, 0, 0 },
		{ "a length is not a type", "0026", DROP_PROTOCOL, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		uint8_t bytes[64], again[64];
		size_t size = unhex("0102030405060a0b0c0d0e0f", bytes);
		struct eth_header header;
		struct cursor cursor;
		enum drop got;

		size += unhex(frames[i].tail, bytes + size);
		cursor = cursor_over(bytes, size);
		got = eth_parse(&cursor, &header);
		CHECK_ROW(got == frames[i].want, frames[i].sentence);
		if (got != DROP_NONE || got != frames[i].want)
			continue;
		CHECK_ROW(header.type == frames[i].type, frames[i].sentence);
		CHECK_ROW(header.tag_count == frames[i].tags,
			  frames[i].sentence);
		CHECK_ROW(cursor_left(&cursor) == 0, frames[i].sentence);
		CHECK_ROW(eth_bytes(&header) == size, frames[i].sentence);
		eth_build(again, &header);
		CHECK_ROW(memcmp(again, bytes, size) == 0, frames[i].sentence);
	}
}

static void
test_gue(void)
{
	static const struct {
		const char *sentence;
		const char *hex;
		enum drop want;
	} datagrams[] = {
		{ "an IPv4 packet inside",
		  "04040000 0102beef 00000007 0102030405060708 45", DROP_NONE },
		{ "an IPv6 packet inside",
		  "04290000 0102beef 00000007 0102030405060708 60", DROP_NONE },
		{ "variant 1 is a bare IP packet", "45000014", DROP_VERSION },
		{ "a control message",
		  "24040000 01020000 00000007 0102030405060708 45",
		  DROP_PROTOCOL },
		{ "GRE inside",
		  "042f0000 01020000 00000007 0102030405060708 45",
		  DROP_PROTOCOL },
		{ "Hlen 5", "05040000 01020000 00000007 0102030405060708 45",
		  DROP_MALFORMED },
		{ "Hlen 0", "00040000 01020000 00000007 0102030405060708 45",
		  DROP_MALFORMED },
		{ "an unknown flag",
		  "04040001 01020000 00000007 0102030405060708 45",
		  DROP_MALFORMED },
		{ "IPv4 announced, IPv6 inside",
		  "04040000 01020000 00000007 0102030405060708 60",
		  DROP_MALFORMED },
		{ "nothing inside",
		  "04040000 01020000 00000007 0102030405060708", DROP_SHORT },
		{ "ends in the tag", "04040000 01020000 00000007 01020304",
		  DROP_SHORT },
		{ "empty", "", DROP_SHORT },
	};

	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		uint8_t bytes[64], again[GUE_HEADER_BYTES];
		size_t size = unhex(datagrams[i].hex, bytes);
		struct cursor cursor = cursor_over(bytes, size);
		struct gue_header header = { 0 };
		enum drop got = gue_parse(&cursor, &header);

		CHECK_ROW(got == datagrams[i].want, datagrams[i].sentence);
		if (got != DROP_NONE || got != datagrams[i].want)
			continue;
		CHECK_ROW(header.hop_count == 1 && header.key_id == 2 &&
				  header.boot == 0xbeef &&
				  header.sequence == 7 &&
				  header.tag == UINT64_C(0x0102030405060708),
			  datagrams[i].sentence);
		CHECK_ROW(cursor_left(&cursor) == 1, datagrams[i].sentence);
		gue_build(again, &header);
		CHECK_ROW(memcmp(again, bytes, sizeof(again)) == 0,
			  datagrams[i].sentence);
	}
}

static void
test_gue_tag_input(void)
{
	struct address a4 = { .family = 4, .bytes = { 1, 2, 3, 4 } };
	struct address b4 = { .family = 4, .bytes = { 5, 6, 7, 8 } };
	struct address a6 = { .family = 6, .bytes = { 9 } };
	struct gue_header header = { .sequence = 0x0a0b0c0d,
				     .boot = 0x0304,
				     .hop_count = 1,
				     .key_id = 2 };
	uint8_t inner[100], out[GUE_TAG_INPUT_MAX];
	const uint8_t head[16] = { 1, 2, 3, 4, 5,    6,	   7,	 8,
				   1, 2, 3, 4, 0x0a, 0x0b, 0x0c, 0x0d };

	memset(inner, 0x55, sizeof(inner));
	CHECK(gue_tag_input(out, &a4, &b4, &header, inner, 100) == 80);
	CHECK(memcmp(out, head, 16) == 0 && out[79] == 0x55);
	CHECK(gue_tag_input(out, &a4, &b4, &header, inner, 20) == 36);
	CHECK(gue_tag_input(out, &a6, &a6, &header, inner, 64) ==
	      GUE_TAG_INPUT_MAX);
}

static void
test_tcp_options(void)
{
	struct tcp_options options, again;
	uint8_t bytes[64];
	size_t size =
		unhex("020405b4 0402 080a 11223344 55667788 01 030307", bytes);

	CHECK(tcp_options_parse(bytes, size, &options) == DROP_NONE);
	CHECK(options.has_mss && options.mss == 1460);
	CHECK(options.sack_permitted);
	CHECK(options.has_timestamps && options.timestamp == 0x11223344 &&
	      options.timestamp_echo == 0x55667788);
	CHECK(options.has_window_scale && options.window_scale == 7);
	for (unsigned mask = 0; mask < 16; mask++) { /* any subset */
		struct tcp_options some = {
			.has_mss = (mask & 1) != 0,
			.sack_permitted = (mask & 2) != 0,
			.has_timestamps = (mask & 4) != 0,
			.has_window_scale = (mask & 8) != 0,
			.mss = (mask & 1) != 0 ? 536 : 0,
			.timestamp = (mask & 4) != 0 ? 7 : 0,
			.window_scale = (mask & 8) != 0 ? 14 : 0,
		};

		size = tcp_options_build(bytes, &some);
		CHECK(size % 4 == 0 && size <= TCP_OPTIONS_MAX);
		CHECK(tcp_options_parse(bytes, size, &again) == DROP_NONE);
		CHECK(again.has_mss == some.has_mss && again.mss == some.mss);
		CHECK(again.sack_permitted == some.sack_permitted);
		CHECK(again.has_timestamps == some.has_timestamps &&
		      again.timestamp == some.timestamp);
		CHECK(again.has_window_scale == some.has_window_scale &&
		      again.window_scale == some.window_scale);
	}
	size = unhex("020405b4 0300", bytes);
	CHECK(tcp_options_parse(bytes, size, &options) == DROP_MALFORMED);
	CHECK(options.has_mss && !options.has_window_scale);
	size = unhex("0402 080a 1122", bytes);
	CHECK(tcp_options_parse(bytes, size, &options) == DROP_SHORT);
	CHECK(options.sack_permitted && !options.has_timestamps);
	size = unhex("0303ff fe0400000205b4050000", bytes);
	CHECK(tcp_options_parse(bytes, size, &options) == DROP_NONE ||
	      options.window_scale == 14);
	CHECK(options.window_scale == TCP_WINDOW_SCALE_MAX);
	CHECK(!options.has_mss); /* a length of 5 is none */
}

int
main(void)
{
	test_table();
	test_truncation();
	test_flips();
	test_fields();
	test_source_routes();
	test_quotes();
	test_tuple();
	test_eth();
	test_gue();
	test_gue_tag_input();
	test_tcp_options();
	return check_done();
}
