/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packets.h - whose bytes, which tunnel, and how many
 *
 *	what hosts send		network_listen()   --+-> forwards.h
 *	what comes to them	judge_before()	   --'-> caches.h
 *	what daemons decide	servers_listen()   --+-> storm.h
 *	what sockets take	transport_listen() --+-> sockets.h
 *
 * Each of the four has its rule in its header; here is what they are fed with.
 */
#ifndef SIM_JUDGE_PACKETS_H
#define SIM_JUDGE_PACKETS_H

#include "sim/judge/judge.h"

struct judge_packets;

struct judge_packets *judge_packets_create(const struct judge_parts *);
void judge_packets_destroy(struct judge_packets *);
void judge_packets_listen(struct judge_packets *, struct network *,
			  struct transport *, struct servers *);
/* As judge.h has them. */
void judge_packets_before(struct judge_packets *, uint32_t device,
			  const uint8_t *bytes, uint32_t size);
void judge_packets_finish(struct judge_packets *, struct instant now);

#endif
