/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owner_hash.c - no table: a hash names the server of every session
 *
 *	session key -----> h, its position	both are hashes under the
 *	server's address -> p, its position	cluster's placement key
 *	weight of the server = mix(h ^ p); the largest of the members' wins
 *
 * That is rendezvous hashing, highest random weight [1]. The SYN and every
 * other packet of a session go to the server that it names, through the same
 * tunnel as Homeward's when the fabric has brought them to another one; so
 * where the fabric sends a packet does not matter, nothing is stored, nothing
 * is looked up and nothing is held. The price: all but one in n packets take
 * the tunnel, from the first one on.
 *
 * Members are the servers that a server's own routes reach (scheme.h). Servers
 * with the same members name the same one. What a change costs:
 *  - a server more: the sessions that it now wins, one in n + 1, are reset by
 *    its kernel, which does not know them. All others stay;
 *  - a server less: its own sessions end with it. All others stay. New ones
 *    that it would win wait until the routes have changed;
 *  - until all routes have changed, servers name different ones. Only sessions
 *    that the server wins which came or went are concerned: packets of one may
 *    go to two servers in turn, of which one resets;
 *  - a drained server stays a member, since its loopback is still routed: it
 *    keeps its sessions and gets new ones, so it never becomes idle.
 *
 * There is no answer to a packet that has come to the wrong server: out of the
 * tunnel it goes to the stack, and the stack resets.
 *
 *	state | struct owner_hash | members[] | fragments | tunnel
 *
 * [1] Thaler, Ravishankar: Using Name-Based Mappings to Increase Hit Rates.
 *     IEEE/ACM Transactions on Networking 6(1), 1998.
 */
#include <string.h>

#include "core/endpoint.h"
#include "core/position.h"
#include "core/rng.h"
#include "core/siphash.h"
#include "core/steer/classifier.h"
#include "core/steer/fragment.h"
#include "core/steer/tunnel.h"
#include "core/wire/cursor.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"
#include "sim/model/scheme.h"

struct owner_hash {
	const struct steer_settings *settings;
	const struct endpoints *endpoints;
	struct address self;
	uint32_t server;
	uint32_t count; /* of members */
	uint32_t *members;
	struct fragments *fragments;
	struct tunnel *tunnel;
	struct steer_counters counters;
};

static size_t
header_size(void)
{
	return (sizeof(struct owner_hash) + 7) / 8 * 8;
}

static size_t
members_size(uint32_t servers)
{
	return (servers * sizeof(uint32_t) + 7) / 8 * 8;
}

static struct scheme_sizes
owner_hash_sizes(const struct scheme_limits *limits)
{
	return (struct scheme_sizes){
		.server = header_size() + members_size(limits->servers) +
			  fragments_size(limits->steer.fragments) +
			  tunnel_size(limits->steer.peers),
	};
}

static struct siphash_key
key_random(struct rng *rng)
{
	struct siphash_key key = { { 0 } };

	wire_put64(key.bytes, rng_next(rng));
	wire_put64(key.bytes + 8, rng_next(rng));
	return key;
}

static void
owner_hash_init(void *state, const struct scheme_site *site)
{
	const struct scheme_limits *limits = site->limits;
	struct owner_hash *owners = state;
	uint8_t *after = (uint8_t *)state + header_size();
	struct rng rng;

	/* The node's own stream is its number. */
	rng_init(&rng, site->seed, UINT64_C(1) << 32 | site->server);
	struct siphash_key hash = key_random(&rng);
	*owners = (struct owner_hash){
		.settings = site->settings,
		.endpoints = site->endpoints,
		.self = endpoints_get(site->endpoints, site->server)->address,
		.server = site->server,
		.members = (uint32_t *)(void *)after,
	};
	after += members_size(limits->servers);
	owners->fragments =
		fragments_init(after, limits->steer.fragments, &hash);
	after += fragments_size(limits->steer.fragments);
	owners->tunnel = tunnel_init(after, limits->steer.peers, site->settings,
				     &owners->self, &hash, &rng);
	tunnel_number(owners->tunnel, site->starts);
}

static void
owner_hash_members(void *state, struct instant now, const uint32_t *servers,
		   uint32_t count)
{
	struct owner_hash *owners = state;

	(void)now;
	memcpy(owners->members, servers, count * sizeof(*servers));
	owners->count = count;
}

/* ---- the hash ---- */

/* The same at all servers, and under a key: clients cannot aim. */
static uint64_t
session_hash(const struct owner_hash *owners, const struct session_key *key)
{
	return position_of_session(endpoints_placement(owners->endpoints), key);
}

/* A bijection whose every output bit depends on every input bit: the finalizer
 * of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/* Members are ascending: of equal weights the lower server's wins. */
static uint32_t
owner_of(const struct owner_hash *owners, uint64_t hash)
{
	uint32_t owner = owners->server;
	uint64_t most = 0;

	for (uint32_t i = 0; i < owners->count; i++) {
		uint32_t server = owners->members[i];
		uint64_t weight = mix(
			hash ^ endpoints_position(owners->endpoints, server));

		if (i > 0 && weight <= most)
			continue;
		owner = server;
		most = weight;
	}
	return owner;
}

/* ---- where a packet arrives ---- */

/* Too large for the tunnel, and its sender can be told. */
static enum drop
answer_too_big(struct owner_hash *owners,
	       const struct classification *classification,
	       const uint8_t *bytes, uint32_t room_bytes, struct outbox *outbox)
{
	const struct packet *packet = &classification->packet;
	uint8_t error[PACKET_ERROR6_MAX], *to;

	if (packet->family == 6 && room_bytes < IP6_MTU_MIN)
		room_bytes = IP6_MTU_MIN;
	size_t size = packet_build_icmp_too_big(&packet->dst, room_bytes, bytes,
						packet, error, sizeof(error));
	if (size == 0)
		return DROP_TOO_BIG;
	if (outbox_add(outbox, OUTBOX_PACKET, (uint32_t)size, &to) == NULL)
		return DROP_OUTBOX;
	memcpy(to, error, size);
	owners->counters.too_big_sent++;
	return DROP_TOO_BIG;
}

/* Can the sender be told that it is too large? */
static bool
answerable(const struct classification *classification)
{
	const struct packet *packet = &classification->packet;

	return classification->kind == CLASSIFICATION_SEGMENT && packet->df &&
	       (packet->tcp_flags & TCP_RST) == 0 &&
	       (packet->family == 4 || packet->size_bytes > IP6_MTU_MIN);
}

static enum drop
forward(struct owner_hash *owners, struct instant now, uint32_t owner,
	uint64_t hash, const struct classification *classification,
	const uint8_t *bytes, struct outbox *outbox)
{
	const struct address *to =
		&endpoints_get(owners->endpoints, owner)->address;
	struct tunnel_peer peer = tunnel_peer(owners->tunnel, to);
	struct tunnel_room room = tunnel_room(owners->tunnel, now, &peer);
	uint32_t size = classification->packet.size_bytes;
	bool too_big = size > room.bytes;

	if (too_big && answerable(classification) &&
	    (!owners->settings->outer_fragment || room.learned))
		return answer_too_big(owners, classification, bytes, room.bytes,
				      outbox);
	uint8_t *inner = tunnel_add(size, outbox);
	if (inner == NULL)
		return size > tunnel_inner_max() ? DROP_TOO_BIG : DROP_OUTBOX;
	memcpy(inner, bytes, size);
	tunnel_seal(owners->tunnel, &peer, (uint32_t)hash, OUTBOX_ANY_UPLINK,
		    outbox);
	owners->counters.forwards++;
	owners->counters.forward_bytes += size;
	owners->counters.outer_fragmented += too_big;
	return DROP_NONE;
}

/* The session that a packet is about: a later fragment's is its first's. */
static enum drop
session_find(struct owner_hash *owners, struct instant now,
	     struct classification *classification)
{
	const struct packet *packet = &classification->packet;

	if (classification->drop != DROP_NONE ||
	    classification->kind == CLASSIFICATION_TUNNEL)
		return classification->drop;
	if (classification->kind == CLASSIFICATION_LATER) {
		const struct fragment_first *first =
			fragment_get(owners->fragments, packet);

		if (first == NULL || !instant_before(now, first->until))
			return DROP_FRAGMENT;
		classification->key = first->key;
	} else if (packet->mf) {
		const struct fragment_first first = {
			.key = classification->key
		};

		fragment_put(owners->fragments, now,
			     owners->settings->fragment_ns, packet, &first);
	}
	return DROP_NONE;
}

static bool
owner_hash_claims(const void *state, const struct scheme_arrival *arrival)
{
	const struct owner_hash *owners = state;
	const struct classification *classification = arrival->classification;

	if (classification->drop != DROP_NONE ||
	    classification->kind == CLASSIFICATION_TUNNEL)
		return false;
	return classification->kind == CLASSIFICATION_LATER ||
	       owner_of(owners, session_hash(owners, &classification->key)) !=
		       owners->server;
}

static struct scheme_result
decide(struct owner_hash *owners, struct instant now,
       const struct scheme_arrival *arrival, struct outbox *outbox)
{
	struct scheme_result result = { .verdict = SCHEME_DROP };
	struct classification *classification = arrival->classification;

	result.drop = session_find(owners, now, classification);
	if (result.drop != DROP_NONE)
		return result;
	if (classification->kind == CLASSIFICATION_TUNNEL) {
		if (classification->too_big)
			tunnel_too_big(owners->tunnel, now,
				       &classification->peer,
				       classification->mtu_bytes);
		result.verdict = SCHEME_LOCAL;
		return result;
	}
	uint64_t hash = session_hash(owners, &classification->key);
	uint32_t owner = owner_of(owners, hash);
	result.key = classification->key;
	if (owner == owners->server) {
		result.verdict = SCHEME_LOCAL;
		return result;
	}
	result.stray = true;
	result.drop = forward(owners, now, owner, hash, classification,
			      arrival->bytes, outbox);
	if (result.drop == DROP_NONE)
		result.verdict = SCHEME_FORWARD;
	return result;
}

static struct scheme_result
owner_hash_packet(void *state, struct instant now,
		  const struct scheme_arrival *arrival, struct outbox *outbox)
{
	struct owner_hash *owners = state;
	struct scheme_result result = decide(owners, now, arrival, outbox);

	owners->counters.strays += result.stray;
	owners->counters.local += result.verdict == SCHEME_LOCAL;
	if (result.verdict == SCHEME_DROP)
		owners->counters.drops[result.drop]++;
	return result;
}

/* ---- where it is to go ---- */

static struct scheme_result
owner_hash_decapsulate(void *state, struct instant now,
		       const struct scheme_datagram *datagram,
		       const uint8_t **inner,
		       struct classification *classification,
		       struct outbox *outbox)
{
	struct owner_hash *owners = state;
	struct scheme_result result = { .verdict = SCHEME_DROP };
	size_t size;

	(void)outbox;
	result.drop = tunnel_receive(owners->tunnel, &datagram->from.address,
				     &datagram->to, datagram->bytes,
				     datagram->size, inner, &size);
	if (result.drop == DROP_NONE) {
		classification_read(owners->settings, &owners->self, *inner,
				    size, classification);
		result.drop = session_find(owners, now, classification);
	}
	if (result.drop == DROP_NONE &&
	    classification->kind == CLASSIFICATION_TUNNEL)
		result.drop = DROP_MALFORMED;
	if (result.drop != DROP_NONE) {
		owners->counters.drops[result.drop]++;
		return result;
	}
	owners->counters.decapsulated++;
	result.verdict = SCHEME_LOCAL;
	result.key = classification->key;
	return result;
}

static const struct steer_counters *
owner_hash_counters(const void *state)
{
	const struct owner_hash *owners = state;

	return &owners->counters;
}

const struct scheme scheme_owner_hash = {
	.sizes = owner_hash_sizes,
	.init = owner_hash_init,
	.claims = owner_hash_claims,
	.packet = owner_hash_packet,
	.decapsulate = owner_hash_decapsulate,
	.members = owner_hash_members,
	.counters = owner_hash_counters,
};
