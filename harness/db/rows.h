/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rows.h - one run and all it reported, as one transaction
 *
 *	rows_begin() -> rows_run() -> the watch's calls -> rows_commit()
 *
 * Whatever produces watch calls (a spool, a replay) fills the database
 * through rows_watch(). The first error is said and remembered; what follows
 * it is ignored, and rows_commit() then rolls everything back.
 *
 * Rows get rowid (run << 32) + n, counted per run, so that the database's
 * contents do not depend on the order in which runs are written.
 */
#ifndef HARNESS_DB_ROWS_H
#define HARNESS_DB_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/model/settings.h"
#include "sim/model/watch.h"

/* The columns of table run; text is borrowed. */
struct rows_run {
	int64_t id;
	const char *scenario, *world;
	uint64_t seed;
	uint32_t servers;
	const char *point; /* JSON */
	const char *started_at; /* UTC, ISO 8601 */
	bool ok; /* false: failed; what follows has no meaning */
	double wall_s, cpu_s;
	int64_t peak_rss_bytes;
	uint64_t events, state_hash;
	const char *host, *kernel; /* where it ran; NULL: here */
	const char *resolved;
	const struct settings *settings; /* of this point; NULL: a replay */
};

enum rows_table {
	ROWS_MEASUREMENT,
	ROWS_SESSION,
	ROWS_FAULT,
	ROWS_COUNTER,
	ROWS_SAMPLE,
	ROWS_CUT,
	ROWS_TABLES
};

struct rows {
	sqlite3 *db; /* borrowed */
	sqlite3_stmt *insert[ROWS_TABLES], *setting;
	char *versions; /* JSON, of this program and its libraries */
	int64_t run_id, next[ROWS_TABLES];
	bool failed;
};

/* 0 or EXIT_RUNTIME. rows_close() in either case. */
int rows_open(struct rows *, sqlite3 *);
void rows_close(struct rows *);

/* BEGIN IMMEDIATE: ids chosen after it are ours. */
int rows_begin(struct rows *);
/* Insert the run's own row; later calls belong to it. Commit and
 * versions are filled in; its settings become rows of table setting. */
void rows_run(struct rows *, const struct rows_run *);
/* Functions that insert; context is the struct. progress and packet are
 * NULL. */
struct watch rows_watch(struct rows *);
/* 0; EXIT_RUNTIME: nothing of this run is in the database. */
int rows_commit(struct rows *);
void rows_rollback(struct rows *);

/* "2016-07-01T12:00:00.123Z", now; 32 bytes. */
void rows_now(char *text);

#endif
