/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_out.h - what one wake-up wants sent, sent together
 *
 *	datagrams --> lane 0, the node's own socket
 *	forwards ---> lanes of 64 sockets, two each: ordinary, another uplink
 *	flush: each lane by sendmmsg(2); in it runs of one size to one owner
 *	       joined into one message (udp(7), UDP_SEGMENT)
 *
 * The outer source port of a forward is its flow's hash, so that the fabric
 * spreads flows over its paths (RFC 7510 section 3). One cannot bind 16,384
 * sockets, and a socket that writes its own headers (IPPROTO_RAW) gets neither
 * UDP_SEGMENT nor path MTU handling from the kernel. So UDP_OUT_SOURCES ports
 * from TUNNEL_SOURCE_PORT on are bound and the hash chooses among them: 64
 * points on a hash ring of a few uplinks spread as well as 16,384 would, and a
 * flow keeps its port and so its path. Where a port is taken the next one 64
 * above is. What others send to these ports is dropped in the kernel.
 *
 * Within a lane order is kept; a flow stays in its lane as long as it avoids
 * the same uplink.
 *
 * Errors: a message that was to leave by another uplink and has no route there
 * is sent by the ordinary one; a run that the kernel refuses to segment is
 * sent one by one. What fails then goes to sent().
 *
 * Full (UDP_OUT_ITEMS, UDP_OUT_BYTES): flushed early.
 */
#ifndef LIVE_KERNEL_UDP_OUT_H
#define LIVE_KERNEL_UDP_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "core/instant.h"
#include "live/kernel/latency_histogram.h"
#include "live/kernel/uplinks.h"

#define UDP_OUT_SOURCES 64
#define UDP_OUT_ITEMS	2048
#define UDP_OUT_BYTES	(4u << 20)

struct udp_out;

struct udp_out_settings {
	struct address self; /* the loopback: source of all that is sent */
	int datagram_fd; /* bound to the node's port, borrowed */
	const struct uplinks *uplinks; /* borrowed */
	uint32_t mtu_bytes; /* of the uplinks: larger ones are not joined */
	/* Larger than the path MTU: fragment (true), or do not send. */
	bool fragment;
	/* Called from udp_out_flush() once for each message: 0 or -errno. */
	void (*sent)(void *, const struct address *to, bool forward, int error);
	void *context;
};

/* Since it was opened. */
#define UDP_OUT_COUNTER_LIST(X)                                                \
	X(datagrams) /* of the node, to be sent */                             \
	X(forwards) /* to be sent; where both ways are taken, two */           \
	X(messages) /* of forwards; runs count once */                         \
	X(other_uplink) /* messages that left by another uplink */             \
	X(fell_back) /* ... that should have and could not */                  \
	X(unjoined) /* runs that the kernel would not segment */

struct udp_out_counters {
#define UDP_OUT_COUNTER(name) uint64_t name;
	UDP_OUT_COUNTER_LIST(UDP_OUT_COUNTER)
#undef UDP_OUT_COUNTER
};

/* 0; -errno with a sentence. The settings are copied. */
int udp_out_open(struct udp_out **, const struct udp_out_settings *,
		 char *error, size_t error_size);
void udp_out_close(struct udp_out *); /* NULL: nothing */
/* After a reload. */
void udp_out_mtu(struct udp_out *, uint32_t mtu_bytes, bool fragment);

/* Both copy. 0; -EMSGSIZE: larger than any UDP datagram. */
int udp_out_datagram(struct udp_out *, const struct endpoint *to,
		     uint8_t avoid_uplink, const uint8_t *bytes, size_t size);
int udp_out_forward(struct udp_out *, const struct endpoint *to,
		    uint16_t source_port, uint8_t avoid_uplink,
		    const uint8_t *bytes, size_t size);
void udp_out_flush(struct udp_out *);
/* The same, and the time from `since` (CLOCK_MONOTONIC) to the return of the
 * call that sent it is noted for each forward, the first `most` of them. */
void udp_out_flush_timed(struct udp_out *, struct latency_histogram *,
			 struct instant since, uint64_t most);
const struct udp_out_counters *udp_out_counters(const struct udp_out *);

#endif
