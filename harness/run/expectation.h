/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expectation.h - a run checked against its scenario's assertions
 *
 * What can be asserted, and how a scenario writes it, is expect.h's; here it
 * is looked up in the database, a query a limit. Only the blocks whose `where`
 * agrees with the run's settings apply.
 */
#ifndef HARNESS_RUN_EXPECTATION_H
#define HARNESS_RUN_EXPECTATION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/scenario/expect.h"
#include "sim/model/settings.h"

/* Does a block apply to runs of such settings? */
bool expectation_applies(const struct expect *, const struct settings *);

/* Check one run. Failures are said on `talk` (NULL: only counted), after
 * `label`. Returns their number, or -1 when the database failed. */
int expectation_check(const struct expect *, sqlite3 *, int64_t run_id,
		      const struct settings *, const char *label, FILE *talk);

#endif
