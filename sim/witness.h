/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.h - can a session's packets reach its owner, and who knows it?
 *
 *	client ---> the server that they come to ---> owner ---> client
 *				|
 *				+--> a server that holds a record of it
 *
 * For causes (model/cause.h), which excuse what no server could have reached.
 * The network is asked for the way of a packet as its routers would send it
 * now, so a way that ends in a loop, at a dead link or at a router that has not
 * heard yet is none. Its parts lose what they lose together. A session is
 * looked at from its client, and the way back to it belongs to it: what a
 * server says into a dead link is not heard either. One that was reset while
 * it strayed is looked at from where that happened. One that no server has
 * established yet belongs to who answered its SYN, or to any.
 *
 * A tunnel has a daemon at each end: while one of them is killed there is no
 * way from server to server, whatever the links are. Nothing of Homeward runs
 * there that could be blamed. Where a tunnel has no room for its client's
 * largest packets, the server that they come to tells the client so, and the
 * way of that error belongs to it, too.
 *
 * Who holds a record the servers' store is asked directly, a server after the
 * other: what no node of the simulated network could know. Where nobody does,
 * its owner may tell, or whom it could store at, if datagrams of their tables
 * come and go: these have ports of their own, so that a tunnel may have a way
 * where they have none, as where servers have links into both halves of a
 * split.
 *
 * Crowded is a session whose client's own link was so full that its last
 * segment has not left the host: clients that all begin in one instant, and go
 * on in step, fill a small queue each time in the same order. A server's link
 * carries Homeward's own datagrams, and is no excuse.
 *
 * Bereft is a session whose record nobody holds, when as many servers as had
 * acknowledged it lost their memory (a crash, a killed daemon; never a leave,
 * which hands over) within the time that a repair takes, which is known from
 * the settings, before the last series of lookups began:
 *
 *	 died	died		       strays, lookups		RST
 *	--+-----+----------------------|- miss_deadline ------|--
 *	|- watch_ns + 1.5 s: known, stored elsewhere -|
 *
 * Who died one after the other, slower than that, is no excuse. Nor was it,
 * with buckets of fewer than four contacts, which hold no tables together, when
 * its owner knows none of those who are closest to its key: it was placed in a
 * half of a split, and nobody could see that this is over.
 */
#ifndef SIM_WITNESS_H
#define SIM_WITNESS_H

#include "sim/model/workload.h"

struct network;
struct servers;
struct transport;

/* All are borrowed. */
struct witness {
	const struct network *network;
	const struct servers *servers;
	const struct transport *transport;
	struct workload_witness verbs; /* for workload_witness() */
};

void witness_init(struct witness *, const struct network *,
		  const struct servers *, const struct transport *);

#endif
