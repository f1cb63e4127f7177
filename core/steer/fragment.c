/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fragment.c - a table of first fragments, oldest first
 *
 *	struct fragments | struct lru | struct entry[capacity]
 *
 * All entries live equally long, so the order of age is the order of expiry
 * and the least recent is always the first to go. Expired entries stay until
 * a newer one needs their slot.
 */
#include "core/steer/fragment.h"

#include <assert.h>
#include <string.h>

#include "core/lru.h"
#include "core/wire/build.h"

/* No padding: hashed and compared as bytes. */
struct fragment_key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t family, protocol;
	uint8_t zero[2];
};
_Static_assert(sizeof(struct fragment_key) == 40, "no padding");

struct entry {
	struct fragment_key key;
	struct fragment_first first;
};

struct fragments {
	struct siphash_key hash;
	struct lru *lru;
	struct entry *entries;
};

static size_t
header_size(void)
{
	return (sizeof(struct fragments) + 7) / 8 * 8;
}

size_t
fragments_size(uint32_t capacity)
{
	return header_size() + lru_size(capacity) +
	       (size_t)capacity * sizeof(struct entry);
}

struct fragments *
fragments_init(void *memory, uint32_t capacity, const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct fragments *fragments = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*fragments = (struct fragments){
		.hash = *hash,
		.lru = lru_init(after, capacity),
		.entries = (void *)(after + lru_size(capacity)),
	};
	return fragments;
}

static struct fragment_key
key_of(const struct packet *packet)
{
	struct fragment_key key = {
		.id = packet->fragment_id,
		.family = packet->family,
		/* IPv6's first and later fragments may name different
		 * next headers (RFC 8200 section 4.5). */
		.protocol = packet->family == 4 ? packet->protocol : 0,
	};

	memcpy(key.src, packet->src.bytes, sizeof(key.src));
	memcpy(key.dst, packet->dst.bytes, sizeof(key.dst));
	return key;
}

static uint32_t
find(const struct fragments *fragments, const struct fragment_key *key,
     uint32_t hash)
{
	uint32_t slot = lru_first(fragments->lru, hash);

	while (slot != LRU_NONE &&
	       memcmp(&fragments->entries[slot].key, key, sizeof(*key)) != 0)
		slot = lru_next(fragments->lru, slot);
	return slot;
}

void
fragment_put(struct fragments *fragments, struct instant now,
	     int64_t lifetime_ns, const struct packet *packet,
	     const struct fragment_first *first)
{
	struct fragment_key key = key_of(packet);
	uint32_t hash = (uint32_t)siphash(&fragments->hash, &key, sizeof(key));
	uint32_t slot = find(fragments, &key, hash);

	if (slot != LRU_NONE) {
		lru_touch(fragments->lru, slot);
	} else {
		slot = lru_claim(fragments->lru, hash);
		if (slot == LRU_NONE)
			return; /* a table of none */
	}
	fragments->entries[slot] = (struct entry){ key, *first };
	fragments->entries[slot].first.until = instant_after(now, lifetime_ns);
}

const struct fragment_first *
fragment_get(const struct fragments *fragments, const struct packet *packet)
{
	struct fragment_key key = key_of(packet);
	uint32_t hash = (uint32_t)siphash(&fragments->hash, &key, sizeof(key));
	uint32_t slot = find(fragments, &key, hash);

	return slot == LRU_NONE ? NULL : &fragments->entries[slot].first;
}

uint32_t
fragments_count(const struct fragments *fragments)
{
	return lru_count(fragments->lru);
}
