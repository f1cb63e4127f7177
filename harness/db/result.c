/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result.c - see result.h
 *
 * TEXT needs the widths before the first line, so it keeps all cells; the
 * other forms print as they read.
 */
#include "harness/db/result.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"

const char *
result_time(char text[RESULT_TIME], double ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "s", 1e9 }, { "ms", 1e6 }, { "us", 1e3 }, { "ns", 1 } };
	size_t u = 0;

	if (isnan(ns)) {
		snprintf(text, RESULT_TIME, "-");
		return text;
	}
	if (fabs(ns) < 0.5e-3) {
		snprintf(text, RESULT_TIME, "0");
		return text;
	}
	/* 999.6 us rounds to 1.00 ms, not to 1e+03 us. */
	while (u < 3 && fabs(ns) < units[u].ns * 0.9995)
		u++;
	ns /= units[u].ns;
	snprintf(text, RESULT_TIME, "%.*f %s",
		 fabs(ns) < 9.995   ? 2
		 : fabs(ns) < 99.95 ? 1
				    : 0,
		 ns, units[u].unit);
	return text;
}

/* One cell where tabs and line ends would break the table. */
static void
cell_tsv(FILE *file, const char *text)
{
	for (; *text != '\0'; text++)
		fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' '
								      : *text,
		      file);
}

/* A column as text; reals with ten digits. */
static const char *
cell_text(sqlite3_stmt *statement, int column, char *buffer, size_t size)
{
	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		return "";
	case SQLITE_FLOAT:
		snprintf(buffer, size, "%.10g",
			 sqlite3_column_double(statement, column));
		return buffer;
	default:
		return (const char *)sqlite3_column_text(statement, column);
	}
}

static void
header_print(sqlite3_stmt *statement, FILE *file, const char *first)
{
	int columns = sqlite3_column_count(statement);

	for (int i = 0; i < columns; i++) {
		if (i > 0)
			fputc('\t', file);
		cell_tsv(file, i == 0 && first != NULL
				       ? first
				       : sqlite3_column_name(statement, i));
	}
	fputc('\n', file);
}

static int
rows_print(sqlite3_stmt *statement, FILE *file, bool blocks, size_t *rows)
{
	int columns = sqlite3_column_count(statement), row;
	char buffer[32], *block = NULL;

	if (!blocks)
		header_print(statement, file, NULL);
	while ((row = db_step(statement)) == 1) {
		const char *first =
			cell_text(statement, 0, buffer, sizeof(buffer));

		if (blocks && (block == NULL || strcmp(block, first) != 0)) {
			if (block != NULL)
				fputs("\n\n", file);
			header_print(statement, file, first);
			free(block);
			block = strdup(first);
		}
		for (int i = 0; i < columns; i++) {
			if (i > 0)
				fputc('\t', file);
			cell_tsv(file, cell_text(statement, i, buffer,
						 sizeof(buffer)));
		}
		fputc('\n', file);
		++*rows;
	}
	free(block);
	return row;
}

static void
cell_json(sqlite3_stmt *statement, struct json *json, int column)
{
	const char *name = sqlite3_column_name(statement, column);

	switch (sqlite3_column_type(statement, column)) {
	case SQLITE_NULL:
		json_null(json, name);
		break;
	case SQLITE_INTEGER:
		json_int(json, name, sqlite3_column_int64(statement, column));
		break;
	case SQLITE_FLOAT:
		json_real(json, name, sqlite3_column_double(statement, column),
			  10);
		break;
	default:
		json_text(json, name,
			  (const char *)sqlite3_column_text(statement, column));
		break;
	}
}

static int
json_print(sqlite3_stmt *statement, struct json *json, const char *name,
	   size_t *rows)
{
	int columns = sqlite3_column_count(statement), row;

	json_array(json, name);
	while ((row = db_step(statement)) == 1) {
		json_line(json, 1);
		json_object(json, NULL);
		for (int i = 0; i < columns; i++)
			cell_json(statement, json, i);
		json_end(json);
		++*rows;
	}
	if (*rows > 0)
		json_line(json, 0);
	json_end(json);
	json_newline(json);
	return row;
}

int
result_json(sqlite3_stmt *statement, struct json *json, const char *name,
	    size_t *rows)
{
	size_t count = 0;
	int row;

	if (statement == NULL)
		return EXIT_RUNTIME;
	row = json_print(statement, json, name, &count);
	sqlite3_finalize(statement);
	if (rows != NULL)
		*rows = count;
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* A table that grows by rows of `columns` strings; row 0 is the header. */
struct cells {
	char **text;
	size_t columns, rows, capacity;
};

/* header: the columns' names instead of the row's values. */
static bool
cells_add(struct cells *cells, sqlite3_stmt *statement, bool header)
{
	char buffer[32];

	if (cells->rows == cells->capacity) {
		size_t more = cells->capacity == 0 ? 16 : cells->capacity * 2;
		char **text = realloc(cells->text,
				      more * cells->columns * sizeof(*text));

		if (text == NULL)
			return false;
		memset(text + cells->rows * cells->columns, 0,
		       (more - cells->rows) * cells->columns * sizeof(*text));
		cells->text = text;
		cells->capacity = more;
	}
	for (size_t i = 0; i < cells->columns; i++)
		cells->text[cells->rows * cells->columns + i] =
			strdup(header ? sqlite3_column_name(statement, (int)i)
				      : cell_text(statement, (int)i, buffer,
						  sizeof(buffer)));
	cells->rows++;
	return true;
}

static const char *
cells_get(const struct cells *cells, size_t row, size_t column)
{
	const char *text = cells->text[row * cells->columns + column];

	return text != NULL ? text : "";
}

/* Characters, not bytes, of UTF-8. */
static size_t
text_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* The widest cell, and whether all below the header begin as numbers do. */
struct column {
	size_t width;
	bool number;
};

static struct column
column_measure(const struct cells *cells, size_t index)
{
	struct column column = { .number = true };

	for (size_t row = 0; row < cells->rows; row++) {
		const char *text = cells_get(cells, row, index);

		if (text_width(text) > column.width)
			column.width = text_width(text);
		if (row > 0 && text[0] != '\0' &&
		    strchr("0123456789-+.", text[0]) == NULL)
			column.number = false;
	}
	return column;
}

static void
cells_line(const struct cells *cells, const struct column *columns, size_t row,
	   FILE *file)
{
	for (size_t i = 0; i < cells->columns; i++) {
		const char *text = cells_get(cells, row, i);
		int pad = (int)(columns[i].width - text_width(text));

		if (i > 0)
			fputs("  ", file);
		if (columns[i].number)
			fprintf(file, "%*s%s", pad, "", text);
		else if (i + 1 < cells->columns)
			fprintf(file, "%s%*s", text, pad, "");
		else
			fputs(text, file);
	}
	fputc('\n', file);
}

/* False: out of memory. */
static bool
cells_print(const struct cells *cells, FILE *file)
{
	struct column *columns = calloc(cells->columns > 0 ? cells->columns : 1,
					sizeof(*columns));

	if (columns == NULL)
		return false;
	for (size_t i = 0; i < cells->columns; i++)
		columns[i] = column_measure(cells, i);
	for (size_t row = 0; row < cells->rows; row++)
		cells_line(cells, columns, row, file);
	free(columns);
	return true;
}

static int
text_print(sqlite3_stmt *statement, FILE *file, size_t *rows)
{
	struct cells cells = {
		.columns = (size_t)sqlite3_column_count(statement),
	};
	bool good = cells_add(&cells, statement, true);
	int row = 0;

	while (good && (row = db_step(statement)) == 1) {
		good = cells_add(&cells, statement, false);
		++*rows;
	}
	if (good && row == 0)
		good = cells_print(&cells, file);
	for (size_t i = 0; i < cells.rows * cells.columns; i++)
		free(cells.text[i]);
	free(cells.text);
	if (!good)
		fprintf(stderr, "homeward: no memory for a table\n");
	return good ? row : -1;
}

int
result_print(sqlite3_stmt *statement, FILE *file, enum result_form form,
	     size_t *rows)
{
	size_t count = 0;
	struct json json;
	int row = -1;

	if (statement == NULL)
		return EXIT_RUNTIME;
	switch (form) {
	case RESULT_TSV:
	case RESULT_BLOCKS:
		row = rows_print(statement, file, form == RESULT_BLOCKS,
				 &count);
		break;
	case RESULT_JSON:
		json = json_begin(file, JSON_SPACED);
		row = json_print(statement, &json, NULL, &count);
		json_finish(&json);
		break;
	case RESULT_TEXT:
		row = text_print(statement, file, &count);
		break;
	}
	sqlite3_finalize(statement);
	if (rows != NULL)
		*rows = count;
	if (row < 0)
		return EXIT_RUNTIME;
	if (fflush(file) != 0 || ferror(file)) {
		fprintf(stderr, "homeward: output: %s\n", strerror(errno));
		return EXIT_RUNTIME;
	}
	return 0;
}
