/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lifetime_test.c - means and tails of both laws, and of what is left of a life
 *
 * Of Weibull's law with shape s and scale b: P(life > x) = exp(-(x/b)^s). The
 * rest of a life has the mean E[life^2] / (2 E[life]); that and the constants
 * below are from [1], chapter 4, computed to 50 digits elsewhere.
 */
#include "sim/model/lifetime.h"

#include <stdbool.h>

#include "core/instant.h"
#include "core/test/check.h"

#define DRAWS 200000
#define S     NS_PER_S

struct row {
	const char *sentence;
	enum lifetime_law law;
	uint32_t shape_milli;
	/* In means: of the rest; and of lives, how many in 1,000 are longer
	 * than a half and than two means. */
	double rest;
	double half_permille, double_permille;
	double within; /* relative, of the means */
};

static const struct row rows[] = {
	{ "exponential: the rest is a life", LIFETIME_EXPONENTIAL, 0, 1, 606.5,
	  135.3, 0.01 },
	{ "Weibull of shape 1 is exponential", LIFETIME_WEIBULL, 1000, 1, 606.5,
	  135.3, 0.01 },
	{ "shape 0.5: a few last", LIFETIME_WEIBULL, 500, 3, 367.9, 135.3,
	  0.03 },
	{ "shape 0.6", LIFETIME_WEIBULL, 600, 2.045, 430.6, 144.0, 0.03 },
	{ "shape 2: they age", LIFETIME_WEIBULL, 2000, 0.63662, 821.7, 43.2,
	  0.01 },
	{ "shape 10: all about the same", LIFETIME_WEIBULL, 10000, 0.50725,
	  999.4, 0, 0.01 },
};

static bool
near(double value, double wanted, double within)
{
	return value > wanted - within && value < wanted + within;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct lifetime lifetime =
			lifetime_of(row->law, row->shape_milli, S);
		double life = 0, rest = 0;
		double halves = 0, doubles = 0;
		struct rng rng;

		rng_init(&rng, 3, i);
		for (uint32_t draw = 0; draw < DRAWS; draw++) {
			int64_t ns = lifetime_draw(&lifetime, &rng);

			life += (double)ns / S / DRAWS;
			halves += 1000.0 / DRAWS * (ns > S / 2);
			doubles += 1000.0 / DRAWS * (ns > 2 * S);
			rest += (double)lifetime_residual(&lifetime, &rng) / S /
				DRAWS;
		}
		CHECK_ROW(near(life, 1, row->within), row->sentence);
		CHECK_ROW(near(rest, row->rest, row->rest * row->within),
			  row->sentence);
		CHECK_ROW(near(halves, row->half_permille, 4), row->sentence);
		CHECK_ROW(near(doubles, row->double_permille, 4),
			  row->sentence);
	}
}

/* The same numbers on every machine: the first of a stream. */
static void
test_numbers(void)
{
	struct lifetime lifetime = lifetime_of(LIFETIME_WEIBULL, 600, S);
	struct rng rng;

	rng_init(&rng, 1, 2);
	CHECK(lifetime_draw(&lifetime, &rng) == 2928616707);
	CHECK(lifetime_residual(&lifetime, &rng) == 362368526);
	CHECK(lifetime_draw(&lifetime, &rng) == 406496327);
	CHECK(lifetime_residual(&lifetime, &rng) == 3556536591);
}

/* No draw is negative or overflows, whatever the shape. */
static void
test_bounds(void)
{
	static const uint32_t shapes[] = { 200, 999, 1001, 10000 };
	const int64_t longest = (INT64_C(1) << 56) - 1;
	struct rng rng;

	rng_init(&rng, 5, 0);
	for (uint32_t i = 0; i < 4; i++) {
		struct lifetime lifetime =
			lifetime_of(LIFETIME_WEIBULL, shapes[i], longest);
		struct lifetime nothing =
			lifetime_of(LIFETIME_WEIBULL, shapes[i], 0);

		for (uint32_t draw = 0; draw < 20000; draw++) {
			int64_t life = lifetime_draw(&lifetime, &rng);
			int64_t rest = lifetime_residual(&lifetime, &rng);

			CHECK(life >= 0 && life <= INT64_C(1) << 60);
			CHECK(rest >= 0 && rest <= INT64_C(1) << 60);
			CHECK(lifetime_draw(&nothing, &rng) == 0);
			CHECK(lifetime_residual(&nothing, &rng) == 0);
		}
	}
}

int
main(void)
{
	test_rows();
	test_numbers();
	test_bounds();
	return check_done();
}
