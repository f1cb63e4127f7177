/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * budget_test.c - under pressure: who is looked up, who is held, who is reset
 *
 * Stories as in stray_test.c, for IPv4 and IPv6.
 */
#include "core/steer/budget.h"

#include "core/steer/limiter.h"
#include "core/test/stage.h"

/* Others' lookups miss until this client's level is that one. */
static void
press(struct stage *stage, uint32_t level, bool own)
{
	const struct strays *strays = steer_strays(stage->steers[0]);
	struct session_key key = stage_key(stage);
	uint8_t other[16] = { 99, 1, 2, 3, 4, 5, 6, 7 };
	enum drop why;

	while (limiter_level(strays->limiter, stage->now, key.family,
			     key.client, &why) < level)
		limiter_charge(strays->limiter, stage->now, key.family,
			       own ? key.client : other);
}

static void
limits(struct stage *stage, uint32_t per_s_prefix, uint32_t per_s)
{
	stage->settings.misses_per_s_prefix = per_s_prefix;
	stage->settings.misses_per_s = per_s;
	stage_start(stage, 0, 1);
}

/* To the next deadline, at which the level is still that. */
static bool
next_under(struct stage *stage, uint32_t level)
{
	struct instant due = steer_deadline(stage->steers[0]);

	if (due.ns == INSTANT_NEVER.ns)
		return false;
	stage->now = due;
	press(stage, level, false);
	return stage_next(stage);
}

/* Level by level, a new flow at each: how often it has to speak. */
static void
levels(struct stage *stage)
{
	for (uint32_t level = 0; level < 7; level++) {
		limits(stage, 0, 1000);
		stage_start(stage, 0, 1 + level); /* nobody is proven */
		press(stage, level, false);
		stage->client_port++;
		uint32_t gets = stage->nodes[0].gets, spoken = 1;
		while (stage_put_tcp(stage, TCP_ACK).verdict != STEER_HOLD)
			spoken++;
		CHECK(stage->nodes[0].gets == gets + 1);
		CHECK(stage->nodes[0].glance == (level == 1));
		CHECK(spoken == (level < 2 ? 1 : level));
		CHECK(stage_counters(stage)->drops[DROP_RATE_ALL] ==
		      (level < 2 ? 0 : level - 1));
		stage_found(stage, "b");
		CHECK(stage_spells(stage, "b"));
	}
}

/* A closed account lets nobody in, however often it speaks; the first token is
 * for who spoke most. */
static void
closed(struct stage *stage)
{
	limits(stage, 100, 1000);
	press(stage, LIMITER_CLOSED, true);
	for (int i = 0; i < 30; i++)
		CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_RATE_PREFIX);
	stage->now.ns += 10 * NS_PER_MS;
	uint16_t port = stage->client_port++;
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_RATE_PREFIX);
	stage->client_port = port;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
}

/* A glance that misses proves nothing: no retry, no reset, in silence. */
static void
glance_alone(struct stage *stage)
{
	limits(stage, 0, 1000);
	press(stage, LIMITER_GLANCE, false);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].glance);
	stage_doubtful(stage);
	while (next_under(stage, LIMITER_GLANCE))
		;
	CHECK(stage->nodes[0].gets == 1);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->glances == 1);
	CHECK(stage_counters(stage)->resets == 0);
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 1);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
}

/* When it speaks again it is worth a lookup at once, and what waited is
 * released with what came. */
static void
glance_then_lookup(struct stage *stage)
{
	limits(stage, 0, 1000);
	press(stage, LIMITER_GLANCE, false);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_doubtful(stage);
	stage->now.ns += 5 * NS_PER_MS;
	press(stage, LIMITER_GLANCE, false);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].gets == 2 && !stage->nodes[0].glance);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "bb"));
}

/* An ordinary client whose session is gone: it speaks twice, has its lookup at
 * the start, one more for a packet that comes meanwhile, the last one, and its
 * RST. */
static void
stale_session(struct stage *stage)
{
	limits(stage, 0, 1000);
	press(stage, 2, false);
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_RATE_ALL);
	stage->now.ns += 200 * NS_PER_MS;
	press(stage, 2, false);
	struct instant start = stage->now;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_missed(stage);
	CHECK(next_under(stage, 2));
	CHECK(next_under(stage, 2));
	CHECK(stage->nodes[0].gets == 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	while (stage->nodes[0].gets < 3) {
		uint32_t gets = stage->nodes[0].gets;
		CHECK(next_under(stage, 2));
		if (stage->nodes[0].gets > gets)
			stage_missed(stage);
	}
	CHECK(stage->now.ns == start.ns + NS_PER_S);
	CHECK(stage_spells(stage, "R"));
}

/* A prefix whose strays found owners keeps a try for each new flow, while
 * another one's have to speak twice. */
static void
proven_prefix(struct stage *stage)
{
	limits(stage, 100, 1000);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	struct address client = stage->client;
	stage->client = stage_address(stage->family, 77, 1);
	stage->client.bytes[5] = 0xaa;
	press(stage, 3, false);
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_RATE_ALL);
	stage->client = client;
	stage->client_port++;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].glance);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* Flows that miss and are quiet leave the table for who comes. */
static void
table_full_of_bogus(struct stage *stage)
{
	uint16_t port = stage->client_port;

	for (uint32_t i = 0; i < stage_limits.flows; i++) {
		stage->client_port = (uint16_t)(port + 1 + i);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
		stage_missed(stage);
	}
	/* The oldest has spoken again: it stays, and the next goes. */
	stage->client_port = (uint16_t)(port + 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage->client_port = port;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage_counters(stage)->drops[DROP_FLOWS] == 1);
	CHECK(steer_flow_count(stage->steers[0]) == stage_limits.flows);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage->client_port = (uint16_t)(port + 1);
	CHECK(!stage_put_tcp(stage, TCP_ACK).first);
	stage->client_port = (uint16_t)(port + 2);
	CHECK(stage_put_tcp(stage, TCP_ACK).first);
}

/* What they hold makes room, too. */
static void
bytes_full_of_bogus(struct stage *stage)
{
	struct address client = stage->client;
	uint32_t bogus = 0;

	stage->settings.hold_bytes = 40 * 256;
	for (uint8_t i = 0; i < 60; i++) {
		stage->client = stage_address(stage->family, 50, 1);
		stage->client.bytes[stage->family == 4 ? 2 : 4] = i;
		bogus += stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD;
		stage_missed(stage);
	}
	CHECK(bogus == 60);
	CHECK(stage_counters(stage)->drops[DROP_HOLD_BYTES] > 20);
	stage->client = client;
	for (uint32_t i = 0; i < 10; i++)
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "bbbbbbbbbb"));
}

/* One prefix, or one flow, does not hold all that there is. */
static void
shares(struct stage *stage)
{
	struct address client = stage->client;
	uint16_t port = stage->client_port;
	uint32_t flow = 0, prefix = 0;

	stage->settings.hold_bytes = 120 * 256;
	while (stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD)
		flow++;
	CHECK(flow >= 39 && flow <= 41); /* a third */
	prefix = flow;
	for (uint32_t i = 0; i < 50; i++) {
		stage->client_port++;
		for (uint32_t j = 0; j < 4; j++)
			prefix += stage_put_tcp(stage, TCP_ACK).verdict ==
				  STEER_HOLD;
	}
	CHECK(prefix >= 59 && prefix <= 61); /* a half */
	stage->client.bytes[stage->family == 4 ? 1 : 3]++;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	/* All of it comes back. */
	steer_clear(stage->steers[0]);
	stage->client = client;
	stage->client_port = port;
	while (flow > 0 && stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD)
		flow--;
	CHECK(flow == 0);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		levels,
		closed,
		glance_alone,
		glance_then_lookup,
		stale_session,
		proven_prefix,
		table_full_of_bogus,
		bytes_full_of_bogus,
		shares,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
