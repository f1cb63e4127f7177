/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_list.c - events, their lists of targets, and where each key stood
 */
#include "harness/scenario/fault_list.h"

#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"

/* One name or pattern of a list. */
static void
target_add(struct scenario *scenario, struct reader *reader,
	   const struct key *key, const yaml_node_t *node)
{
	struct fault_settings one = { .given = 0 };
	const char *text = reader_text(reader, node, "a target");
	char error[KEY_ERROR];

	if (text == NULL)
		return;
	if (text[0] == '\0' || key_set(key, &one, text, error) != 0) {
		reader_complain(reader, node, "%s",
				text[0] != '\0' ? error
						: "a target without a name");
		return;
	}
	if (scenario->target_count == scenario->target_capacity) {
		uint32_t capacity = scenario->target_capacity * 2 + 16;

		scenario->targets = memory_grown(scenario->targets, capacity,
						 sizeof(scenario->targets[0]));
		scenario->target_marks =
			memory_grown(scenario->target_marks, capacity,
				     sizeof(scenario->target_marks[0]));
		scenario->target_capacity = capacity;
	}
	memcpy(scenario->targets[scenario->target_count], one.target,
	       FAULT_TARGET_BYTES);
	scenario->target_marks[scenario->target_count++] = reader_mark_of(node);
}

static void
targets_read(struct scenario *scenario, struct reader *reader,
	     const struct key *key, struct fault_settings *fault,
	     const yaml_node_t *node)
{
	fault->list_first = scenario->target_count;
	fault->given |= key->given;
	if (reader_item_count(node) == 0)
		reader_complain(reader, node, "a list of no targets");
	for (size_t i = 0; i < reader_item_count(node); i++)
		target_add(scenario, reader, key,
			   reader_node(reader,
				       node->data.sequence.items.start[i]));
	fault->list_count = scenario->target_count - fault->list_first;
	scenario->settings.fault_targets =
		(const char(*)[FAULT_TARGET_BYTES])scenario->targets;
}

static void
event_origin_add(struct scenario *scenario, const struct key_place *place,
		 const yaml_node_t *node, uint32_t option)
{
	if (scenario->event_origin_count == scenario->event_origin_capacity) {
		scenario->event_origin_capacity =
			scenario->event_origin_capacity * 2 + 64;
		scenario->event_origins =
			memory_grown(scenario->event_origins,
				     scenario->event_origin_capacity,
				     sizeof(scenario->event_origins[0]));
	}
	scenario->event_origins[scenario->event_origin_count++] =
		(struct scenario_event_origin){
			.fault = place->fault,
			.key = place->key,
			.mark = reader_mark_of(node),
			.option = option,
		};
}

static void
faults_grow(struct scenario *scenario)
{
	if (scenario->settings.fault_count < scenario->fault_capacity)
		return;
	scenario->fault_capacity = scenario->fault_capacity * 2 + 16;
	scenario->faults =
		memory_grown(scenario->faults, scenario->fault_capacity,
			     sizeof(scenario->faults[0]));
	scenario->fault_marks =
		memory_grown(scenario->fault_marks, scenario->fault_capacity,
			     sizeof(scenario->fault_marks[0]));
	scenario->settings.faults = scenario->faults;
}

static void
fault_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	struct settings *settings = &scenario->settings;
	bool timed = false, kinded = false;

	faults_grow(scenario);
	struct fault_settings *fault = &scenario->faults[settings->fault_count];

	if (!reader_is_map(reader, node, "an event"))
		return;
	fault_settings_default(fault);
	for (size_t i = 0; i < reader_pair_count(node); i++) {
		yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
		yaml_node_t *name = reader_node(reader, pair->key);
		const char *word = (const char *)name->data.scalar.value;
		const struct key_place place = {
			.key = key_find(key_faults(), word),
			.fault = settings->fault_count + 1,
		};

		if (place.key == NULL) {
			scenario_unknown(reader, name, key_faults(), "", word);
			continue;
		}
		timed |= strcmp(word, "at_s") == 0;
		kinded |= strcmp(word, "kind") == 0;
		yaml_node_t *value = reader_node(reader, pair->value);
		event_origin_add(scenario, &place, value, 0);
		if (place.key->type == KEY_TARGET &&
		    value->type == YAML_SEQUENCE_NODE)
			targets_read(scenario, reader, place.key, fault, value);
		else
			(void)scenario_value(reader, &place, fault, value);
	}
	if (!timed || !kinded)
		reader_complain(reader, node, "an event needs at_s and kind");
	scenario->fault_marks[settings->fault_count++] = reader_mark_of(node);
}

void
fault_list_read(struct scenario *scenario, struct reader *reader,
		yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE) {
		reader_complain(reader, node, "events must be a list");
		return;
	}
	for (size_t i = 0; i < reader_item_count(node); i++) {
		yaml_node_t *item =
			reader_node(reader, node->data.sequence.items.start[i]);

		if (scenario->settings.fault_count == SCENARIO_FAULTS) {
			reader_complain(reader, item, "more than %d events",
					SCENARIO_FAULTS);
			return;
		}
		fault_read(scenario, reader, item);
	}
}

void
fault_list_set(struct scenario *scenario, struct reader *reader,
	       const struct key_place *place, yaml_node_t *node,
	       uint32_t option)
{
	event_origin_add(scenario, place, node, option);
	(void)scenario_value(reader, place, &scenario->faults[place->fault - 1],
			     node);
}

struct scenario_origin
fault_list_origin(const struct scenario *scenario,
		  const struct key_place *place)
{
	for (uint32_t i = scenario->event_origin_count; i-- > 0;) {
		const struct scenario_event_origin *one =
			&scenario->event_origins[i];

		if (one->fault == place->fault && one->key == place->key)
			return (struct scenario_origin){ .mark = one->mark,
							 .option =
								 one->option };
	}
	return (struct scenario_origin){
		.mark = scenario->fault_marks[place->fault - 1],
	};
}

struct reader_mark
fault_list_mark(const struct scenario *scenario, uint32_t event,
		const char *name, struct reader_mark otherwise)
{
	const struct fault_settings *fault = &scenario->faults[event - 1];

	for (uint32_t i = 0; i < fault->list_count; i++)
		if (strcmp(scenario->targets[fault->list_first + i], name) == 0)
			return scenario->target_marks[fault->list_first + i];
	return otherwise;
}

void
fault_list_release(struct scenario *scenario)
{
	free(scenario->faults);
	free(scenario->targets);
	free(scenario->fault_marks);
	free(scenario->target_marks);
	free(scenario->event_origins);
}
