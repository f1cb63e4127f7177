/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.h - a sweep on its way into the database
 *
 *	scenario -> points -> crew (crew.h) -> run logs -> one transaction each
 *
 * Points are numbered by the sweep (sweep.h) and keep that order in their run
 * ids, so the database is the same however many jobs there were and whether
 * or not the sweep was interrupted and resumed.
 *
 * A temporary table `point` mirrors the sweep: it finds what is there already,
 * and the report is queried from it.
 */
#ifndef HARNESS_RUN_RUN_H
#define HARNESS_RUN_RUN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/base/options.h"
#include "harness/db/run_writer.h"
#include "harness/lab/lab.h"
#include "harness/run/crew.h"
#include "harness/run/jobs.h"
#include "harness/run/remarks.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sweep.h"

struct run_options {
	const char *path, *db;
	const char *trace; /* folder; NULL: no captures */
	struct options_texts sets;
	uint64_t jobs; /* 1..JOBS_MAX */
	bool resume, check, json;
	unsigned live; /* 1: in a lab; 0: simulated */
	/* The gate's: its database is a scratch file, so neither that nor a
	 * command that would use it is named. */
	bool aside;
};

enum run_state {
	RUN_WAITING,
	RUN_STARTED,
	RUN_OK, /* in the database */
	RUN_FAILED, /* its child died; so it stands in the database */
};

struct run_point {
	enum run_state state;
	int64_t id; /* 0: not in the database */
	/* --check-determinism: the result that came first waits for the
	 * other. */
	struct jobs_result *held;
};

struct run {
	const struct run_options *options;
	struct scenario *scenario;
	char *resolved;
	char lab[LAB_NAME]; /* of live runs, one after the other */
	sqlite3 *db;
	struct run_writer rows;
	struct crew *crew;
	struct run_point *points;
	uint32_t point_count, started, finished, before, failed;
	int64_t base_id; /* of point 0 */
	struct remarks *remarks; /* of the runs that ended */
	double weight_done, weight_all; /* servers, for the ETA */
	uint64_t events; /* simulated by points that have ended */
	bool progress; /* drawn, on a terminal */
	double drawn_s; /* when it was last drawn */
	struct timespec began;
	struct sweep_point point; /* scratch */
	bool differs; /* a determinism check failed */
	bool interrupted;
	int code; /* EXIT_OK until something ends the sweep */
};

/* "sim" or "live", as table run has it. */
const char *run_world(const struct run_options *);
/* store.c: make the temporary table; with resume, mark what is there.
 * Decides base_id. 0 or EXIT_RUNTIME. */
int run_prepare(struct run *);
/* store.c: a finished or failed point into the database. 0 or EXIT_RUNTIME.
 */
int run_store(struct run *, const struct jobs_result *);
/* report.c: check the expectations, print the runs, the rest is talk. The
 * exit code. */
int run_report(struct run *);
/* report.c: the command that repeats this, quoted for a shell. */
void run_command(const struct run *, bool resume, FILE *);

/* run.c: the verb, and the same as part of another verb. */
extern const struct verb verb_run;
int run_aside(int argc, char **argv);

#endif
