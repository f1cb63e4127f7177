/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * aspath.h - AS paths, each kept once and named by a number
 *
 *	spine1 leaf1 (server)	= spine1 + path of { leaf1 (server) }
 *
 * Every device is its own AS, as in the lab (RFC 7938, 5.2.1 would also let
 * the spines of a pod share one), so a path is a list of routers, and a path
 * that a router advertises is itself in front of the path it chose. Equal
 * paths have equal numbers: comparing is one instruction, a RIB entry is four
 * bytes. Paths are never forgotten; there are few, since loops are refused.
 *
 * A path always ends at the origin: at a server, whose own AS stands for one
 * hop but is not named (servers are never transit, so it can close no loop;
 * and one prefix heard from several servers of a leaf is one path), or at the
 * router that made the route, which is no hop.
 */
#ifndef SIM_NET_ASPATH_H
#define SIM_NET_ASPATH_H

#include <stdbool.h>
#include <stdint.h>

#define ASPATH_NONE   0 /* no route */
#define ASPATH_LOCAL  1 /* made here; 0 hops */
#define ASPATH_SERVER 2 /* heard from a server; 1 hop */

struct aspaths;

struct aspaths *aspaths_create(void); /* aborts when out of memory */
void aspaths_destroy(struct aspaths *);
/* The router in front of a path that is not NONE. */
uint32_t aspath_prepend(struct aspaths *, uint32_t router, uint32_t path);
/* ASes in it; the path is not NONE. */
uint32_t aspath_length(const struct aspaths *, uint32_t path);
bool aspath_contains(const struct aspaths *, uint32_t path, uint32_t router);

#endif
