/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_full_test.c - strays that are too many, and those worth nothing
 *
 * Each function is a story, played for IPv4 and IPv6.
 */
#include "core/steer/stray.h"

#include "core/test/stage.h"

/* 10,000 sources that never were: flows, held bytes and lookups stay bounded,
 * and a session that is real gets through when it speaks again. */
static void
bogus_sources(struct stage *stage)
{
	struct address client = stage->client;
	uint32_t passed = 0;

	stage->settings.misses_per_s = 2000;
	stage_start(stage, 0, 1);
	for (uint32_t i = 0; i < 10000; i++) {
		/* 10,000 /24s or /48s. */
		stage->client = stage_address(stage->family, 50, 1);
		stage->client.bytes[stage->family == 4 ? 1 : 3] =
			(uint8_t)(i >> 8);
		stage->client.bytes[stage->family == 4 ? 2 : 4] = (uint8_t)i;
		uint32_t gets = stage->nodes[0].gets;
		stage_put_tcp(stage, TCP_RST);
		passed += stage->nodes[0].gets != gets;
		CHECK(steer_flow_count(stage->steers[0]) <= stage_limits.flows);
		if (stage->nodes[0].gets != gets)
			stage_missed(stage);
	}
	/* Down to a quarter; a small sketch takes some for others. */
	CHECK(passed > 1500 && passed < 2000);
	CHECK(stage_counters(stage)->drops[DROP_RATE_ALL] == 10000 - passed);
	CHECK(stage_counters(stage)->drops[DROP_RST_UNKNOWN] == passed);
	CHECK(stage_spells(stage, ""));
	stage->client = client;
	passed = 1;
	while (stage_put_tcp(stage, TCP_ACK).drop == DROP_RATE_ALL)
		passed++;
	CHECK(passed >= 2 && passed <= 4);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* The same, all at once, before any lookup has ended. */
static void
bogus_at_once(struct stage *stage)
{
	uint64_t held = 0;

	for (uint32_t i = 0; i < 10000; i++) {
		stage->client = stage_address(stage->family, 50, 1);
		stage->client.bytes[stage->family == 4 ? 1 : 3] =
			(uint8_t)(i >> 8);
		stage->client.bytes[stage->family == 4 ? 2 : 4] = (uint8_t)i;
		held += stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD;
	}
	CHECK(held == stage_limits.flows);
	CHECK(stage_counters(stage)->drops[DROP_FLOWS] == 10000 - held);
	CHECK(stage->nodes[0].gets == held);
}

/* A storm of real strays from one prefix is not charged. */
static void
storm_of_real_ones(struct stage *stage)
{
	uint16_t port = stage->client_port;

	for (uint32_t i = 0; i < 1000; i++) {
		stage->client_port = (uint16_t)(port + i);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
		stage_found(stage, "b");
		CHECK(stage_spells(stage, "b"));
	}
	CHECK(stage_counters(stage)->forwards == 1000);
}

/* A full table forgets the owner that was longest unused. */
static void
eviction(struct stage *stage)
{
	uint16_t port = stage->client_port;

	for (uint32_t i = 0; i < stage_limits.flows + 1; i++) {
		/* The first is used all the time. */
		stage->client_port = port;
		stage_put_tcp(stage, TCP_ACK);
		if (i == 0)
			stage_found(stage, "b");
		stage->now.ns += NS_PER_MS;
		stage->client_port = (uint16_t)(port + 1 + i);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
		stage_found(stage, "c");
		outbox_clear(&stage->outbox);
		while (stage_next(stage)) /* nothing is kept any more */
			;
	}
	CHECK(steer_flow_count(stage->steers[0]) == stage_limits.flows);
	stage->client_port = port;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	stage->client_port = (uint16_t)(port + 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
}

/* A server that crashes holds nothing in the table that it shares. */
static void
clear(struct stage *stage)
{
	uint32_t chunks = hold_chunks_free(stage->held);

	for (int i = 0; i < 50; i++) {
		stage_put_tcp(stage, TCP_ACK);
		if (i % 2 == 0)
			stage_missed(stage);
		stage->client_port = (uint16_t)(stage->client_port + i % 3);
	}
	CHECK(hold_chunks_free(stage->held) == chunks - 50);
	steer_clear(stage->steers[0]);
	CHECK(hold_chunks_free(stage->held) == chunks);
	CHECK(stage_counters(stage)->drops[DROP_GONE] == 50);
	CHECK(steer_deadline(stage->steers[0]).ns == INSTANT_NEVER.ns);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* A reset that is due, and no room for it: when there is. Not if the client has
 * begun anew by then. */
static void
reset_and_full(struct stage *stage)
{
	for (int anew = 0; anew < 2; anew++) {
		uint32_t gets = stage->nodes[0].gets + 1;

		stage->client_port++;
		stage_put_tcp(stage, TCP_ACK);
		stage->outbox.byte_capacity = 10;
		stage_missed(stage);
		for (int i = 0; i < 200; i++) {
			CHECK(stage_next(stage));
			if (stage->nodes[0].gets != gets)
				stage_missed(stage);
			gets = stage->nodes[0].gets;
		}
		CHECK(stage_counters(stage)->resets == (uint64_t)anew);
		CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_NEGATIVE);
		if (anew)
			stage_put_tcp(stage, TCP_SYN);
		stage->outbox.byte_capacity = sizeof(stage_bytes);
		CHECK(stage_next(stage) == !anew);
		CHECK(stage_spells(stage, anew ? "" : "R"));
		CHECK(stage_counters(stage)->resets == 1);
		CHECK(!stage_next(stage));
	}
}

/* What no session's client sends is worth no lookup. */
static void
senseless(struct stage *stage)
{
	struct address client = stage->client;
	uint16_t port = stage->client_port;

	CHECK(stage_put_tcp(stage, TCP_SYN | TCP_ACK).drop == DROP_SENSELESS);
	CHECK(stage_put_tcp(stage, 0).drop == DROP_SENSELESS);
	CHECK(stage_put_tcp(stage, TCP_FIN).drop == DROP_SENSELESS);
	memset(stage->client.bytes, 0, sizeof(stage->client.bytes));
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_SENSELESS);
	memset(stage->client.bytes, 0xff, stage->family == 4 ? 4 : 16);
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_SENSELESS);
	stage->client = stage->service.address;
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_SENSELESS);
	stage->client = client;
	stage->client_port = 0;
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_SENSELESS);
	CHECK(stage->nodes[0].gets == 0);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	stage->client_port = port;
	CHECK(stage_put_tcp(stage, TCP_RST).verdict == STEER_HOLD);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		bogus_sources, bogus_at_once,  storm_of_real_ones, eviction,
		clear,	       reset_and_full, senseless,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
