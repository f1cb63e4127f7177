/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.h - what a node answers to requests of its peers
 *
 *	PING		pong
 *	FIND_NODE	the k closest contacts that are not suspect, but for
 *			the peer that asks
 *	FIND_VALUE	the records, if one of them is live; else as FIND_NODE
 *	STORE		stored, stale or full, by the store; "moved" when we
 *			know `replicas` contacts closer: stored all the same,
 *			unless it was conditional
 *	REMOVE		a tombstone of the sender, stored likewise
 *
 * The owner of a session answers for it even if it is no replica: it knows.
 *
 * Until a peer has answered a request of ours its address may be forged, so
 * a reply is at most three times the request (message.h, RFC 9000 8.1); what
 * does not fit is left out or marked unanswered.
 */
#ifndef CORE_DHT_REPLY_H
#define CORE_DHT_REPLY_H

#include "core/dht/node_state.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/wire/message.h"

/* Answer one request: reader was opened on a datagram of size bytes that came
 * from `from`; peer is its index (ENDPOINT_NONE: the table is full). */
enum drop reply_send(struct node *, struct instant now,
		     const struct endpoint *from, uint32_t peer,
		     struct message_reader *, size_t size, struct outbox *);

#endif
