/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owned.h - the record of a session that this node owns
 *
 *	publication --> on the wire	a STORE to a replica
 *		   '--> in our store	when we are a replica ourselves
 *		   '--> in an answer	an owner knows, replica or not
 *
 * The same record in three places: its version, our endpoint as the owner,
 * whether its handshake is over, and its time to live, anew each time: the
 * settings', or RECORD_HALF_OPEN_MS if that is less and it is half-open. When
 * sessions are published and to which replicas is publish.c's; here is only
 * the record, so that lookups and replies can send it too.
 */
#ifndef CORE_DHT_OWNED_H
#define CORE_DHT_OWNED_H

#include "core/dht/node_state.h"

/* A daemon that starts lists its sockets at once; what fails is tried again,
 * and what is half closed may stay for a minute (net.ipv4.tcp_fin_timeout). */
#define OWNED_SURE_NS (64 * NS_PER_S)

/* Who has an older version is told ours, at most so often a session: each time
 * all who hold it are. */
#define OWNED_TELL_NS (200 * NS_PER_MS)

/* Our publication of a key that has not ended, or NULL. */
const struct publication *owned_find(const struct node *,
				     const struct session_key *);
/* How long a record lives at a replica, ours or another's. */
uint32_t owned_ttl_ms(const struct node *, bool half_open);
/* What this node knows about a key: its store's records and its own, best
 * first, as store_get(); how many. Without tombstones if it is ours. */
uint32_t owned_known(struct node *, struct instant now,
		     const struct session_key *,
		     struct record records[RECORDS_PER_KEY]);
/* A peer holds a copy of our record, of that version, sent by another: STORED,
 * it will hear of the session's end, and of a newer version soon; STALE, the
 * session is not ours, and the copy false; UNANSWERED, we joined lately, and
 * may not have found the session yet. */
enum item_status owned_copied(struct node *, struct instant now,
			      const struct session_key *, struct version,
			      uint32_t peer);
/* Append our record to a STORE; false: the datagram is full. */
bool owned_put(struct node *, struct message_writer *,
	       const struct session_key *, struct version, bool half_open);
/* Keep our record as a replica; false: our store is full. */
bool owned_hold(struct node *, struct instant now, const struct session_key *,
		struct version, bool half_open);
/* Keep a tombstone instead. A full store keeps none: our record dies at its
 * time to live. */
void owned_end(struct node *, struct instant now, const struct session_key *,
	       struct version);

#endif
