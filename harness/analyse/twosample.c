/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twosample.c - see twosample.h
 *
 * Everything walks the two sorted samples side by side; only the shift takes
 * more than one such walk.
 */
#include "harness/analyse/twosample.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>

#include "sim/engine/memory.h"

/* Permutations: so many that p = 0.01 is good to a tenth, or fewer when the
 * samples are so large that they would take seconds. */
#define EXCHANGES	9999
#define EXCHANGES_LEAST 499
#define EXCHANGE_WORK	2e8

/* Two sorted samples. */
struct pair {
	const double *x, *y;
	size_t m, n;
};

/* Index of the first value above `value`, from `at` on. */
static size_t
pass(const double *sorted, size_t count, size_t at, double value)
{
	while (at < count && sorted[at] <= value)
		at++;
	return at;
}

/* U, D and the sum of t^3 - t over groups of t equal values. */
static void
pair_walk(const struct pair *pair, struct twosample *result, double *ties)
{
	double m = (double)pair->m, n = (double)pair->n;
	size_t i = 0, j = 0;

	while (i < pair->m || j < pair->n) {
		double value = i == pair->m   ? pair->y[j]
			       : j == pair->n ? pair->x[i]
					      : fmin(pair->x[i], pair->y[j]);
		size_t next_i = pass(pair->x, pair->m, i, value);
		size_t next_j = pass(pair->y, pair->n, j, value);
		double same_x = (double)(next_i - i);
		double same_y = (double)(next_j - j);
		double same = same_x + same_y;

		result->u += same_y * ((double)i + same_x / 2);
		*ties += same * same * same - same;
		i = next_i;
		j = next_j;
		result->d =
			fmax(result->d, fabs((double)i / m - (double)j / n));
	}
}

/* Chance that the largest distance exceeds lambda: Kolmogorov's law, by the
 * series that converges fast there. */
static double
kolmogorov_tail(double lambda)
{
	double sum = 0;

	if (lambda <= 0)
		return 1;
	if (lambda < 1) {
		for (int k = 1; k < 10; k++) {
			double odd = (2 * k - 1) * M_PI / lambda;

			sum += exp(-odd * odd / 8);
		}
		return fmax(0, 1 - sqrt(2 * M_PI) / lambda * sum);
	}
	for (int k = 1; k < 20; k++)
		sum += (k % 2 == 1 ? 2 : -2) *
		       exp(-2. * k * k * lambda * lambda);
	return fmin(1, sum);
}

/* Pairs with y - x <= limit. */
static double
pair_count(const struct pair *pair, double limit)
{
	size_t j = 0;
	double count = 0;

	for (size_t i = 0; i < pair->m; i++) {
		while (j < pair->n && pair->y[j] - pair->x[i] <= limit)
			j++;
		count += (double)j;
	}
	return count;
}

/* The smallest difference above `limit`; there is one. */
static double
pair_above(const struct pair *pair, double limit)
{
	size_t j = 0;
	double least = INFINITY;

	for (size_t i = 0; i < pair->m; i++) {
		while (j < pair->n && pair->y[j] - pair->x[i] <= limit)
			j++;
		if (j < pair->n)
			least = fmin(least, pair->y[j] - pair->x[i]);
	}
	return least;
}

/* The k-th smallest of all differences, 1 <= k <= m n. */
static double
pair_difference(const struct pair *pair, double k)
{
	double low = pair->y[0] - pair->x[pair->m - 1];
	double high = pair->y[pair->n - 1] - pair->x[0];

	if (pair_count(pair, low) >= k)
		return low;
	/* count(low) < k <= count(high), and so it stays. */
	for (int round = 0; round < 100; round++) {
		double middle = low + (high - low) / 2;

		if (!(middle > low && middle < high))
			break;
		if (pair_count(pair, middle) < k)
			low = middle;
		else
			high = middle;
	}
	return pair_above(pair, low);
}

static void
pair_shift(const struct pair *pair, double deviation, struct twosample *result)
{
	double pairs = (double)pair->m * (double)pair->n;
	double quantile =
		gsl_cdf_ugaussian_Pinv(0.5 + TWOSAMPLE_CONFIDENCE / 2);
	double rank = floor(pairs / 2 - quantile * deviation);

	result->shift = pair_difference(pair, floor((pairs + 1) / 2));
	if (fmod(pairs, 2) == 0)
		result->shift =
			(result->shift + pair_difference(pair, pairs / 2 + 1)) /
			2;
	rank = fmax(1, rank);
	result->shift_low = pair_difference(pair, rank);
	result->shift_high = pair_difference(pair, pairs + 1 - rank);
}

static bool
sample_finite(const double *sample, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!isfinite(sample[i]))
			return false;
	return true;
}

int
twosample_compare(struct twosample *result, double *first, size_t m,
		  double *second, size_t n)
{
	const struct pair pair = { .x = first, .y = second, .m = m, .n = n };
	double pairs = (double)m * (double)n, all = (double)m + (double)n;
	double ties = 0, deviation, off, root;

	*result = (struct twosample){ .u = 0 };
	if (m == 0 || n == 0 || !sample_finite(first, m) ||
	    !sample_finite(second, n))
		return -EINVAL;
	gsl_sort(first, 1, m);
	gsl_sort(second, 1, n);
	pair_walk(&pair, result, &ties);
	result->larger = result->u / pairs;
	deviation = sqrt(pairs / 12 * (all + 1 - ties / (all * (all - 1))));
	off = result->u - pairs / 2;
	if (deviation > 0 && fabs(off) > 0.5)
		result->z = copysign((fabs(off) - 0.5) / deviation, off);
	result->u_p = fmin(1, 2 * gsl_cdf_ugaussian_Q(fabs(result->z)));
	root = sqrt(pairs / all);
	result->d_p = kolmogorov_tail((root + 0.12 + 0.11 / root) * result->d);
	pair_shift(&pair, deviation, result);
	return 0;
}

/* ---- whole blocks change sides ---- */

struct exchange {
	const struct twosample_value *values; /* sorted */
	size_t count;
	uint32_t blocks;
	double *ranks; /* sum a block, its mean of all taken off */
	double *sizes; /* values a block */
};

static int
value_order(const void *a, const void *b)
{
	const struct twosample_value *left = a, *right = b;

	if (left->value != right->value)
		return left->value < right->value ? -1 : 1;
	return (left->block > right->block) - (left->block < right->block);
}

/* Ties get the mean of the ranks that they share. */
static void
exchange_rank(struct exchange *exchange)
{
	double middle = ((double)exchange->count + 1) / 2;

	for (size_t first = 0, end; first < exchange->count; first = end) {
		double rank;

		for (end = first + 1; end < exchange->count &&
				      exchange->values[end].value ==
					      exchange->values[first].value;
		     end++)
			;
		rank = (double)(first + 1 + end) / 2;
		for (size_t i = first; i < end; i++) {
			uint32_t block = exchange->values[i].block;

			exchange->ranks[block] += rank - middle;
			exchange->sizes[block]++;
		}
	}
}

/* Distance of the mean ranks. All ranks sum up to 0. */
static double
exchange_distance(const struct exchange *exchange, const uint8_t *second)
{
	double sum = 0, size = 0;

	for (uint32_t i = 0; i < exchange->blocks; i++)
		if (second[i] != 0) {
			sum += exchange->ranks[i];
			size += exchange->sizes[i];
		}
	return fabs(sum / size + sum / ((double)exchange->count - size));
}

/* D, with steps of 1 / m down and 1 / n up. */
static double
exchange_d(const struct exchange *exchange, const uint8_t *second)
{
	double n = 0, m, at = 0, d = 0;

	for (uint32_t i = 0; i < exchange->blocks; i++)
		n += second[i] != 0 ? exchange->sizes[i] : 0;
	m = (double)exchange->count - n;
	for (size_t i = 0; i < exchange->count; i++) {
		at += second[exchange->values[i].block] != 0 ? 1 / n : -1 / m;
		if (i + 1 == exchange->count ||
		    exchange->values[i + 1].value != exchange->values[i].value)
			d = fmax(d, fabs(at));
	}
	return d;
}

static void
exchange_run(const struct exchange *exchange, const uint8_t *second,
	     double *rank_p, double *d_p)
{
	double distance = exchange_distance(exchange, second) - 1e-9;
	double d = exchange_d(exchange, second) - 1e-9;
	int rounds = (int)fmax(
		EXCHANGES_LEAST,
		fmin(EXCHANGES, EXCHANGE_WORK / (double)exchange->count));
	int distance_more = 1, d_more = 1; /* as it is, is one way */
	uint8_t *side = memory_zeroed(exchange->blocks, 1);
	gsl_rng *chance = gsl_rng_alloc(gsl_rng_mt19937);

	memcpy(side, second, exchange->blocks);
	gsl_rng_set(chance, 1);
	for (int i = 0; i < rounds; i++) {
		gsl_ran_shuffle(chance, side, exchange->blocks, 1);
		distance_more += exchange_distance(exchange, side) >= distance;
		d_more += exchange_d(exchange, side) >= d;
	}
	gsl_rng_free(chance);
	free(side);
	*rank_p = (double)distance_more / (rounds + 1);
	*d_p = (double)d_more / (rounds + 1);
}

int
twosample_exchange(struct twosample_value *values, size_t count,
		   const uint8_t *second, uint32_t blocks, double *rank_p,
		   double *d_p)
{
	struct exchange exchange = {
		.values = values,
		.count = count,
		.blocks = blocks,
	};
	uint32_t sides[2] = { 0, 0 };

	*rank_p = *d_p = NAN;
	for (size_t i = 0; i < count; i++)
		if (!isfinite(values[i].value) || values[i].block >= blocks)
			return -EINVAL;
	qsort(values, count, sizeof(*values), value_order);
	exchange.ranks = memory_zeroed(blocks, sizeof(double));
	exchange.sizes = memory_zeroed(blocks, sizeof(double));
	exchange_rank(&exchange);
	/* A block without a value counts for neither sample. */
	for (uint32_t i = 0; i < blocks; i++)
		sides[second[i] != 0] += exchange.sizes[i] > 0;
	if (sides[0] >= TWOSAMPLE_BLOCKS && sides[1] >= TWOSAMPLE_BLOCKS)
		exchange_run(&exchange, second, rank_p, d_p);
	free(exchange.ranks);
	free(exchange.sizes);
	return 0;
}
