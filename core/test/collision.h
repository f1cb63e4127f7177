/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * collision.h - two keys of one hash, for the tests of tables
 *
 * Tables keep 32 bits of a keyed hash, and two keys may share them all: then
 * only the comparison of whole keys tells them apart. Among 2^18 keys some
 * eight pairs do; here one is found, by sorting.
 *
 * Included by tests only.
 */
#ifndef CORE_TEST_COLLISION_H
#define CORE_TEST_COLLISION_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/siphash.h"

#define COLLISION_KEYS	    (UINT32_C(1) << 18)
#define COLLISION_KEY_BYTES 64

struct collision {
	uint32_t a, b; /* numbers of the two keys, a < b */
};

static inline int
collision_compare(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

/* The first pair by hash. make() writes key number i, of `size` bytes at most
 * COLLISION_KEY_BYTES, into a buffer of zeros; different numbers make
 * different keys. */
static inline struct collision
collision_find(const struct siphash_key *hash,
	       void (*make)(uint32_t i, uint8_t *bytes), size_t size)
{
	static uint64_t hashes[COLLISION_KEYS]; /* hash 32, number 32 */

	for (uint32_t i = 0; i < COLLISION_KEYS; i++) {
		uint8_t bytes[COLLISION_KEY_BYTES] = { 0 };

		make(i, bytes);
		hashes[i] = siphash(hash, bytes, size) << 32 | i;
	}
	qsort(hashes, COLLISION_KEYS, sizeof(hashes[0]), collision_compare);
	for (uint32_t i = 1; i < COLLISION_KEYS; i++) {
		if (hashes[i - 1] >> 32 == hashes[i] >> 32)
			return (struct collision){ (uint32_t)hashes[i - 1],
						   (uint32_t)hashes[i] };
	}
	assert(false && "one in e^8 sets of keys has no pair: take another");
	return (struct collision){ 0 };
}

#endif
