/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stint.h - one run in a lab: what world.h is for the simulator
 *
 *	lab_up -> daemons' `watch` streams, netlink, clients, faults -> watch
 *	calls -> lab_down
 *
 * The same settings and the same watch as the simulator's, so that whatever
 * stores a simulated run stores this one. Time is CLOCK_MONOTONIC less the
 * time at which the run began; zero of the scenario is when the lab has
 * converged and all daemons have joined. Measured are, with one clock:
 *
 *	setting, lookup	by the daemons (live/report.h)
 *	detection	from the kernel's link event (netlink, RTM_NEWLINK) to the
 *			first stray that a daemon reports
 *	stall, outcome	at the client (curl, or the crowd of crowd.h)
 *
 * A run of a lab is not deterministic; its state hash is 0.
 */
#ifndef HARNESS_STINT_H
#define HARNESS_STINT_H

#include <stddef.h>

#include "sim/settings.h"
#include "sim/watch.h"
#include "sim/world.h"

/* As world_create() and world_run() in one. 0, with *result; -EINVAL with a
 * sentence: these settings are not for a lab; -EIO: the lab failed, said. */
int stint_run(const char *lab_name, const struct settings *,
	      const struct watch *, struct world_result *result, char *error,
	      size_t error_size);

#endif
