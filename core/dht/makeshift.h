/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * makeshift.h - records that were placed while somebody was silent
 *
 *	closest first:	silent	silent	stored	silent	stored	stored
 *				       '------ stand-ins ------'
 *
 * A placement passes by who is silent, so that a session is found at once
 * (placement.h). But whoever looks for it a second later, when the fabric has
 * healed, asks those who are closest then, and they know nothing. Who is silent
 * for a moment is not dead: a link may be gone whose routes are being repaired,
 * ours among them. So a placement is *makeshift* when one who was silent is
 * closer than one of the replicas that it came to, and it is not the last word:
 *
 *  - Silent, and not known to be dead: the record is placed anew, after
 *    MAKESHIFT_NS, then twice that, and so on, MAKESHIFT_TRIES times. By then
 *    the silent one is tested (liveness.h): it has answered, or it is stale.
 *    A contact that was silent before, and is being tested, counts as well: a
 *    lookup does not begin with suspects, and in a small network no other node
 *    is asked who might name it.
 *  - Stale, and still in our table: it may be dead, or we are cut off from it.
 *    When any stale contact is heard again all makeshift records are placed
 *    anew, in the sweep of keepers.h.
 *  - Placed by one who joined a moment ago (node_young()), whose table may be
 *    poor: it is placed anew in the same way, until two placements agree, and
 *    when we meet one who is closer than a replica.
 *  - Failed: fewer hold it than should, and somebody was silent, or we knew
 *    nobody. It is placed again after a time that grows (publish.h), which may
 *    be long when we are no longer cut off. So it is placed anew in that sweep,
 *    too, and its row of failures begins anew, for those who were silent are
 *    heard one by one. Where all have answered, and have no room, nothing is
 *    gained by whoever is heard.
 *
 * A dead node costs those whose sessions are its neighbours, while it is not
 * known to be dead, one lookup or two a session. Holders do not repair this:
 * a stand-in may be far from the record, and have none of those in mind who
 * should hold it (neighbours.h).
 */
#ifndef CORE_DHT_MAKESHIFT_H
#define CORE_DHT_MAKESHIFT_H

#include "core/dht/node_state.h"

#define MAKESHIFT_NS	(300 * NS_PER_MS)
#define MAKESHIFT_TRIES 6
/* What it costs the sweep to look at one, by those that are not: two walks of
 * the table, 1.3 us. So 100,000 of them take it 130 ms of work in 0.8 s, and
 * none of its steps more than 0.1 ms. */
#define MAKESHIFT_LOOKS 4

/* A lookup has stored at all replicas. Is it makeshift, and when is it to be
 * placed anew? NEVER: not by the time. changed: at others than before. */
struct instant makeshift_placed(struct node *, struct instant now,
				struct publication *, const struct lookup *,
				bool changed);
/* It has not stored at all of them. */
void makeshift_failed(struct node *, struct publication *,
		      const struct lookup *);
/* A stale contact is back: place it anew, if it is makeshift, or failed. True:
 * at once. */
bool makeshift_mend(struct node *, struct instant now, uint32_t slot);

#endif
