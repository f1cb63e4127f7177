/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stall_meter.h - the longest time without new bytes, before and after a fault
 *
 *	bytes	|  |   | |        |  |             |
 *	time	----------X----------------------+----
 *	        <-before->fault    after         window's end
 *
 * A gap lies between two arrivals of new in-order bytes, and what counts of it
 * is what lies within the window: the STALL_METER_SECONDS after the fault, or,
 * for `before`, those before it. So the gap in which the fault happens is cut
 * in two, one that is open when a window ends counts until then, and no number
 * exceeds the window.
 *
 * Who has nothing to say does not stall. A program that writes at a pace rests
 * between two writes: up to STALL_METER_IDLE_NS that is the stream's rhythm
 * and counts, as a reader sees it; a longer rest is idleness, and the gap
 * begins when the next byte is due. It never begins when all has arrived. A
 * window in which no byte was due says nothing: its number is NONE.
 *
 * Before the fault one gap a second is kept, the longest that ended in it, and
 * not every arrival. Where a whole window cuts one of these short, another of
 * the same second may have been longer; it is not known any more.
 */
#ifndef SIM_MODEL_STALL_METER_H
#define SIM_MODEL_STALL_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"

#define STALL_METER_SECONDS 10
#define STALL_METER_NS	    (STALL_METER_SECONDS * NS_PER_S)
/* RFC 6298's first timeout: after so long a sender counts as idle (RFC 5681,
 * section 4.1). */
#define STALL_METER_IDLE_NS NS_PER_S
#define STALL_METER_NONE    (-1)

struct stall_meter {
	bool begun; /* a byte has arrived */
	struct instant from; /* the open gap began; NEVER: nothing is due */
	int64_t second; /* that of the newest entry */
	/* By second, cyclic: the longest gap that ended there, and when. */
	int64_t longest_ns[STALL_METER_SECONDS + 1]; /* or NONE */
	uint32_t ended_ns[STALL_METER_SECONDS + 1]; /* within its second */
	bool window;
	struct instant fault;
	int64_t before_ns, after_ns; /* or NONE */
};

void stall_meter_init(struct stall_meter *);
/* New bytes arrived in order. due: when the next could be here: now or before
 * when the sender only waits for the network, later when it waits for its pace;
 * NEVER: these were the last. */
void stall_meter_progress(struct stall_meter *, struct instant now,
			  struct instant due);
/* A fault happens; false when no byte has arrived so far: no window. */
bool stall_meter_fault(struct stall_meter *, struct instant now);
/* The window ends, at the latest STALL_METER_NS after the fault: before_ns and
 * after_ns are final. */
void stall_meter_end(struct stall_meter *, struct instant now);

#endif
