/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * updates.h - BGP updates that have been sent and not yet been looked at
 *
 *	port, port, ...  --said-->  | u1 u2 u3 ... |  --all at once-->  device
 *
 * One list a device, in the order in which its neighbours spoke, so that the
 * updates of a session stay in order. The device takes all of them at one
 * instant, its own (bgp.h); whether one still counts is for the taker to say,
 * by the epoch that its link's direction had.
 */
#ifndef SIM_NET_UPDATES_H
#define SIM_NET_UPDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct update {
	uint32_t port; /* the receiver's, global */
	uint32_t epoch; /* of the link's direction when sent */
	uint32_t set, path; /* rib.h, aspath.h */
};

struct updates;

/* Aborts when out of memory. */
struct updates *updates_create(uint32_t devices);
void updates_destroy(struct updates *);
size_t updates_bytes(const struct updates *);
/* True if nothing waited for the device until now. */
bool updates_add(struct updates *, uint32_t device, const struct update *);
/* What waits for a device about one set is from now on about another, too, and
 * follows the original. */
void updates_copy(struct updates *, uint32_t device, uint32_t set,
		  uint32_t other);
/* The oldest that waits for a device, taken out. False: none. */
bool updates_next(struct updates *, uint32_t device, struct update *);

#endif
