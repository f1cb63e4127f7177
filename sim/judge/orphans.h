/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.h - is the client of a dead owner told?
 *
 *	owner	-----X (it crashed, and is not back)
 *	client	  |  |  !    !        !		    tries, for nobody answers
 *	server	     |  |----|---- silent_after ----|-- 3 s --| UNTOLD
 *		       1st  2nd, with a try: since
 *
 * A session whose owner lost its power cannot be kept, and whoever its packets
 * come to has to say so: by a RST, once the owner has been silent for
 * service.silent_after (core/steer/life.h), or at once when nobody knows a
 * record of it. Who is not told waits for as long as TCP tries, a quarter of an
 * hour. The time begins when a server has seen its client repeat itself, for
 * only then it asks; it begins anew when the packets come to another server, or
 * to another life of the same, when the server may have forgotten them
 * (service.owner_idle), and while one of these does not hold:
 *
 *	the server	runs, is joined, and not young (node_young()): who has
 *			just come proves nothing by a miss
 *	its client	is reached, and reaches it, by links that lose nothing
 *	the others	are reached, each, and reach it; there is one at least,
 *			or nobody could tell a dead owner from an own dead link
 *	the replicas	of those that were closest to the key, dead ones among
 *			them, half run: else no miss proves anything, as long
 *			as those who are dead are named by others
 *	the lookups	were not refused
 *
 * Where routers say that the owner's address has no way it is told sooner,
 * gone_after and a second after its route was withdrawn; but a router says so
 * once a second to each address (sim/net/icmp_limit.h), so that is no promise
 * to a server with many clients.
 */
#ifndef SIM_JUDGE_ORPHANS_H
#define SIM_JUDGE_ORPHANS_H

#include "sim/judge/judge.h"

struct session;

/* Beyond silent_after, a series of lookups past the dead (miss_deadline) and
 * two lookups more: two questions (life.h). With the defaults 3 s in all. */
#define ORPHANS_NS (3 * NS_PER_S / 2)

/* Of one session; all zero at first. */
struct orphan {
	bool known; /* what follows is */
	uint32_t server, life; /* that its packets come to */
	uint64_t strays; /* of it, at the last look */
	uint32_t tries; /* of its client, at the first stray there */
	struct instant spoke; /* last, there; 0: it has not */
	struct instant since; /* when it is waited for; 0: it is not */
	bool counted; /* as one that is waited for */
	bool sound; /* the ways are, as of `changes` */
	uint64_t changes;
};

/* What there is to see of it. */
struct orphan_facts {
	uint32_t server, life;
	uint64_t strays;
	uint32_t tries;
	bool sound; /* nothing excuses the server */
	int64_t idle_ns; /* after that the server may have forgotten it */
};

/* The rule: since when has the server been waited for? 0: it is not. */
struct instant orphan_look(struct orphan *, struct instant now,
			   const struct orphan_facts *);
/* Of an open session; changes grows with whatever may change a way. True: its
 * client should have been told by now. */
bool orphan_untold(struct orphan *, const struct judge_parts *,
		   struct instant now, const struct session *,
		   uint64_t changes);

#endif
