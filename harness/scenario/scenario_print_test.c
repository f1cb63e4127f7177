/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_print_test.c - what is printed, and that it reads back
 */
#include "harness/scenario/scenario_print.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/sweep.h"
#include "sim/model/fault_kind.h"

/* As somebody would write it: prints as it stands. */
static const char *const files[] = {
	"title: Nothing is as always\n",

	"title: \"Two: a list, a \\\"span\\\"\"\n"
	"seed: 7\n"
	"fabric:\n"
	"  leaves: 8\n"
	"  servers: 9\n"
	"  client_link:\n"
	"    delay_us: 10.5\n"
	"  server_link:\n"
	"    loss_percent: 0.1\n"
	"routing:\n"
	"  hop_ms: [1, 2.5]\n"
	"dht:\n"
	"  placement: \"000102030405060708090a0b0c0d0e0f\"\n"
	"service:\n"
	"  scheme: none\n"
	"  family: 6\n"
	"  outer_fragment: off\n"
	"clients:\n"
	"  sessions: 3\n"
	"  jitter_ms: 0\n"
	"  size_cdf: [[100, 12.5], [5000, 100]]\n"
	"  reuse_ports: on\n"
	"events:\n"
	"  - { at_s: 0, kind: merge }\n",

	"title: Events\n"
	"fabric:\n"
	"  leaves: 6\n"
	"events:\n"
	"  - { at_s: 1.5, kind: drain, target: server1, until_s: 7 }\n"
	"  - { at_s: 2, kind: link_down, target: path, retry_after_ms: 50 }\n"
	"  - { at_s: 2, kind: server_crash, target: [server2, server3], "
	"until_s: 9, for_s: 0.5, each_s: 1, count: 1 }\n"
	"  - { at_s: 3, kind: link_degrade, target: \"*-server1\", "
	"loss_percent: 0, rate_gbps: 0 }\n"
	"  - { at_s: 4, kind: churn, rate_percent_min: 100, down_s: 1, "
	"crash_percent: 100 }\n"
	"  - { at_s: 5, kind: router_down, target: spine* }\n"
	"  - { at_s: 6, kind: link_silent, target: [spine1-*, leaf3-server3], "
	"way: up, for_s: 1 }\n",
};

/* Of the text's first point. */
static bool
read_text(struct scenario *scenario, struct sweep_point *point,
	  const char *text)
{
	char *said = NULL;
	size_t size = 0;
	FILE *talk = open_memstream(&said, &size);
	int code = scenario_parse(scenario, "f.yaml", text, strlen(text), NULL,
				  0, talk);

	fclose(talk);
	CHECK_ROW(code == 0 || strstr(said, "merge without") != NULL, said);
	free(said);
	sweep_point_make(scenario, 0, point);
	return code == 0;
}

static void
files_test(struct scenario *scenario, struct sweep_point *point)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *text;

		(void)read_text(scenario, point, files[i]);
		text = scenario_print_text(NULL, scenario->title,
					   &point->settings);
		CHECK_ROW(strcmp(text, files[i]) == 0, text);
		free(text);
	}
}

static void
head_test(struct scenario *scenario, struct sweep_point *point)
{
	char *text;

	CHECK(read_text(scenario, point, files[0]));
	text = scenario_print_text("one\n\ntwo", "t", &point->settings);
	CHECK_ROW(strcmp(text, "# one\n#\n# two\ntitle: t\n") == 0, text);
	free(text);
}

static void
keys_same(const struct key_table *table, const void *one, const void *other,
	  const char *file)
{
	char text[KEY_TEXT], again[KEY_TEXT];

	for (size_t i = 0; i < table->count; i++) {
		key_format(&table->keys[i], one, text);
		key_format(&table->keys[i], other, again);
		CHECK_ROW(strcmp(text, again) == 0, table->keys[i].path);
		if (strcmp(text, again) != 0)
			fprintf(stderr, "  in %s: %s, then %s\n", file, text,
				again);
	}
}

static void
settings_same(const struct settings *one, const struct settings *other,
	      const char *file)
{
	keys_same(key_settings(), one, other, file);
	CHECK_ROW(one->clients.size_cdf_count == other->clients.size_cdf_count,
		  file);
	CHECK_ROW(one->fault_count == other->fault_count, file);
	for (uint32_t i = 0; i < one->fault_count; i++) {
		const struct fault_settings *a = &one->faults[i];
		const struct fault_settings *b = &other->faults[i];

		keys_same(key_faults(), a, b, file);
		CHECK_ROW(fault_keys(a) == fault_keys(b), file);
		CHECK_ROW(a->list_count == b->list_count, file);
		for (uint32_t j = 0; j < a->list_count; j++)
			CHECK_ROW(strcmp(one->fault_targets[a->list_first + j],
					 other->fault_targets[b->list_first +
							      j]) == 0,
				  file);
	}
}

/* Prints, reads and compares member by member. */
static void
again_test(const struct settings *settings, const char *file)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	struct sweep_point point = { .faults = NULL };
	char *text = scenario_print_text("head", "A title", settings);

	CHECK_ROW(read_text(scenario, &point, text), text);
	settings_same(settings, &point.settings, file);
	free(text);
	sweep_point_release(&point);
	scenario_release(scenario);
	free(scenario);
}

static void
shipped_test(struct scenario *scenario, struct sweep_point *point)
{
	glob_t found;

	CHECK(glob("scenarios/*.yaml", 0, NULL, &found) == 0);
	CHECK(found.gl_pathc >= 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		CHECK(scenario_load(scenario, found.gl_pathv[i], NULL, 0) == 0);
		sweep_point_make(scenario, 0, point);
		again_test(&point->settings, found.gl_pathv[i]);
	}
	globfree(&found);
}

#define SECRET "ff0102030405060708090a0b0c0d0e0f"

/* Another value of the key; false: none is easily had. */
static bool
key_change(const struct key *key, struct settings *settings)
{
	static const char *const texts[] = {
		"off", "on",	 "[1, 2]", "0", "1",	"2",
		"40",  "2000.5", "9000",   "6", SECRET,
	};
	char before[KEY_TEXT], now[KEY_TEXT], error[KEY_ERROR];

	key_format(key, settings, before);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)key_set(key, settings, texts[i], error);
		key_format(key, settings, now);
		if (strcmp(before, now) != 0)
			return true;
	}
	for (unsigned i = 0; key->type == KEY_CHOICE && key->name(i) != NULL;
	     i++) {
		(void)key_set(key, settings, key->name(i), error);
		key_format(key, settings, now);
		if (strcmp(before, now) != 0)
			return true;
	}
	return false;
}

/* Each key alone, other than its default, is a line of the file. */
static void
each_key_test(void)
{
	const struct key_table *table = key_settings();

	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		struct settings settings;
		char line[2 * KEY_TEXT], value[KEY_TEXT], *text;

		settings_default(&settings);
		if (key->type == KEY_SIZES)
			continue; /* a file has it */
		CHECK_ROW(key_change(key, &settings), key->path);
		text = scenario_print_text(NULL, "t", &settings);
		key_format(key, &settings, value);
		snprintf(line, sizeof(line),
			 key->type == KEY_SECRET ? "%s: \"%s\"\n" : "%s: %s\n",
			 key_leaf(key), value);
		CHECK_ROW(strstr(text, line) != NULL, key->path);
		free(text);
	}
}

int
main(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	struct sweep_point point = { .faults = NULL };

	files_test(scenario, &point);
	head_test(scenario, &point);
	shipped_test(scenario, &point);
	each_key_test();
	sweep_point_release(&point);
	scenario_release(scenario);
	free(scenario);
	return check_done();
}
