/* SPDX-License-Identifier: GPL-3.0-or-later */
/* findings_test.c - many worlds, little memory; trials of made run logs */
#include "harness/explore/findings.h"

#include <stdio.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/base/exit.h"
#include "harness/db/run_log.h"

#define WORLDS 100000

/* Every third world shows one kind, every seventh another, twice. */
static struct trial
trial_make(uint32_t index)
{
	struct trial trial = { .events = 2,
			       .simulated_ns = 500000000,
			       .state_hash = index };
	char sentence[32];

	(void)snprintf(sentence, sizeof(sentence), "world %u", index);
	if (index % 3 == 2)
		trial_show(&trial, VIOLATION_LATE, sentence);
	if (index % 7 == 6) {
		trial_show(&trial, VIOLATION_STORM, sentence);
		trial_show(&trial, VIOLATION_STORM, "not this");
	}
	return trial;
}

static void
many_test(void)
{
	struct findings findings = { 0 };
	const struct finding *late = &findings.kinds[VIOLATION_LATE];
	const struct finding *storm = &findings.kinds[VIOLATION_STORM];

	for (uint32_t i = 0; i < WORLDS; i++) {
		struct trial trial = trial_make(i);

		findings_add(&findings, i, &trial);
		trial_release(&trial);
	}
	CHECK(findings.worlds == WORLDS);
	CHECK(findings.events == 2 * WORLDS);
	CHECK(findings.simulated_s > WORLDS / 2 - 1 &&
	      findings.simulated_s < WORLDS / 2 + 1);
	CHECK(late->worlds == WORLDS / 3 && late->count == WORLDS / 3);
	CHECK(storm->worlds == WORLDS / 7 && storm->count == 2 * storm->worlds);
	CHECK(findings.kinds[VIOLATION_CRASH].worlds == 0);
	CHECK(late->kept == FINDINGS_KEPT && storm->kept == FINDINGS_KEPT);
	CHECK(late->first[0].index == 2 && late->first[7].index == 23);
	CHECK(strcmp(late->first[1].sentence, "world 5") == 0);
	CHECK(strcmp(storm->first[0].sentence, "world 6") == 0);
	findings_release(&findings);
	CHECK(findings.worlds == 0 && findings.kinds[VIOLATION_LATE].kept == 0);
}

/* What no world shows alone. */
static void
excuse_test(void)
{
	for (unsigned lost = 0; lost < 2; lost++) {
		struct findings findings = { 0 };
		const struct finding *excused =
			&findings.kinds[VIOLATION_EXCUSED];
		struct trial trial = { 0 };

		excuse_add(&trial.excuse,
			   &(struct judge_facts){ .bereft_of = 2,
						  .bereft = lost });
		for (uint32_t i = 0; i < 100; i++)
			findings_add(&findings, i, &trial);
		CHECK(excused->worlds == 0);
		findings_finish(&findings);
		CHECK(excused->worlds == lost && excused->count == lost);
		CHECK(lost == 0 || excused->first[0].index == 99);
		findings_release(&findings);
	}
}

/* The hash tells one world's end from another's. */
static void
hash_test(void)
{
	struct findings same[2] = { 0 }, other = { 0 };

	for (uint32_t i = 0; i < 3; i++) {
		const struct trial trial = { .state_hash = i };
		const struct trial changed = { .state_hash = i == 1 ? 7 : i };

		findings_add(&same[0], i, &trial);
		findings_add(&same[1], i, &trial);
		findings_add(&other, i, &changed);
	}
	CHECK(same[0].state_hash == same[1].state_hash);
	CHECK(same[0].state_hash != other.state_hash);
}

static const struct {
	const char *sentence;
	int codes[2]; /* exit codes of the passes */
	const char *said[2]; /* of each pass's judge; NULL: nothing */
	uint64_t counted; /* by the judge, of kind late */
	uint64_t events[2];
	enum violation shown[3]; /* VIOLATIONS: the end */
	uint64_t count; /* of the first that is shown */
	const char *reason; /* and its sentence */
} rows[] = {
	{ "nothing",
	  { 0, 0 },
	  { NULL, NULL },
	  0,
	  { 9, 9 },
	  { VIOLATIONS },
	  0,
	  NULL },
	{ "the judge's words",
	  { 0, 0 },
	  { "slow", "slow" },
	  1,
	  { 9, 9 },
	  { VIOLATION_LATE, VIOLATIONS },
	  1,
	  "slow" },
	{ "more than were said",
	  { 0, 0 },
	  { "slow", "slow" },
	  12,
	  { 9, 9 },
	  { VIOLATION_LATE, VIOLATIONS },
	  12,
	  "slow" },
	{ "two results",
	  { 0, 0 },
	  { NULL, NULL },
	  0,
	  { 9, 8 },
	  { VIOLATION_DIFFERS, VIOLATIONS },
	  1,
	  "record 2 differs: first: end events=9 "
	  "state_hash=0000000000000000 zero_ns=0 end_ns=0 stopped=0 stuck=0 "
	  "second: end events=8 state_hash=0000000000000000 zero_ns=0 "
	  "end_ns=0 stopped=0 stuck=0" },
	{ "two judgements",
	  { 0, 0 },
	  { "slow", NULL },
	  1,
	  { 9, 9 },
	  { VIOLATION_DIFFERS, VIOLATION_LATE, VIOLATIONS },
	  1,
	  NULL },
	{ "a pass was killed",
	  { 128 + 11, 0 },
	  { NULL, NULL },
	  0,
	  { 9, 9 },
	  { VIOLATION_CRASH, VIOLATIONS },
	  1,
	  "killed by signal 11 (Segmentation fault)" },
	{ "the second was",
	  { 0, 128 + 6 },
	  { NULL, NULL },
	  0,
	  { 9, 9 },
	  { VIOLATION_CRASH, VIOLATIONS },
	  1,
	  "killed by signal 6 (Aborted)" },
	{ "killed, and what it had said before",
	  { 128 + 6, 128 + 6 },
	  { "slow", "slow" },
	  0,
	  { 0, 0 },
	  { VIOLATION_CRASH, VIOLATION_LATE, VIOLATIONS },
	  1,
	  "killed by signal 6 (Aborted)" },
	{ "no end",
	  { JOBS_STUCK, JOBS_STUCK },
	  { NULL, NULL },
	  0,
	  { 9, 9 },
	  { VIOLATION_NO_PROGRESS, VIOLATIONS },
	  1,
	  NULL },
	{ "no world",
	  { EXIT_USAGE, EXIT_USAGE },
	  { NULL, NULL },
	  0,
	  { 0, 0 },
	  { VIOLATION_REFUSED, VIOLATIONS },
	  1,
	  "no world can be made of it" },
};

static struct jobs_result
pass_make(size_t row, unsigned pass)
{
	struct jobs_result result = {
		.pass = pass,
		.exit_code = rows[row].codes[pass],
		.run_log = run_log_create(),
		.world = { .events = rows[row].events[pass], .judged = true },
	};
	struct watch watch = run_log_watch(result.run_log);

	if (rows[row].said[pass] != NULL)
		watch.violation(watch.context,
				&(struct watch_violation){
					.kind = VIOLATION_LATE,
					.sentence = rows[row].said[pass],
				});
	result.world.facts.violations[VIOLATION_LATE] = rows[row].counted;
	if (jobs_log_is_whole(result.exit_code))
		(void)run_log_end(result.run_log, &result.world);
	(void)fflush(result.run_log);
	return result;
}

static void
trial_test(size_t row)
{
	struct jobs_result first = pass_make(row, 0);
	struct jobs_result again = pass_make(row, 1);
	const struct settings settings = { .seed = 1 };
	char reason[JOBS_REASON];
	struct trial trial;
	unsigned shown = 0, wanted = 0;
	enum violation kind = rows[row].shown[0];

	trial_take(&trial, &settings, &first, &again);
	enum violation of_passes = trial_passes_compare(&first, &again, reason);
	CHECK_ROW(of_passes == (kind == VIOLATION_LATE ? VIOLATIONS : kind),
		  rows[row].sentence);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		shown += trial.shown[i].count > 0;
	for (; rows[row].shown[wanted] != VIOLATIONS; wanted++)
		CHECK_ROW(trial.shown[rows[row].shown[wanted]].count > 0,
			  rows[row].sentence);
	CHECK_ROW(shown == wanted, rows[row].sentence);
	if (kind != VIOLATIONS)
		CHECK_ROW(trial.shown[kind].count == rows[row].count,
			  rows[row].sentence);
	if (rows[row].reason != NULL)
		CHECK_ROW(strcmp(trial.shown[kind].sentence,
				 rows[row].reason) == 0,
			  rows[row].sentence);
	CHECK_ROW(trial.floors.worlds == jobs_log_is_whole(rows[row].codes[0]),
		  rows[row].sentence);
	trial_release(&trial);
	(void)fclose(first.run_log);
	(void)fclose(again.run_log);
}

int
main(void)
{
	many_test();
	excuse_test();
	hash_test();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		trial_test(i);
	return check_done();
}
