/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_sim_test.c - simulated beside live, and what cuts did, from laws that
 * are known (synthetic_worlds())
 */
#include "harness/analyse/live_sim.h"

#include <stdbool.h>
#include <string.h>

#include "harness/analyse/view.h"
#include "harness/test/synthetic.h"

static char path[] = "/tmp/homeward-comparison-test-XXXXXX";

struct row {
	const char *sentence, *sql; /* a condition that gives 1 */
};

static void
rows_check(sqlite3 *db, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t holds = 0;

		CHECK_ROW(db_number(db, rows[i].sql, -1, &holds) == 0,
			  rows[i].sentence);
		CHECK_ROW(holds == 1, rows[i].sentence);
	}
}
#define ROWS_CHECK(db, rows)                                                   \
	rows_check(db, rows, sizeof(rows) / sizeof(rows[0]))

static void
test_comparison(void)
{
	static const struct row rows[] = {
		{ "one pair: neither controls nor other settings are pairs",
		  "SELECT count(*) = 1 FROM series_pair" },
		{ "worlds that differ in what only the model needs are pairs",
		  "SELECT s.identity <> l.identity FROM series_pair t JOIN "
		  "series s ON"
		  " s.id = t.sim JOIN series l ON l.id = t.live" },
		{ "a slower live world is slower, by so much",
		  "SELECT verdict = 'differs' AND words GLOB 'live is slower*'"
		  " AND shift_low_ns < 200e3 AND shift_high_ns > 200e3"
		  " AND shift_low_ns > 0 AND larger > 0.5 FROM comparison"
		  " WHERE metric = 'setting_first' AND phase = 'converged'" },
		{ "a row is as many values as there are, apart by phase",
		  "SELECT sim_n = 30 AND live_n = 30 AND sim_runs = 20 AND"
		  " live_runs = 20 FROM comparison WHERE metric ="
		  " 'setting_first' AND phase = 'converged'" },
		{ "during a reroute: after the cut",
		  "SELECT sim_n = 20 AND live_n = 20 FROM comparison"
		  " WHERE metric = 'setting_first' AND phase = 'reroute'" },
		{ "equal laws are alike",
		  "SELECT verdict = 'alike' FROM comparison"
		  " WHERE metric = 'setting_first' AND phase = 'reroute'" },
		{ "only remote lookups count",
		  "SELECT sim_n = 14 AND live_n = 10 AND verdict = 'alike'"
		  " AND sim_median_ns > 5e4 FROM comparison"
		  " WHERE metric = 'lookup'" },
		{ "another spread around the same centre is seen",
		  "SELECT verdict = 'shape' AND d > 0.3 FROM comparison"
		  " WHERE metric = 'detection'" },
		{ "sessions that did not stray do not stall",
		  "SELECT sim_n = 20 AND live_n = 20 FROM comparison"
		  " WHERE metric = 'stall'" },
		{ "a live world may be faster, but for its timers",
		  "SELECT live_median_ns < 6e6 AND sim_median_ns > 7e6 AND"
		  " live_p90_ns > 200e6 AND abs(ratio - live_median_ns /"
		  " sim_median_ns) < 1e-9 FROM comparison"
		  " WHERE metric = 'stall'" },
		{ "too few values are not tested",
		  "SELECT verdict = 'few' AND u_p IS NULL AND live_n = 0 AND"
		  " live_median_ns IS NULL FROM comparison"
		  " WHERE metric = 'setting_all'" },
		{ "whole runs are exchanged where there are enough",
		  "SELECT min(basis = 'runs' AND runs_p >= 0.0001) FROM"
		  " comparison WHERE verdict <> 'few'" },
		{ "a figure has a panel a metric that is in both worlds",
		  "SELECT count(*) = 4 AND max(panel) = 4 FROM panel" },
		{ "and of two phases the one with more values",
		  "SELECT phase = 'converged' FROM panel JOIN comparison"
		  " USING (id) WHERE metric = 'setting_first'" },
	};
	sqlite3 *db;

	CHECK(view_open(&db, path, NULL) == 0);
	CHECK(live_sim_attach(db) == 0);
	ROWS_CHECK(db, rows);
	CHECK(live_sim_attach(db) == 0);
	ROWS_CHECK(db, rows);
	db_close(db);
}

static void
test_phase(void)
{
	static const struct row all[] = {
		{ "a measurement after a fault is of the reroute",
		  "SELECT min(phase = 'reroute') FROM measured"
		  " WHERE at_ns BETWEEN 2e9 AND 5e9" },
		{ "and so is one after it was undone",
		  "SELECT min(phase = 'reroute') FROM measured"
		  " WHERE at_ns BETWEEN 20e9 AND 23e9" },
		{ "one before is not",
		  "SELECT max(phase = 'reroute') = 0 FROM measured"
		  " WHERE at_ns < 1.9e9 AND at_ns + value_ns < 2e9" },
		{ "one that the fault interrupts is",
		  "SELECT min(phase = 'reroute') FROM measured"
		  " WHERE at_ns = 1e9 AND value_ns > 1e9" },
	};
	static const struct row some[] = {
		{ "only the phase that was asked for",
		  "SELECT min(phase = 'converged') FROM measured" },
		{ "also in a summary",
		  "SELECT count(*) = 0 FROM metrics WHERE metric ="
		  " 'detection'" },
		{ "and in a comparison",
		  "SELECT min(phase = 'converged') FROM comparison" },
	};
	sqlite3 *db;

	CHECK(view_open(&db, path, NULL) == 0);
	ROWS_CHECK(db, all);
	CHECK(view_phase(db, "converged") == 0);
	CHECK(live_sim_attach(db) == 0);
	ROWS_CHECK(db, some);
	db_close(db);
}

static void
test_cuts(void)
{
	static const struct row rows[] = {
		{ "a tier is the link's name without numbers",
		  "SELECT min(tier = 'leaf-server') AND count(*) > 0 FROM "
		  "cuts" },
		{ "what is undone is no cut",
		  "SELECT min(kind = 'link_down') FROM cuts" },
		{ "only sessions that strayed",
		  "SELECT count(*) = 100 FROM cuts" },
		{ "a simulated one knows neither side nor loss",
		  "SELECT max(side IS NOT NULL OR lost IS NOT NULL) = 0 FROM"
		  " cuts JOIN run r ON r.id = run_id WHERE r.world = 'sim'" },
		{ "sent again and missing before: data were lost",
		  "SELECT min(lost = 'data') FROM cuts WHERE resent > "
		  "repeated" },
		{ "sent again, but there before: its strays were lost",
		  "SELECT min(lost = 'strays') AND count(*) > 0 FROM cuts"
		  " WHERE resent = repeated AND resent > 0" },
		{ "nothing was sent again: nothing was lost",
		  "SELECT min(lost = 'nothing') FROM cuts WHERE resent = 0" },
		{ "data are at risk where the link is on the way back",
		  "SELECT min(at_risk = iif(back, 'strays and data',"
		  " 'strays')) FROM cuts WHERE back IS NOT NULL" },
		{ "every series has its stalls by each division",
		  "SELECT count(DISTINCT \"by\") = 6 AND sum(iif(place = 0,"
		  " count, 0)) = 20 AND sum(iif(place = 4, count, 0)) = 20 AND"
		  " sum(iif(place = 5, count, 0)) = 20 FROM stalls"
		  " WHERE id = (SELECT min(id) FROM series"
		  "   WHERE world = 'live')" },
		{ "those that waited for a timer are counted",
		  "SELECT waited = 5 AND count = 20 FROM stalls WHERE place = 0"
		  " AND id = (SELECT min(id) FROM series"
		  "   WHERE world = 'live')" },
	};
	sqlite3 *db;

	CHECK(view_open(&db, path, NULL) == 0);
	ROWS_CHECK(db, rows);
	db_close(db);
	/* An upload's data are the strays. */
	CHECK(db_open(&db, path, DB_WRITE) == 0);
	CHECK(db_exec(db, "INSERT INTO setting SELECT id, 'clients.direction',"
			  " 'upload' FROM run") == 0);
	db_close(db);
	CHECK(view_open(&db, path, NULL) == 0);
	static const struct row uploads[] = {
		{ "an upload's segments that never arrived were strays",
		  "SELECT min(lost = 'strays') FROM cuts"
		  " WHERE resent > repeated" },
		{ "or else their answers were lost",
		  "SELECT min(lost = 'answers') FROM cuts"
		  " WHERE resent = repeated AND resent > 0" },
	};
	ROWS_CHECK(db, uploads);
	db_close(db);
}

int
main(void)
{
	char extra[sizeof(path) + 4];
	int file = mkstemp(path);
	sqlite3 *db;

	CHECK(file >= 0);
	close(file);
	db = synthetic_open(path);
	synthetic_worlds(db);
	db_close(db);
	test_comparison();
	test_phase();
	test_cuts();
	(void)unlink(path);
	snprintf(extra, sizeof(extra), "%s-wal", path);
	(void)unlink(extra);
	snprintf(extra, sizeof(extra), "%s-shm", path);
	(void)unlink(extra);
	return check_done();
}
