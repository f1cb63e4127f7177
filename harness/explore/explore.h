/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explore.h - worlds that nobody wrote, each run twice
 *
 *	seed -> generator.h -> validate -> two passes (jobs.h) -> the same?
 *
 * Of each world is asked what holds for all: its file is valid, both passes
 * end, and say the same, word by word and event by event (the second has
 * another heap, as in run --check-determinism). What does not hold is a
 * violation:
 *
 *	refused		the file is not valid, or no world can be made of it
 *	no progress	a pass went on without end (sim/progress.h)
 *	crash		a pass died, of a signal or otherwise
 *	differs		two passes, two results
 *
 * Nothing is stored. A violation is told with the command that repeats it.
 */
#ifndef HARNESS_EXPLORE_EXPLORE_H
#define HARNESS_EXPLORE_EXPLORE_H

#include "harness/base/usage.h"

extern const struct verb verb_explore;

#endif
