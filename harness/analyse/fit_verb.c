/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fit_verb.c - `homeward fit`: does T(n) grow as L log n, and what is L?
 *
 *	homeward fit [--metric lookup|setting_first|setting_all|hops]
 *		     [--db FILE] [--scenario NAME] [--json]
 *
 * For every series of at least two sizes above k: the six lines of fit.h in
 * time and in rounds, L with its 95 % interval, and a verdict in words. `hops`
 * is the lookup's rounds alone. Without --metric all three metrics.
 *
 * Exit 0: every series of two sizes above k has a verdict, whichever it is;
 * others are left out. 4: at least one has none, or there was nothing to fit;
 * the reason is said. A verdict that T(n) is no logarithm is a result, not a
 * failure: the gate compares.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyse/query.h"
#include "harness/analyse/scaling.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sql.h"

/* "0.243 rounds" or "12.3 ms"; the text is the caller's. */
#define VALUE_TEXT 32
static const char *
value_text(char text[VALUE_TEXT], const struct scaling *scaling, double value)
{
	if (!scaling->rounds)
		result_time(text, value);
	else if (isnan(value))
		snprintf(text, VALUE_TEXT, "-");
	else
		snprintf(text, VALUE_TEXT, "%.4g",
			 fabs(value) < 1e-12 ? 0 : value);
	return text;
}

#define INTERVAL_TEXT 112
static const char *
interval_text(char text[INTERVAL_TEXT], const struct scaling *scaling,
	      double value, double low, double high)
{
	char a[VALUE_TEXT], b[VALUE_TEXT], c[VALUE_TEXT];

	if (isnan(low))
		snprintf(text, INTERVAL_TEXT, "%s",
			 value_text(a, scaling, value));
	else
		snprintf(text, INTERVAL_TEXT, "%s [%s, %s]",
			 value_text(a, scaling, value),
			 value_text(b, scaling, low),
			 value_text(c, scaling, high));
	return text;
}

static const char *
p_text(char text[VALUE_TEXT], double p)
{
	if (isnan(p))
		snprintf(text, VALUE_TEXT, "-");
	else if (p < 1e-4)
		snprintf(text, VALUE_TEXT, "<0.0001");
	else
		snprintf(text, VALUE_TEXT, "%.4f", p);
	return text;
}

static void
line_print(const struct scaling *scaling, enum fit_model model)
{
	const struct fit *fit = &scaling->fit;
	const struct fit_line *line = &fit->line[model];
	char offset[INTERVAL_TEXT] = "-", slope[INTERVAL_TEXT] = "-";
	char p[VALUE_TEXT], delta[VALUE_TEXT] = "-", f[VALUE_TEXT] = "-";

	if (model != FIT_ORIGIN)
		interval_text(offset, scaling, line->intercept,
			      line->intercept_low, line->intercept_high);
	if (model != FIT_CONSTANT)
		interval_text(slope, scaling, line->slope, line->slope_low,
			      line->slope_high);
	if (!isnan(line->delta))
		snprintf(delta, sizeof(delta), "%.2f", line->delta);
	if (!isnan(line->lack_f))
		snprintf(f, sizeof(f), "%.2f", line->lack_f);
	printf("  %c %-21s %-30s %-32s %8s %8s %8s %7.1f %%\n",
	       fit->best == model ? '*' : ' ', fit_model_name(model), offset,
	       slope, delta, f, p_text(p, line->lack_p), line->misfit * 100);
}

static void
verdict_print(const struct scaling *scaling)
{
	const struct fit *fit = &scaling->fit;
	const struct fit_line *affine = &fit->line[FIT_AFFINE];
	const struct fit_line *origin = &fit->line[FIT_ORIGIN];
	const struct fit_line *best = &fit->line[fit->best];
	char l[INTERVAL_TEXT], a[INTERVAL_TEXT];

	if (fit->verdict == FIT_INCONCLUSIVE) {
		printf("  No conclusion: %s.\n", fit->why);
		return;
	}
	if (fit->verdict == FIT_OTHER) {
		printf("  Not a logarithm: %s describes it best, by %.1f in "
		       "AICc.\n",
		       fit_model_name(fit->best),
		       fmin(affine->delta, origin->delta));
		return;
	}
	printf("  %s: L = %s a doubling",
	       fit->best == FIT_ORIGIN ? "T = L log2 n, as the paper has it"
				       : "T = a + L log2 n",
	       interval_text(l, scaling, best->slope, best->slope_low,
			     best->slope_high));
	if (fit->best == FIT_AFFINE)
		printf(", a = %s", interval_text(a, scaling, affine->intercept,
						 affine->intercept_low,
						 affine->intercept_high));
	printf(".\n");
	if (fit->best == FIT_AFFINE)
		printf("  The paper's line through the origin is worse by %.1f "
		       "in AICc and misses a point by %.1f %%, this one by "
		       "%.1f %%.\n",
		       origin->delta, origin->misfit * 100,
		       affine->misfit * 100);
}

static void
scaling_print(const struct scaling *scaling)
{
	const struct fit *fit = &scaling->fit;

	printf("%s%s%s: %s in %s, %zu sizes from %.0f to %.0f servers (k "
	       "%" PRId64 "), %zu runs\n",
	       scaling->scenario, scaling->label[0] != '\0' ? " " : "",
	       scaling->label, scaling->metric,
	       scaling->rounds ? "rounds" : "time", fit->points,
	       scaling->points[0].servers,
	       scaling->points[fit->points - 1].servers, scaling->k, fit->runs);
	printf("  %" PRId64 " operations, %" PRId64
	       " answered locally, %" PRId64 " failed; weights: %s\n",
	       scaling->operations, scaling->local, scaling->failed,
	       fit_weights_name(fit->weights));
	if (scaling->failed > 0)
		printf("  Failed operations have no time: these means are of "
		       "the others and flatter.\n");
	printf("    %-21s %-30s %-32s %8s %8s %8s %9s\n", "line", "a [95 %]",
	       "L or b [95 %]", "dAICc", "F", "p", "misfit");
	for (int m = 0; m < FIT_MODELS; m++)
		line_print(scaling, (enum fit_model)m);
	if (fit->pure_freedom > 0)
		printf("    * least AICc; F and p: lack of fit on (P - p, %d) "
		       "degrees; misfit: largest of a point\n",
		       fit->pure_freedom);
	else
		printf("    * least AICc; no replicates, so no test of lack of "
		       "fit; misfit: largest of a point\n");
	verdict_print(scaling);
}

/* Of each real number in JSON. */
#define DIGITS 12

static const char *
verdict_word(enum fit_verdict verdict)
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

static void
lines_json(const struct fit *fit, struct json *json)
{
	json_line(json, 2);
	json_array(json, "lines");
	for (int m = 0; m < FIT_MODELS; m++) {
		const struct fit_line *line = &fit->line[m];

		json_line(json, 3);
		json_object(json, NULL);
		json_text(json, "model", fit_model_name((enum fit_model)m));
		json_real(json, "a", m == FIT_ORIGIN ? NAN : line->intercept,
			  DIGITS);
		json_real(json, "a_low", line->intercept_low, DIGITS);
		json_real(json, "a_high", line->intercept_high, DIGITS);
		json_real(json, "slope", m == FIT_CONSTANT ? NAN : line->slope,
			  DIGITS);
		json_real(json, "slope_low", line->slope_low, DIGITS);
		json_real(json, "slope_high", line->slope_high, DIGITS);
		json_real(json, "slope_p", line->slope_p, DIGITS);
		json_real(json, "aicc", line->aicc, DIGITS);
		json_real(json, "aicc_difference", line->delta, DIGITS);
		json_real(json, "akaike_weight", line->weight, DIGITS);
		json_real(json, "lack_of_fit_f", line->lack_f, DIGITS);
		json_real(json, "lack_of_fit_p", line->lack_p, DIGITS);
		json_int(json, "freedom", line->freedom);
		json_real(json, "misfit", line->misfit, DIGITS);
		json_end(json);
	}
	json_end(json);
}

static void
points_json(const struct scaling *scaling, struct json *json)
{
	json_line(json, 2);
	json_array(json, "points");
	for (size_t i = 0; i < scaling->fit.points; i++) {
		const struct fit_point *point = &scaling->points[i];

		json_line(json, 3);
		json_object(json, NULL);
		json_fixed(json, "servers", point->servers, 0);
		json_uint(json, "runs", point->runs);
		json_real(json, "mean", point->mean, DIGITS);
		json_real(json, "half_width",
			  fit_point_half(&scaling->fit, point), DIGITS);
		json_end(json);
	}
	json_end(json);
}

static void
scaling_json(const struct scaling *scaling, struct json *json)
{
	const struct fit *fit = &scaling->fit;

	json_line(json, 1);
	json_object(json, NULL);
	json_text(json, "scenario", scaling->scenario);
	json_text(json, "series", scaling->label);
	json_text(json, "metric", scaling->metric);
	json_text(json, "unit", scaling->rounds ? "rounds" : "ns");
	json_int(json, "k", scaling->k);
	json_uint(json, "runs", fit->runs);
	json_int(json, "operations", scaling->operations);
	json_int(json, "local", scaling->local);
	json_int(json, "failed", scaling->failed);
	json_real(json, "doublings", fit->doublings, DIGITS);
	json_line(json, 2);
	json_text(json, "weights", fit_weights_name(fit->weights));
	json_int(json, "pure_error_freedom", fit->pure_freedom);
	json_text(json, "best", fit_model_name(fit->best));
	json_text(json, "verdict", verdict_word(fit->verdict));
	json_text(json, "why", fit->why);
	lines_json(fit, json);
	points_json(scaling, json);
	json_end(json);
}

/* What was asked, and what has come of it. A series that has no curve is no
 * error beside others that do; when none has, `complain` says why of each. */
struct output {
	const char *metric; /* NULL: all */
	bool json, complain;
	struct json out; /* with json */
	size_t printed, inconclusive;
};

static int
metric_fit(sqlite3 *db, struct output *output, int64_t series,
	   const char *metric, bool rounds)
{
	struct scaling scaling;
	int code = scaling_read(db, series, metric, rounds, &scaling);

	if (code == 0 && scaling.points != NULL && scaling.fit.points >= 2) {
		if (output->json) {
			scaling_json(&scaling, &output->out);
		} else {
			if (output->printed > 0)
				putchar('\n');
			scaling_print(&scaling);
		}
		output->printed++;
		if (scaling.fit.verdict == FIT_INCONCLUSIVE) {
			output->inconclusive++;
			fprintf(stderr,
				"homeward: %s: %s in %s: no conclusion: %s\n",
				scaling.scenario, metric,
				rounds ? "rounds" : "time", scaling.fit.why);
		}
	} else if (code == 0 && output->complain && output->metric != NULL &&
		   rounds == (strcmp(output->metric, "hops") == 0)) {
		fprintf(stderr,
			"homeward: %s%s%s: %s: %s above k = %" PRId64
			": nothing to fit\n",
			scaling.scenario, scaling.label[0] != '\0' ? " " : "",
			scaling.label, metric,
			scaling.points == NULL ? "no measurement"
					       : "only one size",
			scaling.k);
	}
	scaling_free(&scaling);
	return code;
}

static int
series_fit(sqlite3 *db, struct output *output, int64_t series)
{
	bool hops =
		output->metric != NULL && strcmp(output->metric, "hops") == 0;

	if (hops)
		return metric_fit(db, output, series, "lookup", true);
	for (size_t m = 0; scaling_metric(m) != NULL; m++) {
		int code;

		if (output->metric != NULL &&
		    strcmp(output->metric, scaling_metric(m)) != 0)
			continue;
		code = metric_fit(db, output, series, scaling_metric(m), false);
		if (code == 0)
			code = metric_fit(db, output, series, scaling_metric(m),
					  true);
		if (code != 0)
			return code;
	}
	return 0;
}

static int
fit_report(const char *path, const char *scenario, struct output *output)
{
	int64_t count = 0;
	sqlite3 *db;
	int code = view_open(&db, path, scenario);

	if (code != 0)
		return code;
	code = db_number(db, sql_series_count, 0, &count);
	output->out = json_begin(stdout, JSON_SPACED);
	if (output->json)
		json_array(&output->out, NULL);
	for (int64_t series = 1; code == 0 && series <= count; series++)
		code = series_fit(db, output, series);
	if (output->json) {
		json_line(&output->out, 0);
		json_end(&output->out);
		json_newline(&output->out);
		json_finish(&output->out);
	}
	output->complain = output->printed == 0 && output->metric != NULL;
	for (int64_t series = 1;
	     code == 0 && output->complain && series <= count; series++)
		code = series_fit(db, output, series);
	db_close(db);
	if (code != 0)
		return code;
	if (output->printed == 0)
		fprintf(stderr, "homeward: nothing to fit: no series has two "
				"sizes above its k\n");
	return output->printed == 0 || output->inconclusive > 0
		       ? EXIT_INCONCLUSIVE
		       : EXIT_OK;
}

/* Of --metric: those of a curve, then hops. */
static const char *
metric_word(size_t index)
{
	size_t count = 0;

	while (scaling_metric(count) != NULL)
		count++;
	return index < count	? scaling_metric(index)
	       : index == count ? "hops"
				: NULL;
}

struct wish {
	struct query query;
	const char *metric;
};

static const struct verb_option options[] = {
	{ "metric", "METRIC",
	  "one whose time grows with n, or hops (a lookup's rounds); all of "
	  "them without it",
	  options_word, .at = offsetof(struct wish, metric),
	  .word = metric_word },
	QUERY_DB,
	QUERY_SCENARIO,
	QUERY_JSON("print the fits as JSON"),
	{ 0 },
};

static int
fit_run(int argc, char **argv)
{
	struct wish wish = { .query = QUERY_DEFAULT };
	struct output output = { 0 };
	int count = options_read(&verb_fit, argc, argv, &wish);

	if (count < 0)
		return -count;
	output.metric = wish.metric;
	output.json = wish.query.json;
	return fit_report(wish.query.db, wish.query.scenario, &output);
}

const struct verb verb_fit = {
	.name = "fit",
	.summary = "fit T(n) = L log2 n and its rivals",
	.run = fit_run,
	.options = options,
	.notes = "Exit 4 when the data do not suffice for a conclusion.\n",
};
