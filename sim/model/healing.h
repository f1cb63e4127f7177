/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * healing.h - when the script of a scenario is over, and what it leaves behind
 *
 *	events	--|==|-----|========|--|====|>			time
 *				    over_ns ^   what stays ^: paths, servers
 *
 * Some promises are about the time after the last fault: what was cut off goes
 * on, who lost his contacts finds them. Whoever holds a run to them has to know
 * when that time begins, and whether it does. It follows from the settings
 * alone. An event is over when it is undone: at its own end, after its last
 * turn, or by another event that undoes all it struck. Of churn nobody knows
 * when the last server is back: it is never over. Routes follow a moment
 * later: healing_routes_ns().
 *
 * What is left behind is told on the safe side: a path that was cut, and a
 * target that was drawn, are mended by events that mend all of them.
 */
#ifndef SIM_MODEL_HEALING_H
#define SIM_MODEL_HEALING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"

#define HEALING_NEVER INT64_MAX

struct healing {
	/* After the scenario's zero: from then on the script changes nothing.
	 * 0: there is no event. It may be later than the run's end. */
	int64_t over_ns;
	/* A link or router is then still cut, silent or worse, or an attack
	 * goes on. */
	bool paths;
	/* A server is crashed, drained or without its daemon then. One that has
	 * left for good is not missing. */
	bool servers;
};

/* The fabric has the servers that join, too. Aborts when out of memory. */
struct healing healing_of(const struct settings *, const struct fabric *);
/* When all is as it was at the start; NEVER: something stays. */
int64_t healing_ns(const struct healing *);
/* Until all routes are those of the fabric as it is, after its last change. */
int64_t healing_routes_ns(const struct settings *);

#endif
