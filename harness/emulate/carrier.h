/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * carrier.h - when the kernel says that a link went down or came up
 *
 * A netlink socket (RTNLGRP_LINK) in the network namespace of each link end
 * that is watched. An interface is down when it was set down (no IFF_UP) or
 * has lost its carrier (no IFF_LOWER_UP). Only changes are told. The time is
 * that of the wake-up in which the message is read, so read often.
 */
#ifndef HARNESS_EMULATE_CARRIER_H
#define HARNESS_EMULATE_CARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

struct carrier;

struct carrier_listener {
	void *context;
	/* tag: of carrier_watch(). */
	void (*changed)(void *, struct instant now, uint32_t tag, bool up);
};

/* The listener is copied. NULL: errno. */
struct carrier *carrier_create(const struct carrier_listener *);
void carrier_destroy(struct carrier *); /* NULL: nothing */
/* Watch an interface, up now, in a namespace (-1: ours). place names the
 * namespace: sockets are shared by what has the same. 0 or -errno. */
int carrier_watch(struct carrier *, uint32_t place, int namespace,
		  const char *interface, uint32_t tag);
int carrier_fd(const struct carrier *); /* poll for reading */
void carrier_ready(struct carrier *, struct instant now);

#endif
