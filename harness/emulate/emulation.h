/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * emulation.h - one run in a lab, as world.h is one in the simulator
 *
 *	lab_up -> daemons' `watch` streams, netlink, clients, faults -> watch
 *	calls -> lab_down
 *
 * The same settings and the same watch as the simulator's, so that what
 * stores a simulated run stores this one. Time is CLOCK_MONOTONIC less the
 * time at which the run began; zero of the scenario is when the lab has
 * converged and all daemons have joined. Measured are, with one clock:
 *
 *	setting, lookup	by the daemons (live/engine/report.h)
 *	detection	from the kernel's link event (netlink, RTM_NEWLINK) to
 *			the first stray that a daemon reports
 *	stall, outcome	at the client (curl, or load_generator.h)
 *
 * A run of a lab is not deterministic; its state hash is 0.
 */
#ifndef HARNESS_EMULATE_EMULATION_H
#define HARNESS_EMULATE_EMULATION_H

#include <stddef.h>

#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/world.h"

/* What a lab's name is made of: runs of several processes do not meet. */
#define EMULATION_PREFIX "run-"

/* Does a live run do what these settings ask for? 0; -EINVAL with a sentence:
 * what is more than a lab (lab_possible()), events that a lab cannot do,
 * operations without sessions. */
int emulation_possible(const struct settings *, char *error, size_t error_size);
/* LAB_NAME bytes: "run-PID-paper", unlike that of any other process. */
void emulation_lab_name(const char *scenario, char *name);
/* Labs of runs whose process is no more go. */
void emulation_sweep(void);
/* As world_create() and world_run() in one. 0, with *result; -EINVAL with a
 * sentence: these settings are not for a lab; -EIO: the lab failed, said. */
int emulation_run(const char *lab_name, const struct settings *,
		  const struct watch *, struct world_result *result,
		  char *error, size_t error_size);

#endif
