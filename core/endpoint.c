/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint.c - interning endpoints in the caller's memory
 *
 *	struct endpoints | position[] | slot[slot_count] | endpoint[]
 *			   capacity of them		   as many
 *
 * slot[] is an open-addressing hash table of indices, ENDPOINT_NONE where
 * free, probed linearly from the position's low bits. Nothing is ever taken
 * out, so a probe ends at the first free slot; slot_count is a power of two
 * and at least a third larger than capacity, so there always is one. Positions
 * are keyed hashes: nobody without the key can make probes long.
 */
#include "core/endpoint.h"

#include <assert.h>
#include <string.h>

#include "core/position.h"

struct endpoints {
	struct siphash_key placement;
	uint32_t capacity, count;
	uint64_t slot_mask;
	uint64_t *positions;
	uint32_t *slots;
	struct endpoint *entries;
};
_Static_assert(sizeof(struct endpoints) % sizeof(uint64_t) == 0,
	       "positions follow it");

static size_t
address_size(const struct address *address)
{
	return address->family == 4 ? 4 : 16;
}

bool
address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family &&
	       memcmp(a->bytes, b->bytes, address_size(a)) == 0;
}

struct address
address_ip4(const uint8_t bytes[4])
{
	struct address address = { .family = 4 };

	memcpy(address.bytes, bytes, 4);
	return address;
}

struct address
address_ip6(const uint8_t bytes[16])
{
	struct address address = { .family = 6 };

	memcpy(address.bytes, bytes, 16);
	return address;
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

size_t
endpoints_size(uint32_t capacity)
{
	return sizeof(struct endpoints) +
	       (size_t)capacity * (sizeof(uint64_t) + sizeof(struct endpoint)) +
	       (size_t)slot_count_for(capacity) * sizeof(uint32_t);
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
		.slot_mask = slot_count - 1,
		.positions = (uint64_t *)(endpoints + 1),
	};
	endpoints->slots = (uint32_t *)(endpoints->positions + capacity);
	endpoints->entries =
		(struct endpoint *)(void *)(endpoints->slots + slot_count);
	memset(endpoints->slots, 0xff, (size_t)slot_count * sizeof(uint32_t));
	return endpoints;
}

/* The slot that holds the endpoint, or the free one where it belongs. */
static uint32_t *
probe(const struct endpoints *endpoints, const struct endpoint *endpoint,
      uint64_t position)
{
	uint64_t i = position & endpoints->slot_mask;

	for (;; i = (i + 1) & endpoints->slot_mask) {
		uint32_t index = endpoints->slots[i];
		if (index == ENDPOINT_NONE)
			break;
		const struct endpoint *entry = &endpoints->entries[index];
		if (endpoints->positions[index] == position &&
		    entry->port == endpoint->port &&
		    address_equal(&entry->address, &endpoint->address))
			break;
	}
	return &endpoints->slots[i];
}

uint32_t
endpoints_intern(struct endpoints *endpoints, const struct endpoint *endpoint)
{
	assert(endpoint->address.family == 4 || endpoint->address.family == 6);

	uint64_t position =
		position_of_endpoint(&endpoints->placement, endpoint);
	uint32_t *slot = probe(endpoints, endpoint, position);
	if (*slot != ENDPOINT_NONE)
		return *slot;
	if (endpoints->count == endpoints->capacity)
		return ENDPOINT_NONE;

	uint32_t index = endpoints->count++;
	struct endpoint *entry = &endpoints->entries[index];
	memset(entry, 0, sizeof(*entry));
	entry->address.family = endpoint->address.family;
	memcpy(entry->address.bytes, endpoint->address.bytes,
	       address_size(&endpoint->address));
	entry->port = endpoint->port;
	endpoints->positions[index] = position;
	*slot = index;
	return index;
}

uint32_t
endpoints_find(const struct endpoints *endpoints,
	       const struct endpoint *endpoint)
{
	return *probe(endpoints, endpoint,
		      position_of_endpoint(&endpoints->placement, endpoint));
}

uint32_t
endpoints_count(const struct endpoints *endpoints)
{
	return endpoints->count;
}

const struct endpoint *
endpoints_get(const struct endpoints *endpoints, uint32_t index)
{
	assert(index < endpoints->count);
	return &endpoints->entries[index];
}

uint64_t
endpoints_position(const struct endpoints *endpoints, uint32_t index)
{
	assert(index < endpoints->count);
	return endpoints->positions[index];
}

const struct siphash_key *
endpoints_placement(const struct endpoints *endpoints)
{
	return &endpoints->placement;
}
