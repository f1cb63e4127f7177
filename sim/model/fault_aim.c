/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_aim.c - turns and draws
 */
#include "sim/model/fault_aim.h"

#include <stdlib.h>

#include "sim/engine/memory.h"

void
fault_aim_init(struct fault_aim *aim, struct fault_set set)
{
	*aim = (struct fault_aim){ .set = set };
	if (set.count == 0) {
		aim->set.members =
			memory_zeroed(1, sizeof(aim->set.members[0]));
		aim->set.members[0] = FABRIC_NONE;
		aim->set.count = 1;
	}
	aim->struck = memory_zeroed(aim->set.count, 1);
}

void
fault_aim_release(struct fault_aim *aim)
{
	free(aim->set.members);
	free(aim->struck);
}

bool
fault_aim_goes_round(const struct fault_aim *aim,
		     const struct fault_settings *fault)
{
	return fault->each_ns > 0 && fault->count == 0 && aim->set.count > 1;
}

/* What was written by name is there, or the script is wrong, not we. */
static bool
is_candidate(const struct fault_aim *aim, uint32_t member, uint32_t there)
{
	return aim->struck[member] == 0 &&
	       (aim->set.count == 1 || aim->set.members[member] < there);
}

/* Without an until_s one round is all. */
static uint32_t
choose_next(struct fault_aim *aim, const struct fault_settings *fault,
	    uint32_t there, uint32_t *chosen)
{
	for (uint32_t i = 0; i < aim->set.count && aim->turn < aim->set.count;
	     i++) {
		uint32_t member = aim->turn++;

		if (aim->turn == aim->set.count && fault->until_ns > 0)
			aim->turn = 0;
		if (!is_candidate(aim, member, there))
			continue;
		chosen[0] = member;
		return 1;
	}
	return 0;
}

/* The first `wanted` of them become random ones of all. */
static void
shuffle(uint32_t *chosen, uint32_t count, uint32_t wanted, struct rng *rng)
{
	for (uint32_t i = 0; i < wanted; i++) {
		uint32_t other = i + (uint32_t)rng_below(rng, count - i);
		uint32_t swap = chosen[i];

		chosen[i] = chosen[other];
		chosen[other] = swap;
	}
}

uint32_t
fault_aim_choose(struct fault_aim *aim, const struct fault_settings *fault,
		 uint32_t there, struct rng *rng, uint32_t *chosen)
{
	uint32_t count = 0, wanted = fault->count;

	if (fault_aim_goes_round(aim, fault))
		return choose_next(aim, fault, there, chosen);
	for (uint32_t i = 0; i < aim->set.count; i++)
		if (is_candidate(aim, i, there))
			chosen[count++] = i;
	if (wanted == 0)
		return count;
	if (wanted > count)
		wanted = count;
	shuffle(chosen, count, wanted, rng);
	return wanted;
}

uint32_t
fault_aim_struck(const struct fault_aim *aim, uint32_t *chosen)
{
	uint32_t count = 0;

	for (uint32_t i = 0; count < aim->struck_count; i++)
		if (aim->struck[i] != 0)
			chosen[count++] = i;
	return count;
}

void
fault_aim_mark(struct fault_aim *aim, uint32_t member, bool struck)
{
	if ((aim->struck[member] != 0) == struck)
		return;
	aim->struck[member] = struck;
	if (struck)
		aim->struck_count++;
	else
		aim->struck_count--;
}
