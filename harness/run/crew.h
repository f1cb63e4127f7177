/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.h - who runs tasks: children of this process, and other ranks
 *
 *	crew_start() ---> a free slot here (jobs.h)
 *		     `--> or of another rank (mpi_scheduler.h)
 *	crew_wait()  <--- what ended, wherever it ran
 *
 * The caller numbers its tasks and keeps account; it never asks where one runs.
 * A task whose rank was lost is run again, and the caller does not hear of it.
 * Every rank opens a crew with the same words; those that are not the first
 * (crew_is_worker()) call crew_work() and leave.
 */
#ifndef HARNESS_RUN_CREW_H
#define HARNESS_RUN_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/jobs.h"

struct crew;

/* Everything is borrowed as long as the crew is open. */
struct crew_parts {
	const char *name; /* of what is run */
	const char *agreed; /* what all ranks must have alike, in full */
	uint32_t jobs; /* slots here, 1..JOBS_MAX */
	bool alone; /* other ranks have no part in it */
	/* Start it in these jobs, on whatever rank: 0 or an exit code, said. */
	int (*start)(void *context, struct jobs *, uint32_t point,
		     uint32_t pass);
	void *context;
};

enum crew_news {
	CREW_ENDED, /* *result is filled; the caller has the run log */
	CREW_TICK, /* nothing for a moment */
	CREW_INTERRUPTED, /* Ctrl-C or SIGTERM; the rest is killed */
	CREW_BROKEN, /* said */
};

/* It blocks signals until it is closed. 0; or an exit code, said, and no crew
 * is there. */
int crew_open(struct crew **, const struct crew_parts *);
/* orderly: nothing runs, or need not; false: interrupted. NULL: nothing. */
void crew_close(struct crew *, bool orderly);
bool crew_is_worker(const struct crew *);
/* Run what the first rank says, until it says goodbye. 0 or an exit code. */
int crew_work(struct crew *);

bool crew_has_slot(const struct crew *);
/* Only when there is a slot. 0 or an exit code, said. */
int crew_start(struct crew *, uint32_t point, uint32_t pass);
/* Tasks that were started and have not been reported. */
uint32_t crew_running(const struct crew *);
/* How far one is, by its number 0..crew_running() - 1. */
struct jobs_share crew_progress(const struct crew *, uint32_t number);
enum crew_news crew_wait(struct crew *, struct jobs_result *);
/* mpirun's, 1 without it. */
uint32_t crew_ranks(const struct crew *);
/* Is talk on a terminal? Under mpirun: on mpirun's. */
bool crew_talk_is_seen(const struct crew *);

#endif
