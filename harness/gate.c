/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.c - `homeward gate`: is the protocol still the one that was blessed?
 *
 *	homeward gate [--bless] [--baseline FILE] [--jobs N]
 *		      [--set KEY=VALUE]... [--json] [SCENARIO]...
 *
 *	scenarios --run--> temporary database --collect--> baseline
 *	results/gate.baseline ------------------------read--> baseline
 *
 * A simulated sweep is the same on every machine, so what is counted is
 * compared exactly, point by point: the hash of all state, events, sessions by
 * outcome, of each metric its count, failures and sum of nanoseconds, the
 * histogram of rounds, messages and drops. The line T = a + L log2 n is
 * compared as statisticians would: L and a of now must lie in the 95 %
 * intervals that were blessed; so when times have changed for a good reason, it
 * says whether the law did.
 *
 * Without arguments all of `scenarios` below are run, and a baseline that has
 * more or fewer of them differs. With arguments only those are compared; the
 * baseline's other scenarios stay what they are, blessing included.
 *
 * What differs is printed old beside new (difference.h); exit 1. --bless
 * writes the baseline anew, for a commit that says why.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/analyse/scaling.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/baseline.h"
#include "harness/db/db.h"
#include "harness/difference.h"
#include "harness/run/run.h"
#include "harness/scenario/sets.h"
#include "harness/verbs.h"

#define BASELINE "results/gate.baseline"
#define SETS	 64
#define PATH	 512

/* What every commit is held against; together some seconds. One more scenario
 * is one more line here, and --bless. */
static const char *const scenarios[] = {
	"scenarios/gate.yaml", /* rounds, messages and L of the table */
	"scenarios/paper.yaml", /* links cut under a download */
	"scenarios/storm.yaml", /* a router dies under 3,000 sessions */
	"scenarios/drain.yaml", /* a server leaves under load, and returns */
	"scenarios/ipv6.yaml",	NULL,
};

struct gate {
	const char *const *scenarios; /* ends with NULL */
	bool chosen; /* scenarios are the user's */
	const char *baseline, *jobs;
	struct options_texts sets;
	bool bless, json;
};

/* Each row: a name and a whole number. */
static const char *const counts_sql[] = {
	"SELECT 'events', r.events FROM run r WHERE r.id = ?1",
	"SELECT metric || ' count', count(*) FROM measurement"
	"  WHERE run_id = ?1 GROUP BY metric ORDER BY metric",
	"SELECT metric || ' failed', sum(NOT ok) FROM measurement"
	"  WHERE run_id = ?1 GROUP BY metric ORDER BY metric",
	"SELECT metric || ' ns', sum(value_ns) FROM measurement"
	"  WHERE run_id = ?1 GROUP BY metric ORDER BY metric",
	"SELECT metric || ' rounds ' || hops, count(*) FROM measurement"
	"  WHERE run_id = ?1 AND ok AND hops IS NOT NULL"
	"  AND metric IN ('lookup', 'setting_all')"
	"  GROUP BY metric, hops ORDER BY metric, hops",
	"SELECT 'sessions ' || outcome, count(*) FROM session"
	"  WHERE run_id = ?1 GROUP BY outcome ORDER BY outcome",
	/* Some are reported with their sum, some by device only. When the
	 * tables had grown is of the clock, not of the count. */
	"SELECT name, coalesce(sum(iif(node = '', value, NULL)), sum(value))"
	"  FROM counter WHERE run_id = ?1 AND name <> 'zero_ns'"
	"  GROUP BY name ORDER BY name",
	NULL,
};

static bool
hash_collect(const char *prefix, const char *hash, struct baseline *data)
{
	char name[BASELINE_LINE];
	struct baseline_datum datum = {
		.name = name,
		.form = BASELINE_HASH,
		.hash = strtoull(hash, NULL, 16),
	};

	snprintf(name, sizeof(name), "%s state hash", prefix);
	return baseline_add(data, &datum);
}

static int
run_collect(sqlite3 *db, int64_t run, const char *prefix, struct baseline *data)
{
	for (size_t i = 0; counts_sql[i] != NULL; i++) {
		sqlite3_stmt *statement = db_prepare(db, counts_sql[i]);
		int row = 0;
		bool good = true;

		if (statement == NULL)
			return EXIT_RUNTIME;
		sqlite3_bind_int64(statement, 1, run);
		while (good && (row = db_step(statement)) == 1) {
			char name[BASELINE_LINE];
			struct baseline_datum datum = {
				.name = name,
				.count = sqlite3_column_int64(statement, 1),
			};

			snprintf(name, sizeof(name), "%s %s", prefix,
				 (const char *)sqlite3_column_text(statement,
								   0));
			good = baseline_add(data, &datum);
		}
		sqlite3_finalize(statement);
		if (!good || row < 0)
			return EXIT_RUNTIME;
	}
	return 0;
}

static int
runs_collect(sqlite3 *db, struct baseline *data)
{
	sqlite3_stmt *statement = db_prepare(
		db, "SELECT m.run_id, s.scenario || ' ' || trim(s.label ||"
		    " ' n=' || m.servers || ' seed=' || m.seed), r.state_hash"
		    " FROM member m JOIN series s ON s.id = m.series"
		    " JOIN run r ON r.id = m.run_id"
		    " ORDER BY s.id, m.servers, m.seed");
	int row = 0, code = 0;

	if (statement == NULL)
		return EXIT_RUNTIME;
	while (code == 0 && (row = db_step(statement)) == 1) {
		const char *prefix =
			(const char *)sqlite3_column_text(statement, 1);

		if (!hash_collect(
			    prefix,
			    (const char *)sqlite3_column_text(statement, 2),
			    data))
			code = EXIT_RUNTIME;
		else
			code = run_collect(db,
					   sqlite3_column_int64(statement, 0),
					   prefix, data);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : code;
}

/* What rounding leaves of zero is zero on every machine. */
static double
snap(double value)
{
	return fabs(value) < 1e-9 ? 0 : value;
}

/* L and a of T = a + L log2 n; fewer than three sizes have no interval. */
static bool
line_collect(const struct scaling *scaling, struct baseline *data)
{
	const struct fit_line *line = &scaling->fit.line[FIT_AFFINE];
	double u = scaling->rounds ? 1 : 1e-6;
	char name[BASELINE_LINE];
	struct baseline_datum datum = { .name = name,
					.form = BASELINE_INTERVAL };

	for (int slope = 1; slope >= 0; slope--) {
		datum.value = snap(u * (slope ? line->slope : line->intercept));
		datum.low = snap(
			u * (slope ? line->slope_low : line->intercept_low));
		datum.high = snap(
			u * (slope ? line->slope_high : line->intercept_high));
		if (!isfinite(datum.low) || !isfinite(datum.high))
			continue;
		snprintf(name, sizeof(name), "%s %s%s%s %s %s",
			 scaling->scenario, scaling->label,
			 scaling->label[0] != '\0' ? " " : "", scaling->metric,
			 scaling->rounds ? "rounds" : "ms", slope ? "L" : "a");
		if (!baseline_add(data, &datum))
			return false;
	}
	return true;
}

static int
lines_collect(sqlite3 *db, struct baseline *data)
{
	int64_t count;
	int code = db_number(db, "SELECT count(*) FROM series", 0, &count);

	for (int64_t series = 1; code == 0 && series <= count; series++)
		for (size_t m = 0; scaling_metric(m) != NULL; m++)
			for (int rounds = 0; rounds < 2; rounds++) {
				struct scaling scaling;

				code = scaling_read(db, series,
						    scaling_metric(m),
						    rounds == 1, &scaling);
				if (code == 0 && scaling.points != NULL &&
				    !line_collect(&scaling, data))
					code = EXIT_RUNTIME;
				scaling_free(&scaling);
				if (code != 0)
					return code;
			}
	return code;
}

static int
data_collect(const char *path, struct baseline *data)
{
	sqlite3 *db;
	int code = view_open(&db, path, NULL);

	if (code != 0)
		return code;
	code = runs_collect(db, data);
	if (code == 0)
		code = lines_collect(db, data);
	db_close(db);
	return code;
}

/* One scenario, as `homeward run` does it, in a child: its table is not ours to
 * print, and the command that repeats it is the gate's. The child's exit
 * code. */
static int
scenario_run(const struct gate *gate, const char *scenario, const char *path)
{
	const char *arguments[2 * SETS + 8];
	int count = 0, status;
	pid_t child;

	arguments[count++] = "run";
	arguments[count++] = "--db";
	arguments[count++] = path;
	if (gate->jobs != NULL) {
		arguments[count++] = "--jobs";
		arguments[count++] = gate->jobs;
	}
	for (uint32_t i = 0; i < gate->sets.count; i++) {
		arguments[count++] = "--set";
		arguments[count++] = gate->sets.text[i];
	}
	arguments[count++] = scenario;
	arguments[count] = NULL;
	fflush(stdout);
	child = fork();
	if (child == -1) {
		fprintf(stderr, "homeward: fork: %s\n", strerror(errno));
		return EXIT_RUNTIME;
	}
	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) == NULL)
			_exit(EXIT_RUNTIME);
		exit(run_aside(count, (char **)(uintptr_t)arguments));
	}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_RUNTIME;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RUNTIME;
}

/* All of them, after a missed expectation too. EXIT_OK, EXIT_GATE, or what
 * ended it. */
static int
scenarios_run(const struct gate *gate, const char *path)
{
	int code = EXIT_OK;

	for (size_t i = 0; gate->scenarios[i] != NULL; i++) {
		int ran = scenario_run(gate, gate->scenarios[i], path);

		if (ran != EXIT_OK)
			code = ran;
		if (code != EXIT_OK && code != EXIT_GATE)
			break;
	}
	return code;
}

static void
database_remove(const char *folder, const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char file[PATH];

		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		(void)unlink(file);
	}
	(void)rmdir(folder);
}

/* Run, and read what came out. EXIT_OK and EXIT_GATE leave data. */
static int
data_make(const struct gate *gate, struct baseline *now)
{
	const char *temporary = getenv("TMPDIR");
	char folder[PATH / 2], path[PATH / 2 + 16];
	int code, ran;

	snprintf(folder, sizeof(folder), "%s/homeward-gate-XXXXXX",
		 temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(folder) == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		return EXIT_RUNTIME;
	}
	snprintf(path, sizeof(path), "%s/gate.db", folder);
	ran = scenarios_run(gate, path);
	code = ran == EXIT_OK || ran == EXIT_GATE ? data_collect(path, now)
						  : ran;
	database_remove(folder, path);
	return code != EXIT_OK ? code : ran;
}

/* Add to `to` the data of `from` whose scenario `of` has, or has not. */
static bool
data_pick(struct baseline *to, const struct baseline *from,
	  const struct baseline *of, bool has)
{
	for (size_t i = 0; i < from->count; i++) {
		const char *name = from->datum[i].name;

		if (baseline_has(of, name, baseline_scenario(name)) == has &&
		    !baseline_add(to, &from->datum[i]))
			return false;
	}
	return true;
}

/* The scenarios that were not chosen stay as they were blessed. */
static int
gate_bless(const struct gate *gate, const struct baseline *old,
	   const struct baseline *now)
{
	struct baseline whole = { 0 };
	int code = EXIT_RUNTIME;

	if (data_pick(&whole, old, now, false) &&
	    data_pick(&whole, now, now, true))
		code = baseline_write(gate->baseline, &whole);
	baseline_free(&whole);
	return code;
}

static int
gate_compare(const struct gate *gate, const struct baseline *old,
	     const struct baseline *now)
{
	struct baseline some = { 0 };
	size_t differ = 0;
	bool good = true;

	if (gate->chosen)
		good = data_pick(&some, old, now, true);
	else
		some = *old;
	good = good && difference_print(&some, now, gate->json, &differ);
	if (good)
		fprintf(stderr,
			"homeward: gate: %zu difference%s from the %zu data of "
			"%s\n",
			differ, differ == 1 ? "" : "s", some.count,
			gate->baseline);
	if (gate->chosen)
		baseline_free(&some);
	if (!good)
		return EXIT_RUNTIME;
	return differ > 0 ? EXIT_GATE : EXIT_OK;
}

static int
gate_pass(const struct gate *gate)
{
	struct baseline old = { 0 }, now = { 0 };
	int code = EXIT_OK, ran = EXIT_OK;

	/* Before the runs: a missing baseline should not cost a minute. */
	if (!gate->bless || (gate->chosen && access(gate->baseline, F_OK) == 0))
		code = baseline_read(gate->baseline, &old);
	if (code == EXIT_OK)
		ran = data_make(gate, &now);
	if (code != EXIT_OK || (ran != EXIT_OK && ran != EXIT_GATE))
		code = code != EXIT_OK ? code : ran;
	else if (!gate->bless)
		/* A missed expectation leaves data to compare. */
		code = gate_compare(gate, &old, &now);
	else if (ran == EXIT_OK)
		code = gate_bless(gate, &old, &now);
	baseline_free(&old);
	baseline_free(&now);
	return code == EXIT_OK ? ran : code;
}

/* As many as sweep_run() has room for. */
static int
set_take(const struct verb *verb, const struct verb_option *option,
	 const char *text, void *member)
{
	const struct options_texts *sets = member;

	if (sets->count == SETS)
		return usage_say(verb, "more than %d --set", SETS);
	return sets_take(verb, option, text, member);
}

static const struct verb_option options[] = {
	{ "bless", NULL, "write the baseline instead", options_flag,
	  .at = offsetof(struct gate, bless) },
	{ "baseline", "FILE", "what to compare with (" BASELINE ")",
	  options_text, .at = offsetof(struct gate, baseline),
	  .kind = USAGE_FILE },
	{ "jobs", "N", "points run at a time (as many as processors)",
	  options_text, .at = offsetof(struct gate, jobs) },
	{ "set", "KEY=VALUE", "change a key; may be repeated", set_take,
	  .at = offsetof(struct gate, sets), .repeats = true,
	  .word = sets_key },
	{ "json", NULL, "print all that differs as JSON", options_flag,
	  .at = offsetof(struct gate, json) },
	{ 0 },
};

static int
gate_run(int argc, char **argv)
{
	struct gate gate = { .scenarios = scenarios, .baseline = BASELINE };
	int count = options_read(&verb_gate, argc, argv, &gate), code;

	if (count < 0)
		return -count;
	/* argv ends with NULL, as the list does. */
	if (count > 0) {
		gate.chosen = true;
		gate.scenarios = (const char *const *)&argv[argc - count];
	}
	code = gate_pass(&gate);
	free(gate.sets.text);
	return code;
}

const struct verb verb_gate = {
	.name = "gate",
	.summary = "compare small sweeps with their baseline",
	.run = gate_run,
	.options = options,
	.operands = "[SCENARIO]...",
	.most = -1,
	.noun = "scenario",
	.kind = USAGE_SCENARIO,
	.notes = "SCENARIO: only these; else all that a commit is held "
		 "against. Exit 1 when\nanything differs.\n",
};
