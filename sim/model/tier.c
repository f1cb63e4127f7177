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

uint32_t
tier_choose(const struct fabric *fabric, const char *name,
	    bool tried[PATH_TIERS], const uint32_t *links, uint32_t link_count,
	    struct rng *rng)
{
	uint32_t of[PATH_TIERS] = { FABRIC_NONE, FABRIC_NONE, FABRIC_NONE };
	enum path_tier tier, left[PATH_TIERS];
	uint32_t count = 0;

	for (uint32_t i = 0; i < link_count; i++)
		if (tier_of_link(fabric, links[i], &tier))
			of[tier] = links[i];
	if (tier_parse(name, &tier) && !tried[tier] &&
	    of[tier] != FABRIC_NONE) {
		tried[tier] = true;
		return of[tier];
	}
	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (!tried[i] && of[i] != FABRIC_NONE)
			left[count++] = (enum path_tier)i;
	if (count == 0)
		return FABRIC_NONE;
	tier = left[rng_below(rng, count)];
	tried[tier] = true;
	return of[tier];
}
