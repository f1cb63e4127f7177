/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd.c - two rows of counts; see crowd.h */
#include "core/dht/crowd.h"

#include <assert.h>
#include <string.h>

#include "core/prefix.h"

#define ROWS	    2
#define CELLS_LEAST 64
#define CELLS_MOST  65536

struct crowd {
	struct siphash_key key;
	uint32_t mask; /* of a row's cells */
	uint32_t padding;
	uint32_t cells[];
};

/* One for four entries: prefixes that have many are few. */
static uint32_t
cells_for(uint32_t entries)
{
	uint32_t cells = CELLS_LEAST;

	while (cells < entries / 4 && cells < CELLS_MOST)
		cells *= 2;
	return cells;
}

size_t
crowd_size(uint32_t entries)
{
	return sizeof(struct crowd) +
	       (size_t)ROWS * cells_for(entries) * sizeof(uint32_t);
}

struct crowd *
crowd_init(void *memory, uint32_t entries)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct crowd *crowd = memory;
	memset(crowd, 0, crowd_size(entries));
	crowd->mask = cells_for(entries) - 1;
	return crowd;
}

void
crowd_key(struct crowd *crowd, const struct siphash_key *key)
{
	crowd->key = *key;
}

/* Where its cells are. */
static void
place(const struct crowd *crowd, uint32_t node, const struct session_key *key,
      uint32_t *at)
{
	struct prefix prefix = prefix_of(key->family, key->client);
	uint64_t hash = siphash(&crowd->key, &prefix, sizeof(prefix)) +
			node * UINT64_C(0x9e3779b97f4a7c15);

	at[0] = (uint32_t)hash & crowd->mask;
	at[1] = crowd->mask + 1 + ((uint32_t)(hash >> 32) & crowd->mask);
}

uint32_t
crowd_count(const struct crowd *crowd, uint32_t node,
	    const struct session_key *key)
{
	uint32_t at[ROWS];

	place(crowd, node, key, at);
	return crowd->cells[at[0]] < crowd->cells[at[1]] ? crowd->cells[at[0]]
							 : crowd->cells[at[1]];
}

bool
crowd_admits(const struct crowd *crowd, uint32_t node,
	     const struct session_key *key, uint32_t open, uint32_t most,
	     uint32_t crowded, uint32_t prefix_most)
{
	if (open >= most)
		return false;
	return prefix_most == 0 || open < crowded ||
	       crowd_count(crowd, node, key) < prefix_most;
}

void
crowd_add(struct crowd *crowd, uint32_t node, const struct session_key *key)
{
	uint32_t at[ROWS];

	place(crowd, node, key, at);
	for (uint32_t i = 0; i < ROWS; i++)
		crowd->cells[at[i]]++;
}

void
crowd_remove(struct crowd *crowd, uint32_t node, const struct session_key *key)
{
	uint32_t at[ROWS];

	place(crowd, node, key, at);
	for (uint32_t i = 0; i < ROWS; i++) {
		assert(crowd->cells[at[i]] > 0);
		crowd->cells[at[i]]--;
	}
}
