/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seeds.h - servers to join through, drawn at random
 *
 * Each draw is uniform among those that are joined, are not the one that
 * draws, and have not been drawn before it: so no server joins through itself,
 * and three seeds are three servers. Where there are fewer, those are all.
 *
 * Where nobody is joined, those whose daemons run and try to join are drawn
 * from, as the peers of a configuration are asked whether they are in or not:
 * else of daemons that all start at one time each would be the first of a
 * cluster of its own. None for the first server, and no fallback for nobody.
 */
#ifndef SIM_HOST_SEEDS_H
#define SIM_HOST_SEEDS_H

#include <stdint.h>

#include "core/rng.h"
#include "sim/host/server_agent.h"

/* except: WATCH_NONE for nobody. How many were written. */
uint32_t seeds_draw(const struct server_agents *, struct rng *, uint32_t except,
		    uint32_t *seeds, uint32_t most);

#endif
