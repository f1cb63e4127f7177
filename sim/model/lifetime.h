/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lifetime.h - how long something lasts, at random: a mean, and a shape
 *
 *	exponential	the past says nothing about the rest
 *	weibull		shape < 1: many are short and some are very long, as
 *			peers of file sharing networks stay [1]; 1: exponential;
 *			> 1: they age
 *
 * A law gives shape alone: whatever it is, the mean is the one asked for.
 *
 * Who looks at a moment of his choice sees a long life more often than a short
 * one, and sees it somewhere in its middle. The rest of it is what
 * lifetime_residual() draws, with density P(life > x) / mean; a process whose
 * first lives are such is stationary from the start (renewal theory: [2],
 * 3.6). Only for the exponential law that is another life. For Weibull
 *
 *	life = b E^(1/s), b = mean / Gamma(1 + 1/s), E exponential of mean 1
 *	rest = b G^(1/s) U, G of the Gamma law of shape 1 + 1/s, U uniform
 *
 * since b G^(1/s) is the life that is seen (its density is x f(x) / mean).
 *
 * Numbers are the same on every machine: of floating point only + - * / are
 * used, which IEEE 754 defines to the last bit, and no libm.
 *
 * [1] Stutzbach, Rejaie: Understanding churn in peer-to-peer networks. IMC
 *     2006.
 * [2] Ross: Stochastic Processes. 2nd ed., 1996.
 */
#ifndef SIM_MODEL_LIFETIME_H
#define SIM_MODEL_LIFETIME_H

#include <stdint.h>

#include "core/rng.h"

enum lifetime_law {
	LIFETIME_EXPONENTIAL,
	LIFETIME_WEIBULL
};

/* Of Weibull's shape, in thousandths. */
#define LIFETIME_SHAPE_LEAST 200
#define LIFETIME_SHAPE_MOST  10000

struct lifetime {
	enum lifetime_law law;
	int64_t mean_ns;
	double inverse; /* WEIBULL: 1 / shape */
	double scale_ns; /* WEIBULL: b */
};

/* shape_milli: of Weibull alone. 0 <= mean_ns < 2^56. */
struct lifetime lifetime_of(enum lifetime_law, uint32_t shape_milli,
			    int64_t mean_ns);
/* A whole life, >= 0 and at most 2^60. */
int64_t lifetime_draw(const struct lifetime *, struct rng *);
/* What is left of one that is met at some moment. */
int64_t lifetime_residual(const struct lifetime *, struct rng *);

#endif
