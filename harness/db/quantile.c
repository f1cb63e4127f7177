/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quantile.c - see quantile.h
 *
 * A group's values are collected in an array that doubles; the first row's p
 * counts for the whole group. SQLite zeroes the context, so an array that was
 * never begun is NULL.
 */
#include "harness/db/quantile.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "harness/db/db.h"

struct sample {
	double *value;
	size_t count, capacity;
	double p;
};

/* The group's sample with one more value, or NULL and SQLite knows. */
static struct sample *
sample_add(sqlite3_context *context, sqlite3_value *value)
{
	struct sample *sample =
		sqlite3_aggregate_context(context, sizeof(*sample));

	if (sample == NULL) {
		sqlite3_result_error_nomem(context);
		return NULL;
	}
	if (sqlite3_value_type(value) == SQLITE_NULL)
		return sample;
	if (sample->count == sample->capacity) {
		size_t more = sample->capacity == 0 ? 64 : sample->capacity * 2;
		double *larger = realloc(sample->value, more * sizeof(*larger));

		if (larger == NULL) {
			sqlite3_result_error_nomem(context);
			return NULL;
		}
		sample->value = larger;
		sample->capacity = more;
	}
	sample->value[sample->count++] = sqlite3_value_double(value);
	return sample;
}

static void
quantile_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct sample *sample = sample_add(context, values[0]);

	(void)count;
	if (sample == NULL)
		return;
	sample->p = sqlite3_value_double(values[1]);
	if (!(sample->p >= 0 && sample->p <= 1))
		sqlite3_result_error(context, "quantile: p is not in 0..1", -1);
}

static void
quantile_final(sqlite3_context *context)
{
	struct sample *sample = sqlite3_aggregate_context(context, 0);

	if (sample == NULL || sample->count == 0) {
		sqlite3_result_null(context);
	} else if (sample->p >= 0 && sample->p <= 1) {
		gsl_sort(sample->value, 1, sample->count);
		sqlite3_result_double(
			context,
			gsl_stats_quantile_from_sorted_data(
				sample->value, 1, sample->count, sample->p));
	}
	if (sample != NULL)
		free(sample->value);
}

static void
deviation_step(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	(void)sample_add(context, values[0]);
}

static void
deviation_final(sqlite3_context *context)
{
	struct sample *sample = sqlite3_aggregate_context(context, 0);

	if (sample == NULL || sample->count < 2)
		sqlite3_result_null(context);
	else
		sqlite3_result_double(
			context, gsl_stats_sd(sample->value, 1, sample->count));
	if (sample != NULL)
		free(sample->value);
}

int
quantile_register(sqlite3 *db)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

	if (sqlite3_create_function_v2(db, "quantile", 2, flags, NULL, NULL,
				       quantile_step, quantile_final,
				       NULL) != SQLITE_OK ||
	    sqlite3_create_function_v2(db, "deviation", 1, flags, NULL, NULL,
				       deviation_step, deviation_final,
				       NULL) != SQLITE_OK)
		return db_complain(db, "adding functions");
	return 0;
}
