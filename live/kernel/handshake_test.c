/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake_test.c - what the kernel half makes of real handshakes
 *
 * Forged SYNs, Fast Open, deferred accept, a flood of SYNs, and packets that
 * open sockets should not have had. whose_test.c has the numbers of every
 * state; here the packets travel, and the daemon's side is looked at.
 */
#include "live/kernel/datapath.h"

#include <errno.h>

#include "core/test/check.h"
#include "live/test/pair.h"
#include "live/test/raw_client.h"

#define CPUS_MAX   4096
#define SYNS	   20000
#define DOUBTS	   4000
#define BACKLOG	   4096
#define FIRST_PORT 20000
#define ELSEWHERE  0x40000000u /* another server's count, and its client's */
#define DEFER_S	   60
#define RATE_OPENING                                                           \
	4000 /* a processor and second, live/bpf/rate.h; at once: */
#define RATE_DOUBT 2000
#define BURST	   1000

static struct raw_client client;
static int family;
static uint16_t next_port = FIRST_PORT;

static struct session_key
key_of(uint16_t port)
{
	struct session_key key = { .protocol = IP_TCP,
				   .family = client.self.family };

	memcpy(key.client, client.self.bytes, 16);
	memcpy(key.service, client.service.bytes, 16);
	wire_put16(key.client_port, port);
	wire_put16(key.service_port, RAW_CLIENT_PORT);
	return key;
}

static enum ownership
whose(struct datapath *datapath, uint16_t port, uint32_t seq, uint32_t ack)
{
	const struct ownership_segment segment = {
		.seq = seq,
		.ack = ack,
		.length = 1,
		.flags = TCP_ACK,
	};
	struct session_key key = key_of(port);

	return (enum ownership)datapath_owns(datapath, &key, &segment, false);
}

/* The next event is this one, of that port; openings do not count. */
static void
event_check(struct datapath *datapath, uint16_t port, enum socket_change change)
{
	struct session_key key = key_of(port);
	struct seen seen = events_wait(datapath);

	CHECK(seen.count == 1 && seen.events[0].change == change);
	CHECK(memcmp(&seen.events[0].key, &key, sizeof(key)) == 0);
}

/* A segment that must come out as a stray. */
static void
stray_check(struct datapath *datapath, uint16_t port, uint32_t seq,
	    uint32_t ack, uint8_t flags)
{
	struct packet packet;

	raw_client_send(&client, port, seq, ack, flags, 0);
	size_t size = stray_wait(datapath, 0, PATIENCE_MS);
	CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
	CHECK(packet.src_port == port && packet.tcp_seq == seq);
}

/* The client has a session at another server, and strays; a SYN in its name
 * has come here. */
static void
test_forged(struct datapath *datapath)
{
	int listener = listen_on(family, PORT);
	uint16_t port = next_port++;
	struct packet heard;

	uint32_t ours = raw_client_syn(&client, port, 1000, 0);
	struct seen seen = { .count = 0 };
	while (seen.openings == 0)
		datapath_events(datapath, EVENTS_MAX, take, &seen);
	struct session_key key = key_of(port);
	CHECK(memcmp(&seen.opening.key, &key, sizeof(key)) == 0);
	for (int i = 0; i < 3; i++)
		stray_check(datapath, port, 2 * ELSEWHERE, 3 * ELSEWHERE,
			    TCP_ACK | TCP_PSH);
	stray_check(datapath, port, 2 * ELSEWHERE, 3 * ELSEWHERE,
		    TCP_ACK | TCP_FIN);
	stray_check(datapath, port, 2 * ELSEWHERE, 0, TCP_RST);
	CHECK(!raw_client_hears(&client, port, TCP_RST, 50, &heard));

	/* And if the SYN was not forged: its own handshake goes on. */
	raw_client_send(&client, port, 1001, ours + 1, TCP_ACK, 0);
	event_check(datapath, port, SOCKET_OPENED);
	raw_client_send(&client, port, 1001, 0, TCP_RST, 0);
	event_check(datapath, port, SOCKET_CLOSED);
	/* One whose client does not know of it is reset, and no session was. */
	port = next_port++;
	(void)raw_client_syn(&client, port, 1000, 0);
	raw_client_send(&client, port, 1001, 0, TCP_RST, 0);
	while (whose(datapath, port, 1001, 0) != OWNERSHIP_STRAY)
		rest_ms(1);
	CHECK(events_within(datapath, 20).count == 0);
	CHECK(pair_counters(datapath).kernel_resets == 0);
	close(listener);
}

static void
test_fast_open(struct datapath *datapath)
{
	int listener = listen_on(family, PORT);
	uint16_t port = next_port++;
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	/* The program has closed before the client has acknowledged. */
	uint32_t ours = raw_client_syn(&client, port, 1000, 100);
	CHECK(poll(&ready, 1, PATIENCE_MS) == 1);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char asked[100];
	CHECK(recv(fd, asked, sizeof(asked), MSG_WAITALL) == sizeof(asked));
	CHECK(events_within(datapath, 20).count == 0);
	stray_check(datapath, port, 2 * ELSEWHERE, 3 * ELSEWHERE, TCP_ACK);
	close(fd);
	event_check(datapath, port, SOCKET_OPENED);
	raw_client_send(&client, port, 1101, ours + 2, TCP_ACK | TCP_FIN, 0);
	event_check(datapath, port, SOCKET_LINGERS);

	/* The client goes before it has acknowledged: it never opened. */
	port = next_port++;
	(void)raw_client_syn(&client, port, 1000, 100);
	raw_client_send(&client, port, 1101, 0, TCP_RST, 0);
	while (whose(datapath, port, 1101, 0) != OWNERSHIP_STRAY)
		rest_ms(1);
	CHECK(events_within(datapath, 20).count == 0);
	CHECK(pair_counters(datapath).redirected == 1);
	close(listener);
}

/* The client's ACK makes no socket; what it says then is all the same its
 * session's. */
static void
test_deferred(struct datapath *datapath)
{
	int listener = listen_on(family, PORT), seconds = DEFER_S;
	uint16_t port = next_port++;

	CHECK(setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds,
			 sizeof(seconds)) == 0);
	uint32_t ours = raw_client_syn(&client, port, 1000, 0);
	raw_client_send(&client, port, 1001, ours + 1, TCP_ACK, 0);
	CHECK(events_within(datapath, 50).count == 0);
	CHECK(whose(datapath, port, 1001, ours + 1) == OWNERSHIP_MINE);
	CHECK(whose(datapath, port, 1001, ours + 2) == OWNERSHIP_STRAY);
	raw_client_send(&client, port, 1001, ours + 1, TCP_ACK | TCP_PSH, 10);
	event_check(datapath, port, SOCKET_OPENED);
	CHECK(pair_counters(datapath).redirected == 0);
	close(listener);
}

/* What a processor may tell in that time. */
static uint64_t
most(int64_t took_ns, uint64_t rate)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	CHECK(cpus > 0 && cpus <= CPUS_MAX);
	return (uint64_t)cpus *
	       (BURST + rate * (uint64_t)(took_ns / NS_PER_S + 1));
}

/* Sessions that open beside it are told, all of them. */
static void
test_syn_flood(struct datapath *datapath)
{
	int listener = listen_on(family, PORT);
	struct seen seen = { .count = 0 };
	int64_t began = now_ns();

	/* What is beyond gets cookies, and is not told. */
	CHECK(listen(listener, BACKLOG) == 0);
	for (uint32_t i = 0; i < SYNS; i++) {
		raw_client_send(&client, (uint16_t)(FIRST_PORT + i), 1000, 0,
				TCP_SYN, 0);
		if (i % (SYNS / 10) != 0)
			continue;
		struct pair pair = pair_make(listener, family, PORT);
		pair_close(&pair);
		datapath_events(datapath, UINT32_MAX, take, &seen);
	}
	/* Each opened, and closed. */
	while (seen.count < 20)
		datapath_events(datapath, UINT32_MAX, take, &seen);
	CHECK(seen.count == 20);
	struct datapath_counters counters = pair_counters(datapath);
	printf("IPv%d: of %d SYNs %llu told, %llu skipped, %llu lost\n",
	       client.self.family, SYNS, (unsigned long long)counters.openings,
	       (unsigned long long)counters.openings_skipped,
	       (unsigned long long)counters.openings_lost);
	CHECK(counters.openings + counters.openings_skipped > BURST);
	CHECK(counters.openings <= most(now_ns() - began, RATE_OPENING));
	CHECK(counters.events_lost == 0);
	close(listener);
}

/* A session at home, and packets of its key that are of another one. */
static void
test_doubts(struct datapath *datapath)
{
	int listener = listen_on(family, PORT);
	uint16_t port = next_port++;
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	struct packet packet;
	char asked[10];

	uint32_t ours = raw_client_syn(&client, port, 1000, 0);
	raw_client_send(&client, port, 1001, ours + 1, TCP_ACK, 0);
	CHECK(poll(&ready, 1, PATIENCE_MS) == 1);
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(fd >= 0);
	raw_client_send(&client, port, 2 * ELSEWHERE, ours + 3 * ELSEWHERE,
			TCP_ACK | TCP_PSH, 10);
	ready.fd = datapath_doubt_fd(datapath, 0);
	CHECK(poll(&ready, 1, PATIENCE_MS) == 1);
	ssize_t size = datapath_read_doubt(datapath, 0, bytes, sizeof(bytes));
	CHECK(size > 0 &&
	      packet_parse(bytes, (size_t)size, &packet) == DROP_NONE);
	CHECK(packet.src_port == port && packet.tcp_seq == 2 * ELSEWHERE);
	CHECK(packet_checksum_ok(bytes, &packet));
	/* The socket had it, too, and says where it is. */
	CHECK(raw_client_hears(&client, port, TCP_ACK, RAW_CLIENT_MS, &packet));

	int64_t began = now_ns();
	for (int i = 0; i < DOUBTS; i++)
		raw_client_send(&client, port, 2 * ELSEWHERE,
				ours + 3 * ELSEWHERE, TCP_ACK, 0);
	raw_client_send(&client, port, 1001, ours + 1, TCP_ACK | TCP_PSH, 10);
	CHECK(recv(fd, asked, sizeof(asked), MSG_WAITALL) == sizeof(asked));
	struct datapath_counters counters = pair_counters(datapath);
	CHECK(counters.doubts + counters.doubts_skipped == DOUBTS + 1);
	CHECK(counters.doubts <= most(now_ns() - began, RATE_DOUBT));
	CHECK(counters.redirected == 0 && counters.kernel_resets == 0);
	while (datapath_read_doubt(datapath, 0, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	close(listener);
}

int
main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static void (*const tests[])(struct datapath *) = {
		test_forged, test_fast_open, test_deferred,
		test_doubts, test_syn_flood,
	};

	pair_hosts_open();
	/* Serve Fast Open without cookies, whoever listens (ip-sysctl.rst). */
	hosts_run("sysctl -qw net.ipv4.tcp_fastopen=0x602");
	for (int i = 0; i < 2; i++) {
		family = families[i];
		client = raw_client_open(&hosts, family);
		struct datapath *datapath = pair_datapath_open(2, family);
		for (size_t j = 0; j < sizeof(tests) / sizeof(tests[0]); j++) {
			tests[j](datapath);
			pair_counters_mark(datapath);
		}
		datapath_close(datapath);
		raw_client_close(&client);
	}
	return check_done();
}
