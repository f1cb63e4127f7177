/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * healing.c - each event's last change, and whether others undo what it did
 */
#include "sim/model/healing.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/model/fault_kind.h"
#include "sim/model/fault_sequence.h"
#include "sim/model/fault_target.h"
#include "sim/model/tier.h"

/* Routers that hear of a change one after the other, in a fabric of two tiers
 * and the exits. */
#define HOPS	  4
#define MARGIN_NS (100 * NS_PER_MS)

/* An event with what it may strike. */
struct item {
	const struct fault_settings *fault;
	const struct fault_kind_trait *trait;
	struct fault_set set; /* no members: no target, or a path */
	bool path;
	int64_t over_ns; /* its last change */
};

/* An event that goes once through several targets. */
static int64_t
round_ns(const struct item *item)
{
	const struct fault_settings *fault = item->fault;
	int64_t turns = item->set.count > 0 ? item->set.count - 1 : 0;

	return fault->at_ns + turns * fault->each_ns + fault->for_ns;
}

/* Does it go on until it is told to end? */
static bool
goes_on(const struct item *item)
{
	const uint32_t ends = FAULT_KEY_UNTIL | FAULT_KEY_FOR;

	return item->trait->undo == item->fault->kind &&
	       (item->trait->keys & ends) != 0;
}

static int64_t
item_over_ns(const struct settings *settings, const struct item *item)
{
	const struct fault_settings *fault = item->fault;
	int64_t ends_ns = fault_ends_ns(fault);

	if (fault->kind == FAULT_CHURN)
		return HEALING_NEVER;
	if (fault->kind == FAULT_SEQUENCE)
		return fault_sequence_over_ns(fault);
	if (ends_ns > 0)
		return ends_ns;
	if (fault->each_ns > 0)
		return round_ns(item);
	if (goes_on(item))
		return HEALING_NEVER;
	/* A cut that does not count is made elsewhere, once a tier. */
	if (item->path && fault->retry_after_ns > 0)
		return fault->at_ns +
		       PATH_TIERS * (fault->retry_after_ns +
				     healing_routes_ns(settings));
	return fault->at_ns;
}

/* What it did is in force until another event undoes it. */
static bool
item_stays(const struct item *item)
{
	const struct fault_settings *fault = item->fault;

	return item->trait->harms && item->trait->undo != fault->kind &&
	       fault_stays(fault) && fault_ends_ns(fault) == 0 &&
	       (fault->each_ns == 0 || fault->for_ns == 0);
}

static bool
set_has(const struct fault_set *set, uint32_t member)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (set->members[i] == member)
			return true;
	return false;
}

/* Does the event undo what the one before it did to that member? A member that
 * is nothing: to whatever it struck. */
static bool
item_undoes(const struct item *later, const struct item *item, uint32_t member)
{
	if (later->fault->kind != item->trait->undo ||
	    later->fault->at_ns < item->over_ns ||
	    (later->fault->at_ns == item->over_ns && later < item))
		return false;
	if (member == FABRIC_NONE)
		return later->path == item->path;
	return later->fault->count == 0 && set_has(&later->set, member);
}

static bool
is_undone(const struct item *items, uint32_t count, const struct item *item)
{
	uint32_t members = item->set.count > 0 ? item->set.count : 1;

	for (uint32_t i = 0; i < members; i++) {
		uint32_t member = item->set.count > 0 ? item->set.members[i]
						      : FABRIC_NONE;
		bool undone = false;

		for (uint32_t j = 0; !undone && j < count; j++)
			undone = item_undoes(&items[j], item, member);
		if (!undone)
			return false;
	}
	return true;
}

static void
item_make(const struct settings *settings, const struct fabric *fabric,
	  uint32_t index, struct item *item)
{
	const char *wrong;

	item->fault = &settings->faults[index];
	item->trait = fault_kind_trait(item->fault->kind);
	item->path = item->trait->target == FAULT_TARGET_LINK &&
		     fault_target_is_path(item->fault);
	/* A run with a target that is not there has been refused. */
	(void)fault_target_find(fabric, settings, index, &item->set, &wrong);
	item->over_ns = item_over_ns(settings, item);
}

int64_t
healing_routes_ns(const struct settings *settings)
{
	const struct routing_settings *routing = &settings->routing;
	int64_t slowest_ns = routing->restore.high_ns;

	if (routing->local.high_ns > slowest_ns)
		slowest_ns = routing->local.high_ns;
	if (routing->detection == DETECTION_BFD &&
	    routing->bfd.high_ns > slowest_ns)
		slowest_ns = routing->bfd.high_ns;
	/* One way silent, the other end is a third of the time later. */
	if (routing->detection == DETECTION_HOLD &&
	    routing->hold.high_ns * 4 / 3 > slowest_ns)
		slowest_ns = routing->hold.high_ns * 4 / 3;
	return slowest_ns + HOPS * routing->hop.high_ns + MARGIN_NS;
}

struct healing
healing_of(const struct settings *settings, const struct fabric *fabric)
{
	uint32_t count = settings->fault_count;
	struct item *items = memory_zeroed((size_t)count + 1, sizeof(*items));
	struct healing healing = { .over_ns = 0 };

	for (uint32_t i = 0; i < count; i++) {
		item_make(settings, fabric, i, &items[i]);
		if (items[i].over_ns > healing.over_ns)
			healing.over_ns = items[i].over_ns;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!item_stays(&items[i]) ||
		    is_undone(items, count, &items[i]))
			continue;
		if (items[i].trait->target == FAULT_TARGET_SERVER)
			healing.servers = true;
		else
			healing.paths = true;
	}
	for (uint32_t i = 0; i < count; i++)
		free(items[i].set.members);
	free(items);
	return healing;
}

int64_t
healing_ns(const struct healing *healing)
{
	return healing->paths || healing->servers ? HEALING_NEVER
						  : healing->over_ns;
}
