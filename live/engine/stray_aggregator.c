/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_aggregator.c - a table of flows in the order in which they began to
 * wait
 *
 *	struct stray_aggregator | struct lru | struct
 * stray_aggregator_flow[capacity]
 *
 * Slots are never touched again after they were added, so the oldest one in
 * the sense of lru.h is the one that waits longest.
 */
#include "live/engine/stray_aggregator.h"

#include <assert.h>

#include "core/lru.h"

struct stray_aggregator {
	struct siphash_key hash;
	struct lru *lru;
	struct stray_aggregator_flow *flows;
};

static size_t
header_size(void)
{
	return (sizeof(struct stray_aggregator) + 7) / 8 * 8;
}

size_t
stray_aggregator_size(uint32_t capacity)
{
	return header_size() + lru_size(capacity) +
	       ((size_t)capacity * sizeof(struct stray_aggregator_flow) + 7) /
		       8 * 8;
}

struct stray_aggregator *
stray_aggregator_init(void *memory, uint32_t capacity,
		      const struct siphash_key *hash)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity > 0);

	struct stray_aggregator *count = memory;
	uint8_t *after = (uint8_t *)memory + header_size();
	*count = (struct stray_aggregator){
		.hash = *hash,
		.lru = lru_init(after, capacity),
		.flows = (void *)(after + lru_size(capacity)),
	};
	return count;
}

/* The flow that waited longest goes to *flow. */
static void
take_oldest(struct stray_aggregator *count, struct stray_aggregator_flow *flow)
{
	uint32_t slot = lru_oldest(count->lru);

	*flow = count->flows[slot];
	lru_remove(count->lru, slot);
}

bool
stray_aggregator_add(struct stray_aggregator *count, struct instant now,
		     const struct session_key *key,
		     struct stray_aggregator_flow *early)
{
	uint32_t hash = (uint32_t)siphash(&count->hash, key, sizeof(*key));
	bool crowded = false;

	for (uint32_t slot = lru_first(count->lru, hash); slot != LRU_NONE;
	     slot = lru_next(count->lru, slot)) {
		if (session_equal(&count->flows[slot].key, key)) {
			count->flows[slot].count++;
			return false;
		}
	}
	uint32_t slot = lru_add(count->lru, hash);
	if (slot == LRU_NONE) {
		take_oldest(count, early);
		crowded = true;
		slot = lru_add(count->lru, hash);
	}
	count->flows[slot] = (struct stray_aggregator_flow){ *key, now, 1 };
	return crowded;
}

struct instant
stray_aggregator_due(const struct stray_aggregator *count)
{
	uint32_t slot = lru_oldest(count->lru);

	return slot == LRU_NONE ? INSTANT_NEVER
				: instant_after(count->flows[slot].since,
						STRAY_AGGREGATOR_NS);
}

bool
stray_aggregator_take(struct stray_aggregator *count, struct instant now,
		      struct stray_aggregator_flow *flow)
{
	if (instant_before(now, stray_aggregator_due(count)))
		return false;
	take_oldest(count, flow);
	return true;
}

void
stray_aggregator_clear(struct stray_aggregator *count)
{
	for (uint32_t slot; (slot = lru_oldest(count->lru)) != LRU_NONE;)
		lru_remove(count->lru, slot);
}
