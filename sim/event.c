/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.c - a small heap for the near future, a radix sort for the far
 *
 *	 popped | heap: everything before `horizon` | bucket 1 .. 64
 *	--------+-----------------------------------+------------------> time
 *	       now                               horizon
 *
 * Simulated time never runs backwards, so the queue need not sort what is far
 * away. An event at or after the horizon goes, unsorted, to the bucket named
 * by the highest bit in which its time differs from `base` (a radix heap
 * [1]; the lowest bucket holds the earliest times, and every bucket spans a
 * power of two of nanoseconds). When the heap runs dry, the lowest bucket is
 * opened: a large one is spread over the buckets below it, a small one goes to
 * the heap whole, and the horizon moves to the bucket's end. So nearly all
 * sorting happens in a heap of some dozens of entries that stays in the first
 * cache, and each event is moved about log2(pending) / 2 times, sequentially.
 *
 * Invariants:
 *  - the heap holds exactly the pending events with time < horizon;
 *  - base < horizon, and an event in bucket i has time ^ base in
 *    [2^(i-1), 2^i); bucket 0 is for time == base and empty but while a
 *    bucket is being spread;
 *  - entries are compared by the whole key, so the order of equal times is
 *    that of event.h and nothing depends on the layout.
 *
 * An entry is 24 bytes: time, then class (1 bit), destination (32) and the
 * sequence number's high 31 bits in one word, then its low 32 bits and the
 * slot of the payload. Payloads lie still in a slab while entries move.
 *
 * [1] Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path
 *     problem. JACM 37(2), 1990.
 */
#include "sim/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

#define NONE	     UINT32_MAX
#define BUCKETS	     65
#define CHUNK_COUNT  84 /* entries; a chunk is about 2 KiB */
#define OPEN_AT_MOST 48 /* entries that go to the heap without spreading */
#define ARITY	     4

struct entry {
	int64_t at_ns;
	uint64_t order; /* class 1, destination 32, sequence >> 32: 31 bits */
	uint32_t sequence; /* low 32 bits */
	uint32_t slot;
};
_Static_assert(sizeof(struct entry) == 24, "three words");

struct payload {
	uint64_t c;
	uint32_t a, b;
	uint16_t code;
	uint8_t kind;
	uint32_t next_free;
};
_Static_assert(sizeof(struct payload) == 24, "three words");

struct chunk {
	uint32_t count;
	uint32_t next; /* chunk of the same bucket, or of the free list */
	struct entry entries[CHUNK_COUNT];
};

struct bucket {
	uint32_t chunk; /* the one being filled; older ones follow by next */
	uint32_t count; /* saturates: only "few" is ever asked */
};

struct queue {
	int64_t now_ns;
	int64_t base_ns, horizon_ns;
	uint64_t sequence;
	uint64_t popped, hash;
	uint64_t occupied; /* bit i: bucket i + 1 is not empty */

	struct entry *heap;
	size_t heap_count, heap_capacity;

	struct payload *slots;
	uint32_t slot_count, slot_capacity, slot_free;

	struct chunk *chunks;
	uint32_t chunk_count, chunk_capacity, chunk_free;

	struct bucket buckets[BUCKETS];
};

struct queue *
queue_create(void)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		abort();
	queue->horizon_ns = 1;
	queue->heap_capacity = 256;
	queue->heap =
		memory_grown(NULL, queue->heap_capacity, sizeof(struct entry));
	queue->slot_free = NONE;
	queue->chunk_free = NONE;
	for (size_t i = 0; i < BUCKETS; i++)
		queue->buckets[i].chunk = NONE;
	return queue;
}

void
queue_destroy(struct queue *queue)
{
	if (queue == NULL)
		return;
	free(queue->heap);
	free(queue->slots);
	free(queue->chunks);
	free(queue);
}

static bool
entry_before(const struct entry *a, const struct entry *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->order != b->order)
		return a->order < b->order;
	return a->sequence < b->sequence;
}

static void
heap_push(struct queue *queue, const struct entry *entry)
{
	if (queue->heap_count == queue->heap_capacity) {
		queue->heap_capacity *= 2;
		queue->heap = memory_grown(queue->heap, queue->heap_capacity,
					   sizeof(struct entry));
	}

	struct entry *heap = queue->heap;
	size_t hole = queue->heap_count++;

	while (hole > 0) {
		size_t parent = (hole - 1) / ARITY;
		if (!entry_before(entry, &heap[parent]))
			break;
		heap[hole] = heap[parent];
		hole = parent;
	}
	heap[hole] = *entry;
}

static void
heap_pop(struct queue *queue)
{
	struct entry *heap = queue->heap;
	size_t count = --queue->heap_count;
	const struct entry last = heap[count];
	size_t hole = 0;

	for (;;) {
		size_t child = hole * ARITY + 1;
		size_t end = child + ARITY < count ? child + ARITY : count;
		if (child >= count)
			break;
		size_t least = child;
		while (++child < end)
			if (entry_before(&heap[child], &heap[least]))
				least = child;
		if (!entry_before(&heap[least], &last))
			break;
		heap[hole] = heap[least];
		hole = least;
	}
	heap[hole] = last;
}

static uint32_t
slot_take(struct queue *queue)
{
	uint32_t slot = queue->slot_free;

	if (slot != NONE) {
		queue->slot_free = queue->slots[slot].next_free;
		return slot;
	}
	if (queue->slot_count == queue->slot_capacity) {
		assert(queue->slot_capacity < NONE / 2);
		queue->slot_capacity =
			queue->slot_capacity ? queue->slot_capacity * 2 : 256;
		queue->slots = memory_grown(queue->slots, queue->slot_capacity,
					    sizeof(struct payload));
	}
	return queue->slot_count++;
}

static uint32_t
chunk_take(struct queue *queue, uint32_t next)
{
	uint32_t chunk = queue->chunk_free;

	if (chunk != NONE) {
		queue->chunk_free = queue->chunks[chunk].next;
	} else {
		if (queue->chunk_count == queue->chunk_capacity) {
			queue->chunk_capacity =
				queue->chunk_capacity
					? queue->chunk_capacity * 2
					: 16;
			queue->chunks = memory_grown(queue->chunks,
						     queue->chunk_capacity,
						     sizeof(struct chunk));
		}
		chunk = queue->chunk_count++;
	}
	queue->chunks[chunk].count = 0;
	queue->chunks[chunk].next = next;
	return chunk;
}

/* Bucket 0 has no bit in `occupied`: only opening a bucket may fill it, and
 * it is emptied in the same breath. */
static void
bucket_add(struct queue *queue, const struct entry *entry)
{
	uint64_t differs = (uint64_t)(entry->at_ns ^ queue->base_ns);
	unsigned index = 64;

	if (differs == 0)
		index = 0;
	else {
		index -= (unsigned)__builtin_clzll(differs);
		queue->occupied |= UINT64_C(1) << (index - 1);
	}

	struct bucket *bucket = &queue->buckets[index];
	uint32_t chunk = bucket->chunk;
	if (chunk == NONE || queue->chunks[chunk].count == CHUNK_COUNT) {
		chunk = chunk_take(queue, chunk);
		bucket->chunk = chunk;
	}
	queue->chunks[chunk].entries[queue->chunks[chunk].count++] = *entry;
	if (bucket->count < UINT32_MAX)
		bucket->count++;
}

/* Move a whole bucket to the heap, or spread it over the buckets below. */
static void
bucket_empty(struct queue *queue, unsigned index, bool to_heap)
{
	struct bucket *bucket = &queue->buckets[index];
	uint32_t chunk = bucket->chunk;

	bucket->chunk = NONE;
	bucket->count = 0;
	while (chunk != NONE) {
		/* Adding may move the array of chunks. */
		uint32_t count = queue->chunks[chunk].count;
		for (uint32_t i = 0; i < count; i++) {
			const struct entry entry =
				queue->chunks[chunk].entries[i];
			if (to_heap) {
				__builtin_prefetch(&queue->slots[entry.slot]);
				heap_push(queue, &entry);
			} else {
				bucket_add(queue, &entry);
			}
		}
		uint32_t next = queue->chunks[chunk].next;
		queue->chunks[chunk].next = queue->chunk_free;
		queue->chunk_free = chunk;
		chunk = next;
	}
}

/* Fill the empty heap from the lowest bucket; false when nothing is pending. */
static bool
heap_refill(struct queue *queue)
{
	while (queue->heap_count == 0) {
		if (queue->occupied == 0)
			return false;
		unsigned bit = (unsigned)__builtin_ctzll(queue->occupied);
		uint64_t width = UINT64_C(1) << bit;
		uint64_t start =
			((uint64_t)queue->base_ns | width) & ~(width - 1);

		queue->occupied &= ~width;
		queue->base_ns = (int64_t)start;
		if (queue->buckets[bit + 1].count <= OPEN_AT_MOST || bit == 0) {
			queue->horizon_ns = (int64_t)(start + width);
			bucket_empty(queue, bit + 1, true);
		} else {
			/* Times equal to the new base land in bucket 0; they
			 * are the nearest, so they need a horizon of one. */
			queue->horizon_ns = (int64_t)start + 1;
			bucket_empty(queue, bit + 1, false);
			bucket_empty(queue, 0, true);
		}
	}
	return true;
}

void
queue_schedule(struct queue *queue, uint32_t destination, int64_t delay_ns,
	       const struct event *event)
{
	assert(delay_ns >= 0 && delay_ns < INT64_MAX / 2 - queue->now_ns);
	assert(event->class <= EVENT_TIMER && event->kind < EVENT_KINDS);

	uint64_t sequence = queue->sequence++;
	const struct entry entry = {
		.at_ns = queue->now_ns + delay_ns,
		.order = (uint64_t)event->class << 63 |
			 (uint64_t)destination << 31 | sequence >> 32,
		.sequence = (uint32_t)sequence,
		.slot = slot_take(queue),
	};

	queue->slots[entry.slot] = (struct payload){
		.c = event->c,
		.a = event->a,
		.b = event->b,
		.code = event->code,
		.kind = event->kind,
	};
	if (entry.at_ns < queue->horizon_ns)
		heap_push(queue, &entry);
	else
		bucket_add(queue, &entry);
}

/* ISO C has no name for it; every compiler that we support does. */
__extension__ typedef unsigned __int128 uint128;

/* Both halves of the product of two words, folded: each input bit reaches
 * all of the result. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
	uint128 product = (uint128)a * b;

	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static void
hash_add(struct queue *queue, const struct event *event)
{
	uint64_t who = (uint64_t)event->destination << 32 |
		       (uint64_t)event->class << 24 |
		       (uint64_t)event->kind << 16 | event->code;
	uint64_t what = (uint64_t)event->a << 32 | event->b;
	uint64_t word =
		fold((uint64_t)queue->now_ns ^ UINT64_C(0x9e3779b97f4a7c15),
		     who ^ UINT64_C(0xd6e8feb86659fd93)) ^
		fold(what ^ UINT64_C(0xa0761d6478bd642f),
		     event->c ^ UINT64_C(0xe7037ed1a0b428db));

	queue->hash =
		fold(queue->hash ^ word, UINT64_C(0x8ebc6af09c88c6e3)) + word;
}

bool
queue_next(struct queue *queue, struct instant until, struct event *event)
{
	if (!heap_refill(queue) || queue->heap[0].at_ns > until.ns) {
		if (until.ns > queue->now_ns && until.ns != INT64_MAX)
			queue->now_ns = until.ns;
		return false;
	}

	const struct entry *entry = &queue->heap[0];
	uint32_t slot = entry->slot;
	struct payload *payload = &queue->slots[slot];

	*event = (struct event){
		.destination = (uint32_t)(entry->order >> 31),
		.class = (uint8_t)(entry->order >> 63),
		.kind = payload->kind,
		.code = payload->code,
		.a = payload->a,
		.b = payload->b,
		.c = payload->c,
	};
	queue->now_ns = entry->at_ns;
	payload->next_free = queue->slot_free;
	queue->slot_free = slot;
	heap_pop(queue);
	queue->popped++;
	hash_add(queue, event);
	return true;
}

struct instant
queue_now(const struct queue *queue)
{
	return (struct instant){ .ns = queue->now_ns };
}

uint64_t
queue_popped(const struct queue *queue)
{
	return queue->popped;
}

uint64_t
queue_hash(const struct queue *queue)
{
	return queue->hash;
}

void
alarm_set(struct alarm *alarm, struct queue *queue, struct instant deadline,
	  const struct event *event)
{
	if (deadline.ns >= alarm->pending_ns)
		return;
	if (deadline.ns < queue->now_ns)
		deadline.ns = queue->now_ns;
	/* A past deadline may be raised to what is pending already. */
	if (deadline.ns >= alarm->pending_ns)
		return;
	alarm->pending_ns = deadline.ns;
	queue_schedule(queue, event->destination, deadline.ns - queue->now_ns,
		       event);
}

bool
alarm_fires(struct alarm *alarm, const struct queue *queue)
{
	if (alarm->pending_ns != queue->now_ns)
		return false;
	alarm->pending_ns = INT64_MAX;
	return true;
}
