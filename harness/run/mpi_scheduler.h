/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mpi_scheduler.h - one sweep on many processes and hosts, by mpirun
 *
 *	   mpirun -n 3 homeward run SCENARIO
 *
 *	   rank 0			mpi 1, 2
 *	   scenario, database		scenario
 *	   jobs (jobs.h)		jobs
 *
 *	     <-- hello -------------------	commit, scenario, slots
 *	     --- answer ----------------->	come in, or a sentence
 *	     --- task ------------------->	point and pass
 *	     <-- beat, --- beat ---------	twice a second: alive, how far
 *	     <-- result, log ..... -------	as many messages as it needs
 *	     --- done ------------------->	leave
 *
 * Every rank reads the scenario and runs points in jobs of its own, each in a
 * child. Rank 0 alone opens the database. It hands out a
 * point whenever a rank has a free slot, so fast hosts run more of them; it
 * stores a result, its own or another's, as one transaction when all of it is
 * there. The ids of runs are decided by the sweep (sweep.h), so the database
 * does not depend on which rank ran what.
 *
 * Work is given only to the same program with the same scenario: rank 0
 * compares commit (of a build from changed sources, the program itself) and
 * the scenario in full, --set included. One rank that differs refuses the
 * whole sweep before anything is written; a database made in part by another
 * program would be worse than none.
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
 * The messages are structs in the machine's own byte order; hello tells whether
 * it is the same.
 */
#ifndef HARNESS_RUN_MPI_SCHEDULER_H
#define HARNESS_RUN_MPI_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/jobs.h"

struct mpi_scheduler;

struct mpi_scheduler_task {
	uint32_t point, pass;
};

enum mpi_scheduler_news {
	MPI_SCHEDULER_NOTHING,
	MPI_SCHEDULER_ENDED, /* rank 0: *result is filled; the caller has the
				run log */
	MPI_SCHEDULER_LOST, /* rank 0: no rank runs result->point, ->pass any
			       more */
	MPI_SCHEDULER_TASK, /* others: run *task */
	MPI_SCHEDULER_DONE, /* others: leave */
	MPI_SCHEDULER_BROKEN, /* memory, MPI, or rank 0 is lost; said */
};

/* Has mpirun (or its like) started us with others? From the environment;
 * costs nothing. */
bool mpi_scheduler_wanted(void);

/* Wait for the others and agree on the scenario, given by its name and in
 * full. Signals must be blocked (jobs_create()): MPI starts threads. jobs are
 * the slots here. 0; EXIT_USAGE: refused, or no MPI; EXIT_RUNTIME. Said. */
int mpi_scheduler_open(struct mpi_scheduler **, const char *name,
		       const char *scenario, uint32_t jobs);
/* Send others home, rank 0 first. orderly: all points are done, or will not
 * be; false: interrupted, mpirun will end the other ranks. */
void mpi_scheduler_close(struct mpi_scheduler *, bool orderly);

/* False also of NULL. */
bool mpi_scheduler_is_worker(const struct mpi_scheduler *);
uint32_t mpi_scheduler_count(const struct mpi_scheduler *);
/* How long to wait before the next call of what is below. */
int64_t mpi_scheduler_tick_ns(const struct mpi_scheduler *);

/* Of rank 0: has another rank a free slot? */
bool mpi_scheduler_has_slot(const struct mpi_scheduler *);
/* 0 or EXIT_RUNTIME. Only when there is a slot. */
int mpi_scheduler_start(struct mpi_scheduler *,
			const struct mpi_scheduler_task *);
/* Take messages; call it until there is nothing. */
enum mpi_scheduler_news mpi_scheduler_collect(struct mpi_scheduler *,
					      struct jobs_result *);
uint32_t mpi_scheduler_running(const struct mpi_scheduler *);
struct jobs_share mpi_scheduler_progress(const struct mpi_scheduler *,
					 uint32_t slot);

/* Of the others: take messages, send results; call it until there is nothing.
 */
enum mpi_scheduler_news mpi_scheduler_order(struct mpi_scheduler *,
					    struct mpi_scheduler_task *);
/* A result of ours; takes over the run log. 0 or EXIT_RUNTIME. */
int mpi_scheduler_report(struct mpi_scheduler *, const struct jobs_result *);
/* Say that we are alive and how far the jobs's tasks are, when it is time. */
void mpi_scheduler_beat(struct mpi_scheduler *, const struct jobs *);

#endif
