/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refresh.h - join a network, then refresh the buckets that no lookup visits
 *
 *	join() --> look ourselves up --> buckets to refresh, one at a time
 *			^	|	     ^		  |
 *	    no answer,	'-------'	     |	       join_ended (join.h)
 *	    4 times			   sweep, once in refresh_ns, and
 *					   ourselves again
 *
 * Joining: look ourselves up ([1], 2.3), which finds the near buckets whole.
 * Then each bucket that may be larger than what we found is filled (filling.h),
 * the near before the far, one at a time.
 *
 * Idle buckets: a sweep every refresh_ns refreshes the buckets that have
 * contacts but had no lookup since the sweep before. So a bucket is refreshed
 * after one to two hours instead of after exactly one as in [1], and costs
 * one bit instead of a time. Two kinds of bucket are not idle but lack
 * something, and each sweep refreshes them. With a stale contact: lookups pass
 * it by, and only a refresh asks it whether it is back. With room: lookups name
 * those near their targets, and only a refresh asks all over the range for who
 * is not in it yet; those are the near buckets, about log2 k of them, and a few
 * at the edge. Who was cut off and has come back, or was missed by a datagram
 * that was lost, is thereby known within one refresh_ns, and not in two. A
 * neighbour whose bucket is empty is in neither kind: so each sweep looks
 * ourselves up first, and the answers name those closest to us, whatever
 * buckets they are in.
 *
 * One lookup of ours runs at a time. When the pool of lookups is full, the
 * next try follows after REFRESH_RETRY_NS.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_REFRESH_H
#define CORE_DHT_REFRESH_H

#include "core/dht/node_state.h"

/* The pool of lookups was full. */
#define REFRESH_RETRY_NS (10 * NS_PER_MS)
/* Times a joining node looks itself up until a seed answers. */
#define REFRESH_JOIN_TRIES 4

/* All times unset, nothing to do. */
void refresh_init(struct node *);
/* The node's first datagram, seed or contact: sweeps begin. Later calls change
 * nothing. */
void refresh_begin(struct node *, struct instant now);
/* Look ourselves up, then fill buckets; alone: we know of no other node, so
 * there is nothing to look up. */
void refresh_join(struct node *, struct instant now, bool alone);
/* A lookup of kind JOIN or FILL has ended; before lookup_run_close(). */
void refresh_finished(struct node *, struct instant now, const struct lookup *);
/* When the next sweep or lookup is due; NEVER. */
struct instant refresh_deadline(const struct node *);
void refresh_expire(struct node *, struct instant now, struct outbox *);

#endif
