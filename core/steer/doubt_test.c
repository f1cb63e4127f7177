/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doubt_test.c - clones of what an open socket at A had, too
 *
 * Stories on the stage of three servers: A has the socket, B and C may have a
 * newer session of its key; or A takes B for the owner, whose socket doubts.
 * Each is played for IPv4 and IPv6.
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
answer_to(struct stage *stage, enum node_asker asker, const struct said *said,
	  uint32_t count)
{
	struct node_event event = {
		.kind = count > 0 ? NODE_FOUND : NODE_MISSED,
		.asker = asker,
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

static void
answer(struct stage *stage, const struct said *said, uint32_t count)
{
	answer_to(stage, NODE_ASKER_DOUBT, said, count);
}

static void
answer_past(struct stage *stage, const struct said *said, uint32_t count)
{
	answer_to(stage, NODE_ASKER_SILENT, said, count);
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

/* The client says what it said last once more. */
static void
repeat(struct stage *stage)
{
	const struct packet_log *last =
		&stage_log[(stage->sent - 1) % STAGE_LOG];

	CHECK(stage_put(stage, last->bytes, last->size, false).verdict ==
	      STEER_FORWARD);
}

/* A packet strays, and is forwarded to B. */
static void
stray_to_b(struct stage *stage)
{
	stage->client_port++;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
}

/* B's socket, whose record is of version 10 (stage_found()), doubts it: who
 * gets what was held, and what the client says again? */
static void
elsewhere(struct stage *stage)
{
	static const struct {
		const char *title;
		int64_t doubts;
		struct said said[RECORDS_PER_KEY];
		uint32_t count;
		const char *held, *next;
	} rows[] = {
		{ "a newer one elsewhere",
		  10,
		  { { 'c', 11, 0, 0 } },
		  1,
		  "c",
		  "c" },
		{ "an older one", 10, { { 'c', 9, 0, 0 } }, 1, "", "b" },
		{ "one as old", 10, { { 'c', 10, 0, 0 } }, 1, "", "b" },
		{ "the socket was never published",
		  0,
		  { { 'c', 9, 0, 0 } },
		  1,
		  "",
		  "b" },
		{ "or is newer than its record",
		  12,
		  { { 'c', 11, 0, 0 } },
		  1,
		  "",
		  "b" },
		{ "it has ended", 10, { { 'c', 11, 0, 1 } }, 1, "", "b" },
		{ "a handshake gets copies",
		  10,
		  { { 'c', 11, 1, 0 } },
		  1,
		  "c",
		  "bc" },
		{ "not an older one", 10, { { 'c', 9, 1, 0 } }, 1, "", "b" },
		{ "ourselves", 10, { { 'a', 19, 0, 0 } }, 1, "", "b" },
		{ "nobody", 10, { { 0 } }, 0, "", "b" },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct node *node = &stage->nodes[0];

		stray_to_b(stage);
		uint32_t gets = node->gets;
		stage_doubts(stage, 1, rows[i].doubts);
		CHECK_ROW(node->gets == gets + 1, rows[i].title);
		CHECK(node->asker == NODE_ASKER_SILENT);
		CHECK(node->excluded_count == 1 &&
		      node->excluded[0] == stage->nodes[1].self);
		answer_past(stage, rows[i].said, rows[i].count);
		CHECK_ROW(stage_spells(stage, rows[i].held), rows[i].title);
		repeat(stage);
		CHECK_ROW(stage_spells(stage, rows[i].next), rows[i].title);
	}
	CHECK(stage_counters(stage)->resets == 0);
}

/* Whose doubts count, and how often. */
static void
elsewhere_bounds(struct stage *stage)
{
	const struct node *node = &stage->nodes[0];
	struct said said = { 'c', 11, false, false };
	uint32_t gets, begun = 0;

	/* Of no flow; of no owner; of one that is looked for. */
	stage->client_port++;
	stage_doubts(stage, 1, 10);
	stage_put_tcp(stage, TCP_ACK);
	stage_doubts(stage, 1, 10);
	CHECK(node->gets == 1);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	stage_doubts(stage, 2, 10);
	CHECK(node->gets == 1);
	/* A packet meanwhile is the owner's, and does not stop the lookup. */
	stage_doubts(stage, 1, 10);
	stage_doubts(stage, 1, 10);
	CHECK(node->gets == 2);
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_spells(stage, "b"));
	answer_past(stage, NULL, 0);
	stage->now.ns += stage->settings.negative_ns - 1;
	stage_doubts(stage, 1, 10);
	CHECK(node->gets == 2);
	stage->now.ns++;
	CHECK(stage_next(stage)); /* what was held is dropped */
	stage_doubts(stage, 1, 10);
	CHECK(node->gets == 3);
	answer_past(stage, &said, 1);
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_spells(stage, "c"));
	/* One bucket for all flows. */
	for (uint32_t i = 0; i < 2 * DOUBTS_PER_S; i++) {
		stray_to_b(stage);
		gets = node->gets;
		stage_doubts(stage, 1, 10);
		begun += node->gets - gets;
	}
	CHECK(begun == DOUBTS_PER_S);
	outbox_clear(&stage->outbox);
}

/* The newer owner has it no more: nobody has. */
static void
elsewhere_refused(struct stage *stage)
{
	struct said said = { 'c', 11, false, false };

	stray_to_b(stage);
	stage_doubts(stage, 1, 10);
	answer_past(stage, &said, 1);
	CHECK(stage_spells(stage, "c"));
	stage_not_mine(stage, 2);
	CHECK(stage->nodes[0].asker == NODE_ASKER_RETRY);
	CHECK(stage->nodes[0].excluded_count == 2);
	stage_miss_all(stage);
	CHECK(stage_spells(stage, "R"));
}

/* The owner that gets clones of ours doubts them, too. */
static void
third(struct stage *stage)
{
	struct said said = { 'b', 6, false, false };

	put_doubt(stage, TCP_ACK);
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "b"));
	stage_doubts(stage, 1, 6);
	CHECK(stage->nodes[0].asker == NODE_ASKER_DOUBT);
	CHECK(stage->nodes[0].excluded_count == 2);
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_HOLD);
	said = (struct said){ 'c', 7, false, false };
	answer(stage, &said, 1);
	CHECK(stage_spells(stage, "c"));
	CHECK(put_doubt(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
}

/* A's socket doubts what B forwarded: B's node is told, a few times a second.
 */
static void
says(struct stage *stage)
{
	struct endpoint from = { stage->servers[1], 50000 };
	struct classification classification;
	uint8_t bytes[STAGE_PACKET];
	size_t size = stage_tcp(stage, TCP_ACK, 10, true, bytes);

	steer_classify(stage->steers[0], bytes, size, &classification);
	for (uint32_t i = 0; i < 2 * DOUBTS_PER_S; i++)
		steer_doubted(stage->steers[0], stage->now, &from,
			      &classification, local, &stage->outbox);
	CHECK(stage->nodes[0].doubts == DOUBTS_PER_S + 1);
	CHECK(address_equal(&stage->nodes[0].refused.address, &from.address));
	CHECK(stage->nodes[0].refused.port == 7000);
	CHECK(stage_counters(stage)->doubts == 2 * DOUBTS_PER_S);
	CHECK(steer_flow_count(stage->steers[0]) == 0);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		winner,
		missed,
		bounds,
		refused,
		ends,
		becomes_stray,
		node_busy,
		elsewhere,
		elsewhere_bounds,
		elsewhere_refused,
		third,
		says,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
