/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join.h - whether we are in the table of the others, and trying until we are
 *
 *	join_begin() --> joining --> a peer answered: in ---> all contacts left,
 *			    ^		|		    or are stale
 *			    |		'-- none did: out	    |
 *			    |			|		    |
 *		the caller's seeds <--- JOIN_AGAIN <-- 1 s ---------'
 *
 * A join has succeeded when a peer, not we ourselves, has answered it and the
 * table is not empty at its end. The contacts that a caller named as seeds
 * prove nothing. Who has no seed is the first of a network: in at once, and
 * found by those who come later, since they know it as a seed.
 *
 * Else, and whenever all contacts have left, node_event() says
 * NODE_JOIN_AGAIN after JOIN_RETRY_NS, and once more each time that passes
 * until the caller calls node_join(), with the seeds that there are then:
 * those of a configuration, or of a simulated network. Who has none stays in.
 * A fixed time, not one that grows: a server that starts before its routes do
 * is in a second after them, and four datagrams a seed and second cost
 * nothing.
 *
 * A join that got through while routes were coming back may have been heard by
 * a few peers only, and its table would be as poor until the next sweep: in a
 * fabric whose routes spread at different times 8 contacts instead of 35. So a
 * join in which more than a third of the peers that it asked were silent is
 * repeated in the same way, at most JOIN_REPEATS times; we are in meanwhile.
 *
 * And the first join of a life that gets through is repeated once, whoever
 * answered. Where all daemons start at one time, after a power cut, each is
 * told of those that its seeds know by then, which are few, and tables are
 * islands until the next sweep: of 48 servers with k = 4 sessions were reset
 * 3 s later by who did not know those that held their records. A second later
 * all tables have something in them. It costs a join more a life.
 *
 * Who is cut off keeps its contacts, all of them stale (table.h), and they may
 * have left meanwhile, or died. So when the last has gone stale the seeds are
 * asked again, too, until one answers. Whose only peer is dead for good does so
 * for good: it cannot know. All that time it is young (node_young()), and its
 * misses prove nothing; but for the sessions of who is dead (steer/vigil.h).
 *
 * What joining does is refresh.h's; here is when, and whether it worked.
 */
#ifndef CORE_DHT_JOIN_H
#define CORE_DHT_JOIN_H

#include "core/dht/node_state.h"

/* From a join that failed, or the loss of all contacts, to the next. */
#define JOIN_RETRY_NS NS_PER_S
/* Of joins that got through to few, in a row. */
#define JOIN_REPEATS 8

/* Out, and nothing under way. */
void join_init(struct node *);
/* Begin, or begin anew. Who is in stays so meanwhile. */
void join_begin(struct node *, struct instant now, bool alone);
/* Our caller filled the table as if we had joined. */
void join_learned(struct node *);
/* We leave: out, and no join is tried again. */
void join_end(struct node *);
/* After anything that may have ended a join or changed the table. */
void join_settle(struct node *, struct instant now);
/* When JOIN_AGAIN is due; NEVER. */
struct instant join_deadline(const struct node *);
void join_expire(struct node *, struct instant now);

#endif
