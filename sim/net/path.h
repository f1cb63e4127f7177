/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the links that carry a session or a datagram, and what they lose
 *
 * Asked of the network as it routes now (network_path), for faults that name a
 * tier of the path and not a link. What is cut is what carries the client's
 * packets: they are what strays.
 *
 * And for who looks on: would a packet that a host sends now get there? Links
 * in a row lose what they lose together.
 */
#ifndef SIM_NET_PATH_H
#define SIM_NET_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/session.h"
#include "sim/net/network.h"

#define PATH_PROBE_BYTES 128

/* An ACK of the session, from its client or, back, to it; its size. */
size_t path_segment(const struct session_key *, bool back,
		    uint8_t bytes[PATH_PROBE_BYTES]);
/* The links that a session of client host `device` crosses, in order. How many
 * were written, at most capacity; 0: its packets would be dropped. */
uint32_t path_links(const struct network *, uint32_t device,
		    const struct session_key *, uint32_t *links,
		    uint32_t capacity);

/* The way of a packet, in one piece or several. */
struct path {
	uint32_t last; /* where it ends; FABRIC_NONE: nowhere */
	uint32_t mtu_bytes; /* the least of its links' */
	uint64_t passes_ppm; /* that have come so far, of a million */
};

/* Nothing is lost yet. */
struct path path_begin(void);
/* And on: the way of a packet that host `from` sends now. */
void path_on(struct path *, const struct network *, uint32_t from,
	     const uint8_t *bytes, size_t size);
/* The same of a datagram from server to server; false: it does not get there.
 * To itself it has no way to go. */
bool path_datagram(struct path *, const struct network *, uint8_t family,
		   uint32_t from, uint32_t to, uint16_t src_port,
		   uint16_t dst_port);
/* Of a million packets, how many are lost. */
uint32_t path_loss_ppm(const struct path *);

#endif
