/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crew.c - here first, then the least busy rank
 */
#include "harness/run/crew.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "harness/run/mpi_scheduler.h"

struct crew {
	struct crew_parts parts;
	struct jobs *jobs;
	struct mpi_scheduler *mpi; /* NULL: mpirun did not start us */
	/* Tasks of ranks that were lost: to be run again. */
	struct mpi_scheduler_task *again;
	uint32_t again_count, again_capacity;
	bool theirs; /* the last result was another rank's */
};

int
crew_open(struct crew **out, const struct crew_parts *parts)
{
	struct crew *crew = calloc(1, sizeof(*crew));
	int code = EXIT_RUNTIME;

	*out = NULL;
	if (crew == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	crew->parts = *parts;
	/* It blocks signals: before MPI starts its threads. */
	crew->jobs = jobs_create(parts->jobs);
	if (crew->jobs != NULL)
		code = parts->alone || !mpi_scheduler_wanted()
			       ? 0
			       : mpi_scheduler_open(&crew->mpi, parts->name,
						    parts->agreed, parts->jobs);
	if (code != 0) {
		jobs_destroy(crew->jobs);
		free(crew);
		return code;
	}
	*out = crew;
	return 0;
}

void
crew_close(struct crew *crew, bool orderly)
{
	if (crew == NULL)
		return;
	mpi_scheduler_close(crew->mpi, orderly);
	jobs_destroy(crew->jobs);
	free(crew->again);
	free(crew);
}

bool
crew_is_worker(const struct crew *crew)
{
	return mpi_scheduler_is_worker(crew->mpi);
}

uint32_t
crew_ranks(const struct crew *crew)
{
	return crew->mpi != NULL ? mpi_scheduler_count(crew->mpi) : 1;
}

bool
crew_talk_is_seen(const struct crew *crew)
{
	char path[64];
	bool seen;
	int fd;

	if (isatty(STDERR_FILENO) || crew->mpi == NULL)
		return isatty(STDERR_FILENO);
	/* Ours is a pipe to mpirun, and what counts is where mpirun's own goes;
	 * that is known on its host, where rank 0 is. */
	snprintf(path, sizeof(path), "/proc/%d/fd/2", (int)getppid());
	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	seen = isatty(fd);
	close(fd);
	return seen;
}

/* ---- the first rank ---- */

static bool
slot_is_free(const struct crew *crew)
{
	return !jobs_is_full(crew->jobs) ||
	       (crew->mpi != NULL && mpi_scheduler_has_slot(crew->mpi));
}

bool
crew_has_slot(const struct crew *crew)
{
	return crew->again_count == 0 && slot_is_free(crew);
}

int
crew_start(struct crew *crew, uint32_t point, uint32_t pass)
{
	const struct mpi_scheduler_task task = { point, pass };

	if (!jobs_is_full(crew->jobs))
		return crew->parts.start(crew->parts.context, crew->jobs, point,
					 pass);
	return mpi_scheduler_start(crew->mpi, &task);
}

uint32_t
crew_running(const struct crew *crew)
{
	return jobs_running(crew->jobs) + crew->again_count +
	       (crew->mpi != NULL ? mpi_scheduler_running(crew->mpi) : 0);
}

struct jobs_share
crew_progress(const struct crew *crew, uint32_t number)
{
	uint32_t here = jobs_running(crew->jobs), there = 0;

	if (crew->mpi != NULL)
		there = mpi_scheduler_running(crew->mpi);
	if (number < here)
		return jobs_progress(crew->jobs, number);
	if (number - here < there)
		return mpi_scheduler_progress(crew->mpi, number - here);
	/* A lost rank's: it begins anew. */
	number -= here + there;
	return (struct jobs_share){ .point = crew->again[number].point,
				    .pass = crew->again[number].pass };
}

static int
task_return(struct crew *crew, const struct jobs_result *lost)
{
	if (crew->again_count == crew->again_capacity) {
		uint32_t more = 2 * crew->again_capacity + 8;
		struct mpi_scheduler_task *again =
			realloc(crew->again, more * sizeof(*again));

		if (again == NULL) {
			fprintf(stderr, "homeward: out of memory\n");
			return EXIT_RUNTIME;
		}
		crew->again = again;
		crew->again_capacity = more;
	}
	crew->again[crew->again_count++] =
		(struct mpi_scheduler_task){ lost->point, lost->pass };
	return 0;
}

/* What ranks that were lost had. */
static int
tasks_repeat(struct crew *crew)
{
	int code = 0;

	while (code == 0 && crew->again_count > 0 && slot_is_free(crew)) {
		struct mpi_scheduler_task task =
			crew->again[--crew->again_count];

		code = crew_start(crew, task.point, task.pass);
	}
	return code;
}

/* CREW_TICK: the other ranks have nothing to say. */
static enum crew_news
mpi_listen(struct crew *crew, struct jobs_result *result)
{
	while (crew->mpi != NULL) {
		switch (mpi_scheduler_collect(crew->mpi, result)) {
		case MPI_SCHEDULER_ENDED:
			crew->theirs = true;
			return CREW_ENDED;
		case MPI_SCHEDULER_LOST:
			if (task_return(crew, result) != 0)
				return CREW_BROKEN;
			break;
		case MPI_SCHEDULER_BROKEN:
			return CREW_BROKEN;
		default:
			jobs_pace(crew->jobs, mpi_scheduler_tick_ns(crew->mpi));
			return CREW_TICK;
		}
	}
	return CREW_TICK;
}

/* What ended here, or Ctrl-C. */
static enum crew_news
jobs_listen(struct crew *crew, struct jobs_result *result)
{
	switch (jobs_wait(crew->jobs, result)) {
	case JOBS_ENDED:
		return CREW_ENDED;
	case JOBS_INTERRUPTED:
		return CREW_INTERRUPTED;
	case JOBS_TICK:
	case JOBS_EMPTY:
		break;
	}
	return CREW_TICK;
}

/* Of many ranks one has always ended something: after each such result it is
 * our own turn. */
enum crew_news
crew_wait(struct crew *crew, struct jobs_result *result)
{
	enum crew_news news = CREW_TICK;

	if (crew->theirs) {
		crew->theirs = false;
		jobs_pace(crew->jobs, 0);
		news = jobs_listen(crew, result);
	}
	if (news == CREW_TICK)
		news = mpi_listen(crew, result);
	if (news != CREW_TICK)
		return news;
	if (tasks_repeat(crew) != 0)
		return CREW_BROKEN;
	return jobs_listen(crew, result);
}

/* ---- the others ---- */

int
crew_work(struct crew *crew)
{
	struct mpi_scheduler_task task;
	struct jobs_result result;

	for (;;) {
		enum mpi_scheduler_news news =
			mpi_scheduler_order(crew->mpi, &task);

		if (news == MPI_SCHEDULER_DONE)
			return EXIT_OK;
		if (news == MPI_SCHEDULER_BROKEN ||
		    (news == MPI_SCHEDULER_TASK &&
		     crew->parts.start(crew->parts.context, crew->jobs,
				       task.point, task.pass) != 0))
			return EXIT_RUNTIME;
		if (news == MPI_SCHEDULER_TASK)
			continue;
		mpi_scheduler_beat(crew->mpi, crew->jobs);
		jobs_pace(crew->jobs, mpi_scheduler_tick_ns(crew->mpi));
		switch (jobs_wait(crew->jobs, &result)) {
		case JOBS_ENDED:
			if (mpi_scheduler_report(crew->mpi, &result) != 0)
				return EXIT_RUNTIME;
			break;
		case JOBS_INTERRUPTED:
			return EXIT_RUNTIME;
		case JOBS_TICK:
		case JOBS_EMPTY:
			break;
		}
	}
}
