/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter_test.c - accounts against buckets counted token by token
 *
 * The oracle keeps a level in tokens times 10^9, which leaks in whenever it
 * is looked at; limiter.c keeps one instant. Rates divide 10^9, so the two
 * must agree exactly.
 */
#include "core/steer/limiter.h"

#include <stdbool.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/test/collision.h"

#define PREFIXES 5
#define RATE	 20
#define RATE_ALL 50

struct bucket {
	int64_t level; /* in 10^-9 tokens; at most a second's worth */
	struct instant seen;
	int64_t rate;
};

static uint64_t memory[512];

static void
bucket_fill(struct bucket *bucket, struct instant now)
{
	bucket->level += instant_distance_ns(bucket->seen, now) * bucket->rate;
	if (bucket->level > bucket->rate * NS_PER_S)
		bucket->level = bucket->rate * NS_PER_S;
	bucket->seen = now;
}

static bool
bucket_has(struct bucket *bucket, struct instant now)
{
	bucket_fill(bucket, now);
	return bucket->level >= NS_PER_S;
}

static void
bucket_take(struct bucket *bucket, struct instant now)
{
	bucket_fill(bucket, now);
	bucket->level -= NS_PER_S;
	if (bucket->level < -bucket->rate * NS_PER_S)
		bucket->level = -bucket->rate * NS_PER_S;
}

static void
walk(const struct siphash_key *hash)
{
	struct limiter *limiter =
		limiter_init(memory, PREFIXES, RATE, RATE_ALL, hash);
	struct bucket all = { RATE_ALL * NS_PER_S, { 0 }, RATE_ALL };
	struct bucket buckets[PREFIXES];
	uint32_t seen[3] = { 0 };
	struct instant now = { 0 };
	struct rng rng;

	rng_init(&rng, 15, 0);
	for (uint32_t i = 0; i < PREFIXES; i++)
		buckets[i] = (struct bucket){ RATE * NS_PER_S, { 0 }, RATE };
	for (uint32_t step = 0; step < 30000; step++) {
		/* The first has half of all. */
		uint32_t i = (uint32_t)rng_below(&rng, 2 * PREFIXES);
		i = i < PREFIXES ? i : 0;
		bool six = i % 2 == 1;
		uint8_t address[16] = { 10, 0, (uint8_t)i, 0, 0, (uint8_t)i };
		/* Beyond the prefix: does not matter. */
		address[six ? 6 : 3] = (uint8_t)rng_next(&rng);
		/* Busy for 2,000 steps, then quiet for as many. */
		now.ns += (int64_t)rng_below(&rng, step / 2000 % 2 == 0
							   ? 20 * NS_PER_MS
							   : 200 * NS_PER_MS);
		enum drop expected = DROP_NONE;
		if (!bucket_has(&buckets[i], now))
			expected = DROP_RATE_PREFIX;
		else if (!bucket_has(&all, now))
			expected = DROP_RATE_ALL;
		CHECK(limiter_ask(limiter, now, six ? 6 : 4, address) ==
		      expected);
		seen[0] += expected == DROP_NONE;
		seen[1] += expected == DROP_RATE_PREFIX;
		seen[2] += expected == DROP_RATE_ALL;
		/* Some were started before the others had failed. */
		if (expected == DROP_NONE || rng_below(&rng, 4) == 0) {
			limiter_charge(limiter, now, six ? 6 : 4, address);
			bucket_take(&buckets[i], now);
			bucket_take(&all, now);
		}
	}
	CHECK(seen[0] > 100 && seen[1] > 100 && seen[2] > 100);
}

/* What limiter.c hashes: the prefix 7, family 1. */
static void
prefix_make(uint32_t i, uint8_t *bytes)
{
	memcpy(bytes, &i, sizeof(i));
	bytes[7] = 6;
}

/* Two prefixes of one hash have each their own account. */
static void
equal_hashes(const struct siphash_key *hash)
{
	struct collision pair = collision_find(hash, prefix_make, 8);
	struct limiter *limiter = limiter_init(memory, 4, 1, 0, hash);
	struct instant now = { NS_PER_S };
	uint8_t a[16] = { 0 }, b[16] = { 0 };

	prefix_make(pair.a, a);
	prefix_make(pair.b, b);
	a[7] = b[7] = 0;
	limiter_charge(limiter, now, 6, a);
	CHECK(limiter_ask(limiter, now, 6, a) == DROP_RATE_PREFIX);
	CHECK(limiter_ask(limiter, now, 6, b) == DROP_NONE);
	limiter_charge(limiter, now, 6, b);
	CHECK(limiter_ask(limiter, now, 6, a) == DROP_RATE_PREFIX);
	CHECK(limiter_ask(limiter, now, 6, b) == DROP_RATE_PREFIX);
}

int
main(void)
{
	static const struct siphash_key hash = { { 4 } };
	static const uint8_t a[4] = { 20, 1, 0, 1 }, b[4] = { 20, 2, 0, 1 };
	struct instant now = { NS_PER_S };

	CHECK(limiter_size(PREFIXES) <= sizeof(memory));
	walk(&hash);
	equal_hashes(&hash);

	struct limiter *limiter = limiter_init(memory, 2, 200, 0, &hash);
	for (int i = 0; i < 10000; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(limiter_count(limiter) == 1);
	CHECK(limiter_ask(limiter, now, 4, a) == DROP_RATE_PREFIX);
	CHECK(limiter_ask(limiter, now, 4, b) == DROP_NONE);
	/* However much was overdrawn, a second later it works again. */
	now.ns += NS_PER_S + 5 * NS_PER_MS;
	CHECK(limiter_ask(limiter, now, 4, a) == DROP_NONE);

	/* No table at all: the account for all remains. */
	limiter = limiter_init(memory, 0, 200, 1, &hash);
	limiter_charge(limiter, now, 4, a);
	CHECK(limiter_ask(limiter, now, 4, b) == DROP_RATE_ALL);
	/* No limits. */
	limiter = limiter_init(memory, 2, 0, 0, &hash);
	for (int i = 0; i < 1000; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(limiter_ask(limiter, now, 4, a) == DROP_NONE);
	return check_done();
}
