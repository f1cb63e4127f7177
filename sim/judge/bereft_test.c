/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bereft_test.c - what chance allows, and what worlds do
 */
#include "sim/judge/bereft.h"

#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S NS_PER_S

static void
test_expected(void)
{
	static const struct {
		uint64_t gone, others;
		uint32_t replicas;
		uint64_t low_ppm, high_ppm;
	} rows[] = {
		{ 0, 15, 3, 0, 0 },
		{ 1, 10, 3, 1000, 1001 }, /* 0.1^3 */
		{ 5, 10, 1, 693000, 693200 }, /* -ln 0.5 */
		{ 5, 10, 3, 133000, 133600 }, /* -ln 0.875 */
		{ 9, 10, 1, 1000000, 1000000 }, /* 2.3, and 1 at most */
		{ 10, 10, 3, 1000000, 1000000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ppm = bereft_expected_ppm(rows[i].gone, rows[i].others,
						   rows[i].replicas);

		CHECK(ppm >= rows[i].low_ppm && ppm <= rows[i].high_ppm);
	}
}

static void
on_violation(void *context, const struct watch_violation *violation)
{
	(void)context;
	(void)violation;
}

/* Sessions that are open from the first second to the end; of thirty servers so
 * many lose their daemons at 5 s. */
static struct judge_facts
play(unsigned killed, uint64_t seed)
{
	const struct watch watch = { .violation = on_violation };
	struct fault_settings fault = { .kind = FAULT_DAEMON_RESTART,
					.at_ns = 5 * S,
					.count = killed,
					.target = "server*" };
	struct settings settings;

	settings_default(&settings);
	settings.seed = seed;
	settings.fabric.servers = 30;
	/* Nobody mends what chance has done. */
	settings.dht.node.watch_ns = 0;
	settings.fabric.leaves = 8;
	settings.fabric.fidelity = FIDELITY_PATH;
	settings.clients.sessions = 100;
	settings.clients.size_bytes = 100000;
	settings.clients.pace_bps = 40000;
	settings.measure.duration_ns = 10 * S;
	settings.dht.node.watch_ns = 0; /* nobody stores anything again */
	settings.faults = &fault;
	settings.fault_count = killed > 0;
	return world_play(&settings, &watch, "a world").facts;
}

static void
test_worlds(void)
{
	struct judge_facts facts = play(0, 1);
	uint64_t bereft = 0, expected_ppm = 0;

	CHECK(facts.bereft_of == 100 && facts.bereft == 0 &&
	      facts.bereft_expected_ppm == 0);
	for (uint64_t seed = 1; seed <= 12; seed++) {
		facts = play(20, seed);
		CHECK(facts.bereft_of > 50);
		bereft += facts.bereft;
		expected_ppm += facts.bereft_expected_ppm;
	}
	/* Two thirds are gone, and 0.3 of the other owners' sessions; no more
	 * than expected, and not less than half of it. */
	CHECK(bereft * 1000000 <= expected_ppm);
	CHECK(bereft * 2000000 >= expected_ppm);
}

int
main(void)
{
	test_expected();
	test_worlds();
	return check_done();
}
