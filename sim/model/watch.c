/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - names of metrics and outcomes, as the database has them
 */
#include "sim/model/watch.h"

#include <assert.h>

const char *
metric_name(enum metric metric)
{
	static const char *const names[] = {
		[METRIC_SETTING_FIRST] = "setting_first",
		[METRIC_SETTING_ALL] = "setting_all",
		[METRIC_DETECTION] = "detection",
		[METRIC_LOOKUP] = "lookup",
		[METRIC_STALL] = "stall",
		[METRIC_STALL_BEFORE] = "stall_before",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == METRIC_COUNT,
		       "every metric has a name");

	assert(metric < METRIC_COUNT);
	return names[metric];
}

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_CLOSED] = "closed",   [OUTCOME_KEPT] = "kept",
		[OUTCOME_RESET] = "reset",     [OUTCOME_TIMEOUT] = "timeout",
		[OUTCOME_CORRUPT] = "corrupt",
	};

	assert(outcome <= OUTCOME_CORRUPT);
	return names[outcome];
}
