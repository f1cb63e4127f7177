/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * seeds.h - joined servers, drawn at random
 *
 * Each draw is uniform among those that are joined, are not the one that
 * draws, and have not been drawn before it: so no server joins through itself,
 * and three seeds are three servers. Where there are fewer, those are all; none
 * for the first server of a cluster.
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
