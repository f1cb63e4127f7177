/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * truth.h - what a lookup should have found
 *
 * A simulated world knows what no server in it can: who owns each key. A
 * lookup's row is judged by it when the lookup ends:
 *
 *	time ----set---published------removing--acknowledged--------->
 *	owned	 no    |<--- yes --->|	no
 *	found	 |<------------- right ---------------->|<- removed --
 *
 * owned is yes when the owner had the key published before the lookup began
 * and still has it: then a miss is a failure of the table, and its age tells
 * how long replicas had to leave. An owner that crashed, left or lost its
 * daemon does not own; nobody removed its records either, so that naming it is
 * right. In between (a store or a removal under way) a miss and the owner are
 * both right.
 *
 * Of sessions the workload knows the owner (workload.h); of keys without a
 * session, which servers are told to set, this ledger does.
 */
#ifndef SIM_HOST_TRUTH_H
#define SIM_HOST_TRUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "sim/model/watch.h"

struct truth {
	uint32_t owner; /* server, the last if it has ended; WATCH_NONE: nobody
			   knows */
	struct instant published; /* node_published() there, or NEVER */
	struct instant removed; /* by every replica acknowledged, or NEVER */
};

/* Fill in found, owned, age_ns and ok of a lookup's row, which has begun at
 * row->at and now ends. named: the server that it was told; WATCH_NONE: it
 * missed. */
void truth_judge(const struct truth *, uint32_t named,
		 struct watch_measurement *row);

/* Keys without a session. */
struct truths;

struct truths *truths_create(void); /* aborts when out of memory */
void truths_destroy(struct truths *); /* NULL: nothing */
/* A server set the key: it is its owner. */
void truths_set(struct truths *, const struct session_key *, uint32_t server);
/* Every replica has acknowledged that its owner removed it. */
void truths_removed(struct truths *, const struct session_key *,
		    struct instant at);
/* False: nobody set it. published is NEVER: the owner's node knows. */
bool truths_get(const struct truths *, const struct session_key *,
		struct truth *);

#endif
