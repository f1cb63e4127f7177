/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ideal.c - sort once, then walk down the tree for each node
 *
 *	sorted positions	|........ ..X.....|.................|
 *	bucket 0		                   ^^^ other half ^^^
 *	bucket 1		         |^^^^^^^^|
 */
#include "sim/ideal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/position.h"
#include "sim/actor.h"

#define K_MOST 32

struct place {
	uint64_t position;
	uint32_t index;
};

static int
by_position(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* The first place in [low, high) at or behind the position. */
static uint32_t
lower_bound(const struct place *places, uint32_t low, uint32_t high,
	    uint64_t position)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (places[middle].position < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* min(k, high - low) distinct members, by Floyd's algorithm. */
static void
fill_bucket(struct node *node, const struct place *places, uint32_t low,
	    uint32_t high, uint32_t k, struct rng *rng)
{
	static const struct instant zero = { 0 };
	uint32_t chosen[K_MOST];
	uint32_t size = high - low;
	uint32_t count = size < k ? size : k;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t top = size - count + i;
		uint32_t pick = (uint32_t)rng_below(rng, (uint64_t)top + 1);
		for (uint32_t j = 0; j < i; j++)
			if (chosen[j] == pick)
				pick = top;
		chosen[i] = pick;
		node_learn(node, zero, places[low + pick].index);
	}
}

static void
fill_node(struct node *node, uint64_t self, const struct place *places,
	  uint32_t count, uint32_t k, struct rng *rng)
{
	uint32_t low = 0, high = count;

	/* [low, high) shares `bit` leading bits with us, and holds us. */
	for (unsigned bit = 0; bit < POSITION_BITS && high - low > 1; bit++) {
		uint64_t mask = UINT64_C(1) << (POSITION_BITS - 1 - bit);
		uint64_t middle = (self & ~(mask - 1)) | mask;
		uint32_t split = lower_bound(places, low, high, middle);
		if (self & mask) {
			fill_bucket(node, places, low, split, k, rng);
			low = split;
		} else {
			fill_bucket(node, places, split, high, k, rng);
			high = split;
		}
	}
}

void
ideal_fill(struct node *const *nodes, uint32_t count,
	   const struct endpoints *endpoints, uint32_t k, uint64_t seed)
{
	struct place *places = malloc(((size_t)count + 1) * sizeof(*places));
	uint32_t there = 0;

	assert(k <= K_MOST);
	if (places == NULL)
		abort();
	for (uint32_t i = 0; i < count; i++)
		if (nodes[i] != NULL)
			places[there++] = (struct place){
				endpoints_position(endpoints, i), i
			};
	qsort(places, there, sizeof(*places), by_position);
	for (uint32_t i = 0; i < count; i++) {
		struct rng rng = actor_rng(seed, ACTOR_IDEAL, i);
		if (nodes[i] != NULL)
			fill_node(nodes[i], endpoints_position(endpoints, i),
				  places, there, k, &rng);
	}
	free(places);
}
