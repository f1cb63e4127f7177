/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classifier_test.c - what a packet is about, read from its bytes alone
 *
 * Each row's packet is read three ways, as bytes, as bytes that were parsed
 * before, and by a steer that has seen nothing yet, which must agree.
 */
#include "core/steer/classifier.h"

#include "core/test/stage.h"

enum input {
	SEGMENT,
	OTHER_PORT,
	OTHER_ADDRESS,
	DATAGRAM,
	CUT,
	ERROR,
	ERROR_SHORT_QUOTE,
	ERROR_OTHER_PORT,
	ERROR_STRANGER,
	REDIRECT,
	QUENCH,
	TUNNEL_TOO_BIG,
	TUNNEL_UNREACHABLE,
	TUNNEL_LOW_PORT,
	LATER,
	LATER_OF_UDP,
	LATER_OTHER_ADDRESS,
};

static const struct {
	const char *sentence;
	enum input input;
	enum drop drop;
	enum classification_kind kind; /* if not dropped */
	uint8_t family; /* 0: both */
} rows[] = {
	{ "a segment to a service", SEGMENT, DROP_NONE, CLASSIFICATION_SEGMENT,
	  0 },
	{ "another port is no service", OTHER_PORT, DROP_NOT_SERVICE, 0, 0 },
	{ "nor is another address", OTHER_ADDRESS, DROP_NOT_SERVICE, 0, 0 },
	{ "a datagram to it", DATAGRAM, DROP_PROTOCOL, 0, 0 },
	{ "a packet that was cut", CUT, DROP_SHORT, 0, 0 },
	{ "an ICMP error about a session", ERROR, DROP_NONE,
	  CLASSIFICATION_ERROR, 0 },
	{ "8 bytes of TCP suffice", ERROR_SHORT_QUOTE, DROP_NONE,
	  CLASSIFICATION_ERROR, 0 },
	{ "an error about another port", ERROR_OTHER_PORT, DROP_ICMP_QUOTE, 0,
	  0 },
	{ "an error sent to another address than it quotes", ERROR_STRANGER,
	  DROP_ICMP_QUOTE, 0, 0 },
	{ "a redirect", REDIRECT, DROP_PROTOCOL, 0, 4 },
	{ "a source quench", QUENCH, DROP_PROTOCOL, 0, 4 },
	{ "too big for the way to an owner", TUNNEL_TOO_BIG, DROP_NONE,
	  CLASSIFICATION_TUNNEL, 0 },
	{ "an owner unreachable", TUNNEL_UNREACHABLE, DROP_NONE,
	  CLASSIFICATION_TUNNEL, 0 },
	{ "a port that no tunnel of ours sends from", TUNNEL_LOW_PORT,
	  DROP_ICMP_QUOTE, 0, 0 },
	{ "a later fragment to a service", LATER, DROP_NONE,
	  CLASSIFICATION_LATER, 0 },
	{ "one that cannot be TCP's", LATER_OF_UDP, DROP_PROTOCOL, 0, 4 },
	{ "IPv6 does not tell", LATER_OF_UDP, DROP_NONE, CLASSIFICATION_LATER,
	  6 },
	{ "a later fragment to another address", LATER_OTHER_ADDRESS,
	  DROP_NOT_SERVICE, 0, 0 },
};

/* The error that a router sends about our own encapsulation to B. */
static size_t
make_tunnel_error(struct stage *stage, enum packet_error error,
		  uint16_t src_port, uint8_t *out)
{
	static const uint8_t payload[100];
	struct address router = stage_address(stage->family, 30, 1);
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;
	struct packet_udp udp = {
		.ip = { .src = stage->servers[0],
			.dst = stage->servers[1],
			.ttl = 60,
			.df = true },
		.src_port = src_port,
		.dst_port = stage->settings.gue_port,
		.payload = payload,
		.payload_bytes = sizeof(payload),
	};
	size_t size = packet_build_udp(&udp, bytes, sizeof(bytes));

	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	return packet_build_icmp_error(error, &router, 1400, bytes, &packet,
				       out, STAGE_PACKET);
}

static size_t
make_error(struct stage *stage, enum input input, uint8_t *out)
{
	size_t header = stage->family == 4 ? 20 : 40;
	size_t size = stage_icmp(stage, PACKET_ERROR_HOST, 0, out);

	if (input == ERROR_SHORT_QUOTE)
		size = stage_cut_quote(stage, out, 8);
	if (input == ERROR_OTHER_PORT)
		out[header + 8 + header + 1]++; /* the quote's source port */
	if (input == ERROR_STRANGER)
		out[header - 1]++; /* the destination */
	if (input == REDIRECT)
		out[header] = 5;
	if (input == QUENCH)
		out[header] = 4;
	return size;
}

/* Made by hand from a segment: offset 8, nothing after it. */
static size_t
make_later(struct stage *stage, enum input input, uint8_t *out)
{
	size_t size = stage_tcp(stage, TCP_ACK, 100, false, out);
	bool udp = input == LATER_OF_UDP;

	if (stage->family == 4) {
		wire_put16(out + 6, 1);
		if (udp)
			out[9] = IP_UDP;
	} else {
		memmove(out + 48, out + 40, size - 40);
		size += 8;
		wire_put16(out + 4, (uint16_t)(size - 40));
		out[6] = IP_FRAGMENT;
		memset(out + 40, 0, 8);
		out[40] = udp ? IP_UDP : IP_TCP;
		wire_put16(out + 42, 8);
	}
	if (input == LATER_OTHER_ADDRESS)
		out[stage->family == 4 ? 19 : 39]++;
	return size;
}

static size_t
make(struct stage *stage, enum input input, uint8_t *out)
{
	size_t header = stage->family == 4 ? 20 : 40;
	size_t size = stage_tcp(stage, TCP_ACK, 100, true, out);

	switch (input) {
	case SEGMENT:
		return size;
	case OTHER_PORT:
		out[header + 3]++;
		return size;
	case OTHER_ADDRESS:
		out[header - 1]++;
		return size;
	case DATAGRAM:
		out[stage->family == 4 ? 9 : 6] = IP_UDP;
		wire_put16(out + header + 4, 28);
		return size;
	case CUT:
		return size - 1;
	case TUNNEL_TOO_BIG:
		return make_tunnel_error(stage, PACKET_ERROR_TOO_BIG, 50000,
					 out);
	case TUNNEL_UNREACHABLE:
		return make_tunnel_error(stage, PACKET_ERROR_HOST, 50000, out);
	case TUNNEL_LOW_PORT:
		return make_tunnel_error(stage, PACKET_ERROR_HOST, 49151, out);
	case LATER:
	case LATER_OF_UDP:
	case LATER_OTHER_ADDRESS:
		return make_later(stage, input, out);
	default:
		return make_error(stage, input, out);
	}
}

static bool
same(const struct classification *a, const struct classification *b)
{
	if (a->drop != b->drop || a->has_key != b->has_key)
		return false;
	if (a->drop != DROP_NONE)
		return true;
	if (a->has_key && !session_equal(&a->key, &b->key))
		return false;
	if (a->kind == CLASSIFICATION_TUNNEL &&
	    (!address_equal(&a->peer, &b->peer) || a->too_big != b->too_big ||
	     a->mtu_bytes != b->mtu_bytes))
		return false;
	return a->kind == b->kind &&
	       memcmp(&a->packet, &b->packet, sizeof(a->packet)) == 0;
}

static void
check_row(size_t row, uint8_t family)
{
	static struct stage stage;
	const char *sentence = rows[row].sentence;
	uint8_t bytes[STAGE_PACKET];
	struct classification classification, other;
	struct packet packet;

	stage_init(&stage, family);
	size_t size = make(&stage, rows[row].input, bytes);
	classification_read(&stage.settings, &stage.servers[0], bytes, size,
			    &classification);
	CHECK_ROW(classification.drop == rows[row].drop, sentence);
	if (packet_parse(bytes, size, &packet) == DROP_NONE) {
		classification_of(&stage.settings, &stage.servers[0], bytes,
				  &packet, &other);
		CHECK_ROW(same(&classification, &other), sentence);
		steer_classify_later(stage.steers[0], &other);
		CHECK_ROW(same(&classification, &other), sentence);
	}
	steer_classify(stage.steers[0], bytes, size, &other);
	CHECK_ROW(same(&classification, &other), sentence);

	struct session_key key = stage_key(&stage);
	bool keyed = rows[row].drop == DROP_NONE &&
		     (rows[row].kind == CLASSIFICATION_SEGMENT ||
		      rows[row].kind == CLASSIFICATION_ERROR);
	CHECK_ROW(classification.has_key == keyed, sentence);
	if (keyed)
		CHECK_ROW(session_equal(&classification.key, &key), sentence);
	if (rows[row].drop != DROP_NONE)
		return;
	CHECK_ROW(classification.kind == rows[row].kind, sentence);
	if (classification.kind != CLASSIFICATION_TUNNEL)
		return;
	CHECK_ROW(address_equal(&classification.peer, &stage.servers[1]),
		  sentence);
	CHECK_ROW(classification.too_big == (rows[row].input == TUNNEL_TOO_BIG),
		  sentence);
	if (classification.too_big)
		CHECK_ROW(classification.mtu_bytes == 1400, sentence);
}

/* A steer that has seen the first fragment knows the later one's key, says
 * what became of the first, and until when that holds. */
static void
later_has_key(uint8_t family)
{
	static struct stage stage;
	uint8_t first[STAGE_PACKET], later[STAGE_PACKET];
	struct classification classification;

	for (int known = 0; known < 2; known++) {
		stage_init(&stage, family);
		struct instant until =
			instant_after(stage.now, stage.settings.fragment_ns);
		size_t size = make_later(&stage, LATER, later);
		memcpy(first, later, size);
		if (family == 4)
			wire_put16(first + 6, 0x2000); /* MF, offset 0 */
		else
			wire_put16(first + 42, 1);
		steer_classify(stage.steers[0], first, size, &classification);
		CHECK(classification.kind == CLASSIFICATION_SEGMENT &&
		      classification.packet.mf);
		(void)steer_packet(stage.steers[0], stage.now, &classification,
				   first, known != 0, 0, &stage.outbox);
		stage.now.ns += 10 * NS_PER_S; /* classifying asks no clock */
		steer_classify(stage.steers[0], later, size, &classification);
		struct session_key key = stage_key(&stage);
		CHECK(classification.drop == DROP_NONE);
		CHECK(classification.kind == CLASSIFICATION_LATER &&
		      classification.has_key);
		CHECK(session_equal(&classification.key, &key));
		CHECK(classification.first_local == (known != 0));
		CHECK(classification.first_until.ns == until.ns);
		/* Too old by now, even if the caller has the socket. */
		CHECK(steer_packet(stage.steers[0], stage.now, &classification,
				   later, true, 0, &stage.outbox)
			      .drop == DROP_FRAGMENT);
	}
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint8_t family = 4; family <= 6; family += 2)
			if (rows[i].family == 0 || rows[i].family == family)
				check_row(i, family);
	}
	later_has_key(4);
	later_has_key(6);
	return check_done();
}
