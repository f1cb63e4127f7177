/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * latency_histogram.c - a histogram whose buckets grow by 2^(1/8)
 *
 *	bucket = 8 * (place of the highest bit) + eighths above it
 *
 * Within an octave the eighths are linear, not geometric: bucket 8 e + i holds
 * [2^e (1 + i/8), 2^e (1 + (i+1)/8)), at most 12.5 % wide; the middle is
 * reported, so that a quantile is off by 6 % at most.
 */
#include "live/kernel/latency_histogram.h"

#include <assert.h>

static uint32_t
bucket_of(uint64_t ns)
{
	if (ns == 0)
		return 0;
	unsigned octave = 63 - (unsigned)__builtin_clzll(ns);
	uint64_t above = ns - (UINT64_C(1) << octave);
	uint64_t eighth =
		octave >= 3 ? above >> (octave - 3) : above << (3 - octave);
	uint64_t bucket = 8 * octave + eighth;

	return bucket < LATENCY_HISTOGRAM_BUCKETS
		       ? (uint32_t)bucket
		       : LATENCY_HISTOGRAM_BUCKETS - 1;
}

static int64_t
bucket_middle_ns(uint32_t bucket)
{
	unsigned octave = bucket / 8;
	uint64_t sixteenths = 16 + 2 * (bucket % 8) + 1;

	return (int64_t)((sixteenths << octave) / 16);
}

void
latency_histogram_add(struct latency_histogram *cost, int64_t ns,
		      uint64_t count)
{
	uint64_t value = ns < 0 ? 0 : (uint64_t)ns;

	if (count == 0)
		return;
	cost->count += count;
	cost->sum_ns += value * count;
	if (value > cost->max_ns)
		cost->max_ns = value;
	cost->buckets[bucket_of(value)] += count;
}

int64_t
latency_histogram_quantile_ns(const struct latency_histogram *cost,
			      uint32_t ppm)
{
	assert(ppm <= 1000000);

	/* Parts, so that count * ppm cannot overflow. */
	uint64_t rank = cost->count / 1000000 * ppm +
			(cost->count % 1000000 * ppm + 999999) / 1000000;
	uint64_t seen = 0;

	if (cost->count == 0)
		return 0;
	if (rank == 0)
		rank = 1;
	for (uint32_t i = 0; i < LATENCY_HISTOGRAM_BUCKETS; i++) {
		seen += cost->buckets[i];
		if (seen >= rank)
			return bucket_middle_ns(i);
	}
	return (int64_t)cost->max_ns;
}
