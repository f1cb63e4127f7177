/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scheme_fake.h - a scheme that notes what it is told, and answers as told
 *
 * Four servers; the story is server 1's (device 0), the answers are for it.
 */
#ifndef SIM_TEST_SCHEME_FAKE_H
#define SIM_TEST_SCHEME_FAKE_H

#include <string.h>

#include "core/test/check.h"
#include "core/wire/gue.h"
#include "sim/model/scheme.h"

#define STATE	  64
#define TTL_LESS  3 /* what its sent() takes */
#define PORT_FROM 50000

/* What server 1's state was told. */
struct log {
	uint32_t inits, forgets, claims, packets, tunnelled, datagrams, sents;
	uint32_t openings, opens, closes, learns, routes, expires, tells,
		tunnel_errors;
	uint64_t seed;
	uint8_t uplink;
	uint32_t size;
	uint8_t flags; /* of the packet's TCP */
	enum ownership whose; /* asked in packet() */
	struct scheme_datagram datagram;
	struct session_key opened;
	bool reachable;
	uint32_t members[4], member_count;
};

/* What it answers. */
struct answers {
	enum scheme_verdict verdict;
	bool claims;
	uint32_t to; /* FORWARD: this server */
	bool deliver; /* HOLD: and give a copy to the stack */
	struct instant deadline;
	const uint8_t *inner;
	size_t inner_size;
	enum scheme_verdict tunnel_verdict;
};

static struct log story;
static struct answers answers;
static struct scheme_site sites[4];

/* A state is its server's number. */
static inline uint32_t
server_of(const void *state)
{
	uint32_t server;

	memcpy(&server, state, sizeof(server));
	return server;
}

static inline struct scheme_sizes
fake_sizes(const struct scheme_limits *limits)
{
	CHECK(limits->servers == 4);
	return (struct scheme_sizes){ .shared = 8, .server = STATE };
}

static inline void
fake_init(void *state, const struct scheme_site *site)
{
	memcpy(state, &site->server, sizeof(site->server));
	sites[site->server] = *site;
	story.inits += site->server == 0;
	if (site->server == 0)
		story.seed = site->seed;
}

static inline void
fake_forget(void *state)
{
	story.forgets += server_of(state) == 0;
}

static inline bool
fake_claims(const void *state, const struct scheme_arrival *arrival)
{
	(void)arrival;
	story.claims += server_of(state) == 0;
	return answers.claims;
}

static inline struct scheme_result
fake_packet(void *state, struct instant now,
	    const struct scheme_arrival *arrival, struct outbox *outbox)
{
	const struct scheme_site *site = &sites[server_of(state)];
	struct scheme_result result = { .verdict = answers.verdict };
	const struct packet *packet = &arrival->classification->packet;
	struct outbox_item *item;
	uint8_t *bytes;

	(void)now;
	if (arrival->classification->kind == CLASSIFICATION_TUNNEL &&
	    arrival->classification->drop == DROP_NONE) {
		story.tunnel_errors++;
		result.verdict = SCHEME_LOCAL;
		return result;
	}
	story.packets++;
	story.uplink = arrival->uplink;
	story.size = packet->size_bytes;
	story.flags = packet->tcp_flags;
	result.key = arrival->classification->key;
	if (arrival->classification->has_key)
		story.whose = site->whose(site->context, site->server,
					  arrival->classification);
	if (result.verdict == SCHEME_HOLD && answers.deliver) {
		(void)outbox_add(outbox, OUTBOX_DELIVER, story.size, &bytes);
		memcpy(bytes, arrival->bytes, story.size);
	}
	if (result.verdict == SCHEME_FORWARD) {
		item = outbox_add(outbox, OUTBOX_FORWARD,
				  GUE_HEADER_BYTES + story.size, &bytes);
		memset(bytes, 0, GUE_HEADER_BYTES);
		memcpy(bytes + GUE_HEADER_BYTES, arrival->bytes, story.size);
		item->source_port = PORT_FROM;
		item->avoid_uplink = OUTBOX_ANY_UPLINK;
		item->to = *endpoints_get(site->endpoints, answers.to);
		item->to.port = GUE_PORT;
	}
	return result;
}

static inline struct scheme_result
fake_decapsulate(void *state, struct instant now,
		 const struct scheme_datagram *datagram, const uint8_t **inner,
		 struct classification *classification, struct outbox *outbox)
{
	(void)now;
	(void)outbox;
	story.tunnelled++;
	story.datagram = *datagram;
	*inner = answers.inner;
	if (answers.inner != NULL)
		classification_read(sites[0].settings, &datagram->to,
				    answers.inner, answers.inner_size,
				    classification);
	CHECK(server_of(state) < 4);
	return (struct scheme_result){ .verdict = answers.tunnel_verdict,
				       .drop = DROP_TAG };
}

static inline void
fake_datagram(void *state, struct instant now,
	      const struct scheme_datagram *datagram, struct outbox *outbox)
{
	(void)state;
	(void)now;
	(void)outbox;
	story.datagrams++;
	story.datagram = *datagram;
}

static inline void
fake_sent(void *state, struct instant now, uint8_t *bytes, uint32_t size)
{
	(void)state;
	(void)now;
	story.sents++;
	(void)packet_ttl_lower(bytes, size, TTL_LESS);
}

static inline int
fake_opening(void *state, struct instant now, const struct session_key *key,
	     struct version version, struct outbox *outbox)
{
	(void)state;
	(void)now;
	(void)key;
	(void)outbox;
	story.openings++;
	return version.established_ns > 0 ? 0 : -1;
}

static inline int
fake_opened(void *state, struct instant now, const struct session_key *key,
	    struct version version, struct outbox *outbox)
{
	(void)state;
	(void)now;
	(void)outbox;
	story.opens++;
	story.opened = *key;
	return version.established_ns > 0 ? 0 : -1;
}

static inline void
fake_closed(void *state, struct instant now, const struct session_key *key,
	    struct outbox *outbox)
{
	(void)state;
	(void)now;
	(void)outbox;
	story.closes += session_equal(key, &story.opened);
}

static inline void
fake_learned(void *state, struct instant now, const struct node_event *event,
	     struct outbox *outbox)
{
	(void)now;
	(void)outbox;
	story.learns += server_of(state) == 0 && event->kind == NODE_JOINED;
}

static inline void
fake_routed(void *state, struct instant now, const struct address *to,
	    bool reachable)
{
	(void)now;
	CHECK(address_equal(
		to, &endpoints_get(sites[0].endpoints, answers.to)->address));
	CHECK(server_of(state) == 0);
	story.routes++;
	story.reachable = reachable;
}

static inline void
fake_members(void *state, struct instant now, const uint32_t *servers,
	     uint32_t count)
{
	(void)now;
	if (server_of(state) != 0)
		return;
	story.tells++;
	story.member_count = count;
	memcpy(story.members, servers, count * sizeof(*servers));
}

static inline struct instant
fake_deadline(const void *state)
{
	return server_of(state) == 0 ? answers.deadline : INSTANT_NEVER;
}

static inline void
fake_expire(void *state, struct instant now, struct outbox *outbox)
{
	(void)now;
	(void)outbox;
	if (server_of(state) != 0)
		return;
	story.expires++;
	answers.deadline = INSTANT_NEVER;
}

static const struct scheme fake = {
	.sizes = fake_sizes,
	.init = fake_init,
	.forget = fake_forget,
	.claims = fake_claims,
	.packet = fake_packet,
	.decapsulate = fake_decapsulate,
	.datagram = fake_datagram,
	.sent = fake_sent,
	.opening = fake_opening,
	.opened = fake_opened,
	.closed = fake_closed,
	.learned = fake_learned,
	.routed = fake_routed,
	.members = fake_members,
	.deadline = fake_deadline,
	.expire = fake_expire,
};

/* Only what must be there. */
static const struct scheme bare = {
	.sizes = fake_sizes,
	.init = fake_init,
	.packet = fake_packet,
};

#endif
