/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair.h - two ends of a session between two hosts, for tests only
 *
 * A stray is made by taking a session's socket away without a word: in repair
 * mode (tcp_repair, CRIU's) close() sends nothing. The client goes on
 * sending.
 */
#ifndef LIVE_TEST_PAIR_H
#define LIVE_TEST_PAIR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/tcp.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "live/kernel/datapath.h"
#include "live/test/hosts.h"

#define PORT		80
#define PORT_OTHER	81 /* no service */
#define GUE		6080
#define EVENTS_MAX	64
#define TCP_STATE_CLOSE 7 /* TCP_CLOSE of the kernel; TCP_INFO tells it */

static struct hosts hosts;
static struct steer_service services[3]; /* the third: PORT_OTHER, IPv4 */
static uint8_t bytes[DATAPATH_PACKET_MAX];

/*
 * Sockets
 */

struct pair {
	int client, server;
	struct sockaddr_in6 local; /* the client's; or sockaddr_in */
};

static inline socklen_t
pair_address(int family, const char *text, uint16_t port,
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

static inline const char *
pair_service(int family)
{
	return family == AF_INET ? HOSTS_SERVICE4 : HOSTS_SERVICE6;
}

static inline int
listen_on(int family, uint16_t port)
{
	int one = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 any;
	socklen_t size = pair_address(
		family, family == AF_INET ? "0.0.0.0" : "::", port, &any);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	CHECK(bind(fd, (struct sockaddr *)&any, size) == 0);
	CHECK(listen(fd, 64) == 0);
	return fd;
}

static inline struct pair
pair_make(int listener, int family, uint16_t port)
{
	struct pair pair;
	struct sockaddr_in6 service;
	socklen_t size =
		pair_address(family, pair_service(family), port, &service);
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

static inline struct session_key
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
	inet_pton(family, pair_service(family), key.service);
	wire_put16(key.service_port, port);
	return key;
}

/* The server's socket goes without FIN or RST. */
static inline void
pair_forget(struct pair *pair)
{
	int one = 1;

	CHECK(setsockopt(pair->server, IPPROTO_TCP, TCP_REPAIR, &one,
			 sizeof(one)) == 0);
	close(pair->server);
	pair->server = -1;
}

/* Has the client heard a RST? */
static inline bool
pair_reset(const struct pair *pair)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	CHECK(getsockopt(pair->client, IPPROTO_TCP, TCP_INFO, &info, &size) ==
	      0);
	return info.tcpi_state == TCP_STATE_CLOSE;
}

/* What must come is waited for this long, so that only what never comes is
 * missed, however slow the machine. */
#define PATIENCE_MS 60000

static inline void
rest_ms(long ms)
{
	struct timespec rest = { .tv_nsec = ms * NS_PER_MS };

	nanosleep(&rest, NULL);
}

/* Will the client hear a RST? */
static inline bool
pair_reset_wait(const struct pair *pair)
{
	for (int i = 0; i < PATIENCE_MS && !pair_reset(pair); i++)
		rest_ms(1);
	return pair_reset(pair);
}

static inline void
pair_close(struct pair *pair)
{
	/* Without lingering: the next test starts clean. */
	struct linger hard = { .l_onoff = 1 };

	setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	close(pair->client);
	if (pair->server >= 0)
		close(pair->server);
}

/*
 * The data path
 */

static const char *const uplinks[] = { "up0", "up1" };

static inline struct datapath_settings
pair_settings(uint32_t uplink_count, int family)
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

static struct datapath_counters counted;

static inline void
take_nothing(void *context, const struct socket_event *event)
{
	(void)context;
	(void)event;
}

static inline struct datapath *
pair_datapath_open(uint32_t uplink_count, int family)
{
	struct datapath_settings settings = pair_settings(uplink_count, family);
	struct datapath *datapath;
	char error[512];

	counted = (struct datapath_counters){ 0 };
	if (datapath_open(&datapath, &settings, error, sizeof(error)) != 0) {
		fprintf(stderr, "datapath_open: %s\n", error);
		exit(1);
	}
	return datapath;
}

/* Since pair_counters_mark(), or the opening. */
static inline struct datapath_counters
pair_counters(struct datapath *datapath)
{
	struct datapath_counters counters;

	datapath_counters(datapath, &counters);
#define DATAPATH_COUNTER(name) counters.name -= counted.name;
	DATAPATH_COUNTER_LIST(DATAPATH_COUNTER)
#undef DATAPATH_COUNTER
	return counters;
}

/* Will the counter reach that value, and not exceed it? It counts in the
 * kernel, a moment after what it counts. */
#define COUNTER_WAIT(datapath, name, value)                                    \
	pair_counter_wait(datapath, offsetof(struct datapath_counters, name),  \
			  value)

static inline bool
pair_counter_wait(struct datapath *datapath, size_t offset, uint64_t value)
{
	uint64_t seen = 0;

	for (int i = 0; i < PATIENCE_MS && seen < value; i++) {
		struct datapath_counters counters = pair_counters(datapath);

		memcpy(&seen, (const uint8_t *)&counters + offset,
		       sizeof(seen));
		if (seen < value)
			rest_ms(1);
	}
	return seen == value;
}

/* Between two tests of one data path: nothing waits, counts from zero. */
static inline void
pair_counters_mark(struct datapath *datapath)
{
	for (uint32_t uplink = 0; uplink < 2; uplink++) {
		while (datapath_read(datapath, uplink, bytes, sizeof(bytes)) >
		       0)
			;
	}
	datapath_events(datapath, UINT32_MAX, take_nothing, NULL);
	datapath_counters(datapath, &counted);
}

/* The next stray of an uplink: its size, or 0 after so long without any. */
static inline size_t
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

static inline void
strays_empty(struct datapath *datapath)
{
	for (uint32_t uplink = 0; uplink < 2; uplink++) {
		while (stray_wait(datapath, uplink, 0) > 0)
			;
	}
}

/* The next strays, until none came for 20 ms, must be sound packets of that
 * session. A retransmission comes later than that. */
static inline size_t
strays_check(struct datapath *datapath, uint32_t uplink,
	     const struct session_key *key, size_t *payload)
{
	size_t count = 0, size;
	int wait_ms = PATIENCE_MS;

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
		wait_ms = 20;
	}
	return count;
}

struct seen {
	struct socket_event events[EVENTS_MAX];
	uint32_t count;
	struct socket_event opening; /* the last, of these */
	uint32_t openings;
};

static inline void
take(void *context, const struct socket_event *event)
{
	struct seen *seen = context;

	if (event->change == SOCKET_OPENING) {
		seen->opening = *event;
		seen->openings++;
	} else if (seen->count < EVENTS_MAX) {
		seen->events[seen->count++] = *event;
	}
}

/* The events that are there, after a wait of at most wait_ms for the first. */
static inline struct seen
events_within(struct datapath *datapath, int wait_ms)
{
	struct pollfd ready = { .fd = datapath_event_fd(datapath),
				.events = POLLIN };
	struct seen seen = { .count = 0 };

	poll(&ready, 1, wait_ms);
	datapath_events(datapath, EVENTS_MAX, take, &seen);
	return seen;
}

static inline struct seen
events_wait(struct datapath *datapath)
{
	return events_within(datapath, PATIENCE_MS);
}

static inline int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* A segment of the pair's session with the client's next bytes, built by
 * hand; its size. */
static inline size_t
pair_segment(const struct pair *pair, const char *payload, uint8_t *out,
	     size_t capacity)
{
	struct session_key key = pair_key(pair, PORT);
	struct packet_tcp tcp = {
		.ip = { .ttl = 64, .id = 4711 },
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

/* Two namespaces with services; leaves the process in the server. */
static inline void
pair_hosts_open(void)
{
	hosts_open(&hosts);
	for (int i = 0; i < 3; i++) {
		int family = i == 1 ? AF_INET6 : AF_INET;

		services[i].address.family = i == 1 ? 6 : 4;
		services[i].port = i == 2 ? PORT_OTHER : PORT;
		inet_pton(family, pair_service(family),
			  services[i].address.bytes);
	}
}

#endif
