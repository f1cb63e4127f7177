/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.c - the verbs that only tell: validate, list, describe
 *
 * What is told is put into a table of an in-memory database and queried from
 * there, as text or as JSON: so there is one way to print JSON in the whole
 * program, SQLite's.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sweep.h"
#include "harness/verbs.h"

/* An in-memory database with these tables; NULL: said. */
static sqlite3 *
memory_open(const char *tables)
{
	sqlite3 *db = NULL;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    db_exec(db, tables) != 0) {
		fprintf(stderr, "homeward: out of memory\n");
		db_close(db);
		return NULL;
	}
	return db;
}

static struct scenario *
scenario_new(void)
{
	struct scenario *scenario = malloc(sizeof(*scenario));

	if (scenario == NULL)
		fprintf(stderr, "homeward: out of memory\n");
	return scenario;
}

static void
bind_word(sqlite3_stmt *statement, int index, const char *word)
{
	sqlite3_bind_text(statement, index, word, -1, SQLITE_TRANSIENT);
}

/* ---- validate ---- */

struct validate_options {
	const char **sets;
	uint32_t set_count;
	bool quiet, json;
};

static int
points_insert(sqlite3 *db, const struct scenario *scenario)
{
	struct sweep_point *point = malloc(sizeof(*point));
	sqlite3_stmt *statement = db_prepare(
		db, "INSERT INTO point VALUES (?1, ?2, ?3, json(?4))");
	int code = point != NULL && statement != NULL ? 0 : EXIT_RUNTIME;

	for (uint32_t i = 0; code == 0 && i < sweep_point_count(scenario);
	     i++) {
		char *json;

		sweep_point_make(scenario, i, point);
		json = sweep_point_json(scenario, point);
		bind_word(statement, 1, scenario->name);
		sqlite3_bind_int64(statement, 2, (int64_t)point->settings.seed);
		sqlite3_bind_int64(statement, 3,
				   point->settings.fabric.servers);
		bind_word(statement, 4, json);
		if (json == NULL || db_step(statement) != 0)
			code = EXIT_RUNTIME;
		sqlite3_reset(statement);
		free(json);
	}
	sqlite3_finalize(statement);
	free(point);
	return code;
}

/* One file: checked, and printed or put into db. */
static int
validate_one(const struct validate_options *options, const char *path,
	     bool first, sqlite3 *db)
{
	struct scenario *scenario = scenario_new();
	char *text = NULL;
	int code;

	if (scenario == NULL)
		return EXIT_RUNTIME;
	code = scenario_load(scenario, path, options->sets, options->set_count);
	if (code == 0 && options->json) {
		code = points_insert(db, scenario);
	} else if (code == 0 && !options->quiet) {
		text = scenario_dump_text(scenario);
		if (text == NULL)
			code = EXIT_RUNTIME;
		else
			printf("%s%s", first ? "" : "---\n", text);
	}
	free(text);
	free(scenario);
	return code;
}

static int
validate_all(const struct validate_options *options, int argc, char **argv)
{
	sqlite3 *db = memory_open("CREATE TABLE point(scenario, seed, servers,"
				  " point)");
	int code = 0;

	if (db == NULL)
		return EXIT_RUNTIME;
	for (int i = optind; i < argc; i++) {
		int one = validate_one(options, argv[i], i == optind, db);

		code = one > code ? one : code;
	}
	if (code == 0 && options->json)
		code = db_print(
			db_prepare(db, "SELECT json_group_array(json_object("
				       "'scenario', scenario, 'seed', seed, "
				       "'servers', servers, 'point', "
				       "json(point))) FROM point"),
			stdout);
	db_close(db);
	return code;
}

int
verb_validate(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "set", required_argument, NULL, 's' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'J' },
		{ NULL, 0, NULL, 0 },
	};
	struct validate_options options = { 0 };
	int option, code = 0;

	options.sets = calloc((size_t)argc + 1, sizeof(*options.sets));
	if (options.sets == NULL)
		return EXIT_RUNTIME;
	while (code == 0 &&
	       (option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (option) {
		case 's':
			if (strncmp(optarg, "events.0.", 9) == 0)
				code = verb_usage(argv[0],
						  "--set %s: events count "
						  "from 1",
						  optarg);
			options.sets[options.set_count++] = optarg;
			break;
		case 'q':
			options.quiet = true;
			break;
		case 'J':
			options.json = true;
			break;
		default:
			code = verb_usage(argv[0], NULL);
		}
	}
	if (code == 0 && optind == argc)
		code = verb_usage(argv[0], "which scenario?");
	if (code == 0)
		code = validate_all(&options, argc, argv);
	free(options.sets);
	return code;
}

/* ---- list ---- */

static int
list_one(sqlite3 *db, const char *path)
{
	struct scenario *scenario = scenario_new();
	sqlite3_stmt *statement = NULL;
	int code = EXIT_RUNTIME;

	if (scenario == NULL)
		return EXIT_RUNTIME;
	code = scenario_load(scenario, path, NULL, 0);
	if (code == 0) {
		statement = db_prepare(db, "INSERT INTO scenario VALUES "
					   "(?1, ?2, ?3, ?4)");
		if (statement == NULL) {
			free(scenario);
			return EXIT_RUNTIME;
		}
		bind_word(statement, 1, scenario->name);
		bind_word(statement, 2, path);
		bind_word(statement, 3, scenario->title);
		sqlite3_bind_int64(statement, 4, sweep_point_count(scenario));
		if (db_step(statement) != 0)
			code = EXIT_RUNTIME;
		sqlite3_finalize(statement);
	}
	free(scenario);
	return code;
}

static int
name_is_scenario(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int
list_folder(sqlite3 *db, const char *folder)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, name_is_scenario, alphasort);
	int code = 0;

	if (count < 0) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		return EXIT_USAGE;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		int one;

		snprintf(path, sizeof(path), "%s%s%s", folder,
			 folder[strlen(folder) - 1] == '/' ? "" : "/",
			 entries[i]->d_name);
		one = list_one(db, path);
		code = one > code ? one : code;
		free(entries[i]);
	}
	free(entries);
	return code;
}

static int
list_path(sqlite3 *db, const char *path)
{
	struct stat status;

	if (path[0] != '\0' && stat(path, &status) == 0 &&
	    S_ISDIR(status.st_mode))
		return list_folder(db, path);
	return list_one(db, path);
}

int
verb_list(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option, code = 0, printed;
	sqlite3 *db;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option != 'J')
			return verb_usage(argv[0], NULL);
		json = true;
	}
	db = memory_open("CREATE TABLE scenario(name, path, title, points)");
	if (db == NULL)
		return EXIT_RUNTIME;
	if (optind == argc)
		code = list_folder(db, "scenarios");
	for (int i = optind; i < argc; i++) {
		int one = list_path(db, argv[i]);

		code = one > code ? one : code;
	}
	printed = db_print(
		db_prepare(db, json ? "SELECT json_group_array(json_object("
				      "'name', name, 'path', path, 'title', "
				      "title, 'points', points)) FROM scenario"
				    : "SELECT printf('%-12s %4d point%s  %s', "
				      "name, points, iif(points = 1, ' ', 's'),"
				      " title) FROM scenario"),
		stdout);
	db_close(db);
	return printed > code ? printed : code;
}

/* ---- describe ---- */

static int
key_insert(sqlite3_stmt *statement, const char *path, const char *kind,
	   const char *usual, const char *range, const char *help)
{
	int code;

	bind_word(statement, 1, path);
	bind_word(statement, 2, kind);
	bind_word(statement, 3, usual);
	bind_word(statement, 4, range);
	bind_word(statement, 5, help);
	code = db_step(statement) == 0 ? 0 : EXIT_RUNTIME;
	sqlite3_reset(statement);
	return code;
}

/* All rows of one table; the structure holds the defaults. */
static int
keys_insert(sqlite3_stmt *statement, const struct key_table *table,
	    const void *structure, const char *prefix)
{
	int code = 0;

	for (size_t i = 0; code == 0 && i < table->count; i++) {
		const struct key *key = &table->keys[i];
		char kind[KEY_ERROR], range[KEY_TEXT];
		char usual[KEY_TEXT] = "", path[KEY_TEXT];

		key_kind(key, kind);
		key_range(key, range);
		if (structure != NULL)
			key_format(key, structure, usual);
		snprintf(path, sizeof(path), "%s%s", prefix, key->path);
		code = key_insert(statement, path, kind, usual, range,
				  key->help);
	}
	return code;
}

/* What each kind of event does: rows of their own, below the key. */
static int
faults_insert(sqlite3_stmt *statement)
{
	int code = 0;

	for (unsigned kind = 0; code == 0 && key_fault_help(kind) != NULL;
	     kind++) {
		char path[KEY_TEXT];

		snprintf(path, sizeof(path), "events.N.kind=%s",
			 fault_name((enum fault_kind)kind));
		code = key_insert(statement, path, key_fault_help(kind)->target,
				  "", "", key_fault_help(kind)->help);
	}
	return code;
}

static int
expectations_insert(sqlite3_stmt *statement)
{
	const struct expect_quantity *quantity = expect_quantities();
	int code = key_insert(statement, "expect.where", "settings", "", "",
			      "runs that the block is about");

	for (; code == 0 && quantity->name != NULL; quantity++) {
		for (int bound = 0; code == 0 && bound < 2; bound++) {
			char path[KEY_TEXT], help[KEY_ERROR];

			snprintf(path, sizeof(path), "expect.%s_%s%s",
				 quantity->name, bound == 0 ? "min" : "max",
				 quantity->unit);
			snprintf(help, sizeof(help), "at %s: %s",
				 bound == 0 ? "least" : "most", quantity->help);
			code = key_insert(statement, path,
					  quantity->unit[0] != '\0'
						  ? "milliseconds"
						  : "a number",
					  "", "", help);
		}
	}
	if (code == 0)
		code = key_insert(statement, "expect.outcome_all",
				  "a list of outcomes", "", "",
				  "how every session must have ended");
	return code;
}

static int
describe_fill(sqlite3 *db)
{
	sqlite3_stmt *statement = db_prepare(
		db, "INSERT INTO key(path, kind, usual, range, help) VALUES "
		    "(?1, ?2, nullif(?3, ''), nullif(?4, ''), ?5)");
	struct settings settings;
	int code;

	if (statement == NULL)
		return EXIT_RUNTIME;
	settings_default(&settings);
	code = key_insert(statement, "title", "text", "", "",
			  "what the experiment asks");
	if (code == 0)
		code = keys_insert(statement, key_settings(), &settings, "");
	if (code == 0)
		code = keys_insert(statement, key_faults(), NULL, "events.N.");
	if (code == 0)
		code = faults_insert(statement);
	if (code == 0)
		code = key_insert(statement, "sweep.repeat", "a whole number",
				  "1", "1..100000", "seeds a point");
	if (code == 0)
		code = key_insert(statement, "sweep.KEY",
				  "a list, or { doublings: FROM..TO }", "", "",
				  "values of that key, each with all others'");
	if (code == 0)
		code = expectations_insert(statement);
	if (code == 0)
		code = key_insert(statement, "plots", "a list of names", "", "",
				  "figures that `homeward plot` draws");
	sqlite3_finalize(statement);
	return code;
}

/* Nothing matched: say so, with the nearest path. */
static int
describe_unknown(const char *name, const char *word)
{
	char hint[2 * KEY_TEXT];

	scenario_hint(word, hint, sizeof(hint));
	fprintf(stderr, "homeward %s: unknown key '%s'%s\n", name, word, hint);
	return EXIT_USAGE;
}

static int
describe_print(sqlite3 *db, const char *name, const char *word, bool json)
{
	/* A key or a section. */
	static const char match[] = " FROM key WHERE ?1 IS NULL OR path = ?1 "
				    "OR path GLOB ?1 || '[.=]*' ORDER BY id";
	char sql[1024];
	sqlite3_stmt *statement;
	char event[KEY_TEXT];
	int64_t found;
	int end = 0;

	if (word != NULL && (strcmp(word, "events.0") == 0 ||
			     strncmp(word, "events.0.", 9) == 0)) {
		fprintf(stderr, "homeward %s: %s: events count from 1\n", name,
			word);
		return EXIT_USAGE;
	}
	/* An event's key, whichever event. */
	if (word != NULL && sscanf(word, "events.%*[0-9].%n", &end) == 0 &&
	    end > 0) {
		snprintf(event, sizeof(event), "events.N.%s", word + end);
		word = event;
	}
	snprintf(sql, sizeof(sql), "SELECT count(*)%s", match);
	statement = db_prepare(db, sql);
	if (statement == NULL)
		return EXIT_RUNTIME;
	if (word != NULL)
		bind_word(statement, 1, word);
	found = db_step(statement) == 1 ? sqlite3_column_int64(statement, 0)
					: 0;
	sqlite3_finalize(statement);
	if (found == 0)
		return describe_unknown(name, word);
	snprintf(sql, sizeof(sql), "%s%s",
		 json ? "SELECT json_group_array(json_object('key', path, "
			"'kind', kind, 'default', usual, 'range', range, "
			"'help', help))"
		      : "SELECT printf('%-32s %s%s%s%s%s%s%s', path, help, "
			"char(10), printf('%32s ', ''), kind, "
			"coalesce(', ' || range, ''), "
			"iif(usual IS NULL, '', '; default '), "
			"coalesce(usual, ''))",
		 match);
	statement = db_prepare(db, sql);
	if (statement == NULL)
		return EXIT_RUNTIME;
	if (word != NULL)
		bind_word(statement, 1, word);
	return db_print(statement, stdout);
}

int
verb_describe(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'J' },
		{ NULL, 0, NULL, 0 },
	};
	bool json = false;
	int option, code;
	sqlite3 *db;

	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (option != 'J')
			return verb_usage(argv[0], NULL);
		json = true;
	}
	if (argc - optind > 1)
		return verb_usage(argv[0], "one key at a time");
	db = memory_open("CREATE TABLE key(id INTEGER PRIMARY KEY, path, kind,"
			 " usual, range, help)");
	if (db == NULL)
		return EXIT_RUNTIME;
	code = describe_fill(db);
	if (code == 0)
		code = describe_print(
			db, argv[0], optind < argc ? argv[optind] : NULL, json);
	db_close(db);
	return code;
}
