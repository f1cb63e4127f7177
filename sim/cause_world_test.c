/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause_world_test.c - whole runs, and why their sessions ended badly
 *
 * Forty sessions of the paper's four servers, two megabits a second each; at
 * 3 s something happens.
 */
#include "sim/model/cause.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define MS	 NS_PER_MS
#define S	 NS_PER_S
#define SESSIONS 40

struct tale {
	uint32_t good, causes[CAUSES], of_server[CAUSES];
	uint32_t server;
};

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;

	if (session->outcome <= OUTCOME_KEPT) {
		tale->good++;
		CHECK(session->cause == CAUSE_NONE);
		return;
	}
	tale->causes[session->cause]++;
	tale->of_server[session->cause] += session->owner == tale->server;
}

static const struct row {
	const char *sentence;
	struct fault_settings faults[2];
	enum scheme_kind scheme;
	int64_t store_after_ns, duration_ns;
	uint64_t size_bytes;
	enum cause cause; /* of all that end badly */
	uint32_t least, most;
	bool of_server; /* all of them are server 2's (index 1) */
} rows[] = {
	{ "all is well",
	  { { .at_ns = 0 } },
	  SCHEME_HOMEWARD,
	  0,
	  20 * S,
	  500000,
	  CAUSE_NONE,
	  0,
	  0,
	  false },
	{ "the run is too short",
	  { { .at_ns = 0 } },
	  SCHEME_HOMEWARD,
	  0,
	  3 * S,
	  2000000,
	  CAUSE_UNFINISHED,
	  SESSIONS,
	  SESSIONS,
	  false },
	{ "a server crashes",
	  { { .kind = FAULT_SERVER_CRASH,
	      .at_ns = 3 * S,
	      .target = "server2" } },
	  SCHEME_HOMEWARD,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_OWNER_DEAD,
	  1,
	  SESSIONS - 1,
	  true },
	{ "a spine dies, and nothing protects",
	  { { .kind = FAULT_ROUTER_DOWN, .at_ns = 3 * S, .target = "spine1" } },
	  SCHEME_NONE,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_NO_SOCKET,
	  1,
	  SESSIONS,
	  false },
	{ "a spine dies, and nothing was stored yet",
	  { { .kind = FAULT_ROUTER_DOWN, .at_ns = 3 * S, .target = "spine1" } },
	  SCHEME_HOMEWARD,
	  20 * S,
	  30 * S,
	  2000000,
	  CAUSE_UNPROTECTED,
	  1,
	  SESSIONS,
	  false },
	{ "a client's line loses nearly all",
	  { { .kind = FAULT_LINK_DEGRADE,
	      .at_ns = 3 * S,
	      .target = "client1-edge1",
	      .link.loss_ppm = 999999 } },
	  SCHEME_HOMEWARD,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_UNREACHABLE,
	  SESSIONS,
	  SESSIONS,
	  false },
	{ "nobody hears what a server says",
	  { { .kind = FAULT_LINK_SILENT,
	      .at_ns = 3 * S,
	      .target = "client1-edge1",
	      .way = FAULT_WAY_UP } },
	  SCHEME_HOMEWARD,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_UNREACHABLE,
	  SESSIONS,
	  SESSIONS,
	  false },
	{ "a spine dies, and the daemons are dead",
	  { { .kind = FAULT_DAEMON_KILL, .at_ns = 2 * S, .target = "server*" },
	    { .kind = FAULT_ROUTER_DOWN, .at_ns = 3 * S, .target = "spine1" } },
	  SCHEME_HOMEWARD,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_UNREACHABLE,
	  1,
	  SESSIONS,
	  false },
	{ "a server loses its links",
	  { { .kind = FAULT_LINK_DOWN,
	      .at_ns = 3 * S,
	      .target = "leaf1-server2" },
	    { .kind = FAULT_LINK_DOWN,
	      .at_ns = 3 * S,
	      .target = "leaf2-server2" } },
	  SCHEME_HOMEWARD,
	  0,
	  30 * S,
	  2000000,
	  CAUSE_UNREACHABLE,
	  1,
	  SESSIONS - 1,
	  true },
};

static void
play(const struct row *row)
{
	struct tale tale = { .server = 1 };
	const struct watch watch = { .context = &tale, .session = on_session };
	struct fault_settings faults[2];
	struct settings settings;
	uint32_t bad = 0;

	settings_default(&settings);
	memcpy(faults, row->faults, sizeof(faults));
	settings.faults = faults;
	for (unsigned i = 0; i < 2; i++)
		settings.fault_count += faults[i].at_ns > 0;
	settings.service.scheme = row->scheme;
	settings.service.steer.store_after_ns = row->store_after_ns;
	settings.clients.sessions = SESSIONS;
	settings.clients.size_bytes = row->size_bytes;
	settings.clients.pace_bps = 2000000;
	settings.measure.duration_ns = row->duration_ns;
	(void)world_play(&settings, &watch, row->sentence);
	for (unsigned i = 0; i < CAUSES; i++) {
		bad += tale.causes[i];
		CHECK_ROW(tale.causes[i] == 0 || i == row->cause,
			  row->sentence);
	}
	CHECK_ROW(bad + tale.good == SESSIONS, row->sentence);
	CHECK_ROW(bad >= row->least && bad <= row->most, row->sentence);
	CHECK_ROW(!row->of_server || tale.of_server[row->cause] == bad,
		  row->sentence);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	return check_done();
}
