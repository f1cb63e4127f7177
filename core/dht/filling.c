/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filling.c - one bucket filled from all over its range; see filling.h */
#include "core/dht/filling.h"

/* Our b leading bits, the next one flipped, the rest random. */
uint64_t
filling_place(struct node *node, unsigned b)
{
	uint64_t bit = table_bit(b);

	return ((node->position ^ bit) & ~(bit - 1)) |
	       (rng_next(&node->rng) & (bit - 1));
}

uint64_t
filling_place_near(struct node *node, uint64_t target)
{
	return filling_place(node, position_bucket(node->position, target));
}

bool
filling_wants(const struct node *node, uint64_t target, uint64_t position)
{
	return position != node->position &&
	       position_bucket(node->position, position) ==
		       position_bucket(node->position, target);
}

void
filling_begin(struct node *node, struct lookup *lookup)
{
	struct table *table = node->table;
	struct bucket bucket = table_bucket(
		table, position_bucket(node->position, lookup->target));
	const struct contact *nearer = bucket.slot + bucket.count;
	uint64_t nearer_count =
		(uint64_t)(table->contacts + table->count - nearer);

	for (uint32_t i = 0; i < node->settings->alpha && nearer_count > 0; i++)
		lookup_add_first(
			lookup,
			nearer[rng_below(&node->rng, nearer_count)].peer);
	for (uint32_t i = 0; i < bucket.count; i++)
		lookup_add(lookup, bucket.slot[i].peer,
			   endpoints_position(node->parts.endpoints,
					      bucket.slot[i].peer),
			   0);
}
