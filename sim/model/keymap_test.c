/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keymap_test.c - a random walk against an array that is searched
 */
#include "sim/model/keymap.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define KEYS  600
#define STEPS 60000

int
main(void)
{
	static uint32_t expected[KEYS];
	struct keymap *map = keymap_create();
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint32_t i = 0; i < KEYS; i++)
		expected[i] = KEYMAP_NONE;
	for (uint32_t step = 0; step < STEPS; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, KEYS);
		/* Owners share keys. */
		struct session_key key = { .family = 4, .protocol = 6 };
		key.client[0] = (uint8_t)(i / 3);
		uint32_t owner = i % 3;
		CHECK(keymap_find(map, &key, owner) == expected[i]);
		if (rng_below(&rng, 3) == 0) {
			keymap_remove(map, &key, owner);
			expected[i] = KEYMAP_NONE;
		} else {
			expected[i] = step;
			keymap_set(map, &key, owner, step);
		}
		CHECK(keymap_find(map, &key, owner) == expected[i]);
	}
	keymap_destroy(map);
	return check_done();
}
