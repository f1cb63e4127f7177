/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.c - a sorted run for the near future, a radix sort for the far
 *
 *	 popped | run: all before `horizon` | buckets [level][digit]
 *	--------+---------------------------+------------------------> time
 *	       now                       horizon
 *
 * Simulated time never runs backwards, so the queue need not sort what is far
 * away. An event at or after the horizon goes, unsorted, to the bucket named
 * by the highest digit in which its time differs from `base`, and by the value
 * of that digit (a radix heap [1] whose digits have several bits; seen from
 * the other side, a hierarchical timing wheel [2] that does not tick). The
 * lowest bucket holds the earliest times. When the run is dry, it is opened: a
 * large one is spread over the buckets below it, a small one is sorted into
 * the run, and the horizon moves to the bucket's end. What is scheduled before
 * the horizon after that is inserted in the run. So all comparing happens
 * among some dozens of keys in the first cache, and each event is moved a
 * few times, sequentially.
 *
 * A bucket that is opened while little is pending spans a long time, and a
 * burst may then fill the run. When it is full its later part goes to buckets
 * and the horizon comes nearer. Only when it is all of one time, which cannot
 * be parted, the rest of that goes to a heap (event_heap.h).
 *
 * Invariants:
 *  - run and heap hold exactly the keys with time < horizon;
 *  - base < horizon, and a key in bucket [l][d] has digit d at level l,
 *    above the base's, and agrees with the base above that; `same` is for
 *    time == base and empty but while a bucket is being spread;
 *  - keys are compared by the whole key, so the order of equal times is
 *    that of event.h and nothing depends on the layout or on addresses;
 *  - a slot is free, or one key names it. It is given back when that key
 *    is found, popped or cancelled.
 *
 * A key is 24 bytes (event_key.h) and names the slot of its payload
 * (event_slots.h), which lies still while keys move, and is fetched when
 * their bucket is opened. Keys of a bucket lie in chunks of 2 KiB, those in
 * blocks that never move.
 *
 * An alarm that moves away from now leaves its key where it is; its payload
 * has the deadline, and the key moves on when its time comes. One that moves
 * nearer gets a new key; a bit says that the old slot is cancelled, and
 * the key is dropped where it is met. When more is cancelled than pends, all
 * buckets are swept.
 *
 * Measured (ns an event, exponential delays, 1e3 / 1e4 / 1e5 / 1e6 / 1e7
 * pending; `homeward bench queue` repeats the first and the last):
 *	this			 44   39   58  100   122
 *	calendar queue [3]	 53   54   95  278
 *	4-ary heap		 37   60  201  815
 *	8-ary heap		 48   58  420  570
 *	binary heap, slots	 53   79  298 1235
 *	binary heap, events	 52   80  215 1080  2840
 * A ladder queue is this with another rule for the width of its rungs: here it
 * is a power of two, so that finding a bucket costs a count of zeros. Digits of
 * 3, 4, 6 bits: 40, 42, 35 ns at 1e3 and 114, 100, 135 at 1e6, beside 39 and
 * 93 of 5. No gain: runs of 16 or 24 in place of 48 (fewer
 * payloads are fetched at a time: 140 at 1e6), memmove() to insert, a heap in
 * place of the run (as fast, but it cannot tell what comes next).
 *
 * [1] Ahuja, Mehlhorn, Orlin, Tarjan: Faster algorithms for the shortest path
 *     problem. JACM 37(2), 1990.
 * [2] Varghese, Lauck: Hashed and hierarchical timing wheels. SOSP 1987.
 * [3] Brown: Calendar queues. CACM 31(10), 1988.
 */
#include "sim/engine/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/event_heap.h"
#include "sim/engine/event_key.h"
#include "sim/engine/event_slots.h"
#include "sim/engine/memory.h"

/* By measurement, see above. */
#define DIGIT_BITS     5
#define RUN_OPEN       48 /* keys that are sorted at once */
#define RUN_MOST       128 /* keys; then the horizon comes nearer */
#define RUN_KEEP       32 /* keys that stay in the run then, or more */
#define RUN_ROOM       (2 * RUN_MOST)
#define DIGITS	       (1U << DIGIT_BITS)
#define LEVELS	       ((63 + DIGIT_BITS - 1) / DIGIT_BITS)
#define CHUNK_COUNT    84 /* keys; a chunk is about 2 KiB */
#define SWEEP_LEAST    1024
#define BLOCK_LEAST    ((size_t)32 << 10)
#define BLOCK_MOST     ((size_t)64 << 20)
#define PREFETCH_AHEAD 8 /* events looked ahead */

struct chunk {
	struct chunk *next; /* of the same bucket, or of the free list */
	uint32_t count; /* unless it is its bucket's first */
	struct event_key keys[CHUNK_COUNT];
};

/* The first chunk is being filled. */
struct bucket {
	struct event_key *fill,
		*end; /* the next key; NULL: there is no chunk */
	struct chunk *chunk;
};

/* Chunks never move; blocks of them are kept until the end. */
struct block {
	struct block *next;
	size_t bytes;
	struct chunk chunks[];
};

struct queue {
	int64_t now_ns;
	int64_t base_ns, horizon_ns;
	uint64_t sequence;
	uint64_t popped, hash;

	struct event_key run[RUN_ROOM]; /* sorted: run_at .. run_end - 1 */
	uint32_t run_at, run_end, run_told;
	uint32_t levels_used; /* bit i: digits_used[i] is not 0 */
	uint64_t digits_used[LEVELS];

	struct event_heap event_heap; /* what the run has no room for */
	struct event_slots event_slots;

	struct block *blocks;
	struct chunk *chunk_free;
	size_t block_bytes; /* of all blocks */

	struct bucket same; /* time == base; see bucket_add() */
	struct bucket buckets[LEVELS][DIGITS];
};

struct queue *
queue_create(void)
{
	struct queue *queue = memory_zeroed(1, sizeof(*queue));

	queue->horizon_ns = 1;
	queue->run_at = queue->run_end = queue->run_told = RUN_ROOM / 2;
	event_slots_init(&queue->event_slots);
	return queue;
}

void
queue_destroy(struct queue *queue)
{
	if (queue == NULL)
		return;
	event_heap_free(&queue->event_heap);
	event_slots_free(&queue->event_slots);
	while (queue->blocks != NULL) {
		struct block *next = queue->blocks->next;
		memory_unmap(queue->blocks, queue->blocks->bytes);
		queue->blocks = next;
	}
	free(queue);
}

/* ---- the run ---- */

/* How many of the run come before it, as far as time tells. */
static uint32_t
run_search(const struct event_key *first, uint32_t count, int64_t at_ns)
{
	const struct event_key *base = first;

	/* No branch depends on a time: those would be guessed wrongly. */
	while (count > 1) {
		uint32_t half = count / 2;
		base += base[half - 1].at_ns < at_ns ? half : 0;
		count -= half;
	}
	return (uint32_t)(base - first) + (count == 1 && base->at_ns < at_ns);
}

static void
run_start(struct queue *queue)
{
	queue->run_at = queue->run_end = queue->run_told = RUN_ROOM / 2;
}

static void
run_centre(struct queue *queue)
{
	uint32_t count = queue->run_end - queue->run_at;
	uint32_t at = (RUN_ROOM - count) / 2;

	memmove(queue->run + at, queue->run + queue->run_at,
		count * sizeof(struct event_key));
	queue->run_told += at;
	queue->run_told -= queue->run_at;
	queue->run_at = at;
	queue->run_end = at + count;
}

/* Not when there are RUN_MOST. The shorter side makes room. */
static void
run_insert(struct queue *queue, const struct event_key *key)
{
	struct event_key *run = queue->run;

	if (queue->run_at == 0 || queue->run_end == RUN_ROOM)
		run_centre(queue);

	uint32_t at = queue->run_at, end = queue->run_end, place = end;
	if (at < end && event_key_before(key, &run[end - 1])) {
		place = at + run_search(run + at, end - at, key->at_ns);
		while (place < end && event_key_before(&run[place], key))
			place++;
	}
	if (place - at < end - place) {
		for (uint32_t i = at; i < place; i++)
			run[i - 1] = run[i];
		queue->run_at--;
		place--;
	} else {
		for (uint32_t i = end; i > place; i--)
			run[i] = run[i - 1];
		queue->run_end++;
		queue->run_told += place < queue->run_told;
	}
	run[place] = *key;
}

/* The same for a bucket's keys: in no order, and nothing is told yet. */
static void
run_sort(struct queue *queue, const struct event_key *key)
{
	struct event_key *run = queue->run;
	uint32_t hole = queue->run_end++;

	while (hole > queue->run_at && event_key_before(key, &run[hole - 1])) {
		run[hole] = run[hole - 1];
		hole--;
	}
	run[hole] = *key;
}

/* ---- buckets ---- */

/* A block is as large as all before it, up to a limit. */
static void
block_add(struct queue *queue)
{
	size_t bytes = queue->block_bytes;
	struct block *block;

	if (bytes < BLOCK_LEAST)
		bytes = BLOCK_LEAST;
	if (bytes > BLOCK_MOST)
		bytes = BLOCK_MOST;
	block = memory_mapped(bytes);
	block->next = queue->blocks;
	block->bytes = bytes;
	queue->blocks = block;
	queue->block_bytes += bytes;
	for (size_t i = (bytes - sizeof(*block)) / sizeof(struct chunk);
	     i-- > 0;) {
		block->chunks[i].next = queue->chunk_free;
		queue->chunk_free = &block->chunks[i];
	}
}

static void
bucket_grow(struct queue *queue, struct bucket *bucket)
{
	if (queue->chunk_free == NULL)
		block_add(queue);
	struct chunk *chunk = queue->chunk_free;

	queue->chunk_free = chunk->next;
	if (bucket->chunk != NULL)
		bucket->chunk->count = CHUNK_COUNT;
	chunk->next = bucket->chunk;
	bucket->chunk = chunk;
	bucket->fill = chunk->keys;
	bucket->end = chunk->keys + CHUNK_COUNT;
}

static void
bucket_append(struct queue *queue, struct bucket *bucket,
	      const struct event_key *key)
{
	if (bucket->fill == bucket->end)
		bucket_grow(queue, bucket);
	*bucket->fill++ = *key;
}

/* Its chunks, each with its count; then it is empty. */
static struct chunk *
bucket_take(struct bucket *bucket)
{
	struct chunk *chunk = bucket->chunk;

	if (chunk != NULL)
		chunk->count = (uint32_t)(bucket->fill - chunk->keys);
	*bucket = (struct bucket){ 0 };
	return chunk;
}

/* Give a chunk back; the one after it. */
static struct chunk *
chunk_give(struct queue *queue, struct chunk *chunk)
{
	struct chunk *next = chunk->next;

	chunk->next = queue->chunk_free;
	queue->chunk_free = chunk;
	return next;
}

static bool
bucket_is_small(const struct bucket *bucket)
{
	return bucket->chunk == NULL ||
	       (bucket->chunk->next == NULL &&
		bucket->fill - bucket->chunk->keys <= RUN_OPEN);
}

/* `same` has no bit anywhere: only opening a bucket may fill it, and it is
 * emptied in the same breath. */
static void
bucket_add(struct queue *queue, const struct event_key *key)
{
	uint64_t differs = (uint64_t)(key->at_ns ^ queue->base_ns);
	struct bucket *bucket = &queue->same;

	if (differs != 0) {
		unsigned level =
			(63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
		unsigned digit =
			(unsigned)((uint64_t)key->at_ns >> level * DIGIT_BITS) %
			DIGITS;
		queue->levels_used |= 1U << level;
		queue->digits_used[level] |= UINT64_C(1) << digit;
		bucket = &queue->buckets[level][digit];
	}

	bucket_append(queue, bucket, key);
}

/* To the run, to the heap when that is full, or over the buckets below. */
enum bucket_way {
	BUCKET_SORT,
	BUCKET_HEAP,
	BUCKET_SPREAD,
};

static void
bucket_move(struct queue *queue, const struct event_key *key,
	    enum bucket_way way)
{
	if (way == BUCKET_SPREAD) {
		bucket_add(queue, key);
		return;
	}
	__builtin_prefetch(&queue->event_slots.payloads[key->slot]);
	if (way == BUCKET_HEAP)
		event_heap_push(&queue->event_heap, key);
	else
		run_sort(queue, key);
}

static void
bucket_empty(struct queue *queue, struct bucket *bucket, enum bucket_way way)
{
	struct chunk *chunk = bucket_take(bucket);

	while (chunk != NULL) {
		for (uint32_t i = 0; i < chunk->count; i++) {
			const struct event_key *key = &chunk->keys[i];
			if (queue->event_slots.cancelled_count > 0 &&
			    event_slots_is_cancelled(&queue->event_slots,
						     key->slot))
				event_slots_forget(&queue->event_slots,
						   key->slot);
			else
				bucket_move(queue, key, way);
		}
		chunk = chunk_give(queue, chunk);
	}
}

static enum bucket_way
bucket_way(const struct bucket *bucket)
{
	return bucket_is_small(bucket) ? BUCKET_SORT : BUCKET_HEAP;
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
	run_start(queue);
	if (level == 0 || bucket_is_small(bucket)) {
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
	struct chunk *chunk = bucket_take(bucket);

	while (chunk != NULL) {
		/* What stays goes to other chunks: we are reading this one. */
		for (uint32_t i = 0; i < chunk->count; i++) {
			const struct event_key *key = &chunk->keys[i];
			if (event_slots_is_cancelled(&queue->event_slots,
						     key->slot))
				event_slots_forget(&queue->event_slots,
						   key->slot);
			else
				bucket_append(queue, bucket, key);
		}
		chunk = chunk_give(queue, chunk);
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
			struct chunk *chunk = bucket_take(from);
			if (chunk == NULL)
				continue;
			/* In front; the chunk after it keeps its count. */
			struct chunk *last = chunk;
			while (last->next != NULL)
				last = last->next;
			last->next = bucket_take(to);
			to->chunk = chunk;
			to->fill = chunk->keys + chunk->count;
			to->end = chunk->keys + CHUNK_COUNT;
			queue->levels_used |= 1U << top;
			queue->digits_used[top] |= UINT64_C(1) << digit;
		}
		queue->digits_used[i] = 0;
		queue->levels_used &= ~(1U << i);
	}
}

/* The run is full, since a bucket that was opened when little was in it spans
 * a long time and a burst came: the later part goes to the buckets, and the
 * horizon comes nearer. False: it is all of one time, or the heap has some. */
static bool
run_split(struct queue *queue)
{
	const struct event_key *run = queue->run;
	uint32_t from = queue->run_at + RUN_KEEP, end = queue->run_end;

	while (from < end && run[from].at_ns == run[from - 1].at_ns)
		from++;
	if (from == end || queue->event_heap.count > 0)
		return false;
	if (run[from - 1].at_ns < queue->base_ns)
		base_lower(queue, run[from - 1].at_ns);
	queue->horizon_ns = run[from].at_ns;
	queue->run_end = from;
	if (queue->run_told > from)
		queue->run_told = from;
	for (uint32_t i = from; i < end; i++)
		bucket_add(queue, &run[i]);
	return true;
}

static void
key_place(struct queue *queue, const struct event_key *key)
{
	if (key->at_ns < queue->horizon_ns &&
	    queue->run_end - queue->run_at == RUN_MOST && !run_split(queue))
		event_heap_push(&queue->event_heap, key);
	else if (key->at_ns < queue->horizon_ns)
		run_insert(queue, key);
	else
		bucket_add(queue, key);
}

/* ---- events ---- */

static uint32_t
event_add(struct queue *queue, uint32_t destination, int64_t at_ns,
	  const struct event *event, bool alarm, uint64_t c)
{
	uint64_t sequence = queue->sequence++;
	const struct event_key key = {
		.at_ns = at_ns,
		.order = (uint64_t)event->class << 63 |
			 (uint64_t)destination << 31 | sequence >> 32,
		.sequence = (uint32_t)sequence,
		.slot = event_slots_take(&queue->event_slots),
	};

	queue->event_slots.payloads[key.slot] = (struct payload){
		.c = c,
		.a = event->a,
		.b = event->b,
		.code = event->code,
		.kind = event->kind,
		.alarm = alarm,
	};
	key_place(queue, &key);
	return key.slot;
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

/* The first key of all, in the run or in the heap; NULL: nothing pends. */
static const struct event_key *
key_first(struct queue *queue)
{
	for (;;) {
		const struct event_key *run = &queue->run[queue->run_at];

		if (queue->run_at < queue->run_end) {
			if (queue->event_heap.count > 0 &&
			    event_key_before(&queue->event_heap.keys[0], run))
				return &queue->event_heap.keys[0];
			return run;
		}
		if (queue->event_heap.count > 0)
			return &queue->event_heap.keys[0];
		if (!bucket_open(queue))
			return NULL;
	}
}

static void
key_drop(struct queue *queue, const struct event_key *first)
{
	if (first == queue->event_heap.keys)
		event_heap_pop(&queue->event_heap);
	else
		queue->run_at++;
}

bool
queue_next(struct queue *queue, struct instant until, struct event *event)
{
	const struct event_key *first;
	struct payload *payload;
	struct event_key key;

	for (;;) {
		first = key_first(queue);
		if (first == NULL || first->at_ns > until.ns) {
			if (until.ns > queue->now_ns && until.ns != INT64_MAX)
				queue->now_ns = until.ns;
			return false;
		}
		key = *first;
		key_drop(queue, first);
		if (queue->event_slots.cancelled_count > 0 &&
		    event_slots_is_cancelled(&queue->event_slots, key.slot)) {
			event_slots_forget(&queue->event_slots, key.slot);
			continue;
		}
		payload = &queue->event_slots.payloads[key.slot];
		if (!payload->alarm || (int64_t)payload->c == key.at_ns)
			break;
		/* It was moved on. */
		key.at_ns = (int64_t)payload->c;
		key_place(queue, &key);
	}

	*event = (struct event){
		.destination = (uint32_t)(key.order >> 31),
		.class = (uint8_t)(key.order >> 63),
		.kind = payload->kind,
		.code = payload->code,
		.a = payload->a,
		.b = payload->b,
		.c = payload->alarm ? 0 : payload->c,
	};
	queue->now_ns = key.at_ns;
	event_slots_give(&queue->event_slots, key.slot);
	queue->popped++;
	hash_add(queue, event);
	return true;
}

uint32_t
queue_prefetch(struct queue *queue, struct event *events, uint32_t capacity)
{
	uint32_t end = queue->run_at + PREFETCH_AHEAD, count = 0;

	if (end > queue->run_end)
		end = queue->run_end;
	if (queue->run_told < queue->run_at)
		queue->run_told = queue->run_at;
	while (queue->run_told < end && count < capacity) {
		const struct event_key *key = &queue->run[queue->run_told++];
		const struct payload *payload =
			&queue->event_slots.payloads[key->slot];

		events[count++] = (struct event){
			.destination = (uint32_t)(key->order >> 31),
			.class = (uint8_t)(key->order >> 63),
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
	return queue->event_slots.live_count;
}

size_t
queue_bytes(const struct queue *queue)
{
	return sizeof(*queue) +
	       queue->event_heap.capacity * sizeof(struct event_key) +
	       event_slots_bytes(&queue->event_slots) + queue->block_bytes;
}

/* ---- alarms ---- */

void
alarm_cancel(struct alarm *alarm, struct queue *queue)
{
	if (alarm->deadline_ns == INT64_MAX)
		return;
	assert(alarm->slot < queue->event_slots.count &&
	       queue->event_slots.payloads[alarm->slot].alarm &&
	       !event_slots_is_cancelled(&queue->event_slots, alarm->slot));
	alarm->deadline_ns = INT64_MAX;
	event_slots_cancel(&queue->event_slots, alarm->slot);
	if (queue->event_slots.cancelled_count >
	    queue->event_slots.live_count + SWEEP_LEAST)
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
		/* Once its time has passed, the key may have moved on to
		 * a deadline that we do not know. */
		if (deadline.ns >= alarm->deadline_ns ||
		    (deadline.ns >= alarm->key_ns &&
		     alarm->key_ns > queue->now_ns)) {
			queue->event_slots.payloads[alarm->slot].c =
				(uint64_t)deadline.ns;
			alarm->deadline_ns = deadline.ns;
			return;
		}
		alarm_cancel(alarm, queue);
	}
	alarm->deadline_ns = alarm->key_ns = deadline.ns;
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
