/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reduction.h - cut as long as something can go
 *
 *	a round: each cut of cut.h, each of its steps
 *		a step that still shows it is taken, and tried again
 *	again, until a whole round takes nothing; then with more seeds
 *
 * It knows nothing of worlds: whoever asks says what "still shows it" means.
 * What contradicts itself is not asked about, nor what was asked before. A
 * smaller variant draws everything anew, and may lose what the larger one
 * showed by chance: other seeds are tried then, a few while the world is large,
 * and more when nothing else goes.
 *
 * This is delta debugging (Zeller and Hildebrandt 2002) over settings instead
 * of lines; one answer a variant, since runs are deterministic.
 */
#ifndef HARNESS_EXPLORE_REDUCTION_H
#define HARNESS_EXPLORE_REDUCTION_H

#include <stdint.h>

#include "harness/explore/variant.h"

#define REDUCTION_SEEDS 200 /* other seeds are 1 to this */

struct reduction {
	/* The first of them that shows it; count: none. UINT32_MAX: stop, and
	 * no more is asked. */
	uint32_t (*first)(void *context, const struct settings *const *,
			  uint32_t count);
	void *context;
	uint32_t most; /* variants that may be asked about */
	uint32_t asked; /* set: up to the ones that showed it */
	bool stopped; /* set: first() said so */
};

/* Makes the variant, which shows it, as small as it can be. */
void reduction_run(struct reduction *, struct variant *);

#endif
