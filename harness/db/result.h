/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * result.h - the rows of a query, printed
 *
 *	TSV	header and rows separated by tabs; empty: no value. For R,
 *		pandas, cut and gnuplot (set datafile separator tab).
 *	BLOCKS	the same in gnuplot's data sets: whenever the first column
 *		changes, two empty lines and a new header that begins with its
 *		value. `plot for [i=0:n-1] file index i ... title
 *		columnheader(1)` draws one curve a block.
 *	JSON	an array of objects, one a row.
 *	TEXT	aligned columns under a header, numbers to the right.
 *
 * Columns are named by the query (AS), units end the names. Reals are printed
 * with 10 digits: more than any measured time has.
 */
#ifndef HARNESS_DB_RESULT_H
#define HARNESS_DB_RESULT_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/json.h"

enum result_form {
	RESULT_TSV,
	RESULT_BLOCKS,
	RESULT_JSON,
	RESULT_TEXT,
};

/* Prints and finalises the statement (NULL: an error that was said already).
 * *rows, when not NULL, becomes their number. 0 or EXIT_RUNTIME, said. */
int result_print(sqlite3_stmt *, FILE *, enum result_form, size_t *rows);

/* The rows as an array that is part of a document, a member called `name` or,
 * with NULL, an element; a line end behind it. As result_print() otherwise, but
 * nothing is flushed. */
int result_json(sqlite3_stmt *, struct json *, const char *name, size_t *rows);

#define RESULT_TIME 24 /* bytes that result_time fills at most */

/* "12.3 ms": three digits and the unit that suits; "-" for NAN, "0". */
const char *result_time(char text[RESULT_TIME], double ns);

#endif
