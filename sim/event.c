/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.c - a sorted run for the near future, a radix sort for the far
 *
 *	 popped | run + heap: all before `horizon` | buckets [level][digit]
 *	--------+----------------------------------+-------------------> time
 *	       now                              horizon
 *
 * Simulated time never runs backwards, so the queue need not sort what is far
 * away. An event at or after the horizon goes, unsorted, to the bucket named
 * by the highest digit in which its time differs from `base`, and by the value
 * of that digit (a radix heap [1] whose digits have several bits; seen from
 * the other side, a hierarchical timing wheel [2] that does not tick). The
 * lowest bucket holds the earliest times. When run and heap are dry, it is
 * opened: a large one is spread over the buckets below it, a small one is
 * sorted into the run, and the horizon moves to the bucket's end. What is
 * scheduled before the horizon after that goes to the heap. So nearly all
 * sorting happens in some dozens of entries that stay in the first cache, and
 * each event is moved a few times, sequentially.
 *
 * Invariants:
 *  - run and heap hold exactly the entries with time < horizon;
 *  - base < horizon, and an entry in bucket [l][d] has digit d at level l,
 *    above the base's, and agrees with the base above that; `same` is for
 *    time == base and empty but while a bucket is being spread;
 *  - entries are compared by the whole key, so the order of equal times is
 *    that of event.h and nothing depends on the layout;
 *  - a slot is free, or one entry names it. It is given back when that entry
 *    is found, popped or cancelled.
 *
 * An entry is 24 bytes: time, then class (1 bit), destination (32) and the
 * sequence number's high 31 bits in one word, then its low 32 bits and the
 * slot of the payload. Payloads lie still in a slab while entries move.
 *
 * An alarm that moves away from now leaves its entry where it is; its payload
 * has the deadline, and the entry moves on when its time comes. One that moves
 * nearer gets a new entry; a bit says that the old slot is cancelled, and
 * whoever meets the entry drops it. When more is cancelled than pends, all
 * buckets are swept.
 *
 * A bucket that is opened while little is pending spans a long time, and a
 * burst may then fill the heap. When it is above HEAP_MOST, base and horizon
 * move back to now, and the heap goes to the buckets.
 *
 * [1] Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path
 *     problem. JACM 37(2), 1990.
 * [2] Varghese, Lauck: Hashed and hierarchical timing wheels. SOSP 1987.
 */
#include "sim/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/memory.h"

#define NONE UINT32_MAX

/* Both by measurement: `homeward bench queue`. */
#ifndef DIGIT_BITS
#define DIGIT_BITS 3
#endif
#ifndef RUN_MOST
#define RUN_MOST 48 /* entries that are sorted at once */
#endif
#define DIGITS	    (1U << DIGIT_BITS)
#define LEVELS	    ((63 + DIGIT_BITS - 1) / DIGIT_BITS)
#define CHUNK_COUNT 84 /* entries; a chunk is about 2 KiB */
#define ARITY	    4
#define HEAP_MOST   256 /* then the horizon comes nearer */
#define SWEEP_LEAST 1024
#define UPCOMING    8 /* events looked ahead */

struct entry {
	int64_t at_ns;
	uint64_t order; /* class 1, destination 32, sequence >> 32: 31 bits */
	uint32_t sequence; /* low 32 bits */
	uint32_t slot;
};
_Static_assert(sizeof(struct entry) == 24, "three words");

struct payload {
	uint64_t c; /* an alarm's deadline; the event's own is 0 then */
	uint32_t a, b;
	uint16_t code;
	uint8_t kind;
	bool alarm;
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

	struct entry run[RUN_MOST]; /* from run_at, sorted */
	uint32_t run_at, run_count, run_told;
	uint32_t levels_used; /* bit i: digits_used[i] is not 0 */
	uint64_t digits_used[LEVELS];

	struct entry *heap;
	size_t heap_count, heap_capacity, heap_most;

	struct payload *slots;
	uint64_t *cancelled; /* a bit a slot */
	uint32_t slot_count, slot_capacity, slot_free;
	uint32_t live_count, cancelled_count; /* slots taken are both */

	struct chunk *chunks;
	uint32_t chunk_count, chunk_capacity, chunk_free;

	struct bucket same; /* time == base; see bucket_add() */
	struct bucket buckets[LEVELS][DIGITS];
};

struct queue *
queue_create(void)
{
	struct queue *queue = memory_zeroed(1, sizeof(*queue));

	queue->horizon_ns = 1;
	queue->heap_capacity = 256;
	queue->heap_most = HEAP_MOST;
	queue->heap =
		memory_grown(NULL, queue->heap_capacity, sizeof(struct entry));
	queue->slot_free = NONE;
	queue->chunk_free = NONE;
	queue->same.chunk = NONE;
	for (size_t i = 0; i < LEVELS; i++)
		for (size_t j = 0; j < DIGITS; j++)
			queue->buckets[i][j].chunk = NONE;
	return queue;
}

void
queue_destroy(struct queue *queue)
{
	if (queue == NULL)
		return;
	free(queue->heap);
	free(queue->slots);
	free(queue->cancelled);
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

/* ---- the heap: what was scheduled too near for a bucket ---- */

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

/* ---- the slab of payloads ---- */

static uint32_t
slot_take(struct queue *queue)
{
	uint32_t slot = queue->slot_free;

	queue->live_count++;
	if (slot != NONE) {
		queue->slot_free = queue->slots[slot].next_free;
		return slot;
	}
	if (queue->slot_count == queue->slot_capacity) {
		uint32_t words = queue->slot_capacity / 64;

		assert(queue->slot_capacity < NONE / 2);
		queue->slot_capacity =
			queue->slot_capacity ? queue->slot_capacity * 2 : 256;
		queue->slots = memory_grown(queue->slots, queue->slot_capacity,
					    sizeof(struct payload));
		queue->cancelled = memory_grown(queue->cancelled,
						queue->slot_capacity / 64,
						sizeof(*queue->cancelled));
		memset(queue->cancelled + words, 0,
		       (queue->slot_capacity / 64 - words) *
			       sizeof(*queue->cancelled));
	}
	return queue->slot_count++;
}

static void
slot_give(struct queue *queue, uint32_t slot)
{
	queue->slots[slot].next_free = queue->slot_free;
	queue->slot_free = slot;
}

static bool
slot_is_cancelled(const struct queue *queue, uint32_t slot)
{
	return queue->cancelled[slot / 64] >> slot % 64 & 1;
}

/* The last trace of a cancelled event: its entry was found. */
static void
slot_forget(struct queue *queue, uint32_t slot)
{
	queue->cancelled[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	queue->cancelled_count--;
	slot_give(queue, slot);
}

/* ---- buckets ---- */

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

static void
chunk_give(struct queue *queue, uint32_t chunk)
{
	queue->chunks[chunk].next = queue->chunk_free;
	queue->chunk_free = chunk;
}

static void
bucket_append(struct queue *queue, struct bucket *bucket,
	      const struct entry *entry)
{
	uint32_t chunk = bucket->chunk;

	if (chunk == NONE || queue->chunks[chunk].count == CHUNK_COUNT) {
		chunk = chunk_take(queue, chunk);
		bucket->chunk = chunk;
	}
	queue->chunks[chunk].entries[queue->chunks[chunk].count++] = *entry;
	if (bucket->count < UINT32_MAX)
		bucket->count++;
}

/* `same` has no bit anywhere: only opening a bucket may fill it, and it is
 * emptied in the same breath. */
static void
bucket_add(struct queue *queue, const struct entry *entry)
{
	uint64_t differs = (uint64_t)(entry->at_ns ^ queue->base_ns);
	struct bucket *bucket = &queue->same;

	if (differs != 0) {
		unsigned level =
			(63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
		unsigned digit = (unsigned)((uint64_t)entry->at_ns >>
					    level * DIGIT_BITS) %
				 DIGITS;
		queue->levels_used |= 1U << level;
		queue->digits_used[level] |= UINT64_C(1) << digit;
		bucket = &queue->buckets[level][digit];
	}

	bucket_append(queue, bucket, entry);
}

/* To the run, to the heap when that is full, or over the buckets below. */
enum bucket_way {
	BUCKET_SORT,
	BUCKET_HEAP,
	BUCKET_SPREAD,
};

static void
bucket_move(struct queue *queue, const struct entry *entry, enum bucket_way way)
{
	if (way == BUCKET_SPREAD) {
		bucket_add(queue, entry);
		return;
	}
	__builtin_prefetch(&queue->slots[entry->slot]);
	if (way == BUCKET_HEAP) {
		heap_push(queue, entry);
		return;
	}

	/* Insertion: it is short. */
	struct entry *run = queue->run;
	uint32_t hole = queue->run_count++;
	while (hole > 0 && entry_before(entry, &run[hole - 1])) {
		run[hole] = run[hole - 1];
		hole--;
	}
	run[hole] = *entry;
}

static void
bucket_empty(struct queue *queue, struct bucket *bucket, enum bucket_way way)
{
	uint32_t chunk = bucket->chunk;

	bucket->chunk = NONE;
	bucket->count = 0;
	while (chunk != NONE) {
		/* Adding may move the array of chunks. */
		uint32_t count = queue->chunks[chunk].count;
		for (uint32_t i = 0; i < count; i++) {
			const struct entry entry =
				queue->chunks[chunk].entries[i];
			if (queue->cancelled_count > 0 &&
			    slot_is_cancelled(queue, entry.slot))
				slot_forget(queue, entry.slot);
			else
				bucket_move(queue, &entry, way);
		}
		uint32_t next = queue->chunks[chunk].next;
		chunk_give(queue, chunk);
		chunk = next;
	}
}

static enum bucket_way
bucket_way(const struct bucket *bucket)
{
	return bucket->count <= RUN_MOST ? BUCKET_SORT : BUCKET_HEAP;
}

/* Open the lowest bucket; run and heap are empty. False: there is none. */
static bool
bucket_open(struct queue *queue)
{
	if (queue->levels_used == 0)
		return false;
	unsigned level = (unsigned)__builtin_ctz(queue->levels_used);
	uint64_t *used = &queue->digits_used[level];
	unsigned digit = (unsigned)__builtin_ctzll(*used);
	unsigned shift = level * DIGIT_BITS;
	uint64_t start =
		((uint64_t)queue->base_ns >> shift & ~(uint64_t)(DIGITS - 1)) |
		digit;
	struct bucket *bucket = &queue->buckets[level][digit];

	*used &= *used - 1;
	if (*used == 0)
		queue->levels_used &= ~(1U << level);
	queue->base_ns = (int64_t)(start << shift);
	queue->run_at = queue->run_count = queue->run_told = 0;
	if (bucket->count <= RUN_MOST || level == 0) {
		queue->horizon_ns = (int64_t)((start + 1) << shift);
		bucket_empty(queue, bucket, bucket_way(bucket));
	} else {
		/* Times equal to the new base are the nearest, so they need a
		 * horizon of one. */
		queue->horizon_ns = queue->base_ns + 1;
		bucket_empty(queue, bucket, BUCKET_SPREAD);
		bucket_empty(queue, &queue->same, bucket_way(&queue->same));
	}
	return true;
}

static void
bucket_sweep(struct queue *queue, struct bucket *bucket)
{
	uint32_t chunk = bucket->chunk;

	bucket->chunk = NONE;
	bucket->count = 0;
	while (chunk != NONE) {
		uint32_t count = queue->chunks[chunk].count;
		for (uint32_t i = 0; i < count; i++) {
			const struct entry entry =
				queue->chunks[chunk].entries[i];
			if (slot_is_cancelled(queue, entry.slot))
				slot_forget(queue, entry.slot);
			else
				bucket_append(queue, bucket, &entry);
		}
		uint32_t next = queue->chunks[chunk].next;
		chunk_give(queue, chunk);
		chunk = next;
	}
}

/* What was cancelled never takes more room than what is pending: each
 * cancelled event pays for the walk past one other. */
static void
sweep(struct queue *queue)
{
	for (unsigned i = 0; i < LEVELS; i++)
		for (unsigned j = 0; j < DIGITS; j++)
			bucket_sweep(queue, &queue->buckets[i][j]);
}

/* Make the base nearer; what lies in buckets of levels that the move reaches
 * past now differs from the base in that level, all in the same digit. */
static void
base_lower(struct queue *queue, int64_t base_ns)
{
	uint64_t differs = (uint64_t)(base_ns ^ queue->base_ns);

	if (differs == 0)
		return;
	unsigned top = (63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
	unsigned digit =
		(unsigned)((uint64_t)queue->base_ns >> top * DIGIT_BITS) %
		DIGITS;
	struct bucket *to = &queue->buckets[top][digit];

	queue->base_ns = base_ns;
	for (unsigned i = 0; i < top; i++) {
		for (uint64_t used = queue->digits_used[i]; used != 0;
		     used &= used - 1) {
			struct bucket *from =
				&queue->buckets[i][__builtin_ctzll(used)];
			uint32_t last = from->chunk;
			if (last == NONE)
				continue;
			while (queue->chunks[last].next != NONE)
				last = queue->chunks[last].next;
			queue->chunks[last].next = to->chunk;
			to->chunk = from->chunk;
			to->count = to->count > UINT32_MAX - from->count
					    ? UINT32_MAX
					    : to->count + from->count;
			from->chunk = NONE;
			from->count = 0;
			queue->levels_used |= 1U << top;
			queue->digits_used[top] |= UINT64_C(1) << digit;
		}
		queue->digits_used[i] = 0;
		queue->levels_used &= ~(1U << i);
	}
}

static void
entry_place(struct queue *queue, const struct entry *entry)
{
	if (entry->at_ns < queue->horizon_ns)
		heap_push(queue, entry);
	else
		bucket_add(queue, entry);
}

/* A bucket that was opened when little was in it spans a long time, and a
 * burst may have filled that since: start anew from now. */
static void
horizon_lower(struct queue *queue)
{
	size_t count = queue->heap_count;

	base_lower(queue, queue->now_ns);
	queue->horizon_ns = queue->now_ns + 1;
	queue->heap_count = 0;
	for (size_t i = 0; i < count; i++) {
		/* It lies before what is pushed: at most i are in there. */
		const struct entry entry = queue->heap[i];
		entry_place(queue, &entry);
	}
	while (queue->run_at < queue->run_count)
		entry_place(queue, &queue->run[queue->run_at++]);
	queue->heap_most = HEAP_MOST + 2 * queue->heap_count;
}

/* ---- events ---- */

static uint32_t
event_add(struct queue *queue, uint32_t destination, int64_t at_ns,
	  const struct event *event, bool alarm, uint64_t c)
{
	uint64_t sequence = queue->sequence++;
	const struct entry entry = {
		.at_ns = at_ns,
		.order = (uint64_t)event->class << 63 |
			 (uint64_t)destination << 31 | sequence >> 32,
		.sequence = (uint32_t)sequence,
		.slot = slot_take(queue),
	};

	queue->slots[entry.slot] = (struct payload){
		.c = c,
		.a = event->a,
		.b = event->b,
		.code = event->code,
		.kind = event->kind,
		.alarm = alarm,
	};
	entry_place(queue, &entry);
	if (queue->heap_count > queue->heap_most)
		horizon_lower(queue);
	return entry.slot;
}

void
queue_schedule(struct queue *queue, uint32_t destination, int64_t delay_ns,
	       const struct event *event)
{
	assert(delay_ns >= 0 && delay_ns < INT64_MAX / 2 - queue->now_ns);
	assert(event->class <= EVENT_TIMER && event->kind < EVENT_KINDS);

	(void)event_add(queue, destination, queue->now_ns + delay_ns, event,
			false, event->c);
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

/* The first entry of all, in the run or in the heap; NULL: nothing pends. */
static const struct entry *
entry_first(struct queue *queue)
{
	for (;;) {
		const struct entry *run = &queue->run[queue->run_at];

		if (queue->run_at < queue->run_count) {
			if (queue->heap_count > 0 &&
			    entry_before(&queue->heap[0], run))
				return &queue->heap[0];
			return run;
		}
		if (queue->heap_count > 0)
			return &queue->heap[0];
		queue->heap_most = HEAP_MOST;
		if (!bucket_open(queue))
			return NULL;
	}
}

static void
entry_drop(struct queue *queue, const struct entry *first)
{
	if (first == &queue->heap[0])
		heap_pop(queue);
	else
		queue->run_at++;
}

bool
queue_next(struct queue *queue, struct instant until, struct event *event)
{
	const struct entry *first;
	struct payload *payload;
	struct entry entry;

	for (;;) {
		first = entry_first(queue);
		if (first == NULL || first->at_ns > until.ns) {
			if (until.ns > queue->now_ns && until.ns != INT64_MAX)
				queue->now_ns = until.ns;
			return false;
		}
		entry = *first;
		entry_drop(queue, first);
		if (queue->cancelled_count > 0 &&
		    slot_is_cancelled(queue, entry.slot)) {
			slot_forget(queue, entry.slot);
			continue;
		}
		payload = &queue->slots[entry.slot];
		if (!payload->alarm || (int64_t)payload->c == entry.at_ns)
			break;
		/* It was moved on. */
		entry.at_ns = (int64_t)payload->c;
		entry_place(queue, &entry);
	}

	*event = (struct event){
		.destination = (uint32_t)(entry.order >> 31),
		.class = (uint8_t)(entry.order >> 63),
		.kind = payload->kind,
		.code = payload->code,
		.a = payload->a,
		.b = payload->b,
		.c = payload->alarm ? 0 : payload->c,
	};
	queue->now_ns = entry.at_ns;
	queue->live_count--;
	slot_give(queue, entry.slot);
	queue->popped++;
	hash_add(queue, event);
	return true;
}

uint32_t
queue_upcoming(struct queue *queue, struct event *events, uint32_t capacity)
{
	uint32_t end = queue->run_at + UPCOMING, count = 0;

	if (end > queue->run_count)
		end = queue->run_count;
	if (queue->run_told < queue->run_at)
		queue->run_told = queue->run_at;
	while (queue->run_told < end && count < capacity) {
		const struct entry *entry = &queue->run[queue->run_told++];
		const struct payload *payload = &queue->slots[entry->slot];

		events[count++] = (struct event){
			.destination = (uint32_t)(entry->order >> 31),
			.class = (uint8_t)(entry->order >> 63),
			.kind = payload->kind,
			.code = payload->code,
			.a = payload->a,
			.b = payload->b,
			.c = payload->alarm ? 0 : payload->c,
		};
	}
	return count;
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

uint32_t
queue_pending(const struct queue *queue)
{
	return queue->live_count;
}

size_t
queue_bytes(const struct queue *queue)
{
	return sizeof(*queue) + queue->heap_capacity * sizeof(struct entry) +
	       queue->slot_capacity * sizeof(struct payload) +
	       queue->slot_capacity / 8 +
	       queue->chunk_capacity * sizeof(struct chunk);
}

/* ---- alarms ---- */

void
alarm_cancel(struct alarm *alarm, struct queue *queue)
{
	if (alarm->deadline_ns == INT64_MAX)
		return;
	assert(alarm->slot < queue->slot_count &&
	       queue->slots[alarm->slot].alarm &&
	       !slot_is_cancelled(queue, alarm->slot));
	alarm->deadline_ns = INT64_MAX;
	queue->cancelled[alarm->slot / 64] |= UINT64_C(1) << alarm->slot % 64;
	queue->live_count--;
	if (++queue->cancelled_count > queue->live_count + SWEEP_LEAST)
		sweep(queue);
}

void
alarm_set(struct alarm *alarm, struct queue *queue, struct instant deadline,
	  const struct event *event)
{
	assert(event->class <= EVENT_TIMER && event->kind < EVENT_KINDS &&
	       event->c == 0);
	if (deadline.ns < queue->now_ns)
		deadline.ns = queue->now_ns;
	if (deadline.ns == alarm->deadline_ns)
		return;
	if (deadline.ns == INT64_MAX) {
		alarm_cancel(alarm, queue);
		return;
	}
	if (alarm->deadline_ns != INT64_MAX) {
		/* Once its time has passed, the entry may have moved on to
		 * a deadline that we do not know. */
		if (deadline.ns >= alarm->deadline_ns ||
		    (deadline.ns >= alarm->entry_ns &&
		     alarm->entry_ns > queue->now_ns)) {
			queue->slots[alarm->slot].c = (uint64_t)deadline.ns;
			alarm->deadline_ns = deadline.ns;
			return;
		}
		alarm_cancel(alarm, queue);
	}
	alarm->deadline_ns = alarm->entry_ns = deadline.ns;
	alarm->slot = event_add(queue, event->destination, deadline.ns, event,
				true, (uint64_t)deadline.ns);
}

bool
alarm_fires(struct alarm *alarm, const struct queue *queue)
{
	if (alarm->deadline_ns != queue->now_ns)
		return false;
	alarm->deadline_ns = INT64_MAX;
	return true;
}
