/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hostile.c - see hostile.h
 */
#include "harness/test/hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/instant.h"
#include "core/rng.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "live/engine/boot.h"
#include "live/engine/seal.h"

#define TTL   64
#define BATCH 64

/* ---- packets ---- */

size_t
hostile_datagram(const struct endpoint *from, const struct endpoint *to,
		 const uint8_t *payload, size_t size,
		 uint8_t out[HOSTILE_PACKET_MAX])
{
	const struct packet_udp udp = {
		.ip = { .src = from->address, .dst = to->address, .ttl = TTL },
		.src_port = from->port,
		.dst_port = to->port,
		.payload = payload,
		.payload_bytes = size,
	};

	return packet_build_udp(&udp, out, HOSTILE_PACKET_MAX);
}

size_t
hostile_sealed(const struct secret *secret, const struct endpoint *from,
	       const struct endpoint *to, uint8_t out[HOSTILE_PACKET_MAX])
{
	uint8_t message[MESSAGE_HEADER_BYTES], sealed[MESSAGE_SEALED_MAX];
	struct message_writer writer;
	struct seal *seal = seal_create(secret, from, 1, boot_clock());

	if (seal == NULL)
		return 0;
	message_begin(&writer, message, sizeof(message), MESSAGE_PING, 1);
	size_t size = seal_close(seal, to, message, writer.size, sealed,
				 sizeof(sealed));
	seal_destroy(seal);
	return size == 0 ? 0 : hostile_datagram(from, to, sealed, size, out);
}

static struct address
address_of(uint8_t family, const uint8_t bytes[16])
{
	return family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

size_t
hostile_forward(const struct hostile_forward *forward,
		uint8_t out[HOSTILE_PACKET_MAX])
{
	const struct session_key *key = &forward->session;
	const struct packet_tcp tcp = {
		.ip = { .src = address_of(key->family, key->client),
			.dst = address_of(key->family, key->service),
			.ttl = TTL },
		.src_port = wire_get16(key->client_port),
		.dst_port = wire_get16(key->service_port),
		.seq = forward->sequence,
		.flags = TCP_ACK,
		.window = 1000,
	};
	const struct endpoint from = { forward->from, TUNNEL_SOURCE_PORT };
	const struct endpoint to = { forward->to, GUE_PORT };
	uint8_t bytes[HOSTILE_PACKET_MAX];
	uint8_t *inner = bytes + GUE_HEADER_BYTES;
	size_t size =
		packet_build_tcp(&tcp, inner, sizeof(bytes) - GUE_HEADER_BYTES);
	struct gue_header gue = {
		.sequence = forward->sequence,
		.boot = forward->boot,
		.protocol = key->family == 4 ? IP_IP4 : IP_IP6,
		.hop_count = forward->hop_count,
		.key_id = forward->key_id,
	};

	gue.tag = tunnel_tag(&forward->tag, &forward->from, &forward->to, &gue,
			     inner, size);
	gue_build(bytes, &gue);
	return hostile_datagram(&from, &to, bytes, GUE_HEADER_BYTES + size,
				out);
}

/* The address that lies so far behind; IPv6 counts in its first half, where
 * prefixes differ. */
static struct address
address_behind(struct address address, uint64_t distance)
{
	uint8_t *at = address.bytes;

	if (address.family == 4)
		wire_put32(at, wire_get32(at) + (uint32_t)distance);
	else
		wire_put64(at, wire_get64(at) + distance);
	return address;
}

size_t
hostile_stray(const struct hostile_flood *flood, uint64_t number,
	      uint8_t out[HOSTILE_PACKET_MAX])
{
	static const uint8_t flags[] = { TCP_ACK, TCP_ACK | TCP_PSH,
					 TCP_ACK | TCP_FIN, TCP_RST, 0 };
	uint64_t source = number % flood->sources * flood->stride;
	struct rng rng;

	rng_init(&rng, flood->seed, number);
	const struct packet_tcp tcp = {
		.ip = { .src = address_behind(flood->first, source),
			.dst = flood->service.address,
			.ttl = TTL },
		.src_port = (uint16_t)(1024 + rng_below(&rng, 60000)),
		.dst_port = flood->service.port,
		.seq = (uint32_t)rng_next(&rng),
		.ack = (uint32_t)rng_next(&rng),
		.flags = flags[rng_below(&rng, sizeof(flags))],
		.window = 1000,
	};
	return packet_build_tcp(&tcp, out, HOSTILE_PACKET_MAX);
}

/* ---- sending ---- */

struct hostile {
	int ip4, ip6; /* raw, with the header included */
	uint8_t packets[BATCH][HOSTILE_PACKET_MAX];
	struct sockaddr_in6 to[BATCH]; /* large enough for both */
	struct iovec parts[BATCH];
	struct mmsghdr batch[BATCH];
};

static int
sockets_open(struct hostile *hostile)
{
	hostile->ip4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (hostile->ip4 < 0)
		return -errno;
	hostile->ip6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (hostile->ip6 < 0)
		return -errno;
	return 0;
}

int
hostile_open(struct hostile **out, int space)
{
	struct hostile *hostile = calloc(1, sizeof(*hostile));
	int home = -1, result = 0;

	*out = NULL;
	if (hostile == NULL)
		return -ENOMEM;
	hostile->ip4 = hostile->ip6 = -1;
	if (space >= 0) {
		home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (home < 0 || setns(space, CLONE_NEWNET) != 0)
			result = -errno;
	}
	if (result == 0) {
		result = sockets_open(hostile);
		/* Not to come back would be worse than to end. */
		if (space >= 0 && setns(home, CLONE_NEWNET) != 0)
			abort();
	}
	if (home >= 0)
		close(home);
	if (result != 0) {
		hostile_close(hostile);
		return result;
	}
	*out = hostile;
	return 0;
}

void
hostile_close(struct hostile *hostile)
{
	if (hostile == NULL)
		return;
	if (hostile->ip4 >= 0)
		close(hostile->ip4);
	if (hostile->ip6 >= 0)
		close(hostile->ip6);
	free(hostile);
}

static bool
is_ip4(const uint8_t *bytes)
{
	return bytes[0] >> 4 == 4;
}

/* Where a packet goes, as the socket wants to hear it. */
static socklen_t
to_fill(struct sockaddr_in6 *to, const uint8_t *bytes)
{
	memset(to, 0, sizeof(*to));
	if (is_ip4(bytes)) {
		struct sockaddr_in ip4 = { .sin_family = AF_INET };

		memcpy(&ip4.sin_addr, bytes + 16, 4);
		memcpy(to, &ip4, sizeof(ip4));
		return sizeof(ip4);
	}
	to->sin6_family = AF_INET6;
	memcpy(&to->sin6_addr, bytes + 24, 16);
	return sizeof(*to);
}

int
hostile_send(struct hostile *hostile, const uint8_t *bytes, size_t size)
{
	struct sockaddr_in6 to;

	if (size < 20 || (!is_ip4(bytes) && size < 40))
		return -EINVAL;
	socklen_t to_size = to_fill(&to, bytes);
	ssize_t sent = sendto(is_ip4(bytes) ? hostile->ip4 : hostile->ip6,
			      bytes, size, 0, (struct sockaddr *)&to, to_size);
	return sent < 0 ? -errno : 0;
}

static int64_t
clock_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
}

/* Send these; the number that went. */
static uint32_t
batch_send(struct hostile *hostile, const struct hostile_flood *flood,
	   uint64_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct msghdr *message = &hostile->batch[i].msg_hdr;

		hostile->parts[i] = (struct iovec){
			.iov_base = hostile->packets[i],
			.iov_len = hostile_stray(flood, first + i,
						 hostile->packets[i]),
		};
		*message = (struct msghdr){
			.msg_name = &hostile->to[i],
			.msg_namelen =
				to_fill(&hostile->to[i], hostile->packets[i]),
			.msg_iov = &hostile->parts[i],
			.msg_iovlen = 1,
		};
	}
	int sent = sendmmsg(flood->service.address.family == 4 ? hostile->ip4
							       : hostile->ip6,
			    hostile->batch, count, 0);
	return sent < 0 ? 0 : (uint32_t)sent;
}

uint64_t
hostile_flood(struct hostile *hostile, const struct hostile_flood *flood,
	      uint64_t first, uint64_t count, uint64_t rate_pps)
{
	const struct timespec nap = { .tv_nsec = 500 * NS_PER_US };
	int64_t start_ns = clock_ns();
	uint64_t done = 0, sent = 0;

	while (done < count) {
		uint64_t due = (uint64_t)(clock_ns() - start_ns) * rate_pps /
				       (uint64_t)NS_PER_S +
			       1;
		uint64_t most = (due < count ? due : count) - done;

		if (due <= done) {
			nanosleep(&nap, NULL);
			continue;
		}
		uint32_t now = most < BATCH ? (uint32_t)most : BATCH;
		sent += batch_send(hostile, flood, first + done, now);
		done += now;
	}
	return sent;
}
