/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_dump.h - a scenario written out in full
 *
 * Every key with its value, defaults and --set included, as YAML that reads
 * back to the same scenario and prints the same again. The database keeps it
 * with each run, so a result can be repeated when the file has changed and
 * the defaults have moved.
 */
#ifndef HARNESS_SCENARIO_SCENARIO_DUMP_H
#define HARNESS_SCENARIO_SCENARIO_DUMP_H

#include "harness/scenario/scenario.h"

/* To be freed; NULL: out of memory. */
char *scenario_dump_text(const struct scenario *);

#endif
