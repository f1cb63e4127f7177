/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timer.h - a node's earliest timer, among slots of a shared pool
 *
 *	pool:	[0] [1] [2] [3] [4] [5] ...	slots of all nodes, mixed
 *		     ^		 ^
 *	heaps:	node 7's root	node 9's root
 *
 * A pool (running lookups, publications) is shared by many nodes, yet no
 * node may look at another's slots. So each node keeps a pairing heap [1] of
 * its own slots: one index in the node, three in the slot, insertion and
 * first in O(1), removal in O(log n) amortised. Between equal times the
 * shape decides, which follows from the node's own calls only: never the
 * slot's index, nor an address.
 *
 *	parent --child--> first --sibling--> second --sibling--> third
 *	       <--before-	<--before--	    <--before--
 *
 * [1] Fredman, Sedgewick, Sleator, Tarjan: The pairing heap. Algorithmica 1,
 *     1986.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"

#define TIMER_NONE UINT32_MAX

/* The first member of every slot. */
struct timer {
	struct instant when;
	uint32_t child, sibling, before; /* slots, or TIMER_NONE */
	bool queued;
};

/* The slots: size bytes each. */
struct timer_pool {
	void *slots;
	size_t size;
};

void timer_init(struct timer *);
/* Put a slot that is not queued into the heap at *root. */
void timer_add(struct timer_pool, uint32_t *root, uint32_t slot,
	       struct instant when);
/* Take it out; nothing if it is not queued. */
void timer_remove(struct timer_pool, uint32_t *root, uint32_t slot);
/* Queue it, or change its time. */
void timer_set(struct timer_pool, uint32_t *root, uint32_t slot,
	       struct instant when);
/* The slot after this one in a walk over the whole heap, in no useful order,
 * beginning with the root; TIMER_NONE after the last. */
uint32_t timer_next(struct timer_pool, uint32_t slot);
/* When the first is due; INSTANT_NEVER for an empty heap. */
struct instant timer_first(struct timer_pool, uint32_t root);

#endif
