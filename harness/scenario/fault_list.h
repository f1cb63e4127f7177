/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_list.h - reading of a scenario's `events`
 *
 *	events:
 *	  - { at_s: 2, kind: drain, target: [server1, server3*], for_s: 1 }
 *
 * Up to SCENARIO_FAULTS of them. Where each key, and each name of a list of
 * targets, stood in the file is kept, so that a contradiction that is found
 * later points to it.
 */
#ifndef HARNESS_SCENARIO_FAULT_LIST_H
#define HARNESS_SCENARIO_FAULT_LIST_H

#include "harness/scenario/scenario.h"

/* Complaints are the reader's. */
void fault_list_read(struct scenario *, struct reader *, yaml_node_t *);
/* One key of one event, by that --set (from 1). */
void fault_list_set(struct scenario *, struct reader *,
		    const struct key_place *, yaml_node_t *, uint32_t option);
/* Where the key was written last, or else the event. */
struct scenario_origin fault_list_origin(const struct scenario *,
					 const struct key_place *);
/* Where that name stands in the event's list of targets (event from 1). */
struct reader_mark fault_list_mark(const struct scenario *, uint32_t event,
				   const char *name,
				   struct reader_mark otherwise);
void fault_list_release(struct scenario *);

#endif
