/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.c - two run logs, read
 */
#include "harness/explore/trial.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/run_log.h"

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

enum violation
trial_pass_failed(const struct jobs_result *result, char *reason)
{
	reason[0] = '\0';
	if (result->exit_code == EXIT_OK)
		return VIOLATIONS;
	if (result->exit_code == EXIT_USAGE) {
		(void)snprintf(reason, JOBS_REASON,
			       "no world can be made of it");
		return VIOLATION_REFUSED;
	}
	jobs_reason(result, reason);
	reason[strcspn(reason, "\n")] = '\0';
	return result->exit_code == JOBS_STUCK ? VIOLATION_NO_PROGRESS
					       : VIOLATION_CRASH;
}

/* Lines, one of each record, become one. */
static void
line_join(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		bool blank = *from == ' ' || *from == '\n';

		if (!blank)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static bool
logs_differ(FILE *one, FILE *other, char *reason)
{
	FILE *talk = fmemopen(reason, JOBS_REASON - 1, "w");
	bool same;

	if (talk == NULL)
		abort();
	same = run_log_same(one, other, talk);
	(void)fclose(talk);
	reason[JOBS_REASON - 1] = '\0';
	line_join(reason);
	return !same;
}

enum violation
trial_passes_compare(const struct jobs_result *first,
		     const struct jobs_result *again, char *reason)
{
	enum violation kind = trial_pass_failed(first, reason);

	if (kind == VIOLATIONS)
		kind = trial_pass_failed(again, reason);
	if (kind == VIOLATIONS &&
	    logs_differ(first->run_log, again->run_log, reason))
		kind = VIOLATION_DIFFERS;
	return kind;
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
	char reason[JOBS_REASON];
	enum violation kind = trial_passes_compare(first, again, reason);
	struct judge_facts facts;

	*trial = (struct trial){
		.events = first->world.events + again->world.events,
		.state_hash = first->world.state_hash,
		.simulated_ns = first->world.end.ns + again->world.end.ns,
	};
	if (kind != VIOLATIONS)
		trial_show(trial, kind, reason);
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
