/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * filling.h - one bucket filled with contacts from all over its range
 *
 *	our bucket b		|-- x --- x -------- x --- x ---- x --|
 *	a contact of a nearer	|------ its bucket towards there -----|
 *	bucket asks		    ^ a random place, each time another
 *
 * Where we leave [1]: it refreshes a bucket by a lookup of one random place in
 * it. That fills the bucket with neighbours of that place, and a lookup of a
 * place elsewhere in its range gains no more from k contacts than from a few:
 * with 1,000 to 4,096 joined nodes lookups took 20 to 28 % more rounds than
 * with random contacts. A bucket fill asks a few contacts of nearer buckets,
 * whose bucket towards there covers the same range as ours, then those they
 * name, each for another random place of the range (lookup.h). It costs as
 * many queries.
 *
 * Here is where such a lookup begins, what it asks for and which it takes;
 * lookup_run.c runs it, refresh.c says which bucket and when.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002, section 2.3.
 */
#ifndef CORE_DHT_FILLING_H
#define CORE_DHT_FILLING_H

#include "core/dht/node_state.h"

/* A random place in bucket b < 64. */
uint64_t filling_place(struct node *, unsigned b);
/* A random place in the bucket that target (not our own position) is in. */
uint64_t filling_place_near(struct node *, uint64_t target);
/* The first candidates of a lookup that fills the bucket of its target: alpha
 * at most of nearer buckets, then the contacts of the bucket itself. */
void filling_begin(struct node *, struct lookup *);
/* Is position in the same bucket as target? */
bool filling_wants(const struct node *, uint64_t target, uint64_t position);

#endif
