/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tun.h - a TUN device with several queues, as strays need it
 *
 * What the kernel sends into it is read() from a queue, one IP packet a call,
 * without any header before it (IFF_NO_PI); what is written to a queue is as
 * if it had arrived on the device. It exists as long as one of its
 * descriptors is open in any process, so it goes with the process that made
 * it, however that ends; children must not inherit them (they are O_CLOEXEC,
 * but a fork without exec keeps them).
 *
 *	MTU 65535	what comes by an uplink of any MTU fits; the kernel
 *			segments and sums it on the way in, since the device
 *			offers no offload
 *	queue length	TUN_QUEUE_PACKETS packets wait for the reader, a queue;
 *			what comes then is lost, and counted by the device
 *	no qdisc	the ring behind each queue is the only place to wait:
 *			by default the kernel makes 256 more, each with room
 *			for three times as many packets, 49 MB in all
 *	rp_filter 0	or 2 where "all" is 1 (the kernel takes the larger of
 *			the two, and 2 lets pass senders that we can answer):
 *			a client's packet comes out of a device that no route
 *			to the client uses
 *	192.0.0.8	RFC 7600's dummy address, only where "all" is not 0:
 *			on a device without any, 2 lets nothing pass
 *	no IPv6		address of its own: the kernel's own router
 *			solicitations and listener reports would be "strays"
 *
 * All that is set through rtnetlink, so /proc/sys may be read-only.
 *
 * The count of what was lost is read from /proc/net/dev: rtnetlink would take
 * the kernel's one lock for it, which is held for milliseconds while routes
 * change, and that is when strays come.
 */
#ifndef LIVE_KERNEL_TUN_H
#define LIVE_KERNEL_TUN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TUN_QUEUES	  16
#define TUN_QUEUE_PACKETS 8192
#define TUN_MTU		  65535
#define TUN_NAME	  16 /* IFNAMSIZ */

struct tun {
	int queues[TUN_QUEUES]; /* non-blocking */
	uint32_t queue_count;
	uint32_t ifindex;
	char name[TUN_NAME];
};

/* Make the device, which must not exist, with so many queues, and bring it
 * up. 0; -errno with a sentence (-EBUSY: there is one of that name, so another
 * daemon runs). On error nothing is left. */
int tun_open(struct tun *, const char *name, uint32_t queue_count, char *error,
	     size_t error_size);
/* All queues. The device goes with the last one. */
void tun_close(struct tun *);
/* A BPF program of type socket filter chooses the queue from now on. 0 or
 * -errno. */
int tun_steer(const struct tun *, int program_fd);

/* One packet: its size; 0: none waits; -errno. */
ssize_t tun_read(const struct tun *, uint32_t queue, uint8_t *bytes,
		 size_t capacity);
/* Packets for the reader that were lost since the device was made, its queue
 * being full. 0 also if /proc cannot be read. */
uint64_t tun_dropped(const struct tun *);
/* 0 or -errno; -EINVAL: no IP packet. */
int tun_write(const struct tun *, uint32_t queue, const uint8_t *bytes,
	      size_t size);

#endif
