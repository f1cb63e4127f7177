/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng_test.c - known values, moments within five standard errors, no bias
 */
#include "core/rng.h"

#include "core/test/check.h"

/* From the generator's definition by hand: state 1, 2, 3, 4. */
static void
generator_is_xoshiro(void)
{
	static const uint64_t expected[] = {
		11520,
		0,
		1509978240,
		UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360),
	};
	struct rng rng = { .state = { 1, 2, 3, 4 } };

	for (unsigned i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		CHECK(rng_next(&rng) == expected[i]);
}

/* -ln(u) * 10^12, rounded down, computed with 80 decimal digits from the
 * same stream: fixed point must agree to the last digit. */
static void
exponential_is_exact(void)
{
	static const int64_t expected[] = {
		INT64_C(238363402166), INT64_C(1641645092939),
		INT64_C(305155257174), INT64_C(980650667117),
		INT64_C(296916130671), INT64_C(853127641315),
		INT64_C(397636043815), INT64_C(16550272315),
		INT64_C(675531833667), INT64_C(231336542838),
		INT64_C(249489437838), INT64_C(1940479934052),
	};
	struct rng rng;

	rng_init(&rng, 7, 3);
	for (unsigned i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		CHECK(rng_exponential(&rng, INT64_C(1000000000000)) ==
		      expected[i]);
}

/* rotl(s1 * 5, 7) * 9 is the output, so that s1 picks the extremes. */
static void
exponential_at_its_ends(void)
{
	struct rng smallest = { .state = { 1, 0, 0, 0 } }; /* u = 2^-64 */
	struct rng largest = { .state = { 1, 0, 0, 0 } };
	/* x * 9 = 2^64 - 1, rotated back, divided by 5; mod 2^64 */
	uint64_t x = UINT64_MAX * UINT64_C(0x8e38e38e38e38e39);
	x = x >> 7 | x << 57;
	largest.state[1] = x * UINT64_C(0xcccccccccccccccd);
	struct rng same = largest;

	CHECK(rng_next(&same) == UINT64_MAX);
	CHECK(rng_exponential(&largest, (INT64_C(1) << 56) - 1) == 0);
	/* 64 ln 2 * 2^55 = 1598288580650331957.47 */
	int64_t most = rng_exponential(&smallest, INT64_C(1) << 55);
	CHECK(most >= INT64_C(1598288580650331956) &&
	      most <= INT64_C(1598288580650331957));

	struct rng zero;
	rng_init(&zero, 1, 1);
	for (unsigned i = 0; i < 100; i++)
		CHECK(rng_exponential(&zero, 0) == 0);
}

static void
exponential_has_its_moments(void)
{
	const unsigned count = 400000;
	const double mean = 1e6;
	double sum = 0, squares = 0, above = 0;
	struct rng rng;

	rng_init(&rng, 20, 1);
	for (unsigned i = 0; i < count; i++) {
		int64_t x = rng_exponential(&rng, (int64_t)mean);
		CHECK(x >= 0);
		sum += (double)x;
		squares += (double)x * (double)x;
		above += x > 3 * (int64_t)mean; /* e^-3 = 0.049787 */
	}
	/* Standard errors: 1581, 7.07e9 and 0.000344. */
	CHECK(sum / count > mean - 7906 && sum / count < mean + 7906);
	CHECK(squares / count > 2e12 - 3.5e10 &&
	      squares / count < 2e12 + 3.5e10);
	CHECK(above / count > 0.049787 - 0.00172 &&
	      above / count < 0.049787 + 0.00172);
}

/* With bound 3 * 2^62 a plain remainder would hit the first third twice as
 * often; a plain product would hit every third value of four twice. */
static void
below_has_no_bias(void)
{
	const unsigned count = 300000;
	const uint64_t third = UINT64_C(1) << 62;
	unsigned in_third[3] = { 0 }, remainder[3] = { 0 };
	struct rng rng;

	rng_init(&rng, 21, 1);
	for (unsigned i = 0; i < count; i++) {
		uint64_t x = rng_below(&rng, 3 * third);
		CHECK(x < 3 * third);
		if (x >= 3 * third)
			return;
		in_third[x / third]++;
		remainder[x % 3]++;
	}
	/* 100,000 +- five times sqrt(300000 * 1/3 * 2/3) = 258 */
	for (unsigned i = 0; i < 3; i++) {
		CHECK(in_third[i] > 98710 && in_third[i] < 101290);
		CHECK(remainder[i] > 98710 && remainder[i] < 101290);
	}
	for (uint64_t bound = 1; bound < 70; bound++) {
		unsigned seen = 0;
		for (unsigned i = 0; i < 2000; i++) {
			uint64_t x = rng_below(&rng, bound);
			CHECK(x < bound);
			seen += x == bound - 1;
		}
		CHECK(seen > 0);
	}
}

/* Neighbouring streams and seeds differ in about half of their bits. */
static void
streams_are_apart(void)
{
	struct rng a, b;
	unsigned differing = 0;

	for (uint64_t i = 0; i < 1000; i++) {
		rng_init(&a, 5, i);
		rng_init(&b, 5 + (i & 1), i + 1);
		differing += (unsigned)__builtin_popcountll(rng_next(&a) ^
							    rng_next(&b));
	}
	/* 32,000 +- five times sqrt(64000 / 4) = 126 */
	CHECK(differing > 31370 && differing < 32630);
	rng_init(&a, 5, 51);
	rng_init(&b, 5, 51);
	for (unsigned i = 0; i < 100; i++)
		CHECK(rng_next(&a) == rng_next(&b));
}

int
main(void)
{
	generator_is_xoshiro();
	exponential_is_exact();
	exponential_at_its_ends();
	exponential_has_its_moments();
	below_has_no_bias();
	streams_are_apart();
	return check_done();
}
