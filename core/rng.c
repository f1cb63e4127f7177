/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng.c - xoshiro256**, uniform and exponential variates in integers
 *
 * Exponential: -ln(u) with u = v / 2^64 and v uniform over 1 .. 2^64, so that
 * u is never 0 and the largest variate is 64 ln 2 = 44.4 means. In fixed point:
 *
 *	-log2(u) = 64 - log2(v), 7 bits before and 57 behind the point
 *	-ln(u)   = -log2(u) * ln 2, ln 2 with 64 bits behind the point
 *
 * log2 bit by bit ([2], section 1.2.2, there in base 10): a mantissa m in
 * [1, 2) is squared; when the square is 2 or more the next bit is 1 and the
 * square is halved. Truncating a square costs at most 2^-63, and counts half
 * at every later step, so the result errs by less than 2^-56.
 *
 * [1] Blackman, Vigna: Scrambled linear pseudorandom number generators.
 *     ACM TOMS 47(4), 2021.
 * [2] Knuth: The Art of Computer Programming, volume 1.
 * [3] Steele, Lea, Flood: Fast splittable pseudorandom number generators.
 *     OOPSLA 2014 (SplitMix64).
 * [4] Lemire: Fast random integer generation in an interval. ACM TOMACS 29(1),
 *     2019.
 */
#include "core/rng.h"

#include <assert.h>

/* ISO C has no name for it; every compiler that we support does. */
__extension__ typedef unsigned __int128 uint128;

#define FRACTION_BITS 57
#define LN2_Q64	      UINT64_C(0xb17217f7d1cf79ab)
#define GOLDEN_GAMMA  UINT64_C(0x9e3779b97f4a7c15) /* [3] */

static uint64_t
rotate_left(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

/* SplitMix64's output function: a bijection of 64-bit words [3]. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void
rng_init(struct rng *rng, uint64_t seed, uint64_t stream)
{
	/* Bijective in stream for a fixed seed: no two streams start alike. */
	uint64_t x = mix(mix(seed + GOLDEN_GAMMA) + stream);

	/* Four different arguments of a bijection: never the all-zero state,
	 * the only one that xoshiro cannot leave. */
	for (unsigned i = 0; i < 4; i++) {
		x += GOLDEN_GAMMA;
		rng->state[i] = mix(x);
	}
}

uint64_t
rng_next(struct rng *rng)
{
	uint64_t *s = rng->state;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t
rng_below(struct rng *rng, uint64_t bound)
{
	assert(bound > 0);

	/* [4]: the upper word of a product; of the lower words, the first
	 * 2^64 mod bound would be hit once too often and are drawn again. */
	uint128 product = (uint128)rng_next(rng) * bound;
	if ((uint64_t)product < bound) {
		uint64_t threshold = (0 - bound) % bound;
		while ((uint64_t)product < threshold)
			product = (uint128)rng_next(rng) * bound;
	}
	return (uint64_t)(product >> 64);
}

/* log2(v) for v > 0, with FRACTION_BITS behind the point. */
static uint64_t
log2_fixed(uint64_t v)
{
	unsigned zeros = (unsigned)__builtin_clzll(v);
	uint64_t mantissa = v << zeros; /* [1, 2), 63 bits behind the point */
	uint64_t result = 63 - zeros;

	for (unsigned i = 0; i < FRACTION_BITS; i++) {
		uint128 square = (uint128)mantissa * mantissa;
		uint64_t bit = (uint64_t)(square >> 127);

		mantissa = (uint64_t)(square >> (63 + bit));
		result = result << 1 | bit;
	}
	return result;
}

int64_t
rng_exponential(struct rng *rng, int64_t mean)
{
	assert(mean >= 0 && mean < INT64_C(1) << 56);

	uint64_t v = rng_next(rng) + 1;
	if (v == 0) /* v = 2^64: u = 1 */
		return 0;
	uint64_t minus_log2 = (UINT64_C(64) << FRACTION_BITS) - log2_fixed(v);
	uint64_t minus_ln = (uint64_t)((uint128)minus_log2 * LN2_Q64 >> 64);

	return (int64_t)((uint128)minus_ln * (uint64_t)mean >> FRACTION_BITS);
}
