/* SPDX-License-Identifier: GPL-3.0-or-later */
/* upgrade.c - columns that versions brought; see upgrade.h */
#include "harness/db/upgrade.h"

#include <stddef.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "sql.h"

/* A version's columns stand in the order of schema.sql, at its tables' ends;
 * the constraint is that of schema.sql, too. */
static const struct {
	int version;
	const char *table, *column, *type;
} added[] = {
	{ 4, "measurement", "asked",
	  "TEXT CHECK (asked IN ('load', 'stray', 'retry', 'operator'))" },
	{ 4, "measurement", "conclusive",
	  "INTEGER CHECK (conclusive IN (0, 1))" },
	{ 4, "measurement", "found",
	  "TEXT CHECK (found IN ('right', 'removed', 'wrong'))" },
	{ 4, "measurement", "owned", "INTEGER CHECK (owned IN (0, 1))" },
	{ 4, "measurement", "age_ns", "INTEGER" },
	{ 4, "run", "reason", "TEXT" },
	{ 4, "run", "warnings",
	  "TEXT CHECK (warnings IS NULL OR json_valid(warnings))" },
	{ 4, "session", "cause",
	  "TEXT CHECK (cause IN ('unfinished', 'owner_dead', 'handshake', "
	  "'record_gone', 'budget', 'half_open', 'unreachable', "
	  "'unprotected', 'old_socket', 'no_socket', 'owner_closed', "
	  "'silent', 'unsure'))" },
};
#define ADDED (sizeof(added) / sizeof(added[0]))

/* Run a statement made by sqlite3_mprintf() and free it. */
static int
run(sqlite3 *db, char *sql)
{
	int code = sql != NULL ? db_exec(db, sql)
			       : db_complain(db, "no memory for a statement");

	sqlite3_free(sql);
	return code;
}

/* The views of our version instead of the file's. */
static int
views_renew(sqlite3 *db)
{
	sqlite3_stmt *statement =
		db_prepare(db, "SELECT group_concat('DROP VIEW \"' || name || "
			       "'\";', ' ') FROM sqlite_schema "
			       "WHERE type = 'view'");
	char *drop = NULL;

	if (statement == NULL)
		return EXIT_RUNTIME;
	if (db_step(statement) == 1)
		drop = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	int code = run(db, drop);
	return code != 0 ? code : db_exec(db, sql_schema_views);
}

int
upgrade_tables(sqlite3 *db, int64_t version)
{
	if (version == DB_VERSION)
		return 0;
	for (size_t i = 0; i < ADDED; i++) {
		if (added[i].version <= version)
			continue;
		char *sql = sqlite3_mprintf("ALTER TABLE %s ADD COLUMN %s %s",
					    added[i].table, added[i].column,
					    added[i].type);
		if (run(db, sql) != 0)
			return EXIT_RUNTIME;
	}
	if (views_renew(db) != 0)
		return EXIT_RUNTIME;
	return run(db, sqlite3_mprintf("PRAGMA user_version = %d", DB_VERSION));
}

/* ", NULL AS asked, NULL AS ..." for one table; to be sqlite3_free()d. */
static char *
missing_columns(const char *table, int64_t version)
{
	sqlite3_str *text = sqlite3_str_new(NULL);

	for (size_t i = 0; i < ADDED; i++)
		if (added[i].version > version &&
		    strcmp(added[i].table, table) == 0)
			sqlite3_str_appendf(text, ", NULL AS %s",
					    added[i].column);
	return sqlite3_str_finish(text);
}

int
upgrade_reading(sqlite3 *db, int64_t version)
{
	for (size_t i = 0; i < ADDED; i++) {
		const char *table = added[i].table;
		bool first = added[i].version > version;

		for (size_t before = 0; before < i; before++)
			first &= added[before].version <= version ||
				 strcmp(added[before].table, table) != 0;
		if (!first)
			continue;
		char *columns = missing_columns(table, version);
		int code =
			run(db, sqlite3_mprintf("CREATE TEMP VIEW %s AS SELECT "
						"rowid, *%s FROM main.%s",
						table, columns, table));
		sqlite3_free(columns);
		if (code != 0)
			return code;
	}
	return 0;
}
