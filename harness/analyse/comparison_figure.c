/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * comparison_figure.c - see comparison_figure.h
 */
#include "harness/analyse/comparison_figure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sim/model/metric.h"
#include "sql.h"

/* What the tests say about one panel, in a line: p of exchanging whole runs, or
 * else of single values, and then it says so. */
static void
note_make(sqlite3_stmt *row, char *note, size_t size)
{
	double p = sqlite3_column_double(row, 7);
	bool runs =
		strcmp((const char *)sqlite3_column_text(row, 9), "runs") == 0;

	snprintf(note, size, "%s: U, p %s%.*f%s; D = %.2f",
		 (const char *)sqlite3_column_text(row, 10),
		 p < 1e-4 ? "< " : "= ",
		 p < 1e-3  ? 4
		 : p < 0.1 ? 3
			   : 2,
		 p < 1e-4 ? 1e-4 : p, runs ? "" : " (values)",
		 sqlite3_column_double(row, 8));
}

/* One panel's variables: name3, note3, sim3, live3, simmedian3 ... */
static void
panel_add(struct variables *inputs, sqlite3_stmt *row)
{
	int panel = sqlite3_column_int(row, 0);
	const char *metric = (const char *)sqlite3_column_text(row, 1);
	char name[32], text[160], time[RESULT_TIME];

	if (metric_find(metric) != NULL)
		metric = metric_find(metric)->label;
	snprintf(name, sizeof(name), "name%d", panel);
	variable_add_plain(inputs, name, metric);
	if (sqlite3_column_type(row, 7) == SQLITE_NULL)
		snprintf(text, sizeof(text), "%s: too few to test",
			 (const char *)sqlite3_column_text(row, 10));
	else
		note_make(row, text, sizeof(text));
	snprintf(name, sizeof(name), "note%d", panel);
	variable_add_plain(inputs, name, text);
	for (int world = 0; world < 2; world++) {
		const char *which = world == 0 ? "sim" : "live";
		double median = sqlite3_column_double(row, 5 + world);

		snprintf(name, sizeof(name), "%s%d", which, panel);
		snprintf(text, sizeof(text), "%s, n = %lld",
			 world == 0 ? "simulated" : "live",
			 (long long)sqlite3_column_int64(row, 3 + world));
		variable_add(inputs, name, text);
		snprintf(name, sizeof(name), "%smedian%d", which, panel);
		snprintf(text, sizeof(text), "%.9g", fmax(median, 1) / 1e6);
		variable_add(inputs, name, text);
		snprintf(name, sizeof(name), "%stext%d", which, panel);
		result_time(time, median);
		snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(time, "u"),
			 time, strchr(time, 'u') != NULL ? "µs" : "");
		variable_add(inputs, name, text);
	}
}

int
comparison_figure_add(sqlite3 *db, const char *scenario,
		      struct variables *inputs, char *subtitle, size_t size)
{
	sqlite3_stmt *rows = db_prepare(db, sql_plot_panels);
	char count[16] = "0";
	int row = -1;

	while (rows != NULL && (row = db_step(rows)) == 1) {
		panel_add(inputs, rows);
		snprintf(count, sizeof(count), "%d",
			 sqlite3_column_int(rows, 0));
		snprintf(subtitle, size,
			 "%s: %d servers, %d simulated and %d live runs",
			 scenario, sqlite3_column_int(rows, 2),
			 sqlite3_column_int(rows, 11),
			 sqlite3_column_int(rows, 12));
		if (sqlite3_column_int(rows, 14) > 1 &&
		    sqlite3_column_int(rows, 0) == 1) {
			/* The figure shows one pair: name it, and count the
			 * others. */
			fprintf(stderr,
				"homeward: %s: compare shows %s, the newest of "
				"%d pairs\n",
				scenario,
				(const char *)sqlite3_column_text(rows, 13),
				sqlite3_column_int(rows, 14));
		}
		if (sqlite3_column_int(rows, 14) > 1)
			snprintf(subtitle + strlen(subtitle),
				 size - strlen(subtitle), ", 1 of %d pairs",
				 sqlite3_column_int(rows, 14));
	}
	sqlite3_finalize(rows);
	variable_add(inputs, "panels", count);
	return row < 0 ? EXIT_RUNTIME : 0;
}
