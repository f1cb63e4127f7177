/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_kind.h - the kinds of faults, a row each
 *
 * Its name in a scenario, what undoes it at until_s, what it acts on, whether
 * it harms sessions and whether its first stray is timed (workload.h);
 * which of the two worlds can do it; and which keys an event of that kind may
 * have besides its time and kind. A scenario that asks for more is refused
 * before anything starts.
 */
#ifndef SIM_MODEL_FAULT_KIND_H
#define SIM_MODEL_FAULT_KIND_H

#include <stdbool.h>

#include "sim/model/settings.h"

enum fault_target {
	FAULT_TARGET_NONE, /* none is given: the kind chooses */
	FAULT_TARGET_LINK,
	FAULT_TARGET_ROUTER,
	FAULT_TARGET_SERVER
};

struct fault_kind_trait {
	const char *name;
	enum fault_kind undo; /* itself: nothing does */
	enum fault_target target;
	bool harms; /* begins a stall window */
	bool detects; /* its first stray is timed */
	bool simulated, live; /* the worlds that can do it */
	uint32_t keys; /* FAULT_KEY_*; with each_s all take until_s, too */
};

const struct fault_kind_trait *fault_kind_trait(enum fault_kind);
/* "until_s" of FAULT_KEY_UNTIL; NULL: no such key. */
const char *fault_key_name(uint32_t key);
/* The keys that an event has: those that were written, and members that are
 * not 0. */
uint32_t fault_keys(const struct fault_settings *);
/* One of those that its kind does not take; 0: there is none. */
uint32_t fault_key_unused(const struct fault_settings *);
/* Is what it does in force until something undoes it? A daemon that restarts at
 * once is back. */
bool fault_stays(const struct fault_settings *);
/* Does somebody outside send something? */
bool fault_is_attack(enum fault_kind);
/* When it is over and undone, if not before; 0: never. */
int64_t fault_ends_ns(const struct fault_settings *);
/* The first event that the world cannot do: its index; fault_count: none. */
uint32_t fault_kind_impossible(const struct settings *, bool live);

#endif
