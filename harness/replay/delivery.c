/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * delivery.c - an array, and a hash table with linear probing over it
 *
 * Packets with equal bytes (keep-alives, retransmissions without an IP
 * identification) form a ring in the order in which they were sent: the slot
 * has the last, and its `same` is the first. Those at the front that have
 * arrived or are lost leave the ring when it is next searched, all but the
 * last of all, so that a search stays short.
 */
#include "harness/replay/delivery.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"
#include "sim/engine/memory.h"

#define PACKET_BYTES_MAX 65535

struct deliveries {
	struct delivery *array;
	uint32_t count, capacity;
	uint32_t *slots; /* of deliveries, or DELIVERY_NONE */
	uint32_t slot_mask, slot_used;
	uint8_t scratch[PACKET_BYTES_MAX];
};

static void
slots_make(struct deliveries *deliveries, uint32_t count)
{
	deliveries->slots = memory_grown(NULL, count, sizeof(uint32_t));
	deliveries->slot_mask = count - 1;
	memset(deliveries->slots, 0xff, count * sizeof(uint32_t));
}

struct deliveries *
deliveries_create(void)
{
	struct deliveries *deliveries =
		memory_grown(NULL, 1, sizeof(*deliveries));

	deliveries->count = 0;
	deliveries->capacity = 1024;
	deliveries->array = memory_grown(NULL, deliveries->capacity,
					 sizeof(*deliveries->array));
	deliveries->slot_used = 0;
	slots_make(deliveries, 1024);
	return deliveries;
}

void
deliveries_destroy(struct deliveries *deliveries)
{
	if (deliveries == NULL)
		return;
	free(deliveries->array);
	free(deliveries->slots);
	free(deliveries);
}

bool
deliveries_add(struct deliveries *deliveries, uint32_t conversation,
	       bool to_server, enum drop drop)
{
	if (deliveries->count == DELIVERY_NONE)
		return false;
	if (deliveries->count == deliveries->capacity) {
		deliveries->capacity = deliveries->capacity > DELIVERY_NONE / 2
					       ? DELIVERY_NONE
					       : deliveries->capacity * 2;
		deliveries->array =
			memory_grown(deliveries->array, deliveries->capacity,
				     sizeof(*deliveries->array));
	}
	deliveries->array[deliveries->count++] = (struct delivery){
		.same = DELIVERY_NONE,
		.conversation = conversation,
		.state = drop == DROP_NONE ? DELIVERY_WAITING : DELIVERY_OUT,
		.drop = (uint8_t)drop,
		.to_server = to_server,
	};
	return true;
}

uint32_t
deliveries_count(const struct deliveries *deliveries)
{
	return deliveries->count;
}

struct delivery *
deliveries_get(struct deliveries *deliveries, uint32_t index)
{
	assert(index < deliveries->count);
	return &deliveries->array[index];
}

/* Of what no router changes. */
static uint64_t
hash_of(struct deliveries *deliveries, const uint8_t *bytes, uint32_t size)
{
	static const struct siphash_key fixed = { .bytes = { 1 } };
	uint8_t *copy = deliveries->scratch;

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
slot_of(const struct deliveries *deliveries, uint64_t hash)
{
	uint32_t slot = (uint32_t)hash & deliveries->slot_mask;

	while (deliveries->slots[slot] != DELIVERY_NONE &&
	       deliveries->array[deliveries->slots[slot]].hash != hash)
		slot = (slot + 1) & deliveries->slot_mask;
	return slot;
}

static void
slots_double(struct deliveries *deliveries)
{
	uint32_t *old = deliveries->slots;
	uint32_t count = deliveries->slot_mask + 1;

	slots_make(deliveries, 2 * count);
	for (uint32_t i = 0; i < count; i++)
		if (old[i] != DELIVERY_NONE)
			deliveries->slots[slot_of(
				deliveries, deliveries->array[old[i]].hash)] =
				old[i];
	free(old);
}

void
deliveries_send(struct deliveries *deliveries, uint32_t index,
		const uint8_t *bytes, uint32_t size)
{
	struct delivery *delivery = deliveries_get(deliveries, index);

	if (deliveries->slot_used > deliveries->slot_mask / 2 &&
	    deliveries->slot_mask < UINT32_MAX / 2)
		slots_double(deliveries);
	delivery->hash = hash_of(deliveries, bytes, size);
	delivery->state = DELIVERY_SENT;

	uint32_t *slot =
		&deliveries->slots[slot_of(deliveries, delivery->hash)];
	if (*slot == DELIVERY_NONE) {
		deliveries->slot_used++;
		delivery->same = index;
	} else {
		struct delivery *last = &deliveries->array[*slot];

		delivery->same = last->same;
		last->same = index;
	}
	*slot = index;
}

static bool
under_way(const struct delivery *delivery)
{
	return delivery->state == DELIVERY_SENT ||
	       delivery->state == DELIVERY_HELD ||
	       delivery->state == DELIVERY_FORWARDED;
}

uint32_t
deliveries_find(struct deliveries *deliveries, const uint8_t *bytes,
		uint32_t size, enum delivery_state state)
{
	uint64_t hash = hash_of(deliveries, bytes, size);
	uint32_t last = deliveries->slots[slot_of(deliveries, hash)];
	uint32_t found = DELIVERY_NONE;

	if (last == DELIVERY_NONE)
		return DELIVERY_NONE;
	uint32_t *first = &deliveries->array[last].same;
	while (*first != last && !under_way(&deliveries->array[*first]))
		*first = deliveries->array[*first].same;
	for (uint32_t i = *first;; i = deliveries->array[i].same) {
		const struct delivery *delivery = &deliveries->array[i];

		if (delivery->state == (uint8_t)state)
			return i;
		if (found == DELIVERY_NONE && under_way(delivery))
			found = i;
		if (i == last)
			break;
	}
	return found != DELIVERY_NONE ? found : last;
}
