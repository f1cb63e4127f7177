/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_sim.h - the same experiment simulated and live, metric by metric
 *
 *	series "sim"  --.
 *			 >- pair -- metric, phase -- two samples (twosample.h)
 *	series "live" --'
 *
 * A pair is two series of one scenario with Homeward on, one of each world,
 * whose settings are equal in everything that a lab obeys. What only the model
 * needs (how long routers take, rates and queues of links, delays too small for
 * a lab to imitate) may differ: it is what is calibrated, and several simulated
 * series, each with other parameters, may be compared with one live series. So
 * may what only the lab needs (which end of a link is taken down).
 * Points of different size are never mixed.
 *
 * What is compared are operations that succeeded and were not local: a lookup
 * that the asker answers from its own store takes 0 in both worlds, and would
 * drown the others (how many those are, is said); a session that stayed at its
 * server stalls for nothing. Settings and lookups during a reroute are apart
 * from those while the fabric is converged (`phase`, view.h); detection and
 * stall are about a reroute by definition.
 *
 * The verdict. Differing beyond noise is p below LIVE_SIM_LEVEL; of whole runs
 * that change sides when there are enough of them, else of single values (the
 * column `basis` says which). `words` is a sentence about it.
 *
 *	few	fewer than TWOSAMPLE_LEAST of one world; nothing is tested
 *	alike	no difference beyond noise
 *	shape	ranks agree, the distributions do not
 *	differs
 */
#ifndef HARNESS_ANALYSE_LIVE_SIM_H
#define HARNESS_ANALYSE_LIVE_SIM_H

#include <sqlite3.h>

#include "harness/analyse/twosample.h"

/* That of the intervals, too. */
#define LIVE_SIM_LEVEL (1 - TWOSAMPLE_CONFIDENCE)

/*
 * After view_open(): temporary tables
 *	series_pair(pair, scenario, sim, live, label)		series' ids
 *	comparable(pair, servers, metric, place, phase, world, run_id,
 *		   value_ns)				each value
 *	comparison(id, pair, scenario, label, ...)	a row each comparison;
 *		all columns are in view `compare`, see view.c
 * 0 or EXIT_RUNTIME, said.
 */
int live_sim_attach(sqlite3 *);

#endif
