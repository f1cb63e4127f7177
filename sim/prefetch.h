/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prefetch.h - into the cache: what the next events will touch
 *
 *	popped | 1 2 3 4 5 6 7 8 | ...			time ->
 *	       |   second  first |
 *
 * With thousands of packets on their way, each lies in memory that was last
 * read thousands of events ago, and so does the state of the host or the link
 * that it comes to: a hop is a few dozen instructions and several cache misses
 * in a row. The queue tells which events come soon (queue_prefetch). When one
 * is told its packet is fetched, and the state of the host that it is for; a
 * few events later, when the packet is there, so is its destination, and a
 * leaf's port to that host can be fetched.
 *
 * Nothing here changes anything, or needs to be right: an event may be handled
 * or cancelled between the looks, and its buffer be another packet's.
 */
#ifndef SIM_PREFETCH_H
#define SIM_PREFETCH_H

#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/host/server.h"
#include "sim/net/network.h"

#define PREFETCH_LATER 4 /* events between the two looks; a power of two */

/* Worlds below this fit the second cache, where there is nothing to gain. */
#define PREFETCH_SERVERS 2048

/* All zero at first. */
struct prefetch {
	struct event told[PREFETCH_LATER];
	uint32_t count;
};

/* After each queue_next(). */
void prefetch_turn(struct prefetch *, struct queue *, const struct network *,
		   const struct servers *);

#endif
