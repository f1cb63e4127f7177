/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forwards.h - what came out of a tunnel goes into none
 *
 *	a packet comes to a server as itself	one arrival more
 *	the server sends it in a tunnel		one forward more
 *
 * and of no packet may a server have more forwards to one other than arrivals,
 * nor to more others than a key has records, whatever it knows and whenever it
 * does it (packets that were held are the same bytes): while an owner is silent
 * the other one gets copies (core/steer/vigil.h).
 * A packet that came to it in a tunnel is no arrival; nor is one that it made
 * itself. Links that double packets double arrivals. A forward that is sent
 * twice under one number, by two uplinks, is one: the owner drops the second.
 *
 * Packets are told apart by what does not change on their way
 * (ledger_hash_packet()). Fragments of a client's packet are packets, those of
 * a tunnel's are none, for what a server sends is looked at before it is cut.
 *
 * Where nothing is forwarded twice, a packet comes to one host more than that
 * at most. Its hops between them are not counted here: routers lower its TTL.
 */
#ifndef SIM_JUDGE_FORWARDS_H
#define SIM_JUDGE_FORWARDS_H

#include "core/wire/packet.h"
#include "sim/judge/judge.h"

struct judge_forwards;

/* A packet in a tunnel. */
struct judge_forward {
	uint32_t from, to; /* servers */
	uint16_t boot; /* of the tunnel's numbers, gue.h */
	uint32_t sequence;
	const uint8_t *inner;
	uint32_t inner_bytes;
};

struct judge_forwards *judge_forwards_create(const struct judge_parts *);
void judge_forwards_destroy(struct judge_forwards *);
/* A packet that is no tunnel's came to a server. */
void judge_forwards_arrived(struct judge_forwards *, uint32_t server,
			    const uint8_t *bytes, const struct packet *);
/* A server forwards one. */
void judge_forwards_sent(struct judge_forwards *, struct instant now,
			 const struct judge_forward *);

#endif
