/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.h - settings that are each possible, but not together
 *
 * More uplinks than leaves, alpha above k, a fault on a spine that the fabric
 * has not got. The one place that knows: the readers of a scenario ask it for
 * every point of a sweep, world_create() asks it for settings that a program
 * filled. One rule a row; the first that is broken is named, with its keys as
 * a scenario spells them.
 *
 * What one world cannot do is no contradiction: a lab's limits are
 * lab_possible()'s, kinds of faults fault_kind_impossible()'s.
 */
#ifndef SIM_MODEL_CONSTRAINTS_H
#define SIM_MODEL_CONSTRAINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/settings.h"

#define CONSTRAINT_TEXT 192 /* bytes of any sentence */

struct constraint {
	/* "dht.alpha", or of an event "target": the likelier culprit first;
	 * NULL: there is no other, or no key at all. */
	const char *keys[2];
	uint32_t event; /* from 1; 0: keys of the settings */
	char sentence[CONSTRAINT_TEXT];
	/* An event's target that nothing is called: its reader knows how to
	 * name the nearest. Else "". */
	char unknown[FAULT_TARGET_BYTES];
};

/* False: there is none, and *found is as it was. */
bool constraints_broken(const struct settings *, struct constraint *found);
/* Does every message of a call fit one packet on every link, and its header fit
 * it? Over TCP any size does. */
bool constraints_rpcs_fit(const struct settings *);

#endif
