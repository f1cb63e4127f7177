/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publication_test.c - a random walk against an array of (node, key) */
#include "core/dht/publication.h"

#include <stdlib.h>

#include "core/rng.h"
#include "core/test/check.h"

#define CAPACITY 50
#define NODES	 4
#define KEYS	 30

static struct session_key
key_number(uint32_t i)
{
	return (struct session_key){
		.client = { 192, 0, (uint8_t)(i >> 8), (uint8_t)i },
		.family = 4,
		.protocol = 6,
	};
}

/* A few keys share a position: exact keys decide. */
static uint64_t
position_number(uint32_t i)
{
	return UINT64_C(0x9e3779b97f4a7c15) * (i / 3);
}

static void
test_walk(struct publications *publications, uint64_t seed)
{
	uint32_t expected[NODES][KEYS], count = 0;
	struct rng rng;

	rng_init(&rng, seed, 0);
	for (uint32_t i = 0; i < NODES * KEYS; i++)
		expected[i / KEYS][i % KEYS] = PUBLICATION_NONE;
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t node = (uint32_t)rng_below(&rng, NODES);
		uint32_t number = (uint32_t)rng_below(&rng, KEYS);
		struct session_key key = key_number(number);
		uint64_t position = position_number(number);
		uint32_t *slot = &expected[node][number];

		CHECK(publication_find(publications, node, &key, position) ==
		      *slot);
		CHECK(publications_count(publications) == count);
		if (*slot != PUBLICATION_NONE) {
			uint32_t serial =
				publication_at(publications, *slot)->serial;

			publication_renew(publications, *slot);
			CHECK(publication_at(publications, *slot)->serial !=
			      serial);
			publication_free(publications, *slot);
			*slot = PUBLICATION_NONE;
			count--;
			continue;
		}
		*slot = publication_add(publications, node, &key, position,
					false);
		if (count == CAPACITY) {
			CHECK(*slot == PUBLICATION_NONE);
			continue;
		}
		CHECK(*slot != PUBLICATION_NONE);
		count++;
		struct publication *publication =
			publication_at(publications, *slot);
		CHECK(publication->node == node &&
		      publication->state == PUBLICATION_WAITING &&
		      session_equal(&publication->key, &key));
		/* A node that writes all its replicas changes no other's. */
		for (uint32_t i = 0; i < 3; i++)
			publication->replicas[i] = UINT32_MAX;
	}
	for (uint32_t i = 0; i < NODES * KEYS; i++) {
		if (expected[i / KEYS][i % KEYS] != PUBLICATION_NONE)
			publication_free(publications,
					 expected[i / KEYS][i % KEYS]);
	}
}

/* Neither kind takes a place of the other. */
static void
test_rooms(struct publications *publications)
{
	static uint32_t slots[CAPACITY + PUBLICATIONS_HALF_OPEN(CAPACITY)];
	const uint32_t most = PUBLICATIONS_HALF_OPEN(CAPACITY);
	uint32_t count = 0;

	for (uint32_t i = 0; i < CAPACITY + most; i++) {
		struct session_key key = key_number(i);

		slots[i] = publication_add(publications, 1, &key, i, i < most);
		CHECK(slots[i] != PUBLICATION_NONE);
		count++;
	}
	struct session_key extra = key_number(CAPACITY + most);
	CHECK(publications_count(publications) == count);
	CHECK(publications->half_open == most);
	for (uint32_t half_open = 0; half_open < 2; half_open++)
		CHECK(publication_add(publications, 1, &extra, 7,
				      half_open > 0) == PUBLICATION_NONE);
	/* One changes over when the other kind has a place. */
	CHECK(!publication_set_half_open(publications, slots[0], false));
	CHECK(!publication_set_half_open(publications, slots[most], true));
	publication_free(publications, slots[most]);
	CHECK(publication_set_half_open(publications, slots[0], false));
	CHECK(publication_set_half_open(publications, slots[0], false));
	CHECK(publications->half_open == most - 1);
	CHECK(publication_set_half_open(publications, slots[1 + most], true));
	CHECK(publications->half_open == most);
	for (uint32_t i = 0; i < CAPACITY + most; i++)
		if (i != most)
			publication_free(publications, slots[i]);
	CHECK(publications_count(publications) == 0);
	CHECK(publications->half_open == 0);
}

static void
test_batches(struct batches *batches)
{
	uint32_t slots[64], count = 0, slot, free_count = batches_free(batches);

	CHECK(free_count == CAPACITY / 8 + 16 + 3);
	while ((slot = batch_take(batches, 1, 2, MESSAGE_STORE)) != BATCH_NONE)
		slots[count++] = slot;
	CHECK(count == free_count && batches_free(batches) == 0);

	uint32_t transaction = batch_transaction(batches, slots[3]);
	CHECK(transaction & BATCH_TRANSACTION);
	CHECK(batch_by_transaction(batches, 1, 2, transaction) == slots[3]);
	CHECK(batch_by_transaction(batches, 2, 2, transaction) == BATCH_NONE);
	CHECK(batch_by_transaction(batches, 1, 3, transaction) == BATCH_NONE);
	batch_renew(batches, slots[3]);
	CHECK(batch_by_transaction(batches, 1, 2, transaction) == BATCH_NONE);
	while (count > 0)
		batch_give(batches, slots[--count]);
	CHECK(batches_free(batches) == free_count);
}

/* However small the pool, the replicas of one session are sent their STOREs at
 * once. */
static void
test_small(void)
{
	void *memory = malloc(publications_size(1, 32));

	if (memory == NULL)
		abort();
	CHECK(batches_free(publications_init(memory, 1, 32)->batches) >= 32);
	free(memory);
}

/* Behind the replicas; the one that was heard of longest ago is forgotten. */
static void
test_copies(void)
{
	void *memory = calloc(1, publications_size(4, 3));
	struct publications *publications = publications_init(memory, 4, 3);
	struct session_key key = { .family = 4 };
	uint32_t slot = publication_add(publications, 1, &key, 7, false);
	struct publication *own = publication_at(publications, slot);
	uint32_t most = 3 + PUBLICATION_COPIES - 2;

	own->replicas[0] = 10;
	own->replicas[1] = 11;
	own->replica_count = 2;
	publication_copy(publications, own, 11);
	CHECK(own->copy_count == 0);
	for (uint32_t peer = 20; peer < 20 + most; peer++) {
		publication_copy(publications, own, peer);
		publication_copy(publications, own, peer);
	}
	CHECK(own->copy_count == most && own->replicas[2] == 20);
	publication_copy(publications, own, 20);
	CHECK(own->copy_count == most && own->replicas[2] == 21);
	CHECK(own->replicas[1 + most] == 20);
	publication_copy(publications, own, 40);
	CHECK(own->copy_count == most && own->replicas[2] == 22);
	CHECK(own->replicas[most] == 20);
	CHECK(own->replicas[1 + most] == 40 && own->replica_count == 2);
	CHECK(own->replicas[0] == 10 && own->replicas[1] == 11);
	free(memory);
}

int
main(void)
{
	void *memory = malloc(publications_size(CAPACITY, 3));

	if (memory == NULL)
		abort();
	struct publications *publications =
		publications_init(memory, CAPACITY, 3);
	test_walk(publications, 1);
	test_walk(publications, 2);
	test_rooms(publications);
	test_batches(publications->batches);
	test_small();
	test_copies();
	free(memory);
	return check_done();
}
