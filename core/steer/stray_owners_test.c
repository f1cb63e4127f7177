/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_owners_test.c - sequences: who forges, and who else may be the owner
 *
 * Each function is a story, played for IPv4 and IPv6.
 */
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/outgoing.h"
#include "core/steer/stray.h"
#include "core/test/stage.h"

/* A SYN during the lookup, while it waits for the next, and when the owner is
 * known: who forges them does not keep a session from its owner. */
static void
syns_are_anybodys(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	node_ticket first = stage->nodes[0].ticket;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].ticket == first && stage->nodes[0].gets == 1);
	stage_missed(stage);
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	CHECK(stage_next(stage));
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "bb"));
	CHECK(stage_counters(stage)->drops[DROP_GONE] == 0);
	struct steer_result result = stage_put_tcp(stage, TCP_SYN);
	CHECK(result.verdict == STEER_LOCAL && result.opening);
	result = stage_put_tcp(stage, TCP_ACK);
	CHECK(result.verdict == STEER_FORWARD && !result.opening);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage->nodes[0].gets == 2);
}

/* It was the client's: the session begins here, and its packets are known. */
static void
begins_here(struct stage *stage)
{
	uint8_t bytes[STAGE_PACKET];

	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	CHECK(steer_flow_count(stage->steers[0]) == 1);
	size_t size = stage_tcp(stage, TCP_ACK, 0, true, bytes);
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
}

/* Two records: both owners get what was held, and what the client repeats; not
 * what is new. So a client finds its owner though it speaks less often than
 * flows are remembered. */
static void
two_owners(struct stage *stage)
{
	uint32_t sent;

	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "bc");
	CHECK(stage_spells(stage, "bc"));
	sent = stage->sent;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	stage->sent = sent;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "bc"));
	stage_not_mine(stage, 1);
	stage->sent = sent;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	CHECK(stage->nodes[0].gets == 1);
}

/* As many owners as a key has records: in order, those that are usable. */
static void
three_owners(struct stage *stage)
{
	const struct strays *strays = steer_strays(stage->steers[0]);
	uint8_t family = stage->family;
	struct flow flow = { .excluded_count = 0 };
	uint32_t owners[4];

	for (uint8_t i = 0; i < 4; i++) {
		struct endpoint endpoint = {
			stage_address(family, 10, (uint8_t)(90 + i)), 7000
		};
		owners[i] = endpoints_intern(stage->endpoints, &endpoint);
	}
	flow_owner_none(&flow);
	CHECK(!flow_owner_doubted(strays, stage->now, &flow));
	for (unsigned i = 0; i < 4; i++) /* the fourth has no place */
		flow_owner_add(&flow, owners[i]);
	CHECK(flow.owner == owners[0] && flow.others[0] == owners[1] &&
	      flow.others[1] == owners[2]);
	flow_owner_exclude(&flow, owners[1]);
	CHECK(flow_owner_doubted(strays, stage->now, &flow));
	CHECK(flow_owner_next(strays, stage->now, &flow));
	CHECK(flow.owner == owners[2]);
	CHECK(!flow_owner_doubted(strays, stage->now, &flow));
	CHECK(!flow_owner_next(strays, stage->now, &flow));
	CHECK(flow.owner == ENDPOINT_NONE);
}

/* The owner refuses what it was sent: who is found next gets it, though the
 * client has said nothing more. */
static void
refused(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "bb"));
	stage->now.ns += NS_PER_MS;
	stage_not_mine(stage, 1);
	CHECK(stage->nodes[0].gets == 2);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "c");
	CHECK(stage_spells(stage, "ccc"));
	CHECK(stage_counters(stage)->held == 3 &&
	      stage_counters(stage)->released == 3);
	/* It has them: nothing is left to be refused. */
	stage->now.ns += OUTGOING_KEPT_NS;
	CHECK(stage_next(stage));
	CHECK(hold_chunks_free(stage->held) == hold_chunks(stage->held));
	stage_not_mine(stage, 2);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, ""));
}

/* A new series asks all owners anew: who has refused a packet does not get it
 * again, but what came since. */
static void
refused_once(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage->now.ns += 950 * NS_PER_MS;
	stage_found(stage, "b");
	stage_not_mine(stage, 1);
	stage_found(stage, "c");
	CHECK(stage_spells(stage, "bc"));
	stage->now.ns += 60 * NS_PER_MS;
	stage_not_mine(stage, 2);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->released == 2);
}

/* Refused, and nobody else has it: it was counted when it was sent. Then the
 * socket appears here, which gets what no owner had. */
static void
refused_for_good(struct stage *stage)
{
	uint8_t bytes[STAGE_PACKET];

	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage_not_mine(stage, 1);
	stage_put_tcp(stage, TCP_ACK);
	size_t size = stage_tcp(stage, TCP_ACK, 0, true, bytes);
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	CHECK(stage_spells(stage, "D"));
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage_not_mine(stage, 1);
	stage_miss_all(stage);
	CHECK(stage_spells(stage, "R"));
	for (unsigned i = DROP_NONE + 1; i < DROP_COUNT; i++)
		CHECK(stage_counters(stage)->drops[i] == 0);
}

/* What was held goes in order, each packet to all of them. */
static void
all_in_order(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "cb");
	CHECK(stage_spells(stage, "cbcb"));
	CHECK(stage_counters(stage)->released == 2);
	CHECK(stage_counters(stage)->forwards == 4);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		syns_are_anybodys, begins_here, two_owners,   three_owners,
		all_in_order,	   refused,	refused_once, refused_for_good,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
