/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series.c - see series.h
 *
 * A resolved scenario is YAML; it is flattened to "path=value" lines in the
 * order of the document, e.g. "dht.k=8", list items counted from 1 as keys
 * are, "events.1.kind=...", with the point's values for the keys that the
 * scenario sweeps, and with old spellings of keys replaced (key.h). A key that
 * the run's program did not have yet counts as its default, so that runs of
 * programs of different age are replicates. What says nothing about the system
 * under test (title, seed, plots ...) is left out, so the remaining text is
 * the series' identity. libyaml's event interface is enough, and keeps us
 * independent of which keys exist.
 */
#include "harness/analyse/series.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/quantile.h"
#include "harness/scenario/key.h"
#include "sim/model/settings.h"
#include "sql.h"

/* Not part of a series' identity; a trailing dot means all below. */
static const char *const varying[] = { "title",	 "seed",   "fabric.servers",
				       "sweep.", "repeat", "repeats",
				       "plots",	 "plots.", "expect.",
				       "expect" };

#define DEPTH 16

struct flat {
	FILE *out;
	char path[256];
	size_t length[DEPTH]; /* of path above each open collection */
	bool sequence[DEPTH];
	uint32_t item[DEPTH];
	int depth;
	const char *over; /* values that win, or NULL */
	bool whole; /* also what is no part of the identity */
	bool key; /* the next scalar of a mapping is a key */
};

static bool
path_varies(const char *path)
{
	for (size_t i = 0; i < sizeof(varying) / sizeof(varying[0]); i++) {
		size_t length = strlen(varying[i]);

		if (varying[i][length - 1] == '.'
			    ? strncmp(path, varying[i], length) == 0
			    : strcmp(path, varying[i]) == 0)
			return true;
	}
	return false;
}

/* Before a value: the path's last word when it stands in a list. */
static void
flat_enter(struct flat *flat)
{
	if (flat->depth > 0 && flat->sequence[flat->depth - 1]) {
		size_t above = flat->length[flat->depth - 1];

		snprintf(flat->path + above, sizeof(flat->path) - above, "%s%u",
			 above > 0 ? "." : "", ++flat->item[flat->depth - 1]);
	}
}

/* After a value: what follows in a mapping is a key. */
static void
flat_leave(struct flat *flat)
{
	flat->path[flat->depth > 0 ? flat->length[flat->depth - 1] : 0] = '\0';
	flat->key = flat->depth > 0 && !flat->sequence[flat->depth - 1];
}

/* The value after "path=" in an identity, copied; NULL: it has none. */
static char *
identity_get(const char *identity, const char *path)
{
	size_t length = strlen(path);

	for (const char *line = identity; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');

		if (strncmp(line, path, length) == 0 && line[length] == '=')
			return end == NULL ? strdup(line + length + 1)
					   : strndup(line + length + 1,
						     (size_t)(end - line) -
							     length - 1);
		line = end == NULL ? NULL : end + 1;
	}
	return NULL;
}

/* "path=value", both as they are called today: what an older program stored
 * is the same series. */
static void
line_write(const struct flat *flat, const char *path, const char *value)
{
	const struct key_alias *alias = key_alias_find(path);
	const char *now = alias != NULL ? key_alias_value(alias, value) : NULL;
	char *over;

	if (alias != NULL)
		path = alias->now;
	if (!flat->whole && path_varies(path))
		return;
	over = flat->over != NULL ? identity_get(flat->over, path) : NULL;
	if (over != NULL)
		value = over;
	else if (now != NULL)
		value = now;
	fprintf(flat->out, "%s=%s\n", path, value);
	free(over);
}

static void
flat_scalar(struct flat *flat, const char *value)
{
	if (flat->key) {
		size_t above = flat->length[flat->depth - 1];

		snprintf(flat->path + above, sizeof(flat->path) - above, "%s%s",
			 above > 0 ? "." : "", value);
		flat->key = false;
		return;
	}
	flat_enter(flat);
	line_write(flat, flat->path, value);
	flat_leave(flat);
}

static bool
flat_event(struct flat *flat, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		if (flat->depth == DEPTH)
			return false;
		flat_enter(flat);
		flat->length[flat->depth] = strlen(flat->path);
		flat->item[flat->depth] = 0;
		flat->sequence[flat->depth++] =
			event->type == YAML_SEQUENCE_START_EVENT;
		flat->key = event->type == YAML_MAPPING_START_EVENT;
		return true;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		flat->depth--;
		flat_leave(flat);
		return true;
	case YAML_SCALAR_EVENT:
		flat_scalar(flat, (const char *)event->data.scalar.value);
		return true;
	case YAML_ALIAS_EVENT:
		return false;
	default:
		return true;
	}
}

/* Flattened, to be freed; text that is no YAML is its own. Values in `over`
 * (flattened, or NULL) win. */
static char *
text_flatten(const char *yaml, const char *over, bool whole)
{
	struct flat flat = { .over = over, .whole = whole };
	char *text = NULL;
	size_t size = 0;
	yaml_parser_t parser;
	yaml_event_t event;
	bool good = true, done = false;

	flat.out = open_memstream(&text, &size);
	if (flat.out == NULL)
		return NULL;
	if (yaml_parser_initialize(&parser) == 0) {
		fclose(flat.out);
		free(text);
		return NULL;
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)yaml,
				     strlen(yaml));
	while (good && !done) {
		good = yaml_parser_parse(&parser, &event) != 0;
		if (!good)
			break;
		good = flat_event(&flat, &event);
		done = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	if (fclose(flat.out) != 0 || !good) {
		free(text);
		return strdup(yaml);
	}
	return text;
}

/* Copy the lines of a key: "dht.k=8"; of a list "routing.hop_ms.1=49" ... The
 * number of lines. */
static size_t
lines_copy(const char *text, const char *path, FILE *out)
{
	size_t length = strlen(path), copied = 0;

	for (const char *line = text; *line != '\0';) {
		const char *end = strchr(line, '\n');
		size_t size =
			end != NULL ? (size_t)(end - line) + 1 : strlen(line);

		if (strncmp(line, path, length) == 0 &&
		    (line[length] == '=' || line[length] == '.')) {
			fwrite(line, 1, size, out);
			copied++;
		}
		line += size;
	}
	return copied;
}

static void
default_write(const struct key *key, const struct settings *settings, FILE *out)
{
	char text[KEY_TEXT], low[KEY_TEXT], high[KEY_TEXT];

	if (key->type == KEY_SIZES)
		return;
	key_format(key, settings, text);
	if (key->type == KEY_SPAN &&
	    sscanf(text, "[%31[0-9.], %31[0-9.]]", low, high) == 2)
		fprintf(out, "%s.1=%s\n%s.2=%s\n", key->path, low, key->path,
			high);
	else
		fprintf(out, "%s=%s\n", key->path, text);
}

/* Is the line one of a key of settings? */
static bool
line_is_key(const char *line)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++) {
		size_t length = strlen(table->keys[i].path);

		if (strncmp(line, table->keys[i].path, length) == 0 &&
		    (line[length] == '=' || line[length] == '.'))
			return true;
	}
	return false;
}

/* An identity in the order of the key table, and of keys that are younger than
 * the run the default, which is what that run did. Frees the old one; NULL: out
 * of memory. */
static char *
identity_complete(char *text)
{
	const struct key_table *table = key_settings();
	struct settings settings;
	char *whole = NULL, *rest = text;
	size_t size = 0;
	FILE *out;

	/* A sweep stores the whole scenario. A replay stores none. */
	if (text == NULL || strstr(text, "measure.duration_s=") == NULL)
		return text;
	out = open_memstream(&whole, &size);
	if (out == NULL) {
		free(text);
		return NULL;
	}
	settings_default(&settings);
	for (size_t i = 0; i < table->count; i++)
		if (!path_varies(table->keys[i].path) &&
		    lines_copy(text, table->keys[i].path, out) == 0)
			default_write(&table->keys[i], &settings, out);
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0' && !line_is_key(line))
			fprintf(out, "%s\n", line);
	free(text);
	if (fclose(out) != 0) {
		free(whole);
		return NULL;
	}
	return whole;
}

/* The resolved scenario with the point's values; NULL: out of memory. */
static char *
identity_of(const char *resolved, const char *point)
{
	char *over = text_flatten(point, NULL, false), *text = NULL,
	     *rest = over;
	char *whole = NULL;
	size_t size = 0;
	FILE *out;

	if (over != NULL)
		text = text_flatten(resolved, over, false);
	out = text != NULL ? open_memstream(&whole, &size) : NULL;
	if (out == NULL)
		goto end;
	fputs(text, out);
	/* Swept keys that the scenario does not print. */
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char *equals = strchr(line, '='), *value;

		if (equals == NULL)
			continue;
		*equals = '\0';
		value = identity_get(text, line);
		if (value == NULL)
			fprintf(out, "%s=%s\n", line, equals + 1);
		free(value);
	}
	if (fclose(out) != 0) {
		free(whole);
		whole = NULL;
	}
end:
	free(text);
	free(over);
	return identity_complete(whole);
}

static void
identity_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *resolved = (const char *)sqlite3_value_text(values[0]);
	const char *point = (const char *)sqlite3_value_text(values[1]);
	char *identity = identity_of(resolved != NULL ? resolved : "",
				     point != NULL ? point : "");

	(void)count;
	if (identity == NULL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, identity, -1, free);
}

static void
get_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *identity = (const char *)sqlite3_value_text(values[0]);
	const char *path = (const char *)sqlite3_value_text(values[1]);
	char *value = NULL;

	(void)count;
	if (identity != NULL && path != NULL)
		value = identity_get(identity, path);
	if (value == NULL)
		sqlite3_result_null(context);
	else
		sqlite3_result_text(context, value, -1, free);
}

/* scenario_get(resolved, path): any key, also those outside the identity. */
static void
scenario_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *resolved = (const char *)sqlite3_value_text(values[0]);
	const char *path = (const char *)sqlite3_value_text(values[1]);
	char *text = text_flatten(resolved != NULL ? resolved : "", NULL, true);
	char *value = NULL;

	(void)count;
	if (text != NULL && path != NULL)
		value = identity_get(text, path);
	if (value == NULL)
		sqlite3_result_null(context);
	else
		sqlite3_result_text(context, value, -1, free);
	free(text);
}

/*
 * label(identity, all): the lines of `identity` that are not in each identity
 * of `all` (separated by form feeds), without their line ends.
 */
static void
label_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *identity = (const char *)sqlite3_value_text(values[0]);
	const char *all = (const char *)sqlite3_value_text(values[1]);
	char *label = NULL, *copy = strdup(all != NULL ? all : "");
	char *mine = strdup(identity != NULL ? identity : ""), *rest = mine;
	size_t size = 0;
	FILE *out = open_memstream(&label, &size);

	(void)count;
	if (copy == NULL || mine == NULL || out == NULL) {
		if (out != NULL)
			fclose(out);
		free(label);
		label = NULL;
		goto end;
	}
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		const char *equals = strchr(line, '=');
		bool differs = false;

		if (equals == NULL)
			continue;
		*strchr(line, '=') = '\0';
		for (char *next = copy, *end; !differs && next != NULL;
		     next = end) {
			char *value;

			end = strchr(next, '\f');
			if (end != NULL)
				*end = '\0';
			value = identity_get(next, line);
			differs =
				value == NULL || strcmp(value, equals + 1) != 0;
			free(value);
			if (end != NULL)
				*end++ = '\f';
		}
		if (differs)
			fprintf(out, "%s%s=%s", ftell(out) > 0 ? " " : "", line,
				equals + 1);
	}
	fclose(out);
end:
	if (label == NULL)
		sqlite3_result_error_nomem(context);
	else
		sqlite3_result_text(context, label, -1, free);
	free(copy);
	free(mine);
}

/* identity_less(identity, pattern): without the lines whose key matches. */
static void
less_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *identity = (const char *)sqlite3_value_text(values[0]);
	const char *pattern = (const char *)sqlite3_value_text(values[1]);
	char *copy = strdup(identity != NULL ? identity : ""), *rest = copy;
	char *less = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&less, &size);

	(void)count;
	if (copy == NULL || out == NULL || pattern == NULL) {
		if (out != NULL)
			fclose(out);
		free(copy);
		free(less);
		sqlite3_result_error_nomem(context);
		return;
	}
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		char *equals = strchr(line, '=');

		if (equals == NULL)
			continue;
		*equals = '\0';
		if (fnmatch(pattern, line, 0) != 0)
			fprintf(out, "%s=%s\n", line, equals + 1);
	}
	fclose(out);
	free(copy);
	sqlite3_result_text(context, less, -1, free);
}

static int
functions_register(sqlite3 *db)
{
	static const struct db_function rows[] = {
		{ "scenario_identity", 2, identity_function },
		{ "identity_get", 2, get_function },
		{ "scenario_get", 2, scenario_function },
		{ "identity_label", 2, label_function },
		{ "identity_less", 2, less_function },
	};
	int code = db_functions(db, rows, sizeof(rows) / sizeof(rows[0]));

	return code != 0 ? code : quantile_register(db);
}

/* Each run with its identity; scenario NULL: of all. */
static int
candidates_make(sqlite3 *db, const char *scenario)
{
	sqlite3_stmt *statement;
	int row;

	if (db_exec(db, sql_series_candidate_drop) != 0)
		return EXIT_RUNTIME;
	statement = db_prepare(db, sql_series_candidate);
	if (statement == NULL)
		return EXIT_RUNTIME;
	sqlite3_bind_text(statement, 1, scenario, -1, SQLITE_STATIC);
	row = db_step(statement);
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

int
series_attach(sqlite3 *db, const char *scenario, size_t *count)
{
	int64_t failed, older, found;

	*count = 0;
	if (functions_register(db) != 0)
		return EXIT_RUNTIME;
	/* The main database may be read-only; these are not in it. */
	if (candidates_make(db, scenario) != 0 ||
	    db_exec(db, sql_series_groups) != 0 ||
	    db_number(db, sql_series_failed, 0, &failed) != 0 ||
	    db_number(db, sql_series_older, 0, &older) != 0 ||
	    db_number(db, sql_series_count, 0, &found) != 0)
		return EXIT_RUNTIME;
	if (failed > 0)
		fprintf(stderr, "homeward: %lld failed run%s left out\n",
			(long long)failed, failed == 1 ? "" : "s");
	if (older > 0)
		fprintf(stderr,
			"homeward: %lld simulated run%s left out: the same "
			"point and seed was run again later\n",
			(long long)older, older == 1 ? "" : "s");
	*count = (size_t)found;
	return 0;
}

bool
series_pool_add(struct series_pool *pool, const char *pattern)
{
	const struct key_alias *alias = key_alias_find(pattern);

	if (pool->count == SERIES_POOLED)
		return false;
	pool->patterns[pool->count++] = alias != NULL ? alias->now : pattern;
	return true;
}

int
series_pool(sqlite3 *db, const struct series_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++) {
		sqlite3_stmt *statement = db_prepare(db, sql_series_pool);
		int row;

		if (statement == NULL)
			return EXIT_RUNTIME;
		sqlite3_bind_text(statement, 1, pool->patterns[i], -1,
				  SQLITE_STATIC);
		row = db_step(statement);
		sqlite3_finalize(statement);
		if (row < 0)
			return EXIT_RUNTIME;
		if (sqlite3_changes(db) == 0) {
			fprintf(stderr,
				"homeward: --pool %s: no key of these runs\n",
				pool->patterns[i]);
			return EXIT_USAGE;
		}
	}
	return pool->count > 0 && db_exec(db, sql_series_groups) != 0
		       ? EXIT_RUNTIME
		       : 0;
}
