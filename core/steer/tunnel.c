/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tunnel.c - sealing and opening, and the table of peers
 *
 *	struct tunnel | struct lru | struct peer[peers]
 *
 * Checks on receipt run from cheap to dear and from outside in: form, hop
 * count, key id, tag, window. Only the tag's success touches the peers.
 *
 * Each peer has a sequence of its own: a window of 64 numbers then means 64
 * packets to that peer, however many go to other peers between them.
 */
#include "core/steer/tunnel.h"

#include <assert.h>
#include <string.h>

#include "core/antireplay.h"
#include "core/lru.h"
#include "core/steer/settings.h"
#include "core/wire/gue.h"

/* The first forward is hop 1; an owner does not forward a second time. */
#define HOP_FIRST 1

#define SOURCE_PORT_MASK 0x3fff

/* What fits the total length of IPv4, and the payload length of IPv6 too. */
#define INNER_MAX (65535 - GUE_OVERHEAD4)

/* An error comes within a round trip: so many packets to one peer are more than
 * a second's, at ten gigabits. */
#define QUOTED_SEQUENCES (UINT32_C(1) << 20)

#define MTU_MIN_IP4    576 /* RFC 1122: what every host takes */
#define MTU_MIN_IP6    1280 /* RFC 8200 */
#define MTU_LEARNED_NS (600 * NS_PER_S)

struct peer {
	struct address address;
	uint16_t boot; /* of what we send */
	uint32_t sequence; /* the last one sent */
	uint32_t mtu_bytes; /* learned; until mtu_until */
	struct instant mtu_until;
	struct antireplay replay; /* of what we receive */
};

struct tunnel {
	const struct steer_settings *settings;
	struct siphash_key hash;
	uint16_t boot; /* of streams that begin now */
	struct address self;
	struct lru *lru;
	struct peer *peers;
};

static size_t
header_size(void)
{
	return (sizeof(struct tunnel) + 7) / 8 * 8;
}

size_t
tunnel_size(uint32_t peers)
{
	return header_size() + lru_size(peers) +
	       ((size_t)peers * sizeof(struct peer) + 7) / 8 * 8;
}

struct tunnel *
tunnel_init(void *memory, uint32_t peers, const struct steer_settings *settings,
	    const struct address *self, const struct siphash_key *hash,
	    const struct rng *rng)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(peers > 0);

	struct tunnel *tunnel = memory;
	struct rng draw = *rng;
	uint8_t *after = (uint8_t *)memory + header_size();
	*tunnel = (struct tunnel){
		.settings = settings,
		.hash = *hash,
		.boot = (uint16_t)rng_next(&draw),
		.self = *self,
		.lru = lru_init(after, peers),
		.peers = (void *)(after + lru_size(peers)),
	};
	return tunnel;
}

void
tunnel_number(struct tunnel *tunnel, uint32_t starts)
{
	tunnel->boot = (uint16_t)(starts * TUNNEL_BOOTS_A_START);
}

static uint32_t
hash_of(const struct tunnel *tunnel, const struct address *address)
{
	return (uint32_t)siphash_address(&tunnel->hash, address);
}

static uint32_t
find(const struct tunnel *tunnel, const struct address *address, uint32_t hash)
{
	uint32_t slot = lru_first(tunnel->lru, hash);

	while (slot != LRU_NONE &&
	       !address_equal(&tunnel->peers[slot].address, address))
		slot = lru_next(tunnel->lru, slot);
	return slot;
}

struct tunnel_peer
tunnel_peer(const struct tunnel *tunnel, const struct address *address)
{
	uint32_t hash = hash_of(tunnel, address);

	return (struct tunnel_peer){
		.address = address,
		.hash = hash,
		.slot = find(tunnel, address, hash),
	};
}

/* NULL: not known. */
static const struct peer *
peer_of(const struct tunnel *tunnel, const struct tunnel_peer *known)
{
	const struct peer *peer;

	if (known->slot == LRU_NONE)
		return NULL;
	peer = &tunnel->peers[known->slot];
	assert(address_equal(&peer->address, known->address));
	return peer;
}

/* The peer, used just now; new if need be. */
static struct peer *
peer_use(struct tunnel *tunnel, struct tunnel_peer *known)
{
	if (peer_of(tunnel, known) != NULL) {
		lru_touch(tunnel->lru, known->slot);
		return &tunnel->peers[known->slot];
	}
	/* Somebody is forgotten: what he is sent next is another stream. */
	if (lru_count(tunnel->lru) == lru_capacity(tunnel->lru))
		tunnel->boot++;
	known->slot = lru_claim(tunnel->lru, known->hash);
	tunnel->peers[known->slot] = (struct peer){
		.address = *known->address,
		.boot = tunnel->boot,
	};
	return &tunnel->peers[known->slot];
}

static struct peer *
peer_get(struct tunnel *tunnel, const struct address *address)
{
	struct tunnel_peer known = tunnel_peer(tunnel, address);

	return peer_use(tunnel, &known);
}

struct tunnel_room
tunnel_room(const struct tunnel *tunnel, struct instant now,
	    const struct tunnel_peer *known)
{
	const struct peer *peer = peer_of(tunnel, known);
	uint32_t mtu_bytes = tunnel->settings->mtu_bytes;
	bool learned = peer != NULL && instant_before(now, peer->mtu_until) &&
		       peer->mtu_bytes < mtu_bytes;
	uint32_t overhead =
		known->address->family == 4 ? GUE_OVERHEAD4 : GUE_OVERHEAD6;

	if (learned)
		mtu_bytes = peer->mtu_bytes;
	return (struct tunnel_room){
		.bytes = mtu_bytes > overhead ? mtu_bytes - overhead : 0,
		.learned = learned,
	};
}

uint32_t
tunnel_inner_max(void)
{
	return INNER_MAX;
}

uint64_t
tunnel_tag(const struct siphash_key *key, const struct address *from,
	   const struct address *to, const struct gue_header *gue,
	   const uint8_t *inner, size_t inner_size)
{
	uint8_t input[GUE_TAG_INPUT_MAX];

	return siphash(key, input,
		       gue_tag_input(input, from, to, gue, inner, inner_size));
}

uint8_t *
tunnel_add(uint32_t size, struct outbox *outbox)
{
	uint8_t *bytes;

	if (size > INNER_MAX ||
	    outbox_add(outbox, OUTBOX_FORWARD, GUE_HEADER_BYTES + size,
		       &bytes) == NULL)
		return NULL;
	return bytes + GUE_HEADER_BYTES;
}

uint16_t
tunnel_source_port(uint32_t hash)
{
	return (uint16_t)(TUNNEL_SOURCE_PORT + (hash & SOURCE_PORT_MASK));
}

void
tunnel_seal(struct tunnel *tunnel, struct tunnel_peer *known, uint32_t hash,
	    uint8_t avoid_uplink, struct outbox *outbox)
{
	const struct steer_settings *settings = tunnel->settings;
	const struct address *address = known->address;
	struct outbox_item *item = &outbox->items[outbox->item_count - 1];
	uint8_t *bytes = outbox->bytes + item->offset;
	struct peer *peer = peer_use(tunnel, known);

	/* The numbers are used up: a new stream. */
	if (peer->sequence == UINT32_MAX) {
		peer->sequence = 0;
		peer->boot = ++tunnel->boot;
	}
	struct gue_header gue = {
		.protocol = bytes[GUE_HEADER_BYTES] >> 4 == 6 ? IP_IP6 : IP_IP4,
		.hop_count = HOP_FIRST,
		.key_id = settings->tag_key_id,
		.boot = peer->boot,
		.sequence = ++peer->sequence,
	};
	gue.tag = tunnel_tag(&settings->tag_keys[settings->tag_key_id],
			     &tunnel->self, address, &gue,
			     bytes + GUE_HEADER_BYTES,
			     item->size - GUE_HEADER_BYTES);
	gue_build(bytes, &gue);

	item->source_port = tunnel_source_port(hash);
	item->avoid_uplink = avoid_uplink;
	item->to = (struct endpoint){ .address = *address,
				      .port = settings->gue_port };
}

enum drop
tunnel_receive(struct tunnel *tunnel, const struct address *from,
	       const struct address *to, const uint8_t *bytes, size_t size,
	       const uint8_t **inner, size_t *inner_size)
{
	const struct steer_settings *settings = tunnel->settings;
	struct cursor cursor = cursor_over(bytes, size);
	struct gue_header gue;
	enum drop drop = gue_parse(&cursor, &gue);

	if (drop != DROP_NONE)
		return drop;
	if (gue.hop_count != HOP_FIRST)
		return DROP_HOP_COUNT;
	if (gue.key_id >= 2 || !settings->tag_key_valid[gue.key_id])
		return DROP_KEY_ID;
	if (from->family != to->family)
		return DROP_MALFORMED;
	if (gue.tag != tunnel_tag(&settings->tag_keys[gue.key_id], from, to,
				  &gue, cursor.at, cursor_left(&cursor)))
		return DROP_TAG;
	if (!antireplay_accept(&peer_get(tunnel, from)->replay, gue.boot,
			       gue.sequence))
		return DROP_REPLAY;
	*inner = cursor.at;
	*inner_size = cursor_left(&cursor);
	return DROP_NONE;
}

bool
tunnel_quoted(const struct tunnel *tunnel, const struct address *address,
	      const uint8_t *bytes, size_t size, size_t whole_bytes)
{
	const struct steer_settings *settings = tunnel->settings;
	uint32_t slot = tunnel_peer(tunnel, address).slot;
	struct cursor cursor = cursor_over(bytes, size);
	struct gue_header gue;

	if (slot == LRU_NONE || whole_bytes < size ||
	    gue_parse(&cursor, &gue) != DROP_NONE)
		return false;
	const struct peer *peer = &tunnel->peers[slot];
	size_t tagged = whole_bytes - GUE_HEADER_BYTES;
	if (tagged > GUE_INNER_BYTES)
		tagged = GUE_INNER_BYTES;
	if (gue.boot != peer->boot || gue.sequence == 0 ||
	    gue.sequence > peer->sequence ||
	    peer->sequence - gue.sequence >= QUOTED_SEQUENCES ||
	    gue.key_id >= 2 || !settings->tag_key_valid[gue.key_id])
		return false;
	return cursor_left(&cursor) < tagged ||
	       gue.tag == tunnel_tag(&settings->tag_keys[gue.key_id],
				     &tunnel->self, address, &gue, cursor.at,
				     cursor_left(&cursor));
}

void
tunnel_too_big(struct tunnel *tunnel, struct instant now,
	       const struct address *address, uint32_t mtu_bytes)
{
	uint32_t slot = tunnel_peer(tunnel, address).slot;
	uint32_t least = address->family == 4 ? MTU_MIN_IP4 : MTU_MIN_IP6;

	/* We never sent to it, or it asks for nothing. */
	if (slot == LRU_NONE || mtu_bytes >= tunnel->settings->mtu_bytes)
		return;
	struct peer *peer = &tunnel->peers[slot];
	if (peer->sequence == 0)
		return;
	peer->mtu_bytes = mtu_bytes > least ? mtu_bytes : least;
	peer->mtu_until = instant_after(now, MTU_LEARNED_NS);
}

uint32_t
tunnel_count(const struct tunnel *tunnel)
{
	return lru_count(tunnel->lru);
}
