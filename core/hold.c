/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.c - chunks and their free list
 *
 * Every chunk has room for the whole of a packet's description, used in its
 * first chunk only: 13 bytes of 256, for one kind of chunk instead of two.
 */
#include "core/hold.h"

#include <assert.h>
#include <string.h>

#define CHUNK_BYTES 243

struct chunk {
	uint32_t next; /* of the same packet, or of the free list */
	uint32_t next_packet; /* first chunk of the packet behind this one */
	uint32_t size; /* of the packet */
	uint8_t mark;
	uint8_t bytes[CHUNK_BYTES];
};
_Static_assert(sizeof(struct chunk) == 256, "hold.h promises 256");

struct hold {
	uint32_t capacity, free_count;
	uint32_t free; /* HOLD_NONE: none */
	uint32_t fresh; /* chunks from here on were never used */
	struct chunk *chunks;
};
_Static_assert(sizeof(struct hold) % sizeof(uint64_t) == 0, "chunks follow it");

static uint32_t
chunk_count(uint32_t bytes)
{
	return bytes / (uint32_t)sizeof(struct chunk) +
	       (bytes % sizeof(struct chunk) != 0);
}

size_t
hold_size(uint32_t bytes)
{
	return sizeof(struct hold) +
	       (size_t)chunk_count(bytes) * sizeof(struct chunk);
}

struct hold *
hold_init(void *memory, uint32_t bytes)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);

	/* The chunks are not touched: what is never used is never paged in. */
	struct hold *held = memory;
	*held = (struct hold){
		.capacity = chunk_count(bytes),
		.free_count = chunk_count(bytes),
		.free = HOLD_NONE,
		.chunks = (struct chunk *)(void *)(held + 1),
	};
	return held;
}

struct hold_list
hold_list_empty(void)
{
	return (struct hold_list){ .first = HOLD_NONE, .last = HOLD_NONE };
}

static uint32_t
chunks_for(uint32_t size)
{
	uint32_t count = size / CHUNK_BYTES + (size % CHUNK_BYTES != 0);

	return count > 0 ? count : 1;
}

uint32_t
hold_cost_bytes(uint32_t size)
{
	uint32_t count = chunks_for(size);

	if (count > UINT32_MAX / sizeof(struct chunk))
		return UINT32_MAX;
	return count * (uint32_t)sizeof(struct chunk);
}

static uint32_t
chunk_take(struct hold *held)
{
	uint32_t index = held->free;

	assert(held->free_count > 0);
	held->free_count--;
	if (index == HOLD_NONE) {
		assert(held->fresh < held->capacity);
		return held->fresh++;
	}
	held->free = held->chunks[index].next;
	return index;
}

static void
chunk_give(struct hold *held, uint32_t index)
{
	held->chunks[index].next = held->free;
	held->free = index;
	held->free_count++;
}

bool
hold_append(struct hold *held, struct hold_list *list, const uint8_t *bytes,
	    uint32_t size, uint8_t mark)
{
	uint32_t cost = hold_cost_bytes(size);

	if (chunks_for(size) > held->free_count ||
	    cost > UINT32_MAX - list->bytes)
		return false;

	uint32_t first = chunk_take(held);
	uint32_t at = first;
	uint32_t done = 0;
	for (;;) {
		struct chunk *chunk = &held->chunks[at];
		uint32_t part = size - done;
		if (part > CHUNK_BYTES)
			part = CHUNK_BYTES;
		memcpy(chunk->bytes, bytes + done, part);
		done += part;
		chunk->next = done < size ? chunk_take(held) : HOLD_NONE;
		if (chunk->next == HOLD_NONE)
			break;
		at = chunk->next;
	}
	held->chunks[first].next_packet = HOLD_NONE;
	held->chunks[first].size = size;
	held->chunks[first].mark = mark;

	if (list->packets == 0)
		list->first = first;
	else
		held->chunks[list->last].next_packet = first;
	list->last = first;
	list->packets++;
	list->bytes += cost;
	return true;
}

struct hold_packet
hold_front(const struct hold *held, const struct hold_list *list)
{
	assert(list->packets > 0);

	const struct chunk *chunk = &held->chunks[list->first];
	return (struct hold_packet){ .size = chunk->size, .mark = chunk->mark };
}

uint32_t
hold_copy(const struct hold *held, const struct hold_list *list, uint8_t *to,
	  uint32_t capacity)
{
	assert(list->packets > 0);

	const struct chunk *chunk = &held->chunks[list->first];
	uint32_t wanted = chunk->size < capacity ? chunk->size : capacity;
	uint32_t done = 0;
	while (done < wanted) {
		uint32_t part = wanted - done;
		if (part > CHUNK_BYTES)
			part = CHUNK_BYTES;
		memcpy(to + done, chunk->bytes, part);
		done += part;
		if (done < wanted)
			chunk = &held->chunks[chunk->next];
	}
	return wanted;
}

void
hold_rotate(struct hold *held, struct hold_list *list, uint8_t mark)
{
	assert(list->packets > 0);

	uint32_t first = list->first;
	held->chunks[first].mark = mark;
	if (list->packets == 1)
		return;
	list->first = held->chunks[first].next_packet;
	held->chunks[first].next_packet = HOLD_NONE;
	held->chunks[list->last].next_packet = first;
	list->last = first;
}

void
hold_pop(struct hold *held, struct hold_list *list)
{
	assert(list->packets > 0);

	uint32_t at = list->first;
	list->bytes -= hold_cost_bytes(held->chunks[at].size);
	list->packets--;
	list->first = held->chunks[at].next_packet;
	if (list->packets == 0)
		*list = hold_list_empty();
	while (at != HOLD_NONE) {
		uint32_t next = held->chunks[at].next;
		chunk_give(held, at);
		at = next;
	}
}

uint32_t
hold_chunks_free(const struct hold *held)
{
	return held->free_count;
}

uint32_t
hold_chunks(const struct hold *held)
{
	return held->capacity;
}

uint32_t
hold_list_chunks(const struct hold *held, const struct hold_list *list,
		 uint32_t *packets)
{
	uint32_t chunks = 0,
		 first = list->packets > 0 ? list->first : HOLD_NONE;

	*packets = 0;
	/* No more than there are: a list that goes round has an end, too. */
	for (; first != HOLD_NONE && chunks <= held->capacity;
	     first = held->chunks[first].next_packet) {
		uint32_t at = first;

		++*packets;
		for (; at != HOLD_NONE && chunks <= held->capacity;
		     at = held->chunks[at].next)
			chunks++;
	}
	return chunks;
}
