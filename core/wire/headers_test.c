/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headers_test.c - each header by itself: bytes that end early, odd routes
 *
 * packet_parse() asks for lengths before it reads a header. The headers'
 * own bounds matter to readers that do not: the BPF program, which sees fewer
 * bytes than the packet has, and the decoder of captures.
 */
#include "core/wire/packet.h"

#include <string.h>

#include "core/test/check.h"

static uint8_t bytes[256];

static enum drop
parse_ip4(struct cursor *cursor)
{
	struct ip4_header ip;

	return ip4_parse(cursor, &ip);
}

static enum drop
parse_ip6(struct cursor *cursor)
{
	struct ip6_header ip;

	return ip6_parse(cursor, &ip);
}

static enum drop
parse_tcp(struct cursor *cursor)
{
	struct tcp_header tcp;

	return tcp_parse(cursor, &tcp);
}

static enum drop
parse_udp(struct cursor *cursor)
{
	struct udp_header udp;

	return udp_parse(cursor, &udp);
}

static enum drop
parse_icmp(struct cursor *cursor)
{
	struct icmp_header icmp;

	return icmp_parse(cursor, 4, &icmp);
}

static const struct {
	const char *name;
	enum drop (*parse)(struct cursor *);
	size_t size;
	size_t set_at; /* bytes that make it whole */
	uint8_t set[4];
} headers[] = {
	{ "IPv4", parse_ip4, 20, 0, { 0x45, 0, 0, 20 } },
	{ "IPv4 with options", parse_ip4, 32, 0, { 0x48, 0, 0, 32 } },
	{ "IPv6", parse_ip6, 40, 0, { 0x60 } },
	{ "TCP", parse_tcp, 20, 12, { 0x50 } },
	{ "UDP", parse_udp, 8, 4, { 0, 8 } },
	{ "ICMP", parse_icmp, 8, 0, { 3, 4 } },
};

static void
shorter_is_short(void)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes + headers[i].set_at, headers[i].set, 4);
		for (size_t size = 0; size <= headers[i].size; size++) {
			struct cursor cursor = cursor_over(bytes, size);
			enum drop drop = headers[i].parse(&cursor);
			CHECK_ROW(drop == (size < headers[i].size ? DROP_SHORT
								  : DROP_NONE),
				  headers[i].name);
		}
	}
	memset(bytes, 0x60, 20);
	struct cursor cursor = cursor_over(bytes, 20);
	CHECK(parse_ip4(&cursor) == DROP_VERSION);
}

static const struct {
	const char *sentence;
	uint8_t options[40];
	size_t size;
	enum drop drop;
	uint16_t mss; /* 0: none */
} lists[] = {
	{ "no options", { 0 }, 0, DROP_NONE, 0 },
	{ "a size that is not there", { 2 }, 1, DROP_SHORT, 0 },
	{ "a size below two", { 2, 1 }, 2, DROP_MALFORMED, 0 },
	{ "a value that is not all there", { 2, 4, 5 }, 3, DROP_SHORT, 0 },
	{ "the segment size", { 2, 4, 5, 0xb4 }, 4, DROP_NONE, 1460 },
	{ "what follows the end is not read",
	  { 0, 2, 4, 5, 0xb4 },
	  5,
	  DROP_NONE,
	  0 },
	{ "forty times nothing",
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 },
	  40,
	  DROP_NONE,
	  0 },
};

static void
option_lists(void)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct tcp_options options;
		CHECK_ROW(tcp_options_parse(lists[i].options, lists[i].size,
					    &options) == lists[i].drop,
			  lists[i].sentence);
		CHECK_ROW(options.has_mss == (lists[i].mss != 0),
			  lists[i].sentence);
		if (options.has_mss)
			CHECK_ROW(options.mss == lists[i].mss,
				  lists[i].sentence);
	}
}

/* The last address of a routing header, from the packet's start. */
static const struct {
	const char *sentence;
	uint8_t type, left, length; /* in 8 bytes beyond the first */
	uint16_t final_offset;
} routes[] = {
	{ "a source route: the last one listed", IP6_ROUTE_SOURCE, 1, 4, 64 },
	{ "a home address", IP6_ROUTE_HOME, 1, 2, 48 },
	{ "segments are listed backwards", IP6_ROUTE_SEGMENT, 2, 4, 48 },
	{ "at its end", IP6_ROUTE_SOURCE, 0, 4, 0 },
	{ "no address in there", IP6_ROUTE_SOURCE, 1, 1, 0 },
	{ "a kind that we do not know", 77, 1, 4, 0 },
};

static void
routing_headers(void)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const uint32_t size = (routes[i].length + 1u) * 8;
		struct ip6_chain chain;
		struct cursor cursor = cursor_over(bytes, size);

		memset(bytes, 0, sizeof(bytes));
		bytes[0] = IP_TCP;
		bytes[1] = routes[i].length;
		bytes[2] = routes[i].type;
		bytes[3] = routes[i].left;
		CHECK_ROW(ip6_chain_read(&cursor, IP_ROUTING, size, &chain) ==
				  DROP_NONE,
			  routes[i].sentence);
		CHECK_ROW(chain.protocol == IP_TCP && chain.bytes == size,
			  routes[i].sentence);
		CHECK_ROW(chain.final_offset == routes[i].final_offset,
			  routes[i].sentence);
	}
}

/* AH alone counts in words of four bytes, and from two of them. */
static void
authentication_header(void)
{
	struct ip6_chain chain;
	struct cursor cursor = cursor_over(bytes, 16);

	memset(bytes, 0, sizeof(bytes));
	bytes[0] = IP_TCP;
	bytes[1] = 2;
	CHECK(ip6_chain_read(&cursor, IP_AH, 16, &chain) == DROP_NONE);
	CHECK(chain.bytes == 16 && chain.protocol == IP_TCP);
	bytes[1] = 0;
	cursor = cursor_over(bytes, 16);
	CHECK(ip6_chain_read(&cursor, IP_AH, 16, &chain) == DROP_NONE);
	CHECK(chain.bytes == 8);
}

/* The bytes that can be read are fewer than the packet has, or more than
 * the quote. */
static void
other_ends(void)
{
	struct packet packet;

	memset(bytes, 0, sizeof(bytes));
	bytes[0] = 0x45;
	bytes[3] = 100;
	bytes[9] = IP_TCP;
	bytes[20 + 12] = 0x50;
	CHECK(packet_parse_cursor(cursor_over(bytes, 40), 100, false,
				  &packet) == DROP_NONE);
	CHECK(packet.payload_bytes == 60);
	CHECK(packet_parse_cursor(cursor_over(bytes, 39), 100, false,
				  &packet) == DROP_SHORT);
	/* A quote: eight bytes of TCP, but they cannot be read. */
	CHECK(packet_parse_cursor(cursor_over(bytes, 27), 28, true, &packet) ==
	      DROP_SHORT);
	CHECK(packet_parse_cursor(cursor_over(bytes, 28), 28, true, &packet) ==
	      DROP_NONE);
	CHECK(packet.partial && packet.has_ports);
	/* It ends inside the IP header, though more can be read. */
	CHECK(packet_parse_cursor(cursor_over(bytes, 60), 19, true, &packet) ==
	      DROP_SHORT);
	/* ICMP's header is in the packet, but cannot be read. */
	bytes[9] = IP_ICMP4;
	CHECK(packet_parse_cursor(cursor_over(bytes, 27), 100, false,
				  &packet) == DROP_SHORT);
	bytes[9] = IP_UDP;
	CHECK(packet_parse_cursor(cursor_over(bytes, 27), 100, false,
				  &packet) == DROP_SHORT);
}

int
main(void)
{
	shorter_is_short();
	option_lists();
	routing_headers();
	authentication_header();
	other_ends();
	return check_done();
}
