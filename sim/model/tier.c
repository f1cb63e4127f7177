/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tier.c - names of tiers, and the fabric's tiers that have one
 */
#include "sim/model/tier.h"

#include <string.h>

static const struct {
	const char *name;
	enum tier tier;
} tiers[PATH_TIERS] = {
	[PATH_EXIT_SPINE] = { "exit-spine", TIER_EXIT_SPINE },
	[PATH_SPINE_LEAF] = { "spine-leaf", TIER_SPINE_LEAF },
	[PATH_LEAF_SERVER] = { "leaf-server", TIER_LEAF_SERVER },
};

bool
tier_parse(const char *name, enum path_tier *tier)
{
	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (strcmp(name, tiers[i].name) == 0) {
			*tier = (enum path_tier)i;
			return true;
		}
	return false;
}

bool
tier_of_link(const struct fabric *fabric, uint32_t link, enum path_tier *tier)
{
	enum tier wanted = fabric_tier(fabric, link);

	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (tiers[i].tier == wanted) {
			*tier = (enum path_tier)i;
			return true;
		}
	return false;
}
