/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * liveness.h - which contacts still answer
 *
 *	a request unanswered --> suspect --> ping --> answered: sound again
 *						'--> overdue: a failure
 *			   .-- pause (300 ms) <------'  |
 *			   '--> ping, as before		'--> stale: given up
 *
 * A contact that did not answer a request is pinged, and after a failed ping
 * once more after a pause, since the failure may be a route that is being
 * repaired (100 to 250 ms in a fabric with BGP). That last ping waits as long
 * as for a stranger: the contact may answer and only be farther than it was, by
 * a longer route or a queue. After that it is stale and gives way to a
 * replacement (table.h). NODE_PINGS are tested at a time; a suspect beyond that
 * is tested when a test ends without an answer, or when it fails to answer
 * another request. (Where half of 1,000 servers die and nobody looks anything
 * up, half of the records that lost a replica had all of them again after
 * 1.6 s, and with four at a time after 3.1 s.)
 *
 * A stale contact stays until a replacement is there, but is not pinged again:
 * it proves itself by an answer to a lookup, or by a request of its own. Those
 * that share records with us are the exception: each that was not heard is
 * pinged every few seconds, sound or stale (neighbours.h).
 */
#ifndef CORE_DHT_LIVENESS_H
#define CORE_DHT_LIVENESS_H

#include "core/dht/node_state.h"

/* Between the pings of one suspect. */
#define LIVENESS_PAUSE_NS (300 * NS_PER_MS)

/* It was not answered, and the next has not been sent. */
static inline bool
liveness_paused(const struct ping *ping)
{
	return ping->wait == 0;
}

/* Nothing is tested. */
void liveness_init(struct node *);
/* A peer did not answer a request. */
void liveness_failed(struct node *, struct instant now, uint32_t peer,
		     struct outbox *);
/* A peer found its bucket full: test the suspect that may have to make room. */
void liveness_crowded(struct node *, struct instant now, uint32_t peer,
		      struct outbox *);
/* node_ping(): a ping that is none of a test. */
void liveness_ask(struct node *, const struct endpoint *peer, struct outbox *);
/* A neighbour was not heard for long: is it there? False: all places are taken,
 * or it is being tested. */
bool liveness_probe(struct node *, struct instant now, uint32_t peer,
		    struct outbox *);
/* A reply to a ping; DROP_UNASKED if no such ping is out. */
enum drop liveness_answer(struct node *, struct instant now, uint32_t peer,
			  uint32_t transaction);
/* When the next ping is overdue or a pause is over; NEVER. */
struct instant liveness_deadline(const struct node *);
void liveness_expire(struct node *, struct instant now, struct outbox *);

#endif
