/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the links that carry a session from its client to the service
 *
 * Asked of the network as it routes now (network_path), for faults that name a
 * tier of the path and not a link. What is cut is what carries the client's
 * packets: they are what strays.
 */
#ifndef SIM_NET_PATH_H
#define SIM_NET_PATH_H

#include <stdint.h>

#include "core/session.h"
#include "sim/net/network.h"

/* The links that a session of client host `device` crosses, in order. How many
 * were written, at most capacity; 0: its packets would be dropped. */
uint32_t path_links(const struct network *, uint32_t device,
		    const struct session_key *, uint32_t *links,
		    uint32_t capacity);

#endif
