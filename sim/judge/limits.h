/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits.h - tables that are bounded, counted from outside
 *
 *	of a node	contacts, each bucket (k), the replacement cache
 *	of a steer	flows, packets and bytes held, first fragments,
 *			prefixes, peers of the tunnel, excluded owners
 *	of all servers	lookups, publications, batches, statements,
 *			endpoints
 *
 * Each is counted entry by entry, not asked how many it has, and must have no
 * more than its limit. Nor may it only grow: what belongs to a server without a
 * daemon is gone with that; a lookup ends at its deadline; a flow goes when no
 * packet of it has come for owner_idle (steer looks at each of its alarms).
 *
 * Whatever is not so breaks OVER_LIMIT.
 */
#ifndef SIM_JUDGE_LIMITS_H
#define SIM_JUDGE_LIMITS_H

#include "sim/judge/judge.h"

struct judge_limits;

struct judge_limits *judge_limits_create(const struct judge_parts *);
void judge_limits_destroy(struct judge_limits *);
/* After each event: what costs nothing to look at. */
void judge_limits_event(struct judge_limits *, struct instant now,
			const struct event *);
/* At all tables; how many entries they have. */
uint32_t judge_limits_look(struct judge_limits *, struct instant now);

#endif
