/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * actor.h - every participant's own random stream, from (seed, kind, index)
 *
 * Streams are numbered by whom they belong to, never in the order of their
 * making: server 7 draws the same numbers whether or not there is a server 8,
 * and the size of session 3 does not depend on what session 2 did. The
 * network's streams (stream.h) have other kinds. Node and steer number theirs
 * by the server, from the run's seed mixed with ACTOR_NODE.
 */
#ifndef SIM_ENGINE_ACTOR_H
#define SIM_ENGINE_ACTOR_H

#include <stdint.h>

#include "core/rng.h"
#include "sim/engine/stream.h"

enum actor_kind { /* below 128, see stream.h */
	ACTOR_SERVER = 16,
	ACTOR_CLIENT,
	ACTOR_SESSION,
	ACTOR_ARRIVALS,
	ACTOR_OPERATIONS,
	ACTOR_FAULT,
	ACTOR_IDEAL, /* a server's table */
	ACTOR_NODE, /* seed of all nodes and steers */
	ACTOR_RPC, /* whom a server asks */
	ACTOR_RPC_BYTES, /* what it says */
};

static inline struct rng
actor_rng(uint64_t seed, enum actor_kind kind, uint32_t index)
{
	struct rng rng;

	rng_init(&rng, seed, stream_of(kind, index));
	return rng;
}

/* A seed for parts that number streams of their own. */
static inline uint64_t
actor_seed(uint64_t seed, enum actor_kind kind)
{
	struct rng rng = actor_rng(seed, kind, 0);

	return rng_next(&rng);
}

#endif
