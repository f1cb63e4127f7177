/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.c - commas and colons, and which bytes may stand between quotes
 */
#include "harness/base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

struct json
json_begin(FILE *file, enum json_style style)
{
	return (struct json){ .file = file, .style = style, .indent = -1 };
}

/* ---- text ---- */

/* Bytes of the UTF-8 character at `c`, which ends with NUL; 0: it is none.
 * The second byte's range leaves out what is longer than it need be, the
 * surrogates, and all above U+10FFFF (RFC 3629, 4). */
static size_t
character_size(const unsigned char *c)
{
	unsigned low = 0x80, high = 0xbf;
	size_t size;

	if (c[0] < 0x80)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4)
		return 0;
	size = c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

static void
text_write(FILE *file, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	fputc('"', file);
	while (*c != '\0') {
		size_t size = character_size(c);

		if (size == 0)
			fputs("\xef\xbf\xbd", file);
		else if (*c == '"' || *c == '\\')
			fprintf(file, "\\%c", *c);
		else if (*c == '\n')
			fputs("\\n", file);
		else if (*c == '\t')
			fputs("\\t", file);
		else if (*c < 0x20)
			fprintf(file, "\\u%04x", *c);
		else
			(void)fwrite(c, 1, size, file);
		c += size > 0 ? size : 1;
	}
	fputc('"', file);
}

/* ---- nesting ---- */

static void
line_break(struct json *json)
{
	if (json->indent >= 0)
		fprintf(json->file, "\n%*s", json->indent, "");
	json->indent = -1;
}

/* All that stands before a value. */
static void
value_begin(struct json *json, const char *name)
{
	bool spaced = json->style == JSON_SPACED;
	bool object = json->depth > 0 && !json->level[json->depth].array;

	assert(object == (name != NULL));
	assert(json->depth > 0 || !json->level[0].filled);
	if (json->level[json->depth].filled)
		fputs(spaced && json->indent < 0 ? ", " : ",", json->file);
	json->level[json->depth].filled = true;
	line_break(json);
	if (name != NULL) {
		text_write(json->file, name);
		fputs(spaced ? ": " : ":", json->file);
	}
}

static void
level_open(struct json *json, const char *name, bool array)
{
	value_begin(json, name);
	assert(json->depth < JSON_DEPTH);
	json->depth++;
	json->level[json->depth].array = array;
	json->level[json->depth].filled = false;
	fputc(array ? '[' : '{', json->file);
}

void
json_object(struct json *json, const char *name)
{
	level_open(json, name, false);
}

void
json_array(struct json *json, const char *name)
{
	level_open(json, name, true);
}

void
json_end(struct json *json)
{
	assert(json->depth > 0);
	line_break(json);
	fputc(json->level[json->depth].array ? ']' : '}', json->file);
	json->depth--;
}

/* ---- values ---- */

void
json_raw(struct json *json, const char *name, const char *text)
{
	value_begin(json, name);
	fputs(text != NULL ? text : "null", json->file);
}

void
json_null(struct json *json, const char *name)
{
	json_raw(json, name, NULL);
}

void
json_bool(struct json *json, const char *name, bool value)
{
	json_raw(json, name, value ? "true" : "false");
}

void
json_text(struct json *json, const char *name, const char *text)
{
	if (text == NULL) {
		json_null(json, name);
		return;
	}
	value_begin(json, name);
	text_write(json->file, text);
}

void
json_int(struct json *json, const char *name, int64_t value)
{
	value_begin(json, name);
	fprintf(json->file, "%" PRId64, value);
}

void
json_uint(struct json *json, const char *name, uint64_t value)
{
	value_begin(json, name);
	fprintf(json->file, "%" PRIu64, value);
}

void
json_fixed(struct json *json, const char *name, double value, int digits)
{
	value_begin(json, name);
	if (isfinite(value))
		fprintf(json->file, "%.*f", digits, value);
	else
		fputs("null", json->file);
}

void
json_real(struct json *json, const char *name, double value, int digits)
{
	value_begin(json, name);
	if (isfinite(value))
		fprintf(json->file, "%.*g", digits, value);
	else
		fputs("null", json->file);
}

/* ---- lines ---- */

void
json_line(struct json *json, int indent)
{
	json->indent = indent;
}

void
json_newline(struct json *json)
{
	fputc('\n', json->file);
}

void
json_finish(struct json *json)
{
	assert(json->depth == 0 && json->level[0].filled);
	line_break(json);
}
