/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalog.c - the verbs that only tell: validate, list, describe

 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/exit.h"
#include "harness/base/json.h"
#include "harness/run/possible.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sets.h"
#include "harness/scenario/sweep.h"
#include "harness/scenario/warnings.h"
#include "harness/verbs.h"
#include "sim/model/metric.h"

static struct scenario *
scenario_new(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	if (scenario == NULL)
		fprintf(stderr, "homeward: out of memory\n");
	return scenario;
}

/* ---- validate ---- */

struct validation {
	struct options_texts sets;
	unsigned live; /* 1: what a lab can do; 0: what the simulator can */
	bool quiet, json;
	struct json points; /* with json: of the sweeps, an array */
};

static int
points_print(struct validation *validation, const struct scenario *scenario)
{
	struct sweep_point *point = calloc(1, sizeof(*point));
	struct json *json = &validation->points;
	int code = point != NULL ? 0 : EXIT_RUNTIME;

	for (uint32_t i = 0; code == 0 && i < sweep_point_count(scenario);
	     i++) {
		char *keys;

		sweep_point_make(scenario, i, point);
		keys = sweep_point_json(scenario, point);
		if (keys == NULL) {
			code = EXIT_RUNTIME;
			break;
		}
		json_object(json, NULL);
		json_text(json, "scenario", scenario->name);
		json_uint(json, "seed", point->settings.seed);
		json_uint(json, "servers", point->settings.fabric.servers);
		json_raw(json, "point", keys);
		json_end(json);
		free(keys);
	}
	if (point != NULL)
		sweep_point_release(point);
	free(point);
	return code;
}

static int
resolved_print(const struct scenario *scenario, bool first)
{
	char *text = scenario_dump_text(scenario);

	if (text == NULL)
		return EXIT_RUNTIME;
	printf("%s%s", first ? "" : "---\n", text);
	free(text);
	return 0;
}

/* One file: checked and printed. */
static int
validate_one(struct validation *validation, const char *path, bool first)
{
	struct scenario *scenario = scenario_new();
	int code;

	if (scenario == NULL)
		return EXIT_RUNTIME;
	code = scenario_load(scenario, path, validation->sets.text,
			     validation->sets.count);
	if (code == 0)
		code = possible_check(scenario, validation->live);
	if (code == 0)
		(void)warnings_say(scenario, validation->sets.text, stderr);
	if (code == 0 && validation->json)
		code = points_print(validation, scenario);
	else if (code == 0 && !validation->quiet)
		code = resolved_print(scenario, first);
	scenario_release(scenario);
	free(scenario);
	return code;
}

/* JSON is for programs: all of it, or none when a file is wrong. */
static int
validate_all(struct validation *validation, int count, char **paths)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	int code = 0;

	if (file == NULL) {
		fprintf(stderr, "homeward: out of memory\n");
		return EXIT_RUNTIME;
	}
	validation->points = json_begin(file, JSON_COMPACT);
	json_array(&validation->points, NULL);
	for (int i = 0; i < count; i++) {
		int one = validate_one(validation, paths[i], i == 0);

		code = one > code ? one : code;
	}
	json_end(&validation->points);
	json_newline(&validation->points);
	json_finish(&validation->points);
	if (fclose(file) != 0)
		code = EXIT_RUNTIME;
	else if (code == 0 && validation->json)
		(void)fwrite(text, 1, size, stdout);
	free(text);
	return code;
}

static const struct verb_option validate_options[] = {
	{ "in", "sim|live",
	  "what this world can do: the simulator (the default), or a lab",
	  options_choice, .at = offsetof(struct validation, live) },
	SETS_OPTION(struct validation, sets,
		    "change a key first; may be repeated"),
	{ "quiet", NULL, "check only", options_flag,
	  .at = offsetof(struct validation, quiet) },
	{ "json", NULL, "print the points of the sweep as JSON", options_flag,
	  .at = offsetof(struct validation, json) },
	{ 0 },
};

static int
validate_run(int argc, char **argv)
{
	struct validation validation = { .quiet = false };
	int count = options_read(&verb_validate, argc, argv, &validation);
	int code = count < 0 ? -count
			     : validate_all(&validation, count,
					    argv + argc - count);

	free(validation.sets.text);
	return code;
}

const struct verb verb_validate = {
	.name = "validate",
	.summary = "check a scenario and print it in full",
	.run = validate_run,
	.options = validate_options,
	.operands = "SCENARIO...",
	.noun = "scenario",
	.least = 1,
	.most = -1,
	.kind = USAGE_SCENARIO,
};

/* ---- list ---- */

struct listing {
	bool json;
	struct json names; /* with json */
};

static int
list_one(struct listing *listing, const char *path)
{
	struct scenario *scenario = scenario_new();
	struct json *json = &listing->names;
	int code;

	if (scenario == NULL)
		return EXIT_RUNTIME;
	code = scenario_load(scenario, path, NULL, 0);
	if (code == 0 && listing->json) {
		json_object(json, NULL);
		json_text(json, "name", scenario->name);
		json_text(json, "path", path);
		json_text(json, "title", scenario->title);
		json_uint(json, "points", sweep_point_count(scenario));
		json_end(json);
	} else if (code == 0) {
		uint32_t points = sweep_point_count(scenario);

		printf("%-12s %4u point%s  %s\n", scenario->name, points,
		       points == 1 ? " " : "s", scenario->title);
	}
	scenario_release(scenario);
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
list_folder(struct listing *listing, const char *folder)
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
		one = list_one(listing, path);
		code = one > code ? one : code;
		free(entries[i]);
	}
	free(entries);
	return code;
}

static int
list_path(struct listing *listing, const char *path)
{
	struct stat status;

	if (path[0] != '\0' && stat(path, &status) == 0 &&
	    S_ISDIR(status.st_mode))
		return list_folder(listing, path);
	return list_one(listing, path);
}

static const struct verb_option list_options[] = {
	{ "json", NULL, "print them as JSON", options_flag,
	  .at = offsetof(struct listing, json) },
	{ 0 },
};

static int
list_run(int argc, char **argv)
{
	struct listing listing = { .names = json_begin(stdout, JSON_COMPACT) };
	int count = options_read(&verb_list, argc, argv, &listing);
	int code = 0;

	if (count < 0)
		return -count;
	if (listing.json)
		json_array(&listing.names, NULL);
	if (count == 0)
		code = list_folder(&listing, "scenarios");
	for (int i = argc - count; i < argc; i++) {
		int one = list_path(&listing, argv[i]);

		code = one > code ? one : code;
	}
	if (listing.json) {
		json_end(&listing.names);
		json_newline(&listing.names);
		json_finish(&listing.names);
	}
	return code;
}

const struct verb verb_list = {
	.name = "list",
	.summary = "list scenarios with their titles",
	.run = list_run,
	.options = list_options,
	.operands = "[FOLDER | SCENARIO]...",
	.most = -1,
	.kind = USAGE_SCENARIO,
};

/* ---- describe ---- */

struct description {
	const char *word; /* a key or a section; NULL: all keys */
	bool json;
	struct json keys; /* with json */
	uint32_t found;
};

/* "dht.k" is of "dht.k" and of "dht"; "events.N.kind=crash" of both parts
 * before it. A word may have wildcards. */
static bool
path_matches(const char *path, const char *word)
{
	char section[2 * KEY_TEXT];

	snprintf(section, sizeof(section), "%s[.=]*", word);
	return strcmp(path, word) == 0 || fnmatch(section, path, 0) == 0;
}

static const char *
or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* The key's former names, "a, b"; "": none. */
static const char *
key_before(const char *path, char before[KEY_ERROR])
{
	before[0] = '\0';
	for (const struct key_alias *alias = key_aliases(); alias->path != NULL;
	     alias++)
		if (strcmp(alias->now, path) == 0)
			snprintf(before + strlen(before),
				 KEY_ERROR - strlen(before), "%s%s",
				 before[0] != '\0' ? ", " : "", alias->path);
	return before;
}

/* key: the table's row; NULL: a word that is no key of the table. */
static void
key_tell(struct description *description, const struct key *key,
	 const char *path, const char *kind, const char *usual,
	 const char *range, const char *help)
{
	struct json *json = &description->keys;
	const char *world = key != NULL ? key_world_name(key->world) : "both";
	const char *lab = key != NULL && key->lab != NULL ? key->lab : "";
	char before[KEY_ERROR] = "";

	if (description->word != NULL && !path_matches(path, description->word))
		return;
	if (key != NULL)
		key_before(path, before);
	if (description->found++ == 0 && description->json)
		json_array(json, NULL);
	if (!description->json) {
		printf("%-32s %s\n%32s %s%s%s%s%s", path, help, "", kind,
		       range[0] != '\0' ? ", " : "", range,
		       usual[0] != '\0' ? "; default " : "", usual);
		if (strcmp(world, "both") != 0)
			printf("; %s only", world);
		if (lab[0] != '\0')
			printf("; a lab takes %s only", lab);
		if (before[0] != '\0')
			printf("; formerly %s", before);
		putchar('\n');
		return;
	}
	json_object(json, NULL);
	json_text(json, "key", path);
	json_text(json, "kind", kind);
	json_text(json, "default", or_null(usual));
	json_text(json, "range", or_null(range));
	json_text(json, "help", help);
	json_text(json, "world", key != NULL ? world : NULL);
	json_text(json, "lab", or_null(lab));
	json_text(json, "before", or_null(before));
	json_end(json);
}

/* All rows of one table; the structure holds the defaults. */
static void
keys_tell(struct description *description, const struct key_table *table,
	  const void *structure, const char *prefix)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		char kind[KEY_ERROR], range[KEY_TEXT];
		char usual[KEY_TEXT] = "", path[KEY_TEXT];

		key_kind(key, kind);
		key_range(key, range);
		if (structure != NULL)
			key_format(key, structure, usual);
		snprintf(path, sizeof(path), "%s%s", prefix, key->path);
		key_tell(description, key, path, kind, usual, range, key->help);
	}
}

/* What each kind of event does: rows of their own, below the key. */
static void
faults_tell(struct description *description)
{
	for (unsigned kind = 0; key_fault_help(kind) != NULL; kind++) {
		const struct fault_help *help = key_fault_help(kind);
		char path[KEY_TEXT], keys[KEY_ERROR], whole[2 * KEY_ERROR];

		key_fault_keys(kind, keys);
		snprintf(path, sizeof(path), "events.N.kind=%s",
			 fault_name((enum fault_kind)kind));
		snprintf(whole, sizeof(whole), "%s%s%s", help->target,
			 keys[0] != '\0' ? "; takes " : "", keys);
		key_tell(description, NULL, path, whole, "", "", help->help);
	}
}

static void
expectations_tell(struct description *description)
{
	const struct expect_quantity *quantity = expect_quantities();

	key_tell(description, NULL, "expect.where", "settings", "", "",
		 "runs that the block is about");
	for (; quantity->name != NULL; quantity++) {
		for (int bound = 0; bound < 2; bound++) {
			char path[KEY_TEXT], help[KEY_ERROR];

			snprintf(path, sizeof(path), "expect.%s_%s%s",
				 quantity->name, bound == 0 ? "min" : "max",
				 quantity->unit);
			snprintf(help, sizeof(help), "at %s: %s",
				 bound == 0 ? "least" : "most", quantity->help);
			key_tell(description, NULL, path,
				 quantity->unit[0] != '\0' ? "milliseconds"
							   : "a number",
				 "", "", help);
		}
	}
	key_tell(description, NULL, "expect.outcome_all", "a list of outcomes",
		 "", "", "how every session must have ended");
	key_tell(description, NULL, "expect.cause_all", "a list of causes", "",
		 "", "why those may have ended that were not closed or kept");
}

/* What is timed: rows that are no keys, but what a scenario measures. */
static void
metrics_tell(struct description *description)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct metric_row *row = metric_row((enum metric)i);
		char path[KEY_TEXT], help[KEY_ERROR], kind[KEY_ERROR];

		snprintf(path, sizeof(path), "metric.%s", row->name);
		snprintf(help, sizeof(help), "from %s to %s", row->from,
			 row->to);
		snprintf(kind, sizeof(kind), "nanoseconds, by the %s%s%s",
			 row->reporter, row->fitted > 0 ? ", fitted" : "",
			 row->compared ? ", compared" : "");
		key_tell(description, NULL, path, kind, "", "", help);
	}
}

static void
all_tell(struct description *description)
{
	struct settings settings;

	settings_default(&settings);
	key_tell(description, NULL, "title", "text", "", "",
		 "what the experiment asks");
	keys_tell(description, key_settings(), &settings, "");
	keys_tell(description, key_faults(), NULL, "events.N.");
	faults_tell(description);
	key_tell(description, NULL, "sweep.repeat", "a whole number", "1",
		 "1..100000", "seeds a point");
	key_tell(description, NULL, "sweep.KEY",
		 "a list, or { doublings: FROM..TO }", "", "",
		 "values of that key, each with all others'");
	expectations_tell(description);
	key_tell(description, NULL, "plots", "a list of names", "", "",
		 "figures that `homeward plot` draws");
	metrics_tell(description);
}

/* The key's name of today, and of an event's key whichever event:
 * "events.2.kind" is "events.N.kind". False: event 0, said. */
static bool
key_generalise(struct description *description, char event[KEY_TEXT])
{
	const struct key_alias *alias = key_alias_find(description->word);
	const char *word = alias != NULL ? alias->now : description->word;
	int end = 0;

	description->word = word;
	if (strcmp(word, "events.0") == 0 ||
	    strncmp(word, "events.0.", 9) == 0) {
		fprintf(stderr, "homeward describe: %s: events count from 1\n",
			word);
		return false;
	}
	if (sscanf(word, "events.%*[0-9].%n", &end) == 0 && end > 0) {
		snprintf(event, KEY_TEXT, "events.N.%s", word + end);
		description->word = event;
	}
	return true;
}

static const struct verb_option describe_options[] = {
	{ "json", NULL, "print the table as JSON", options_flag,
	  .at = offsetof(struct description, json) },
	{ 0 },
};

static int
describe_run(int argc, char **argv)
{
	struct description description = {
		.keys = json_begin(stdout, JSON_COMPACT),
	};
	int count = options_read(&verb_describe, argc, argv, &description);
	char event[KEY_TEXT], hint[2 * KEY_TEXT];

	if (count < 0)
		return -count;
	if (count > 0) {
		description.word = argv[argc - count];
		if (!key_generalise(&description, event))
			return EXIT_USAGE;
	}
	all_tell(&description);
	if (description.found == 0) {
		scenario_hint(description.word, hint, sizeof(hint));
		fprintf(stderr, "homeward describe: unknown key '%s'%s\n",
			description.word, hint);
		return EXIT_USAGE;
	}
	if (description.json) {
		json_end(&description.keys);
		json_newline(&description.keys);
		json_finish(&description.keys);
	}
	return EXIT_OK;
}

const struct verb verb_describe = {
	.name = "describe",
	.summary = "explain the keys of a scenario",
	.run = describe_run,
	.options = describe_options,
	.operands = "[KEY]",
	.noun = "key",
	.most = 1,
	.word = sets_key,
	.notes = "A KEY may be a section: `homeward describe dht`.\n",
};
