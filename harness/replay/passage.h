/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * passage.h - each packet of the capture on its way: where is it, is it whole?
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
 * third. Packets with equal bytes are told apart by order only, which nobody
 * could do better.
 *
 * A passage that never got beyond SENT was lost in the network, whose counters
 * know why.
 */
#ifndef HARNESS_REPLAY_PASSAGE_H
#define HARNESS_REPLAY_PASSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"

#define PASSAGE_NONE UINT32_MAX

enum passage_state {
	PASSAGE_OUT, /* not replayed, drop says why */
	PASSAGE_WAITING,
	PASSAGE_SENT,
	PASSAGE_HELD,
	PASSAGE_FORWARDED,
	PASSAGE_DROPPED,
	PASSAGE_DELIVERED,
};

struct passage {
	uint64_t hash;
	uint32_t same; /* a ring of those with this hash */
	uint32_t dialogue;
	uint8_t state; /* enum passage_state */
	uint8_t drop; /* enum drop */
	bool to_server;
	bool late; /* sent when its session was over */
	bool strayed; /* came to a server without the session's socket */
};

struct passages;

struct passages *passages_create(void); /* aborts when out of memory */
void passages_destroy(struct passages *);
/* The next record of the capture: OUT if drop says why, else WAITING. False:
 * there are 2^32 - 1 already. */
bool passages_add(struct passages *, uint32_t dialogue, bool to_server,
		  enum drop drop);
uint32_t passages_count(const struct passages *);
struct passage *passages_get(struct passages *, uint32_t index);
/* Its bytes go out now. */
void passages_send(struct passages *, uint32_t index, const uint8_t *bytes,
		   uint32_t size);
/* The packet that these bytes are: the first sent in `state`; if there is
 * none, the first that is on its way; if there is none, one that has arrived
 * or is lost: a duplicate. PASSAGE_NONE: no such packet was sent. */
uint32_t passages_find(struct passages *, const uint8_t *bytes, uint32_t size,
		       enum passage_state);

#endif
