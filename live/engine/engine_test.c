/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_test.c - what engines do to each other's sessions and strays
 */
#include "live/engine/engine.h"

#include <errno.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/tcp.h"
#include "live/test/engines.h"

static void
test_join(void)
{
	struct engines *engines = engines_open(3);

	for (uint32_t i = 0; i < 3; i++) {
		struct engine_status s = status_of(engines, i);
		CHECK(s.joined);
		CHECK(s.contacts == 2);
		CHECK(s.engine->sealed_dropped == 0);
		CHECK(s.memory_bytes > 0);
	}
	CHECK(engine_endpoint(engines->servers[0].engine, 0)->port == 7000);
	CHECK(engine_endpoint(engines->servers[0].engine, 999) == NULL);
	engine_leave(engines->servers[2].engine, engines->now);
	pass(engines, NS_PER_S);
	CHECK(status_of(engines, 0).contacts == 1);
	engines_close(engines);
}

/* No peer answers at first; and later none does any more. */
static void
test_join_again(void)
{
	struct engines *engines = engines_open(0);
	struct secret secret = secret_of(1);

	server_start(engines, 1, &secret);
	engine_join(engines->servers[1].engine, engines->now);
	pass(engines, 3 * NS_PER_S);
	CHECK(!status_of(engines, 1).joined);
	server_start(engines, 0, &secret);
	engine_join(engines->servers[0].engine, engines->now);
	CHECK(status_of(engines, 0).joined);
	pass(engines, 3 * NS_PER_S);
	CHECK(status_of(engines, 1).joined);
	CHECK(status_of(engines, 0).contacts == 1);

	engine_leave(engines->servers[0].engine, engines->now);
	pass(engines, 10 * NS_PER_MS);
	server_stop(&engines->servers[0]);
	CHECK(status_of(engines, 1).contacts == 0);
	pass(engines, 3 * NS_PER_S);
	CHECK(!status_of(engines, 1).joined);
	server_start(engines, 0, &secret);
	engine_join(engines->servers[0].engine, engines->now);
	pass(engines, 3 * NS_PER_S);
	CHECK(status_of(engines, 1).joined &&
	      status_of(engines, 1).contacts == 1);
	engines_close(engines);
}

/* Three of four hold a session. One of them, not its owner, ends: the fourth
 * has the record before that one says LEAVE. */
static void
test_hand_over(void)
{
	struct engines *engines = engines_open(4);
	uint32_t leaver = 0, held = 0;

	for (uint32_t i = 0; i < 8; i++)
		change(engines, 0, (uint16_t)(40001 + i), SOCKET_OPENED);
	pass(engines, 50 * NS_PER_MS);
	for (uint32_t i = 1; i < 4; i++) {
		if (status_of(engines, i).records > 0)
			leaver = i;
		held += status_of(engines, i).records;
	}
	CHECK(leaver != 0);
	uint32_t lost = status_of(engines, leaver).records, others = 0;
	engine_hand_over(engines->servers[leaver].engine, engines->now);
	CHECK(!engine_handed_over(engines->servers[leaver].engine));
	pass(engines, 50 * NS_PER_MS);
	CHECK(engine_handed_over(engines->servers[leaver].engine));
	for (uint32_t i = 1; i < 4; i++)
		others += i == leaver ? 0 : status_of(engines, i).records;
	/* All eight, at two of three, or at both that are no owner. */
	CHECK(others == 16 && others > held - lost);
	engine_leave(engines->servers[leaver].engine, engines->now);
	pass(engines, 50 * NS_PER_MS);
	CHECK(status_of(engines, 0).contacts == 2);
	engines_close(engines);
}

/* Two that are the first of a cluster each, until one is told of the other. */
static void
test_peers_come_later(void)
{
	struct engines *engines = engines_open(0);
	struct secret secret = secret_of(1);

	for (uint32_t i = 0; i < 2; i++) {
		struct server *server = &engines->servers[i];

		server_start(engines, i, &secret);
		server->conf.peer_count = 0;
		reload(engines, i, &secret);
		engine_join(server->engine, engines->now);
		CHECK(status_of(engines, i).joined);
	}
	pass(engines, 3 * NS_PER_S);
	CHECK(status_of(engines, 0).contacts == 0);
	engines->servers[0].conf.peers[0] = engines->servers[1].conf.self;
	engines->servers[0].conf.peer_count = 1;
	reload(engines, 0, &secret);
	pass(engines, NS_PER_S);
	for (uint32_t i = 0; i < 2; i++)
		CHECK(status_of(engines, i).joined &&
		      status_of(engines, i).contacts == 1);
	engines_close(engines);
}

static void
test_stray(void)
{
	struct engines *engines = engines_open(3);
	struct server *owner = &engines->servers[0],
		      *stray = &engines->servers[1];
	uint8_t bytes[256];
	size_t size = segment(40001, TCP_ACK, bytes, sizeof(bytes));

	change(engines, 0, 40001, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	CHECK(status_of(engines, 0).sessions == 1);
	CHECK(owner->reports[REPORT_OPENED] == 1);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 1);
	CHECK(owner->latest[REPORT_SETTING_ALL].ok);
	CHECK(owner->latest[REPORT_SETTING_FIRST].value >= 2 * HALF_RTT_NS);

	/* Three of a kind: one may wait for the lookup. */
	for (int i = 0; i < 3; i++)
		stray_in(engines, 1, 40001, TCP_ACK, 1);
	pass(engines, 20 * NS_PER_MS);
	CHECK(owner->delivered == 3);
	CHECK(owner->last_size == size &&
	      memcmp(owner->last, bytes, size) == 0);
	CHECK(stray->avoided == 1);
	CHECK(stray->reports[REPORT_STRAY] == 1);
	CHECK(stray->reports[REPORT_LOOKUP] == 1);
	CHECK(stray->latest[REPORT_LOOKUP].ok);
	CHECK(status_of(engines, 1).steer->forwards == 3);
	pass(engines, 100 * NS_PER_MS);
	CHECK(stray->reports[REPORT_STRAYS] == 1);
	CHECK(stray->latest[REPORT_STRAYS].value == 3);

	/* Known now: sent on at once. */
	uint64_t before = status_of(engines, 1).engine->forwarded;
	pass(engines, NS_PER_S);
	stray_in(engines, 1, 40001, TCP_ACK, 1);
	/* The owner by name. */
	CHECK(strncmp(stray->decision, "to 10.", 6) == 0);
	CHECK(stray->avoided == OUTBOX_ANY_UPLINK);
	CHECK(status_of(engines, 1).engine->forwarded == before + 1);
	pass(engines, 10 * NS_PER_MS);
	CHECK(owner->delivered == 4);

	/* To its own host a packet is no stray. */
	stray_in(engines, 0, 40001, TCP_ACK, 0);
	CHECK(owner->delivered == 5);
	CHECK(status_of(engines, 0).steer->strays == 0);
	CHECK(status_of(engines, 0).engine->edge_errors == 0);
	engines_close(engines);
}

/* The owner has lost it: not mine, and at last a reset by the stray server. */
static void
test_not_mine(void)
{
	struct engines *engines = engines_open(2);
	struct session_key key = session(40002);
	struct packet packet;

	/* To who joined just now a miss proves nothing. */
	pass(engines, 3 * NS_PER_S);
	change(engines, 0, 40002, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	CHECK(sessions_remove(engines->servers[0].sessions, &key));
	stray_in(engines, 1, 40002, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(engines->servers[0].delivered == 0);
	CHECK(status_of(engines, 0).steer->not_mine_sent == 1);
	CHECK(status_of(engines, 1).steer->not_mine_received == 1);
	stray_in(engines, 1, 40002, TCP_ACK, 0);
	pass(engines, 2 * NS_PER_S);
	CHECK(engines->servers[0].routed == 0);
	CHECK(engines->servers[1].routed == 1);
	CHECK(packet_parse(engines->servers[1].last,
			   engines->servers[1].last_size,
			   &packet) == DROP_NONE);
	CHECK((packet.tcp_flags & TCP_RST) != 0);
	engines_close(engines);
}

/* A session's end, at once and after it lingered. */
static void
test_end(void)
{
	struct engines *engines = engines_open(2);
	struct server *owner = &engines->servers[0];
	struct session_key key = session(40003);

	change(engines, 0, 40003, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	change(engines, 0, 40003, SOCKET_LINGERS);
	CHECK(owner->reports[REPORT_CLOSED] == 1);
	CHECK(status_of(engines, 0).sessions == 0);
	pass(engines, NS_PER_S);
	/* Its last packets still find it. */
	stray_in(engines, 1, 40003, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(owner->delivered == 1);
	pass(engines, owner->conf.linger_ns);
	CHECK(!sessions_has(owner->sessions, &key));
	change(engines, 0, 40003, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_CLOSED] == 1);

	change(engines, 0, 40004, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	change(engines, 0, 40004, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_CLOSED] == 2);
	/* Opened again while the old one lingers. */
	change(engines, 0, 40005, SOCKET_OPENED);
	change(engines, 0, 40005, SOCKET_LINGERS);
	change(engines, 0, 40005, SOCKET_OPENED);
	pass(engines, 2 * owner->conf.linger_ns);
	CHECK(status_of(engines, 0).sessions == 1);
	stray_in(engines, 1, 40005, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(owner->delivered == 2);
	CHECK(status_of(engines, 0).engine->opened == 4);
	CHECK(status_of(engines, 0).engine->closed == 3);
	engines_close(engines);
}

/* The client's port again, at another server, while its first owner lingers. */
static void
test_port_again(void)
{
	struct engines *engines = engines_open(3);
	struct server *first = &engines->servers[0],
		      *second = &engines->servers[2];

	change(engines, 0, 40006, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 40006, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 1);
	change(engines, 0, 40006, SOCKET_LINGERS);
	change(engines, 2, 40006, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	/* The first owner is cached, and says no. What it got was kept. */
	first->foreign = true;
	stray_in(engines, 1, 40006, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 1 && second->delivered == 1);
	stray_in(engines, 1, 40006, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 1 && second->delivered == 2);
	CHECK(status_of(engines, 0).steer->not_mine_sent == 1);
	/* At the first owner itself. */
	stray_in(engines, 0, 40006, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 1 && second->delivered == 3);
	/* What is of the first session is its owner's. */
	first->foreign = false;
	stray_in(engines, 0, 40006, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 2 && second->delivered == 3);

	/* The client ends by RST and begins anew at once: the RST was a stray
	 * when it came, though when it is read its key is at home. */
	change(engines, 0, 40007, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	change(engines, 2, 40007, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 2, 40007, TCP_RST, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 3 && second->delivered == 3);
	CHECK(first->routed == 0 && second->routed == 0);
	engines_close(engines);
}

/* The same while its first owner has an open socket yet: the packets are the
 * socket's, whose server tells who forwards them. */
static void
test_doubted(void)
{
	static const struct ownership_socket old = {
		.state = OWNERSHIP_OPEN,
		.snd_una = 0x40000000,
		.snd_nxt = 0x40000000,
		.rcv_nxt = 0x40000000,
	};
	struct engines *engines = engines_open(3);
	struct server *first = &engines->servers[0],
		      *second = &engines->servers[2];

	change(engines, 0, 40008, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 40008, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(first->delivered == 1);
	CHECK(status_of(engines, 0).steer->doubts == 0);
	first->socket = &old;
	/* No other has it: all stays as it is. */
	stray_in(engines, 1, 40008, TCP_ACK, 0);
	pass(engines, NS_PER_S);
	CHECK(first->delivered == 2 && second->delivered == 0);
	CHECK(status_of(engines, 0).steer->doubts == 1);
	change(engines, 2, 40008, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 40008, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	/* It came after a pause, and was kept. */
	CHECK(first->delivered == 3 && second->delivered == 1);
	CHECK(status_of(engines, 0).steer->doubts == 2);
	/* From now on it is at home. */
	for (uint32_t i = 2; i <= 4; i++) {
		stray_in(engines, 1, 40008, TCP_ACK, 0);
		pass(engines, 20 * NS_PER_MS);
		CHECK(first->delivered == 3 && second->delivered == i);
	}
	CHECK(status_of(engines, 0).steer->not_mine_sent == 0);
	engines_close(engines);
}

static void
test_store_after(void)
{
	struct engines *engines = engines_open(2);
	struct server *owner = &engines->servers[0];
	struct secret secret = secret_of(1);

	owner->conf.steer.store_after_ns = 500 * NS_PER_MS;
	reload(engines, 0, &secret);
	change(engines, 0, 1, SOCKET_OPENED);
	change(engines, 0, 2, SOCKET_OPENED);
	pass(engines, 400 * NS_PER_MS);
	change(engines, 0, 2, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 0);
	pass(engines, 200 * NS_PER_MS);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 1);
	CHECK(owner->latest[REPORT_SETTING_ALL].key.client_port[1] == 1);
	engines_close(engines);
}

/* New key second everywhere, then first everywhere, then alone. */
static void
test_rotation(void)
{
	struct engines *engines = engines_open(2);
	struct secret old = secret_of(1), new = secret_of(2), both = old;
	uint64_t dropped = 0;

	new.keys[0].id = 1;
	both.keys[1] = new.keys[0];
	both.key_count = 2;
	struct secret swapped = both;
	swapped.keys[0] = both.keys[1];
	swapped.keys[1] = both.keys[0];
	const struct secret *steps[] = { &both, &swapped, &new };

	change(engines, 0, 9, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 9, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(engines->servers[0].delivered == 1);
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t j = 0; j < 2; j++) {
			reload(engines, j, steps[i]);
			change(engines, 0, 100 + 2 * i + j, SOCKET_OPENED);
			stray_in(engines, 1, 9, TCP_ACK, 0);
			pass(engines, 20 * NS_PER_MS);
			CHECK(engines->servers[0]
				      .latest[REPORT_SETTING_ALL]
				      .ok);
		}
	}
	CHECK(engines->servers[0].delivered == 7);
	for (uint32_t i = 0; i < 2; i++)
		dropped += status_of(engines, i).engine->sealed_dropped;
	CHECK(dropped == 0);
	engines_close(engines);
}

static void
test_replay(void)
{
	struct engines *engines = engines_open(2);
	struct server *owner = &engines->servers[0];

	change(engines, 0, 5, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 5, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(owner->delivered == 1);
	struct flying forward = engines->kept[WAY_FORWARD];
	struct flying datagram = engines->kept[WAY_DATAGRAM];
	for (uint32_t i = 0; i < 10; i++) {
		arrive(engines, &forward);
		arrive(engines, &datagram);
	}
	CHECK(owner->delivered == 1);
	CHECK(status_of(engines, 0).steer->drops[DROP_REPLAY] == 10);
	uint64_t replays = 0;
	for (uint32_t i = 0; i < 2; i++)
		replays +=
			status_of(engines, i).engine->seal_drops[DROP_REPLAY];
	CHECK(replays == 10);

	/* A bit less, and the tag is wrong. */
	forward.bytes[forward.size / 2] ^= 1;
	datagram.bytes[datagram.size - 1] ^= 1;
	arrive(engines, &forward);
	arrive(engines, &datagram);
	CHECK(status_of(engines, 0).steer->drops[DROP_TAG] == 1);
	CHECK(owner->delivered == 1);
	engines_close(engines);
}

static void
test_wrong_secret(void)
{
	struct engines *engines = engines_open(2);
	struct secret wrong = secret_of(9);

	server_start(engines, 2, &wrong);
	engine_join(engines->servers[2].engine, engines->now);
	pass(engines, 3 * NS_PER_S);
	CHECK(!status_of(engines, 2).joined);
	CHECK(status_of(engines, 0).contacts == 1);
	CHECK(status_of(engines, 0).engine->seal_drops[DROP_TAG] > 0);
	engines_close(engines);
}

static void
test_no_route(void)
{
	struct engines *engines = engines_open(2);
	struct server *stray = &engines->servers[1];

	change(engines, 0, 6, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray->unreachable = -ENETUNREACH;
	stray_in(engines, 1, 6, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(status_of(engines, 1).engine->no_route == 1);
	stray->unreachable = 0;
	engine_sent(stray->engine, engines->now,
		    &engines->servers[0].conf.self.address, true, 0);
	pass(engines, 5 * NS_PER_S);
	stray_in(engines, 1, 6, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(engines->servers[0].delivered == 1);
	CHECK(status_of(engines, 1).steer->resets == 0);
	engines_close(engines);
}

/* A router says that what we sent into the tunnel last is too big. */
static size_t
too_big(const struct flying *forward, uint32_t mtu_bytes, uint8_t *bytes,
	size_t capacity)
{
	const uint8_t router[4] = { 10, 9, 9, 1 };
	const struct address from = address_ip4(router);
	const struct packet_udp udp = {
		.ip = { .src = forward->from.address,
			.dst = forward->to.address,
			.ttl = 60 },
		.src_port = forward->from.port,
		.dst_port = forward->to.port,
		.payload = forward->bytes,
		.payload_bytes = forward->size,
	};
	uint8_t outer[2048];
	struct packet packet;
	size_t size = packet_build_udp(&udp, outer, sizeof(outer));

	CHECK(packet_parse(outer, size, &packet) == DROP_NONE);
	return packet_build_icmp_too_big(&from, mtu_bytes, outer, &packet,
					 bytes, capacity);
}

/* Whatever the port: the path's MTU is learned, and then answered with. */
static void
test_path_mtu(uint16_t gue_port)
{
	struct engines *engines = engines_open_at(2, gue_port);
	struct server *stray = &engines->servers[1];
	struct secret secret = secret_of(1);
	struct packet answer;
	uint8_t bytes[2048];
	size_t size;

	stray->conf.steer.outer_fragment = false;
	reload(engines, 1, &secret);
	change(engines, 0, 40010, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	stray_in(engines, 1, 40010, TCP_ACK, 0);
	pass(engines, 20 * NS_PER_MS);
	CHECK(engines->servers[0].delivered == 1);
	CHECK(engines->kept[WAY_FORWARD].to.port == gue_port);
	size = too_big(&engines->kept[WAY_FORWARD], 1300, bytes, sizeof(bytes));
	engine_stray(stray->engine, engines->now, 0, bytes, size);
	pass(engines, 20 * NS_PER_MS);
	CHECK(stray->delivered == 1); /* our own stack hears of it, too */
	CHECK(status_of(engines, 1).steer->drops[DROP_ICMP_QUOTE] == 0);

	size = segment_of(40010, TCP_ACK, 1300, bytes, sizeof(bytes));
	engine_stray(stray->engine, engines->now, 0, bytes, size);
	pass(engines, 20 * NS_PER_MS);
	CHECK(stray->routed == 1);
	CHECK(packet_parse(stray->last, stray->last_size, &answer) ==
	      DROP_NONE);
	CHECK(answer.icmp_error && answer.icmp_mtu == 1300 - 48);
	CHECK(engines->servers[0].delivered == 1);
	engines_close(engines);
}

static void
answered(void *context, const struct node_event *event)
{
	struct node_event *kept = context;

	*kept = *event;
}

static void
test_lookup(void)
{
	struct engines *engines = engines_open(3);
	struct session_key here = session(7), nowhere = session(8);
	struct node_event found = { .kind = NODE_NONE }, missed = found;

	change(engines, 0, 7, SOCKET_OPENED);
	pass(engines, 20 * NS_PER_MS);
	CHECK(engine_lookup(engines->servers[2].engine, engines->now, &here,
			    answered, &found) == 0);
	CHECK(engine_lookup(engines->servers[2].engine, engines->now, &nowhere,
			    answered, &missed) == 0);
	pass(engines, 500 * NS_PER_MS);
	CHECK(found.kind == NODE_FOUND && found.record_count == 1);
	CHECK(missed.kind == NODE_MISSED);
	const struct endpoint *owner = engine_endpoint(
		engines->servers[2].engine, found.records[0].owner);
	CHECK(owner != NULL &&
	      address_equal(&owner->address,
			    &engines->servers[0].conf.self.address));
	engines_close(engines);
}

/* Noise at every entry: counted, and nothing else. */
static void
test_noise(void)
{
	struct engines *engines = engines_open(2);
	struct engine *engine = engines->servers[0].engine;
	struct rng rng;

	rng_init(&rng, 3, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t bytes[200];
		size_t size = rng_below(&rng, sizeof(bytes));
		struct endpoint from =
			endpoint_of((uint32_t)rng_below(&rng, 200));

		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t)rng_next(&rng);
		engine_stray(engine, engines->now, 0, bytes, size);
		engine_tunnel(engine, engines->now, &from,
			      &engines->servers[0].conf.self.address, bytes,
			      size);
		engine_datagram(engine, engines->now, &from, bytes, size);
		/* A session that no server has. */
		if (i % 4 == 0)
			stray_in(engines, 0, i, TCP_ACK, 0);
		if (i % 64 == 0)
			pass(engines, NS_PER_MS);
	}
	pass(engines, 3 * NS_PER_S);
	CHECK(status_of(engines, 0).engine->sealed_dropped == 20000);
	CHECK(status_of(engines, 0).flows <=
	      engines->servers[0].conf.flows_max);
	CHECK(status_of(engines, 0).joined &&
	      status_of(engines, 0).contacts == 1);
	CHECK(engines->servers[0].delivered == 0);
	engines_close(engines);
}

int
main(void)
{
	test_join();
	test_join_again();
	test_hand_over();
	test_peers_come_later();
	test_stray();
	test_not_mine();
	test_end();
	test_port_again();
	test_doubted();
	test_store_after();
	test_rotation();
	test_replay();
	test_wrong_secret();
	test_no_route();
	test_path_mtu(GUE_PORT);
	test_path_mtu(6081);
	test_lookup();
	test_noise();
	return check_done();
}
