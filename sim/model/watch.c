/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - names of outcomes, as the database has them
 */
#include "sim/model/watch.h"

#include <assert.h>

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
