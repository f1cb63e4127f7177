/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - what `homeward run` says at its end
 *
 * Data: a line a run (or one JSON object). Talk: how many runs went where,
 * which expectations were missed, and the command that repeats it all.
 */
#include <string.h>

#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/base/shell_word.h"
#include "harness/db/broken.h"
#include "harness/db/db.h"
#include "harness/db/quantile.h"
#include "harness/run/expectation.h"
#include "harness/run/run.h"

#define BROKEN_SAID                                                            \
	"broken_text(count(*), sum(strayed), sum(broken), sum(excused), "      \
	"quantile(iif(strayed AND NOT broken, stall_ns, NULL), 0.99), "        \
	"max(iif(strayed AND NOT broken, stall_ns, NULL))) FROM temp.judged "  \
	"j WHERE j.run_id = r.id"
#define REPORT_LINES 20 /* missed expectations told one by one */

void
run_command(const struct run *run, bool resume, FILE *file)
{
	const struct run_options *options = run->options;

	if (crew_ranks(run->crew) > 1)
		fprintf(file, "mpirun -n %u ", crew_ranks(run->crew));
	fputs("homeward run ", file);
	if (options->live)
		fputs("--in live ", file);
	fputs("--db ", file);
	shell_word_print(options->db, file);
	for (uint32_t i = 0; i < options->sets.count; i++) {
		fputs(" --set ", file);
		shell_word_print(options->sets.text[i], file);
	}
	if (resume)
		fputs(" --resume", file);
	if (options->check)
		fputs(" --check-determinism", file);
	if (options->trace != NULL) {
		fputs(" --trace ", file);
		shell_word_print(options->trace, file);
	}
	fputc(' ', file);
	shell_word_print(options->path, file);
}

/* Failures of all runs that are there; the first of them said. -1: the
 * database. any: an expectation is of one of these runs. */
static int
expectations_check(struct run *run, bool *any)
{
	int failures = 0;

	*any = false;
	for (uint32_t i = 0; i < run->point_count; i++) {
		char label[SWEEP_LABEL], where[SWEEP_LABEL + 32];
		int result;

		if (run->points[i].state != RUN_OK)
			continue;
		sweep_point_make(run->scenario, i, &run->point);
		sweep_point_label(run->scenario, &run->point, label);
		snprintf(where, sizeof(where), "run %lld (%s)",
			 (long long)run->points[i].id, label);
		*any = *any || expectation_applies(&run->scenario->expect,
						   &run->point.settings);
		result = expectation_check(
			&run->scenario->expect, run->db, run->points[i].id,
			&run->point.settings, where,
			failures < REPORT_LINES ? stderr : NULL);
		if (result < 0)
			return -1;
		failures += result;
	}
	if (failures > REPORT_LINES)
		fprintf(stderr, "... and more\n");
	return failures;
}

/* Ids of points that were there before are not in the table yet. */
static int
ids_fill(struct run *run)
{
	sqlite3_stmt *statement = db_prepare(
		run->db, "UPDATE temp.point SET run_id = ?2 WHERE i = ?1");
	int code = statement != NULL ? 0 : EXIT_RUNTIME;

	for (uint32_t i = 0; code == 0 && i < run->point_count; i++) {
		if (run->points[i].id == 0)
			continue;
		sqlite3_bind_int64(statement, 1, i);
		sqlite3_bind_int64(statement, 2, run->points[i].id);
		if (db_step(statement) != 0)
			code = EXIT_RUNTIME;
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
	return code;
}

/* The rows of the report's query as an array. */
static int
rows_json(sqlite3_stmt *statement, struct json *json)
{
	int row = -1;

	while (statement != NULL && (row = db_step(statement)) == 1) {
		const char *text[12];

		for (int i = 0; i < 12; i++)
			text[i] =
				(const char *)sqlite3_column_text(statement, i);
		json_object(json, NULL);
		json_raw(json, "id", text[0]);
		json_raw(json, "point", text[1]);
		json_raw(json, "seed", text[2]);
		json_text(json, "status", text[3]);
		json_text(json, "reason", text[9]);
		json_raw(json, "wall_s", text[4]);
		json_raw(json, "cpu_s", text[5]);
		json_raw(json, "peak_rss_bytes", text[6]);
		json_raw(json, "events", text[7]);
		json_text(json, "state_hash", text[8]);
		json_raw(json, "causes", text[10]);
		json_text(json, "broken", text[11]);
		json_end(json);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

static int
runs_json(struct run *run, int missed)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	char command[8192] = "";
	FILE *file = fmemopen(command, sizeof(command) - 1, "w");
	int code;

	if (file != NULL) {
		run_command(run, false, file);
		fclose(file);
	}
	json_object(&json, NULL);
	json_text(&json, "scenario", run->scenario->name);
	json_text(&json, "db", run->options->db);
	json_int(&json, "expectations_missed", missed);
	if (run->options->check)
		json_bool(&json, "deterministic", !run->differs);
	else
		json_null(&json, "deterministic");
	json_text(&json, "repeat", command);
	json_array(&json, "runs");
	code = rows_json(
		db_prepare(run->db,
			   "SELECT r.id, r.point, r.seed, r.status, r.wall_s,"
			   " r.cpu_s, r.peak_rss_bytes, r.events,"
			   " r.state_hash, r.reason, (SELECT "
			   "json_group_object(what, n)"
			   " FROM (SELECT coalesce(cause, outcome) AS what,"
			   " sum(sessions) AS n FROM cause c"
			   " WHERE c.run_id = r.id GROUP BY what)),"
			   " (SELECT " BROKEN_SAID ")"
			   " FROM temp.point p JOIN run r ON r.id = p.run_id"),
		&json);
	json_end(&json);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
	return code;
}

static int
runs_print(struct run *run)
{
	sqlite3_stmt *statement = db_prepare(
		run->db,
		"SELECT printf('run %d: %s, %s, %.2f s, %d events, "
		"state %s%s', r.id, p.label, r.status, r.wall_s, "
		"r.events, coalesce(r.state_hash, '-'), "
		"coalesce((SELECT '; ' || group_concat(n || ' ' || "
		"what, ', ') FROM (SELECT coalesce(cause, outcome) "
		"AS what, sum(sessions) AS n FROM cause c WHERE "
		"c.run_id = r.id GROUP BY what ORDER BY n DESC, what"
		")), '')) || coalesce('; ' || (SELECT " BROKEN_SAID
		"), '') FROM temp.point p JOIN run r ON r.id = p.run_id "
		"ORDER BY p.i");

	return statement == NULL ? EXIT_RUNTIME : db_print(statement, stdout);
}

static void
talk(struct run *run, int missed, bool any)
{
	const char *name = run->scenario->name;

	if (run->options->aside)
		fprintf(stderr, "%s: %u of %u points ran", name, run->finished,
			run->point_count);
	else
		fprintf(stderr, "%s: %u of %u points are in %s", name,
			run->finished, run->point_count, run->options->db);
	if (run->before > 0)
		fprintf(stderr, ", %u of them from before", run->before);
	if (run->failed > 0)
		fprintf(stderr, ", %u failed", run->failed);
	fputc('\n', stderr);
	if (run->scenario->expect.limit_count > 0 && missed == 0 &&
	    run->code == EXIT_OK && run->failed == 0)
		fprintf(stderr,
			any ? "%s: all expectations hold\n"
			    : "%s: warning: no expectation was checked: no "
			      "'where' is of these runs\n",
			name);
	if (missed > 0)
		fprintf(stderr,
			missed == 1 ? "%s: %d expectation is missed\n"
				    : "%s: %d expectations are missed\n",
			name, missed);
	if (run->options->check && !run->differs && run->code == EXIT_OK)
		fprintf(stderr, "%s: two runs of each point are the same\n",
			name);
	if (run->options->aside)
		return;
	if (run->finished < run->point_count) {
		fprintf(stderr, "%s; go on with: ",
			run->interrupted ? "interrupted" : "stopped");
		run_command(run, true, stderr);
	} else {
		fprintf(stderr, "repeat with: ");
		run_command(run, false, stderr);
	}
	fputc('\n', stderr);
}

int
run_report(struct run *run)
{
	bool any;
	int missed = expectations_check(run, &any);

	if (missed < 0 || quantile_register(run->db) != 0 ||
	    broken_register(run->db) != 0 || ids_fill(run) != 0 ||
	    (run->options->json ? runs_json(run, missed) : runs_print(run)) !=
		    0)
		return EXIT_RUNTIME;
	talk(run, missed, any);
	if (run->code != EXIT_OK)
		return run->code;
	if (run->failed > 0)
		return EXIT_RUNTIME;
	return missed > 0 || run->differs ? EXIT_GATE : EXIT_OK;
}
