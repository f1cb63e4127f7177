/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * export.c - `homeward export`: tables for gnuplot, R, pandas and others
 *
 *	homeward export [--what VIEW] [--db FILE] [--scenario NAME]
 *			[--out FILE] [--json]
 *
 * Without --what: the views there are. Tab-separated with a header line whose
 * names end in units; --json prints an array of objects. A table without rows
 * is still a table: its header is printed, and standard error says so.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"
#include "harness/verbs.h"
#include "live/conf/did_you_mean.h"

static void
views_print(FILE *file)
{
	for (const struct view *view = view_list(); view->name != NULL; view++)
		fprintf(file, "%-18s%s\n", view->name, view->help);
}

static int
view_unknown(const char *verb, const char *name)
{
	struct did_you_mean did_you_mean = did_you_mean_start(name);
	char hint[80];

	for (const struct view *view = view_list(); view->name != NULL; view++)
		did_you_mean_offer(&did_you_mean, view->name);
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	return verb_usage(verb, "no view '%s'%s", name, hint);
}

/* Into the file `out`, whole or not at all; NULL: standard output. */
static int
view_write(sqlite3 *db, const struct view *view, enum result_form form,
	   const char *out, size_t *rows)
{
	FILE *file = out != NULL ? fopen(out, "w") : stdout;
	struct stat what;
	int code;

	if (file == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", out, strerror(errno));
		return EXIT_RUNTIME;
	}
	code = result_print(view_prepare(db, view), file, form, rows);
	if (out != NULL && fclose(file) != 0 && code == 0) {
		fprintf(stderr, "homeward: %s: %s\n", out, strerror(errno));
		code = EXIT_RUNTIME;
	}
	/* Half a table misleads; a device or a pipe is not ours to remove. */
	if (code != 0 && out != NULL && stat(out, &what) == 0 &&
	    S_ISREG(what.st_mode))
		(void)unlink(out);
	return code;
}

int
verb_export(int argc, char **argv)
{
	static const struct option options[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "scenario", required_argument, NULL, 's' },
		{ "what", required_argument, NULL, 'w' },
		{ "out", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DB_DEFAULT_PATH, *scenario = NULL, *out = NULL;
	const char *what = NULL;
	const struct view *view;
	bool json = false;
	size_t rows = 0;
	sqlite3 *db;
	int option, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'd':
			path = optarg;
			break;
		case 's':
			scenario = optarg;
			break;
		case 'w':
			what = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'j':
			json = true;
			break;
		default:
			return verb_usage(argv[0], NULL);
		}
	}
	if (optind < argc)
		return verb_usage(argv[0], "what is '%s'?", argv[optind]);
	if (what == NULL) {
		views_print(stdout);
		return EXIT_OK;
	}
	view = view_find(what);
	if (view == NULL)
		return view_unknown(argv[0], what);
	code = view_open(&db, path, scenario);
	if (code != 0)
		return code;
	code = view_write(db, view, json ? RESULT_JSON : view->form, out,
			  &rows);
	db_close(db);
	if (code == 0 && rows == 0)
		fprintf(stderr, "homeward: %s: no rows\n", what);
	return code;
}
