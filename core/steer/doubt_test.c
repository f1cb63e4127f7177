/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doubt_test.c - clones of what an open socket at A had, too
 *
 * Stories on the stage of three servers: A has the socket, B and C may have a
 * newer session of its key. Each is played for IPv4 and IPv6.
 */
#include "core/steer/doubt.h"

#include "core/test/stage.h"

/* A's socket is of version 5. */
static const struct version local = { 5, 0 };

static struct steer_result
put_doubt(struct stage *stage, uint8_t flags)
{
	struct packet_log *entry = &stage_log[stage->sent % STAGE_LOG];
	struct classification classification;

	entry->size = (uint32_t)stage_tcp(stage, flags, 10, true, entry->bytes);
	stage->sent++;
	steer_classify(stage->steers[0], entry->bytes, entry->size,
		       &classification);
	return steer_doubt(stage->steers[0], stage->now, &classification,
			   entry->bytes, local, stage->uplink, &stage->outbox);
}

struct said {
	char owner;
	int64_t version_ns;
	bool half_open, tombstone;
};

static void
answer(struct stage *stage, const struct said *said, uint32_t count)
{
	struct node_event event = {
		.kind = count > 0 ? NODE_FOUND : NODE_MISSED,
		.asker = NODE_ASKER_DOUBT,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
		.ok = true,
		.record_count = count,
	};

	for (uint32_t i = 0; i < count; i++)
		event.records[i] = (struct record){
			.owner = stage->nodes[said[i].owner - 'a'].self,
			.version = { said[i].version_ns, 0 },
			.half_open = said[i].half_open,
			.tombstone = said[i].tombstone,
		};
	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* Who wins against the socket. */
static void
winner(struct stage *stage)
{
	static const struct {
		const char *title;
		struct said said[RECORDS_PER_KEY];
		uint32_t count;
		const char *outcome;
	} rows[] = {
		{ "a newer one elsewhere", { { 'b', 6, 0, 0 } }, 1, "b" },
		{ "an older one is no news", { { 'b', 4, 0, 0 } }, 1, "" },
		{ "nor one as old", { { 'b', 5, 0, 0 } }, 1, "" },
		{ "a handshake elsewhere", { { 'b', 6, 1, 0 } }, 1, "b" },
		{ "an older one", { { 'b', 4, 1, 0 } }, 1, "" },
		{ "it has ended", { { 'b', 6, 0, 1 } }, 1, "" },
		{ "half-open hides none",
		  { { 'c', 9, 1, 0 }, { 'b', 6, 0, 0 } },
		  2,
		  "b" },
		{ "the newest of two",
		  { { 'c', 9, 0, 0 }, { 'b', 6, 0, 0 } },
		  2,
		  "c" },
		{ "ourselves are no one else", { { 'a', 9, 0, 0 } }, 1, "" },
		{ "nobody", { { 0 } }, 0, "" },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage->client_port++;
		struct steer_result result = put_doubt(stage, TCP_ACK);
		CHECK(result.verdict == STEER_HOLD && !result.stray);
		CHECK(result.first);
		CHECK(stage->nodes[0].gets == i + 1);
		CHECK(stage->nodes[0].asker == NODE_ASKER_DOUBT);
		CHECK(stage->nodes[0].excluded_count == 1 &&
		      stage->nodes[0].excluded[0] == stage->nodes[0].self);
		answer(stage, rows[i].said, rows[i].count);
		CHECK_ROW(stage_spells(stage, rows[i].outcome), rows[i].title);
		/* Cached, both ways: no second question. */
		bool won = rows[i].outcome[0] != 0;
		result = put_doubt(stage, TCP_ACK);
		CHECK_ROW(result.verdict == (won ? STEER_FORWARD : STEER_DROP),
			  rows[i].title);
		CHECK_ROW(result.stray == won, rows[i].title);
		CHECK_ROW(stage_spells(stage, rows[i].outcome), rows[i].title);
		CHECK(stage->nodes[0].gets == i + 1);
	}
	CHECK(stage_counters(stage)->resets == 0);
	/* Misses of doubts are not its client's. */
	CHECK(stage_counters(stage)->misses == 0);
	CHECK(stage_counters(stage)->doubts ==
	      2 * sizeof(rows) / sizeof(rows[0]));
}

/* A miss is not tried again; a second later a new doubt asks. */
static void
missed(struct stage *stage)
{
	put_doubt(stage, TCP_ACK);
	answer(stage, NULL, 0);
	CHECK(steer_deadline(stage->steers[0]).ns == INSTANT_NEVER.ns);
	CHECK(put_doubt(stage, TCP_ACK).drop == DROP_NO_NEWS);
	stage->now.ns += stage->settings.negative_ns;
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].gets == 2);
	/* An answer that is lost is a miss. */
	CHECK(stage_next(stage));
	CHECK(stage_spells(stage, ""));
	CHECK(put_doubt(stage, TCP_ACK).drop == DROP_NO_NEWS);
}

/* Only so many wait, in order, and no more are asked for at once. */
static void
bounds(struct stage *stage)
{
	struct said said = { 'b', 6, false, false };
	uint32_t begun = 0;

	for (uint32_t i = 0; i < DOUBT_HELD; i++)
		CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(put_doubt(stage, TCP_ACK).drop == DROP_HOLD_FLOW);
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "bbbbbbbb"));
	for (uint32_t i = 0; i < 3 * DOUBTS_PER_S; i++) {
		stage->client_port++;
		begun += put_doubt(stage, TCP_ACK).drop != DROP_DOUBTS;
		answer(stage, NULL, 0);
	}
	CHECK(begun == DOUBTS_PER_S);
	CHECK(stage->nodes[0].gets == 1 + begun);
	/* Strays have their own account, and name. */
	CHECK(stage_counters(stage)->drops[DROP_RATE_ALL] == 0);
	CHECK(stage_put_tcp(stage, TCP_ACK).drop != DROP_RATE_ALL);
	stage->now.ns += NS_PER_S / 2;
	for (uint32_t i = 0; i < DOUBTS_PER_S; i++) {
		stage->client_port++;
		begun += put_doubt(stage, TCP_ACK).drop != DROP_DOUBTS;
	}
	CHECK(begun == DOUBTS_PER_S + DOUBTS_PER_S / 2);
	outbox_clear(&stage->outbox);
}

/* The newer owner says that it is none either. */
static void
refused(struct stage *stage)
{
	struct said said = { 'b', 6, false, false };

	put_doubt(stage, TCP_ACK);
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "b"));
	stage_not_mine(stage, 2);
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	stage_not_mine(stage, 1);
	CHECK(put_doubt(stage, TCP_ACK).drop == DROP_NO_NEWS);
	CHECK(stage->nodes[0].gets == 1);
}

/* The socket's own packets change nothing; its successor here, and a SYN, do.
 */
static void
ends(struct stage *stage)
{
	struct said said = { 'b', 6, false, false };
	struct session_key key = stage_key(stage);
	uint8_t bytes[STAGE_PACKET];

	put_doubt(stage, TCP_ACK);
	size_t size = stage_tcp(stage, TCP_ACK, 10, true, bytes);
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	CHECK(stage_spells(stage, ""));
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_put(stage, bytes, size, true).verdict == STEER_LOCAL);
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	CHECK(steer_opened(stage->steers[0], stage->now, &key,
			   (struct version){ 8, 0 }, &stage->outbox) == 0);
	CHECK(steer_flow_count(stage->steers[0]) == 0);

	/* What is held is not given to the stack a second time. */
	put_doubt(stage, TCP_ACK);
	CHECK(steer_opened(stage->steers[0], stage->now, &key,
			   (struct version){ 9, 0 }, &stage->outbox) == 0);
	CHECK(stage_spells(stage, ""));
	put_doubt(stage, TCP_ACK);
	CHECK(stage_put_tcp(stage, TCP_SYN).verdict == STEER_LOCAL);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->drops[DROP_GONE] == 2);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
}

/* The socket closes: what was a doubt is a stray. */
static void
becomes_stray(struct stage *stage)
{
	struct said said = { 'b', 6, false, false };

	put_doubt(stage, TCP_ACK);
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage->nodes[0].gets == 1);
	/* As a stray's: not mine leads to a search, and at last a RST. */
	stage_not_mine(stage, 1);
	CHECK(stage->nodes[0].asker == NODE_ASKER_STRAY);
	stage_miss_all(stage);
	CHECK(stage_spells(stage, "R"));

	/* One that knows nothing yet begins anew. */
	stage->client_port++;
	put_doubt(stage, TCP_ACK);
	CHECK(stage_put_tcp(stage, TCP_ACK).first);
	CHECK(stage->nodes[0].asker == NODE_ASKER_STRAY);
	answer(stage, &said, 1); /* of the doubt's lookup, too late */
	CHECK(stage_spells(stage, ""));
	stage_found(stage, "c");
	CHECK(stage_spells(stage, "c"));
}

static void
node_busy(struct stage *stage)
{
	stage->nodes[0].busy = true;
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage_counters(stage)->drops[DROP_NO_NEWS] == 1);
	CHECK(put_doubt(stage, TCP_ACK).drop == DROP_NO_NEWS);
	CHECK(hold_chunks_free(stage->held) == hold_chunks(stage->held));
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		winner, missed, bounds, refused, ends, becomes_stray, node_busy,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
