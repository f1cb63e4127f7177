/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_owner.c - who may be a flow's owner; see flow_owner.h */
#include "core/steer/flow_owner.h"

#include <string.h>

#include "core/steer/flow.h"

const struct address *
flow_owner_address(const struct strays *strays, uint32_t owner)
{
	return &endpoints_get(strays->endpoints, owner)->address;
}

struct tunnel_peer
flow_owner_peer(const struct strays *strays, uint32_t owner)
{
	return tunnel_peer(strays->tunnel, flow_owner_address(strays, owner));
}

bool
flow_owner_gone(const struct strays *strays, struct instant now,
		const struct flow *flow, uint32_t owner)
{
	return life_is_dead_to(strays->vigil.lives, now,
			       flow_owner_address(strays, owner),
			       flow->strayed);
}

bool
flow_owner_usable(const struct strays *strays, struct instant now,
		  const struct flow *flow, uint32_t owner)
{
	for (uint32_t i = 0; i < flow->excluded_count; i++) {
		if (flow->excluded[i] == owner)
			return false;
	}
	const struct address *address = flow_owner_address(strays, owner);
	return address->family == strays->self.family &&
	       !address_equal(address, &strays->self) &&
	       !flow_owner_gone(strays, now, flow, owner);
}

/* Its place among the excluded. */
static uint32_t
exclude(struct flow *flow, uint32_t owner)
{
	for (uint32_t i = 0; i < flow->excluded_count; i++) {
		if (flow->excluded[i] == owner)
			return i;
	}
	if (flow->excluded_count == FLOW_EXCLUDED) {
		memmove(flow->excluded, flow->excluded + 1,
			(FLOW_EXCLUDED - 1) * sizeof(flow->excluded[0]));
		flow->excluded_count--;
		flow->mourned >>= 1;
	}
	flow->excluded[flow->excluded_count] = owner;
	return flow->excluded_count++;
}

void
flow_owner_exclude(struct flow *flow, uint32_t owner)
{
	(void)exclude(flow, owner);
}

void
flow_owner_bury(struct flow *flow, uint32_t owner)
{
	/* That may move the bits. */
	uint32_t at = exclude(flow, owner);

	flow->mourned |= (uint8_t)(1u << at);
	flow->orphaned = true;
}

void
flow_owner_mourn(const struct strays *strays, struct instant now,
		 struct flow *flow, uint32_t owner)
{
	life_want(strays->vigil.lives, now, flow_owner_address(strays, owner));
	flow_owner_bury(flow, owner);
}

bool
flow_owner_died(const struct strays *strays, struct instant now, uint32_t owner)
{
	const struct lives *lives = strays->vigil.lives;
	const struct address *address = flow_owner_address(strays, owner);

	return life_of(lives, now, address) == LIFE_DEAD ||
	       life_has_died(lives, address);
}

bool
flow_owner_revived(const struct strays *strays, struct instant now,
		   struct flow *flow)
{
	bool revived = false;

	for (uint32_t i = 0; i < flow->excluded_count; i++)
		revived |= (flow->mourned >> i & 1) != 0 &&
			   !flow_owner_died(strays, now, flow->excluded[i]);
	if (!flow->orphaned || !revived)
		return false;
	flow->orphaned = false;
	flow_owner_forgive(flow);
	return true;
}

void
flow_owner_none(struct flow *flow)
{
	flow->owner = ENDPOINT_NONE;
	for (uint32_t i = 0; i < FLOW_OTHERS; i++)
		flow->others[i] = ENDPOINT_NONE;
}

void
flow_owner_add(struct flow *flow, uint32_t owner)
{
	if (flow->owner == ENDPOINT_NONE) {
		flow->owner = owner;
		return;
	}
	for (uint32_t i = 0; i < FLOW_OTHERS; i++) {
		if (flow->others[i] != ENDPOINT_NONE)
			continue;
		flow->others[i] = owner;
		return;
	}
}

void
flow_owner_remove(struct flow *flow, uint32_t owner)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < FLOW_OTHERS; i++)
		if (flow->others[i] != owner)
			flow->others[kept++] = flow->others[i];
	while (kept < FLOW_OTHERS)
		flow->others[kept++] = ENDPOINT_NONE;
}

void
flow_owner_prefer(struct flow *flow, uint32_t owner)
{
	flow_owner_remove(flow, owner);
	memmove(flow->others + 1, flow->others,
		(FLOW_OTHERS - 1) * sizeof(flow->others[0]));
	flow->others[0] = flow->owner;
	flow->owner = owner;
}

bool
flow_owner_next(const struct strays *strays, struct instant now,
		struct flow *flow)
{
	flow->owner = ENDPOINT_NONE;
	while (flow->owner == ENDPOINT_NONE &&
	       flow->others[0] != ENDPOINT_NONE) {
		uint32_t next = flow->others[0];

		flow_owner_remove(flow, next);
		if (flow_owner_usable(strays, now, flow, next))
			flow->owner = next;
	}
	return flow->owner != ENDPOINT_NONE;
}

bool
flow_owner_doubted(const struct strays *strays, struct instant now,
		   const struct flow *flow)
{
	for (uint32_t i = 0; i < FLOW_OTHERS; i++)
		if (flow->others[i] != ENDPOINT_NONE &&
		    flow_owner_usable(strays, now, flow, flow->others[i]))
			return true;
	return false;
}

void
flow_owner_forgive(struct flow *flow)
{
	flow->excluded_count = flow->mourned = 0;
}
