/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_log.h - what a simulating process reports, kept for its parent
 *
 * Points run in children; only the parent writes the database. A child's
 * watch calls go into an unlinked temporary file that it inherited: nothing
 * is left behind when a process is killed, memory stays small, and two logs of
 * one point compare byte by byte, which is what --check-determinism does.
 *
 * A run log is a sequence of records in the machine's own byte order:
 *
 *	+--------+--------+----------------+-----------------+
 *	| kind 8 | size 8 | words, 8 each  | text, size bytes|
 *	+--------+--------+----------------+-----------------+
 *
 * kind decides the number of words; text is zero, one or two strings, each
 * ending in NUL. The last record is the end with the run's result; a log
 * without it is of a child that did not finish, and is not read.
 */
#ifndef HARNESS_DB_RUN_LOG_H
#define HARNESS_DB_RUN_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/model/watch.h"
#include "sim/world.h"

/* An empty one in TMPDIR (or /tmp), already unlinked. NULL: said. */
FILE *run_log_create(void);

/* Child's side: functions that write; context is the file. progress and
 * packet are NULL. */
struct watch run_log_watch(FILE *);
/* What a capture of this port would hold, see trace.h. */
void run_log_capture(FILE *, const char *name, uint64_t packets, uint64_t hash);
/* The last record. 0, or -1 when something could not be written (errno). */
int run_log_end(FILE *, const struct world_result *);

/* Parent's side: what the run said of itself, in its order. */
void run_log_remarks(FILE *, void (*hear)(void *, const struct watch_remark *),
		     void *context);
/* What its judge said, in its order; an unfinished log, too. False: it has no
 * facts, for there was no judge, or no end. */
bool run_log_verdicts(FILE *,
		      void (*hear)(void *, const struct watch_violation *),
		      void *context, struct judge_facts *);
/* And: is the end there? Leaves the file at its start. */
bool run_log_is_whole(FILE *, struct world_result *);
/* Replay all calls into a watch. */
void run_log_read(FILE *, const struct watch *);
/* True when both say the same; else the first difference, in words, goes to
 * talk. */
bool run_log_same(FILE *, FILE *, FILE *talk);

#endif
