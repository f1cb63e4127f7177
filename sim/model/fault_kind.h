/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_kind.h - the kinds of faults, a row each
 *
 * Its name in a scenario, what undoes it at until_s, what it acts on, whether
 * it harms sessions and whether its first stray is timed (workload.h); and
 * which of the two worlds can do it: a scenario that asks a world for more
 * is refused before anything starts.
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
};

const struct fault_kind_trait *fault_kind_trait(enum fault_kind);
/* The first event that the world cannot do: its index; fault_count: none. */
uint32_t fault_kind_impossible(const struct settings *, bool live);

#endif
