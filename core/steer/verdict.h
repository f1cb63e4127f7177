/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verdict.h - what steer decided, and how often
 */
#ifndef CORE_STEER_VERDICT_H
#define CORE_STEER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/session.h"

enum steer_verdict {
	STEER_LOCAL, /* the caller's own stack takes it */
	STEER_FORWARD, /* in the outbox, to the owner */
	STEER_HOLD, /* copied; a lookup runs */
	STEER_DROP, /* see the reason */
};

/* Every packet is counted once by its verdict: local, forwards (at once), held
 * or a drop. A packet that was held is counted again when it leaves: forwards
 * and released, released alone (delivered here), or a drop; held packets of a
 * flow that is reset are DROP_NEGATIVE. Resets are RSTs to clients, one for a
 * flow that ends so. */
#define STEER_COUNTER_LIST(X)                                                  \
	X(local)                                                               \
	X(strays) /* packets of sessions that are not here */                  \
	X(forwards)                                                            \
	X(forward_bytes) /* of the packets inside */                           \
	X(held)                                                                \
	X(released)                                                            \
	X(resets)                                                              \
	X(lookups)                                                             \
	X(glances) /* of these: cheap ones, under pressure */                  \
	X(misses)                                                              \
	X(decapsulated)                                                        \
	X(not_mine_sent)                                                       \
	X(not_mine_received)                                                   \
	X(outer_fragmented)                                                    \
	X(too_big_sent)                                                        \
	X(openings) /* sessions published when their SYN was answered */       \
	X(openings_skipped) /* not, since they were too many */                \
	X(doubts) /* clones of packets that a socket here had, too */          \
	X(asked) /* questions whether an owner lives */                        \
	X(dead_owners) /* that were given up */                                \
	X(errors_unproven) /* ICMP, about the tunnel: not what we sent */

struct steer_counters {
#define STEER_COUNTER(name) uint64_t name;
	STEER_COUNTER_LIST(STEER_COUNTER)
#undef STEER_COUNTER
	uint64_t drops[DROP_COUNT];
};

struct steer_result {
	enum steer_verdict verdict;
	enum drop drop; /* when the verdict is DROP */
	bool stray; /* of a session that is not here; key is valid */
	bool opening; /* a SYN without ACK */
	bool first; /* the first packet of that flow to stray here */
	struct session_key key;
};

#endif
