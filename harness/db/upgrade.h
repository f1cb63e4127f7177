/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upgrade.h - databases of older versions, read and added to
 *
 * A version differs from the one before by columns that were appended to
 * tables, and by nothing else: what was there keeps its name and meaning. So
 * one list, of columns and the version that brought them, serves both ways:
 *
 *	to write	ALTER TABLE ... ADD COLUMN, the views made anew, and
 *			the file is of our version; in the caller's transaction
 *	to read		the file is not touched: a TEMP VIEW of the same name
 *			stands before a table that lacks columns, and has NULL
 *			("has no meaning here") for each of them
 *
 * Reference: SQLite documentation, "ALTER TABLE" 5, and "CREATE VIEW" for the
 * order in which an unqualified name is looked up (temp first).
 */
#ifndef HARNESS_DB_UPGRADE_H
#define HARNESS_DB_UPGRADE_H

#include <sqlite3.h>
#include <stdint.h>

/* The oldest version that can be read and added to. */
#define UPGRADE_OLDEST 3

/* Make the file's tables those of DB_VERSION; nothing if they are. Within a
 * transaction. 0 or EXIT_RUNTIME, said. */
int upgrade_tables(sqlite3 *, int64_t version);
/* Let this connection read it as if they were. 0 or EXIT_RUNTIME, said. */
int upgrade_reading(sqlite3 *, int64_t version);

#endif
