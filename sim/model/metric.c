/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric.c - the table; design section 8 has the definitions
 */
#include "sim/model/metric.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

static const struct metric_row rows[] = {
	[METRIC_SETTING_FIRST] = {
		.name = "setting_first",
		.label = "Setting, first replica",
		.title = "Setting time, first replica",
		.from = "store begun",
		.to = "first replica's acknowledgement",
		.reporter = "owner",
		.local = "no other server holds it",
		.fitted = 2,
		.compared = true,
		.curves = METRIC_CURVES_FEW,
	},
	[METRIC_SETTING_ALL] = {
		.name = "setting_all",
		.label = "Setting, all replicas",
		.title = "Setting time, all replicas",
		.from = "store begun",
		.to = "last replica's acknowledgement",
		.reporter = "owner",
		.local = "no other server holds it",
		.fitted = 3,
		.compared = true,
	},
	[METRIC_DETECTION] = {
		.name = "detection",
		.label = "Detection",
		.title = "Detection time",
		.from = "link down",
		.to = "first stray that it caused",
		.reporter = "server that it strayed to",
		.compared = true,
		.curves = METRIC_CURVES_MANY,
	},
	[METRIC_LOOKUP] = {
		.name = "lookup",
		.label = "Lookup, remote",
		.title = "Lookup time",
		.from = "first query",
		.to = "value",
		.reporter = "server that asks",
		.local = "the asker held it",
		.fitted = 1,
		.compared = true,
		.curves = METRIC_CURVES_SOME,
		.plain = "lookups",
	},
	[METRIC_STALL] = {
		.name = "stall",
		.label = "Stall at the client",
		.title = "Stall",
		.from = "new bytes, within 10 s after a fault",
		.to = "the next, longest gap",
		.reporter = "receiver",
		.local = "did not stray",
		.compared = true,
	},
	[METRIC_STALL_BEFORE] = {
		.name = "stall_before",
		.label = "Stall before the fault",
		.title = "Stall before the fault",
		.from = "new bytes, within 10 s before a fault",
		.to = "the next, longest gap",
		.reporter = "receiver",
		.local = "did not stray",
	},
	[METRIC_COMPLETION] = {
		.name = "completion",
		.label = "Session, to its last byte",
		.title = "Completion time",
		.from = "first SYN",
		.to = "last byte at the client",
		.reporter = "client",
		.compared = true,
		.curves = METRIC_CURVES_SOME,
		.plain = "sessions",
	},
	[METRIC_REPAIR] = {
		.name = "repair",
		.label = "Repair, to all replicas",
		.title = "Repair time",
		.from = "a replica lost",
		.to = "all replicas there again",
		.reporter = "simulator alone, which sees all servers",
		.curves = METRIC_CURVES_SOME,
		.plain = "records",
	},
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == METRIC_COUNT,
	       "every metric has a row");

const struct metric_row *
metric_row(enum metric metric)
{
	assert(metric < METRIC_COUNT);
	return &rows[metric];
}

const char *
metric_name(enum metric metric)
{
	return metric_row(metric)->name;
}

const struct metric_row *
metric_find(const char *name)
{
	for (size_t i = 0; i < METRIC_COUNT; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

const struct metric_row *
metric_fitted(unsigned place)
{
	for (size_t i = 0; place > 0 && i < METRIC_COUNT; i++)
		if (rows[i].fitted == place)
			return &rows[i];
	return NULL;
}
