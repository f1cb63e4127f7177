/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - `homeward compare`: is the simulator right about the live world?
 *
 *	homeward compare [--db FILE] [--scenario NAME] [--pool KEY]...
 *			 [--metric METRIC]... [--phase converged|reroute]
 *			 [--json]
 *
 * For each pair of series (live_sim.h): a table with both worlds, then a
 * sentence a comparison. --json has all numbers. Standard error says which
 * scenario is in both worlds and yet has no pair, and why. Exit 4 when there
 * is nothing to compare, or a metric is there (or asked for) of which no
 * comparison has enough values.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyse/live_sim.h"
#include "harness/analyse/query.h"
#include "harness/analyse/series.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sim/model/metric.h"
#include "sql.h"

/* Temporary table asked(metric, place, by_name). */
static int
asked_make(sqlite3 *db, const bool *asked, bool all)
{
	sqlite3_stmt *statement;
	int row = 0;

	if (db_exec(db, sql_compare_asked) != 0)
		return EXIT_RUNTIME;
	statement = db_prepare(db, sql_compare_ask);
	if (statement == NULL)
		return EXIT_RUNTIME;
	for (int i = 0; row == 0 && i < METRIC_COUNT; i++) {
		const struct metric_row *metric = metric_row((enum metric)i);

		if (!metric->compared || (!all && !asked[i]))
			continue;
		sqlite3_bind_text(statement, 1, metric->name, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(statement, 2, i);
		sqlite3_bind_int(statement, 3, !all);
		row = db_step(statement);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

static sqlite3_stmt *
pair_prepare(sqlite3 *db, const char *sql, int64_t pair)
{
	sqlite3_stmt *statement = db_prepare(db, sql);

	if (statement != NULL)
		sqlite3_bind_int64(statement, 1, pair);
	return statement;
}

static const char *
column(sqlite3_stmt *statement, int index)
{
	return (const char *)sqlite3_column_text(statement, index);
}

static const char *
local_reason(const char *metric)
{
	const struct metric_row *row = metric_find(metric);

	return row != NULL && row->local != NULL ? row->local : "local";
}

/* "left out, live lookup: 10 of 20 local (the asker held it), 2 failed" */
static int
pair_left(sqlite3 *db, int64_t pair)
{
	sqlite3_stmt *statement = pair_prepare(db, sql_compare_left, pair);
	int row = -1;

	while (statement != NULL && (row = db_step(statement)) == 1) {
		const char *metric = column(statement, 1);

		printf("left out, %s %s: ", column(statement, 0), metric);
		if (sqlite3_column_int64(statement, 2) > 0)
			printf("%s of %s local (%s)%s", column(statement, 2),
			       column(statement, 4), local_reason(metric),
			       sqlite3_column_int64(statement, 3) > 0 ? ", "
								      : "");
		if (sqlite3_column_int64(statement, 3) > 0)
			printf("%s of %s failed", column(statement, 3),
			       column(statement, 4));
		putchar('\n');
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* A sentence a comparison, then what was left out. */
static int
pair_words(sqlite3 *db, int64_t pair)
{
	sqlite3_stmt *statement = pair_prepare(db, sql_compare_words, pair);
	int row = -1;

	putchar('\n');
	while (statement != NULL && (row = db_step(statement)) == 1) {
		if (sqlite3_column_int(statement, 4) > 1)
			printf("%s servers, ", column(statement, 0));
		printf("%s, %s: %s\n", column(statement, 1),
		       column(statement, 2), column(statement, 3));
	}
	sqlite3_finalize(statement);
	if (row < 0)
		return EXIT_RUNTIME;
	return pair_left(db, pair);
}

static int
compare_text(sqlite3 *db)
{
	sqlite3_stmt *pairs = db_prepare(db, sql_compare_pairs);
	int row = -1, code = 0;
	bool first = true;

	while (pairs != NULL && code == 0 && (row = db_step(pairs)) == 1) {
		int64_t pair = sqlite3_column_int64(pairs, 0);
		const char *label = column(pairs, 2);

		printf("%s%s%s%s\n\n", first ? "" : "\n", column(pairs, 1),
		       label[0] != '\0' ? ": " : "", label);
		first = false;
		code = result_print(pair_prepare(db, sql_compare_worlds, pair),
				    stdout, RESULT_TEXT, NULL);
		if (code == 0)
			code = pair_words(db, pair);
	}
	sqlite3_finalize(pairs);
	return code == 0 && row < 0 ? EXIT_RUNTIME : code;
}

/* Say what could not be compared; EXIT_INCONCLUSIVE if anything. */
static int
compare_judge(sqlite3 *db)
{
	int64_t count;
	sqlite3_stmt *statement = db_prepare(db, sql_compare_lonely);
	int row = -1, code = EXIT_OK;

	while (statement != NULL && (row = db_step(statement)) == 1) {
		fprintf(stderr,
			"homeward: %s: in both worlds, but not with the same "
			"settings: %s\n",
			column(statement, 0), column(statement, 1));
		code = EXIT_INCONCLUSIVE;
	}
	sqlite3_finalize(statement);
	if (row < 0 || db_number(db, sql_compare_count, 0, &count) != 0)
		return EXIT_RUNTIME;
	if (count == 0 && code == EXIT_OK) {
		fputs("homeward: nothing to compare: no scenario was run in "
		      "both worlds\n",
		      stderr);
		return EXIT_INCONCLUSIVE;
	}
	statement = db_prepare(db, sql_compare_missing);
	row = -1;
	while (statement != NULL && (row = db_step(statement)) == 1) {
		fprintf(stderr, "homeward: %s: too few to compare\n",
			column(statement, 0));
		code = EXIT_INCONCLUSIVE;
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : code;
}

static const char *
metric_word(size_t index)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric_row *metric = metric_row((enum metric)i);

		if (metric->compared && index-- == 0)
			return metric->name;
	}
	return NULL;
}

struct wish {
	struct query query;
	bool asked[METRIC_COUNT]; /* none: all */
};

/* Marks it in asked[]. */
static int
metric_ask(const struct verb *verb, const struct verb_option *option,
	   const char *text, void *member)
{
	bool *asked = member;

	(void)option;
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric_row *metric = metric_row((enum metric)i);

		if (metric->compared && strcmp(text, metric->name) == 0) {
			asked[i] = true;
			return 0;
		}
	}
	return usage_unknown(verb, "metric", text, metric_word);
}

static const struct verb_option options[] = {
	QUERY_DB,
	QUERY_SCENARIO,
	QUERY_POOL,
	{ "metric", "METRIC",
	  "one that both worlds measure; may be repeated; all of them "
	  "without it",
	  metric_ask, .at = offsetof(struct wish, asked), .repeats = true,
	  .word = metric_word },
	QUERY_PHASE,
	QUERY_JSON("print all numbers as JSON, times in nanoseconds"),
	{ 0 },
};

static int
compare_run(int argc, char **argv)
{
	struct wish wish = { .query = QUERY_DEFAULT };
	int count = options_read(&verb_compare, argc, argv, &wish);
	const char *phase = query_phase(&wish.query);
	bool all = true;
	sqlite3 *db;
	int code;

	if (count < 0)
		return -count;
	for (int i = 0; i < METRIC_COUNT; i++)
		all &= !wish.asked[i];
	code = view_open(&db, wish.query.db, wish.query.scenario);
	if (code != 0)
		return code;
	code = series_pool(db, &wish.query.pool);
	if (code == 0 &&
	    ((phase != NULL && view_phase(db, phase) != 0) ||
	     live_sim_attach(db) != 0 || asked_make(db, wish.asked, all) != 0))
		code = EXIT_RUNTIME;
	if (code == 0)
		code = wish.query.json
			       ? result_print(db_prepare(db, sql_compare_json),
					      stdout, RESULT_JSON, NULL)
			       : compare_text(db);
	if (code == 0)
		code = compare_judge(db);
	db_close(db);
	return code;
}

const struct verb verb_compare = {
	.name = "compare",
	.summary = "compare simulated with live runs",
	.run = compare_run,
	.options = options,
	.notes = "Exit 4 when there are too few values of one world (below "
		 "8).\n",
};
