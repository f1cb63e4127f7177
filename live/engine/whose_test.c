/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whose_test.c - the table of core/test/ownership_table.h, asked of the engine
 *
 * A session opened here, and a packet of its key comes out of the TUN, as if it
 * had been a stray a moment ago. The engine asks the kernel, which has one of
 * the table's sockets: what is the socket's goes back to it, anything else is
 * taken for a stray. So the numbers and quotes have come through the classifier
 * and the question. A RST is never called back (engine.c, has_come()).
 */
#include "core/test/check.h"
#include "core/test/ownership_table.h"
#include "live/test/engines.h"

#define NUMBER 40001

static size_t
row_build(const struct ownership_row *row, const uint32_t base[2], uint8_t *out,
	  size_t capacity)
{
	static const uint8_t payload[1460] = { 0 };
	struct session_key key = session(NUMBER);
	struct packet_tcp tcp = {
		.ip = { .src = address_ip4(key.client),
			.dst = address_ip4(key.service),
			.ttl = 60 },
		.src_port = NUMBER,
		.dst_port = SERVICE,
		.seq = row->seq + base[0],
		.ack = row->ack + base[1],
		.flags = row->flags,
		.payload = payload,
		.payload_bytes = row->payload,
	};

	return packet_build_tcp(&tcp, out, capacity);
}

static size_t
quote_build(const struct ownership_quote *quote, const uint32_t base[2],
	    uint8_t *out, size_t capacity)
{
	struct session_key key = session(NUMBER);
	struct packet_tcp tcp = {
		.ip = { .src = address_ip4(key.service),
			.dst = address_ip4(key.client),
			.ttl = 60 },
		.src_port = SERVICE,
		.dst_port = NUMBER,
		.seq = quote->seq + base[1],
		.flags = TCP_ACK,
	};
	struct packet packet;
	uint8_t quoted[64];

	size_t size = packet_build_tcp(&tcp, quoted, sizeof(quoted));
	CHECK(packet_parse(quoted, size, &packet) == DROP_NONE);
	return packet_build_icmp_error(PACKET_ERROR_HOST, &tcp.ip.dst, 0,
				       quoted, &packet, out, capacity);
}

/* What becomes of the packet is what the table wants. */
static void
come(struct engines *engines, const uint8_t *bytes, size_t size,
     enum ownership want, const char *sentence)
{
	struct server *server = &engines->servers[0];
	uint32_t delivered = server->delivered;

	CHECK_ROW(size > 0, sentence);
	engine_stray(server->engine, engines->now, 0, bytes, size);
	flush(engines);
	CHECK_ROW((server->delivered != delivered) == (want == OWNERSHIP_MINE),
		  sentence);
	/* Behind what was held of the strays before it. */
	CHECK_ROW(want != OWNERSHIP_MINE ||
			  (server->last_size == size &&
			   memcmp(server->last, bytes, size) == 0),
		  sentence);
}

static void
test_table(const uint32_t base[2])
{
	struct engines *engines = engines_open(1);
	struct server *server = &engines->servers[0];
	struct ownership_socket socket;
	uint8_t bytes[2048];

	change(engines, 0, NUMBER, SOCKET_OPENED);
	server->socket = &socket;
	for (size_t i = 0;
	     i < sizeof(ownership_rows) / sizeof(ownership_rows[0]); i++) {
		const struct ownership_row *row = &ownership_rows[i];

		if ((row->flags & TCP_RST) != 0)
			continue;
		socket = moved(row->socket, base);
		come(engines, bytes, row_build(row, base, bytes, sizeof(bytes)),
		     row->want, row->sentence);
	}
	for (size_t i = 0;
	     i < sizeof(ownership_quotes) / sizeof(ownership_quotes[0]); i++) {
		const struct ownership_quote *quote = &ownership_quotes[i];

		socket = moved(quote->socket, base);
		come(engines, bytes,
		     quote_build(quote, base, bytes, sizeof(bytes)),
		     quote->want, quote->sentence);
	}
	engines_close(engines);
}

int
main(void)
{
	static const uint32_t bases[][2] = {
		{ 0, 0 },
		{ 0xffffffff, 0xffffffff },
		{ 0x7fffffff, 0xfffffe00 },
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		test_table(bases[i]);
	return check_done();
}
