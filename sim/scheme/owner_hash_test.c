/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owner_hash_test.c - which server it names, against an oracle and against
 * what rendezvous hashing promises; and what goes through the tunnel
 *
 * The server is seen from outside: LOCAL names the one that was asked, FORWARD
 * the one whose address the outbox has.
 */
#include <stdlib.h>
#include <string.h>

#include "core/endpoint.h"
#include "core/position.h"
#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/cursor.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/model/scheme.h"

#define SERVERS	 12
#define SESSIONS 4000
#define BYTES	 2048

struct bed {
	uint8_t family;
	struct siphash_key placement;
	struct steer_service service;
	struct steer_settings settings;
	struct scheme_limits limits;
	struct endpoints *endpoints;
	void *states[SERVERS];
	struct outbox outbox;
	struct outbox_item items[16];
	uint8_t bytes[16 * BYTES];
};

static const struct scheme *const scheme = &scheme_owner_hash;
static const struct instant now = { NS_PER_S };

static struct address
address(uint8_t family, uint8_t net, uint16_t host)
{
	uint8_t bytes[16] = { net };

	wire_put16(bytes + (family == 4 ? 2 : 14), host);
	return family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

static void
bed_make(struct bed *bed, uint8_t family)
{
	struct scheme_site site = {
		.limits = &bed->limits,
		.settings = &bed->settings,
	};

	memset(bed, 0, sizeof(*bed));
	bed->family = family;
	for (unsigned i = 0; i < sizeof(bed->placement.bytes); i++)
		bed->placement.bytes[i] = (uint8_t)(0x3c + 7 * i);
	bed->service = (struct steer_service){ address(family, 192, 1), 80 };
	steer_settings_default(&bed->settings);
	bed->settings.services = &bed->service;
	bed->settings.service_count = 1;
	bed->settings.tag_key_valid[0] = true;
	bed->limits = (struct scheme_limits){
		.servers = SERVERS,
		.steer = { .fragments = 8, .peers = SERVERS },
	};
	bed->outbox = (struct outbox){
		.items = bed->items,
		.item_capacity = 16,
		.bytes = bed->bytes,
		.byte_capacity = sizeof(bed->bytes),
	};
	bed->endpoints = endpoints_init(calloc(1, endpoints_size(SERVERS)),
					SERVERS, &bed->placement);
	site.endpoints = bed->endpoints;
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct endpoint self = { address(family, 10, (uint16_t)(i + 1)),
					 7000 };

		CHECK(endpoints_intern(bed->endpoints, &self) == i);
	}
	for (uint32_t i = 0; i < SERVERS; i++) {
		bed->states[i] = calloc(1, scheme->sizes(&bed->limits).server);
		site.server = i;
		site.seed = 100 + i;
		scheme->init(bed->states[i], &site);
	}
}

static void
bed_free(struct bed *bed)
{
	for (uint32_t i = 0; i < SERVERS; i++)
		free(bed->states[i]);
	free(bed->endpoints);
}

/* Bit i of the mask: server i is one. All servers see the same. */
static void
members_set(struct bed *bed, uint32_t mask)
{
	uint32_t members[SERVERS], count = 0;

	for (uint32_t i = 0; i < SERVERS; i++)
		if (mask & 1u << i)
			members[count++] = i;
	for (uint32_t i = 0; i < SERVERS; i++)
		scheme->members(bed->states[i], now, members, count);
}

static struct packet_tcp
segment(const struct bed *bed, uint32_t session, uint8_t flags)
{
	return (struct packet_tcp){
		.ip = {
			.src = address(bed->family, 20,
				       (uint16_t)(1 + session / 7)),
			.dst = bed->service.address,
			.ttl = 60,
		},
		.src_port = (uint16_t)(20000 + session * 13 % 40000),
		.dst_port = 80,
		.flags = flags,
		.seq = session,
		.ack = 1,
		.window = 100,
	};
}

static struct scheme_result
put(struct bed *bed, uint32_t server, const uint8_t *bytes, size_t size)
{
	struct classification classification;
	const struct scheme_arrival arrival = {
		.bytes = bytes,
		.classification = &classification,
	};

	outbox_clear(&bed->outbox);
	classification_read(&bed->settings,
			    &endpoints_get(bed->endpoints, server)->address,
			    bytes, size, &classification);
	return scheme->packet(bed->states[server], now, &arrival, &bed->outbox);
}

/* The server that a result names; SERVERS: none. */
static uint32_t
named(const struct bed *bed, uint32_t asked, const struct scheme_result *result)
{
	if (result->verdict == SCHEME_LOCAL)
		return bed->outbox.item_count == 0 ? asked : SERVERS;
	if (result->verdict != SCHEME_FORWARD || !result->stray ||
	    bed->outbox.item_count != 1 ||
	    bed->outbox.items[0].kind != OUTBOX_FORWARD)
		return SERVERS;
	for (uint32_t i = 0; i < SERVERS; i++)
		if (address_equal(&endpoints_get(bed->endpoints, i)->address,
				  &bed->outbox.items[0].to.address))
			return i;
	return SERVERS;
}

static uint32_t
ask(struct bed *bed, uint32_t server, uint32_t session, uint8_t flags)
{
	struct packet_tcp tcp = segment(bed, session, flags);
	uint8_t bytes[BYTES];
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	struct scheme_result result = put(bed, server, bytes, size);

	return named(bed, server, &result);
}

/* ---- the oracle ---- */

/* SplitMix64's finalizer, by its published steps. */
static uint64_t
splitmix_final(uint64_t z)
{
	z ^= z >> 30;
	z *= UINT64_C(0xbf58476d1ce4e5b9);
	z ^= z >> 27;
	z *= UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return z;
}

struct rank {
	uint64_t weight;
	uint32_t server;
};

static int
by_weight(const void *left, const void *right)
{
	const struct rank *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return a->server < b->server ? -1 : 1;
}

/* All members ranked; the first is the owner. */
static uint32_t
oracle(const struct bed *bed, uint32_t mask, uint32_t session)
{
	struct packet_tcp tcp = segment(bed, session, TCP_SYN);
	size_t width = bed->family == 4 ? 4 : 16;
	uint8_t key[38] = { 0 };
	struct rank ranks[SERVERS];
	uint32_t count = 0;

	/* session.h: client, service, ports, family, protocol. */
	memcpy(key, tcp.ip.src.bytes, width);
	memcpy(key + 16, tcp.ip.dst.bytes, width);
	wire_put16(key + 32, tcp.src_port);
	wire_put16(key + 34, tcp.dst_port);
	key[36] = bed->family;
	key[37] = IP_TCP;
	uint64_t h = siphash(&bed->placement, key, sizeof(key));
	for (uint32_t i = 0; i < SERVERS; i++) {
		uint64_t p = position_of_endpoint(
			&bed->placement, endpoints_get(bed->endpoints, i));

		if (mask & 1u << i)
			ranks[count++] =
				(struct rank){ splitmix_final(h ^ p), i };
	}
	qsort(ranks, count, sizeof(ranks[0]), by_weight);
	return ranks[0].server;
}

static void
test_oracle(struct bed *bed)
{
	struct rng rng;

	rng_init(&rng, 1, bed->family);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		uint32_t mask =
			1 + (uint32_t)rng_below(&rng, (1u << SERVERS) - 1);
		uint32_t server = (uint32_t)rng_below(&rng, SERVERS);

		members_set(bed, mask);
		CHECK(ask(bed, server, i, TCP_SYN) == oracle(bed, mask, i));
	}
}

/* ---- what it promises ---- */

static void
test_everywhere(struct bed *bed)
{
	members_set(bed, (1u << SERVERS) - 1);
	for (uint32_t session = 0; session < 200; session++) {
		uint32_t owner = ask(bed, 0, session, TCP_SYN);

		CHECK(owner < SERVERS);
		for (uint32_t i = 0; i < SERVERS; i++) {
			CHECK(ask(bed, i, session, TCP_SYN) == owner);
			CHECK(ask(bed, i, session, TCP_ACK) == owner);
			CHECK(ask(bed, i, session, TCP_RST) == owner);
		}
	}
}

/* A member less moves its own sessions and no other; a member more takes only
 * what it has then. The shares are even. */
static void
test_change(struct bed *bed)
{
	static uint32_t before[SESSIONS];
	const uint32_t all = (1u << SERVERS) - 1;
	uint32_t shares[SERVERS] = { 0 };
	double square = 0;

	members_set(bed, all);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		before[i] = ask(bed, 0, i, TCP_ACK);
		CHECK(before[i] < SERVERS);
		shares[before[i] % SERVERS]++;
	}
	for (uint32_t gone = 1; gone < SERVERS; gone++) {
		uint32_t moved = 0;

		members_set(bed, all & ~(1u << gone));
		for (uint32_t i = 0; i < SESSIONS; i++) {
			uint32_t after = ask(bed, 0, i, TCP_ACK);

			CHECK(after != gone && after < SERVERS);
			CHECK(after == before[i] || before[i] == gone);
			moved += after != before[i];
		}
		CHECK(moved == shares[gone]);
	}
	for (uint32_t i = 0; i < SERVERS; i++) {
		double mean = (double)SESSIONS / SERVERS;

		square += (shares[i] - mean) * (shares[i] - mean) / mean;
	}
	/* Eleven degrees of freedom: 31 is exceeded once in a thousand. */
	CHECK(square < 31);
}

/* ---- through the tunnel ---- */

static struct scheme_result
open_at(struct bed *bed, uint32_t from, uint32_t to, const uint8_t **inner,
	size_t *size)
{
	struct classification classification = { .packet.size_bytes = 0 };
	static uint8_t copy[BYTES];
	const struct outbox_item *item = &bed->outbox.items[0];
	const struct scheme_datagram datagram = {
		.from = { endpoints_get(bed->endpoints, from)->address,
			  item->source_port },
		.to = item->to.address,
		.bytes = copy,
		.size = item->size,
	};
	struct outbox nothing = { .items = NULL };

	CHECK(item->size <= sizeof(copy));
	memcpy(copy, bed->outbox.bytes + item->offset, item->size);
	const struct scheme_result result =
		scheme->decapsulate(bed->states[to], now, &datagram, inner,
				    &classification, &nothing);
	*size = classification.packet.size_bytes;
	return result;
}

static void
test_tunnel(struct bed *bed)
{
	struct packet_tcp tcp = segment(bed, 5, TCP_SYN);
	uint8_t bytes[BYTES];
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes)), inner_size;
	const uint8_t *inner;

	members_set(bed, (1u << SERVERS) - 1);
	uint32_t owner = ask(bed, 0, 5, TCP_SYN);
	uint32_t other = (owner + 1) % SERVERS;
	CHECK(ask(bed, other, 5, TCP_SYN) == owner);
	if (owner == SERVERS || bed->outbox.item_count == 0)
		return; /* said already */
	struct scheme_result result =
		open_at(bed, other, owner, &inner, &inner_size);
	CHECK(result.verdict == SCHEME_LOCAL);
	CHECK(inner_size == size && memcmp(inner, bytes, size) == 0);
	/* The same datagram once more. */
	result = open_at(bed, other, owner, &inner, &inner_size);
	CHECK(result.verdict == SCHEME_DROP && result.drop == DROP_REPLAY);
	/* From another than it says. */
	CHECK(ask(bed, other, 5, TCP_ACK) == owner);
	result =
		open_at(bed, (owner + 2) % SERVERS, owner, &inner, &inner_size);
	CHECK(result.verdict == SCHEME_DROP && result.drop == DROP_TAG);

	const struct steer_counters *counters =
		scheme->counters(bed->states[owner]);
	CHECK(counters->decapsulated == 1);
	CHECK(counters->drops[DROP_REPLAY] == 1);
	CHECK(counters->drops[DROP_TAG] == 1);
}

static void
test_errors(struct bed *bed)
{
	struct address router = address(bed->family, 30, 1);
	uint8_t bytes[BYTES], error[BYTES];

	for (uint32_t session = 0; session < 50; session++) {
		/* What the service sent to the client, and a router refused. */
		struct packet_tcp tcp = segment(bed, session, TCP_ACK);
		struct packet_tcp sent = tcp;
		struct packet packet;

		sent.ip.src = tcp.ip.dst;
		sent.ip.dst = tcp.ip.src;
		sent.src_port = tcp.dst_port;
		sent.dst_port = tcp.src_port;
		size_t size = packet_build_tcp(&sent, bytes, sizeof(bytes));
		CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
		size = packet_build_icmp_error(PACKET_ERROR_HOST, &router, 0,
					       bytes, &packet, error,
					       sizeof(error));
		struct scheme_result result = put(bed, 3, error, size);
		CHECK(named(bed, 3, &result) == ask(bed, 3, session, TCP_ACK));
	}
}

/* A later fragment goes where its first went; alone it goes nowhere. */
static void
fragments_of(struct bed *bed, uint32_t session)
{
	static const uint8_t payload[1200];
	struct packet_tcp tcp = segment(bed, session, TCP_ACK);
	uint8_t bytes[BYTES], pieces[2][BYTES];
	size_t sizes[2], at = 0;
	struct packet packet;

	tcp.ip.id = (uint16_t)session;
	tcp.payload = payload;
	tcp.payload_bytes = sizeof(payload);
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	for (unsigned i = 0; i < 2; i++) {
		sizes[i] = packet_fragment_ip4(bytes, &packet, 800, &at,
					       pieces[i], BYTES);
		CHECK(sizes[i] > 0);
	}
	uint32_t owner = ask(bed, 0, session, TCP_ACK);
	uint32_t other = (owner + 1) % SERVERS;
	struct scheme_result result = put(bed, other, pieces[1], sizes[1]);
	CHECK(result.verdict == SCHEME_DROP && result.drop == DROP_FRAGMENT);
	result = put(bed, other, pieces[0], sizes[0]);
	CHECK(named(bed, other, &result) == owner);
	/* Another session's in between. */
	tcp = segment(bed, session + 1, TCP_ACK);
	size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	(void)put(bed, other, bytes, size);
	result = put(bed, other, pieces[1], sizes[1]);
	CHECK(named(bed, other, &result) == owner);
}

static void
test_fragments(struct bed *bed)
{
	for (uint32_t session = 8; session < 40; session++)
		fragments_of(bed, session);
}

/* A packet larger than the tunnel has room for: its sender is told when the
 * outer packets must not be fragmented. */
static void
test_too_big(struct bed *bed)
{
	static const uint8_t payload[1440];
	struct packet_tcp tcp = segment(bed, 9, TCP_ACK);
	uint8_t bytes[BYTES];

	tcp.payload = payload;
	tcp.payload_bytes = sizeof(payload);
	tcp.ip.df = true;
	size_t size = packet_build_tcp(&tcp, bytes, sizeof(bytes));
	uint32_t owner = ask(bed, 0, 9, TCP_ACK);
	uint32_t other = (owner + 1) % SERVERS;
	struct scheme_result result = put(bed, other, bytes, size);
	CHECK(named(bed, other, &result) == owner);
	bed->settings.outer_fragment = false;
	result = put(bed, other, bytes, size);
	CHECK(result.verdict == SCHEME_DROP && result.drop == DROP_TOO_BIG);
	CHECK(bed->outbox.item_count == 1 &&
	      bed->outbox.items[0].kind == OUTBOX_PACKET);
	bed->settings.outer_fragment = true;
}

int
main(void)
{
	static struct bed bed;

	for (uint8_t family = 4; family <= 6; family += 2) {
		bed_make(&bed, family);
		test_oracle(&bed);
		test_everywhere(&bed);
		test_change(&bed);
		test_tunnel(&bed);
		test_errors(&bed);
		if (family == 4)
			test_fragments(&bed);
		test_too_big(&bed);
		bed_free(&bed);
	}
	return check_done();
}
