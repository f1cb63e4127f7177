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
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/analyse/query.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"

static void
views_print(FILE *file)
{
	for (const struct view *view = view_list(); view->name != NULL; view++)
		fprintf(file, "%-18s%s\n", view->name, view->help);
}

static const char *
view_word(size_t index)
{
	return view_list()[index].name;
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

struct wish {
	struct query query;
	const char *what, *out;
};

static const struct verb_option options[] = {
	{ "what", "VIEW", "which table; without it, print their names",
	  options_word, .at = offsetof(struct wish, what), .word = view_word },
	QUERY_DB,
	QUERY_SCENARIO,
	{ "out", "FILE", "there instead of standard output", options_text,
	  .at = offsetof(struct wish, out), .kind = USAGE_FILE },
	QUERY_JSON("an array of objects instead of tabs"),
	{ 0 },
};

static int
export_run(int argc, char **argv)
{
	struct wish wish = { .query = QUERY_DEFAULT };
	int count = options_read(&verb_export, argc, argv, &wish);
	const struct view *view;
	size_t rows = 0;
	sqlite3 *db;
	int code;

	if (count < 0)
		return -count;
	if (wish.what == NULL) {
		views_print(stdout);
		return EXIT_OK;
	}
	view = view_find(wish.what);
	code = view_open(&db, wish.query.db, wish.query.scenario);
	if (code != 0)
		return code;
	code = view_write(db, view, wish.query.json ? RESULT_JSON : view->form,
			  wish.out, &rows);
	db_close(db);
	if (code == 0 && rows == 0)
		fprintf(stderr, "homeward: %s: no rows\n", wish.what);
	return code;
}

const struct verb verb_export = {
	.name = "export",
	.summary = "print tables for other programs",
	.run = export_run,
	.options = options,
};
