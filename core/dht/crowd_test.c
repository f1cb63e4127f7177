/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd_test.c - counts beside the truth, and who may come when it is full
 */
#include "core/dht/crowd.h"

#include <string.h>

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

/* The first prefix may have half of a node's places; then nobody more than his
 * fill; and what leaves makes room. */
static void
bound(void)
{
	static const struct {
		const char *sentence;
		uint32_t prefix, fill, most;
		uint32_t comes; /* this many want to */
		uint32_t leave; /* of it, before */
		uint32_t stay; /* those that may */
	} rows[] = {
		{ "the first has half of it", 1, FILL, 1000, 1000, 0, 500 },
		{ "the next has its fill", 2, FILL, 1000, 1000, 0, FILL },
		{ "and so another", 3, FILL, 1000, 1000, 0, FILL },
		{ "one of the first goes, and none of them comes", 1, FILL,
		  1000, 10, 1, 0 },
		{ "but one of others does", 4, FILL, 1000, 1, 0, 1 },
		{ "no bound: until all is taken", 1, 0, 1000, 2000, 0,
		  1000 - 499 - 2 * FILL - 1 },
		{ "then nobody comes", 5, 0, 1000, 1, 0, 0 },
		{ "nor where there was never a place", 5, 0, 0, 1, 0, 0 },
	};
	struct crowd *crowd = crowd_init(memory, ENTRIES);
	uint32_t open = 0;

	crowd_key(crowd, &secret);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_key key = key_of(rows[i].prefix, 7);
		uint32_t stay = 0;

		for (uint32_t j = 0; j < rows[i].leave; j++, open--)
			crowd_remove(crowd, 0, &key);
		for (uint32_t j = 0; j < rows[i].comes; j++) {
			if (!crowd_admits(crowd, 0, &key, open, rows[i].most,
					  rows[i].most / 2, rows[i].fill))
				continue;
			crowd_add(crowd, 0, &key);
			open++;
			stay++;
		}
		CHECK_ROW(stay == rows[i].stay, rows[i].sentence);
	}
}

int
main(void)
{
	walk(1);
	walk(2);
	bound();
	return check_done();
}
