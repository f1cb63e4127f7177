/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_list_test.c - events as they are written: sets, loops, degrees; what is
 * wrong with them, and where
 */
#include "harness/scenario/fault_list.h"

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/scenario/scenario.h"
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
	{ "an event without a time", TITLE "events: [{ kind: join }]\n", NULL,
	  "f.yaml:2:10: an event needs at_s and kind\n" },
	{ "an unknown fault",
	  TITLE "events:\n- { at_s: 1, kind: link_dwn, target: path }\n", NULL,
	  "f.yaml:3:20: kind cannot be 'link_dwn'; did you mean "
	  "'link_down'?\n" },
	{ "a spine that is not there",
	  TITLE "events:\n- { at_s: 1, kind: router_down, target: spine9 }\n",
	  NULL,
	  "f.yaml:3:41: this fabric has no 'spine9'; did you mean 'spine1'?: "
	  "events.1.target is spine9\n" },
	{ "a link that no two of them have",
	  TITLE "events:\n"
		"- { at_s: 1, kind: link_down, target: exit1-leaf1 }\n",
	  NULL,
	  "f.yaml:3:39: this fabric has no 'exit1-leaf1'; did you mean "
	  "'spine1-leaf1'?: events.1.target is exit1-leaf1\n" },
	{ "a pattern of nothing",
	  TITLE "events:\n- { at_s: 1, kind: router_down, target: spin* }\n"
		"- { at_s: 1, kind: drain, target: sever* }\n",
	  NULL,
	  "f.yaml:4:35: this fabric has no server 'sever*'; did you mean "
	  "'server1'?: events.2.target is sever*\n" },
	{ "one name of a list",
	  TITLE "events:\n- at_s: 1\n  kind: drain\n"
		"  target: [server1, server2,\n    server33]\n",
	  NULL,
	  "f.yaml:6:5: this fabric has no 'server33'; did you mean "
	  "'server3'?: events.1.target is ''\n" },
	{ "an empty list",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: [] }\n", NULL,
	  "f.yaml:3:35: a list of no targets\n" },
	{ "a tier in a list",
	  TITLE "events:\n"
		"- { at_s: 1, kind: link_down, target: [spine-leaf] }\n",
	  NULL,
	  "f.yaml:3:39: 'spine-leaf' is a link of a session's path; it stands "
	  "alone: events.1.target is ''\n" },
	{ "a count of one name",
	  TITLE "events:\n"
		"- { at_s: 1, kind: drain, target: server1, count: 1 }\n",
	  NULL,
	  "f.yaml:3:51: a count chooses among several targets, and 'server1' "
	  "is one: events.1.count is 1\n" },
	{ "a count of too many",
	  TITLE "events:\n"
		"- { at_s: 1, kind: drain, target: server*, count: 5 }\n",
	  NULL,
	  "f.yaml:3:51: drain of 5 servers, of which there are 4: "
	  "events.1.count is 5\n" },
	{ "a key that the kind does not take",
	  TITLE "events:\n"
		"- { at_s: 1, kind: join, period_s: 1, until_s: 5 }\n",
	  NULL, "f.yaml:3:48: join takes no until_s: events.1.until_s is 5\n" },
	{ "another",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1,\n"
		"    retry_after_ms: 0 }\n",
	  NULL,
	  "f.yaml:4:21: drain takes no retry_after_ms: "
	  "events.1.retry_after_ms is 0\n" },
	{ "a key that comes by --set",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1 }\n",
	  "events.1.side=upper",
	  "--set events.1.side=upper: drain takes no side: events.1.side is "
	  "upper\n" },
	{ "nothing undoes it",
	  TITLE "events:\n- { at_s: 1, kind: link_up, target: leaf1-server1, "
		"until_s: 2 }\n",
	  NULL,
	  "f.yaml:3:61: link_up takes no until_s without an each_s: nothing "
	  "undoes it: events.1.until_s is 2\n" },
	{ "a sequence ends when it has been gone through",
	  TITLE "events:\n- { at_s: 1, kind: sequence, each_s: 2, until_s: 9 "
		"}\n",
	  NULL,
	  "f.yaml:3:50: sequence takes no until_s: events.1.until_s is 9\n" },
	{ "the last change in the instant in which the run ends",
	  TITLE "measure: { duration_s: 9 }\n"
		"events:\n- { at_s: 1, kind: sequence, each_s: 2, count: 5 }\n",
	  NULL,
	  "f.yaml:4:48: the last of 5 changes would be after the end of the "
	  "run: events.1.count is 5\n" },
	{ "a degree of nothing",
	  TITLE "events:\n- { at_s: 1, kind: link_degrade, target: path }\n",
	  NULL,
	  "f.yaml:3:20: link_degrade changes nothing: it takes loss_percent, "
	  "duplicate_percent, reorder_percent, delay_us or rate_gbps: "
	  "events.1.kind is link_degrade\n" },
	{ "for ever, of one",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1, "
		"each_s: 2, for_s: 1 }\n",
	  NULL,
	  "f.yaml:3:52: an each_s needs an until_s, but where it goes once "
	  "through several targets: events.1.each_s is 2\n" },
	{ "for ever, by chance",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server*, count: 1, "
		"each_s: 2 }\n",
	  NULL,
	  "f.yaml:3:62: an each_s needs an until_s, but where it goes once "
	  "through several targets: events.1.each_s is 2\n" },
	{ "again before it is over",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1, "
		"each_s: 2, for_s: 2, until_s: 9 }\n",
	  NULL,
	  "f.yaml:3:62: for_s must be less than each_s where there is one "
	  "target: events.1.for_s is 2\n" },
	{ "two ends",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1, for_s: 2, "
		"until_s: 9 }\n",
	  NULL,
	  "f.yaml:3:51: for_s and until_s both say when it is over: "
	  "events.1.for_s is 2\n" },
	{ "two ways to repeat",
	  TITLE
	  "events:\n- { at_s: 1, kind: drain, target: server*, each_s: 2, "
	  "period_s: 2, until_s: 9 }\n",
	  NULL,
	  "f.yaml:3:65: a period_s repeats, too: each_s and for_s say more: "
	  "events.1.period_s is 2\n" },
	{ "a path again and again",
	  TITLE
	  "events:\n- { at_s: 1, kind: link_down, target: path, each_s: 2, "
	  "for_s: 1, until_s: 9 }\n",
	  NULL,
	  "f.yaml:3:53: only what has a name is struck again and again: "
	  "events.1.each_s is 2\n" },
	{ "too often",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server*, "
		"each_s: 0.000000001, until_s: 9 }\n",
	  NULL,
	  "f.yaml:3:52: more than 16777216 times: events.1.each_s is "
	  "0.000000001\n" },
	{ "flaps of no length",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: server1, "
		"until_s: 1.000000005, period_s: 0.000000001 }\n",
	  NULL,
	  "f.yaml:3:76: more than 16777216 times: events.1.period_s is "
	  "0.000000001\n" },
	{ "churn that takes no time",
	  TITLE "events:\n- { at_s: 1, kind: churn, count: 2, "
		"until_s: 9, period_s: 0.000000002 }\n",
	  NULL,
	  "f.yaml:3:59: more than 16777216 times: events.1.period_s is "
	  "0.000000002\n" },
	{ "a fault on the wrong kind of thing",
	  TITLE "events:\n- { at_s: 1, kind: drain, target: spine1 }\n", NULL,
	  "f.yaml:3:35: drain acts on a server, which 'spine1' is not: "
	  "events.1.target is spine1\n" },
	{ "a fault without its target",
	  TITLE "events:\n- { at_s: 1, kind: link_down }\n", NULL,
	  "f.yaml:3:3: link_down needs a target: events.1.target is ''\n" },
	{ "a partition of something",
	  TITLE "events:\n- { at_s: 1, kind: partition, target: spine1 }\n",
	  NULL,
	  "f.yaml:3:39: partition takes no target: events.1.target is "
	  "spine1\n" },
	{ "a merge of what is whole",
	  TITLE "events:\n"
		"- { at_s: 1, kind: merge }\n"
		"- { at_s: 2, kind: partition }\n",
	  NULL,
	  "f.yaml:3:20: merge without a partition before it: events.1.kind is "
	  "merge\n" },
	{ "more churn than servers",
	  TITLE "fabric: { servers: 8 }\n"
		"events:\n"
		"- { at_s: 1, kind: churn, count: 11 }\n"
		"- { at_s: 1, kind: join, count: 2 }\n",
	  NULL,
	  "f.yaml:4:34: churn of 11 servers, of which there are only 10: "
	  "events.1.count is 11\n" },
	{ "a fault after the end",
	  TITLE "measure: { duration_s: 5 }\n"
		"events:\n- { at_s: 5, kind: link_down, target: path }\n",
	  NULL,
	  "f.yaml:4:11: the event would be after the end of the run: "
	  "events.1.at_s is 5\n" },
	{ "undone before it is done",
	  TITLE "events:\n"
		"- { at_s: 3, kind: link_down, target: path, until_s: 2 }\n",
	  NULL,
	  "f.yaml:3:54: until_s must be after at_s: events.1.until_s is 2\n" },
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

/* Lists, patterns, keys that are 0 and were written; more events than a table
 * of fixed size would hold. */
static void
events_test(struct scenario *scenario)
{
	static const char file[] = TITLE
		"events:\n"
		"- { at_s: 1, kind: drain, target: [server1, server3*],\n"
		"    each_s: 2, for_s: 1, until_s: 9 }\n"
		"- { at_s: 1, kind: link_degrade, target: leaf?-server*,\n"
		"    loss_percent: 0, count: 2, for_s: 3 }\n"
		"- { at_s: 1, kind: link_silent, target: path, way: up }\n"
		"- { at_s: 2, kind: drain, target: [server2] }\n";
	const struct settings *s = &scenario->settings;
	const struct fault_settings *fault;
	char *talk = NULL;

	CHECK(parse(scenario, file, NULL, 0, &talk) == 0);
	CHECK_ROW(strcmp(talk, "") == 0, talk);
	free(talk);
	CHECK(s->fault_count == 4);
	fault = &s->faults[0];
	CHECK(fault->target[0] == '\0' && fault->list_count == 2);
	CHECK(strcmp(s->fault_targets[fault->list_first + 1], "server3*") == 0);
	CHECK(fault->each_ns == 2 * NS_PER_S && fault->for_ns == NS_PER_S);
	fault = &s->faults[1];
	CHECK(strcmp(fault->target, "leaf?-server*") == 0);
	CHECK((fault->given & FAULT_KEY_LOSS) != 0);
	CHECK((fault->given & FAULT_KEY_DELAY) == 0);
	CHECK(s->faults[2].way == FAULT_WAY_UP);
	CHECK(strcmp(s->fault_targets[s->faults[3].list_first], "server2") ==
	      0);
	resolved_test(scenario, file, NULL);
	/* A list is overridden by a name. */
	resolved_test(scenario, file, "events.1.target=server2");
	CHECK(strcmp(s->faults[0].target, "server2") == 0);
}

static void
many_events_test(struct scenario *scenario, uint32_t count, const char *wanted)
{
	char *file = NULL, *talk = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&file, &size);

	fprintf(stream, "%s%s", TITLE, "events:\n");
	for (uint32_t i = 0; i < count; i++)
		fprintf(stream,
			"- {at_s: %u.5, kind: drain, target: server%u}\n",
			i % 10, i % 4 + 1);
	fclose(stream);
	CHECK(parse(scenario, file, NULL, 0, &talk) ==
	      (wanted[0] == '\0' ? 0 : -1));
	CHECK_ROW(strcmp(talk, wanted) == 0, talk);
	CHECK(wanted[0] != '\0' || scenario->settings.fault_count == count);
	free(talk);
	free(file);
}

int
main(void)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	wrongs_test(scenario);
	events_test(scenario);
	many_events_test(scenario, 3000, "");
	many_events_test(scenario, 65537,
			 "f.yaml:65539:3: more than 65536 events\n");
	scenario_release(scenario);
	free(scenario);
	return check_done();
}
