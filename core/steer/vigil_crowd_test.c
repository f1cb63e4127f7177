/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil_crowd_test.c - an owner of 50,000 sessions dies
 *
 * A forwards them to B, whose route goes. Each client is told once, from its
 * own last segment, no more than TURNS_TELL_NS allows in any millisecond, and
 * nobody is forgotten when the outbox has room for a few only. The same for
 * those of whom it is not known yet whether there is another record.
 */
#define STAGE_FLOWS	   60000
#define STAGE_SKETCH_BYTES (1 << 20)
#include "core/steer/life.h"
#include "core/steer/turns.h"

#include "core/test/stage.h"

#define FIRST_PORT    1024
#define CROWD	      50000
#define GONE_AFTER_NS (10 * NS_PER_S)

struct crowd {
	uint32_t told[UINT16_MAX + 1]; /* RSTs, by port */
	uint32_t count, most; /* of them; in one millisecond at most */
	uint32_t looked; /* lookups, in one millisecond at most */
	struct instant first, last;
};

static struct crowd crowd;

/* What A's node learned of that port's session. */
static void
learn(struct stage *stage, uint16_t port, bool found, enum node_asker asker)
{
	stage->client_port = port;
	struct node_event event = {
		.kind = found ? NODE_FOUND : NODE_MISSED,
		.asker = asker,
		.key = stage_key(stage),
		.ticket = stage->nodes[0].ticket,
		.ok = true,
		.record_count = found,
		.records[0] = { .owner = stage->nodes[1].self },
	};

	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* A packet of each; rounds have different ones. asked: B is silent by now, and
 * the replicas know nobody else. */
static void
speak(struct stage *stage, bool asked, uint32_t round)
{
	for (uint32_t i = 0; i < CROWD; i++) {
		struct classification classification;
		uint8_t bytes[STAGE_PACKET];
		uint16_t port = (uint16_t)(FIRST_PORT + i);

		stage->client_port = port;
		stage->sent = i + round * CROWD;
		size_t size = stage_tcp(stage, TCP_ACK, 100, true, bytes);
		steer_classify(stage->steers[0], bytes, size, &classification);
		steer_packet(stage->steers[0], stage->now, &classification,
			     bytes, false, stage->uplink, &stage->outbox);
		learn(stage, port, !asked,
		      asked ? NODE_ASKER_SILENT : NODE_ASKER_STRAY);
		outbox_clear(&stage->outbox);
	}
}

static void
count(struct stage *stage)
{
	struct outbox *outbox = &stage->outbox;
	uint32_t told = 0;

	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		struct packet packet;

		if (item->kind != OUTBOX_PACKET ||
		    packet_parse(outbox->bytes + item->offset, item->size,
				 &packet) != DROP_NONE ||
		    packet.protocol != IP_TCP)
			continue;
		CHECK((packet.tcp_flags & TCP_RST) != 0);
		crowd.told[packet.dst_port]++;
		told++;
	}
	outbox_clear(outbox);
	if (told == 0)
		return;
	if (crowd.count == 0)
		crowd.first = stage->now;
	crowd.last = stage->now;
	crowd.count += told;
	crowd.most = told > crowd.most ? told : crowd.most;
}

/* Each deadline is kept, for so long; each lookup that begins misses. */
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
		steer_expire(stage->steers[0], stage->now, &stage->outbox);
		count(stage);
		gets = stage->nodes[0].gets - gets;
		crowd.looked = gets > crowd.looked ? gets : crowd.looked;
	}
	stage->now = end;
}

static void
withdraw(struct stage *stage)
{
	steer_route(stage->steers[0], stage->now, &stage->servers[1], false);
}

static uint32_t
told_once(void)
{
	uint32_t once = 0;

	for (uint32_t i = 0; i < CROWD; i++)
		once += crowd.told[FIRST_PORT + i] == 1;
	return once;
}

static void
begin(struct stage *stage, uint8_t family, bool asked)
{
	memset(&crowd, 0, sizeof(crowd));
	stage_init(stage, family);
	/* Who has looked them up is another test's. */
	stage->settings.misses_per_s = 0;
	stage->settings.misses_per_s_prefix = 0;
	stage_start(stage, 0, 100);
	stage->settings.gone_after_ns = GONE_AFTER_NS;
	speak(stage, false, 0);
	withdraw(stage);
	pass(stage, NS_PER_MS);
	if (asked)
		speak(stage, true, 0);
	for (int i = 0; i < GONE_AFTER_NS / NS_PER_S - 1; i++) {
		pass(stage, NS_PER_S);
		withdraw(stage);
	}
	/* It has tried for so long that the next try may take so long, too. */
	speak(stage, false, 1);
	/* What was held for refusals is gone. */
	pass(stage, NS_PER_S / 2);
	CHECK(crowd.count == 0 && steer_flow_count(stage->steers[0]) == CROWD);
}

/* Room for all, and for few: both take turns, and nobody is forgotten. */
static void
told(uint8_t family, uint32_t room)
{
	static struct stage stage;

	begin(&stage, family, true);
	stage.outbox.item_capacity = room;
	pass(&stage, 20 * NS_PER_S);
	CHECK(told_once() == CROWD && crowd.count == CROWD);
	CHECK(crowd.most <= NS_PER_MS / TURNS_TELL_NS && crowd.most <= room);
	int64_t took_ns = instant_distance_ns(crowd.first, crowd.last);
	CHECK(took_ns >= (CROWD - 10) * TURNS_TELL_NS);
	CHECK(took_ns <= 3 * CROWD * TURNS_TELL_NS);
}

/* It is there again while they are told: the others are forwarded as before. */
static void
revived(void)
{
	static struct stage stage;

	begin(&stage, 4, true);
	pass(&stage, 2 * NS_PER_S);
	uint32_t count = crowd.count;
	CHECK(count > CROWD / 10 && count < CROWD / 2);
	steer_heard(stage.steers[0], stage.now, &stage.servers[1]);
	pass(&stage, 10 * NS_PER_S);
	CHECK(crowd.count == count && told_once() == count);
	CHECK(steer_flow_count(stage.steers[0]) == CROWD);
	CHECK(stage.nodes[0].gets == 2 * CROWD);
}

/* Nobody has asked the replicas yet: they are asked, one after the other. */
static void
looked_up(void)
{
	static struct stage stage;

	begin(&stage, 4, false);
	uint32_t gets = stage.nodes[0].gets;
	pass(&stage, 2 * NS_PER_S);
	gets = stage.nodes[0].gets - gets;
	CHECK(crowd.looked <= NS_PER_MS / TURNS_LOOK_NS);
	CHECK(gets >= 1000 && gets <= 2 * NS_PER_S / TURNS_LOOK_NS);
	CHECK(crowd.count == 0);
}

/* It dies again and again, for words of that become old: whose turn it is
 * nobody loses. */
static void
died_again(void)
{
	static struct stage stage;

	begin(&stage, 4, false);
	uint32_t gets = stage.nodes[0].gets;
	stage.settings.gone_after_ns = 3 * NS_PER_S;
	for (uint32_t i = 0; i < 4; i++) {
		pass(&stage, LIFE_FRESH_NS + NS_PER_S);
		speak(&stage, false, 2 + i);
		for (int j = 0; j < 3; j++) {
			withdraw(&stage);
			pass(&stage, NS_PER_S);
		}
	}
	CHECK(steer_counters(stage.steers[0])->dead_owners == 1);
	CHECK(stage.nodes[0].gets - gets >= CROWD);
}

int
main(void)
{
	told(4, 1024);
	told(6, 5);
	revived();
	looked_up();
	died_again();
	return check_done();
}
