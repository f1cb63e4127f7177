/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint.h - where a node can be reached, kept once and named by index
 *
 * A contact in a routing table is a 32-bit index into this table, so that an
 * address and its position in the key space are held once for a whole
 * simulated world of a million nodes (or once in a daemon), not once per
 * neighbour. Interning is a hash table with linear probing over the same
 * memory (endpoint.c); indices are dense, start at 0 and keep their meaning,
 * until they are reclaimed.
 *
 * Reclaiming, for a daemon that lives for years among peers that come and go
 * (a simulated world keeps all that it has): an index is given back when for a
 * whole epoch nobody interned or found it, and at its end nobody marks it. An
 * epoch is longer than anything in passing lives that holds an index (lookups,
 * batches, and records too: who stores one names its owner). What may hold an
 * index for longer than it is heard of marks it: contacts, the replicas of
 * sessions, owners that a flow goes to. core_memory.h says how long, and who.
 *
 * Full: endpoint_intern() answers ENDPOINT_NONE and the caller goes on
 * without that contact, exactly as if its bucket had been full.
 */
#ifndef CORE_ENDPOINT_H
#define CORE_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/siphash.h"

#define ENDPOINT_NONE UINT32_MAX

/* Address and position side by side, in half a cache line: a reader of one
 * reads the other next. */
struct endpoint_entry {
	uint64_t position; /* free: the next of those, or ENDPOINT_NONE */
	struct endpoint endpoint; /* free: port 0 */
	bool seen; /* in this epoch */
};
_Static_assert(sizeof(struct endpoint_entry) == 32, "two a line");

/* In the caller's memory, see endpoints_size(). Members are endpoint.c's; they
 * are here for the two functions that every datagram calls a hundred times. */
struct endpoints {
	struct siphash_key placement;
	uint64_t seeds[4]; /* of the table's own hash */
	uint32_t capacity, count; /* count: ever used */
	uint32_t free, free_count; /* given back: a list */
	uint64_t slot_mask;
	struct endpoint_entry *entries;
	struct endpoint_slot *slots;
};

/* Bytes for a table of at most capacity endpoints. */
size_t endpoints_size(uint32_t capacity);
/* The memory must be aligned for uint64_t and outlive the table. The key is
 * the cluster's placement key: positions depend on it, see position.h. */
struct endpoints *endpoints_init(void *memory, uint32_t capacity,
				 const struct siphash_key *placement);
/* The index of an endpoint, added when new; ENDPOINT_NONE when full. */
uint32_t endpoints_intern(struct endpoints *, const struct endpoint *);
/* The same for many, indices[i] for endpoint[i]; faster than one by one, for
 * memory is asked for all of them at a time. */
void endpoints_intern_all(struct endpoints *, const struct endpoint *,
			  uint32_t count, uint32_t *indices);
/* How many are in use; what endpoints_count() says is above all indices. */
uint32_t endpoints_used(const struct endpoints *);
uint32_t endpoints_capacity(const struct endpoints *);
/* An index is held by somebody: it stays. */
void endpoints_mark(struct endpoints *, uint32_t index);
/* The epoch ends: what was not seen in it, or marked, is given back. How many
 * were. Walks the whole table. */
uint32_t endpoints_reclaim(struct endpoints *);
/* The index of an endpoint that is there; else ENDPOINT_NONE. */
uint32_t endpoints_find(const struct endpoints *, const struct endpoint *);
uint32_t endpoints_count(const struct endpoints *);

/* A wrong index is a bug; <assert.h> is not there when BPF includes us. */
static inline const struct endpoint_entry *
endpoints_entry(const struct endpoints *endpoints, uint32_t index)
{
	if (index >= endpoints->count)
		__builtin_trap();
	return &endpoints->entries[index];
}

static inline const struct endpoint *
endpoints_get(const struct endpoints *endpoints, uint32_t index)
{
	return &endpoints_entry(endpoints, index)->endpoint;
}

/* Where the endpoint sits in the key space (position_of_endpoint). */
static inline uint64_t
endpoints_position(const struct endpoints *endpoints, uint32_t index)
{
	return endpoints_entry(endpoints, index)->position;
}

/* The key behind those positions, for the positions of sessions. */
const struct siphash_key *endpoints_placement(const struct endpoints *);

#endif
