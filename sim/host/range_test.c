/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * range_test.c - intervals against an array of booleans
 */
#include "sim/host/range.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define SPACE 400

static bool model[SPACE + 1];

static uint32_t
model_islands(const bool *bits)
{
	uint32_t islands = 0;

	for (uint32_t i = 0; i < SPACE; i++)
		islands += bits[i] && (i == 0 || !bits[i - 1]);
	return islands;
}

static void
check_all(const struct ranges *ranges, struct rng *rng)
{
	uint64_t start = rng_below(rng, SPACE);
	uint64_t end = start + rng_below(rng, SPACE - start + 1);
	uint64_t covered = 0, skip = start, next = UINT64_MAX, last = 0;

	for (uint64_t i = start; i < end; i++)
		covered += model[i];
	while (model[skip])
		skip++;
	for (uint64_t i = SPACE; i-- > start + 1;)
		if (model[i] && !model[i - 1])
			next = i;
	for (uint64_t i = 0; i < SPACE; i++)
		if (model[i])
			last = i + 1;
	CHECK(ranges_covered(ranges, start, end) == covered);
	CHECK(ranges_skip(ranges, start) == skip);
	CHECK(ranges_next(ranges, start) == next);
	CHECK(ranges_end(ranges) == last);
	CHECK(ranges->count == model_islands(model));
}

int
main(void)
{
	struct ranges ranges = { .count = 0 };
	struct rng rng;
	uint32_t refused = 0;

	rng_init(&rng, 1, 0);
	for (uint32_t step = 0; step < 20000; step++) {
		bool wanted[SPACE + 1];
		uint64_t start = rng_below(&rng, SPACE - 8);
		uint64_t end = start + 1 + rng_below(&rng, 4);
		if (rng_below(&rng, 50) == 0) {
			ranges_drop_below(&ranges, start);
			memset(model, 0, start * sizeof(model[0]));
		}
		memcpy(wanted, model, sizeof(wanted));
		for (uint64_t i = start; i < end; i++)
			wanted[i] = true;
		if (ranges_add(&ranges, start, end)) {
			memcpy(model, wanted, sizeof(model));
		} else {
			refused++;
			CHECK(model_islands(wanted) > RANGES_MAX);
		}
		check_all(&ranges, &rng);
	}
	CHECK(refused > 0);
	return check_done();
}
