/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scaling.h - T(n) of one series and metric: from the database to the fit
 *
 * The paper's model (section 9.3.2) is about lookups; settings are fitted in
 * the same way. Each is fitted in time and in rounds (the database's `hops`):
 * rounds depend on the protocol alone, so their L is what theory predicts, and
 * L in time over L in rounds is what one round costs.
 *
 * A run counts as the mean over its successful operations. An operation that
 * the asker answers from its own store is one of 0 ns and 0 rounds, as in the
 * reference figures: leaving such out would bend the curve where n is near k.
 * Failed operations have no time; their number is reported beside the fit,
 * because a mean over survivors flatters. Runs with n <= k, where every server
 * knows every other, say nothing about T(n) and are left out.
 */
#ifndef HARNESS_ANALYSE_SCALING_H
#define HARNESS_ANALYSE_SCALING_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/analyse/fit.h"

struct scaling {
	int64_t series;
	char scenario[64];
	char label[192]; /* series.h */
	char metric[32]; /* lookup, setting_first, setting_all */
	bool rounds; /* else nanoseconds */
	int64_t k;
	int64_t runs_small; /* left out: n <= k */
	int64_t operations, local, failed; /* of the runs that count */
	struct fit fit; /* meaningless without points */
	struct fit_point *points; /* fit.points of them */
};

/* After series_attach(). No run: scaling->points is NULL. To be freed either
 * way. 0 or EXIT_RUNTIME, said. */
int scaling_read(sqlite3 *, int64_t series, const char *metric, bool rounds,
		 struct scaling *);
void scaling_free(struct scaling *);

/* The metrics that grow with n, in the order of the fits, from 0; NULL past the
 * last. */
const char *scaling_metric(size_t index);

/* Everything about every fit with at least two n, as temporary tables
 * fit_line, fit_point and fit_curve; see the views of view.c. */
int scaling_attach(sqlite3 *);

#endif
