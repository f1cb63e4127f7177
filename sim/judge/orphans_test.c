/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans_test.c - since when a server is waited for, and whole worlds in which
 * a client is told
 */
#include "sim/judge/orphans.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/host/transport.h"
#include "sim/host/ways.h"
#include "sim/test/judge_bed.h"
#include "sim/test/world_play.h"

#define S    NS_PER_S
#define IDLE (4 * S)

/*
 * A letter a second; before each the client may have tried again:
 *
 *	s	a stray comes
 *	t	it does, for its sender's timer rang
 *	m	it comes to another server
 *	l	the server has started anew
 *	-	something excuses the server
 *	.	nothing
 */
static const struct row {
	const char *sentence;
	const char *steps;
	int since; /* the second; -1: nobody is waited for */
} rows[] = {
	{ "nothing comes", ".........", -1 },
	{ "one stray", ".t......", -1 },
	{ "two that are new", ".ss.....", -1 },
	{ "the second repeats", ".st...", 2 },
	{ "the first alone did", ".ts.....", -1 },
	{ "a third does", ".tst...", 3 },
	{ "more make it no later", ".sttttt.", 2 },
	{ "its client has not spoken for long", ".st....", -1 },
	{ "it may have forgotten", ".s....t.", -1 },
	{ "and hears it again", ".s....tt", 7 },
	{ "it may have forgotten whom it asked for", ".st.....t", -1 },
	{ "the packets go elsewhere", ".stm....", -1 },
	{ "and are repeated there", ".stmst..", 5 },
	{ "its daemon starts anew", ".stl....", -1 },
	{ "it is excused for a moment", ".st-....", -1 },
	{ "and not any more", ".st-.st.", 6 },
};

static void
play(const struct row *row)
{
	struct orphan_facts facts = { .server = 1, .idle_ns = IDLE };
	struct orphan orphan = { .known = false };
	struct instant since = { 0 };

	for (int i = 0; row->steps[i] != '\0'; i++) {
		char what = row->steps[i];

		facts.strays += what == 's' || what == 't';
		facts.tries += what == 't';
		facts.server += what == 'm';
		facts.life += what == 'l';
		facts.sound = what != '-';
		since = orphan_look(&orphan, (struct instant){ (i + 1) * S },
				    &facts);
	}
	CHECK_ROW(since.ns == (row->since + 1) * S, row->sentence);
}

/* A session of a server that is off, whose packets come to another, which does
 * nothing. What is done about it: */
enum remedy {
	NOTHING,
	OWNER_BACK,
	DAEMON_KILLED,
	LINK_CUT
};

static const struct {
	const char *sentence;
	enum remedy remedy;
	bool untold;
} remedies[] = {
	{ "nothing", NOTHING, true },
	{ "the owner is back", OWNER_BACK, false },
	{ "the server's daemon is killed", DAEMON_KILLED, false },
	{ "another server cannot be reached", LINK_CUT, false },
};

static void
remedy(struct bed *bed, enum remedy what, uint32_t server, uint32_t owner)
{
	switch (what) {
	case NOTHING:
		break;
	case OWNER_BACK:
		servers_up(bed->servers, bed_now(bed), owner);
		break;
	case DAEMON_KILLED:
		servers_daemon_kill(bed->servers, server);
		break;
	case LINK_CUT:
		network_device_set(bed->network, (server + 2) % 4, false);
		break;
	}
}

/* Does a client that repeats itself every second for so long accuse it? */
static bool
waits(struct bed *bed, uint32_t server, const struct session_key *key,
      int64_t ns)
{
	const struct session *session = workload_session(bed->workload, 0);
	uint32_t client = network_client_device(bed->network, session->client);
	struct connection *connection =
		transport_find(bed->transport, client, key);
	struct instant now = bed_now(bed), end = instant_after(now, ns);
	struct orphan orphan = { .known = false };
	bool untold = false;

	/* They came to another first, and a lookup was refused here. */
	workload_stray(bed->workload, now, key, (server + 2) % 4);
	(void)orphan_untold(&orphan, &bed->parts, now, session, 1);
	workload_stray(bed->workload, now, key, server);
	workload_search(bed->workload, now, 0, server, CAUSE_SEARCH_REFUSED);
	(void)orphan_untold(&orphan, &bed->parts, now, session, 1);
	workload_search(bed->workload, now, 0, server, CAUSE_SEARCH_NONE);
	for (; instant_before(now, end); now = instant_after(now, S)) {
		untold |= orphan_untold(&orphan, &bed->parts, now, session, 1);
		connection->tcp.counters.timeouts++;
		workload_stray(bed->workload, now, key, server);
	}
	return untold;
}

static void
test_remedies(void)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		struct session_key key = bed_key(5);
		struct path way = path_begin();
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		settings.fabric.servers = 4;
		settings.service.steer.silent_after_ns = 3 * S;
		bed_make(&bed, &settings);
		bed.parts.transport = bed.transport;
		servers_ideal(bed.servers, INSTANT_NEVER);
		workload_open(bed.workload, bed_now(&bed), 0, &key);
		ways_from_client(bed.network, workload_session(bed.workload, 0),
				 &way);
		CHECK(way.last < 4);
		transport_add(bed.transport,
			      network_client_device(bed.network, 0), &key);
		uint32_t owner = (way.last + 1) % 4;
		workload_owned(bed.workload, 0, owner);
		servers_crash(bed.servers, owner);
		remedy(&bed, remedies[i].remedy, way.last, owner);
		CHECK_ROW(!waits(&bed, way.last, &key, 5 * S),
			  remedies[i].sentence);
		CHECK_ROW(waits(&bed, way.last, &key, 10 * S) ==
				  remedies[i].untold,
			  remedies[i].sentence);
		bed_free(&bed);
	}
}

struct tale {
	uint64_t untold, other;
};

static void
on_violation(void *context, const struct watch_violation *violation)
{
	struct tale *tale = context;

	tale->untold += violation->kind == VIOLATION_UNTOLD;
	tale->other += violation->kind != VIOLATION_UNTOLD;
}

/* Uploads whose owner dies; each is reset, and nobody is accused. */
static void
test_told(void)
{
	struct fault_settings fault = {
		.kind = FAULT_SERVER_CRASH,
		.at_ns = 2 * S,
		.target = "server1",
	};
	struct tale tale = { 0 };
	const struct watch watch = { .context = &tale,
				     .violation = on_violation };
	struct settings settings;

	settings_default(&settings);
	settings.faults = &fault;
	settings.fault_count = 1;
	settings.fabric.servers = 8;
	settings.clients.sessions = 40;
	settings.clients.interval_ns = 10 * NS_PER_MS;
	settings.clients.size_bytes = 100000;
	settings.clients.pace_bps = 40000;
	settings.clients.direction = DIRECTION_UPLOAD;
	settings.service.steer.silent_after_ns = 3 * S;
	settings.measure.duration_ns = 25 * S;
	struct world_result result = world_play(&settings, &watch, "told");
	CHECK(result.facts.causes[CAUSE_OWNER_DEAD] > 0);
	CHECK(tale.untold == 0 && tale.other == 0);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	test_remedies();
	test_told();
	return check_done();
}
