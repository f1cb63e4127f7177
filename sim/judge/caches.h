/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caches.h - may a server still take that one for the owner?
 *
 * Design section 3: the asker caches, and drops the entry when the owner says
 * not-mine. In full, a server S may forward a packet of session X to T only if
 *
 *	learned		a lookup at S has found T (records that it held itself
 *			among them), in this life of its daemon
 *	not refused	T has not told S "not mine" about X since that lookup
 *	not idle	S has seen a stray of X at least every owner_idle since
 *	not begun anew	no packet of X but a SYN, which anybody can send, came
 *			to S for its own stack, unless a doubt asked: then S has
 *			a socket of that key
 *	not gone	S had a route to T at some forward of the last
 *			gone_after, or has not tried, or not lately
 *
 * All of it is what S itself saw: a T that is silent, or whose refusal was
 * lost, S need not forget, and of an end of X at T it hears by a refusal
 * alone. S may know less than that (its table was full, the flow was reset).
 */
#ifndef SIM_JUDGE_CACHES_H
#define SIM_JUDGE_CACHES_H

#include "core/dht/node.h"
#include "sim/judge/judge.h"
#include "sim/model/scheme.h"

struct judge_caches;

struct judge_caches *judge_caches_create(const struct judge_parts *);
void judge_caches_destroy(struct judge_caches *);
/* life: its incarnation (server.h). What a server decides of a packet; */
void judge_caches_decided(struct judge_caches *, struct instant now,
			  uint32_t server, uint32_t life,
			  const struct scheme_result *);
/* what its node learned; */
void judge_caches_learned(struct judge_caches *, uint32_t server, uint32_t life,
			  const struct node_event *);
/* a packet of a session that it forwards, routed: by a route that it has. */
void judge_caches_sent(struct judge_caches *, struct instant now,
		       uint32_t server, uint32_t life, uint32_t to, bool routed,
		       const struct session_key *);

#endif
