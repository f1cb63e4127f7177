/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cut.h - the ways of making a world smaller
 *
 *	events		half of them, a quarter, one
 *	sessions, time, servers and what else makes a world large: the
 *			least, a few, a half, a quarter less, one less
 *	keys		to their defaults: all, a block of the table, one; a
 *			distribution of sizes has one less
 *	events' keys	one is not said; a loop happens once; a set is one
 *			device; sooner, shorter, fewer; in order
 *	numbers		with fewer digits
 *
 * The large cuts first. Each cut is a row with numbered steps; a step is one
 * smaller variant of the present one, or the same when it has nothing to cut.
 * Nothing becomes larger again, so cuts that are taken end.
 *
 * Keys come from the tables of key.h: one that was added yesterday is cut
 * today.
 */
#ifndef HARNESS_EXPLORE_CUT_H
#define HARNESS_EXPLORE_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/variant.h"

struct cut {
	const char *name;
	/* *out is a copy of the present variant, to be made smaller. False:
	 * there is no such step, nor any later one. */
	bool (*make)(const struct cut *, uint32_t step, struct variant *out);
	uint32_t size; /* of the cut, as its make() has it */
	/* So many other seeds are tried when the world's own loses what is
	 * looked for; times the effort, but at most so many. */
	uint32_t seeds, seeds_most;
};

/* In the order in which they are to be tried; ends with name NULL. */
const struct cut *cut_table(void);

#endif
