/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.c - quantities of a run, and their limits
 */
#include "harness/scenario/expect.h"

#include <string.h>

#include "harness/scenario/scenario.h"
#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "sim/model/watch.h"

#define SESSIONS(condition)                                                    \
	"SELECT count(*) FROM session WHERE run_id = ?1 AND " condition
#define OPERATIONS(condition)                                                  \
	"SELECT count(*) FROM measurement WHERE run_id = ?1 AND " condition
#define MEAN(metric)                                                           \
	"SELECT CAST(round(avg(value_ns)) AS INTEGER) FROM measurement "       \
	"WHERE run_id = ?1 AND ok AND metric = '" metric "'"

static const struct expect_quantity quantities[] = {
	{ "sessions", "", 1, SESSIONS("true"), "sessions in all" },
	{ "strayed", "", 1, SESSIONS("strays > 0"), "sessions that strayed" },
	{ "strays", "", 1,
	  "SELECT coalesce(sum(strays), 0) FROM session WHERE run_id = ?1",
	  "packets that strayed" },
	{ "closed", "", 1, SESSIONS("outcome = 'closed'"),
	  "sessions completed that never strayed" },
	{ "kept", "", 1, SESSIONS("outcome = 'kept'"),
	  "sessions that strayed and completed" },
	{ "reset", "", 1, SESSIONS("outcome = 'reset'"), "sessions reset" },
	{ "timeout", "", 1, SESSIONS("outcome = 'timeout'"),
	  "sessions that did not complete" },
	{ "corrupt", "", 1, SESSIONS("outcome = 'corrupt'"),
	  "sessions completed with wrong bytes" },
	{ "broken", "", 1, SESSIONS("outcome NOT IN ('closed', 'kept')"),
	  "sessions reset, timed out or corrupt" },
	{ "unexcused", "", 1,
	  "SELECT coalesce(sum(sessions), 0) FROM cause WHERE run_id = ?1 "
	  "AND NOT excused",
	  "of these, those that no cause excuses" },
#define CAUSE_QUANTITY(constant, name, excused, help)                          \
	{ #name, "", 1, SESSIONS("cause = '" #name "'"),                       \
	  "sessions that ended so: " help },
	CAUSE_LIST(CAUSE_QUANTITY)
#undef CAUSE_QUANTITY
		{ "lookups", "", 1, OPERATIONS("metric = 'lookup' AND ok"),
		  "lookups that found the value" },
	{ "lookup_failed", "", 1, OPERATIONS("metric = 'lookup' AND NOT ok"),
	  "lookups that did not" },
	{ "lookup_wrong", "", 1,
	  OPERATIONS("metric = 'lookup' AND found = 'wrong'"),
	  "lookups that were told another server than the owner" },
	{ "lookup_removed", "", 1,
	  OPERATIONS("metric = 'lookup' AND found = 'removed'"),
	  "lookups that found what had been removed everywhere before" },
	{ "lookup_missed", "", 1,
	  OPERATIONS("metric = 'lookup' AND owned AND found IS NULL"),
	  "lookups that missed what a living owner had published" },
	{ "settings", "", 1, OPERATIONS("metric = 'setting_all' AND ok"),
	  "stores that all replicas acknowledged" },
	{ "setting_failed", "", 1,
	  OPERATIONS("metric = 'setting_all' AND NOT ok"),
	  "stores that some replica did not" },
	{ "detections", "", 1, OPERATIONS("metric = 'detection' AND ok"),
	  "faults whose first stray was seen" },
	{ "faults", "", 1,
	  "SELECT count(*) FROM fault WHERE run_id = ?1 "
	  "AND kind NOT GLOB '*_missed'",
	  "faults that happened and counted" },
	{ "hops_mean", "", 10000,
	  "SELECT CAST(round(avg(hops) * 10000) AS INTEGER) FROM measurement "
	  "WHERE run_id = ?1 AND ok AND metric = 'lookup'",
	  "mean rounds of a lookup" },
	{ "lookup_mean", "_ms", 1000000, MEAN("lookup"), "mean lookup time" },
	{ "setting_mean", "_ms", 1000000, MEAN("setting_first"),
	  "mean time to the first replica's acknowledgement" },
	{ "detection_mean", "_ms", 1000000, MEAN("detection"),
	  "mean detection time" },
	{ "stall_longest", "_ms", 1000000,
	  "SELECT max(stall_ns) FROM session WHERE run_id = ?1",
	  "longest stall of any session after a fault" },
	{ NULL, NULL, 0, NULL, NULL },
};

#define WORDS 32 /* bits of expect_limit.words */
_Static_assert(CAUSES <= WORDS && OUTCOME_CORRUPT < WORDS, "a bit each");

const char *
expect_word(bool by_cause, unsigned word)
{
	if (by_cause)
		return word < CAUSES ? cause_name((enum cause)word) : NULL;
	return word <= OUTCOME_CORRUPT ? outcome_name((enum outcome)word)
				       : NULL;
}

const struct expect_quantity *
expect_quantities(void)
{
	return quantities;
}

static void
limit_name(const struct expect_quantity *quantity, bool least, char *name)
{
	snprintf(name, KEY_TEXT, "%s_%s%s", quantity->name,
		 least ? "min" : "max", quantity->unit);
}

void
expect_format(const struct expect_limit *limit, char *name, char *bound)
{
	size_t used = 0;

	if (limit->quantity != NULL) {
		limit_name(limit->quantity, limit->least, name);
		units_format_decimal(limit->bound, limit->quantity->scale,
				     bound, KEY_TEXT);
		return;
	}
	snprintf(name, KEY_TEXT, "%s",
		 limit->by_cause ? "cause_all" : "outcome_all");
	bound[0] = '\0';
	for (unsigned i = 0; i < WORDS; i++) {
		const char *word = expect_word(limit->by_cause, i);

		if ((limit->words & 1u << i) == 0 || word == NULL)
			continue;
		used += (size_t)snprintf(bound + used, EXPECT_BOUND - used,
					 "%s%s", used > 0 ? ", " : "", word);
	}
}

/* ---- reading ---- */

/* One word of the list. */
static void
word_read(struct reader *reader, struct expect_limit *limit,
	  const yaml_node_t *item)
{
	const char *what = limit->by_cause ? "a cause" : "an outcome";
	const char *text = reader_text(reader, item, what);
	struct did_you_mean did_you_mean;
	char hint[KEY_TEXT];

	if (text == NULL)
		return;
	did_you_mean = did_you_mean_start(text);
	for (unsigned i = 0; i < WORDS; i++) {
		const char *word = expect_word(limit->by_cause, i);

		if (word == NULL)
			continue;
		if (strcmp(text, word) == 0) {
			limit->words |= 1u << i;
			return;
		}
		did_you_mean_offer(&did_you_mean, word);
	}
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	reader_complain(reader, item, "unknown %s '%.40s'%s",
			limit->by_cause ? "cause" : "outcome", text, hint);
}

static void
words_read(struct reader *reader, struct expect_limit *limit, yaml_node_t *node)
{
	if (node->type != YAML_SEQUENCE_NODE || reader_item_count(node) == 0) {
		reader_complain(reader, node, "%s takes a list of %s",
				limit->by_cause ? "cause_all" : "outcome_all",
				limit->by_cause ? "causes" : "outcomes");
		return;
	}
	for (size_t i = 0; i < reader_item_count(node); i++)
		word_read(reader, limit,
			  reader_node(reader,
				      node->data.sequence.items.start[i]));
}

/* The quantity of a word like "strays_min"; NULL after complaining. */
static const struct expect_quantity *
word_quantity(struct reader *reader, const yaml_node_t *name, bool *least)
{
	const char *word = (const char *)name->data.scalar.value;
	struct did_you_mean did_you_mean = did_you_mean_start(word);
	char candidate[KEY_TEXT], best[KEY_TEXT] = "", hint[2 * KEY_TEXT];

	for (size_t i = 0; quantities[i].name != NULL; i++) {
		for (int bound = 0; bound < 2; bound++) {
			size_t before = did_you_mean.distance;

			*least = bound == 0;
			limit_name(&quantities[i], *least, candidate);
			if (strcmp(candidate, word) == 0)
				return &quantities[i];
			did_you_mean_offer(&did_you_mean, candidate);
			if (did_you_mean.distance < before)
				memcpy(best, candidate, sizeof(best));
		}
	}
	did_you_mean.best = best[0] != '\0' ? best : NULL;
	did_you_mean_hint(&did_you_mean, hint, sizeof(hint));
	reader_complain(reader, name, "unknown expectation '%.60s'%s", word,
			hint);
	return NULL;
}

static void
limit_read(struct scenario *scenario, struct reader *reader,
	   const yaml_node_t *name, yaml_node_t *node)
{
	struct expect *expect = &scenario->expect;
	struct expect_limit *limit = &expect->limits[expect->limit_count];
	const char *text;

	if (expect->limit_count == EXPECT_LIMITS) {
		reader_complain(reader, name, "more than %d expectations",
				EXPECT_LIMITS);
		return;
	}
	*limit = (struct expect_limit){ .block = expect->block_count };
	limit->by_cause =
		strcmp((const char *)name->data.scalar.value, "cause_all") == 0;
	if (limit->by_cause ||
	    strcmp((const char *)name->data.scalar.value, "outcome_all") == 0) {
		words_read(reader, limit, node);
		expect->limit_count++;
		return;
	}
	limit->quantity = word_quantity(reader, name, &limit->least);
	if (limit->quantity == NULL)
		return;
	text = reader_text(reader, node, "an expectation");
	if (text == NULL)
		return;
	if (units_decimal(text, limit->quantity->scale, &limit->bound) !=
	    UNITS_OK) {
		reader_complain(
			reader, node, "%s takes a %snumber, not '%.40s'",
			(const char *)name->data.scalar.value,
			limit->quantity->scale == 1 ? "whole " : "", text);
		return;
	}
	expect->limit_count++;
}

static void
condition_read(struct scenario *scenario, struct reader *reader,
	       const yaml_node_t *name, yaml_node_t *node)
{
	struct expect *expect = &scenario->expect;
	struct expect_condition *condition =
		&expect->conditions[expect->condition_count];
	const char *path = (const char *)name->data.scalar.value;
	char hint[2 * KEY_TEXT], error[KEY_ERROR];
	struct settings scratch = { 0 };
	const char *text;

	if (expect->condition_count == EXPECT_CONDITIONS) {
		reader_complain(reader, name, "more than %d conditions",
				EXPECT_CONDITIONS);
		return;
	}
	if (!scenario_find(scenario, path, &condition->place) ||
	    condition->place.fault > 0 ||
	    condition->place.key->type == KEY_SIZES ||
	    condition->place.key->type == KEY_SPAN) {
		scenario_hint(path, hint, sizeof(hint));
		reader_complain(reader, name,
				"where: no setting '%.60s' to compare%s", path,
				hint);
		return;
	}
	text = reader_text(reader, node, path);
	if (text == NULL)
		return;
	if (key_place_set(&condition->place, &scratch, text, error) != 0) {
		reader_complain(reader, node, "%s", error);
		return;
	}
	key_format(condition->place.key, &scratch, condition->text);
	condition->block = expect->block_count;
	for (uint32_t i = 0; i < expect->condition_count; i++) {
		const struct expect_condition *other = &expect->conditions[i];

		if (other->block == condition->block &&
		    other->place.key == condition->place.key &&
		    strcmp(other->text, condition->text) != 0) {
			reader_complain(reader, name,
					"where: %s has two values in one block",
					path);
			return;
		}
	}
	expect->condition_count++;
}

static void
block_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	if (scenario->expect.block_count == EXPECT_BLOCKS) {
		reader_complain(reader, node, "more than %d blocks of expect",
				EXPECT_BLOCKS);
		return;
	}
	if (!reader_is_map(reader, node, "a block of expect"))
		return;
	for (size_t i = 0; i < reader_pair_count(node); i++) {
		yaml_node_pair_t *pair = &node->data.mapping.pairs.start[i];
		yaml_node_t *name = reader_node(reader, pair->key);
		yaml_node_t *value = reader_node(reader, pair->value);

		if (strcmp((const char *)name->data.scalar.value, "where") !=
		    0) {
			limit_read(scenario, reader, name, value);
			continue;
		}
		if (!reader_is_map(reader, value, "where"))
			continue;
		for (size_t j = 0; j < reader_pair_count(value); j++) {
			yaml_node_pair_t *inner =
				&value->data.mapping.pairs.start[j];

			condition_read(scenario, reader,
				       reader_node(reader, inner->key),
				       reader_node(reader, inner->value));
		}
	}
	scenario->expect.block_count++;
}

void
expect_read(struct scenario *scenario, struct reader *reader, yaml_node_t *node)
{
	/* One block need not be a list. */
	if (node->type != YAML_SEQUENCE_NODE) {
		block_read(scenario, reader, node);
		return;
	}
	for (size_t i = 0; i < reader_item_count(node); i++)
		block_read(scenario, reader,
			   reader_node(reader,
				       node->data.sequence.items.start[i]));
}
