/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table.h - a node's routing table: the contacts it knows, by distance
 *
 *	starts[65]	0  20  40  60  67  69  69 ... 69
 *	contacts	|bucket 0 |bucket 1 |bucket 2 |3|4| free ....|
 *			far half of the space	    near
 *
 * Bucket b holds contacts whose position shares exactly b leading bits with
 * ours. All buckets lie in one packed array, so that a table costs what its
 * contacts cost, and buckets are views (bucket.h): bucket b begins at
 * starts[b] and ends where the next begins, which every datagram asks and
 * only a new contact changes. Invariants: a contact is in its own bucket,
 * once; no bucket exceeds k; bit 63 - b of occupied is set when bucket b is
 * not empty; we are not in our own table.
 *
 * The k closest to a target, exactly and without looking at the rest: let
 * d = self ^ target. Against a contact of bucket j the distance to the
 * target has d's bits above j and the complement of d's bit j. So buckets
 * whose bit in d is 1 come first, the far ones (small j) before the near,
 * then those whose bit is 0, the near before the far; and each bucket is
 * closer than the next as a whole. We take them in that order, sort within the
 * bucket, and stop when k are found. It follows that the contacts closer to
 * the target than we are exactly the buckets whose bit is 1.
 *
 * Changes ([1], 2.2 and 4.1): a new contact enters a bucket with room. Into a
 * full one it comes only in place of a stale contact; else it waits in the
 * replacement cache. [1] pings the oldest contact for every new one; in a busy
 * network that doubles the datagrams, so as its section 4.1 we delay: a
 * contact is tested by the queries we have for it anyway, and pinged
 * (liveness.h) after its first failure, before it can be evicted. The cache is
 * one small list for the whole table, oldest first, because most buckets never
 * need one; full, the oldest entry goes. A stale contact without a replacement
 * stays, as in 4.1: if our own uplink was down, all contacts look stale.
 *
 * Of one that keeps records of ours (keepers.h) it is remembered that it became
 * stale, until table_lost() is asked: it may give way in the same moment.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_TABLE_H
#define CORE_DHT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/bucket.h"
#include "core/endpoint.h"
#include "core/position.h"

#define TABLE_REPLACEMENTS 16
/* Keepers that became stale since somebody asked. */
#define TABLE_LOST 4

struct table {
	const struct endpoints *endpoints;
	uint64_t self; /* our position */
	uint64_t occupied; /* as in a distance: far buckets at the top */
	uint32_t capacity, count; /* contacts */
	uint32_t k; /* bucket size */
	uint32_t replacement_count;
	uint32_t lost_count; /* TABLE_LOST + 1: too many */
	uint32_t lost[TABLE_LOST]; /* endpoint indices */
	uint16_t starts[POSITION_BITS + 1]; /* contacts in buckets before */
	uint32_t replacements[TABLE_REPLACEMENTS]; /* endpoint indices, oldest
						      first */
	struct contact contacts[]; /* [capacity] */
};

enum table_change {
	TABLE_SEEN, /* was there; now the last of its bucket */
	TABLE_ADDED,
	TABLE_REPLACEMENT, /* its bucket is full: in the cache */
	TABLE_REFUSED, /* the pool is full, or it is ourselves */
};

/* Which contacts table_closest() may name. */
enum table_trust {
	TABLE_SOUND, /* no suspects: what we tell peers */
	TABLE_LIVING, /* suspects too, but none that is stale */
	TABLE_ANY, /* suspects too: what a node cut off has left */
};

_Static_assert(BUCKET_MAX *POSITION_BITS <= UINT16_MAX, "starts");

/* Bucket b < 64 in a set of buckets, such as `occupied`. */
static inline uint64_t
table_bit(unsigned b)
{
	return UINT64_C(1) << (POSITION_BITS - 1 - b);
}

/* Bytes for at most capacity contacts, aligned for uint64_t. */
size_t table_size(uint32_t capacity);
/* Memory as table_size(), aligned for uint64_t; 1 <= k <= BUCKET_MAX. */
struct table *table_init(void *memory, uint32_t capacity, uint32_t k,
			 uint64_t self, const struct endpoints *);

/* Bucket b < 64: its contacts. Behind them, up to contacts + count, lie those
 * of the nearer buckets. Valid until the next change. */
struct bucket table_bucket(struct table *, unsigned b);
/* The contact of a peer; NULL if it is not in the table. Valid until the
 * next change. */
struct contact *table_find(struct table *, uint32_t peer);
/* A peer sent a request, or our caller names a seed. */
enum table_change table_heard(struct table *, uint32_t peer);
/* A peer answered a request of ours after rtt_ns; negative: not timed. */
enum table_change table_answered(struct table *, uint32_t peer, int64_t rtt_ns);
/* The peer's datagram said which version is the newest that it speaks. */
void table_spoke(struct table *, uint32_t peer, uint8_t speaks);
/* A peer did not answer a request. True: it is a suspect contact, to ping. */
bool table_doubted(struct table *, uint32_t peer);
/* Nor a ping. True: it was stale and a replacement took its place. */
bool table_failed(struct table *, uint32_t peer);
/* Distinct peers of the empty bucket b, as if each had answered, untimed; those
 * beyond k or the table's capacity are left out. */
void table_fill(struct table *, unsigned b, const uint32_t *peers,
		uint32_t count);
/* A peer left: out of the contacts and of the cache. True if it was a contact.
 */
bool table_remove(struct table *, uint32_t peer);

/* Contacts that keep records of ours and became stale since this was asked
 * last, and strangers that did not answer a ping: how many; TABLE_LOST + 1:
 * more than there is room for. */
uint32_t table_lost(struct table *, uint32_t peers[TABLE_LOST]);

/* The closest contacts to target but for `except` (ENDPOINT_NONE: for none),
 * closest first, at most capacity <= BUCKET_MAX. Returns how many. */
uint32_t table_closest(const struct table *, uint64_t target, enum table_trust,
		       uint32_t except, uint32_t *peers, uint32_t capacity);
/* How many sound contacts are closer to target than we are. */
uint32_t table_closer_count(const struct table *, uint64_t target);
/* How many of the nodes closest to target we know for certain, ourselves
 * included: those in buckets that have room for more. UINT32_MAX: all. */
uint32_t table_certain(const struct table *, uint64_t target);
/* A datagram about this position comes soon: fetch its bucket. */
void table_prefetch(const struct table *, uint64_t position);
/* The buckets that have stale contacts, or some and room for more. */
uint64_t table_lacking(const struct table *);
/* The oldest suspect in the bucket of a peer, ENDPOINT_NONE if none. */
uint32_t table_suspect(struct table *, uint32_t peer);

#endif
