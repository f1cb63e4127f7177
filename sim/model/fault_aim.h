/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_aim.h - which of an event's targets are struck, and which next
 *
 *	target: server*			all of them
 *	target: server*, count: 2	two at random, drawn without putting
 *					back; anew each time
 *	target: server*, each_s: 5	the next one, in turn; one round, or
 *					round and round until until_s
 *
 * What the event has struck and not yet undone is no candidate: a turn passes
 * it over, and a draw is among the others. Nor is what is not there yet:
 * servers that join later.
 */
#ifndef SIM_MODEL_FAULT_AIM_H
#define SIM_MODEL_FAULT_AIM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "sim/model/fault_target.h"
#include "sim/model/settings.h"

struct fault_aim {
	/* Of a kind without targets, and of a path, one that is
	 * FABRIC_NONE. */
	struct fault_set set;
	uint8_t *struck; /* by member: what was done to it is in force */
	uint32_t struck_count;
	uint32_t turn; /* the member that is next; set.count: the round is over
			*/
};

/* Takes the set; an empty one becomes one that is nothing. */
void fault_aim_init(struct fault_aim *, struct fault_set);
void fault_aim_release(struct fault_aim *);
/* Does the event go from one target to the next? */
bool fault_aim_goes_round(const struct fault_aim *,
			  const struct fault_settings *);
/* Members to strike now, into chosen (room for all); how many. Members of
 * `there` and above are not there. */
uint32_t fault_aim_choose(struct fault_aim *, const struct fault_settings *,
			  uint32_t there, struct rng *, uint32_t *chosen);
/* All that are struck, the same way. */
uint32_t fault_aim_struck(const struct fault_aim *, uint32_t *chosen);
void fault_aim_mark(struct fault_aim *, uint32_t member, bool struck);

#endif
