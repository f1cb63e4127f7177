/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metric.h - the metrics: what is timed, a row each
 *
 * Both worlds measure the same things and give them the same names. A row says
 * what a metric is between, which part reports it and what readers do with it:
 * the database, summary, exports, fits, figures and the comparison of both
 * worlds read this table and nothing else, so a metric is a row here, and the
 * call that reports it (watch.h).
 *
 * All values are nanoseconds. A value may be *local*: it cost nothing because
 * there was nothing to do; such are shown, and left out where both worlds are
 * compared.
 *
 * Append only: the numbers order every listing; names are in databases.
 */
#ifndef SIM_MODEL_METRIC_H
#define SIM_MODEL_METRIC_H

#include <stdbool.h>

enum metric {
	METRIC_SETTING_FIRST,
	METRIC_SETTING_ALL,
	METRIC_DETECTION,
	METRIC_LOOKUP,
	METRIC_STALL,
	METRIC_STALL_BEFORE, /* see stall_meter.h */
	METRIC_COMPLETION,
	METRIC_REPAIR, /* see sim/host/repairs.h */
	METRIC_COUNT
};

/* How many of a figure's curves are drawn: a curve has the tier at which it is
 * left out last (view `curve`). */
enum metric_curves {
	METRIC_CURVES_NONE, /* no figure of its own */
	METRIC_CURVES_FEW, /* each is two: 3 sizes or series */
	METRIC_CURVES_SOME, /* 5 sizes, 6 series */
	METRIC_CURVES_MANY, /* each is a row: 8 series */
};

struct metric_row {
	const char *name; /* in databases and options: "setting_first" */
	const char *label; /* over a panel: "Setting, first replica" */
	const char *title; /* of a figure: "Setting time, first replica" */
	const char *from, *to; /* the two events */
	const char *reporter; /* which part reports it, in both worlds */
	const char *local; /* why there was nothing to do; NULL: there always
			      is */
	unsigned fitted; /* place among the fits of T(n), from 1; 0: does not
			    grow with n */
	bool compared; /* simulated beside live */
	enum metric_curves curves;
	const char *plain; /* "lookups": its figure is the plain distribution,
			      over these; NULL: it has none, or one of its own
			      kind */
};

/* Asserts that there is such a metric. */
const struct metric_row *metric_row(enum metric);
const char *metric_name(enum metric);
/* NULL: no metric is called so. */
const struct metric_row *metric_find(const char *name);
/* The metric at that place among the fits, from 1; NULL: none. */
const struct metric_row *metric_fitted(unsigned place);

#endif
