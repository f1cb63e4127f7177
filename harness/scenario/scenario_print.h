/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_print.h - settings as the file that somebody would have written
 *
 * What is the default is left out, events are a line each:
 *
 *	# head
 *	title: What happens?
 *	fabric:
 *	  servers: 5
 *	events:
 *	  - { at_s: 2, kind: drain, target: server1 }
 *
 * It reads back to the same settings. scenario_dump.h writes all of a scenario,
 * sweep and defaults included, for a database; this is one point, for people.
 */
#ifndef HARNESS_SCENARIO_SCENARIO_PRINT_H
#define HARNESS_SCENARIO_SCENARIO_PRINT_H

#include "sim/model/settings.h"

/* head: lines, each becomes a comment; NULL: none. To be freed; NULL: out of
 * memory. */
char *scenario_print_text(const char *head, const char *title,
			  const struct settings *);

#endif
