/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario_test.c - what is said about wrong files, and what right ones mean
 *
 * The first table is the contract with the author of a scenario: file, line,
 * column and sentence, exactly. The rest reads files that are right and looks
 * at settings, points and the printout.
 */
#include "harness/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario_dump.h"
#include "harness/scenario/sweep.h"

#define TITLE "title: t\n"

struct wrong {
	const char *sentence;
	const char *file;
	const char *set; /* NULL: none */
	const char *message;
};

static const struct wrong wrongs[] = {
	{ "an empty file", "", NULL,
	  "f.yaml:1:1: an empty file is no scenario\n" },
	{ "no title", "seed: 1\n", NULL, "f.yaml:1:1: title is missing\n" },
	{ "a list is no scenario", "- 1\n", NULL,
	  "f.yaml:1:1: a scenario must be a mapping of keys\n" },
	{ "broken YAML", TITLE "fabric: {\n", NULL,
	  "f.yaml:3:1: did not find expected node content (while parsing a "
	  "flow node)\n" },
	{ "not UTF-8", TITLE "seed: \xff\n", NULL,
	  "f.yaml:2:7: invalid leading UTF-8 octet\n" },
	{ "two documents", TITLE "---\na: 1\n", NULL,
	  "f.yaml:3:1: a second document; a scenario is one\n" },
	{ "an unknown section", TITLE "fabrik: {}\n", NULL,
	  "f.yaml:2:1: unknown key 'fabrik'; did you mean 'fabric'?\n" },
	{ "an unknown key names the nearest of its section",
	  TITLE "fabric:\n  servres: 5\n", NULL,
	  "f.yaml:3:3: unknown key 'servres' in fabric; did you mean "
	  "'servers'?\n" },
	{ "a key in the wrong section", TITLE "fabric:\n  alpha: 3\n", NULL,
	  "f.yaml:3:3: unknown key 'alpha' in fabric; did you mean "
	  "'dht.alpha'?\n" },
	{ "nothing near", TITLE "xyzzyx: 3\n", NULL,
	  "f.yaml:2:1: unknown key 'xyzzyx'\n" },
	{ "the wrong unit", TITLE "fabric: { edge_link: { delay_ms: 5 } }\n",
	  NULL,
	  "f.yaml:2:24: unknown key 'delay_ms' in fabric.edge_link; here it "
	  "is in microseconds: 'delay_us'\n" },
	{ "no unit", TITLE "measure: { duration: 5 }\n", NULL,
	  "f.yaml:2:12: unknown key 'duration' in measure; here it is in "
	  "seconds: 'duration_s'\n" },
	{ "a unit in the value", TITLE "measure: { duration_s: 5ms }\n", NULL,
	  "f.yaml:2:24: duration_s takes a number of seconds, not '5ms'\n" },
	{ "a section that is a value", TITLE "dht: 5\n", NULL,
	  "f.yaml:2:6: dht must be a mapping of keys\n" },
	{ "a value that is a section", TITLE "dht: { k: { a: 1 } }\n", NULL,
	  "f.yaml:2:11: k must be a single value, not a mapping\n" },
	{ "a word for a number", TITLE "fabric: { exits: two }\n", NULL,
	  "f.yaml:2:18: exits takes a whole number, not 'two'\n" },
	{ "a number in quotes", TITLE "fabric: { exits: \"2\" }\n", NULL,
	  "f.yaml:2:18: exits takes a number, not a text in quotes\n" },
	{ "a decimal for a count", TITLE "fabric: { exits: 2.0 }\n", NULL,
	  "f.yaml:2:18: exits takes a whole number, not '2.0'\n" },
	{ "a negative count", TITLE "fabric: { exits: -2 }\n", NULL,
	  "f.yaml:2:18: exits takes a whole number, not '-2'\n" },
	{ "below the range", TITLE "fabric: { leaves: 0 }\n", NULL,
	  "f.yaml:2:19: leaves: 0 is outside 1..65536\n" },
	{ "above the range", TITLE "service: { port: 65536 }\n", NULL,
	  "f.yaml:2:18: port: 65536 is outside 1..65535\n" },
	{ "above 64 bits", TITLE "seed: 99999999999999999999\n", NULL,
	  "f.yaml:2:7: seed: 99999999999999999999 is outside "
	  "0..9223372036854775807\n" },
	{ "finer than a nanosecond",
	  TITLE "fabric: { uniform_delay_us: 0.0001 }\n", NULL,
	  "f.yaml:2:29: uniform_delay_us: 0.0001 microseconds is finer than a "
	  "nanosecond\n" },
	{ "an unknown choice", TITLE "routing: { ecmp: resiliant }\n", NULL,
	  "f.yaml:2:18: ecmp cannot be 'resiliant'; did you mean "
	  "'resilient'?\n" },
	{ "a choice far off", TITLE "service: { family: 5x }\n", NULL,
	  "f.yaml:2:20: family takes one of 4, 6; not '5x'\n" },
	{ "a switch that is neither", TITLE "service: { homeward: maybe }\n",
	  NULL,
	  "f.yaml:2:22: service.homeward takes on, off, true, false, yes, no, "
	  "not 'maybe'\n" },
	{ "a span upside down", TITLE "routing: { hop_ms: [9, 3] }\n", NULL,
	  "f.yaml:2:20: hop_ms: the low end 9 is above the high end 3\n" },
	{ "a span of three", TITLE "routing: { hop_ms: [1, 2, 3] }\n", NULL,
	  "f.yaml:2:20: hop_ms must be a single value, not a list\n" },
	{ "a short secret", TITLE "dht: { placement: abc }\n", NULL,
	  "f.yaml:2:19: placement takes 32 hexadecimal digits, not 'abc'\n" },
	{ "a key given twice", TITLE "dht:\n  k: 8\n  k: 9\n", NULL,
	  "f.yaml:4:3: 'k' is given twice; first in line 3\n" },
	{ "a section given twice", TITLE "dht: {}\nseed: 3\ndht: {}\n", NULL,
	  "f.yaml:4:1: 'dht' is given twice; first in line 2\n" },
	{ "two mistakes, two lines",
	  TITLE "dht: { k: 99 }\nfabric: { exits: x }\n", NULL,
	  "f.yaml:2:11: k: 99 is outside 1..32\n"
	  "f.yaml:3:18: exits takes a whole number, not 'x'\n" },
	{ "a document that contains itself", "a: &a [*a]\n", NULL,
	  "f.yaml:1:1: unknown key 'a'\n" },

	{ "more uplinks than leaves",
	  TITLE "fabric: { leaves: 2, uplinks: 3 }\n", NULL,
	  "f.yaml:2:31: more uplinks a server than leaves a pod: "
	  "fabric.uplinks is 3, fabric.leaves is 2\n" },
	{ "alpha above k", TITLE "dht: { k: 4, alpha: 5, replicas: 1 }\n", NULL,
	  "f.yaml:2:21: alpha must not exceed k: dht.alpha is 5, dht.k is "
	  "4\n" },
	{ "clients on a uniform fabric",
	  TITLE "fabric: { kind: uniform }\nclients: { sessions: 2 }\n", NULL,
	  "f.yaml:3:22: a uniform fabric has servers only, no clients to open "
	  "sessions: clients.sessions is 2, fabric.kind is uniform\n" },
	{ "a cut on a uniform fabric",
	  TITLE "fabric: { kind: uniform }\n"
		"events:\n- { at_s: 1, kind: link_down, target: path }\n",
	  NULL,
	  "f.yaml:4:39: link_down needs links and routers; a uniform fabric "
	  "has "
	  "none: events.1.target is path\n" },
	{ "lookups of nothing",
	  TITLE "clients: { sessions: 0 }\n"
		"measure: { settings: 0, lookups: 5 }\n",
	  NULL,
	  "f.yaml:3:34: lookups need stores or sessions to look up: "
	  "measure.lookups is 5, measure.stores is 0\n" },
	{ "a contradiction at one point of a sweep",
	  TITLE "sweep:\n  dht.k: [8, 2]\n", NULL,
	  "f.yaml:3:10: alpha must not exceed k: dht.alpha is 3, dht.k is 2 "
	  "(at dht.k 2, seed 1)\n" },

	{ "a sweep of an unknown key", TITLE "sweep: { fabric.serers: [1] }\n",
	  NULL,
	  "f.yaml:2:10: sweep of an unknown key 'fabric.serers'; did you mean "
	  "'fabric.servers'?\n" },
	{ "a sweep of a leaf's name", TITLE "sweep: { servers: [1] }\n", NULL,
	  "f.yaml:2:10: sweep of an unknown key 'servers'; did you mean "
	  "'fabric.servers'?\n" },
	{ "a sweep of the seed", TITLE "sweep: { seed: [1, 2] }\n", NULL,
	  "f.yaml:2:16: seed cannot be swept; repeat: N takes N seeds\n" },
	{ "a swept value twice", TITLE "sweep: { dht.k: [8, 9, 8] }\n", NULL,
	  "f.yaml:2:24: 8 is swept twice\n" },
	{ "a swept value out of range", TITLE "sweep: { dht.k: [8, 80] }\n",
	  NULL, "f.yaml:2:21: k: 80 is outside 1..32\n" },
	{ "doublings that do not end",
	  TITLE "sweep: { fabric.servers: { doublings: 16..100 } }\n", NULL,
	  "f.yaml:2:39: doublings of 16 do not end at 100\n" },
	{ "no repeat", TITLE "sweep: { repeat: 0 }\n", NULL,
	  "f.yaml:2:18: repeat takes a whole number in 1..100000, not '0'\n" },
	{ "too many points", TITLE "sweep: { repeat: 100000, dht.k: [8, 9] }\n",
	  NULL, "f.yaml: the sweep has more than 100000 points\n" },

	{ "an unknown expectation", TITLE "expect: { strays_mn: 3 }\n", NULL,
	  "f.yaml:2:11: unknown expectation 'strays_mn'; did you mean "
	  "'strays_min'?\n" },
	{ "an unknown cause", TITLE "expect: [{ cause_all: [owner_died] }]\n",
	  NULL,
	  "f.yaml:2:24: unknown cause 'owner_died'; did you mean "
	  "'owner_dead'?\n" },
	{ "causes that are no list", TITLE "expect: { cause_all: silent }\n",
	  NULL, "f.yaml:2:22: cause_all takes a list of causes\n" },
	{ "an unknown outcome", TITLE "expect: [{ outcome_all: [keept] }]\n",
	  NULL,
	  "f.yaml:2:26: unknown outcome 'keept'; did you mean 'kept'?\n" },
	{ "an expectation without a number",
	  TITLE "expect: { reset_max: no }\n", NULL,
	  "f.yaml:2:22: reset_max takes a whole number, not 'no'\n" },
	{ "where of an unknown key",
	  TITLE "expect: [{ where: { service.homewrd: on } }]\n", NULL,
	  "f.yaml:2:21: where: no setting 'service.homewrd' to compare; did "
	  "you mean 'service.homeward'?\n" },
	{ "an unknown plot", TITLE "plots: [lookups]\n", NULL,
	  "f.yaml:2:9: unknown plot 'lookups'; did you mean 'lookup'?\n" },
	{ "sizes that decrease",
	  TITLE "clients: { size_cdf: [[10, 50], [5, 100]] }\n", NULL,
	  "f.yaml:2:33: size_cdf must not decrease\n" },
	{ "sizes that never end", TITLE "clients: { size_cdf: [[10, 50]] }\n",
	  NULL, "f.yaml:2:22: size_cdf must end at 100 percent of a size\n" },

	{ "two spellings of a key that disagree",
	  TITLE "measure:\n  settings: 3\n  stores: 4\n", NULL,
	  "f.yaml:4:11: measure.stores is another name of measure.settings, "
	  "which has another value in line 3\n" },
	{ "a wrong value of an old spelling", TITLE "measure: {settings: x}\n",
	  NULL,
	  "f.yaml:2:21: measure.settings, now measure.stores: stores takes a "
	  "whole number, not 'x'\n" },
	{ "a sweep of both spellings",
	  TITLE "sweep: {measure.settings: [1], measure.stores: [2]}\n", NULL,
	  "f.yaml:2:32: measure.stores is swept by another name, too\n" },
	{ "where two spellings disagree",
	  TITLE "expect: {where: {measure.settings: 1, measure.stores: 2}}\n",
	  NULL,
	  "f.yaml:2:39: where: measure.stores has two values in one block\n" },

	{ "--set without a value", TITLE, "dht.k",
	  "--set dht.k: must be KEY=VALUE\n" },
	{ "two spellings that contradict each other",
	  TITLE "service: { homeward: off, scheme: owner_hash }\n", NULL,
	  "f.yaml:2:35: service.scheme is another name of service.homeward, "
	  "which has another value in line 2\n" },
	{ "the same the other way round",
	  TITLE "service: { scheme: none, homeward: yes }\n", NULL,
	  "f.yaml:2:36: service.homeward is another name of service.scheme, "
	  "which has another value in line 2\n" },
	{ "a sweep of both spellings",
	  TITLE "sweep: { service.homeward: [on, off], "
		"service.scheme: [none, owner_hash] }\n",
	  NULL, "f.yaml:2:39: service.scheme is swept by another name, too\n" },
	{ "a scheme that there is not",
	  TITLE "service: { scheme: owner_has }\n", NULL,
	  "f.yaml:2:20: scheme cannot be 'owner_has'; did you mean "
	  "'owner_hash'?\n" },
	{ "--set of an unknown key", TITLE, "dht.kk=3",
	  "--set dht.kk=3: unknown key 'dht.kk'; did you mean 'dht.k'?\n" },
	{ "--set of a wrong value", TITLE, "dht.k=three",
	  "--set dht.k=three: k takes a whole number, not 'three'\n" },
	{ "--set of nothing", TITLE,
	  "dht.k=", "--set dht.k=: a value is missing\n" },
	{ "--set into a contradiction", TITLE, "dht.alpha=30",
	  "--set dht.alpha=30: alpha must not exceed k: dht.alpha is 30, dht.k "
	  "is 20\n" },
	{ "--set of broken YAML", TITLE, "dht.k=[1",
	  "--set dht.k=[1: did not find expected ',' or ']' (while parsing a "
	  "flow sequence)\n" },
};

/* Parse; what was said is in *talk, to be freed. */
static int
parse(struct scenario *scenario, const char *file, const char *const *sets,
      uint32_t set_count, char **talk)
{
	size_t size = 0;
	FILE *stream = open_memstream(talk, &size);
	int code = scenario_parse(scenario, "f.yaml", file, strlen(file), sets,
				  set_count, stream);

	fclose(stream);
	return code;
}

static void
wrongs_test(struct scenario *scenario)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *wrong = &wrongs[i];
		char *talk = NULL;
		int code = parse(scenario, wrong->file, &wrong->set,
				 wrong->set != NULL ? 1 : 0, &talk);

		CHECK_ROW(code == -1, wrong->sentence);
		CHECK_ROW(strcmp(talk, wrong->message) == 0, wrong->sentence);
		if (strcmp(talk, wrong->message) != 0)
			fprintf(stderr, "  expected: %s  got:      %s",
				wrong->message, talk);
		free(talk);
	}
}

/* All ways to name a key, by its old name, in one scenario. */
static void
aliases_test(struct scenario *scenario)
{
	static const char file[] = TITLE
		"measure: { settings: 3, stores: 3 }\n"
		"expect: { where: { measure.settings: 3 }, settings_min: 1 }\n";
	static const char swept[] =
		TITLE "sweep: { measure.settings: [1, 2] }\n";
	static const char *const sets[][2] = {
		{ "measure.settings=5", NULL },
		{ "measure.stores=5", NULL },
		{ "measure.settings=5", "measure.stores=5" },
		{ "measure.settings=5", "measure.stores=6" },
	};
	char path[KEY_TEXT], *talk;

	CHECK(parse(scenario, file, NULL, 0, &talk) == 0);
	CHECK(scenario->settings.measure.stores == 3);
	CHECK(strcmp(scenario->expect.conditions[0].place.key->path,
		     "measure.stores") == 0);
	free(talk);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		uint32_t count = sets[i][1] != NULL ? 2 : 1;
		int code = parse(scenario, file, sets[i], count, &talk);

		CHECK_ROW(code == (i < 3 ? 0 : -1), sets[i][0]);
		if (i < 3)
			CHECK_ROW(scenario->settings.measure.stores == 5,
				  sets[i][0]);
		else
			CHECK(strcmp(talk, "--set measure.stores=6: "
					   "measure.stores is another name of "
					   "measure.settings, which has "
					   "another value\n") == 0);
		free(talk);
	}
	CHECK(parse(scenario, swept, NULL, 0, &talk) == 0);
	CHECK(scenario->axis_count == 1);
	scenario_path(&scenario->axes[0].place, path);
	CHECK(strcmp(path, "measure.stores") == 0);
	free(talk);
	/* A --set by one name takes the sweep by the other away. */
	CHECK(parse(scenario, swept, &sets[1][0], 1, &talk) == 0);
	CHECK(scenario->axis_count == 0);
	free(talk);
}

static const char good[] =
	"# every kind of value once\n"
	"title: 'A question: and # more'\n"
	"seed: 7\n"
	"fabric:\n"
	"  servers: 16\n"
	"  uplinks: 2\n"
	"  fabric_link: &link { delay_us: 5.001, rate_gbps: 0.000000001 }\n"
	"  edge_link: *link\n"
	"routing: { hop_ms: [50, 55.5], local_ms: 3, ecmp: resilient }\n"
	"dht: { placement: 000102030405060708090a0b0c0d0e0f }\n"
	"service: { homeward: yes, family: 6, hold_kb: 8388.608 }\n"
	"clients: { size_mb: 0.000001, reuse_ports: on }\n"
	"events:\n"
	"  - { at_s: 2, kind: link_silent, target: exit1-spine2, until_s: 4 }\n"
	"  - { at_s: 2.5, kind: drain, target: server16 }\n"
	"sweep:\n"
	"  dht.k: [8, 20]\n"
	"  fabric.servers: { doublings: 16..64 }\n"
	"  routing.hop_ms: [[1, 2], [3, 4]]\n"
	"  events.2.at_s: [1, 2]\n"
	"  repeat: 2\n"
	"expect:\n"
	"  - where: { service.homeward: off }\n"
	"    reset_min: 1\n"
	"  - outcome_all: [kept, closed]\n"
	"    stall_longest_max_ms: 500.5\n"
	"    cause_all: [unfinished, owner_dead]\n"
	"    record_gone_max: 0\n"
	"plots: [lookup, hops]\n";

static void
values_test(struct scenario *scenario)
{
	const struct settings *s = &scenario->settings;
	char *talk = NULL;

	CHECK(parse(scenario, good, NULL, 0, &talk) == 0);
	CHECK(strcmp(talk, "") == 0);
	free(talk);
	CHECK(strcmp(scenario->title, "A question: and # more") == 0);
	CHECK(strcmp(scenario->name, "f") == 0);
	CHECK(s->seed == 7 && s->fabric.servers == 16);
	CHECK(s->fabric.fabric_link.delay_ns == 5001);
	CHECK(s->fabric.edge_link.delay_ns == 5001);
	CHECK(s->fabric.edge_link.rate_bps == 1);
	CHECK(s->routing.hop.low_ns == 50000000);
	CHECK(s->routing.hop.high_ns == 55500000);
	CHECK(s->routing.local.low_ns == 3000000);
	CHECK(s->routing.local.high_ns == 3000000);
	CHECK(s->routing.ecmp == ECMP_RESILIENT);
	CHECK(s->dht.placement.bytes[15] == 15);
	CHECK(s->service.scheme == SCHEME_HOMEWARD && s->service.family == 6);
	CHECK(s->service.steer.hold_bytes == 8388608);
	CHECK(s->clients.size_bytes == 1 && s->clients.reuse_ports);
	CHECK(s->fault_count == 2);
	CHECK(s->faults[0].kind == FAULT_LINK_SILENT);
	CHECK(s->faults[0].until_ns == 4 * NS_PER_S);
	CHECK(s->faults[1].at_ns == 2500000000);
	CHECK(strcmp(s->faults[1].target, "server16") == 0);
	CHECK(scenario->repeat == 2 && scenario->axis_count == 4);
	CHECK(scenario->expect.block_count == 2);
	CHECK(scenario->plot_count == 2);
}

/* A word among numbers is text in JSON. */
static void
word_point_test(struct scenario *scenario)
{
	struct sweep_point *point = calloc(1, sizeof(*point));
	char *talk = NULL, *json;

	CHECK(parse(scenario,
		    "title: x\nsweep: { clients.jitter_ms: [auto, 5] }\n", NULL,
		    0, &talk) == 0);
	free(talk);
	sweep_point_make(scenario, 0, point);
	json = sweep_point_json(scenario, point);
	CHECK(json != NULL &&
	      strcmp(json, "{\"clients.jitter_ms\":\"auto\"}") == 0);
	free(json);
	sweep_point_release(point);
	free(point);
}

static void
points_test(struct scenario *scenario)
{
	struct sweep_point *point = calloc(1, sizeof(*point));
	char label[SWEEP_LABEL], *talk = NULL, *json;

	CHECK(parse(scenario, good, NULL, 0, &talk) == 0);
	free(talk);
	CHECK(sweep_point_count(scenario) == 2 * 3 * 2 * 2 * 2);
	sweep_point_make(scenario, 0, point);
	CHECK(point->settings.dht.node.k == 8);
	CHECK(point->settings.seed == 7);
	sweep_point_make(scenario, 1, point);
	CHECK(point->settings.seed == 8);
	sweep_point_make(scenario, 47, point);
	CHECK(point->settings.dht.node.k == 20);
	CHECK(point->settings.fabric.servers == 64);
	CHECK(point->settings.routing.hop.high_ns == 4000000);
	CHECK(point->settings.faults[1].at_ns == 2 * NS_PER_S);
	/* The scenario's own event is as it was. */
	CHECK(scenario->faults[1].at_ns == 2500000000);
	sweep_point_label(scenario, point, label);
	CHECK(strcmp(label, "dht.k 20, fabric.servers 64, routing.hop_ms "
			    "[3, 4], events.2.at_s 2, seed 8") == 0);
	json = sweep_point_json(scenario, point);
	CHECK(json != NULL &&
	      strcmp(json,
		     "{\"dht.k\":20,\"fabric.servers\":64,"
		     "\"routing.hop_ms\":[3,4],\"events.2.at_s\":2}") == 0);
	free(json);
	sweep_point_release(point);
	free(point);
}

static void
sets_test(struct scenario *scenario)
{
	const char *const sets[] = {
		"dht.k=16",
		"sweep.fabric.servers=[8, 9]",
		"routing.hop_ms=[1, 2]",
		"events.2.target=server1",
		"events.2.at_s=3",
		"repeat=1",
		"title=other",
		"clients.size_cdf=[[10, 12.5], [20, 100]]",
	};
	char *talk = NULL;

	CHECK(parse(scenario, good, sets, sizeof(sets) / sizeof(sets[0]),
		    &talk) == 0);
	CHECK(strcmp(talk, "") == 0);
	free(talk);
	CHECK(sweep_point_count(scenario) == 2);
	CHECK(scenario->settings.dht.node.k == 16);
	CHECK(scenario->settings.routing.hop.high_ns == 2000000);
	CHECK(strcmp(scenario->faults[1].target, "server1") == 0);
	CHECK(scenario->faults[1].at_ns == 3 * NS_PER_S);
	CHECK(strcmp(scenario->title, "other") == 0);
	CHECK(scenario->settings.clients.size_cdf_count == 2);
	CHECK(scenario->settings.clients.size_cdf[0].ppm == 125000);
}

/* The printout reads back to itself. */
static void
resolved_test(struct scenario *scenario, const char *file, const char *set)
{
	struct scenario *again = calloc(1, sizeof(*again));
	char *first, *second, *talk = NULL;

	CHECK(parse(scenario, file, &set, set != NULL ? 1 : 0, &talk) == 0);
	free(talk);
	first = scenario_dump_text(scenario);
	CHECK(first != NULL);
	CHECK(parse(again, first, NULL, 0, &talk) == 0);
	CHECK_ROW(strcmp(talk, "") == 0, talk);
	free(talk);
	second = scenario_dump_text(again);
	CHECK(second != NULL && strcmp(first, second) == 0);
	CHECK(sweep_point_count(scenario) == sweep_point_count(again));
	free(first);
	free(second);
	scenario_release(again);
	free(again);
}

static void
uniform_test(struct scenario *scenario)
{
	static const char file[] = TITLE "fabric: { kind: uniform }\n";
	char *talk = NULL;

	CHECK(parse(scenario, file, NULL, 0, &talk) == 0);
	CHECK_ROW(strcmp(talk, "") == 0, talk);
	free(talk);
	CHECK(scenario->settings.clients.sessions == 0);
	resolved_test(scenario, file, NULL);
}

static const struct {
	const char *sentence, *file, *sets[2], *scheme;
	uint32_t axes;
} spellings_test_rows[] = {
	{ "off is none", "service: { homeward: off }\n", { NULL }, "none", 0 },
	{ "true is homeward",
	  "service: { homeward: true }\n",
	  { NULL },
	  "homeward",
	  0 },
	{ "both, of one mind",
	  "service: { homeward: no, scheme: none }\n",
	  { NULL },
	  "none",
	  0 },
	{ "--set has the last word over the other spelling",
	  "service: { scheme: none }\n",
	  { "service.homeward=on" },
	  "homeward",
	  0 },
	{ "and the other way round",
	  "service: { homeward: on }\n",
	  { "service.scheme=owner_hash" },
	  "owner_hash",
	  0 },
	{ "two --set of one mind",
	  "service: { homeward: on }\n",
	  { "service.scheme=none", "service.homeward=off" },
	  "none",
	  0 },
	{ "--set ends a sweep of the other spelling",
	  "sweep: { service.homeward: [on, off] }\n",
	  { "service.scheme=owner_hash" },
	  "owner_hash",
	  0 },
	{ "--set sweeps what the file swept by the other",
	  "sweep: { service.scheme: [homeward, owner_hash] }\n",
	  { "service.homeward=[on, off]" },
	  "homeward",
	  1 },
};

/* One setting, two spellings: what the file says, what --set, what it is. */
static void
spellings_test(struct scenario *scenario)
{
	for (size_t i = 0;
	     i < sizeof(spellings_test_rows) / sizeof(spellings_test_rows[0]);
	     i++) {
		uint32_t sets = 0;
		char file[200], value[KEY_TEXT], *talk = NULL;

		while (sets < 2 && spellings_test_rows[i].sets[sets] != NULL)
			sets++;
		snprintf(file, sizeof(file), "%s%s", TITLE,
			 spellings_test_rows[i].file);
		CHECK_ROW(parse(scenario, file, spellings_test_rows[i].sets,
				sets, &talk) == 0,
			  spellings_test_rows[i].sentence);
		CHECK_ROW(strcmp(talk, "") == 0, talk);
		free(talk);
		key_format(key_find(key_settings(), "service.scheme"),
			   &scenario->settings, value);
		CHECK_ROW(strcmp(value, spellings_test_rows[i].scheme) == 0,
			  spellings_test_rows[i].sentence);
		CHECK_ROW(scenario->axis_count == spellings_test_rows[i].axes,
			  spellings_test_rows[i].sentence);
		resolved_test(scenario, file, spellings_test_rows[i].sets[0]);
	}
	/* Printed in full there is one of them. */
	char *text = scenario_dump_text(scenario);
	CHECK(text != NULL && strstr(text, "scheme: ") != NULL);
	CHECK(text != NULL && strstr(text, "  homeward: ") == NULL);
	free(text);

	const char *contradict[] = { "service.homeward=on",
				     "service.scheme=none" };
	char *talk = NULL;
	CHECK(parse(scenario, TITLE, contradict, 2, &talk) == -1);
	CHECK(strstr(talk, "service.scheme is another name of "
			   "service.homeward") != NULL);
	free(talk);
}

/* A point keeps the word that it was swept by, and both are its setting. */
static void
spelt_point_test(struct scenario *scenario)
{
	static const char file[] =
		TITLE "sweep: { service.homeward: [on, off] }\n"
		      "expect:\n"
		      "  - where: { service.scheme: none }\n"
		      "    reset_min: 1\n"
		      "  - where: { service.homeward: on }\n"
		      "    reset_max: 0\n";
	struct sweep_point *point = calloc(1, sizeof(*point));
	char label[SWEEP_LABEL], *talk = NULL, *json;

	CHECK(parse(scenario, file, NULL, 0, &talk) == 0);
	CHECK_ROW(strcmp(talk, "") == 0, talk);
	free(talk);
	CHECK(sweep_point_count(scenario) == 2);
	sweep_point_make(scenario, 1, point);
	CHECK(point->settings.service.scheme == SCHEME_NONE);
	sweep_point_label(scenario, point, label);
	CHECK(strcmp(label, "service.homeward off, seed 1") == 0);
	json = sweep_point_json(scenario, point);
	CHECK(json != NULL &&
	      strcmp(json, "{\"service.homeward\":false}") == 0);
	free(json);
	sweep_point_release(point);
	free(point);
	resolved_test(scenario, file, NULL);
}

int
main(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	wrongs_test(scenario);
	aliases_test(scenario);
	values_test(scenario);
	points_test(scenario);
	word_point_test(scenario);
	sets_test(scenario);
	spellings_test(scenario);
	spelt_point_test(scenario);
	resolved_test(scenario, good, NULL);
	resolved_test(scenario, good,
		      "clients.size_cdf=[[10, 12.5], [20, 100]]");
	resolved_test(scenario, "title: \"5\"\n", NULL);
	resolved_test(scenario, "title: \"caf\\u00e9 'n' \\\"tea\\\"\"\n",
		      NULL);
	uniform_test(scenario);
	scenario_release(scenario);
	free(scenario);
	return check_done();
}
