/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil_here_test.c - for how long has a client tried?
 *
 *	A	first --- gap ---> again --- silent_after ---> B is dead: told?
 *
 * A forwards to B, which is asked only when its client repeats itself, and is
 * dead after silent_after. The client's next try is still to come if it had
 * tried for so long before, or it has had news since and its tries are over.
 */
#include "core/steer/settings.h"
#include "core/test/stage.h"

#define SILENT_AFTER_NS (3 * NS_PER_S)

static const struct row {
	const char *label;
	int64_t gap_ns, rest_ns; /* before the last try; of it, since news */
	bool told;
} rows[] = {
	{ "one long wait", 14 * NS_PER_S, 14 * NS_PER_S, true },
	{ "a short one", NS_PER_S, NS_PER_S, false },
	{ "news shortly before", 14 * NS_PER_S, NS_PER_S, false },
	{ "news long before", 14 * NS_PER_S, 7 * NS_PER_S, true },
};

/* The client sends its last segment again. */
static void
repeat(struct stage *stage)
{
	struct packet_log *last = &stage_log[(stage->sent - 1) % STAGE_LOG];
	struct packet_log *entry = &stage_log[stage->sent++ % STAGE_LOG];
	struct classification classification;

	*entry = *last;
	steer_classify(stage->steers[0], entry->bytes, entry->size,
		       &classification);
	steer_packet(stage->steers[0], stage->now, &classification,
		     entry->bytes, false, stage->uplink, &stage->outbox);
}

/* C is heard all the time, B never; the replicas know nobody else. */
static void
pass(struct stage *stage, int64_t ns)
{
	struct instant end = instant_after(stage->now, ns);

	for (;;) {
		struct instant due = steer_deadline(stage->steers[0]);
		uint32_t gets = stage->nodes[0].gets;

		if (instant_before(end, due))
			break;
		if (instant_before(stage->now, due))
			stage->now = due;
		steer_heard(stage->steers[0], stage->now, &stage->servers[2]);
		steer_expire(stage->steers[0], stage->now, &stage->outbox);
		if (stage->nodes[0].gets == gets)
			continue;
		struct node_event event = {
			.kind = NODE_MISSED,
			.asker = NODE_ASKER_SILENT,
			.key = stage->nodes[0].key,
			.ticket = stage->nodes[0].ticket,
			.ok = true,
		};
		steer_learned(stage->steers[0], stage->now, &event,
			      &stage->outbox);
	}
	stage->now = end;
}

static void
tried(struct stage *stage)
{
	stage->settings.silent_after_ns = SILENT_AFTER_NS;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t told = stage_counters(stage)->resets;

		stage->client_port++;
		stage_put_tcp(stage, TCP_ACK);
		stage_found(stage, "b");
		pass(stage, rows[i].gap_ns - rows[i].rest_ns);
		if (rows[i].rest_ns < rows[i].gap_ns)
			stage_put_tcp(stage, TCP_ACK);
		pass(stage, rows[i].rest_ns);
		repeat(stage);
		pass(stage, 2 * SILENT_AFTER_NS);
		CHECK_ROW(stage_counters(stage)->resets == told + rows[i].told,
			  rows[i].label);
		CHECK_ROW(stage_counters(stage)->dead_owners == i + 1,
			  rows[i].label);
		steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
		(void)stage_outcome(stage);
	}
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = { tried };

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
