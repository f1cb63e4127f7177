/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_test.c - whole worlds, whose facts follow from their script
 *
 * The paper's fabric: sessions open every 100 ms from the start on, and take
 * two seconds each by their pace.
 */
#include "sim/judge/tally.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S    NS_PER_S
#define MS   NS_PER_MS
#define MOST 3

struct row {
	const char *sentence;
	struct fault_settings faults[MOST];
	uint64_t count, overlapping;
};

#define EVENT(what, at, ...)                                                   \
	{                                                                      \
		.kind = FAULT_##what, .at_ns = (at)*S, __VA_ARGS__             \
	}
#define LINK   .target = "exit1-spine2"
#define OTHER  .target = "exit1-spine1"
#define SERVER .target = "server2"

/* clang-format off */
static const struct row rows[] = {
	{ "nothing happens", { { 0 } }, 0, 0 },
	{ "one cut", { EVENT(LINK_DOWN, 1, LINK) }, 1, 0 },
	{ "what mends is no fault",
	  { EVENT(LINK_UP, 1, LINK), EVENT(JOIN, 2, .count = 1) }, 0, 0 },
	{ "many targets are one", { EVENT(LINK_DOWN, 1, .target = "exit1-*",
					  .until_ns = 2 * S) }, 1, 0 },
	{ "one after the other",
	  { EVENT(LINK_DOWN, 1, LINK, .until_ns = 2 * S),
	    EVENT(LINK_DOWN, 3, OTHER, .until_ns = 4 * S) }, 2, 0 },
	{ "one before the other is over",
	  { EVENT(LINK_DOWN, 1, LINK, .until_ns = 4 * S),
	    EVENT(DRAIN, 3, SERVER, .until_ns = 5 * S) }, 2, 1 },
	{ "a cut for good", { EVENT(LINK_DOWN, 1, LINK),
			      EVENT(DRAIN, 3, SERVER) }, 2, 1 },
	{ "mended by another event",
	  { EVENT(LINK_SILENT, 1, LINK), EVENT(LINK_UP, 2, LINK),
	    EVENT(DRAIN, 3, SERVER) }, 2, 0 },
	{ "another link was mended",
	  { EVENT(LINK_SILENT, 1, LINK), EVENT(LINK_UP, 2, OTHER),
	    EVENT(DRAIN, 3, SERVER) }, 2, 1 },
	{ "a daemon that is back at once",
	  { EVENT(DAEMON_RESTART, 1, SERVER), EVENT(DRAIN, 3, SERVER) }, 2,
	  0 },
	{ "a daemon that is not",
	  { EVENT(DAEMON_RESTART, 1, SERVER, .until_ns = 4 * S),
	    EVENT(DRAIN, 3, SERVER) }, 2, 1 },
	{ "who leaves is no fault in force",
	  { EVENT(LEAVE, 1, SERVER), EVENT(DRAIN, 3, .target = "server1") },
	  2, 0 },
	{ "a flap, and what comes while it is down",
	  { EVENT(LINK_DOWN, 1, LINK, .period_ns = 2 * S, .until_ns = 5 * S),
	    EVENT(DRAIN, 3, SERVER) }, 3, 1 },
	{ "an attack, and what comes meanwhile",
	  { EVENT(FLOOD, 1, .rate_pps = 9, .repeat = 1, .until_ns = 4 * S),
	    EVENT(DRAIN, 3, SERVER) }, 2, 1 },
	{ "an attack, calm, and what comes then",
	  { EVENT(FLOOD, 1, .rate_pps = 9, .repeat = 1), EVENT(CALM, 2, .side = 0),
	    EVENT(DRAIN, 3, SERVER) }, 2, 0 },
	{ "a partition", { EVENT(PARTITION, 1, .side = 0),
			   EVENT(MERGE, 2, .side = 0),
			   EVENT(DRAIN, 3, SERVER) }, 2, 0 },
};
/* clang-format on */

static void
ignore(void *context, const struct watch_violation *violation)
{
	(void)context;
	(void)violation;
}

static struct judge_facts
judged(const struct settings *settings, const char *sentence)
{
	struct watch watch = { .violation = ignore };
	struct world_result result = world_play(settings, &watch, sentence);

	CHECK_ROW(result.judged, sentence);
	return result.facts;
}

/* Its events are those of MOST that have a time. */
static void
world_draw(struct settings *settings, struct fault_settings *faults)
{
	settings_default(settings);
	settings->clients.sessions = 30;
	settings->clients.interval_ns = 100 * MS;
	settings->clients.size_bytes = 25000;
	settings->clients.pace_bps = 100000;
	settings->measure.duration_ns = 8 * S;
	settings->faults = faults;
	while (settings->fault_count < MOST &&
	       faults[settings->fault_count].at_ns > 0)
		settings->fault_count++;
}

static void
check_row(const struct row *row)
{
	struct fault_settings faults[MOST];
	struct judge_facts facts;
	struct settings settings;

	memcpy(faults, row->faults, sizeof(faults));
	world_draw(&settings, faults);
	facts = judged(&settings, row->sentence);
	CHECK_ROW(facts.faults == row->count, row->sentence);
	CHECK_ROW(facts.overlapping == row->overlapping, row->sentence);
	CHECK_ROW(facts.servers == 4 && facts.sessions == 30, row->sentence);
}

/* A client far away is long in its handshake. */
static void
test_handshakes(void)
{
	struct fault_settings faults[MOST] = { EVENT(DRAIN, 1, SERVER) };
	struct settings settings;

	world_draw(&settings, faults);
	CHECK(judged(&settings, "no handshake").handshakes == 0);
	settings.fabric.client_link.delay_ns = 100 * MS;
	/* From SYN to ACK are 300 ms: those of 0.7, 0.8 and 0.9 s; that of 1 s
	 * opens after the fault. */
	CHECK(judged(&settings, "handshakes").handshakes == 3);
}

/* Its router gone, its sessions stray, and crash with their server. */
static void
test_sessions(void)
{
	struct fault_settings faults[MOST] = { EVENT(LINK_DOWN, 1, LINK),
					       EVENT(SERVER_CRASH, 2,
						     .target = "server*") };
	struct settings settings;
	struct judge_facts facts;
	uint64_t bad = 0;

	world_draw(&settings, faults);
	settings.fault_count = 1;
	facts = judged(&settings, "strays");
	CHECK(facts.strayed > 0 && facts.strayed < 30);
	CHECK(facts.causes[CAUSE_OWNER_DEAD] == 0);
	settings.fault_count = 2;
	facts = judged(&settings, "crashes");
	CHECK(facts.causes[CAUSE_OWNER_DEAD] > 0);
	for (unsigned i = 0; i < CAUSES; i++)
		bad += facts.causes[i];
	CHECK(facts.causes[CAUSE_NONE] == 0 && bad <= facts.sessions);
	CHECK(facts.sessions == 30);
}

/* A judge who is not asked for says nothing. */
static void
test_silent(void)
{
	struct fault_settings faults[MOST] = { EVENT(DRAIN, 1, SERVER) };
	struct settings settings;
	struct world_result result;

	world_draw(&settings, faults);
	result = world_play(&settings, NULL, "nobody judges");
	CHECK(!result.judged && result.facts.faults == 0);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	test_handshakes();
	test_sessions();
	test_silent();
	return check_done();
}
