/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view_test.c - from rows in a database to series, fits and tables
 *
 * The database is filled by laws that are known (synthetic.h); what is read
 * back must be those laws.
 */
#include "harness/analyse/view.h"

#include <string.h>

#include "harness/analyse/scaling.h"
#include "harness/analyse/series.h"
#include "harness/base/exit.h"
#include "harness/db/result.h"
#include "harness/test/synthetic.h"

static char path[] = "/tmp/homeward-view-test-XXXXXX";

/* The text of a query's only value; "" when there is none. */
static const char *
text_of(sqlite3 *db, const char *sql)
{
	static char text[512];
	sqlite3_stmt *statement = db_prepare(db, sql);

	text[0] = '\0';
	if (statement != NULL && db_step(statement) == 1)
		snprintf(text, sizeof(text), "%s",
			 sqlite3_column_type(statement, 0) == SQLITE_NULL
				 ? "NULL"
				 : (const char *)sqlite3_column_text(statement,
								     0));
	sqlite3_finalize(statement);
	return text;
}

static const struct synthetic_run series_runs[] = {
	{ 1, "hops", 1, 16, "{\"dht.k\": \"8\"}", "ok",
	  "title: a\ndht:\n  k: 20\n  alpha: 3\nsweep:\n  dht.k: [8]" },
	{ 2, "hops", 2, 16, "{\"dht.k\": \"8\"}", "ok",
	  "title: b\ndht:\n  k: 20\n  alpha: 3\nseed: 2" },
	{ 3, "hops", 1, 32, "{\"dht.k\": \"8\", \"fabric.servers\": \"32\"}",
	  "ok", "fabric: { servers: 16 }\ndht:\n  k: 20\n  alpha: 3" },
	{ 4, "hops", 1, 16, "{\"dht.k\": \"20\"}", "ok",
	  "dht:\n  k: 8\n  alpha: 3" },
	{ 5, "hops", 1, 16, "{}", "ok", "dht:\n  k: 20\n  alpha: 1" },
	{ 6, "hops", 2, 16, "{\"dht.k\": \"8\"}", "ok",
	  "title: again\ndht:\n  k: 20\n  alpha: 3" },
	{ 7, "hops", 9, 16, "{\"dht.k\": \"8\"}", "failed",
	  "dht:\n  k: 20\n  alpha: 3" },
	{ 8, "paper", 1, 4, "{}", "ok",
	  "service:\n  homeward: off\nevents:\n  - { at_s: 2 }" },
	{ 9, "odd", 1, 4, "{}", "ok", "not: [yaml" },
};

static void
test_series(void)
{
	static const struct {
		const char *sentence, *sql, *expected;
	} rows[] = {
		{ "series_runs that differ in size, seed and title are one "
		  "series",
		  "SELECT group_concat(run_id) FROM (SELECT run_id FROM member"
		  " WHERE series = 1 ORDER BY run_id)",
		  "1,3,6" },
		{ "the newest of two series_runs of one seed stays",
		  "SELECT count(*) FROM member WHERE run_id = 2", "0" },
		{ "a failed run is in no series",
		  "SELECT count(*) FROM member WHERE run_id = 7", "0" },
		{ "the point's value beats the scenario's",
		  "SELECT group_concat(k) FROM (SELECT k FROM series"
		  " WHERE scenario = 'hops' ORDER BY id)",
		  "8,20,20" },
		{ "labels say what differs, and nothing else",
		  "SELECT label FROM series WHERE id = 1",
		  "dht.k=8 dht.alpha=3" },
		{ "another --set is another series",
		  "SELECT label FROM series WHERE id = 3",
		  "dht.k=20 dht.alpha=1" },
		{ "the only series of a scenario needs no label",
		  "SELECT label FROM series WHERE scenario = 'paper'", "" },
		{ "whether Homeward ran is known",
		  "SELECT homeward FROM series WHERE scenario = 'paper'",
		  "off" },
		{ "text that is no YAML is a series of its own",
		  "SELECT count(*) FROM series WHERE scenario = 'odd'", "1" },
	};
	sqlite3 *db = synthetic_open(path);
	size_t count;

	for (size_t i = 0; i < sizeof(series_runs) / sizeof(series_runs[0]);
	     i++)
		synthetic_run(db, &series_runs[i]);
	CHECK(series_attach(db, NULL, &count) == 0 && count == 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(strcmp(text_of(db, rows[i].sql), rows[i].expected) ==
				  0,
			  rows[i].sentence);
	CHECK(series_attach(db, "paper", &count) == 0 && count == 1);
	CHECK(series_attach(db, "it's", &count) == 0 && count == 0);
	db_close(db);
}

/* Runs from before there were schemes, and after: one series each. */
static void
test_schemes(void)
{
	static const struct synthetic_run runs[] = {
		{ 1, "cut", 1, 4, "{}", "ok", "service:\n  homeward: off" },
		{ 2, "cut", 2, 4, "{}", "ok", "service:\n  scheme: none" },
		{ 3, "cut", 1, 4, "{\"service.homeward\":true}", "ok",
		  "service:\n  homeward: on" },
		{ 4, "cut", 2, 4, "{\"service.homeward\":true}", "ok",
		  "service:\n  scheme: none" },
		{ 5, "cut", 3, 4, "{\"service.scheme\":\"homeward\"}", "ok",
		  "service:\n  scheme: homeward" },
		{ 6, "cut", 1, 4, "{}", "ok",
		  "service:\n  scheme: owner_hash" },
	};
	static const struct {
		const char *sentence, *sql, *expected;
	} rows[] = {
		{ "either spelling, swept or not, is the same setting",
		  "SELECT group_concat(series) FROM (SELECT series FROM member"
		  " ORDER BY run_id)",
		  "1,1,2,2,2,3" },
		{ "what ran, as before; another scheme by its name",
		  "SELECT group_concat(homeward) FROM (SELECT homeward"
		  " FROM series ORDER BY id)",
		  "off,on,owner_hash" },
		{ "labels have the spelling that is stored",
		  "SELECT group_concat(label) FROM (SELECT label FROM series"
		  " ORDER BY id)",
		  "service.scheme=none,service.scheme=homeward,"
		  "service.scheme=owner_hash" },
	};
	sqlite3 *db = synthetic_open(path);
	struct series_pool pool = { .count = 0 };
	size_t count;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		synthetic_run(db, &runs[i]);
	CHECK(series_attach(db, NULL, &count) == 0 && count == 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(strcmp(text_of(db, rows[i].sql), rows[i].expected) ==
				  0,
			  rows[i].sentence);
	CHECK(series_pool_add(&pool, "service.homeward"));
	CHECK(series_pool(db, &pool) == 0);
	CHECK(strcmp(text_of(db, "SELECT count(*) FROM series"), "1") == 0);
	db_close(db);
}

/* A key that is swept in one run and set in another is the same key. */
static void
test_pool(void)
{
	static const struct synthetic_run runs[] = {
		{ 1, "cuts", 1, 4, "{\"events.1.target\": \"spine1\"}", "ok",
		  "events:\n  - { at_s: 2, target: leaf1 }" },
		{ 2, "cuts", 2, 4, "{}", "ok",
		  "events:\n  - { at_s: 2, target: spine1 }" },
		{ 3, "cuts", 1, 4, "{\"events.1.target\": \"leaf1\"}", "ok",
		  "events:\n  - { at_s: 2, target: leaf1 }" },
		{ 4, "cuts", 1, 4, "{\"dht.k\": \"8\"}", "ok",
		  "events:\n  - { at_s: 2, target: leaf1 }" },
	};
	static const char members[] =
		"SELECT group_concat(series) FROM (SELECT series FROM member"
		" ORDER BY run_id)";
	struct series_pool pool = { .count = 0 };
	sqlite3 *db = synthetic_open(path);
	size_t count;

	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
		synthetic_run(db, &runs[i]);
	CHECK(series_attach(db, NULL, &count) == 0 && count == 3);
	CHECK(strcmp(text_of(db, members), "1,1,2,3") == 0);
	CHECK(series_pool(db, &pool) == 0);
	CHECK(strcmp(text_of(db, members), "1,1,2,3") == 0);
	/* Runs 1 and 3 have one seed, and are two runs all the same. */
	CHECK(series_pool_add(&pool, "events.*.target"));
	CHECK(series_pool(db, &pool) == 0);
	CHECK(strcmp(text_of(db, members), "1,1,1,2") == 0);
	CHECK(series_attach(db, NULL, &count) == 0 && count == 3);
	CHECK(series_pool_add(&pool, "no.such"));
	CHECK(series_pool(db, &pool) == EXIT_USAGE);
	while (pool.count < SERIES_POOLED)
		CHECK(series_pool_add(&pool, "*"));
	CHECK(!series_pool_add(&pool, "*"));
	db_close(db);
}

/* The whole way: rows, run means, weights, line. */
static void
test_scaling(void)
{
	struct scaling time, rounds;
	const struct fit_line *line;
	sqlite3 *db = synthetic_open(path);

	/* 4 and 8 servers are not above k = 8. */
	synthetic_scale(db, 4, 11, 4, 300);
	db_close(db);
	CHECK(view_open(&db, path, NULL) == 0);
	CHECK(scaling_read(db, 1, "lookup", false, &time) == 0);
	CHECK(scaling_read(db, 1, "lookup", true, &rounds) == 0);
	CHECK(time.fit.points == 9 && time.fit.runs == 36);
	CHECK(time.k == 8 && time.runs_small == 8);
	CHECK(time.operations == 10800 && time.failed == 0 && time.local > 0);
	CHECK(time.fit.weights == FIT_WEIGHTS_REPLICATES);
	CHECK(time.fit.verdict == FIT_LOGARITHMIC);
	line = &time.fit.line[FIT_AFFINE];
	CHECK(line->slope_low < SYNTHETIC_L * SYNTHETIC_ROUND);
	CHECK(line->slope_high > SYNTHETIC_L * SYNTHETIC_ROUND);
	line = &rounds.fit.line[FIT_AFFINE];
	CHECK(line->slope_low < SYNTHETIC_L && line->slope_high > SYNTHETIC_L);
	CHECK(line->intercept_low < SYNTHETIC_A &&
	      line->intercept_high > SYNTHETIC_A);
	scaling_free(&time);
	scaling_free(&rounds);
	CHECK(scaling_read(db, 1, "stall", false, &time) == 0);
	CHECK(time.points == NULL);
	scaling_free(&time);
	db_close(db);
}

static const struct {
	const char *sentence, *view, *sql;
} views_rows[] = {
	{ "shares of one size add up to one", "hops",
	  "SELECT count(*) FROM (SELECT servers FROM v GROUP BY"
	  " servers HAVING abs(sum(share) - 1) > 1e-9 OR"
	  " abs(max(share_up_to) - 1) > 1e-9)" },
	{ "a distribution ends at one and begins at none", "lookup-curves",
	  "SELECT count(*) FROM (SELECT curve FROM v GROUP BY"
	  " curve HAVING max(share) <> 1 OR min(share) <> 0)" },
	{ "a distribution has at most 402 steps", "lookup-curves",
	  "SELECT count(*) FROM (SELECT curve FROM v GROUP BY"
	  " curve HAVING count(*) > 402)" },
	{ "what the asker held is a step at zero", "lookup-curves",
	  "SELECT (max(share) > 0.05) - 1 FROM v WHERE lookup_ms = 0"
	  " AND curve = 'n = 16'" },
	{ "five curves of nine sizes", "lookup-curves",
	  "SELECT count(DISTINCT curve) - 5 FROM v" },
	{ "minima of AWS: 5 to 10 s, as the paper says", "balancers",
	  "SELECT count(*) - 1 FROM v WHERE balancer = 'AWS' AND"
	  " setting = 'minimum' AND earliest_s = 5 AND latest_s = 10" },
	{ "AWS by default: 35 to 65 s", "balancers",
	  "SELECT count(*) - 1 FROM v WHERE balancer = 'AWS' AND"
	  " setting = 'default' AND earliest_s = 35 AND"
	  " latest_s = 65" },
	{ "f5: its timeout after the first failed check", "balancers",
	  "SELECT count(*) - 1 FROM v WHERE balancer = 'f5' AND"
	  " earliest_s = 16 AND latest_s = 21" },
	{ "both sides of a failure, from before it on", "throughput-curves",
	  "SELECT (count(DISTINCT curve) = 2 AND"
	  " min(since_fault_s) < -0.009 AND min(received_mb) = 0) - 1"
	  " FROM v" },
	{ "a reset session gets no bytes after its stray", "throughput-curves",
	  "SELECT count(*) FROM v WHERE curve = 'without Homeward'"
	  " AND since_fault_s > 0.02" },
	{ "a kept one does", "throughput-curves",
	  "SELECT (max(since_fault_s) > 0.019) - 1 FROM v"
	  " WHERE curve = 'with Homeward'" },
};

/* Every view can be read, whatever is in the database. */
static void
test_views(void)
{
	sqlite3 *db = synthetic_open(path);

	synthetic_scale(db, 16, 9, 2, 500);
	synthetic_stall(db, 3);
	synthetic_worlds(db);
	db_close(db);
	CHECK(view_open(&db, path, NULL) == 0);
	for (const struct view *view = view_list(); view->name != NULL;
	     view++) {
		FILE *null = fopen("/dev/null", "w");
		size_t count = 0;

		CHECK_ROW(result_print(view_prepare(db, view), null, view->form,
				       &count) == 0,
			  view->name);
		CHECK_ROW(count > 0 || strcmp(view->name, "stall") == 0,
			  view->name);
		fclose(null);
	}
	db_close(db);
	for (size_t i = 0; i < sizeof(views_rows) / sizeof(views_rows[0]);
	     i++) {
		const struct view *view = view_find(views_rows[i].view);
		bool delivery =
			strncmp(views_rows[i].view, "throughput", 10) == 0;
		char *sql;

		CHECK(view_open(&db, path, delivery ? "paper" : "scale") == 0);
		sql = sqlite3_mprintf("WITH v AS (%s) %s", view->sql,
				      views_rows[i].sql);
		CHECK_ROW(strcmp(text_of(db, sql), "0") == 0,
			  views_rows[i].sentence);
		sqlite3_free(sql);
		db_close(db);
	}
	CHECK(view_open(&db, path, "no such") == EXIT_INCONCLUSIVE);
	CHECK(db == NULL);
	CHECK(view_find("lookups") == NULL);
}

static void
form_check(sqlite3 *db, const char *sentence, enum result_form form,
	   const char *sql, const char *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	CHECK_ROW(result_print(db_prepare(db, sql), file, form, NULL) == 0,
		  sentence);
	fclose(file);
	CHECK_ROW(strcmp(text, expected) == 0, sentence);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "got:\n%s", text);
	free(text);
}

static void
test_forms(void)
{
	static const char rows[] =
		"SELECT column1 AS name, column2 AS value_ms FROM"
		" (VALUES ('a', 1.5), ('a', NULL), ('b\t\"', 12))";
	sqlite3 *db = synthetic_open(path);
	char text[RESULT_TIME];

	form_check(db, "tabs between cells, none inside", RESULT_TSV, rows,
		   "name\tvalue_ms\na\t1.5\na\t\nb \"\t12\n");
	form_check(db, "a block a curve", RESULT_BLOCKS, rows,
		   "a\tvalue_ms\na\t1.5\na\t\n\n\nb \"\tvalue_ms\n"
		   "b \"\t12\n");
	form_check(db, "JSON quotes and has null", RESULT_JSON, rows,
		   "[\n {\"name\": \"a\", \"value_ms\": 1.5},\n"
		   " {\"name\": \"a\", \"value_ms\": null},\n"
		   " {\"name\": \"b\\t\\\"\", \"value_ms\": 12}\n]\n");
	form_check(db, "numbers to the right", RESULT_TEXT,
		   "SELECT column1 AS n, column2 AS name FROM"
		   " (VALUES (5, 'x'), (100, 'yy'))",
		   "  n  name\n  5  x\n100  yy\n");
	form_check(db, "nothing is an empty list", RESULT_JSON,
		   "SELECT 1 WHERE 0", "[]\n");
	db_close(db);
	CHECK(strcmp(result_time(text, 0), "0") == 0);
	CHECK(strcmp(result_time(text, 999), "999 ns") == 0);
	CHECK(strcmp(result_time(text, 999600), "1.00 ms") == 0);
	CHECK(strcmp(result_time(text, 12345678), "12.3 ms") == 0);
	CHECK(strcmp(result_time(text, 1.5e9), "1.50 s") == 0);
	CHECK(strcmp(result_time(text, -2e6), "-2.00 ms") == 0);
	CHECK(strcmp(result_time(text, NAN), "-") == 0);
}

int
main(void)
{
	char extra[sizeof(path) + 4];
	int file = mkstemp(path);

	CHECK(file >= 0);
	close(file);
	test_series();
	test_schemes();
	test_pool();
	test_scaling();
	test_views();
	test_forms();
	(void)unlink(path);
	snprintf(extra, sizeof(extra), "%s-wal", path);
	(void)unlink(extra);
	snprintf(extra, sizeof(extra), "%s-shm", path);
	(void)unlink(extra);
	return check_done();
}
