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

/* Points of a curve: enough for a smooth line over any number of doublings. */
#define CURVE_STEPS 64

const char *const scaling_metrics[] = { "lookup", "setting_first",
					"setting_all", NULL };

static const char runs_sql[] =
	"SELECT m.servers, avg(x.value), "
	"  deviation(x.value) * deviation(x.value) / count(x.value),"
	"  count(*), sum(x.local)"
	"  FROM member m JOIN series s ON s.id = m.series"
	"  JOIN (SELECT run_id, local, CASE ?3 WHEN 1 THEN hops"
	"    ELSE value_ns END AS value FROM measurement"
	"    WHERE metric = ?2 AND ok) x ON x.run_id = m.run_id"
	"  WHERE m.series = ?1 AND m.servers > s.k AND x.value IS NOT NULL"
	"  GROUP BY m.run_id ORDER BY m.servers, m.run_id";

static const char facts_sql[] =
	"SELECT s.scenario, s.label, s.k,"
	"  (SELECT count(*) FROM member m WHERE m.series = s.id"
	"    AND m.servers <= s.k),"
	"  (SELECT count(*) FROM member m JOIN measurement x USING (run_id)"
	"    WHERE m.series = s.id AND m.servers > s.k AND x.metric = ?2"
	"    AND NOT x.ok)"
	"  FROM series s WHERE s.id = ?1";

static void
text_copy(char *to, size_t size, sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	snprintf(to, size, "%s", text != NULL ? text : "");
}

static int
facts_read(sqlite3 *db, struct scaling *scaling)
{
	sqlite3_stmt *statement = db_prepare(db, facts_sql);
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
	sqlite3_stmt *statement = db_prepare(db, runs_sql);
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

static const char tables_sql[] =
	"DROP TABLE IF EXISTS temp.fit_line;"
	"DROP TABLE IF EXISTS temp.fit_point;"
	"DROP TABLE IF EXISTS temp.fit_curve;"
	"CREATE TEMP TABLE fit_line(series, metric, unit, model_id, model,"
	"  parameters, a, a_low, a_high, slope, slope_low, slope_high, rss,"
	"  freedom, aicc_difference, akaike_weight, lack_f, lack_freedom,"
	"  lack_p, misfit, best, verdict, why, weights, runs, points,"
	"  doublings, operations, local, failed);"
	"CREATE TEMP TABLE fit_point(series, metric, unit, servers, runs, mean,"
	"  low, high, origin, affine);"
	"CREATE TEMP TABLE fit_curve(series, metric, unit, servers, origin,"
	"  origin_low, origin_high, affine, affine_low, affine_high);";

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

	return row_insert(
		db,
		"INSERT INTO fit_line(series, metric, unit, model_id,"
		"  parameters, a, a_low, a_high, slope, slope_low, slope_high,"
		"  rss, freedom, aicc_difference, akaike_weight, lack_f,"
		"  lack_freedom, lack_p, misfit, best, runs, points, doublings,"
		"  operations, local, failed, model, verdict, why, weights)"
		"  VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
		"  ?,?,?,?)",
		scaling, values, sizeof(values) / sizeof(values[0]), texts,
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

		if (row_insert(db,
			       "INSERT INTO fit_point"
			       "  VALUES(?,?,?,?,?,?,?,?,?,?)",
			       scaling, values,
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

		if (row_insert(db,
			       "INSERT INTO fit_curve"
			       "  VALUES(?,?,?,?,?,?,?,?,?,?)",
			       scaling, values,
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

	if (db_exec(db, tables_sql) != 0 ||
	    db_number(db, "SELECT count(*) FROM series", 0, &count) != 0)
		return EXIT_RUNTIME;
	for (int64_t series = 1; series <= count; series++)
		for (size_t m = 0; scaling_metrics[m] != NULL; m++)
			for (int rounds = 0; rounds < 2; rounds++) {
				struct scaling scaling;
				int code = scaling_read(db, series,
							scaling_metrics[m],
							rounds == 1, &scaling);

				if (code == 0)
					code = scaling_store(db, &scaling);
				scaling_free(&scaling);
				if (code != 0)
					return code;
			}
	return 0;
}
