/* SPDX-License-Identifier: GPL-3.0-or-later */
/* account_test.c - what is printed of findings, with and without known kinds */
#include "harness/explore/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"

#define MILLION UINT64_C(1000000)

enum what {
	NOTHING,
	LATE, /* worlds 2, 3, ... 11 show it, the third of them twice */
	EXCUSED /* all of them together */
};

static const struct {
	const char *sentence;
	enum what what;
	const char *known; /* a kind; NULL: none */
	bool json;
	const char *line; /* that is there, or part of JSON; NULL: no line */
	const char *absent; /* and that is not; NULL: not asked */
} rows[] = {
	{ "nothing", NOTHING, NULL, false, NULL, "found" },
	{ "a kind", LATE, NULL, false,
	  "found: late in 10 of 12 worlds, first seed 9, 11 times\n", "known" },
	{ "each world in full", LATE, NULL, false,
	  "seed 9: late: world 2; repeat with: homeward explore --seed 9 "
	  "--seeds 1\n",
	  NULL },
	{ "but not more than are kept", LATE, NULL, false, "seed 16: late",
	  "seed 17: late" },
	{ "a known kind", LATE, "late", false,
	  "known: late in 10 of 12 worlds, first seed 9, 11 times\n",
	  "repeat" },
	{ "another is known", LATE, "storm", false,
	  "known: storm in 0 of 12 worlds\n", NULL },
	{ "as JSON", LATE, NULL, true,
	  "\"kinds\":[{\"kind\":\"late\",\"known\":false,\"worlds\":10,"
	  "\"count\":11}],\"violations\":[{\"world\":\"seed 9\",\"seed\":9,",
	  "found:" },
	{ "how it ended, as JSON", NOTHING, NULL, true,
	  "\"seed\":7,\"seeds\":12,\"worlds\":12,\"ended\":\"over\","
	  "\"next\":19,",
	  NULL },
	{ "known, as JSON", LATE, "late", true,
	  "\"violations\":[],\"known_violations\":[{\"world\":\"seed 9\",",
	  NULL },
	{ "what all worlds show is repeated with all", EXCUSED, NULL, false,
	  "repeat with: homeward explore --seed 7 --seeds 12\n", "seed 7:" },
	{ "in words", EXCUSED, NULL, false, "found: excused in all 12 worlds\n",
	  NULL },
	{ "known", EXCUSED, "excused", false,
	  "known: excused in all 12 worlds\n", "repeat" },
	{ "known, but not shown", NOTHING, "excused", false,
	  "known: excused in none of 12 worlds\n", NULL },
	{ "all worlds, as JSON", EXCUSED, NULL, true,
	  "{\"world\":\"all worlds\",\"seed\":null,\"kind\":\"excused\",",
	  NULL },
	{ "made small, but not to the end", LATE, NULL, true,
	  "\"shrunk\":[{\"kind\":\"late\",\"path\":\"\",\"reason\":\"\","
	  "\"events\":0,\"servers\":0,\"sessions\":0,\"runs\":0,"
	  "\"interrupted\":true}]",
	  NULL },
	{ "with their command", EXCUSED, NULL, true,
	  "\"repeat\":\"homeward explore --seed 7 --seeds 12\"", NULL },
};

static struct trial
trial_make(enum what what, uint32_t index)
{
	struct trial trial = { .events = 1 };
	char sentence[32];

	(void)snprintf(sentence, sizeof(sentence), "world %u", index);
	if (what == LATE && index >= 2)
		trial_show(&trial, VIOLATION_LATE, sentence);
	if (what == LATE && index == 4)
		trial_show(&trial, VIOLATION_LATE, "again");
	if (what == EXCUSED)
		trial.excuse = (struct excuse){ .worlds = 1,
						.sessions = 10,
						.bereft = 10,
						.bereft_ppm = MILLION,
						.expected_ppm = 1 };
	return trial;
}

static void
row_run(size_t row, FILE *talk)
{
	struct worlds *worlds = worlds_of_seeds(7, 12);
	struct shrink_result *shrunk = calloc(VIOLATIONS, sizeof(*shrunk));
	struct known known = { 0 };
	struct findings findings = { 0 };
	struct account account = { .worlds = worlds,
				   .known = &known,
				   .findings = &findings,
				   .shrunk = shrunk,
				   .json = rows[row].json };
	const struct hunt_result result = { .next = 12, .elapsed_s = 1 };

	if (rows[row].known != NULL)
		known.kinds[violation_find(rows[row].known)] = true;
	for (uint32_t i = 0; i < 12; i++) {
		struct trial trial = trial_make(rows[row].what, i);

		findings_add(&findings, i, &trial);
		account_world(&account, i, &trial);
		trial_release(&trial);
	}
	findings_finish(&findings);
	shrunk[VIOLATION_LATE].shown = rows[row].what == LATE;
	shrunk[VIOLATION_LATE].interrupted = true;
	CHECK_ROW(account_violations(&account, true) +
				  account_violations(&account, false) ==
			  (rows[row].what == LATE      ? 10
			   : rows[row].what == EXCUSED ? 1
						       : 0),
		  rows[row].sentence);
	account_print(&account, &result);
	fflush(talk);
	findings_release(&findings);
	worlds_destroy(worlds);
	free(shrunk);
}

/* Standard output goes into a file for the while. */
static void
row_test(size_t row)
{
	static char text[65536];
	FILE *file = tmpfile();
	int before = dup(STDOUT_FILENO);

	fflush(stdout);
	CHECK(file != NULL && dup2(fileno(file), STDOUT_FILENO) >= 0);
	row_run(row, stdout);
	fflush(stdout);
	CHECK(dup2(before, STDOUT_FILENO) >= 0);
	close(before);
	rewind(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	if (rows[row].line != NULL)
		CHECK_ROW(strstr(text, rows[row].line) != NULL,
			  rows[row].sentence);
	if (rows[row].absent != NULL)
		CHECK_ROW(strstr(text, rows[row].absent) == NULL,
			  rows[row].sentence);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_test(i);
	return check_done();
}
