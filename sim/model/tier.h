/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier.h - the three tiers of links that a path to a server crosses
 *
 *	client1 - edge1 - exit - spine - leaf - server
 *			       ^       ^      ^
 *			PATH_EXIT_SPINE  PATH_SPINE_LEAF  PATH_LEAF_SERVER
 *
 * A fault may name a tier instead of a link: then it means the link of that
 * tier on the path of a session. Links above the exits belong to every path
 * and to no tier here.
 */
#ifndef SIM_MODEL_TIER_H
#define SIM_MODEL_TIER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "sim/model/fabric.h"

enum path_tier {
	PATH_EXIT_SPINE,
	PATH_SPINE_LEAF,
	PATH_LEAF_SERVER,
	PATH_TIERS
};

/* "exit-spine", "spine-leaf", "leaf-server"; false: another name. */
bool tier_parse(const char *name, enum path_tier *);
/* The tier of a link; false: it has none of the three. */
bool tier_of_link(const struct fabric *, uint32_t link, enum path_tier *);
/* Of the links of a path, the one of the tier of that name, if it was not
 * tried; then, or for "path", a random one of those not yet tried. It is tried
 * from now on. FABRIC_NONE: there is none left. */
uint32_t tier_choose(const struct fabric *, const char *name,
		     bool tried[PATH_TIERS], const uint32_t *links,
		     uint32_t link_count, struct rng *);

#endif
