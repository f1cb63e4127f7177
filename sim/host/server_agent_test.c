/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_agent_test.c - when a host calls which verb of its scheme
 *
 * Four servers of the default fabric, under scheme_fake.h; packets are handed
 * to server 1 (device 0) as if the network had brought them.
 */
#include "sim/host/server_agent.h"

#include <string.h>

#include "core/wire/icmp.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/host/server.h"
#include "sim/host/tcp.h"
#include "sim/model/workload.h"
#include "sim/test/scheme_fake.h"

#define S	NS_PER_S
#define ISS	1000
#define CLIENT	4 /* its device: behind four servers */
#define ROUTERS 4 /* on the way to the client; each takes one of the TTL */

/* ---- the bed ---- */

struct bed {
	struct settings settings;
	struct queue *queue;
	struct network *network;
	struct workload *workload;
	struct transport *transport;
	struct servers *servers;
	struct address service, loopback, client;
	uint32_t to_client, gue_to_other; /* packets that arrived there */
	uint32_t port_errors; /* at server 2 */
	uint8_t client_ttl, client_flags;
	uint32_t client_seq;
};

static void
deliver(void *context, struct instant now, uint32_t device, uint8_t port,
	const uint8_t *bytes, uint32_t size)
{
	struct bed *bed = context;
	struct packet packet;

	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE &&
	      packet_checksum_ok(bytes, &packet));
	if (device == CLIENT) {
		bed->to_client++;
		bed->client_ttl = packet.ttl;
		bed->client_flags = packet.tcp_flags;
		bed->client_seq = packet.tcp_seq;
		return;
	}
	bed->port_errors += device == 2 && packet.icmp_error &&
			    packet.icmp_type == ICMP4_TYPE_UNREACHABLE &&
			    packet.icmp_code == ICMP4_CODE_PORT;
	bed->gue_to_other += device == answers.to && device != 0 &&
			     packet.protocol == IP_UDP &&
			     packet.dst_port == GUE_PORT;
	servers_deliver(bed->servers, now, device, port, bytes, size);
}

static void
bed_make(struct bed *bed, const struct scheme *scheme)
{
	static const struct watch nobody;
	struct tcp_settings tcp;
	char error[200];

	memset(bed, 0, sizeof(*bed));
	story = (struct log){ .inits = 0 };
	answers = (struct answers){ .verdict = SCHEME_LOCAL,
				    .tunnel_verdict = SCHEME_DROP,
				    .deadline = INSTANT_NEVER };
	settings_default(&bed->settings);
	tcp_settings_default(&tcp);
	bed->queue = queue_create();
	CHECK(network_create(&bed->network, &bed->settings, bed->queue, &nobody,
			     deliver, bed, error, sizeof(error)) == 0);
	bed->workload = workload_create(&bed->settings, bed->queue, &nobody);
	bed->transport = transport_create(bed->network, bed->queue, &tcp);
	bed->servers =
		servers_create(&bed->settings, scheme, bed->network, bed->queue,
			       &nobody, bed->workload, bed->transport);
	bed->service = network_service_address(bed->network, 4);
	bed->loopback = network_host_address(bed->network, 0, 4);
	bed->client = network_host_address(bed->network, CLIENT, 4);
	CHECK(network_client_device(bed->network, 0) == CLIENT);
}

static void
bed_free(struct bed *bed)
{
	servers_destroy(bed->servers);
	transport_destroy(bed->transport);
	workload_destroy(bed->workload);
	network_destroy(bed->network);
	queue_destroy(bed->queue);
}

/* Handle what comes within that time. */
static void
pass(struct bed *bed, int64_t ns)
{
	struct instant until = instant_after(queue_now(bed->queue), ns);
	struct event event;

	while (queue_next(bed->queue, until, &event)) {
		struct connection *connection;

		switch (event.kind) {
		case EVENT_PACKET:
		case EVENT_ROUTE:
			network_event(bed->network, &event);
			break;
		case EVENT_HOST:
			servers_event(bed->servers, queue_now(bed->queue),
				      &event);
			break;
		case EVENT_TCP:
			connection = transport_timer(bed->transport, &event);
			if (connection != NULL)
				service_timer(bed->servers,
					      queue_now(bed->queue),
					      connection);
			break;
		default:
			CHECK(false);
		}
	}
}

static void
arrive(struct bed *bed, const uint8_t *bytes, size_t size)
{
	servers_deliver(bed->servers, queue_now(bed->queue), 0, 1, bytes,
			(uint32_t)size);
}

static void
put_tcp(struct bed *bed, uint8_t flags, uint32_t seq, uint32_t ack)
{
	const struct packet_tcp tcp = {
		.ip = { .src = bed->client, .dst = bed->service, .ttl = 60 },
		.src_port = 40000,
		.dst_port = 80,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.window = 1000,
	};
	uint8_t bytes[100];

	arrive(bed, bytes, packet_build_tcp(&tcp, bytes, sizeof(bytes)));
}

static void
put_udp(struct bed *bed, uint16_t port)
{
	const struct packet_udp udp = {
		.ip = { .src = network_host_address(bed->network, 2, 4),
			.dst = bed->loopback,
			.ttl = 60 },
		.src_port = PORT_FROM,
		.dst_port = port,
		.payload = (const uint8_t *)"hallo",
		.payload_bytes = 5,
	};
	uint8_t bytes[100];

	arrive(bed, bytes, packet_build_udp(&udp, bytes, sizeof(bytes)));
}

/* ---- what is told ---- */

/* A whole session: every packet is asked about, the SYN too. */
static void
test_session(struct bed *bed)
{
	bed_make(bed, &fake);
	CHECK(story.inits == 1 && sites[3].server == 3);
	CHECK(sites[0].shared != NULL && sites[0].shared == sites[3].shared);
	pass(bed, S);

	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.packets == 1 && story.flags == TCP_SYN);
	CHECK(story.whose == OWNERSHIP_STRAY); /* no socket yet */
	CHECK(story.uplink == 1 && story.size == 40);
	CHECK(story.sents == 1 && story.opens == 0);
	pass(bed, S / 2);
	CHECK(bed->to_client == 1);
	CHECK(bed->client_flags == (TCP_SYN | TCP_ACK));

	CHECK(bed->client_ttl == 64 - TTL_LESS - ROUTERS);

	put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
	CHECK(story.packets == 2 && story.whose == OWNERSHIP_MINE);
	CHECK(story.opens == 1);
	CHECK(wire_get16(story.opened.client_port) == 40000);
	put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
	CHECK(story.packets == 3 && story.whose == OWNERSHIP_MINE);
	CHECK(story.opens == 1 && story.closes == 0);
	put_tcp(bed, TCP_RST, ISS + 1, 0);
	CHECK(story.packets == 4 && story.closes == 1);

	/* The stack's RST is shown as well. */
	uint32_t sents = story.sents;
	put_tcp(bed, TCP_ACK, ISS + 1, 7);
	CHECK(story.packets == 5 && story.whose == OWNERSHIP_STRAY);
	CHECK(story.sents == sents + 1);
	pass(bed, S / 2);
	CHECK(bed->client_flags == TCP_RST && bed->client_seq == 7);
	CHECK(bed->client_ttl == 64 - TTL_LESS - ROUTERS);
	bed_free(bed);
}

/* It hears of each SYN-ACK, as a daemon sees each leave. */
static void
test_opening(struct bed *bed)
{
	bed_make(bed, &fake);
	pass(bed, S);
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.openings == 1 && story.sents == 1);
	pass(bed, 3 * S / 4);
	CHECK(story.openings == 1 && story.sents == 1);
	put_tcp(bed, TCP_SYN, ISS, 0); /* its client asks again */
	CHECK(story.openings == 2 && story.sents == 2);
	put_tcp(bed, TCP_SYN, ISS + 9, 0); /* no SYN-ACK: an ACK */
	CHECK(story.openings == 2);
	pass(bed, S / 2); /* its timer */
	CHECK(story.openings == 3);
	pass(bed, 2 * S);
	CHECK(story.openings == 4);
	put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
	pass(bed, 10 * S);
	CHECK(story.openings == 4 && story.opens == 1);
	bed_free(bed);
}

/* A socket of the key is here: its numbers tell whose a packet is. */
static void
test_whose(struct bed *bed)
{
	static const struct {
		const char *sentence;
		bool open;
		uint8_t flags;
		uint32_t seq, ack; /* behind what comes next, what we sent */
		enum ownership want;
	} rows[] = {
		{ "a request: its ACK", false, TCP_ACK, 0, 0, OWNERSHIP_MINE },
		{ "another's ACK", false, TCP_ACK, 0, 1, OWNERSHIP_STRAY },
		{ "its RST", false, TCP_RST, 0, 0, OWNERSHIP_MINE },
		{ "another's RST", false, TCP_RST, 1, 0, OWNERSHIP_STRAY },
		{ "another SYN", false, TCP_SYN, 9999, 0, OWNERSHIP_MINE },
		{ "open: the next", true, TCP_ACK, 0, 0, OWNERSHIP_MINE },
		{ "a doubt", true, TCP_ACK, 1u << 30, 1u << 30,
		  OWNERSHIP_DOUBT },
		{ "another SYN, open", true, TCP_SYN, 1u << 30, 0,
		  OWNERSHIP_MINE },
	};

	bed_make(bed, &fake);
	pass(bed, S);
	put_tcp(bed, TCP_SYN, ISS, 0);
	pass(bed, S / 2);
	uint32_t sent = bed->client_seq + 1;
	bool open = false;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		answers.verdict = SCHEME_LOCAL;
		if (rows[i].open && !open)
			put_tcp(bed, TCP_ACK, ISS + 1, sent);
		open = rows[i].open;
		answers.verdict = SCHEME_DROP; /* the stack hears nothing */
		put_tcp(bed, rows[i].flags, ISS + 1 + rows[i].seq,
			sent + rows[i].ack);
		CHECK_ROW(story.whose == rows[i].want, rows[i].sentence);
	}
	answers.verdict = SCHEME_LOCAL;
	bed_free(bed);
}

/* Only servers' segments are shown, and no RPCs'. */
static void
test_sent(struct bed *bed)
{
	bed_make(bed, &fake);
	for (unsigned i = 0; i < 3; i++) {
		uint32_t device = i == 0 ? CLIENT : 0;
		struct tcp_names names = {
			.local = i == 0 ? bed->client : bed->service,
			.remote = i == 0 ? bed->service : bed->client,
			.local_port = (uint16_t)(300 + i),
			.remote_port = 80,
		};
		struct session_key key;

		transport_key(&names, &key);
		struct connection *connection =
			transport_add(bed->transport, device, &key);
		connection->rpc = i == 1;
		tcp_connect(&connection->tcp,
			    transport_settings(bed->transport), &names, ISS);
		transport_flush(bed->transport, queue_now(bed->queue),
				connection);
		CHECK(story.sents == (i == 2));
	}
	bed_free(bed);
}

/* What is not LOCAL does not reach the stack. */
static void
test_verdicts(struct bed *bed)
{
	bed_make(bed, &fake);
	pass(bed, S);
	answers.verdict = SCHEME_DROP;
	put_tcp(bed, TCP_SYN, ISS, 0);
	answers.verdict = SCHEME_HOLD;
	put_tcp(bed, TCP_SYN, ISS, 0);
	answers.verdict = SCHEME_FORWARD;
	answers.to = 2;
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.packets == 3 && story.sents == 0);
	CHECK(story.routes == 1 && story.reachable);
	pass(bed, S / 2);
	CHECK(bed->gue_to_other == 1 && story.tunnelled == 1);
	CHECK(story.datagram.from.port == PORT_FROM);
	CHECK(address_equal(&story.datagram.from.address, &bed->loopback));
	CHECK(bed->to_client == 0);
	/* The way in of a packet that the scheme has changed. */
	answers.verdict = SCHEME_HOLD;
	answers.deliver = true;
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.packets == 4 && story.sents == 1);
	bed_free(bed);
}

static void
test_loopback(struct bed *bed)
{
	const struct packet_tcp tcp = {
		.ip = { .src = { 0 }, .dst = { 0 }, .ttl = 60 },
		.src_port = 40001,
		.dst_port = 80,
		.flags = TCP_SYN,
		.seq = ISS,
		.window = 1000,
	};
	struct packet_tcp inner = tcp;
	uint8_t bytes[100];

	bed_make(bed, &fake);
	pass(bed, S);
	put_udp(bed, SCHEME_PORT);
	CHECK(story.datagrams == 1 && story.datagram.size == 5);
	CHECK(story.datagram.from.port == PORT_FROM);
	CHECK(address_equal(&story.datagram.to, &bed->loopback));
	put_udp(bed, SCHEME_PORT + 1);
	CHECK(story.datagrams == 1 && story.packets == 0);

	/* Out of the tunnel to the stack: it accepts a SYN. */
	inner.ip.src = bed->client;
	inner.ip.dst = bed->service;
	answers.inner = bytes;
	answers.inner_size = packet_build_tcp(&inner, bytes, sizeof(bytes));
	put_udp(bed, GUE_PORT);
	CHECK(story.tunnelled == 1 && story.sents == 0);
	answers.tunnel_verdict = SCHEME_LOCAL;
	put_udp(bed, GUE_PORT);
	CHECK(story.tunnelled == 2 && story.sents == 1);
	CHECK(story.packets == 0);
	bed_free(bed);
}

/* Before the first packet, and before the next one after a change. */
static void
test_members(struct bed *bed)
{
	bed_make(bed, &fake);
	pass(bed, S);
	answers.verdict = SCHEME_DROP;
	CHECK(story.tells == 0);
	put_tcp(bed, TCP_SYN, ISS, 0);
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.tells == 1 && story.member_count == 4);
	servers_crash(bed->servers, 1);
	pass(bed, 2 * S);
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.tells == 2 && story.member_count == 3);
	CHECK(story.members[0] == 0 && story.members[1] == 2 &&
	      story.members[2] == 3);
	/* Drained: its loopback is still announced. */
	servers_drain(bed->servers, 2, true);
	pass(bed, 2 * S);
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.member_count == 3);
	bed_free(bed);
}

static void
test_time(struct bed *bed)
{
	bed_make(bed, &fake);
	pass(bed, S);
	answers.verdict = SCHEME_DROP;
	answers.deadline = instant_after(queue_now(bed->queue), S / 10);
	put_tcp(bed, TCP_SYN, ISS, 0);
	pass(bed, S / 20);
	CHECK(story.expires == 0);
	pass(bed, S / 10);
	CHECK(story.expires == 1);
	bed_free(bed);
}

/* Node events, a crash, a new life under another seed. */
static void
test_life(struct bed *bed)
{
	bed_make(bed, &fake);
	servers_up(bed->servers, queue_now(bed->queue), 0);
	CHECK(story.learns == 1);
	uint64_t seed = story.seed;
	servers_crash(bed->servers, 0);
	CHECK(story.forgets == 1 && story.inits == 1);
	servers_up(bed->servers, queue_now(bed->queue), 0);
	CHECK(story.inits == 2 && story.seed != seed);
	bed_free(bed);
}

/* Its daemon was killed: nobody is asked, the kernel goes on. */
static void
test_stopped(struct bed *bed)
{
	bed_make(bed, &fake);
	servers_up(bed->servers, queue_now(bed->queue), 0);
	pass(bed, S);
	servers_daemon_kill(bed->servers, 0);
	CHECK(story.forgets == 1);
	/* A SYN is accepted, its session goes on. */
	put_tcp(bed, TCP_SYN, ISS, 0);
	pass(bed, S / 2);
	CHECK(bed->client_flags == (TCP_SYN | TCP_ACK));
	CHECK(bed->client_ttl == 64 - ROUTERS);
	put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
	put_tcp(bed, TCP_RST, ISS + 1, 0);
	/* A stray is dropped without a RST. */
	uint32_t to_client = bed->to_client;
	put_tcp(bed, TCP_ACK, ISS + 1, 7);
	pass(bed, S / 2);
	CHECK(bed->to_client == to_client);
	put_udp(bed, GUE_PORT);
	put_udp(bed, SCHEME_PORT);
	CHECK(story.packets + story.claims + story.tunnelled + story.datagrams +
		      story.sents + story.opens + story.closes ==
	      0);
	/* Its kernel tells the one that sent; of the two datagrams one was a
	 * tunnel's. */
	CHECK(story.tunnel_errors == 0);
	pass(bed, S / 2);
	CHECK(story.tunnel_errors == 1 && bed->port_errors == 2);
	CHECK(story.packets == 0);
	/* A new one is asked, under another seed. */
	uint64_t seed = story.seed;
	servers_daemon_start(bed->servers, queue_now(bed->queue), 0);
	CHECK(story.inits == 2 && story.seed != seed);
	put_tcp(bed, TCP_SYN, ISS, 0);
	CHECK(story.packets == 1);
	bed_free(bed);
}

/* A server leaves when its session is over, whatever its daemon does. */
static void
test_leaving(struct bed *bed)
{
	for (unsigned restarts = 0; restarts < 2; restarts++) {
		bed_make(bed, &fake);
		servers_up(bed->servers, queue_now(bed->queue), 0);
		put_tcp(bed, TCP_SYN, ISS, 0);
		pass(bed, S / 2);
		put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
		pass(bed, S / 2);
		servers_leave(bed->servers, queue_now(bed->queue), 0);
		pass(bed, S / 2);
		if (restarts > 0) {
			servers_daemon_kill(bed->servers, 0);
			pass(bed, S / 2);
			servers_daemon_start(bed->servers,
					     queue_now(bed->queue), 0);
		}
		struct server_view view = servers_view(bed->servers, 0);
		CHECK(view.alive && view.leaving);
		put_tcp(bed, TCP_RST, ISS + 1, 0);
		pass(bed, 5 * S);
		CHECK(!servers_view(bed->servers, 0).alive);
		bed_free(bed);
	}
}

/* With a daemon that takes its time only what it claims waits. */
static void
test_claims(struct bed *bed)
{
	settings_default(&bed->settings);
	for (unsigned i = 0; i < 2; i++) {
		bed_make(bed, &fake);
		servers_destroy(bed->servers);
		bed->settings.service.processing =
			(struct span){ S / 1000, S / 1000 };
		static const struct watch nobody;
		bed->servers = servers_create(&bed->settings, &fake,
					      bed->network, bed->queue, &nobody,
					      bed->workload, bed->transport);
		pass(bed, S);
		answers.verdict = SCHEME_DROP;
		answers.claims = i == 1;
		put_tcp(bed, TCP_SYN, ISS, 0);
		CHECK(story.claims == 1);
		CHECK(story.packets == 1 - i);
		pass(bed, S / 100);
		CHECK(story.packets == 1);
		bed_free(bed);
	}
}

/* A scheme without the verbs that may be missing. */
static void
test_bare(struct bed *bed)
{
	bed_make(bed, &bare);
	servers_up(bed->servers, queue_now(bed->queue), 0);
	pass(bed, S);
	put_tcp(bed, TCP_SYN, ISS, 0);
	pass(bed, S / 2);
	CHECK(story.packets == 1 && bed->client_ttl == 64 - ROUTERS);
	put_tcp(bed, TCP_ACK, ISS + 1, bed->client_seq + 1);
	put_tcp(bed, TCP_RST, ISS + 1, 0);
	answers.verdict = SCHEME_FORWARD;
	answers.to = 3;
	put_tcp(bed, TCP_ACK, ISS + 1, 7);
	put_udp(bed, GUE_PORT);
	put_udp(bed, SCHEME_PORT);
	pass(bed, S);
	CHECK(story.packets == 4 && bed->gue_to_other == 1);
	/* Nothing listens there, and the kernels of both say so. */
	CHECK(story.tunnel_errors == 2);
	servers_crash(bed->servers, 0);
	CHECK(story.forgets + story.expires + story.opens + story.tells == 0);
	bed_free(bed);
}

int
main(void)
{
	static struct bed bed;

	test_session(&bed);
	test_opening(&bed);
	test_whose(&bed);
	test_sent(&bed);
	test_verdicts(&bed);
	test_loopback(&bed);
	test_members(&bed);
	test_time(&bed);
	test_life(&bed);
	test_stopped(&bed);
	test_leaving(&bed);
	test_claims(&bed);
	test_bare(&bed);
	return check_done();
}
