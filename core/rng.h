/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rng.h - one random stream for each owner
 *
 * xoshiro256** [1], its state filled by SplitMix64 from (seed, stream). Two
 * streams of one seed share nothing that a run could notice, so adding node
 * 51 does not disturb node 7. Not for secrets: keys come from the caller.
 *
 * All results are integers and the same on every machine: the exponential
 * variate is computed in fixed point, since libm's last digit is not portable.
 *
 * [1] Blackman, Vigna: Scrambled linear pseudorandom number generators.
 *     ACM TOMS 47(4), 2021.
 */
#ifndef CORE_RNG_H
#define CORE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state[4];
};

void rng_init(struct rng *, uint64_t seed, uint64_t stream);
/* Uniform over all 64-bit values. */
uint64_t rng_next(struct rng *);
/* Uniform over [0, bound), without bias; bound > 0. */
uint64_t rng_below(struct rng *, uint64_t bound);
/* Exponential with the given mean, rounded down; 0 <= mean < 2^56. */
int64_t rng_exponential(struct rng *, int64_t mean);

#endif
