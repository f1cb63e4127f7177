/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.c - points of a sweep and rows of the database
 *
 * A run is known again by its scenario written in full, its swept values and
 * its seed. Point i of a sweep gets id base + i. A resumed sweep continues
 * with the base of what is there, so it ends in the very rows that an
 * uninterrupted one would have left; only where another scenario has taken
 * such an id meanwhile, the next free one is used.
 */
#include <stdlib.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/run_log.h"
#include "harness/run/run.h"
#include "sql.h"

static int
points_list(struct run *run)
{
	sqlite3_stmt *statement;
	int code = 0;

	if (db_exec(run->db, "PRAGMA temp_store = MEMORY") != 0 ||
	    db_exec(run->db, sql_run_store_points) != 0 ||
	    db_exec(run->db, "BEGIN") != 0)
		return EXIT_RUNTIME;
	statement = db_prepare(run->db, sql_run_store_point);
	for (uint32_t i = 0;
	     statement != NULL && code == 0 && i < run->point_count; i++) {
		char label[SWEEP_LABEL], *json;

		sweep_point_make(run->scenario, i, &run->point);
		sweep_point_label(run->scenario, &run->point, label);
		json = sweep_point_json(run->scenario, &run->point);
		sqlite3_bind_int64(statement, 1, i);
		sqlite3_bind_text(statement, 2, json, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 3,
				   (int64_t)run->point.settings.seed);
		sqlite3_bind_text(statement, 4, label, -1, SQLITE_STATIC);
		if (json == NULL || db_step(statement) != 0)
			code = EXIT_RUNTIME;
		sqlite3_reset(statement);
		free(json);
	}
	if (statement == NULL)
		code = EXIT_RUNTIME;
	sqlite3_finalize(statement);
	return code == 0 ? db_exec(run->db, "COMMIT") : EXIT_RUNTIME;
}

/* Mark points that the database has, whole or failed. */
static int
points_match(struct run *run)
{
	sqlite3_stmt *statement = db_prepare(run->db, sql_run_store_match);
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_text(statement, 1, run->resolved, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, run->scenario->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, run_world(run->options), -1,
			  SQLITE_STATIC);
	while ((row = db_step(statement)) == 1) {
		int64_t index = sqlite3_column_int64(statement, 0);
		int64_t id = sqlite3_column_int64(statement, 1);
		bool ok = sqlite3_column_int(statement, 2) != 0;
		struct run_point *point = &run->points[index];

		run->base_id = id - index;
		if (!ok && point->state == RUN_OK)
			continue;
		point->id = id;
		point->state = ok ? RUN_OK : RUN_WAITING;
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* A sweep that was killed could not say how to go on: say it to the user who
 * starts it again. */
static int
rest_mention(struct run *run)
{
	sqlite3_stmt *statement = db_prepare(run->db, sql_run_store_there);
	int64_t there = 0;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_text(statement, 1, run->resolved, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, run->scenario->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, run_world(run->options), -1,
			  SQLITE_STATIC);
	if (db_step(statement) == 1)
		there = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (there > 0 && there < run->point_count)
		fprintf(stderr,
			"%s: %lld of %u points are in %s from before; "
			"--resume would run the others only\n",
			run->scenario->name, (long long)there, run->point_count,
			run->options->db);
	return 0;
}

int
run_prepare(struct run *run)
{
	int64_t last;

	if (points_list(run) != 0 ||
	    db_number(run->db, sql_run_store_last, 0, &last) != 0)
		return EXIT_RUNTIME;
	run->base_id = last + 1;
	if ((run->options->resume ? points_match(run) : rest_mention(run)) != 0)
		return EXIT_RUNTIME;
	for (uint32_t i = 0; i < run->point_count; i++)
		run->before += run->points[i].state == RUN_OK;
	run->finished = run->before;
	return 0;
}

/* Within the transaction: an id that no run has. 0: an error, said. */
static int64_t
id_choose(struct run *run, uint32_t index)
{
	struct run_point *point = &run->points[index];
	int64_t wanted = point->id > 0 ? point->id : run->base_id + index;
	char sql[128];
	int64_t taken, last;

	if (point->id > 0) {
		/* It failed before: this run takes its slot. */
		snprintf(sql, sizeof(sql), "DELETE FROM run WHERE id = %lld",
			 (long long)point->id);
		if (db_exec(run->db, sql) != 0)
			return 0;
		point->id = 0;
	}
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM run WHERE id = %lld",
		 (long long)wanted);
	if (db_number(run->db, sql, 0, &taken) != 0 ||
	    db_number(run->db, sql_run_store_last, 0, &last) != 0)
		return 0;
	return taken == 0 && wanted > 0 ? wanted : last + 1;
}

static void
rows_fill(struct run *run, const struct jobs_result *result, int64_t id,
	  const char *json)
{
	const struct world_result *world = &result->world;
	struct watch watch = run_writer_watch(&run->rows);
	char reason[JOBS_REASON], *warnings;
	struct run_writer_run row = {
		.id = id,
		.scenario = run->scenario->name,
		.world = run_world(run->options),
		.seed = run->point.settings.seed,
		.servers = run->point.settings.fabric.servers,
		.point = json,
		.started_at = result->started_at,
		.ok = result->exit_code == EXIT_OK,
		.wall_s = result->wall_s,
		.cpu_s = result->cpu_s,
		.peak_rss_bytes = result->peak_rss_bytes,
		.events = world->events,
		.state_hash = world->state_hash,
		.host = result->host,
		.kernel = result->kernel,
		.resolved = run->resolved,
		.settings = &run->point.settings,
	};

	jobs_reason(result, reason);
	row.reason = reason[0] != '\0' ? reason : NULL;
	warnings = remarks_json(run->scenario, &run->point.settings,
				row.ok ? result->run_log : NULL);
	row.warnings = warnings;
	run_writer_run(&run->rows, &row);
	free(warnings);
	if (!row.ok)
		return;
	run_log_read(result->run_log, &watch);
	watch.counter(watch.context, "", "zero_ns", (uint64_t)world->zero.ns);
}

int
run_store(struct run *run, const struct jobs_result *result)
{
	struct run_point *point = &run->points[result->point];
	char *json, sql[128];
	int64_t id;
	int code;

	sweep_point_make(run->scenario, result->point, &run->point);
	json = sweep_point_json(run->scenario, &run->point);
	if (json == NULL || run_writer_begin(&run->rows) != 0) {
		free(json);
		return EXIT_RUNTIME;
	}
	id = id_choose(run, result->point);
	if (id != 0)
		rows_fill(run, result, id, json);
	else
		run->rows.failed = true;
	code = run_writer_commit(&run->rows);
	free(json);
	if (code != 0)
		return code;
	point->id = id;
	snprintf(sql, sizeof(sql),
		 "UPDATE temp.point SET run_id = %lld WHERE i = %u",
		 (long long)id, result->point);
	return db_exec(run->db, sql);
}
