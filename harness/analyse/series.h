/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * series.h - runs that differ in the number of servers and the seed only
 *
 *	run 1: k 8, 16 servers, seed 1 \
 *	run 2: k 8, 16 servers, seed 2  > series 1 "dht.k=8"
 *	run 3: k 8, 32 servers, seed 1 /
 *	run 4: k 20, 16 servers, seed 1   series 2 "dht.k=20"
 *
 * A curve T(n), a distribution and a comparison are about one series; a
 * `--set` between two runs makes two, whether the scenario sweeps that key or
 * not, because the whole resolved scenario is compared. Within a series,
 * runs of the same n are replicates.
 *
 * A simulated run repeated with the same seed is the same run, not a
 * replicate: counting it twice would make every interval too narrow. Only the
 * newest stays. Live runs are never the same.
 *
 * series_attach() leaves two temporary tables in the connection (the database
 * itself is not touched) for all readers to join:
 *	series(id, scenario, world, label, k, homeward)
 *	member(run_id, series, servers, seed)
 * label: the keys in which the series of one scenario differ, "" when it has
 * only one. k, homeward: as resolved; homeward is 'on' or 'off' (service.scheme
 * homeward or none), or the name of another scheme. And the SQL function
 * scenario_get(resolved, path) for any key ("title", "plots.1").
 */
#ifndef HARNESS_ANALYSE_SERIES_H
#define HARNESS_ANALYSE_SERIES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Only that scenario's runs (NULL: all), only such as ended well. Also
 * registers quantile.h's functions. Says on standard error how many runs were
 * left out and why. *count: series found. 0 or EXIT_RUNTIME, said.
 */
int series_attach(sqlite3 *, const char *scenario, size_t *count);

/* Patterns of keys (fnmatch(3): "events.*.target"); zeroed: none. */
#define SERIES_POOLED 16
struct series_pool {
	const char *patterns[SERIES_POOLED];
	size_t count;
};

/* The pattern is borrowed. False: too many. */
bool series_pool_add(struct series_pool *, const char *pattern);
/*
 * From now on runs that differ in keys that match one of the patterns are of
 * one series, too: as if the key were not there. For keys that choose among
 * samples, such as which link is cut. 0 or EXIT_RUNTIME, said; EXIT_USAGE,
 * said: no key of these runs matches.
 */
int series_pool(sqlite3 *, const struct series_pool *);

#endif
