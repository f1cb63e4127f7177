/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_forward_test.c - sequences: how packets go to an owner that is known
 *
 * Which uplink they take, when an owner is given up, and what is said to the
 * client of a packet that is too big. Each function is a story, played for IPv4
 * and IPv6.
 */
#include "core/steer/stray.h"

#include "core/test/stage.h"

/* First strays: queries and forwards avoid the uplink they came by, for
 * 300 ms; with BOTH the ordinary route is taken too, and the owner's window
 * drops the copy that comes second. */
static void
first_stray_window(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage->nodes[0].avoid_uplink == 1);
	stage_found(stage, "b");
	CHECK(stage->outbox.items[0].avoid_uplink == 1);
	CHECK(stage_spells(stage, "b"));
	stage->uplink = 0;
	stage->now.ns += 299 * NS_PER_MS;
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage->outbox.items[0].avoid_uplink == 0);
	CHECK(stage_spells(stage, "b"));
	stage->now.ns += NS_PER_MS;
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage->outbox.items[0].avoid_uplink == OUTBOX_ANY_UPLINK);
	CHECK(stage_spells(stage, "b"));

	/* Strays have come by two: what was held goes by the ordinary route,
	 * too. */
	stage->client_port++;
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage->outbox.items[0].avoid_uplink == 0);
	CHECK(stage->outbox.items[1].avoid_uplink == OUTBOX_ANY_UPLINK);
	CHECK(stage_spells(stage, "bB"));
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage->outbox.items[0].avoid_uplink == 0);
	CHECK(stage_spells(stage, "b"));
	CHECK(steer_counters(stage->steers[1])->drops[DROP_REPLAY] == 1);

	stage->client_port++;
	stage->settings.first_stray = STEER_WINDOW_BOTH;
	stage_put_tcp(stage, TCP_ACK);
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage->outbox.item_count == 4);
	CHECK(stage->outbox.items[0].avoid_uplink == 0);
	CHECK(stage->outbox.items[1].avoid_uplink == OUTBOX_ANY_UPLINK);
	CHECK(stage->outbox.items[0].source_port ==
	      stage->outbox.items[1].source_port);
	CHECK(stage_spells(stage, "bBbB"));
	CHECK(steer_counters(stage->steers[1])->drops[DROP_REPLAY] == 3);
	CHECK(stage_counters(stage)->forwards == 7);

	stage->client_port++;
	stage->settings.first_stray = STEER_WINDOW_OFF;
	stage_put_tcp(stage, TCP_ACK);
	CHECK(stage->nodes[0].avoid_uplink == OUTBOX_ANY_UPLINK);
	stage_found(stage, "b");
	CHECK(stage->outbox.items[0].avoid_uplink == OUTBOX_ANY_UPLINK);
	CHECK(stage_spells(stage, "b"));
}

/* An owner whose daemon restarts is silent: strays go on to it, for as long
 * as there is a route; without one for gone_after it is given up. */
static void
silent_owner(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	for (int i = 0; i < 30; i++) {
		stage->now.ns += NS_PER_S;
		steer_expire(stage->steers[0], stage->now, &stage->outbox);
		CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
		CHECK(stage_spells(stage, "b"));
	}
	steer_route(stage->steers[0], stage->now, &stage->servers[1], false);
	stage->now.ns += NS_PER_S;
	/* Said twice, it counts from the first time. */
	steer_route(stage->steers[0], stage->now, &stage->servers[1], false);
	stage->now.ns += 2 * NS_PER_S - 1;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "b"));
	stage->now.ns += 1;
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_HOLD);
	struct instant start = stage->now;
	/* Its record is still there, which is no help; unless it returns. */
	stage_found(stage, "b");
	CHECK(stage_spells(stage, ""));
	while (stage->now.ns < start.ns + 600 * NS_PER_MS) {
		CHECK(stage_next(stage));
		stage_found(stage, "b");
	}
	steer_route(stage->steers[0], stage->now, &stage->servers[1], true);
	CHECK(stage_next(stage));
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->misses == 0 &&
	      stage_counters(stage)->resets == 0);
}

/* A path MTU is forgotten after ten minutes; nonsense is never learned. */
static void
path_mtu(struct stage *stage)
{
	uint32_t overhead = stage->family == 4 ? 48 : 68;
	uint8_t bytes[STAGE_PACKET];
	struct address router = stage_address(stage->family, 30, 1);

	stage->settings.outer_fragment = false;
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	const struct outbox_item *item = &stage->outbox.items[0];
	uint8_t tunnel[STAGE_PACKET];
	struct packet_udp udp = {
		.ip = { .src = stage->servers[0],
			.dst = stage->servers[1],
			.ttl = 60,
			.df = true },
		.src_port = item->source_port,
		.dst_port = item->to.port,
		.payload = stage->outbox.bytes + item->offset,
		.payload_bytes = item->size,
	};
	size_t size = packet_build_udp(&udp, tunnel, sizeof(tunnel));
	struct packet packet;
	CHECK(packet_parse(tunnel, size, &packet) == DROP_NONE);
	CHECK(stage_spells(stage, "b"));

	size_t header = stage->family == 4 ? 20 : 40;
	static const uint32_t named[] = { 1400, 100, 9000 };
	uint32_t expected[] = { 1400, stage->family == 4 ? 576 : 1280,
				stage->family == 4 ? 576 : 1280 };
	for (int i = 0; i < 3; i++) {
		size_t error = packet_build_icmp_too_big(&router, named[i],
							 tunnel, &packet, bytes,
							 sizeof(bytes));
		CHECK(stage_put(stage, bytes, error, false).verdict ==
		      STEER_LOCAL);
		size_t big = stage_tcp(stage, TCP_ACK, 1500 - 20 - header, true,
				       bytes);
		CHECK(stage_put(stage, bytes, big, false).drop == DROP_TOO_BIG);
		CHECK(stage_spells(stage, "T"));
		uint32_t mtu = expected[i] - overhead;
		if (stage->family == 6 && mtu < 1280)
			mtu = 1280;
		CHECK(stage->mtu_bytes == mtu);
	}
	/* Another server's tunnel tells us nothing. */
	CHECK(stage_counters(stage)->local == 3);
	udp.ip.src = stage->servers[2];
	size = packet_build_udp(&udp, tunnel, sizeof(tunnel));
	CHECK(packet_parse(tunnel, size, &packet) == DROP_NONE);
	size = packet_build_icmp_too_big(&router, 1300, tunnel, &packet, bytes,
					 sizeof(bytes));
	CHECK(stage_put(stage, bytes, size, false).drop == DROP_ICMP_QUOTE);
	/* Nor do datagrams of ours to another port. */
	udp.ip.src = stage->servers[0];
	udp.dst_port++;
	size = packet_build_udp(&udp, tunnel, sizeof(tunnel));
	CHECK(packet_parse(tunnel, size, &packet) == DROP_NONE);
	size = packet_build_icmp_too_big(&router, 1300, tunnel, &packet, bytes,
					 sizeof(bytes));
	CHECK(stage_put(stage, bytes, size, false).drop == DROP_ICMP_QUOTE);
	for (int i = 0; i < 11; i++) {
		stage->now.ns += 55 * NS_PER_S;
		stage_put_tcp(stage, TCP_ACK);
		CHECK(stage_spells(stage, "b"));
	}
	size_t big = stage_tcp(stage, TCP_ACK, 1500 - 20 - header, true, bytes);
	CHECK(stage_put(stage, bytes, big, false).drop == DROP_TOO_BIG);
	CHECK(stage_spells(stage, "T"));
	CHECK(stage->mtu_bytes == 1500 - overhead);
	CHECK(stage_counters(stage)->too_big_sent == 4);
}

static void
path_mtu_port(struct stage *stage)
{
	stage->settings.gue_port = 6081;
	path_mtu(stage);
}

/* One of two owners is gone: strays go to the other, without a lookup. */
static void
gone_then_other(struct stage *stage)
{
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "bc");
	CHECK(stage_spells(stage, "bc"));
	for (int i = 0; i < 3; i++) {
		steer_route(stage->steers[0], stage->now, &stage->servers[1],
			    false);
		stage->now.ns += NS_PER_S;
	}
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage_spells(stage, "c"));
	CHECK(stage->nodes[0].gets == 1);
}

/* No room for the copy that would take the ordinary route: one goes. */
static void
second_does_not_fit(struct stage *stage)
{
	stage->settings.first_stray = STEER_WINDOW_BOTH;
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "bB"));
	stage->outbox.byte_capacity = 250; /* one of about 180 */
	CHECK(stage_put_tcp(stage, TCP_ACK).verdict == STEER_FORWARD);
	CHECK(stage->outbox.items[0].avoid_uplink == stage->uplink);
	CHECK(stage_spells(stage, "b"));
	CHECK(stage_counters(stage)->forwards == 2);
	stage->outbox.byte_capacity = 100;
	CHECK(stage_put_tcp(stage, TCP_ACK).drop == DROP_OUTBOX);
	CHECK(stage_spells(stage, ""));
}

/* Put in a segment that does not fit the tunnel. chain_bytes: of IPv6
 * destination options before TCP. */
static enum drop
put_big(struct stage *stage, size_t chain_bytes)
{
	uint8_t bytes[STAGE_PACKET];
	size_t size =
		stage_tcp(stage, TCP_ACK, 1440 - chain_bytes, true, bytes);

	if (chain_bytes > 0) {
		memmove(bytes + 40 + chain_bytes, bytes + 40, size - 40);
		memset(bytes + 40, 0, chain_bytes); /* Pad1 */
		bytes[40] = bytes[6];
		bytes[41] = (uint8_t)(chain_bytes / 8 - 1);
		bytes[6] = IP_DESTINATION;
		size += chain_bytes;
		wire_put16(bytes + 4, (uint16_t)(size - 40));
	}
	return stage_put(stage, bytes, size, false).drop;
}

/* Too big, and yet no ICMP error: no room for it, more headers than an error
 * can quote, or no source to tell, which no session has. */
static void
too_big_unanswered(struct stage *stage)
{
	struct address client = stage->client;

	stage->settings.outer_fragment = false;
	stage_put_tcp(stage, TCP_ACK);
	stage_found(stage, "b");
	CHECK(stage_spells(stage, "b"));
	CHECK(put_big(stage, 0) == DROP_TOO_BIG);
	CHECK(stage_spells(stage, "T"));
	stage->outbox.byte_capacity = 10;
	CHECK(put_big(stage, 0) == DROP_OUTBOX);
	CHECK(stage_spells(stage, ""));
	stage->outbox.byte_capacity = sizeof(stage_bytes);
	if (stage->family == 6) {
		CHECK(put_big(stage, 1280) == DROP_TOO_BIG);
		CHECK(stage_spells(stage, ""));
	}
	memset(stage->client.bytes, 0, sizeof(stage->client.bytes));
	CHECK(put_big(stage, 0) == DROP_SENSELESS);
	CHECK(stage_spells(stage, ""));
	CHECK(stage_counters(stage)->too_big_sent == 1);
	stage->client = client;
}

int
main(void)
{
	static void (*const stories[])(struct stage *) = {
		first_stray_window, silent_owner,    path_mtu,
		path_mtu_port,	    gone_then_other, second_does_not_fit,
		too_big_unanswered,
	};

	stage_play(stories, sizeof(stories) / sizeof(stories[0]));
	return check_done();
}
