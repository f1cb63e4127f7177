/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plot.c - `homeward plot`: figures that a journal would print
 *
 *	homeward plot [--db FILE] [--out DIR] [--scenario NAME]
 *		      [--pool KEY]... [--format svg|png] [--plots DIR] [--json]
 *		      [FIGURE]...
 *
 *	database --export--> DIR/SCENARIO-FIGURE.tsv --gnuplot--> .svg and .png
 *
 * A figure is one .gp file that reads exports only; they stay beside the
 * figures, so that a reader can draw them anew. A scenario gets the figures
 * that its `plots` names, or else all for which it has data; FIGURE... are
 * wanted from each. What has nothing to show is skipped, and standard error
 * says why. Standard output lists the files that were written.
 *
 * The .gp files are looked for in --plots, $HOMEWARD_PLOTS, ./plots, beside
 * the build's folder, and in ../share/homeward/plots of the program.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/analyse/comparison_figure.h"
#include "harness/analyse/gnuplot.h"
#include "harness/analyse/query.h"
#include "harness/analyse/scaling.h"
#include "harness/analyse/series.h"
#include "harness/analyse/subtitle.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "sim/model/metric.h"
#include "sql.h"

/* Fewer points than this are no curve T(n). */
#define SCALING_POINTS 3
/* Letters of a series' label that a subtitle has room for. */
#define LABEL 32

/* A figure of one view; scaling, which has two a metric, is drawn apart. */
struct figure {
	const char *name; /* NAME.gp */
	const char *view;
	const char *nothing; /* why there may be no row */
	bool asked; /* no figure of lookups that the asker answered itself */
	const char *metric; /* of which only some may be shown; NULL: none */
};

#define DISTRIBUTION "distribution" /* .gp of metrics without one */

static const struct figure figures[] = {
	{ "setting", "setting-curves", "no setting was measured", false,
	  "setting_first" },
	{ "detection", "detection-curves",
	  "no failure strayed a session with Homeward on", false, "detection" },
	{ "lookup", "lookup-curves", "no lookup was measured", true, "lookup" },
	{ "hops", "hops-curves", "no lookup was measured", true, "lookup" },
	{ "throughput", "throughput-curves",
	  "no sampled session was moved by a fault and kept with Homeward",
	  false, NULL },
	{ "scaling", NULL, NULL, false, NULL },
	{ "compare", "compare-curves",
	  "no experiment was made in both worlds with the same settings", false,
	  NULL },
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

/* Figure i, from 0: those above, then the plain distributions of metrics that
 * are not among them. False: past the last. */
static bool
figure_at(size_t index, struct figure *figure)
{
	size_t left = index;

	if (index < FIGURES) {
		*figure = figures[index];
		return true;
	}
	left -= FIGURES;
	for (int m = 0; m < METRIC_COUNT; m++) {
		const struct metric_row *row = metric_row((enum metric)m);
		bool listed = row->plain == NULL;

		for (size_t i = 0; i < FIGURES; i++)
			listed |= strcmp(figures[i].name, row->name) == 0;
		if (listed || left-- > 0)
			continue;
		*figure = (struct figure){
			.name = row->name,
			.nothing = "there is none in the database",
			.metric = row->name,
		};
		return true;
	}
	return false;
}

/* The metric whose plain distribution a figure is; NULL: it is another. */
static const struct metric_row *
figure_plain(const struct figure *figure)
{
	const struct metric_row *row = metric_find(figure->name);

	return row != NULL && row->plain != NULL ? row : NULL;
}

struct plot {
	const char *out; /* folder */
	const char *gp; /* folder of the .gp files */
	bool svg, png, json;
	struct json list; /* with json: of the files */
	char **wanted; /* figures named by the user */
	int wanted_count;
	struct series_pool pool;
	size_t written;
};

static void
file_announce(struct plot *plot, const char *path)
{
	if (plot->json) {
		json_line(&plot->list, 1);
		json_text(&plot->list, NULL, path);
	} else {
		puts(path);
	}
	plot->written++;
}

/* Draw NAME.gp in all formats as OUT/stem.FORMAT. */
static int
figure_draw(struct plot *plot, const char *name, const char *stem,
	    const char *subtitle, const struct variables *inputs)
{
	char script[PATH_MAX], style[PATH_MAX], out[PATH_MAX];
	char legend[PATH_MAX], file[PATH_MAX + 8];

	snprintf(legend, sizeof(legend), "%s/legend.gp", plot->gp);
	snprintf(script, sizeof(script), "%s/%s.gp", plot->gp, name);
	snprintf(style, sizeof(style), "%s/style.gp", plot->gp);
	snprintf(out, sizeof(out), "%s/%s", plot->out, stem);
	for (int png = 0; png < 2; png++) {
		struct variables variables = *inputs;
		const char *format = png ? "png" : "svg";
		int code;

		if (!(png ? plot->png : plot->svg))
			continue;
		variable_add(&variables, "style", style);
		variable_add(&variables, "legend", legend);
		variable_add(&variables, "out", out);
		variable_add(&variables, "format", format);
		variable_add_plain(&variables, "subtitle", subtitle);
		code = gnuplot_run(&variables, script);
		snprintf(file, sizeof(file), "%s.%s", out, format);
		if (code != 0) {
			(void)unlink(file);
			return code;
		}
		if (!file_whole(file, png)) {
			fprintf(stderr,
				"homeward: %s: could not be written whole; "
				"is the disk full?\n",
				file);
			return EXIT_RUNTIME;
		}
		file_announce(plot, file);
	}
	return 0;
}

/* The rows of `sql` (bound by the caller) as OUT/stem.tsv; path gets it. */
static int
table_write(const struct plot *plot, sqlite3_stmt *statement, const char *stem,
	    enum result_form form, char *path, size_t *rows)
{
	FILE *file;
	int code;

	snprintf(path, PATH_MAX, "%s/%s.tsv", plot->out, stem);
	file = fopen(path, "w");
	if (file == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		sqlite3_finalize(statement);
		return EXIT_RUNTIME;
	}
	code = result_print(statement, file, form, rows);
	if (fclose(file) != 0 && code == 0) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		code = EXIT_RUNTIME;
	}
	if (code != 0 || *rows == 0)
		(void)unlink(path);
	return code;
}

static void
figure_skip(const char *scenario, const char *name, const char *why)
{
	fprintf(stderr, "homeward: %s: %s skipped: %s\n", scenario, name, why);
}

/* The longest legend of a figure, for its layout. */
static int
letters_count(sqlite3 *db, const char *figure, char letters[16])
{
	bool all = strcmp(figure, "detection") == 0;
	int64_t length;

	if (db_number(db, all ? sql_plot_letters_all : sql_plot_letters, 0,
		      &length) != 0)
		return EXIT_RUNTIME;
	/* ", first" */
	if (strcmp(figure, "setting") == 0)
		length += 7;
	snprintf(letters, 16, "%d", (int)(length % 1000));
	return 0;
}

/* A scenario's name becomes a file's, and no database may choose its folder. */
static void
stem_clean(char *stem)
{
	for (; *stem != '\0'; stem++)
		if (*stem == '/')
			*stem = '-';
}

/* What a figure reads; NULL: said. */
static sqlite3_stmt *
figure_rows(sqlite3 *db, const struct figure *figure)
{
	sqlite3_stmt *statement;

	if (figure->view != NULL)
		return view_prepare(db, view_find(figure->view));
	statement = db_prepare(db, sql_plot_distribution);
	if (statement != NULL)
		sqlite3_bind_text(statement, 1, figure->metric, -1,
				  SQLITE_STATIC);
	return statement;
}

static void
plain_add(struct variables *inputs, const struct metric_row *row)
{
	variable_add_plain(inputs, "title", row->title);
	variable_add_plain(inputs, "from", row->from);
	variable_add_plain(inputs, "to", row->to);
	variable_add_plain(inputs, "what", row->plain);
}

/* Lookups that went over the network; when there is none, says so. */
static int
asked_count(sqlite3 *db, const struct figure *figure, const char *scenario,
	    int64_t *some)
{
	int64_t all;
	char why[96];

	if (db_number(db, sql_plot_asked, 0, some) != 0 ||
	    db_number(db, sql_plot_lookups, 0, &all) != 0)
		return EXIT_RUNTIME;
	if (*some == 0) {
		snprintf(why, sizeof(why),
			 "all %lld lookups were answered by the asker itself",
			 (long long)all);
		figure_skip(scenario, figure->name, why);
	}
	return 0;
}

static int
figure_make(struct plot *plot, sqlite3 *db, const struct figure *figure,
	    const char *scenario)
{
	struct variables inputs = { .length = 0 };
	char stem[256], path[PATH_MAX], subtitle[SUBTITLE], letters[16];
	const struct metric_row *plain = figure_plain(figure);
	const struct view *view;
	size_t rows = 0;
	int code;

	snprintf(stem, sizeof(stem), "%s-%s", scenario, figure->name);
	stem_clean(stem);
	code = table_write(plot, figure_rows(db, figure), stem, RESULT_BLOCKS,
			   path, &rows);
	if (code != 0)
		return code;
	if (rows == 0) {
		figure_skip(scenario, figure->name, figure->nothing);
		return 0;
	}
	if (figure->asked) {
		int64_t some;

		if (asked_count(db, figure, scenario, &some) != 0)
			return EXIT_RUNTIME;
		if (some == 0) {
			(void)unlink(path);
			return 0;
		}
	}
	variable_add(&inputs, "data", path);
	if (letters_count(db, figure->name, letters) != 0)
		return EXIT_RUNTIME;
	variable_add(&inputs, "letters", letters);
	if (strcmp(figure->name, "detection") == 0) {
		view = view_find("balancers");
		code = table_write(plot, view_prepare(db, view), "balancers",
				   view->form, path, &rows);
		if (code != 0)
			return code;
		variable_add(&inputs, "balancers", path);
	}
	if (subtitle_make(db, scenario, subtitle) != 0)
		return EXIT_RUNTIME;
	if (figure->metric != NULL &&
	    subtitle_shown(db, figure->name, figure->metric, scenario,
			   subtitle) != 0)
		return EXIT_RUNTIME;
	if (strcmp(figure->name, "compare") == 0 &&
	    comparison_figure_add(db, scenario, &inputs, subtitle,
				  sizeof(subtitle)) != 0)
		return EXIT_RUNTIME;
	if (strcmp(figure->name, "throughput") == 0 &&
	    subtitle_session(db, scenario, subtitle) != 0)
		return EXIT_RUNTIME;
	if (plain != NULL)
		plain_add(&inputs, plain);
	return figure_draw(plot, plain != NULL ? DISTRIBUTION : figure->name,
			   stem, subtitle, &inputs);
}

/* One table of one fit: `sql` is of its points or of its curve. */
static int
fit_write(const struct plot *plot, sqlite3 *db, const struct scaling *scaling,
	  const char *sql, const char *stem, char *path)
{
	sqlite3_stmt *statement = db_prepare(db, sql);
	size_t rows;

	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_int64(statement, 1, scaling->series);
	sqlite3_bind_text(statement, 2, scaling->metric, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, scaling->rounds ? "rounds" : "ms", -1,
			  SQLITE_STATIC);
	return table_write(plot, statement, stem, RESULT_TSV, path, &rows);
}

/* Microseconds where milliseconds would be small change. */
static const char *
unit_name(const struct scaling *scaling)
{
	double largest = 0;

	if (scaling->rounds)
		return "rounds";
	for (size_t i = 0; i < scaling->fit.points; i++)
		largest = fmax(largest, scaling->points[i].mean);
	return largest < 0.5e6 ? "us" : "ms";
}

/* "T = 0.32 + 0.195 log2 n" in gnuplot's markup, in the figure's unit. */
static void
legend_make(const struct scaling *scaling, enum fit_model model, char *text,
	    size_t size)
{
	const struct fit_line *line = &scaling->fit.line[model];
	const char *unit = unit_name(scaling);
	double u = scaling->rounds ? 1 : strcmp(unit, "us") == 0 ? 1e-3 : 1e-6;

	if (model == FIT_ORIGIN)
		snprintf(text, size, "T = %.3g log_2 n (the paper's form)",
			 line->slope * u);
	else
		snprintf(text, size, "T = %.3g %c %.3g log_2 n, 95 %%",
			 line->intercept * u, line->slope < 0 ? '-' : '+',
			 fabs(line->slope) * u);
}

/* A label as part of a file's name: "-dht-tables-ideal". */
static void
stem_add(char *stem, size_t size, const char *label)
{
	size_t length = strlen(stem);

	for (const char *c = label; *c != '\0' && length + 2 < size; c++) {
		bool plain = (*c >= '0' && *c <= '9') ||
			     (*c >= 'a' && *c <= 'z') ||
			     (*c >= 'A' && *c <= 'Z') || *c == '_';

		if (c == label)
			stem[length++] = '-';
		if (length + 2 < size)
			stem[length++] = plain ? *c : '-';
	}
	stem[length] = '\0';
}

static int
scaling_draw(struct plot *plot, sqlite3 *db, const char *scenario,
	     const struct scaling *scaling)
{
	struct variables inputs = { .length = 0 };
	char stem[256], part[288], path[PATH_MAX], text[320];
	const char *title = metric_find(scaling->metric)->title;

	snprintf(stem, sizeof(stem), "%s-scaling-%s%s", scenario,
		 scaling->metric, scaling->rounds ? "-rounds" : "");
	stem_add(stem, sizeof(stem), scaling->label);
	stem_clean(stem);
	snprintf(part, sizeof(part), "%s-points", stem);
	if (fit_write(plot, db, scaling, sql_plot_fit_points, part, path) != 0)
		return EXIT_RUNTIME;
	variable_add(&inputs, "points", path);
	snprintf(part, sizeof(part), "%s-curve", stem);
	if (fit_write(plot, db, scaling, sql_plot_fit_curve, part, path) != 0)
		return EXIT_RUNTIME;
	variable_add(&inputs, "curve", path);
	snprintf(part, sizeof(part), "%.*s%s", (int)strcspn(title, " "), title,
		 " rounds");
	variable_add(&inputs, "what", scaling->rounds ? part : title);
	variable_add(&inputs, "unit", unit_name(scaling));
	legend_make(scaling, FIT_AFFINE, text, sizeof(text));
	variable_add(&inputs, "affine", text);
	legend_make(scaling, FIT_ORIGIN, text, sizeof(text));
	variable_add(&inputs, "origin", text);
	snprintf(text, sizeof(text), "%s%s%.*s%s: k = %lld, %zu runs", scenario,
		 scaling->label[0] != '\0' ? " " : "", LABEL, scaling->label,
		 strlen(scaling->label) > LABEL ? "…" : "",
		 (long long)scaling->k, scaling->fit.runs);
	return figure_draw(plot, "scaling", stem, text, &inputs);
}

/* T(n) of every series and metric in time, lookups in rounds as well. */
static int
scaling_make(struct plot *plot, sqlite3 *db, const char *scenario)
{
	int64_t count;
	size_t drawn = 0;

	if (scaling_attach(db) != 0 ||
	    db_number(db, sql_series_count, 0, &count) != 0)
		return EXIT_RUNTIME;
	for (int64_t series = 1; series <= count; series++)
		for (size_t m = 0; scaling_metric(m) != NULL; m++)
			for (int rounds = 0; rounds < (m == 0 ? 2 : 1);
			     rounds++) {
				struct scaling scaling;
				int code = scaling_read(db, series,
							scaling_metric(m),
							rounds == 1, &scaling);

				if (code == 0 && scaling.points != NULL &&
				    scaling.fit.points >= SCALING_POINTS) {
					code = scaling_draw(plot, db, scenario,
							    &scaling);
					drawn++;
				}
				scaling_free(&scaling);
				if (code != 0)
					return code;
			}
	if (drawn == 0)
		figure_skip(scenario, "scaling",
			    "fewer than three sizes above k");
	return 0;
}

/* Does the newest run's scenario name its figures, and this one? -1: error. */
static int
figure_listed(sqlite3 *db, const char *figure)
{
	sqlite3_stmt *statement = db_prepare(db, sql_plot_listed);
	int listed = -1;

	if (statement == NULL)
		return -1;
	sqlite3_bind_text(statement, 1, figure, -1, SQLITE_STATIC);
	if (db_step(statement) == 1)
		listed = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return listed;
}

static int
figure_wanted(const struct plot *plot, sqlite3 *db, const char *figure)
{
	int64_t worlds;

	/* A scenario's list is of one world; the comparison is of both. */
	if (plot->wanted_count == 0 && strcmp(figure, "compare") == 0)
		return db_number(db, sql_plot_worlds, 0, &worlds) != 0
			       ? -1
			       : worlds > 1;
	if (plot->wanted_count == 0)
		return figure_listed(db, figure);
	for (int i = 0; i < plot->wanted_count; i++)
		if (strcmp(plot->wanted[i], figure) == 0)
			return 1;
	return 0;
}

static int
scenario_plot(struct plot *plot, const char *path, const char *scenario)
{
	struct figure figure;
	sqlite3 *db;
	int code = view_open(&db, path, scenario);

	if (code != 0)
		return code;
	code = series_pool(db, &plot->pool);
	for (size_t i = 0; code == 0 && figure_at(i, &figure); i++) {
		int wanted = figure_wanted(plot, db, figure.name);

		if (wanted < 0)
			code = EXIT_RUNTIME;
		else if (wanted == 0)
			continue;
		else if (strcmp(figure.name, "scaling") == 0)
			code = scaling_make(plot, db, scenario);
		else
			code = figure_make(plot, db, &figure, scenario);
	}
	db_close(db);
	return code;
}

/* Each scenario of the database in its own connection and snapshot. */
static int
scenarios_plot(struct plot *plot, const char *path)
{
	sqlite3_stmt *statement;
	sqlite3 *db;
	int row = 1, code = db_open(&db, path, DB_READ);

	if (code != 0)
		return code;
	statement = db_prepare(db, sql_plot_scenarios);
	if (statement == NULL)
		code = EXIT_RUNTIME;
	while (code == 0 && (row = db_step(statement)) == 1) {
		char scenario[128];

		snprintf(scenario, sizeof(scenario), "%s",
			 (const char *)sqlite3_column_text(statement, 0));
		code = scenario_plot(plot, path, scenario);
	}
	if (code == 0 && row < 0)
		code = EXIT_RUNTIME;
	sqlite3_finalize(statement);
	db_close(db);
	return code;
}

static bool
folder_has_style(const char *folder)
{
	char file[PATH_MAX + 16];

	snprintf(file, sizeof(file), "%s/style.gp", folder);
	return access(file, R_OK) == 0;
}

/* Where the .gp files are; folder is PATH_MAX bytes. */
static bool
plots_find(const char *option, char *folder)
{
	static const char *const beside[] = { "../../plots", "../../../plots",
					      "../share/homeward/plots" };
	const char *variable = getenv("HOMEWARD_PLOTS");
	char program[PATH_MAX / 2];
	ssize_t length =
		readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	snprintf(folder, PATH_MAX, "%s",
		 option != NULL	    ? option
		 : variable != NULL ? variable
				    : "plots");
	if (folder_has_style(folder))
		return true;
	if (option != NULL || variable != NULL || length <= 0)
		return false;
	program[length] = '\0';
	slash = strrchr(program, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(folder, PATH_MAX, "%s/%s", program, beside[i]);
		if (folder_has_style(folder))
			return true;
	}
	snprintf(folder, PATH_MAX, "plots");
	return false;
}

/* Like mkdir -p. */
static int
folder_make(const char *path)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		(void)mkdir(part, 0777);
		*slash = '/';
	}
	if (mkdir(part, 0777) == -1 && errno != EEXIST) {
		fprintf(stderr, "homeward: %s: %s\n", path, strerror(errno));
		return EXIT_RUNTIME;
	}
	return 0;
}

static const char *
figure_word(size_t index)
{
	struct figure figure;

	return figure_at(index, &figure) ? figure.name : NULL;
}

static bool
figures_known(const struct plot *plot)
{
	for (int i = 0; i < plot->wanted_count; i++) {
		bool known = false;

		for (size_t j = 0; figure_word(j) != NULL; j++)
			known |= strcmp(plot->wanted[i], figure_word(j)) == 0;
		if (known)
			continue;
		(void)usage_unknown(&verb_plot, "figure", plot->wanted[i],
				    figure_word);
		return false;
	}
	return true;
}

enum wish_format {
	WISH_SVG,
	WISH_PNG,
	WISH_BOTH,
};

struct wish {
	struct query query;
	const char *out, *plots;
	unsigned format; /* enum wish_format */
};

static const struct verb_option options[] = {
	QUERY_DB,
	{ "out", "DIR", "folder for figures and their tables (results/plots)",
	  options_text, .at = offsetof(struct wish, out),
	  .kind = USAGE_FOLDER },
	QUERY_SCENARIO,
	QUERY_POOL,
	{ "format", "svg|png", "one format instead of both", options_choice,
	  .at = offsetof(struct wish, format) },
	{ "plots", "DIR", "where the .gp files are", options_text,
	  .at = offsetof(struct wish, plots), .kind = USAGE_FOLDER },
	QUERY_JSON("print the names of the figures as JSON"),
	{ 0 },
};

static int
plot_run(int argc, char **argv)
{
	struct wish wish = { .query = QUERY_DEFAULT,
			     .out = "results/plots",
			     .format = WISH_BOTH };
	int count = options_read(&verb_plot, argc, argv, &wish);
	struct plot plot = { .out = wish.out,
			     .svg = wish.format != WISH_PNG,
			     .png = wish.format != WISH_SVG,
			     .json = wish.query.json,
			     .pool = wish.query.pool };
	const char *path = wish.query.db, *scenario = wish.query.scenario;
	char folder[PATH_MAX];
	int code;

	if (count < 0)
		return -count;
	plot.wanted = argv + argc - count;
	plot.wanted_count = count;
	if (!figures_known(&plot))
		return EXIT_USAGE;
	if (!plots_find(wish.plots, folder)) {
		fprintf(stderr,
			"homeward: %s/style.gp: not there; --plots says where "
			"the figures' .gp files are\n",
			folder);
		return EXIT_RUNTIME;
	}
	plot.gp = folder;
	if (folder_make(plot.out) != 0)
		return EXIT_RUNTIME;
	plot.list = json_begin(stdout, JSON_SPACED);
	if (plot.json)
		json_array(&plot.list, NULL);
	code = scenario != NULL ? scenario_plot(&plot, path, scenario)
				: scenarios_plot(&plot, path);
	if (plot.json) {
		if (plot.written > 0)
			json_line(&plot.list, 0);
		json_end(&plot.list);
		json_newline(&plot.list);
		json_finish(&plot.list);
	}
	if (code == 0 && plot.written == 0) {
		fprintf(stderr, "homeward: nothing to plot\n");
		code = EXIT_INCONCLUSIVE;
	}
	return code;
}

const struct verb verb_plot = {
	.name = "plot",
	.summary = "draw the figures",
	.run = plot_run,
	.options = options,
	.operands = "[FIGURE]...",
	.noun = "figure",
	.most = -1,
	.word = figure_word,
	.notes = "FIGURE: setting, detection, lookup, hops, throughput, "
		 "scaling,\ncompare, completion, repair.\n",
};
