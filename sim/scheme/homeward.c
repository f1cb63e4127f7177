/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * homeward.c - Homeward: look the owner up in the hash table, forward there
 *
 *	state | struct homeward | steer ...
 *
 * Everything is decided by the core's steer (core/steer/steer.h), which uses
 * the server's own node. Held packets of all servers lie in one table. At the
 * owner's end of the tunnel no packet is answered by a RST: where the socket
 * is missing the answer is not-mine. Of a doubt that came by itself the session
 * of the same key elsewhere gets a clone, if there is one; no time passes for
 * it at a busy daemon (service.processing_ms), as live the packet itself does
 * not wait. Of one that came out of the tunnel the server that forwarded it is
 * told.
 */
#include "core/dht/node.h"
#include "core/endpoint.h"
#include "core/hold.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/model/scheme.h"

#define HEADER_BYTES 64 /* steer begins on a cache line of its own */

struct homeward {
	enum ownership (*whose)(void *, uint32_t,
				const struct classification *);
	void *context;
	struct steer *steer;
	struct node *node;
	uint32_t server;
};
_Static_assert(sizeof(struct homeward) <= HEADER_BYTES, "steer lies behind");

static struct scheme_sizes
homeward_sizes(const struct scheme_limits *limits)
{
	return (struct scheme_sizes){
		.shared = hold_size(limits->held_bytes),
		.server = HEADER_BYTES + steer_size(&limits->steer),
	};
}

static void
homeward_share(void *shared, const struct scheme_limits *limits)
{
	/* The table begins where its memory does. */
	(void)hold_init(shared, limits->held_bytes);
}

static void
homeward_init(void *state, const struct scheme_site *site)
{
	struct homeward *homeward = state;

	*homeward = (struct homeward){
		.whose = site->whose,
		.context = site->context,
		.steer = steer_init((uint8_t *)state + HEADER_BYTES,
				    &site->limits->steer, site->settings,
				    site->node, site->endpoints, site->shared,
				    site->seed),
		.node = site->node,
		.server = site->server,
	};
	steer_number(homeward->steer, site->starts);
}

static void
homeward_forget(void *state)
{
	struct homeward *homeward = state;

	steer_clear(homeward->steer);
}

static enum ownership
whose(const struct homeward *homeward,
      const struct classification *classification)
{
	return homeward->whose(homeward->context, homeward->server,
			       classification);
}

static bool
is_syn(const struct packet *packet)
{
	return packet->transport && packet->protocol == IP_TCP &&
	       (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Is it of a session that is here? A later fragment goes where its first went.
 */
static enum ownership
whose_arrived(const struct homeward *homeward,
	      struct classification *classification)
{
	steer_classify_later(homeward->steer, classification);
	if (!classification->has_key)
		return OWNERSHIP_STRAY;
	if (classification->kind == CLASSIFICATION_LATER)
		return classification->first_local ? OWNERSHIP_MINE
						   : OWNERSHIP_STRAY;
	return whose(homeward, classification);
}

/* Live, packets of sessions that are here, and SYNs, never leave the kernel;
 * what routers say of the tunnel does. */
static bool
homeward_claims(const void *state, const struct scheme_arrival *arrival)
{
	const struct homeward *homeward = state;
	struct classification *classification = arrival->classification;

	if (classification->drop == DROP_NONE &&
	    classification->kind == CLASSIFICATION_TUNNEL)
		return true;
	return !is_syn(&classification->packet) &&
	       whose_arrived(homeward, classification) == OWNERSHIP_STRAY &&
	       classification->has_key;
}

/* Of the socket here. One that was never published has 0: any other's is newer.
 */
static struct version
version_of(const struct homeward *homeward, const struct session_key *key)
{
	struct version version = { 0 };

	(void)node_owns(homeward->node, key, &version);
	return version;
}

/* The stack gets it, and its owner a clone if that is another server. */
static struct steer_result
doubt(struct homeward *homeward, struct instant now,
      const struct scheme_arrival *arrival, struct outbox *outbox)
{
	const struct classification *classification = arrival->classification;

	return steer_doubt(homeward->steer, now, classification, arrival->bytes,
			   version_of(homeward, &classification->key),
			   arrival->uplink, outbox);
}

static struct scheme_result
homeward_packet(void *state, struct instant now,
		const struct scheme_arrival *arrival, struct outbox *outbox)
{
	struct homeward *homeward = state;
	enum ownership owner = whose_arrived(homeward, arrival->classification);
	struct steer_result result = steer_packet(
		homeward->steer, now, arrival->classification, arrival->bytes,
		owner != OWNERSHIP_STRAY, arrival->uplink, outbox);
	struct scheme_result decided = {
		.verdict = (enum scheme_verdict)result.verdict,
		.drop = result.drop,
		.stray = result.stray,
		.first = result.first,
		.doubt = owner == OWNERSHIP_DOUBT,
		.opening = result.opening,
		.key = result.key,
	};

	if (decided.doubt)
		decided.stray = doubt(homeward, now, arrival, outbox).stray;
	return decided;
}

static struct scheme_result
homeward_decapsulate(void *state, struct instant now,
		     const struct scheme_datagram *datagram,
		     const uint8_t **inner,
		     struct classification *classification,
		     struct outbox *outbox)
{
	struct homeward *homeward = state;
	struct scheme_result result = { .verdict = SCHEME_DROP };
	enum ownership owner = OWNERSHIP_STRAY;

	result.drop = steer_decapsulate(homeward->steer, now, &datagram->from,
					&datagram->to, datagram->bytes,
					datagram->size, inner, classification);
	if (result.drop != DROP_NONE &&
	    (result.drop != DROP_NOT_SERVICE || !classification->has_key))
		return result;
	result.key = classification->key;
	if (result.drop == DROP_NONE)
		owner = whose(homeward, classification);
	if (owner == OWNERSHIP_DOUBT)
		steer_doubted(homeward->steer, now, &datagram->from,
			      classification, version_of(homeward, &result.key),
			      outbox);
	if (owner != OWNERSHIP_STRAY) {
		result.verdict = SCHEME_LOCAL;
		return result;
	}
	result.drop = DROP_NOT_OURS;
	steer_refuse(homeward->steer, now, &datagram->from, classification,
		     outbox);
	return result;
}

static int
homeward_opening(void *state, struct instant now, const struct session_key *key,
		 struct version version, struct outbox *outbox)
{
	struct homeward *homeward = state;

	return steer_opening(homeward->steer, now, key, version, outbox);
}

static int
homeward_opened(void *state, struct instant now, const struct session_key *key,
		struct version version, struct outbox *outbox)
{
	struct homeward *homeward = state;

	return steer_opened(homeward->steer, now, key, version, outbox);
}

static void
homeward_closed(void *state, struct instant now, const struct session_key *key,
		struct outbox *outbox)
{
	struct homeward *homeward = state;

	(void)steer_closed(homeward->steer, now, key, outbox);
}

static void
homeward_learned(void *state, struct instant now,
		 const struct node_event *event, struct outbox *outbox)
{
	struct homeward *homeward = state;

	steer_learned(homeward->steer, now, event, outbox);
}

static void
homeward_heard(void *state, struct instant now, const struct address *from)
{
	struct homeward *homeward = state;

	steer_heard(homeward->steer, now, from);
}

static void
homeward_icmp(void *state, struct instant now, const struct address *from,
	      const uint8_t *bytes, size_t size)
{
	struct homeward *homeward = state;

	steer_icmp(homeward->steer, now, from, bytes, size);
}

static void
homeward_routed(void *state, struct instant now, const struct address *to,
		bool reachable)
{
	struct homeward *homeward = state;

	steer_route(homeward->steer, now, to, reachable);
}

static struct instant
homeward_deadline(const void *state)
{
	const struct homeward *homeward = state;

	return steer_deadline(homeward->steer);
}

static void
homeward_expire(void *state, struct instant now, struct outbox *outbox)
{
	struct homeward *homeward = state;

	steer_expire(homeward->steer, now, outbox);
}

static const struct steer_counters *
homeward_counters(const void *state)
{
	const struct homeward *homeward = state;

	return steer_counters(homeward->steer);
}

static const struct steer *
homeward_steer(const void *state)
{
	const struct homeward *homeward = state;

	return homeward->steer;
}

const struct scheme scheme_homeward = {
	.sizes = homeward_sizes,
	.share = homeward_share,
	.init = homeward_init,
	.forget = homeward_forget,
	.claims = homeward_claims,
	.packet = homeward_packet,
	.decapsulate = homeward_decapsulate,
	.opening = homeward_opening,
	.opened = homeward_opened,
	.closed = homeward_closed,
	.learned = homeward_learned,
	.heard = homeward_heard,
	.icmp = homeward_icmp,
	.routed = homeward_routed,
	.deadline = homeward_deadline,
	.expire = homeward_expire,
	.counters = homeward_counters,
	.steer = homeward_steer,
};
