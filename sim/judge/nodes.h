/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nodes.h - versions, limits, held packets, tables
 *
 *	versions.h	what a replica may give up, and for what
 *	limits.h	how much a table may hold, and for how long
 *	held.h		packets that wait for an answer
 *	tables.h	whom a node knows when all has been quiet
 *
 * Some of it is looked at around each packet or after each event, the rest all
 * at once, now and then: at most every NODES_LOOK_NS, and no sooner than there
 * were so many events that a look costs each of them little.
 */
#ifndef SIM_JUDGE_NODES_H
#define SIM_JUDGE_NODES_H

#include "sim/judge/judge.h"

#define NODES_LOOK_NS (250 * NS_PER_MS)
/* If few events come, all the same after this. */
#define NODES_LOOK_LAST_NS (10 * NS_PER_S)
/* Entries that are looked at for an event. */
#define NODES_LOOK_ENTRIES 16

struct judge_nodes;

struct judge_nodes *judge_nodes_create(const struct judge_parts *);
void judge_nodes_destroy(struct judge_nodes *);
/* As judge.h has them. */
void judge_nodes_zero(struct judge_nodes *, struct instant now);
void judge_nodes_before(struct judge_nodes *, struct instant now,
			uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_nodes_after(struct judge_nodes *, struct instant now);
void judge_nodes_event(struct judge_nodes *, struct instant now,
		       const struct event *);
void judge_nodes_finish(struct judge_nodes *, struct instant now);

#endif
