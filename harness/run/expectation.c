/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expectation.c - limits beside what the database has
 *
 * A mean over nothing is not 0: the query answers NULL and the assertion
 * fails, since a scenario that measured nothing has shown nothing.
 */
#include "harness/run/expectation.h"

#include <string.h>

#include "harness/db/db.h"
#include "live/conf/units.h"
#include "sim/model/watch.h"

static bool
block_applies(const struct expect *expect, uint32_t block,
	      const struct settings *settings)
{
	for (uint32_t i = 0; i < expect->condition_count; i++) {
		const struct expect_condition *condition =
			&expect->conditions[i];
		char text[KEY_TEXT];

		if (condition->block != block)
			continue;
		key_format(condition->place.key, settings, text);
		if (strcmp(text, condition->text) != 0)
			return false;
	}
	return true;
}

static bool
word_allowed(const struct expect_limit *limit, const char *text)
{
	for (unsigned i = 0; i < 8 * sizeof(limit->words); i++) {
		const char *word = expect_word(limit->by_cause, i);

		if (word != NULL && (limit->words & 1u << i) != 0 &&
		    strcmp(text, word) == 0)
			return true;
	}
	return false;
}

/* Of outcome_all every session's outcome; of cause_all the cause of each that
 * ended badly. 1: failed, and said; 0: holds; -1: the database. */
static int
words_check(const struct expect_limit *limit, sqlite3 *db, int64_t run_id,
	    const char *label, FILE *talk)
{
	sqlite3_stmt *statement = db_prepare(
		db, limit->by_cause
			    ? "SELECT coalesce(cause, 'without a cause'), "
			      "sum(sessions) FROM cause WHERE run_id = ?1 "
			      "GROUP BY cause ORDER BY cause"
			    : "SELECT outcome, count(*) FROM session "
			      "WHERE run_id = ?1 GROUP BY outcome ORDER BY "
			      "outcome");
	char name[KEY_TEXT], bound[EXPECT_BOUND];
	int row, failed = 0;

	if (statement == NULL)
		return -1;
	expect_format(limit, name, bound);
	sqlite3_bind_int64(statement, 1, run_id);
	while ((row = db_step(statement)) == 1) {
		const char *text =
			(const char *)sqlite3_column_text(statement, 0);

		if (word_allowed(limit, text))
			continue;
		if (talk != NULL)
			fprintf(talk,
				"%s: %s: %lld sessions are '%s', not %s\n",
				label, name,
				(long long)sqlite3_column_int64(statement, 1),
				text, bound);
		failed = 1;
	}
	sqlite3_finalize(statement);
	return row < 0 ? -1 : failed;
}

/* Sessions that are broken and excused: `broken` counts them, the summary's
 * line of what is broken leaves them out. */
static int64_t
excused_count(const struct expect_limit *limit, sqlite3 *db, int64_t run_id)
{
	int64_t excused = 0;

	if (strcmp(limit->quantity->name, "broken") != 0)
		return 0;
	sqlite3_stmt *statement =
		db_prepare(db, "SELECT coalesce(sum(excused * sessions), 0) "
			       "FROM cause WHERE run_id = ?1");
	if (statement == NULL)
		return 0;
	sqlite3_bind_int64(statement, 1, run_id);
	if (db_step(statement) == 1)
		excused = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return excused;
}

static int
limit_check(const struct expect_limit *limit, sqlite3 *db, int64_t run_id,
	    const char *label, FILE *talk)
{
	char name[KEY_TEXT], bound[EXPECT_BOUND], text[UNITS_TEXT] = "nothing";
	sqlite3_stmt *statement = db_prepare(db, limit->quantity->sql);
	bool holds = false;
	int row;

	if (statement == NULL)
		return -1;
	sqlite3_bind_int64(statement, 1, run_id);
	row = db_step(statement);
	if (row == 1 && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
		int64_t signed_value = sqlite3_column_int64(statement, 0);
		uint64_t value = signed_value > 0 ? (uint64_t)signed_value : 0;

		holds = limit->least ? value >= limit->bound
				     : value <= limit->bound;
		units_format_decimal(value, limit->quantity->scale, text,
				     sizeof(text));
	}
	sqlite3_finalize(statement);
	if (row < 0)
		return -1;
	if (holds)
		return 0;
	expect_format(limit, name, bound);
	if (talk == NULL)
		return 1;
	fprintf(talk, "%s: %s: expected at %s %s, got %s", label, name,
		limit->least ? "least" : "most", bound, text);
	int64_t excused = excused_count(limit, db, run_id);
	if (excused > 0)
		fprintf(talk, ", %lld of them excused (see unexcused_max)",
			(long long)excused);
	fputc('\n', talk);
	return 1;
}

bool
expectation_applies(const struct expect *expect,
		    const struct settings *settings)
{
	for (uint32_t i = 0; i < expect->limit_count; i++)
		if (block_applies(expect, expect->limits[i].block, settings))
			return true;
	return false;
}

int
expectation_check(const struct expect *expect, sqlite3 *db, int64_t run_id,
		  const struct settings *settings, const char *label,
		  FILE *talk)
{
	int failures = 0;

	for (uint32_t i = 0; i < expect->limit_count; i++) {
		const struct expect_limit *limit = &expect->limits[i];
		int result;

		if (!block_applies(expect, limit->block, settings))
			continue;
		result = limit->quantity == NULL
				 ? words_check(limit, db, run_id, label, talk)
				 : limit_check(limit, db, run_id, label, talk);
		if (result < 0)
			return -1;
		failures += result;
	}
	return failures;
}
