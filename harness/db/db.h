/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * db.h - the database that every run is written to and every figure read from
 *
 *	run 1 --< measurement	one row a timed operation, nanoseconds
 *	      --< session	one row a TCP session of the workload
 *	      --< fault		what broke, and when
 *	      --< counter	totals a device ("" for the whole run)
 *	      --< sample	in-order bytes of a session, over time
 *	      --< cut		what a fault did to a session, live
 *	      --< setting	a scenario key and its value in this run
 *
 * Views add what readers ask for often (metric, hops, outcome, cause, lost,
 * operation), beside the settings that tell runs apart. Tables are STRICT, so
 * a wrong type is an error when it is written, not when it is plotted. The
 * schema is harness/db/schema.sql; doc/database.md explains each column, and
 * has the rules that hold in every database that this program wrote:
 *  - A run and all its rows come in one transaction: readers see whole
 *    runs, also after SIGKILL and after a full disk.
 *  - Rows of a run are numbered (run_id << 32) + their order in the run, so
 *    that the contents do not depend on which run ended first.
 *  - Times are nanoseconds since the start of the run, joins included. The
 *    scenario's own time (at_s) began at counter zero_ns of node ''.
 *  - NULL is "has no meaning here", never "unknown" or "zero".
 *
 * Versions: PRAGMA application_id says whose file it is, PRAGMA user_version
 * which tables; a reader refuses what it does not know instead of guessing.
 * An older version is read as it is, and brought to ours by the first run that
 * is added (upgrade.h).
 *
 * Every function here that can fail has said why on standard error when it
 * returns; callers only pass the exit code on.
 */
#ifndef HARNESS_DB_DB_H
#define HARNESS_DB_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DB_APPLICATION_ID 0x486f6d65 /* "Home" */
#define DB_VERSION	  4
#define DB_DEFAULT_PATH	  "results/homeward.db"

enum db_mode {
	DB_READ, /* must exist and be ours; never changed */
	DB_WRITE, /* made when it is not there; WAL */
};

/* 0 with an open connection, or EXIT_RUNTIME (base/exit.h) and *db is NULL.
 * DB_READ works from a directory one may not write to, too. */
int db_open(sqlite3 **db, const char *path, enum db_mode);
/* NULL is allowed. */
void db_close(sqlite3 *);

/* Run statements that give no rows. 0 or EXIT_RUNTIME. */
int db_exec(sqlite3 *, const char *sql);
/* A statement to be finalised by the caller, or NULL. */
sqlite3_stmt *db_prepare(sqlite3 *, const char *sql);
/* 1: a row is there, 0: no more, -1: an error, said. */
int db_step(sqlite3_stmt *);
/* Say what went wrong last on this connection; returns EXIT_RUNTIME. */
int db_complain(sqlite3 *, const char *while_doing);

/* Deterministic functions for SQL on this connection. 0 or EXIT_RUNTIME. */
struct db_function {
	const char *name;
	int arguments;
	void (*function)(sqlite3_context *, int, sqlite3_value **);
};
int db_functions(sqlite3 *, const struct db_function *, size_t count);

/* The first column of the first row as a number; `none` when there is no row
 * or it is NULL. 0 or EXIT_RUNTIME. */
int db_number(sqlite3 *, const char *sql, int64_t none, int64_t *value);
/* The first column of each row, a line each: `SELECT json_object(...)` or
 * json_group_array(...) is how verbs make their --json output. Finalises the
 * statement. 0 or EXIT_RUNTIME, also when the output could not be written. */
int db_print(sqlite3_stmt *, FILE *);

#endif
