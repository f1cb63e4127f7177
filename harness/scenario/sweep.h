/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep.h - one scenario, many points
 *
 *	sweep:
 *	  fabric.servers: { doublings: 16..4096 }	first axis: slowest
 *	  dht.k: [8, 20]
 *	  repeat: 5					seeds: fastest
 *
 * Points are numbered from 0 in that order, whatever runs first: the number
 * decides a run's id, so a database does not depend on how many processes
 * made it.
 */
#ifndef HARNESS_SCENARIO_SWEEP_H
#define HARNESS_SCENARIO_SWEEP_H

#include <stdint.h>
#include <stdio.h>

#include "harness/scenario/scenario.h"

/* One point, all zero before its first use; settings.faults is its own, so it
 * is not to be copied. */
struct sweep_point {
	uint32_t index;
	struct settings settings;
	struct fault_settings *faults; /* room for fault_capacity */
	uint32_t fault_capacity;
};

#define SWEEP_LABEL 512

/* Reading; complaints are the reader's. */
void sweep_read(struct scenario *, struct reader *, yaml_node_t *);
void sweep_repeat_read(struct scenario *, struct reader *, yaml_node_t *);
void sweep_add(struct scenario *, struct reader *, const struct key_place *,
	       yaml_node_t *values);
void sweep_remove(struct scenario *, const struct key_place *);
/* Look for contradictions at every point. The number of complaints. */
unsigned sweep_check(const struct scenario *, const char *const *sets,
		     FILE *talk);

/* Where a key's value is from: its axis, --set, a line; nowhere: the default.
 */
struct scenario_origin sweep_origin(const struct scenario *,
				    const struct key_place *);

uint32_t sweep_point_count(const struct scenario *);
/* Again and again in one struct; aborts when out of memory. */
void sweep_point_make(const struct scenario *, uint32_t index,
		      struct sweep_point *);
/* Gives back what it holds. */
void sweep_point_release(struct sweep_point *);
/* "fabric.servers 16, dht.k 8, seed 2"; SWEEP_LABEL bytes. */
void sweep_point_label(const struct scenario *, const struct sweep_point *,
		       char *text);
/* The swept keys and their values as a JSON object, the seed apart; to be
 * freed. NULL: out of memory. */
char *sweep_point_json(const struct scenario *, const struct sweep_point *);

#endif
