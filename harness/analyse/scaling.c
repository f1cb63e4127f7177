/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scaling.c - see scaling.h
 */
#include "harness/analyse/scaling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "sim/model/metric.h"
#include "sql.h"

/* Points of a curve: enough for a smooth line over any number of doublings. */
#define CURVE_STEPS 64

const char *
scaling_metric(size_t index)
{
	const struct metric_row *row = metric_fitted((unsigned)index + 1);

	return row != NULL ? row->name : NULL;
}

static void
text_copy(char *to, size_t size, sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	snprintf(to, size, "%s", text != NULL ? text : "");
}

static int
facts_read(sqlite3 *db, struct scaling *scaling)
{
	sqlite3_stmt *statement = db_prepare(db, sql_scaling_facts);
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, 1, scaling->series);
	sqlite3_bind_text(statement, 2, scaling->metric, -1, SQLITE_STATIC);
	row = db_step(statement);
	if (row == 1) {
		text_copy(scaling->scenario, sizeof(scaling->scenario),
			  statement, 0);
		text_copy(scaling->label, sizeof(scaling->label), statement, 1);
		scaling->k = sqlite3_column_int64(statement, 2);
		scaling->runs_small = sqlite3_column_int64(statement, 3);
		scaling->failed = sqlite3_column_int64(statement, 4);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* The runs' means; *runs is to be freed. */
static int
runs_read(sqlite3 *db, struct scaling *scaling, struct fit_run **runs,
	  size_t *count)
{
	sqlite3_stmt *statement = db_prepare(db, sql_scaling_runs);
	size_t capacity = 0;
	int row;

	*runs = NULL;
	*count = 0;
	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, 1, scaling->series);
	sqlite3_bind_text(statement, 2, scaling->metric, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 3, scaling->rounds);
	while ((row = db_step(statement)) == 1) {
		if (*count == capacity) {
			struct fit_run *larger;

			capacity = capacity == 0 ? 64 : capacity * 2;
			larger = realloc(*runs, capacity * sizeof(*larger));
			if (larger == NULL) {
				fprintf(stderr, "homeward: no memory\n");
				row = -1;
				break;
			}
			*runs = larger;
		}
		(*runs)[(*count)++] = (struct fit_run){
			.servers = sqlite3_column_double(statement, 0),
			.mean = sqlite3_column_double(statement, 1),
			.variance =
				sqlite3_column_type(statement, 2) == SQLITE_NULL
					? NAN
					: sqlite3_column_double(statement, 2),
		};
		scaling->operations += sqlite3_column_int64(statement, 3);
		scaling->local += sqlite3_column_int64(statement, 4);
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

int
scaling_read(sqlite3 *db, int64_t series, const char *metric, bool rounds,
	     struct scaling *scaling)
{
	struct fit_run *runs = NULL;
	size_t count = 0;
	int code;

	memset(scaling, 0, sizeof(*scaling));
	scaling->series = series;
	scaling->rounds = rounds;
	snprintf(scaling->metric, sizeof(scaling->metric), "%s", metric);
	code = facts_read(db, scaling);
	if (code == 0)
		code = runs_read(db, scaling, &runs, &count);
	if (code == 0 && count > 0) {
		scaling->points = calloc(count, sizeof(*scaling->points));
		if (scaling->points == NULL ||
		    fit_compute(&scaling->fit, scaling->points, runs, count) !=
			    0) {
			fprintf(stderr,
				"homeward: %s: %s of these runs cannot be "
				"fitted\n",
				scaling->scenario, metric);
			code = EXIT_RUNTIME;
		}
	}
	free(runs);
	return code;
}

void
scaling_free(struct scaling *scaling)
{
	free(scaling->points);
	scaling->points = NULL;
}

/* Values of one row, bound in order; NAN becomes NULL in SQLite. */
static int
row_insert(sqlite3 *db, const char *sql, const struct scaling *scaling,
	   const double *values, size_t count, const char *const *texts,
	   size_t text_count)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	int row, at = 1;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, at++, scaling->series);
	sqlite3_bind_text(statement, at++, scaling->metric, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, at++, scaling->rounds ? "rounds" : "ms",
			  -1, SQLITE_STATIC);
	for (size_t i = 0; i < count; i++) {
		double whole = nearbyint(values[i]);

		/* Counts read better as integers. */
		if (whole == values[i] && fabs(whole) < 1e15)
			sqlite3_bind_int64(statement, at++, (int64_t)whole);
		else
			sqlite3_bind_double(statement, at++, values[i]);
	}
	for (size_t i = 0; i < text_count; i++)
		sqlite3_bind_text(statement, at++, texts[i], -1,
				  SQLITE_TRANSIENT);
	row = db_step(statement);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

static const char *
verdict_name(enum fit_verdict verdict)
{
	switch (verdict) {
	case FIT_LOGARITHMIC:
		return "logarithmic";
	case FIT_OTHER:
		return "other";
	case FIT_INCONCLUSIVE:
		break;
	}
	return "inconclusive";
}

static int
line_store(sqlite3 *db, const struct scaling *scaling, enum fit_model model)
{
	const struct fit *fit = &scaling->fit;
	const struct fit_line *line = &fit->line[model];
	double u = scaling->rounds ? 1 : 1e-6;
	bool offset = model != FIT_ORIGIN, rises = model != FIT_CONSTANT;
	double values[] = {
		model,
		line->parameters,
		offset ? line->intercept * u : NAN,
		line->intercept_low * u,
		line->intercept_high * u,
		rises ? line->slope * u : NAN,
		line->slope_low * u,
		line->slope_high * u,
		line->rss,
		line->freedom,
		line->delta,
		line->weight,
		line->lack_f,
		fit->pure_freedom,
		line->lack_p,
		line->misfit,
		fit->best == model,
		(double)fit->runs,
		(double)fit->points,
		fit->doublings,
		(double)scaling->operations,
		(double)scaling->local,
		(double)scaling->failed,
	};
	const char *texts[] = { fit_model_name(model),
				verdict_name(fit->verdict), fit->why,
				fit_weights_name(fit->weights) };

	return row_insert(db, sql_scaling_line, scaling, values,
			  sizeof(values) / sizeof(values[0]), texts,
			  sizeof(texts) / sizeof(texts[0]));
}

static int
points_store(sqlite3 *db, const struct scaling *scaling)
{
	const struct fit *fit = &scaling->fit;
	double u = scaling->rounds ? 1 : 1e-6;

	for (size_t i = 0; i < fit->points; i++) {
		const struct fit_point *point = &scaling->points[i];
		double known = fit_point_half(fit, point);
		/* No interval is a bar of no length. */
		double half = isfinite(known) ? known : 0;
		double values[] = {
			point->servers,
			(double)point->runs,
			point->mean * u,
			(point->mean - half) * u,
			(point->mean + half) * u,
			fit_predict(&fit->line[FIT_ORIGIN], point->servers,
				    NULL) *
				u,
			fit_predict(&fit->line[FIT_AFFINE], point->servers,
				    NULL) *
				u,
		};

		if (row_insert(db, sql_scaling_point, scaling, values,
			       sizeof(values) / sizeof(values[0]), NULL,
			       0) != 0)
			return EXIT_RUNTIME;
	}
	return 0;
}

static int
curve_store(sqlite3 *db, const struct scaling *scaling)
{
	const struct fit *fit = &scaling->fit;
	double u = scaling->rounds ? 1 : 1e-6;
	double first = scaling->points[0].servers;

	for (int i = 0; i <= CURVE_STEPS; i++) {
		double n = first * exp2(fit->doublings * i / CURVE_STEPS);
		double origin_half, affine_half;
		double origin =
			fit_predict(&fit->line[FIT_ORIGIN], n, &origin_half);
		double affine =
			fit_predict(&fit->line[FIT_AFFINE], n, &affine_half);
		double values[] = {
			n,
			origin * u,
			(origin - origin_half) * u,
			(origin + origin_half) * u,
			affine * u,
			(affine - affine_half) * u,
			(affine + affine_half) * u,
		};

		if (row_insert(db, sql_scaling_curve, scaling, values,
			       sizeof(values) / sizeof(values[0]), NULL,
			       0) != 0)
			return EXIT_RUNTIME;
	}
	return 0;
}

static int
scaling_store(sqlite3 *db, const struct scaling *scaling)
{
	if (scaling->points == NULL || scaling->fit.points < 2)
		return 0;
	for (int m = 0; m < FIT_MODELS; m++)
		if (line_store(db, scaling, (enum fit_model)m) != 0)
			return EXIT_RUNTIME;
	if (points_store(db, scaling) != 0)
		return EXIT_RUNTIME;
	return curve_store(db, scaling);
}

int
scaling_attach(sqlite3 *db)
{
	int64_t count;

	if (db_exec(db, sql_scaling_tables) != 0 ||
	    db_number(db, sql_series_count, 0, &count) != 0)
		return EXIT_RUNTIME;
	for (int64_t series = 1; series <= count; series++)
		for (size_t m = 0; scaling_metric(m) != NULL; m++)
			for (int rounds = 0; rounds < 2; rounds++) {
				struct scaling scaling;
				int code = scaling_read(db, series,
							scaling_metric(m),
							rounds == 1, &scaling);

				if (code == 0)
					code = scaling_store(db, &scaling);
				scaling_free(&scaling);
				if (code != 0)
					return code;
			}
	return 0;
}
