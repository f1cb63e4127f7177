/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lifetime.c - Weibull's law in arithmetic that is the same everywhere
 *
 *	ln x		2 artanh((m - 1) / (m + 1)) + e ln 2, x = m 2^e
 *	exp x		Taylor for the rest of x / ln 2
 *	ln Gamma(x)	Stirling's series at x + 8, less the factors between
 *	normal		Marsaglia's polar method
 *	Gamma law	Marsaglia and Tsang [1], for a shape of 1 or more
 *
 * The compiler must not fuse a product and a sum (-ffp-contract=off, in
 * CMakeLists.txt): some machines could, and would round once instead of twice.
 *
 * [1] Marsaglia, Tsang: A simple method for generating gamma variables. ACM
 *     TOMS 26(3), 2000.
 */
#include "sim/model/lifetime.h"

#include <assert.h>

#define LN2	    0.69314718055994530942
#define HALF_LN_2PI 0.91893853320467274178
#define SQRT2	    1.41421356237309504880
#define MOST_NS	    1152921504606846976.0 /* 2^60 */
#define E_UNIT	    (INT64_C(1) << 52) /* a mean of 1, in rng_exponential() */

/* x > 0 and finite. */
static double
logarithm(double x)
{
	int exponent = 0;

	while (x > SQRT2) {
		x /= 2;
		exponent++;
	}
	while (x < SQRT2 / 2) {
		x *= 2;
		exponent--;
	}
	double s = (x - 1) / (x + 1), square = s * s, power = s, sum = 0;
	for (int i = 1; i < 40; i += 2) {
		sum += power / i;
		power *= square;
	}
	return 2 * sum + exponent * LN2;
}

/* |x| below some hundreds. */
static double
exponential(double x)
{
	int exponent = (int)(x / LN2);
	double rest = x - exponent * LN2, term = 1, sum = 1;

	for (int i = 1; i < 24; i++) {
		term *= rest / i;
		sum += term;
	}
	for (; exponent > 0; exponent--)
		sum *= 2;
	for (; exponent < 0; exponent++)
		sum /= 2;
	return sum;
}

/* x^y, x >= 0 */
static double
power(double x, double y)
{
	return x > 0 ? exponential(y * logarithm(x)) : 0;
}

/* Gamma(x), x >= 1; at most Gamma(6) is asked for. */
static double
gamma_function(double x)
{
	double z = x + 8, factors = 1;

	for (int i = 0; i < 8; i++)
		factors *= x + i;
	double inverse = 1 / z, square = inverse * inverse;
	double series =
		inverse *
		(1.0 / 12 -
		 square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)));
	return exponential((z - 0.5) * logarithm(z) - z + HALF_LN_2PI +
			   series) /
	       factors;
}

/* (0, 1) */
static double
uniform(struct rng *rng)
{
	return ((double)(rng_next(rng) >> 12) + 0.5) / 4503599627370496.0;
}

static double
normal(struct rng *rng)
{
	for (;;) {
		double u = 2 * uniform(rng) - 1, v = 2 * uniform(rng) - 1;
		double s = u * u + v * v;

		if (s > 0 && s < 1)
			return u * power(-2 * logarithm(s) / s, 0.5);
	}
}

/* shape >= 1 */
static double
gamma_variate(struct rng *rng, double shape)
{
	double d = shape - 1.0 / 3, c = 1 / (3 * power(d, 0.5));

	for (;;) {
		double x = normal(rng), t = 1 + c * x, v = t * t * t;

		if (v > 0 && logarithm(uniform(rng)) <
				     x * x / 2 + d - d * v + d * logarithm(v))
			return d * v;
	}
}

static int64_t
rounded_ns(double ns)
{
	return (int64_t)(ns < MOST_NS ? ns : MOST_NS);
}

struct lifetime
lifetime_of(enum lifetime_law law, uint32_t shape_milli, int64_t mean_ns)
{
	struct lifetime lifetime = { .law = law, .mean_ns = mean_ns };

	assert(mean_ns >= 0 && mean_ns < INT64_C(1) << 56);
	if (law == LIFETIME_EXPONENTIAL)
		return lifetime;
	assert(shape_milli >= LIFETIME_SHAPE_LEAST &&
	       shape_milli <= LIFETIME_SHAPE_MOST);
	lifetime.inverse = 1000.0 / shape_milli;
	lifetime.scale_ns =
		(double)mean_ns / gamma_function(1 + lifetime.inverse);
	return lifetime;
}

int64_t
lifetime_draw(const struct lifetime *lifetime, struct rng *rng)
{
	if (lifetime->law == LIFETIME_EXPONENTIAL)
		return rng_exponential(rng, lifetime->mean_ns);
	double e = (double)rng_exponential(rng, E_UNIT) / (double)E_UNIT;
	return rounded_ns(lifetime->scale_ns * power(e, lifetime->inverse));
}

int64_t
lifetime_residual(const struct lifetime *lifetime, struct rng *rng)
{
	if (lifetime->law == LIFETIME_EXPONENTIAL)
		return rng_exponential(rng, lifetime->mean_ns);
	double seen = gamma_variate(rng, 1 + lifetime->inverse);
	return rounded_ns(lifetime->scale_ns * power(seen, lifetime->inverse) *
			  uniform(rng));
}
