/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * agenda.c - a list in order of time, found by session
 *
 *	struct agenda | struct lru | struct entry[capacity]
 *
 * lru.h is both: its chains find a session, its oldest slot is the next due.
 */
#include "live/engine/agenda.h"

#include <assert.h>

#include "core/lru.h"

struct entry {
	struct session_key key;
	struct version version;
	struct instant due;
};

struct agenda {
	struct siphash_key hash;
	struct lru *lru;
	struct entry *entries;
};

static size_t
header_size(void)
{
	return (sizeof(struct agenda) + 7) / 8 * 8;
}

size_t
agenda_size(uint32_t capacity)
{
	return header_size() + lru_size(capacity) +
	       ((size_t)capacity * sizeof(struct entry) + 7) / 8 * 8;
}

struct agenda *
agenda_init(void *memory, uint32_t capacity, const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct agenda *agenda = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*agenda = (struct agenda){
		.hash = *hash,
		.lru = lru_init(after, capacity),
		.entries = (void *)(after + lru_size(capacity)),
	};
	return agenda;
}

static uint32_t
hash_of(const struct agenda *agenda, const struct session_key *key)
{
	return (uint32_t)siphash(&agenda->hash, key, sizeof(*key));
}

static uint32_t
find(const struct agenda *agenda, const struct session_key *key, uint32_t hash)
{
	uint32_t slot = lru_first(agenda->lru, hash);

	while (slot != LRU_NONE &&
	       !session_equal(&agenda->entries[slot].key, key))
		slot = lru_next(agenda->lru, slot);
	return slot;
}

bool
agenda_add(struct agenda *agenda, struct instant due,
	   const struct session_key *key, struct version version)
{
	uint32_t hash = hash_of(agenda, key);
	uint32_t slot = find(agenda, key, hash);

	if (slot != LRU_NONE)
		lru_touch(agenda->lru, slot);
	else
		slot = lru_add(agenda->lru, hash);
	if (slot == LRU_NONE)
		return false;
	agenda->entries[slot] = (struct entry){ *key, version, due };
	return true;
}

bool
agenda_remove(struct agenda *agenda, const struct session_key *key)
{
	if (lru_count(agenda->lru) == 0)
		return false;
	uint32_t slot = find(agenda, key, hash_of(agenda, key));
	if (slot == LRU_NONE)
		return false;
	lru_remove(agenda->lru, slot);
	return true;
}

struct instant
agenda_due(const struct agenda *agenda)
{
	uint32_t slot = lru_oldest(agenda->lru);

	return slot == LRU_NONE ? INSTANT_NEVER : agenda->entries[slot].due;
}

bool
agenda_take(struct agenda *agenda, struct instant now, struct session_key *key,
	    struct version *version)
{
	uint32_t slot = lru_oldest(agenda->lru);

	if (slot == LRU_NONE || instant_before(now, agenda->entries[slot].due))
		return false;
	*key = agenda->entries[slot].key;
	*version = agenda->entries[slot].version;
	lru_remove(agenda->lru, slot);
	return true;
}

uint32_t
agenda_count(const struct agenda *agenda)
{
	return lru_count(agenda->lru);
}
