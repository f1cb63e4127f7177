/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * neighbours.h - the peers that hold records together with us
 *
 *	bucket	  far |  0 |  1 |  2 |  3 |  4 |  5 |  6 | near | we
 *	contacts      | 20 | 17 |  9 |  2 |  4 |  0 |  1 |	|
 *	with r = 3:			|-- who may share a key with us --|
 *
 * A record is held by the r closest to its key (r: settings' replicas). Let a
 * key be in our bucket b. When that has r members or more, they hold it and we
 * do not; with fewer, all of them do, and those of the nearer buckets that are
 * closest to the key. And for the keys near to us, a bucket has members
 * to spare only where the nearer buckets and we ourselves are fewer than r. So
 * whoever shares a key with us is in a bucket with fewer than r contacts, or in
 * one with fewer than r of us before it. Those and, since a newcomer makes one
 * more, those with exactly r are neighbours: 10 to 15 peers for r = 3, however
 * many nodes there are. Near buckets are complete (join.h), so the rule is
 * exact as far as our table is right. ([1] keeps no such set; "the 2r closest"
 * would do for most keys, but beside a bucket with a single member, which is no
 * rarity, that one is farther than all of them.)
 *
 * Neighbours are looked at every NEIGHBOURS_LOOK_NS and whenever a request
 * shows a change. Who is there now and was not, came; who was and is now
 * stale, or left the table, went. That is compared, not told by those who
 * change the table, so that no way to change it is forgotten. repair.h says
 * what follows from it.
 *
 * Each has its turn every watch_ns, in which it is pinged unless it was heard
 * (hearing.h), so that each of us knows of a death after 7.5 s and half a
 * second of tests at most. Who is stale is pinged too, and is so met again
 * when a split of the network heals.
 *
 * Who pings it first knows it for all: when a neighbour does not answer a
 * ping, we look up its place (FIND_NODE), as if to store there. That asks
 * those who are close to it, who watch it, too; and who is asked for the very
 * place of a neighbour, by another than that one, pings it at once and asks
 * nobody. Their turns differ, so the first ping comes soon; without that,
 * deaths were known after 3.4 s on average, and with it after 1.7 s
 * (neighbours_test.c). A lost ping costs a lookup and the others' pings. A
 * neighbour is sought once until it has answered. (SWIM [2] tells who is dead;
 * here each finds out for itself, so that no liar kills anybody, and no
 * message is needed that other versions do not know.)
 *
 * Only a node that holds records does any of this: one that holds none has
 * nothing to repair, and a million idle nodes send no pings.
 * An owner that holds its own record begins at once: who is met afterwards, as
 * by one that published before it joined, came.
 *
 * Full: NODE_NEIGHBOURS, the near before the far. Those beyond are known by
 * what lookups ask; the last net, republishing, is their owners'.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 * [2] Das, Gupta, Motivala: SWIM. DSN 2002.
 */
#ifndef CORE_DHT_NEIGHBOURS_H
#define CORE_DHT_NEIGHBOURS_H

#include "core/dht/node_state.h"

#define NEIGHBOURS_LOOK_NS (500 * NS_PER_MS)

/* None is watched. */
void neighbours_init(struct node *);
/* We may hold a record now: watch from here on. */
void neighbours_begin(struct node *, struct instant now);
/* A FIND_NODE for this position. */
void neighbours_asked(struct node *, struct instant now, uint32_t from,
		      uint64_t position, struct outbox *);
/* The table has changed, perhaps: look at the next expire(). */
void neighbours_changed(struct node *, struct instant now);
/* The peer has lost its memory. */
void neighbours_booted(struct node *, struct instant now, uint32_t peer);
/* When to look, or to ping; NEVER. */
struct instant neighbours_deadline(const struct node *);
void neighbours_expire(struct node *, struct instant now, struct outbox *);

#endif
