/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sweep.c - axes, points and their names
 */
#include "harness/scenario/sweep.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/scenario/fault_list.h"
#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "sim/engine/memory.h"
#include "sim/model/constraints.h"
#include "sim/model/fault.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_target.h"

/* ---- reading ---- */

static struct scenario_axis *
axis_find(const struct scenario *scenario, const struct key_place *place)
{
	for (uint32_t i = 0; i < scenario->axis_count; i++) {
		const struct scenario_axis *axis = &scenario->axes[i];

		if (axis->place.key == place->key &&
		    axis->place.fault == place->fault)
			return (struct scenario_axis *)(uintptr_t)axis;
	}
	return NULL;
}

void
sweep_remove(struct scenario *scenario, const struct key_place *place)
{
	struct scenario_axis *axis = axis_find(scenario, place);
	struct scenario_axis *end = scenario->axes + scenario->axis_count;

	if (axis == NULL)
		return;
	memmove(axis, axis + 1, (size_t)(end - axis - 1) * sizeof(*axis));
	scenario->axis_count--;
}

/* Check a value and append it in its canonical form. */
static bool
value_add(struct scenario *scenario, struct reader *reader,
	  struct scenario_axis *axis, const yaml_node_t *node, const char *text)
{
	const struct key *key = axis->place.key;
	union {
		struct settings settings;
		struct fault_settings fault;
	} scratch;
	char error[KEY_ERROR], *value;

	if (scenario->value_count == SCENARIO_VALUES) {
		reader_complain(reader, node, "more than %d values in a sweep",
				SCENARIO_VALUES);
		return false;
	}
	memset(&scratch, 0, sizeof(scratch));
	if (key_place_set(&axis->place, &scratch, text, error) != 0) {
		reader_complain(reader, node, "%s", error);
		return false;
	}
	value = scenario->values[scenario->value_count];
	key_format(key, &scratch, value);
	for (uint32_t i = 0; i < axis->count; i++) {
		if (strcmp(scenario->values[axis->first + i], value) == 0) {
			reader_complain(reader, node, "%s is swept twice",
					value);
			return false;
		}
	}
	scenario->value_count++;
	axis->count++;
	return true;
}

/* Item of a list: a scalar, or [low, high] of a span. */
static bool
item_add(struct scenario *scenario, struct reader *reader,
	 struct scenario_axis *axis, yaml_node_t *node)
{
	const char *words[2];
	char text[KEY_TEXT];

	if (node->type == YAML_SEQUENCE_NODE &&
	    axis->place.key->type == KEY_SPAN && reader_item_count(node) == 2) {
		for (size_t i = 0; i < 2; i++) {
			words[i] = reader_text(
				reader,
				reader_node(reader,
					    node->data.sequence.items.start[i]),
				"an end of a span");
			if (words[i] == NULL)
				return false;
		}
		snprintf(text, sizeof(text), "[%.28s, %.28s]", words[0],
			 words[1]);
		return value_add(scenario, reader, axis, node, text);
	}
	words[0] = reader_text(reader, node, "a swept value");
	return words[0] != NULL &&
	       value_add(scenario, reader, axis, node, words[0]);
}

/* { doublings: 16..4096 } */
static bool
doublings_add(struct scenario *scenario, struct reader *reader,
	      struct scenario_axis *axis, yaml_node_t *node)
{
	yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	const char *text, *dots;
	char from_text[KEY_TEXT] = "";
	uint64_t from, to;

	if (reader_pair_count(node) != 1 ||
	    (text = reader_text(reader, reader_node(reader, pair->key),
				"doublings")) == NULL ||
	    strcmp(text, "doublings") != 0 ||
	    axis->place.key->type != KEY_COUNT) {
		reader_complain(reader, node,
				"a sweep is a list of values, or for a whole "
				"number { doublings: FROM..TO }");
		return false;
	}
	node = reader_node(reader, pair->value);
	text = reader_text(reader, node, "doublings");
	if (text == NULL)
		return false;
	dots = strstr(text, "..");
	if (dots != NULL && (size_t)(dots - text) < sizeof(from_text))
		memcpy(from_text, text, (size_t)(dots - text));
	if (dots == NULL || units_decimal(from_text, 1, &from) != UNITS_OK ||
	    units_decimal(dots + 2, 1, &to) != UNITS_OK || from == 0) {
		reader_complain(reader, node,
				"doublings takes FROM..TO, not '%.60s'", text);
		return false;
	}
	for (uint64_t value = from;; value *= 2) {
		if (value > to || value > INT64_MAX / 2) {
			reader_complain(reader, node,
					"doublings of %" PRIu64
					" do not end at %" PRIu64,
					from, to);
			return false;
		}
		snprintf(from_text, sizeof(from_text), "%" PRIu64, value);
		if (!value_add(scenario, reader, axis, node, from_text))
			return false;
		if (value == to)
			return true;
	}
}

void
sweep_add(struct scenario *scenario, struct reader *reader,
	  const struct key_place *place, yaml_node_t *node)
{
	struct scenario_axis *axis;
	char path[KEY_TEXT];
	bool good = true;

	scenario_path(place, path);
	if (place->key->type == KEY_SIZES ||
	    strcmp(place->key->path, "seed") == 0) {
		reader_complain(reader, node, "%s cannot be swept%s", path,
				place->key->type == KEY_SIZES
					? ""
					: "; repeat: N takes N seeds");
		return;
	}
	if (scenario->axis_count == SCENARIO_AXES) {
		reader_complain(reader, node, "more than %d swept keys",
				SCENARIO_AXES);
		return;
	}
	axis = &scenario->axes[scenario->axis_count];
	*axis = (struct scenario_axis){ .place = *place,
					.first = scenario->value_count,
					.mark = reader_mark_of(node) };
	if (node->type == YAML_MAPPING_NODE)
		good = doublings_add(scenario, reader, axis, node);
	else if (node->type != YAML_SEQUENCE_NODE)
		good = item_add(scenario, reader, axis, node);
	else
		for (size_t i = 0; good && i < reader_item_count(node); i++)
			good = item_add(
				scenario, reader, axis,
				reader_node(
					reader,
					node->data.sequence.items.start[i]));
	if (good && axis->count == 0) {
		reader_complain(reader, node, "%s is swept over nothing", path);
		good = false;
	}
	if (good)
		scenario->axis_count++;
}

void
sweep_repeat_read(struct scenario *scenario, struct reader *reader,
		  yaml_node_t *node)
{
	const char *text = reader_text(reader, node, "repeat");
	uint64_t repeat;

	if (text == NULL)
		return;
	if (!reader_plain(node) || strchr(text, '.') != NULL ||
	    units_decimal(text, 1, &repeat) != UNITS_OK || repeat < 1 ||
	    repeat > SCENARIO_REPEAT) {
		reader_complain(reader, node,
				"repeat takes a whole number in 1..%d, not "
				"'%.40s'",
				SCENARIO_REPEAT, text);
		return;
	}
	scenario->repeat = (uint32_t)repeat;
	scenario->repeat_mark = reader_mark_of(node);
}

void
sweep_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	if (!reader_is_map(reader, node, "sweep"))
		return;
	for (size_t i = 0; i < reader_pair_count(node); i++) {
		yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
		yaml_node_t *name = reader_node(reader, pair->key);
		const char *path = (const char *)name->data.scalar.value;
		yaml_node_t *value = reader_node(reader, pair->value);
		struct key_place place;
		char hint[2 * KEY_TEXT];

		if (strcmp(path, "repeat") == 0) {
			sweep_repeat_read(scenario, reader, value);
		} else if (scenario_find(scenario, path, &place) &&
			   axis_find(scenario, &place) != NULL) {
			/* Only two spellings of one key get here: the reader
			 * refuses a word that stands there twice. */
			reader_complain(reader, name,
					"%s is swept by another name, too",
					path);
		} else if (place.key != NULL) {
			sweep_add(scenario, reader, &place, value);
		} else {
			scenario_hint(path, hint, sizeof(hint));
			reader_complain(reader, name,
					"sweep of an unknown key '%.60s'%s",
					path, hint);
		}
	}
}

/* ---- points ---- */

/* 0: more than SCENARIO_POINTS. */
uint32_t
sweep_point_count(const struct scenario *scenario)
{
	uint64_t count = scenario->repeat;

	for (uint32_t i = 0; i < scenario->axis_count; i++) {
		count *= scenario->axes[i].count;
		if (count > SCENARIO_POINTS)
			return 0;
	}
	return count > SCENARIO_POINTS ? 0 : (uint32_t)count;
}

/* The value that an axis has at a point; the last axis varies fastest. */
static const char *
axis_value(const struct scenario *scenario, uint32_t axis, uint32_t index)
{
	uint32_t step = scenario->repeat;

	for (uint32_t i = axis + 1; i < scenario->axis_count; i++)
		step *= scenario->axes[i].count;
	return scenario->values[scenario->axes[axis].first +
				index / step % scenario->axes[axis].count];
}

/* As the sweep was written: who reads points, and continues a sweep that an
 * older program began, knows it by that spelling. */
static void
axis_path(const struct scenario_axis *axis, char *path)
{
	if (axis->place.alias != NULL)
		snprintf(path, KEY_TEXT, "%s", axis->place.alias->path);
	else
		scenario_path(&axis->place, path);
}

static const char *
axis_word(const struct scenario *scenario, uint32_t axis, uint32_t index)
{
	const struct key_alias *alias = scenario->axes[axis].place.alias;
	const char *value = axis_value(scenario, axis, index);

	/* Was a word of the alias before it became a value. */
	return alias != NULL ? key_alias_before(alias, value) : value;
}

void
sweep_point_make(const struct scenario *scenario, uint32_t index,
		 struct sweep_point *point)
{
	char error[KEY_ERROR];

	point->index = index;
	point->settings = scenario->settings;
	if (point->fault_capacity < scenario->settings.fault_count) {
		point->fault_capacity = scenario->settings.fault_count;
		point->faults =
			memory_grown(point->faults, point->fault_capacity,
				     sizeof(point->faults[0]));
	}
	point->settings.faults = point->faults;
	if (scenario->settings.fault_count > 0)
		memcpy(point->faults, scenario->faults,
		       scenario->settings.fault_count *
			       sizeof(point->faults[0]));
	point->settings.seed += index % scenario->repeat;
	for (uint32_t i = 0; i < scenario->axis_count; i++) {
		const struct key_place *place = &scenario->axes[i].place;

		/* Was parsed once before it became a value: cannot fail. */
		(void)key_set(place->key,
			      scenario_structure(place, &point->settings),
			      axis_value(scenario, i, index), error);
	}
	/* One fact, two places: the servers know their own links. */
	point->settings.service.steer.mtu_bytes =
		point->settings.fabric.server_link.mtu_bytes;
}

void
sweep_point_release(struct sweep_point *point)
{
	free(point->faults);
	*point = (struct sweep_point){ .faults = NULL };
}

void
sweep_point_label(const struct scenario *scenario,
		  const struct sweep_point *point, char *text)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < scenario->axis_count; i++) {
		char path[KEY_TEXT];
		int size;

		axis_path(&scenario->axes[i], path);
		size = snprintf(text + used, SWEEP_LABEL - used, "%s %s, ",
				path, axis_word(scenario, i, point->index));
		if (size < 0 || used + (size_t)size >= SWEEP_LABEL)
			return;
		used += (size_t)size;
	}
	snprintf(text + used, SWEEP_LABEL - used, "seed %" PRIu64,
		 point->settings.seed);
}

/* A value is text as key_format() has it: numbers are JSON's, and so is a span
 * "[3, 4]" but for its blank. */
static void
value_json(const struct scenario_axis *axis, const char *value,
	   struct json *json)
{
	const struct key_place *place = &axis->place;
	bool words = place->alias != NULL && place->alias->words != NULL;
	bool on = strcmp(value, "on") == 0, off = strcmp(value, "off") == 0;
	char path[KEY_TEXT], plain[KEY_TEXT];
	size_t size = 0;

	axis_path(axis, path);
	/* What is a choice today was a switch. */
	if (words && (on || off)) {
		json_bool(json, path, on);
		return;
	}
	/* A number's word, jitter_ms: auto. */
	if (place->key->word != NULL && strcmp(value, place->key->word) == 0) {
		json_text(json, path, value);
		return;
	}
	switch (place->key->type) {
	case KEY_SWITCH:
		json_bool(json, path, on);
		break;
	case KEY_CHOICE:
	case KEY_SECRET:
	case KEY_TARGET:
		json_text(json, path, value);
		break;
	default:
		for (; *value != '\0' && size + 1 < sizeof(plain); value++)
			if (*value != ' ')
				plain[size++] = *value;
		plain[size] = '\0';
		json_raw(json, path, plain);
		break;
	}
}

char *
sweep_point_json(const struct scenario *scenario,
		 const struct sweep_point *point)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct json json = json_begin(file, JSON_COMPACT);

	if (file == NULL)
		return NULL;
	json_object(&json, NULL);
	for (uint32_t i = 0; i < scenario->axis_count; i++)
		value_json(&scenario->axes[i],
			   axis_word(scenario, i, point->index), &json);
	json_end(&json);
	json_finish(&json);
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* ---- contradictions ---- */

struct scenario_origin
sweep_origin(const struct scenario *scenario, const struct key_place *place)
{
	const struct scenario_axis *axis;
	struct scenario_origin origin = { 0 };

	if (place->key == NULL)
		return origin;
	axis = axis_find(scenario, place);
	if (axis != NULL)
		origin.mark = axis->mark;
	else if (place->fault > 0)
		return fault_list_origin(scenario, place);
	else
		origin = scenario->origins[place->key - key_settings()->keys];
	return origin;
}

/* The places of a constraint's keys; key NULL: there is no such. */
static void
places_find(const struct constraint *broken, struct key_place places[2])
{
	for (int i = 0; i < 2; i++) {
		places[i] = (struct key_place){ .fault = broken->event };
		if (broken->keys[i] != NULL)
			places[i].key =
				key_find(broken->event > 0 ? key_faults()
							   : key_settings(),
					 broken->keys[i]);
	}
}

/* ": dht.alpha is 3, dht.k is 2" */
static void
places_say(const struct key_place places[2], const struct settings *settings,
	   char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < 2 && used < size; i++) {
		char path[KEY_TEXT], value[KEY_TEXT];

		if (places[i].key == NULL)
			continue;
		scenario_path(&places[i], path);
		key_format(places[i].key,
			   scenario_structure(&places[i], settings), value);
		used += (size_t)snprintf(text + used, size - used, "%s%s is %s",
					 used > 0 ? ", " : ": ", path,
					 value[0] != '\0' ? value : "''");
	}
}

/* The nearest name of this fabric to a target that it has not. */
static void
name_hint(const struct constraint *broken, const struct settings *settings,
	  char *text, size_t size)
{
	struct did_you_mean did_you_mean = did_you_mean_start(broken->unknown);
	char name[FAULT_NAME_BYTES], best[FAULT_NAME_BYTES];
	const struct fabric_settings whole = faults_fabric(settings);
	struct fabric *fabric;

	assert(settings->faults != NULL); /* one of them is broken */
	enum fault_target wanted =
		fault_kind_trait(settings->faults[broken->event - 1].kind)
			->target;
	text[0] = '\0';
	if (fabric_create(&fabric, &whole, name, sizeof(name)) != 0)
		return;
	for (uint32_t i = 0; i < fault_target_count(fabric, wanted); i++) {
		size_t before = did_you_mean.distance;

		fault_target_name(fabric, wanted, i, name);
		did_you_mean_offer(&did_you_mean, name);
		if (did_you_mean.distance < before)
			memcpy(best, name, sizeof(best));
		did_you_mean.best = did_you_mean.best != NULL ? best : NULL;
	}
	fabric_destroy(fabric);
	did_you_mean_hint(&did_you_mean, text, size);
}

static void
constraint_complain(const struct scenario *scenario,
		    const struct constraint *broken,
		    const struct settings *settings, const char *const *sets,
		    const char *at_point, FILE *talk)
{
	struct reader reader = { .name = scenario->path, .talk = talk };
	struct key_place places[2];
	struct scenario_origin origin;
	char name[KEY_ERROR], keys[2 * KEY_ERROR], hint[KEY_ERROR] = "";

	places_find(broken, places);
	places_say(places, settings, keys, sizeof(keys));
	/* A default is not what is wrong. */
	origin = sweep_origin(scenario, &places[0]);
	if (origin.mark.line == 0 && origin.option == 0)
		origin = sweep_origin(scenario, &places[1]);
	if (origin.option > 0) {
		snprintf(name, sizeof(name), "--set %.200s",
			 sets[origin.option - 1]);
		reader.name = name;
		reader.option = true;
	}
	if (broken->unknown[0] != '\0') {
		name_hint(broken, settings, hint, sizeof(hint));
		origin.mark = fault_list_mark(scenario, broken->event,
					      broken->unknown, origin.mark);
	}
	reader_complain_at(&reader, origin.mark, "%s%s%s%s", broken->sentence,
			   hint, keys, at_point);
}

unsigned
sweep_check(const struct scenario *scenario, const char *const *sets,
	    FILE *talk)
{
	uint32_t count = sweep_point_count(scenario);
	struct sweep_point point = { .faults = NULL };

	if (count == 0 ||
	    scenario->settings.seed > (uint64_t)INT64_MAX - scenario->repeat) {
		fprintf(talk, "%s: %s\n", scenario->path,
			count == 0 ? "the sweep has more than 100000 points"
				   : "seed plus repeat is too large");
		return 1;
	}
	for (uint32_t i = 0; i < count; i += scenario->repeat) {
		char label[SWEEP_LABEL], at_point[SWEEP_LABEL + 8] = "";
		struct constraint broken;

		sweep_point_make(scenario, i, &point);
		if (!constraints_broken(&point.settings, &broken))
			continue;
		sweep_point_label(scenario, &point, label);
		if (scenario->axis_count > 0)
			snprintf(at_point, sizeof(at_point), " (at %s)", label);
		constraint_complain(scenario, &broken, &point.settings, sets,
				    at_point, talk);
		sweep_point_release(&point);
		return 1;
	}
	sweep_point_release(&point);
	return 0;
}
