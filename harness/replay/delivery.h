/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.h - where each packet of the capture is, and whether it is whole
 *
 *	WAITING --> SENT ----------------------> DELIVERED, to the owner (or,
 *		      |--> HELD --.		     | of the server's packets,
 *		      |	   |	  v		     | to the client)
 *		      |----|-> FORWARDED ------------'
 *		      '----'-> DROPPED, with the reason
 *
 * A packet is known again by a hash of all its bytes less those that every
 * router changes (TTL or hop limit, IPv4's header checksum). So what arrives
 * is either a packet of the capture, byte for byte, or it is not: there is no
 * third. Packets with equal bytes are told apart by their order only.
 *
 * A packet that never got beyond SENT was lost in the network, whose counters
 * know why.
 */
#ifndef HARNESS_REPLAY_DELIVERY_H
#define HARNESS_REPLAY_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"

#define DELIVERY_NONE UINT32_MAX

enum delivery_state {
	DELIVERY_OUT, /* not replayed, drop says why */
	DELIVERY_WAITING,
	DELIVERY_SENT,
	DELIVERY_HELD,
	DELIVERY_FORWARDED,
	DELIVERY_DROPPED,
	DELIVERY_DELIVERED,
};

struct delivery {
	uint64_t hash;
	uint32_t same; /* a ring of those with this hash */
	uint32_t conversation;
	uint8_t state; /* enum delivery_state */
	uint8_t drop; /* enum drop */
	bool to_server;
	bool late; /* sent when its session was over */
	bool strayed; /* came to a server without the session's socket */
};

struct deliveries;

struct deliveries *deliveries_create(void); /* aborts when out of memory */
void deliveries_destroy(struct deliveries *);
/* The next record of the capture: OUT if drop says why, else WAITING. False:
 * there are 2^32 - 1 already. */
bool deliveries_add(struct deliveries *, uint32_t conversation, bool to_server,
		    enum drop drop);
uint32_t deliveries_count(const struct deliveries *);
struct delivery *deliveries_get(struct deliveries *, uint32_t index);
/* Its bytes go out now. */
void deliveries_send(struct deliveries *, uint32_t index, const uint8_t *bytes,
		     uint32_t size);
/* The packet that these bytes are: the first sent in `state`; if there is
 * none, the first that is on its way; if there is none, one that has arrived
 * or is lost: a duplicate. DELIVERY_NONE: no such packet was sent. */
uint32_t deliveries_find(struct deliveries *, const uint8_t *bytes,
			 uint32_t size, enum delivery_state);

#endif
