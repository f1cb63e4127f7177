/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key_test.c - every row of the key table, and the words that are near
 *
 * Each default must be allowed by its own row, print, and parse back; both
 * ends of each range must fit into the member.
 */
#include "harness/scenario/key.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario.h"
#include "live/conf/did_you_mean.h"
#include "live/conf/units.h"
#include "sim/model/fault_kind.h"
#include "sim/model/settings.h"

static void
default_test(const struct key *key, const void *structure)
{
	struct settings copy = { 0 };
	char text[KEY_TEXT], back[KEY_TEXT], error[KEY_ERROR] = "";

	key_format(key, structure, text);
	CHECK_ROW(key_set(key, &copy, text, error) == 0, key->path);
	CHECK_ROW(error[0] == '\0', error);
	key_format(key, &copy, back);
	CHECK_ROW(strcmp(text, back) == 0, key->path);
}

static void
range_test(const struct key *key)
{
	const uint64_t ends[2] = { key->low, key->high };
	struct settings settings = { 0 };
	char text[KEY_TEXT], back[KEY_TEXT], error[KEY_ERROR];

	if (key->type != KEY_COUNT && key->type != KEY_AMOUNT)
		return;
	CHECK_ROW(key->low < key->high, key->path);
	for (int i = 0; i < 2; i++) {
		units_format_decimal(ends[i], key->scale, text, sizeof(text));
		CHECK_ROW(key_set(key, &settings, text, error) == 0, key->path);
		key_format(key, &settings, back);
		CHECK_ROW(strcmp(text, back) == 0, key->path);
	}
	units_format_decimal(key->high + 1, key->scale, text, sizeof(text));
	CHECK_ROW(key_set(key, &settings, text, error) == -1, key->path);
}

/* A word stands beside the range, and is read as it is printed. */
static void
word_test(const struct key *key)
{
	char text[KEY_TEXT], error[KEY_ERROR];
	struct settings settings = { 0 };

	if (key->word == NULL)
		return;
	CHECK_ROW(key->type == KEY_AMOUNT && key->width == 8, key->path);
	CHECK_ROW(key_set(key, &settings, key->word, error) == 0, key->path);
	key_format(key, &settings, text);
	CHECK_ROW(strcmp(text, key->word) == 0, key->path);
	CHECK_ROW(key_set(key, &settings, "no such word", error) == -1,
		  key->path);
	CHECK_ROW(strstr(error, key->word) != NULL, error);
	key_kind(key, error);
	CHECK_ROW(strstr(error, key->word) != NULL, error);
}

/* Its unit ends the name, so that nobody has to look it up. */
static void
unit_test(const struct key *key)
{
	static const struct {
		const char *unit, *end;
	} units[] = {
		{ "microseconds", "_us" },
		{ "milliseconds", "_ms" },
		{ "seconds", "_s" },
		{ "bytes", "_bytes" },
		{ "kilobytes", "_kb" },
		{ "megabytes", "_mb" },
		{ "megabits a second", "_mbps" },
		{ "percent", "_percent" },
		{ "percent a minute", "_percent_min" },
		{ KEY_NUMBER, "" },
		{ "gigabits a second", "_gbps" },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t size = strlen(key->path), end = strlen(units[i].end);

		if (key->unit == NULL || strcmp(key->unit, units[i].unit) != 0)
			continue;
		CHECK_ROW(size > end && strcmp(key->path + size - end,
					       units[i].end) == 0,
			  key->path);
		return;
	}
	CHECK_ROW(key->unit == NULL, key->path);
}

static void
table_test(const struct key_table *table, const void *structure)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];

		CHECK_ROW(key_find(table, key->path) == key, key->path);
		CHECK_ROW(strlen(key->path) < KEY_TEXT - 10, key->path);
		CHECK_ROW(key->help != NULL && key->help[0] != '\0', key->path);
		unit_test(key);
		range_test(key);
		word_test(key);
		if (structure != NULL && key->type != KEY_SIZES)
			default_test(key, structure);
	}
}

static void
did_you_mean_test(void)
{
	static const struct {
		const char *sentence, *wanted, *best;
	} rows[] = {
		{ "a letter too many", "servverrs", "servers" },
		{ "two swapped", "sevrers", "servers" },
		{ "one missing", "spine", "spines" },
		{ "the word itself", "leaves", "leaves" },
		{ "nothing alike", "xyzzy", NULL },
		{ "nothing", "", NULL },
		{ "longer than any word",
		  "serversserversserversserversserversserversserversserversse"
		  "rvers",
		  NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct did_you_mean did_you_mean =
			did_you_mean_start(rows[i].wanted);

		did_you_mean_offer(&did_you_mean, "leaves");
		did_you_mean_offer(&did_you_mean, "servers");
		did_you_mean_offer(&did_you_mean, "spines");
		CHECK_ROW(rows[i].best == NULL
				  ? did_you_mean.best == NULL
				  : did_you_mean.best != NULL &&
					    strcmp(did_you_mean.best,
						   rows[i].best) == 0,
			  rows[i].sentence);
	}
}

static void
aliases_test(void)
{
	static const struct key_word words[] = { { "yes", "download" },
						 { "no", "upload" },
						 { NULL, NULL } };
	static const struct key_alias alias = { "clients.reading",
						"clients.direction", words };
	struct key_place place = {
		.key = key_find(key_settings(), "clients.direction"),
		.alias = &alias,
	};
	struct settings settings = { 0 };
	char error[KEY_ERROR] = "";

	for (const struct key_alias *one = key_aliases(); one->path != NULL;
	     one++) {
		CHECK_ROW(key_alias_find(one->path) == one, one->path);
		CHECK_ROW(key_find(key_settings(), one->path) == NULL,
			  one->path);
		CHECK_ROW(key_find(key_settings(), one->now) != NULL, one->now);
	}
	CHECK(key_place_set(&place, &settings, "no", error) == 0);
	CHECK(settings.clients.direction == DIRECTION_UPLOAD);
	CHECK(key_place_set(&place, &settings, "yes", error) == 0);
	CHECK(settings.clients.direction == DIRECTION_DOWNLOAD);
	/* The old spelling has the old words only. */
	CHECK(key_place_set(&place, &settings, "upload", error) == -1);
	CHECK(strcmp(error, "clients.reading takes yes, no, not 'upload'") ==
	      0);
}

static void
worlds_test(void)
{
	static const struct {
		const char *line;
		bool one;
	} rows[] = {
		{ "routing.hop_ms.1", true },
		{ "routing.hop_ms", true },
		{ "fabric.edge_link.rate_gbps", true },
		{ "fabric.edge_link.delay_us", false },
		{ "events.12.side", true },
		{ "events.12.kind", false },
		{ "dht.k", false },
		{ "dht.tables", true },
		{ "service.clock_skew_ms", true },
		{ "measure.stores", false },
		{ "no.such.key", false },
		{ "", false },
		{ "7", false },
	};
	static const struct {
		const char *path, *value;
		bool refused;
	} labs[] = {
		{ "dht.k", "8", false },
		{ "routing.hop_ms", "[1, 2]", false },
		{ "fabric.fidelity", "path", true },
		{ "fabric.kind", "uniform", true },
		{ "routing.ecmp", "modulo", true },
		{ "service.clock_skew_ms", "1", true },
		{ "measure.stores", "1", true },
		{ "dht.watch_s", "5", false },
		{ "dht.watch_s", "0", false },
		{ "measure.rpcs", "1", true },
	};
	char error[KEY_ERROR] = "";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(key_is_of_one_world(rows[i].line) == rows[i].one,
			  rows[i].line);
	for (size_t i = 0; i < sizeof(labs) / sizeof(labs[0]); i++) {
		const struct key *key = key_find(key_settings(), labs[i].path);
		struct settings settings;

		settings_default(&settings);
		CHECK_ROW(key_lab_refuses(&settings, error) == NULL, error);
		CHECK(key_set(key, &settings, labs[i].value, error) == 0);
		CHECK_ROW((key_lab_refuses(&settings, error) == key) ==
				  labs[i].refused,
			  labs[i].path);
	}
	CHECK(strcmp(error, "measure.rpcs: 1 is simulated; a lab takes 0") ==
	      0);
}

/* What an event may say, by the model and by its reader. */
static void
event_keys_test(void)
{
	const struct key_table *table = key_faults();
	uint32_t all = 0, taken = 0;
	char text[KEY_ERROR];

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		const char *name = fault_key_name(key->given);

		if (strcmp(key->path, "at_s") == 0 ||
		    strcmp(key->path, "kind") == 0)
			continue;
		CHECK_ROW(name != NULL && strcmp(name, key->path) == 0,
			  key->path);
		CHECK_ROW((all & key->given) == 0, key->path);
		all |= key->given;
	}
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
		taken |= fault_kind_trait((enum fault_kind)kind)->keys;
	CHECK(taken == all);
	key_fault_keys(FAULT_LINK_DOWN, text);
	CHECK_ROW(strcmp(text, "side, until_s, for_s, each_s, period_s, "
			       "retry_after_ms, count") == 0,
		  text);
	key_fault_keys(FAULT_MERGE, text);
	CHECK_ROW(strcmp(text, "") == 0, text);
}

int
main(void)
{
	struct settings settings;

	settings_default(&settings);
	CHECK(key_settings()->count <= SCENARIO_KEYS);
	table_test(key_settings(), &settings);
	table_test(key_faults(), NULL);
	did_you_mean_test();
	aliases_test();
	worlds_test();
	event_keys_test();
	return check_done();
}
