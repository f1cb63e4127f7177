/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_dump.c - libyaml's emitter driven along the key table
 *
 * The emitter quotes what needs quoting. Its errors (memory) are sticky: they
 * are asked for once, at the end.
 */
#include "harness/scenario/scenario_dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "live/conf/units.h"

struct printer {
	yaml_emitter_t emitter;
	bool failed;
};

static void
emit(struct printer *printer, yaml_event_t *event, int initialised)
{
	if (printer->failed)
		return;
	if (!initialised || !yaml_emitter_emit(&printer->emitter, event))
		printer->failed = true;
}

static void
emit_text(struct printer *printer, const char *text)
{
	yaml_event_t event;

	emit(printer, &event,
	     yaml_scalar_event_initialize(
		     &event, NULL, NULL, (const yaml_char_t *)text,
		     (int)strlen(text), 1, 1, YAML_ANY_SCALAR_STYLE));
}

static void
emit_map(struct printer *printer, bool flow)
{
	yaml_event_t event;

	emit(printer, &event,
	     yaml_mapping_start_event_initialize(
		     &event, NULL, NULL, 1,
		     flow ? YAML_FLOW_MAPPING_STYLE
			  : YAML_BLOCK_MAPPING_STYLE));
}

static void
emit_map_end(struct printer *printer)
{
	yaml_event_t event;

	emit(printer, &event, yaml_mapping_end_event_initialize(&event));
}

static void
emit_list(struct printer *printer, bool flow)
{
	yaml_event_t event;

	emit(printer, &event,
	     yaml_sequence_start_event_initialize(
		     &event, NULL, NULL, 1,
		     flow ? YAML_FLOW_SEQUENCE_STYLE
			  : YAML_BLOCK_SEQUENCE_STYLE));
}

static void
emit_list_end(struct printer *printer)
{
	yaml_event_t event;

	emit(printer, &event, yaml_sequence_end_event_initialize(&event));
}

/* A key's text; a span's "[low, high]" becomes a list. */
static void
emit_value(struct printer *printer, const struct key *key, const char *text)
{
	char low[KEY_TEXT], high[KEY_TEXT];

	if (key->type == KEY_SPAN &&
	    sscanf(text, "[%31[0-9.], %31[0-9.]]", low, high) == 2) {
		emit_list(printer, true);
		emit_text(printer, low);
		emit_text(printer, high);
		emit_list_end(printer);
	} else {
		emit_text(printer, text);
	}
}

static void
emit_sizes(struct printer *printer, const struct client_settings *clients)
{
	char text[UNITS_TEXT];

	emit_text(printer, "size_cdf");
	emit_list(printer, false);
	for (uint32_t i = 0; i < clients->size_cdf_count; i++) {
		emit_list(printer, true);
		units_format_decimal(clients->size_cdf[i].bytes, 1, text,
				     sizeof(text));
		emit_text(printer, text);
		units_format_decimal(clients->size_cdf[i].ppm, 10000, text,
				     sizeof(text));
		emit_text(printer, text);
		emit_list_end(printer);
	}
	emit_list_end(printer);
}

static void
emit_setting(struct printer *printer, const struct settings *settings,
	     const struct key *key)
{
	char text[KEY_TEXT];

	if (key->type == KEY_SIZES) {
		if (settings->clients.size_cdf_count > 0)
			emit_sizes(printer, &settings->clients);
		return;
	}
	key_format(key, settings, text);
	emit_text(printer, key_leaf(key));
	emit_value(printer, key, text);
}

/* Close and open sections so that the key's own is the open one. */
static void
section_enter(struct printer *printer, char *open, const char *path)
{
	const char *leaf = strrchr(path, '.');
	char section[KEY_TEXT] = "";

	if (leaf != NULL)
		memcpy(section, path, (size_t)(leaf - path));
	while (open[0] != '\0' && (strncmp(section, open, strlen(open)) != 0 ||
				   (section[strlen(open)] != '.' &&
				    section[strlen(open)] != '\0'))) {
		char *dot = strrchr(open, '.');

		emit_map_end(printer);
		*(dot != NULL ? dot : open) = '\0';
	}
	while (strlen(open) < strlen(section)) {
		const char *from =
			section + strlen(open) + (open[0] != '\0' ? 1 : 0);
		const char *dot = strchr(from, '.');
		size_t size = dot != NULL ? (size_t)(dot - from) : strlen(from);
		char word[KEY_TEXT] = "";

		memcpy(word, from, size);
		emit_text(printer, word);
		emit_map(printer, false);
		memcpy(open, section, (size_t)(from - section) + size);
		open[(size_t)(from - section) + size] = '\0';
	}
}

static void
emit_settings(struct printer *printer, const struct settings *settings)
{
	const struct key_table *table = key_settings();
	char open[KEY_TEXT] = "";

	for (size_t i = 0; i < table->count; i++) {
		section_enter(printer, open, table->keys[i].path);
		emit_setting(printer, settings, &table->keys[i]);
	}
	section_enter(printer, open, "");
}

static void
emit_targets(struct printer *printer, const struct settings *settings,
	     const struct fault_settings *fault)
{
	emit_list(printer, true);
	for (uint32_t i = 0; i < fault->list_count; i++)
		emit_text(printer,
			  settings->fault_targets[fault->list_first + i]);
	emit_list_end(printer);
}

static void
emit_faults(struct printer *printer, const struct settings *settings)
{
	const struct key_table *table = key_faults();
	struct fault_settings none;

	if (settings->fault_count == 0)
		return;
	fault_settings_default(&none);
	emit_text(printer, "events");
	emit_list(printer, false);
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		emit_map(printer, true);
		for (size_t j = 0; j < table->count; j++) {
			const struct key *key = &table->keys[j];
			char text[KEY_TEXT], absent[KEY_TEXT];

			key_format(key, &settings->faults[i], text);
			key_format(key, &none, absent);
			if (strcmp(text, absent) == 0 &&
			    (settings->faults[i].given & key->given) == 0 &&
			    strcmp(key->path, "at_s") != 0 &&
			    strcmp(key->path, "kind") != 0)
				continue;
			emit_text(printer, key->path);
			if (key->type == KEY_TARGET && text[0] == '\0')
				emit_targets(printer, settings,
					     &settings->faults[i]);
			else
				emit_value(printer, key, text);
		}
		emit_map_end(printer);
	}
	emit_list_end(printer);
}

static void
emit_sweep(struct printer *printer, const struct scenario *scenario)
{
	char text[KEY_TEXT];

	if (scenario->axis_count == 0 && scenario->repeat == 1)
		return;
	emit_text(printer, "sweep");
	emit_map(printer, false);
	for (uint32_t i = 0; i < scenario->axis_count; i++) {
		const struct scenario_axis *axis = &scenario->axes[i];

		scenario_path(&axis->place, text);
		emit_text(printer, text);
		emit_list(printer, true);
		for (uint32_t j = 0; j < axis->count; j++)
			emit_value(printer, axis->place.key,
				   scenario->values[axis->first + j]);
		emit_list_end(printer);
	}
	if (scenario->repeat > 1) {
		snprintf(text, sizeof(text), "%" PRIu32, scenario->repeat);
		emit_text(printer, "repeat");
		emit_text(printer, text);
	}
	emit_map_end(printer);
}

static void
emit_limit(struct printer *printer, const struct expect_limit *limit)
{
	char name[KEY_TEXT], bound[EXPECT_BOUND];

	expect_format(limit, name, bound);
	emit_text(printer, name);
	if (limit->quantity != NULL) {
		emit_text(printer, bound);
		return;
	}
	emit_list(printer, true);
	for (char *rest = bound, *word;
	     (word = strtok_r(rest, ", ", &rest)) != NULL;)
		emit_text(printer, word);
	emit_list_end(printer);
}

static void
emit_block(struct printer *printer, const struct expect *expect, uint32_t block)
{
	bool where = false;

	emit_map(printer, false);
	for (uint32_t i = 0; i < expect->condition_count; i++) {
		const struct expect_condition *condition =
			&expect->conditions[i];

		if (condition->block != block)
			continue;
		if (!where) {
			emit_text(printer, "where");
			emit_map(printer, true);
		}
		where = true;
		emit_text(printer, condition->place.key->path);
		emit_value(printer, condition->place.key, condition->text);
	}
	if (where)
		emit_map_end(printer);
	for (uint32_t i = 0; i < expect->limit_count; i++)
		if (expect->limits[i].block == block)
			emit_limit(printer, &expect->limits[i]);
	emit_map_end(printer);
}

static void
emit_rest(struct printer *printer, const struct scenario *scenario)
{
	emit_sweep(printer, scenario);
	if (scenario->expect.block_count > 0) {
		emit_text(printer, "expect");
		emit_list(printer, false);
		for (uint32_t i = 0; i < scenario->expect.block_count; i++)
			emit_block(printer, &scenario->expect, i);
		emit_list_end(printer);
	}
	if (scenario->plot_count > 0) {
		emit_text(printer, "plots");
		emit_list(printer, true);
		for (uint32_t i = 0; i < scenario->plot_count; i++)
			emit_text(printer, scenario->plots[i]);
		emit_list_end(printer);
	}
}

static void
emit_document(struct printer *printer, const struct scenario *scenario)
{
	yaml_event_t event;

	emit(printer, &event,
	     yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
	emit(printer, &event,
	     yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1));
	emit_map(printer, false);
	emit_text(printer, "title");
	emit_text(printer, scenario->title);
	emit_settings(printer, &scenario->settings);
	emit_faults(printer, &scenario->settings);
	emit_rest(printer, scenario);
	emit_map_end(printer);
	emit(printer, &event, yaml_document_end_event_initialize(&event, 1));
	emit(printer, &event, yaml_stream_end_event_initialize(&event));
}

char *
scenario_dump_text(const struct scenario *scenario)
{
	struct printer printer = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (file == NULL)
		return NULL;
	if (yaml_emitter_initialize(&printer.emitter)) {
		yaml_emitter_set_output_file(&printer.emitter, file);
		yaml_emitter_set_unicode(&printer.emitter, 1);
		yaml_emitter_set_width(&printer.emitter, -1);
		emit_document(&printer, scenario);
		yaml_emitter_flush(&printer.emitter);
		yaml_emitter_delete(&printer.emitter);
	} else {
		printer.failed = true;
	}
	if (fclose(file) != 0 || printer.failed) {
		free(text);
		return NULL;
	}
	return text;
}
