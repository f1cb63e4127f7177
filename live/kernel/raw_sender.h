/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * raw_sender.h - whole IP packets of our making: RSTs and ICMP errors
 *
 * Sent by raw sockets of protocol IPPROTO_RAW (255), header included (raw(7)),
 * because their source is the service's or the path's, not ours. The data path
 * knows by that protocol that a RST is the daemon's decision and not the
 * kernel's for want of a socket (datapath.h, kernel_resets).
 */
#ifndef LIVE_KERNEL_RAW_SENDER_H
#define LIVE_KERNEL_RAW_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "live/kernel/uplinks.h"

struct raw_sender;

/* uplinks: borrowed. 0; -errno with a sentence. Needs CAP_NET_RAW. A host
 * without IPv6 sends none. */
int raw_sender_open(struct raw_sender **, const struct uplinks *, char *error,
		    size_t error_size);
void raw_sender_close(struct raw_sender *); /* NULL: nothing */
/* Route it out, now. 0 or -errno. */
int raw_sender_packet(struct raw_sender *, uint8_t avoid_uplink,
		      const uint8_t *bytes, size_t size);

#endif
