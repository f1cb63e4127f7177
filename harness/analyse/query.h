/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * query.h - the options of verbs that read the database
 *
 * summary, export, fit, compare and plot read one database and have the same
 * options for it, so they have the same rows: a verb's table is a choice of
 * them and of its own. A structure that has more begins with struct query.
 */
#ifndef HARNESS_ANALYSE_QUERY_H
#define HARNESS_ANALYSE_QUERY_H

#include "harness/analyse/series.h"
#include "harness/base/options.h"
#include "harness/db/db.h"

enum query_phase {
	QUERY_CONVERGED,
	QUERY_REROUTE,
	QUERY_ALWAYS, /* both */
};

struct query {
	const char *db; /* path */
	const char *scenario; /* NULL: all */
	struct series_pool pool;
	unsigned phase; /* enum query_phase */
	bool json;
};

#define QUERY_DEFAULT                                                          \
	{                                                                      \
		.db = DB_DEFAULT_PATH, .phase = QUERY_ALWAYS                   \
	}

/* The word of --phase, NULL for both: as views know it (view.h). */
const char *query_phase(const struct query *);

/* Adds a pattern to struct series_pool. */
int query_pool(const struct verb *, const struct verb_option *,
	       const char *text, void *member);
/* Names of scenario keys, one after the other. */
const char *query_key(size_t index);

/* clang-format off */
#define QUERY_DB							\
	{ "db", "FILE", "database to read (" DB_DEFAULT_PATH ")",	\
	  options_text, .at = offsetof(struct query, db), .kind = USAGE_FILE }
#define QUERY_SCENARIO							\
	{ "scenario", "NAME", "only its runs", options_text,		\
	  .at = offsetof(struct query, scenario) }
#define QUERY_POOL							\
	{ "pool", "KEY",						\
	  "runs that differ in it are of one series; may be repeated, may " \
	  "have * (events.*.target)",					\
	  query_pool, .at = offsetof(struct query, pool), .repeats = true,	\
	  .word = query_key }
#define QUERY_PHASE							\
	{ "phase", "converged|reroute",					\
	  "only what was measured during a reroute, or while the fabric " \
	  "was converged",						\
	  options_choice, .at = offsetof(struct query, phase) }
#define QUERY_JSON(help)						\
	{ "json", NULL, (help), options_flag, .at = offsetof(struct query, json) }
/* clang-format on */

extern const struct verb verb_summary, verb_export, verb_fit, verb_compare,
	verb_plot;

#endif
