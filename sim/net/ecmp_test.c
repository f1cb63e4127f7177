/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ecmp_test.c - shares, and how many flows a change of members moves
 */
#include "sim/net/ecmp.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

#define FLOWS 200000

static const struct instant start = { 0 };

/* Buckets that nobody uses move at once. */
static struct routing_settings
settings_of(enum ecmp_kind kind, uint32_t buckets)
{
	return (struct routing_settings){ .ecmp = kind,
					  .resilient_buckets = buckets,
					  .resilient_idle_ns = NS_PER_S };
}

/* Of a bucket. */
static uint32_t
member_of(const struct ecmp *ecmp, uint32_t bucket)
{
	return ecmp_choose(ecmp, (uint64_t)bucket << 32, start, false);
}

/* Share of flows, in ppm, whose member differs between two groups. */
static uint32_t
moved_ppm(const struct ecmp *a, const struct ecmp *b, uint32_t but)
{
	struct rng rng;
	uint64_t moved = 0;

	rng_init(&rng, 5, 5);
	for (int i = 0; i < FLOWS; i++) {
		uint64_t hash = rng_next(&rng);
		uint32_t from = ecmp_choose(a, hash, start, false);
		moved += from != but &&
			 ecmp_choose(b, hash, start, false) != from;
	}
	return (uint32_t)(moved * 1000000 / FLOWS);
}

static bool
near(uint32_t value, double want, double error)
{
	return value > (want - error) * 1e6 && value < (want + error) * 1e6;
}

static void
test_loss(void)
{
	static const struct {
		const char *sentence;
		enum ecmp_kind kind;
		uint32_t count, dead;
		double share; /* of all flows that move, the dead one's too */
	} rows[] = {
		{ "threshold: the first of 4 dies, half moves",
		  ECMP_HASH_THRESHOLD, 4, 0, 0.5 },
		{ "threshold: the last of 10 dies, half moves",
		  ECMP_HASH_THRESHOLD, 10, 9, 0.5 },
		{ "threshold: the middle of 5 dies, 1/4 + 1/20",
		  ECMP_HASH_THRESHOLD, 5, 2, 0.3 },
		{ "threshold: one of two dies, its own half moves",
		  ECMP_HASH_THRESHOLD, 2, 0, 0.5 },
		{ "modulo: one of 4 dies, 3/4 move", ECMP_MODULO, 4, 3, 0.75 },
		{ "modulo: one of 10 dies, 9/10 move", ECMP_MODULO, 10, 9,
		  0.9 },
		{ "resilient: one of 4 dies, its quarter moves", ECMP_RESILIENT,
		  4, 1, 0.25 },
		{ "resilient: one of 8 dies, its eighth moves", ECMP_RESILIENT,
		  8, 7, 0.125 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t members[16], count = 0;
		struct ecmp before, after;

		const struct routing_settings settings =
			settings_of(rows[i].kind, 128);
		ecmp_init(&before, &settings);
		ecmp_init(&after, &settings);
		for (uint32_t j = 0; j < rows[i].count; j++)
			members[j] = 10 + j;
		CHECK(ecmp_set(&before, members, rows[i].count, start));
		CHECK(!ecmp_set(&before, members, rows[i].count, start));
		ecmp_copy(&after, &before);
		for (uint32_t j = 0; j < rows[i].count; j++)
			if (j != rows[i].dead)
				members[count++] = 10 + j;
		ecmp_set(&after, members, count, start);
		CHECK_ROW(near(moved_ppm(&before, &after, ECMP_NONE),
			       rows[i].share, 0.005),
			  rows[i].sentence);
		if (rows[i].kind == ECMP_RESILIENT)
			CHECK_ROW(moved_ppm(&before, &after,
					    10 + rows[i].dead) == 0,
				  rows[i].sentence);
		ecmp_free(&before);
		ecmp_free(&after);
	}
}

static void
test_shares(void)
{
	static const enum ecmp_kind kinds[] = { ECMP_HASH_THRESHOLD,
						ECMP_MODULO, ECMP_RESILIENT };

	for (int k = 0; k < 3; k++) {
		for (uint32_t count = 1; count <= 7; count += 2) {
			uint32_t members[8], hits[8] = { 0 };
			struct ecmp ecmp;
			struct rng rng;

			const struct routing_settings settings =
				settings_of(kinds[k], 1024);
			ecmp_init(&ecmp, &settings);
			CHECK(ecmp_choose(&ecmp, 1, start, false) == ECMP_NONE);
			for (uint32_t i = 0; i < count; i++)
				members[i] = i;
			ecmp_set(&ecmp, members, count, start);
			rng_init(&rng, count, 9);
			for (int i = 0; i < FLOWS; i++)
				hits[ecmp_choose(&ecmp,
						 ecmp_hash(rng_next(&rng), 42),
						 start, false)]++;
			for (uint32_t i = 0; i < count; i++)
				CHECK(near(hits[i] * 5, 1.0 / count, 0.006));
			CHECK(ecmp_set(&ecmp, members, 0, start));
			CHECK(ecmp_choose(&ecmp, 1, start, false) == ECMP_NONE);
			ecmp_free(&ecmp);
		}
	}
}

/* The kernel's upper bounds, one by one. */
static void
test_bounds(void)
{
	for (uint64_t count = 1; count < 200; count++) {
		for (uint64_t i = 0; i + 1 < count; i++) {
			uint64_t bound =
				((i + 1) * (UINT64_C(1) << 31) + count / 2) /
					count -
				1;
			CHECK(ecmp_threshold(bound << 33, (uint32_t)count) ==
			      i);
			CHECK(ecmp_threshold((bound + 1) << 33,
					     (uint32_t)count) == i + 1);
		}
		CHECK(ecmp_threshold(UINT64_MAX, (uint32_t)count) == count - 1);
	}
}

/* Members come and go: only the buckets that must move do, and all are fair. */
static void
test_resilient_walk(void)
{
	enum {
		BUCKETS = 120,
		MOST = 9
	};
	uint32_t before[BUCKETS], members[MOST], count;
	uint32_t alive = 0x7;
	struct ecmp ecmp;
	struct rng rng;

	const struct routing_settings settings =
		settings_of(ECMP_RESILIENT, BUCKETS);
	ecmp_init(&ecmp, &settings);
	rng_init(&rng, 11, 0);
	for (int step = 0; step < 2000; step++) {
		uint32_t flip = 1U << rng_below(&rng, MOST);
		bool comes = !(alive & flip);
		uint32_t held[MOST] = { 0 }, moved = 0;

		if ((alive ^ flip) == 0)
			continue;
		for (uint32_t i = 0; i < BUCKETS; i++)
			before[i] = member_of(&ecmp, i);
		alive ^= flip;
		count = 0;
		for (uint32_t i = 0; i < MOST; i++)
			if (alive >> i & 1)
				members[count++] = i;
		ecmp_set(&ecmp, members, count, start);
		for (uint32_t i = 0; i < BUCKETS; i++) {
			uint32_t now = member_of(&ecmp, i);
			held[now]++;
			if (now == before[i] || before[i] == ECMP_NONE)
				continue;
			moved++;
			/* To the one that comes, or from the one that went. */
			CHECK(comes ? 1U << now == flip
				    : 1U << before[i] == flip);
		}
		for (uint32_t i = 0; i < count; i++)
			CHECK(held[members[i]] >= BUCKETS / count &&
			      held[members[i]] <= BUCKETS / count + 1);
		CHECK(step == 0 ||
		      moved <= BUCKETS / (count - !!comes + 1) + 1);
	}
	ecmp_free(&ecmp);
}

/* A router behind another still sees all of its own hash. */
static void
test_seeds(void)
{
	uint32_t cells[4][4] = { { 0 } };
	struct rng rng;

	rng_init(&rng, 3, 3);
	for (int i = 0; i < FLOWS; i++) {
		uint64_t digest = rng_next(&rng);
		cells[ecmp_threshold(ecmp_hash(digest, 1), 4)]
		     [ecmp_threshold(ecmp_hash(digest, 2), 4)]++;
	}
	for (int i = 0; i < 16; i++)
		CHECK(near(cells[i / 4][i % 4] * 5, 1.0 / 16, 0.004));
}

int
main(void)
{
	test_loss();
	test_shares();
	test_bounds();
	test_resilient_walk();
	test_seeds();
	return check_done();
}
