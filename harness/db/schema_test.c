/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema_test.c - doc/database.md has each table, view and column, and no other
 *
 * A heading "### name" is a table or view, a row "| column | ..." of the table
 * below it a column. Both ways, and in the same order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"
#include "harness/db/db.h"
#include "sim/model/cause.h"

#define LINES 256
#define TEXT  96

/* "run.id", "run.scenario" ... */
struct columns {
	char names[LINES][TEXT];
	size_t count;
};

static void
column_add(struct columns *columns, const char *table, const char *column)
{
	CHECK(columns->count < LINES);
	if (columns->count < LINES)
		snprintf(columns->names[columns->count++], TEXT, "%.40s.%.40s",
			 table, column);
}

static void
document_read(FILE *file, struct columns *columns)
{
	char line[1024], table[64] = "", column[64];
	bool body = false;

	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '#') {
			table[0] = '\0';
			body = false;
			(void)sscanf(line, "### %63[a-z_]", table);
		} else if (strncmp(line, "|---", 4) == 0) {
			body = true;
		} else if (body && table[0] != '\0' &&
			   sscanf(line, "| %63[a-z0-9_] |", column) == 1) {
			column_add(columns, table, column);
			/* Unit, meaning and NULL are there, if empty. */
			size_t bars = 0;
			for (const char *c = line; *c != '\0'; c++)
				bars += *c == '|';
			CHECK_ROW(bars == 5, line);
		}
	}
}

static void
schema_read(sqlite3 *db, struct columns *columns)
{
	sqlite3_stmt *statement =
		db_prepare(db, "SELECT s.name, c.name FROM sqlite_schema s"
			       " JOIN pragma_table_info(s.name) c"
			       " WHERE s.type IN ('table', 'view')"
			       " ORDER BY s.type, s.rowid, c.cid");

	CHECK(statement != NULL);
	while (statement != NULL && db_step(statement) == 1)
		column_add(columns,
			   (const char *)sqlite3_column_text(statement, 0),
			   (const char *)sqlite3_column_text(statement, 1));
	sqlite3_finalize(statement);
}

static bool
has(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->names[i], name) == 0)
			return true;
	return false;
}

/* The column takes every cause and no other word, and the view excuses those
 * that the program does. */
static void
test_causes(sqlite3 *db)
{
	CHECK(db_exec(db, "INSERT INTO run(id, scenario, world, seed, servers, "
			  "point, started_at, status, versions, resolved) "
			  "VALUES (1, 's',"
			  " 'sim', 1, 4, '{}', 'now', 'ok', '{}', '')") == 0);
	for (unsigned i = 0; i < CAUSES; i++) {
		const char *name = cause_name((enum cause)i);
		char sql[256];
		int64_t excused;

		snprintf(sql, sizeof(sql),
			 "DELETE FROM session; INSERT INTO session(run_id, "
			 "flow, bytes, strays, outcome, cause) VALUES (1, 0, "
			 "0, 0, 'timeout', nullif('%s', ''))",
			 name != NULL ? name : "");
		CHECK_ROW(db_exec(db, sql) == 0, sql);
		CHECK(db_number(db, "SELECT excused FROM cause", -1,
				&excused) == 0);
		CHECK_ROW(excused == (i > 0 && cause_excused((enum cause)i)),
			  sql);
	}
	CHECK(sqlite3_exec(db,
			   "INSERT INTO session(run_id, flow, bytes, strays,"
			   " outcome, cause) VALUES (1, 0, 0, 0, 'timeout',"
			   " 'bad luck')",
			   NULL, NULL, NULL) == SQLITE_CONSTRAINT);
}

int
main(void)
{
	static struct columns document, schema;
	const char *source = getenv("HOMEWARD_SOURCE");
	char folder[] = "/tmp/homeward-XXXXXX", path[64], page[512];
	sqlite3 *db = NULL;
	FILE *file;

	snprintf(page, sizeof(page), "%s/doc/database.md",
		 source != NULL ? source : ".");
	file = fopen(page, "r");
	CHECK_ROW(file != NULL, page);
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/test.db", folder);
	CHECK(db_open(&db, path, DB_WRITE) == 0);
	if (file == NULL || db == NULL)
		return check_done();
	document_read(file, &document);
	fclose(file);
	schema_read(db, &schema);
	test_causes(db);
	db_close(db);
	CHECK(schema.count > 80);
	for (size_t i = 0; i < schema.count; i++)
		CHECK_ROW(has(&document, schema.names[i]), schema.names[i]);
	for (size_t i = 0; i < document.count; i++)
		CHECK_ROW(has(&schema, document.names[i]), document.names[i]);
	for (size_t i = 0; i < schema.count && i < document.count; i++)
		CHECK_ROW(strcmp(schema.names[i], document.names[i]) == 0,
			  document.names[i]);
	(void)unlink(path);
	(void)rmdir(folder);
	return check_done();
}
