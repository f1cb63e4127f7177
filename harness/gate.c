/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gate.c - `homeward gate`: is the protocol still the one that was blessed?
 *
 *	homeward gate [--bless] [--baseline FILE] [--jobs N]
 *		      [--set KEY=VALUE]... [--json] [SCENARIO]
 *
 *	scenarios/gate.yaml --run--> temporary database --collect--> data
 *	results/gate.baseline ------------------------------read--> data
 *
 * A simulated sweep is the same on every machine, so counts are compared
 * exactly: events, operations, messages, drops, sessions by outcome, and the
 * histogram of rounds. A time may change a little for good reasons, so the
 * line T = a + L log2 n is compared as statisticians would: L and a of now
 * must lie in the 95 % intervals that were blessed. Nothing about the host is
 * in a baseline.
 *
 * One datum a line, so that a diff of two baselines reads as the change did:
 *
 *	dht.tables=ideal n=64 seed=1 lookup rounds 2 = 41
 *	dht.tables=ideal lookup ms L = 1.234 in 1.2 .. 1.3
 *
 * What differs is printed old beside new; exit 1. --bless writes the baseline
 * anew, for a commit that says why.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/db.h"
#include "harness/run.h"
#include "harness/scaling.h"
#include "harness/table.h"
#include "harness/verbs.h"
#include "harness/view.h"

#define SCENARIO "scenarios/gate.yaml"
#define BASELINE "results/gate.baseline"
#define SETS	 64
#define LINE	 512

struct datum {
	char *name;
	bool interval; /* value within low .. high, else exactly count */
	int64_t count;
	double value, low, high;
};

struct data {
	struct datum *datum;
	size_t count, capacity;
};

struct gate {
	const char *scenario, *baseline, *jobs;
	const char *sets[SETS];
	int set_count;
	bool bless, json;
};

static void
data_free(struct data *data)
{
	for (size_t i = 0; i < data->count; i++)
		free(data->datum[i].name);
	free(data->datum);
	*data = (struct data){ 0 };
}

/* A copy of the datum and of its name. */
static bool
data_add(struct data *data, const struct datum *datum)
{
	if (data->count == data->capacity) {
		size_t more = data->capacity == 0 ? 256 : data->capacity * 2;
		struct datum *larger =
			realloc(data->datum, more * sizeof(*larger));

		if (larger == NULL)
			return false;
		data->datum = larger;
		data->capacity = more;
	}
	data->datum[data->count] = *datum;
	data->datum[data->count].name = strdup(datum->name);
	return data->datum[data->count++].name != NULL;
}

/* Each row: a name and a whole number. */
static const char *const counts_sql[] = {
	"SELECT 'events', r.events FROM run r WHERE r.id = ?1",
	"SELECT metric || ' count', count(*) FROM measurement"
	"  WHERE run_id = ?1 GROUP BY metric ORDER BY metric",
	"SELECT metric || ' failed', sum(NOT ok) FROM measurement"
	"  WHERE run_id = ?1 GROUP BY metric ORDER BY metric",
	"SELECT metric || ' rounds ' || hops, count(*) FROM measurement"
	"  WHERE run_id = ?1 AND ok AND hops IS NOT NULL"
	"  AND metric IN ('lookup', 'setting_all')"
	"  GROUP BY metric, hops ORDER BY metric, hops",
	"SELECT 'sessions ' || outcome, count(*) FROM session"
	"  WHERE run_id = ?1 GROUP BY outcome ORDER BY outcome",
	/* Some are reported with their sum, some by device only. A time is
	 * no count: it may change a little. */
	"SELECT name, coalesce(sum(iif(node = '', value, NULL)), sum(value))"
	"  FROM counter WHERE run_id = ?1 AND name <> 'zero_ns'"
	"  GROUP BY name ORDER BY name",
	NULL,
};

static int
run_collect(sqlite3 *db, int64_t run, const char *prefix, struct data *data)
{
	for (size_t i = 0; counts_sql[i] != NULL; i++) {
		sqlite3_stmt *statement = db_prepare(db, counts_sql[i]);
		int row = 0;
		bool good = true;

		if (statement == NULL)
			return EXIT_RUNTIME;
		sqlite3_bind_int64(statement, 1, run);
		while (good && (row = db_step(statement)) == 1) {
			char name[LINE];
			struct datum datum = {
				.name = name,
				.count = sqlite3_column_int64(statement, 1),
			};

			snprintf(name, sizeof(name), "%s %s", prefix,
				 (const char *)sqlite3_column_text(statement,
								   0));
			good = data_add(data, &datum);
		}
		sqlite3_finalize(statement);
		if (!good || row < 0)
			return EXIT_RUNTIME;
	}
	return 0;
}

static int
runs_collect(sqlite3 *db, struct data *data)
{
	sqlite3_stmt *statement = db_prepare(
		db, "SELECT m.run_id, trim(s.label || ' n=' || m.servers ||"
		    " ' seed=' || m.seed) FROM member m JOIN series s"
		    " ON s.id = m.series ORDER BY s.id, m.servers, m.seed");
	int row = 0, code = 0;

	if (statement == NULL)
		return EXIT_RUNTIME;
	while (code == 0 && (row = db_step(statement)) == 1)
		code = run_collect(
			db, sqlite3_column_int64(statement, 0),
			(const char *)sqlite3_column_text(statement, 1), data);
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
line_collect(const struct scaling *scaling, struct data *data)
{
	const struct fit_line *line = &scaling->fit.line[FIT_AFFINE];
	double u = scaling->rounds ? 1 : 1e-6;
	char name[LINE];
	struct datum datum = { .name = name, .interval = true };

	for (int slope = 1; slope >= 0; slope--) {
		datum.value = snap(u * (slope ? line->slope : line->intercept));
		datum.low = snap(
			u * (slope ? line->slope_low : line->intercept_low));
		datum.high = snap(
			u * (slope ? line->slope_high : line->intercept_high));
		if (!isfinite(datum.low) || !isfinite(datum.high))
			continue;
		snprintf(name, sizeof(name), "%s%s%s %s %s", scaling->label,
			 scaling->label[0] != '\0' ? " " : "", scaling->metric,
			 scaling->rounds ? "rounds" : "ms", slope ? "L" : "a");
		if (!data_add(data, &datum))
			return false;
	}
	return true;
}

static int
lines_collect(sqlite3 *db, struct data *data)
{
	int64_t count;
	int code = db_number(db, "SELECT count(*) FROM series", 0, &count);

	for (int64_t series = 1; code == 0 && series <= count; series++)
		for (size_t m = 0; scaling_metrics[m] != NULL; m++)
			for (int rounds = 0; rounds < 2; rounds++) {
				struct scaling scaling;

				code = scaling_read(db, series,
						    scaling_metrics[m],
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
data_collect(const char *path, struct data *data)
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

#define VALUE 96
static const char *
datum_text(const struct datum *datum, char text[VALUE])
{
	if (!datum->interval)
		snprintf(text, VALUE, "%" PRId64, datum->count);
	else
		snprintf(text, VALUE, "%.6g in %.6g .. %.6g", datum->value,
			 datum->low, datum->high);
	return text;
}

/* In the file's place only when it is whole. */
static int
baseline_write(const struct gate *gate, const struct data *data)
{
	char temporary[LINE], text[VALUE];
	FILE *file;
	bool good;

	snprintf(temporary, sizeof(temporary), "%s.new", gate->baseline);
	file = fopen(temporary, "w");
	if (file == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", temporary,
			strerror(errno));
		return EXIT_RUNTIME;
	}
	fprintf(file,
		"# What `homeward gate %s` must find again; written by --bless."
		"\n# Counts exactly; L and a (T = a + L log2 n) within their 95"
		" %% intervals.\n",
		gate->scenario);
	for (size_t i = 0; i < data->count; i++)
		fprintf(file, "%s = %s\n", data->datum[i].name,
			datum_text(&data->datum[i], text));
	good = !ferror(file);
	if (fclose(file) != 0 || !good ||
	    rename(temporary, gate->baseline) != 0) {
		fprintf(stderr, "homeward: %s: %s\n", gate->baseline,
			strerror(errno));
		(void)unlink(temporary);
		return EXIT_RUNTIME;
	}
	fprintf(stderr, "homeward: %s: %zu data\n", gate->baseline,
		data->count);
	return 0;
}

/* A number up to `end`'s text, which is skipped; NAN: it is none. */
static double
number_parse(const char **text, const char *end)
{
	char *rest;
	double value = strtod(*text, &rest);

	if (rest == *text || strncmp(rest, end, strlen(end)) != 0)
		return NAN;
	*text = rest + strlen(end);
	return value;
}

/* "name = 12" or "name = 1.2 in 1.1 .. 1.3"; the line is cut at " = ". */
static bool
datum_parse(char *line, struct datum *datum)
{
	char *equals = strstr(line, " = "), *end;
	const char *value;

	if (equals == NULL || equals == line)
		return false;
	*equals = '\0';
	*datum = (struct datum){ .name = line };
	value = equals + 3;
	errno = 0;
	datum->count = strtoll(value, &end, 10);
	if (end != value && *end == '\0' && errno == 0)
		return true;
	datum->interval = true;
	datum->value = number_parse(&value, " in ");
	datum->low = number_parse(&value, " .. ");
	datum->high = number_parse(&value, "");
	return isfinite(datum->value) && isfinite(datum->low) &&
	       isfinite(datum->high) && *value == '\0';
}

static int
baseline_read(const char *path, struct data *data)
{
	FILE *file = fopen(path, "r");
	char line[LINE];
	size_t number = 0;
	int code = 0;

	if (file == NULL) {
		fprintf(stderr,
			"homeward: %s: %s (homeward gate --bless makes it)\n",
			path, strerror(errno));
		return EXIT_RUNTIME;
	}
	while (code == 0 && fgets(line, sizeof(line), file) != NULL) {
		struct datum datum;

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!datum_parse(line, &datum)) {
			fprintf(stderr,
				"homeward: %s:%zu:1: neither 'NAME = COUNT' "
				"nor 'NAME = VALUE in LOW .. HIGH'\n",
				path, number);
			code = EXIT_USAGE;
		} else if (!data_add(data, &datum)) {
			code = EXIT_RUNTIME;
		}
	}
	fclose(file);
	return code;
}

static int
datum_order(const void *a, const void *b)
{
	const struct datum *left = a, *right = b;

	return strcmp(left->name, right->name);
}

/* The data by name, to be freed; the names stay theirs. */
static struct datum *
data_sort(const struct data *data)
{
	struct datum *sorted = calloc(data->count + 1, sizeof(*sorted));

	if (sorted == NULL)
		return NULL;
	if (data->count > 0)
		memcpy(sorted, data->datum, data->count * sizeof(*sorted));
	qsort(sorted, data->count, sizeof(*sorted), datum_order);
	return sorted;
}

static bool
datum_agrees(const struct datum *old, const struct datum *now)
{
	double slack;

	if (old->interval != now->interval)
		return false;
	if (!old->interval)
		return old->count == now->count;
	/* The file has six digits; an exact line has an interval of none. */
	slack = 1e-5 * fmax(fabs(old->low), fabs(old->high));
	return now->value >= old->low - slack &&
	       now->value <= old->high + slack;
}

/* One difference; old or now is NULL when only the other has it. */
static void
difference_print(const struct gate *gate, const struct datum *old,
		 const struct datum *now, size_t before)
{
	char was[VALUE] = "-", is[VALUE] = "-";
	const char *name = NULL;

	if (now != NULL) {
		name = now->name;
		datum_text(now, is);
		/* The interval of now is not what it is judged by. */
		if (now->interval)
			snprintf(is, sizeof(is), "%.6g", now->value);
	}
	if (old != NULL) {
		name = old->name;
		datum_text(old, was);
	}
	if (gate->json) {
		fputs(before > 0 ? ",\n {\"name\": " : "[\n {\"name\": ",
		      stdout);
		table_quote(stdout, name);
		fputs(", \"old\": ", stdout);
		table_quote(stdout, was);
		fputs(", \"new\": ", stdout);
		table_quote(stdout, is);
		putchar('}');
	} else {
		printf("%s: was %s, is %s\n", name, was, is);
	}
}

static int
data_compare(const struct gate *gate, const struct data *old,
	     const struct data *now)
{
	struct datum *olds = data_sort(old), *nows = data_sort(now);
	size_t differ = 0;

	if (olds == NULL || nows == NULL) {
		free(olds);
		free(nows);
		return EXIT_RUNTIME;
	}
	for (size_t i = 0; i < old->count; i++) {
		const struct datum *found =
			bsearch(&old->datum[i], nows, now->count, sizeof(*nows),
				datum_order);

		if (found == NULL || !datum_agrees(&old->datum[i], found))
			difference_print(gate, &old->datum[i], found, differ++);
	}
	for (size_t i = 0; i < now->count; i++)
		if (bsearch(&now->datum[i], olds, old->count, sizeof(*olds),
			    datum_order) == NULL)
			difference_print(gate, NULL, &now->datum[i], differ++);
	free(olds);
	free(nows);
	if (gate->json)
		puts(differ > 0 ? "\n]" : "[]");
	fprintf(stderr, "homeward: gate: %zu of %zu data differ from %s\n",
		differ, old->count, gate->baseline);
	return differ > 0 ? EXIT_GATE : EXIT_OK;
}

/* The sweep, as `homeward run` does it, in a child: its table is not ours to
 * print, and whoever repeats it means the gate. The child's exit code. */
static int
sweep_run(const struct gate *gate, const char *path)
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
	for (int i = 0; i < gate->set_count; i++) {
		arguments[count++] = "--set";
		arguments[count++] = gate->sets[i];
	}
	arguments[count++] = gate->scenario;
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
		optind = 0; /* glibc: start over */
		exit(run_aside(count, (char **)(uintptr_t)arguments));
	}
	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return EXIT_RUNTIME;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RUNTIME;
}

static void
database_remove(const char *folder, const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char file[LINE];

		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		(void)unlink(file);
	}
	(void)rmdir(folder);
}

static int
gate_pass(const struct gate *gate, const struct data *old, struct data *now)
{
	const char *temporary = getenv("TMPDIR");
	char folder[LINE / 2], path[LINE / 2 + 16];
	int code, ran;

	snprintf(folder, sizeof(folder), "%s/homeward-gate-XXXXXX",
		 temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(folder) == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		return EXIT_RUNTIME;
	}
	snprintf(path, sizeof(path), "%s/gate.db", folder);
	ran = sweep_run(gate, path);
	/* An expectation that fails leaves a whole sweep to compare. */
	code = ran == EXIT_OK || ran == EXIT_GATE ? data_collect(path, now)
						  : ran;
	database_remove(folder, path);
	if (code != 0)
		return code;
	if (!gate->bless)
		code = data_compare(gate, old, now);
	else if (ran == EXIT_OK)
		code = baseline_write(gate, now);
	return code == EXIT_OK ? ran : code;
}

int
verb_gate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "bless", no_argument, NULL, 'b' },
		{ "baseline", required_argument, NULL, 'f' },
		{ "jobs", required_argument, NULL, 'n' },
		{ "set", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	struct gate gate = { .scenario = SCENARIO, .baseline = BASELINE };
	struct data old = { 0 }, now = { 0 };
	int option, code = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			gate.bless = true;
			break;
		case 'f':
			gate.baseline = optarg;
			break;
		case 'n':
			gate.jobs = optarg;
			break;
		case 's':
			if (gate.set_count == SETS)
				return verb_usage(argv[0], "more than %d --set",
						  SETS);
			gate.sets[gate.set_count++] = optarg;
			break;
		case 'j':
			gate.json = true;
			break;
		default:
			return verb_usage(argv[0], NULL);
		}
	}
	if (optind < argc)
		gate.scenario = argv[optind++];
	if (optind < argc)
		return verb_usage(argv[0], "what is '%s'?", argv[optind]);
	/* Before the sweep: a missing baseline should not cost a minute. */
	if (!gate.bless)
		code = baseline_read(gate.baseline, &old);
	if (code == 0)
		code = gate_pass(&gate, &old, &now);
	data_free(&old);
	data_free(&now);
	return code;
}
