/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymap.c - one array of entries, a free one has value KEYMAP_NONE
 */
#include "sim/model/keymap.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct session_key key;
	uint32_t owner, value;
};

struct keymap {
	struct entry *entries;
	uint32_t mask, count;
};

static struct entry *
entries_create(uint32_t count)
{
	struct entry *entries = calloc(count, sizeof(*entries));

	if (entries == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++)
		entries[i].value = KEYMAP_NONE;
	return entries;
}

struct keymap *
keymap_create(void)
{
	struct keymap *map = malloc(sizeof(*map));

	if (map == NULL)
		abort();
	*map = (struct keymap){ .entries = entries_create(64), .mask = 63 };
	return map;
}

void
keymap_destroy(struct keymap *map)
{
	if (map == NULL)
		return;
	free(map->entries);
	free(map);
}

static uint32_t
home(const struct keymap *map, const struct session_key *key, uint32_t owner)
{
	uint64_t words[5] = { 0 };
	uint64_t hash = owner + UINT64_C(0x9e3779b97f4a7c15);

	memcpy(words, key, sizeof(*key));
	for (unsigned i = 0; i < 5; i++) {
		hash = (hash ^ words[i]) * UINT64_C(0xbf58476d1ce4e5b9);
		hash ^= hash >> 29;
	}
	hash *= UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(hash >> 32) & map->mask;
}

/* Its entry, or the free one where it belongs. */
static uint32_t
probe(const struct keymap *map, const struct session_key *key, uint32_t owner)
{
	uint32_t at = home(map, key, owner);

	for (;; at = (at + 1) & map->mask) {
		const struct entry *entry = &map->entries[at];
		if (entry->value == KEYMAP_NONE ||
		    (entry->owner == owner && session_equal(&entry->key, key)))
			return at;
	}
}

uint32_t
keymap_find(const struct keymap *map, const struct session_key *key,
	    uint32_t owner)
{
	return map->entries[probe(map, key, owner)].value;
}

static void
double_size(struct keymap *map)
{
	struct entry *old = map->entries;
	uint32_t old_count = map->mask + 1;

	map->entries = entries_create(old_count * 2);
	map->mask = old_count * 2 - 1;
	for (uint32_t i = 0; i < old_count; i++)
		if (old[i].value != KEYMAP_NONE)
			map->entries[probe(map, &old[i].key, old[i].owner)] =
				old[i];
	free(old);
}

void
keymap_set(struct keymap *map, const struct session_key *key, uint32_t owner,
	   uint32_t value)
{
	uint32_t at = probe(map, key, owner);

	if (map->entries[at].value == KEYMAP_NONE) {
		if (map->count + 1 > (map->mask + 1) / 4 * 3) {
			double_size(map);
			at = probe(map, key, owner);
		}
		map->count++;
	}
	map->entries[at] = (struct entry){ *key, owner, value };
}

void
keymap_remove(struct keymap *map, const struct session_key *key, uint32_t owner)
{
	uint32_t hole = probe(map, key, owner);

	if (map->entries[hole].value == KEYMAP_NONE)
		return;
	map->count--;
	/* Move back each follower whose home is not behind the hole. */
	for (uint32_t at = hole;;) {
		at = (at + 1) & map->mask;
		const struct entry *entry = &map->entries[at];
		if (entry->value == KEYMAP_NONE)
			break;
		uint32_t from = home(map, &entry->key, entry->owner);
		if (((at - from) & map->mask) >= ((at - hole) & map->mask)) {
			map->entries[hole] = *entry;
			hole = at;
		}
	}
	map->entries[hole].value = KEYMAP_NONE;
}
