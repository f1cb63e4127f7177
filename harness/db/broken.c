/* SPDX-License-Identifier: GPL-3.0-or-later */
/* broken.c - see broken.h */
#include "harness/db/broken.h"

#include <math.h>
#include <stdio.h>

#include <gsl/gsl_cdf.h>

#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sim/model/cause.h"

/* Who has no cause is not excused: corrupt, or a lab that cannot know. */
static const char judged[] =
	"CREATE TEMP VIEW IF NOT EXISTS judged AS WITH x AS (SELECT *, outcome "
	"IN ('reset', 'timeout', 'corrupt') AS bad FROM session), y AS (SELECT "
	"*, bad AND coalesce(cause_excused(cause), 0) AS excused FROM x) "
	"SELECT "
	"run_id, flow, outcome, cause, strays, stall_ns, bad, excused, bad AND "
	"NOT excused AS broken, strays > 0 OR (bad AND NOT excused) AS strayed "
	"FROM y";

/* ---- the bound ---- */

double
broken_most(int64_t k, int64_t n)
{
	if (k >= n)
		return 1;
	return gsl_cdf_beta_Pinv(1 - (1 - BROKEN_CONFIDENCE) / 2, (double)k + 1,
				 (double)(n - k));
}

/* Three digits, up: a bound that was rounded down is none. */
static double
upwards(double value)
{
	double unit = pow(10, floor(log10(value)) - 2);

	return ceil(value / unit - 1e-9) * unit;
}

/* Two digits, down: 29.9 is fewer than 30, and so is what is said of it. */
static double
downwards(double value)
{
	double unit = pow(10, floor(log10(value)) - 1);

	return floor(value / unit + 1e-9) * unit;
}

/* ---- the sentence ---- */

static void
bound_text(char *text, size_t size, double most)
{
	double per_million = upwards(most * 1e6);

	if (per_million < 1000)
		(void)snprintf(text, size, "%.3g per million", per_million);
	else
		(void)snprintf(text, size, "%.3g %%", upwards(most * 100));
}

const char *
broken_sentence(char text[BROKEN_TEXT], const struct broken *broken)
{
	char bound[32], p99[RESULT_TIME], longest[RESULT_TIME];
	double percent;
	int used;

	text[0] = '\0';
	if (broken->strayed == 0 || broken->sessions == 0)
		return text;
	bound_text(bound, sizeof(bound),
		   broken_most(broken->broken, broken->strayed));
	used = snprintf(text, BROKEN_TEXT,
			"%lld broken of %lld sessions that strayed "
			"(at most %s, %.0f %%)",
			(long long)broken->broken, (long long)broken->strayed,
			bound, 100 * BROKEN_CONFIDENCE);
	if (broken->excused > 0)
		used += snprintf(text + used, BROKEN_TEXT - (size_t)used,
				 ", %lld of all excused",
				 (long long)broken->excused);
	if (!isnan(broken->p99_ns))
		used += snprintf(text + used, BROKEN_TEXT - (size_t)used,
				 ", stall p99 %s, longest gap %s",
				 result_time(p99, broken->p99_ns),
				 result_time(longest, broken->longest_ns));
	percent = 100 * (double)broken->strayed / (double)broken->sessions;
	if (percent < BROKEN_SHARE_PERCENT)
		(void)snprintf(text + used, BROKEN_TEXT - (size_t)used,
			       "; says little: %.2g %% of the sessions "
			       "strayed, fewer than %d %%",
			       downwards(percent), BROKEN_SHARE_PERCENT);
	return text;
}

/* ---- SQL ---- */

static void
excused_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *name = (const char *)sqlite3_value_text(values[0]);

	(void)count;
	if (name != NULL)
		sqlite3_result_int(context, cause_excused(cause_find(name)));
}

static void
most_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t k = sqlite3_value_int64(values[0]);
	int64_t n = sqlite3_value_int64(values[1]);

	(void)count;
	if (n > 0 && k >= 0)
		sqlite3_result_double(context, broken_most(k, n));
}

static double
value_or_nan(sqlite3_value *value)
{
	return sqlite3_value_type(value) == SQLITE_NULL
		       ? NAN
		       : sqlite3_value_double(value);
}

static void
text_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const struct broken broken = {
		.sessions = sqlite3_value_int64(values[0]),
		.strayed = sqlite3_value_int64(values[1]),
		.broken = sqlite3_value_int64(values[2]),
		.excused = sqlite3_value_int64(values[3]),
		.p99_ns = value_or_nan(values[4]),
		.longest_ns = value_or_nan(values[5]),
	};
	char text[BROKEN_TEXT];

	(void)count;
	if (broken_sentence(text, &broken)[0] != '\0')
		sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

int
broken_register(sqlite3 *db)
{
	static const struct db_function rows[] = {
		{ "cause_excused", 1, excused_function },
		{ "proportion_most", 2, most_function },
		{ "broken_text", 6, text_function },
	};
	int code = db_functions(db, rows, sizeof(rows) / sizeof(rows[0]));

	return code != 0 ? code : db_exec(db, judged);
}
