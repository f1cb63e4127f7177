/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explore.c - the verb `explore`: one seed after the other, a few at a time
 *
 * Both passes of a seed are started one after the other; the one that ends
 * first waits for the other.
 */
#include "harness/explore/explore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/elapsed.h"
#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/base/options.h"
#include "harness/db/run_log.h"
#include "harness/explore/generator.h"
#include "harness/run/jobs.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sweep.h"

#define PASSES	    2
#define SEEDS_MOST  10000000
#define REASON_SIZE 512

struct finding {
	uint64_t seed;
	enum violation kind;
	char reason[REASON_SIZE];
};

struct wish {
	uint64_t seed, seeds, jobs;
	const char *out;
	bool json;
};

/* One seed's; index: seed - first. */
struct world_state {
	bool over;
	struct jobs_result *held; /* the pass that ended first */
};

struct explorer {
	struct wish wish;
	struct jobs *jobs;
	struct scenario *scenario; /* scratch */
	struct sweep_point point; /* scratch */
	struct world_state *worlds;
	uint32_t started, over; /* passes; worlds */
	uint64_t events;
	struct finding *violations;
	uint32_t violation_count;
	struct timespec began;
	double drawn_s;
	int code;
};

/* ---- what is said ---- */

static double
worlds_an_hour(const struct explorer *explorer)
{
	double elapsed = elapsed_s(&explorer->began);

	return elapsed > 0 ? explorer->over * 3600.0 / elapsed : 0;
}

static void
progress_clear(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

static void
progress_draw(struct explorer *explorer)
{
	double elapsed = elapsed_s(&explorer->began);

	if (!isatty(STDERR_FILENO) || elapsed - explorer->drawn_s < 0.1)
		return;
	explorer->drawn_s = elapsed;
	fprintf(stderr,
		"\r\033[Kexplore: %u of %" PRIu64
		" worlds, %.0f an hour, %u violation%s",
		explorer->over, explorer->wish.seeds, worlds_an_hour(explorer),
		explorer->violation_count,
		explorer->violation_count == 1 ? "" : "s");
	fflush(stderr);
}

static void
violation_add(struct explorer *explorer, uint32_t index, enum violation kind,
	      const char *reason)
{
	size_t size = (explorer->violation_count + 1) * sizeof(struct finding);
	struct finding *violations = realloc(explorer->violations, size);
	struct finding *violation;

	if (violations == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		explorer->code = EXIT_RUNTIME;
		return;
	}
	explorer->violations = violations;
	violation = &violations[explorer->violation_count++];
	*violation = (struct finding){
		.seed = explorer->wish.seed + index,
		.kind = kind,
	};
	(void)snprintf(violation->reason, sizeof(violation->reason), "%.*s",
		       (int)strcspn(reason, "\n"), reason);
	if (explorer->wish.json)
		return;
	progress_clear();
	printf("seed %" PRIu64 ": %s: %s; repeat with: homeward explore "
	       "--seed %" PRIu64 " --seeds 1\n",
	       violation->seed, violation_name(kind), violation->reason,
	       violation->seed);
	fflush(stdout);
}

static int
by_seed(const void *a, const void *b)
{
	const struct finding *first = a, *second = b;

	return (first->seed > second->seed) - (first->seed < second->seed);
}

static void
report_json(const struct explorer *explorer)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	char command[96];

	json_object(&json, NULL);
	json_uint(&json, "seed", explorer->wish.seed);
	json_uint(&json, "seeds", explorer->wish.seeds);
	json_uint(&json, "worlds", explorer->over);
	json_uint(&json, "events", explorer->events);
	json_fixed(&json, "worlds_h", worlds_an_hour(explorer), 0);
	json_array(&json, "violations");
	for (uint32_t i = 0; i < explorer->violation_count; i++) {
		const struct finding *violation = &explorer->violations[i];

		(void)snprintf(command, sizeof(command),
			       "homeward explore --seed %" PRIu64 " --seeds 1",
			       violation->seed);
		json_object(&json, NULL);
		json_uint(&json, "seed", violation->seed);
		json_text(&json, "kind", violation_name(violation->kind));
		json_text(&json, "reason", violation->reason);
		json_text(&json, "repeat", command);
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
}

/* ---- one world ---- */

static void
world_over(struct explorer *explorer, uint32_t index)
{
	free(explorer->worlds[index].held);
	explorer->worlds[index].held = NULL;
	explorer->worlds[index].over = true;
	explorer->over++;
}

static int
file_write(const struct explorer *explorer, uint64_t seed, const char *text)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/explore-%" PRIu64 ".yaml",
		       explorer->wish.out, seed);
	file = fopen(path, "w");
	if (file != NULL)
		fputs(text, file);
	if (file == NULL || fclose(file) != 0) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		return EXIT_RUNTIME;
	}
	return 0;
}

/* Text to settings. False: refused, and *reason (to be freed) says why. */
static bool
scenario_read(struct explorer *explorer, uint64_t seed, const char *text,
	      char **reason)
{
	char path[64];
	size_t size = 0;
	FILE *talk = open_memstream(reason, &size);
	bool valid;

	if (talk == NULL)
		return false;
	(void)snprintf(path, sizeof(path), "explore-%" PRIu64 ".yaml", seed);
	valid = scenario_parse(explorer->scenario, path, text, strlen(text),
			       NULL, 0, talk) == 0;
	if (fclose(talk) != 0)
		return false;
	if (valid)
		sweep_point_make(explorer->scenario, 0, &explorer->point);
	return valid;
}

/* One pass of a world; or the world is refused, and no pass of it is. */
static int
pass_start(struct explorer *explorer, uint32_t index, uint32_t pass)
{
	uint64_t seed = explorer->wish.seed + index;
	char *text = generator_scenario(seed), *reason = NULL;
	int code = 0;

	if (text == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	if (explorer->wish.out != NULL && pass == 0)
		code = file_write(explorer, seed, text);
	if (code == 0 && !scenario_read(explorer, seed, text, &reason)) {
		violation_add(explorer, index, VIOLATION_REFUSED,
			      reason != NULL ? reason : "");
		world_over(explorer, index);
	} else if (code == 0) {
		code = jobs_start(explorer->jobs,
				  &(struct jobs_task){
					  .settings = &explorer->point.settings,
					  .point = index,
					  .pass = pass,
					  .judged = true,
				  });
	}
	free(reason);
	free(text);
	return code;
}

/* Why a pass did not end as it should; false: it did. */
static bool
pass_failed(const struct jobs_result *result, enum violation *kind,
	    char *reason)
{
	if (result->exit_code == EXIT_OK)
		return false;
	*kind = result->exit_code == JOBS_STUCK ? VIOLATION_NO_PROGRESS
						: VIOLATION_CRASH;
	jobs_reason(result, reason);
	if (result->exit_code == EXIT_USAGE) {
		*kind = VIOLATION_REFUSED;
		(void)snprintf(reason, REASON_SIZE,
			       "no world can be made of it");
	}
	return true;
}

/* The first difference in words; "": none. */
static void
passes_compare(const struct jobs_result *first, const struct jobs_result *again,
	       char *reason)
{
	FILE *talk = fmemopen(reason, REASON_SIZE - 1, "w");

	reason[0] = '\0';
	if (run_log_same(first->run_log, again->run_log, talk))
		reason[0] = '\0';
	else if (talk != NULL)
		fflush(talk);
	if (talk != NULL)
		(void)fclose(talk);
}

/* Of each kind the first. */
struct hearing {
	struct explorer *explorer;
	uint32_t index;
	bool heard[VIOLATIONS];
};

static void
verdict_hear(void *context, const struct watch_violation *violation)
{
	struct hearing *hearing = context;

	if (hearing->heard[violation->kind])
		return;
	hearing->heard[violation->kind] = true;
	violation_add(hearing->explorer, hearing->index, violation->kind,
		      violation->sentence);
}

static void
world_judge(struct explorer *explorer, const struct jobs_result *first,
	    const struct jobs_result *again)
{
	enum violation kind = VIOLATION_DIFFERS;
	struct hearing hearing = { .explorer = explorer };
	struct judge_facts facts;
	char reason[REASON_SIZE] = "";

	bool failed = pass_failed(first, &kind, reason) ||
		      pass_failed(again, &kind, reason);

	if (!failed)
		passes_compare(first, again, reason);
	if (failed || reason[0] != '\0')
		violation_add(explorer, first->point, kind, reason);
	hearing.index = first->point;
	(void)run_log_verdicts(first->run_log, verdict_hear, &hearing, &facts);
}

/* Takes over the run log. */
static void
result_take(struct explorer *explorer, struct jobs_result *news)
{
	struct world_state *world = &explorer->worlds[news->point];
	struct jobs_result *held = world->held;

	explorer->events += news->world.events;
	if (news->exit_code == EXIT_RUNTIME) {
		explorer->code = EXIT_RUNTIME; /* its disk is full: said */
	} else if (held == NULL) {
		world->held = malloc(sizeof(*held));
		if (world->held == NULL) {
			fprintf(stderr, "homeward: out of memory\n");
			explorer->code = EXIT_RUNTIME;
		} else {
			*world->held = *news;
			return;
		}
	} else {
		bool swapped = news->pass == 0;

		world_judge(explorer, swapped ? news : held,
			    swapped ? held : news);
		fclose(held->run_log);
		world_over(explorer, news->point);
	}
	fclose(news->run_log);
}

/* ---- the loop ---- */

static void
slots_fill(struct explorer *explorer)
{
	while (explorer->code == 0 && !jobs_is_full(explorer->jobs) &&
	       explorer->started < PASSES * explorer->wish.seeds) {
		uint32_t index = explorer->started / PASSES;
		uint32_t pass = explorer->started % PASSES;

		explorer->started++;
		if (!explorer->worlds[index].over)
			explorer->code = pass_start(explorer, index, pass);
	}
}

static void
interrupted(struct explorer *explorer)
{
	uint64_t next = 0;

	while (next < explorer->wish.seeds && explorer->worlds[next].over)
		next++;
	progress_clear();
	fprintf(stderr,
		"interrupted at seed %" PRIu64 "; go on with: homeward explore "
		"--seed %" PRIu64 " --seeds %" PRIu64 "\n",
		explorer->wish.seed + next, explorer->wish.seed + next,
		explorer->wish.seeds - next);
	explorer->code = EXIT_RUNTIME;
}

static void
explore(struct explorer *explorer)
{
	struct jobs_result result;

	for (;;) {
		slots_fill(explorer);
		if (explorer->code != 0)
			return;
		switch (jobs_wait(explorer->jobs, &result)) {
		case JOBS_ENDED:
			result_take(explorer, &result);
			break;
		case JOBS_INTERRUPTED:
			interrupted(explorer);
			return;
		case JOBS_TICK:
			break;
		case JOBS_EMPTY:
			if (explorer->started >= PASSES * explorer->wish.seeds)
				return;
			break;
		}
		progress_draw(explorer);
	}
}

static void
report(struct explorer *explorer)
{
	progress_clear();
	if (explorer->violation_count > 0)
		qsort(explorer->violations, explorer->violation_count,
		      sizeof(struct finding), by_seed);
	if (explorer->wish.json)
		report_json(explorer);
	fprintf(stderr,
		"explore: %u of %" PRIu64 " worlds, each run twice, %u "
		"violation%s; %" PRIu64 " events, %.0f worlds an hour\n",
		explorer->over, explorer->wish.seeds, explorer->violation_count,
		explorer->violation_count == 1 ? "" : "s", explorer->events,
		worlds_an_hour(explorer));
	if (explorer->code == 0 && explorer->violation_count > 0)
		explorer->code = EXIT_GATE;
}

static void
explorer_close(struct explorer *explorer)
{
	jobs_destroy(explorer->jobs);
	for (uint64_t i = 0;
	     explorer->worlds != NULL && i < explorer->wish.seeds; i++) {
		if (explorer->worlds[i].held == NULL)
			continue;
		fclose(explorer->worlds[i].held->run_log);
		free(explorer->worlds[i].held);
	}
	free(explorer->violations);
	free(explorer->worlds);
	sweep_point_release(&explorer->point);
	if (explorer->scenario != NULL)
		scenario_release(explorer->scenario);
	free(explorer->scenario);
	free(explorer);
}

static int
explore_seeds(const struct wish *wish)
{
	struct explorer *explorer = calloc(1, sizeof(*explorer));
	int code;

	if (explorer == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	explorer->wish = *wish;
	clock_gettime(CLOCK_MONOTONIC, &explorer->began);
	explorer->scenario = calloc(1, sizeof(*explorer->scenario));
	explorer->worlds = calloc(wish->seeds, sizeof(*explorer->worlds));
	if (explorer->scenario == NULL || explorer->worlds == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		explorer->code = EXIT_RUNTIME;
	} else if (wish->out != NULL && mkdir(wish->out, 0777) != 0 &&
		   errno != EEXIST) {
		fprintf(stderr, "homeward: %s: %s\n", wish->out,
			strerror(errno));
		explorer->code = EXIT_RUNTIME;
	} else if ((explorer->jobs = jobs_create((uint32_t)wish->jobs)) ==
		   NULL) {
		explorer->code = EXIT_RUNTIME;
	}
	if (explorer->code == 0) {
		explore(explorer);
		report(explorer);
	}
	code = explorer->code;
	explorer_close(explorer);
	return code;
}

/* ---- the verb ---- */

static const struct verb_option explore_options[] = {
	{ "seed", "N", "the first world's (1)", options_number,
	  .at = offsetof(struct wish, seed), .high = INT64_MAX / 2 },
	{ "seeds", "N", "how many worlds (20)", options_number,
	  .at = offsetof(struct wish, seeds), .low = 1, .high = SEEDS_MOST },
	{ "jobs", "N", "passes run at a time (as many as processors)",
	  options_number, .at = offsetof(struct wish, jobs), .low = 1,
	  .high = JOBS_MAX },
	{ "out", "DIR", "write each world's scenario there", options_text,
	  .at = offsetof(struct wish, out), .kind = USAGE_FOLDER },
	{ "json", NULL, "print what was found as JSON", options_flag,
	  .at = offsetof(struct wish, json) },
	{ 0 },
};

static int
explore_run(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct wish wish = {
		.seed = 1,
		.seeds = 20,
		.jobs = processors < 1		? 1
			: processors > JOBS_MAX ? JOBS_MAX
						: (uint64_t)processors,
	};
	int count = options_read(&verb_explore, argc, argv, &wish);

	return count < 0 ? -count : explore_seeds(&wish);
}

const struct verb verb_explore = {
	.name = "explore",
	.summary = "run random worlds, each twice, and say what goes wrong",
	.run = explore_run,
	.options = explore_options,
	.notes =
		"A world of a seed is the same on every machine. With --out it "
		"is a scenario\nfor `homeward run`.\n",
};
