/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.h - what a server knows of sessions that are not its own
 *
 * A flow comes into being when a session first strays here. It goes when no
 * packet of it has come for a while, when its session begins anew, or when
 * the table is full and it is the least recently used that holds nothing.
 *
 *	          answer                       says not mine
 *	LOOKING ---------> CACHED ------------------------------+
 *	 |   ^                ^  another record's owner next,   |
 *	 |   |  retry         +---------------------------------+
 *	 v   |                                                  |
 *	WAITING <-----------------------------------------------+
 *	 |         miss_deadline                    or look up again
 *	 +---------------------> NEGATIVE
 *
 * (NEGATIVE, or TELLING before it, when there is no room for its RST.)
 *
 * This table holds the flows, finds them, and knows whose turn is next (a
 * binary heap by `due`; ties by slot). What the states mean is in search.h.
 *
 * Full of flows that hold packets: flow_add() answers NULL; the caller may let
 * a quiet one go.
 */
#ifndef CORE_STEER_FLOW_H
#define CORE_STEER_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/hold.h"
#include "core/instant.h"
#include "core/record.h"
#include "core/session.h"
#include "core/siphash.h"

#define FLOW_EXCLUDED 4 /* owners that said "not mine", or are dead */
#define FLOW_OTHERS   (RECORDS_PER_KEY - 1)

enum flow_state {
	FLOW_LOOKING, /* a lookup runs: ticket */
	FLOW_WAITING, /* for the next one */
	FLOW_CACHED, /* owner is known */
	FLOW_NEGATIVE, /* was reset a moment ago */
	FLOW_TELLING, /* is to be: there was no room for the RST */
};

/* Is there a record of another owner than the one that is silent (vigil.h), or
 * doubts? */
enum flow_past {
	FLOW_PAST_UNKNOWN,
	FLOW_PAST_LOOKING, /* a lookup past it runs: ticket */
	FLOW_PAST_NOBODY, /* the replicas know no other */
	FLOW_PAST_DOUBTED, /* the owner doubts (doubt.h): as LOOKING */
};

/* The latest segment that a RST may answer; the client's view is in it, so
 * that a RST needs no packet at hand. */
struct flow_segment {
	bool valid;
	uint8_t flags;
	uint32_t seq, ack;
	uint32_t payload_bytes;
};

struct flow {
	struct session_key key;
	uint8_t state; /* enum flow_state */
	uint8_t uplink; /* the latest packet came in by */
	uint8_t excluded_count;
	uint8_t mourned; /* of the excluded, those that are dead: bits */
	uint8_t asker; /* of the next lookup: enum node_asker */
	uint8_t spoken; /* packets, those of the sketch (sketch.h) included */
	uint8_t looks, heard; /* lookups and packets in this series */
	bool glancing; /* the lookup that runs is a glance */
	bool charged; /* it was, when it started */
	bool last; /* it began at miss_deadline */
	bool looked; /* one in this series was more than a glance */
	/* No owner has it: said early in this series, and by the last look. */
	bool missed_early, missed_last;
	bool patient; /* more than RSTs came: misses are retried */
	bool orphaned; /* its owner is dead: a miss is the end */
	bool mourning; /* CACHED: its owner is dead, and its turn is due */
	uint8_t past; /* CACHED: enum flow_past */
	bool doubt; /* of clones, which a socket here had (doubt.h) */
	node_ticket ticket; /* LOOKING; CACHED, looking past its owner */
	/* CACHED; endpoint indices. Those that are named by records worth less
	 * come behind the owner, then NONE. */
	uint32_t owner, others[FLOW_OTHERS];
	uint32_t excluded[FLOW_EXCLUDED]; /* in this series of lookups */
	/* Who has had what is held and was released, each packet once. */
	uint32_t given[RECORDS_PER_KEY];
	uint8_t given_count;
	struct flow_segment segment;
	uint32_t furthest_end, furthest_ack; /* of all segments */
	/* Who is better is newer: CACHED, than the record that named its owner;
	 * a doubt that looks, than the socket here. */
	struct version version;
	struct hold_list held;
	struct instant strayed; /* first packet here */
	struct instant used; /* latest packet here */
	struct instant news; /* latest that was no repetition, here */
	struct instant missing_since; /* LOOKING, WAITING; miss_deadline */
	struct instant until; /* NEGATIVE; CACHED: no doubt is heard */
	struct instant
		past_until; /* looking past it: the answer is lost then */
	int64_t retry_ns; /* to wait after the next miss */
	uint32_t quiet_before, quiet_next; /* flow.c's; slots */
	bool quiet;
	struct instant due; /* flow.c's; see flow_schedule() */
	uint32_t heap_index; /* flow.c's */
};

struct flows; /* in the caller's memory, see flows_size() */

/* A multiple of 8. */
size_t flows_size(uint32_t capacity);
/* The memory is aligned for uint64_t. hash: any secret of this server. */
struct flows *flows_init(void *memory, uint32_t capacity,
			 const struct siphash_key *hash);

/* Pointers to flows are good until the flow is removed or another is added.
 * NULL: there is none. */
struct flow *flow_find(struct flows *, const struct session_key *);
/* A new flow, LOOKING, all zero but its key and empty lists; the key must not
 * be there. NULL: all flows are pinned. */
struct flow *flow_add(struct flows *, const struct session_key *);
/* A series of lookups begins: the first is of a stray, others are retries, the
 * first of these after retry_ns. */
void flow_begin(struct flow *, struct instant now, int64_t retry_ns);
/* It holds nothing any more. */
void flow_remove(struct flows *, struct flow *);
/* Used just now: the last to be evicted. */
void flow_touch(struct flows *, struct flow *);
/* While it holds packets it is not evicted. */
void flow_pin(struct flows *, struct flow *);
void flow_unpin(struct flows *, struct flow *);
/* It waits with what it holds, has missed and has spoken but once: whoever
 * needs its place may take it; or this is so no longer. */
void flow_quiet(struct flows *, struct flow *, bool quiet);
/* The one that is quiet for the longest time; NULL: none is. */
struct flow *flow_quietest(struct flows *);
/* When the caller wants to be reminded of it; INSTANT_NEVER: not. */
void flow_schedule(struct flows *, struct flow *, struct instant due);
/* The flow that is due first; NULL: none is scheduled. */
struct flow *flow_first_due(struct flows *);
struct instant flow_due(const struct flows *); /* its turn, or NEVER */
/* The least recently used that is not pinned; NULL: none. */
struct flow *flow_oldest(struct flows *);
/* Keyed hash of a session, whether there is a flow of it or not. */
uint32_t flows_hash(const struct flows *, const struct session_key *);
/* The same of its own session. */
uint32_t flow_hash(const struct flows *, const struct flow *);
uint32_t flow_count(const struct flows *);
/* The next in the table, from *cursor on, which begins as 0. NULL: no more. */
const struct flow *flow_next(const struct flows *, uint32_t *cursor);

#endif
