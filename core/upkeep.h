/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upkeep.h - what keeps a node's table true
 *
 * Joining ([1], 2.3): look ourselves up, then refresh every bucket farther
 * than our closest neighbour, each by a lookup towards a random place in it.
 * One lookup at a time: a network of n nodes has about log2 n such buckets.
 *
 * Idle buckets: a sweep every refresh_ns refreshes the buckets that have
 * contacts but had no lookup since the sweep before. So a bucket is refreshed
 * after one to two hours instead of after exactly one as in [1], and costs
 * one bit instead of a time.
 *
 * Suspects: a contact that did not answer is pinged, after a failed ping once
 * more after a pause, since the failure may be a route that is being
 * repaired (100 to 250 ms in a fabric with BGP). Stale after CONTACT_STALE
 * failures, it gives way to a spare (table.h).
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_UPKEEP_H
#define CORE_UPKEEP_H

#include "core/node_state.h"

/* Between the pings of one suspect. */
#define UPKEEP_PAUSE_NS (300 * NS_PER_MS)
/* The pool of lookups was full. */
#define UPKEEP_RETRY_NS (10 * NS_PER_MS)
/* Times a joining node looks itself up until a seed answers. */
#define UPKEEP_JOIN_TRIES 4

/* All times unset, nothing to do. */
void upkeep_init(struct node *);
/* The node has a life: sweeps begin. */
void upkeep_begin(struct node *, struct instant now);
void upkeep_join(struct node *, struct instant now, bool alone);
/* A lookup goes that way. */
void upkeep_touched(struct node *, uint64_t target);
/* A lookup of kind REFRESH has ended. */
void upkeep_finished(struct node *, struct instant now, const struct lookup *);
/* A peer did not answer a request. */
void upkeep_failed(struct node *, struct instant now, uint32_t peer,
		   struct outbox *);
/* A peer found its bucket full: test who may have to make room. */
void upkeep_crowded(struct node *, struct instant now, uint32_t peer,
		    struct outbox *);
/* A reply to a ping. */
enum drop upkeep_answer(struct node *, struct instant now, uint32_t peer,
			uint32_t transaction);
struct instant upkeep_deadline(const struct node *);
void upkeep_expire(struct node *, struct instant now, struct outbox *);

#endif
