/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bucket_test.c - random walks against an array that is shifted by hand */
#include "core/dht/bucket.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

static const struct {
	const char *sentence;
	uint8_t failures[4]; /* of slots 0 to 3 */
	uint32_t stale, suspect;
} faults[] = {
	{ "all well: no contact to test or evict",
	  { 0, 0, 0, 0 },
	  BUCKET_NONE,
	  BUCKET_NONE },
	{ "one failure makes a suspect", { 0, 1, 0, 0 }, BUCKET_NONE, 1 },
	{ "the oldest suspect is tested first",
	  { 0, 0, 2, 1 },
	  BUCKET_NONE,
	  2 },
	{ "three failures make it stale", { 0, 1, 0, 3 }, 3, 1 },
	{ "the oldest stale one goes first", { 3, 0, 3, 3 }, 0, 0 },
};

static void
test_faults(void)
{
	for (uint32_t row = 0; row < sizeof(faults) / sizeof(*faults); row++) {
		struct contact slots[4];
		struct bucket bucket = { slots, 4 };

		for (uint32_t i = 0; i < 4; i++) {
			slots[i] = contact_new(i, true);
			for (uint32_t j = 0; j < faults[row].failures[i]; j++)
				contact_fail(&slots[i]);
		}
		CHECK_ROW(bucket_stale(bucket) == faults[row].stale,
			  faults[row].sentence);
		CHECK_ROW(bucket_suspect(bucket) == faults[row].suspect,
			  faults[row].sentence);
	}
}

/* The oracle: peers in order, found and moved one by one. */
struct oracle {
	uint32_t peers[BUCKET_MAX], count;
};

static void
oracle_last(struct oracle *oracle, uint32_t slot, uint32_t peer)
{
	for (uint32_t i = slot; i + 1 < oracle->count; i++)
		oracle->peers[i] = oracle->peers[i + 1];
	oracle->peers[oracle->count - 1] = peer;
}

static void
test_walk(uint64_t seed)
{
	struct contact slots[BUCKET_MAX];
	struct bucket bucket = { slots, 20 };
	struct oracle oracle = { .count = 20 };
	struct rng rng;

	rng_init(&rng, seed, 0);
	for (uint32_t i = 0; i < bucket.count; i++) {
		slots[i] = contact_new(i, false);
		oracle.peers[i] = i;
	}
	for (uint32_t step = 0; step < 5000; step++) {
		uint32_t peer = (uint32_t)rng_below(&rng, 40);
		uint32_t slot = bucket_find(bucket, peer), expected = 0;

		while (expected < oracle.count &&
		       oracle.peers[expected] != peer)
			expected++;
		if (expected == oracle.count) {
			CHECK(slot == BUCKET_NONE);
			slot = (uint32_t)rng_below(&rng, bucket.count);
			bucket_replace(bucket, slot, contact_new(peer, true));
			oracle_last(&oracle, slot, peer);
		} else {
			CHECK(slot == expected);
			CHECK(bucket_seen(bucket, slot) == bucket.count - 1);
			oracle_last(&oracle, slot, peer);
		}
		for (uint32_t i = 0; i < bucket.count; i++)
			CHECK(slots[i].peer == oracle.peers[i]);
	}
}

int
main(void)
{
	test_faults();
	for (uint64_t seed = 1; seed <= 3; seed++)
		test_walk(seed);
	return check_done();
}
