/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.c - the table of verdicts
 *
 *	struct steer | flows | fragments | limiter | tunnel | sketch | lives
 *
 * Here is which packet is a stray; stray.c has what becomes of it. Then the
 * owner's side: what comes out of the tunnel.
 *
 * Every packet is read once, by steer_classify() for its caller or by
 * steer_decapsulate(), and has exactly one verdict.
 */
#include "core/steer/steer.h"

#include <assert.h>
#include <errno.h>

#include "core/steer/classifier.h"
#include "core/steer/doubt.h"
#include "core/steer/flow.h"
#include "core/steer/fragment.h"
#include "core/steer/handshake.h"
#include "core/steer/life.h"
#include "core/steer/limiter.h"
#include "core/steer/sketch.h"
#include "core/steer/stray.h"
#include "core/steer/tunnel.h"
#include "core/steer/vigil.h"
#include "core/wire/gue.h"
#include "core/wire/tcp.h"

struct steer {
	struct strays strays;
	struct fragments *fragments;
	struct handshakes handshakes;
};

static size_t
header_size(void)
{
	return (sizeof(struct steer) + 7) / 8 * 8;
}

/* Fewer than peers: only those that are asked whether they live. */
static uint32_t
watched(const struct steer_limits *limits)
{
	return limits->peers < VIGIL_OWNERS ? limits->peers : VIGIL_OWNERS;
}

size_t
steer_size(const struct steer_limits *limits)
{
	return header_size() + flows_size(limits->flows) +
	       fragments_size(limits->fragments) +
	       limiter_size(limits->prefixes) + tunnel_size(limits->peers) +
	       sketch_size(limits->sketch_bytes) + lives_size(watched(limits));
}

static struct siphash_key
key_random(struct rng *rng)
{
	struct siphash_key key = { { 0 } };

	wire_put64(key.bytes, rng_next(rng));
	wire_put64(key.bytes + 8, rng_next(rng));
	return key;
}

struct steer *
steer_init(void *memory, const struct steer_limits *limits,
	   const struct steer_settings *settings, struct node *node,
	   struct endpoints *endpoints, struct hold *held, uint64_t seed)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(settings->tag_key_id < 2 &&
	       settings->tag_key_valid[settings->tag_key_id]);
	assert(settings->miss_retry_ns > 0);

	static const struct session_key none = { .family = 0 };
	struct steer *steer = memory;
	uint32_t self = node_self(node);
	struct rng rng;
	/* The node's own stream is `self`. */
	rng_init(&rng, seed, UINT64_C(1) << 32 | self);
	struct siphash_key hash = key_random(&rng);
	steer->strays = (struct strays){
		.settings = settings,
		.node = node,
		.endpoints = endpoints,
		.held = held,
		.hash = hash,
		.self = endpoints_get(endpoints, self)->address,
	};

	handshakes_init(&steer->handshakes);
	uint8_t *after = (uint8_t *)memory + header_size();
	steer->strays.flows = flows_init(after, limits->flows, &hash);
	after += flows_size(limits->flows);
	steer->fragments = fragments_init(after, limits->fragments, &hash);
	after += fragments_size(limits->fragments);
	steer->strays.limiter = limiter_init(after, limits->prefixes,
					     settings->misses_per_s_prefix,
					     settings->misses_per_s, &hash);
	after += limiter_size(limits->prefixes);
	steer->strays.tunnel = tunnel_init(after, limits->peers, settings,
					   &steer->strays.self, &hash, &rng);
	after += tunnel_size(limits->peers);
	steer->strays.sketch = sketch_init(after, limits->sketch_bytes);
	after += sketch_size(limits->sketch_bytes);
	steer->strays.vigil = (struct vigil){
		.lives = lives_init(after, watched(limits), settings, &hash),
		.key = hash,
		.id = (uint16_t)flows_hash(steer->strays.flows, &none),
	};
	return steer;
}

void
steer_mark(const struct steer *steer)
{
	struct endpoints *endpoints = steer->strays.endpoints;
	const struct flow *flow;
	uint32_t cursor = 0;

	while ((flow = flow_next(steer->strays.flows, &cursor)) != NULL) {
		if (flow->state == FLOW_CACHED) {
			endpoints_mark(endpoints, flow->owner);
			for (uint32_t i = 0; i < FLOW_OTHERS; i++)
				if (flow->others[i] != ENDPOINT_NONE)
					endpoints_mark(endpoints,
						       flow->others[i]);
		}
		for (uint32_t i = 0; i < flow->excluded_count; i++)
			endpoints_mark(endpoints, flow->excluded[i]);
	}
}

void
steer_number(struct steer *steer, uint32_t starts)
{
	tunnel_number(steer->strays.tunnel, starts);
}

static void
steer_drop(struct steer *steer, enum drop drop)
{
	steer->strays.counters.drops[drop]++;
}

/* SYN without ACK. */
static bool
is_opening(const struct classification *classification)
{
	return classification->kind == CLASSIFICATION_SEGMENT &&
	       (classification->packet.tcp_flags & (TCP_SYN | TCP_ACK)) ==
		       TCP_SYN;
}

/* A later fragment whose first is unknown or was seen too long ago. */
static bool
is_orphan(const struct classification *classification, struct instant now)
{
	return classification->kind == CLASSIFICATION_LATER &&
	       (!classification->has_key ||
		!instant_before(now, classification->first_until));
}

static void
remember_first(struct steer *steer, struct instant now,
	       const struct classification *classification, bool local)
{
	struct fragment_first first = { .key = classification->key,
					.local = local };

	if (classification->packet.mf &&
	    classification->packet.fragment_offset == 0)
		fragment_put(steer->fragments, now,
			     steer->strays.settings->fragment_ns,
			     &classification->packet, &first);
}

/* An ICMP error about our own tunnel. */
static void
take_error(struct steer *steer, struct instant now,
	   const struct classification *classification, const uint8_t *bytes)
{
	const struct packet *packet = &classification->packet;
	const uint8_t *quoted = bytes + packet->quote_offset;
	struct packet quote;

	/* The classifier has parsed it before. */
	if (packet_parse_quote(quoted, packet->quote_bytes, &quote) !=
		    DROP_NONE ||
	    !quote.transport ||
	    !tunnel_quoted(steer->strays.tunnel, &classification->peer,
			   quoted + quote.payload_offset, quote.payload_bytes,
			   wire_get16(quoted + quote.l4_offset +
				      offsetof(struct wire_udp, length)) -
				   (size_t)UDP_HEADER_BYTES)) {
		steer->strays.counters.errors_unproven++;
		return;
	}
	if (classification->too_big)
		tunnel_too_big(steer->strays.tunnel, now, &classification->peer,
			       classification->mtu_bytes);
	vigil_error(&steer->strays, now, classification);
}

static struct steer_result
decide(struct steer *steer, struct instant now,
       const struct classification *classification, const uint8_t *bytes,
       bool known, uint8_t uplink, struct outbox *outbox)
{
	struct steer_result result = {
		.verdict = STEER_DROP,
		.drop = classification->drop,
	};

	if (result.drop != DROP_NONE)
		return result;
	if (classification->kind == CLASSIFICATION_TUNNEL) {
		take_error(steer, now, classification, bytes);
		result.verdict = STEER_LOCAL;
		return result;
	}
	if (is_orphan(classification, now)) {
		result.drop = DROP_FRAGMENT;
		return result;
	}

	bool anew = is_opening(classification);
	bool local = known || anew;
	if (classification->kind == CLASSIFICATION_LATER)
		local |= classification->first_local;
	else if (local)
		stray_settle(&steer->strays, &classification->key, anew,
			     outbox);
	if (local) {
		result.verdict = STEER_LOCAL;
		result.opening = anew;
		result.key = classification->key;
	} else {
		result = stray_packet(&steer->strays, now, classification,
				      bytes, uplink, outbox);
	}
	if (result.verdict != STEER_DROP)
		remember_first(steer, now, classification, local);
	return result;
}

struct steer_result
steer_packet(struct steer *steer, struct instant now,
	     const struct classification *classification, const uint8_t *bytes,
	     bool known, uint8_t uplink, struct outbox *outbox)
{
	struct steer_result result = decide(steer, now, classification, bytes,
					    known, uplink, outbox);

	if (uplink != OUTBOX_ANY_UPLINK)
		steer->strays.uplinks |= UINT64_C(1) << uplink % 64;
	steer->strays.counters.strays += result.stray;
	steer->strays.counters.local += result.verdict == STEER_LOCAL;
	if (result.verdict == STEER_DROP)
		steer_drop(steer, result.drop);
	return result;
}

void
steer_classify_later(const struct steer *steer,
		     struct classification *classification)
{
	if (classification->drop != DROP_NONE ||
	    classification->kind != CLASSIFICATION_LATER)
		return;
	const struct fragment_first *first =
		fragment_get(steer->fragments, &classification->packet);
	if (first == NULL)
		return;
	classification->has_key = true;
	classification->key = first->key;
	classification->first_local = first->local;
	classification->first_until = first->until;
}

void
steer_classify(const struct steer *steer, const uint8_t *bytes, size_t size,
	       struct classification *classification)
{
	classification_read(steer->strays.settings, &steer->strays.self, bytes,
			    size, classification);
	steer_classify_later(steer, classification);
}

/*
 * The owner's side
 */

/* What came out of the tunnel: is it of a session that can be here? */
static enum drop
judge_inner(struct steer *steer, struct instant now,
	    struct classification *classification)
{
	/* Its configuration has the service no more: it is to be refused. */
	if (classification->drop == DROP_NOT_SERVICE)
		classification->has_key =
			packet_session(&classification->packet, false,
				       &classification->key) == DROP_NONE;
	if (classification->drop != DROP_NONE)
		return classification->drop;
	if (is_orphan(classification, now))
		return DROP_FRAGMENT;
	/* Both are decided where they arrive, and never forwarded. */
	if (classification->kind == CLASSIFICATION_TUNNEL ||
	    is_opening(classification))
		return DROP_MALFORMED;
	remember_first(steer, now, classification, false);
	return DROP_NONE;
}

enum drop
steer_decapsulate(struct steer *steer, struct instant now,
		  const struct endpoint *from, const struct address *to,
		  const uint8_t *bytes, size_t size, const uint8_t **inner,
		  struct classification *classification)
{
	size_t inner_size;
	enum drop drop = tunnel_receive(steer->strays.tunnel, &from->address,
					to, bytes, size, inner, &inner_size);

	if (drop == DROP_NONE) {
		vigil_heard(&steer->strays, now, &from->address);
		steer_classify(steer, *inner, inner_size, classification);
		drop = judge_inner(steer, now, classification);
	}
	if (drop == DROP_NONE)
		steer->strays.counters.decapsulated++;
	else if (drop != DROP_NOT_SERVICE || !classification->has_key)
		steer_drop(steer, drop);
	return drop;
}

/* The node of the server that a packet out of the tunnel is from. */
static struct endpoint
forwarder(const struct steer *steer, const struct endpoint *from)
{
	/* from->port is the flow's hash; all nodes use one port. */
	return (struct endpoint){
		.address = from->address,
		.port = endpoints_get(steer->strays.endpoints,
				      node_self(steer->strays.node))
				->port,
	};
}

void
steer_refuse(struct steer *steer, struct instant now,
	     const struct endpoint *from,
	     const struct classification *classification, struct outbox *outbox)
{
	bool reset = classification->kind == CLASSIFICATION_SEGMENT &&
		     (classification->packet.tcp_flags & TCP_RST) != 0;
	struct endpoint peer = forwarder(steer, from);

	(void)now;
	steer_drop(steer, DROP_NOT_OURS);
	if (reset)
		return;
	steer->strays.counters.not_mine_sent++;
	node_say_not_mine(steer->strays.node, &peer, &classification->key,
			  outbox);
}

void
steer_doubted(struct steer *steer, struct instant now,
	      const struct endpoint *from,
	      const struct classification *classification, struct version local,
	      struct outbox *outbox)
{
	struct endpoint peer = forwarder(steer, from);

	steer->strays.counters.doubts++;
	if (classification->has_key)
		doubt_say(&steer->strays, now, &peer, &classification->key,
			  local, outbox);
}

/*
 * What the caller's host and node say
 */

void
steer_learned(struct steer *steer, struct instant now,
	      const struct node_event *event, struct outbox *outbox)
{
	stray_learned(&steer->strays, now, event, outbox);
}

int
steer_opening(struct steer *steer, struct instant now,
	      const struct session_key *key, struct version version,
	      struct outbox *outbox)
{
	struct steer_counters *counters = &steer->strays.counters;
	struct node *node = steer->strays.node;
	int result = 0;

	/* A SYN-ACK that is sent again costs no token. */
	if (node_owns(node, key, NULL))
		return node_set_half_open(node, now, key, version, outbox);
	switch (handshakes_choose(&steer->handshakes, steer->strays.settings,
				  now, node_half_open_count(node))) {
	case HANDSHAKE_LATER:
		return 0;
	case HANDSHAKE_STORE:
		result = node_set_half_open(node, now, key, version, outbox);
		break;
	case HANDSHAKE_SKIP:
		result = -EBUSY;
		break;
	}
	counters->openings += result == 0;
	counters->openings_skipped += result != 0;
	return result == 0 ? 0 : -EBUSY;
}

struct steer_result
steer_doubt(struct steer *steer, struct instant now,
	    const struct classification *classification, const uint8_t *bytes,
	    struct version local, uint8_t uplink, struct outbox *outbox)
{
	struct steer_result result = {
		.verdict = STEER_DROP,
		.drop = classification->drop,
	};

	if (result.drop == DROP_NONE && !classification->has_key)
		result.drop = DROP_PROTOCOL;
	if (result.drop == DROP_NONE)
		result = doubt_packet(&steer->strays, now, classification,
				      bytes, local, uplink, outbox);
	steer->strays.counters.doubts++;
	if (result.verdict == STEER_DROP)
		steer_drop(steer, result.drop);
	return result;
}

int
steer_opened(struct steer *steer, struct instant now,
	     const struct session_key *key, struct version version,
	     struct outbox *outbox)
{
	doubt_forget(&steer->strays, key);
	stray_settle(&steer->strays, key, false, outbox);
	return node_set(steer->strays.node, now, key, version, outbox);
}

int
steer_closed(struct steer *steer, struct instant now,
	     const struct session_key *key, struct outbox *outbox)
{
	return node_remove(steer->strays.node, now, key, outbox);
}

void
steer_route(struct steer *steer, struct instant now,
	    const struct address *owner, bool reachable)
{
	life_routed(steer->strays.vigil.lives, now, owner, reachable);
}

void
steer_heard(struct steer *steer, struct instant now, const struct address *peer)
{
	vigil_heard(&steer->strays, now, peer);
}

void
steer_icmp(struct steer *steer, struct instant now, const struct address *from,
	   const uint8_t *bytes, size_t size)
{
	vigil_icmp(&steer->strays, now, from, bytes, size);
}

/*
 * Time
 */

struct instant
steer_deadline(const struct steer *steer)
{
	return stray_deadline(&steer->strays);
}

void
steer_expire(struct steer *steer, struct instant now, struct outbox *outbox)
{
	stray_expire(&steer->strays, now, outbox);
}

void
steer_clear(struct steer *steer)
{
	stray_clear(&steer->strays);
}

uint32_t
steer_flow_count(const struct steer *steer)
{
	return flow_count(steer->strays.flows);
}

const struct steer_counters *
steer_counters(const struct steer *steer)
{
	return &steer->strays.counters;
}

const struct strays *
steer_strays(const struct steer *steer)
{
	return &steer->strays;
}

uint32_t
steer_fragment_count(const struct steer *steer)
{
	return fragments_count(steer->fragments);
}
