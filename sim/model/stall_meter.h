/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter.h - the longest time without new bytes, before and after a fault
 *
 *	bytes	|  |   | |        |  |
 *	time	----------X---------------+
 *	        <-before->fault    after  window's end
 *
 * A gap lies between two arrivals of new in-order bytes and counts where it
 * ends, so the one during which the fault happens belongs to `after`. Before:
 * the longest that ended in the STALL_METER_SECONDS whole seconds before the
 * fault and in the fault's own (one number a second is kept, not every
 * arrival). After: until the window ends, a gap still open then included.
 */
#ifndef SIM_MODEL_STALL_METER_H
#define SIM_MODEL_STALL_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define STALL_METER_SECONDS 10

struct stall_meter {
	struct instant last; /* arrival; NEVER: none yet */
	int64_t second; /* that of the newest entry */
	int64_t longest_ns[STALL_METER_SECONDS + 1]; /* by second, cyclic */
	bool window;
	struct instant fault;
	int64_t before_ns, after_ns;
};

void stall_meter_init(struct stall_meter *);
/* New bytes arrived in order. */
void stall_meter_progress(struct stall_meter *, struct instant now);
/* A fault happens; false when no byte has arrived so far: no window. */
bool stall_meter_fault(struct stall_meter *, struct instant now);
/* The window ends: before_ns and after_ns are final. running: more bytes were
 * expected. */
void stall_meter_end(struct stall_meter *, struct instant now, bool running);

#endif
