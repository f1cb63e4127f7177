/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compare.c - `homeward compare`: is the simulator right about the live world?
 *
 *	homeward compare [--db FILE] [--scenario NAME] [--pool KEY]...
 *			 [--metric METRIC]... [--phase converged|reroute]
 *[--json]
 *
 * For each pair of twins (sim_live.h): a table with both worlds, then a
 * sentence a comparison. --json has all numbers. Standard error says which
 * scenario is in both worlds and yet has no twins, and why. Exit 4 when there
 * is nothing to compare, or a metric is there (or asked for) of which no
 * comparison has enough values.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/analyse/query.h"
#include "harness/analyse/series.h"
#include "harness/analyse/sim_live.h"
#include "harness/analyse/view.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"
#include "harness/db/result.h"

static const char *const metrics[] = { "setting_first", "setting_all",
				       "detection", "lookup", "stall" };
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* A row a world; both of a comparison stand below each other. */
static const char worlds_sql[] =
	"SELECT c.servers, c.metric, c.phase, w.world,"
	" iif(w.world = 'sim', sim_runs, live_runs) AS runs,"
	" iif(w.world = 'sim', sim_n, live_n) AS n,"
	" time_text(iif(w.world = 'sim', sim_median_ns, live_median_ns))"
	"   AS median,"
	" time_text(iif(w.world = 'sim', sim_p90_ns, live_p90_ns)) AS p90,"
	" time_text(iif(w.world = 'sim', sim_p99_ns, live_p99_ns)) AS p99,"
	" iif(w.world = 'sim' OR ratio IS NULL, '', format('%.2f', ratio))"
	"   AS \"live/sim\","
	" iif(w.world = 'sim' OR u IS NULL, '', format('%.0f', u)) AS U,"
	" iif(w.world = 'sim' OR d IS NULL, '', format('%.3f', d)) AS D"
	" FROM contrast c JOIN asked USING (metric),"
	" (SELECT 'sim' AS world UNION ALL SELECT 'live') w"
	" WHERE c.pair = ?1 ORDER BY c.id, w.world <> 'sim'";

static const char words_sql[] =
	"SELECT c.servers, c.metric, c.phase, c.words,"
	" (SELECT count(DISTINCT o.servers) FROM contrast o"
	"   WHERE o.pair = c.pair) FROM contrast c JOIN asked USING (metric)"
	" WHERE c.pair = ?1 ORDER BY c.id";

/* What is not compared: local, and failed. */
static const char left_sql[] =
	"SELECT v.world, v.metric, sum(v.ok AND v.local), sum(NOT v.ok),"
	" count(*) FROM measured v JOIN twin t ON v.series IN (t.sim, t.live)"
	" JOIN asked a USING (metric) WHERE t.pair = ?1"
	" GROUP BY a.place, v.world"
	" HAVING sum(v.local) > 0 OR sum(NOT v.ok) > 0"
	" ORDER BY a.place, v.world DESC";

static const char json_sql[] =
	"SELECT t.scenario, t.label AS series, c.*,"
	" (SELECT avg(v.local) FROM measured v WHERE v.series = t.sim"
	"   AND v.servers = c.servers AND v.metric = c.metric"
	"   AND v.phase = c.phase AND v.ok) AS sim_local_share,"
	" (SELECT avg(v.local) FROM measured v WHERE v.series = t.live"
	"   AND v.servers = c.servers AND v.metric = c.metric"
	"   AND v.phase = c.phase AND v.ok) AS live_local_share"
	" FROM contrast c JOIN twin t USING (pair) JOIN asked USING (metric)"
	" ORDER BY c.id";

/* Metrics that are there, or were asked for by name, without a comparison. */
static const char missing_sql[] =
	"SELECT metric FROM asked a WHERE (by_name OR EXISTS (SELECT 1"
	"   FROM contrast c WHERE c.metric = a.metric))"
	" AND NOT EXISTS (SELECT 1 FROM contrast c"
	"   WHERE c.metric = a.metric AND c.verdict <> 'few') ORDER BY place";

static const char lonely_sql[] =
	"SELECT scenario, group_concat(label, '; ') FROM series"
	" WHERE homeward = 'on' AND scenario NOT IN (SELECT scenario FROM twin)"
	" GROUP BY scenario HAVING count(DISTINCT world) > 1 ORDER BY min(id)";

/* Temporary table asked(metric, place, by_name). */
static int
asked_make(sqlite3 *db, const bool *asked, bool all)
{
	if (db_exec(db, "CREATE TEMP TABLE asked(metric TEXT, place INTEGER,"
			" by_name INTEGER)") != 0)
		return EXIT_RUNTIME;
	for (size_t i = 0; i < METRICS; i++) {
		char sql[128];

		if (!all && !asked[i])
			continue;
		snprintf(sql, sizeof(sql),
			 "INSERT INTO asked VALUES ('%s', %zu, %d)", metrics[i],
			 i, !all);
		if (db_exec(db, sql) != 0)
			return EXIT_RUNTIME;
	}
	return 0;
}

static sqlite3_stmt *
pair_prepare(sqlite3 *db, const char *sql, int64_t pair)
{
	sqlite3_stmt *statement = db_prepare(db, sql);

	if (statement != NULL)
		sqlite3_bind_int64(statement, 1, pair);
	return statement;
}

static const char *
column(sqlite3_stmt *statement, int index)
{
	return (const char *)sqlite3_column_text(statement, index);
}

/* "left out, live lookup: 10 of 20 local (the asker held it), 2 failed" */
static int
pair_left(sqlite3 *db, int64_t pair)
{
	sqlite3_stmt *statement = pair_prepare(db, left_sql, pair);
	int row = -1;

	while (statement != NULL && (row = db_step(statement)) == 1) {
		const char *metric = column(statement, 1);

		printf("left out, %s %s: ", column(statement, 0), metric);
		if (sqlite3_column_int64(statement, 2) > 0)
			printf("%s of %s local (%s)%s", column(statement, 2),
			       column(statement, 4),
			       strcmp(metric, "lookup") == 0
				       ? "the asker held it"
			       : strcmp(metric, "stall") == 0
				       ? "did not stray"
				       : "nobody else holds it",
			       sqlite3_column_int64(statement, 3) > 0 ? ", "
								      : "");
		if (sqlite3_column_int64(statement, 3) > 0)
			printf("%s of %s failed", column(statement, 3),
			       column(statement, 4));
		putchar('\n');
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : 0;
}

/* A sentence a comparison, then what was left out. */
static int
pair_words(sqlite3 *db, int64_t pair)
{
	sqlite3_stmt *statement = pair_prepare(db, words_sql, pair);
	int row = -1;

	putchar('\n');
	while (statement != NULL && (row = db_step(statement)) == 1) {
		if (sqlite3_column_int(statement, 4) > 1)
			printf("%s servers, ", column(statement, 0));
		printf("%s, %s: %s\n", column(statement, 1),
		       column(statement, 2), column(statement, 3));
	}
	sqlite3_finalize(statement);
	if (row < 0)
		return EXIT_RUNTIME;
	return pair_left(db, pair);
}

static int
compare_text(sqlite3 *db)
{
	sqlite3_stmt *pairs = db_prepare(
		db, "SELECT pair, scenario, label FROM twin t WHERE EXISTS"
		    " (SELECT 1 FROM contrast c JOIN asked USING (metric)"
		    "   WHERE c.pair = t.pair) ORDER BY pair");
	int row = -1, code = 0;
	bool first = true;

	while (pairs != NULL && code == 0 && (row = db_step(pairs)) == 1) {
		int64_t pair = sqlite3_column_int64(pairs, 0);
		const char *label = column(pairs, 2);

		printf("%s%s%s%s\n\n", first ? "" : "\n", column(pairs, 1),
		       label[0] != '\0' ? ": " : "", label);
		first = false;
		code = result_print(pair_prepare(db, worlds_sql, pair), stdout,
				    RESULT_TEXT, NULL);
		if (code == 0)
			code = pair_words(db, pair);
	}
	sqlite3_finalize(pairs);
	return code == 0 && row < 0 ? EXIT_RUNTIME : code;
}

/* Say what could not be compared; EXIT_INCONCLUSIVE if anything. */
static int
compare_judge(sqlite3 *db)
{
	int64_t count;
	sqlite3_stmt *statement = db_prepare(db, lonely_sql);
	int row = -1, code = EXIT_OK;

	while (statement != NULL && (row = db_step(statement)) == 1) {
		fprintf(stderr,
			"homeward: %s: in both worlds, but not with the same "
			"settings: %s\n",
			column(statement, 0), column(statement, 1));
		code = EXIT_INCONCLUSIVE;
	}
	sqlite3_finalize(statement);
	if (row < 0 || db_number(db,
				 "SELECT count(*) FROM contrast"
				 " JOIN asked USING (metric)",
				 0, &count) != 0)
		return EXIT_RUNTIME;
	if (count == 0 && code == EXIT_OK) {
		fputs("homeward: nothing to compare: no scenario was run in "
		      "both worlds\n",
		      stderr);
		return EXIT_INCONCLUSIVE;
	}
	statement = db_prepare(db, missing_sql);
	row = -1;
	while (statement != NULL && (row = db_step(statement)) == 1) {
		fprintf(stderr, "homeward: %s: too few to compare\n",
			column(statement, 0));
		code = EXIT_INCONCLUSIVE;
	}
	sqlite3_finalize(statement);
	return row < 0 ? EXIT_RUNTIME : code;
}

static const char *
metric_word(size_t index)
{
	return index < METRICS ? metrics[index] : NULL;
}

struct wish {
	struct query query;
	bool asked[METRICS]; /* none: all */
};

/* Marks it in asked[]. */
static int
metric_ask(const struct verb *verb, const struct verb_option *option,
	   const char *text, void *member)
{
	bool *asked = member;

	(void)option;
	for (size_t i = 0; i < METRICS; i++) {
		if (strcmp(text, metrics[i]) == 0) {
			asked[i] = true;
			return 0;
		}
	}
	return usage_unknown(verb, "metric", text, metric_word);
}

static const struct verb_option options[] = {
	QUERY_DB,
	QUERY_SCENARIO,
	QUERY_POOL,
	{ "metric", "METRIC",
	  "setting_first, setting_all, detection, lookup or stall; may be "
	  "repeated; all of them without it",
	  metric_ask, .at = offsetof(struct wish, asked), .repeats = true,
	  .word = metric_word },
	QUERY_PHASE,
	QUERY_JSON("print all numbers as JSON, times in nanoseconds"),
	{ 0 },
};

static int
compare_run(int argc, char **argv)
{
	struct wish wish = { .query = QUERY_DEFAULT };
	int count = options_read(&verb_compare, argc, argv, &wish);
	const char *phase = query_phase(&wish.query);
	bool all = true;
	sqlite3 *db;
	int code;

	if (count < 0)
		return -count;
	for (size_t i = 0; i < METRICS; i++)
		all &= !wish.asked[i];
	code = view_open(&db, wish.query.db, wish.query.scenario);
	if (code != 0)
		return code;
	code = series_pool(db, &wish.query.pool);
	if (code == 0 &&
	    ((phase != NULL && view_phase(db, phase) != 0) ||
	     sim_live_attach(db) != 0 || asked_make(db, wish.asked, all) != 0))
		code = EXIT_RUNTIME;
	if (code == 0)
		code = wish.query.json ? result_print(db_prepare(db, json_sql),
						      stdout, RESULT_JSON, NULL)
				       : compare_text(db);
	if (code == 0)
		code = compare_judge(db);
	db_close(db);
	return code;
}

const struct verb verb_compare = {
	.name = "compare",
	.summary = "compare simulated with live runs",
	.run = compare_run,
	.options = options,
	.notes = "Exit 4 when there are too few values of one world (below "
		 "8).\n",
};
