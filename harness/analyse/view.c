/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.c - the queries
 *
 * Time until a traditional balancer detects a failure (view `balancers`).
 * The paper's Table 1 gives check interval I, attempts A and timeout W, all
 * that a health checker knows. A failure falls anywhere between two checks:
 *
 *	ok    fails   failed 1    ...    failed A   acts
 *	|-------x-------|-----------------|----------|
 *	        0..I         (A - 1) I         W
 *
 *	earliest = (A - 1) I + W	latest = A I + W
 *
 * With the minima of AWS (5, 1, 5) that is 5 to 10 s: the paper's "theoretical
 * minimum of traditional solution, which is between 5 and 10 seconds" (9.3),
 * so this is how its authors counted. f5 has no attempts: its timeout, three
 * intervals and a second, spans them (A = 1, I = 5, W = 16). Default attempts
 * and intervals with a given timeout; the paper gives no minimum of a timeout.
 *
 * Which curves a distribution shows (temporary view `curve`): of one series up
 * to five sizes, evenly among those there are; of several series the largest
 * size of each, six series at most (`tier` 2); of settings, which are two
 * curves each, three (`tier` 1); of detections, which are a row each, eight
 * (`tier` 3). A figure with more is not read; view `shown` counts what is left
 * out, and the figure says so. Only with Homeward on: without it nothing is
 * stored or looked up.
 */
#include "harness/analyse/view.h"

#include <stdio.h>
#include <string.h>

#include "harness/analyse/live_sim.h"
#include "harness/analyse/scaling.h"
#include "harness/analyse/series.h"
#include "harness/base/exit.h"
#include "harness/db/broken.h"
#include "harness/db/db.h"
#include "sim/model/cause.h"
#include "sim/model/metric.h"
#include "sql.h"

static const struct view views[] = {
	{ "runs", "what was run, on what, at what cost", VIEW_ROWS, RESULT_TSV,
	  sql_view_runs },
	{ "setting", "storing a session: a row each acknowledgement", VIEW_ROWS,
	  RESULT_TSV, sql_view_setting },
	{ "detection", "link down to the first stray it caused", VIEW_ROWS,
	  RESULT_TSV, sql_view_detection },
	{ "lookup", "looking a session's owner up", VIEW_ROWS, RESULT_TSV,
	  sql_view_lookup },
	{ "stall",
	  "longest gap between new bytes after a fault, and before; none of a "
	  "reset session",
	  VIEW_ROWS, RESULT_TSV, sql_view_stall },
	{ "hops", "how many rounds lookups took", VIEW_ROWS, RESULT_TSV,
	  sql_view_hops },
	{ "sessions", "TCP sessions and how they ended", VIEW_ROWS, RESULT_TSV,
	  sql_view_sessions },
	{ "samples", "in-order bytes of sampled sessions over time", VIEW_ROWS,
	  RESULT_TSV, sql_view_samples },
	{ "rates", "a sampled session's speed before a fault and after it",
	  VIEW_ROWS, RESULT_TSV, sql_view_rates },
	{ "faults", "what was broken, and when", VIEW_ROWS, RESULT_TSV,
	  sql_view_faults },
	{ "counters", "totals by device (empty: the whole run)", VIEW_ROWS,
	  RESULT_TSV, sql_view_counters },
	{ "measurements", "all that was timed, of every metric", VIEW_ROWS,
	  RESULT_TSV, sql_view_measurements },
	{ "lookup-askers",
	  "lookups by who asked: found beside the truth, missed and proved",
	  VIEW_ROWS, RESULT_TSV, sql_view_lookup_askers },
	{ "fit", "lines fitted to T(n), a row each (fit.h)", VIEW_FITS,
	  RESULT_TSV, sql_view_fit },
	{ "fit-points", "means by number of servers, with 95 % intervals",
	  VIEW_FITS, RESULT_TSV, sql_view_fit_points },
	{ "fit-curve", "the two logarithms with their 95 % confidence bands",
	  VIEW_FITS, RESULT_TSV, sql_view_fit_curve },
	{ "summary", "every metric at every point, in ms", VIEW_ROWS,
	  RESULT_TSV, sql_view_summary },
	{ "outcomes", "sessions, strays, faults and messages at every point",
	  VIEW_ROWS, RESULT_TSV, sql_view_outcomes },
	{ "balancers", "when the balancers of the paper's Table 1 act",
	  VIEW_ROWS, RESULT_TSV, sql_view_balancers },
	{ "setting-curves", "distribution of setting times", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_setting_curves },
	{ "distributions", "distribution of every metric", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_distributions },
	{ "lookup-curves", "distribution of lookup times", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_lookup_curves },
	{ "hops-curves", "shares of lookups by rounds", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_hops_curves },
	{ "detection-curves", "each detection, by series", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_detection_curves },
	{ "throughput-curves",
	  "bytes of one session through a failure, with and without", VIEW_ROWS,
	  RESULT_BLOCKS, sql_view_throughput_curves },
	{ "cuts",
	  "a fault and a session that it strayed: what was at risk, and lost",
	  VIEW_ROWS, RESULT_TSV, sql_view_cuts },
	{ "stalls", "stalls of strayed sessions by what was cut and lost",
	  VIEW_ROWS, RESULT_TSV, sql_view_stalls },
	{ "compare", "simulated beside live, a row each metric (live_sim.h)",
	  VIEW_COMPARISONS, RESULT_TSV, sql_view_compare },
	{ "compare-curves", "distributions of what `compare` draws",
	  VIEW_COMPARISONS, RESULT_BLOCKS, sql_view_compare_curves },
	{ NULL, NULL, VIEW_ROWS, RESULT_TSV, NULL },
};

const struct view *
view_list(void)
{
	return views;
}

const struct view *
view_find(const char *name)
{
	for (const struct view *view = views; view->name != NULL; view++)
		if (strcmp(view->name, name) == 0)
			return view;
	return NULL;
}

/* SQL: time_text(ns), as people read times. */
static void
time_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	char text[RESULT_TIME];

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		sqlite3_result_text(context, "-", -1, SQLITE_STATIC);
	else
		sqlite3_result_text(
			context,
			result_time(text, sqlite3_value_double(values[0])), -1,
			SQLITE_TRANSIENT);
}

/* SQL: tier_text(target), "leaf1-server3" without its digits. */
static void
tier_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *target = (const char *)sqlite3_value_text(values[0]);
	char text[64];
	size_t length = 0;

	(void)count;
	if (target == NULL)
		return;
	for (; *target != '\0' && length + 1 < sizeof(text); target++)
		if (*target < '0' || *target > '9')
			text[length++] = *target;
	sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
}

static int
functions_register(sqlite3 *db)
{
	static const struct db_function rows[] = {
		{ "time_text", 1, time_function },
		{ "tier_text", 1, tier_function },
	};
	int code = db_functions(db, rows, sizeof(rows) / sizeof(rows[0]));

	return code != 0 ? code : broken_register(db);
}

/* Temporary table metric_row, the same rows in SQL. */
static int
metrics_attach(sqlite3 *db)
{
	sqlite3_stmt *statement;
	int row = 0;

	if (db_exec(db, sql_measured_metric_rows) != 0)
		return EXIT_RUNTIME;
	statement = db_prepare(db, sql_measured_metric_row);
	if (statement == NULL)
		return EXIT_RUNTIME;
	for (int i = 0; row == 0 && i < METRIC_COUNT; i++) {
		const struct metric_row *metric = metric_row((enum metric)i);

		sqlite3_bind_text(statement, 1, metric->name, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(statement, 2, i);
		sqlite3_bind_text(statement, 3, metric->label, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(statement, 4, (int)metric->fitted);
		sqlite3_bind_int(statement, 5, metric->compared);
		sqlite3_bind_int(statement, 6, (int)metric->curves);
		row = db_step(statement);
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

int
view_open(sqlite3 **db, const char *path, const char *scenario)
{
	size_t count = 0;
	int code = db_open(db, path, DB_READ);

	if (code != 0)
		return code;
	/* One snapshot: a run that ends meanwhile is not half seen. */
	if (db_exec(*db, "BEGIN") != 0 ||
	    series_attach(*db, scenario, &count) != 0)
		code = EXIT_RUNTIME;
	else
		code = functions_register(*db);
	if (code == 0)
		code = metrics_attach(*db);
	if (code == 0)
		code = db_exec(*db, sql_measured_views);
	if (code == 0 && count == 0) {
		if (scenario != NULL)
			fprintf(stderr,
				"homeward: %s: no finished run of scenario "
				"'%s'\n",
				path, scenario);
		else
			fprintf(stderr, "homeward: %s: no finished run\n",
				path);
		code = EXIT_INCONCLUSIVE;
	}
	if (code != 0) {
		db_close(*db);
		*db = NULL;
	}
	return code;
}

int
view_phase(sqlite3 *db, const char *phase)
{
	sqlite3_stmt *statement = db_prepare(db, sql_measured_phase);
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_text(statement, 1, phase, -1, SQLITE_STATIC);
	row = db_step(statement);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

sqlite3_stmt *
view_prepare(sqlite3 *db, const struct view *view)
{
	static const struct {
		const char *there; /* how many of its tables */
		int (*attach)(sqlite3 *);
	} needs[] = {
		[VIEW_ROWS] = { NULL, NULL },
		[VIEW_FITS] = { sql_measured_fits, scaling_attach },
		[VIEW_COMPARISONS] = { sql_measured_comparisons,
				       live_sim_attach },
	};
	int64_t there = 1;

	if (needs[view->needs].there != NULL &&
	    db_number(db, needs[view->needs].there, 0, &there) != 0)
		return NULL;
	if (there == 0 && needs[view->needs].attach(db) != 0)
		return NULL;
	return db_prepare(db, view->sql);
}
