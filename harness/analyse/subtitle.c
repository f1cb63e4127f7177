/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * subtitle.c - counts of runs, series and sessions, as a phrase
 */
#include "harness/analyse/subtitle.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "sql.h"

int
subtitle_make(sqlite3 *db, const char *scenario, char *subtitle)
{
	sqlite3_stmt *statement = db_prepare(db, sql_plot_runs);
	int row = statement != NULL ? db_step(statement) : -1;

	if (row == 1) {
		int k = sqlite3_column_int(statement, 1);
		int simulated = sqlite3_column_int(statement, 2);
		int live = sqlite3_column_int(statement, 3);
		char text[32] = "", first[48] = "", second[48] = "";

		if (sqlite3_column_int(statement, 0) == 1)
			snprintf(text, sizeof(text), "k = %d, ", k);
		if (simulated > 0 || live == 0)
			snprintf(first, sizeof(first), "%d simulated%s",
				 simulated, live > 0 ? " and " : "");
		if (live > 0)
			snprintf(second, sizeof(second), "%d live", live);
		snprintf(subtitle, SUBTITLE, "%s: %s%s%s %s", scenario, text,
			 first, second, simulated + live == 1 ? "run" : "runs");
	}
	sqlite3_finalize(statement);
	return row == 1 ? 0 : EXIT_RUNTIME;
}

int
subtitle_shown(sqlite3 *db, const char *figure, const char *metric,
	       const char *scenario, char *subtitle)
{
	sqlite3_stmt *statement = db_prepare(db, sql_plot_shown);
	char part[64] = "", rest[SUBTITLE];
	int n[5] = { 0 }, row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_text(statement, 1, metric, -1, SQLITE_STATIC);
	row = db_step(statement);
	for (int i = 0; row == 1 && i < 5; i++)
		n[i] = sqlite3_column_int(statement, i);
	sqlite3_finalize(statement);
	if (row < 0)
		return EXIT_RUNTIME;
	if (n[0] < n[1])
		snprintf(part, sizeof(part), "%d of %d series", n[0], n[1]);
	if (n[2] < n[3] && n[2] == 1)
		snprintf(part + strlen(part), sizeof(part) - strlen(part),
			 "%sn = %d of %d sizes", part[0] != '\0' ? ", " : "",
			 n[4], n[3]);
	else if (n[2] < n[3])
		snprintf(part + strlen(part), sizeof(part) - strlen(part),
			 "%s%d of %d sizes", part[0] != '\0' ? ", " : "", n[2],
			 n[3]);
	if (part[0] == '\0')
		return 0;
	fprintf(stderr, "homeward: %s: %s shows %s\n", scenario, figure, part);
	/* After the scenario's name and its ": ". */
	snprintf(rest, sizeof(rest), "%s", subtitle + strlen(scenario) + 2);
	snprintf(subtitle, SUBTITLE, "%s: %s, %.*s", scenario, part,
		 (int)(SUBTITLE / 2), rest);
	return 0;
}

int
subtitle_session(sqlite3 *db, const char *scenario, char *subtitle)
{
	int64_t sessions, live;

	if (db_number(db, sql_plot_moved, 0, &sessions) != 0 ||
	    db_number(db, sql_plot_live, 0, &live) != 0)
		return EXIT_RUNTIME;
	snprintf(subtitle, SUBTITLE, "%s, %s%s", scenario,
		 live != 0 ? "live" : "simulated",
		 sessions > 1 ? ": the longest stall of" : "");
	if (sessions > 1)
		snprintf(subtitle + strlen(subtitle),
			 SUBTITLE - strlen(subtitle), " %lld sessions",
			 (long long)sessions);
	return 0;
}
