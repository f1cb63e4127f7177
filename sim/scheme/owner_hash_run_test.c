/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * owner_hash_run_test.c - whole runs under owner_hash: what it keeps, and what
 * it breaks when servers come and go
 */
#include <string.h>

#include "core/test/check.h"
#include "sim/world.h"

#define S	 NS_PER_S
#define SERVERS	 8
#define SESSIONS 200

struct tale {
	uint32_t owned[SERVERS + 2], broken[SERVERS + 2]; /* by owner */
	uint32_t all_broken, resets, completed;
	uint64_t strays;
	uint32_t measured;
	uint64_t forwards, decapsulated, lookups, bad_packets;
};

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;
	bool good = session->outcome == OUTCOME_CLOSED ||
		    session->outcome == OUTCOME_KEPT;

	tale->completed += good;
	tale->all_broken += !good;
	tale->resets += session->outcome == OUTCOME_RESET;
	tale->strays += session->strays;
	if (session->owner < SERVERS + 2) {
		tale->owned[session->owner]++;
		tale->broken[session->owner] += !good;
	}
}

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct tale *tale = context;

	tale->measured +=
		m->metric == METRIC_SETTING_FIRST || m->metric == METRIC_LOOKUP;
}

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;

	(void)node;
	if (strcmp(name, "steer_forwards") == 0)
		tale->forwards += value;
	else if (strcmp(name, "steer_decapsulated") == 0)
		tale->decapsulated += value;
	else if (strcmp(name, "steer_lookups") == 0)
		tale->lookups += value;
	else if (strcmp(name, "server_bad_packets") == 0 ||
		 strcmp(name, "bad_packets") == 0)
		tale->bad_packets += value;
}

/* Sessions of 8 s, all open at 3 s, when the fault comes. */
static struct tale
run(const struct fault_settings *fault, uint8_t family, uint64_t seed)
{
	struct tale tale = { .all_broken = 0 };
	const struct watch watch = {
		.context = &tale,
		.session = on_session,
		.measurement = on_measurement,
		.counter = on_counter,
	};
	struct fault_settings copy;
	struct settings settings;
	struct world *world;
	char error[200];

	settings_default(&settings);
	settings.seed = seed;
	settings.service.scheme = SCHEME_OWNER_HASH;
	settings.service.family = family;
	settings.fabric.servers = SERVERS;
	settings.fabric.clients = 4;
	settings.clients.sessions = SESSIONS;
	settings.clients.interval_ns = 10 * NS_PER_MS;
	settings.clients.size_bytes = 1000000;
	settings.clients.pace_bps = 1000000;
	settings.measure.duration_ns = 20 * S;
	if (fault != NULL) {
		copy = *fault;
		copy.at_ns = 3 * S;
		settings.faults = &copy;
		settings.fault_count = 1;
	}
	CHECK(world_create(&world, &settings, &watch, error, sizeof(error)) ==
	      0);
	(void)world_run(world);
	world_destroy(world);
	CHECK(tale.completed + tale.all_broken == SESSIONS);
	CHECK(tale.bad_packets == 0);
	CHECK(tale.measured == 0 && tale.lookups == 0);
	return tale;
}

/* Seven packets in eight land elsewhere, and find their server. */
static void
test_plain(void)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct tale tale = run(NULL, family, 1);

		CHECK(tale.completed == SESSIONS);
		CHECK(tale.forwards == tale.decapsulated);
		CHECK(tale.strays > 0 && tale.strays <= tale.forwards);
		for (uint32_t i = 0; i < SERVERS; i++)
			CHECK(tale.owned[i] >= 8 && tale.owned[i] <= 50);
	}
}

/* What moves packets, and moves no server, breaks nothing. */
static void
test_kept(void)
{
	static const struct {
		const char *sentence;
		struct fault_settings fault;
	} rows[] = {
		{ "a spine dies",
		  { .kind = FAULT_ROUTER_DOWN, .target = "spine1" } },
		{ "a link between exit and spine, down and up",
		  { .kind = FAULT_LINK_DOWN,
		    .target = "exit1-spine1",
		    .until_ns = 5 * S } },
		{ "one of a server's two links",
		  { .kind = FAULT_LINK_DOWN, .target = "leaf1-server1" } },
		{ "a drained server stays a member, its loopback is there",
		  { .kind = FAULT_DRAIN, .target = "server3" } },
		{ "a server leaves when its sessions are over",
		  { .kind = FAULT_LEAVE, .target = "server3" } },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tale tale = run(&rows[i].fault, 4, 2);

		CHECK_ROW(tale.completed == SESSIONS, rows[i].sentence);
	}
}

/* Its own sessions die with it, and no other. */
static void
test_crash(void)
{
	const struct fault_settings fault = { .kind = FAULT_SERVER_CRASH,
					      .target = "server3" };

	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct tale tale = run(&fault, 4, seed);

		CHECK(tale.owned[2] > 0 && tale.broken[2] == tale.owned[2]);
		CHECK(tale.all_broken == tale.broken[2]);
	}
}

/* A server more takes about one session in nine from the others, and answers
 * with a RST. Homeward keeps them all (world_test.c). */
static void
test_join(void)
{
	const struct fault_settings fault = { .kind = FAULT_JOIN, .count = 1 };
	uint32_t broken = 0, whose = 0;

	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct tale tale = run(&fault, 4, seed);

		CHECK(tale.owned[SERVERS] == 0);
		CHECK(tale.resets == tale.all_broken);
		broken += tale.all_broken;
		for (uint32_t i = 0; i < SERVERS; i++)
			whose += tale.broken[i] > 0;
	}
	/* 67 of 600; four standard deviations are 31. Every server
	 * loses some. */
	CHECK(broken >= 36 && broken <= 98);
	CHECK(whose >= 2 * SERVERS);
}

int
main(void)
{
	test_plain();
	test_kept();
	test_crash();
	test_join();
	return check_done();
}
