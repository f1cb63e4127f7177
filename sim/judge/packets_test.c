/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packets_test.c - worlds in which ports come round, servers crash, daemons
 * restart and links lose, double and reorder: nothing of it is a violation
 *
 * That each rule fires is shown beside it (sockets_test.c, forwards_test.c,
 * storm_test.c, caches_test.c); here, that none does where sessions stray and
 * owners refuse.
 */
#include "sim/judge/packets.h"

#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "sim/test/world_play.h"

#define MS	   NS_PER_MS
#define S	   NS_PER_S
#define SEEDS	   50
#define FAULTS_MAX 6
#define SESSIONS   400
#define SERVERS	   8
#define SPINES	   3
#define LEAVES	   2

struct tale {
	uint32_t violations[VIOLATIONS];
	uint64_t strays, refusals;
	uint32_t ended;
};

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;

	tale->strays += session->strays;
	tale->ended++;
}

static void
on_violation(void *context, const struct watch_violation *violation)
{
	struct tale *tale = context;

	if (tale->violations[violation->kind]++ == 0)
		fprintf(stderr, "%s: %s\n", violation_name(violation->kind),
			violation->sentence);
}

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;

	(void)node;
	if (strcmp(name, "steer_not_mine_received") == 0)
		tale->refusals += value;
}

static uint32_t
one_of(struct rng *rng, uint32_t count)
{
	return (uint32_t)rng_below(rng, count);
}

static void
draw_fault(struct rng *rng, struct fault_settings *fault)
{
	static const enum fault_kind kinds[] = {
		FAULT_LINK_DOWN,   FAULT_LINK_SILENT,  FAULT_ROUTER_DOWN,
		FAULT_DRAIN,	   FAULT_SERVER_CRASH, FAULT_DAEMON_RESTART,
		FAULT_DAEMON_KILL,
	};

	*fault = (struct fault_settings){ .kind = kinds[one_of(rng, 7)] };
	fault->at_ns = S + one_of(rng, 5000) * MS;
	if (fault->kind != FAULT_DAEMON_RESTART)
		fault->until_ns = fault->at_ns + (300 + one_of(rng, 2500)) * MS;
	if (fault->kind >= FAULT_SERVER_CRASH)
		snprintf(fault->target, sizeof(fault->target), "server%u",
			 1 + one_of(rng, SERVERS));
	else if (fault->kind == FAULT_ROUTER_DOWN)
		snprintf(fault->target, sizeof(fault->target), "spine%u",
			 1 + one_of(rng, SPINES));
	else
		snprintf(fault->target, sizeof(fault->target), "spine%u-leaf%u",
			 1 + one_of(rng, SPINES), 1 + one_of(rng, LEAVES));
}

static void
draw(struct rng *rng, uint64_t seed, struct settings *settings,
     struct fault_settings faults[FAULTS_MAX])
{
	settings_default(settings);
	settings->seed = seed;
	settings->fabric.spines = SPINES;
	settings->fabric.leaves = LEAVES;
	settings->fabric.servers = SERVERS;
	settings->fabric.clients = 1 + one_of(rng, 3);
	settings->fabric.client_link.loss_ppm = one_of(rng, 2) * 20000;
	settings->fabric.client_link.duplicate_ppm = one_of(rng, 2) * 50000;
	settings->fabric.edge_link.reorder_ppm = one_of(rng, 2) * 20000;
	settings->fabric.server_link.duplicate_ppm = one_of(rng, 2) * 5000;
	settings->service.family = one_of(rng, 2) ? 6 : 4;
	settings->clients.sessions = SESSIONS;
	settings->clients.interval_ns = (5 + one_of(rng, 20)) * MS;
	settings->clients.size_bytes = 5000 + one_of(rng, 60000);
	settings->clients.pace_bps = 800000;
	settings->clients.reuse_ports = true;
	settings->clients.direction =
		one_of(rng, 2) ? DIRECTION_UPLOAD : DIRECTION_DOWNLOAD;
	settings->measure.duration_ns = 30 * S;
	settings->faults = faults;
	settings->fault_count = 2 + one_of(rng, FAULTS_MAX - 1);
	for (uint32_t i = 0; i < settings->fault_count; i++)
		draw_fault(rng, &faults[i]);
}

int
main(void)
{
	static const enum violation kinds[] = {
		VIOLATION_FOREIGN_BYTES, VIOLATION_CORRUPT,
		VIOLATION_TUNNEL_AGAIN,	 VIOLATION_STORM,
		VIOLATION_STALE_CACHE,
	};
	struct tale tale = { .strays = 0 };
	const struct watch judged = {
		.context = &tale,
		.session = on_session,
		.counter = on_counter,
		.violation = on_violation,
	};
	struct rng rng;

	rng_init(&rng, 1, 0);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct fault_settings faults[FAULTS_MAX];
		struct settings settings;
		char sentence[40];

		snprintf(sentence, sizeof(sentence), "seed %u", (unsigned)seed);
		draw(&rng, seed, &settings, faults);
		struct world_result alone =
			world_play(&settings, NULL, sentence);
		struct world_result looked_at =
			world_play(&settings, &judged, sentence);
		/* Nobody may notice that he is looked at. */
		CHECK_ROW(alone.state_hash == looked_at.state_hash &&
				  alone.events == looked_at.events,
			  sentence);
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			CHECK_ROW(tale.violations[kinds[i]] == 0, sentence);
	}
	CHECK(tale.ended == SEEDS * SESSIONS);
	CHECK(tale.strays > 1000 && tale.refusals > 30); /* it was tried */
	return check_done();
}
