/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upgrade_test.c - a database of version 3 is read as it is, and a writer makes
 * its tables and views those of a new one
 */
#include "harness/db/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/db/db.h"

static char folder[] = "/tmp/homeward-XXXXXX";

static void
path_of(const char *name, char path[64])
{
	snprintf(path, 64, "%s/%s", folder, name);
}

/* The database that the dump is of. */
static void
dump_load(const char *path)
{
	const char *source = getenv("HOMEWARD_SOURCE");
	char file_name[512];
	sqlite3 *db = NULL;
	struct stat status;

	snprintf(file_name, sizeof(file_name),
		 "%s/harness/db/corpus/version3.sql",
		 source != NULL ? source : ".");
	FILE *file = fopen(file_name, "r");
	CHECK_ROW(file != NULL, file_name);
	if (file == NULL || fstat(fileno(file), &status) != 0)
		return;
	char *text = calloc(1, (size_t)status.st_size + 1);
	CHECK(text != NULL && fread(text, 1, (size_t)status.st_size, file) ==
				      (size_t)status.st_size);
	fclose(file);
	CHECK(sqlite3_open(path, &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
	free(text);
}

/* All that says what a database is made of, in one text; to be freed. */
static char *
shape(sqlite3 *db)
{
	sqlite3_stmt *statement = db_prepare(
		db, "SELECT group_concat(x, char(10)) FROM (SELECT s.type || "
		    "' ' || s.name || '.' || c.name || ' ' || c.type AS x "
		    "FROM main.sqlite_schema s JOIN pragma_table_info(s.name) "
		    "c WHERE s.type IN ('table', 'view') "
		    "ORDER BY s.type, s.name, c.cid)");
	char *text = NULL;

	if (statement != NULL && db_step(statement) == 1)
		text = strdup((const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return text;
}

static int64_t
number(sqlite3 *db, const char *sql)
{
	int64_t value;

	CHECK_ROW(db_number(db, sql, -1, &value) == 0, sql);
	return value;
}

static void
test_reading(const char *path)
{
	static const char *const none[] = {
		"SELECT count(asked) FROM measurement",
		"SELECT count(conclusive) FROM measurement",
		"SELECT count(found) FROM measurement",
		"SELECT count(owned) FROM measurement",
		"SELECT count(age_ns) FROM measurement",
		"SELECT count(cause) FROM session",
	};
	sqlite3 *db = NULL;

	CHECK(db_open(&db, path, DB_READ) == 0);
	CHECK(number(db, "SELECT count(*) FROM measurement") > 100);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK_ROW(number(db, none[i]) == 0, none[i]);
	CHECK(number(db, "SELECT count(DISTINCT rowid) FROM measurement") ==
	      number(db, "SELECT count(*) FROM main.measurement"));
	CHECK(number(db, "PRAGMA user_version") == 3);
	db_close(db);
}

static void
test_writing(const char *path, const char *fresh)
{
	sqlite3 *db = NULL, *new = NULL;

	for (int again = 0; again < 2; again++) {
		CHECK(db_open(&db, path, DB_WRITE) == 0);
		CHECK(number(db, "PRAGMA user_version") == DB_VERSION);
		CHECK(number(db, "SELECT count(*) FROM metric") ==
		      number(db, "SELECT count(*) FROM measurement"));
		db_close(db);
	}
	CHECK(db_open(&db, path, DB_READ) == 0);
	CHECK(db_open(&new, fresh, DB_WRITE) == 0);
	char *upgraded = shape(db), *made = shape(new);
	CHECK(upgraded != NULL && made != NULL);
	if (upgraded != NULL && made != NULL)
		CHECK_ROW(strcmp(upgraded, made) == 0, upgraded);
	/* The constraints came along. */
	CHECK(sqlite3_exec(new,
			   "INSERT INTO measurement(run_id, metric, at_ns,"
			   " value_ns, local, ok, found) VALUES (1, 'x',"
			   " 0, 0, 0, 1, 'perhaps')",
			   NULL, NULL, NULL) == SQLITE_CONSTRAINT);
	db_close(db);
	CHECK(db_open(&db, path, DB_WRITE) == 0);
	CHECK(sqlite3_exec(db,
			   "INSERT INTO measurement(run_id, metric, at_ns,"
			   " value_ns, local, ok, found) VALUES (1, 'x',"
			   " 0, 0, 0, 1, 'perhaps')",
			   NULL, NULL, NULL) == SQLITE_CONSTRAINT);
	free(upgraded);
	free(made);
	db_close(db);
	db_close(new);
}

static void
test_unknown(const char *path)
{
	static const int versions[] = { UPGRADE_OLDEST - 1, DB_VERSION + 1 };
	sqlite3 *db = NULL;
	char sql[64];

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d",
			 versions[i]);
		CHECK(sqlite3_open(path, &db) == SQLITE_OK);
		CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
		sqlite3_close(db);
		CHECK_ROW(db_open(&db, path, DB_READ) != 0, sql);
		CHECK_ROW(db_open(&db, path, DB_WRITE) != 0, sql);
	}
}

int
main(void)
{
	char old[64], fresh[64], command[128];

	CHECK(mkdtemp(folder) != NULL);
	path_of("old.db", old);
	path_of("new.db", fresh);
	dump_load(old);
	test_reading(old);
	test_writing(old, fresh);
	test_unknown(old);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(system(command) == 0);
	return check_done();
}
