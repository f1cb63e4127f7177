/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dead_owner_test.c - owners that die in whole worlds, and those that do not
 *
 * Forty uploads that last longer than the run; at 10 s something happens. The
 * clients of who died are told, all of them, soon; nobody else is.
 */
#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S	 NS_PER_S
#define SESSIONS 40
#define FAULTS	 5
#define RUN_NS	 (60 * S)
/* gone_after, the first repetition, and the lookup past the dead. */
#define TOLD_NS (4 * S)

#define CRASH FAULT_SERVER_CRASH
#define UP    FAULT_SERVER_UP
#define CUT   FAULT_LINK_DOWN
#define KILL  FAULT_DAEMON_KILL
#define START FAULT_DAEMON_START
#define AGAIN FAULT_DAEMON_RESTART

static const struct row {
	const char *sentence;
	uint32_t servers;
	uint32_t dead; /* servers, bits; at 10 s */
	struct {
		enum fault_kind kind;
		int64_t at_ms;
		const char *target;
	} faults[FAULTS];
} rows[] = {
	{ "one owner", 8, 0x02, { { CRASH, 10000, "server2" } } },
	{ "two together, who hold each other's records",
	  8,
	  0x06,
	  { { CRASH, 10000, "server2" }, { CRASH, 10000, "server3" } } },
	{ "one whose daemon is starting again",
	  8,
	  0x02,
	  { { AGAIN, 9900, "server2" }, { CRASH, 10000, "server2" } } },
	{ "one whose daemon was away before",
	  8,
	  0x02,
	  { { KILL, 6000, "server2" }, { CRASH, 10000, "server2" } } },
	{ "one that is back before its clients are told",
	  8,
	  0x02,
	  { { CRASH, 10000, "server2" }, { UP, 12000, "server2" } } },
	{ "one of two", 2, 0x02, { { CRASH, 10000, "server2" } } },
	{ "two of three",
	  3,
	  0x06,
	  { { CRASH, 10000, "server2" }, { CRASH, 10000, "server3" } } },
	{ "no daemon for 40 s, and its sessions stray",
	  8,
	  0,
	  { { CUT, 9000, "leaf1-server2" },
	    { KILL, 10000, "server2" },
	    { START, 50000, "server2" } } },
	{ "the same of two servers",
	  2,
	  0,
	  { { CUT, 9000, "leaf1-server1" },
	    { KILL, 10000, "server1" },
	    { START, 50000, "server1" } } },
	{ "and another server starts meanwhile",
	  8,
	  0,
	  { { CRASH, 100, "server4" },
	    { CUT, 9000, "leaf1-server2" },
	    { KILL, 10000, "server2" },
	    { UP, 12000, "server4" },
	    { START, 50000, "server2" } } },
};

struct tale {
	uint32_t dead; /* servers, bits */
	uint32_t told, untold, others; /* sessions */
	uint64_t strays;
	int64_t last_ns, end_ns; /* who was told last; of the run */
};

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;
	bool reset = session->outcome == OUTCOME_RESET;

	tale->strays += session->strays;
	if (session->closed.ns > tale->end_ns)
		tale->end_ns = session->closed.ns;
	if (session->owner == WATCH_NONE ||
	    (tale->dead >> session->owner & 1) == 0) {
		tale->others += reset;
		return;
	}
	tale->told += reset;
	tale->untold += !reset;
	if (reset && session->closed.ns > tale->last_ns)
		tale->last_ns = session->closed.ns;
}

static void
play(const struct row *row, uint8_t family)
{
	struct tale tale = { .dead = row->dead };
	struct watch watch = { .context = &tale, .session = on_session };
	struct fault_settings faults[FAULTS] = { { .at_ns = 0 } };
	struct settings settings;

	settings_default(&settings);
	settings.faults = faults;
	for (uint32_t i = 0; i < FAULTS && row->faults[i].at_ms > 0; i++) {
		faults[i].kind = row->faults[i].kind;
		faults[i].at_ns = row->faults[i].at_ms * NS_PER_MS;
		(void)snprintf(faults[i].target, sizeof(faults[i].target), "%s",
			       row->faults[i].target);
		settings.fault_count++;
	}
	settings.fabric.servers = row->servers;
	settings.service.family = family;
	settings.clients.sessions = SESSIONS;
	settings.clients.interval_ns = S / 10;
	settings.clients.direction = DIRECTION_UPLOAD;
	settings.clients.size_bytes = 40000000;
	settings.clients.pace_bps = 200000;
	settings.measure.duration_ns = RUN_NS;
	(void)world_play(&settings, &watch, row->sentence);
	CHECK_ROW(tale.strays > 0, row->sentence);
	CHECK_ROW(tale.others == 0 && tale.untold == 0, row->sentence);
	CHECK_ROW((tale.told > 0) == (row->dead != 0), row->sentence);
	int64_t told_ns = tale.last_ns + RUN_NS - tale.end_ns - 10 * S;
	CHECK_ROW(row->dead == 0 || (told_ns >= 3 * S && told_ns <= TOLD_NS),
		  row->sentence);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		play(&rows[i], 4);
		play(&rows[i], 6);
	}
	return check_done();
}
