/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_log_test.c - what goes in comes out, and differences are named
 */
#include "harness/db/run_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/test/check.h"

struct heard {
	struct watch_measurement measurement;
	struct watch_session session;
	char words[128];
	uint64_t value, bytes;
	int64_t at_ns;
	int calls;
};

static void
hear_measurement(void *context, const struct watch_measurement *measurement)
{
	struct heard *heard = context;

	heard->measurement = *measurement;
	heard->calls++;
}

static void
hear_session(void *context, const struct watch_session *session)
{
	struct heard *heard = context;

	heard->session = *session;
	heard->calls++;
}

static void
hear_fault(void *context, struct instant at, const char *kind,
	   const char *target)
{
	struct heard *heard = context;

	snprintf(heard->words, sizeof(heard->words), "%s|%s", kind, target);
	heard->at_ns = at.ns;
	heard->calls++;
}

static void
hear_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct heard *heard = context;

	heard->calls += strcmp(node, "") == 0 && strcmp(name, "drop_ttl") == 0;
	heard->value = value;
}

static void
hear_sample(void *context, uint32_t flow, struct instant at, uint64_t bytes)
{
	struct heard *heard = context;

	heard->calls += flow == 3 && at.ns == 9;
	heard->bytes = bytes;
}

static void
hear_probe(void *context, const struct watch_probe *probe)
{
	struct heard *heard = context;

	heard->calls += probe->at.ns == 5 && probe->flow == 7 &&
			!probe->lower && probe->back && probe->resent == 3 &&
			probe->repeated == WATCH_NONE;
}

static void
fill(FILE *file, uint64_t value)
{
	struct watch watch = run_log_watch(file);
	const struct watch_measurement measurement = {
		.metric = METRIC_LOOKUP,
		.at.ns = INT64_MAX - 1,
		.value_ns = -1,
		.node = WATCH_NONE,
		.flow = 7,
		.hops = 2,
		.local = false,
		.ok = true,
		.asked = WATCH_ASKED_RETRY,
		.conclusive = WATCH_SWITCH_NO,
		.found = WATCH_FOUND_WRONG,
		.owned = WATCH_SWITCH_YES,
		.age_ns = INT64_MAX - 2,
	};
	const struct watch_session session = {
		.flow = 7,
		.owner = WATCH_NONE,
		.opened.ns = 1,
		.closed = INSTANT_NEVER,
		.bytes = UINT64_MAX,
		.strays = 5,
		.stall_ns = -1,
		.outcome = OUTCOME_RESET,
		.cause = CAUSE_RECORD_GONE,
	};

	const struct watch_probe probe = {
		.at.ns = 5,
		.flow = 7,
		.back = true,
		.resent = 3,
		.repeated = WATCH_NONE,
	};

	watch.measurement(watch.context, &measurement);
	watch.session(watch.context, &session);
	watch.fault(watch.context, (struct instant){ .ns = 5 }, "link_down",
		    "exit1-spine2");
	watch.counter(watch.context, "", "drop_ttl", value);
	watch.sample(watch.context, 3, (struct instant){ .ns = 9 }, 11);
	watch.probe(watch.context, &probe);
	run_log_capture(file, "spine1-0", 4, 0xabc);
}

static void
round_test(FILE *file)
{
	struct heard heard = { 0 };
	const struct watch watch = {
		.context = &heard,
		.measurement = hear_measurement,
		.session = hear_session,
		.fault = hear_fault,
		.counter = hear_counter,
		.sample = hear_sample,
		.probe = hear_probe,
	};
	const struct world_result end = { .events = 8, .state_hash = 9 };
	struct world_result result;

	fill(file, 42);
	fflush(file);
	CHECK(!run_log_is_whole(file, &result));
	fseek(file, 0, SEEK_END);
	CHECK(run_log_end(file, &end) == 0);
	CHECK(run_log_is_whole(file, &result));
	CHECK(result.events == 8 && result.state_hash == 9);
	run_log_read(file, &watch);
	CHECK(heard.calls == 6);
	CHECK(heard.measurement.at.ns == INT64_MAX - 1);
	CHECK(heard.measurement.value_ns == -1);
	CHECK(heard.measurement.node == WATCH_NONE);
	CHECK(heard.measurement.ok && !heard.measurement.local);
	CHECK(heard.measurement.asked == WATCH_ASKED_RETRY);
	CHECK(heard.measurement.conclusive == WATCH_SWITCH_NO);
	CHECK(heard.measurement.found == WATCH_FOUND_WRONG);
	CHECK(heard.measurement.owned == WATCH_SWITCH_YES);
	CHECK(heard.measurement.age_ns == INT64_MAX - 2);
	CHECK(heard.session.bytes == UINT64_MAX);
	CHECK(heard.session.closed.ns == INT64_MAX);
	CHECK(heard.session.outcome == OUTCOME_RESET);
	CHECK(heard.session.cause == CAUSE_RECORD_GONE);
	CHECK(strcmp(heard.words, "link_down|exit1-spine2") == 0);
	CHECK(heard.at_ns == 5 && heard.value == 42 && heard.bytes == 11);
}

static void
same_test(FILE *first)
{
	const struct world_result end = { .events = 8, .state_hash = 9 };
	FILE *again = run_log_create(), *other = run_log_create(), *talk;
	char *text = NULL;
	size_t size = 0;

	fill(again, 42);
	CHECK(run_log_end(again, &end) == 0);
	fill(other, 43);
	CHECK(run_log_end(other, &end) == 0);
	talk = open_memstream(&text, &size);
	CHECK(run_log_same(first, again, talk));
	fflush(talk);
	CHECK(size == 0);
	CHECK(!run_log_same(first, other, talk));
	fclose(talk);
	CHECK(strcmp(text, "record 4 differs:\n"
			   "  first:  counter  drop_ttl value=42\n"
			   "  second: counter  drop_ttl value=43\n") == 0);
	free(text);
	/* One is shorter. */
	CHECK(ftruncate(fileno(again), 40) == 0);
	talk = open_memstream(&text, &size);
	CHECK(!run_log_same(first, again, talk));
	fclose(talk);
	CHECK(strstr(text, "second: (none)") != NULL);
	free(text);
	fclose(again);
	fclose(other);
}

int
main(void)
{
	FILE *file = run_log_create();

	CHECK(file != NULL);
	round_test(file);
	same_test(file);
	fclose(file);
	return check_done();
}
