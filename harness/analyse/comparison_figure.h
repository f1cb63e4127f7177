/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * comparison_figure.h - the figure of both worlds: a panel a metric
 */
#ifndef HARNESS_ANALYSE_COMPARISON_FIGURE_H
#define HARNESS_ANALYSE_COMPARISON_FIGURE_H

#include <sqlite3.h>
#include <stddef.h>

#include "harness/analyse/gnuplot.h"

/* After live_sim_attach(): all panels' variables, in the order of view
 * compare-curves, and as the subtitle what they are of: "paper: 4 servers, 15
 * simulated and 20 live runs". 0 or EXIT_RUNTIME, said. */
int comparison_figure_add(sqlite3 *, const char *scenario,
			  struct variables *inputs, char *subtitle,
			  size_t size);

#endif
