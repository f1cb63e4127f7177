/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_actions.h - what the script of faults does to a simulated world
 *
 * Each action changes the model at once. A path is asked of the network as it
 * routes now; after a mended link the slowest router has its routes back when
 * restore, four hops and 100 ms have passed.
 */
#ifndef SIM_FAULT_ACTIONS_H
#define SIM_FAULT_ACTIONS_H

#include "core/rng.h"
#include "sim/host/attacker.h"
#include "sim/host/server.h"
#include "sim/model/fault.h"
#include "sim/net/network.h"

/* The context of the actions: what they change. Everything is borrowed; the
 * world fills it, and keeps it as long as the script. */
struct fault_parts {
	const struct settings *settings;
	struct network *network;
	struct servers *servers;
	struct attackers *attackers;
	const struct workload *workload;
	struct faults *faults; /* the script: paths are answered to it */
	struct rng rng; /* the script's, too: one stream for both */
};

extern const struct fault_actions fault_parts_actions;

#endif
