/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - the links that carry a session from its client to the service
 *
 *	client1 - edge1 - exit - spine - leaf - server
 *			       ^       ^      ^
 *			PATH_EXIT_SPINE  PATH_SPINE_LEAF  PATH_LEAF_SERVER
 *
 * Asked of the network as it routes now (network_path), for faults that name a
 * tier of the path and not a link. What is cut is what carries the client's
 * packets: they are what strays.
 */
#ifndef SIM_NET_PATH_H
#define SIM_NET_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/session.h"
#include "sim/net/network.h"

enum path_tier {
	PATH_EXIT_SPINE,
	PATH_SPINE_LEAF,
	PATH_LEAF_SERVER,
	PATH_TIERS
};

struct path {
	uint32_t links[PATH_TIERS]; /* UINT32_MAX: the path has none such */
};

/* The path of a session of client host `device`; false: there is none. */
bool path_find(const struct network *, uint32_t device,
	       const struct session_key *, struct path *);
/* "exit-spine", "spine-leaf", "leaf-server"; false: another name. */
bool path_tier_parse(const char *name, enum path_tier *);

#endif
