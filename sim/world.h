/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h - a whole simulation: network, servers, clients, faults
 *
 *	settings -> world_create() -> world_run() -> watch calls
 *
 * The world owns everything and is the only place that knows all parts: it
 * pops events and hands each to the part whose kind it has. A run has two
 * phases. First the tables are made: computed at once (ideal) or by real
 * joins, one server after the other; then time zero of the scenario, at
 * which the workload, the DHT load and the faults begin. Watch calls carry time
 * since the start of the run. A run that gets nowhere (progress.h) ends there,
 * and says what held it up (census.h).
 *
 * Random streams: every server, client, router and link direction has its
 * own, from (seed, kind, index), so adding one disturbs no other.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/model/judge_facts.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"

struct memory_report;
struct world;

struct world_result {
	uint64_t events;
	uint64_t state_hash;
	struct instant zero; /* when the scenario's time began */
	struct instant end;
	bool stopped; /* progress() said so */
	bool judged; /* the watch hears violations: facts are filled */
	struct judge_facts facts;
	bool stuck; /* progress.h said so; the watch has heard why */
};

/* 0, or -EINVAL with a sentence in error[] when the settings contradict each
 * other (more uplinks than leaves). Settings are copied, what they borrow is
 * not. */
int world_create(struct world **, const struct settings *, const struct watch *,
		 char *error, size_t error_size);
/* Phase one alone, so that a bench can leave it out: tables, and a network
 * that knows its servers. world_run() begins with it unless it is over. */
void world_settle(struct world *);
struct world_result world_run(struct world *);
void world_destroy(struct world *);
/* What its memory is for; before, or after world_run(). */
void world_memory(const struct world *, struct memory_report *);

#endif
