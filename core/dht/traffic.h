/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * traffic.h - datagrams of the table, and their bytes, by what they were for
 *
 *	find		a lookup of a session's owner: FIND_VALUE
 *	store		the first placement of a session: FIND_NODE, STORE
 *	confirm		a session whose handshake is over: STORE
 *	republish	a session kept alive or placed again: STORE, and
 *			FIND_NODE where a replica was lost
 *	remove		the end of a session: REMOVE
 *	refresh		idle buckets filled: FIND_NODE
 *	join		looking ourselves up and filling buckets: FIND_NODE
 *	ping		suspects tested: PING, and those near to them made to:
 *			FIND_NODE
 *	reply		to any request
 *	not_mine	an owner has no such session: NOT_MINE; or has a socket
 *			of its key, and doubts: DOUBT
 *	leave		LEAVE
 *	repair		records held for others, stored where one was lost:
 *			STORE; and their owners told: HOLD
 *
 * Counted where a datagram is put into the outbox, once a datagram, also when
 * it is sent again; only its sender knows what it is for, so there is no such
 * count of what is received. Bytes are UDP payload as sealed: the message and
 * MESSAGE_SEAL_BYTES, without the headers of UDP, IP and link.
 *
 * The caller's, and shared by nodes like the tables of struct node_parts: a
 * daemon has one, a simulated world has one for all its nodes, which so
 * outlives their crashes and costs a million nodes nothing.
 */
#ifndef CORE_DHT_TRAFFIC_H
#define CORE_DHT_TRAFFIC_H

#include <stdint.h>

/* X(constant, name); names are in databases and Prometheus labels. */
#define TRAFFIC_LIST(X)                                                        \
	X(TRAFFIC_FIND, "find")                                                \
	X(TRAFFIC_STORE, "store")                                              \
	X(TRAFFIC_REPUBLISH, "republish")                                      \
	X(TRAFFIC_REMOVE, "remove")                                            \
	X(TRAFFIC_REFRESH, "refresh")                                          \
	X(TRAFFIC_JOIN, "join")                                                \
	X(TRAFFIC_PING, "ping")                                                \
	X(TRAFFIC_REPLY, "reply")                                              \
	X(TRAFFIC_NOT_MINE, "not_mine")                                        \
	X(TRAFFIC_LEAVE, "leave")                                              \
	X(TRAFFIC_CONFIRM, "confirm")                                          \
	X(TRAFFIC_REPAIR, "repair")

enum traffic_purpose {
#define TRAFFIC_PURPOSE(constant, name) constant,
	TRAFFIC_LIST(TRAFFIC_PURPOSE)
#undef TRAFFIC_PURPOSE
	TRAFFIC_PURPOSES
};

struct traffic_sum {
	uint64_t datagrams, bytes;
};

/* All zero at the start. */
struct traffic {
	struct traffic_sum sent[TRAFFIC_PURPOSES];
};

const char *traffic_name(enum traffic_purpose);
/* A message of so many bytes, unsealed. NULL: nobody counts. */
void traffic_sent(struct traffic *, enum traffic_purpose,
		  uint32_t message_bytes);

#endif
