/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shrink.c - the question of a reduction, answered by runs
 *
 * Variants of one question run side by side, as many as the jobs take. The
 * first in their order that shows it counts, whichever ends first: so the
 * answer does not depend on how many processors there are.
 */
#include "harness/explore/shrink.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/instant.h"
#include "harness/base/exit.h"
#include "harness/base/shell_word.h"
#include "harness/db/run_log.h"
#include "harness/explore/reduction.h"
#include "harness/explore/trial.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_print.h"
#include "harness/scenario/sweep.h"
#include "sim/engine/memory.h"

#define SIZES_TEXT 256

struct shrinker {
	struct jobs *jobs;
	const struct shrink_wish *wish;
	struct shrink_result *result;
	const struct variant *now; /* what is being cut */
	uint32_t runs; /* variants that were run */
	bool interrupted;
	int code;
};

/* ---- one question ---- */

struct hearing {
	enum violation kind;
	bool heard;
	char *sentence; /* JOBS_REASON bytes */
};

/* The variants of a question, while they run. */
struct round {
	struct shrinker *shrinker;
	const struct settings *const *settings;
	uint32_t count, passes; /* of each variant */
	uint32_t started; /* passes */
	uint32_t found; /* the first that shows it, so far; count: none */
	struct jobs_result *held; /* of each variant: the pass that ended first,
				     or without a run log */
	char sentence[JOBS_REASON]; /* of found */
};

static void
verdict_hear(void *context, const struct watch_violation *violation)
{
	struct hearing *hearing = context;

	if (hearing->heard || violation->kind != hearing->kind)
		return;
	hearing->heard = true;
	(void)snprintf(hearing->sentence, JOBS_REASON, "%s",
		       violation->sentence);
}

/* Does this pass alone show it? */
static bool
pass_shows(enum violation kind, const struct jobs_result *result,
	   char *sentence)
{
	struct hearing hearing = { .kind = kind, .sentence = sentence };
	struct judge_facts facts;

	if (trial_pass_failed(result, sentence) == kind)
		return true;
	sentence[0] = '\0';
	(void)run_log_verdicts(result->run_log, verdict_hear, &hearing, &facts);
	return hearing.heard;
}

/* Takes over the run log. */
static void
result_take(struct round *round, struct jobs_result *result)
{
	enum violation kind = round->shrinker->wish->kind;
	uint32_t index = result->point;
	char sentence[JOBS_REASON] = "";
	bool shows;

	if (result->exit_code == EXIT_RUNTIME)
		round->shrinker->code = EXIT_RUNTIME; /* it has said why */
	if (round->passes == 1) {
		shows = pass_shows(kind, result, sentence);
	} else if (round->held[index].run_log == NULL) {
		round->held[index] = *result;
		return;
	} else {
		const struct jobs_result *held = &round->held[index];
		bool later = result->pass > held->pass;

		shows = trial_passes_compare(later ? held : result,
					     later ? result : held,
					     sentence) == kind;
	}
	(void)fclose(result->run_log);
	if (!shows || index >= round->found)
		return;
	round->found = index;
	memcpy(round->sentence, sentence, sizeof(sentence));
}

static void
slots_fill(struct round *round)
{
	struct shrinker *shrinker = round->shrinker;

	while (shrinker->code == 0 && !jobs_is_full(shrinker->jobs) &&
	       round->started < round->passes * round->found) {
		uint32_t index = round->started / round->passes;

		shrinker->code = jobs_start(
			shrinker->jobs,
			&(struct jobs_task){
				.settings = round->settings[index],
				.point = index,
				.pass = round->started % round->passes,
				.judged = true,
			});
		round->started++;
	}
}

static void
progress_draw(const struct shrinker *shrinker)
{
	const struct settings *now = &shrinker->now->settings;

	if (shrinker->wish->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr,
		"\r\033[Kshrink: %s: %" PRIu32 " events, %" PRIu32
		" servers, %" PRIu32 " sessions; %" PRIu32 " runs",
		violation_name(shrinker->wish->kind), now->fault_count,
		now->fabric.servers, now->clients.sessions, shrinker->runs);
	fflush(stderr);
}

static void
round_run(struct round *round)
{
	struct shrinker *shrinker = round->shrinker;
	struct jobs_result result;

	for (;;) {
		slots_fill(round);
		switch (jobs_wait(shrinker->jobs, &result)) {
		case JOBS_ENDED:
			result_take(round, &result);
			break;
		case JOBS_INTERRUPTED:
			shrinker->interrupted = true;
			return;
		case JOBS_TICK:
			break;
		case JOBS_EMPTY:
			return;
		}
		progress_draw(shrinker);
	}
}

/* reduction.h's question. */
static uint32_t
variants_run(void *context, const struct settings *const *settings,
	     uint32_t count)
{
	struct shrinker *shrinker = context;
	struct round round = {
		.shrinker = shrinker,
		.settings = settings,
		.count = count,
		.found = count,
		.passes = shrinker->wish->kind == VIOLATION_DIFFERS ? 2 : 1,
		.held = memory_zeroed(count, sizeof(struct jobs_result)),
	};

	round_run(&round);
	for (uint32_t i = 0; i < count; i++)
		if (round.held[i].run_log != NULL)
			(void)fclose(round.held[i].run_log);
	free(round.held);
	if (shrinker->interrupted || shrinker->code != 0)
		return UINT32_MAX;
	shrinker->runs += round.found < count ? round.found + 1 : count;
	if (round.found < count)
		memcpy(shrinker->result->sentence, round.sentence,
		       sizeof(round.sentence));
	return round.found;
}

static bool
shows(struct shrinker *shrinker, const struct settings *settings)
{
	return variants_run(shrinker, &settings, 1) == 0;
}

/* ---- the file ---- */

static struct shrink_size
size_of(const struct settings *settings)
{
	return (struct shrink_size){
		.events = settings->fault_count,
		.servers = settings->fabric.servers,
		.sessions = settings->clients.sessions,
		.duration_ns = settings->measure.duration_ns,
	};
}

/* "5 events -> 1, 32 servers -> 5, 812 sessions -> 1, 41 s -> 3, 41 runs" */
static void
sizes_text(const struct shrink_result *result, char text[SIZES_TEXT])
{
	const struct shrink_size *before = &result->before;
	const struct shrink_size *after = &result->after;

	(void)snprintf(
		text, SIZES_TEXT,
		"%" PRIu32 " events -> %" PRIu32 ", %" PRIu32
		" servers -> %" PRIu32 ", %" PRIu32 " sessions -> %" PRIu32
		", %.3g s -> %.3g, %" PRIu32 " runs",
		before->events, after->events, before->servers, after->servers,
		before->sessions, after->sessions,
		(double)before->duration_ns / (double)NS_PER_S,
		(double)after->duration_ns / (double)NS_PER_S, result->runs);
}

/* What the file says on top; to be freed. */
static char *
head_text(const struct shrinker *shrinker)
{
	const struct shrink_result *result = shrinker->result;
	char how[SIZES_TEXT], *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		return NULL;
	sizes_text(result, how);
	fprintf(file, "shows: %s\n%s\nShrunk from %s: %s.\nRepeat with: ",
		violation_name(shrinker->wish->kind), result->sentence,
		shrinker->wish->name, how);
	fputs("homeward explore --known none ", file);
	if (result->path[0] != '\0')
		shell_word_print(result->path, file);
	else
		fputs("FILE", file);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

static char *
file_text(const struct shrinker *shrinker, const struct settings *settings)
{
	char *head = head_text(shrinker), *text = NULL;
	char title[SCENARIO_TITLE];

	(void)snprintf(title, sizeof(title), "%s",
		       violation_help(shrinker->wish->kind));
	title[0] = (char)toupper((unsigned char)title[0]);
	if (head != NULL)
		text = scenario_print_text(head, title, settings);
	free(head);
	return text;
}

/* Does the text, read as a file, show it? Says so if not. */
static bool
text_shows(struct shrinker *shrinker, const struct settings *settings,
	   const char *text)
{
	struct scenario *scenario = memory_zeroed(1, sizeof(*scenario));
	struct sweep_point point = { .faults = NULL };
	bool good = scenario_parse(scenario, "shrunk.yaml", text, strlen(text),
				   NULL, 0, stderr) == 0;

	if (good) {
		sweep_point_make(scenario, 0, &point);
		good = variant_same(&point.settings, settings) &&
		       shows(shrinker, &point.settings);
	}
	if (!good && !shrinker->interrupted && shrinker->code == 0) {
		fprintf(stderr,
			"homeward: %s: the small world, written and read, does "
			"not show %s any more\n",
			shrinker->wish->name,
			violation_name(shrinker->wish->kind));
		shrinker->code = EXIT_RUNTIME;
	}
	sweep_point_release(&point);
	scenario_release(scenario);
	free(scenario);
	return good;
}

static int
text_write(const char *path, const char *text)
{
	FILE *file = path[0] != '\0' ? fopen(path, "w") : stdout;
	bool good = file != NULL && fputs(text, file) >= 0;

	if (file == stdout)
		good &= fflush(stdout) == 0;
	else if (file != NULL)
		good &= fclose(file) == 0;
	if (good)
		return 0;
	fprintf(stderr, "homeward: %s: %s\n",
		path[0] != '\0' ? path : "standard output", strerror(errno));
	return EXIT_RUNTIME;
}

static void
path_make(const struct shrink_wish *wish, char path[SHRINK_PATH])
{
	path[0] = '\0';
	if (wish->out != NULL)
		(void)snprintf(path, SHRINK_PATH, "%s/%s-%s.yaml", wish->out,
			       wish->name, violation_name(wish->kind));
}

static void
variant_write(struct shrinker *shrinker, const struct settings *settings)
{
	char *text, how[SIZES_TEXT];

	text = file_text(shrinker, settings);
	if (text == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		shrinker->code = EXIT_RUNTIME;
		return;
	}
	/* A second Ctrl-C is not waited for. */
	if (shrinker->interrupted || text_shows(shrinker, settings, text))
		shrinker->code = text_write(shrinker->result->path, text);
	free(text);
	if (shrinker->wish->quiet || shrinker->code != 0)
		return;
	sizes_text(shrinker->result, how);
	fprintf(stderr, "%s%s: %s: %s%s%s%s\n",
		isatty(STDERR_FILENO) ? "\r\033[K" : "", shrinker->wish->name,
		violation_name(shrinker->wish->kind), how,
		shrinker->interrupted ? ", interrupted" : "",
		shrinker->result->path[0] != '\0' ? "; " : "",
		shrinker->result->path);
}

/* ---- all of it ---- */

int
shrink_world(struct jobs *jobs, const struct shrink_wish *wish,
	     struct shrink_result *result)
{
	struct variant variant = { .faults = NULL };
	struct shrinker shrinker = {
		.jobs = jobs,
		.wish = wish,
		.result = result,
		.now = &variant,
	};
	struct reduction reduction = {
		.first = variants_run,
		.context = &shrinker,
		.most = SHRINK_RUNS,
	};

	*result = (struct shrink_result){ .before = size_of(wish->settings) };
	path_make(wish, result->path);
	variant_copy(&variant, wish->settings);
	result->shown = shows(&shrinker, &variant.settings);
	if (result->shown)
		reduction_run(&reduction, &variant);
	result->after = size_of(&variant.settings);
	result->runs = shrinker.runs;
	result->interrupted = shrinker.interrupted;
	if (!result->shown && !shrinker.interrupted && shrinker.code == 0)
		fprintf(stderr,
			"%s%s: %s: one run does not show it; not shrunk\n",
			isatty(STDERR_FILENO) ? "\r\033[K" : "", wish->name,
			violation_name(wish->kind));
	if (result->shown && shrinker.code == 0)
		variant_write(&shrinker, &variant.settings);
	variant_release(&variant);
	return shrinker.code;
}
