/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil_test.c - flows whose owner does not answer
 *
 * Stories on the stage: A forwards to B, and C may have the other record or be
 * a node that is heard. Each is played for IPv4 and IPv6.
 */
#include "core/steer/vigil.h"

#include "core/rng.h"
#include "core/test/stage.h"

/* The client sends a segment again, the last one or one before it. */
static struct steer_result
repeat_from(struct stage *stage, uint32_t back)
{
	struct packet_log *last = &stage_log[(stage->sent - back) % STAGE_LOG];
	struct packet_log *entry = &stage_log[stage->sent++ % STAGE_LOG];
	struct classification classification;

	*entry = *last;
	steer_classify(stage->steers[0], entry->bytes, entry->size,
		       &classification);
	return steer_packet(stage->steers[0], stage->now, &classification,
			    entry->bytes, false, stage->uplink, &stage->outbox);
}

static struct steer_result
repeat(struct stage *stage)
{
	return repeat_from(stage, 1);
}

/* Time passes; C is heard, or not. */
static void
pass(struct stage *stage, int64_t ns, bool others)
{
	struct instant end = instant_after(stage->now, ns);

	for (;;) {
		struct instant due = steer_deadline(stage->steers[0]);
		if (instant_before(end, due))
			break;
		if (instant_before(stage->now, due))
			stage->now = due;
		if (others)
			steer_heard(stage->steers[0], stage->now,
				    &stage->servers[2]);
		steer_expire(stage->steers[0], stage->now, &stage->outbox);
	}
	stage->now = end;
}

static void
forward_to(struct stage *stage, const char *owners)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, owners);
	CHECK(stage_spells(stage, owners));
}

/* The lookup past B's record ends: found, or missed. */
static void
past(struct stage *stage, const char *owner, bool conclusive)
{
	struct node_event event = {
		.kind = owner != NULL ? NODE_FOUND : NODE_MISSED,
		.asker = NODE_ASKER_SILENT,
		.key = stage->nodes[0].key,
		.ticket = stage->nodes[0].ticket,
		.ok = conclusive,
		.record_count = owner != NULL,
	};

	if (owner != NULL)
		event.records[0].owner = stage->nodes[owner[0] - 'a'].self;
	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
}

/* An error about A's last echo, or about the packet that was tunnelled last. */
static void
refuse(struct stage *stage, enum packet_error error, const struct address *from)
{
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;

	CHECK(packet_parse(stage->echo, stage->echo_bytes, &packet) ==
	      DROP_NONE);
	size_t size = packet_build_icmp_error(error, from, 0, stage->echo,
					      &packet, bytes, sizeof(bytes));
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	steer_icmp(stage->steers[0], stage->now, from, bytes + packet.l4_offset,
		   packet.l4_bytes);
}

static void
reply_to(struct stage *stage, const uint8_t *echo, size_t echo_bytes,
	 bool damaged)
{
	uint8_t bytes[STAGE_PACKET];
	struct packet packet;

	CHECK(packet_parse(echo, echo_bytes, &packet) == DROP_NONE);
	size_t size =
		packet_build_echo_reply(echo, &packet, bytes, sizeof(bytes));
	CHECK(size > 0);
	bytes[size - 1] ^= damaged;
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	steer_icmp(stage->steers[0], stage->now, &packet.src,
		   bytes + packet.l4_offset, packet.l4_bytes);
}

static void
reply(struct stage *stage, bool damaged)
{
	reply_to(stage, stage->echo, stage->echo_bytes, damaged);
}

/* A client that goes on asks nobody; one that repeats itself does. */
static void
wanted(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 10; i++) {
		stage_put_tcp(stage, TCP_ACK);
		pass(stage, NS_PER_S, false);
	}
	CHECK(stage->nodes[0].pings == 0 && stage->echoes == 0);
	repeat(stage);
	pass(stage, 0, false);
	CHECK(stage->nodes[0].pings == 1 && stage->echoes == 0);
	CHECK(address_equal(&stage->nodes[0].pinged, &stage->servers[1]));
	outbox_clear(&stage->outbox);
	/* It answers: nothing more. */
	steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	pass(stage, 5 * NS_PER_S, false);
	CHECK(stage->nodes[0].pings == 1);
}

/* B is off, and the leaf's route goes: net unreachable of every echo. */
static void
unreachable(struct stage *stage)
{
	struct address router = stage_address(stage->family, 30, 1);
	struct instant start;

	forward_to(stage, "b");
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	pass(stage, LIFE_ASK_NS, false);
	CHECK(stage_spells(stage, ""));
	CHECK(stage->echoes == 1);
	start = stage->now;
	while (stage->now.ns < start.ns + 3 * NS_PER_S - 1) {
		CHECK(stage_counters(stage)->dead_owners == 0);
		refuse(stage, PACKET_ERROR_NET, &router);
		pass(stage, LIFE_ASK_NS, false);
		stage_put_tcp(stage, TCP_ACK);
		(void)stage_outcome(stage);
	}
	/* Nothing was asked past it: it is now, and its client told. */
	CHECK(stage_counters(stage)->dead_owners == 1);
	CHECK(stage->nodes[0].gets == 2);
	CHECK(stage->nodes[0].asker == NODE_ASKER_SILENT);
	CHECK(stage->nodes[0].excluded_count == 1 &&
	      stage->nodes[0].excluded[0] == stage->nodes[1].self);
	past(stage, NULL, true);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage_counters(stage)->misses == 0);
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_NEGATIVE);
	/* The next that finds it is told at once, while that is true. */
	stage->client_port++;
	refuse(stage, PACKET_ERROR_HOST, &router);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, ""));
	pass(stage, 20 * NS_PER_MS, true);
	CHECK(stage->nodes[0].asker == NODE_ASKER_SILENT);
	past(stage, NULL, true);
	CHECK(stage_spells(stage, "R"));
}

/* What was sent to B last, as it is on the wire: by the tunnel, or from a port
 * of the table. */
static size_t
sent_to_owner(struct stage *stage, uint16_t port, uint8_t *out)
{
	uint8_t ping[72] = { 0 };
	struct packet_udp udp = {
		.ip = { .src = stage->servers[0],
			.dst = stage->servers[1],
			.ttl = 64 },
		.src_port = port,
		.dst_port = 7000,
		.payload = ping,
		.payload_bytes = sizeof(ping),
	};

	for (uint32_t i = 0; port == 0 && i < stage->outbox.item_count; i++) {
		const struct outbox_item *item = &stage->outbox.items[i];

		if (item->kind != OUTBOX_FORWARD)
			continue;
		udp.src_port = item->source_port;
		udp.dst_port = item->to.port;
		udp.payload = stage->outbox.bytes + item->offset;
		udp.payload_bytes = item->size;
	}
	return packet_build_udp(&udp, out, STAGE_PACKET);
}

static void
hear_error(struct stage *stage, const uint8_t *bytes, size_t size, bool tunnel)
{
	struct classification classification;
	struct packet packet;

	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	if (!tunnel) {
		steer_icmp(stage->steers[0], stage->now, &packet.src,
			   bytes + packet.l4_offset, packet.l4_bytes);
		return;
	}
	steer_classify(stage->steers[0], bytes, size, &classification);
	CHECK(classification.kind == CLASSIFICATION_TUNNEL);
	steer_packet(stage->steers[0], stage->now, &classification, bytes,
		     false, stage->uplink, &stage->outbox);
}

/* A router says it once, and B never speaks: dead after gone_after, if it was a
 * word. port 0: of what was in the tunnel. */
static void
one_word(struct stage *stage)
{
	static const struct {
		const char *title;
		enum packet_error error;
		uint16_t port;
		bool word, own;
	} rows[] = {
		{ "no net, of the tunnel", PACKET_ERROR_NET, 0, true, false },
		{ "the same by our own address", PACKET_ERROR_NET, 0, false,
		  true },
		{ "no host, of the tunnel", PACKET_ERROR_HOST, 0, true, false },
		{ "a loop, of the tunnel", PACKET_ERROR_TTL, 0, true, false },
		{ "no port, which B alone knows", PACKET_ERROR_PORT, 0, false,
		  false },
		{ "no net, of a ping", PACKET_ERROR_NET, 7000, true, false },
		{ "no net, of another's", PACKET_ERROR_NET, 7001, false,
		  false },
	};
	struct address router = stage_address(stage->family, 30, 1);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t sent[STAGE_PACKET], bytes[STAGE_PACKET];
		uint64_t deaths = stage_counters(stage)->dead_owners;
		struct packet packet;

		stage->client_port++;
		forward_to(stage, "b");
		repeat(stage);
		pass(stage, LIFE_ASK_NS, true);
		size_t size = sent_to_owner(stage, rows[i].port, sent);
		CHECK(packet_parse(sent, size, &packet) == DROP_NONE);
		size = packet_build_icmp_error(
			rows[i].error,
			rows[i].own ? &stage->servers[0] : &router, 0, sent,
			&packet, bytes, sizeof(bytes));
		hear_error(stage, bytes, size, rows[i].port == 0);
		pass(stage, 3 * NS_PER_S - 1, true);
		CHECK_ROW(stage_counters(stage)->dead_owners == deaths,
			  rows[i].title);
		pass(stage, LIFE_ASK_NS, true);
		CHECK_ROW(stage_counters(stage)->dead_owners ==
				  deaths + rows[i].word,
			  rows[i].title);
		steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
		outbox_clear(&stage->outbox);
	}
}

/* What our own host says of our own uplinks is nothing of B's. */
static void
own_word(struct stage *stage)
{
	forward_to(stage, "b");
	repeat(stage);
	pass(stage, LIFE_ASK_NS, false);
	(void)stage_outcome(stage);
	for (int i = 0; i < 20; i++) {
		refuse(stage, PACKET_ERROR_HOST, &stage->servers[0]);
		pass(stage, LIFE_ASK_NS, false);
		(void)stage_outcome(stage);
	}
	CHECK(stage_counters(stage)->dead_owners == 0);
}

/* B's daemon is stopped, for five minutes: its kernel answers. */
static void
stopped(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 600; i++) {
		repeat(stage);
		pass(stage, LIFE_ASK_NS, true);
		(void)stage_outcome(stage);
		if (stage->echoes > 0)
			reply(stage, false);
	}
	CHECK(stage->echoes > 100);
	CHECK(stage_counters(stage)->dead_owners == 0 &&
	      stage_counters(stage)->resets == 0);
}

/* A reply that anybody could have made is none. */
static void
forged(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 70; i++) {
		repeat(stage);
		pass(stage, LIFE_ASK_NS, true);
		(void)stage_outcome(stage);
		if (stage->echoes > 0)
			reply(stage, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
}

/* Silence. Its client's next try comes in a while: the RST does not wait for
 * it. */
static void
silent(struct stage *stage)
{
	struct instant start = stage->now;

	forward_to(stage, "b");
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	pass(stage, NS_PER_S, true);
	CHECK(stage_spells(stage, ""));
	repeat(stage);
	CHECK(stage->nodes[0].gets == 2); /* past it */
	CHECK(stage->nodes[0].asker == NODE_ASKER_SILENT);
	CHECK(stage_spells(stage, "b"));
	past(stage, NULL, true);
	repeat(stage);
	CHECK(stage->nodes[0].gets == 2);
	CHECK(stage_spells(stage, "b"));
	pass(stage, 17 * NS_PER_S, true);
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	for (int i = 0; i < 100 && stage_counters(stage)->resets == 0; i++)
		pass(stage, LIFE_ASK_NS, true);
	CHECK(stage_spells(stage, "R"));
	CHECK(stage->nodes[0].gets == 2);
	CHECK(stage->now.ns - start.ns >= 30 * NS_PER_S &&
	      stage->now.ns - start.ns <= 32 * NS_PER_S);
}

/* B cannot be reached from here, but its client's packets have gone another
 * way: a try is overdue. Nobody asks, and nobody is told, until it speaks here.
 */
static void
gone_home(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, 300 * NS_PER_MS, true);
		if (i == 0)
			repeat(stage);
	}
	(void)stage_outcome(stage);
	uint32_t gets = stage->nodes[0].gets;
	for (int i = 0; i < 5; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
	CHECK(stage->nodes[0].gets == gets && stage_spells(stage, ""));
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	CHECK(stage->nodes[0].gets == gets + 1);
	past(stage, NULL, true);
	CHECK(stage_spells(stage, "R"));
}

/* B is dead, and a session of its that was at home strays here. The way may
 * be back: it is B's, until B has been asked once more, and said nothing. */
static void
comes_late(struct stage *stage)
{
	for (int lives = 0; lives < 2; lives++) {
		stage->client_port++;
		forward_to(stage, "b");
		for (int i = 0; i < 3; i++) {
			steer_route(stage->steers[0], stage->now,
				    &stage->servers[1], false);
			pass(stage, NS_PER_S, true);
		}
		CHECK(stage_counters(stage)->dead_owners ==
		      (uint64_t)lives + 1);
		(void)stage_outcome(stage);
		stage->client_port += 2;
		forward_to(stage, "b");
		repeat(stage);
		CHECK(stage_spells(stage, "b"));
		if (lives)
			steer_heard(stage->steers[0], stage->now,
				    &stage->servers[1]);
		pass(stage, 2 * LIFE_ASK_NS, true);
		(void)stage_outcome(stage);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict ==
		      (lives ? STEER_FORWARD : STEER_HOLD));
		if (!lives)
			past(stage, NULL, true);
		CHECK(stage_spells(stage, lives ? "b" : "R"));
		steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	}
}

/* The same, and it need not speak again: B is asked soon, and if it does not
 * answer who strayed meanwhile is told. */
static void
told_late(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
	for (int lives = 0; lives < 2; lives++) {
		uint64_t told = stage_counters(stage)->resets;

		pass(stage, LIFE_ASK_NS / 4, true);
		(void)stage_outcome(stage);
		stage->client_port += 2;
		forward_to(stage, "b");
		stage->nodes[0].asker = NODE_ASKER_STRAY;
		if (lives)
			steer_heard(stage->steers[0], stage->now,
				    &stage->servers[1]);
		pass(stage, 3 * LIFE_ASK_NS / 2, true);
		CHECK((stage->nodes[0].asker == NODE_ASKER_SILENT) == !lives);
		if (!lives)
			past(stage, NULL, true);
		CHECK(stage_counters(stage)->resets == told + !lives);
	}
}

/* We are cut off: nobody is dead, and others are asked. */
static void
cut_off(struct stage *stage)
{
	stage->nodes[0].contacts[0] = stage->nodes[1].self;
	stage->nodes[0].contacts[1] = stage->nodes[2].self;
	stage->nodes[0].contact_count = 2;
	forward_to(stage, "b");
	for (int i = 0; i < 200; i++) {
		repeat(stage);
		pass(stage, LIFE_ASK_NS, false);
		CHECK(stage_spells(stage, "b"));
	}
	CHECK(address_equal(&stage->nodes[0].pinged, &stage->servers[2]));
	CHECK(stage_counters(stage)->dead_owners == 0);
}

/* The record that was found is a dead owner's, an older one is C's. */
static void
other_owner(struct stage *stage)
{
	forward_to(stage, "b");
	repeat(stage);
	pass(stage, LIFE_ASK_NS, true);
	CHECK(stage_spells(stage, "b"));
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	past(stage, "c", false);
	/* Both get it, until one of them says that it is not its. */
	repeat(stage);
	CHECK(stage_spells(stage, "bc"));
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage_spells(stage, "bc"));
	for (int i = 0; i < 100 && stage_counters(stage)->dead_owners == 0; i++)
		pass(stage, LIFE_ASK_NS, true);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	CHECK(stage_counters(stage)->resets == 0);
	CHECK(stage->nodes[0].gets == 2);
}

/* Its retransmissions are of its first segment, and between them it
 * acknowledges behind its last: nothing of that is new. */
static void
by_turns(struct stage *stage)
{
	forward_to(stage, "b");
	stage_put_tcp(stage, TCP_ACK);
	pass(stage, 0, false);
	CHECK(stage->nodes[0].pings == 0);
	repeat_from(stage, 2);
	pass(stage, 0, false);
	CHECK(stage->nodes[0].pings == 1);
	CHECK(stage_spells(stage, "bb"));
}

/* What was missed while B lived, though it had been silent for a moment, says
 * nothing when it is dead. */
static void
missed_before(struct stage *stage)
{
	forward_to(stage, "b");
	repeat(stage);
	pass(stage, LIFE_ASK_NS, true);
	repeat(stage);
	CHECK(stage->nodes[0].gets == 2);
	steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	past(stage, NULL, true);
	CHECK(stage_spells(stage, "bb"));
	steer_route(stage->steers[0], stage->now, &stage->servers[1], false);
	/* Its client is here yet, and says new things. */
	for (int i = 0; i < 100 && stage_counters(stage)->dead_owners == 0;
	     i++) {
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
		pass(stage, LIFE_ASK_NS, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
	CHECK(stage->nodes[0].gets == 3);
	outbox_clear(&stage->outbox);
	past(stage, "c", true);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	CHECK(stage_counters(stage)->resets == 0);
}

/* C had a record, and says that it has not the session: B's alone. */
static void
other_refuses(struct stage *stage)
{
	forward_to(stage, "bc");
	repeat(stage);
	pass(stage, LIFE_ASK_NS, true);
	repeat(stage);
	CHECK(stage_spells(stage, "bcbc"));
	stage_not_mine(stage, 2);
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage->nodes[0].excluded_count == 2);
	/* B is heard: as if nothing had been. */
	steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	repeat(stage);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->dead_owners == 0);
}

/* The replicas are not sure that there is no other: no RST. */
static void
unsure(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		stage_put_tcp(stage, TCP_ACK);
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
	(void)stage_outcome(stage);
	uint32_t gets = stage->nodes[0].gets;
	past(stage, NULL, false);
	for (int i = 0; i < 20 && steer_flow_count(stage->steers[0]) > 0; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, 100 * NS_PER_MS, true);
		if (stage->nodes[0].gets != gets)
			past(stage, NULL, false);
		gets = stage->nodes[0].gets;
	}
	CHECK(stage_spells(stage, ""));
	CHECK(steer_flow_count(stage->steers[0]) == 0);
	CHECK(stage_counters(stage)->resets == 0);
}

/* The closest know no other, and as many others as a record has replicas are
 * silent: that suffices past a dead owner, and not past one that is silent. */
static void
denied(struct stage *stage)
{
	struct node_event event = {
		.kind = NODE_MISSED,
		.asker = NODE_ASKER_SILENT,
		.denied = true,
	};

	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		repeat(stage);
		if (i == 0) {
			event.key = stage->nodes[0].key;
			event.ticket = stage->nodes[0].ticket;
			steer_learned(stage->steers[0], stage->now, &event,
				      &stage->outbox);
		}
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_counters(stage)->dead_owners == 1);
	CHECK(stage_counters(stage)->resets == 0);
	(void)stage_outcome(stage);
	event.ticket = stage->nodes[0].ticket;
	steer_learned(stage->steers[0], stage->now, &event, &stage->outbox);
	CHECK(stage_spells(stage, "R"));
	/* Of one whose owner was never found it proves nothing. */
	stage->client_port++;
	stage_put_tcp(stage, TCP_ACK);
	for (uint32_t gets = 0; stage->nodes[0].gets != gets;) {
		gets = stage->nodes[0].gets;
		event.asker = NODE_ASKER_STRAY;
		event.key = stage->nodes[0].key;
		event.ticket = stage->nodes[0].ticket;
		steer_learned(stage->steers[0], stage->now, &event,
			      &stage->outbox);
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_counters(stage)->resets == 1);
}

/* It comes back while the replicas are asked: no RST, and no exclusion. */
static void
revived(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		pass(stage, NS_PER_S, true);
	}
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	past(stage, NULL, true);
	CHECK(stage->nodes[0].asker == NODE_ASKER_STRAY);
	CHECK(stage->nodes[0].excluded_count == 0);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->resets == 0);
}

/* Both owners that have a record die, and the first comes back while the
 * replicas are asked past both: it is found again, whoever died last. */
static void
first_revived(struct stage *stage)
{
	forward_to(stage, "b");
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		steer_route(stage->steers[0], stage->now, &stage->servers[2],
			    false);
		pass(stage, NS_PER_S, false);
	}
	CHECK(stage_counters(stage)->dead_owners == 2);
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	past(stage, "c", true);
	steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
	steer_route(stage->steers[0], stage->now, &stage->servers[2], false);
	uint32_t gets = stage->nodes[0].gets;
	pass(stage, 100 * NS_PER_MS, false);
	CHECK(stage->nodes[0].gets == gets + 1);
	CHECK(stage->nodes[0].excluded_count == 0);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->resets == 0);
}

/* B was the only other server, or C died, too: nobody answers the lookup, and
 * nobody could. Not if one may be alive. */
static void
nobody_left(struct stage *stage)
{
	uint64_t told = 0;

	for (uint32_t i = 0; i < 3; i++) {
		bool both = i == 1, known = i > 0;

		stage->client_port++;
		stage->nodes[0].contacts[0] = stage->nodes[1].self;
		stage->nodes[0].contacts[1] = stage->nodes[2].self;
		stage->nodes[0].contact_count = 1 + known;
		forward_to(stage, "b");
		for (int j = 0; j < 6; j++) {
			steer_route(stage->steers[0], stage->now,
				    &stage->servers[1], false);
			if (both)
				steer_route(stage->steers[0], stage->now,
					    &stage->servers[2], false);
			pass(stage, LIFE_ASK_NS, false);
			stage_put_tcp(stage, TCP_ACK);
		}
		(void)stage_outcome(stage);
		past(stage, NULL, false);
		told += i < 2;
		CHECK(stage_counters(stage)->resets == told);
		CHECK(stage_spells(stage, i < 2 ? "R" : ""));
		steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
		steer_heard(stage->steers[0], stage->now, &stage->servers[2]);
		outbox_clear(&stage->outbox);
	}
}

/* No other server is there to be heard, but the router that has said it once
 * answers: we are not cut off. */
static void
router_alone(struct stage *stage)
{
	struct address router = stage_address(stage->family, 30, 1);

	for (int answers = 0; answers < 2; answers++) {
		stage->client_port++;
		forward_to(stage, "b");
		repeat(stage);
		pass(stage, LIFE_ASK_NS, false);
		(void)stage_outcome(stage);
		refuse(stage, PACKET_ERROR_NET, &router);
		struct instant end = instant_after(stage->now, 4 * NS_PER_S);
		while (instant_before(stage->now, end)) {
			stage->routers_echo_bytes = 0;
			pass(stage, 100 * NS_PER_MS, false);
			(void)stage_outcome(stage);
			if (answers && stage->routers_echo_bytes > 0)
				reply_to(stage, stage->routers_echo,
					 stage->routers_echo_bytes, false);
		}
		CHECK(stage_counters(stage)->dead_owners == (uint64_t)answers);
		steer_heard(stage->steers[0], stage->now, &stage->servers[1]);
		outbox_clear(&stage->outbox);
	}
}

/* No bytes may trip it, and none that are not of an echo of ours count. */
static void
noise(struct stage *stage)
{
	struct rng rng;
	uint8_t bytes[64];

	rng_init(&rng, 3, stage->family);
	forward_to(stage, "b");
	repeat(stage);
	pass(stage, LIFE_ASK_NS, false);
	(void)stage_outcome(stage);
	for (int i = 0; i < 20000; i++) {
		size_t size = rng_below(&rng, sizeof(bytes));
		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t)rng_next(&rng);
		if (size > 1) {
			bytes[0] = (uint8_t)rng_below(&rng, 4);
			bytes[1] = (uint8_t)rng_below(&rng, 4);
		}
		steer_icmp(stage->steers[0], stage->now, &stage->servers[1],
			   bytes, size);
	}
	pass(stage, 20 * NS_PER_S, false);
	(void)stage_outcome(stage);
	CHECK(stage_counters(stage)->dead_owners == 0);
	CHECK(stage->echoes > 5);
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		wanted,	       unreachable, own_word,	 stopped,
		forged,	       silent,	    cut_off,	 other_owner,
		unsure,	       revived,	    noise,	 other_refuses,
		first_revived, one_word,    nobody_left, router_alone,
		gone_home,     comes_late,  told_late,	 denied,
		missed_before, by_turns,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
