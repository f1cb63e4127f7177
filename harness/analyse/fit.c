/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit.c - see fit.h for what is computed and why
 *
 * GSL solves the weighted least squares (singular value decomposition with
 * column scaling, so n = 10^6 beside 1 does no harm) and has the t and F
 * distributions; the variance function is two parameters by Fisher scoring.
 */
#include "harness/analyse/fit.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit.h>

static const char *const model_names[] = {
	[FIT_ORIGIN] = "T = L log2 n",
	[FIT_AFFINE] = "T = a + L log2 n",
	[FIT_CONSTANT] = "T = a",
	[FIT_LINEAR] = "T = a + b n",
	[FIT_SQRT] = "T = a + b sqrt n",
	[FIT_LOG_SQUARED] = "T = a + b (log2 n)^2",
};
_Static_assert(sizeof(model_names) / sizeof(model_names[0]) == FIT_MODELS,
	       "every model has a name");

const char *
fit_model_name(enum fit_model model)
{
	return model_names[model];
}

const char *
fit_weights_name(enum fit_weights weights)
{
	switch (weights) {
	case FIT_WEIGHTS_REPLICATES:
		return "variance between replicates, smoothed over n";
	case FIT_WEIGHTS_WITHIN:
		return "variance inside runs, smoothed over n";
	case FIT_WEIGHTS_EQUAL:
		break;
	}
	return "equal";
}

double
fit_basis(enum fit_model model, double servers)
{
	double x = log2(servers);

	switch (model) {
	case FIT_ORIGIN:
	case FIT_AFFINE:
		return x;
	case FIT_LINEAR:
		return servers;
	case FIT_SQRT:
		return sqrt(servers);
	case FIT_LOG_SQUARED:
		return x * x;
	case FIT_CONSTANT:
	case FIT_MODELS:
		break;
	}
	return 0;
}

static bool
model_has_intercept(enum fit_model model)
{
	return model != FIT_ORIGIN;
}

static bool
model_has_slope(enum fit_model model)
{
	return model != FIT_CONSTANT;
}

static int
run_order(const void *a, const void *b)
{
	const struct fit_run *left = a, *right = b;

	if (left->servers != right->servers)
		return left->servers < right->servers ? -1 : 1;
	/* Any total order: sums must not depend on the database's. */
	if (left->mean != right->mean)
		return left->mean < right->mean ? -1 : 1;
	return 0;
}

/* Runs sorted by n to points; returns how many. */
static size_t
points_group(struct fit_point *points, const struct fit_run *runs, size_t count)
{
	size_t made = 0;

	for (size_t first = 0, end; first < count; first = end) {
		struct fit_point *point = &points[made++];

		*point = (struct fit_point){ .servers = runs[first].servers,
					     .variance = 1 };
		for (end = first;
		     end < count && runs[end].servers == point->servers;
		     end++) {
			point->mean += runs[end].mean;
			point->within += runs[end].variance;
		}
		point->runs = end - first;
		point->mean /= (double)point->runs;
		point->within /= (double)point->runs;
		for (size_t i = first; i < end; i++) {
			double off = runs[i].mean - point->mean;

			point->squares += off * off;
		}
	}
	return made;
}

/* One observed variance and its degrees of freedom, at ln n. */
struct spread {
	double x, variance, freedom;
};

/* Twice the log-likelihood of chi-squared variances under mean exp(a + b x),
 * constants dropped. */
static double
spread_likelihood(const struct spread *spreads, size_t count, double a,
		  double b)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++) {
		double eta = a + b * spreads[i].x;

		sum -= spreads[i].freedom *
		       (spreads[i].variance * exp(-eta) + eta);
	}
	return sum;
}

/*
 * Maximum likelihood of (a, b) by Fisher scoring. With the log link the
 * working weights are the degrees of freedom, whatever the parameters; a
 * variance of zero is an ordinary observation. x is centred by the caller, so
 * that the two equations separate. false: nothing varies.
 */
static bool
spread_fit(const struct spread *spreads, size_t count, double *a, double *b)
{
	double total = 0, mean = 0, freedom = 0, across = 0;

	for (size_t i = 0; i < count; i++) {
		total += spreads[i].freedom * spreads[i].variance;
		freedom += spreads[i].freedom;
		across += spreads[i].freedom * spreads[i].x * spreads[i].x;
	}
	mean = total / freedom;
	if (!(mean > 0))
		return false;
	*a = log(mean);
	*b = 0;
	for (int round = 0; round < 100; round++) {
		double now = spread_likelihood(spreads, count, *a, *b);
		double up = 0, along = 0, step = 1;

		for (size_t i = 0; i < count; i++) {
			double off = spreads[i].variance *
					     exp(-*a - *b * spreads[i].x) -
				     1;

			up += spreads[i].freedom * off;
			along += spreads[i].freedom * off * spreads[i].x;
		}
		up /= freedom;
		along = across > 0 ? along / across : 0;
		while (step > 1e-6 &&
		       !(spread_likelihood(spreads, count, *a + step * up,
					   *b + step * along) >= now))
			step /= 2;
		*a += step * up;
		*b += step * along;
		if (fabs(step * up) + fabs(step * along) < 1e-10)
			break;
	}
	return isfinite(*a) && isfinite(*b);
}

/* Smooth what `kind` offers over n into points[].variance. */
static bool
variance_smooth(struct fit_point *points, size_t count, enum fit_weights kind)
{
	struct spread *spreads = calloc(count, sizeof(*spreads));
	size_t used = 0;
	double freedom = 0, middle = 0, a = 0, b = 0;
	bool good;

	if (spreads == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct spread spread = { .x = log(points[i].servers) };

		if (kind == FIT_WEIGHTS_REPLICATES) {
			spread.freedom = (double)points[i].runs - 1;
			if (spread.freedom > 0)
				spread.variance =
					points[i].squares / spread.freedom;
		} else if (isfinite(points[i].within)) {
			spread.freedom = (double)points[i].runs;
			spread.variance = points[i].within;
		}
		if (!(spread.freedom > 0))
			continue;
		spreads[used++] = spread;
		freedom += spread.freedom;
		middle += spread.freedom * spread.x;
	}
	/* Two parameters want more than two observations. */
	good = used >= 3 || (used >= 1 && used == count);
	if (good) {
		middle /= freedom;
		for (size_t i = 0; i < used; i++)
			spreads[i].x -= middle;
		good = spread_fit(spreads, used, &a, &b);
	}
	for (size_t i = 0; good && i < count; i++)
		points[i].variance =
			exp(a + b * (log(points[i].servers) - middle));
	free(spreads);
	return good;
}

static enum fit_weights
points_weigh(struct fit_point *points, size_t count)
{
	if (variance_smooth(points, count, FIT_WEIGHTS_REPLICATES))
		return FIT_WEIGHTS_REPLICATES;
	if (variance_smooth(points, count, FIT_WEIGHTS_WITHIN))
		return FIT_WEIGHTS_WITHIN;
	for (size_t i = 0; i < count; i++)
		points[i].variance = 1;
	return FIT_WEIGHTS_EQUAL;
}

/* Interval and significance of one parameter. */
static void
parameter_judge(double value, double variance, int freedom, double *low,
		double *high, double *p)
{
	double half, error = sqrt(variance);

	*low = *high = *p = NAN;
	if (freedom < 1)
		return;
	half = gsl_cdf_tdist_Pinv(0.5 + FIT_CONFIDENCE / 2, freedom) * error;
	*low = value - half;
	*high = value + half;
	if (error > 0)
		*p = 2 * gsl_cdf_tdist_Q(fabs(value) / error, freedom);
}

static void
line_test(struct fit_line *line, const struct fit *fit,
	  const struct fit_point *points, size_t count)
{
	line->lack_f = line->lack_p = NAN;
	if (fit->pure_freedom > 0 && fit->pure_square > 0 &&
	    line->freedom > 0) {
		line->lack_f = line->rss / line->freedom / fit->pure_square;
		line->lack_p = gsl_cdf_fdist_Q(line->lack_f, line->freedom,
					       fit->pure_freedom);
	}
	line->misfit = 0;
	for (size_t i = 0; i < count; i++) {
		double off = fabs(points[i].mean -
				  fit_predict(line, points[i].servers, NULL));

		if (points[i].mean != 0)
			line->misfit =
				fmax(line->misfit, off / fabs(points[i].mean));
	}
}

/* AICc of [4], equation 2.4, without what all models share. A perfect fit
 * would be minus infinity; rounding ends at 1e-24 of the whole anyway. */
static double
line_aicc(const struct fit_line *line, size_t count, double whole)
{
	double n = (double)count, k = line->parameters + 1;
	double rss = fmax(line->rss, whole * 1e-24);

	if (n - k - 1 <= 0 || !(rss > 0))
		return NAN;
	return n * log(rss / n) + 2 * k + 2 * k * (k + 1) / (n - k - 1);
}

/* What one weighted least squares needs and gives, in GSL's terms. */
struct system {
	gsl_multifit_linear_workspace *work;
	gsl_matrix *x, *covariance;
	gsl_vector *y, *w, *c;
};

static struct system
system_create(const struct fit_line *line, const struct fit_point *points,
	      size_t count)
{
	size_t p = (size_t)line->parameters;
	struct system system = {
		.work = gsl_multifit_linear_alloc(count, p),
		.x = gsl_matrix_alloc(count, p),
		.covariance = gsl_matrix_alloc(p, p),
		.y = gsl_vector_alloc(count),
		.w = gsl_vector_alloc(count),
		.c = gsl_vector_alloc(p),
	};

	for (size_t i = 0; i < count; i++) {
		if (model_has_intercept(line->model))
			gsl_matrix_set(system.x, i, 0, 1);
		if (model_has_slope(line->model))
			gsl_matrix_set(
				system.x, i, p - 1,
				fit_basis(line->model, points[i].servers));
		gsl_vector_set(system.y, i, points[i].mean);
		gsl_vector_set(system.w, i,
			       (double)points[i].runs / points[i].variance);
	}
	return system;
}

static void
system_destroy(struct system *system)
{
	gsl_vector_free(system->c);
	gsl_vector_free(system->w);
	gsl_vector_free(system->y);
	gsl_matrix_free(system->covariance);
	gsl_matrix_free(system->x);
	gsl_multifit_linear_free(system->work);
}

/* Parameters and their intervals. GSL takes weights as exact, ours are
 * relative: the covariance is scaled by the residual mean square. */
static void
line_read(struct fit_line *line, const struct system *system)
{
	size_t last = (size_t)line->parameters - 1;
	bool rises = model_has_slope(line->model);
	double scale = line->freedom > 0 ? line->rss / line->freedom : NAN;

	line->intercept = line->slope = 0;
	if (model_has_intercept(line->model)) {
		line->intercept = gsl_vector_get(system->c, 0);
		line->covariance[0][0] =
			scale * gsl_matrix_get(system->covariance, 0, 0);
		parameter_judge(line->intercept, line->covariance[0][0],
				line->freedom, &line->intercept_low,
				&line->intercept_high, &line->intercept_p);
	}
	if (rises) {
		line->slope = gsl_vector_get(system->c, last);
		line->covariance[1][1] =
			scale * gsl_matrix_get(system->covariance, last, last);
		parameter_judge(line->slope, line->covariance[1][1],
				line->freedom, &line->slope_low,
				&line->slope_high, &line->slope_p);
	}
	if (last == 1)
		line->covariance[0][1] = line->covariance[1][0] =
			scale * gsl_matrix_get(system->covariance, 0, 1);
}

static void
line_fit(struct fit_line *line, enum fit_model model, const struct fit *fit,
	 const struct fit_point *points, size_t count)
{
	struct system system;
	double whole = 0;

	*line = (struct fit_line){
		.model = model,
		.parameters =
			model_has_intercept(model) + model_has_slope(model),
		.intercept = NAN,
		.slope = NAN,
		.intercept_low = NAN,
		.intercept_high = NAN,
		.intercept_p = NAN,
		.slope_low = NAN,
		.slope_high = NAN,
		.slope_p = NAN,
		.rss = NAN,
		.aicc = NAN,
		.lack_f = NAN,
		.lack_p = NAN,
		.misfit = NAN,
	};
	line->freedom = (int)count - line->parameters;
	/* As many points as parameters is a line without evidence. */
	if (line->freedom < 0)
		return;
	system = system_create(line, points, count);
	if (gsl_multifit_wlinear(system.x, system.w, system.y, system.c,
				 system.covariance, &line->rss,
				 system.work) == GSL_SUCCESS) {
		line_read(line, &system);
		for (size_t i = 0; i < count; i++)
			whole += (double)points[i].runs / points[i].variance *
				 points[i].mean * points[i].mean;
		line->aicc = line_aicc(line, count, whole);
		line_test(line, fit, points, count);
	}
	system_destroy(&system);
}

/* AICc differences and Akaike weights; the best model. */
static void
lines_compare(struct fit *fit)
{
	double least = INFINITY, sum = 0;

	fit->best = FIT_AFFINE;
	for (int m = 0; m < FIT_MODELS; m++)
		if (fit->line[m].aicc < least) {
			least = fit->line[m].aicc;
			fit->best = (enum fit_model)m;
		}
	for (int m = 0; m < FIT_MODELS; m++) {
		fit->line[m].delta = fit->line[m].aicc - least;
		fit->line[m].weight = exp(-fit->line[m].delta / 2);
		if (isfinite(fit->line[m].weight))
			sum += fit->line[m].weight;
	}
	for (int m = 0; m < FIT_MODELS; m++)
		fit->line[m].weight /= sum;
}

static void
fit_judge(struct fit *fit, const struct fit_point *points)
{
	double logarithmic, other = INFINITY;

	fit->verdict = FIT_INCONCLUSIVE;
	/* 16 to 2,048 is seven; rounding must not make it 6.999. */
	if (fit->doublings < FIT_DOUBLINGS - 1e-9) {
		snprintf(fit->why, sizeof(fit->why),
			 "n spans %.3g doublings (%.0f to %.0f); %d are needed "
			 "to tell a logarithm from its rivals",
			 fit->doublings, points[0].servers,
			 points[fit->points - 1].servers, FIT_DOUBLINGS);
		return;
	}
	if (fit->points < FIT_POINTS) {
		snprintf(fit->why, sizeof(fit->why),
			 "only %zu different n; %d are needed to compare lines",
			 fit->points, FIT_POINTS);
		return;
	}
	logarithmic =
		fmin(fit->line[FIT_ORIGIN].delta, fit->line[FIT_AFFINE].delta);
	for (int m = FIT_CONSTANT; m < FIT_MODELS; m++)
		other = fmin(other, fit->line[m].delta);
	if (fabs(logarithmic - other) < FIT_DELTA) {
		snprintf(fit->why, sizeof(fit->why),
			 "a logarithm and its best rival differ by only %.2f "
			 "in AICc; %.0f are needed",
			 fabs(logarithmic - other), FIT_DELTA);
		return;
	}
	fit->verdict = logarithmic < other ? FIT_LOGARITHMIC : FIT_OTHER;
}

int
fit_compute(struct fit *fit, struct fit_point *points,
	    const struct fit_run *runs, size_t count)
{
	struct fit_run *sorted;
	gsl_error_handler_t *handler;
	double squares = 0;

	memset(fit, 0, sizeof(*fit));
	if (count == 0)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!isfinite(runs[i].mean) || !isfinite(runs[i].servers) ||
		    runs[i].servers < 1)
			return -EINVAL;
	sorted = calloc(count, sizeof(*sorted));
	if (sorted == NULL)
		return -ENOMEM;
	memcpy(sorted, runs, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), run_order);
	fit->runs = count;
	fit->points = points_group(points, sorted, count);
	free(sorted);
	fit->doublings =
		log2(points[fit->points - 1].servers / points[0].servers);
	fit->weights = points_weigh(points, fit->points);
	fit->pure_freedom = (int)(count - fit->points);
	for (size_t i = 0; i < fit->points; i++)
		squares += points[i].squares / points[i].variance;
	fit->pure_square =
		fit->pure_freedom > 0 ? squares / fit->pure_freedom : NAN;
	/* A singular fit (one n only) leaves its NANs, not a dead program. */
	handler = gsl_set_error_handler_off();
	for (int m = 0; m < FIT_MODELS; m++)
		line_fit(&fit->line[m], (enum fit_model)m, fit, points,
			 fit->points);
	lines_compare(fit);
	fit_judge(fit, points);
	gsl_set_error_handler(handler);
	return 0;
}

double
fit_predict(const struct fit_line *line, double servers, double *half)
{
	double offset = model_has_intercept(line->model) ? 1 : 0;
	double x = fit_basis(line->model, servers);

	if (half != NULL) {
		double variance = line->covariance[0][0] * offset +
				  2 * line->covariance[0][1] * offset * x +
				  line->covariance[1][1] * x * x;

		*half = line->freedom < 1
				? NAN
				: gsl_cdf_tdist_Pinv(0.5 + FIT_CONFIDENCE / 2,
						     line->freedom) *
					  sqrt(fmax(variance, 0));
	}
	return line->intercept + line->slope * x;
}

double
fit_point_half(const struct fit *fit, const struct fit_point *point)
{
	double error = sqrt(point->variance / (double)point->runs);

	switch (fit->weights) {
	case FIT_WEIGHTS_REPLICATES:
		return gsl_cdf_tdist_Pinv(0.5 + FIT_CONFIDENCE / 2,
					  fit->pure_freedom) *
		       error;
	case FIT_WEIGHTS_WITHIN:
		return gsl_cdf_ugaussian_Pinv(0.5 + FIT_CONFIDENCE / 2) * error;
	case FIT_WEIGHTS_EQUAL:
		break;
	}
	return NAN;
}
