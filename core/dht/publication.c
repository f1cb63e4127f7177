/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publication.c - the sessions that nodes own; see publication.h
 *
 *	struct publications | chain heads | slots | struct batches
 */
#include "core/dht/publication.h"

#include <assert.h>
#include <string.h>

/* A batch carries up to 30 sessions, but in a large cluster few sessions
 * share a replica. In flight at a time: an eighth of all, and some; for one
 * session's replicas at least, or it would never be republished. */
static uint32_t
batch_capacity(uint32_t capacity, uint32_t replicas)
{
	uint32_t count = capacity / 8 + 16 + replicas;

	return count < BATCH_POOL_MAX ? count : BATCH_POOL_MAX;
}

static uint32_t
chain_count_for(uint32_t capacity)
{
	uint32_t count = 2;

	while (count < capacity)
		count *= 2;
	return count;
}

static size_t
slot_size_for(uint32_t replicas)
{
	size_t size =
		sizeof(struct publication) +
		((size_t)replicas + PUBLICATION_COPIES) * sizeof(uint32_t);

	return (size + 7) & ~(size_t)7;
}

/* Whatever has the chains, half-open ones lengthen them a little. */
static size_t
slot_count_for(uint32_t capacity)
{
	return (size_t)capacity + PUBLICATIONS_HALF_OPEN(capacity);
}

size_t
publications_size(uint32_t capacity, uint32_t replicas)
{
	return sizeof(struct publications) +
	       (size_t)chain_count_for(capacity) * sizeof(uint32_t) +
	       slot_count_for(capacity) * slot_size_for(replicas) +
	       crowd_size(capacity) +
	       batches_size(batch_capacity(capacity, replicas));
}

struct publications *
publications_init(void *memory, uint32_t capacity, uint32_t replicas)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(capacity < UINT32_C(1) << 31);
	assert(replicas >= 1 && replicas <= UINT8_MAX);

	struct publications *publications = memory;
	uint32_t chain_count = chain_count_for(capacity);
	*publications = (struct publications){
		.capacity = capacity,
		.free = PUBLICATION_NONE,
		.replicas = replicas,
		.chain_mask = chain_count - 1,
		.slot_size = slot_size_for(replicas),
		.chains = (uint32_t *)(publications + 1),
	};
	memset(publications->chains, 0xff,
	       (size_t)chain_count * sizeof(uint32_t));
	publications->slots = (uint8_t *)(publications->chains + chain_count);
	uint8_t *after = publications->slots +
			 slot_count_for(capacity) * publications->slot_size;
	publications->crowd = crowd_init(after, capacity);
	after += crowd_size(capacity);
	publications->batches =
		batches_init(after, batch_capacity(capacity, replicas));
	return publications;
}

void
publications_key(struct publications *publications,
		 const struct siphash_key *secret)
{
	crowd_key(publications->crowd, secret);
}

struct timer_pool
publications_timers(struct publications *publications)
{
	return (struct timer_pool){
		.slots = publications->slots,
		.size = publications->slot_size,
	};
}

uint32_t
publications_count(const struct publications *publications)
{
	return publications->count;
}

struct publication *
publication_at(const struct publications *publications, uint32_t slot)
{
	assert(slot < publications->used);
	return (struct publication *)(void *)(publications->slots +
					      slot * publications->slot_size);
}

/* Owners of one key are in different chains. */
static uint32_t *
chain_of(const struct publications *publications, uint32_t node,
	 uint64_t position)
{
	uint32_t hash = (uint32_t)position ^ node * UINT32_C(0x9e3779b1);

	return &publications->chains[hash & publications->chain_mask];
}

void
publication_prefetch(const struct publications *publications, uint32_t node,
		     uint64_t position)
{
	__builtin_prefetch(chain_of(publications, node, position));
}

uint32_t
publication_find(const struct publications *publications, uint32_t node,
		 const struct session_key *key, uint64_t position)
{
	uint32_t slot = *chain_of(publications, node, position);

	while (slot != PUBLICATION_NONE) {
		const struct publication *publication =
			publication_at(publications, slot);

		if (publication->position == position &&
		    publication->node == node &&
		    session_equal(&publication->key, key))
			break;
		slot = publication->next;
	}
	return slot;
}

/* For one more of its kind. */
static bool
has_room(const struct publications *publications, bool half_open)
{
	uint32_t open = publications->count - publications->half_open;

	if (half_open)
		return publications->half_open <
		       PUBLICATIONS_HALF_OPEN(publications->capacity);
	return open < publications->capacity;
}

uint32_t
publication_add(struct publications *publications, uint32_t node,
		const struct session_key *key, uint64_t position,
		bool half_open)
{
	uint32_t slot = publications->free;

	if (!has_room(publications, half_open))
		return PUBLICATION_NONE;
	if (!half_open)
		crowd_add(publications->crowd, node, key);
	if (slot != PUBLICATION_NONE)
		publications->free = publication_at(publications, slot)->next;
	else
		slot = publications->used++;
	publications->count++;
	publications->half_open += half_open;

	struct publication *publication = publication_at(publications, slot);
	uint32_t *chain = chain_of(publications, node, position);
	*publication = (struct publication){
		.position = position,
		.key = *key,
		.state = PUBLICATION_WAITING,
		.node = node,
		.next = *chain,
		.serial = publications->serial++,
		.lookup = UINT32_MAX,
		.published = INSTANT_NEVER,
		.lapses = INSTANT_NEVER,
		.half_open = half_open,
	};
	timer_init(&publication->timer);
	*chain = slot;
	return slot;
}

bool
publication_set_half_open(struct publications *publications, uint32_t slot,
			  bool half_open)
{
	struct publication *publication = publication_at(publications, slot);

	if (publication->half_open == half_open)
		return true;
	if (!has_room(publications, half_open))
		return false;
	(half_open ? crowd_remove : crowd_add)(
		publications->crowd, publication->node, &publication->key);
	publications->half_open += half_open;
	publications->half_open -= publication->half_open;
	publication->half_open = half_open;
	return true;
}

bool
publication_raise(struct publication *publication, struct version known)
{
	if (publication->half_open ||
	    publication->raises == PUBLICATION_RAISES ||
	    version_compare(known, publication->version) < 0)
		return false;
	publication->raises++;
	publication->version = version_after(known);
	return true;
}

void
publication_copy(const struct publications *publications,
		 struct publication *publication, uint32_t peer)
{
	uint32_t held = publication->replica_count;
	uint32_t count = held + publication->copy_count, i = 0;

	while (i < count && publication->replicas[i] != peer)
		i++;
	if (i < held)
		return;
	/* It moves to the end, in the place of the first if all is full. */
	if (i == count && count < publications->replicas + PUBLICATION_COPIES)
		count++;
	else if (i == count)
		i = held;
	for (; i + 1 < count; i++)
		publication->replicas[i] = publication->replicas[i + 1];
	publication->replicas[count - 1] = peer;
	publication->copy_count = (uint8_t)(count - held);
}

void
publication_free(struct publications *publications, uint32_t slot)
{
	struct publication *publication = publication_at(publications, slot);
	uint32_t *link = chain_of(publications, publication->node,
				  publication->position);

	assert(publication->state != PUBLICATION_FREE);
	assert(!publication->timer.queued);
	while (*link != slot)
		link = &publication_at(publications, *link)->next;
	*link = publication->next;
	if (!publication->half_open)
		crowd_remove(publications->crowd, publication->node,
			     &publication->key);
	publications->half_open -= publication->half_open;
	publication->half_open = false;
	publication->state = PUBLICATION_FREE;
	publication->serial = publications->serial++;
	publication->next = publications->free;
	publications->free = slot;
	publications->count--;
}

void
publication_renew(struct publications *publications, uint32_t slot)
{
	struct publication *publication = publication_at(publications, slot);

	publication->serial = publications->serial++;
	publication->pending = 0;
	publication->lost = false;
	publication->confirm = false;
	publication->again = 0;
	publication->retries = 0;
	publication->tries = 0;
	publication->raises = 0;
}
