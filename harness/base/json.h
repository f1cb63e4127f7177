/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - JSON, written as it is told
 *
 *	struct json json = json_begin(stdout, JSON_SPACED);
 *
 *	json_object(&json, NULL);
 *	json_text(&json, "scenario", name);	{"scenario": "paper",
 *	json_array(&json, "sizes");		 "sizes": [
 *	json_uint(&json, NULL, 16);		 16,
 *	json_uint(&json, NULL, 32);		 32
 *	json_end(&json);			 ]
 *	json_end(&json);			}
 *	json_finish(&json);
 *
 * The writer puts commas, colons, quotes and escapes; the caller says what
 * comes next. A member of an object has a name, an element of an array has
 * none (NULL), and neither has the value on top: what contradicts this is a
 * bug and asserted, and so is a document that is not closed. Text that is not
 * UTF-8 has U+FFFD in place of each byte that does not belong, and a number
 * that JSON does not have is null: so what is written can always be read
 * (RFC 8259).
 *
 * Nothing is kept but the nesting. A failed write is seen by the caller that
 * flushes the file.
 */
#ifndef HARNESS_BASE_JSON_H
#define HARNESS_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 16 /* objects and arrays within each other, at most */

enum json_style {
	JSON_COMPACT, /* {"a":1,"b":2} */
	JSON_SPACED, /* {"a": 1, "b": 2} */
};

struct json {
	FILE *file;
	enum json_style style;
	int indent; /* blanks of the line that comes next; -1: none does */
	uint32_t depth;
	struct {
		bool array, filled;
	} level[JSON_DEPTH + 1]; /* 0: the document, which has one value */
};

struct json json_begin(FILE *, enum json_style);

/* Open one; json_end() closes the innermost. */
void json_object(struct json *, const char *name);
void json_array(struct json *, const char *name);
void json_end(struct json *);

void json_text(struct json *, const char *name, const char *text);
void json_int(struct json *, const char *name, int64_t);
void json_uint(struct json *, const char *name, uint64_t);
void json_bool(struct json *, const char *name, bool);
void json_null(struct json *, const char *name);
/* As printf() writes it with `digits` and 'f': 12.50; null: not finite. */
void json_fixed(struct json *, const char *name, double, int digits);
/* With `digits` significant ones, as short as 'g' has it: 12.5, 1e+20. */
void json_real(struct json *, const char *name, double, int digits);
/* What is JSON already: a number from SQLite, a column that holds an object.
 * NULL: null. */
void json_raw(struct json *, const char *name, const char *text);

/* The next value, or the bracket that json_end() puts, begins a new line with
 * `indent` blanks. */
void json_line(struct json *, int indent);
/* End the line now, behind a value and before its comma. */
void json_newline(struct json *);
/* The document is whole: its one value is there, and closed. */
void json_finish(struct json *);

#endif
