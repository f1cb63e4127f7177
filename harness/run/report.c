/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - what `homeward run` says at its end
 *
 * Data: a line a run (or one JSON object). Talk: how many runs went where,
 * which expectations were missed, and the command that repeats it all.
 */
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/run/run.h"
#include "harness/scenario/expect.h"

#define REPORT_LINES 20 /* missed expectations told one by one */

/* A word as a shell reads it back. */
static void
word_print(const char *word, FILE *file)
{
	if (word[0] != '\0' &&
	    strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_./=:,+-@%") == strlen(word)) {
		fputs(word, file);
		return;
	}
	fputc('\'', file);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", file);
		else
			fputc(*word, file);
	}
	fputc('\'', file);
}

void
run_command(const struct run *run, bool resume, FILE *file)
{
	const struct run_options *options = run->options;

	if (run->ranks != NULL)
		fprintf(file, "mpirun -n %u ", mpi_scheduler_count(run->ranks));
	fputs("homeward run ", file);
	if (options->live)
		fputs("--in live ", file);
	fputs("--db ", file);
	word_print(options->db, file);
	for (uint32_t i = 0; i < options->set_count; i++) {
		fputs(" --set ", file);
		word_print(options->sets[i], file);
	}
	if (resume)
		fputs(" --resume", file);
	if (options->check)
		fputs(" --check-determinism", file);
	if (options->trace != NULL) {
		fputs(" --trace ", file);
		word_print(options->trace, file);
	}
	fputc(' ', file);
	word_print(options->path, file);
}

/* Failures of all runs that are there; the first of them said. -1: the
 * database. */
static int
expectations_check(struct run *run)
{
	int failures = 0;

	for (uint32_t i = 0; i < run->point_count; i++) {
		char label[SWEEP_LABEL], where[SWEEP_LABEL + 32];
		int result;

		if (run->points[i].state != RUN_OK)
			continue;
		sweep_point_make(run->scenario, i, &run->point);
		sweep_point_label(run->scenario, &run->point, label);
		snprintf(where, sizeof(where), "run %lld (%s)",
			 (long long)run->points[i].id, label);
		result = expect_check(&run->scenario->expect, run->db,
				      run->points[i].id, &run->point.settings,
				      where,
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

static int
runs_print(struct run *run, int missed)
{
	sqlite3_stmt *statement;
	char command[8192] = "";
	FILE *file = fmemopen(command, sizeof(command) - 1, "w");

	if (file != NULL) {
		run_command(run, false, file);
		fclose(file);
	}
	if (run->options->json)
		statement = db_prepare(
			run->db,
			"SELECT json_object('scenario', ?1, 'db', ?2, "
			"'expectations_missed', ?3, 'deterministic', json(?4), "
			"'repeat', ?5, 'runs', (SELECT json_group_array("
			"json_object('id', r.id, 'point', json(r.point), "
			"'seed', r.seed, 'status', r.status, 'wall_s', "
			"r.wall_s, 'cpu_s', r.cpu_s, 'peak_rss_bytes', "
			"r.peak_rss_bytes, 'events', r.events, 'state_hash', "
			"r.state_hash)) FROM temp.point p "
			"JOIN run r ON r.id = p.run_id))");
	else
		statement = db_prepare(
			run->db,
			"SELECT printf('run %d: %s, %s, %.2f s, %d events, "
			"state %s', r.id, p.label, r.status, r.wall_s, "
			"r.events, coalesce(r.state_hash, '-')) "
			"FROM temp.point p JOIN run r ON r.id = p.run_id "
			"ORDER BY p.i");
	if (statement == NULL)
		return EXIT_RUNTIME;
	if (run->options->json) {
		sqlite3_bind_text(statement, 1, run->scenario->name, -1,
				  SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, run->options->db, -1,
				  SQLITE_STATIC);
		sqlite3_bind_int(statement, 3, missed);
		sqlite3_bind_text(statement, 4,
				  !run->options->check ? "null"
				  : run->differs       ? "false"
						       : "true",
				  -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 5, command, -1, SQLITE_STATIC);
	}
	return db_print(statement, stdout);
}

static void
talk(struct run *run, int missed)
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
		fprintf(stderr, "%s: all expectations hold\n", name);
	if (missed > 0)
		fprintf(stderr, "%s: %d expectations are missed\n", name,
			missed);
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
	int missed = expectations_check(run);

	if (missed < 0 || ids_fill(run) != 0 || runs_print(run, missed) != 0)
		return EXIT_RUNTIME;
	talk(run, missed);
	if (run->code != EXIT_OK)
		return run->code;
	if (run->failed > 0)
		return EXIT_RUNTIME;
	return missed > 0 || run->differs ? EXIT_GATE : EXIT_OK;
}
