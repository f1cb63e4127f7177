/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - what can be exported, by name
 *
 * Each view is one query over the tables of db.h, the temporary tables of
 * series.h and, for fits, of scaling.h. Figures read views only, so all that a
 * figure shows can be had as a table, and drawn anew with other tools.
 *
 * Phase of a measurement (temporary view `measured`): 'reroute' if any part of
 * it lies within 3 s after a fault of its run, or after the fault
 * was undone; else 'converged'. Longer than any router of the lab takes, so
 * what is converged is.
 *
 * Units end the columns' names (ms, s, mb = 10^6 bytes); what has none is a
 * count, a number of servers, a name or a share (0 to 1).
 *
 * Names ending in "-curves" are in gnuplot's blocks, a curve each (result.h):
 * distributions are empirical, thinned to at most 400 steps of 1/400; each
 * step kept is exact.
 */
#ifndef HARNESS_ANALYSE_VIEW_H
#define HARNESS_ANALYSE_VIEW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "harness/db/result.h"

enum view_needs {
	VIEW_ROWS, /* what is stored */
	VIEW_FITS, /* scaling_attach() */
	VIEW_COMPARISONS, /* live_sim_attach() */
};

struct view {
	const char *name;
	const char *help; /* half a sentence */
	enum view_needs needs;
	enum result_form form; /* RESULT_TSV or RESULT_BLOCKS */
	const char *sql;
};

/* All of them; ends with name NULL. */
const struct view *view_list(void);
/* NULL: there is none of that name. */
const struct view *view_find(const char *name);

/* Open a database to read views from: series attached, one snapshot for all
 * queries, SQL functions registered. Only that scenario (NULL: all). *db is
 * to be closed with db_close(). 0 or EXIT_RUNTIME, said; no run that could be
 * read is EXIT_INCONCLUSIVE, said. */
int view_open(sqlite3 **db, const char *path, const char *scenario);
/* From now on views `summary` and `compare` show that phase only, a known one.
 * 0 or EXIT_RUNTIME, said. */
int view_phase(sqlite3 *, const char *phase);
/* The query of a view, fits and comparisons computed when wanted and not there
 * yet. NULL: said. */
sqlite3_stmt *view_prepare(sqlite3 *, const struct view *);

#endif
