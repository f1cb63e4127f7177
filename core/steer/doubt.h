/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doubt.h - packets that an open socket got, and perhaps not rightly
 *
 * A client's port comes round while a server still has the open socket of its
 * last session, whose end went astray. The new session is another server's; its
 * packets, when they stray, come to a socket of their very key. The numbers
 * tell (wire/ownership.h), but not for certain, so the packet is the socket's
 * all the same, and its clone comes here:
 *
 *	clone --> look up, without ourselves --> a record of a session newer
 *			   |			  than the socket's: to its
 *			   | none		  owner, from now on
 *			   v
 *			nothing, for negative_ns
 *
 * It is a flow like a stray's (flow.h, marked `doubt`), found by its key, held,
 * forwarded and forgotten by the same code. What differs, since a copy is at a
 * socket here and nothing is lost by dropping the clone:
 *
 *  - it is never reset, and a miss is not tried again;
 *  - a record that is no newer than the socket's is no news, and a half-open
 *    one counts where no open one does. Anybody can send a SYN; but whoever
 *    answered it takes nothing but what acknowledges its own number, and the
 *    socket here has got the packet. (Without it a client whose port came round
 *    while its last server waited for a last ACK could not finish a handshake
 *    elsewhere: the old socket answered each of its packets.)
 *  - lookups have a bucket of their own, DOUBTS_PER_S; their misses are not
 *    charged to the client's prefix, which may have strays of its own. Who asks
 *    past an owner that lives (vigil.h) has the same doubt, and takes from it;
 *  - the socket's own packets, which go by without a word, do not end it; a
 *    session that opens here does, and a SYN.
 *
 * When the socket has gone, the next packet of the key is a stray: it takes the
 * flow's owner over, if there is one.
 *
 * A packet that another server has forwarded here may be a doubt as well: that
 * server still takes us for the owner, since it has known the last session of
 * the port, or has heard of no other. What came out of a tunnel goes into none,
 * so no clone leaves from here; we tell that server instead:
 *
 *	forwarder		owner of old	     owner of new
 *	   |---- packet ---------> socket: a doubt
 *	   |<--- DOUBT, version ------|
 *	   | look up, past that owner: a newer record
 *	   |---- packet ------------------------------> socket
 *
 * What was held goes there at once, the rest from now on, and nothing more to
 * who doubts, so that he who is dead at last is mourned. A handshake that is
 * newer gets copies of what the client repeats, and no more: anybody can begin
 * one. Without a newer record all stays as it is, for a doubt is no proof: a
 * session whose packets have odd numbers, or to which somebody has sent one, is
 * not reset, nor moved. One lookup a flow and negative_ns, out of the same
 * bucket as the clones'; and as many DOUBTs a second are said as there may be
 * lookups. A server of an older version does not understand them, and goes on
 * as it did.
 */
#ifndef CORE_STEER_DOUBT_H
#define CORE_STEER_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/steer/stray.h"
#include "core/steer/verdict.h"

struct flow;

/* New ones a second, and at once: as many lookups; and DOUBTs said. */
#define DOUBTS_PER_S 200
/* Clones that wait for the answer; the client sends the others again. */
#define DOUBT_HELD 8

/* As steer_doubt(); the result is final but not yet counted. */
struct steer_result doubt_packet(struct strays *, struct instant now,
				 const struct classification *,
				 const uint8_t *bytes, struct version local,
				 uint8_t uplink, struct outbox *);
/* A lookup of a doubt has ended. flow: of its key, or NULL. */
void doubt_learned(struct strays *, struct instant now, struct flow *,
		   const struct node_event *, struct outbox *);
/* Of a flow that is one: a peer says that it has no such session. */
void doubt_refused(struct strays *, struct instant now, struct flow *,
		   uint32_t peer);
/* The answer was lost. */
void doubt_turn(struct strays *, struct instant now, struct flow *);
/* A stray of that key has come: true when the flow is one of strays now, false
 * when it has gone. */
bool doubt_becomes_stray(struct strays *, struct flow *);
/* A session of that key has opened here. */
void doubt_forget(struct strays *, const struct session_key *);

/* A packet that came from that peer, out of the tunnel, is a doubt of a socket
 * of this version: say so, unless too much was said. */
void doubt_say(struct strays *, struct instant now, const struct endpoint *peer,
	       const struct session_key *, struct version local,
	       struct outbox *);
/* A peer says so of that flow. True: its owner does, and it is a stray's: look
 * past it (vigil.h). */
bool doubt_heard(struct strays *, struct instant now, struct flow *,
		 const struct node_event *, struct outbox *);

#endif
