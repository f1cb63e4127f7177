/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - a node's routing table; see table.h */
#include "core/table.h"

#include <assert.h>
#include <string.h>

size_t
table_size(uint32_t capacity)
{
	size_t size = sizeof(struct table) +
		      (size_t)capacity * sizeof(struct contact);

	return (size + 7) & ~(size_t)7;
}

struct table *
table_init(void *memory, uint32_t capacity, uint32_t k, uint64_t self,
	   const struct endpoints *endpoints)
{
	assert(k >= 1 && k <= BUCKET_MAX);

	struct table *table = memory;
	memset(table, 0, sizeof(*table));
	table->endpoints = endpoints;
	table->self = self;
	table->capacity = capacity;
	table->k = k;
	return table;
}

static uint32_t
bucket_start(const struct table *table, unsigned b)
{
	uint32_t start = 0;

	for (unsigned i = 0; i < b; i++)
		start += table->counts[i];
	return start;
}

struct bucket
table_bucket(struct table *table, unsigned b)
{
	return (struct bucket){
		.slot = table->contacts + bucket_start(table, b),
		.count = table->counts[b],
	};
}

/* The bucket where a peer belongs; false if it sits where we do: ourselves,
 * or (once in 2^64) a stranger whom no table can place. */
static bool
place(const struct table *table, uint32_t peer, unsigned *b)
{
	uint64_t position = endpoints_position(table->endpoints, peer);

	if (position == table->self)
		return false;
	*b = position_bucket(table->self, position);
	return true;
}

static void
spares_remove(struct table *table, uint32_t i)
{
	table->spare_count--;
	memmove(&table->spares[i], &table->spares[i + 1],
		(table->spare_count - i) * sizeof(table->spares[0]));
}

static void
spares_forget(struct table *table, uint32_t peer)
{
	for (uint32_t i = 0; i < table->spare_count; i++) {
		if (table->spares[i] == peer) {
			spares_remove(table, i);
			return;
		}
	}
}

static void
spares_add(struct table *table, uint32_t peer)
{
	spares_forget(table, peer);
	if (table->spare_count == TABLE_SPARES)
		spares_remove(table, 0);
	table->spares[table->spare_count++] = peer;
}

/* The most recent spare for bucket b leaves the list; false if none. */
static bool
spares_take(struct table *table, unsigned b, uint32_t *peer)
{
	for (uint32_t i = table->spare_count; i-- > 0;) {
		unsigned home;

		if (place(table, table->spares[i], &home) && home == b) {
			*peer = table->spares[i];
			spares_remove(table, i);
			return true;
		}
	}
	return false;
}

/* Append to bucket b; the pool has room. */
static void
insert(struct table *table, unsigned b, struct contact contact)
{
	uint32_t at = bucket_start(table, b) + table->counts[b];

	memmove(&table->contacts[at + 1], &table->contacts[at],
		(table->count - at) * sizeof(contact));
	table->contacts[at] = contact;
	table->counts[b]++;
	table->count++;
}

struct contact *
table_find(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!place(table, peer, &b))
		return NULL;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	return slot == BUCKET_NONE ? NULL : &bucket.slot[slot];
}

static enum table_change
admit(struct table *table, unsigned b, struct contact contact)
{
	struct bucket bucket = table_bucket(table, b);

	if (bucket.count < table->k && table->count < table->capacity) {
		insert(table, b, contact);
		spares_forget(table, contact.peer);
		return TABLE_ADDED;
	}
	uint32_t stale = bucket_stale(bucket);
	if (stale != BUCKET_NONE) {
		bucket_replace(bucket, stale, contact);
		spares_forget(table, contact.peer);
		return TABLE_ADDED;
	}
	if (bucket.count < table->k)
		return TABLE_REFUSED;
	spares_add(table, contact.peer);
	return TABLE_SPARED;
}

enum table_change
table_heard(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!place(table, peer, &b))
		return TABLE_REFUSED;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	if (slot == BUCKET_NONE)
		return admit(table, b, contact_new(peer, false));
	slot = bucket_seen(bucket, slot);
	bucket.slot[slot].failures = 0; /* alive, whoever it is */
	return TABLE_SEEN;
}

enum table_change
table_answered(struct table *table, uint32_t peer, int64_t rtt_ns)
{
	unsigned b;

	if (!place(table, peer, &b))
		return TABLE_REFUSED;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	if (slot == BUCKET_NONE) {
		struct contact contact = contact_new(peer, true);

		if (rtt_ns >= 0)
			contact_sample(&contact, rtt_ns);
		return admit(table, b, contact);
	}
	slot = bucket_seen(bucket, slot);
	if (rtt_ns >= 0)
		contact_sample(&bucket.slot[slot], rtt_ns);
	else
		contact_alive(&bucket.slot[slot]);
	return TABLE_SEEN;
}

bool
table_doubted(struct table *table, uint32_t peer)
{
	struct contact *contact = table_find(table, peer);

	spares_forget(table, peer);
	if (contact == NULL)
		return false;
	contact_doubt(contact);
	return !contact_stale(contact);
}

bool
table_failed(struct table *table, uint32_t peer)
{
	unsigned b;
	uint32_t spare;

	spares_forget(table, peer);
	if (!place(table, peer, &b))
		return false;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	if (slot == BUCKET_NONE)
		return false;
	contact_fail(&bucket.slot[slot]);
	if (!contact_stale(&bucket.slot[slot]) ||
	    !spares_take(table, b, &spare))
		return false;
	bucket_replace(bucket, slot, contact_new(spare, false));
	return true;
}

bool
table_remove(struct table *table, uint32_t peer)
{
	unsigned b;
	uint32_t spare;

	spares_forget(table, peer);
	if (!place(table, peer, &b))
		return false;
	uint32_t slot = bucket_find(table_bucket(table, b), peer);
	if (slot == BUCKET_NONE)
		return false;
	uint32_t at = bucket_start(table, b) + slot;
	table->count--;
	table->counts[b]--;
	memmove(&table->contacts[at], &table->contacts[at + 1],
		(table->count - at) * sizeof(table->contacts[0]));
	if (spares_take(table, b, &spare))
		insert(table, b, contact_new(spare, false));
	return true;
}

/* The contacts found so far, closest first; those of one bucket are sorted
 * among themselves behind those of buckets before it. */
struct closest {
	uint32_t *peers;
	uint32_t count, capacity;
};

/* Add what bucket b has to offer. */
static void
closest_visit(const struct table *table, unsigned b, uint64_t target,
	      enum table_trust trust, uint32_t except, struct closest *closest)
{
	const struct contact *slot = table->contacts + bucket_start(table, b);
	uint64_t distances[BUCKET_MAX];
	uint32_t base = closest->count;
	uint32_t room = closest->capacity - base, sorted = 0;

	for (uint32_t i = 0; i < table->counts[b]; i++) {
		uint32_t peer = slot[i].peer;

		if (peer == except ||
		    (trust == TABLE_SOUND && contact_suspect(&slot[i])))
			continue;
		uint64_t distance = position_distance(
			target, endpoints_position(table->endpoints, peer));
		uint32_t at = sorted;
		if (sorted < room)
			sorted++;
		else if (distances[room - 1] <= distance)
			continue;
		else
			at = room - 1;
		for (; at > 0 && distances[at - 1] > distance; at--) {
			distances[at] = distances[at - 1];
			closest->peers[base + at] =
				closest->peers[base + at - 1];
		}
		distances[at] = distance;
		closest->peers[base + at] = peer;
	}
	closest->count += sorted;
}

static uint64_t
bucket_bit(unsigned b)
{
	return UINT64_C(1) << (POSITION_BITS - 1 - b);
}

uint32_t
table_closest(const struct table *table, uint64_t target,
	      enum table_trust trust, uint32_t except, uint32_t *peers,
	      uint32_t capacity)
{
	assert(capacity <= BUCKET_MAX);

	struct closest closest = { .peers = peers, .capacity = capacity };
	uint64_t d = position_distance(table->self, target);
	uint64_t occupied = table_occupied(table);
	uint64_t ones = occupied & d, zeros = occupied & ~d;

	while (ones != 0 && closest.count < capacity) {
		unsigned b = (unsigned)__builtin_clzll(ones);

		closest_visit(table, b, target, trust, except, &closest);
		ones &= ~bucket_bit(b);
	}
	while (zeros != 0 && closest.count < capacity) {
		unsigned b =
			POSITION_BITS - 1 - (unsigned)__builtin_ctzll(zeros);

		closest_visit(table, b, target, trust, except, &closest);
		zeros &= ~bucket_bit(b);
	}
	return closest.count;
}

uint32_t
table_closer_count(const struct table *table, uint64_t target)
{
	uint64_t d = position_distance(table->self, target);
	uint32_t count = 0, at = 0;

	for (unsigned b = 0; b < POSITION_BITS; b++) {
		uint32_t end = at + table->counts[b];

		if ((d & bucket_bit(b)) == 0)
			at = end;
		for (; at < end; at++)
			count += !contact_suspect(&table->contacts[at]);
	}
	return count;
}

uint32_t
table_suspect(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!place(table, peer, &b))
		return ENDPOINT_NONE;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_suspect(bucket);
	return slot == BUCKET_NONE ? ENDPOINT_NONE : bucket.slot[slot].peer;
}

uint64_t
table_occupied(const struct table *table)
{
	uint64_t occupied = 0;

	for (unsigned b = 0; b < POSITION_BITS; b++) {
		if (table->counts[b] != 0)
			occupied |= bucket_bit(b);
	}
	return occupied;
}
