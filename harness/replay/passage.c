/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * passage.c - an array, and a hash table with linear probing over it
 *
 * Packets with equal bytes (keep-alives, retransmissions without an IP
 * identification) form a ring in the order in which they were sent: the slot
 * has the last, and its `same` is the first. Those at the front that have
 * arrived or are lost leave the ring when it is next searched, all but the
 * last of all, so that a search stays short.
 */
#include "harness/replay/passage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "sim/engine/memory.h"

#define PACKET_BYTES_MAX 65535

struct passages {
	struct passage *array;
	uint32_t count, capacity;
	uint32_t *slots; /* passage, or PASSAGE_NONE */
	uint32_t slot_mask, slot_used;
	uint8_t scratch[PACKET_BYTES_MAX];
};

static void
slots_make(struct passages *passages, uint32_t count)
{
	passages->slots = memory_grown(NULL, count, sizeof(uint32_t));
	passages->slot_mask = count - 1;
	memset(passages->slots, 0xff, count * sizeof(uint32_t));
}

struct passages *
passages_create(void)
{
	struct passages *passages = memory_grown(NULL, 1, sizeof(*passages));

	passages->count = 0;
	passages->capacity = 1024;
	passages->array = memory_grown(NULL, passages->capacity,
				       sizeof(*passages->array));
	passages->slot_used = 0;
	slots_make(passages, 1024);
	return passages;
}

void
passages_destroy(struct passages *passages)
{
	if (passages == NULL)
		return;
	free(passages->array);
	free(passages->slots);
	free(passages);
}

bool
passages_add(struct passages *passages, uint32_t dialogue, bool to_server,
	     enum drop drop)
{
	if (passages->count == PASSAGE_NONE)
		return false;
	if (passages->count == passages->capacity) {
		passages->capacity = passages->capacity > PASSAGE_NONE / 2
					     ? PASSAGE_NONE
					     : passages->capacity * 2;
		passages->array =
			memory_grown(passages->array, passages->capacity,
				     sizeof(*passages->array));
	}
	passages->array[passages->count++] = (struct passage){
		.same = PASSAGE_NONE,
		.dialogue = dialogue,
		.state = drop == DROP_NONE ? PASSAGE_WAITING : PASSAGE_OUT,
		.drop = (uint8_t)drop,
		.to_server = to_server,
	};
	return true;
}

uint32_t
passages_count(const struct passages *passages)
{
	return passages->count;
}

struct passage *
passages_get(struct passages *passages, uint32_t index)
{
	assert(index < passages->count);
	return &passages->array[index];
}

/* Of what no router changes. */
static uint64_t
hash_of(struct passages *passages, const uint8_t *bytes, uint32_t size)
{
	static const struct siphash_key fixed = { .bytes = { 1 } };
	uint8_t *copy = passages->scratch;

	if (size > PACKET_BYTES_MAX)
		size = PACKET_BYTES_MAX;
	memcpy(copy, bytes, size);
	if (size >= 20 && bytes[0] >> 4 == 4)
		copy[8] = copy[10] = copy[11] = 0;
	else if (size >= 40)
		copy[7] = 0;
	return siphash(&fixed, copy, size);
}

static uint32_t
slot_of(const struct passages *passages, uint64_t hash)
{
	uint32_t slot = (uint32_t)hash & passages->slot_mask;

	while (passages->slots[slot] != PASSAGE_NONE &&
	       passages->array[passages->slots[slot]].hash != hash)
		slot = (slot + 1) & passages->slot_mask;
	return slot;
}

static void
slots_double(struct passages *passages)
{
	uint32_t *old = passages->slots;
	uint32_t count = passages->slot_mask + 1;

	slots_make(passages, 2 * count);
	for (uint32_t i = 0; i < count; i++)
		if (old[i] != PASSAGE_NONE)
			passages->slots[slot_of(passages,
						passages->array[old[i]].hash)] =
				old[i];
	free(old);
}

void
passages_send(struct passages *passages, uint32_t index, const uint8_t *bytes,
	      uint32_t size)
{
	struct passage *passage = passages_get(passages, index);

	if (passages->slot_used > passages->slot_mask / 2 &&
	    passages->slot_mask < UINT32_MAX / 2)
		slots_double(passages);
	passage->hash = hash_of(passages, bytes, size);
	passage->state = PASSAGE_SENT;

	uint32_t *slot = &passages->slots[slot_of(passages, passage->hash)];
	if (*slot == PASSAGE_NONE) {
		passages->slot_used++;
		passage->same = index;
	} else {
		struct passage *last = &passages->array[*slot];

		passage->same = last->same;
		last->same = index;
	}
	*slot = index;
}

static bool
under_way(const struct passage *passage)
{
	return passage->state == PASSAGE_SENT ||
	       passage->state == PASSAGE_HELD ||
	       passage->state == PASSAGE_FORWARDED;
}

uint32_t
passages_find(struct passages *passages, const uint8_t *bytes, uint32_t size,
	      enum passage_state state)
{
	uint64_t hash = hash_of(passages, bytes, size);
	uint32_t last = passages->slots[slot_of(passages, hash)];
	uint32_t found = PASSAGE_NONE;

	if (last == PASSAGE_NONE)
		return PASSAGE_NONE;
	uint32_t *first = &passages->array[last].same;
	while (*first != last && !under_way(&passages->array[*first]))
		*first = passages->array[*first].same;
	for (uint32_t i = *first;; i = passages->array[i].same) {
		const struct passage *passage = &passages->array[i];

		if (passage->state == (uint8_t)state)
			return i;
		if (found == PASSAGE_NONE && under_way(passage))
			found = i;
		if (i == last)
			break;
	}
	return found != PASSAGE_NONE ? found : last;
}
