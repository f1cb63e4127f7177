/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * synthetic.h - databases whose truth is known, for tests only
 *
 * Filled by SQL with values drawn from named laws under fixed seeds, so that
 * what the readers say can be checked against what was put in. Included by
 * tests, like core/test/check.h; never a result.
 */
#ifndef HARNESS_TEST_SYNTHETIC_H
#define HARNESS_TEST_SYNTHETIC_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "core/test/check.h"
#include "harness/db/db.h"

/* Lookups: rounds Poisson about SYNTHETIC_A + SYNTHETIC_L log2 n, a round of
 * 1 ms give or take 10 %. */
#define SYNTHETIC_A	0.33
#define SYNTHETIC_L	0.1929
#define SYNTHETIC_ROUND 1e6

/* The columns that every timed operation has. */
#define SYNTHETIC_MEASUREMENT                                                  \
	"measurement(run_id, metric, at_ns, value_ns, node, flow, hops, "      \
	"local, ok)"

struct synthetic_run {
	int64_t id;
	const char *scenario;
	int64_t seed, servers;
	const char *point, *status, *resolved;
};

/* A fresh database at path. */
static inline sqlite3 *
synthetic_open(const char *path)
{
	sqlite3 *db = NULL;

	(void)unlink(path);
	CHECK(db_open(&db, path, DB_WRITE) == 0);
	return db;
}

static inline void synthetic_sql(sqlite3 *db, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline void
synthetic_sql(sqlite3 *db, const char *format, ...)
{
	va_list arguments;
	char *sql;

	va_start(arguments, format);
	sql = sqlite3_vmprintf(format, arguments);
	va_end(arguments);
	/* One complaint is enough: the rest would be its echo. */
	if (db_exec(db, sql) != 0)
		abort();
	sqlite3_free(sql);
}

static inline void
synthetic_run(sqlite3 *db, const struct synthetic_run *run)
{
	synthetic_sql(
		db,
		"INSERT INTO run(id, scenario, world, seed, servers,"
		" point, started_at, status, versions, resolved)"
		" VALUES(%lld, '%s',"
		" 'sim', %lld, %lld, '%s', '2026-01-01', '%s', '{}', '%s')",
		(long long)run->id, run->scenario, (long long)run->seed,
		(long long)run->servers, run->point, run->status,
		run->resolved);
}

/* Lookups of one run; the means follow the law exactly in expectation. */
static inline void
synthetic_lookups(sqlite3 *db, const struct synthetic_run *run, int count,
		  gsl_rng *random)
{
	double mean = SYNTHETIC_A + SYNTHETIC_L * log2((double)run->servers);

	for (int i = 0; i < count; i++) {
		unsigned hops = gsl_ran_poisson(random, mean);
		double round =
			SYNTHETIC_ROUND * (0.9 + 0.2 * gsl_rng_uniform(random));

		synthetic_sql(db,
			      "INSERT INTO " SYNTHETIC_MEASUREMENT
			      " VALUES(%lld, 'lookup',"
			      " %d, %lld, %d, NULL, %u, %d, 1)",
			      (long long)run->id, i * 1000,
			      (long long)(hops * round), i % 16, hops,
			      hops == 0);
	}
}

/* A sweep of servers from `first` by doublings, `repeat` seeds each. */
static inline void
synthetic_scale(sqlite3 *db, int64_t first, int sizes, int repeat, int lookups)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	char point[64];
	int64_t id = 1000;

	gsl_rng_set(random, 7);
	synthetic_sql(db, "BEGIN");
	for (int i = 0; i < sizes; i++)
		for (int seed = 1; seed <= repeat; seed++) {
			struct synthetic_run run = {
				.id = id++,
				.scenario = "scale",
				.seed = seed,
				.servers = first << i,
				.point = point,
				.status = "ok",
				.resolved = "fabric:\n  servers: 16\n"
					    "dht:\n  k: 8\n  alpha: 3\n"
					    "seed: 1\n",
			};

			snprintf(point, sizeof(point),
				 "{\"fabric.servers\": \"%lld\"}",
				 (long long)run.servers);
			synthetic_run(db, &run);
			synthetic_lookups(db, &run, lookups, random);
			for (int j = 0; j < lookups / 4; j++) {
				double first_ns = gsl_ran_lognormal(
					random, log(2e6 + 3e5 * i), 0.2);

				synthetic_sql(
					db,
					"INSERT INTO " SYNTHETIC_MEASUREMENT
					" VALUES"
					" (%lld, 'setting_first', %d, %lld, 1,"
					"  NULL, 4, 0, 1),"
					" (%lld, 'setting_all', %d, %lld, 1,"
					"  NULL, 4, 0, 1)",
					(long long)run.id, j,
					(long long)first_ns, (long long)run.id,
					j, (long long)(first_ns * 1.3));
			}
		}
	synthetic_sql(db, "COMMIT");
	gsl_rng_free(random);
}

/* Downloads at 100 Mbit/s, link cut at 2 s: with Homeward a gap and then on;
 * without, a reset at the first stray. */
static inline void
synthetic_stall(sqlite3 *db, int seeds)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(random, 11);
	synthetic_sql(db, "BEGIN");
	for (int i = 0; i < 2 * seeds; i++) {
		bool on = i < seeds;
		double stray = 2e9 + 1e6 * gsl_ran_lognormal(random, 0.5, 0.4);
		double back = stray + 1e6 * (5 + 4 * gsl_rng_uniform(random)) +
			      (i % 3 == 2 ? 205e6 : 0);
		int64_t bytes = 0;
		struct synthetic_run run = {
			.id = 1 + i,
			.scenario = "paper",
			.seed = 1 + i % seeds,
			.servers = 4,
			.point = "{}",
			.status = "ok",
			.resolved = on ? "service:\n  homeward: on\n"
				       : "service:\n  homeward: off\n",
		};

		synthetic_run(db, &run);
		for (double at = 1e9; at < 5e9; at += 1e6) {
			if (at > stray && (!on || at < back))
				continue;
			bytes += 12500;
			synthetic_sql(db,
				      "INSERT INTO sample VALUES(%d, 0, %lld,"
				      " %lld)",
				      1 + i, (long long)at, (long long)bytes);
		}
		synthetic_sql(
			db,
			"INSERT INTO session VALUES(%d, 0, 2, 1000000000, %lld,"
			" %lld, %d, %lld, '%s', %s);"
			"INSERT INTO fault VALUES(%d, 2000000000, 'link_down',"
			" 'spine1-leaf1');"
			"INSERT INTO counter VALUES(%d, 'server1', 'node_sent',"
			" 42);",
			1 + i, on ? 5000000000 : (long long)stray,
			(long long)bytes, on ? 12 : 1,
			(long long)(back - stray), on ? "kept" : "reset",
			on ? "NULL" : "'no_socket'", 1 + i, 1 + i);
		if (on)
			synthetic_sql(db,
				      "INSERT INTO " SYNTHETIC_MEASUREMENT
				      " VALUES(%d,"
				      " 'detection', 2000000000, %lld, 1, 0,"
				      " NULL, 0, 1)",
				      1 + i, (long long)(stray - 2e9));
		synthetic_sql(db,
			      "INSERT INTO " SYNTHETIC_MEASUREMENT " VALUES"
			      " (%d, 'setting_first', 0, %d, 0, 0, 1, 0, 1),"
			      " (%d, 'lookup', 0, 0, 0, 0, 0, 1, 1)",
			      1 + i, 300000 + i * 1000, 1 + i);
	}
	synthetic_sql(db, "COMMIT");
	gsl_rng_free(random);
}

static inline void
synthetic_time(sqlite3 *db, int64_t run, const char *metric, double at_s,
	       double value_ns, bool local)
{
	synthetic_sql(db,
		      "INSERT INTO " SYNTHETIC_MEASUREMENT
		      " VALUES (%lld, '%s', %lld, %lld,"
		      " 1, 0, NULL, %d, 1)",
		      (long long)run, metric, (long long)(at_s * 1e9),
		      (long long)value_ns, local);
}

/*
 * Scenario "both", 20 runs a world, a link down at 2 s and up again at 20 s:
 *	setting_first	converged: live 200 us slower; during the reroute and
 *			after the link came back: alike
 *	lookup		alike; 6 of 20 local simulated, 10 live
 *	detection	the same centre, live ten times as spread
 *	stall		live 3 ms faster; 25 of 30 strayed; every fourth live
 *			one waits for a timer, because data or strays were lost
 *	setting_all	4 simulated only: too few
 * Simulated and live routers are not equally fast, which is the model's
 * affair. Beside them a control, and live runs of k = 8 without a pair, all
 * with times that would show.
 */
static inline void
synthetic_worlds(sqlite3 *db)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(random, 13);
	synthetic_sql(db, "BEGIN");
	for (int i = 0; i < 120; i++) {
		bool live = i / 20 % 2 == 1, other = i >= 40;
		double slow = other ? 1e9 : 0;
		char resolved[160];
		struct synthetic_run run = {
			.id = 2000 + i,
			.scenario = "both",
			.seed = i % 20,
			.servers = 4,
			.point = "{}",
			.status = "ok",
			.resolved = resolved,
		};

		/* 80 to 99 would be simulated runs of k = 8. */
		if (i >= 80 && !live)
			continue;
		snprintf(resolved, sizeof(resolved),
			 "service:\n  homeward: %s\ndht:\n  k: %d\n"
			 "routing:\n  hop_ms: [%d, 40]\n",
			 i / 40 == 1 ? "off" : "on", i >= 80 ? 8 : 20,
			 live ? 20 : 10);
		synthetic_run(db, &run);
		if (live)
			synthetic_sql(db,
				      "UPDATE run SET world = 'live'"
				      " WHERE id = %d",
				      2000 + i);
		synthetic_sql(db,
			      "INSERT INTO fault VALUES (%d, 2000000000,"
			      " 'link_down', 'leaf%d-server2');"
			      "INSERT INTO fault VALUES (%d, 20000000000,"
			      " 'link_up', 'leaf1-server2')",
			      2000 + i, 1 + i % 4, 2000 + i);
		synthetic_time(db, run.id, "setting_first", 1,
			       gsl_ran_lognormal(random, log(3e5), 0.2) +
				       (live ? 2e5 : 0) + slow,
			       false);
		if (i % 2 == 0)
			synthetic_time(
				db, run.id, "setting_first", 30,
				gsl_ran_lognormal(random, log(3e5), 0.2) +
					(live ? 2e5 : 0) + slow,
				false);
		synthetic_time(
			db, run.id, "setting_first", i % 2 == 0 ? 2.5 : 21,
			gsl_ran_lognormal(random, log(4e5), 0.3) + slow, false);
		if (i < 4)
			synthetic_time(db, run.id, "setting_all", 1, 5e5,
				       false);
		if (i % 20 < (live ? 10 : 6))
			synthetic_time(db, run.id, "lookup", 2.1, 0, true);
		else
			synthetic_time(
				db, run.id, "lookup", 2.1,
				gsl_ran_lognormal(random, log(1e5), 0.1) + slow,
				false);
		synthetic_time(db, run.id, "detection", 2,
			       3e6 * (1 + gsl_ran_flat(random, -1, 1) *
						  (live ? 0.9 : 0.09)) +
				       slow,
			       false);
		synthetic_time(
			db, run.id, "stall", 2,
			gsl_ran_lognormal(random, log(live ? 5e6 : 8e6), 0.1) +
				(live && i % 4 == 0 ? 205e6 : 0) + slow,
			false);
		if (i % 2 == 0)
			synthetic_time(db, run.id, "stall", 2, 1, true);
		if (live)
			synthetic_sql(
				db,
				"INSERT INTO cut VALUES (%d, 0, 2000000000, %d,"
				" %d, %d, %d)",
				2000 + i, i % 2, i / 2 % 2, i % 4 == 0 ? 2 : 0,
				i % 8 == 0 ? 2 : 0);
	}
	synthetic_sql(db, "COMMIT");
	gsl_rng_free(random);
}

#endif
