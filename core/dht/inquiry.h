/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inquiry.h - is a record that its owner has not repeated still true?
 *
 *	age	0	  200 s	      250 s	    500 s	600 s
 *	owner	STORE	  STORE	      -		    -		-
 *	holder	|---- the owner's ----|HOLD ------->|HOLD ----->| its end
 *					'-> STORED: it knows us, and tells us
 *					'-> STALE: the record is dropped
 *
 * A session's end goes to the replicas and copies that its owner knows. It
 * misses a holder that was cut off when it came, one that a full list has
 * forgotten (publication.h), and one that a repair reaches in the same moment.
 * Such a record would live on for up to record_ttl_ns, longer than the
 * tombstones around it, and repair would bring the session back to all of them.
 * It kills nobody, for an owner that is asked for a session which it does not
 * have says not-mine; but each stray of a new session by that key would go
 * astray first.
 *
 * So a holder asks the owner, by the message that tells of a copy which
 * another has sent (HOLD; repair.h): at once when it was sent the record by
 * another, when one to whom it repairs it knows better, or when the owner has
 * said not-mine; and when the owner has not repeated it in time, once and a
 * quarter of republish_ns. While the session lives that makes us known to its
 * owner, if we were not; when it does not, the record goes. No tombstone comes
 * in its place: if the owner was wrong, for it has yet to find a session
 * again, a copy is lost and no more. It does not say so in the first
 * OWNED_SURE_NS of its life (owned.h).
 *
 * Replicas are sent the record every republish_ns and never ask. Copies ask
 * every 250 s, all of one owner in a datagram or two. Owners that have died
 * are asked in vain, and their records end at their time.
 *
 * What we hold is looked through every quarter of republish_ns, by repair.c's
 * scan; a record is asked about when its age has passed another multiple of
 * those 250 s since the last look, so that nothing needs to be remembered.
 */
#ifndef CORE_DHT_INQUIRY_H
#define CORE_DHT_INQUIRY_H

#include "core/dht/node_state.h"

/* Between two looks, however often is republished. */
#define INQUIRY_LEAST_NS NS_PER_S

/* We keep a record, perhaps the first: look through them from here on. */
void inquiry_begin(struct node *, struct instant now);
/* It is time for a look; then for the next one after that. */
bool inquiry_due(struct node *, struct instant now);
/* One that we hold: if its owner is to be asked, it is marked as relayed. */
void inquiry_look(struct node *, struct instant now, struct store_statement *);

#endif
