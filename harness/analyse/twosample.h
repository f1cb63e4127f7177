/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * twosample.h - do two samples come from one distribution, and if not, how far
 * are they apart?
 *
 *	first  x_1 .. x_m	say, simulated
 *	second y_1 .. y_n	say, live
 *
 * Times are skewed and have a few values of 200 ms beside many of 5 ms, so
 * nothing here assumes a shape, and means are not compared:
 *
 * Mann-Whitney [1]: U = pairs with y > x, ties half. u / (m n) is the chance
 *	that a value of the second is the larger one, 0.5 if they are alike.
 *	Sensitive to a shift. p from the normal approximation with the
 *	correction for ties and for continuity ([2], section 4.1), which wants
 *	TWOSAMPLE_LEAST values in each sample.
 * Kolmogorov-Smirnov: D = largest vertical distance of the two ECDFs.
 *	Sensitive to any difference in shape. p from the asymptotic law with
 *	Stephens' correction [3]; with ties it is too large, never too small.
 * Hodges-Lehmann [4]: the shift, median of all m n differences y - x, and its
 *	95 % interval from the order statistics of the differences that U's
 *	distribution allows ([2], section 4.3). The differences are never
 *	listed: the k-th is found by bisection, counting in O(m + n).
 *
 * Values of one run are not independent of each other (one lab, one placement
 * of keys), but both tests believe they are: with many values a run their p is
 * too small. Where whole runs could have been the other sample's as well, a
 * permutation test says what chance does ([5], section 1.2.7): whole blocks
 * change sides, and the difference of mean ranks, and D, are looked at again.
 *
 * [1] Mann, Whitney: On a Test of Whether One of Two Random Variables is
 *     Stochastically Larger than the Other. Ann. Math. Stat. 18, 1947.
 * [2] Hollander, Wolfe: Nonparametric Statistical Methods. 2nd ed., 1999.
 * [3] Stephens: Use of the Kolmogorov-Smirnov, Cramer-von Mises and Related
 *     Statistics Without Extensive Tables. JRSS B 32, 1970.
 * [4] Hodges, Lehmann: Estimates of Location Based on Rank Tests. Ann. Math.
 *     Stat. 34, 1963.
 * [5] Good: Permutation, Parametric and Bootstrap Tests of Hypotheses. 3rd
 *     ed., Springer 2005.
 */
#ifndef HARNESS_ANALYSE_TWOSAMPLE_H
#define HARNESS_ANALYSE_TWOSAMPLE_H

#include <stddef.h>
#include <stdint.h>

#define TWOSAMPLE_LEAST	     8
#define TWOSAMPLE_BLOCKS     5 /* of each side: 1 of 252 ways; fewer: no test */
#define TWOSAMPLE_CONFIDENCE 0.95

struct twosample {
	double u; /* pairs in which the second is larger, ties half */
	double larger; /* u / (m n) */
	double z, u_p; /* two-sided */
	double d, d_p;
	double shift, shift_low, shift_high; /* second less first */
};

/* Sorts both samples. 0, or -EINVAL: one is empty, or a value is not finite.
 * With fewer than TWOSAMPLE_LEAST values p and interval are rough. */
int twosample_compare(struct twosample *, double *first, size_t m,
		      double *second, size_t n);

/* One value and the run that it is of, 0 .. blocks - 1. */
struct twosample_value {
	double value;
	uint32_t block;
};

/*
 * p of the difference of mean ranks and of D by exchanging blocks; second[b]
 * says whose block b is. Sorts the values; always with the same seed. NAN for
 * both when a side has fewer than TWOSAMPLE_BLOCKS. 0, or -EINVAL as above.
 */
int twosample_exchange(struct twosample_value *values, size_t count,
		       const uint8_t *second, uint32_t blocks, double *rank_p,
		       double *d_p);

#endif
