/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link_events.h - when the kernel says that a link went down or came up
 *
 * A netlink socket (RTNLGRP_LINK) in the network namespace of each link end
 * that is watched. An interface is down when it was set down (no IFF_UP) or
 * has lost its carrier (no IFF_LOWER_UP). Only changes are told. The time is
 * that of the wake-up in which the message is read, so read often.
 */
#ifndef HARNESS_EMULATE_LINK_EVENTS_H
#define HARNESS_EMULATE_LINK_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

struct link_events;

struct link_events_listener {
	void *context;
	/* tag: of link_events_watch(). */
	void (*changed)(void *, struct instant now, uint32_t tag, bool up);
};

/* The listener is copied. NULL: errno. */
struct link_events *link_events_create(const struct link_events_listener *);
void link_events_destroy(struct link_events *); /* NULL: nothing */
/* Watch an interface, up now, in a namespace (-1: ours). place names the
 * namespace: sockets are shared by what has the same. 0 or -errno. */
int link_events_watch(struct link_events *, uint32_t place, int namespace,
		      const char *interface, uint32_t tag);
int link_events_fd(const struct link_events *); /* poll for reading */
void link_events_ready(struct link_events *, struct instant now);

#endif
