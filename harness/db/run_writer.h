/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_writer.h - one run and all it reported, as one transaction
 *
 *	begin -> run -> the watch's calls -> commit
 *
 * A source of watch calls (a run log, a replay) fills the database through
 * run_writer_watch(). The first error is said and remembered; what follows it
 * is ignored, and run_writer_commit() then rolls everything back.
 *
 * Rows get rowid (run << 32) + n, counted per run, so that the database's
 * contents do not depend on the order in which runs are written.
 */
#ifndef HARNESS_DB_RUN_WRITER_H
#define HARNESS_DB_RUN_WRITER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/model/settings.h"
#include "sim/model/watch.h"

/* The columns of table run; text is borrowed. */
struct run_writer_run {
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
	const char *reason; /* of a failed one, if known; or NULL */
	const char *warnings; /* a JSON array of sentences; NULL: none */
	const struct settings *settings; /* of this point; NULL: a replay */
};

enum run_writer_table {
	RUN_WRITER_MEASUREMENT,
	RUN_WRITER_SESSION,
	RUN_WRITER_FAULT,
	RUN_WRITER_COUNTER,
	RUN_WRITER_SAMPLE,
	RUN_WRITER_PROBE,
	RUN_WRITER_TABLES
};

struct run_writer {
	sqlite3 *db; /* borrowed */
	sqlite3_stmt *insert[RUN_WRITER_TABLES], *setting;
	char *versions; /* JSON, of this program and its libraries */
	int64_t run_id, next[RUN_WRITER_TABLES];
	bool failed;
};

/* 0 or EXIT_RUNTIME. run_writer_close() in either case. */
int run_writer_open(struct run_writer *, sqlite3 *);
void run_writer_close(struct run_writer *);

/* BEGIN IMMEDIATE: ids chosen after it are ours. */
int run_writer_begin(struct run_writer *);
/* Insert the run's own row; later calls belong to it. Commit and
 * versions are filled in; its settings become rows of table setting. */
void run_writer_run(struct run_writer *, const struct run_writer_run *);
/* Functions that insert; context is the struct. progress and packet are
 * NULL. */
struct watch run_writer_watch(struct run_writer *);
/* 0; EXIT_RUNTIME: nothing of this run is in the database. */
int run_writer_commit(struct run_writer *);
void run_writer_rollback(struct run_writer *);

/* "2016-07-01T12:00:00.123Z", now; 32 bytes. */
void run_writer_now(char *text);

#endif
