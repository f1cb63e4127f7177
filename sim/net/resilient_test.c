/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resilient_test.c - buckets beside an oracle that looks every millisecond
 *
 * The oracle has no deadlines: each millisecond it counts what every member
 * has, and goes through all buckets as the kernel's upkeep does.
 */
#include "sim/net/resilient.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define MS	NS_PER_MS
#define BUCKETS 29
#define MOST	7

struct oracle {
	int64_t idle_ms, unbalanced_ms, since_ms;
	uint32_t alive; /* a bit a member */
	uint32_t member[BUCKETS]; /* RESILIENT_NONE */
	int64_t used_ms[BUCKETS]; /* -1: not since it was given */
	uint32_t given_away; /* by upkeep, from a living member */
};

static uint32_t
wants(const struct oracle *oracle, uint32_t member)
{
	double count = __builtin_popcount(oracle->alive);
	double at = __builtin_popcount(oracle->alive & ((1U << member) - 1));

	if (!(oracle->alive >> member & 1))
		return 0;
	return (uint32_t)((at + 1) * BUCKETS / count + 0.5) -
	       (uint32_t)(at * BUCKETS / count + 0.5);
}

static uint32_t
has(const struct oracle *oracle, uint32_t member)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BUCKETS; i++)
		count += oracle->member[i] == member;
	return count;
}

static void
oracle_look(struct oracle *oracle, int64_t now_ms)
{
	for (uint32_t i = 0; i < BUCKETS; i++) {
		uint32_t owner = oracle->member[i], poor = MOST;
		bool dead = owner == RESILIENT_NONE ||
			    !(oracle->alive >> owner & 1);
		bool idle = oracle->used_ms[i] < 0 ||
			    now_ms >= oracle->used_ms[i] + oracle->idle_ms;
		bool overdue =
			oracle->unbalanced_ms > 0 &&
			now_ms >= oracle->since_ms + oracle->unbalanced_ms;
		while (poor > 0 &&
		       has(oracle, poor - 1) >= wants(oracle, poor - 1))
			poor--;
		if (poor == 0)
			continue;
		if (!dead && (has(oracle, owner) <= wants(oracle, owner) ||
			      !(idle || overdue)))
			continue;
		oracle->given_away += !dead;
		oracle->member[i] = poor - 1;
		oracle->used_ms[i] = -1;
	}
}

static void
change(struct resilient *resilient, struct oracle *oracle, int64_t now_ms,
       uint32_t alive)
{
	uint32_t members[MOST], count = 0;

	for (uint32_t i = 0; i < MOST; i++)
		if (alive >> i & 1)
			members[count++] = i;
	oracle->alive = alive;
	oracle->since_ms = now_ms;
	for (uint32_t i = 0; i < BUCKETS; i++)
		if (oracle->member[i] != RESILIENT_NONE &&
		    !(alive >> oracle->member[i] & 1))
			oracle->member[i] = RESILIENT_NONE;
	oracle_look(oracle, now_ms);
	resilient_set(resilient, members, count,
		      (struct instant){ now_ms * MS });
}

static uint32_t
differ(struct resilient *resilient, const struct oracle *oracle, int64_t now_ms)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < BUCKETS; i++)
		count += resilient_choose(resilient, (uint64_t)i << 32,
					  (struct instant){ now_ms * MS },
					  false) != oracle->member[i];
	return count;
}

static void
test_walk(uint64_t seed, int64_t idle_ms, int64_t unbalanced_ms)
{
	struct oracle oracle = { .idle_ms = idle_ms,
				 .unbalanced_ms = unbalanced_ms };
	struct resilient *resilient =
		resilient_create(BUCKETS, idle_ms * MS, unbalanced_ms * MS);
	uint32_t wrong = 0;
	struct rng rng;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		oracle.member[i] = RESILIENT_NONE;
		oracle.used_ms[i] = -1;
	}
	rng_init(&rng, seed, 0);
	for (int64_t now_ms = 0; now_ms < 20000; now_ms++) {
		uint32_t alive = oracle.alive;
		oracle_look(&oracle, now_ms);
		if (rng_below(&rng, 150) == 0)
			alive ^= 1U << rng_below(&rng, MOST);
		if (alive != oracle.alive)
			change(resilient, &oracle, now_ms, alive);
		/* Some buckets are busy, some hardly. */
		for (int i = 0; i < 2; i++) {
			uint32_t bucket =
				(uint32_t)(rng_below(&rng, BUCKETS) *
					   rng_below(&rng, BUCKETS) / BUCKETS);
			uint32_t member = resilient_choose(
				resilient, (uint64_t)bucket << 32,
				(struct instant){ now_ms * MS }, true);
			wrong += member != oracle.member[bucket];
			if (member != RESILIENT_NONE)
				oracle.used_ms[bucket] = now_ms;
		}
		/* Rarely, so that it has to catch up. */
		if (rng_below(&rng, 20) == 0)
			wrong += differ(resilient, &oracle, now_ms);
	}
	CHECK(wrong == 0);
	CHECK(oracle.given_away > 100);
	resilient_destroy(resilient);
}

/* A member goes and returns while all buckets but two are busy. */
static void
test_return(void)
{
	static const struct {
		const char *sentence;
		int64_t unbalanced_s, at_s; /* after it returned */
		uint32_t has; /* of 8 buckets that it wants */
	} rows[] = {
		{ "it gets those that are idle, at once", 0, 0, 2 },
		{ "busy ones stay where they are", 0, 100, 2 },
		{ "a minute after the last packet they go", 0, 161, 8 },
		{ "busy ones stay until the group was out of balance for long",
		  30, 29, 2 },
		{ "then they go, too", 30, 30, 8 },
	};
	static const uint32_t members[] = { 5, 6, 7, 8 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct resilient *resilient = resilient_create(
			32, 60 * NS_PER_S, rows[i].unbalanced_s * NS_PER_S);
		struct instant now = { 0 };
		uint32_t count = 0;
		resilient_set(resilient, members, 4, now);
		now.ns += NS_PER_S;
		resilient_set(resilient, members, 3, now);
		/* Until it returns, and for 100 s after that. */
		for (int64_t s = 2; s <= 110 + rows[i].at_s; s++) {
			now.ns = s * NS_PER_S;
			if (s == 10)
				resilient_set(resilient, members, 4, now);
			if (s > 10 + rows[i].at_s)
				break;
			for (uint64_t j = 0; s <= 110 && j < 32; j++)
				if (j % 16 != 0)
					(void)resilient_choose(
						resilient, j << 32, now, true);
		}
		now.ns = (10 + rows[i].at_s) * NS_PER_S;
		for (uint64_t j = 0; j < 32; j++)
			count += resilient_choose(resilient, j << 32, now,
						  false) == 8;
		CHECK_ROW(count == rows[i].has, rows[i].sentence);
		resilient_destroy(resilient);
	}
}

int
main(void)
{
	test_walk(1, 50, 0);
	test_walk(2, 50, 200);
	test_walk(3, 500, 100);
	test_walk(4, 0, 0);
	test_return();
	return check_done();
}
