/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publication.h - the sessions that nodes own, and the replicas of each
 *
 * Only the owner republishes, so only the owner remembers. A publication is
 * found by (node, session key) through a chained hash table; the positions of
 * sessions are keyed hashes already. A pool that nodes share; each node keeps
 * a heap of its own by the time at which the next thing is due.
 *
 *		      set()
 *			|
 *	   .--------> waiting ----> looking ----> held <----.
 *	   |	       (timer)	   (a lookup)	 (timer)    | all
 *	   |					    |	    | acknowledged
 *	   '-- moved, no answer --- refreshing <----'-------'
 *				    (batches)
 *	remove(), from any state: ending (batches) ----> free
 *
 * waiting: a lookup starts when the timer is due: at once, later when the pool
 * of lookups was full, or later still when the last one did not place it.
 * pending counts the batches in flight about a publication; lost says that a
 * replica is missing, so that a fresh lookup follows, or, ending, that one has
 * not acknowledged the end.
 *
 * half_open: the session's handshake is not over, and anybody can begin one. So
 * these have a room of their own in the pool: they never take a place of what
 * is open, and when theirs is full, node_set_half_open() answers -ENOSPC.
 * Confirmed, they change over; what is not confirmed lapses, and no tombstone
 * says so: a flood of forged SYNs would cost that many again, for records that
 * do not live long (RECORD_HALF_OPEN_MS).
 *
 * Stale: a replica knows a newer version than that of a session that opens here
 * now. The owner's clock was set back since it told that replica of an earlier
 * session by this key; so this one goes above, publication_raise(), and is
 * placed again. Never when it is republished: then the newer may be right.
 *
 * Copies: others than the replicas hold the record as well. Stand-ins were
 * stored at while a replica was silent, and that one may have it, too; who
 * repairs a record stores it at others, and these tell its owner (HOLD); who
 * was a replica before keeps what it has. They are remembered behind the
 * replicas, so that the end of the session and of its handshake reach them,
 * too. When there is no room the copy that was heard of longest ago is
 * forgotten: it asks one day (inquiry.h). Nothing hangs on their answers.
 *
 * Full: node_set() answers -ENOSPC, and so it does at a node that has as many
 * as it may, or to a client prefix that has its fill there (crowd.h). Batches
 * full: a publication that is due stays due.
 */
#ifndef CORE_DHT_PUBLICATION_H
#define CORE_DHT_PUBLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/batch.h"
#include "core/dht/crowd.h"
#include "core/session.h"
#include "core/timer.h"

#define PUBLICATION_NONE UINT32_MAX
/* Peers beside the replicas that are remembered to hold a copy. */
#define PUBLICATION_COPIES 8
/* Times that one is raised: replicas may differ in what they know. */
#define PUBLICATION_RAISES 3
/* Handshakes in a pool: an eighth of its sessions, and as many as one listener
 * has (net.core.somaxconn is 4,096 in Linux). */
#define PUBLICATIONS_HALF_OPEN(capacity) ((capacity) / 8 + 4096)

enum publication_state {
	PUBLICATION_FREE,
	PUBLICATION_WAITING,
	PUBLICATION_LOOKING,
	PUBLICATION_HELD,
	PUBLICATION_REFRESHING,
	PUBLICATION_ENDING,
};

struct publication {
	struct timer timer; /* first: see timer.h */
	struct version version;
	uint64_t position; /* of the key */
	struct session_key key;
	uint8_t state; /* enum publication_state */
	uint8_t replica_count;
	uint8_t retries; /* placements in a row that failed */
	uint8_t tries; /* and that were makeshift: makeshift.h */
	uint8_t raises; /* of its version, since it was set */
	uint8_t copy_count;
	uint32_t node; /* the owner's endpoint index */
	uint32_t next; /* in its hash chain, or free */
	uint32_t serial; /* changes when the slot's meaning does */
	uint32_t lookup; /* LOOKING: its slot */
	uint32_t pending; /* batches in flight */
	uint32_t own_next, own_before; /* among its node's, or NONE */
	uint32_t again; /* bit i: replica i has lost it; they alone are sent it
			 */
	struct instant published; /* when every replica had it last, or NEVER */
	struct instant lapses; /* half-open: then it is forgotten */
	bool half_open;
	bool confirm; /* open, and replicas have it as half-open */
	bool lost; /* a replica moved or is silent */
	bool makeshift; /* one who was silent is closer than a replica, or its
			   placement failed */
	bool anew; /* HELD: its turn is for a lookup: makeshift.h */
	bool announce; /* NODE_STORED is due; ENDING: NODE_REMOVED */
	/* Endpoint indices; ours among them if we hold. Behind the replicas
	 * the copies, the one known longest first. */
	uint32_t replicas[];
};

struct publications {
	uint32_t capacity, count, used, free;
	uint32_t half_open; /* of count */
	uint32_t replicas; /* room in each */
	uint32_t chain_mask;
	uint32_t serial;
	size_t slot_size;
	uint32_t *chains;
	uint8_t *slots;
	struct batches *batches;
	struct crowd *crowd; /* of those that are open */
};

/* Bytes for at most capacity publications, and PUBLICATIONS_HALF_OPEN that are
 * half-open, of at most `replicas` holders each (node settings' replicas or
 * more). Aligned for uint64_t. */
size_t publications_size(uint32_t capacity, uint32_t replicas);
struct publications *publications_init(void *memory, uint32_t capacity,
				       uint32_t replicas);
/* The secret of the client prefixes' hash, before the first is added. */
void publications_key(struct publications *, const struct siphash_key *secret);
struct timer_pool publications_timers(struct publications *);
uint32_t publications_count(const struct publications *);

struct publication *publication_at(const struct publications *, uint32_t slot);
/* publication_find() will soon be called: fetch the head of its chain. */
void publication_prefetch(const struct publications *, uint32_t node,
			  uint64_t position);
/* A node's publication of a key at this position, or PUBLICATION_NONE. */
uint32_t publication_find(const struct publications *, uint32_t node,
			  const struct session_key *, uint64_t position);
/* A new one in state WAITING, not queued; PUBLICATION_NONE when full. The
 * node has none for that key. */
uint32_t publication_add(struct publications *, uint32_t node,
			 const struct session_key *, uint64_t position,
			 bool half_open);
/* It changes over; false: there is no room for it. */
bool publication_set_half_open(struct publications *, uint32_t slot,
			       bool half_open);
/* A replica knows that version, when the session opens: go above. False: ours
 * is above, or was raised often enough, or is half-open, which anybody can have
 * us store. */
bool publication_raise(struct publication *, struct version known);
/* That peer holds a copy: remember it, if it is no replica. */
void publication_copy(const struct publications *, struct publication *,
		      uint32_t peer);
/* Its timer is not queued. */
void publication_free(struct publications *, uint32_t slot);
/* It changed: batches in flight about it count for nothing any more, and its
 * retries begin anew. */
void publication_renew(struct publications *, uint32_t slot);

#endif
