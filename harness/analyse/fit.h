/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit.h - how a time grows with the number of servers
 *
 *	run means y_ij			one number a run: the mean over its
 *	  | grouped by n		operations
 *	points (n_i, mean of r_i runs)	weight r_i / v(n_i)
 *	  | weighted least squares
 *	six lines, compared		T = L x		x = log2 n, the paper's
 *					T = a + L x	what theory says
 *					T = a		does not grow
 *					T = a + b n
 *					T = a + b sqrt n
 *					T = a + b x^2
 *
 * A point, not a run, is the unit of evidence. The true curve is no exact line
 * (Kademlia's mean rounds wobble by some 0.03 around one), and all replicates
 * of one n share that deviation; treating runs as independent would count it
 * r times over and make intervals too narrow. So the residual mean square is
 * that of P points about the line, intervals are Student's t with P - p
 * degrees of freedom, and they cover both noise and wobble.
 *
 * Weights. The variance of a run's mean is not known, and r_i is small: using
 * each n's own replicate variance as a weight is worse than no weights ([2],
 * section 4). We smooth it instead: v(n) = exp(alpha + beta ln n), fitted to
 * the replicate variances by maximum likelihood as chi-squared with r_i - 1
 * degrees of freedom (a gamma model with log link, [2] and [3]). Without
 * replicates the variances inside the runs serve, smoothed in the same way;
 * without those, all weights are equal. `weights` says which it was.
 *
 * Lack of fit ([1], section 2): F = mean square of the points about the line
 * over mean square of the replicates about their points. Small p: the line is
 * not the curve. With many operations a run that happens for any line; so
 * `misfit`, the largest relative deviation of a point, stands beside it.
 *
 * Models are compared by AICc ([4], section 2.4) with the P points as the
 * sample and p + 1 parameters (the variance is one). Differences below 2 say
 * nothing. All six are linear in their parameters.
 *
 * What we refuse: fewer than FIT_DOUBLINGS doublings of n or FIT_POINTS
 * different n. sqrt n and log n are too alike on less.
 *
 * [1] Draper, Smith: Applied Regression Analysis. 3rd ed., Wiley 1998.
 * [2] Davidian, Carroll: Variance Function Estimation. JASA 82, 1987;
 *     Carroll, Ruppert: Transformation and Weighting in Regression, 1988.
 * [3] McCullagh, Nelder: Generalized Linear Models. 2nd ed., 1989, chapter 8.
 * [4] Burnham, Anderson: Model Selection and Multimodel Inference. 2nd ed.,
 *     Springer 2002.
 */
#ifndef HARNESS_ANALYSE_FIT_H
#define HARNESS_ANALYSE_FIT_H

#include <stdbool.h>
#include <stddef.h>

#define FIT_DOUBLINGS  7
#define FIT_POINTS     5
#define FIT_CONFIDENCE 0.95
/* Support by AICc that counts as a difference ([4], section 2.6). */
#define FIT_DELTA 2.0

enum fit_model {
	FIT_ORIGIN,
	FIT_AFFINE,
	FIT_CONSTANT,
	FIT_LINEAR,
	FIT_SQRT,
	FIT_LOG_SQUARED,
	FIT_MODELS
};

enum fit_weights {
	FIT_WEIGHTS_REPLICATES,
	FIT_WEIGHTS_WITHIN,
	FIT_WEIGHTS_EQUAL,
};

enum fit_verdict {
	FIT_INCONCLUSIVE, /* too few doublings or points, or no winner */
	FIT_LOGARITHMIC, /* one of the first two is best, by FIT_DELTA */
	FIT_OTHER, /* one of the others is */
};

/* One run: what it measured at `servers`, and how well. */
struct fit_run {
	double servers; /* >= 1 */
	double mean;
	double variance; /* of that mean, from inside the run; NAN: unknown */
};

/* All runs of one n. */
struct fit_point {
	double servers;
	size_t runs;
	double mean; /* of the runs' means */
	double squares; /* of the runs about it: sum (y_ij - mean)^2 */
	double within; /* mean of the runs' own variances, NAN */
	double variance; /* v(n): of one run's mean, smoothed; relative when
			    the weights are equal */
};

/* A parameter that a model lacks is 0 with NAN for its interval. */
struct fit_line {
	enum fit_model model;
	int parameters;
	double intercept, slope; /* T = intercept + slope g(n) */
	double covariance[2][2]; /* of (intercept, slope), scaled */
	double intercept_low, intercept_high, slope_low, slope_high;
	double slope_p; /* two-sided, of slope = 0 */
	double intercept_p;
	double rss; /* weighted */
	int freedom; /* P - p */
	double aicc, delta, weight; /* delta to the best; Akaike weight */
	double lack_f, lack_p; /* NAN without replicates */
	double misfit; /* largest |point - line| / point */
};

struct fit {
	size_t runs, points;
	double doublings; /* log2(largest n / smallest) */
	double pure_square; /* weighted mean square of replicates */
	int pure_freedom; /* sum (r_i - 1) */
	enum fit_weights weights;
	struct fit_line line[FIT_MODELS];
	enum fit_model best;
	enum fit_verdict verdict;
	char why[160]; /* when inconclusive */
};

const char *fit_model_name(enum fit_model); /* "T = L log2 n" ... */
const char *fit_weights_name(enum fit_weights);
/* g(n): log2 n, n, sqrt n, (log2 n)^2; 0 for the constant. */
double fit_basis(enum fit_model, double servers);

/*
 * Fit everything to the runs, in any order; points[] has room for `count` and
 * gets fit->points of them, smallest n first. Both belong to the caller.
 * 0, or -EINVAL: no run, or a number that is not finite. What cannot be
 * computed from so few points is NAN; the verdict then says why.
 */
int fit_compute(struct fit *, struct fit_point *points,
		const struct fit_run *runs, size_t count);

/* The line's mean at n, and the half-width of its 95 % confidence band there
 * (pointwise, NAN when there is none). */
double fit_predict(const struct fit_line *, double servers, double *half);
/* Half-width of the 95 % interval of a point's mean, from the smoothed
 * variance, so that a few replicates of one n borrow from all others; NAN
 * when the weights are equal. */
double fit_point_half(const struct fit *, const struct fit_point *);

#endif
