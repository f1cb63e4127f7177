/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.h - one server's decision on each packet to a service address
 *
 * The caller classifies a packet (classifier.h) and looks up its exact socket,
 * the kernel's or the simulated host's; steer learns the result. (Connection
 * tracking would not do: it remembers TIME_WAIT tuples longer than sockets
 * do.) For TCP to a service address:
 *
 *	SYN without ACK		local, always; it ends doubts and what a RST has
 *				left, and no more: anybody can send one
 *	socket known		local
 *	owner cached		forward: GUE to the owner; source port = hash
 *	lookup running		hold, bounded; then in order
 *	unknown			look up, hold; on a miss retry until
 *				miss_deadline, then reset
 *	RST, unknown		look up and forward; on a miss drop
 *	ICMP error quoting it	key reversed; then as the session
 *	ICMP error about our	the owner's path MTU, or whether it lives
 *	own encapsulation	(vigil.h); local
 *	later fragment		with its first (1 s); else drop
 *
 * The owner never resets a forwarded packet: if it has no such session, it
 * drops the packet and says "not mine", unless it is a RST, to the server that
 * forwarded it. That server discards the owner, tries the other records' or
 * looks up again without it, and it alone resets, at miss_deadline. So no
 * packet loops, and a reused port cannot kill the live session.
 *
 * steer drives its node: it calls node_get() and takes node events from the
 * caller through steer_learned(). It shares the node's outbox. Items that a
 * call appended come before the packet that the call was about, should that
 * be STEER_LOCAL.
 */
#ifndef CORE_STEER_STEER_H
#define CORE_STEER_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/drop.h"
#include "core/hold.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/steer/classifier.h"
#include "core/steer/settings.h"
#include "core/steer/verdict.h"

struct steer;
struct strays;

struct steer_limits {
	/* Full: evict the least recently used that holds nothing. */
	uint32_t flows;
	/* Full: the oldest. */
	uint32_t fragments;
	/* Token buckets. Full: the one longest unused. */
	uint32_t prefixes;
	/* Sequences, replay windows, path MTUs; at least 1. Full: the longest
	 * unused. */
	uint32_t peers;
	/* Of the memory of who has spoken (sketch.h). Full: the oldest. */
	uint32_t sketch_bytes;
};

/* A multiple of 8. */
size_t steer_size(const struct steer_limits *);
/* The memory is aligned for uint64_t. The settings are borrowed for as long
 * as the steer lives (a world's servers share one; rates are read once), and
 * so are node, endpoints and held, which several steers may share. Our own
 * address is that of node_self(). seed and that index make the random
 * stream: boot numbers and the keys of hash tables. */
struct steer *steer_init(void *memory, const struct steer_limits *,
			 const struct steer_settings *, struct node *,
			 struct endpoints *, struct hold *, uint64_t seed);

/* Mark every endpoint that a flow goes to, or must not go to
 * (core/endpoint.h). Walks the flows. */
void steer_mark(const struct steer *);
/* Our host counts its starts, and this is that one: see tunnel.h. Before any
 * packet; without it a random number stands for it. */
void steer_number(struct steer *, uint32_t starts);

/* Read an IP packet, once (classifier.h): by has_key and key the caller looks
 * its socket up, and steer_packet() gets the same struct. It changes nothing
 * and counts nothing. size may count link padding. */
void steer_classify(const struct steer *, const uint8_t *bytes, size_t size,
		    struct classification *);
/* For a caller that has called classification_of(): what a later
 * fragment's bytes do not tell, its first's session, is added. */
void steer_classify_later(const struct steer *, struct classification *);
/* Decide on one IP packet that came in by `uplink`. classification: of the same
 * bytes, with no other verb of this steer called in between. known: the caller
 * has the very socket. The packet is borrowed. */
struct steer_result steer_packet(struct steer *, struct instant now,
				 const struct classification *classification,
				 const uint8_t *bytes, bool known,
				 uint8_t uplink, struct outbox *);
/* A datagram to the GUE port. DROP_NONE: *inner is the packet inside, borrowed
 * from bytes, and *classification what it is about, with a key and with its
 * size in packet.size_bytes. A caller that has the socket delivers the packet,
 * another calls steer_refuse(). So it does for DROP_NOT_SERVICE, if that has a
 * key: a session of a service that this server has no more. */
enum drop steer_decapsulate(struct steer *, struct instant now,
			    const struct endpoint *from,
			    const struct address *to, const uint8_t *bytes,
			    size_t size, const uint8_t **inner,
			    struct classification *classification);
/* The packet is of no session here: say so to the server that forwarded it. Not
 * of a RST: a client sends one for each answer to a SYN that was forged, with
 * the ports of a session that may well be here. Counts DROP_NOT_OURS. from: as
 * in steer_decapsulate(); its node is assumed at that address and our own
 * node's port. */
void steer_refuse(struct steer *, struct instant now,
		  const struct endpoint *from, const struct classification *,
		  struct outbox *);

/* The packet is delivered to an open socket, of version `local` (as in
 * steer_doubt()), whose numbers doubt it: say so to the server that forwarded
 * it, which may find whose it is. from: as in steer_refuse(). */
void steer_doubted(struct steer *, struct instant now,
		   const struct endpoint *from, const struct classification *,
		   struct version local, struct outbox *);

/* A node event (FOUND, MISSED, NOT_MINE, DOUBT). Other kinds are ignored, and
 * events of lookups that steer did not begin; but every MISSED is charged to
 * its client's prefix. Releases held packets in order. */
void steer_learned(struct steer *, struct instant now,
		   const struct node_event *, struct outbox *);
/* The caller's host has answered a SYN, and remembers it (no cookie): publish
 * the session as half-open, until steer_opened() or steer_closed(), unless the
 * settings say that it is stored later (handshake.h). Harmless when told again.
 * 0; -EBUSY: there are too many, it is to be stored when it is established. */
int steer_opening(struct steer *, struct instant now,
		  const struct session_key *, struct version, struct outbox *);
/* A packet that the caller's stack got, since an open socket of its key is
 * here, but whose numbers doubt that (wire/ownership.h): its clone goes to the
 * owner of an open record of another server that is newer than `local`, the
 * socket's version, if there is one (doubt.h). Never reset; held as a stray is,
 * and counted by its verdict beside the packet. stray: it was forwarded. local:
 * the version it was published with, or all zero if it was not. */
struct steer_result steer_doubt(struct steer *, struct instant now,
				const struct classification *classification,
				const uint8_t *bytes, struct version local,
				uint8_t uplink, struct outbox *);
/* The caller's host has, or has no longer, the socket: publish, remove. Packets
 * held for the session are delivered. 0, or node_set()'s and node_remove()'s.
 */
int steer_opened(struct steer *, struct instant now, const struct session_key *,
		 struct version, struct outbox *);
int steer_closed(struct steer *, struct instant now, const struct session_key *,
		 struct outbox *);
/* There is (no longer) a route to an owner's loopback, as a forward or a
 * question has shown (an outbox item that has `to`). */
void steer_route(struct steer *, struct instant now, const struct address *,
		 bool reachable);
/* A peer's datagram of the table has come, and its seal was right: a sign of
 * life. */
void steer_heard(struct steer *, struct instant now,
		 const struct address *peer);
/* An ICMP message that came to our own address, from its header on, whoever
 * sent it: whether an owner lives that does not answer (vigil.h). Checksums are
 * the caller's, or its kernel's. */
void steer_icmp(struct steer *, struct instant now, const struct address *from,
		const uint8_t *bytes, size_t size);

/* When to call steer_expire(). Any other verb may move it. */
struct instant steer_deadline(const struct steer *);
/* Harmless when early. */
void steer_expire(struct steer *, struct instant now, struct outbox *);

/* Drop all that is held (DROP_GONE), with the flows it was held for: before
 * the memory of a server that crashed is used anew, or its packets would stay
 * in the shared table for ever. */
void steer_clear(struct steer *);

/* Idle flows count until steer_expire() or a newer flow comes by. */
uint32_t steer_flow_count(const struct steer *);
const struct steer_counters *steer_counters(const struct steer *);
/* For who looks on: flows, what is held, prefixes and peers (stray.h); and
 * first fragments that are remembered. */
const struct strays *steer_strays(const struct steer *);
uint32_t steer_fragment_count(const struct steer *);

#endif
