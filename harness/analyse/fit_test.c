/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_test.c - the fit against hand-computed numbers and known laws
 *
 * The synthetic data come from GSL's Mersenne twister with fixed seeds:
 * T(n) at n = 16 to 4,096, four replicates, noise that grows with n. The
 * interval of L must cover the true L in 95 % of the draws, within what 2,000
 * draws can tell (three standard errors: 1.5 %).
 */
#include "harness/analyse/fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "core/test/check.h"

#define SIZES	   9
#define REPLICATES 4
#define RUNS	   (SIZES * REPLICATES)

static bool
near(double a, double b, double tolerance)
{
	return fabs(a - b) <= tolerance;
}

/* x = 1..5, y = 2 4 5 4 5: slope 6/10, intercept 2.2, RSS 2.4 on 3 degrees;
 * through the origin 66/55 with RSS 86 - 66^2/55 = 6.8; constant 4 with 6. */
static void
test_by_hand(void)
{
	static const double y[] = { 2, 4, 5, 4, 5 };
	struct fit_run runs[5];
	struct fit_point points[5];
	struct fit fit;
	double half;

	for (int i = 0; i < 5; i++)
		runs[i] = (struct fit_run){ .servers = 1 << (5 - i),
					    .mean = y[4 - i],
					    .variance = NAN };
	CHECK(fit_compute(&fit, points, runs, 5) == 0);
	CHECK(fit.points == 5 && fit.runs == 5);
	CHECK(fit.weights == FIT_WEIGHTS_EQUAL);
	CHECK(near(fit.doublings, 4, 1e-12));
	const struct fit_line *affine = &fit.line[FIT_AFFINE];

	CHECK(near(affine->slope, 0.6, 1e-12));
	CHECK(near(affine->intercept, 2.2, 1e-12));
	CHECK(near(affine->rss, 2.4, 1e-12));
	CHECK(affine->freedom == 3);
	/* se = sqrt(0.8 / 10), t(3, 0.975) = 3.182446 */
	CHECK(near(affine->slope_high - 0.6, 3.182446 * sqrt(0.08), 1e-6));
	CHECK(near(affine->slope_low + affine->slope_high, 1.2, 1e-12));
	/* se of a = sqrt(0.8 (1/5 + 9/10)) */
	CHECK(near(affine->intercept_high - 2.2, 3.182446 * sqrt(0.88), 1e-5));
	CHECK(near(affine->aicc, 5 * log(2.4 / 5) + 6 + 24, 1e-9));
	CHECK(near(fit.line[FIT_ORIGIN].slope, 1.2, 1e-12));
	CHECK(near(fit.line[FIT_ORIGIN].rss, 6.8, 1e-12));
	CHECK(near(fit.line[FIT_ORIGIN].aicc, 5 * log(6.8 / 5) + 4 + 6, 1e-9));
	CHECK(near(fit.line[FIT_CONSTANT].intercept, 4, 1e-12));
	CHECK(near(fit.line[FIT_CONSTANT].rss, 6, 1e-12));
	CHECK(fit.best == FIT_CONSTANT);
	/* Largest relative miss of the line: 0.8 of 2. */
	CHECK(near(affine->misfit, 0.4, 1e-12));
	/* Band at x = 3: t sqrt(0.8 / 5); at x = 5: t sqrt(0.8 (1/5 + 4/10)) */
	CHECK(near(fit_predict(affine, 8, &half), 4, 1e-12));
	CHECK(near(half, 3.182446 * 0.4, 1e-6));
	CHECK(near(fit_predict(affine, 32, &half), 5.2, 1e-12));
	CHECK(near(half, 3.182446 * sqrt(0.48), 1e-6));
	CHECK(isnan(affine->lack_f) && isnan(affine->lack_p));
	CHECK(fit.verdict == FIT_INCONCLUSIVE && fit.why[0] != '\0');
}

/* The same points from pairs y - 1, y + 1: every replicate variance is 2, each
 * weight 2 / 2 = 1, pure error 1 on 5, F = (2.4 / 3) / 1. */
static void
test_lack_of_fit_by_hand(void)
{
	static const double y[] = { 2, 4, 5, 4, 5 };
	struct fit_run runs[10];
	struct fit_point points[10];
	struct fit fit;

	for (int i = 0; i < 10; i++)
		runs[i] = (struct fit_run){ .servers = 2 << (i / 2),
					    .mean = y[i / 2] + (i % 2 ? 1 : -1),
					    .variance = NAN };
	CHECK(fit_compute(&fit, points, runs, 10) == 0);
	CHECK(fit.weights == FIT_WEIGHTS_REPLICATES);
	CHECK(fit.points == 5 && fit.pure_freedom == 5);
	CHECK(near(points[0].variance, 2, 1e-8));
	CHECK(near(points[4].variance, 2, 1e-8));
	CHECK(near(fit.pure_square, 1, 1e-8));
	CHECK(near(fit.line[FIT_AFFINE].rss, 2.4, 1e-7));
	CHECK(near(fit.line[FIT_AFFINE].lack_f, 0.8, 1e-7));
	/* P(F(3, 5) > 0.8) = 0.544835 */
	CHECK(near(fit.line[FIT_AFFINE].lack_p, 0.544835, 1e-5));
	CHECK(fit.line[FIT_AFFINE].freedom == 3);
}

/* Weighted: points at x = 0, 1, 2 with 1, 1 and 2 runs, all variances equal:
 * y = 0, 1, 4. Sums w = 4, wx = 5, wxx = 9, wy = 9, wxy = 17:
 * slope (4 17 - 5 9) / (4 9 - 25) = 23/11, intercept (9 - 5 23/11) / 4 = -4/11.
 */
static void
test_weights_by_hand(void)
{
	struct fit_run runs[] = {
		{ 1, 0, 3 },
		{ 2, 1, 3 },
		{ 4, 4, 3 },
		{ 4, 4, 3 },
	};
	struct fit_point points[4];
	struct fit fit;

	CHECK(fit_compute(&fit, points, runs, 4) == 0);
	CHECK(fit.weights == FIT_WEIGHTS_WITHIN);
	CHECK(near(fit.line[FIT_AFFINE].slope, 23.0 / 11, 1e-9));
	CHECK(near(fit.line[FIT_AFFINE].intercept, -4.0 / 11, 1e-9));
}

enum law {
	LAW_ORIGIN,
	LAW_AFFINE,
	LAW_CONSTANT,
	LAW_LINEAR,
	LAW_SQRT,
	LAW_LOG_SQUARED
};

#define TRUE_L 0.25e6 /* ns a doubling */

/* Like measured times: a quarter of a millisecond a doubling. */
static double
law_value(enum law law, double servers)
{
	double x = log2(servers);

	switch (law) {
	case LAW_ORIGIN:
		return TRUE_L * x;
	case LAW_AFFINE:
		return 0.35e6 + TRUE_L * x;
	case LAW_CONSTANT:
		return 2e6;
	case LAW_LINEAR:
		return 0.35e6 + 700 * servers;
	case LAW_SQRT:
		return 0.35e6 + 40e3 * sqrt(servers);
	case LAW_LOG_SQUARED:
		return 0.35e6 + 20e3 * x * x;
	}
	return 0;
}

static void
law_draw(struct fit_run *runs, enum law law, double noise, gsl_rng *random)
{
	for (int i = 0; i < RUNS; i++) {
		double servers = 16 << (i / REPLICATES);
		double deviation = noise * sqrt(log2(servers));

		runs[i] = (struct fit_run){
			.servers = servers,
			.mean = law_value(law, servers) +
				gsl_ran_gaussian(random, deviation),
			.variance = NAN,
		};
	}
}

static void
test_coverage(void)
{
	static const struct {
		const char *sentence;
		enum law law;
		enum fit_model model;
	} rows[] = {
		{ "the affine line's interval covers L in 95 % of the draws",
		  LAW_AFFINE, FIT_AFFINE },
		{ "so does the line through the origin when it is true",
		  LAW_ORIGIN, FIT_ORIGIN },
	};
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_run runs[RUNS];
	struct fit_point points[RUNS];
	struct fit fit;

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		int covered = 0, rejected = 0, draws = 2000;
		double mean = 0;

		gsl_rng_set(random, 20160708 + row);
		for (int i = 0; i < draws; i++) {
			const struct fit_line *line =
				&fit.line[rows[row].model];

			law_draw(runs, rows[row].law, 20e3, random);
			CHECK(fit_compute(&fit, points, runs, RUNS) == 0);
			covered += line->slope_low <= TRUE_L &&
				   TRUE_L <= line->slope_high;
			rejected += line->lack_p < 0.05;
			mean += line->slope / draws;
		}
		CHECK_ROW(near(covered / (double)draws, 0.95, 0.015),
			  rows[row].sentence);
		/* Smoothed weights leave the F test a little off its level. */
		CHECK_ROW(near(rejected / (double)draws, 0.05, 0.025),
			  "the true line is rejected about as often as said");
		CHECK_ROW(near(mean, TRUE_L, 0.002 * TRUE_L),
			  "the mean estimate is the true L");
		if (check_failures > 0)
			fprintf(stderr, "covered %d, rejected %d of %d\n",
				covered, rejected, draws);
	}
	gsl_rng_free(random);
}

static void
test_choice(void)
{
	static const struct {
		const char *sentence;
		enum law law;
		enum fit_model model;
		enum fit_verdict verdict;
	} rows[] = {
		{ "L log n is found", LAW_ORIGIN, FIT_ORIGIN, FIT_LOGARITHMIC },
		{ "a + L log n is found", LAW_AFFINE, FIT_AFFINE,
		  FIT_LOGARITHMIC },
		{ "no growth is found", LAW_CONSTANT, FIT_CONSTANT, FIT_OTHER },
		{ "linear growth is found", LAW_LINEAR, FIT_LINEAR, FIT_OTHER },
		{ "the square root is found", LAW_SQRT, FIT_SQRT, FIT_OTHER },
		{ "log squared is found", LAW_LOG_SQUARED, FIT_LOG_SQUARED,
		  FIT_OTHER },
	};
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_run runs[RUNS];
	struct fit_point points[RUNS];
	struct fit fit;

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		int right = 0, wrong = 0, draws = 200;

		gsl_rng_set(random, 1 + row);
		for (int i = 0; i < draws; i++) {
			law_draw(runs, rows[row].law, 8e3, random);
			CHECK(fit_compute(&fit, points, runs, RUNS) == 0);
			right += fit.best == rows[row].model;
			wrong += fit.verdict != rows[row].verdict &&
				 fit.verdict != FIT_INCONCLUSIVE;
		}
		/* Nested models: AICc keeps a needless parameter now and then.
		 */
		CHECK_ROW(right >= draws * 85 / 100, rows[row].sentence);
		CHECK_ROW(wrong <= draws * 5 / 100, rows[row].sentence);
		if (check_failures > 0)
			fprintf(stderr, "right %d, wrong %d of %d\n", right,
				wrong, draws);
	}
	gsl_rng_free(random);
}

static void
test_origin_misfit(void)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct fit_run runs[RUNS];
	struct fit_point points[RUNS];
	struct fit fit;
	int detected = 0;

	gsl_rng_set(random, 42);
	for (int i = 0; i < 200; i++) {
		law_draw(runs, LAW_AFFINE, 8e3, random);
		CHECK(fit_compute(&fit, points, runs, RUNS) == 0);
		detected += fit.line[FIT_ORIGIN].lack_p < 0.001 &&
			    fit.line[FIT_ORIGIN].delta > 10 &&
			    fit.line[FIT_AFFINE].intercept_low > 0;
	}
	CHECK(detected == 200);
	gsl_rng_free(random);
}

/* The curve of the reference (k 8, alpha 1, one replica) wobbles about its
 * line by about 0.03 rounds; the slope is 0.2262 in theory. */
static void
test_wobble(void)
{
	static const struct fit_run runs[] = {
		{ 16, 0.9641, NAN },	 { 32, 1.2211, NAN },
		{ 64, 1.4861, NAN },	 { 256, 1.9194, NAN },
		{ 1000, 2.3666, NAN },	 { 4096, 2.8238, NAN },
		{ 10000, 3.1126, NAN },	 { 100000, 3.8694, NAN },
		{ 1000000, 4.6177, NAN }
	};
	struct fit_point points[9];
	struct fit fit;

	CHECK(fit_compute(&fit, points, runs, 9) == 0);
	CHECK(fit.verdict == FIT_LOGARITHMIC && fit.best == FIT_AFFINE);
	CHECK(near(fit.line[FIT_AFFINE].slope, 0.2262, 0.004));
	CHECK(fit.line[FIT_AFFINE].slope_low < 0.2262);
	CHECK(fit.line[FIT_AFFINE].slope_high > 0.2262);
}

static void
test_edges(void)
{
	static const struct {
		const char *sentence;
		struct fit_run runs[4];
		size_t count;
		int result;
	} rows[] = {
		{ "no run at all", { { 0, 0, 0 } }, 0, -EINVAL },
		{ "no servers", { { 0, 1, 0 } }, 1, -EINVAL },
		{ "not a number", { { 16, NAN, 0 } }, 1, -EINVAL },
		{ "one run", { { 16, 1, NAN } }, 1, 0 },
		{ "one n", { { 16, 1, 1 }, { 16, 2, 1 } }, 2, 0 },
		{ "two points", { { 16, 1, NAN }, { 4096, 2, NAN } }, 2, 0 },
		{ "all the same",
		  { { 1, 2, 0 }, { 2, 2, 0 }, { 4, 2, 0 } },
		  3,
		  0 },
		{ "all zero",
		  { { 1, 0, 0 }, { 2, 0, 0 }, { 256, 0, 0 }, { 256, 0, 0 } },
		  4,
		  0 },
	};
	struct fit_point points[4];
	struct fit fit;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_ROW(fit_compute(&fit, points, rows[i].runs,
				      rows[i].count) == rows[i].result,
			  rows[i].sentence);
		CHECK_ROW(fit.verdict == FIT_INCONCLUSIVE, rows[i].sentence);
		CHECK_ROW(rows[i].result != 0 || fit.why[0] != '\0',
			  rows[i].sentence);
	}
}

/* Without noise every number is known. */
static void
test_exact(void)
{
	struct fit_run runs[RUNS];
	struct fit_point points[RUNS];
	struct fit fit;

	for (int i = 0; i < RUNS; i++) {
		double servers = 16 << (i / REPLICATES);

		runs[i] =
			(struct fit_run){ servers,
					  law_value(LAW_AFFINE, servers), NAN };
	}
	CHECK(fit_compute(&fit, points, runs, RUNS) == 0);
	CHECK(near(fit.line[FIT_AFFINE].slope, TRUE_L, 1e-3));
	CHECK(near(fit.line[FIT_AFFINE].intercept, 0.35e6, 1e-2));
	CHECK(fit.line[FIT_AFFINE].misfit < 1e-9);
	CHECK(fit.best == FIT_AFFINE);
	CHECK(fit.verdict == FIT_LOGARITHMIC);
	CHECK(fit.line[FIT_ORIGIN].misfit > 0.1);
}

int
main(void)
{
	test_by_hand();
	test_lack_of_fit_by_hand();
	test_weights_by_hand();
	test_coverage();
	test_choice();
	test_origin_misfit();
	test_wobble();
	test_edges();
	test_exact();
	return check_done();
}
