/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * datapath_test.c - real sockets, real strays, between two namespaces
 *
 * A stray is made by taking a session's socket away without a word: in repair
 * mode (tcp_repair, CRIU's) close() sends nothing. The client goes on
 * sending, and what it sends must come out of the data path and draw no RST.
 */
#include "live/datapath.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include <linux/icmp.h>
#include <linux/tcp.h>

#include "core/check.h"
#include "core/packet.h"
#include "live/hosts.h"

#define PORT		80
#define PORT_OTHER	81 /* no service */
#define GUE		6080
#define EVENTS_MAX	64
#define TCP_STATE_CLOSE 7 /* TCP_CLOSE of the kernel; TCP_INFO tells it */

static struct hosts hosts;
static struct steer_service services[2];
static uint8_t bytes[DATAPATH_PACKET_MAX];

/*
 * Sockets
 */

struct pair {
	int client, server;
	struct sockaddr_in6 local; /* the client's; or sockaddr_in */
};

static socklen_t
address_make(int family, const char *text, uint16_t port,
	     struct sockaddr_in6 *out)
{
	memset(out, 0, sizeof(*out));
	if (family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		inet_pton(AF_INET, text, &in->sin_addr);
		return sizeof(*in);
	}
	out->sin6_family = AF_INET6;
	out->sin6_port = htons(port);
	inet_pton(AF_INET6, text, &out->sin6_addr);
	return sizeof(*out);
}

static const char *
service_text(int family)
{
	return family == AF_INET ? HOSTS_SERVICE4 : HOSTS_SERVICE6;
}

static int
listen_on(int family, uint16_t port)
{
	int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 any;
	socklen_t size = address_make(
		family, family == AF_INET ? "0.0.0.0" : "::", port, &any);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	CHECK(bind(fd, (struct sockaddr *)&any, size) == 0);
	CHECK(listen(fd, 64) == 0);
	return fd;
}

static struct pair
pair_make(int listener, int family, uint16_t port)
{
	struct pair pair;
	struct sockaddr_in6 service;
	socklen_t size =
		address_make(family, service_text(family), port, &service);
	struct timeval limit = { .tv_sec = 2 };

	hosts_enter(hosts.client);
	pair.client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	hosts_enter(hosts.server);
	setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(pair.client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	CHECK(connect(pair.client, (struct sockaddr *)&service, size) == 0);
	pair.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	CHECK(pair.server >= 0);
	size = sizeof(pair.local);
	getsockname(pair.client, (struct sockaddr *)&pair.local, &size);
	return pair;
}

static struct session_key
pair_key(const struct pair *pair, uint16_t port)
{
	struct session_key key = { .protocol = IP_TCP };
	int family = pair->local.sin6_family;
	const struct sockaddr_in *in =
		(const struct sockaddr_in *)(const void *)&pair->local;

	key.family = family == AF_INET ? 4 : 6;
	if (family == AF_INET)
		memcpy(key.client, &in->sin_addr, 4);
	else
		memcpy(key.client, &pair->local.sin6_addr, 16);
	memcpy(key.client_port, &in->sin_port, 2); /* the same place in both */
	inet_pton(family, service_text(family), key.service);
	wire_put16(key.service_port, port);
	return key;
}

/* The server's socket goes without FIN or RST. */
static void
pair_forget(struct pair *pair)
{
	int one = 1;

	CHECK(setsockopt(pair->server, IPPROTO_TCP, TCP_REPAIR, &one,
			 sizeof(one)) == 0);
	close(pair->server);
	pair->server = -1;
}

/* Has the client heard a RST? */
static bool
pair_reset(const struct pair *pair)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	CHECK(getsockopt(pair->client, IPPROTO_TCP, TCP_INFO, &info, &size) ==
	      0);
	return info.tcpi_state == TCP_STATE_CLOSE;
}

static void
pair_close(struct pair *pair)
{
	/* Without lingering: the next test starts clean. */
	struct linger hard = { .l_onoff = 1 };

	setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void
rest_ms(long ms)
{
	struct timespec rest = { .tv_nsec = ms * NS_PER_MS };

	nanosleep(&rest, NULL);
}

/*
 * The data path
 */

static const char *const uplinks[] = { "up0", "up1" };

static struct datapath_settings
settings_make(uint32_t uplink_count, int family)
{
	struct datapath_settings settings = {
		.uplinks = uplinks,
		.uplink_count = uplink_count,
		.tun = "homeward0",
		.services = services,
		.service_count = 2,
		.gue_port = GUE,
	};

	settings.self.family = family == AF_INET ? 4 : 6;
	inet_pton(family, family == AF_INET ? HOSTS_SELF4 : HOSTS_SELF6,
		  settings.self.bytes);
	return settings;
}

static struct datapath *
open_or_exit(uint32_t uplink_count, int family)
{
	struct datapath_settings settings = settings_make(uplink_count, family);
	struct datapath *datapath;
	char error[512];

	if (datapath_open(&datapath, &settings, error, sizeof(error)) != 0) {
		fprintf(stderr, "datapath_open: %s\n", error);
		exit(1);
	}
	return datapath;
}

static struct datapath_counters
counters_of(struct datapath *datapath)
{
	struct datapath_counters counters;

	datapath_counters(datapath, &counters);
	return counters;
}

/* The next stray of an uplink: its size, or 0 after so long without any. */
static size_t
stray_wait(struct datapath *datapath, uint32_t uplink, int wait_ms)
{
	struct pollfd ready = { .fd = datapath_stray_fd(datapath, uplink),
				.events = POLLIN };
	ssize_t size = datapath_read(datapath, uplink, bytes, sizeof(bytes));

	if (size == 0 && poll(&ready, 1, wait_ms) == 1)
		size = datapath_read(datapath, uplink, bytes, sizeof(bytes));
	CHECK(size >= 0);
	return size > 0 ? (size_t)size : 0;
}

static void
strays_empty(struct datapath *datapath)
{
	for (uint32_t uplink = 0; uplink < 2; uplink++) {
		while (stray_wait(datapath, uplink, 0) > 0)
			;
	}
}

/* Everything that waits must be sound packets of that session. */
static size_t
strays_check(struct datapath *datapath, uint32_t uplink,
	     const struct session_key *key, int wait_ms, size_t *payload)
{
	size_t count = 0, size;

	*payload = 0;
	while ((size = stray_wait(datapath, uplink, wait_ms)) > 0) {
		struct session_key seen;
		struct packet packet;

		CHECK(packet_parse(bytes, size, &packet) == DROP_NONE);
		CHECK(packet.size_bytes == size && size <= 1500);
		CHECK(packet_checksum_ok(bytes, &packet));
		CHECK(packet_session(&packet, false, &seen) == DROP_NONE);
		CHECK(memcmp(&seen, key, sizeof(seen)) == 0);
		*payload += packet.payload_bytes;
		count++;
		wait_ms = 1;
	}
	return count;
}

struct seen {
	struct socket_event events[EVENTS_MAX];
	uint32_t count;
};

static void
take(void *context, const struct socket_event *event)
{
	struct seen *seen = context;

	if (seen->count < EVENTS_MAX)
		seen->events[seen->count++] = *event;
}

static struct seen
events_wait(struct datapath *datapath)
{
	struct pollfd ready = { .fd = datapath_event_fd(datapath),
				.events = POLLIN };
	struct seen seen = { .count = 0 };

	poll(&ready, 1, 200);
	datapath_events(datapath, EVENTS_MAX, take, &seen);
	return seen;
}

/*
 * Tests
 */

static void
test_events(int family)
{
	struct datapath *datapath = open_or_exit(2, family);
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
	CHECK(counters_of(datapath).kernel_resets == 0);
	CHECK(counters_of(datapath).events_lost == 0);
	datapath_close(datapath);
}

/* A bulk sender's segments come as GSO giants, by the uplink where they came.
 */
static void
test_strays(int family)
{
	static char bulk[60000];
	struct datapath *datapath = open_or_exit(2, family);
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct session_key key = pair_key(&pair, PORT);
	size_t payload, count;

	pair_forget(&pair);
	CHECK(send(pair.client, bulk, sizeof(bulk), MSG_DONTWAIT) > 0);
	count = strays_check(datapath, 0, &key, 500, &payload);
	CHECK(count >= 10 && payload >= 14000); /* the first window */
	CHECK(stray_wait(datapath, 1, 0) == 0);
	CHECK(!pair_reset(&pair));
	CHECK(counters_of(datapath).redirected > 0);
	CHECK(counters_of(datapath).redirected < count); /* giants */

	/* Retransmissions take the other uplink. */
	hosts_route(&hosts, 1);
	strays_empty(datapath);
	CHECK(strays_check(datapath, 1, &key, 2000, &payload) > 0);
	CHECK(stray_wait(datapath, 0, 0) == 0);
	hosts_route(&hosts, 0);
	CHECK(!pair_reset(&pair));

	/* Nobody listens any more: that makes no difference. */
	close(listener);
	strays_empty(datapath);
	CHECK(strays_check(datapath, 0, &key, 3000, &payload) > 0);
	CHECK(!pair_reset(&pair));
	CHECK(counters_of(datapath).kernel_resets == 0);
	pair_close(&pair);

	/* A SYN to a closed port is refused by the kernel, as ever. */
	struct sockaddr_in6 service;
	socklen_t size =
		address_make(family, service_text(family), PORT, &service);
	hosts_enter(hosts.client);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	hosts_enter(hosts.server);
	CHECK(connect(fd, (struct sockaddr *)&service, size) != 0 &&
	      errno == ECONNREFUSED);
	close(fd);
	CHECK(counters_of(datapath).kernel_resets == 0);
	datapath_close(datapath);
}

/* A segment of the pair's session with the client's next bytes, built by
 * hand; its size. */
static size_t
segment_make(const struct pair *pair, const char *payload, uint8_t *out,
	     size_t capacity)
{
	struct session_key key = pair_key(pair, PORT);
	struct packet_tcp tcp = {
		.ip = { .ttl = 64 },
		.src_port = wire_get16(key.client_port),
		.dst_port = PORT,
		.flags = TCP_ACK | TCP_PSH,
		.window = 500,
		.payload = (const uint8_t *)payload,
		.payload_bytes = strlen(payload),
	};
	int on = 1, off = -1, queue = TCP_SEND_QUEUE;
	socklen_t size = sizeof(tcp.seq);

	tcp.ip.src.family = tcp.ip.dst.family = key.family;
	memcpy(tcp.ip.src.bytes, key.client, 16);
	memcpy(tcp.ip.dst.bytes, key.service, 16);
	setsockopt(pair->client, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
	setsockopt(pair->client, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue,
		   sizeof(queue));
	getsockopt(pair->client, IPPROTO_TCP, TCP_QUEUE_SEQ, &tcp.seq, &size);
	queue = TCP_RECV_QUEUE;
	setsockopt(pair->client, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue,
		   sizeof(queue));
	getsockopt(pair->client, IPPROTO_TCP, TCP_QUEUE_SEQ, &tcp.ack, &size);
	CHECK(setsockopt(pair->client, IPPROTO_TCP, TCP_REPAIR, &off,
			 sizeof(off)) == 0);
	return packet_build_tcp(&tcp, out, capacity);
}

static void
test_deliver(int family)
{
	struct datapath *datapath = open_or_exit(2, family);
	int listener = listen_on(family, PORT);
	struct pair pair = pair_make(listener, family, PORT);
	struct timeval limit = { .tv_sec = 2 };
	char got[16] = "";

	setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	size_t size = segment_make(&pair, "delivered", bytes, sizeof(bytes));
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	CHECK(recv(pair.server, got, sizeof(got), 0) == 9);
	CHECK(memcmp(got, "delivered", 9) == 0);
	CHECK(counters_of(datapath).refused == 0);

	/* The socket went between the question and the delivery. */
	pair_forget(&pair);
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	rest_ms(20);
	CHECK(counters_of(datapath).refused == 1);
	CHECK(counters_of(datapath).kernel_resets == 0);
	CHECK(!pair_reset(&pair));
	CHECK(datapath_deliver(datapath, (const uint8_t *)"?", 1) == -EINVAL);

	/* What is no session's does not come in this way. */
	struct packet_udp udp = { .ip = { .ttl = 1 }, .dst_port = 9 };
	udp.ip.src.family = udp.ip.dst.family = family == AF_INET ? 4 : 6;
	inet_pton(family, service_text(family), udp.ip.dst.bytes);
	size = packet_build_udp(&udp, bytes, sizeof(bytes));
	CHECK(datapath_deliver(datapath, bytes, size) == 0);
	CHECK(counters_of(datapath).refused == 2);
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
		(void)open_or_exit(2, family);
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
	struct datapath_settings settings = settings_make(2, family);
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
	datapath = open_or_exit(2, family);
	CHECK(strays_check(datapath, 0, &key, 3000, &payload) > 0);
	CHECK(payload >= 4);
	CHECK(!pair_reset(&stray));
	CHECK(send(local.client, "x", 1, 0) == 1);
	CHECK(recv(local.server, &byte, 1, 0) == 1);
	CHECK(counters_of(datapath).kernel_resets == 0);
	datapath_close(datapath);
	CHECK(nothing_left());

	/* Without a successor, somebody cleans up. */
	child = fork();
	if (child == 0) {
		(void)open_or_exit(2, family);
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

	hosts_open(&hosts);
	for (int i = 0; i < 2; i++) {
		services[i].address.family = i == 0 ? 4 : 6;
		services[i].port = PORT;
		inet_pton(families[i], service_text(families[i]),
			  services[i].address.bytes);
	}
	for (int i = 0; i < 2; i++) {
		test_events(families[i]);
		test_strays(families[i]);
		test_deliver(families[i]);
		test_killed(families[i]);
	}
	return check_done();
}
