/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario.c - from YAML nodes to struct settings
 *
 * The tree is walked along the key table: at each mapping, a word is a key, a
 * section that some key lies in, or unknown. Unknown words get the best help
 * there is: the same quantity in its right unit, else the nearest word of
 * that section, else the section where the word belongs.
 *
 * Sweep and expect name keys by path, also keys of events, so they are read
 * after everything else, wherever they stand in the file.
 */
#include "harness/scenario/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/exit.h"
#include "harness/scenario/fault_list.h"
#include "harness/scenario/sweep.h"
#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "sim/model/metric.h"

/* Figures that are no metric's plain distribution. */
static const char *const plot_names[] = { "setting", "detection",  "scaling",
					  "hops",    "throughput", "compare" };
#define PLOT_NAMES (sizeof(plot_names) / sizeof(plot_names[0]))

/* The name of figure i, from 0; NULL past the last. "": none. */
static const char *
plot_name(size_t index)
{
	const struct metric_row *row;

	if (index < PLOT_NAMES)
		return plot_names[index];
	index -= PLOT_NAMES;
	if (index >= METRIC_COUNT)
		return NULL;
	row = metric_row((enum metric)index);
	return row->plain != NULL ? row->name : "";
}

void *
scenario_structure(const struct key_place *place,
		   const struct settings *settings)
{
	/* The table knows the member's type, the caller whether to write. */
	if (place->fault > 0)
		return &settings->faults[place->fault - 1];
	return (void *)(uintptr_t)settings;
}

void
scenario_path(const struct key_place *place, char *text)
{
	if (place->fault > 0)
		snprintf(text, KEY_TEXT, "events.%u.%s", place->fault,
			 place->key->path);
	else
		snprintf(text, KEY_TEXT, "%s", place->key->path);
}

bool
scenario_find(const struct scenario *scenario, const char *path,
	      struct key_place *place)
{
	uint64_t fault;
	char number[8];
	int end = 0;

	*place = (struct key_place){ 0 };
	if (sscanf(path, "events.%7[0-9].%n", number, &end) == 1 && end > 0) {
		if (units_decimal(number, 1, &fault) != UNITS_OK || fault < 1 ||
		    fault > scenario->settings.fault_count)
			return false;
		place->fault = (uint32_t)fault;
		place->key = key_find(key_faults(), path + end);
	} else {
		*place = key_named(path);
	}
	return place->key != NULL;
}

void
scenario_hint(const char *path, char *text, size_t size)
{
	struct did_you_mean did_you_mean = did_you_mean_start(path);
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++)
		did_you_mean_offer(&did_you_mean, table->keys[i].path);
	for (const struct key_alias *alias = key_aliases(); alias->path != NULL;
	     alias++)
		did_you_mean_offer(&did_you_mean, alias->path);
	if (did_you_mean.best == NULL) {
		/* "servers" alone: the whole path is meant. */
		for (size_t i = 0; i < table->count; i++)
			if (strcmp(key_leaf(&table->keys[i]), path) == 0)
				did_you_mean.best = table->keys[i].path;
	}
	did_you_mean_hint(&did_you_mean, text, size);
}

/* ---- unknown words ---- */

/* Bytes of a word before its unit: "delay_us" 5. */
static size_t
stem_size(const char *word)
{
	const char *underscore = strrchr(word, '_');

	return underscore != NULL ? (size_t)(underscore - word) : strlen(word);
}

static bool
same_but_unit(const struct key *key, const char *leaf, const char *word)
{
	size_t size = stem_size(leaf);

	return key->unit != NULL && size < strlen(leaf) &&
	       strncmp(leaf, word, size) == 0 &&
	       (word[size] == '\0' ||
		(word[size] == '_' && strchr(word + size + 1, '_') == NULL));
}

/* The word of this section that was meant, in text; prefix "" is the top. */
static void
word_hint(const struct key_table *table, const char *prefix, const char *word,
	  char *text, size_t size)
{
	static const char *const tops[] = { "title", "events", "sweep",
					    "expect", "plots" };
	struct did_you_mean did_you_mean = did_you_mean_start(word);
	size_t skip = strlen(prefix) + (prefix[0] != '\0' ? 1 : 0);
	char best[KEY_TEXT] = "";

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		size_t before = did_you_mean.distance;
		char leaf[KEY_TEXT];

		if (strncmp(key->path, prefix, strlen(prefix)) != 0 ||
		    (skip > 0 && key->path[skip - 1] != '.'))
			continue;
		snprintf(leaf, sizeof(leaf), "%s", key->path + skip);
		if (strchr(leaf, '.') != NULL)
			*strchr(leaf, '.') = '\0';
		else if (same_but_unit(key, leaf, word)) {
			snprintf(text, size, "; here it is in %s: '%s'",
				 key->unit, leaf);
			return;
		}
		did_you_mean_offer(&did_you_mean, leaf);
		if (did_you_mean.distance < before)
			memcpy(best, leaf, sizeof(best));
	}
	did_you_mean.best = best[0] != '\0' ? best : NULL;
	for (size_t i = 0; skip == 0 && table == key_settings() &&
			   i < sizeof(tops) / sizeof(tops[0]);
	     i++)
		did_you_mean_offer(&did_you_mean, tops[i]);
	if (did_you_mean.best == NULL && table == key_settings())
		scenario_hint(word, text, size);
	else
		did_you_mean_hint(&did_you_mean, text, size);
}

void
scenario_unknown(struct reader *reader, const yaml_node_t *node,
		 const struct key_table *table, const char *prefix,
		 const char *word)
{
	char hint[2 * KEY_TEXT];

	word_hint(table, prefix, word, hint, sizeof(hint));
	reader_complain(reader, node, "unknown key '%.60s'%s%s%s", word,
			prefix[0] != '\0' ? " in " : "", prefix, hint);
}

/* ---- values ---- */

/* A scalar, or a pair for a span, as text (KEY_TEXT bytes). */
static bool
value_text(struct reader *reader, const struct key *key, yaml_node_t *node,
	   char *text)
{
	const char *words[2];

	if (key->type == KEY_SPAN && node->type == YAML_SEQUENCE_NODE &&
	    reader_item_count(node) == 2) {
		for (size_t i = 0; i < 2; i++) {
			words[i] = reader_text(
				reader,
				reader_node(reader,
					    node->data.sequence.items.start[i]),
				key_leaf(key));
			if (words[i] == NULL)
				return false;
		}
		snprintf(text, KEY_TEXT, "[%.28s, %.28s]", words[0], words[1]);
		return true;
	}
	words[0] = reader_text(reader, node, key_leaf(key));
	if (words[0] == NULL)
		return false;
	if (strlen(words[0]) >= KEY_TEXT) {
		reader_complain(reader, node, "%s: too long a value",
				key_leaf(key));
		return false;
	}
	if (!reader_plain(node) &&
	    (key->type == KEY_COUNT || key->type == KEY_AMOUNT ||
	     key->type == KEY_SWITCH)) {
		reader_complain(
			reader, node, "%s takes %s, not a text in quotes",
			key_leaf(key),
			key->type == KEY_SWITCH ? "on or off" : "a number");
		return false;
	}
	snprintf(text, KEY_TEXT, "%s", words[0]);
	return true;
}

bool
scenario_value(struct reader *reader, const struct key_place *place,
	       void *structure, yaml_node_t *node)
{
	char text[KEY_TEXT], error[KEY_ERROR];

	if (!value_text(reader, place->key, node, text))
		return false;
	if (key_place_set(place, structure, text, error) == 0)
		return true;
	reader_complain(reader, node, "%s", error);
	return false;
}

/* One [bytes, percent] after those that are there. */
static bool
size_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node,
	  uint32_t index)
{
	struct cdf_point *point = &scenario->sizes[index];
	uint64_t numbers[2];

	if (node->type != YAML_SEQUENCE_NODE || reader_item_count(node) != 2) {
		reader_complain(reader, node,
				"size_cdf takes a list of [bytes, percent]");
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		const yaml_node_t *item =
			reader_node(reader, node->data.sequence.items.start[i]);
		const char *text = reader_text(reader, item, "size_cdf");

		if (text == NULL)
			return false;
		if (units_decimal(text, i == 0 ? 1 : 10000, &numbers[i]) !=
			    UNITS_OK ||
		    numbers[i] > (i == 0 ? 1000000000000000u : 1000000u)) {
			reader_complain(reader, item,
					"size_cdf: '%.40s' is no %s", text,
					i == 0 ? "number of bytes"
					       : "percentage in 0..100");
			return false;
		}
	}
	*point = (struct cdf_point){ .bytes = numbers[0],
				     .ppm = (uint32_t)numbers[1] };
	if (index > 0 &&
	    (point->bytes < point[-1].bytes || point->ppm < point[-1].ppm)) {
		reader_complain(reader, node, "size_cdf must not decrease");
		return false;
	}
	return true;
}

static void
sizes_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	struct client_settings *clients = &scenario->settings.clients;
	size_t count;

	if (node->type != YAML_SEQUENCE_NODE || reader_item_count(node) == 0) {
		reader_complain(reader, node,
				"size_cdf takes a list of [bytes, percent]");
		return;
	}
	count = reader_item_count(node);
	if (count > SCENARIO_SIZES) {
		reader_complain(reader, node,
				"size_cdf has more than %d points",
				SCENARIO_SIZES);
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		if (!size_read(scenario, reader,
			       reader_node(reader,
					   node->data.sequence.items.start[i]),
			       i))
			return;
	if (scenario->sizes[count - 1].ppm != 1000000 ||
	    scenario->sizes[count - 1].bytes == 0) {
		reader_complain(reader, node,
				"size_cdf must end at 100 percent of a size");
		return;
	}
	clients->size_cdf = scenario->sizes;
	clients->size_cdf_count = (uint32_t)count;
}

/* ---- sections ---- */

static bool
path_is_section(const char *path)
{
	const struct key_table *table = key_settings();
	size_t size = strlen(path);

	for (size_t i = 0; i < table->count; i++)
		if (strncmp(table->keys[i].path, path, size) == 0 &&
		    table->keys[i].path[size] == '.')
			return true;
	/* A section may have only old spellings left. */
	for (const struct key_alias *alias = key_aliases(); alias->path != NULL;
	     alias++)
		if (strncmp(alias->path, path, size) == 0 &&
		    alias->path[size] == '.')
			return true;
	return false;
}

static const char *
spelling_of(const struct key *key, const struct key_alias *alias)
{
	return alias != NULL ? alias->path : key->path;
}

/* Of one key, two spellings with two values, both in the file or both given by
 * --set: which is meant? `before` is the value that the first one set. */
static void
spellings_check(const struct scenario *scenario, struct reader *reader,
		const struct key_place *place,
		const struct scenario_origin *first, const char *before,
		const yaml_node_t *node)
{
	char now[KEY_TEXT], line[32] = "";

	key_format(place->key, &scenario->settings, now);
	if (strcmp(before, now) == 0)
		return;
	if (first->option == 0)
		snprintf(line, sizeof(line), " in line %u", first->mark.line);
	reader_complain(reader, node,
			"%s is another name of %s, which has another value%s",
			spelling_of(place->key, place->alias),
			spelling_of(place->key, first->alias), line);
}

static void
setting_read(struct scenario *scenario, struct reader *reader,
	     const struct key_place *place, yaml_node_t *node, uint32_t option)
{
	struct scenario_origin *origin =
		&scenario->origins[place->key - key_settings()->keys];
	const struct scenario_origin first = *origin;
	/* --set is meant to differ from the file. */
	bool again = first.mark.line > 0 && first.alias != place->alias &&
		     (first.option > 0) == (option > 0);
	char before[KEY_TEXT];

	origin->mark = reader_mark_of(node);
	origin->option = option;
	origin->alias = place->alias;
	key_format(place->key, &scenario->settings, before);
	if (place->key->type == KEY_SIZES)
		sizes_read(scenario, reader, node);
	else if (scenario_value(reader, place, &scenario->settings, node) &&
		 again)
		spellings_check(scenario, reader, place, &first, before, node);
}

static void section_read(struct scenario *, struct reader *, const char *prefix,
			 yaml_node_t *);

/* One word of a section, or of the top when the prefix is empty. */
static void
word_read(struct scenario *scenario, struct reader *reader, const char *prefix,
	  const yaml_node_pair_t *pair)
{
	const yaml_node_t *name = reader_node(reader, pair->key);
	const char *word = (const char *)name->data.scalar.value;
	yaml_node_t *value = reader_node(reader, pair->value);
	struct key_place place = { 0 };
	char path[KEY_TEXT];
	int size;

	size = snprintf(path, sizeof(path), "%s%s%s", prefix,
			prefix[0] != '\0' ? "." : "", word);
	if (size > 0 && (size_t)size < sizeof(path) &&
	    strchr(word, '.') == NULL)
		place = key_named(path);
	if (place.key != NULL)
		setting_read(scenario, reader, &place, value, 0);
	else if (size > 0 && (size_t)size < sizeof(path) &&
		 path_is_section(path))
		section_read(scenario, reader, path, value);
	else
		scenario_unknown(reader, name, key_settings(), prefix, word);
}

static void
section_read(struct scenario *scenario, struct reader *reader,
	     const char *prefix, yaml_node_t *node)
{
	if (!reader_is_map(reader, node, prefix))
		return;
	for (size_t i = 0; i < reader_pair_count(node); i++)
		word_read(scenario, reader, prefix,
			  &node->data.mapping.pairs.start[i]);
}

static void
title_read(struct scenario *scenario, struct reader *reader,
	   const yaml_node_t *node)
{
	const char *text = reader_text(reader, node, "title");

	if (text == NULL)
		return;
	if (text[0] == '\0' || strlen(text) >= SCENARIO_TITLE) {
		reader_complain(reader, node, "title must have 1 to %d bytes",
				SCENARIO_TITLE - 1);
		return;
	}
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			reader_complain(reader, node,
					"title must be one line of text");
			return;
		}
	}
	snprintf(scenario->title, sizeof(scenario->title), "%s", text);
}

static void
plot_read(struct scenario *scenario, struct reader *reader,
	  const yaml_node_t *node)
{
	const char *text = reader_text(reader, node, "a plot");
	struct did_you_mean did_you_mean;
	char hint[KEY_TEXT];

	if (text == NULL)
		return;
	did_you_mean = did_you_mean_start(text);
	for (size_t i = 0; plot_name(i) != NULL; i++) {
		if (plot_name(i)[0] == '\0')
			continue;
		if (strcmp(text, plot_name(i)) == 0) {
			snprintf(scenario->plots[scenario->plot_count++],
				 KEY_TEXT, "%s", text);
			return;
		}
		did_you_mean_offer(&did_you_mean, plot_name(i));
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	reader_complain(reader, node, "unknown plot '%.60s'%s", text, hint);
}

static void
plots_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		reader_complain(reader, node, "plots must be a list of names");
		return;
	}
	for (size_t i = 0; i < reader_item_count(node); i++) {
		yaml_node_t *item =
			reader_node(reader, node->data.sequence.items.start[i]);

		if (scenario->plot_count == SCENARIO_PLOTS) {
			reader_complain(reader, item, "more than %d plots",
					SCENARIO_PLOTS);
			return;
		}
		plot_read(scenario, reader, item);
	}
}

static void
root_read(struct scenario *scenario, struct reader *reader, yaml_node_t *root)
{
	yaml_node_t *sweep = NULL, *expect = NULL;

	if (!reader_is_map(reader, root, "a scenario"))
		return;
	for (size_t i = 0; i < reader_pair_count(root); i++) {
		yaml_node_pair_t *pair = &root->data.mapping.pairs.start[i];
		const char *word = (const char *)reader_node(reader, pair->key)
					   ->data.scalar.value;
		yaml_node_t *value = reader_node(reader, pair->value);

		if (strcmp(word, "title") == 0)
			title_read(scenario, reader, value);
		else if (strcmp(word, "events") == 0)
			fault_list_read(scenario, reader, value);
		else if (strcmp(word, "sweep") == 0)
			sweep = value;
		else if (strcmp(word, "expect") == 0)
			expect = value;
		else if (strcmp(word, "plots") == 0)
			plots_read(scenario, reader, value);
		else
			word_read(scenario, reader, "", pair);
	}
	if (sweep != NULL)
		sweep_read(scenario, reader, sweep);
	if (expect != NULL)
		expect_read(scenario, reader, expect);
	if (scenario->title[0] == '\0' && reader->problems == 0)
		reader_complain(reader, root, "title is missing");
}

/* ---- --set ---- */

static void
place_read(struct scenario *scenario, struct reader *reader,
	   const struct key_place *place, yaml_node_t *node, uint32_t option)
{
	const yaml_node_t *inner = node;
	bool axis = node->type == YAML_MAPPING_NODE;

	if (node->type == YAML_SEQUENCE_NODE && reader_item_count(node) > 0)
		inner = reader_node(reader, node->data.sequence.items.start[0]);
	if (place->key->type == KEY_SPAN)
		axis |= inner->type == YAML_SEQUENCE_NODE;
	else if (place->key->type != KEY_SIZES)
		axis |= node->type == YAML_SEQUENCE_NODE;
	sweep_remove(scenario, place);
	if (axis)
		sweep_add(scenario, reader, place, node);
	else if (place->fault > 0)
		fault_list_set(scenario, reader, place, node, option);
	else
		setting_read(scenario, reader, place, node, option);
}

static void
option_read(struct scenario *scenario, struct reader *reader, const char *path,
	    uint32_t option)
{
	yaml_node_t *node = reader_root(reader);
	struct key_place place;
	char hint[2 * KEY_TEXT];

	if (strncmp(path, "sweep.", 6) == 0)
		path += 6;
	if (node == NULL) {
		reader_complain_at(reader, (struct reader_mark){ 0 },
				   "a value is missing");
	} else if (strcmp(path, "title") == 0) {
		title_read(scenario, reader, node);
	} else if (strcmp(path, "repeat") == 0) {
		sweep_repeat_read(scenario, reader, node);
	} else if (scenario_find(scenario, path, &place)) {
		place_read(scenario, reader, &place, node, option);
	} else {
		scenario_hint(path, hint, sizeof(hint));
		reader_complain_at(reader, (struct reader_mark){ 0 },
				   "unknown key '%.60s'%s", path, hint);
	}
}

/* Returns the number of complaints. */
static unsigned
option_apply(struct scenario *scenario, const char *set, uint32_t option,
	     FILE *talk)
{
	const char *equals = strchr(set, '=');
	struct reader reader;
	char name[KEY_ERROR], path[KEY_TEXT] = "";

	snprintf(name, sizeof(name), "--set %.200s", set);
	if (equals == NULL || (size_t)(equals - set) >= sizeof(path)) {
		fprintf(talk, "%s: must be KEY=VALUE\n", name);
		return 1;
	}
	memcpy(path, set, (size_t)(equals - set));
	if (reader_open(&reader, name, true, equals + 1, strlen(equals + 1),
			talk) == 0)
		option_read(scenario, &reader, path, option);
	reader_close(&reader);
	return reader.problems;
}

/* ---- the whole ---- */

static void
name_take(struct scenario *scenario, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char *end;

	snprintf(scenario->path, sizeof(scenario->path), "%s", path);
	snprintf(scenario->name, sizeof(scenario->name), "%s", name);
	end = strrchr(scenario->name, '.');
	if (end != NULL && end != scenario->name &&
	    (strcmp(end, ".yaml") == 0 || strcmp(end, ".yml") == 0))
		*end = '\0';
}

static bool
key_is_given(const struct scenario *scenario, const char *path)
{
	const struct key *key = key_find(key_settings(), path);
	const struct scenario_origin *origin =
		&scenario->origins[key - key_settings()->keys];

	for (uint32_t i = 0; i < scenario->axis_count; i++)
		if (scenario->axes[i].place.key == key)
			return true;
	return origin->mark.line > 0 || origin->option > 0;
}

/* What follows from other keys, unless it was given. */
static void
settings_settle(struct scenario *scenario)
{
	struct settings *settings = &scenario->settings;

	/* Servers only, for comparing with theory: there are no clients. */
	if (settings->fabric.kind == FABRIC_UNIFORM &&
	    !key_is_given(scenario, "clients.sessions"))
		settings->clients.sessions = 0;
}

void
scenario_release(struct scenario *scenario)
{
	fault_list_release(scenario);
	memset(scenario, 0, sizeof(*scenario));
}

int
scenario_parse(struct scenario *scenario, const char *path, const void *bytes,
	       size_t size, const char *const *sets, uint32_t set_count,
	       FILE *talk)
{
	struct reader reader;
	unsigned problems;

	scenario_release(scenario);
	name_take(scenario, path);
	settings_default(&scenario->settings);
	scenario->settings.faults = NULL;
	scenario->settings.fault_count = 0;
	scenario->settings.clients.size_cdf = NULL;
	scenario->settings.clients.size_cdf_count = 0;
	scenario->repeat = 1;

	if (reader_open(&reader, path, false, bytes, size, talk) == 0) {
		if (reader_root(&reader) != NULL)
			root_read(scenario, &reader, reader_root(&reader));
		else
			reader_complain_at(&reader,
					   (struct reader_mark){ 1, 1 },
					   "an empty file is no scenario");
	}
	reader_close(&reader);
	problems = reader.problems;
	for (uint32_t i = 0; problems == 0 && i < set_count; i++)
		problems += option_apply(scenario, sets[i], i + 1, talk);
	if (problems == 0) {
		settings_settle(scenario);
		problems += sweep_check(scenario, sets, talk);
	}
	return problems == 0 ? 0 : -1;
}

/* Why a file could not be read, on standard error; who wrote a scenario's name
 * alone meant the shipped file. */
static void
file_complain(const char *path)
{
	int reason = errno;
	char meant[PATH_MAX];

	fprintf(stderr, "homeward: %s: %s", path, strerror(reason));
	if (reason == ENOENT && path[0] != '\0' && strchr(path, '/') == NULL) {
		snprintf(meant, sizeof(meant), "scenarios/%s", path);
		if (access(meant, R_OK) != 0)
			snprintf(meant, sizeof(meant), "scenarios/%s.yaml",
				 path);
		if (access(meant, R_OK) == 0)
			fprintf(stderr, "; did you mean '%s'?", meant);
	}
	fputc('\n', stderr);
}

char *
scenario_read(const char *path, size_t *size)
{
	char *bytes = malloc(SCENARIO_BYTES + 1);
	FILE *file = fopen(path, "rb");
	bool good = false;

	*size = 0;
	if (bytes != NULL && file != NULL)
		*size = fread(bytes, 1, SCENARIO_BYTES + 1, file);
	if (bytes == NULL || file == NULL || ferror(file))
		file_complain(path);
	else if (*size > SCENARIO_BYTES)
		fprintf(stderr, "homeward: %s: larger than %d bytes\n", path,
			SCENARIO_BYTES);
	else
		good = true;
	if (file != NULL)
		fclose(file);
	if (good)
		return bytes;
	free(bytes);
	return NULL;
}

int
scenario_load(struct scenario *scenario, const char *path,
	      const char *const *sets, uint32_t set_count)
{
	size_t size;
	char *bytes = scenario_read(path, &size);
	int code = EXIT_USAGE;

	if (bytes != NULL && scenario_parse(scenario, path, bytes, size, sets,
					    set_count, stderr) == 0)
		code = 0;
	free(bytes);
	return code;
}
