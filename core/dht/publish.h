/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish.h - a node's own sessions: placed, kept alive, ended
 *
 * set() starts a lookup that stores at the closest (lookup_run.c); its result
 * comes to publish_placed(). Then every republish_ns each replica is sent the
 * record again. All publications due within an eighth of that time go
 * together, sorted by replica, so that one STORE carries many keys. When a
 * replica says "moved", is full or is silent, a fresh lookup for that key
 * follows. remove() sends tombstones to the replicas and forgets the session
 * when each has acknowledged, or has not after BATCH_TRIES.
 *
 * half_open() does as set() when a SYN was answered: the lookup and the round
 * trips of the store run while the client's ACK is on its way. Then set() is a
 * confirmation. It changes what a running lookup will store, if that has not
 * begun to; else the replicas are sent the open record PUBLISH_CONFIRM later,
 * those of all sessions that were confirmed meanwhile in the same datagrams,
 * like a republish and without a lookup. Nothing hangs on that delay: the
 * half-open record leads to its owner, too. What is not confirmed lapses; it is
 * forgotten without a word (publication.h says why). What could not be placed
 * is tried again when its SYN-ACK is sent again: now its client may answer.
 *
 * Times: a batch's timeout as for any query; republish_ns; 1 s, doubled each
 * time up to a tenth of republish_ns, after a placement that did not reach
 * every replica, or until a stale contact is heard (makeshift.h);
 * PUBLISH_CONFIRM; RECORD_HALF_OPEN_MS, and up to LAPSE_TICK more, for a
 * handshake; PUBLISH_RETRY when a pool (lookups, batches) was full;
 * PUBLISH_PACE between loads, so that a server with 100,000 sessions does not
 * send them all at once.
 */
#ifndef CORE_DHT_PUBLISH_H
#define CORE_DHT_PUBLISH_H

#include "core/dht/node_state.h"

#define PUBLISH_RETRY_NS (10 * NS_PER_MS)
#define PUBLISH_PACE_NS	 (1 * NS_PER_MS)
/* Sessions that are confirmed within this time share datagrams (design section
 * 3). */
#define PUBLISH_CONFIRM_NS (200 * NS_PER_MS)
/* A handshake that is published is not published again, when its SYN-ACK is
 * sent again, before half of its time is over. */
#define PUBLISH_AGAIN_NS (RECORD_HALF_OPEN_MS * NS_PER_MS / 2)
/* Handshakes lapse at multiples of this, as a republishing that takes along
 * what is due later stops at the first that has not lapsed. */
#define PUBLISH_LAPSE_TICK_NS (32 * NS_PER_S)

/* node_set_half_open(), node_set() and node_remove(); announce: NODE_REMOVED
 * follows. */
int publish_half_open(struct node *, struct instant now,
		      const struct session_key *, struct version,
		      struct outbox *);
int publish_set(struct node *, struct instant now, const struct session_key *,
		struct version, struct outbox *);
int publish_remove(struct node *, struct instant now,
		   const struct session_key *, bool announce, struct outbox *);
/* The lookup of a publication has ended, well or not. It is not announced when
 * another follows at once, by a higher version. */
void publish_placed(struct node *, struct instant now, struct lookup *);
/* Give back all publications and batches; before lookup_run_forget(). */
void publish_forget(struct node *);
struct instant publish_deadline(const struct node *);
void publish_expire(struct node *, struct instant now, struct outbox *);

#endif
