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

int
main(void)
{
	walk(0);
	walk(1);
	walk(7);
	walk(500); /* full half-way */
	walk(SPACE);
	all_at_once_is_one_by_one();
	unused_bytes_do_not_count();
	return check_done();
}
