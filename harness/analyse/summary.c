/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - `homeward summary`: what came out, for a person to read
 *
 *	homeward summary [--db FILE] [--scenario NAME] [--pool KEY]...
 *			 [--phase converged|reroute] [--json]
 *
 * One paragraph a series (series.h): times by number of servers and metric,
 * each with the unit that suits it, then how sessions ended. Quantiles are
 * over all operations of all runs of that point that succeeded; `ok` beside
 * `count` says how many did. Where faults strayed sessions, stalls follow by
 * what was cut and, where a live run saw it, by what was at risk and lost
 * (view `cuts`); `waited` are those that waited for a retransmission timer.
 * Last, where sessions strayed, how many were broken (broken.h).
 * --json gives the same numbers in nanoseconds.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyse/query.h"
#include "harness/analyse/series.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sql.h"

/* Prints the rows of a query about one series, if any, after a line end. */
static int
paragraph_print(sqlite3 *db, const char *sql, int64_t series)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, 1, series);
	row = db_step(statement);
	if (row <= 0) {
		sqlite3_finalize(statement);
		return row < 0 ? EXIT_RUNTIME : 0;
	}
	sqlite3_reset(statement);
	putchar('\n');
	return result_print(statement, stdout, RESULT_TEXT, NULL);
}

/* Of each size: how many were broken, and how much that says. */
static int
broken_print(sqlite3 *db, int64_t series)
{
	sqlite3_stmt *statement = db_prepare(db, sql_summary_broken);
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, 1, series);
	while ((row = db_step(statement)) == 1)
		printf("%s\n", (const char *)sqlite3_column_text(statement, 1));
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

static int
summary_text(sqlite3 *db)
{
	sqlite3_stmt *series = db_prepare(db, sql_summary_series);
	int row, code = 0;

	if (series == NULL)
		return EXIT_RUNTIME;
	while (code == 0 && (row = db_step(series)) == 1) {
		int64_t id = sqlite3_column_int64(series, 0);
		int64_t runs = sqlite3_column_int64(series, 4);
		const char *label =
			(const char *)sqlite3_column_text(series, 3);

		printf("%s%s (%s, %lld run%s)", id > 1 ? "\n" : "",
		       (const char *)sqlite3_column_text(series, 1),
		       (const char *)sqlite3_column_text(series, 2),
		       (long long)runs, runs == 1 ? "" : "s");
		if (label[0] != '\0')
			printf(": %s", label);
		putchar('\n');
		code = paragraph_print(db, sql_summary_times, id);
		if (code == 0)
			code = paragraph_print(db, sql_summary_stalls, id);
		if (code == 0)
			code = paragraph_print(db, sql_summary_outcomes, id);
		if (code == 0)
			code = broken_print(db, id);
	}
	if (code == 0 && row < 0)
		code = EXIT_RUNTIME;
	sqlite3_finalize(series);
	return code;
}

static int
summary_json(sqlite3 *db)
{
	struct json json = json_begin(stdout, JSON_SPACED);
	int code;

	json_object(&json, NULL);
	code = result_json(db_prepare(db, sql_summary_times_json), &json,
			   "metrics", NULL);
	if (code != 0)
		return code;
	code = result_json(db_prepare(db, sql_summary_stalls_json), &json,
			   "stalls", NULL);
	if (code != 0)
		return code;
	code = result_json(db_prepare(db, sql_summary_outcomes_json), &json,
			   "outcomes", NULL);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
	return code;
}

static const struct verb_option options[] = {
	QUERY_DB,
	QUERY_SCENARIO,
	QUERY_POOL,
	QUERY_PHASE,
	QUERY_JSON("print it as JSON, times in nanoseconds"),
	{ 0 },
};

static int
summary_run(int argc, char **argv)
{
	struct query query = QUERY_DEFAULT;
	int count = options_read(&verb_summary, argc, argv, &query);
	const char *phase = query_phase(&query);
	sqlite3 *db;
	int code;

	if (count < 0)
		return -count;
	code = view_open(&db, query.db, query.scenario);
	if (code != 0)
		return code;
	code = series_pool(db, &query.pool);
	if (code == 0 && phase != NULL && view_phase(db, phase) != 0)
		code = EXIT_RUNTIME;
	if (code == 0)
		code = query.json ? summary_json(db) : summary_text(db);
	db_close(db);
	return code;
}

const struct verb verb_summary = {
	.name = "summary",
	.summary = "print what runs measured",
	.run = summary_run,
	.options = options,
};
