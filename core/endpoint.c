/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint.c - interning endpoints in the caller's memory
 *
 *	struct endpoints | entry[capacity] | slot[slot_count]
 *
 *	slot	| tag 32 | index 32 |		two halves of 64 bits
 *	entry	| position 64 | address, port |	half a cache line
 *
 * slot[] is an open-addressing hash table of indices, ENDPOINT_NONE where
 * free, probed linearly from the hash's low bits. A probe ends at the first
 * free slot; slot_count is a power of two and at least a third larger than
 * capacity, so there always is one. Reclaiming takes so many out at once, and
 * so rarely, that it fills the table anew.
 *
 * A reply names k contacts and each is looked up here, a hundred a lookup, so
 * this is where a large world waits for memory. Hence the tag, the hash's high
 * bits: an entry is read only if it is the right one, once in 2^32 not. And
 * hence a hash of its own, a few multiplications, in place of SipHash, which
 * is paid once, when an endpoint is new and gets its position. Its seeds are
 * SipHashes under the placement key: a peer without the key cannot make
 * probes long.
 */
#include "core/endpoint.h"

#include <assert.h>
#include <string.h>

#include "core/position.h"

#define AT_A_TIME 32 /* MESSAGE_CONTACTS_MAX, and few enough to prefetch */

struct endpoint_slot {
	uint32_t tag, index;
};

static size_t
address_size(const struct address *address)
{
	return address->family == 4 ? 4 : 16;
}

static uint64_t
slot_count_for(uint32_t capacity)
{
	uint64_t needed = (uint64_t)capacity + capacity / 3 + 2;
	uint64_t count = 2;

	while (count < needed)
		count *= 2;
	return count;
}

/* Entries begin at a multiple of their size, so that none lies across two
 * lines, wherever the memory is. */
static struct endpoint_entry *
entries_of(struct endpoints *endpoints)
{
	uintptr_t at = (uintptr_t)(endpoints + 1);
	uintptr_t size = sizeof(struct endpoint_entry);

	at = (at + size - 1) & ~(size - 1);
	return (struct endpoint_entry *)at;
}

size_t
endpoints_size(uint32_t capacity)
{
	return sizeof(struct endpoints) +
	       ((size_t)capacity + 1) * sizeof(struct endpoint_entry) +
	       (size_t)slot_count_for(capacity) * sizeof(struct endpoint_slot);
}

struct endpoints *
endpoints_init(void *memory, uint32_t capacity,
	       const struct siphash_key *placement)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity < ENDPOINT_NONE);

	struct endpoints *endpoints = memory;
	uint64_t slot_count = slot_count_for(capacity);
	*endpoints = (struct endpoints){
		.placement = *placement,
		.capacity = capacity,
		.free = ENDPOINT_NONE,
		.slot_mask = slot_count - 1,
	};
	for (uint8_t i = 0; i < 4; i++)
		endpoints->seeds[i] = siphash(placement, &i, 1);
	endpoints->entries = entries_of(endpoints);
	endpoints->slots =
		(struct endpoint_slot *)(endpoints->entries + capacity);
	memset(endpoints->slots, 0xff,
	       (size_t)slot_count * sizeof(struct endpoint_slot));
	return endpoints;
}

/* ISO C has no name for it; every compiler that we support does. */
__extension__ typedef unsigned __int128 uint128;

static uint64_t
fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint64_t
hash_of(const struct endpoints *endpoints, const struct endpoint *endpoint)
{
	const uint64_t *seeds = endpoints->seeds;
	uint64_t words[2] = { 0 };
	uint64_t rest =
		(uint64_t)endpoint->port << 8 | endpoint->address.family;

	if (endpoint->address.family == 4)
		memcpy(words, endpoint->address.bytes, 4);
	else
		memcpy(words, endpoint->address.bytes, 16);
	return fold(fold(words[0] ^ seeds[0], words[1] ^ seeds[1]) ^ seeds[2],
		    rest ^ seeds[3]);
}

/* The slot that holds the endpoint, or the free one where it belongs. */
static struct endpoint_slot *
probe(const struct endpoints *endpoints, const struct endpoint *endpoint,
      uint64_t hash)
{
	uint64_t i = hash & endpoints->slot_mask;

	for (;; i = (i + 1) & endpoints->slot_mask) {
		struct endpoint_slot *slot = &endpoints->slots[i];

		if (slot->index == ENDPOINT_NONE)
			return slot;
		if (slot->tag != (uint32_t)(hash >> 32))
			continue;
		const struct endpoint *known =
			&endpoints->entries[slot->index].endpoint;
		if (known->port == endpoint->port &&
		    address_equal(&known->address, &endpoint->address))
			return slot;
	}
}

/* A world that never reclaims writes each line once. */
static void
see(struct endpoint_entry *entry)
{
	if (!entry->seen)
		entry->seen = true;
}

static uint32_t
index_take(struct endpoints *endpoints)
{
	uint32_t index = endpoints->free;

	if (index == ENDPOINT_NONE)
		return endpoints->count < endpoints->capacity
			       ? endpoints->count++
			       : ENDPOINT_NONE;
	endpoints->free = (uint32_t)endpoints->entries[index].position;
	endpoints->free_count--;
	return index;
}

static uint32_t
intern(struct endpoints *endpoints, const struct endpoint *endpoint,
       uint64_t hash)
{
	assert(endpoint->address.family == 4 || endpoint->address.family == 6);

	struct endpoint_slot *slot = probe(endpoints, endpoint, hash);
	if (slot->index != ENDPOINT_NONE) {
		see(&endpoints->entries[slot->index]);
		return slot->index;
	}
	uint32_t index = index_take(endpoints);
	if (index == ENDPOINT_NONE)
		return index;

	struct endpoint_entry *entry = &endpoints->entries[index];
	memset(entry, 0, sizeof(*entry));
	entry->seen = true;
	entry->position = position_of_endpoint(&endpoints->placement, endpoint);
	entry->endpoint.address.family = endpoint->address.family;
	memcpy(entry->endpoint.address.bytes, endpoint->address.bytes,
	       address_size(&endpoint->address));
	entry->endpoint.port = endpoint->port;
	*slot = (struct endpoint_slot){ (uint32_t)(hash >> 32), index };
	return index;
}

uint32_t
endpoints_intern(struct endpoints *endpoints, const struct endpoint *endpoint)
{
	return intern(endpoints, endpoint, hash_of(endpoints, endpoint));
}

void
endpoints_intern_all(struct endpoints *endpoints,
		     const struct endpoint *endpoint, uint32_t count,
		     uint32_t *indices)
{
	uint64_t hashes[AT_A_TIME];

	for (uint32_t done = 0; done < count; done += AT_A_TIME) {
		uint32_t end =
			done + AT_A_TIME < count ? done + AT_A_TIME : count;

		for (uint32_t i = done; i < end; i++) {
			uint64_t hash = hash_of(endpoints, &endpoint[i]);

			hashes[i - done] = hash;
			__builtin_prefetch(
				&endpoints->slots[hash & endpoints->slot_mask]);
		}
		for (uint32_t i = done; i < end; i++)
			indices[i] = intern(endpoints, &endpoint[i],
					    hashes[i - done]);
	}
}

uint32_t
endpoints_find(const struct endpoints *endpoints,
	       const struct endpoint *endpoint)
{
	uint32_t index =
		probe(endpoints, endpoint, hash_of(endpoints, endpoint))->index;

	if (index != ENDPOINT_NONE)
		see(&endpoints->entries[index]);
	return index;
}

uint32_t
endpoints_used(const struct endpoints *endpoints)
{
	return endpoints->count - endpoints->free_count;
}

uint32_t
endpoints_capacity(const struct endpoints *endpoints)
{
	return endpoints->capacity;
}

static bool
is_free(const struct endpoint_entry *entry)
{
	return entry->endpoint.address.family == 0;
}

void
endpoints_mark(struct endpoints *endpoints, uint32_t index)
{
	assert(index < endpoints->count);
	assert(!is_free(&endpoints->entries[index]));
	see(&endpoints->entries[index]);
}

/* All that are in use, in the order of their indices. */
static void
slots_fill(struct endpoints *endpoints)
{
	memset(endpoints->slots, 0xff,
	       (size_t)(endpoints->slot_mask + 1) *
		       sizeof(struct endpoint_slot));
	for (uint32_t i = 0; i < endpoints->count; i++) {
		const struct endpoint_entry *entry = &endpoints->entries[i];

		if (is_free(entry))
			continue;
		uint64_t hash = hash_of(endpoints, &entry->endpoint);
		*probe(endpoints, &entry->endpoint, hash) =
			(struct endpoint_slot){ (uint32_t)(hash >> 32), i };
	}
}

uint32_t
endpoints_reclaim(struct endpoints *endpoints)
{
	uint32_t reclaimed = 0;

	for (uint32_t i = 0; i < endpoints->count; i++) {
		struct endpoint_entry *entry = &endpoints->entries[i];
		bool seen = entry->seen;

		entry->seen = false;
		if (seen || is_free(entry))
			continue;
		memset(entry, 0, sizeof(*entry));
		entry->position = endpoints->free;
		endpoints->free = i;
		endpoints->free_count++;
		reclaimed++;
	}
	if (reclaimed > 0)
		slots_fill(endpoints);
	return reclaimed;
}

uint32_t
endpoints_count(const struct endpoints *endpoints)
{
	return endpoints->count;
}

const struct siphash_key *
endpoints_placement(const struct endpoints *endpoints)
{
	return &endpoints->placement;
}
