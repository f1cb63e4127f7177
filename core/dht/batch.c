/* SPDX-License-Identifier: GPL-3.0-or-later */
/* batch.c - one STORE or REMOVE datagram in flight; see batch.h */
#include "core/dht/batch.h"

#include <assert.h>
#include <string.h>

#define GENERATIONS 0x7ff /* 1 to this: no transaction is 0 */

size_t
batches_size(uint32_t capacity)
{
	return sizeof(struct batches) + (size_t)capacity * sizeof(struct batch);
}

struct batches *
batches_init(void *memory, uint32_t capacity)
{
	struct batches *batches = memory;

	assert(capacity <= BATCH_POOL_MAX);
	*batches = (struct batches){
		.capacity = capacity,
		.free = BATCH_NONE,
	};
	return batches;
}

struct timer_pool
batches_timers(struct batches *batches)
{
	return (struct timer_pool){
		.slots = batches->slots,
		.size = sizeof(struct batch),
	};
}

uint32_t
batch_take(struct batches *batches, uint32_t node, uint32_t peer,
	   enum message_type type)
{
	uint32_t slot = batches->free, generation = 0;

	if (slot != BATCH_NONE) {
		batches->free = batches->slots[slot].next;
		generation = batches->slots[slot].generation;
	} else if (batches->used < batches->capacity) {
		slot = batches->used++;
	} else {
		return BATCH_NONE;
	}
	batches->count++;

	struct batch *batch = &batches->slots[slot];
	memset(batch, 0, offsetof(struct batch, items));
	timer_init(&batch->timer);
	batch->node = node;
	batch->peer = peer;
	batch->type = (uint8_t)type;
	batch->generation = generation % GENERATIONS + 1;
	batch->taken = true;
	return slot;
}

void
batch_give(struct batches *batches, uint32_t slot)
{
	struct batch *batch = &batches->slots[slot];

	assert(batch->taken && !batch->timer.queued);
	batch->taken = false;
	batch->next = batches->free;
	batches->free = slot;
	batches->count--;
}

void
batch_renew(struct batches *batches, uint32_t slot)
{
	struct batch *batch = &batches->slots[slot];

	batch->generation = batch->generation % GENERATIONS + 1;
}

uint32_t
batches_free(const struct batches *batches)
{
	return batches->capacity - batches->count;
}

uint32_t
batch_transaction(const struct batches *batches, uint32_t slot)
{
	return BATCH_TRANSACTION |
	       batches->slots[slot].generation << BATCH_SLOT_BITS | slot;
}

uint32_t
batch_by_transaction(const struct batches *batches, uint32_t node,
		     uint32_t peer, uint32_t transaction)
{
	uint32_t slot = transaction & (BATCH_POOL_MAX - 1);

	if (slot >= batches->used)
		return BATCH_NONE;
	const struct batch *batch = &batches->slots[slot];
	if (!batch->taken || batch->node != node || batch->peer != peer ||
	    batch_transaction(batches, slot) != transaction)
		return BATCH_NONE;
	return slot;
}
