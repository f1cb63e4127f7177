/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hunt.c - a ring of worlds that have begun and were not taken
 *
 * Both passes of a world are started one after the other; the one that ends
 * first waits for the other.
 */
#include "harness/explore/hunt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/elapsed.h"
#include "harness/base/exit.h"
#include "harness/run/crew.h"

#define PASSES 2

struct round {
	bool over;
	struct jobs_result *held; /* the pass that ended first */
	struct trial trial; /* when it is over */
};

struct hunt {
	const struct hunt_wish *wish;
	struct crew *crew;
	struct timespec began;
	uint32_t next; /* not taken yet */
	uint64_t started; /* passes */
	bool closing; /* no world is begun any more */
	struct hunt_result result;
	struct round ring[HUNT_WINDOW];
};

static struct round *
round_of(struct hunt *hunt, uint32_t index)
{
	return &hunt->ring[index % HUNT_WINDOW];
}

static void
end_set(struct hunt *hunt, enum hunt_end end, int code)
{
	hunt->result.end = end;
	hunt->result.code = code;
	hunt->closing = true;
}

/* ---- starting ---- */

static int
file_write(const struct hunt_wish *wish, uint32_t index)
{
	char path[4096 + WORLDS_NAME], stem[WORLDS_NAME];
	char *text = worlds_text(wish->worlds, index);
	FILE *file;
	int code = 0;

	(void)snprintf(path, sizeof(path), "%s/%s.yaml", wish->out,
		       worlds_stem(wish->worlds, index, stem));
	file = fopen(path, "w");
	if (file != NULL)
		fputs(text, file);
	if (file == NULL || fclose(file) != 0) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		code = EXIT_RUNTIME;
	}
	free(text);
	return code;
}

/* Of whatever rank. */
static int
pass_start(void *context, struct jobs *jobs, uint32_t point, uint32_t pass)
{
	struct hunt *hunt = context;
	char *reason;
	const struct settings *settings =
		worlds_settings(hunt->wish->worlds, point, &reason);

	if (settings == NULL) {
		/* The first rank asked before, of the same files. */
		fprintf(stderr, "homeward: %s\n", reason);
		free(reason);
		return EXIT_RUNTIME;
	}
	return jobs_start(jobs, &(struct jobs_task){
					.settings = settings,
					.point = point,
					.pass = pass,
					.judged = true,
				});
}

/* Is there another world to begin? Said once why not. */
static bool
world_may_begin(struct hunt *hunt, uint32_t index)
{
	if (index >= worlds_count(hunt->wish->worlds)) {
		hunt->closing = true;
		return false;
	}
	if (index > 0 && hunt->wish->minutes != HUNT_ALWAYS &&
	    elapsed_s(&hunt->began) >= 60.0 * (double)hunt->wish->minutes) {
		end_set(hunt, HUNT_LATE, 0);
		return false;
	}
	return index - hunt->next < HUNT_WINDOW;
}

/* Its file; is it refused? 0 or an exit code. */
static int
world_begin(struct hunt *hunt, uint32_t index)
{
	char *reason;

	if (hunt->wish->out != NULL && worlds_are_seeds(hunt->wish->worlds) &&
	    file_write(hunt->wish, index) != 0)
		return EXIT_RUNTIME;
	if (worlds_settings(hunt->wish->worlds, index, &reason) != NULL)
		return 0;
	trial_refuse(&round_of(hunt, index)->trial, reason);
	round_of(hunt, index)->over = true;
	free(reason);
	return 0;
}

static int
slots_fill(struct hunt *hunt)
{
	int code = 0;

	/* Who was interrupted, or failed, starts no second pass either. */
	while (code == 0 && hunt->result.end <= HUNT_LATE &&
	       crew_has_slot(hunt->crew)) {
		uint32_t index = (uint32_t)(hunt->started / PASSES);
		uint32_t pass = (uint32_t)(hunt->started % PASSES);

		if (pass == 0 &&
		    (hunt->closing || !world_may_begin(hunt, index)))
			break;
		if (pass == 0)
			code = world_begin(hunt, index);
		hunt->started++;
		if (code == 0 && round_of(hunt, index)->over)
			hunt->started++;
		else if (code == 0)
			code = crew_start(hunt->crew, index, pass);
	}
	return code;
}

/* ---- ending ---- */

static void
held_drop(struct round *round)
{
	if (round->held != NULL)
		(void)fclose(round->held->run_log);
	free(round->held);
	round->held = NULL;
}

/* Takes over the run log. */
static int
result_take(struct hunt *hunt, const struct jobs_result *news)
{
	struct round *round = round_of(hunt, news->point);
	bool swapped = news->pass == 0;
	const struct settings *settings;
	char *reason;

	if (news->exit_code == EXIT_RUNTIME) {
		/* Its disk is full or the like, and has said so. */
		(void)fclose(news->run_log);
		return EXIT_RUNTIME;
	}
	if (round->held == NULL) {
		round->held = malloc(sizeof(*round->held));
		if (round->held == NULL)
			abort();
		*round->held = *news;
		return 0;
	}
	settings = worlds_settings(hunt->wish->worlds, news->point, &reason);
	if (settings != NULL)
		trial_take(&round->trial, settings,
			   swapped ? news : round->held,
			   swapped ? round->held : news);
	else
		trial_refuse(&round->trial, reason);
	free(reason);
	round->over = true;
	held_drop(round);
	(void)fclose(news->run_log);
	return 0;
}

/* Those whose turn has come. */
static void
worlds_take(struct hunt *hunt)
{
	while (hunt->result.end != HUNT_ENOUGH &&
	       round_of(hunt, hunt->next)->over) {
		struct round *round = round_of(hunt, hunt->next);

		if (!hunt->wish->take(hunt->wish->context, hunt->next,
				      &round->trial))
			end_set(hunt, HUNT_ENOUGH, 0);
		trial_release(&round->trial);
		round->over = false;
		hunt->next++;
	}
}

/* ---- the loop ---- */

static void
news_take(struct hunt *hunt)
{
	struct jobs_result result;

	switch (crew_wait(hunt->crew, &result)) {
	case CREW_ENDED:
		if (result_take(hunt, &result) != 0)
			end_set(hunt, HUNT_FAILED, EXIT_RUNTIME);
		break;
	case CREW_INTERRUPTED:
		end_set(hunt, HUNT_INTERRUPTED, EXIT_RUNTIME);
		break;
	case CREW_BROKEN:
		end_set(hunt, HUNT_FAILED, EXIT_RUNTIME);
		break;
	case CREW_TICK:
		break;
	}
}

static void
worlds_run(struct hunt *hunt)
{
	bool terminal = crew_talk_is_seen(hunt->crew);

	for (;;) {
		int code = slots_fill(hunt);

		if (code != 0)
			end_set(hunt, HUNT_FAILED, code);
		worlds_take(hunt);
		if (hunt->result.end > HUNT_LATE ||
		    (hunt->closing && crew_running(hunt->crew) == 0 &&
		     hunt->started == PASSES * (uint64_t)hunt->next))
			return;
		if (crew_running(hunt->crew) > 0)
			news_take(hunt);
		hunt->wish->tick(hunt->wish->context, hunt->next,
				 elapsed_s(&hunt->began), terminal);
	}
}

struct hunt_result
hunt(const struct hunt_wish *wish)
{
	struct hunt *hunt = calloc(1, sizeof(*hunt));
	char *agreed = worlds_agreed(wish->worlds);
	struct hunt_result result;
	int code;

	if (hunt == NULL)
		abort();
	hunt->wish = wish;
	clock_gettime(CLOCK_MONOTONIC, &hunt->began);
	code = crew_open(&hunt->crew, &(struct crew_parts){
					      .name = "explore",
					      .agreed = agreed,
					      .jobs = wish->jobs,
					      .start = pass_start,
					      .context = hunt,
				      });
	if (code != 0) {
		end_set(hunt, HUNT_FAILED, code);
	} else if (crew_is_worker(hunt->crew)) {
		hunt->result.worker = true;
		code = crew_work(hunt->crew);
		if (code != 0)
			end_set(hunt, HUNT_FAILED, code);
	} else {
		hunt->result.ranks = crew_ranks(hunt->crew);
		worlds_run(hunt);
		hunt->result.next = hunt->next;
		hunt->result.elapsed_s = elapsed_s(&hunt->began);
	}
	crew_close(hunt->crew, hunt->result.end != HUNT_INTERRUPTED);
	for (uint32_t i = 0; i < HUNT_WINDOW; i++) {
		held_drop(&hunt->ring[i]);
		trial_release(&hunt->ring[i].trial);
	}
	result = hunt->result;
	free(agreed);
	free(hunt);
	return result;
}
