/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ideal.c - sort once, then from neighbour to neighbour
 *
 *	sorted positions	|........ ..X.....|.................|
 *	bucket 0		                   ^^^ other half ^^^
 *	bucket 1		         |^^^^^^^^|
 *
 * Nodes are filled in the order of their positions, so that the runs of a
 * node's far buckets are those of the node before, and only what lies below
 * their first different bit is searched again. What is drawn from is 4 bytes
 * a node: a million of them stay in the second cache.
 */
#include "sim/host/ideal.h"

#include <assert.h>
#include <stdlib.h>

#include "core/position.h"
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"

#define K_MOST 32

struct place {
	uint64_t position;
	uint32_t index;
};

/* Who shares so many leading bits with the node at hand. */
struct run {
	uint32_t low, high; /* in order[] */
};

struct ideal {
	uint32_t count; /* of nodes that are there */
	uint32_t *order; /* endpoints, by position */
	uint64_t *positions; /* theirs */
	struct run runs[POSITION_BITS + 1]; /* by leading bits */
	unsigned depth; /* the last of them with anybody else in it */
};

static int
by_position(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static void
sort(struct ideal *ideal, struct node *const *nodes, uint32_t count,
     const struct endpoints *endpoints)
{
	struct place *places = memory_zeroed(count, sizeof(*places));

	ideal->order = memory_zeroed(count, sizeof(*ideal->order));
	ideal->positions = memory_zeroed(count, sizeof(*ideal->positions));
	for (uint32_t i = 0; i < count; i++)
		if (nodes[i] != NULL)
			places[ideal->count++] = (struct place){
				endpoints_position(endpoints, i), i
			};
	qsort(places, ideal->count, sizeof(*places), by_position);
	for (uint32_t i = 0; i < ideal->count; i++) {
		ideal->order[i] = places[i].index;
		ideal->positions[i] = places[i].position;
	}
	free(places);
}

/* The first place in the run at or behind the position. */
static uint32_t
lower_bound(const uint64_t *positions, struct run run, uint64_t position)
{
	uint32_t low = run.low, high = run.high;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (positions[middle] < position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint64_t
bit_of(unsigned bucket)
{
	return UINT64_C(1) << (POSITION_BITS - 1 - bucket);
}

/* The runs of the node at a place; those above `from` are right already. */
static void
descend(struct ideal *ideal, uint64_t self, unsigned from)
{
	unsigned bits = from;

	while (bits < POSITION_BITS &&
	       ideal->runs[bits].high - ideal->runs[bits].low > 1) {
		uint64_t bit = bit_of(bits);
		uint64_t middle = (self & ~(bit - 1)) | bit;
		struct run run = ideal->runs[bits];
		uint32_t split = lower_bound(ideal->positions, run, middle);

		if (self & bit)
			run.low = split;
		else
			run.high = split;
		ideal->runs[++bits] = run;
	}
	ideal->depth = bits;
}

/* min(k, size) distinct members, by Floyd's algorithm. */
static void
fill_bucket(const struct ideal *ideal, struct node *node, unsigned bucket,
	    struct run run, uint32_t k, struct rng *rng)
{
	static const struct instant zero = { 0 };
	uint32_t chosen[K_MOST], peers[K_MOST];
	uint32_t size = run.high - run.low;
	uint32_t count = size < k ? size : k;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t top = size - count + i;
		uint32_t pick = (uint32_t)rng_below(rng, (uint64_t)top + 1);
		for (uint32_t j = 0; j < i; j++)
			if (chosen[j] == pick)
				pick = top;
		chosen[i] = pick;
		peers[i] = ideal->order[run.low + pick];
	}
	node_learn_bucket(node, zero, bucket, peers, count);
}

static void
fill_node(const struct ideal *ideal, struct node *node, uint32_t k,
	  struct rng *rng)
{
	for (unsigned bucket = 0; bucket < ideal->depth; bucket++) {
		struct run all = ideal->runs[bucket];
		struct run ours = ideal->runs[bucket + 1];
		struct run theirs = { all.low, ours.low };

		if (ours.low == all.low)
			theirs = (struct run){ ours.high, all.high };
		fill_bucket(ideal, node, bucket, theirs, k, rng);
	}
}

void
ideal_fill(struct node *const *nodes, uint32_t count,
	   const struct endpoints *endpoints, uint32_t k, uint64_t seed)
{
	struct ideal ideal = { 0 };

	assert(k <= K_MOST);
	sort(&ideal, nodes, count, endpoints);
	ideal.runs[0] = (struct run){ 0, ideal.count };
	for (uint32_t i = 0; i < ideal.count; i++) {
		uint32_t index = ideal.order[i];
		uint64_t self = ideal.positions[i];
		struct rng rng = stream_rng(seed, STREAM_IDEAL, index);
		unsigned from = 0;

		/* The run of a common prefix is common too. */
		if (i > 0 && self != ideal.positions[i - 1])
			from = position_bucket(self, ideal.positions[i - 1]);
		descend(&ideal, self, from);
		fill_node(&ideal, nodes[index], k, &rng);
	}
	free(ideal.order);
	free(ideal.positions);
}
