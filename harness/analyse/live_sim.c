/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_sim.c - see live_sim.h
 *
 * One pass over table comparable, sorted by what belongs together; a group's
 * values are collected, the simulated ones first, then judged.
 */
#include "harness/analyse/live_sim.h"

#include <fnmatch.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "harness/lab/lab.h"
#include "harness/scenario/key.h"
#include "sim/engine/memory.h"
#include "sql.h"

/* A line "key=value" of an identity: may a pair differ in it? */
static bool
line_modelled(const char *line)
{
	char key[256];
	const char *equals = strchr(line, '=');

	if (equals == NULL || (size_t)(equals - line) >= sizeof(key))
		return false;
	memcpy(key, line, (size_t)(equals - line));
	key[equals - line] = '\0';
	if (key_is_of_one_world(key))
		return true;
	/* What a lab does not imitate. */
	return fnmatch("fabric.*.delay_us", key, 0) == 0 &&
	       strtod(equals + 1, NULL) * NS_PER_US < LAB_DELAY_NS;
}

/* SQL: identity_obeyed(identity), the lines that both worlds obey. */
static void
obeyed_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *identity = (const char *)sqlite3_value_text(values[0]);
	char *copy = strdup(identity != NULL ? identity : ""), *rest = copy;
	char *obeyed = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&obeyed, &size);

	(void)count;
	if (copy == NULL || out == NULL) {
		if (out != NULL)
			fclose(out);
		free(copy);
		free(obeyed);
		sqlite3_result_error_nomem(context);
		return;
	}
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (!line_modelled(line))
			fprintf(out, "%s\n", line);
	fclose(out);
	free(copy);
	sqlite3_result_text(context, obeyed, -1, free);
}

/* What is compared at the moment; arrays grow and are kept. */
struct group {
	int64_t pair, servers, place;
	char metric[32], phase[16];
	double *values; /* first those of sim */
	struct twosample_value *blocks; /* the same, with their runs */
	uint8_t *live; /* a run */
	size_t count, capacity, runs_capacity;
	size_t n[2];
	uint32_t runs[2];
	int64_t run; /* the newest value's */
};

static void
group_add(struct group *group, bool live, int64_t run, double value)
{
	uint32_t runs = group->runs[0] + group->runs[1];

	if (group->count == group->capacity) {
		group->capacity = 2 * group->capacity + 256;
		group->values = memory_grown(group->values, group->capacity,
					     sizeof(*group->values));
		group->blocks = memory_grown(group->blocks, group->capacity,
					     sizeof(*group->blocks));
	}
	if (runs == 0 || group->run != run) {
		if (runs == group->runs_capacity) {
			group->runs_capacity = 2 * group->runs_capacity + 64;
			group->live = memory_grown(group->live,
						   group->runs_capacity, 1);
		}
		group->live[runs++] = live;
		group->runs[live]++;
		group->run = run;
	}
	group->values[group->count] = value;
	group->blocks[group->count++] = (struct twosample_value){
		.value = value,
		.block = runs - 1,
	};
	group->n[live]++;
}

/* What was found about a group. */
struct finding {
	struct twosample test;
	double quantile[3][2]; /* median, 90 %, 99 %; sim, live */
	double runs_p, runs_d_p; /* NAN: too few runs */
	const char *basis, *verdict; /* NULL: not tested */
	char words[256];
};

static void
finding_quantiles(struct finding *finding, const struct group *group)
{
	static const double shares[3] = { 0.5, 0.9, 0.99 };

	for (int world = 0; world < 2; world++) {
		double *values = group->values + (world == 1 ? group->n[0] : 0);

		gsl_sort(values, 1, group->n[world]);
		for (int i = 0; i < 3; i++)
			finding->quantile[i][world] =
				group->n[world] == 0
					? NAN
					: gsl_stats_quantile_from_sorted_data(
						  values, 1, group->n[world],
						  shares[i]);
	}
}

/* "p < 0.0001" */
static const char *
p_text(char text[16], double p)
{
	if (p < 0.0001)
		snprintf(text, 16, "p < 0.0001");
	else
		snprintf(text, 16, "p = %.*f",
			 p < 0.001 ? 4
			 : p < 0.1 ? 3
				   : 2,
			 p);
	return text;
}

static void
finding_say(struct finding *finding, double p, double d_p)
{
	const struct twosample *test = &finding->test;
	bool slower = test->larger > 0.5;
	double sign = p < LIVE_SIM_LEVEL && !slower ? -1 : 1;
	char shift[RESULT_TIME], low[RESULT_TIME], high[RESULT_TIME];
	char p_words[16];

	result_time(shift, sign * test->shift);
	result_time(low,
		    sign * (sign > 0 ? test->shift_low : test->shift_high));
	result_time(high,
		    sign * (sign > 0 ? test->shift_high : test->shift_low));
	if (p < LIVE_SIM_LEVEL) {
		finding->verdict = "differs";
		snprintf(finding->words, sizeof(finding->words),
			 "live is %s by %s (%s to %s), beyond noise: %s",
			 slower ? "slower" : "faster", shift, low, high,
			 p_text(p_words, p));
	} else if (d_p < LIVE_SIM_LEVEL) {
		finding->verdict = "shape";
		snprintf(finding->words, sizeof(finding->words),
			 "neither is slower, but they spread differently: "
			 "D = %.2f, %s",
			 test->d, p_text(p_words, d_p));
	} else {
		finding->verdict = "alike";
		snprintf(finding->words, sizeof(finding->words),
			 "no difference beyond noise: live is off by %s, at "
			 "most by %s or %s; %s",
			 shift, low, high, p_text(p_words, p));
	}
}

static void
group_judge(const struct group *group, struct finding *finding)
{
	*finding = (struct finding){ .runs_p = NAN, .runs_d_p = NAN };
	finding_quantiles(finding, group);
	if (group->n[0] < TWOSAMPLE_LEAST || group->n[1] < TWOSAMPLE_LEAST) {
		finding->verdict = "few";
		snprintf(finding->words, sizeof(finding->words),
			 "too few to compare: %zu simulated and %zu live, of "
			 "each %d are wanted",
			 group->n[0], group->n[1], TWOSAMPLE_LEAST);
		return;
	}
	/* Integers out of the database: always finite. */
	(void)twosample_compare(&finding->test, group->values, group->n[0],
				group->values + group->n[0], group->n[1]);
	(void)twosample_exchange(group->blocks, group->count, group->live,
				 group->runs[0] + group->runs[1],
				 &finding->runs_p, &finding->runs_d_p);
	if (isnan(finding->runs_p)) {
		finding->basis = "values";
		finding_say(finding, finding->test.u_p, finding->test.d_p);
	} else {
		finding->basis = "runs";
		finding_say(finding, finding->runs_p, finding->runs_d_p);
	}
}

/* NAN becomes NULL. */
static void
bind_numbers(sqlite3_stmt *statement, int first, const double *values,
	     size_t count)
{
	for (size_t i = 0; i < count; i++)
		sqlite3_bind_double(statement, first + (int)i, values[i]);
}

static int
group_store(sqlite3 *db, const struct group *group)
{
	sqlite3_stmt *insert;
	struct finding finding;
	const struct twosample *test = &finding.test;
	bool tested;
	int code;

	if (group->count == 0)
		return 0;
	insert = db_prepare(db, sql_live_sim_insert);
	if (insert == NULL)
		return EXIT_RUNTIME;
	group_judge(group, &finding);
	tested = finding.basis != NULL;
	const double numbers[] = {
		finding.quantile[0][0],
		finding.quantile[0][1],
		finding.quantile[1][0],
		finding.quantile[1][1],
		finding.quantile[2][0],
		finding.quantile[2][1],
		finding.quantile[0][1] / finding.quantile[0][0],
	};
	const double tests[] = {
		test->u,	  test->larger, test->u_p,
		test->d,	  test->d_p,	finding.runs_p,
		finding.runs_d_p, test->shift,	test->shift_low,
		test->shift_high,
	};

	sqlite3_bind_int64(insert, 1, group->pair);
	sqlite3_bind_int64(insert, 2, group->servers);
	sqlite3_bind_text(insert, 3, group->metric, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 4, group->place);
	sqlite3_bind_text(insert, 5, group->phase, -1, SQLITE_STATIC);
	for (int world = 0; world < 2; world++) {
		sqlite3_bind_int64(insert, 6 + world, group->runs[world]);
		sqlite3_bind_int64(insert, 8 + world, (int64_t)group->n[world]);
	}
	bind_numbers(insert, 10, numbers, sizeof(numbers) / sizeof(numbers[0]));
	if (tested)
		bind_numbers(insert, 17, tests,
			     sizeof(tests) / sizeof(tests[0]));
	sqlite3_bind_text(insert, 27, finding.basis, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 28, finding.verdict, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 29, finding.words, -1, SQLITE_STATIC);
	code = db_step(insert) < 0 ? EXIT_RUNTIME : 0;
	sqlite3_finalize(insert);
	return code;
}

/* Does the row belong to the group? If not, the group begins anew with it. */
static bool
group_continues(struct group *group, sqlite3_stmt *row)
{
	int64_t pair = sqlite3_column_int64(row, 0);
	int64_t servers = sqlite3_column_int64(row, 1);
	const char *metric = (const char *)sqlite3_column_text(row, 3);
	const char *phase = (const char *)sqlite3_column_text(row, 4);

	return group->count > 0 && group->pair == pair &&
	       group->servers == servers &&
	       strcmp(group->metric, metric) == 0 &&
	       strcmp(group->phase, phase) == 0;
}

static void
group_begin(struct group *group, sqlite3_stmt *row)
{
	group->pair = sqlite3_column_int64(row, 0);
	group->servers = sqlite3_column_int64(row, 1);
	group->place = sqlite3_column_int64(row, 2);
	snprintf(group->metric, sizeof(group->metric), "%s",
		 (const char *)sqlite3_column_text(row, 3));
	snprintf(group->phase, sizeof(group->phase), "%s",
		 (const char *)sqlite3_column_text(row, 4));
	group->count = group->n[0] = group->n[1] = 0;
	group->runs[0] = group->runs[1] = 0;
}

static int
groups_store(sqlite3 *db)
{
	struct group group = { .count = 0 };
	sqlite3_stmt *rows = db_prepare(db, sql_live_sim_values);
	int row = 0, code = rows != NULL ? 0 : EXIT_RUNTIME;

	while (code == 0 && (row = db_step(rows)) == 1) {
		if (!group_continues(&group, rows)) {
			code = group_store(db, &group);
			group_begin(&group, rows);
		}
		group_add(&group, sqlite3_column_int(rows, 5) != 0,
			  sqlite3_column_int64(rows, 6),
			  sqlite3_column_double(rows, 7));
	}
	if (code == 0 && row == 0)
		code = group_store(db, &group);
	sqlite3_finalize(rows);
	free(group.values);
	free(group.blocks);
	free(group.live);
	return row < 0 ? EXIT_RUNTIME : code;
}

int
live_sim_attach(sqlite3 *db)
{
	static const struct db_function row = { "identity_obeyed", 1,
						obeyed_function };

	if (db_functions(db, &row, 1) != 0 ||
	    db_exec(db, sql_live_sim_tables) != 0)
		return EXIT_RUNTIME;
	return groups_store(db);
}
