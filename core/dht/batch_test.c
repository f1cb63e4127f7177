/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch_test.c - the pool of batches, against an oracle that keeps a list
 *
 * What must never happen: that the answer to one datagram is counted for
 * another. So each transaction that was ever in use stays in the oracle, and
 * the pool is asked for all of them.
 */
#include "core/dht/batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define CAPACITY 12
#define OLD	 200

struct flight {
	uint32_t slot, node, peer, transaction;
};

/* The transactions of what is in flight, and the last OLD that are void. */
struct oracle {
	struct flight flights[CAPACITY], old[OLD];
	uint32_t count;
	uint64_t old_count;
};

static struct batches *
open_pool(uint32_t capacity)
{
	void *memory = malloc(batches_size(capacity));

	if (memory == NULL)
		abort();
	memset(memory, 0xa5, batches_size(capacity));
	return batches_init(memory, capacity);
}

static void
void_transaction(struct oracle *oracle, const struct flight *flight)
{
	oracle->old[oracle->old_count++ % OLD] = *flight;
}

static void
check_transaction(const struct batches *batches, uint32_t slot)
{
	uint32_t transaction = batch_transaction(batches, slot);

	CHECK((transaction & BATCH_TRANSACTION) != 0);
	CHECK((transaction & (BATCH_POOL_MAX - 1)) == slot);
	/* 11 bits of generation, from 1. */
	CHECK((transaction & ~BATCH_TRANSACTION) >> BATCH_SLOT_BITS != 0);
}

static void
take(struct batches *batches, struct oracle *oracle, struct rng *rng)
{
	struct flight flight = {
		.node = (uint32_t)rng_below(rng, 2),
		.peer = (uint32_t)rng_below(rng, 2),
	};
	uint32_t slot =
		batch_take(batches, flight.node, flight.peer, MESSAGE_STORE);

	CHECK((slot == BATCH_NONE) == (oracle->count == CAPACITY));
	if (slot == BATCH_NONE)
		return;
	for (uint32_t i = 0; i < oracle->count; i++)
		CHECK(oracle->flights[i].slot != slot);
	const struct batch *batch = &batches->slots[slot];
	CHECK(batch->type == MESSAGE_STORE && batch->count == 0);
	CHECK(batch->tries == 0 && !batch->timer.queued);
	flight.slot = slot;
	flight.transaction = batch_transaction(batches, slot);
	oracle->flights[oracle->count++] = flight;
	check_transaction(batches, slot);
}

static void
give_or_renew(struct batches *batches, struct oracle *oracle, struct rng *rng)
{
	if (oracle->count == 0)
		return;
	uint32_t i = (uint32_t)rng_below(rng, oracle->count);
	struct flight *flight = &oracle->flights[i];

	void_transaction(oracle, flight);
	if (rng_below(rng, 3) == 0) {
		batch_renew(batches, flight->slot);
		flight->transaction = batch_transaction(batches, flight->slot);
		check_transaction(batches, flight->slot);
		return;
	}
	batch_give(batches, flight->slot);
	*flight = oracle->flights[--oracle->count];
}

static void
compare(const struct batches *batches, const struct oracle *oracle)
{
	CHECK(batches_free(batches) == CAPACITY - oracle->count);
	for (uint32_t i = 0; i < oracle->count; i++) {
		const struct flight *flight = &oracle->flights[i];

		CHECK(batch_by_transaction(batches, flight->node, flight->peer,
					   flight->transaction) ==
		      flight->slot);
		CHECK(batch_by_transaction(batches, !flight->node, flight->peer,
					   flight->transaction) == BATCH_NONE);
		CHECK(batch_by_transaction(batches, flight->node, !flight->peer,
					   flight->transaction) == BATCH_NONE);
	}
	for (uint32_t i = 0; i < OLD && i < oracle->old_count; i++) {
		const struct flight *flight = &oracle->old[i];

		CHECK(batch_by_transaction(batches, flight->node, flight->peer,
					   flight->transaction) == BATCH_NONE);
	}
}

static void
test_against_a_list(void)
{
	struct batches *batches = open_pool(CAPACITY);
	static struct oracle oracle;
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint32_t step = 0; step < 6000; step++) {
		/* Now mostly filling, now mostly emptying. */
		if (rng_below(&rng, 10) < (step / 50 % 2 ? 7u : 3u))
			take(batches, &oracle, &rng);
		else
			give_or_renew(batches, &oracle, &rng);
		compare(batches, &oracle);
	}
	CHECK(oracle.old_count > 1000);
	free(batches);
}

/* A slot that is used again and again comes round to the first transaction
 * after all 2,047 generations, neither before nor through 0. */
static void
test_generations_wrap(void)
{
	static const struct {
		const char *sentence;
		bool renewed;
	} rows[] = {
		{ "given back and taken again", false },
		{ "the same batch, renewed", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct batches *batches = open_pool(1);
		uint32_t slot = batch_take(batches, 0, 1, MESSAGE_REMOVE);
		uint32_t first = batch_transaction(batches, slot), round = 0;
		uint32_t before;

		do {
			before = batch_transaction(batches, slot);
			if (rows[i].renewed) {
				batch_renew(batches, slot);
			} else {
				batch_give(batches, slot);
				CHECK_ROW(batch_take(batches, 0, 1,
						     MESSAGE_REMOVE) == slot,
					  rows[i].sentence);
			}
			check_transaction(batches, slot);
			CHECK_ROW(batch_by_transaction(batches, 0, 1, before) ==
					  BATCH_NONE,
				  rows[i].sentence);
			round++;
		} while (batch_transaction(batches, slot) != first &&
			 round < 5000);
		CHECK_ROW(round == 0x7ff, rows[i].sentence);
		free(batches);
	}
}

static void
test_what_names_a_batch(void)
{
	struct batches *batches = open_pool(4);
	uint32_t slot = batch_take(batches, 7, 9, MESSAGE_STORE);
	uint32_t transaction = batch_transaction(batches, slot);
	const struct {
		const char *sentence;
		uint32_t node, peer, transaction, found;
	} rows[] = {
		{ "the peer's answer to its node", 7, 9, transaction, slot },
		{ "another peer answers", 7, 8, transaction, BATCH_NONE },
		{ "another node is answered", 6, 9, transaction, BATCH_NONE },
		{ "a lookup's transaction", 7, 9,
		  transaction & ~BATCH_TRANSACTION, BATCH_NONE },
		{ "another generation", 7, 9, transaction + BATCH_POOL_MAX,
		  BATCH_NONE },
		{ "a slot that was never taken", 7, 9, transaction + 1,
		  BATCH_NONE },
		{ "a slot beyond the pool", 7, 9, transaction | 0xfffff,
		  BATCH_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(batch_by_transaction(
				  batches, rows[i].node, rows[i].peer,
				  rows[i].transaction) == rows[i].found,
			  rows[i].sentence);
	batch_give(batches, slot);
	CHECK(batch_by_transaction(batches, 7, 9, transaction) == BATCH_NONE);
	free(batches);
}

int
main(void)
{
	test_against_a_list();
	test_generations_wrap();
	test_what_names_a_batch();
	return check_done();
}
