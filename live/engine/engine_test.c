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
#include "live/test/cluster.h"

static void
test_join(void)
{
	struct world *world = world_open(3);

	for (uint32_t i = 0; i < 3; i++) {
		struct engine_status s = status(world, i);
		CHECK(s.joined);
		CHECK(s.contacts == 2);
		CHECK(s.engine->sealed_dropped == 0);
		CHECK(s.memory_bytes > 0);
	}
	CHECK(engine_endpoint(world->servers[0].engine, 0)->port == 7000);
	CHECK(engine_endpoint(world->servers[0].engine, 999) == NULL);
	engine_leave(world->servers[2].engine, world->now);
	pass(world, NS_PER_S);
	CHECK(status(world, 0).contacts == 1);
	world_close(world);
}

/* Nobody answers at first; and later nobody does any more. */
static void
test_join_again(void)
{
	struct world *world = world_open(0);
	struct secret secret = secret_of(1);

	server_start(world, 1, &secret);
	engine_join(world->servers[1].engine, world->now);
	pass(world, 3 * NS_PER_S);
	CHECK(!status(world, 1).joined);
	server_start(world, 0, &secret);
	engine_join(world->servers[0].engine, world->now);
	CHECK(status(world, 0).joined);
	pass(world, 3 * NS_PER_S);
	CHECK(status(world, 1).joined);
	CHECK(status(world, 0).contacts == 1);

	engine_leave(world->servers[0].engine, world->now);
	pass(world, 10 * NS_PER_MS);
	server_stop(&world->servers[0]);
	CHECK(status(world, 1).contacts == 0);
	pass(world, 3 * NS_PER_S);
	CHECK(!status(world, 1).joined);
	server_start(world, 0, &secret);
	engine_join(world->servers[0].engine, world->now);
	pass(world, 3 * NS_PER_S);
	CHECK(status(world, 1).joined && status(world, 1).contacts == 1);
	world_close(world);
}

static void
test_stray(void)
{
	struct world *world = world_open(3);
	struct server *owner = &world->servers[0], *stray = &world->servers[1];
	uint8_t bytes[256];
	size_t size = segment(40001, TCP_ACK, bytes, sizeof(bytes));

	change(world, 0, 40001, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	CHECK(status(world, 0).sessions == 1);
	CHECK(owner->reports[REPORT_OPENED] == 1);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 1);
	CHECK(owner->latest[REPORT_SETTING_ALL].ok);
	CHECK(owner->latest[REPORT_SETTING_FIRST].value >= 2 * HALF_RTT_NS);

	/* Three of a kind: one may wait for the lookup. */
	for (int i = 0; i < 3; i++)
		stray_in(world, 1, 40001, TCP_ACK, 1);
	pass(world, 20 * NS_PER_MS);
	CHECK(owner->delivered == 3);
	CHECK(owner->last_size == size &&
	      memcmp(owner->last, bytes, size) == 0);
	CHECK(stray->avoided == 1);
	CHECK(stray->reports[REPORT_STRAY] == 1);
	CHECK(stray->reports[REPORT_LOOKUP] == 1);
	CHECK(stray->latest[REPORT_LOOKUP].ok);
	CHECK(status(world, 1).steer->forwards == 3);
	pass(world, 100 * NS_PER_MS);
	CHECK(stray->reports[REPORT_STRAYS] == 1);
	CHECK(stray->latest[REPORT_STRAYS].value == 3);

	/* Known now: sent on at once. */
	uint64_t before = status(world, 1).engine->forwarded;
	pass(world, NS_PER_S);
	stray_in(world, 1, 40001, TCP_ACK, 1);
	/* The owner by name. */
	CHECK(strncmp(stray->decision, "to 10.", 6) == 0);
	CHECK(stray->avoided == OUTBOX_ANY_UPLINK);
	CHECK(status(world, 1).engine->forwarded == before + 1);
	pass(world, 10 * NS_PER_MS);
	CHECK(owner->delivered == 4);

	/* To its own host a packet is no stray. */
	stray_in(world, 0, 40001, TCP_ACK, 0);
	CHECK(owner->delivered == 5);
	CHECK(status(world, 0).steer->strays == 0);
	CHECK(status(world, 0).engine->edge_errors == 0);
	world_close(world);
}

/* The owner has lost it: not mine, and at last a reset by the stray server. */
static void
test_not_mine(void)
{
	struct world *world = world_open(2);
	struct session_key key = session(40002);
	struct packet packet;

	change(world, 0, 40002, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	CHECK(sessions_remove(world->servers[0].sessions, &key));
	stray_in(world, 1, 40002, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(world->servers[0].delivered == 0);
	CHECK(status(world, 0).steer->not_mine_sent == 1);
	CHECK(status(world, 1).steer->not_mine_received == 1);
	stray_in(world, 1, 40002, TCP_ACK, 0);
	pass(world, 2 * NS_PER_S);
	CHECK(world->servers[0].routed == 0);
	CHECK(world->servers[1].routed == 1);
	CHECK(packet_parse(world->servers[1].last, world->servers[1].last_size,
			   &packet) == DROP_NONE);
	CHECK((packet.tcp_flags & TCP_RST) != 0);
	world_close(world);
}

/* A session's end, at once and after it lingered. */
static void
test_end(void)
{
	struct world *world = world_open(2);
	struct server *owner = &world->servers[0];
	struct session_key key = session(40003);

	change(world, 0, 40003, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	change(world, 0, 40003, SOCKET_LINGERS);
	CHECK(owner->reports[REPORT_CLOSED] == 1);
	CHECK(status(world, 0).sessions == 0);
	pass(world, NS_PER_S);
	/* Its last packets still find it. */
	stray_in(world, 1, 40003, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(owner->delivered == 1);
	pass(world, owner->conf.linger_ns);
	CHECK(!sessions_has(owner->sessions, &key));
	change(world, 0, 40003, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_CLOSED] == 1);

	change(world, 0, 40004, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	change(world, 0, 40004, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_CLOSED] == 2);
	/* Opened again while the old one lingers. */
	change(world, 0, 40005, SOCKET_OPENED);
	change(world, 0, 40005, SOCKET_LINGERS);
	change(world, 0, 40005, SOCKET_OPENED);
	pass(world, 2 * owner->conf.linger_ns);
	CHECK(status(world, 0).sessions == 1);
	stray_in(world, 1, 40005, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(owner->delivered == 2);
	CHECK(status(world, 0).engine->opened == 4);
	CHECK(status(world, 0).engine->closed == 3);
	world_close(world);
}

/* The client's port again, at another server, while its first owner lingers. */
static void
test_port_again(void)
{
	struct world *world = world_open(3);
	struct server *first = &world->servers[0], *second = &world->servers[2];

	change(world, 0, 40006, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 1, 40006, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(first->delivered == 1);
	change(world, 0, 40006, SOCKET_LINGERS);
	change(world, 2, 40006, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	/* The first owner is cached, and says no; the next one gets there. */
	first->foreign = true;
	stray_in(world, 1, 40006, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 1, 40006, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(first->delivered == 1 && second->delivered == 1);
	CHECK(status(world, 0).steer->not_mine_sent == 1);
	/* At the first owner itself. */
	stray_in(world, 0, 40006, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(first->delivered == 1 && second->delivered == 2);
	/* What is of the first session is its owner's. */
	first->foreign = false;
	stray_in(world, 0, 40006, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(first->delivered == 2 && second->delivered == 2);

	/* The client ends by RST and begins anew at once: the RST was a stray
	 * when it came, though when it is read its key is at home. */
	change(world, 0, 40007, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	change(world, 2, 40007, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 2, 40007, TCP_RST, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(first->delivered == 3 && second->delivered == 2);
	CHECK(first->routed == 0 && second->routed == 0);
	world_close(world);
}

static void
test_store_after(void)
{
	struct world *world = world_open(2);
	struct server *owner = &world->servers[0];
	struct secret secret = secret_of(1);

	owner->conf.store_after_ns = 500 * NS_PER_MS;
	reload(world, 0, &secret);
	change(world, 0, 1, SOCKET_OPENED);
	change(world, 0, 2, SOCKET_OPENED);
	pass(world, 400 * NS_PER_MS);
	change(world, 0, 2, SOCKET_CLOSED);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 0);
	pass(world, 200 * NS_PER_MS);
	CHECK(owner->reports[REPORT_SETTING_ALL] == 1);
	CHECK(owner->latest[REPORT_SETTING_ALL].key.client_port[1] == 1);
	world_close(world);
}

/* New key second everywhere, then first everywhere, then alone. */
static void
test_rotation(void)
{
	struct world *world = world_open(2);
	struct secret old = secret_of(1), new = secret_of(2), both = old;
	uint64_t dropped = 0;

	new.keys[0].id = 1;
	both.keys[1] = new.keys[0];
	both.key_count = 2;
	struct secret swapped = both;
	swapped.keys[0] = both.keys[1];
	swapped.keys[1] = both.keys[0];
	const struct secret *steps[] = { &both, &swapped, &new };

	change(world, 0, 9, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 1, 9, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(world->servers[0].delivered == 1);
	for (uint32_t i = 0; i < 3; i++) {
		for (uint32_t j = 0; j < 2; j++) {
			reload(world, j, steps[i]);
			change(world, 0, 100 + 2 * i + j, SOCKET_OPENED);
			stray_in(world, 1, 9, TCP_ACK, 0);
			pass(world, 20 * NS_PER_MS);
			CHECK(world->servers[0].latest[REPORT_SETTING_ALL].ok);
		}
	}
	CHECK(world->servers[0].delivered == 7);
	for (uint32_t i = 0; i < 2; i++)
		dropped += status(world, i).engine->sealed_dropped;
	CHECK(dropped == 0);
	world_close(world);
}

static void
test_replay(void)
{
	struct world *world = world_open(2);
	struct server *owner = &world->servers[0];

	change(world, 0, 5, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 1, 5, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(owner->delivered == 1);
	struct flying forward = world->kept[WAY_FORWARD];
	struct flying datagram = world->kept[WAY_DATAGRAM];
	for (uint32_t i = 0; i < 10; i++) {
		arrive(world, &forward);
		arrive(world, &datagram);
	}
	CHECK(owner->delivered == 1);
	CHECK(status(world, 0).steer->drops[DROP_REPLAY] == 10);
	uint64_t replays = 0;
	for (uint32_t i = 0; i < 2; i++)
		replays += status(world, i).engine->seal_drops[DROP_REPLAY];
	CHECK(replays == 10);

	/* A bit less, and the tag is wrong. */
	forward.bytes[forward.size / 2] ^= 1;
	datagram.bytes[datagram.size - 1] ^= 1;
	arrive(world, &forward);
	arrive(world, &datagram);
	CHECK(status(world, 0).steer->drops[DROP_TAG] == 1);
	CHECK(owner->delivered == 1);
	world_close(world);
}

static void
test_wrong_secret(void)
{
	struct world *world = world_open(2);
	struct secret wrong = secret_of(9);

	server_start(world, 2, &wrong);
	engine_join(world->servers[2].engine, world->now);
	pass(world, 3 * NS_PER_S);
	CHECK(!status(world, 2).joined);
	CHECK(status(world, 0).contacts == 1);
	CHECK(status(world, 0).engine->seal_drops[DROP_TAG] > 0);
	world_close(world);
}

static void
test_no_route(void)
{
	struct world *world = world_open(2);
	struct server *stray = &world->servers[1];

	change(world, 0, 6, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray->unreachable = -ENETUNREACH;
	stray_in(world, 1, 6, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(status(world, 1).engine->no_route == 1);
	stray->unreachable = 0;
	engine_sent(stray->engine, world->now,
		    &world->servers[0].conf.self.address, true, 0);
	pass(world, 5 * NS_PER_S);
	stray_in(world, 1, 6, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(world->servers[0].delivered == 1);
	CHECK(stray->routed == 0);
	world_close(world);
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
	struct world *world = world_open_at(2, gue_port);
	struct server *stray = &world->servers[1];
	struct secret secret = secret_of(1);
	struct packet answer;
	uint8_t bytes[2048];
	size_t size;

	stray->conf.steer.outer_fragment = false;
	reload(world, 1, &secret);
	change(world, 0, 40010, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	stray_in(world, 1, 40010, TCP_ACK, 0);
	pass(world, 20 * NS_PER_MS);
	CHECK(world->servers[0].delivered == 1);
	CHECK(world->kept[WAY_FORWARD].to.port == gue_port);
	size = too_big(&world->kept[WAY_FORWARD], 1300, bytes, sizeof(bytes));
	engine_stray(stray->engine, world->now, 0, bytes, size);
	pass(world, 20 * NS_PER_MS);
	CHECK(stray->delivered == 1); /* our own stack hears of it, too */
	CHECK(status(world, 1).steer->drops[DROP_ICMP_QUOTE] == 0);

	size = segment_of(40010, TCP_ACK, 1300, bytes, sizeof(bytes));
	engine_stray(stray->engine, world->now, 0, bytes, size);
	pass(world, 20 * NS_PER_MS);
	CHECK(stray->routed == 1);
	CHECK(packet_parse(stray->last, stray->last_size, &answer) ==
	      DROP_NONE);
	CHECK(answer.icmp_error && answer.icmp_mtu == 1300 - 48);
	CHECK(world->servers[0].delivered == 1);
	world_close(world);
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
	struct world *world = world_open(3);
	struct session_key here = session(7), nowhere = session(8);
	struct node_event found = { .kind = NODE_NONE }, missed = found;

	change(world, 0, 7, SOCKET_OPENED);
	pass(world, 20 * NS_PER_MS);
	CHECK(engine_lookup(world->servers[2].engine, world->now, &here,
			    answered, &found) == 0);
	CHECK(engine_lookup(world->servers[2].engine, world->now, &nowhere,
			    answered, &missed) == 0);
	pass(world, 500 * NS_PER_MS);
	CHECK(found.kind == NODE_FOUND && found.record_count == 1);
	CHECK(missed.kind == NODE_MISSED);
	const struct endpoint *owner = engine_endpoint(world->servers[2].engine,
						       found.records[0].owner);
	CHECK(owner != NULL &&
	      address_equal(&owner->address,
			    &world->servers[0].conf.self.address));
	world_close(world);
}

/* Noise at every door: counted, and nothing else. */
static void
test_noise(void)
{
	struct world *world = world_open(2);
	struct engine *engine = world->servers[0].engine;
	struct rng rng;

	rng_init(&rng, 3, 0);
	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t bytes[200];
		size_t size = rng_below(&rng, sizeof(bytes));
		struct endpoint from = place((uint32_t)rng_below(&rng, 200));

		for (size_t j = 0; j < size; j++)
			bytes[j] = (uint8_t)rng_next(&rng);
		engine_stray(engine, world->now, 0, bytes, size);
		engine_tunnel(engine, world->now, &from,
			      &world->servers[0].conf.self.address, bytes,
			      size);
		engine_datagram(engine, world->now, &from, bytes, size);
		/* A session that nobody has. */
		if (i % 4 == 0)
			stray_in(world, 0, i, TCP_ACK, 0);
		if (i % 64 == 0)
			pass(world, NS_PER_MS);
	}
	pass(world, 3 * NS_PER_S);
	CHECK(status(world, 0).engine->sealed_dropped == 20000);
	CHECK(status(world, 0).flows <= world->servers[0].conf.flows_max);
	CHECK(status(world, 0).joined && status(world, 0).contacts == 1);
	CHECK(world->servers[0].delivered == 0);
	world_close(world);
}

int
main(void)
{
	test_join();
	test_join_again();
	test_stray();
	test_not_mine();
	test_end();
	test_port_again();
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
