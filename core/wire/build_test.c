/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * build_test.c - what is built must parse back and check out
 *
 * Random packets of both families go through the builders, packet_parse()
 * and packet_checksum_ok(), which a dumb sum confirms; then answers to them,
 * one hop, and fragments, put together again byte for byte.
 */
#include "core/wire/build.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/icmp.h"
#include "core/wire/ip4.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"

static uint8_t out[70000], payload[70000], other[70000], whole[70000];

/* The oracle: RFC 1071 two bytes at a time; 0 when all is included. */
static uint16_t
oracle(uint32_t sum, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 2) {
		sum += (uint32_t)bytes[i] << 8;
		sum += i + 1 < size ? bytes[i + 1] : 0;
		while (sum > 0xffff)
			sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

/* The sum of a pseudo header, for the oracle. */
static uint32_t
oracle_pseudo(const struct packet *p)
{
	size_t size = p->family == 4 ? 4 : 16;
	uint32_t sum = p->protocol + p->l4_bytes;

	for (size_t i = 0; i < size; i += 2)
		sum += wire_get16(p->src.bytes + i) +
		       (uint32_t)wire_get16(p->dst.bytes + i);
	return sum;
}

static struct address
random_address(struct rng *rng, uint8_t family)
{
	struct address a = { .family = family };

	for (size_t i = 0; i < (family == 4 ? 4 : 16); i++)
		a.bytes[i] = (uint8_t)rng_next(rng);
	a.bytes[0] = family == 4 ? 10 : 0x20;
	return a;
}

static struct packet_ip
random_ip(struct rng *rng)
{
	uint8_t family = rng_below(rng, 2) == 0 ? 4 : 6;

	return (struct packet_ip){
		.src = random_address(rng, family),
		.dst = random_address(rng, family),
		.ttl = (uint8_t)(2 + rng_below(rng, 254)),
		.traffic_class = (uint8_t)rng_next(rng),
		.id = (uint16_t)rng_next(rng),
		.df = rng_below(rng, 2) == 0,
	};
}

static struct packet_tcp
random_tcp(struct rng *rng, uint8_t options[TCP_OPTIONS_MAX])
{
	struct tcp_options o = { .has_mss = rng_below(rng, 2) == 0,
				 .mss = (uint16_t)rng_next(rng),
				 .has_timestamps = rng_below(rng, 2) == 0,
				 .timestamp = (uint32_t)rng_next(rng) };
	struct packet_tcp tcp = {
		.ip = random_ip(rng),
		.src_port = (uint16_t)rng_next(rng),
		.dst_port = (uint16_t)rng_next(rng),
		.seq = (uint32_t)rng_next(rng),
		.ack = (uint32_t)rng_next(rng),
		.flags = (uint8_t)rng_next(rng),
		.window = (uint16_t)rng_next(rng),
		.options = options,
		.options_bytes = tcp_options_build(options, &o),
		.payload = payload,
		.payload_bytes = (size_t)rng_below(rng, 2000),
	};

	return tcp;
}

static void
test_tcp(void)
{
	struct rng rng;

	rng_init(&rng, 9293, 0);
	for (int round = 0; round < 5000; round++) {
		uint8_t options[TCP_OPTIONS_MAX];
		struct packet_tcp tcp = random_tcp(&rng, options);
		size_t size = packet_build_tcp(&tcp, out, sizeof(out));
		struct packet p;

		CHECK(size > 0);
		CHECK(packet_parse(out, size, &p) == DROP_NONE);
		CHECK(p.size_bytes == size && p.ttl == tcp.ip.ttl);
		CHECK(address_equal(&p.src, &tcp.ip.src) &&
		      address_equal(&p.dst, &tcp.ip.dst));
		CHECK(p.src_port == tcp.src_port && p.dst_port == tcp.dst_port);
		CHECK(p.tcp_seq == tcp.seq && p.tcp_ack == tcp.ack);
		CHECK(p.tcp_flags == tcp.flags && p.tcp_window == tcp.window);
		CHECK(p.traffic_class == tcp.ip.traffic_class);
		CHECK(p.family == 6 || p.fragment_id == tcp.ip.id);
		CHECK(p.payload_bytes == tcp.payload_bytes);
		CHECK(memcmp(out + p.payload_offset, payload,
			     p.payload_bytes) == 0);
		CHECK(packet_checksum_ok(out, &p));
		CHECK(oracle(oracle_pseudo(&p), out + p.l4_offset,
			     p.l4_bytes) == 0);
		CHECK(p.family == 6 || oracle(0, out, 20) == 0);
		CHECK(packet_build_tcp(&tcp, out, size) == size);
		CHECK(packet_build_tcp(&tcp, out, size - 1) == 0);

		/* Any one wrong bit shows, but for IPv6's class, label and hop
		 * limit, which no checksum covers, nor the header's lengths. */
		size_t bit = p.l4_offset * 8 +
			     (size_t)rng_below(&rng, p.l4_bytes * 8);
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(!packet_checksum_ok(out, &p));
	}
}

static void
test_udp(void)
{
	struct rng rng;

	rng_init(&rng, 768, 0);
	for (int round = 0; round < 5000; round++) {
		struct packet_udp udp = {
			.ip = random_ip(&rng),
			.src_port = (uint16_t)rng_next(&rng),
			.dst_port = (uint16_t)rng_next(&rng),
			.payload = payload,
			.payload_bytes = (size_t)rng_below(&rng, 1500),
		};
		size_t size = packet_build_udp(&udp, out, sizeof(out));
		struct packet p;

		CHECK(size > 0);
		CHECK(packet_parse(out, size, &p) == DROP_NONE);
		CHECK(p.payload_bytes == udp.payload_bytes);
		CHECK(p.src_port == udp.src_port && p.dst_port == udp.dst_port);
		CHECK(packet_checksum_ok(out, &p));
		CHECK(oracle(oracle_pseudo(&p), out + p.l4_offset,
			     p.l4_bytes) == 0);
		CHECK(packet_build_udp(&udp, out, size - 1) == 0);
		wire_put16(out + p.l4_offset + 6, 0); /* no checksum */
		CHECK(packet_checksum_ok(out, &p) == (p.family == 4));
	}
}

/* A UDP datagram whose sum comes out as 0 is sent with 0xffff. */
static void
test_udp_zero(void)
{
	uint8_t two[2] = { 0, 0 };
	struct packet_udp udp = {
		.ip = { .src = { .family = 4, .bytes = { 10 } },
			.dst = { .family = 4, .bytes = { 10 } },
			.ttl = 64 },
		.payload = two,
		.payload_bytes = 2
	};
	struct packet p;
	size_t size = packet_build_udp(&udp, out, sizeof(out));

	CHECK(packet_parse(out, size, &p) == DROP_NONE);
	memcpy(two, out + p.l4_offset + 6, 2); /* make the sum all ones */
	size = packet_build_udp(&udp, out, sizeof(out));
	CHECK(packet_parse(out, size, &p) == DROP_NONE);
	CHECK(wire_get16(out + p.l4_offset + 6) == 0xffff);
	CHECK(packet_checksum_ok(out, &p));
}

static void
test_limits(void)
{
	struct packet_tcp tcp = { .ip = { .src = { .family = 4 },
					  .dst = { .family = 4 },
					  .ttl = 1 },
				  .payload = payload };
	struct packet p;

	tcp.payload_bytes = 65535 - 40;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 65535);
	CHECK(packet_parse(out, 65535, &p) == DROP_NONE);
	CHECK(packet_checksum_ok(out, &p));
	tcp.payload_bytes++;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
	tcp.ip.src.family = tcp.ip.dst.family = 6;
	tcp.payload_bytes = 65535 - 20;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 65575);
	CHECK(packet_parse(out, 65575, &p) == DROP_NONE);
	CHECK(packet_checksum_ok(out, &p));
	tcp.payload_bytes++;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
	tcp.payload_bytes = SIZE_MAX - 10;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
	tcp.payload_bytes = 0;
	tcp.options = payload;
	tcp.options_bytes = 3;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
	tcp.options_bytes = 44;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
	tcp.options_bytes = 0;
	tcp.ip.src.family = 4;
	CHECK(packet_build_tcp(&tcp, out, sizeof(out)) == 0);
}

static const struct {
	const char *sentence;
	uint8_t flags;
	size_t payload_bytes;
	bool want;
	uint8_t want_flags;
	uint32_t want_seq, want_ack;
} rst_rows[] = {
	{ "data with ACK: RST from where the peer expects", TCP_ACK | TCP_PSH,
	  100, true, TCP_RST, 2000, 0 },
	{ "a FIN with ACK as well", TCP_FIN | TCP_ACK, 0, true, TCP_RST, 2000,
	  0 },
	{ "a SYN without ACK: sequence 0, its SYN acknowledged", TCP_SYN, 0,
	  true, TCP_RST | TCP_ACK, 0, 1001 },
	{ "a SYN with data counts both", TCP_SYN, 10, true, TCP_RST | TCP_ACK,
	  0, 1011 },
	{ "a FIN without ACK counts the FIN", TCP_FIN, 5, true,
	  TCP_RST | TCP_ACK, 0, 1006 },
	{ "nothing set and no data", 0, 0, true, TCP_RST | TCP_ACK, 0, 1000 },
	{ "a RST is not answered", TCP_RST, 0, false, 0, 0, 0 },
	{ "nor with ACK", TCP_RST | TCP_ACK, 0, false, 0, 0, 0 },
};

/* RFC 9293 section 3.10.7.1. */
static void
test_rst(void)
{
	for (int family = 4; family <= 6; family += 2) {
		for (size_t i = 0; i < sizeof(rst_rows) / sizeof(rst_rows[0]);
		     i++) {
			struct rng rng;
			struct packet p, r;
			const char *sentence = rst_rows[i].sentence;

			rng_init(&rng, 3, i);
			struct packet_tcp tcp = {
				.ip = { .src = random_address(&rng,
							      (uint8_t)family),
					.dst = random_address(&rng,
							      (uint8_t)family),
					.ttl = 9 },
				.src_port = 1111,
				.dst_port = 80,
				.seq = 1000,
				.ack = 2000,
				.flags = rst_rows[i].flags,
				.payload = payload,
				.payload_bytes = rst_rows[i].payload_bytes,
			};
			size_t size = packet_build_tcp(&tcp, other, 2000);

			CHECK_ROW(packet_parse(other, size, &p) == DROP_NONE,
				  sentence);
			size = packet_build_rst(&p, 64, out, sizeof(out));
			CHECK_ROW((size > 0) == rst_rows[i].want, sentence);
			if (size == 0)
				continue;
			CHECK_ROW(packet_parse(out, size, &r) == DROP_NONE,
				  sentence);
			CHECK_ROW(packet_checksum_ok(out, &r), sentence);
			CHECK_ROW(address_equal(&r.src, &p.dst) &&
					  address_equal(&r.dst, &p.src),
				  sentence);
			CHECK_ROW(r.src_port == 80 && r.dst_port == 1111,
				  sentence);
			CHECK_ROW(r.tcp_flags == rst_rows[i].want_flags,
				  sentence);
			CHECK_ROW(r.tcp_seq == rst_rows[i].want_seq, sentence);
			CHECK_ROW(r.tcp_ack == rst_rows[i].want_ack, sentence);
			CHECK_ROW(packet_build_rst(&r, 64, out, sizeof(out)) ==
					  0,
				  sentence);
			p.mf = true; /* of a fragment the end is unknown */
			CHECK_ROW(packet_build_rst(&p, 64, out, sizeof(out)) ==
					  0,
				  sentence);
		}
	}
}

static void
test_icmp_error(void)
{
	struct rng rng;

	rng_init(&rng, 1812, 0);
	for (int round = 0; round < 2000; round++) {
		uint8_t options[TCP_OPTIONS_MAX];
		struct packet_tcp tcp = random_tcp(&rng, options);
		size_t size = packet_build_tcp(&tcp, other, sizeof(other));
		struct packet p, e, quoted;
		struct session_key key, back;
		enum packet_error error = (enum packet_error)rng_below(&rng, 6);
		uint32_t mtu = 1280 + (uint32_t)rng_below(&rng, 300);

		CHECK(packet_parse(other, size, &p) == DROP_NONE);
		struct address from = random_address(&rng, p.family);
		size_t limit =
			p.family == 4 ? PACKET_ERROR4_MAX : PACKET_ERROR6_MAX;
		size_t n = packet_build_icmp_error(error, &from, mtu, other, &p,
						   out, limit);
		CHECK(n > 0 && n <= limit);
		CHECK(n == limit || n == size + (p.family == 4 ? 28u : 48u));
		CHECK(packet_parse(out, n, &e) == DROP_NONE);
		CHECK(packet_checksum_ok(out, &e));
		CHECK(e.family == 6 || oracle(0, out + 20, n - 20) == 0);
		CHECK(e.icmp_error && address_equal(&e.src, &from) &&
		      address_equal(&e.dst, &p.src));
		CHECK(e.icmp_mtu == (error == PACKET_ERROR_TOO_BIG ? mtu : 0));
		CHECK(packet_parse_quote(out + e.quote_offset, e.quote_bytes,
					 &quoted) == DROP_NONE);
		CHECK(quoted.size_bytes == size);
		CHECK(packet_session(&p, true, &key) == DROP_NONE);
		CHECK(packet_session(&quoted, true, &back) == DROP_NONE);
		CHECK(memcmp(&key, &back, sizeof(key)) == 0);

		/* No error about an error, a later fragment, a group. */
		CHECK(packet_build_icmp_error(error, &from, mtu, out, &e, other,
					      sizeof(other)) == 0);
		quoted = p;
		quoted.fragment_offset = 8;
		CHECK(packet_build_icmp_error(error, &from, mtu, other, &quoted,
					      out, sizeof(out)) == 0);
		quoted = p;
		quoted.dst.bytes[0] = p.family == 4 ? 224 : 0xff;
		n = packet_build_icmp_error(error, &from, mtu, other, &quoted,
					    out, sizeof(out));
		CHECK((n > 0) ==
		      (p.family == 6 && error == PACKET_ERROR_TOO_BIG));
	}
}

static void
test_types(void)
{
	static const struct {
		const char *sentence;
		enum packet_error error;
		uint8_t type4, code4, type6, code6;
	} rows[] = {
		{ "time exceeded", PACKET_ERROR_TTL, 11, 0, 3, 0 },
		{ "no route", PACKET_ERROR_NET, 3, 0, 1, 0 },
		{ "host unreachable", PACKET_ERROR_HOST, 3, 1, 1, 3 },
		{ "port unreachable", PACKET_ERROR_PORT, 3, 3, 1, 4 },
		{ "prohibited", PACKET_ERROR_PROHIBITED, 3, 13, 1, 1 },
		{ "too big", PACKET_ERROR_TOO_BIG, 3, 4, 2, 0 },
	};
	struct rng rng;

	rng_init(&rng, 4443, 0);
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t family = i % 2 == 0 ? 4 : 6;
		const char *sentence = rows[i / 2].sentence;
		struct packet_tcp tcp = {
			.ip = { .src = random_address(&rng, family),
				.dst = random_address(&rng, family),
				.ttl = 1 },
		};
		struct packet p;
		size_t size = packet_build_tcp(&tcp, other, 100);

		CHECK_ROW(packet_parse(other, size, &p) == DROP_NONE, sentence);
		size = packet_build_icmp_error(rows[i / 2].error, &p.dst, 1400,
					       other, &p, out, sizeof(out));
		CHECK_ROW(packet_parse(out, size, &p) == DROP_NONE, sentence);
		CHECK_ROW(p.icmp_type == (family == 4 ? rows[i / 2].type4
						      : rows[i / 2].type6),
			  sentence);
		CHECK_ROW(p.icmp_code == (family == 4 ? rows[i / 2].code4
						      : rows[i / 2].code6),
			  sentence);
	}
}

static void
test_ttl(void)
{
	struct rng rng;

	rng_init(&rng, 1624, 0);
	for (int round = 0; round < 300; round++) {
		uint8_t options[TCP_OPTIONS_MAX];
		struct packet_tcp tcp = random_tcp(&rng, options);
		size_t size = packet_build_tcp(&tcp, out, sizeof(out));
		struct packet p;

		for (unsigned ttl = tcp.ip.ttl; ttl > 1; ttl--) {
			CHECK(packet_ttl_decrement(out, size) == DROP_NONE);
			CHECK(packet_parse(out, size, &p) == DROP_NONE);
			CHECK(p.ttl == ttl - 1);
			CHECK(packet_checksum_ok(out, &p));
		}
		CHECK(packet_ttl_decrement(out, size) == DROP_TTL);
		CHECK(packet_ttl_decrement(out, 0) == DROP_SHORT);
		CHECK(packet_ttl(out, 0) == 0 && packet_ttl(out, 19) == 0);
		CHECK(packet_ttl_decrement(out, 19) == DROP_SHORT);
		out[0] = 0x55;
		CHECK(packet_ttl_decrement(out, size) == DROP_VERSION);
	}
}

/* Split, check each fragment, put it together, compare. Answers the count. */
static int
check_fragments(const uint8_t *bytes, const struct packet *p, size_t mtu)
{
	size_t at = 0, total = 0, n;
	int count = 0;
	bool last = false;

	while ((n = p->family == 4
			    ? packet_fragment_ip4(bytes, p, mtu, &at, out, mtu)
			    : packet_fragment_ip6(bytes, p, mtu, 7, &at, out,
						  mtu)) > 0) {
		struct packet f;

		CHECK(n <= mtu && !last);
		CHECK(packet_parse(out, n, &f) == DROP_NONE ||
		      (f.fragment_offset == 0 && f.mf)); /* a tiny first */
		CHECK(f.fragment_offset == total);
		CHECK(f.family == 6 || oracle(0, out, f.header_bytes) == 0);
		CHECK(f.family == 6 || f.fragment_id == p->fragment_id);
		CHECK(f.family == 4 || count == 0 || f.fragment_id == 7);
		memcpy(whole + total, out + f.l4_offset, f.l4_bytes);
		total += f.l4_bytes;
		last = !f.mf;
		count++;
	}
	CHECK(count == 0 || last);
	CHECK(count == 0 || total == p->l4_bytes);
	CHECK(count == 0 || memcmp(whole, bytes + p->l4_offset, total) == 0);
	return count;
}

static void
test_fragments(void)
{
	struct rng rng;

	rng_init(&rng, 815, 0);
	for (int round = 0; round < 3000; round++) {
		uint8_t options[TCP_OPTIONS_MAX];
		struct packet_tcp tcp = random_tcp(&rng, options);
		size_t size, mtu;
		struct packet p;

		tcp.ip.df = false;
		size = packet_build_tcp(&tcp, other, sizeof(other));
		CHECK(packet_parse(other, size, &p) == DROP_NONE);
		mtu = (p.family == 4 ? 68 : 100) + rng_below(&rng, 1600);
		int count = check_fragments(other, &p, mtu);
		CHECK(count > 0 && (count == 1) == (size <= mtu));
	}
}

static void
test_fragment_edges(void)
{
	/* Options: a copied one (0x94, router alert) and one that is not
	 * (7, record route), with an end. */
	uint8_t bytes[24 + 8 + 40] = { 0x48, 0,	 0, 72, 0,  9, 0, 0,
				       64,   17, 0, 0,	10, 0, 0, 1,
				       10,   0,	 0, 2,	7,  7, 4 };
	struct packet p, f;
	size_t at = 0, n;

	bytes[27] = 0x94;
	bytes[28] = 4;
	/* The header is 32 bytes: 27..30 is the alert, 31 the end. */
	CHECK(packet_parse(bytes, 72, &p) == DROP_MALFORMED); /* UDP length 0 */
	wire_put16(bytes + 32 + 4, 40);
	CHECK(packet_parse(bytes, 72, &p) == DROP_NONE);
	CHECK(p.header_bytes == 32);
	n = packet_fragment_ip4(bytes, &p, 56, &at, out, 56);
	CHECK(n == 56 && packet_parse(out, n, &f) == DROP_NONE && f.mf);
	CHECK(f.header_bytes == 32 && memcmp(out + 20, bytes + 20, 12) == 0);
	n = packet_fragment_ip4(bytes, &p, 56, &at, out, 56);
	CHECK(n == 24 + 16 && packet_parse(out, n, &f) == DROP_NONE && !f.mf);
	CHECK(f.header_bytes == 24 && out[20] == 0x94 &&
	      f.fragment_offset == 24);
	CHECK(packet_fragment_ip4(bytes, &p, 56, &at, out, 56) == 0);

	/* A fragment of a fragment keeps its offset and that more follow. */
	bytes[6] = 0x20;
	bytes[7] = 5;
	CHECK(packet_parse(bytes, 72, &p) == DROP_NONE);
	at = 0;
	n = packet_fragment_ip4(bytes, &p, 56, &at, out, 56);
	CHECK(n == 56 && packet_parse(out, n, &f) == DROP_NONE && f.mf &&
	      f.fragment_offset == 40);
	n = packet_fragment_ip4(bytes, &p, 56, &at, out, 56);
	CHECK(n == 40 && packet_parse(out, n, &f) == DROP_NONE && f.mf &&
	      f.fragment_offset == 64);

	/* No room for 8 bytes, or for the answer; and a bare header. */
	at = 0;
	CHECK(packet_fragment_ip4(bytes, &p, 39, &at, out, 100) == 0);
	CHECK(packet_fragment_ip4(bytes, &p, 56, &at, out, 55) == 0);
	CHECK(packet_fragment_ip4(bytes, &p, 100, &at, out, 71) == 0);
	CHECK(packet_fragment_ip6(bytes, &p, 56, 1, &at, out, 100) == 0);
	p.size_bytes = p.header_bytes = 32;
	p.l4_bytes = 0;
	CHECK(packet_fragment_ip4(bytes, &p, 100, &at, out, 100) == 32);
	CHECK(packet_fragment_ip4(bytes, &p, 100, &at, out, 100) == 0);
}

/* A source route's checksum is over its end, not over the next stop. */
static void
test_final_checksum(void)
{
	struct rng rng;
	struct packet p;

	rng_init(&rng, 5095, 0);
	struct packet_tcp tcp = { .ip = { .src = random_address(&rng, 6),
					  .dst = random_address(&rng, 6),
					  .ttl = 64 },
				  .payload = payload,
				  .payload_bytes = 33 };
	size_t size = packet_build_tcp(&tcp, other, sizeof(other));

	memcpy(out, other, 40);
	memcpy(out + 40 + 24, other + 40, size - 40);
	memcpy(out + 48, tcp.ip.dst.bytes, 16); /* the end */
	memset(out + 24, 0x77, 16); /* the next stop */
	out[6] = IP_ROUTING;
	out[40] = IP_TCP;
	out[41] = 2;
	out[42] = IP6_ROUTE_SEGMENT;
	out[43] = 1;
	wire_put16(out + 4, (uint16_t)(size - 40 + 24));
	CHECK(packet_parse(out, size + 24, &p) == DROP_NONE);
	CHECK(packet_checksum_ok(out, &p));
	out[43] = 0;
	CHECK(packet_parse(out, size + 24, &p) == DROP_NONE);
	CHECK(!packet_checksum_ok(out, &p));
}

/* Damaged headers, and what has no checksum of its own to verify. */
static void
test_checksum_parts(void)
{
	struct rng rng;
	struct packet p;

	rng_init(&rng, 1071, 0);
	struct packet_tcp tcp = { .ip = { .src = random_address(&rng, 4),
					  .dst = random_address(&rng, 4),
					  .ttl = 64 },
				  .payload = payload,
				  .payload_bytes = 1000 };
	size_t size = packet_build_tcp(&tcp, out, sizeof(out));
	CHECK(packet_parse(out, size, &p) == DROP_NONE);
	CHECK(packet_checksum_ok(out, &p));
	out[1] ^= 1;
	CHECK(!packet_checksum_ok(out, &p));
	out[1] ^= 1;
	size_t at = 0;
	size = packet_fragment_ip4(out, &p, 576, &at, other, sizeof(other));
	CHECK(packet_parse(other, size, &p) == DROP_NONE && p.mf);
	other[30]++; /* TCP's; the whole will show it */
	CHECK(packet_checksum_ok(other, &p));
}

/* No such fragments: another family, no room. A full IPv4 option that is not
 * copied leaves those that are, padded to words. */
static void
test_fragment_refusals(void)
{
	struct rng rng;
	struct packet p;
	size_t at = 0;

	rng_init(&rng, 791, 0);
	struct packet_tcp tcp = { .ip = { .src = random_address(&rng, 6),
					  .dst = random_address(&rng, 6),
					  .ttl = 64 },
				  .payload = payload,
				  .payload_bytes = 2000 };
	size_t size = packet_build_tcp(&tcp, out, sizeof(out));
	CHECK(packet_parse(out, size, &p) == DROP_NONE);
	CHECK(packet_fragment_ip4(out, &p, 1280, &at, other, sizeof(other)) ==
	      0);
	CHECK(packet_fragment_ip6(out, &p, 1280, 1, &at, other, 1279) == 0);
	CHECK(at == 0);

	tcp.ip.src = random_address(&rng, 4);
	tcp.ip.dst = random_address(&rng, 4);
	size = packet_build_tcp(&tcp, whole, sizeof(whole));
	memcpy(out, whole, 20);
	memcpy(out + 28, whole + 20, size - 20);
	/* Record route is not copied, the security option of RFC 791 is. */
	static const uint8_t options[8] = { 7, 3, 4, 0x82, 3, 9, 0, 0 };
	memcpy(out + 20, options, sizeof(options));
	out[0] = 0x47;
	wire_put16(out + 2, (uint16_t)(size + 8));
	CHECK(packet_parse(out, size + 8, &p) == DROP_NONE);
	CHECK(packet_fragment_ip4(out, &p, 600, &at, other, sizeof(other)) > 0);
	CHECK(memcmp(other + 20, options, 8) == 0);
	CHECK(packet_fragment_ip4(out, &p, 600, &at, other, sizeof(other)) > 0);
	static const uint8_t kept[4] = { 0x82, 3, 9, 0 };
	CHECK(other[0] == 0x46 && memcmp(other + 20, kept, 4) == 0);
}

/* An IPv4 error has 16 bits for the MTU. */
static void
test_mtu_saturates(void)
{
	struct rng rng;
	struct packet p;

	rng_init(&rng, 1191, 0);
	struct packet_tcp tcp = { .ip = { .src = random_address(&rng, 4),
					  .dst = random_address(&rng, 4),
					  .ttl = 64 } };
	struct address router = random_address(&rng, 4);
	tcp.ip.src.bytes[0] = tcp.ip.dst.bytes[0] = 10; /* no group */
	size_t size = packet_build_tcp(&tcp, out, sizeof(out));
	CHECK(packet_parse(out, size, &p) == DROP_NONE);
	CHECK(packet_ttl(out, size) == 64 && packet_ttl(out, 19) == 0);
	size = packet_build_icmp_too_big(&router, 70000, out, &p, other,
					 sizeof(other));
	CHECK(packet_parse(other, size, &p) == DROP_NONE);
	CHECK(p.icmp_mtu == 65535);
	tcp.ip.src = random_address(&rng, 6);
	tcp.ip.dst = random_address(&rng, 6);
	tcp.ip.ttl = 33;
	size = packet_build_tcp(&tcp, out, sizeof(out));
	CHECK(packet_ttl(out, size) == 33 && packet_ttl(out, 39) == 0);
}

int
main(void)
{
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)rng_next(&rng);
	test_tcp();
	test_udp();
	test_udp_zero();
	test_limits();
	test_rst();
	test_icmp_error();
	test_types();
	test_ttl();
	test_fragments();
	test_fragment_edges();
	test_final_checksum();
	test_checksum_parts();
	test_fragment_refusals();
	test_mtu_saturates();
	return check_done();
}
