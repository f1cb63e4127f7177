/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * excuse.c - sums, and one tail
 */
#include "harness/explore/excuse.h"

#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <stdio.h>

#define MILLION UINT64_C(1000000)

void
excuse_add(struct excuse *excuse, const struct judge_facts *facts)
{
	if (facts->bereft_of == 0)
		return;
	excuse->worlds++;
	excuse->sessions += facts->bereft_of;
	excuse->bereft += facts->bereft;
	excuse->bereft_ppm += facts->bereft * MILLION / facts->bereft_of;
	excuse->expected_ppm += facts->bereft_expected_ppm / facts->bereft_of;
}

void
excuse_merge(struct excuse *excuse, const struct excuse *other)
{
	excuse->worlds += other->worlds;
	excuse->sessions += other->sessions;
	excuse->bereft += other->bereft;
	excuse->bereft_ppm += other->bereft_ppm;
	excuse->expected_ppm += other->expected_ppm;
}

double
excuse_chance(const struct excuse *excuse)
{
	unsigned seen = (unsigned)(excuse->bereft_ppm / MILLION);

	/* What is not whole is no event. */
	if (seen == 0)
		return 1;
	if (excuse->expected_ppm == 0)
		return 0;
	return gsl_cdf_poisson_Q(seen - 1, (double)excuse->expected_ppm /
						   (double)MILLION);
}

bool
excuse_beyond(const struct excuse *excuse, char *sentence, size_t size)
{
	double chance = excuse_chance(excuse);

	if (chance * EXCUSE_ODDS >= 1)
		return false;
	(void)snprintf(sentence, size,
		       "%" PRIu64 " of %" PRIu64 " sessions lost all their "
		       "replicas; by worlds %.2f, and f^r allows %.2f "
		       "(p = %.1e)",
		       excuse->bereft, excuse->sessions,
		       (double)excuse->bereft_ppm / (double)MILLION,
		       (double)excuse->expected_ppm / (double)MILLION, chance);
	return true;
}
