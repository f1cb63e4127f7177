/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sql_test.c - every statement of every .sql file compiles
 *
 * Against the tables of a database that this program makes, and of one that a
 * program made whose tables were version 3 for the first time; with the
 * temporary tables and functions that readers have by then. Scripts make those
 * and are executed on the way.
 */
#include "sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/analyse/live_sim.h"
#include "harness/analyse/scaling.h"
#include "harness/analyse/view.h"
#include "harness/test/synthetic.h"

static char *
file_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	CHECK_ROW(file != NULL, path);
	if (file == NULL || getdelim(&text, &size, '\0', file) < 0)
		abort();
	fclose(file);
	return text;
}

static void
fresh_make(const char *path)
{
	const struct synthetic_run run = {
		.id = 1,
		.scenario = "some",
		.seed = 1,
		.servers = 4,
		.point = "{}",
		.status = "ok",
		.resolved = "seed: 1",
	};
	sqlite3 *db = synthetic_open(path);

	synthetic_run(db, &run);
	db_close(db);
}

/* From the dump, as `sqlite3 FILE <version3.sql` would. */
static void
old_make(const char *path)
{
	const char *source = getenv("HOMEWARD_SOURCE");
	char dump[512], *text;
	sqlite3 *db;

	snprintf(dump, sizeof(dump), "%s/harness/db/corpus/version3.sql",
		 source != NULL ? source : ".");
	text = file_text(dump);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK(db_exec(db, text) == 0);
	sqlite3_close(db);
	free(text);
}

/* What inserts, which only a writer's connection has to take. */
static bool
is_row(const struct sql *sql)
{
	return strncmp(sql->name, "sql_rows_", strlen("sql_rows_")) == 0;
}

/* One statement, and no other behind it: that would never be reached. */
static void
one_prepare(sqlite3 *db, const struct sql *sql)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = "";

	CHECK_ROW(sqlite3_prepare_v2(db, sql->text, -1, &statement, &rest) ==
			  SQLITE_OK,
		  sql->name);
	CHECK_ROW(rest[strspn(rest, "; \n")] == '\0', sql->name);
	sqlite3_finalize(statement);
}

static void
rows_prepare(const char *path, unsigned *rows)
{
	sqlite3 *db;

	CHECK(db_open(&db, path, DB_WRITE) == 0);
	for (const struct sql *sql = sql_list; sql->name != NULL; sql++) {
		if (!is_row(sql))
			continue;
		++*rows;
		one_prepare(db, sql);
	}
	db_close(db);
}

static void
all_prepare(const char *path, unsigned *statements, unsigned *scripts)
{
	sqlite3 *db;

	CHECK(view_open(&db, path, NULL) == 0);
	if (db == NULL)
		return;
	CHECK(scaling_attach(db) == 0 && live_sim_attach(db) == 0);
	CHECK(db_exec(db, sql_compare_asked) == 0);
	CHECK(db_exec(db, sql_run_store_points) == 0);
	for (const struct sql *sql = sql_list; sql->name != NULL; sql++) {
		CHECK_ROW(sql->text[0] != '\0', sql->name);
		*scripts += sql->script;
		if (sql->script || is_row(sql) ||
		    sql->text == sql_compare_asked ||
		    sql->text == sql_measured_metric_rows ||
		    sql->text == sql_series_candidate)
			continue;
		++*statements;
		one_prepare(db, sql);
	}
	db_close(db);
}

int
main(void)
{
	char folder[] = "/tmp/homeward-XXXXXX", path[64];
	unsigned statements = 0, scripts = 0, rows = 0;

	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/fresh.db", folder);
	fresh_make(path);
	all_prepare(path, &statements, &scripts);
	rows_prepare(path, &rows);
	(void)unlink(path);
	snprintf(path, sizeof(path), "%s/old.db", folder);
	old_make(path);
	all_prepare(path, &statements, &scripts);
	rows_prepare(path, &rows);
	(void)unlink(path);
	(void)rmdir(folder);
	CHECK(statements > 100 && scripts > 10 && rows == 2 * 8);
	return check_done();
}
