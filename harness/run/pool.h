/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - runs in child processes, a few at a time
 *
 * Each task runs in a child of its own: a crash costs one point, memory is
 * given back, and processor time and peak memory are the kernel's own figures
 * for just that run. A child inherits its spool (spool.h), simulates (or runs a
 * lab, stint.h), and exits; the parent collects it here.
 *
 * Ctrl-C and SIGTERM are seen by the parent only, in pool_wait(); children
 * die with their parent, whatever kills it. Whatever ends a child, its lab is
 * taken down: by itself, or here.
 */
#ifndef HARNESS_RUN_POOL_H
#define HARNESS_RUN_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "sim/model/settings.h"
#include "sim/world.h"

#define POOL_MAX 256

/* What to run; everything is borrowed until the task has ended. */
struct pool_task {
	const struct settings *settings;
	uint32_t point;
	uint32_t pass; /* 1: the second run of a determinism check */
	bool hash; /* of captures, into the spool */
	const char *trace_folder; /* NULL: no captures */
	const char *trace_prefix;
	const char *lab; /* its name: a live run; NULL: simulate */
};

/* A child's exit code: its lab failed, and it has said why. This run is lost,
 * the next may fare better. */
#define POOL_LAB_FAILED 64

struct pool_result {
	uint32_t point, pass;
	int exit_code; /* EXIT_OK; 128 + signal when one killed it */
	struct world_result world; /* when EXIT_OK */
	FILE *spool; /* the caller closes it */
	char started_at[32];
	double wall_s, cpu_s;
	int64_t peak_rss_bytes;
	char host[65], kernel[131]; /* where it ran */
};

/* How far a running task is. */
struct pool_share {
	uint32_t point, pass;
	double time; /* how much of its simulated time has gone, 0 to 1 */
	uint64_t events;
};

enum pool_news {
	POOL_ENDED, /* *result is filled */
	POOL_TICK, /* nothing within 200 ms, or as pool_pace() has it */
	POOL_INTERRUPTED, /* Ctrl-C or SIGTERM; the rest is killed */
	POOL_EMPTY, /* no task is running; not after pool_pace() */
};

struct pool;

/* jobs: 1..POOL_MAX. NULL: said. One pool at a time: it blocks signals. */
struct pool *pool_create(uint32_t jobs);
void pool_destroy(struct pool *); /* kills what still runs */
bool pool_is_full(const struct pool *);
/* 0, or EXIT_RUNTIME. Not when full. */
int pool_start(struct pool *, const struct pool_task *);
enum pool_news pool_wait(struct pool *, struct pool_result *);
uint32_t pool_running(const struct pool *);
/* Of a running task, by its place 0..running-1. */
struct pool_share pool_progress(const struct pool *, uint32_t place);
/* From now on tick this often, also when no task is running: others run tasks,
 * too (ranks.h). */
void pool_pace(struct pool *, int64_t tick_ns);

#endif
