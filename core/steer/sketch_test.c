/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sketch_test.c - counts against the truth, and how far they are from it
 */
#include "core/steer/sketch.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define BYTES 65536 /* 1,024 flows a generation */
#define FLOWS 2000

static uint64_t memory[BYTES / 8 + 16];

/* Never less than the truth since the last generation but one began; and within
 * one generation's flows hardly ever more. */
static void
walk(uint64_t seed)
{
	struct sketch *sketch = sketch_init(memory, BYTES);
	uint32_t hashes[FLOWS], truth[FLOWS] = { 0 };
	uint32_t more = 0, asked = 0;
	struct instant now = { NS_PER_S };
	struct rng rng;

	rng_init(&rng, seed, 0);
	for (uint32_t i = 0; i < FLOWS; i++)
		hashes[i] = (uint32_t)rng_next(&rng);
	/* 1,024 new flows would begin another: these are fewer. */
	for (uint32_t step = 0; step < 3000; step++) {
		uint32_t i = (uint32_t)rng_below(&rng, 800);
		uint32_t said = sketch_add(sketch, now, hashes[i]);

		truth[i]++;
		CHECK(said >= truth[i]);
		more += said > truth[i];
		asked++;
		now.ns += NS_PER_MS;
	}
	CHECK(more * 50 < asked);
}

/* A flood of new flows: so many are taken for flows that speak again. */
static void
strangers(uint64_t seed)
{
	struct sketch *sketch = sketch_init(memory, BYTES);
	struct instant now = { NS_PER_S };
	uint32_t again[4] = { 0 };
	struct rng rng;

	rng_init(&rng, seed, 1);
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t said =
			sketch_add(sketch, now, (uint32_t)rng_next(&rng));
		for (uint32_t j = 0; j < 4; j++)
			again[j] += said >= j + 2;
		now.ns += 20 * NS_PER_US;
	}
	CHECK(again[0] > 0 && again[0] < 100); /* 0.1 % */
	CHECK(again[1] < 10 && again[2] < 3 && again[3] < 1);
}

/* Who spoke less than a generation ago is remembered, whatever others said;
 * after two it is forgotten. */
static void
memory_fades(void)
{
	struct sketch *sketch = sketch_init(memory, BYTES);
	struct instant now = { NS_PER_S };
	struct rng rng;

	CHECK(sketch_add(sketch, now, 7) == 1);
	rng_init(&rng, 3, 1);
	for (uint32_t i = 0; i < 1000; i++)
		sketch_add(sketch, now, (uint32_t)rng_next(&rng));
	CHECK(sketch_add(sketch, now, 7) == 2);
	/* Keep-alive probes, by themselves. */
	for (uint32_t i = 3; i < 10; i++) {
		now.ns += 75 * NS_PER_S;
		CHECK(sketch_add(sketch, now, 7) >= 2);
	}
	now.ns += 200 * NS_PER_S;
	CHECK(sketch_add(sketch, now, 7) == 1);
	for (uint32_t i = 0; i < 3000; i++)
		sketch_add(sketch, now, (uint32_t)rng_next(&rng));
	CHECK(sketch_add(sketch, now, 7) <= 2);
}

/* It counts to thirty, and not round. */
static void
most(void)
{
	struct sketch *sketch = sketch_init(memory, BYTES);
	struct instant now = { NS_PER_S };
	uint32_t said = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		said = sketch_add(sketch, now, 99);
		CHECK(said >= (i < 15 ? i + 1 : 15) && said <= SKETCH_MOST);
	}
	now.ns += 100 * NS_PER_S;
	for (uint32_t i = 0; i < 1000; i++)
		said = sketch_add(sketch, now, 99);
	CHECK(said == SKETCH_MOST);
}

/* The smallest, and sizes that are no power of two; what was there before is
 * forgotten. */
static void
sizes(void)
{
	static const uint32_t bytes[] = { 0, 1, 63, 64, 65, 127, 128, 5000 };
	struct instant now = { NS_PER_S };

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		CHECK(sketch_size(bytes[i]) % 8 == 0);
		CHECK(sketch_size(bytes[i]) <= sizeof(memory));
		memset(memory, 0xff, sizeof(memory));
		struct sketch *sketch = sketch_init(memory, bytes[i]);
		CHECK(sketch_add(sketch, now, 1) == 1);
		CHECK(sketch_add(sketch, now, 1) == 2);
		/* Not a byte behind its end. */
		CHECK(((uint8_t *)memory)[sketch_size(bytes[i])] == 0xff);
	}
}

int
main(void)
{
	walk(1);
	walk(2);
	strangers(3);
	memory_fades();
	most();
	sizes();
	return check_done();
}
