/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_test.c - sequences: what becomes of sessions that are not here
 *
 * Holding, looking up and resetting; forwarding has a test of its own. Each
 * function is a story, played for IPv4 and IPv6. The last one is a random
 * walk in which no packet may get lost: every packet is counted once when it is
 * judged, and every held one once when it leaves.
 */
#include "core/steer/stray.h"

#include "core/rng.h"
#include "core/test/stage.h"

/* Held packets come out in the order they went in, then the flow is open. */
static void
hold_learn_release(struct stage *stage)
{
	for (int i = 0; i < 64; i++) {
		struct steer_result result = stage_put_tcp(stage, TCP_ACK);
		CHECK(result.verdict == STEER_HOLD && result.stray);
		CHECK(result.first == (i == 0));
		struct session_key key = stage_key(stage);
		CHECK(session_equal(&result.key, &key));
	}
	CHECK(stage->nodes[0].gets == 1);
	CHECK(stage_counters(stage)->held == 64);
	stage_found(stage, "b");
	for (int i = 0; i < 64; i++)
		CHECK(stage->outbox.items[i].source_port ==
		      stage->outbox.items[0].source_port);
	CHECK(stage_spells(stage, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
				  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"));
	CHECK(stage_counters(stage)->released == 64);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	/* An answer that comes twice, or late, changes nothing. */
	stage_found(stage, "c");
	stage_missed(stage);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	/* What was released is kept for a moment. */
	CHECK(hold_chunks_free(stage->held) < hold_chunks(stage->held));
	CHECK(stage_next(stage));
	CHECK(hold_chunks_free(stage->held) == hold_chunks(stage->held));
	CHECK(stage_spells(stage, ""));
	CHECK(steer_deadline(stage->steers[0]).ns == INSTANT_NEVER.ns);
}

/* 20, 40, 80 ... ms between lookups, the last at the deadline, then a RST. */
static void
miss_retry_reset(struct stage *stage)
{
	static const int64_t at_ms[] = { 20, 60, 140, 300, 620, 1000 };
	struct instant start = stage->now;

	stage_put_tcp(stage, TCP_ACK);
	for (uint32_t i = 0; i < 6; i++) {
		CHECK(stage->nodes[0].gets == i + 1);
		CHECK(stage->nodes[0].asker ==
		      (i == 0 ? NODE_ASKER_STRAY : NODE_ASKER_RETRY));
		stage_missed(stage);
		CHECK(stage_spells(stage, ""));
		CHECK(steer_deadline(stage->steers[0]).ns ==
		      start.ns + at_ms[i] * NS_PER_MS);
		/* Early is harmless. */
		steer_expire(stage->steers[0], stage->now, &stage->outbox);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
		CHECK(stage_next(stage));
	}
	CHECK(stage->nodes[0].gets == 7);
	stage_missed(stage);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage_counters(stage)->resets == 1);
	CHECK(stage_counters(stage)->lookups == 7 &&
	      stage_counters(stage)->misses == 7);
	CHECK(stage_counters(stage)->drops[DROP_NEGATIVE] == 7);
	CHECK(steer_deadline(stage->steers[0]).ns == INSTANT_NEVER.ns);
	CHECK(hold_chunks_free(stage->held) * 256 + 256 >=
	      sizeof(stage_held) - 256);
	/* Silence for a second, then a new first stray. */
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_NEGATIVE);
	stage->now.ns += NS_PER_S;
	CHECK(stage_put_tcp(stage, TCP_ACK).first);
}

/* The record was on its way: an answer at the last moment saves the session. */
static void
found_at_last(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	for (int i = 0; i < 6; i++) {
		stage_missed(stage);
		CHECK(stage_next(stage));
	}
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->resets == 0);
}

/* Each lookup takes 150 ms, as where replicas are silent: one runs when the
 * deadline comes, and there is another after it. */
static void
slow_lookups(struct stage *stage)
{
	const int64_t slow_ns = 150 * NS_PER_MS;
	struct instant start = stage->now;
	uint32_t gets = 0;

	stage_put_tcp(stage, TCP_ACK);
	while (instant_distance_ns(start, stage->now) < NS_PER_S) {
		CHECK(stage->nodes[0].gets == ++gets);
		stage->now.ns += slow_ns;
		stage_missed(stage);
		CHECK(stage_spells(stage, ""));
		if (instant_distance_ns(start, stage->now) < NS_PER_S)
			CHECK(stage_next(stage));
	}
	CHECK(stage->nodes[0].gets == gets + 1);
	stage->now.ns += slow_ns;
	stage_missed(stage);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_NEGATIVE);
}

/* A caller that never calls steer_expire() does not keep the client waiting:
 * the last lookup begins with the next packet. */
static void
late_client(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_missed(stage);
	stage->now.ns += 2 * NS_PER_S;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].gets == 2);
	stage_missed(stage);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_NEGATIVE);
	/* Or the flow ends, if there is no room for that. */
	stage->now.ns += NS_PER_S;
	stage_put_tcp(stage, TCP_ACK);
	stage_missed(stage);
	stage->now.ns += 2 * NS_PER_S;
	stage->nodes[0].busy = true;
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_LOOKUPS);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	CHECK(stage_spells(stage, ""));
}

/* A lookup that never ends is a miss, or packets would be held for ever. */
static void
answer_lost(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_next(stage));
	CHECK(stage->now.ns >= 6 * NS_PER_S);
	/* No replica said that it does not exist: no reset. */
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 1);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
}

/* The node is busy for a while: the flow waits, and asks later. */
static void
node_busy(struct stage *stage)
{
	stage->nodes[0].busy = true;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage_next(stage));
	stage->nodes[0].busy = false;
	CHECK(stage_next(stage));
	CHECK(stage->nodes[0].gets == 1);
	/* The first that was asked, however often the flow tried. */
	CHECK(stage->nodes[0].asker == NODE_ASKER_STRAY);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* Of two owners C says not mine, then B: look again without both; no owner:
 * reset by the deadline of the first miss. */
static void
not_mine_chain(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	struct instant start = stage->now;
	stage_found(stage, "bc");
	CHECK(stage_spells(stage, "bc"));
	stage->now.ns += NS_PER_MS;
	stage_not_mine(stage, 2); /* C, that got a copy, says so too */
	stage_not_mine(stage, 2);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	stage_not_mine(stage, 1);
	CHECK(stage->nodes[0].gets == 2);
	CHECK(stage->nodes[0].asker == NODE_ASKER_RETRY);
	CHECK(stage->nodes[0].excluded_count == 2);
	CHECK(stage->nodes[0].excluded[0] == stage->nodes[2].self);
	CHECK(stage->nodes[0].excluded[1] == stage->nodes[1].self);
	/* What was forwarded is lost, and nothing is held; yet the client
	 * hears in time that its session is dead. */
	stage_miss_all(stage);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage->now.ns == start.ns + NS_PER_S);
	CHECK(stage_counters(stage)->not_mine_received == 3);
}

static void
not_mine_then_other(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "bc");
	CHECK(stage_spells(stage, "bc"));
	stage_not_mine(stage, 1);
	CHECK(stage->nodes[0].gets == 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	/* B's second, late answer is not C's. */
	stage_not_mine(stage, 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	/* A minute later C closes it: a fresh deadline. */
	stage->now.ns += 50 * NS_PER_S;
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_spells(stage, "c"));
	struct instant start = stage->now;
	stage_not_mine(stage, 2);
	stage_miss_all(stage);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage->now.ns == start.ns + NS_PER_S);
}

/* B and C had not the session; long after, C has no other, but B has that
 * which uses the port now. */
static void
port_reuse_elsewhere(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "bc");
	CHECK(stage_spells(stage, "bc"));
	stage_not_mine(stage, 1);
	CHECK(stage_next(stage)); /* nothing is kept any more */
	for (int i = 0; i < 2; i++) {
		stage->now.ns += 40 * NS_PER_S;
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
		CHECK(stage_spells(stage, "c"));
	}
	stage_not_mine(stage, 2);
	CHECK(stage->nodes[0].excluded_count == 1);
	CHECK(stage->nodes[0].excluded[0] == stage->nodes[2].self);
	/* What came after such a pause was kept for that. */
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
}

/* Our uplinks are down: all lookups end without an answer. That is no proof
 * that the session is dead, so it is not reset. */
static void
no_peer_answers(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	do {
		struct node_event event = {
			.kind = NODE_MISSED,
			.key = stage->nodes[0].key,
			.ticket = stage->nodes[0].ticket,
			.queries = 9,
		};

		steer_learned(stage->steers[0], stage->now, &event,
			      &stage->outbox);
	} while (stage_next(stage));
	CHECK(stage->nodes[0].gets == 7);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).first);
}

/* The cluster is overloaded: lookups get answers, but not from the replicas.
 * Two lookups decide: one in the first half of the series, and the last, since
 * by then no record is on its way. */
static void
replicas_silent(struct stage *stage)
{
	static const struct {
		const char *said; /* d: doubtful, m: no replica has it */
		const char *outcome;
	} rows[] = {
		{ "ddddddd", "" },  { "mmmmmmd", "" },	{ "ddddddm", "" },
		{ "dddddmm", "" },  { "ddddmdm", "R" }, { "mddddmm", "R" },
		{ "mdmdmdm", "R" }, { "mmmmmmm", "R" },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct instant start = stage->now;
		uint32_t gets = stage->nodes[0].gets;
		CHECK(stage_put_tcp(stage, TCP_ACK).first);
		CHECK(stage->nodes[0].asker == NODE_ASKER_STRAY);
		for (const char *said = rows[i].said; *said != 0; said++) {
			CHECK(++gets == stage->nodes[0].gets);
			CHECK(stage_spells(stage, ""));
			if (*said == 'd')
				stage_doubtful(stage);
			else
				stage_missed(stage);
			if (said[1] != 0)
				CHECK(stage_next(stage));
		}
		CHECK(stage->now.ns == start.ns + NS_PER_S);
		CHECK_ROW(stage_spells(stage, rows[i].outcome), rows[i].said);
		/* Doubt keeps nothing: the next packet asks anew. */
		CHECK(!stage_next(stage));
		CHECK(steer_flow_count(stage->steers[0]) ==
		      (rows[i].outcome[0] == 'R'));
		stage->now.ns += NS_PER_S;
	}
	CHECK(stage_counters(stage)->resets == 4);
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 4);
	CHECK(stage_counters(stage)->drops[DROP_NEGATIVE] == 4);
}

/* An owner was found after the miss, and is none; then the node is busy. */
static void
found_after_a_miss(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_missed(stage);
	CHECK(stage_next(stage));
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage->nodes[0].busy = true;
	stage_not_mine(stage, 1);
	stage_put_tcp(stage, TCP_ACK);
	while (stage_next(stage))
		;
	CHECK(stage_spells(stage, ""));
}

/* A client's port comes round: the handshake's end forgets the old owner.
 * TIME_WAIT is not "known": the caller says so, and a late segment is looked
 * up. */
static void
port_reuse(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	/* The handshake ends here; the old owner's word is not asked. */
	struct session_key key = stage_key(stage);
	CHECK(steer_opened(stage->steers[0], stage->now, &key,
			   (struct version){ 7, 0 }, &stage->outbox) == 0);
	CHECK(stage->nodes[0].sets == 1);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	uint8_t bytes[STAGE_PACKET];
	size_t size = stage_tcp(stage, TCP_ACK, 10, true, bytes);
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	/* Closed: the socket is in TIME_WAIT, that is, gone. */
	CHECK(steer_closed(stage->steers[0], stage->now, &key,
			   &stage->outbox) == 0);
	CHECK(stage->nodes[0].removes == 1);
	CHECK(stage_put_tcp(stage, TCP_ACK | TCP_FIN).verdict == STEER_HOLD);
	stage_found(stage, "a"); /* the tombstone has not got about */
	CHECK(stage_spells(stage, ""));
	CHECK(stage_next(stage));
	CHECK(stage->nodes[0].excluded_count == 1);
	CHECK(stage->nodes[0].excluded[0] == stage->nodes[0].self);
}

/* A tombstone names no owner; and a miss says nothing about a series of lookups
 * that comes later. */
static void
no_answers(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	struct node_event event = {
		.kind = NODE_FOUND,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
		.record_count = 2,
		.records = { { .owner = stage->nodes[1].self,
			       .tombstone = true },
			     { .owner = ENDPOINT_NONE } },
	};
	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_next(stage));
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage->now.ns += 10 * NS_PER_S;
	stage->nodes[0].busy = true;
	stage_not_mine(stage, 1);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	while (stage_next(stage))
		;
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 1);
}

/* steer_classify() names the session of all that steer_packet() decides on. */
static void
keys(struct stage *stage)
{
	struct session_key expected = stage_key(stage);
	struct classification classification;
	uint8_t bytes[STAGE_PACKET];
	size_t size = stage_tcp(stage, TCP_ACK, 100, true, bytes);

	steer_classify(stage->steers[0], bytes, size, &classification);
	CHECK(classification.drop == DROP_NONE &&
	      classification.kind == CLASSIFICATION_SEGMENT);
	CHECK(classification.has_key &&
	      session_equal(&classification.key, &expected));
	steer_classify(stage->steers[0], bytes, size - 1, &classification);
	CHECK(classification.drop == DROP_SHORT && !classification.has_key);
	size = stage_icmp(stage, PACKET_ERROR_HOST, 0, bytes);
	memset(&classification, 0, sizeof(classification));
	steer_classify(stage->steers[0], bytes, size, &classification);
	CHECK(classification.drop == DROP_NONE &&
	      classification.kind == CLASSIFICATION_ERROR);
	CHECK(classification.has_key &&
	      session_equal(&classification.key, &expected));
}

/* "Not mine" while a lookup runs is about an answer that is past. */
static void
not_mine_early(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_not_mine(stage, 1);
	CHECK(stage->nodes[0].gets == 1);
	CHECK(stage_counters(stage)->not_mine_received == 1);
	/* The node's other events do not concern it. */
	struct node_event stored = {
		.kind = NODE_STORED,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
	};
	steer_learned(stage->steers[0], stage->now, &stored, &stage->outbox);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* Records of owners that we cannot send to, two a lookup: the flow remembers
 * the four latest. */
static void
many_excluded(struct stage *stage)
{
	uint8_t other = stage->family == 4 ? 6 : 4;
	uint32_t owners[6];

	for (uint8_t i = 0; i < 6; i++) {
		struct endpoint endpoint = { stage_address(other, 10, i),
					     7000 };
		owners[i] = endpoints_intern(stage->endpoints, &endpoint);
	}
	stage_put_tcp(stage, TCP_ACK);
	for (uint32_t i = 0; i < 3; i++) {
		struct node_event event = {
			.kind = NODE_FOUND,
			.key = stage->nodes[0].key,
			.ticket = stage->nodes[0].ticket,
			.record_count = 2,
			.records = { { .owner = owners[2 * i] },
				     { .owner = owners[2 * i + 1] } },
		};

		steer_learned(stage->steers[0], stage->now, &event,
			      &stage->outbox);
		CHECK(stage_next(stage));
	}
	CHECK(stage->nodes[0].excluded_count == 4);
	for (uint32_t i = 0; i < 4; i++)
		CHECK(stage->nodes[0].excluded[i] == owners[2 + i]);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* The first or a later fragment of a segment in two. */
static size_t
fragment(struct stage *stage, uint8_t flags, bool later, uint8_t *out)
{
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;
	uint32_t sent = stage->sent;
	size_t at = 0, size;

	stage->sent = 500; /* each call makes the same segment */
	size = stage_tcp(stage, flags, 900, false, bytes);
	stage->sent = sent;
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	do {
		size = stage->family == 4
			       ? packet_fragment_ip4(bytes, &packet, 600, &at,
						     out, STAGE_PACKET)
			       : packet_fragment_ip6(bytes, &packet, 600, 99,
						     &at, out, STAGE_PACKET);
		CHECK(size > 0);
	} while (later && at < 600);
	return size;
}

/* A first fragment without ACK does not tell what a RST would acknowledge: no
 * reset, and what is held is dropped for reasons of its own. Its flow began
 * with an ICMP error: alone, it is worth nothing. */
static void
fragments_unanswered(struct stage *stage)
{
	uint8_t bytes[STAGE_PACKET];
	size_t size = stage_icmp(stage, PACKET_ERROR_HOST, 0, bytes);

	CHECK(stage_put(stage, bytes, size, false).verdict == STEER_HOLD);
	size = fragment(stage, TCP_FIN, false, bytes);
	CHECK(stage_put(stage, bytes, size, false).verdict == STEER_HOLD);
	size = fragment(stage, TCP_FIN, true, bytes);
	CHECK(stage_put(stage, bytes, size, false).verdict == STEER_HOLD);
	stage_miss_all(stage);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->resets == 0);
	CHECK(stage_counters(stage)->drops[DROP_LOOKUPS] == 1);
	CHECK(stage_counters(stage)->drops[DROP_FRAGMENT] == 1);
}

/* Its first fragment is known, but the flow is gone: a later fragment alone
 * begins no lookup. */
static void
fragment_without_flow(struct stage *stage)
{
	uint8_t bytes[STAGE_PACKET];
	size_t size = fragment(stage, TCP_ACK, false, bytes);

	CHECK(stage_put(stage, bytes, size, false).verdict == STEER_HOLD);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	size = stage_tcp(stage, TCP_ACK, 0, true, bytes);
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	size = fragment(stage, TCP_ACK, true, bytes);
	struct steer_result result = stage_put(stage, bytes, size, false);
	CHECK(result.drop == DROP_FRAGMENT && result.stray);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	/* And the caller's word that the session is here decides. */
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
}

/* Any order of packets, answers and pauses: nothing is lost uncounted. */
static void
walk(uint8_t family, uint64_t seed)
{
	static struct stage stage;
	uint64_t judged[STEER_DROP + 1] = { 0 };
	uint64_t drops_judged = 0;
	struct rng rng;

	stage_init(&stage, family);
	stage.settings.hold_bytes = 30 * 256;
	rng_init(&rng, seed, family);
	for (uint32_t step = 0; step < 20000; step++) {
		static const uint8_t flags[] = { TCP_ACK, TCP_ACK, TCP_RST,
						 TCP_SYN, TCP_FIN | TCP_ACK };
		uint8_t bytes[STAGE_PACKET];
		uint32_t ports = step / 1000 % 2 == 0 ? 8 : 150;
		stage.client_port = (uint16_t)(40000 + rng_below(&rng, ports));
		stage.nodes[0].busy = rng_below(&rng, 10) == 0;
		/* Now and then an answer to an older or another question. */
		if (rng_below(&rng, 10) == 0)
			stage.nodes[0].key = stage_key(&stage);
		if (rng_below(&rng, 10) == 0)
			stage.nodes[0].ticket--;
		stage.outbox.byte_capacity =
			rng_below(&rng, 20) == 0 ? 60 : sizeof(stage_bytes);
		switch (rng_below(&rng, 8)) {
		case 0:
			stage_found(&stage, rng_below(&rng, 2) ? "bc" : "c");
			break;
		case 1:
			if (rng_below(&rng, 4) > 0)
				stage_missed(&stage);
			else
				stage_doubtful(&stage);
			break;
		case 2:
			stage_not_mine(&stage, (uint32_t)rng_below(&rng, 3));
			break;
		case 3:
			stage.now.ns +=
				(int64_t)rng_below(&rng, 300 * NS_PER_MS);
			steer_expire(stage.steers[0], stage.now, &stage.outbox);
			CHECK(instant_before(stage.now,
					     steer_deadline(stage.steers[0])));
			/* The lookup of a retry misses often, as the first. */
			if (rng_below(&rng, 4) > 0)
				stage_missed(&stage);
			break;
		default: {
			size_t size =
				stage_tcp(&stage, flags[rng_below(&rng, 5)], 50,
					  true, bytes);
			struct steer_result result = stage_put(
				&stage, bytes, size, rng_below(&rng, 20) == 0);
			judged[result.verdict]++;
			drops_judged += result.verdict == STEER_DROP;
			break;
		}
		}
		outbox_clear(&stage.outbox);
	}
	/* Everything in the end is answered or forgotten. */
	while (steer_deadline(stage.steers[0]).ns != INSTANT_NEVER.ns)
		stage_next(&stage);
	stage.now.ns += 60 * NS_PER_S;
	steer_expire(stage.steers[0], stage.now, &stage.outbox);
	CHECK(steer_flow_count(stage.steers[0]) == 0);

	const struct steer_counters *count = stage_counters(&stage);
	uint64_t drops = 0;
	for (uint32_t i = 0; i < DROP_COUNT; i++)
		drops += count->drops[i];
	CHECK(count->local == judged[STEER_LOCAL]);
	CHECK(count->held == judged[STEER_HOLD]);
	CHECK(count->held == count->released + drops - drops_judged);
	CHECK(count->resets > 10 && count->released > 100 &&
	      judged[STEER_FORWARD] > 100 && count->forwards > 100);
	CHECK(hold_chunks_free(stage.held) ==
	      (sizeof(stage_held) - 256 + 255) / 256);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		hold_learn_release,
		miss_retry_reset,
		found_at_last,
		slow_lookups,
		late_client,
		answer_lost,
		node_busy,
		not_mine_chain,
		not_mine_then_other,
		port_reuse,
		no_answers,
		keys,
		no_peer_answers,
		port_reuse_elsewhere,
		replicas_silent,
		found_after_a_miss,
		not_mine_early,
		many_excluded,
		fragments_unanswered,
		fragment_without_flow,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	walk(4, 1);
	walk(6, 2);
	return check_done();
}
