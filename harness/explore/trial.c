/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.c - two run logs, read
 */
#include "harness/explore/trial.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/run_log.h"

#define REASON_SIZE 512

void
trial_show(struct trial *trial, enum violation kind, const char *sentence)
{
	size_t length = strcspn(sentence, "\n");

	if (trial->shown[kind].count++ > 0)
		return;
	trial->shown[kind].sentence = strndup(sentence, length);
	if (trial->shown[kind].sentence == NULL)
		abort();
}

void
trial_refuse(struct trial *trial, const char *reason)
{
	*trial = (struct trial){ 0 };
	trial_show(trial, VIOLATION_REFUSED, reason);
}

/* Why a pass did not end as it should. */
static bool
pass_failed(struct trial *trial, const struct jobs_result *result)
{
	enum violation kind = VIOLATION_CRASH;
	char reason[JOBS_REASON] = "no world can be made of it";

	if (result->exit_code == EXIT_OK)
		return false;
	if (result->exit_code == EXIT_USAGE)
		kind = VIOLATION_REFUSED;
	else
		jobs_reason(result, reason);
	if (result->exit_code == JOBS_STUCK)
		kind = VIOLATION_NO_PROGRESS;
	trial_show(trial, kind, reason);
	return true;
}

/* The first difference, in words. */
static void
passes_compare(struct trial *trial, const struct jobs_result *first,
	       const struct jobs_result *again)
{
	char reason[REASON_SIZE] = "two results";
	FILE *talk = fmemopen(reason, REASON_SIZE - 1, "w");
	bool same;

	if (talk == NULL)
		abort();
	same = run_log_same(first->run_log, again->run_log, talk);
	(void)fclose(talk);
	if (!same)
		trial_show(trial, VIOLATION_DIFFERS, reason);
}

static void
verdict_hear(void *context, const struct watch_violation *violation)
{
	trial_show(context, violation->kind, violation->sentence);
}

void
trial_take(struct trial *trial, const struct settings *settings,
	   const struct jobs_result *first, const struct jobs_result *again)
{
	struct judge_facts facts;

	*trial = (struct trial){
		.events = first->world.events + again->world.events,
		.state_hash = first->world.state_hash,
		.simulated_ns = first->world.end.ns + again->world.end.ns,
	};
	if (!pass_failed(trial, first) && !pass_failed(trial, again))
		passes_compare(trial, first, again);
	if (!run_log_verdicts(first->run_log, verdict_hear, trial, &facts))
		return;
	floors_add(&trial->floors, settings, &facts);
	excuse_add(&trial->excuse, &facts);
	/* Not every one was said. */
	for (unsigned i = 0; i < VIOLATIONS; i++)
		if (facts.violations[i] > trial->shown[i].count)
			trial->shown[i].count = facts.violations[i];
}

void
trial_release(struct trial *trial)
{
	for (unsigned i = 0; i < VIOLATIONS; i++)
		free(trial->shown[i].sentence);
	*trial = (struct trial){ 0 };
}
