/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twosample_test.c - textbook values, permutations, and all differences listed
 *
 * The oracles are dumb on purpose: they shuffle the two samples together and
 * count how often chance does as much, or write down all m n differences.
 */
#include "harness/analyse/twosample.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>

#include "core/test/check.h"

#define MOST 40

static gsl_rng *chance;

static bool
near(double value, double expected, double off)
{
	return fabs(value - expected) <= off;
}

static const struct {
	const char *sentence;
	size_t m, n;
	double x[10], y[10];
	double u, u_p, d, shift;
} textbook_rows[] = {
	{ "example 4.1",
	  10,
	  5,
	  { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 },
	  { 1.15, 0.88, 0.90, 0.74, 1.21 },
	  15,
	  0.2446,
	  0.6,
	  -0.305 },
	{ "example 5.4",
	  10,
	  10,
	  { -0.15, 8.60, 5.00, 3.71, 4.29, 7.74, 2.48, 3.25, -1.15, 8.38 },
	  { 2.55, 12.07, 0.46, 0.35, 2.69, -0.94, 1.73, 0.73, -0.35, -0.37 },
	  NAN,
	  NAN,
	  0.6,
	  NAN },
	{ "ties count half, and narrow the variance",
	  4,
	  3,
	  { 1, 2, 2, 3 },
	  { 2, 3, 4 },
	  9.5,
	  0.2664,
	  5. / 12,
	  1 },
	{ "one value all over is no difference",
	  3,
	  4,
	  { 7, 7, 7 },
	  { 7, 7, 7, 7 },
	  6,
	  1,
	  0,
	  0 },
	{ "samples that do not overlap",
	  3,
	  3,
	  { 1, 2, 3 },
	  { 11, 12, 13 },
	  9,
	  0.0809,
	  1,
	  10 },
	{ "one value each", 1, 1, { 5 }, { 3 }, 0, 1, 1, -2 },
};

/* Hollander and Wolfe, 2nd ed.: example 4.1 (water through placental membrane;
 * W = 35 the other way round, Delta = -0.305) and 5.4 (salivation and feedback;
 * J = 6 of 10); and what can be done by hand. */
static void
test_textbook(void)
{
	for (size_t i = 0; i < sizeof(textbook_rows) / sizeof(textbook_rows[0]);
	     i++) {
		struct twosample got;
		double x[10], y[10];

		memcpy(x, textbook_rows[i].x, sizeof(x));
		memcpy(y, textbook_rows[i].y, sizeof(y));
		CHECK(twosample_compare(&got, x, textbook_rows[i].m, y,
					textbook_rows[i].n) == 0);
		CHECK_ROW(near(got.d, textbook_rows[i].d, 1e-12),
			  textbook_rows[i].sentence);
		if (isnan(textbook_rows[i].u))
			continue;
		CHECK_ROW(near(got.u, textbook_rows[i].u, 1e-12),
			  textbook_rows[i].sentence);
		CHECK_ROW(near(got.u_p, textbook_rows[i].u_p, 1e-4),
			  textbook_rows[i].sentence);
		CHECK_ROW(near(got.shift, textbook_rows[i].shift, 1e-12),
			  textbook_rows[i].sentence);
	}
}

static void
test_refused(void)
{
	struct twosample got;
	double x[2] = { 1, NAN }, y[2] = { 1, 2 };

	CHECK(twosample_compare(&got, x, 0, y, 2) == -EINVAL);
	CHECK(twosample_compare(&got, y, 2, x, 0) == -EINVAL);
	CHECK(twosample_compare(&got, x, 2, y, 2) == -EINVAL);
}

/* Kolmogorov's law at points that every table has. */
static void
test_tail(void)
{
	static const struct {
		double d, p;
	} rows[] = { { 1.2238, 0.10 },
		     { 1.3581, 0.05 },
		     { 1.6276, 0.01 },
		     { 0.8276, 0.50 },
		     { 0.5712, 0.90 } };

	/* The second shifted by `lag` ranks: D = lag / 10000. */
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double x[10000], y[10000], root = sqrt(5000.);
		struct twosample got;
		double wanted = rows[i].d / (root + 0.12 + 0.11 / root);
		int lag = (int)round(wanted * 10000);

		for (int j = 0; j < 10000; j++) {
			x[j] = j;
			y[j] = j + lag - 0.5;
		}
		CHECK(twosample_compare(&got, x, 10000, y, 10000) == 0);
		CHECK(near(got.d, lag / 10000., 1e-9));
		CHECK(near(got.d_p, rows[i].p, 0.005));
	}
}

/* A sample of a skewed law; coarse: with many ties. */
static void
sample_draw(double *sample, size_t count, double centre, bool coarse)
{
	for (size_t i = 0; i < count; i++) {
		sample[i] = gsl_ran_lognormal(chance, centre, 0.6);
		if (coarse)
			sample[i] = round(sample[i] * 2);
	}
}

/* How often chance alone does as much as `got`, by shuffling. */
static void
permute(const double *both, size_t m, size_t n, const struct twosample *got,
	double *u_p, double *d_p)
{
	const int rounds = 4000;
	double half = (double)m * (double)n / 2, all[2 * MOST];
	int u_more = 0, d_more = 0;

	for (int i = 0; i < rounds; i++) {
		struct twosample other;

		memcpy(all, both, (m + n) * sizeof(*all));
		gsl_ran_shuffle(chance, all, m + n, sizeof(*all));
		CHECK(twosample_compare(&other, all, m, all + m, n) == 0);
		u_more += fabs(other.u - half) >= fabs(got->u - half) - 1e-9;
		d_more += other.d >= got->d - 1e-9;
	}
	*u_p = (double)u_more / rounds;
	*d_p = (double)d_more / rounds;
}

static void
test_permutation(void)
{
	for (int i = 0; i < 12; i++) {
		size_t m = 10 + (size_t)i, n = 34 - 2 * (size_t)i;
		double both[2 * MOST], x[MOST], y[MOST], u_p, d_p;
		struct twosample got;
		bool coarse = i % 2 == 1;

		sample_draw(both, m, 1, coarse);
		sample_draw(both + m, n, 1 + 0.1 * i, coarse);
		memcpy(x, both, m * sizeof(*x));
		memcpy(y, both + m, n * sizeof(*y));
		CHECK(twosample_compare(&got, x, m, y, n) == 0);
		permute(both, m, n, &got, &u_p, &d_p);
		CHECK_ROW(near(got.u_p, u_p, 0.03), "U as by permutation");
		CHECK_ROW(got.d_p > d_p - 0.04, "D claims no more than it may");
		CHECK_ROW(coarse || got.d_p < d_p + 0.08,
			  "D as by permutation, without ties");
	}
}

/* Shift and interval are exact order statistics of the differences. */
static void
test_differences(void)
{
	for (int i = 0; i < 300; i++) {
		size_t m = 1 + gsl_rng_uniform_int(chance, MOST);
		size_t n = 1 + gsl_rng_uniform_int(chance, MOST), pairs = m * n;
		double x[MOST], y[MOST], all[MOST * MOST], rank;
		struct twosample got;

		sample_draw(x, m, 3, i % 3 == 0);
		sample_draw(y, n, 3.2, i % 3 == 0);
		if (i % 3 == 1)
			for (size_t j = 0; j < m; j++)
				x[j] = floor(x[j] * 1e9);
		CHECK(twosample_compare(&got, x, m, y, n) == 0);
		for (size_t j = 0; j < pairs; j++)
			all[j] = y[j % n] - x[j / n];
		gsl_sort(all, 1, pairs);
		CHECK(got.shift ==
		      (pairs % 2 == 1
			       ? all[pairs / 2]
			       : (all[pairs / 2 - 1] + all[pairs / 2]) / 2));
		if (i % 3 == 0)
			continue;
		rank = floor((double)pairs / 2 -
			     1.959964 * sqrt((double)pairs *
					     (double)(m + n + 1) / 12));
		rank = fmax(rank, 1);
		CHECK(got.shift_low == all[(size_t)rank - 1]);
		CHECK(got.shift_high == all[pairs - (size_t)rank]);
	}
}

/* What p = 0.05 and 95 % promise. */
static void
test_promises(void)
{
	const int trials = 2000;
	int u_false = 0, d_false = 0, inside = 0;

	for (int i = 0; i < trials; i++) {
		double x[MOST], y[MOST];
		struct twosample got;

		sample_draw(x, 25, 1, false);
		sample_draw(y, 35, 1, false);
		CHECK(twosample_compare(&got, x, 25, y, 35) == 0);
		u_false += got.u_p < 0.05;
		d_false += got.d_p < 0.05;
		for (size_t j = 0; j < 35; j++)
			y[j] += 3;
		CHECK(twosample_compare(&got, x, 25, y, 35) == 0);
		inside += got.shift_low <= 3 && got.shift_high >= 3;
	}
	CHECK(u_false > 0.03 * trials && u_false < 0.07 * trials);
	CHECK(d_false > 0.01 * trials && d_false < 0.07 * trials);
	CHECK(inside > 0.93 * trials && inside < 0.98 * trials);
}

/* Half a million values, as a storm has: no more than walks. */
static void
test_many(void)
{
	static double x[300000], y[200000];
	struct twosample got;

	for (size_t i = 0; i < 300000; i++)
		x[i] = floor(gsl_ran_lognormal(chance, 14, 0.5));
	for (size_t i = 0; i < 200000; i++)
		y[i] = floor(gsl_ran_lognormal(chance, 14, 0.5)) + 20000;
	CHECK(twosample_compare(&got, x, 300000, y, 200000) == 0);
	CHECK(near(got.shift, 20000, 3000));
	CHECK(got.shift_low < got.shift && got.shift < got.shift_high);
	CHECK(got.u_p < 1e-10 && got.d_p < 1e-10);
}

/* `blocks` runs a side, of 20 values each around a centre of its own. */
static void
blocks_draw(struct twosample_value *values, uint32_t blocks, double spread,
	    double lag)
{
	for (uint32_t b = 0; b < 2 * blocks; b++) {
		double centre = gsl_ran_gaussian(chance, spread) +
				(b < blocks ? 0 : lag);

		for (uint32_t i = 0; i < 20; i++)
			values[b * 20 + i] = (struct twosample_value){
				.value = centre + gsl_ran_gaussian(chance, 1),
				.block = b,
			};
	}
}

/* Runs that differ among themselves: U sees a difference in every second pair
 * of equal samples, exchange does not. */
static void
test_exchange(void)
{
	const int trials = 40;
	struct twosample_value values[16 * 20], same[40];
	uint8_t second[40];
	int u_false = 0, rank_false = 0, d_false = 0, found = 0;
	double rank_p, d_p, x[160], y[160];
	struct twosample got;

	for (int i = 0; i < 16; i++)
		second[i] = i >= 8;
	for (int i = 0; i < trials; i++) {
		blocks_draw(values, 8, 1, 0);
		for (int j = 0; j < 160; j++) {
			x[j] = values[j].value;
			y[j] = values[160 + j].value;
		}
		CHECK(twosample_compare(&got, x, 160, y, 160) == 0);
		CHECK(twosample_exchange(values, 320, second, 16, &rank_p,
					 &d_p) == 0);
		u_false += got.u_p < 0.05;
		rank_false += rank_p < 0.05;
		d_false += d_p < 0.05;
		blocks_draw(values, 8, 0.5, 2);
		CHECK(twosample_exchange(values, 320, second, 16, &rank_p,
					 &d_p) == 0);
		found += rank_p < 0.01 && d_p < 0.01;
	}
	CHECK(u_false > 0.3 * trials);
	CHECK(rank_false < 0.15 * trials && d_false < 0.15 * trials);
	CHECK(found > 0.9 * trials);

	/* One value a run: U's own p. */
	for (uint32_t i = 0; i < 40; i++) {
		same[i].value = gsl_ran_lognormal(chance, i < 20 ? 0 : 0.4, 1);
		same[i].block = i;
		second[i] = i >= 20;
		(i < 20 ? x : y)[i % 20] = same[i].value;
	}
	CHECK(twosample_compare(&got, x, 20, y, 20) == 0);
	CHECK(twosample_exchange(same, 40, second, 40, &rank_p, &d_p) == 0);
	CHECK(near(rank_p, got.u_p, 0.02));
	/* Four runs are not enough to say anything. */
	for (uint32_t i = 0; i < 40; i++)
		same[i].block = i < 20 ? i % 4 : 20 + i % 20;
	CHECK(twosample_exchange(same, 40, second, 40, &rank_p, &d_p) == 0);
	CHECK(isnan(rank_p) && isnan(d_p));
	CHECK(twosample_exchange(same, 40, second, 39, &rank_p, &d_p) ==
	      -EINVAL);
}

int
main(void)
{
	chance = gsl_rng_alloc(gsl_rng_mt19937);
	gsl_rng_set(chance, 20160701);
	test_textbook();
	test_refused();
	test_tail();
	test_permutation();
	test_differences();
	test_promises();
	test_exchange();
	test_many();
	gsl_rng_free(chance);
	return check_done();
}
