/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * classifier.h - what a packet is about: read once, handed on
 *
 *	TCP to a service			SEGMENT, key
 *	ICMP error quoting service -> client	ERROR, key of the session quoted
 *	ICMP error quoting our own tunnel	TUNNEL, peer and its path MTU
 *	later fragment to a service address	LATER, its first's key, if seen
 *	anything else				a drop reason
 *
 * An ICMP error is sent to the source of what it quotes, so its destination
 * must be the quote's source; and what it quotes ran from the service to the
 * client, so the key is the quote's reversed. Eight bytes of TCP suffice.
 *
 *	bytes --> packet_parse() --> steer_classify() --> struct classification
 *						|
 *		+------------------+------------+-------+
 *		v		   v			v
 *	the caller: is the	steer_packet():	the caller's stack:
 *	key's socket here?	the verdict	packet, if it is local
 *
 * The caller that took the packet from the network has it classified, and
 * hands this struct to each later reader; none of them reads the headers
 * again. It is a value without pointers into the bytes, good for as long as
 * the packet is.
 *
 * Where a packet leaves that line, only its bytes are kept: steer's held
 * packets have a mark of four bits (outgoing.h) and are not classified again,
 * for what becomes of them is the flow's business by then; the stack that
 * takes one delivered late parses it as it would any packet. What waits
 * for the daemon (the kernel's TUN queue, the simulator's cpu_model.h) is
 * classified when the daemon takes it, as a first fragment that passed
 * meanwhile may have given the key.
 */
#ifndef CORE_STEER_CLASSIFIER_H
#define CORE_STEER_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/instant.h"
#include "core/session.h"
#include "core/wire/packet.h"

struct steer_settings;

enum classification_kind {
	CLASSIFICATION_SEGMENT,
	CLASSIFICATION_ERROR,
	CLASSIFICATION_TUNNEL,
	CLASSIFICATION_LATER,
};

struct classification {
	enum drop drop; /* not DROP_NONE: why steer drops it; kind and what
			   follows packet do not matter then */
	enum classification_kind kind;
	struct packet packet; /* whenever the packet parses */
	bool has_key; /* false in every drop, and for TUNNEL */
	struct session_key key; /* SEGMENT, ERROR; LATER: of its first */
	bool first_local; /* LATER with a key: its first went to our stack */
	struct instant first_until; /* LATER with a key: good before then */
	uint32_t quoted_seq; /* ERROR: of the segment quoted */
	struct address peer; /* TUNNEL: where our packet was going */
	bool too_big; /* TUNNEL: that is the error */
	uint32_t mtu_bytes; /* TUNNEL, too big; 0: unknown */
};

/* As far as the packet's own bytes say: LATER has no key yet, steer_classify()
 * asks the table of first fragments. self: our own address, the source of our
 * tunnel's packets. */
void classification_read(const struct steer_settings *,
			 const struct address *self, const uint8_t *bytes,
			 size_t size, struct classification *);
/* The same for a packet that packet_parse() took: packet is its summary. */
void classification_of(const struct steer_settings *,
		       const struct address *self, const uint8_t *bytes,
		       const struct packet *packet, struct classification *);

#endif
