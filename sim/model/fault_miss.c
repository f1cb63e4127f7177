/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault_miss.c - paths that were not cut, owners that were not there */
#include "sim/model/fault_miss.h"

#include <stdio.h>

#include "sim/engine/memory.h"
#include "sim/model/fault_kind.h"

bool *
fault_miss_owners(const struct fault_world *world)
{
	bool *owners = memory_zeroed(
		(size_t)world->fabric->settings.servers + 1, sizeof(bool));
	uint32_t flows = workload_count(world->workload);

	for (uint32_t flow = 0; flow < flows; flow++) {
		uint32_t owner = workload_session(world->workload, flow)->owner;

		if (owner != WATCH_NONE)
			owners[owner] = true;
	}
	return owners;
}

/* Is a server of the set the owner of any session? */
static bool
owns_some(const struct fault_world *world, const bool *owners,
	  const struct fault_set *set)
{
	for (uint32_t i = 0; i < set->count; i++)
		if (owners[fabric_index(world->fabric, set->members[i])])
			return true;
	return false;
}

/* NULL: it hit something, or there was nothing to be hit. */
static const char *
miss(const struct fault_world *world, const struct fault_settings *fault,
     bool cut, const struct fault_set *set, const bool *owners)
{
	const struct fault_kind_trait *trait = fault_kind_trait(fault->kind);
	bool path = trait->target == FAULT_TARGET_LINK &&
		    fault_target_is_path(fault);

	if (path && trait->undo != fault->kind && !cut)
		return "no session was open on such a path";
	if (trait->target == FAULT_TARGET_SERVER && trait->harms &&
	    workload_count(world->workload) > 0 &&
	    !owns_some(world, owners, set))
		return "no session was ever there";
	return NULL;
}

void
fault_miss_tell(const struct fault_world *world, uint32_t index, bool cut,
		const struct fault_set *set, const bool *owners)
{
	const struct fault_settings *fault = &world->settings->faults[index];
	const char *why = miss(world, fault, cut, set, owners);
	char target[FAULT_TARGET_BYTES], sentence[WATCH_SENTENCE];

	if (why == NULL || world->watch->remark == NULL)
		return;
	fault_target_text(world->settings, fault, target);
	(void)snprintf(sentence, sizeof(sentence), "%s of %s hit nothing: %s",
		       fault_name(fault->kind), target, why);
	world->watch->remark(world->watch->context,
			     &(struct watch_remark){
				     .kind = REMARK_WARNING,
				     .event = index + 1,
				     .sentence = sentence,
			     });
}
