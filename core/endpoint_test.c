/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * endpoint_test.c - interning against a list that is searched from the front
 */
#include "core/endpoint.h"

#include <stdlib.h>
#include <string.h>

#include "core/position.h"
#include "core/rng.h"
#include "core/test/check.h"
#include "core/test/collision.h"

#define SPACE 1200 /* different endpoints that the walk may draw */

static const struct siphash_key placement = { .bytes = { 1, 2, 3 } };

/* IPv4 and IPv6 share leading bytes, so that the family must decide. */
static struct endpoint
draw(struct rng *rng)
{
	uint64_t x = rng_below(rng, SPACE);
	struct endpoint endpoint = {
		.address = { .family = x & 1 ? 4 : 6 },
		.port = (uint16_t)(7000 + (x >> 1 & 1)),
	};

	endpoint.address.bytes[0] = 10;
	endpoint.address.bytes[2] = (uint8_t)(x >> 10);
	endpoint.address.bytes[3] = (uint8_t)(x >> 2);
	if (endpoint.address.family == 6 && (x & 4))
		endpoint.address.bytes[15] = 1;
	return endpoint;
}

static bool
same(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->address.family == b->address.family &&
	       memcmp(a->address.bytes, b->address.bytes, 16) == 0;
}

static uint32_t
oracle_find(const struct endpoint *list, uint32_t count,
	    const struct endpoint *endpoint)
{
	for (uint32_t i = 0; i < count; i++) {
		if (same(&list[i], endpoint))
			return i;
	}
	return ENDPOINT_NONE;
}

static void
walk(uint32_t capacity)
{
	static struct endpoint list[SPACE];
	uint32_t count = 0;
	size_t size = endpoints_size(capacity);
	void *memory = malloc(size);
	struct rng rng;

	memset(memory, 0xee, size);
	struct endpoints *endpoints =
		endpoints_init(memory, capacity, &placement);
	rng_init(&rng, 4, capacity);
	for (unsigned step = 0; step < 6000; step++) {
		struct endpoint endpoint = draw(&rng);
		uint32_t expected = oracle_find(list, count, &endpoint);

		CHECK(endpoints_find(endpoints, &endpoint) == expected);
		if (rng_below(&rng, 2) == 0)
			continue;
		if (expected == ENDPOINT_NONE && count < capacity) {
			list[count] = endpoint;
			expected = count++;
		}
		CHECK(endpoints_intern(endpoints, &endpoint) == expected);
		CHECK(endpoints_count(endpoints) == count);
	}
	for (uint32_t i = 0; i < count; i++) {
		CHECK(same(endpoints_get(endpoints, i), &list[i]));
		CHECK(endpoints_position(endpoints, i) ==
		      position_of_endpoint(&placement, &list[i]));
	}
	free(memory);
}

/* In whatever portions they come, known and new ones and one twice. */
static void
all_at_once_is_one_by_one(void)
{
	static struct endpoint drawn[100];
	static uint32_t indices[100];
	uint64_t *one = malloc(endpoints_size(60));
	uint64_t *many = malloc(endpoints_size(60));
	struct rng rng;

	struct endpoints *a = endpoints_init(one, 60, &placement);
	struct endpoints *b = endpoints_init(many, 60, &placement);
	rng_init(&rng, 5, 0);
	for (uint32_t count = 0; count <= 100; count += 10) {
		for (uint32_t i = 0; i < count; i++)
			drawn[i] = i % 7 == 6 ? drawn[i - 1] : draw(&rng);
		endpoints_intern_all(b, drawn, count, indices);
		for (uint32_t i = 0; i < count; i++)
			CHECK(endpoints_intern(a, &drawn[i]) == indices[i]);
	}
	CHECK(endpoints_count(a) == 60 && endpoints_count(b) == 60);
	free(one);
	free(many);
}

static void
unused_bytes_do_not_count(void)
{
	uint64_t memory[64];
	struct endpoint clean = { .address = { .family = 4, .bytes = { 10 } } };
	struct endpoint dirty = clean;

	CHECK(endpoints_size(4) <= sizeof(memory));
	struct endpoints *endpoints = endpoints_init(memory, 4, &placement);
	dirty.address.bytes[4] = 1;
	CHECK(address_equal(&clean.address, &dirty.address));
	uint32_t index = endpoints_intern(endpoints, &dirty);
	CHECK(endpoints_find(endpoints, &clean) == index);
	CHECK(same(endpoints_get(endpoints, index), &clean));
	dirty.address.family = 6;
	CHECK(!address_equal(&clean.address, &dirty.address));
	CHECK(endpoints_find(endpoints, &dirty) == ENDPOINT_NONE);
}

static struct endpoint
endpoint_make(uint32_t i)
{
	struct endpoint endpoint = { .address.family = 4, .port = 7000 };

	memcpy(endpoint.address.bytes, &i, sizeof(i));
	return endpoint;
}

/* Endpoints whose hashes share the 32 bits of the tag: where their probes
 * meet, only the comparison tells them apart. The tags are read from the slots
 * of a table that has them all (endpoint.c: tag 32, index 32). */
static void
equal_tags(void)
{
	void *memory = malloc(endpoints_size(COLLISION_KEYS));
	uint64_t small[64], *tags;
	uint32_t count = 0, met = 0;

	CHECK(memory != NULL && endpoints_size(2) <= sizeof(small));
	struct endpoints *all =
		endpoints_init(memory, COLLISION_KEYS, &placement);
	for (uint32_t i = 0; i < COLLISION_KEYS; i++) {
		struct endpoint endpoint = endpoint_make(i);
		CHECK(endpoints_intern(all, &endpoint) == i);
	}
	tags = malloc(COLLISION_KEYS * sizeof(tags[0]));
	CHECK(tags != NULL);
	for (uint64_t i = 0; i <= all->slot_mask; i++) {
		uint32_t slot[2];
		memcpy(slot, (const uint8_t *)all->slots + i * sizeof(slot),
		       sizeof(slot));
		if (slot[1] != ENDPOINT_NONE && count < COLLISION_KEYS)
			tags[count++] = (uint64_t)slot[0] << 32 | slot[1];
	}
	CHECK(count == COLLISION_KEYS);
	qsort(tags, count, sizeof(tags[0]), collision_compare);
	for (uint32_t i = 1; i < count; i++) {
		if (tags[i - 1] >> 32 != tags[i] >> 32)
			continue;
		struct endpoint a = endpoint_make((uint32_t)tags[i - 1]);
		struct endpoint b = endpoint_make((uint32_t)tags[i]);
		struct endpoints *table = endpoints_init(small, 2, &placement);
		CHECK(endpoints_intern(table, &a) == 0);
		CHECK(endpoints_find(table, &b) == ENDPOINT_NONE);
		CHECK(endpoints_intern(table, &b) == 1);
		CHECK(endpoints_find(table, &a) == 0);
		met++;
	}
	CHECK(met > 0);
	free(tags);
	free(memory);
}

/* Peers come and go, some are held: a walk beside a plain array of what is held
 * under which index. What is held keeps its index, what was reclaimed is found
 * no more, and the table never fills while few are held. */
static void
reclaiming(uint32_t capacity, uint32_t steps)
{
	enum {
		HELD = 40
	};
	void *memory = malloc(endpoints_size(capacity));
	uint32_t held[HELD], numbers[HELD], held_count = 0, next = 0;
	uint32_t refused = 0, reclaimed = 0;
	struct rng rng;

	CHECK(memory != NULL);
	struct endpoints *endpoints =
		endpoints_init(memory, capacity, &placement);
	rng_init(&rng, 77, capacity);
	for (uint32_t step = 0; step < steps; step++) {
		struct endpoint endpoint = endpoint_make(next);
		uint32_t index = endpoints_intern(endpoints, &endpoint);

		refused += index == ENDPOINT_NONE;
		if (index != ENDPOINT_NONE) {
			CHECK(same(endpoints_get(endpoints, index), &endpoint));
			CHECK(endpoints_position(endpoints, index) ==
			      position_of_endpoint(&placement, &endpoint));
		}
		if (index != ENDPOINT_NONE && rng_below(&rng, 4) == 0) {
			uint32_t at = held_count < HELD
					      ? held_count++
					      : (uint32_t)rng_below(&rng, HELD);
			held[at] = index;
			numbers[at] = next;
		}
		next++;
		if (rng_below(&rng, 50) != 0)
			continue;
		for (uint32_t i = 0; i < held_count; i++)
			endpoints_mark(endpoints, held[i]);
		uint32_t used = endpoints_used(endpoints);
		uint32_t given = endpoints_reclaim(endpoints);
		reclaimed += given;
		CHECK(endpoints_used(endpoints) == used - given);
		for (uint32_t i = 0; i < held_count; i++) {
			struct endpoint mine = endpoint_make(numbers[i]);

			CHECK(same(endpoints_get(endpoints, held[i]), &mine));
			/* Half of them: a find is as good as a mark. */
			if (i % 2 == 0)
				CHECK(endpoints_find(endpoints, &mine) ==
				      held[i]);
		}
		/* Nobody held it, and nobody spoke of it for an epoch. */
		if (next > 2000) {
			struct endpoint old = endpoint_make(next - 2000);
			bool is_held = false;

			for (uint32_t i = 0; i < held_count; i++)
				is_held |= numbers[i] == next - 2000;
			CHECK((endpoints_find(endpoints, &old) !=
			       ENDPOINT_NONE) == is_held);
		}
	}
	CHECK(reclaimed > steps / 2);
	CHECK(refused == 0 || capacity < 400);
	CHECK(endpoints_count(endpoints) <= capacity);
	free(memory);
}

/* What is not held and not spoken of lasts one whole epoch, and not two. */
static void
an_epoch(void)
{
	uint64_t memory[256];
	struct endpoint a = endpoint_make(1), b = endpoint_make(2),
			c = endpoint_make(3);

	CHECK(endpoints_size(2) <= sizeof(memory));
	struct endpoints *endpoints = endpoints_init(memory, 2, &placement);
	CHECK(endpoints_intern(endpoints, &a) == 0);
	CHECK(endpoints_intern(endpoints, &b) == 1);
	CHECK(endpoints_intern(endpoints, &c) == ENDPOINT_NONE);
	CHECK(endpoints_reclaim(endpoints) == 0);
	endpoints_mark(endpoints, 1);
	CHECK(endpoints_reclaim(endpoints) == 1);
	CHECK(endpoints_used(endpoints) == 1);
	CHECK(endpoints_find(endpoints, &a) == ENDPOINT_NONE);
	CHECK(endpoints_find(endpoints, &b) == 1);
	CHECK(endpoints_intern(endpoints, &c) == 0);
	CHECK(endpoints_find(endpoints, &c) == 0);
	CHECK(endpoints_intern(endpoints, &a) == ENDPOINT_NONE);
	CHECK(endpoints_count(endpoints) == 2);
}

int
main(void)
{
	reclaiming(2000, 40000);
	reclaiming(100, 20000);
	an_epoch();
	walk(0);
	walk(1);
	walk(7);
	walk(500); /* full half-way */
	walk(SPACE);
	all_at_once_is_one_by_one();
	unused_bytes_do_not_count();
	equal_tags();
	return check_done();
}
