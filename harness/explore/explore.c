/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explore.c - the verb `explore`: options, one hunt, an exit code
 */
#include "harness/explore/explore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "harness/base/options.h"
#include "harness/base/shell_word.h"
#include "harness/explore/account.h"
#include "harness/explore/findings.h"
#include "harness/explore/hunt.h"
#include "harness/explore/known.h"
#include "harness/explore/shrink.h"
#include "harness/explore/worlds.h"
#include "harness/run/jobs.h"
#include "harness/run/mpi_scheduler.h"

#define SEED	   1
#define SEEDS	   20
#define SEEDS_MOST UINT32_MAX
#define SEED_LAST  (INT64_MAX / 2)
#define NOT_GIVEN  UINT64_MAX

struct wish {
	uint64_t seed, seeds, jobs, minutes; /* NOT_GIVEN */
	const char *out, *known;
	bool stop, shrink, json;
};

struct explorer {
	const struct wish *wish;
	struct worlds *worlds;
	struct known known;
	struct findings findings;
	struct account account;
	struct shrink_result shrunk[VIOLATIONS];
};

/* ---- what the hunt calls ---- */

static bool
world_take(void *context, uint32_t index, const struct trial *trial)
{
	struct explorer *explorer = context;

	findings_add(&explorer->findings, index, trial);
	account_world(&explorer->account, index, trial);
	return !explorer->wish->stop ||
	       account_violations(&explorer->account, false) == 0;
}

static void
tick(void *context, uint32_t next, double elapsed_s, bool terminal)
{
	struct explorer *explorer = context;

	(void)next;
	account_tick(&explorer->account, elapsed_s, terminal);
}

/* ---- made small ---- */

/* 0 or an exit code, said. */
static int
kind_shrink(struct explorer *explorer, struct jobs *jobs, enum violation kind)
{
	uint32_t index = explorer->findings.kinds[kind].first[0].index;
	char stem[WORLDS_NAME], *reason;
	const struct settings *settings =
		worlds_settings(explorer->worlds, index, &reason);
	const struct shrink_wish wish = {
		.settings = settings,
		.kind = kind,
		.name = worlds_stem(explorer->worlds, index, stem),
		.out = explorer->wish->out,
		.quiet = explorer->wish->json,
	};

	free(reason);
	/* What is no scenario cannot be cut. */
	return settings == NULL
		       ? 0
		       : shrink_world(jobs, &wish, &explorer->shrunk[kind]);
}

/* Of each kind that is not known the first world. */
static int
kinds_shrink(struct explorer *explorer)
{
	struct jobs *jobs = jobs_create((uint32_t)explorer->wish->jobs);
	int code = jobs == NULL ? EXIT_RUNTIME : 0;

	for (unsigned i = 0; code == 0 && i < VIOLATIONS; i++) {
		if (explorer->findings.kinds[i].worlds == 0 ||
		    explorer->known.kinds[i])
			continue;
		code = kind_shrink(explorer, jobs, (enum violation)i);
		if (explorer->shrunk[i].interrupted)
			break;
	}
	jobs_destroy(jobs);
	return code;
}

/* ---- how to go on ---- */

static void
rest_say(const struct explorer *explorer, const struct hunt_result *result)
{
	const struct wish *wish = explorer->wish;
	char name[WORLDS_NAME];
	uint32_t count = worlds_count(explorer->worlds);

	if (result->end == HUNT_OVER || result->next == count)
		return;
	fprintf(stderr, "%s at %s; go on with: ",
		result->end == HUNT_LATE     ? "the time was over"
		: result->end == HUNT_ENOUGH ? "stopped"
					     : "interrupted",
		worlds_name(explorer->worlds, result->next, name));
	if (result->ranks > 1)
		fprintf(stderr, "mpirun -n %u ", result->ranks);
	fputs("homeward explore", stderr);
	account_known_option(&explorer->account, stderr);
	if (wish->stop)
		fputs(" --stop", stderr);
	if (wish->shrink)
		fputs(" --shrink", stderr);
	if (wish->minutes != NOT_GIVEN)
		fprintf(stderr, " --minutes %" PRIu64, wish->minutes);
	if (wish->out != NULL) {
		fputs(" --out ", stderr);
		shell_word_print(wish->out, stderr);
	}
	fputc(' ', stderr);
	if (explorer->account.endless)
		fprintf(stderr, "--seed %" PRIu64,
			worlds_seed(explorer->worlds, result->next));
	else
		worlds_arguments(explorer->worlds, result->next,
				 count - result->next, stderr);
	fputc('\n', stderr);
}

/* Files are what they are; seeds have to be hard enough. */
static bool
floor_missed(const struct explorer *explorer)
{
	if (!worlds_are_seeds(explorer->worlds) ||
	    !floors_missed(&explorer->findings.floors))
		return false;
	fprintf(stderr, "explore: these worlds are too easy\n");
	return true;
}

/* ---- the verb ---- */

static int
worlds_explore(struct explorer *explorer)
{
	const struct wish *wish = explorer->wish;
	struct hunt_result result = hunt(&(struct hunt_wish){
		.worlds = explorer->worlds,
		.jobs = (uint32_t)wish->jobs,
		.minutes = wish->minutes,
		.out = wish->out,
		.take = world_take,
		.tick = tick,
		.context = explorer,
	});
	int code = 0;

	if (result.worker || (result.end == HUNT_FAILED && result.ranks == 0))
		return result.code; /* there is nothing to tell */
	if (wish->shrink && result.end < HUNT_INTERRUPTED)
		code = kinds_shrink(explorer);
	if (worlds_are_seeds(explorer->worlds))
		findings_finish(&explorer->findings);
	account_print(&explorer->account, &result);
	if (result.end == HUNT_FAILED)
		return result.code;
	if (code != 0)
		return code;
	rest_say(explorer, &result);
	bool easy = floor_missed(explorer); /* said, whatever was found */
	if (account_violations(&explorer->account, false) > 0 || easy)
		return EXIT_GATE;
	return result.end == HUNT_INTERRUPTED ? EXIT_RUNTIME : EXIT_OK;
}

static uint64_t
seed_first(const struct wish *wish)
{
	return wish->seed == NOT_GIVEN ? SEED : wish->seed;
}

/* What nobody counted ends at the last seed that can be asked for again. */
static uint32_t
seed_count(const struct wish *wish)
{
	uint64_t room = SEED_LAST - seed_first(wish) + 1;
	uint64_t count = wish->seeds != NOT_GIVEN     ? wish->seeds
			 : wish->minutes != NOT_GIVEN ? SEEDS_MOST
						      : SEEDS;

	return (uint32_t)(count < room ? count : room);
}

static int
explorer_open(struct explorer *explorer, char *const *paths, int count)
{
	const struct wish *wish = explorer->wish;
	int code = known_read(&explorer->known, wish->known);

	if (code != 0)
		return code;
	if (wish->out != NULL && mkdir(wish->out, 0777) != 0 &&
	    errno != EEXIST) {
		fprintf(stderr, "homeward: %s: %s\n", wish->out,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	explorer->worlds =
		count > 0 ? worlds_of_files(paths, count)
			  : worlds_of_seeds(seed_first(wish), seed_count(wish));
	if (explorer->worlds == NULL)
		return EXIT_USAGE;
	explorer->account = (struct account){
		.worlds = explorer->worlds,
		.known = &explorer->known,
		.known_given = wish->known,
		.findings = &explorer->findings,
		.endless = count == 0 && wish->seeds == NOT_GIVEN &&
			   wish->minutes != NOT_GIVEN,
		.shrunk = explorer->shrunk,
		.json = wish->json,
	};
	return 0;
}

static int
explore(const struct wish *wish, char *const *paths, int count)
{
	struct explorer *explorer = calloc(1, sizeof(*explorer));
	int code;

	if (explorer == NULL)
		abort();
	explorer->wish = wish;
	code = explorer_open(explorer, paths, count);
	if (code == 0)
		code = worlds_explore(explorer);
	findings_release(&explorer->findings);
	worlds_destroy(explorer->worlds);
	free(explorer);
	return code;
}

static const struct verb_option explore_options[] = {
	{ "seed", "N", "the first world's (1)", options_number,
	  .at = offsetof(struct wish, seed), .high = SEED_LAST },
	{ "seeds", "N", "how many worlds (20; with --minutes no end)",
	  options_number, .at = offsetof(struct wish, seeds), .low = 1,
	  .high = SEEDS_MOST },
	{ "minutes", "N", "begin no world after N minutes, but the first",
	  options_number, .at = offsetof(struct wish, minutes),
	  .high = 1000000 },
	{ "jobs", "N",
	  "passes run at a time (as many as processors; under mpirun, on each "
	  "rank: 1)",
	  options_number, .at = offsetof(struct wish, jobs), .low = 1,
	  .high = JOBS_MAX },
	{ "stop", NULL, "end at the first violation whose kind is not known",
	  options_flag, .at = offsetof(struct wish, stop) },
	{ "shrink", NULL,
	  "of each kind that is not known, make the first world small: into "
	  "DIR of --out, or print it",
	  options_flag, .at = offsetof(struct wish, shrink) },
	{ "known", "FILE",
	  "kinds that are known (" KNOWN_PATH "); none: no kind is",
	  options_text, .at = offsetof(struct wish, known),
	  .kind = USAGE_FILE },
	{ "out", "DIR", "write each seed's scenario there", options_text,
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
		.seed = NOT_GIVEN,
		.seeds = NOT_GIVEN,
		.minutes = NOT_GIVEN,
		.jobs = processors < 1 || mpi_scheduler_wanted() ? 1
			: processors > JOBS_MAX			 ? JOBS_MAX
						: (uint64_t)processors,
	};
	int count = options_read(&verb_explore, argc, argv, &wish);

	if (count < 0)
		return -count;
	if (count > 0 && (wish.seed != NOT_GIVEN || wish.seeds != NOT_GIVEN))
		return usage_say(&verb_explore,
				 "--seed and --seeds: a file has a seed of its "
				 "own");
	if (wish.seeds != NOT_GIVEN &&
	    wish.seeds - 1 > SEED_LAST - seed_first(&wish))
		return usage_say(&verb_explore,
				 "--seeds: the last seed is %" PRIu64,
				 (uint64_t)SEED_LAST);
	if (wish.json && wish.shrink && wish.out == NULL)
		return usage_say(&verb_explore,
				 "--shrink: with --json, where to? (--out)");
	return explore(&wish, argv + argc - count, count);
}

const struct verb verb_explore = {
	.name = "explore",
	.summary = "run random worlds, each twice, and say what goes wrong",
	.run = explore_run,
	.options = explore_options,
	.operands = "[SCENARIO]...",
	.most = -1,
	.noun = "scenario",
	.kind = USAGE_SCENARIO,
	.notes =
		"SCENARIO: only these, each point of a sweep a world. Else a "
		"world of each seed,\nthe same on every machine; with --out it "
		"is a scenario for `homeward run`.\nExit 1 when a violation is "
		"of a kind that is not known,\nor 300 or more "
		"seeds make worlds that are too easy.\n",
};
