/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sketch.c - counters that flows share; see sketch.h */
#include "core/steer/sketch.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#define LINE	      64 /* bytes */
#define COUNTERS      4 /* of a flow */
#define BYTES_FLOW    64 /* for each flow of a generation */
#define NIBBLE	      15
#define GENERATION_NS (90 * NS_PER_S)

struct sketch {
	uint32_t line_bits; /* 2^that many lines */
	uint32_t heard; /* flows of this generation */
	struct instant began; /* this generation */
	uint64_t words[];
};

static uint32_t
line_bits_of(uint32_t bytes)
{
	uint32_t bits = 0;

	while (bits < 20 && (uint32_t)LINE << (bits + 1) <= bytes)
		bits++;
	return bits;
}

size_t
sketch_size(uint32_t bytes)
{
	return sizeof(struct sketch) + ((size_t)LINE << line_bits_of(bytes));
}

static size_t
bytes_of(const struct sketch *sketch)
{
	return (size_t)LINE << sketch->line_bits;
}

/* What is `now` in keep becomes `before`; all else is forgotten. */
static void
fade(struct sketch *sketch, uint64_t keep)
{
	for (size_t i = 0; i < bytes_of(sketch) / sizeof(uint64_t); i++) {
		/* Reading alone pages nothing in. */
		if (sketch->words[i] != 0)
			sketch->words[i] = (sketch->words[i] & keep) << 4;
	}
}

struct sketch *
sketch_init(void *memory, uint32_t bytes)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	struct sketch *sketch = memory;
	*sketch = (struct sketch){ .line_bits = line_bits_of(bytes) };
	fade(sketch, 0);
	return sketch;
}

static void
next_generation(struct sketch *sketch, struct instant now)
{
	bool past =
		instant_distance_ns(sketch->began, now) >= 2 * GENERATION_NS;

	fade(sketch, past ? 0 : UINT64_C(0x0f0f0f0f0f0f0f0f));
	sketch->heard = 0;
	sketch->began = now;
}

uint32_t
sketch_add(struct sketch *sketch, struct instant now, uint32_t hash)
{
	/* Knuth's multiplicative hashing: every bit of the hash counts. */
	uint64_t mixed = hash * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t line =
		sketch->line_bits > 0 ? mixed >> (64 - sketch->line_bits) : 0;
	uint8_t *bytes = (uint8_t *)sketch->words + line * LINE;
	uint32_t least = UINT32_MAX;
	bool first = false;

	if (sketch->heard >= bytes_of(sketch) / BYTES_FLOW ||
	    instant_distance_ns(sketch->began, now) >= GENERATION_NS)
		next_generation(sketch, now);
	for (uint32_t i = 0; i < COUNTERS; i++) {
		uint8_t byte = bytes[mixed >> 6 * i & (LINE - 1)];
		uint32_t count = (byte >> 4) + (byte & NIBBLE);

		least = count < least ? count : least;
	}
	for (uint32_t i = 0; i < COUNTERS; i++) {
		uint8_t *byte = &bytes[mixed >> 6 * i & (LINE - 1)];

		if ((uint32_t)(*byte >> 4) + (*byte & NIBBLE) > least ||
		    (*byte & NIBBLE) == NIBBLE)
			continue;
		first |= (*byte & NIBBLE) == 0;
		++*byte;
	}
	sketch->heard += first;
	return least < SKETCH_MOST ? least + 1 : SKETCH_MOST;
}
