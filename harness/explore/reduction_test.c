/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reduction_test.c - what is left when a rule of the test's own is looked for
 *
 * No world is run: a rule over settings says whether a variant shows it.
 */
#include "harness/explore/reduction.h"

#include <stdlib.h>
#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"
#include "harness/explore/generator.h"
#include "harness/scenario/scenario.h"
#include "harness/scenario/scenario_print.h"
#include "harness/scenario/sweep.h"
#include "sim/model/constraints.h"

#define MOST 3000

static const char world[] =
	"title: t\n"
	"seed: 77\n"
	"fabric:\n"
	"  exits: 3\n"
	"  spines: 4\n"
	"  leaves: 8\n"
	"  pods: 2\n"
	"  servers: 32\n"
	"  uplinks: 2\n"
	"  clients: 4\n"
	"  client_link: { delay_us: 123.25, mtu_bytes: 1400 }\n"
	"routing: { hop_ms: [1, 30], maximum_paths: 2 }\n"
	"dht: { k: 8, alpha: 5, replicas: 5, refresh_s: 5 }\n"
	"service: { family: 6, clock_skew_ms: 50, hold_packets: 2 }\n"
	"clients: { sessions: 812, interval_ms: 17, start_s: 0.3,\n"
	"  size_mb: 0.123456, size_cdf: [[100, 30], [9000, 100]] }\n"
	"measure: { duration_s: 37, stores: 50, lookups: 100, removals: 20,\n"
	"  interval_ms: 5 }\n"
	"events:\n"
	"  - { at_s: 2.345, kind: link_down, target: spine4-leaf7 }\n"
	"  - { at_s: 3.1, kind: drain, target: server29, until_s: 9.876 }\n"
	"  - { at_s: 4, kind: server_crash, target: [server3, server*], "
	"count: 2, each_s: 1.5, until_s: 20, for_s: 0.7 }\n"
	"  - { at_s: 5, kind: router_down, target: spine*, until_s: 8 }\n"
	"  - { at_s: 6, kind: join, count: 3 }\n"
	"  - { at_s: 7, kind: churn, rate_percent_min: 100, down_s: 4, "
	"law: weibull, shape: 0.5 }\n"
	"  - { at_s: 8, kind: link_silent, target: leaf-server, until_s: 9 }\n"
	"  - { at_s: 9, kind: drain, target: server35, until_s: 9.5 }\n";

struct bed {
	struct scenario *scenario;
	struct sweep_point point;
	struct variant variant;
	struct reduction reduction;
	bool (*rule)(const struct settings *);
	uint32_t calls, stop_at; /* variants; 0: never */
	/* Texts that were asked about. */
	char **texts;
};

/* Every question is a possible world that was not asked about before. */
static bool
answer(struct bed *bed, const struct settings *settings)
{
	struct constraint found = { .event = 0 };
	char *text = scenario_print_text(NULL, "t", settings);
	bool known = false;

	CHECK_ROW(!constraints_broken(settings, &found), found.sentence);
	for (uint32_t i = 0; i < bed->calls; i++)
		known |= strcmp(bed->texts[i], text) == 0;
	CHECK_ROW(!known, text);
	bed->texts = realloc(bed->texts, (bed->calls + 1) * sizeof(char *));
	bed->texts[bed->calls++] = text;
	return bed->rule(settings);
}

static uint32_t
first(void *context, const struct settings *const *settings, uint32_t count)
{
	struct bed *bed = context;

	for (uint32_t i = 0; i < count; i++) {
		if (bed->stop_at > 0 && bed->calls == bed->stop_at)
			return UINT32_MAX;
		if (answer(bed, settings[i]))
			return i;
	}
	return count;
}

static void
bed_make(struct bed *bed, const char *text,
	 bool (*rule)(const struct settings *))
{
	*bed = (struct bed){
		.scenario = calloc(1, sizeof(*bed->scenario)),
		.rule = rule,
		.reduction = { .first = first, .context = bed, .most = MOST },
	};
	CHECK(scenario_parse(bed->scenario, "w.yaml", text, strlen(text), NULL,
			     0, stderr) == 0);
	sweep_point_make(bed->scenario, 0, &bed->point);
	variant_copy(&bed->variant, &bed->point.settings);
	CHECK(rule(&bed->variant.settings));
}

static void
bed_release(struct bed *bed)
{
	for (uint32_t i = 0; i < bed->calls; i++)
		free(bed->texts[i]);
	free(bed->texts);
	variant_release(&bed->variant);
	sweep_point_release(&bed->point);
	scenario_release(bed->scenario);
	free(bed->scenario);
}

static char *
bed_text(const struct bed *bed)
{
	return scenario_print_text(NULL, "t", &bed->variant.settings);
}

/* ---- rules, and what must be left of the world ---- */

static bool
has(const struct settings *settings, enum fault_kind kind)
{
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (settings->faults[i].kind == kind)
			return true;
	return false;
}

static bool
drain_of_five(const struct settings *settings)
{
	return has(settings, FAULT_DRAIN) && settings->fabric.servers >= 5;
}

static bool
two_kinds(const struct settings *settings)
{
	return has(settings, FAULT_ROUTER_DOWN) &&
	       has(settings, FAULT_LINK_DOWN) &&
	       settings->clients.sessions >= 3;
}

static bool
small_k(const struct settings *settings)
{
	return settings->dht.node.k <= 8 && settings->dht.node.refresh_ns > 0 &&
	       settings->dht.node.refresh_ns < 6 * NS_PER_S;
}

static bool
crash(const struct settings *settings)
{
	return has(settings, FAULT_SERVER_CRASH);
}

static bool
loop(const struct settings *settings)
{
	for (uint32_t i = 0; i < settings->fault_count; i++)
		if (settings->faults[i].each_ns > 0)
			return true;
	return false;
}

static bool
lucky(const struct settings *settings)
{
	return settings->fabric.servers == 32 || settings->seed == 4;
}

static bool
anything(const struct settings *settings)
{
	(void)settings;
	return true;
}

/* What the smallest world says; the rest is as always. */
#define LEAST(servers) "title: t\n" LEAST_FABRIC(servers)
#define EVENT(text)    "events:\n  - " text "\n"
#define LEAST_FABRIC(servers)                                                  \
	"fabric:\n"                                                            \
	"  exits: 1\n"                                                         \
	"  spines: 1\n"                                                        \
	"  leaves: 1\n"                                                        \
	"  servers: " servers "\n"                                             \
	"  uplinks: 1\n"
#define ROUTER_DOWN "  - { at_s: 0.2, kind: router_down, target: spine1 }\n"
#define LEAST_LOAD(sessions, duration)                                         \
	"clients:\n"                                                           \
	"  sessions: " sessions "\n"                                           \
	"  size_mb: 0.001\n"                                                   \
	"measure:\n"                                                           \
	"  duration_s: " duration "\n"

static const struct row {
	const char *sentence;
	bool (*rule)(const struct settings *);
	const char *left; /* the whole file */
} rows[] = {
	{ "anything goes: nothing is left", anything,
	  LEAST("1") LEAST_LOAD("0", "1") },
	{ "a drain and five servers", drain_of_five,
	  LEAST("5") LEAST_LOAD("0", "0.5")
		  EVENT("{ at_s: 0.1, kind: drain, target: server3 }") },
	{ "two events and three sessions", two_kinds,
	  LEAST("1") LEAST_LOAD("3", "0.9")
		  EVENT("{ at_s: 0.1, kind: link_down, target: spine1-leaf1 }")
			  ROUTER_DOWN },
	{ "keys that matter stay", small_k,
	  LEAST("1") "dht:\n"
		     "  k: 8\n"
		     "  refresh_s: 5\n" LEAST_LOAD("0", "1") },
	{ "a set is one, a loop once, nothing undone", crash,
	  LEAST("1") LEAST_LOAD("0", "0.9")
		  EVENT("{ at_s: 0.1, kind: server_crash, target: server1 }") },
	{ "a loop that matters stays", loop,
	  LEAST("1") LEAST_LOAD("0", "0.9")
		  EVENT("{ at_s: 0.1, kind: server_crash, target: server1, "
			"until_s: 0.2, each_s: 2 }") },
	{ "another seed when its own loses it", lucky,
	  "title: t\n"
	  "seed: 4\n" LEAST_FABRIC("1") LEAST_LOAD("0", "1") },
};

static void
rows_test(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct bed bed;
		char *text, *again;
		uint32_t asked;

		bed_make(&bed, world, row->rule);
		reduction_run(&bed.reduction, &bed.variant);
		text = bed_text(&bed);
		asked = bed.reduction.asked;
		CHECK_ROW(row->rule(&bed.variant.settings), row->sentence);
		CHECK_ROW(strcmp(text, row->left) == 0, row->sentence);
		if (strcmp(text, row->left) != 0)
			fprintf(stderr, "%s", text);
		CHECK_ROW(asked == bed.calls && asked < MOST, row->sentence);
		CHECK_ROW(!bed.reduction.stopped, row->sentence);
		bed_release(&bed);

		bed_make(&bed, world, row->rule);
		reduction_run(&bed.reduction, &bed.variant);
		again = bed_text(&bed);
		CHECK_ROW(strcmp(text, again) == 0, row->sentence);
		CHECK_ROW(asked == bed.reduction.asked, row->sentence);
		fprintf(stderr, "%s: %u asked\n", row->sentence, asked);
		free(text);
		free(again);
		bed_release(&bed);
	}
}

/* ---- every key of the table ---- */

static const struct key *kept;
static char kept_text[KEY_TEXT];

static bool
keeps(const struct settings *settings)
{
	char text[KEY_TEXT];

	key_format(kept, settings, text);
	return strcmp(text, kept_text) == 0;
}

/* Of a world, a key that is not its default: all others become theirs, but
 * those that limit it, and what is as small as can be. */
static void
key_test(const char *file, const struct key *key)
{
	const struct key_table *table = key_settings();
	struct settings defaults;
	struct bed bed;
	unsigned others = 0;

	kept = key;
	bed_make(&bed, file, keeps);
	reduction_run(&bed.reduction, &bed.variant);
	CHECK_ROW(keeps(&bed.variant.settings), key->path);
	CHECK_ROW(bed.variant.settings.fault_count == 0, key->path);
	settings_default(&defaults);
	for (size_t i = 0; i < table->count; i++) {
		char text[KEY_TEXT], usual[KEY_TEXT];

		key_format(&table->keys[i], &bed.variant.settings, text);
		key_format(&table->keys[i], &defaults, usual);
		if (&table->keys[i] == key || strcmp(text, usual) == 0 ||
		    strncmp(table->keys[i].path, "fabric.", 7) == 0 ||
		    strncmp(table->keys[i].path, "measure.", 8) == 0 ||
		    strncmp(table->keys[i].path, "clients.s", 9) == 0)
			continue;
		if (++others > 2 || strncmp(key->path, "dht.", 4) != 0)
			CHECK_ROW(false, table->keys[i].path);
	}
	bed_release(&bed);
}

static void
keys_test(void)
{
	const struct key_table *table = key_settings();
	bool *done = calloc(table->count, sizeof(bool));
	struct settings defaults;
	unsigned tested = 0;

	settings_default(&defaults);
	for (uint64_t seed = 1; seed <= 100; seed++) {
		char *file = generator_scenario(seed), usual[KEY_TEXT];
		struct bed bed;

		kept_text[0] = '\0';
		bed_make(&bed, file, anything);
		for (size_t i = 0; i < table->count; i++) {
			const struct key *key = &table->keys[i];

			key_format(key, &defaults, usual);
			key_format(key, &bed.variant.settings, kept_text);
			if (done[i] || strcmp(kept_text, usual) == 0)
				continue;
			done[i] = true;
			tested++;
			key_test(file, key);
		}
		free(file);
		bed_release(&bed);
	}
	CHECK(tested > table->count / 2);
	free(done);
}

/* ---- an end ---- */

static void
bound_test(void)
{
	struct bed bed;
	char *text, *before;

	bed_make(&bed, world, two_kinds);
	bed.reduction.most = 20;
	reduction_run(&bed.reduction, &bed.variant);
	CHECK(bed.reduction.asked == 20 && bed.calls == 20);
	CHECK(two_kinds(&bed.variant.settings));
	bed_release(&bed);

	bed_make(&bed, world, two_kinds);
	bed.stop_at = 1; /* the first answer is no */
	before = bed_text(&bed);
	reduction_run(&bed.reduction, &bed.variant);
	text = bed_text(&bed);
	CHECK(bed.reduction.stopped && strcmp(before, text) == 0);
	free(text);
	free(before);
	bed_release(&bed);
}

int
main(void)
{
	rows_test();
	keys_test();
	bound_test();
	return check_done();
}
