/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lru.c - chains and one list, all by index
 *
 *	struct lru | struct link[capacity] | heads[power of two >= capacity]
 *
 * A slot is free (in the free list, through next), used (in a chain and in
 * the list) or pinned (in a chain only).
 */
#include "core/lru.h"

#include <assert.h>
#include <string.h>

enum slot_state {
	SLOT_FREE,
	SLOT_LISTED,
	SLOT_PINNED,
};

struct link {
	uint32_t hash;
	uint32_t chain; /* the next of the same head */
	uint32_t older, newer;
	uint8_t state; /* enum slot_state */
};

struct lru {
	uint32_t capacity, count;
	uint32_t mask;
	uint32_t free;
	uint32_t oldest, newest;
	struct link *links;
	uint32_t *heads;
};

static uint32_t
head_count(uint32_t capacity)
{
	uint32_t count = 1;

	while (count < capacity && count < UINT32_C(1) << 31)
		count *= 2;
	return count;
}

static size_t
align8(size_t size)
{
	return (size + 7) / 8 * 8;
}

size_t
lru_size(uint32_t capacity)
{
	return align8(sizeof(struct lru)) +
	       align8(capacity * sizeof(struct link)) +
	       align8(head_count(capacity) * sizeof(uint32_t));
}

struct lru *
lru_init(void *memory, uint32_t capacity)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity < LRU_NONE);

	struct lru *lru = memory;
	uint8_t *after = (uint8_t *)memory + align8(sizeof(*lru));
	*lru = (struct lru){
		.capacity = capacity,
		.mask = head_count(capacity) - 1,
		.free = capacity > 0 ? 0 : LRU_NONE,
		.oldest = LRU_NONE,
		.newest = LRU_NONE,
		.links = (void *)after,
	};
	lru->heads = (void *)(after + align8(capacity * sizeof(struct link)));
	for (uint32_t i = 0; i < capacity; i++) {
		lru->links[i] = (struct link){
			.chain = i + 1 < capacity ? i + 1 : LRU_NONE,
			.state = SLOT_FREE,
		};
	}
	memset(lru->heads, 0xff, ((size_t)lru->mask + 1) * sizeof(uint32_t));
	return lru;
}

uint32_t
lru_first(const struct lru *lru, uint32_t hash)
{
	uint32_t slot = lru->heads[hash & lru->mask];

	while (slot != LRU_NONE && lru->links[slot].hash != hash)
		slot = lru->links[slot].chain;
	return slot;
}

uint32_t
lru_next(const struct lru *lru, uint32_t slot)
{
	uint32_t hash = lru->links[slot].hash;

	do
		slot = lru->links[slot].chain;
	while (slot != LRU_NONE && lru->links[slot].hash != hash);
	return slot;
}

static void
list_append(struct lru *lru, uint32_t slot)
{
	struct link *link = &lru->links[slot];

	link->state = SLOT_LISTED;
	link->newer = LRU_NONE;
	link->older = lru->newest;
	if (lru->newest != LRU_NONE)
		lru->links[lru->newest].newer = slot;
	else
		lru->oldest = slot;
	lru->newest = slot;
}

static void
list_remove(struct lru *lru, uint32_t slot)
{
	struct link *link = &lru->links[slot];

	if (link->older != LRU_NONE)
		lru->links[link->older].newer = link->newer;
	else
		lru->oldest = link->newer;
	if (link->newer != LRU_NONE)
		lru->links[link->newer].older = link->older;
	else
		lru->newest = link->older;
}

uint32_t
lru_add(struct lru *lru, uint32_t hash)
{
	uint32_t slot = lru->free;

	if (slot == LRU_NONE)
		return LRU_NONE;
	struct link *link = &lru->links[slot];
	lru->free = link->chain;
	link->hash = hash;
	link->chain = lru->heads[hash & lru->mask];
	lru->heads[hash & lru->mask] = slot;
	list_append(lru, slot);
	lru->count++;
	return slot;
}

uint32_t
lru_claim(struct lru *lru, uint32_t hash)
{
	if (lru->free == LRU_NONE && lru->oldest != LRU_NONE)
		lru_remove(lru, lru->oldest);
	return lru_add(lru, hash);
}

void
lru_remove(struct lru *lru, uint32_t slot)
{
	assert(slot < lru->capacity);
	struct link *link = &lru->links[slot];
	assert(link->state != SLOT_FREE);

	uint32_t *at = &lru->heads[link->hash & lru->mask];
	while (*at != slot)
		at = &lru->links[*at].chain;
	*at = link->chain;
	if (link->state == SLOT_LISTED)
		list_remove(lru, slot);
	link->state = SLOT_FREE;
	link->chain = lru->free;
	lru->free = slot;
	lru->count--;
}

void
lru_touch(struct lru *lru, uint32_t slot)
{
	assert(slot < lru->capacity);
	assert(lru->links[slot].state != SLOT_FREE);

	if (lru->links[slot].state == SLOT_PINNED || lru->newest == slot)
		return;
	list_remove(lru, slot);
	list_append(lru, slot);
}

uint32_t
lru_oldest(const struct lru *lru)
{
	return lru->oldest;
}

void
lru_pin(struct lru *lru, uint32_t slot)
{
	assert(slot < lru->capacity);
	assert(lru->links[slot].state != SLOT_FREE);

	if (lru->links[slot].state == SLOT_PINNED)
		return;
	list_remove(lru, slot);
	lru->links[slot].state = SLOT_PINNED;
}

void
lru_unpin(struct lru *lru, uint32_t slot)
{
	assert(slot < lru->capacity);
	assert(lru->links[slot].state != SLOT_FREE);

	if (lru->links[slot].state == SLOT_PINNED)
		list_append(lru, slot);
}

uint32_t
lru_capacity(const struct lru *lru)
{
	return lru->capacity;
}

bool
lru_used(const struct lru *lru, uint32_t slot)
{
	return lru->links[slot].state != SLOT_FREE;
}

uint32_t
lru_count(const struct lru *lru)
{
	return lru->count;
}

uint32_t
lru_hash(const struct lru *lru, uint32_t slot)
{
	assert(slot < lru->capacity);
	return lru->links[slot].hash;
}
