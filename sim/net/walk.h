/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk.h - the way of a packet over several links, found at one instant
 *
 *	packet fidelity   host --*-- leaf --*-- spine --*-- leaf --*-- host
 *	path fidelity     host ------------------------------------*-- host
 *				* an event
 *
 * In `path` fidelity (fabric.fidelity) a packet that is sent is walked to its
 * end at once: the same routes, the same hash at every router, the same links
 * in the same state as hop by hop, so the same way. It arrives after the sum
 * over its links of propagation and serialisation (store and forward), to the
 * nanosecond what an idle network takes in `packet` fidelity, by one event.
 *
 * A walk is only for what is plain: a router that has a route, over a link
 * that is up and wide enough, for a packet that may live on. Where anything
 * else comes, the walk ends at that router and the packet arrives there, an
 * event; it is then treated as in packet fidelity (ICMP errors, fragments,
 * dead and silent links), and what goes on from there is the next walk. So
 * nothing that a router can do is written twice. A walk also ends after
 * WALK_LINKS_MAX links, which is the longest way that a whole fabric has (from
 * pod to pod by an exit); only detours around failures are longer, and loops.
 *
 * Impairments of the links (loss, duplication, reordering) are drawn on the
 * walk, from the streams of the links. A duplicate is made at the router behind
 * its link: there the walk ends, and the two go on apart.
 *
 * What differs from packet fidelity:
 *  - There are no queues. Packets do not wait for each other, not even for
 *    their own sender's last one: contention is left out, a smaller packet may
 *    overtake a larger one, and a TCP sender is limited by its window only.
 *  - Routes and the links' settings are those of the instant of sending. A
 *    change that comes while the packet is on its way (tens of microseconds
 *    inside) turns it no more.
 *  - Links' states are not: a packet is lost if a link on its way is down or
 *    silent when it gets there, or changes while it is there. The event
 *    remembers the network's epoch (the number of changes so far), so that on
 *    arrival one comparison says that nothing happened; if something did, the
 *    trail is checked against the list of changes (walk_lost()).
 *  - Captures show packets at hosts, and at routers where walks end.
 */
#ifndef SIM_NET_WALK_H
#define SIM_NET_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/net/link.h"

struct network;

#define WALK_LINKS_MAX 6

/* Kept beside the packet (a buffer's note) until it arrives. */
struct walk {
	uint32_t ports[WALK_LINKS_MAX]; /* global, by which it goes out */
	uint32_t count; /* of ports, each of another link */
	uint32_t end; /* global port by which it comes in at the last device */
};

/* What routers look at. */
struct walk_load {
	uint64_t digest;
	uint32_t target;
	uint32_t size; /* bytes; 0: fits everywhere */
	uint32_t ttl; /* when it leaves the first port */
	bool sent; /* not only asked for */
};

/* A packet for the target will leave the device: ask for what both have in
 * tables that are too large for a cache, all at once. */
void walk_prefetch(const struct network *, uint32_t device, uint32_t target);
/* From a global port on, whose own link is not looked at: count >= 1. Changes
 * nothing. */
void walk_trace(const struct network *, struct walk *, uint32_t port,
		const struct walk_load *);
/* Send it that way now. A loss or a duplicate makes the walk shorter; it ends
 * with the link on which that happened. */
struct link_transit walk_cross(struct network *, struct walk *, uint32_t size);
/* At the arrival, now: was it lost by changes that came after the epoch in
 * which it was sent? */
bool walk_lost(const struct network *, const struct walk *, uint32_t size,
	       uint32_t epoch);

#endif
