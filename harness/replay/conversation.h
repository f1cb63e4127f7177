/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conversation.h - the TCP sessions of a capture, and which side serves
 *
 * A capture has packets; a replay needs to know, before the first of them is
 * sent, which sessions there are and which side of each is the service. In
 * this order:
 *
 *	SYN without ACK		its sender is the client
 *	SYN and ACK		its sender is the server
 *	neither in the file	the lower port is the service; if equal, the
 *				side that did not speak first
 *
 * A SYN in a known session is that session's own, again, when its sequence
 * number is the one the session began with (its own SYN's, or what the
 * server's SYN and ACK acknowledges). Any other begins a new session on the
 * same key, and so does every SYN after both ends have said FIN or one said
 * RST: ports are reused. A session whose SYN is not in the file has `syn`
 * false: no server of ours can have opened it, so it strays from its first
 * packet.
 *
 * Two kinds of packets have no ports and belong to a session all the same:
 * later fragments, if the first is among the last CONVERSATION_FRAGMENTS, and
 * ICMP errors to the service that quote what it sent.
 *
 * States are those a server's socket goes through, seen from outside: from
 * its SYN the kernel has a (request) socket; from the client's next ACK the
 * session is established; both FINs end it, and the socket lingers for
 * TIME_WAIT; a RST ends it at once.
 */
#ifndef HARNESS_REPLAY_CONVERSATION_H
#define HARNESS_REPLAY_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/session.h"
#include "core/steer/steer.h"
#include "core/wire/packet.h"

#define CONVERSATION_NONE      UINT32_MAX
#define CONVERSATION_UNOWNED   UINT32_MAX /* owner: no server opened it */
#define CONVERSATION_FRAGMENTS 256

struct conversation {
	struct session_key key; /* client to service */
	bool syn; /* its SYN is in the capture */
	/* Its client is, by address and port, a service of another session:
	 * routers could not tell which is meant. Not replayed. */
	bool ambiguous;
	uint32_t packets; /* records, both directions */
	uint32_t to_server; /* of them client to service */
	int64_t first_ns, last_ns; /* as given to conversations_file() */
	/* While it is replayed; all zero and unowned before: */
	bool begun; /* its first packet was sent */
	uint32_t owner; /* server index */
	bool socket; /* the owner's kernel has it */
	bool established;
	bool fin_client, fin_server;
};

/* What a packet of the capture is. */
struct conversation_part {
	uint32_t conversation;
	bool to_server;
};

struct conversations;

struct conversations *
conversations_create(void); /* aborts when out of memory */
void conversations_destroy(struct conversations *);

/* File one packet (packet: of bytes, from packet_parse()), in the order of
 * the capture. DROP_NONE, or why it is of no session: DROP_PROTOCOL,
 * DROP_FRAGMENT (its first was not seen), DROP_ICMP_QUOTE (no session of
 * ours), DROP_NOT_SERVICE (an ICMP error to a client). */
enum drop conversations_file(struct conversations *, const uint8_t *bytes,
			     const struct packet *packet, int64_t at_ns,
			     struct conversation_part *part);
uint32_t conversations_count(const struct conversations *);
/* Valid until the next conversations_file(). */
struct conversation *conversations_get(struct conversations *, uint32_t index);

/* When all are filed: the services, each once, in a fixed order; port 0 (every
 * port) for an address that is no session's client, for shortness. Marks the
 * ambiguous. The caller frees it. */
struct steer_service *conversations_services(struct conversations *,
					     uint32_t *count);
/* The conversation that a server has a socket for under this key, or
 * CONVERSATION_NONE: the exact socket lookup of a replayed server. */
uint32_t conversations_socket(const struct conversations *, uint32_t server,
			      const struct session_key *);
/* The newest under this key that has begun, or CONVERSATION_NONE. */
uint32_t conversations_begun(const struct conversations *,
			     const struct session_key *);

#endif
