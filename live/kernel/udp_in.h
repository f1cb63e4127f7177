/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * udp_in.h - a UDP socket of ours, read in batches
 *
 *	one recvmmsg(2) --> 16 messages --> UDP_GRO: each of up to 64 datagrams
 *							of one size --> take()
 *
 * Two of them: the node's (port 7000) and the tunnel's (6080), both bound to
 * the loopback address, so that address is where everything was sent. On the
 * tunnel's the kernel may hand over a run of datagrams of one sender as one
 * message (udp(7), UDP_GRO), which is what makes a moved upload cheap.
 *
 * The buffers are allocated once. What overflows the socket's buffer
 * (UDP_IN_BUFFER bytes) is lost, as any datagram may be.
 */
#ifndef LIVE_KERNEL_UDP_IN_H
#define LIVE_KERNEL_UDP_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"

#define UDP_IN_BUFFER (8 << 20)

struct udp_in;

/* most_bytes: the largest datagram that is of interest; longer ones are
 * skipped. runs: accept several in one message. 0; -errno with a sentence. */
int udp_in_open(struct udp_in **, const struct endpoint *, size_t most_bytes,
		bool runs, char *error, size_t error_size);
void udp_in_close(struct udp_in *); /* NULL: nothing */
int udp_in_fd(const struct udp_in *); /* also to send from that port */
/* Take what has come: at least `most` datagrams if there are so many, and no
 * more than one call's worth above it. How many; the bytes are borrowed for
 * the call of take(). */
uint32_t udp_in_read(struct udp_in *, uint32_t most,
		     void (*take)(void *, const struct endpoint *from,
				  const uint8_t *bytes, size_t size),
		     void *);

#endif
