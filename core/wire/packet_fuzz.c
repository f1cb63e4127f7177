/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_fuzz.c - any bytes through every parser and what answers packets
 *
 * The first byte chooses where to begin: an Ethernet frame, an IP packet, a
 * quote, or a GUE datagram. What a parser accepts must obey packet.h, and
 * everything that is built from it must parse again with right checksums.
 */
#include <stdlib.h>
#include <string.h>

#include "core/wire/build.h"
#include "core/wire/eth.h"
#include "core/wire/gue.h"
#include "core/wire/tcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition)
{
	if (!condition)
		abort();
}

/* Something that we built, or may have. */
static void
must_parse(const uint8_t *bytes, size_t size)
{
	struct packet p;

	if (size == 0)
		return;
	must(packet_parse(bytes, size, &p) == DROP_NONE);
	must(packet_checksum_ok(bytes, &p));
}

static void
fuzz_answers(const uint8_t *bytes, const struct packet *p)
{
	static uint8_t out[70000];
	struct address from = p->dst;

	must_parse(out, packet_build_rst(p, 64, out, sizeof(out)));
	for (int error = 0; error <= PACKET_ERROR_TOO_BIG; error++)
		must_parse(out, packet_build_icmp_error(
					(enum packet_error)error, &from, 1400,
					bytes, p, out, sizeof(out)));
}

static void
fuzz_fragments(const uint8_t *bytes, const struct packet *p, size_t mtu)
{
	static uint8_t out[70000];
	size_t at = 0, total = 0, n;

	while ((n = packet_fragment_ip4(bytes, p, mtu, &at, out, sizeof(out))) >
	       0) {
		struct packet f;

		must(n <= mtu);
		if (packet_parse(out, n, &f) != DROP_NONE)
			must(total == 0); /* a tiny first fragment */
		total += f.l4_bytes;
	}
	must(total == 0 || total == p->l4_bytes);
	at = 0;
	while ((n = packet_fragment_ip6(bytes, p, mtu, 1, &at, out,
					sizeof(out))) > 0)
		must(n <= mtu);
}

static void
fuzz_packet(const uint8_t *bytes, size_t size, bool quote)
{
	struct packet p;
	struct session_key key;
	struct tcp_options options;
	uint8_t tuple[PACKET_TUPLE_BYTES];
	enum drop drop = quote ? packet_parse_quote(bytes, size, &p)
			       : packet_parse(bytes, size, &p);

	if (drop != DROP_NONE)
		return;
	must(p.l4_offset + p.l4_bytes <= size);
	must(quote || p.l4_offset + p.l4_bytes == p.size_bytes);
	must(p.payload_bytes == 0 ||
	     p.payload_offset + p.payload_bytes <= size);
	must(p.quote_offset + p.quote_bytes <= size);
	must(p.fragment_offset == 0 || (!p.transport && !p.has_ports));
	must(!p.partial || (quote && !p.transport));
	packet_tuple(&p, tuple);
	(void)packet_session(&p, quote, &key);
	if (p.transport && p.protocol == IP_TCP)
		(void)tcp_options_parse(
			bytes + p.l4_offset + TCP_HEADER_MIN,
			(size_t)p.tcp_header_bytes - TCP_HEADER_MIN, &options);
	if (p.icmp_error && !quote)
		fuzz_packet(bytes + p.quote_offset, p.quote_bytes, true);
	if (quote)
		return;
	fuzz_answers(bytes, &p);
	fuzz_fragments(bytes, &p, 68 + bytes[size - 1]);

	/* A hop neither mends nor breaks the header's checksum. */
	uint8_t *hop = malloc(size);
	bool ok = packet_checksum_ok(bytes, &p);

	must(hop != NULL);
	memcpy(hop, bytes, size);
	if (packet_ttl_decrement(hop, size) == DROP_NONE && ok)
		must(packet_checksum_ok(hop, &p));
	free(hop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor cursor;
	struct eth_header eth;
	struct gue_header gue;

	if (size < 1)
		return 0;
	cursor = cursor_over(data + 1, size - 1);
	switch (data[0] & 3) {
	case 0:
		if (eth_parse(&cursor, &eth) != DROP_NONE)
			return 0;
		break;
	case 1:
		if (gue_parse(&cursor, &gue) != DROP_NONE)
			return 0;
		break;
	default:
		break;
	}
	fuzz_packet(cursor.at, cursor_left(&cursor), (data[0] & 3) == 3);
	return 0;
}
