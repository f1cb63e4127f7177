/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.h - the random streams of the network's parts
 *
 * rng_init(rng, seed, stream_of(kind, index)): every link direction, router
 * and host draws from its own, so that adding one disturbs no other. Kinds
 * below 128 are left to whoever else draws from the run's seed.
 */
#ifndef SIM_ENGINE_STREAM_H
#define SIM_ENGINE_STREAM_H

#include <stdint.h>

enum stream_kind {
	STREAM_LINK = 128, /* loss, duplication, reordering; + tier */
	STREAM_BGP = 144, /* reaction times of a device; + device kind */
	STREAM_ECMP = 160, /* hash seeds; + device kind */
	STREAM_DIGEST = 176, /* the key under which 5-tuples are digested */
	STREAM_PROCESSING = 192, /* what a daemon takes for a packet */
};

/* kind: of the list, plus less than 16; index below 2^56. */
static inline uint64_t
stream_of(unsigned kind, uint64_t index)
{
	return (uint64_t)kind << 56 | index;
}

#endif
