/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hedge_test.c - how many are asked in vain, and how long the wait is */
#include "core/dht/hedge.h"

#include "core/instant.h"
#include "core/rng.h"
#include "core/test/check.h"

#define ANSWERS	 100000
#define LEARNED	 10000 /* those before are not counted */
#define USUAL_NS (40 * NS_PER_US)

/* A round trip. */
typedef int64_t draw(struct rng *);

static int64_t
draw_same(struct rng *rng)
{
	(void)rng;
	return USUAL_NS;
}

static int64_t
draw_even(struct rng *rng)
{
	return USUAL_NS / 2 + (int64_t)rng_below(rng, USUAL_NS);
}

static int64_t
draw_exponential(struct rng *rng)
{
	return USUAL_NS / 4 + rng_exponential(rng, 3 * USUAL_NS / 4);
}

/* One in 50 is a switch of processes. */
static int64_t
draw_two(struct rng *rng)
{
	return rng_below(rng, 50) == 0 ? 3 * USUAL_NS : USUAL_NS;
}

/* One in 500. */
static int64_t
draw_rare(struct rng *rng)
{
	return rng_below(rng, 500) == 0 ? 30 * USUAL_NS : USUAL_NS;
}

static int64_t
draw_late(struct rng *rng)
{
	(void)rng;
	return NS_PER_S;
}

static void
test_one_in_a_hundred(void)
{
	static const struct {
		const char *sentence;
		draw *draw;
		uint32_t least, most; /* slow ones, of 90,000 */
		uint32_t ratio_least, ratio_most;
	} rows[] = {
		{ "all alike: none", draw_same, 0, 0, HEDGE_LEAST,
		  HEDGE_LEAST },
		{ "evenly spread", draw_even, 450, 1350, HEDGE_ONE,
		  2 * HEDGE_ONE },
		{ "with a long tail, and no more than four times as long",
		  draw_exponential, 450, 1350, 2 * HEDGE_ONE, HEDGE_MOST },
		{ "a fiftieth is slow: it waits for half of those", draw_two,
		  450, 1350, HEDGE_LEAST, 3 * HEDGE_ONE + HEDGE_ONE / 4 },
		{ "a five-hundredth is: it waits for none", draw_rare, 90, 270,
		  HEDGE_LEAST, HEDGE_LEAST + HEDGE_ONE / 4 },
		{ "late on purpose: four times as long", draw_late, 90000,
		  90000, HEDGE_MOST, HEDGE_MOST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hedge hedge;
		struct rng rng;
		uint32_t slow = 0;

		rng_init(&rng, 1, i);
		hedge_init(&hedge);
		for (uint32_t j = 0; j < ANSWERS; j++) {
			int64_t rtt_ns = rows[i].draw(&rng);

			slow += j >= LEARNED &&
				rtt_ns > hedge_after_ns(&hedge, USUAL_NS);
			hedge_learn(&hedge, USUAL_NS, rtt_ns);
			CHECK_ROW(hedge.ratio >= HEDGE_LEAST &&
					  hedge.ratio <= HEDGE_MOST,
				  rows[i].sentence);
		}
		CHECK_ROW(slow >= rows[i].least && slow <= rows[i].most,
			  rows[i].sentence);
		CHECK_ROW(hedge.ratio >= rows[i].ratio_least &&
				  hedge.ratio <= rows[i].ratio_most,
			  rows[i].sentence);
	}
}

static void
test_waits(void)
{
	static const struct {
		const char *sentence;
		int64_t usual_ns, after_ns;
	} rows[] = {
		{ "at first half as long again", 40 * NS_PER_US,
		  60 * NS_PER_US },
		{ "nothing is nothing", 0, 0 },
		{ "however far", INT64_MAX, 9 * 3600 * NS_PER_S },
	};
	struct hedge hedge;

	hedge_init(&hedge);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(hedge_after_ns(&hedge, rows[i].usual_ns) ==
				  rows[i].after_ns,
			  rows[i].sentence);
	hedge_learn(&hedge, INT64_MAX, INT64_MAX);
	CHECK(hedge.ratio > HEDGE_FIRST);
}

static uint32_t
asks_now(struct hedge *hedge, uint32_t alpha)
{
	uint32_t asks = hedge_begin(hedge, alpha);

	hedge_end(hedge, alpha, asks);
	return asks;
}

/* Peers of which a share is dead, after some queries: how many are asked. */
static void
test_alpha(void)
{
	static const struct {
		const char *sentence;
		uint32_t queries, percent; /* silent */
		uint32_t alpha, least, most;
	} rows[] = {
		{ "nobody was asked yet", 0, 0, 3, 3, 3 },
		{ "one is silent: an accident", 1, 100, 3, 3, 3 },
		{ "three are: one more", 3, 100, 3, 4, 5 },
		{ "all are: twice as many, and no more", 1000, 100, 3, 6, 6 },
		{ "one in a hundred", 10000, 1, 3, 3, 4 },
		{ "half of all", 10000, 50, 3, 4, 6 },
		{ "one at a time", 0, 0, 1, 1, 1 },
		{ "of one, too, twice as many", 1000, 100, 1, 2, 2 },
		{ "as many as can be", 1000, 100, 32, 64, 64 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t alpha = rows[i].alpha, sum = alpha;
		struct hedge hedge;
		struct rng rng;

		rng_init(&rng, 2, i);
		hedge_init(&hedge);
		for (uint32_t j = 0; j < rows[i].queries; j++) {
			if (rng_below(&rng, 100) < rows[i].percent)
				hedge_silent(&hedge);
			else
				hedge_answered(&hedge, false);
			sum += asks_now(&hedge, alpha);
		}
		uint32_t mean =
			(sum + rows[i].queries / 2) / (rows[i].queries + 1);
		if (rows[i].queries <= 3)
			mean = asks_now(&hedge, alpha);
		CHECK_ROW(mean >= rows[i].least && mean <= rows[i].most,
			  rows[i].sentence);
		/* And all answer again. */
		for (uint32_t j = 0; j < 4 * HEDGE_SILENT; j++)
			hedge_answered(&hedge, false);
		CHECK_ROW(asks_now(&hedge, alpha) <= alpha + alpha / 16,
			  rows[i].sentence);
	}
}

/* Links are full, and nobody seems to answer. */
static void
test_few_ask_more(void)
{
	struct hedge hedge;
	uint32_t asks[2 * HEDGE_EAGER];

	hedge_init(&hedge);
	for (uint32_t i = 0; i < 100; i++)
		hedge_silent(&hedge);
	for (uint32_t i = 0; i < 2 * HEDGE_EAGER; i++) {
		asks[i] = hedge_begin(&hedge, 3);
		CHECK(asks[i] == (i < HEDGE_EAGER ? 6 : 3));
	}
	/* The last first: these took nobody's place. */
	for (uint32_t i = 2 * HEDGE_EAGER; i-- > HEDGE_EAGER;)
		hedge_end(&hedge, 3, asks[i]);
	CHECK(hedge_begin(&hedge, 3) == 3);
	hedge_end(&hedge, 3, asks[0]);
	CHECK(hedge_begin(&hedge, 3) == 6);
	CHECK(hedge_begin(&hedge, 3) == 3);
	hedge_end(&hedge, 3, 6);
	hedge_answered(&hedge, true);
	CHECK(hedge_begin(&hedge, 3) == 3);
}

int
main(void)
{
	test_alpha();
	test_one_in_a_hundred();
	test_waits();
	test_few_ask_more();
	return check_done();
}
