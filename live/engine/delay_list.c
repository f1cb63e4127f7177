/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delay_list.c - a list in order of time, found by session
 *
 *	struct delay_list | struct lru | struct entry[capacity]
 *
 * lru.h is both: its chains find a session, its oldest slot is the next due.
 */
#include "live/engine/delay_list.h"

#include <assert.h>

#include "core/lru.h"

struct entry {
	struct session_key key;
	struct version version;
	struct instant due;
};

struct delay_list {
	struct siphash_key hash;
	struct lru *lru;
	struct entry *entries;
};

static size_t
header_size(void)
{
	return (sizeof(struct delay_list) + 7) / 8 * 8;
}

size_t
delay_list_size(uint32_t capacity)
{
	return header_size() + lru_size(capacity) +
	       ((size_t)capacity * sizeof(struct entry) + 7) / 8 * 8;
}

struct delay_list *
delay_list_init(void *memory, uint32_t capacity, const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct delay_list *delay_list = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*delay_list = (struct delay_list){
		.hash = *hash,
		.lru = lru_init(after, capacity),
		.entries = (void *)(after + lru_size(capacity)),
	};
	return delay_list;
}

static uint32_t
hash_of(const struct delay_list *delay_list, const struct session_key *key)
{
	return (uint32_t)siphash(&delay_list->hash, key, sizeof(*key));
}

static uint32_t
find(const struct delay_list *delay_list, const struct session_key *key,
     uint32_t hash)
{
	uint32_t slot = lru_first(delay_list->lru, hash);

	while (slot != LRU_NONE &&
	       !session_equal(&delay_list->entries[slot].key, key))
		slot = lru_next(delay_list->lru, slot);
	return slot;
}

bool
delay_list_add(struct delay_list *delay_list, struct instant due,
	       const struct session_key *key, struct version version)
{
	uint32_t hash = hash_of(delay_list, key);
	uint32_t slot = find(delay_list, key, hash);

	if (slot != LRU_NONE)
		lru_touch(delay_list->lru, slot);
	else
		slot = lru_add(delay_list->lru, hash);
	if (slot == LRU_NONE)
		return false;
	delay_list->entries[slot] = (struct entry){ *key, version, due };
	return true;
}

bool
delay_list_has(const struct delay_list *delay_list,
	       const struct session_key *key)
{
	return lru_count(delay_list->lru) > 0 &&
	       find(delay_list, key, hash_of(delay_list, key)) != LRU_NONE;
}

bool
delay_list_remove(struct delay_list *delay_list, const struct session_key *key)
{
	if (lru_count(delay_list->lru) == 0)
		return false;
	uint32_t slot = find(delay_list, key, hash_of(delay_list, key));
	if (slot == LRU_NONE)
		return false;
	lru_remove(delay_list->lru, slot);
	return true;
}

struct instant
delay_list_due(const struct delay_list *delay_list)
{
	uint32_t slot = lru_oldest(delay_list->lru);

	return slot == LRU_NONE ? INSTANT_NEVER : delay_list->entries[slot].due;
}

bool
delay_list_take(struct delay_list *delay_list, struct instant now,
		struct session_key *key, struct version *version)
{
	uint32_t slot = lru_oldest(delay_list->lru);

	if (slot == LRU_NONE ||
	    instant_before(now, delay_list->entries[slot].due))
		return false;
	*key = delay_list->entries[slot].key;
	*version = delay_list->entries[slot].version;
	lru_remove(delay_list->lru, slot);
	return true;
}

uint32_t
delay_list_count(const struct delay_list *delay_list)
{
	return lru_count(delay_list->lru);
}
