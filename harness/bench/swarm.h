/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * swarm.h - the worlds of many nodes that benchmarks are made in
 *
 * Nothing but the hash table: no sessions, no faults. Three replicas. The
 * fabric is that of scenarios/million.yaml: 2 exits, 8 spines, 64 leaves,
 * servers on two of them, links as they are by default.
 */
#ifndef HARNESS_BENCH_SWARM_H
#define HARNESS_BENCH_SWARM_H

#include "harness/bench/bench.h"
#include "sim/model/settings.h"

#define SWARM_NODES_MAX	  1048576
#define SWARM_INTERVAL_NS 20000 /* mean time between two operations */

/* The common options as text, with their defaults. */
struct swarm {
	const char *k, *alpha, *fidelity, *tables;
};

/* All but the nodes' number and k, from the texts. 0, or EXIT_USAGE, said. */
int swarm_settings(const struct verb *, const struct swarm *,
		   struct settings *);
/* Of this process: VmRSS, VmHWM. 0: unknown. */
uint64_t swarm_resident_bytes(void);
uint64_t swarm_peak_bytes(void);

#endif
