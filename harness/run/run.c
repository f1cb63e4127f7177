/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - the verb `run`: options, the loop over points, progress
 *
 * The loop keeps the jobs full, stores what ends and draws a line about it on
 * a terminal. Ctrl-C kills what runs and reports what is kept. What makes the
 * database unwritable ends everything: further points would be lost as well.
 */
#include "harness/run/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/elapsed.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/emulate/emulation.h"
#include "harness/run/determinism.h"
#include "harness/run/mpi_scheduler.h"
#include "harness/run/possible.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sets.h"
#include "harness/scenario/warnings.h"

/* ---- options ---- */

static uint32_t
processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : count > JOBS_MAX ? JOBS_MAX : (uint32_t)count;
}

const char *
run_world(const struct run_options *options)
{
	return options->live ? "live" : "sim";
}

/* What only one of the worlds can do. */
static int
worlds_check(struct run_options *options)
{
	if (options->trace != NULL && mpi_scheduler_wanted())
		return usage_say(&verb_run, "--trace: not under mpirun, whose "
					    "ranks may have other disks");
	if (!options->live)
		return 0;
	if (mpi_scheduler_wanted())
		return usage_say(&verb_run,
				 "--in live: a lab is of one machine; "
				 "not under mpirun");
	if (options->check)
		return usage_say(&verb_run,
				 "--check-determinism: what is live is "
				 "not deterministic");
	if (options->trace != NULL)
		return usage_say(&verb_run,
				 "--trace: simulated ports only; in a lab, "
				 "tcpdump sees the real ones");
	/* One lab at a time: runs are timed, and must not slow each other. */
	options->jobs = 1;
	return 0;
}

static const struct verb_option run_table[] = {
	{ "in", "sim|live",
	  "sim: simulate (the default); live: in a lab of this machine (root), "
	  "one run after the other",
	  options_choice, .at = offsetof(struct run_options, live) },
	{ "db", "FILE", "database to add to (" DB_DEFAULT_PATH ")",
	  options_text, .at = offsetof(struct run_options, db),
	  .kind = USAGE_FILE },
	{ "jobs", "N",
	  "points run at a time (as many as processors; under mpirun, on each "
	  "rank: 1)",
	  options_number, .at = offsetof(struct run_options, jobs), .low = 1,
	  .high = JOBS_MAX },
	SETS_OPTION(struct run_options, sets,
		    "change a key; a list [a, b] sweeps it; may be repeated"),
	{ "resume", NULL, "skip points that the database has already",
	  options_flag, .at = offsetof(struct run_options, resume) },
	{ "check-determinism", NULL, "run each point twice and compare",
	  options_flag, .at = offsetof(struct run_options, check) },
	{ "trace", "DIR", "write captures (pcap) of every port there",
	  options_text, .at = offsetof(struct run_options, trace),
	  .kind = USAGE_FOLDER },
	{ "json", NULL, "print the runs as JSON", options_flag,
	  .at = offsetof(struct run_options, json) },
	{ 0 },
};

/* ---- progress ---- */

/* How much work a point is, roughly. */
static double
point_weight(struct run *run, uint32_t index)
{
	sweep_point_make(run->scenario, index, &run->point);
	if (run->options->live)
		return (double)run->point.settings.measure.duration_ns;
	return (double)run->point.settings.fabric.servers;
}

static void
progress_clear(const struct run *run)
{
	if (run->progress)
		fputs("\r\033[K", stderr);
}

/* Add what a running task has done. */
static void
share_add(struct run *run, struct jobs_share share, double *weight,
	  uint64_t *events)
{
	*weight += share.time * point_weight(run, share.point) /
		   (run->options->check ? 2 : 1);
	*events += share.events;
}

/* ", 1.2 M events/s" */
static void
rate_print(double rate, char *text, size_t size)
{
	if (rate >= 1e6)
		snprintf(text, size, ", %.1f M events/s", rate * 1e-6);
	else if (rate >= 1)
		snprintf(text, size, ", %.0f events/s", rate);
}

static void
progress_draw(struct run *run)
{
	double done = run->weight_done, elapsed = elapsed_s(&run->began);
	uint64_t events = run->events;
	char eta[32] = "", rate[48] = "";

	if (!run->progress || elapsed - run->drawn_s < 0.1)
		return;
	run->drawn_s = elapsed;
	for (uint32_t i = 0; i < crew_running(run->crew); i++)
		share_add(run, crew_progress(run->crew, i), &done, &events);
	if (run->weight_all > 0)
		done /= run->weight_all;
	if (elapsed > 1)
		rate_print((double)events / elapsed, rate, sizeof(rate));
	if (done > 0.001 && elapsed > 1) {
		long rest = (long)(elapsed / done * (1 - done) + 0.5);

		snprintf(eta, sizeof(eta), ", %ld:%02ld to go", rest / 60,
			 rest % 60);
	}
	fprintf(stderr, "\r\033[K%s: %u of %u points, %.0f %%%s%s",
		run->scenario->name, run->finished, run->point_count,
		100 * done, rate, eta);
	fflush(stderr);
}

/* ---- the loop ---- */

static void
second_folder(const struct run *run, uint32_t index, char *path, size_t size)
{
	snprintf(path, size, "%s/.second-%u", run->options->trace, index);
}

/* Start one pass of a point, on whatever rank. */
static int
pass_start(void *context, struct jobs *jobs, uint32_t index, uint32_t pass)
{
	struct run *run = context;
	char folder[4096], prefix[SCENARIO_NAME + 16];
	struct jobs_task task = { .point = index,
				  .pass = pass,
				  .hash = run->options->check,
				  .trace_folder = run->options->trace,
				  .trace_prefix = prefix,
				  .lab = run->options->live ? run->lab : NULL };

	sweep_point_make(run->scenario, index, &run->point);
	task.settings = &run->point.settings;
	if (run->point_count == 1)
		snprintf(prefix, sizeof(prefix), "%s", run->scenario->name);
	else
		snprintf(prefix, sizeof(prefix), "%s-%u", run->scenario->name,
			 index + 1);
	if (pass == 1 && run->options->trace != NULL) {
		second_folder(run, index, folder, sizeof(folder));
		task.trace_folder = folder;
	}
	return jobs_start(jobs, &task);
}

/* The next pass that runs nowhere yet. False: there is none. */
static bool
next_find(struct run *run, uint32_t *index, uint32_t *pass)
{
	uint32_t passes = run->options->check ? 2 : 1;

	while (run->started < run->point_count * passes) {
		*index = run->started / passes;
		*pass = run->started % passes;
		run->started++;
		if (run->points[*index].state != RUN_OK) {
			run->points[*index].state = RUN_STARTED;
			return true;
		}
	}
	return false;
}

static void
result_drop(struct jobs_result *result)
{
	if (result == NULL)
		return;
	if (result->run_log != NULL)
		fclose(result->run_log);
	free(result);
}

/* Both passes are there: compare. */
static void
passes_compare(struct run *run, const struct jobs_result *first,
	       const struct jobs_result *again)
{
	char second[4096], label[SWEEP_LABEL];

	if (first->exit_code != EXIT_OK || again->exit_code != EXIT_OK)
		return;
	progress_clear(run);
	second_folder(run, first->point, second, sizeof(second));
	if (!determinism_holds(
		    first->run_log, again->run_log, run->options->trace,
		    run->options->trace != NULL ? second : NULL, stderr)) {
		sweep_point_make(run->scenario, first->point, &run->point);
		sweep_point_label(run->scenario, &run->point, label);
		fprintf(stderr, "homeward: two runs of %s (%s) differ\n",
			run->scenario->name, label);
		run->differs = true;
	}
}

/* A result that will be stored: say what went wrong with it, if anything. */
static void
result_judge(struct run *run, const struct jobs_result *result)
{
	char label[SWEEP_LABEL], reason[JOBS_REASON];

	if (result->exit_code == EXIT_OK)
		return;
	sweep_point_make(run->scenario, result->point, &run->point);
	sweep_point_label(run->scenario, &run->point, label);
	jobs_reason(result, reason);
	progress_clear(run);
	fprintf(stderr, "homeward: %s: %s\n", label, reason);
}

static void
result_store(struct run *run, const struct jobs_result *result)
{
	struct run_point *point = &run->points[result->point];

	result_judge(run, result);
	if (result->exit_code == EXIT_USAGE) {
		/* The world refused the settings: nothing is written. */
		run->code = EXIT_USAGE;
		return;
	}
	if (result->exit_code == EXIT_RUNTIME) {
		/* Its disk is full or the like, and has said so: the next
		 * point would fare no better. */
		run->code = EXIT_RUNTIME;
		return;
	}
	if (run_store(run, result) != 0) {
		run->code = EXIT_RUNTIME;
		return;
	}
	if (result->exit_code == EXIT_OK)
		remarks_hear(&run->remarks, result->run_log);
	point->state = result->exit_code == EXIT_OK ? RUN_OK : RUN_FAILED;
	run->failed += result->exit_code != EXIT_OK;
	run->finished++;
	run->weight_done += point_weight(run, result->point);
}

/* Takes over the run log. */
static void
result_take(struct run *run, const struct jobs_result *news)
{
	struct run_point *point = &run->points[news->point];
	struct jobs_result *result = malloc(sizeof(*result));
	struct jobs_result *other = point->held;

	run->events += news->world.events;
	if (result == NULL) {
		fclose(news->run_log);
		fprintf(stderr, "homeward: out of memory\n");
		run->code = EXIT_RUNTIME;
		return;
	}
	*result = *news;
	if (run->options->check && other == NULL) {
		point->held = result;
		return;
	}
	if (other != NULL) {
		bool swapped = result->pass == 0;
		const struct jobs_result *first = swapped ? result : other;
		const struct jobs_result *again = swapped ? other : result;

		passes_compare(run, first, again);
		/* One of the two may have died: then that is the result. */
		result_store(run, first->exit_code != EXIT_OK	? first
				  : again->exit_code != EXIT_OK ? again
								: first);
	} else {
		result_store(run, result);
	}
	result_drop(other);
	result_drop(result);
	point->held = NULL;
}

/* Every free slot, here or elsewhere, gets a task. False: nothing is running
 * and nothing is left. */
static bool
slots_fill(struct run *run)
{
	uint32_t index, pass;

	while (run->code == EXIT_OK && crew_has_slot(run->crew) &&
	       next_find(run, &index, &pass))
		run->code = crew_start(run->crew, index, pass);
	return crew_running(run->crew) > 0;
}

static void
run_points(struct run *run)
{
	struct jobs_result result;

	while (run->code == EXIT_OK && slots_fill(run) &&
	       run->code == EXIT_OK) {
		switch (crew_wait(run->crew, &result)) {
		case CREW_ENDED:
			result_take(run, &result);
			break;
		case CREW_INTERRUPTED:
			run->interrupted = true;
			run->code = EXIT_RUNTIME;
			return;
		case CREW_BROKEN:
			run->code = EXIT_RUNTIME;
			return;
		case CREW_TICK:
			break;
		}
		progress_draw(run);
	}
}

/* ---- the verb ---- */

/* Can this world, on this machine, do every point? Said if not. */
static int
world_check(struct run *run)
{
	const char *missing = run->options->live ? lab_missing() : NULL;
	int code;

	if (missing != NULL) {
		fprintf(stderr, "homeward: --in live: %s\n", missing);
		return EXIT_USAGE;
	}
	code = possible_check(run->scenario, run->options->live);
	if (code != 0)
		return code;
	if (run->options->live) {
		emulation_lab_name(run->scenario->name, run->lab);
		emulation_sweep();
	}
	return 0;
}

/* Rank 0, and a run without MPI: the database. */
static int
run_open(struct run *run)
{
	const struct run_options *options = run->options;

	run->points = calloc(run->point_count, sizeof(*run->points));
	if (run->points == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	if (options->trace != NULL && mkdir(options->trace, 0777) != 0 &&
	    errno != EEXIST) {
		fprintf(stderr, "homeward: %s: %s\n", options->trace,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	if (db_open(&run->db, options->db, DB_WRITE) != 0 ||
	    run_writer_open(&run->rows, run->db) != 0 || run_prepare(run) != 0)
		return EXIT_RUNTIME;
	for (uint32_t i = 0; i < run->point_count; i++)
		if (run->points[i].state != RUN_OK)
			run->weight_all += point_weight(run, i);
	run->progress = crew_talk_is_seen(run->crew);
	return 0;
}

/* The scenario, the jobs, and the other ranks. */
static int
run_gather(struct run *run)
{
	const struct run_options *options = run->options;
	int code = scenario_load(run->scenario, options->path,
				 options->sets.text, options->sets.count);

	if (code == 0)
		code = world_check(run);
	if (code != 0)
		return code;
	if (!options->aside)
		(void)warnings_say(run->scenario, options->sets.text, stderr);
	run->point_count = sweep_point_count(run->scenario);
	run->resolved = scenario_dump_text(run->scenario);
	if (run->resolved == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	return crew_open(&run->crew, &(struct crew_parts){
					     .name = run->scenario->name,
					     .agreed = run->resolved,
					     .jobs = (uint32_t)options->jobs,
					     .alone = options->aside,
					     .start = pass_start,
					     .context = run,
				     });
}

static void
run_close(struct run *run)
{
	for (uint32_t i = 0; run->points != NULL && i < run->point_count; i++)
		result_drop(run->points[i].held);
	run_writer_close(&run->rows);
	db_close(run->db);
	remarks_destroy(run->remarks);
	free(run->points);
	free(run->resolved);
	sweep_point_release(&run->point);
	scenario_release(run->scenario);
	free(run->scenario);
	free(run);
}

static int
run_sweep(const struct run_options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	int code;

	if (run == NULL ||
	    (run->scenario = calloc(1, sizeof(*run->scenario))) == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		free(run);
		return EXIT_RUNTIME;
	}
	run->options = options;
	clock_gettime(CLOCK_MONOTONIC, &run->began);
	code = run_gather(run);
	if (code == 0 && crew_is_worker(run->crew)) {
		code = crew_work(run->crew);
	} else if (code == 0 && (code = run_open(run)) == 0) {
		run_points(run);
		progress_clear(run);
		if (!options->aside)
			remarks_say(run->remarks, run->scenario, stderr);
		code = run->code == EXIT_USAGE ? EXIT_USAGE : run_report(run);
	}
	crew_close(run->crew, !run->interrupted);
	run_close(run);
	return code;
}

static int
verb_do(int argc, char **argv, bool aside)
{
	struct run_options wanted = { .db = DB_DEFAULT_PATH,
				      .jobs = mpi_scheduler_wanted() && !aside
						      ? 1
						      : processors(),
				      .aside = aside };
	int count = options_read(&verb_run, argc, argv, &wanted);
	int code = count < 0 ? -count : 0;

	if (code == 0) {
		wanted.path = argv[argc - count];
		code = worlds_check(&wanted);
	}
	if (code == 0)
		code = run_sweep(&wanted);
	free(wanted.sets.text);
	return code;
}

static int
run_verb(int argc, char **argv)
{
	return verb_do(argc, argv, false);
}

int
run_aside(int argc, char **argv)
{
	return verb_do(argc, argv, true);
}

const struct verb verb_run = {
	.name = "run",
	.summary = "run an experiment into the database",
	.run = run_verb,
	.options = run_table,
	.operands = "SCENARIO",
	.noun = "scenario",
	.least = 1,
	.most = 1,
	.kind = USAGE_SCENARIO,
};
