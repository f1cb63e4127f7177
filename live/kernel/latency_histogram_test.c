/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "live/kernel/latency_histogram.h"

#include <stdlib.h>

#include "core/rng.h"
#include "core/test/check.h"

#define SAMPLES 20000

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Against all values sorted. */
static void
check_random(void)
{
	static const uint32_t shares[] = { 1,	   10000,  250000, 500000,
					   900000, 990000, 999000, 1000000 };
	static int64_t values[SAMPLES];
	struct latency_histogram cost = { .count = 0 };
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (int i = 0; i < SAMPLES; i++) {
		values[i] = 16 + rng_exponential(&rng, 40000);
		latency_histogram_add(&cost, values[i], 1);
	}
	qsort(values, SAMPLES, sizeof(values[0]), compare);
	CHECK(cost.max_ns == (uint64_t)values[SAMPLES - 1]);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		size_t rank = (size_t)SAMPLES * shares[i] / 1000000;
		double want = (double)values[rank > 0 ? rank - 1 : 0];
		double reported =
			(double)latency_histogram_quantile_ns(&cost, shares[i]);

		CHECK(reported >= want * 0.91 && reported <= want * 1.09);
	}
}

static void
check_edges(void)
{
	struct latency_histogram cost = { .count = 0 };

	CHECK(latency_histogram_quantile_ns(&cost, 500000) == 0);
	latency_histogram_add(&cost, 100, 0);
	CHECK(cost.count == 0);
	latency_histogram_add(&cost, -5, 1);
	latency_histogram_add(&cost, 0, 1);
	CHECK(latency_histogram_quantile_ns(&cost, 1000000) <= 1);
	latency_histogram_add(&cost, INT64_MAX, 1);
	CHECK(cost.buckets[LATENCY_HISTOGRAM_BUCKETS - 1] == 1);
	CHECK(latency_histogram_quantile_ns(&cost, 1000000) >= INT64_C(1)
								       << 39);
	cost = (struct latency_histogram){ .count = 0 };
	latency_histogram_add(&cost, 1000, 99);
	latency_histogram_add(&cost, 1000000, 1);
	CHECK(latency_histogram_quantile_ns(&cost, 990000) < 1100);
	CHECK(latency_histogram_quantile_ns(&cost, 995000) > 900000);
}

int
main(void)
{
	check_edges();
	check_random();
	return check_done();
}
