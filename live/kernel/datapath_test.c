/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath_test.c - real sockets, real strays, between two namespaces
 *
 * What a client sends to a session that is not here must come out of the data
 * path, and draw no RST, whatever becomes of the daemon. datapath_edge_test.c
 * has the rarer things.
 */
#include "live/kernel/datapath.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/test/check.h"
#include "live/kernel/tun.h"
#include "live/test/pair.h"

static void
test_events(int family)
{
	struct datapath *datapath = pair_datapath_open(2, family);
	int listener = listen_on(family, PORT);
	int other = listen_on(family, PORT_OTHER);
	int64_t before = now_ns();
	struct pair pair = pair_make(listener, family, PORT);
	struct pair foreign = pair_make(other, family, PORT_OTHER);
	struct session_key key = pair_key(&pair, PORT);
	char byte;

	struct seen seen = events_wait(datapath);
	CHECK(seen.count == 1); /* the other one is no service */
	CHECK(seen.events[0].change == SOCKET_OPENED);
	CHECK(memcmp(&seen.events[0].key, &key, sizeof(key)) == 0);
	CHECK(seen.events[0].at.ns >= before &&
	      seen.events[0].at.ns <= now_ns());
	/* Its SYN-ACK came first. */
	CHECK(seen.openings == 1);
	CHECK(memcmp(&seen.opening.key, &key, sizeof(key)) == 0);
	CHECK(seen.opening.at.ns >= before &&
	      seen.opening.at.ns <= seen.events[0].at.ns);

	/* It is known here, so it works untouched. */
	CHECK(send(pair.client, "x", 1, 0) == 1);
	CHECK(recv(pair.server, &byte, 1, 0) == 1);
	CHECK(stray_wait(datapath, 0, 0) == 0);

	/* The client goes first: our side is passive. */
	close(pair.client);
	CHECK(recv(pair.server, &byte, 1, 0) == 0);
	close(pair.server);
	seen = events_wait(datapath);
	CHECK(seen.count == 1 && seen.events[0].change == SOCKET_CLOSED);
	CHECK(memcmp(&seen.events[0].key, &key, sizeof(key)) == 0);

	/* We go first: the kernel answers for it a while. */
	pair = pair_make(listener, family, PORT);
	key = pair_key(&pair, PORT);
	seen = events_wait(datapath);
	CHECK(seen.count == 1 && seen.events[0].change == SOCKET_OPENED);
	close(pair.server);
	CHECK(recv(pair.client, &byte, 1, 0) == 0);
	close(pair.client);
	seen = events_wait(datapath);
	CHECK(seen.count == 1 && seen.events[0].change == SOCKET_LINGERS);
	CHECK(memcmp(&seen.events[0].key, &key, sizeof(key)) == 0);

	/* `most` leaves the rest for the next call. */
	pair = pair_make(listener, family, PORT);
	struct pair second = pair_make(listener, family, PORT);
	struct seen one = { .count = 0 };
	datapath_events(datapath, 1, take, &one);
	CHECK(one.count == 1);
	datapath_events(datapath, 1, take, &one);
	CHECK(one.count == 2);
	key = pair_key(&second, PORT);
	CHECK(memcmp(&one.events[1].key, &key, sizeof(key)) == 0);
	datapath_events(datapath, 1, take, &one);
	CHECK(one.count == 2);

	/* Reset by the client. */
	pair_close(&pair);
	seen = events_wait(datapath);
	CHECK(seen.count == 1 && seen.events[0].change == SOCKET_CLOSED);
	pair_close(&second);
	pair_close(&foreign);
	close(listener);
	close(other);
	CHECK(pair_counters(datapath).kernel_resets == 0);
	CHECK(pair_counters(datapath).events_lost == 0);
	datapath_close(datapath);
}

/* A bulk sender's segments come as GSO giants, by the uplink where they came.
 */
static void
test_strays(int family)
{
	static char bulk[60000];
	struct datapath *datapath = pair_datapath_open(2, family);
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct session_key key = pair_key(&pair, PORT);
	size_t payload, count;

	pair_forget(&pair);
	CHECK(send(pair.client, bulk, sizeof(bulk), MSG_DONTWAIT) > 0);
	count = strays_check(datapath, 0, &key, &payload);
	CHECK(count >= 10 && payload >= 14000); /* the first window */
	CHECK(stray_wait(datapath, 1, 0) == 0);
	CHECK(!pair_reset(&pair));
	CHECK(pair_counters(datapath).redirected > 0);
	CHECK(pair_counters(datapath).redirected < count); /* giants */

	/* Retransmissions take the other uplink. */
	hosts_route(&hosts, 1);
	strays_empty(datapath);
	CHECK(strays_check(datapath, 1, &key, &payload) > 0);
	CHECK(stray_wait(datapath, 0, 0) == 0);
	hosts_route(&hosts, 0);
	CHECK(!pair_reset(&pair));

	/* Nobody listens any more: that makes no difference. */
	close(listener);
	strays_empty(datapath);
	CHECK(strays_check(datapath, 0, &key, &payload) > 0);
	CHECK(!pair_reset(&pair));
	CHECK(pair_counters(datapath).kernel_resets == 0);
	pair_close(&pair);

	/* A SYN to a closed port is refused by the kernel, as ever. */
	struct sockaddr_in6 service;
	socklen_t size =
		pair_address(family, pair_service(family), PORT, &service);
	hosts_enter(hosts.client);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	hosts_enter(hosts.server);
	CHECK(connect(fd, (struct sockaddr *)&service, size) != 0 &&
	      errno == ECONNREFUSED);
	close(fd);
	CHECK(pair_counters(datapath).kernel_resets == 0);
	datapath_close(datapath);
}

static void
test_deliver(int family)
{
	struct datapath *datapath = pair_datapath_open(2, family);
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct timeval limit = { .tv_sec = PATIENCE_MS / 1000 };
	char got[16] = "";

	setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	size_t size = pair_segment(&pair, "delivered", bytes, sizeof(bytes));
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	CHECK(recv(pair.server, got, sizeof(got), 0) == 9);
	CHECK(memcmp(got, "delivered", 9) == 0);
	CHECK(pair_counters(datapath).refused == 0);

	/* The socket went between the question and the delivery. */
	pair_forget(&pair);
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	CHECK(COUNTER_WAIT(datapath, refused, 1));
	CHECK(pair_counters(datapath).kernel_resets == 0);
	CHECK(!pair_reset(&pair));
	CHECK(datapath_deliver(datapath, (const uint8_t *)"?", 1) == -EINVAL);

	/* What is no session's does not come in this way. */
	struct packet_udp udp = { .ip = { .ttl = 1 }, .dst_port = 9 };
	udp.ip.src.family = udp.ip.dst.family = family == AF_INET ? 4 : 6;
	inet_pton(family, pair_service(family), udp.ip.dst.bytes);
	size = packet_build_udp(&udp, bytes, sizeof(bytes));
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	CHECK(COUNTER_WAIT(datapath, refused, 2));
	pair_close(&pair);
	close(listener);
	datapath_close(datapath);
}

/* A flood while the daemon does not read: what finds the TUN's queue full is
 * lost, and counted. */
static void
test_overflow(void)
{
	enum {
		LOST = 300
	};
	struct datapath *datapath = pair_datapath_open(2, AF_INET);
	int listener = listen_on(AF_INET, PORT);
	struct pair pair = pair_make(listener, AF_INET, PORT);
	size_t size = pair_segment(&pair, "flood", bytes, sizeof(bytes));
	struct sockaddr_in6 service;
	socklen_t room = pair_address(AF_INET, HOSTS_SERVICE4, 0, &service);
	uint32_t read = 0;

	pair_forget(&pair);
	hosts_enter(hosts.client);
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	hosts_enter(hosts.server);
	CHECK(pair_counters(datapath).tun_dropped == 0);
	for (uint32_t i = 1; i <= TUN_QUEUE_PACKETS + LOST; i++) {
		CHECK(sendto(raw, bytes, size, 0, (struct sockaddr *)&service,
			     room) == (ssize_t)size);
		/* Else a busy kernel would lose some on their way here. */
		if (i % 100 == 0)
			CHECK(COUNTER_WAIT(datapath, redirected, i));
	}
	close(raw);
	CHECK(COUNTER_WAIT(datapath, redirected, TUN_QUEUE_PACKETS + LOST));
	CHECK(COUNTER_WAIT(datapath, tun_dropped, LOST));
	while (stray_wait(datapath, 0, 0) > 0)
		read++;
	CHECK(read == TUN_QUEUE_PACKETS);
	CHECK(!pair_reset(&pair));
	pair_close(&pair);
	close(listener);
	datapath_close(datapath);
}

static bool
nothing_left(void)
{
	return !hosts_prints("ip link", "homeward") &&
	       !hosts_prints("tc qdisc", "clsact") &&
	       !hosts_prints("tc filter show dev up0 ingress 2>&1", "home") &&
	       !hosts_prints("tc filter show dev up1 egress 2>&1", "home");
}

/* kill -9, silence, a successor, and at last nothing. */
static void
test_killed(int family)
{
	int listener = listen_on(family, PORT);
	int ready[2];
	char byte, error[512];
	size_t payload;

	CHECK(pipe(ready) == 0);
	pid_t child = fork();
	if (child == 0) {
		(void)pair_datapath_open(2, family);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK(read(ready[0], &byte, 1) == 1);
	struct pair stray = pair_make(listener, family, PORT);
	struct pair local = pair_make(listener, family, PORT);
	struct session_key key = pair_key(&stray, PORT);
	pair_forget(&stray);

	/* Two daemons at once: the second one sees it. */
	struct datapath_settings settings = pair_settings(2, family);
	struct datapath *datapath;
	CHECK(datapath_open(&datapath, &settings, error, sizeof(error)) ==
	      -EBUSY);
	CHECK(datapath == NULL);

	CHECK(kill(child, SIGKILL) == 0);
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(!hosts_prints("ip link", "homeward0"));
	CHECK(hosts_prints("tc filter show dev up0 ingress", "homeward_in"));
	CHECK(hosts_prints("tc filter show dev up1 egress", "homeward_out"));

	/* A stray draws nothing; what is local does not notice. */
	CHECK(send(stray.client, "lost", 4, 0) == 4);
	CHECK(send(local.client, "x", 1, 0) == 1);
	CHECK(recv(local.server, &byte, 1, 0) == 1);
	rest_ms(50);
	CHECK(!pair_reset(&stray));

	/* The successor gets the retransmission. */
	datapath = pair_datapath_open(2, family);
	CHECK(strays_check(datapath, 0, &key, &payload) > 0);
	CHECK(payload >= 4);
	CHECK(!pair_reset(&stray));
	CHECK(send(local.client, "x", 1, 0) == 1);
	CHECK(recv(local.server, &byte, 1, 0) == 1);
	CHECK(pair_counters(datapath).kernel_resets == 0);
	datapath_close(datapath);
	CHECK(nothing_left());

	/* Without a successor, datapath_clean() cleans up. */
	child = fork();
	if (child == 0) {
		(void)pair_datapath_open(2, family);
		_exit(0);
	}
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(hosts_prints("tc filter show dev up1 ingress", "homeward_in"));
	CHECK(datapath_clean(uplinks, 2, error, sizeof(error)) == 4);
	CHECK(nothing_left());
	CHECK(datapath_clean(uplinks, 2, error, sizeof(error)) == 0);
	pair_close(&stray);
	pair_close(&local);
	close(listener);
	close(ready[0]);
	close(ready[1]);
}

int
main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };

	pair_hosts_open();
	for (int i = 0; i < 2; i++) {
		test_events(families[i]);
		test_strays(families[i]);
		test_deliver(families[i]);
		test_killed(families[i]);
	}
	test_overflow();
	return check_done();
}
