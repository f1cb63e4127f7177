/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raw_client.h - a client that says what a test wants it to, for tests only
 *
 *	10.77.0.1, fd77::1 --- c0 ---- up0 --- the service (hosts.h)
 *
 * Its address is nobody's, so no kernel answers for it: the server's segments
 * end on c0, where they are overheard.
 */
#ifndef LIVE_TEST_RAW_CLIENT_H
#define LIVE_TEST_RAW_CLIENT_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/test/check.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "live/test/hosts.h"

#define RAW_CLIENT_PACKET 4096
#define RAW_CLIENT_MS	  60000 /* what must come is waited for so long */
#define RAW_CLIENT_PORT	  80

struct raw_client {
	struct address self, service;
	int send, hear;
};

/* The process is, and stays, in the server. */
static inline struct raw_client
raw_client_open(const struct hosts *both, int family)
{
	bool six = family == AF_INET6;
	struct raw_client client = { .self.family = six ? 6 : 4 };
	struct sockaddr_ll on = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL) };
	int one = 1;

	client.service.family = client.self.family;
	inet_pton(family, six ? "fd77::1" : "10.77.0.1", client.self.bytes);
	inet_pton(family, six ? HOSTS_SERVICE6 : HOSTS_SERVICE4,
		  client.service.bytes);
	if (six)
		hosts_run("ip -6 route replace fd77::/64 via fd09:0::2");
	else
		hosts_run("ip route replace 10.77.0.0/16 via 10.9.0.2");
	hosts_enter(both->client);
	/* Nor does an ICMP error answer. */
	if (six)
		hosts_run("ip -6 route replace blackhole fd77::/64");
	else
		hosts_run("ip route replace blackhole 10.77.0.0/16");
	client.send = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	client.hear =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	on.sll_ifindex = (int)if_nametoindex("c0");
	hosts_enter(both->server);
	CHECK(client.send >= 0 && client.hear >= 0);
	CHECK(bind(client.hear, (struct sockaddr *)&on, sizeof(on)) == 0);
	if (six)
		CHECK(setsockopt(client.send, IPPROTO_IPV6, IPV6_HDRINCL, &one,
				 sizeof(one)) == 0);
	return client;
}

static inline void
raw_client_close(struct raw_client *client)
{
	close(client->send);
	close(client->hear);
}

static inline struct packet_tcp
raw_client_segment(const struct raw_client *client, uint16_t port, uint32_t seq,
		   uint32_t ack, uint8_t flags)
{
	return (struct packet_tcp){
		.ip = { .src = client->self,
			.dst = client->service,
			.ttl = 64 },
		.src_port = port,
		.dst_port = RAW_CLIENT_PORT,
		.seq = seq,
		.ack = ack,
		.flags = flags,
		.window = 65535,
	};
}

/* With so many bytes of payload. */
static inline void
raw_client_send(const struct raw_client *client, uint16_t port, uint32_t seq,
		uint32_t ack, uint8_t flags, size_t payload_bytes)
{
	static const uint8_t payload[RAW_CLIENT_PACKET] = { 0 };
	uint8_t built[RAW_CLIENT_PACKET];
	struct packet_tcp tcp =
		raw_client_segment(client, port, seq, ack, flags);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	bool six = client->self.family == 6;

	tcp.payload = payload;
	tcp.payload_bytes = payload_bytes;
	size_t size = packet_build_tcp(&tcp, built, sizeof(built));
	memcpy(&to.sin6_addr, client->service.bytes, 16);
	memcpy(&to4.sin_addr, client->service.bytes, 4);
	CHECK(sendto(client->send, built, size, 0,
		     six ? (struct sockaddr *)&to : (struct sockaddr *)&to4,
		     six ? sizeof(to) : sizeof(to4)) == (ssize_t)size);
}

/* The next segment of the service to that port with all of these flags; false:
 * none came within so long. */
static inline bool
raw_client_hears(const struct raw_client *client, uint16_t port, uint8_t flags,
		 int wait_ms, struct packet *heard)
{
	struct pollfd ready = { .fd = client->hear, .events = POLLIN };
	static uint8_t taken[65536];

	while (poll(&ready, 1, wait_ms) == 1) {
		ssize_t size = recv(client->hear, taken, sizeof(taken), 0);

		if (size > 0 &&
		    packet_parse(taken, (size_t)size, heard) == DROP_NONE &&
		    heard->protocol == IP_TCP && heard->dst_port == port &&
		    heard->src_port == RAW_CLIENT_PORT &&
		    (heard->tcp_flags & flags) == flags)
			return true;
	}
	return false;
}

/* A SYN at seq with so many bytes; the number of the SYN-ACK. */
static inline uint32_t
raw_client_syn(const struct raw_client *client, uint16_t port, uint32_t seq,
	       size_t payload_bytes)
{
	struct packet heard = { .tcp_seq = 0 };

	raw_client_send(client, port, seq, 0, TCP_SYN, payload_bytes);
	CHECK(raw_client_hears(client, port, TCP_SYN | TCP_ACK, RAW_CLIENT_MS,
			       &heard));
	CHECK(heard.tcp_ack == seq + 1 + (uint32_t)payload_bytes);
	return heard.tcp_seq;
}

#endif
