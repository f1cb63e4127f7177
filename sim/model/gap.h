/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gap.h - the longest time without new bytes, before and after a fault
 *
 *	bytes	|  |   | |        |  |
 *	time	----------X---------------+
 *	        <-before->fault    after  window's end
 *
 * A gap lies between two arrivals of new in-order bytes and counts where it
 * ends, so the one during which the fault happens belongs to `after`. Before:
 * the longest that ended in the GAP_SECONDS whole seconds before the fault and
 * in the fault's own (one number a second is kept, not every arrival).
 * After: until the window ends, a gap still open then included.
 */
#ifndef SIM_MODEL_GAP_H
#define SIM_MODEL_GAP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define GAP_SECONDS 10

struct gaps {
	struct instant last; /* arrival; NEVER: none yet */
	int64_t second; /* that of the newest entry */
	int64_t longest_ns[GAP_SECONDS + 1]; /* by second, cyclic */
	bool window;
	struct instant fault;
	int64_t before_ns, after_ns;
};

void gaps_init(struct gaps *);
/* New bytes arrived in order. */
void gaps_progress(struct gaps *, struct instant now);
/* A fault happens; false when no byte has arrived so far: no window. */
bool gaps_fault(struct gaps *, struct instant now);
/* The window ends: before_ns and after_ns are final. running: more bytes were
 * expected. */
void gaps_end(struct gaps *, struct instant now, bool running);

#endif
