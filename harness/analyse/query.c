/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * query.c - options that are of a database's readers alone
 */
#include "harness/analyse/query.h"

#include "harness/scenario/key.h"

const char *
query_phase(const struct query *query)
{
	return query->phase == QUERY_CONVERGED ? "converged"
	       : query->phase == QUERY_REROUTE ? "reroute"
					       : NULL;
}

int
query_pool(const struct verb *verb, const struct verb_option *option,
	   const char *text, void *member)
{
	if (series_pool_add(member, text))
		return 0;
	return usage_say(verb, "more than %d of --%s", SERIES_POOLED,
			 option->name);
}

const char *
query_key(size_t index)
{
	const struct key_table *table = key_settings();

	return index < table->count ? table->keys[index].path : NULL;
}
