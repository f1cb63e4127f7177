/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upkeep.h - what keeps a node's table true
 *
 * Joining: look ourselves up ([1], 2.3), which finds the near buckets whole.
 * Then each bucket that may be larger than what we found is surveyed, the near
 * before the far, one at a time.
 *
 * Where we leave [1]: it refreshes a bucket by a lookup of one random place in
 * it. That fills the bucket with neighbours of that place, and whoever looks
 * for something elsewhere in its range gains no more from k contacts than
 * from a few: with 1,000 to 4,096 joined nodes lookups took 20 to 28 % more
 * rounds than with random contacts. A survey asks a few contacts of nearer
 * buckets, whose bucket towards there covers the same range as ours, then
 * those they name, each for another random place of the range (lookup.h).
 * It costs as many queries.
 *
 * Idle buckets: a sweep every refresh_ns refreshes the buckets that have
 * contacts but had no lookup since the sweep before. So a bucket is refreshed
 * after one to two hours instead of after exactly one as in [1], and costs
 * one bit instead of a time.
 *
 * Suspects: a contact that did not answer is pinged, and after a failed ping
 * once more after a pause, since the failure may be a route that is being
 * repaired (100 to 250 ms in a fabric with BGP). After that it is stale and
 * gives way to a spare (table.h).
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_UPKEEP_H
#define CORE_DHT_UPKEEP_H

#include "core/dht/node_state.h"

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
/* The first candidates of a survey of the bucket that its target is in. */
void upkeep_survey(struct node *, struct lookup *);
/* Another random place in the bucket that target is in. */
uint64_t upkeep_place(struct node *, uint64_t target);
/* Is position in the same bucket as target? */
bool upkeep_belongs(const struct node *, uint64_t target, uint64_t position);
/* A lookup goes that way. */
void upkeep_touched(struct node *, uint64_t target);
/* A lookup of kind WALK or SURVEY has ended. */
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
