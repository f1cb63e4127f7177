/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold_test.c - chained chunks against plain copies in order
 */
#include "core/hold.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define LISTS	5
#define PACKETS 24
#define SIZE	1600
#define POOL	20000

struct plain {
	uint32_t count;
	struct {
		uint32_t size;
		uint8_t mark;
		uint8_t bytes[SIZE];
	} packets[PACKETS + 1]; /* and one that is being moved */
};

static struct plain plain[LISTS];
static struct hold_list lists[LISTS];
static uint64_t memory[(POOL + 512) / 8];

static void
append(struct hold *held, struct rng *rng, uint32_t at)
{
	static const uint32_t sizes[] = { 0, 1, 40, 242, 243, 244, 486, 487 };
	struct plain *list = &plain[at];
	uint8_t bytes[SIZE];
	uint32_t size = rng_below(rng, 2) == 0
				? sizes[rng_below(rng, 8)]
				: (uint32_t)rng_below(rng, SIZE + 1);
	uint8_t mark = (uint8_t)rng_next(rng);

	for (uint32_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)rng_next(rng);
	if (list->count == PACKETS)
		return;
	bool room = hold_cost_bytes(size) / 256 <= hold_chunks_free(held);
	CHECK(hold_append(held, &lists[at], bytes, size, mark) == room);
	if (!room)
		return;
	list->packets[list->count].size = size;
	list->packets[list->count].mark = mark;
	memcpy(list->packets[list->count].bytes, bytes, size);
	list->count++;
}

static void
check_first(const struct hold *held, struct rng *rng, uint32_t at)
{
	const struct plain *list = &plain[at];
	uint32_t cost = 0;

	for (uint32_t i = 0; i < list->count; i++)
		cost += hold_cost_bytes(list->packets[i].size);
	CHECK(lists[at].bytes == cost);
	CHECK(lists[at].packets == list->count);
	if (list->count == 0)
		return;
	struct hold_packet front = hold_front(held, &lists[at]);
	CHECK(front.size == list->packets[0].size);
	CHECK(front.mark == list->packets[0].mark);
	uint8_t bytes[SIZE];
	uint32_t capacity = (uint32_t)rng_below(rng, SIZE + 1);
	uint32_t taken = hold_copy(held, &lists[at], bytes, capacity);
	CHECK(taken == (front.size < capacity ? front.size : capacity));
	CHECK(memcmp(bytes, list->packets[0].bytes, taken) == 0);
}

static void
pop(struct hold *held, uint32_t at)
{
	struct plain *list = &plain[at];

	if (list->count == 0)
		return;
	hold_pop(held, &lists[at]);
	list->count--;
	memmove(&list->packets[0], &list->packets[1],
		list->count * sizeof(list->packets[0]));
}

static void
rotate(struct hold *held, struct rng *rng, uint32_t at)
{
	struct plain *list = &plain[at];
	uint8_t mark = (uint8_t)rng_next(rng);

	if (list->count == 0)
		return;
	hold_rotate(held, &lists[at], mark);
	list->packets[PACKETS] = list->packets[0];
	list->packets[PACKETS].mark = mark;
	memmove(&list->packets[0], &list->packets[1],
		(list->count - 1) * sizeof(list->packets[0]));
	list->packets[list->count - 1] = list->packets[PACKETS];
}

/* Lists have what they say, and together what the pool lacks. */
static void
check_chunks(const struct hold *held, uint32_t chunks)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < LISTS; i++) {
		uint32_t packets;
		uint32_t taken = hold_list_chunks(held, &lists[i], &packets);

		CHECK(packets == plain[i].count);
		CHECK(taken * 256 == lists[i].bytes);
		sum += taken;
	}
	CHECK(hold_chunks(held) == chunks);
	CHECK(sum == chunks - hold_chunks_free(held));
}

int
main(void)
{
	struct rng rng;
	uint32_t refused = 0;

	CHECK(hold_size(POOL) <= sizeof(memory));
	struct hold *held = hold_init(memory, POOL);
	uint32_t chunks = hold_chunks_free(held);
	CHECK(chunks == (POOL + 255) / 256);
	rng_init(&rng, 12, 0);
	for (uint32_t i = 0; i < LISTS; i++)
		lists[i] = hold_list_empty();
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t at = (uint32_t)rng_below(&rng, LISTS);
		/* Fill for a while, then drain for a while. */
		if (rng_below(&rng, 10) < (step / 500 % 2 == 0 ? 7u : 3u))
			append(held, &rng, at);
		else
			pop(held, at);
		if (rng_below(&rng, 4) == 0)
			rotate(held, &rng, at);
		check_first(held, &rng, at);
		refused += hold_chunks_free(held) == 0;
		if (step % 64 == 0)
			check_chunks(held, chunks);
	}
	CHECK(refused > 0);
	for (uint32_t i = 0; i < LISTS; i++) {
		while (plain[i].count > 0) {
			check_first(held, &rng, i);
			pop(held, i);
		}
	}
	CHECK(hold_chunks_free(held) == chunks);
	/* More than a number of 32 bits can say: more than any quota. */
	CHECK(hold_cost_bytes(UINT32_MAX) == UINT32_MAX);
	return check_done();
}
