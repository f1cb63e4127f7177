/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jobs.h - runs in child processes, a few at a time
 *
 * Each task runs in a child of its own: a crash costs one point, memory is
 * given back, and processor time and peak memory are the kernel's own figures
 * for just that run. A child inherits its run log (run_log.h), simulates (or
 * runs a lab, emulation.h), and exits; the parent collects it here.
 *
 * Ctrl-C and SIGTERM are seen by the parent only, in jobs_wait(); children
 * die with their parent, also when it is killed. A child that ends leaves no
 * lab: it takes the lab down itself, or it is done here.
 */
#ifndef HARNESS_RUN_JOBS_H
#define HARNESS_RUN_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "sim/model/settings.h"
#include "sim/world.h"

#define JOBS_MAX 256

/* What to run; everything is borrowed until the task has ended. */
struct jobs_task {
	const struct settings *settings;
	uint32_t point;
	uint32_t pass; /* 1: the second run of a determinism check */
	bool hash; /* of captures, into the run log */
	bool judged; /* violations are heard (sim/judge/judge.h) */
	const char *trace_folder; /* NULL: no captures */
	const char *trace_prefix;
	const char *lab; /* its name: a live run; NULL: simulate */
};

/* A child's exit code: its lab failed, and it has said why. This run is lost,
 * the next may fare better. */
#define JOBS_LAB_FAILED 64

/* And: the run was ended, for it got nowhere (sim/progress.h). Its run log is
 * whole, and says why. */
#define JOBS_STUCK 65

struct jobs_result {
	uint32_t point, pass;
	int exit_code; /* EXIT_OK; 128 + signal when one killed it */
	struct world_result world; /* when the log is whole */
	FILE *run_log; /* the caller closes it */
	char started_at[32];
	double wall_s, cpu_s;
	int64_t peak_rss_bytes;
	char host[65], kernel[131]; /* where it ran */
};

/* How far a running task is. */
struct jobs_share {
	uint32_t point, pass;
	double time; /* how much of its simulated time has gone, 0 to 1 */
	uint64_t events;
};

enum jobs_news {
	JOBS_ENDED, /* *result is filled */
	JOBS_TICK, /* nothing within 200 ms, or as jobs_pace() has it */
	JOBS_INTERRUPTED, /* Ctrl-C or SIGTERM; the rest is killed */
	JOBS_EMPTY, /* no task is running; not after jobs_pace() */
};

/* Does a child that ended so leave a whole run log? */
static inline bool
jobs_log_is_whole(int exit_code)
{
	return exit_code == 0 || exit_code == JOBS_STUCK;
}

/* Why a child that failed did, in a sentence; JOBS_REASON bytes. */
#define JOBS_REASON WATCH_SENTENCE
void jobs_reason(const struct jobs_result *, char *text);

struct jobs;

/* At once, 1..JOBS_MAX. NULL: said. One of these at a time: it blocks signals.
 */
struct jobs *jobs_create(uint32_t most);
void jobs_destroy(struct jobs *); /* kills what still runs */
bool jobs_is_full(const struct jobs *);
/* 0, or EXIT_RUNTIME. Not when full. */
int jobs_start(struct jobs *, const struct jobs_task *);
enum jobs_news jobs_wait(struct jobs *, struct jobs_result *);
uint32_t jobs_running(const struct jobs *);
/* Of a running task, by its slot 0..running-1. */
struct jobs_share jobs_progress(const struct jobs *, uint32_t slot);
/* From now on tick this often, also when no task is running: others run tasks,
 * too (mpi_scheduler.h). */
void jobs_pace(struct jobs *, int64_t tick_ns);

#endif
