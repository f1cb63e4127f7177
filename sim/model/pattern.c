/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.c - a word of SplitMix64 for every eight bytes of payload
 *
 * Steele, Lea, Flood: Fast splittable pseudorandom number generators.
 * OOPSLA 2014; the output function over a counter.
 */
#include "sim/model/pattern.h"

#include <string.h>

static uint64_t
pattern_word(uint64_t seed, uint64_t index)
{
	uint64_t x = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

/* Bytes of the word that holds `offset`, from there on, at most size. */
static size_t
word_part(uint64_t seed, uint64_t offset, size_t size, uint8_t part[8])
{
	uint64_t word = pattern_word(seed, offset / 8);
	size_t skip = offset % 8;
	size_t count = 8 - skip < size ? 8 - skip : size;
	uint8_t bytes[8];

	memcpy(bytes, &word, sizeof(bytes));
	memcpy(part, bytes + skip, count);
	return count;
}

void
pattern_fill(uint64_t seed, uint64_t offset, uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t count;

		if (offset % 8 == 0 && size >= 8) {
			uint64_t word = pattern_word(seed, offset / 8);
			memcpy(bytes, &word, 8);
			count = 8;
		} else {
			uint8_t part[8];
			count = word_part(seed, offset, size, part);
			memcpy(bytes, part, count);
		}
		bytes += count;
		offset += count;
		size -= count;
	}
}

bool
pattern_matches(uint64_t seed, uint64_t offset, const uint8_t *bytes,
		size_t size)
{
	while (size > 0) {
		size_t count;

		if (offset % 8 == 0 && size >= 8) {
			uint64_t word = pattern_word(seed, offset / 8);
			if (memcmp(bytes, &word, 8) != 0)
				return false;
			count = 8;
		} else {
			uint8_t part[8];
			count = word_part(seed, offset, size, part);
			if (memcmp(bytes, part, count) != 0)
				return false;
		}
		bytes += count;
		offset += count;
		size -= count;
	}
	return true;
}
