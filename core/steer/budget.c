/* SPDX-License-Identifier: GPL-3.0-or-later */
/* budget.c - which lookups a flow is worth; see budget.h */
#include "core/steer/budget.h"

#include "core/steer/flow.h"
#include "core/steer/limiter.h"

static struct budget
at_level(uint32_t level, uint32_t spoken, enum drop why)
{
	struct budget budget = { .worth = BUDGET_NONE, .drop = why };

	if (level == LIMITER_CALM) {
		budget.worth = BUDGET_LOOKUP;
		return budget;
	}
	budget.charge = true;
	if (level != LIMITER_CLOSED && spoken >= 2 && spoken >= level)
		budget.worth = BUDGET_LOOKUP;
	else if (level == LIMITER_GLANCE)
		budget.worth = BUDGET_GLANCE;
	return budget;
}

struct budget
budget_first(const struct strays *strays, struct instant now,
	     const struct session_key *key, uint32_t spoken)
{
	enum drop why;
	uint32_t level = limiter_level(strays->limiter, now, key->family,
				       key->client, &why);

	return at_level(level, spoken, why);
}

struct budget
budget_retry(const struct strays *strays, struct instant now,
	     const struct flow *flow, bool last)
{
	struct budget budget =
		budget_first(strays, now, &flow->key, flow->spoken);

	/* A glance is for the first, which the node may have had no room for.
	 */
	if (budget.worth == BUDGET_GLANCE && flow->looks > 0)
		budget.worth = BUDGET_NONE;
	if (budget.charge && last)
		budget.worth = flow->missed_early ? BUDGET_LOOKUP : BUDGET_NONE;
	else if (budget.charge && flow->looks >= flow->heard)
		budget.worth = BUDGET_NONE;
	return budget;
}
