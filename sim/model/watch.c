/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.c - names, as the database has them
 */
#include "sim/model/watch.h"

#include <assert.h>
#include <stddef.h>

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

enum watch_asked
watch_asked_by(enum node_asker asker)
{
	static const enum watch_asked asked[] = {
		[NODE_ASKER_LOAD] = WATCH_ASKED_LOAD,
		[NODE_ASKER_STRAY] = WATCH_ASKED_STRAY,
		[NODE_ASKER_RETRY] = WATCH_ASKED_RETRY,
		[NODE_ASKER_OPERATOR] = WATCH_ASKED_OPERATOR,
		/* As a retry, it is no first question. */
		[NODE_ASKER_DOUBT] = WATCH_ASKED_RETRY,
		[NODE_ASKER_SILENT] = WATCH_ASKED_RETRY,
	};

	assert(asker <= NODE_ASKER_SILENT);
	return asked[asker];
}

const char *
watch_asked_name(enum watch_asked asked)
{
	static const char *const names[] = {
		[WATCH_ASKED_NONE] = NULL,
		[WATCH_ASKED_LOAD] = "load",
		[WATCH_ASKED_STRAY] = "stray",
		[WATCH_ASKED_RETRY] = "retry",
		[WATCH_ASKED_OPERATOR] = "operator",
	};

	assert(asked <= WATCH_ASKED_OPERATOR);
	return names[asked];
}

const char *
watch_found_name(enum watch_found found)
{
	static const char *const names[] = {
		[WATCH_FOUND_NONE] = NULL,
		[WATCH_FOUND_RIGHT] = "right",
		[WATCH_FOUND_REMOVED] = "removed",
		[WATCH_FOUND_WRONG] = "wrong",
	};

	assert(found <= WATCH_FOUND_WRONG);
	return names[found];
}
