/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timer.c - pairing heaps inside a shared pool; see timer.h */
#include "core/timer.h"

#include <assert.h>

static struct timer *
timer_at(struct timer_pool pool, uint32_t slot)
{
	return (struct timer *)(void *)((unsigned char *)pool.slots +
					(size_t)slot * pool.size);
}

void
timer_init(struct timer *timer)
{
	*timer = (struct timer){
		.when = INSTANT_NEVER,
		.child = TIMER_NONE,
		.sibling = TIMER_NONE,
		.before = TIMER_NONE,
	};
}

/* Join two heaps; a wins a tie. Neither root has siblings. */
static uint32_t
meld(struct timer_pool pool, uint32_t a, uint32_t b)
{
	if (a == TIMER_NONE)
		return b;
	if (b == TIMER_NONE)
		return a;
	if (instant_before(timer_at(pool, b)->when, timer_at(pool, a)->when)) {
		uint32_t swap = a;

		a = b;
		b = swap;
	}
	struct timer *parent = timer_at(pool, a), *child = timer_at(pool, b);
	child->before = a;
	child->sibling = parent->child;
	if (parent->child != TIMER_NONE)
		timer_at(pool, parent->child)->before = b;
	parent->child = b;
	return a;
}

/* Make one heap of a list of siblings: pair from the left, then join the
 * pairs from the right. */
static uint32_t
gather(struct timer_pool pool, uint32_t first)
{
	uint32_t pairs = TIMER_NONE, root = TIMER_NONE;

	while (first != TIMER_NONE) {
		uint32_t a = first, b = timer_at(pool, a)->sibling;

		first = b == TIMER_NONE ? b : timer_at(pool, b)->sibling;
		timer_at(pool, a)->sibling = TIMER_NONE;
		if (b != TIMER_NONE)
			timer_at(pool, b)->sibling = TIMER_NONE;
		a = meld(pool, a, b);
		timer_at(pool, a)->sibling = pairs;
		pairs = a;
	}
	while (pairs != TIMER_NONE) {
		uint32_t next = timer_at(pool, pairs)->sibling;

		timer_at(pool, pairs)->sibling = TIMER_NONE;
		root = meld(pool, pairs, root);
		pairs = next;
	}
	if (root != TIMER_NONE)
		timer_at(pool, root)->before = TIMER_NONE;
	return root;
}

void
timer_add(struct timer_pool pool, uint32_t *root, uint32_t slot,
	  struct instant when)
{
	struct timer *timer = timer_at(pool, slot);

	assert(!timer->queued);
	timer_init(timer);
	timer->when = when;
	timer->queued = true;
	*root = meld(pool, *root, slot);
}

void
timer_remove(struct timer_pool pool, uint32_t *root, uint32_t slot)
{
	struct timer *timer = timer_at(pool, slot);

	if (!timer->queued)
		return;
	uint32_t rest = gather(pool, timer->child);
	if (slot == *root) {
		*root = rest;
	} else {
		struct timer *before = timer_at(pool, timer->before);

		if (before->child == slot)
			before->child = timer->sibling;
		else
			before->sibling = timer->sibling;
		if (timer->sibling != TIMER_NONE)
			timer_at(pool, timer->sibling)->before = timer->before;
		*root = meld(pool, *root, rest);
	}
	timer_init(timer);
}

void
timer_set(struct timer_pool pool, uint32_t *root, uint32_t slot,
	  struct instant when)
{
	struct timer *timer = timer_at(pool, slot);

	if (timer->queued && timer->when.ns == when.ns)
		return;
	timer_remove(pool, root, slot);
	timer_add(pool, root, slot, when);
}

uint32_t
timer_next(struct timer_pool pool, uint32_t slot)
{
	if (timer_at(pool, slot)->child != TIMER_NONE)
		return timer_at(pool, slot)->child;
	for (;;) {
		const struct timer *timer = timer_at(pool, slot);

		if (timer->sibling != TIMER_NONE)
			return timer->sibling;
		/* Back to the first sibling, then up. */
		while (timer->before != TIMER_NONE &&
		       timer_at(pool, timer->before)->child != slot) {
			slot = timer->before;
			timer = timer_at(pool, slot);
		}
		if (timer->before == TIMER_NONE)
			return TIMER_NONE;
		slot = timer->before;
	}
}

struct instant
timer_first(struct timer_pool pool, uint32_t root)
{
	return root == TIMER_NONE ? INSTANT_NEVER : timer_at(pool, root)->when;
}
