/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil.h - flows whose owner does not answer
 *
 * life.h knows which owner is silent, and which is dead. Here is who asks,
 * who is told, and what flows do meanwhile:
 *
 *	client repeats itself	the owner is wanted: life.h has it asked
 *				and other records' owners get copies
 *	owner doubts (doubt.h)	one lookup past it: whom a newer record names,
 *				and an open one, is the owner from now on
 *	owner SILENT		packets go there all the same, and copies to
 *				other records' owners, if there are any; if not,
 *				one lookup past the silent owner may find
 *				another. A record of a crashed owner
 *				is not preferred for ever to a living one's
 *	owner DEAD		the other owner's from now on. Without one: a
 *				lookup past the dead, unless that was done; when
 *				the replicas know no other, a RST to the client,
 *				by the numbers of its last segment
 *
 * In a cluster of two the other's death leaves nobody to ask: it is the router
 * that spoke who is asked whether we are cut off, and a lookup that nobody
 * answers is conclusive for the sessions of who died, when all who could have
 * answered have died as well. A server that knows no more than that nobody
 * answers, whether it is cut off or alone, tells nobody anything. (It goes on
 * joining, each second; who comes back finds it, and is asked before.)
 *
 * So a RST needs a dead owner and a conclusive miss; or one that the closest
 * have denied, if the owner was dead before the lookup began (lookup.h). The
 * client need not speak again for it: it is sent when its owner dies. But its
 * next try has to be still to come, by TCP's doubled timer, which runs since
 * its last news here, whoever the owner was: else its packets go elsewhere,
 * perhaps home, and it is merely from here that the owner is not to be reached
 * (routes that converge one after the other; a split). A client that has
 * nothing to send, as in a download, is told when it speaks here. Lookups past
 * an owner are not charged to the client's prefix, for each is of a session
 * that was found.
 *
 * An owner of 50,000 sessions dies at once, but its flows take turns
 * (turns.h), those to be told and those to be looked up, whichever owners they
 * had. A sign of life meanwhile, and those that wait are forwarded as before. A
 * client that speaks before its turn is looked up at once. What waits for its
 * owner's refusal (outgoing.h) does not wait for a turn: those are as many as
 * began in the last 100 ms.
 *
 * Questions: a ping of the table goes to the peer's address and our own port,
 * and an ICMP echo, whose data is a tag under a key of ours, to its kernel. The
 * host hands what comes of both to vigil_icmp(), and vigil_heard() every
 * address that a sealed datagram came from. An error that quotes a datagram of
 * the table is as good as one that quotes an echo, while its owner is asked and
 * has not answered: routers say few of them, and do not choose. Anybody can
 * forge either; but whoever is there answers the next question.
 */
#ifndef CORE_STEER_VIGIL_H
#define CORE_STEER_VIGIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/siphash.h"
#include "core/steer/life.h"

struct flow;
struct outgoing;
struct strays;
struct classification;

/* Owners that are asked at a time, at most. */
#define VIGIL_OWNERS 256

struct vigil {
	struct lives *lives;
	struct siphash_key key; /* of echoes' tags */
	uint16_t id; /* of our echoes */
	uint32_t turn; /* which other node is asked next */
	struct address router; /* that said so last; family 0: none has */
};

/* A packet of a flow that has an owner was forwarded. repeated: the client has
 * sent nothing new with it. True: copies of it went to the others. */
bool vigil_forwarded(struct strays *, struct instant now, struct flow *,
		     const struct outgoing *, bool repeated, struct outbox *);
/* A lookup past an owner has ended. True: it was one of a flow that goes on
 * forwarding; false: of a search, which is to hear of it. */
bool vigil_learned(struct strays *, struct instant now, struct flow *,
		   const struct node_event *, struct outbox *);
/* Its owner lives, and says that its socket doubts the packets. */
void vigil_doubted(struct strays *, struct instant now, struct flow *,
		   struct outbox *);

/* All nodes that we know are dead: nobody knows more of a dead owner's sessions
 * than we do. */
bool vigil_nobody_left(const struct strays *, struct instant now);

/* A sign of life. */
void vigil_heard(struct strays *, struct instant now, const struct address *);
/* What an ICMP error about our tunnel says of the peer that it was for. */
void vigil_error(struct strays *, struct instant now,
		 const struct classification *);
/* An ICMP message to our own address, from its header on: a reply to an echo of
 * ours, an error about one, or nothing of ours. */
void vigil_icmp(struct strays *, struct instant now, const struct address *from,
		const uint8_t *bytes, size_t size);

struct instant vigil_due(const struct strays *);
/* The turn of a flow that is mourning has come. */
void vigil_turn(struct strays *, struct instant now, struct flow *,
		struct outbox *);
void vigil_expire(struct strays *, struct instant now, struct outbox *);

#endif
