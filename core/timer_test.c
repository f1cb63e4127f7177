/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timer_test.c - three heaps in one pool against scans of an array */
#include "core/timer.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define SLOTS 300
#define HEAPS 3

struct slot {
	struct timer timer;
	uint64_t payload;
};

static struct slot slots[SLOTS];
static const struct timer_pool pool = { slots, sizeof(struct slot) };

/* A walk over a heap meets each slot that is queued there once. */
static void
check_walk(uint32_t root, uint32_t heap, const int64_t *expected)
{
	bool met[SLOTS] = { false };

	for (uint32_t slot = root; slot != TIMER_NONE;
	     slot = timer_next(pool, slot)) {
		CHECK(!met[slot]);
		met[slot] = true;
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		CHECK(met[i] == (i % HEAPS == heap && expected[i] >= 0));
}

static void
test_walk(uint64_t seed)
{
	uint32_t roots[HEAPS] = { TIMER_NONE, TIMER_NONE, TIMER_NONE };
	int64_t expected[SLOTS]; /* -1: not queued */
	struct rng rng;

	rng_init(&rng, seed, 0);
	for (uint32_t i = 0; i < SLOTS; i++) {
		timer_init(&slots[i].timer);
		expected[i] = -1;
	}
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t slot = (uint32_t)rng_below(&rng, SLOTS);
		uint32_t heap = slot % HEAPS;
		struct instant when = { .ns = (int64_t)rng_below(&rng, 1000) };
		uint64_t action = rng_below(&rng, 10);

		if (action < 5) {
			timer_set(pool, &roots[heap], slot, when);
			expected[slot] = when.ns;
		} else if (action < 8) {
			timer_remove(pool, &roots[heap], slot);
			expected[slot] = -1;
		} else if (roots[heap] != TIMER_NONE) {
			slot = roots[heap];
			timer_remove(pool, &roots[heap], slot);
			expected[slot] = -1;
		}
		int64_t least = INSTANT_NEVER.ns;
		for (uint32_t i = heap; i < SLOTS; i += HEAPS) {
			CHECK(slots[i].timer.queued == (expected[i] >= 0));
			if (expected[i] >= 0 && expected[i] < least)
				least = expected[i];
		}
		CHECK(timer_first(pool, roots[heap]).ns == least);
		if (step % 16 == 0)
			check_walk(roots[heap], heap, expected);
	}
}

/* The same calls on other slots give the same order. */
static void
test_ties_do_not_depend_on_slots(void)
{
	uint32_t a = TIMER_NONE, b = TIMER_NONE;
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		timer_init(&slots[i].timer);
	for (uint32_t i = 0; i < 100; i++) {
		struct instant when = { .ns = (int64_t)rng_below(&rng, 5) };

		slots[i].payload = i;
		slots[SLOTS - 1 - i].payload = i;
		timer_add(pool, &a, i, when);
		timer_add(pool, &b, SLOTS - 1 - i, when);
	}
	while (a != TIMER_NONE && b != TIMER_NONE) {
		CHECK(slots[a].payload == slots[b].payload);
		timer_remove(pool, &a, a);
		timer_remove(pool, &b, b);
	}
	CHECK(a == TIMER_NONE && b == TIMER_NONE);
}

int
main(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++)
		test_walk(seed);
	test_ties_do_not_depend_on_slots();
	return check_done();
}
