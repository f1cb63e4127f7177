/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_owners_test.c - sequences: who forges, and who else may be the owner
 *
 * Each function is a story, played for IPv4 and IPv6.
 */
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/stray.h"
#include "core/test/stage.h"

/* A SYN during the lookup, and while it waits for the next: who forges them
 * does not keep a session from its owner. What the lookup finds is forgotten by
 * the next SYN, and looked for anew. */
static void
syn_during_lookup(struct stage *stage)
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
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
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
		syn_during_lookup,
		two_owners,
		three_owners,
		all_in_order,
	};

	for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
		stage_play(stories[i], 4);
		stage_play(stories[i], 6);
	}
	return check_done();
}
