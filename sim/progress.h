/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h - does a run still get anywhere?
 *
 * A simulated run has a last instant, but nothing promises that it is reached:
 * two hosts may answer each other for ever, a chain of events may take no
 * time at all. The rule: what happens must be for something. Progress is
 *
 *	bytes	that reach a session's receiver in order and are right
 *	steps	of the experiment: a session opens, is taken or ends, an
 *		operation of the load begins, a call is answered, a server has
 *		joined for the first time, an event of the scenario
 *
 * and all of it is bounded by the scenario. Events without any of that are
 * allowed PATIENCE, plus what a world of that size may do in the simulated time
 * that has passed meanwhile: maintenance, repetitions with growing pauses,
 * attackers, routes that settle. Beyond that the run is stuck, and ends.
 *
 *	events since the last progress
 *	   ^			  / stuck
 *	   |		     _ . '  allowed: patience + rate * time
 *	   |	    _ . - '
 *	   |  . - '
 *	   +-------------------------> simulated time since
 *
 * So a storm may be as large as it likes while it moves bytes, and a run may be
 * idle for days; a war between a pair of hosts that costs a device less than
 * PROGRESS_RATE goes on to the end of the run, for it does not keep it from
 * ending. The clock on the wall plays no part: a run ends in the same event on
 * every machine. Routing that does not settle is no progress.
 *
 * It is asked every few thousand events, and costs nothing between.
 */
#ifndef SIM_PROGRESS_H
#define SIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "sim/model/settings.h"

/* Events that need no reason: in all, and for each device, session and key of
 * the load, which may all at once have something to repeat: when half of all
 * servers crash their routes go and their records are repaired, and nobody may
 * ask for anything meanwhile. */
#define PROGRESS_PATIENCE     1000000
#define PROGRESS_PATIENCE_PER 1000
/* And those that time excuses: a simulated second and device. */
#define PROGRESS_RATE 20

struct progress {
	uint64_t patience;
	uint64_t rate; /* events a simulated second */
	/* When there was progress last. */
	uint64_t done, events;
	struct instant at;
};

/* devices: of the whole fabric. */
void progress_init(struct progress *, const struct settings *,
		   uint64_t devices);
/* Once in a while: events (and updates of routes) so far, and a count of what
 * was done, which changes when there is progress. True: the run is stuck. */
bool progress_is_stuck(struct progress *, struct instant now, uint64_t events,
		       uint64_t done);

#endif
