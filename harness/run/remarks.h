/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remarks.h - what runs say about themselves, said once
 *
 *	run logs -> remarks_hear(), a point each -> remarks_say() at the end
 *		 -> remarks_json(), beside the point's own warnings, stored
 *
 * The same sentence about the same event is one remark, whatever points made
 * it; where not all did, it says how many.
 */
#ifndef HARNESS_RUN_REMARKS_H
#define HARNESS_RUN_REMARKS_H

#include <stdint.h>
#include <stdio.h>

#include "harness/scenario/scenario.h"

struct remarks; /* NULL: none so far */

/* Add a run's warnings; its log is whole. Aborts when out of memory. */
void remarks_hear(struct remarks **, FILE *run_log);
/* "file:line:column: warning: sentence", each once. */
void remarks_say(const struct remarks *, const struct scenario *, FILE *talk);
void remarks_destroy(struct remarks *);
/* Of one run: a JSON array of sentences, to be freed; NULL: there is none. The
 * log may be NULL. */
char *remarks_json(const struct scenario *, const struct settings *,
		   FILE *run_log);

#endif
