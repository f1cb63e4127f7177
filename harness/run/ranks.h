/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ranks.h - one sweep on many processes and hosts, by mpirun
 *
 *	   mpirun -n 3 homeward run SCENARIO
 *
 *	   rank 0			ranks 1, 2
 *	   scenario, database		scenario
 *	   pool of children		pool of children
 *
 *	     <-- hello -------------------	commit, scenario, places
 *	     --- answer ----------------->	come in, or a sentence
 *	     --- task ------------------->	point and pass
 *	     <-- beat, --- beat ---------	twice a second: alive, how far
 *	     <-- result, spool ... -------	as many letters as it needs
 *	     --- done ------------------->	leave
 *
 * Every rank reads the scenario, runs points in a pool of its own (pool.h),
 * and each point in a child. Rank 0 alone opens the database. It hands out a
 * point whenever a rank has a free place, so fast hosts run more of them; it
 * stores a result, its own or another's, as one transaction when all of it is
 * there. The ids of runs are decided by the sweep (sweep.h), so the database
 * does not depend on who ran what.
 *
 * Work is given only to the same program with the same scenario: rank 0
 * compares commit (of a build from changed sources, the program itself) and
 * the scenario in full, --set included. One rank that differs refuses the
 * whole sweep before anything is written; a database half made by something
 * else would be worse than none.
 *
 * What is lost when:
 * - A rank dies, mpirun goes on (--enable-recovery): it is given up when it has
 *   been silent for 10 s, and its points go to others. Was it only slow, then
 *   what it says later is dropped, and it is given work again.
 * - A rank dies, mpirun ends all of it (its default): what rank 0 had stored
 *   stays; what was running is lost, and `run --resume` runs it.
 * - Rank 0 dies: the same; the others leave, at the latest when it has been
 *   silent for 60 s.
 *
 * The letters are structs in the machine's own byte order; hello tells whether
 * it is the same.
 */
#ifndef HARNESS_RUN_RANKS_H
#define HARNESS_RUN_RANKS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/pool.h"

struct ranks;

struct ranks_task {
	uint32_t point, pass;
};

enum ranks_news {
	RANKS_NOTHING,
	RANKS_ENDED, /* rank 0: *result is filled; the caller has the spool */
	RANKS_LOST, /* rank 0: nobody runs result->point, ->pass any more */
	RANKS_TASK, /* others: run *task */
	RANKS_DONE, /* others: leave */
	RANKS_BROKEN, /* memory, MPI, or rank 0 is lost; said */
};

/* Has mpirun (or its like) started us with others? From the environment;
 * costs nothing. */
bool ranks_wanted(void);

/* Wait for the others and agree on the scenario, given by its name and in
 * full. Signals must be blocked (pool_create()): MPI starts threads. jobs are
 * the places here. 0; EXIT_USAGE: refused, or no MPI; EXIT_RUNTIME. Said. */
int ranks_open(struct ranks **, const char *name, const char *scenario,
	       uint32_t jobs);
/* Send others home, rank 0 first. orderly: all points are done, or will not
 * be; false: interrupted, somebody else will end the other ranks. */
void ranks_close(struct ranks *, bool orderly);

/* False also of NULL. */
bool ranks_is_worker(const struct ranks *);
uint32_t ranks_count(const struct ranks *);
/* How long to wait before the next call of what is below. */
int64_t ranks_tick_ns(const struct ranks *);

/* Of rank 0: has another rank a free place? */
bool ranks_has_place(const struct ranks *);
/* 0 or EXIT_RUNTIME. Only when there is a place. */
int ranks_start(struct ranks *, const struct ranks_task *);
/* Take letters; call it until there is nothing. */
enum ranks_news ranks_collect(struct ranks *, struct pool_result *);
uint32_t ranks_running(const struct ranks *);
struct pool_share ranks_progress(const struct ranks *, uint32_t place);

/* Of the others: take letters, send results; call it until there is nothing.
 */
enum ranks_news ranks_order(struct ranks *, struct ranks_task *);
/* A result of ours; takes over the spool. 0 or EXIT_RUNTIME. */
int ranks_report(struct ranks *, const struct pool_result *);
/* Say that we are alive and how far the pool's tasks are, when it is time. */
void ranks_beat(struct ranks *, const struct pool *);

#endif
