/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warnings_test.c - what is said of a file, to the letter, and what is not
 */
#include "harness/scenario/warnings.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

#define TITLE  "title: t\n"
#define NO_ONE "clients: { sessions: 0 }\n"

struct row {
	const char *sentence;
	const char *file;
	const char *set; /* NULL: none */
	const char *said;
};

static const struct row rows[] = {
	{ "nothing is wrong", TITLE, NULL, "" },
	{ "clients without sessions",
	  TITLE "clients: { sessions: 0, pace_mbps: 3 }\n", NULL,
	  "f.yaml:2:36: warning: clients.pace_mbps has no effect: there are no "
	  "sessions\n" },
	{ "a default is not spoken of", TITLE NO_ONE, NULL, "" },
	{ "no samples of no sessions",
	  TITLE "clients: { sessions: 0 }\nmeasure: { samples: 0 }\n", NULL,
	  "" },
	{ "an idle timer of no buckets",
	  TITLE "routing: { resilient_idle_s: 1 }\n", NULL,
	  "f.yaml:2:30: warning: routing.resilient_idle_s has no effect: "
	  "groups have no buckets (routing.ecmp)\n" },
	{ "sessions that never open",
	  TITLE "clients: { sessions: 10, start_s: 1, interval_ms: 1000 }\n"
		"measure: { duration_s: 5.5 }\n",
	  NULL,
	  "f.yaml:2:51: warning: of 10 sessions about 5 begin before the end "
	  "of the run (measure.duration_s)\n" },
	{ "the last one does",
	  TITLE "clients: { sessions: 5, start_s: 1, interval_ms: 1000 }\n"
		"measure: { duration_s: 5.5 }\n",
	  NULL, "" },
	{ "lookups after the end",
	  TITLE "measure: { duration_s: 5, stores: 10, lookups: 10, "
		"interval_ms: 500 }\n",
	  NULL,
	  "f.yaml:2:65: warning: of 20 operations about 11 begin before the "
	  "end of the run (measure.duration_s)\n" },
	{ "samples of no sessions",
	  TITLE "clients: { sessions: 0 }\nmeasure: { samples: 1 }\n", NULL,
	  "f.yaml:3:21: warning: measure.samples has no effect: there are no "
	  "sessions\n" },
	{ "what --set says, by its option", TITLE NO_ONE, "clients.pace_mbps=3",
	  "--set clients.pace_mbps=3: warning: clients.pace_mbps has no "
	  "effect: there are no sessions\n" },
	{ "links of a uniform fabric",
	  TITLE "fabric: { kind: uniform, exits: 3, server_link: { rate_gbps: "
		"1 } }\n",
	  NULL,
	  "f.yaml:2:33: warning: fabric.exits has no effect: a uniform fabric "
	  "has no links or routers\n"
	  "f.yaml:2:62: warning: fabric.server_link.rate_gbps has no effect: a "
	  "uniform fabric has no links or routers\n" },
	{ "its own delay has one",
	  TITLE "fabric: { kind: uniform, uniform_delay_us: 30 }\n", NULL, "" },
	{ "that delay of a routed one",
	  TITLE "fabric: { uniform_delay_us: 30 }\n", NULL,
	  "f.yaml:2:29: warning: fabric.uniform_delay_us has no effect: the "
	  "fabric is not uniform\n" },
	{ "BFD where the carrier tells",
	  TITLE "routing: { detection: carrier, bfd_ms: 100 }\n", NULL,
	  "f.yaml:2:40: warning: routing.bfd_ms has no effect: it is not BFD "
	  "that detects (routing.detection)\n" },
	{ "queues of paths",
	  TITLE "fabric: { fidelity: path, edge_link: { queue_kb: 10 } }\n",
	  NULL,
	  "f.yaml:2:50: warning: fabric.edge_link.queue_kb has no effect: "
	  "packets wait in no queue (fabric.fidelity: path)\n" },
	{ "the table of a plain kernel",
	  TITLE "service: { scheme: none }\ndht: { k: 8 }\n", NULL,
	  "f.yaml:3:11: warning: dht.k has no effect: nobody asks the table "
	  "(service.scheme: none), and nothing measures it\n" },
	{ "bounds of what is not bounded",
	  TITLE "service: { store_at: syn, openings_most: 0 }\n", NULL,
	  "f.yaml:2:42: warning: service.openings_most has no effect: only "
	  "service.store_at: auto is bounded, where service.store_after_ms is "
	  "0\n" },
	{ "bounds of those that wait",
	  TITLE "service: { store_after_ms: 5, openings_per_s: 9 }\n", NULL,
	  "f.yaml:2:47: warning: service.openings_per_s has no effect: only "
	  "service.store_at: auto is bounded, where service.store_after_ms is "
	  "0\n" },
	{ "when nobody stores", TITLE "service: { scheme: none }\n",
	  "service.store_at=syn",
	  "--set service.store_at=syn: warning: service.store_at has no "
	  "effect: service.scheme stores no sessions\n" },
	{ "lookups beside a scheme that does not",
	  TITLE "service: { scheme: owner_hash }\nmeasure: { lookups: 5 }\n",
	  NULL,
	  "f.yaml:3:21: warning: measure.lookups has no effect: on "
	  "service.scheme: it measures the hash table, which owner_hash does "
	  "not ask\n" },
	{ "joins of computed tables",
	  TITLE "dht: { tables: ideal, join_interval_ms: 5 }\n", NULL,
	  "f.yaml:2:41: warning: dht.join_interval_ms has no effect: tables "
	  "are computed (dht.tables: ideal)\n" },
	{ "once a sweep, and how often",
	  TITLE "dht: { join_interval_ms: 5 }\n"
		"sweep: { dht.tables: [ideal, joined], repeat: 3 }\n",
	  NULL,
	  "f.yaml:2:26: warning: dht.join_interval_ms has no effect: tables "
	  "are computed (dht.tables: ideal) (at 1 of 2 points)\n" },
	{ "down again in the instant in which it comes back",
	  TITLE "events:\n"
		"  - { at_s: 1, kind: link_down, target: exit1-spine1, "
		"until_s: 2 }\n"
		"  - { at_s: 2, kind: link_down, target: exit1-spine1 }\n",
	  NULL, "" },
	{ "down again in the instant before it comes back: by the file's order",
	  TITLE "events:\n"
		"  - { at_s: 2, kind: link_down, target: exit1-spine1 }\n"
		"  - { at_s: 1, kind: link_down, target: exit1-spine1, "
		"until_s: 2 }\n",
	  NULL,
	  "f.yaml:3:22: warning: link_down of exit1-spine1: it is so already, "
	  "by an event before it\n" },
	{ "down twice",
	  TITLE "events:\n"
		"  - { at_s: 1, kind: link_down, target: exit1-spine1 }\n"
		"  - { at_s: 2, kind: link_down, target: exit1-spine1 }\n",
	  NULL,
	  "f.yaml:4:22: warning: link_down of exit1-spine1: it is so already, "
	  "by an event before it\n" },
	{ "down, up, and down again",
	  TITLE "events:\n"
		"  - { at_s: 1, kind: link_down, target: exit1-spine1, "
		"until_s: 2 }\n"
		"  - { at_s: 3, kind: link_down, target: exit1-spine1 }\n"
		"  - { at_s: 4, kind: link_up, target: exit1-spine1 }\n",
	  NULL, "" },
	{ "another link",
	  TITLE "events:\n"
		"  - { at_s: 1, kind: link_down, target: exit1-spine1 }\n"
		"  - { at_s: 2, kind: link_down, target: exit1-spine2 }\n",
	  NULL, "" },
	{ "undrain of what never was",
	  TITLE "events: [{ at_s: 1, kind: undrain, target: server1 }]\n", NULL,
	  "f.yaml:2:27: warning: undrain of server1: nothing before it made "
	  "that necessary\n" },
	{ "the order in the file is not that of time",
	  TITLE "events:\n"
		"  - { at_s: 5, kind: undrain, target: server1 }\n"
		"  - { at_s: 2, kind: drain, target: server1 }\n",
	  NULL, "" },
	{ "churn may have taken it",
	  TITLE "events:\n"
		"  - { at_s: 1, kind: churn, count: 1 }\n"
		"  - { at_s: 2, kind: server_up, target: server1 }\n",
	  NULL, "" },
	{ "a flap too short",
	  TITLE "events: [{ at_s: 1, kind: link_down, target: exit1-spine1, "
		"until_s: 5, period_s: 1 }]\n",
	  NULL,
	  "f.yaml:2:82: warning: exit1-spine1 comes back for 500 ms at a time, "
	  "routes need up to 1152 ms (routing.restore_ms, hop_ms)\n" },
	{ "and one that is long enough",
	  TITLE "events: [{ at_s: 1, kind: link_down, target: exit1-spine1, "
		"until_s: 9, period_s: 4 }]\n",
	  NULL, "" },
	{ "continents with a rack's timeouts",
	  TITLE "fabric: { fabric_link: { delay_us: 20000 } }\n", NULL,
	  "f.yaml:2:36: warning: servers are up to 80.02 ms from each other, "
	  "there and back: dht.timeout_initial_ms does not wait for that\n" },
};

static void
test_rows(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		char *said = NULL;
		size_t size = 0;
		FILE *talk = open_memstream(&said, &size);
		int code = scenario_parse(scenario, "f.yaml", row->file,
					  strlen(row->file), &row->set,
					  row->set != NULL, talk);

		CHECK_ROW(code == 0, row->sentence);
		if (code == 0)
			(void)warnings_say(scenario, &row->set, talk);
		fclose(talk);
		CHECK_ROW(strcmp(said, row->said) == 0, row->sentence);
		if (strcmp(said, row->said) != 0)
			fprintf(stderr, "\t%s", said);
		free(said);
	}
	scenario_release(scenario);
	free(scenario);
}

/* What we ship means what it says. */
static void
test_shipped(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	glob_t found;

	CHECK(glob("scenarios/*.yaml", 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		CHECK_ROW(scenario_load(scenario, found.gl_pathv[i], NULL, 0) ==
				  0,
			  found.gl_pathv[i]);
		CHECK_ROW(warnings_say(scenario, NULL, stderr) == 0,
			  found.gl_pathv[i]);
	}
	globfree(&found);
	scenario_release(scenario);
	free(scenario);
}

int
main(void)
{
	test_rows();
	test_shipped();
	return check_done();
}
