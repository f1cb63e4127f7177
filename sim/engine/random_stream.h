/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random_stream.h - a stream of random numbers for everything that draws
 *
 *	stream = (seed of the run, kind, index)
 *
 * Streams are numbered by their owners, never in the order of their making:
 * server 7 draws the same numbers whether or not there is a server 8, and the
 * size of session 3 does not depend on what session 2 did. Node and steer
 * number theirs by the server, from the run's seed mixed with STREAM_NODE.
 */
#ifndef SIM_ENGINE_RANDOM_STREAM_H
#define SIM_ENGINE_RANDOM_STREAM_H

#include <stdint.h>

#include "core/rng.h"

/* Numbers are part of every result: append only. */
enum stream_kind {
	STREAM_SERVER = 16,
	STREAM_CLIENT,
	STREAM_SESSION,
	STREAM_ARRIVALS,
	STREAM_DHT_LOAD,
	STREAM_FAULT,
	STREAM_IDEAL, /* a server's table */
	STREAM_NODE, /* seed of all nodes and steers */
	STREAM_RPC, /* which server is asked */
	STREAM_RPC_BYTES, /* what it says */
	STREAM_JITTER, /* how much later a session opens */
	STREAM_CHURN, /* who goes and comes when; + event */
	STREAM_ATTACK, /* what is sent from outside, and when; + event */
	STREAM_SEQUENCE, /* which changes come in a row; + event */
	/* the network: plus less than 16 */
	STREAM_LINK = 128, /* loss, duplication, reordering; + tier */
	STREAM_BGP = 144, /* reaction times of a device; + device kind */
	STREAM_ECMP = 160, /* hash seeds; + device kind */
	STREAM_DIGEST = 176, /* the key under which 5-tuples are digested */
	STREAM_CPU = 192, /* what a daemon takes for a packet */
};

/* index below 2^56 */
static inline uint64_t
stream_of(unsigned kind, uint64_t index)
{
	return (uint64_t)kind << 56 | index;
}

static inline struct rng
stream_rng(uint64_t seed, enum stream_kind kind, uint32_t index)
{
	struct rng rng;

	rng_init(&rng, seed, stream_of(kind, index));
	return rng;
}

/* A seed for parts that number streams of their own. */
static inline uint64_t
stream_seed(uint64_t seed, enum stream_kind kind)
{
	struct rng rng = stream_rng(seed, kind, 0);

	return rng_next(&rng);
}

#endif
