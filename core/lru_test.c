/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lru_test.c - slots against a plain array of (hash, pinned, time)
 */
#include "core/lru.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define CAPACITY 13
#define HASHES	 6 /* few, so that chains are long */

struct plain {
	bool used, pinned;
	uint32_t hash;
	uint64_t touched;
};

static struct plain plain[CAPACITY];
static uint64_t memory[256];

static uint32_t
plain_oldest(void)
{
	uint32_t oldest = LRU_NONE;

	for (uint32_t i = 0; i < CAPACITY; i++) {
		if (plain[i].used && !plain[i].pinned &&
		    (oldest == LRU_NONE ||
		     plain[i].touched < plain[oldest].touched))
			oldest = i;
	}
	return oldest;
}

static void
check_chains(const struct lru *lru)
{
	for (uint32_t hash = 0; hash < HASHES; hash++) {
		uint32_t expected = 0, seen = 0;
		for (uint32_t i = 0; i < CAPACITY; i++)
			expected += plain[i].used && plain[i].hash == hash;
		for (uint32_t slot = lru_first(lru, hash); slot != LRU_NONE;
		     slot = lru_next(lru, slot)) {
			CHECK(plain[slot].used && plain[slot].hash == hash);
			CHECK(lru_hash(lru, slot) == hash);
			seen++;
		}
		CHECK(seen == expected);
	}
}

static void
walk(struct lru *lru, struct rng *rng)
{
	uint32_t count = 0;

	for (uint64_t step = 1; step <= 20000; step++) {
		uint32_t slot = (uint32_t)rng_below(rng, CAPACITY);
		struct plain *entry = &plain[slot];
		switch (rng_below(rng, 5)) {
		case 0: {
			uint32_t hash = (uint32_t)rng_below(rng, HASHES);
			uint32_t oldest = plain_oldest();
			bool claim = count == CAPACITY && oldest != LRU_NONE &&
				     rng_below(rng, 2) == 0;
			uint32_t added = claim ? lru_claim(lru, hash)
					       : lru_add(lru, hash);
			if (claim) {
				CHECK(added == oldest);
				plain[oldest].used = false;
				count--;
			}
			CHECK((added == LRU_NONE) == (count == CAPACITY));
			if (added == LRU_NONE)
				break;
			CHECK(!plain[added].used);
			plain[added] = (struct plain){ .used = true,
						       .hash = hash,
						       .touched = step };
			count++;
			break;
		}
		case 1:
			if (!entry->used || rng_below(rng, 2) == 0)
				break;
			lru_remove(lru, slot);
			entry->used = false;
			count--;
			break;
		case 2:
			if (!entry->used)
				break;
			lru_touch(lru, slot);
			entry->touched = step;
			break;
		case 3:
			if (!entry->used)
				break;
			lru_pin(lru, slot);
			entry->pinned = true;
			break;
		default:
			if (!entry->used)
				break;
			lru_unpin(lru, slot);
			if (entry->pinned)
				entry->touched = step;
			entry->pinned = false;
			break;
		}
		CHECK(lru_count(lru) == count);
		CHECK(lru_used(lru, slot) == entry->used);
		CHECK(lru_oldest(lru) == plain_oldest());
		if (step % 64 == 0)
			check_chains(lru);
	}
}

int
main(void)
{
	struct rng rng;

	rng_init(&rng, 11, 0);
	CHECK(lru_size(CAPACITY) <= sizeof(memory));
	CHECK(lru_size(CAPACITY) % 8 == 0);
	walk(lru_init(memory, CAPACITY), &rng);

	struct lru *none = lru_init(memory, 0);
	CHECK(lru_add(none, 1) == LRU_NONE);
	CHECK(lru_claim(none, 1) == LRU_NONE);
	CHECK(lru_oldest(none) == LRU_NONE);
	CHECK(lru_first(none, 1) == LRU_NONE);
	return check_done();
}
