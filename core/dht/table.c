/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c - a node's routing table; see table.h */
#include "core/dht/table.h"

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
bucket_count(const struct table *table, unsigned b)
{
	return (uint32_t)(table->starts[b + 1] - table->starts[b]);
}

struct bucket
table_bucket(struct table *table, unsigned b)
{
	return (struct bucket){
		.slot = table->contacts + table->starts[b],
		.count = bucket_count(table, b),
	};
}

/* The bucket where a peer belongs; false if it sits where we do: ourselves,
 * or (once in 2^64) a peer at our own position, for which there is no bucket.
 */
static bool
locate(const struct table *table, uint32_t peer, unsigned *b)
{
	uint64_t position = endpoints_position(table->endpoints, peer);

	if (position == table->self)
		return false;
	*b = position_bucket(table->self, position);
	return true;
}

static void
replacements_remove(struct table *table, uint32_t i)
{
	table->replacement_count--;
	memmove(&table->replacements[i], &table->replacements[i + 1],
		(table->replacement_count - i) *
			sizeof(table->replacements[0]));
}

static void
replacements_forget(struct table *table, uint32_t peer)
{
	for (uint32_t i = 0; i < table->replacement_count; i++) {
		if (table->replacements[i] == peer) {
			replacements_remove(table, i);
			return;
		}
	}
}

static void
replacements_add(struct table *table, uint32_t peer)
{
	replacements_forget(table, peer);
	if (table->replacement_count == TABLE_REPLACEMENTS)
		replacements_remove(table, 0);
	table->replacements[table->replacement_count++] = peer;
}

/* The most recent replacement for bucket b leaves the cache; false if none. */
static bool
replacements_take(struct table *table, unsigned b, uint32_t *peer)
{
	for (uint32_t i = table->replacement_count; i-- > 0;) {
		unsigned home;

		if (locate(table, table->replacements[i], &home) && home == b) {
			*peer = table->replacements[i];
			replacements_remove(table, i);
			return true;
		}
	}
	return false;
}

/* Make room for contacts at the end of bucket b; the table has it. */
static struct contact *
extend(struct table *table, unsigned b, uint32_t by)
{
	uint32_t at = table->starts[b + 1];

	memmove(&table->contacts[at + by], &table->contacts[at],
		(table->count - at) * sizeof(table->contacts[0]));
	for (unsigned i = b + 1; i <= POSITION_BITS; i++)
		table->starts[i] = (uint16_t)(table->starts[i] + by);
	table->count += by;
	table->occupied |= table_bit(b);
	return &table->contacts[at];
}

static void
insert(struct table *table, unsigned b, struct contact contact)
{
	*extend(table, b, 1) = contact;
}

struct contact *
table_find(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!locate(table, peer, &b))
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
		replacements_forget(table, contact.peer);
		return TABLE_ADDED;
	}
	uint32_t stale = bucket_stale(bucket);
	if (stale != BUCKET_NONE) {
		bucket_replace(bucket, stale, contact);
		replacements_forget(table, contact.peer);
		return TABLE_ADDED;
	}
	if (bucket.count < table->k)
		return TABLE_REFUSED;
	replacements_add(table, contact.peer);
	return TABLE_REPLACEMENT;
}

enum table_change
table_heard(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!locate(table, peer, &b))
		return TABLE_REFUSED;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	if (slot == BUCKET_NONE)
		return admit(table, b, contact_new(peer, false));
	slot = bucket_seen(bucket, slot);
	bucket.slot[slot].failures = 0; /* a node is alive at that address */
	return TABLE_SEEN;
}

enum table_change
table_answered(struct table *table, uint32_t peer, int64_t rtt_ns)
{
	unsigned b;

	if (!locate(table, peer, &b))
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

void
table_spoke(struct table *table, uint32_t peer, uint8_t speaks)
{
	struct contact *contact = table_find(table, peer);

	if (contact != NULL)
		contact->speaks = speaks & 0xfu;
}

bool
table_doubted(struct table *table, uint32_t peer)
{
	struct contact *contact = table_find(table, peer);

	replacements_forget(table, peer);
	if (contact == NULL)
		return false;
	contact_doubt(contact);
	return !contact_stale(contact);
}

static void
note_lost(struct table *table, uint32_t peer)
{
	if (table->lost_count < TABLE_LOST)
		table->lost[table->lost_count] = peer;
	if (table->lost_count <= TABLE_LOST)
		table->lost_count++;
}

/* A ping failed. */
static void
fail(struct table *table, struct contact *contact)
{
	bool before = contact_stale(contact);

	contact_fail(contact);
	if (!before && contact_stale(contact) && contact->keeps)
		note_lost(table, contact->peer);
}

uint32_t
table_lost(struct table *table, uint32_t peers[TABLE_LOST])
{
	uint32_t count = table->lost_count;

	memcpy(peers, table->lost, sizeof(table->lost));
	table->lost_count = 0;
	return count;
}

bool
table_failed(struct table *table, uint32_t peer)
{
	unsigned b;
	uint32_t replacement;

	replacements_forget(table, peer);
	if (!locate(table, peer, &b))
		return false;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_find(bucket, peer);
	if (slot == BUCKET_NONE) {
		note_lost(table, peer);
		return false;
	}
	fail(table, &bucket.slot[slot]);
	if (!contact_stale(&bucket.slot[slot]) ||
	    !replacements_take(table, b, &replacement))
		return false;
	bucket_replace(bucket, slot, contact_new(replacement, false));
	return true;
}

void
table_fill(struct table *table, unsigned b, const uint32_t *peers,
	   uint32_t count)
{
	assert(bucket_count(table, b) == 0);

	uint32_t room = table->capacity - table->count;
	if (room > table->k)
		room = table->k;
	if (count > room)
		count = room;
	if (count == 0)
		return;
	struct contact *slot = extend(table, b, count);
	for (uint32_t i = 0; i < count; i++)
		slot[i] = contact_new(peers[i], true);
}

bool
table_remove(struct table *table, uint32_t peer)
{
	unsigned b;
	uint32_t replacement;

	replacements_forget(table, peer);
	if (!locate(table, peer, &b))
		return false;
	uint32_t slot = bucket_find(table_bucket(table, b), peer);
	if (slot == BUCKET_NONE)
		return false;
	uint32_t at = table->starts[b] + slot;
	table->count--;
	for (unsigned i = b + 1; i <= POSITION_BITS; i++)
		table->starts[i]--;
	if (bucket_count(table, b) == 0)
		table->occupied &= ~table_bit(b);
	memmove(&table->contacts[at], &table->contacts[at + 1],
		(table->count - at) * sizeof(table->contacts[0]));
	if (replacements_take(table, b, &replacement))
		insert(table, b, contact_new(replacement, false));
	return true;
}

/* The contacts found so far, closest first; those of one bucket are sorted
 * among themselves behind those of buckets before it. */
struct closest {
	uint32_t *peers;
	uint32_t count, capacity;
};

static bool
is_trusted(const struct contact *contact, enum table_trust trust)
{
	return trust == TABLE_SOUND
		       ? !contact_suspect(contact)
		       : trust == TABLE_ANY || !contact_stale(contact);
}

/* Add what bucket b has to offer. Positions are read before any is compared,
 * for each may be far away in memory; then each contact's place is counted,
 * without a branch that could be guessed wrong. Of equals the older is first.
 */
static void
closest_visit(const struct table *table, unsigned b, uint64_t target,
	      enum table_trust trust, uint32_t except, struct closest *closest)
{
	const struct contact *slot = table->contacts + table->starts[b];
	uint64_t distances[BUCKET_MAX];
	uint32_t peers[BUCKET_MAX], ranks[BUCKET_MAX];
	uint32_t size = bucket_count(table, b), count = 0;
	uint32_t room = closest->capacity - closest->count;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t peer = slot[i].peer;

		peers[count] = peer;
		distances[count] = position_distance(
			target, endpoints_position(table->endpoints, peer));
		count += peer != except && is_trusted(&slot[i], trust);
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t rank = 0;

		for (uint32_t j = 0; j < i; j++) {
			uint32_t before = distances[j] <= distances[i];
			rank += before;
			ranks[j] += 1 - before;
		}
		ranks[i] = rank;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (ranks[i] < room)
			closest->peers[closest->count + ranks[i]] = peers[i];
	}
	closest->count += count < room ? count : room;
}

uint32_t
table_closest(const struct table *table, uint64_t target,
	      enum table_trust trust, uint32_t except, uint32_t *peers,
	      uint32_t capacity)
{
	assert(capacity <= BUCKET_MAX);

	struct closest closest = { .peers = peers, .capacity = capacity };
	uint64_t d = position_distance(table->self, target);
	uint64_t ones = table->occupied & d, zeros = table->occupied & ~d;

	while (ones != 0 && closest.count < capacity) {
		unsigned b = (unsigned)__builtin_clzll(ones);

		closest_visit(table, b, target, trust, except, &closest);
		ones &= ~table_bit(b);
	}
	while (zeros != 0 && closest.count < capacity) {
		unsigned b =
			POSITION_BITS - 1 - (unsigned)__builtin_ctzll(zeros);

		closest_visit(table, b, target, trust, except, &closest);
		zeros &= ~table_bit(b);
	}
	return closest.count;
}

uint32_t
table_closer_count(const struct table *table, uint64_t target)
{
	uint64_t ones =
		table->occupied & position_distance(table->self, target);
	uint32_t count = 0;

	while (ones != 0) {
		unsigned b = (unsigned)__builtin_clzll(ones);

		for (uint32_t i = table->starts[b]; i < table->starts[b + 1];
		     i++)
			count += !contact_suspect(&table->contacts[i]);
		ones &= ~table_bit(b);
	}
	return count;
}

/* Count the sound contacts of bucket b; false: it is full, there may be more.
 */
static bool
certain_visit(const struct table *table, unsigned b, uint32_t *count)
{
	if (bucket_count(table, b) >= table->k)
		return false;
	for (uint32_t i = table->starts[b]; i < table->starts[b + 1]; i++)
		*count += !contact_suspect(&table->contacts[i]);
	return true;
}

/* Buckets in the order of table_closest(), we between those that are closer
 * to the target than we are and the others. */
uint32_t
table_certain(const struct table *table, uint64_t target)
{
	uint64_t d = position_distance(table->self, target);
	uint64_t ones = table->occupied & d, zeros = table->occupied & ~d;
	uint32_t count = 0;

	if (table->count == table->capacity)
		return 0;
	while (ones != 0) {
		unsigned b = (unsigned)__builtin_clzll(ones);

		if (!certain_visit(table, b, &count))
			return count;
		ones &= ~table_bit(b);
	}
	count++;
	while (zeros != 0) {
		unsigned b =
			POSITION_BITS - 1 - (unsigned)__builtin_ctzll(zeros);

		if (!certain_visit(table, b, &count))
			return count;
		zeros &= ~table_bit(b);
	}
	return UINT32_MAX;
}

void
table_prefetch(const struct table *table, uint64_t position)
{
	if (position == table->self)
		return;
	unsigned b = position_bucket(table->self, position);
	const uint8_t *at = (const uint8_t *)&table->contacts[table->starts[b]];
	const uint8_t *end =
		(const uint8_t *)&table->contacts[table->starts[b + 1]];

	for (; at < end; at += 64)
		__builtin_prefetch(at);
}

uint64_t
table_lacking(const struct table *table)
{
	uint64_t buckets = 0;

	for (unsigned b = 0; b < POSITION_BITS; b++) {
		uint32_t i = table->starts[b], end = table->starts[b + 1];

		if (i < end && end - i < table->k)
			buckets |= table_bit(b);
		for (; i < end; i++)
			if (contact_stale(&table->contacts[i]))
				buckets |= table_bit(b);
	}
	return buckets;
}

uint32_t
table_suspect(struct table *table, uint32_t peer)
{
	unsigned b;

	if (!locate(table, peer, &b))
		return ENDPOINT_NONE;
	struct bucket bucket = table_bucket(table, b);
	uint32_t slot = bucket_suspect(bucket);
	return slot == BUCKET_NONE ? ENDPOINT_NONE : bucket.slot[slot].peer;
}
