/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd_test.c - counts beside the truth, and who may come when it is full
 */
#include "core/dht/crowd.h"

#include <string.h>

#include "core/dht/publication.h"
#include "core/rng.h"
#include "core/test/check.h"

#define PREFIXES 40
#define ENTRIES	 4000
#define NODES	 3
#define FILL	 50

static uint64_t memory[1 << 18];
static const struct siphash_key secret = { { 7 } };

static struct session_key
key_of(uint32_t prefix, uint32_t number)
{
	struct session_key key = {
		.client = { 20, (uint8_t)(prefix >> 8), (uint8_t)prefix,
			    (uint8_t)number },
		.client_port = { (uint8_t)(number >> 16),
				 (uint8_t)(number >> 8) },
		.family = 4,
		.protocol = 6,
	};

	return key;
}

/* Any order of coming and going: never below the truth, seldom above, and zero
 * in the end. */
static void
walk(uint64_t seed)
{
	struct crowd *crowd = crowd_init(memory, ENTRIES);
	uint32_t truth[NODES][PREFIXES] = { 0 }, above = 0;
	struct rng rng;

	CHECK(crowd_size(ENTRIES) <= sizeof(memory));
	crowd_key(crowd, &secret);
	rng_init(&rng, seed, 0);
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t node = (uint32_t)rng_below(&rng, NODES);
		uint32_t prefix = (uint32_t)rng_below(&rng, PREFIXES);
		struct session_key key = key_of(prefix, step);
		uint32_t *count = &truth[node][prefix];

		if (*count > 0 && rng_below(&rng, 2) == 0) {
			crowd_remove(crowd, node, &key);
			--*count;
		} else {
			crowd_add(crowd, node, &key);
			++*count;
		}
		CHECK(crowd_count(crowd, node, &key) >= *count);
		above += crowd_count(crowd, node, &key) > *count;
	}
	CHECK(above < 2000);
	for (uint32_t node = 0; node < NODES; node++) {
		for (uint32_t prefix = 0; prefix < PREFIXES; prefix++) {
			struct session_key key = key_of(prefix, 1);
			for (; truth[node][prefix] > 0; truth[node][prefix]--)
				crowd_remove(crowd, node, &key);
		}
	}
	for (uint32_t prefix = 0; prefix < PREFIXES; prefix++) {
		struct session_key key = key_of(prefix, 1);
		CHECK(crowd_count(crowd, 0, &key) == 0);
	}
}

static uint32_t
add(struct publications *publications, uint32_t prefix, uint32_t number,
    bool half_open)
{
	struct session_key key = key_of(prefix, number);

	return publication_add(publications, 0, &key, number, half_open);
}

/* The first prefix may have all of a table's half; then nobody more than his
 * fill; and what leaves makes room. */
static void
bound(void)
{
	struct publications *publications;
	uint32_t first = PUBLICATION_NONE, count = 0;

	CHECK(publications_size(1000, 3) <= sizeof(memory));
	publications = publications_init(memory, 1000, 3);
	publications_bound(publications, &secret, FILL);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t slot = add(publications, 1, i, false);
		first = i == 0 ? slot : first;
		count += slot != PUBLICATION_NONE;
	}
	CHECK(count == 500);
	for (uint32_t prefix = 2; prefix < 7; prefix++) {
		for (count = 0; add(publications, prefix, count, false) !=
				PUBLICATION_NONE;)
			count++;
		CHECK(count == FILL);
	}
	/* Handshakes have their own room, but do not open. */
	uint32_t slot = add(publications, 1, 5000, true);
	CHECK(slot != PUBLICATION_NONE);
	CHECK(!publication_set_half_open(publications, slot, false));
	publication_free(publications, slot);
	slot = add(publications, 9, 5000, true);
	CHECK(publication_set_half_open(publications, slot, false));
	/* The oldest stay; where one goes, none of its prefix comes while that
	 * has its fill. */
	CHECK(first != PUBLICATION_NONE);
	publication_free(publications, first);
	CHECK(add(publications, 1, 6000, false) == PUBLICATION_NONE);
	CHECK(add(publications, 9, 6000, false) != PUBLICATION_NONE);
	/* No bound: until it is full. */
	publications_bound(publications, &secret, 0);
	for (count = 0;
	     add(publications, 1, 7000 + count, false) != PUBLICATION_NONE;)
		count++;
	CHECK(publications_count(publications) == 1000);
}

int
main(void)
{
	walk(1);
	walk(2);
	bound();
	return check_done();
}
