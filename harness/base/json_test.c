/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json_test.c - what is written can be read, and nothing else can be written
 *
 * SQLite's parser is the judge, and gives back what it has read.
 */
#include "harness/base/json.h"

#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/test/check.h"

#define SHOWN 4096

/* What `write` writes. */
static const char *
written(void (*write)(struct json *), enum json_style style)
{
	static char text[SHOWN];
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct json json = json_begin(file, style);

	write(&json);
	json_finish(&json);
	fclose(file);
	return text;
}

/* A value of SQL about ?1, or "": to be copied before the next call. */
static const char *
judged(const char *sql, const char *text)
{
	static char answer[SHOWN];
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	answer[0] = '\0';
	if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
		sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
		if (sqlite3_step(statement) == SQLITE_ROW &&
		    sqlite3_column_text(statement, 0) != NULL)
			snprintf(answer, sizeof(answer), "%s",
				 (const char *)sqlite3_column_text(statement,
								   0));
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return answer;
}

/* ---- text ---- */

static const struct {
	const char *sentence;
	const char *text, *expected;
	const char *back; /* NULL: as text */
} texts[] = {
	{ "nothing", "", "\"\"", NULL },
	{ "words", "two words", "\"two words\"", NULL },
	{ "quotes", "say \"no\"", "\"say \\\"no\\\"\"", NULL },
	{ "a backslash", "a\\b", "\"a\\\\b\"", NULL },
	{ "a slash needs no escape", "a/b", "\"a/b\"", NULL },
	{ "a line end and a tab", "a\nb\tc", "\"a\\nb\\tc\"", NULL },
	{ "other control characters", "\x01\r\x1f", "\"\\u0001\\u000d\\u001f\"",
	  NULL },
	{ "delete is none of them", "\x7f", "\"\x7f\"", NULL },
	{ "two, three and four bytes", "\u00e9\u20ac\U0001f600",
	  "\"\u00e9\u20ac\U0001f600\"", NULL },
	{ "the first and the last of each size",
	  "\xc2\x80\u07ff\u0800\uffff\U00010000\U0010ffff",
	  "\"\xc2\x80\u07ff\u0800\uffff\U00010000\U0010ffff\"", NULL },
	{ "a byte that begins nothing", "a\x80z", "\"a\ufffdz\"", "a\ufffdz" },
	{ "a byte of no character", "\xff\xfe", "\"\ufffd\ufffd\"",
	  "\ufffd\ufffd" },
	{ "Latin-1", "caf\xe9", "\"caf\ufffd\"", "caf\ufffd" },
	{ "cut behind its first byte", "\xe2\x82", "\"\ufffd\ufffd\"",
	  "\ufffd\ufffd" },
	{ "a quote in place of the rest", "\xe2\"", "\"\ufffd\\\"\"",
	  "\ufffd\"" },
	{ "longer than need be", "\xc0\xaf", "\"\ufffd\ufffd\"",
	  "\ufffd\ufffd" },
	{ "longer, of three", "\xe0\x9f\xbf", "\"\ufffd\ufffd\ufffd\"",
	  "\ufffd\ufffd\ufffd" },
	{ "longer, of four", "\xf0\x8f\xbf\xbf", "\"\ufffd\ufffd\ufffd\ufffd\"",
	  "\ufffd\ufffd\ufffd\ufffd" },
	{ "a surrogate", "\xed\xa0\x80", "\"\ufffd\ufffd\ufffd\"",
	  "\ufffd\ufffd\ufffd" },
	{ "above the last", "\xf4\x90\x80\x80", "\"\ufffd\ufffd\ufffd\ufffd\"",
	  "\ufffd\ufffd\ufffd\ufffd" },
};

static const char *a_text;

static void
text_say(struct json *json)
{
	json_text(json, NULL, a_text);
}

static void
name_say(struct json *json)
{
	json_object(json, NULL);
	json_text(json, a_text, a_text);
	json_end(json);
}

static void
texts_check(void)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *back =
			texts[i].back != NULL ? texts[i].back : texts[i].text;

		a_text = texts[i].text;
		CHECK_ROW(strcmp(written(text_say, JSON_COMPACT),
				 texts[i].expected) == 0,
			  texts[i].sentence);
		CHECK_ROW(strcmp(judged("SELECT json_valid(?1)",
					written(name_say, JSON_COMPACT)),
				 "1") == 0,
			  texts[i].sentence);
		CHECK_ROW(strcmp(judged("SELECT value FROM json_each(?1)",
					written(name_say, JSON_SPACED)),
				 back) == 0,
			  texts[i].sentence);
	}
}

/* All bytes that a C string can have, in a fixed order that is not theirs. */
static void
bytes_check(void)
{
	char text[256];

	for (size_t i = 0; i < 255; i++)
		text[i] = (char)(i * 97 % 255 + 1);
	text[255] = '\0';
	for (size_t start = 0; start < 255; start += 17) {
		a_text = text + start;
		CHECK(strcmp(judged("SELECT json_valid(?1)",
				    written(name_say, JSON_COMPACT)),
			     "1") == 0);
	}
}

/* ---- numbers and nesting ---- */

static void
values_say(struct json *json)
{
	json_array(json, NULL);
	json_int(json, NULL, INT64_MIN);
	json_uint(json, NULL, UINT64_MAX);
	json_fixed(json, NULL, 0.125, 2);
	json_fixed(json, NULL, 12345.6, 0);
	json_fixed(json, NULL, NAN, 1);
	json_real(json, NULL, 0.1, 12);
	json_real(json, NULL, 1e20, 12);
	json_real(json, NULL, -INFINITY, 12);
	json_bool(json, NULL, true);
	json_bool(json, NULL, false);
	json_null(json, NULL);
	json_text(json, NULL, NULL);
	json_raw(json, NULL, "{\"a\":1.0}");
	json_raw(json, NULL, NULL);
	json_end(json);
}

static void
nested_say(struct json *json)
{
	json_object(json, NULL);
	json_object(json, "none");
	json_end(json);
	json_array(json, "empty");
	json_end(json);
	json_array(json, "rows");
	for (int i = 0; i < 2; i++) {
		json_line(json, 1);
		json_object(json, NULL);
		json_int(json, "i", i);
		json_line(json, 2);
		json_int(json, "j", -i);
		json_end(json);
	}
	json_line(json, 0);
	json_end(json);
	json_newline(json);
	json_bool(json, "whole", true);
	json_end(json);
}

static void
deep_say(struct json *json)
{
	for (int i = 0; i < JSON_DEPTH; i++)
		json_array(json, NULL);
	for (int i = 0; i < JSON_DEPTH; i++)
		json_end(json);
}

/* ---- misuse ---- */

static void
deeper_say(struct json *json)
{
	for (int i = 0; i <= JSON_DEPTH; i++)
		json_array(json, NULL);
}

static void
nameless_say(struct json *json)
{
	json_object(json, NULL);
	json_int(json, NULL, 1);
	json_end(json);
}

static void
named_say(struct json *json)
{
	json_array(json, NULL);
	json_int(json, "a", 1);
	json_end(json);
}

static void
open_say(struct json *json)
{
	json_object(json, NULL);
}

static void
closed_say(struct json *json)
{
	json_object(json, NULL);
	json_end(json);
	json_end(json);
}

static void
nothing_say(struct json *json)
{
	(void)json;
}

static void
twice_say(struct json *json)
{
	json_null(json, NULL);
	json_null(json, NULL);
}

static const struct {
	const char *sentence;
	void (*write)(struct json *);
} bugs[] = {
	{ "too deep", deeper_say },
	{ "a member without a name", nameless_say },
	{ "an element with one", named_say },
	{ "left open", open_say },
	{ "closed twice", closed_say },
	{ "no value at all", nothing_say },
	{ "two documents", twice_say },
};

/* Does an assertion end it? */
static bool
aborts(void (*write)(struct json *))
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		(void)written(write, JSON_COMPACT);
		_exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child &&
	       WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int
main(void)
{
	texts_check();
	bytes_check();
	CHECK(strcmp(written(values_say, JSON_COMPACT),
		     "[-9223372036854775808,18446744073709551615,0.12,12346,"
		     "null,0.1,1e+20,null,true,false,null,null,{\"a\":1.0},"
		     "null]") == 0);
	CHECK(strcmp(judged("SELECT json_valid(?1)",
			    written(values_say, JSON_SPACED)),
		     "1") == 0);
	CHECK(strcmp(written(nested_say, JSON_COMPACT),
		     "{\"none\":{},\"empty\":[],\"rows\":[\n {\"i\":0,\n  "
		     "\"j\":0},\n {\"i\":1,\n  \"j\":-1}\n]\n,"
		     "\"whole\":true}") == 0);
	CHECK(strcmp(written(nested_say, JSON_SPACED),
		     "{\"none\": {}, \"empty\": [], \"rows\": [\n {\"i\": 0,\n"
		     "  \"j\": 0},\n {\"i\": 1,\n  \"j\": -1}\n]\n, "
		     "\"whole\": true}") == 0);
	CHECK(strcmp(judged("SELECT json_valid(?1)",
			    written(nested_say, JSON_SPACED)),
		     "1") == 0);
	CHECK(strcmp(written(deep_say, JSON_COMPACT),
		     "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]") == 0);
	for (size_t i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++)
		CHECK_ROW(aborts(bugs[i].write), bugs[i].sentence);
	return check_done();
}
