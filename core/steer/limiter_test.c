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

static uint64_t memory[1024];

static void
bucket_fill(struct bucket *bucket, struct instant now)
{
	bucket->level += instant_distance_ns(bucket->seen, now) * bucket->rate;
	if (bucket->level > bucket->rate * NS_PER_S)
		bucket->level = bucket->rate * NS_PER_S;
	bucket->seen = now;
}

/* Halvings of a second's worth until what is left is more. */
static uint32_t
bucket_halvings(struct bucket *bucket, struct instant now)
{
	uint32_t halvings = 0;

	bucket_fill(bucket, now);
	if (bucket->level < NS_PER_S)
		return LIMITER_CLOSED;
	while (bucket->level << (halvings + 1) < bucket->rate * NS_PER_S)
		halvings++;
	return halvings;
}

static void
bucket_take(struct bucket *bucket, struct instant now)
{
	bucket_fill(bucket, now);
	bucket->level -= NS_PER_S;
	if (bucket->level < 0)
		bucket->level = 0;
}

static void
walk(const struct siphash_key *hash)
{
	struct limiter *limiter =
		limiter_init(memory, PREFIXES, RATE, RATE_ALL, hash);
	struct bucket all = { RATE_ALL * NS_PER_S, { 0 }, RATE_ALL };
	struct bucket buckets[PREFIXES];
	uint32_t seen[5] = { 0 };
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
		uint32_t own = bucket_halvings(&buckets[i], now);
		uint32_t both = bucket_halvings(&all, now);
		/* Nobody else wants it. */
		bool spare = both == 0 && own > 2;
		own = spare ? 2 : own;
		enum drop why, expected = DROP_NONE;
		if (own > 0 && own >= both)
			expected = DROP_RATE_PREFIX;
		else if (both > 0)
			expected = DROP_RATE_ALL;
		uint32_t level =
			limiter_level(limiter, now, six ? 6 : 4, address, &why);
		CHECK(level == (own > both ? own : both));
		CHECK(why == expected);
		seen[0] += level == LIMITER_CALM;
		seen[1] += expected == DROP_RATE_PREFIX;
		seen[2] += expected == DROP_RATE_ALL;
		seen[3] += level > LIMITER_GLANCE && level != LIMITER_CLOSED;
		seen[4] += level == LIMITER_CLOSED;
		/* Some were started before the others had failed. */
		if (level != LIMITER_CLOSED || rng_below(&rng, 4) == 0) {
			limiter_charge(limiter, now, six ? 6 : 4, address);
			if (!spare)
				bucket_take(&buckets[i], now);
			bucket_take(&all, now);
		}
	}
	for (uint32_t i = 0; i < 5; i++)
		CHECK(seen[i] > 100);
}

/* DROP_NONE: a first packet is worth something. */
static enum drop
ask(const struct limiter *limiter, struct instant now, uint8_t family,
    const uint8_t *address)
{
	enum drop why;

	return limiter_level(limiter, now, family, address, &why) >
			       LIMITER_GLANCE
		       ? why
		       : DROP_NONE;
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
	CHECK(ask(limiter, now, 6, a) == DROP_RATE_PREFIX);
	CHECK(ask(limiter, now, 6, b) == DROP_NONE);
	limiter_charge(limiter, now, 6, b);
	CHECK(ask(limiter, now, 6, a) == DROP_RATE_PREFIX);
	CHECK(ask(limiter, now, 6, b) == DROP_RATE_PREFIX);
}

/* A client's prefix is proven for a minute: what others do does not close it,
 * and they cannot push it out. */
static void
proven(const struct siphash_key *hash)
{
	static const uint8_t real[4] = { 20, 1, 0, 1 };
	struct limiter *limiter = limiter_init(memory, 4, 100, 1000, hash);
	struct instant now = { NS_PER_S };
	enum drop why;

	limiter_found(limiter, now, 4, real, false);
	for (uint32_t i = 0; i < 900; i++) {
		uint8_t other[4] = { 30, (uint8_t)(i >> 8), (uint8_t)i, 1 };
		limiter_charge(limiter, now, 4, other);
	}
	const uint8_t other[4] = { 40, 1, 1, 1 };
	CHECK(limiter_level(limiter, now, 4, other, &why) == 3);
	CHECK(why == DROP_RATE_ALL);
	CHECK(limiter_level(limiter, now, 4, real, &why) == LIMITER_GLANCE);
	CHECK(why == DROP_RATE_ALL);
	/* Its own account counts. */
	for (uint32_t i = 0; i < 80; i++)
		limiter_charge(limiter, now, 4, real);
	CHECK(limiter_level(limiter, now, 4, real, &why) == 2);
	CHECK(why == DROP_RATE_PREFIX);
	/* And a closed account is closed. */
	for (uint32_t i = 0; i < 200; i++)
		limiter_charge(limiter, now, 4, other);
	CHECK(limiter_level(limiter, now, 4, real, &why) == LIMITER_CLOSED);
	/* A minute later the others' account has filled, and is emptied anew.
	 */
	now.ns += 60 * NS_PER_S;
	for (uint32_t i = 0; i < 900; i++)
		limiter_charge(limiter, now, 4, other);
	CHECK(limiter_level(limiter, now, 4, real, &why) == 3);
	limiter_found(limiter, now, 4, real, false);
	CHECK(limiter_level(limiter, now, 4, real, &why) == LIMITER_GLANCE);
}

/* What found an owner costs nothing in the end. */
static void
returned(const struct siphash_key *hash)
{
	static const uint8_t a[4] = { 20, 1, 0, 1 };
	struct limiter *limiter = limiter_init(memory, 4, 100, 100, hash);
	struct instant now = { NS_PER_S };
	enum drop why;

	for (uint32_t i = 0; i < 1000; i++) {
		limiter_charge(limiter, now, 4, a);
		CHECK(limiter_level(limiter, now, 4, a, &why) == LIMITER_CALM);
		limiter_found(limiter, now, 4, a, true);
	}
	for (uint32_t i = 0; i < 51; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(limiter_level(limiter, now, 4, a, &why) == LIMITER_GLANCE);
	limiter_found(limiter, now, 4, a, true);
	CHECK(limiter_level(limiter, now, 4, a, &why) == LIMITER_CALM);
	/* Returned late: it has run off meanwhile. */
	now.ns += 10 * NS_PER_S;
	limiter_found(limiter, now, 4, a, true);
	for (uint32_t i = 0; i < 50; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(limiter_level(limiter, now, 4, a, &why) == LIMITER_CALM);
	limiter_charge(limiter, now, 4, a);
	CHECK(limiter_level(limiter, now, 4, a, &why) == LIMITER_GLANCE);
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
	proven(&hash);
	returned(&hash);

	struct limiter *limiter = limiter_init(memory, 2, 200, 0, &hash);
	for (int i = 0; i < 10000; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(limiter_count(limiter) == 1);
	CHECK(ask(limiter, now, 4, a) == DROP_RATE_PREFIX);
	CHECK(ask(limiter, now, 4, b) == DROP_NONE);
	/* However much was overdrawn, a moment later it works again. */
	now.ns += NS_PER_S / 4;
	CHECK(ask(limiter, now, 4, a) == DROP_NONE);

	/* No table at all: the account for all remains. */
	limiter = limiter_init(memory, 0, 200, 1, &hash);
	limiter_charge(limiter, now, 4, a);
	CHECK(ask(limiter, now, 4, b) == DROP_RATE_ALL);
	/* No limits. */
	limiter = limiter_init(memory, 2, 0, 0, &hash);
	for (int i = 0; i < 1000; i++)
		limiter_charge(limiter, now, 4, a);
	CHECK(ask(limiter, now, 4, a) == DROP_NONE);
	return check_done();
}
