/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syn_cookie_test.c - a handshake of which the server remembers nothing
 */
#include "sim/host/syn_cookie.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"
#include "sim/host/transport.h"

#define S	NS_PER_S
#define SERVER	3
#define RANDOMS 1000000

static struct tcp_settings settings;

/* A client that has sent its SYN, and what it sends next. */
struct bed {
	struct tcp client;
	struct session_key key;
	uint8_t bytes[TCP_MTU_MAX];
	size_t size;
	struct packet packet;
};

static struct instant
at(int64_t s)
{
	return (struct instant){ s * S };
}

static bool
says(struct bed *bed, struct instant now)
{
	bed->size =
		tcp_output(&bed->client, now, bed->bytes, sizeof(bed->bytes));
	return bed->size > 0 &&
	       packet_parse(bed->bytes, bed->size, &bed->packet) == DROP_NONE;
}

static void
make(struct bed *bed, uint8_t family, uint32_t mtu_bytes, struct instant now)
{
	static const uint8_t client[16] = { 20, 1, 0, 1 };
	static const uint8_t service[16] = { 192, 168, 0, 1 };
	static struct tcp_settings own;
	struct tcp_names names = {
		.local =
			family == 4 ? address_ip4(client) : address_ip6(client),
		.remote = family == 4 ? address_ip4(service)
				      : address_ip6(service),
		.local_port = 40000,
		.remote_port = 80,
	};

	own = settings;
	own.mtu_bytes = mtu_bytes;
	transport_key(&names, &bed->key);
	tcp_connect(&bed->client, &own, &names, 0xfffffff0);
	CHECK(says(bed, now) && bed->packet.tcp_flags == TCP_SYN);
}

/* The server's SYN-ACK reaches the client. */
static void
answered(struct bed *bed, struct instant now)
{
	uint8_t answer[TCP_MTU_MAX];
	struct packet packet;
	size_t size =
		syn_cookie_answer(now, SERVER, &bed->key, &settings, bed->bytes,
				  &bed->packet, answer, sizeof(answer));

	CHECK(packet_parse(answer, size, &packet) == DROP_NONE &&
	      packet_checksum_ok(answer, &packet));
	CHECK(packet.tcp_flags == (TCP_SYN | TCP_ACK));
	tcp_receive(&bed->client, now, answer, &packet);
	CHECK(bed->client.state == TCP_STATE_ESTABLISHED);
}

static void
test_handshakes(void)
{
	static const struct {
		const char *sentence;
		uint8_t family;
		uint32_t mtu_bytes; /* the client's */
		uint32_t mss; /* of what the server sends then */
		int64_t later_s; /* the ACK comes */
		bool right;
	} rows[] = {
		{ "at once", 4, 1500, 1460, 0, true },
		{ "IPv6", 6, 1500, 1440, 0, true },
		{ "a larger MSS is cut", 4, 9000, 1460, 0, true },
		{ "a smaller one is rounded down", 4, 1400, 1300, 0, true },
		{ "the smallest", 4, 576, 536, 0, true },
		{ "in the next minute", 4, 1500, 1460, 60, true },
		{ "at its end", 4, 1500, 1460, 109, true },
		{ "too late", 4, 1500, 0, 110, false },
		{ "much too late", 4, 1500, 0, 10000, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct instant now = at(10), then = at(10 + rows[i].later_s);
		const char *sentence = rows[i].sentence;
		struct bed bed;
		struct tcp server;

		make(&bed, rows[i].family, rows[i].mtu_bytes, now);
		answered(&bed, now);
		CHECK_ROW(!bed.client.sack && bed.client.own_scale == 0,
			  sentence);
		CHECK_ROW(says(&bed, now) && bed.packet.tcp_flags == TCP_ACK,
			  sentence);
		CHECK_ROW(syn_cookie_is_right(then, SERVER, &bed.key,
					      &bed.packet) == rows[i].right,
			  sentence);
		CHECK_ROW(syn_cookie_accept(&server, then, SERVER, &bed.key,
					    &settings,
					    &bed.packet) == rows[i].right,
			  sentence);
		if (!rows[i].right)
			continue;
		CHECK_ROW(server.state == TCP_STATE_SYN_RECEIVED &&
				  server.mss == rows[i].mss,
			  sentence);
		tcp_receive(&server, then, bed.bytes, &bed.packet);
		CHECK_ROW(server.state == TCP_STATE_ESTABLISHED &&
				  server.srtt_ns == 0 && !server.sack,
			  sentence);
	}
}

/* What is not the answer, of the client's ACK. */
static void
test_wrong(void)
{
	struct bed bed;

	make(&bed, 4, 1500, at(10));
	const struct packet syn = bed.packet;
	answered(&bed, at(10));
	CHECK(says(&bed, at(10)));
	const struct packet ack = bed.packet;
	struct session_key other = bed.key;
	other.client_port[0]++;

	CHECK(syn_cookie_is_right(at(10), SERVER, &bed.key, &ack));
	CHECK(!syn_cookie_is_right(at(10), SERVER, &bed.key, &syn));
	CHECK(!syn_cookie_is_right(at(10), SERVER + 1, &bed.key, &ack));
	CHECK(!syn_cookie_is_right(at(10), SERVER, &other, &ack));
	const struct {
		const char *sentence;
		uint32_t seq, ack;
		uint8_t flags;
		bool right;
	} rows[] = {
		{ "with data, too", 0, 0, TCP_ACK | TCP_PSH, true },
		{ "with a FIN, too", 0, 0, TCP_ACK | TCP_FIN, true },
		{ "a RST", 0, 0, TCP_ACK | TCP_RST, false },
		{ "a SYN", 0, 0, TCP_ACK | TCP_SYN, false },
		{ "no ACK", 0, 0, TCP_PSH, false },
		{ "a later segment", 1000, 0, TCP_ACK, false },
		{ "an acknowledgement of data", 0, 1000, TCP_ACK, false },
		{ "an earlier one", UINT32_MAX, 0, TCP_ACK, false },
		{ "an acknowledgement of more", 0, 4, TCP_ACK, false },
		{ "as in Linux: MSS 1440 with one number less", 1, 0, TCP_ACK,
		  true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct packet packet = ack;

		packet.tcp_seq += rows[i].seq;
		packet.tcp_ack += rows[i].ack;
		packet.tcp_flags = rows[i].flags;
		CHECK_ROW(syn_cookie_is_right(at(10), SERVER, &bed.key,
					      &packet) == rows[i].right,
			  rows[i].sentence);
	}
}

/* Of 2^29 one would be, on average: of a million none. */
static void
test_random(void)
{
	struct bed bed;
	struct rng rng;
	unsigned right = 0;

	make(&bed, 4, 1500, at(1000));
	bed.packet.tcp_flags = TCP_ACK;
	rng_init(&rng, 1, 0);
	for (unsigned i = 0; i < RANDOMS; i++) {
		bed.packet.tcp_seq = (uint32_t)rng_next(&rng);
		bed.packet.tcp_ack = (uint32_t)rng_next(&rng);
		right += syn_cookie_is_right(at(1000), SERVER, &bed.key,
					     &bed.packet);
	}
	CHECK(right == 0);
}

int
main(void)
{
	tcp_settings_default(&settings);
	test_handshakes();
	test_wrong();
	test_random();
	return check_done();
}
