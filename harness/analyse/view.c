/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.c - the queries
 *
 * Time until a traditional balancer detects a failure (view `balancers`).
 * The paper's Table 1 gives check interval I, attempts A and timeout W, all
 * that a health checker knows. A failure falls anywhere between two checks:
 *
 *	ok    fails   failed 1    ...    failed A   acts
 *	|-------x-------|-----------------|----------|
 *	        0..I         (A - 1) I         W
 *
 *	earliest = (A - 1) I + W	latest = A I + W
 *
 * With the minima of AWS (5, 1, 5) that is 5 to 10 s: the paper's "theoretical
 * minimum of traditional solution, which is between 5 and 10 seconds" (9.3),
 * so this is how its authors counted. f5 has no attempts: its timeout, three
 * intervals and a second, spans them (A = 1, I = 5, W = 16). Default attempts
 * and intervals with a given timeout; the paper gives no minimum of a timeout.
 *
 * Which curves a distribution shows (temporary view `curve`): of one series up
 * to five sizes, evenly among those there are; of several series the largest
 * size of each, six series at most (`tier` 2); of settings, which are two
 * curves each, three (`tier` 1); of detections, which are a row each, eight
 * (`tier` 3). A figure with more is not read; view `shown` counts what is left
 * out, and the figure says so. Only with Homeward on: without it nothing is
 * stored or looked up.
 */
#include "harness/analyse/view.h"

#include <stdio.h>
#include <string.h>

#include "harness/analyse/scaling.h"
#include "harness/analyse/series.h"
#include "harness/analyse/sim_live.h"
#include "harness/base/exit.h"
#include "harness/db/db.h"

#define RUN_COLUMNS                                                            \
	"s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run"
#define RUNS "member m JOIN series s ON s.id = m.series"
/* Of measurement v; view.h says what it means. */
#define PHASE                                                                  \
	"iif((SELECT u.to_ns FROM unrest u WHERE u.run_id = v.run_id"          \
	" AND u.from_ns <= v.at_ns + v.value_ns ORDER BY u.from_ns DESC"       \
	" LIMIT 1) >= v.at_ns, 'reroute', 'converged')"
#define IN_TURN " ORDER BY s.id, m.servers, m.seed, m.run_id"

/* VIEW_REROUTE_S in nanoseconds. */
#define TEXT_OF(number)	   #number
#define SECONDS_OF(number) TEXT_OF(number) "000000000"
#define REROUTE_NS	   SECONDS_OF(VIEW_REROUTE_S)

/* The empirical distribution of `value` over the curves that exist: the steps
 * that enter a new 400th, so that a jump stays where it is, and the last. */
#define DISTRIBUTION(value, unit, title, condition)                            \
	"WITH x AS (SELECT c.place, " title " AS curve, v.metric, " value      \
	"    AS value FROM curve c"                                            \
	"    JOIN member m ON m.series = c.series AND m.servers = c.servers"   \
	"    JOIN measurement v USING (run_id)"                                \
	"    WHERE v.ok AND " condition "),"                                   \
	" y AS (SELECT DISTINCT place, curve, metric, value, cume_dist()"      \
	"    OVER (PARTITION BY curve ORDER BY value) AS share FROM x),"       \
	" z AS (SELECT *, lag(CAST(share * 400 AS INTEGER), 1, -1)"            \
	"    OVER (PARTITION BY curve ORDER BY value) AS before FROM y)"       \
	" SELECT curve, value AS " unit ", share, place,"                      \
	"  metric = 'setting_all' AS whole FROM ("                             \
	"  SELECT * FROM z WHERE CAST(share * 400 AS INTEGER) > before"        \
	"    OR share = 1"                                                     \
	"  UNION ALL SELECT place, curve, metric, 0, 0, 0 FROM y"              \
	"    GROUP BY curve)"                                                  \
	" ORDER BY place, whole, curve, share, value"

static const struct view views[] = {
	{ "runs", "what was run, on what, at what cost", VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.world, s.k, s.homeward, r.point,"
	  " r.started_at, r.wall_s, r.cpu_s, r.peak_rss_bytes, r.events,"
	  " r.state_hash, r.commit_id FROM " RUNS
	  " JOIN run r ON r.id = m.run_id" IN_TURN },
	{ "setting", "storing a session: a row each acknowledgement", VIEW_ROWS,
	  RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", substr(v.metric, 9) AS replicas,"
	  " v.at_ns / 1e9 AS at_s, v.value_ns / 1e6 AS setting_ms,"
	  " v.hops AS rounds, v.node, v.flow, v.local, v.ok,"
	  " " PHASE " AS phase FROM " RUNS " JOIN measurement v USING (run_id)"
	  " WHERE v.metric IN ('setting_first', 'setting_all')" IN_TURN
	  ", v.rowid" },
	{ "detection", "link down to the first stray it caused", VIEW_ROWS,
	  RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.homeward, v.at_ns / 1e9 AS at_s,"
	  " v.value_ns / 1e9 AS detection_s, v.node, v.flow, v.ok FROM " RUNS
	  " JOIN measurement v USING (run_id)"
	  " WHERE v.metric = 'detection'" IN_TURN ", v.rowid" },
	{ "lookup", "looking a session's owner up", VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", v.at_ns / 1e9 AS at_s,"
	  " v.value_ns / 1e6 AS lookup_ms, v.hops AS rounds, v.node, v.flow,"
	  " v.local, v.ok, " PHASE " AS phase FROM " RUNS
	  " JOIN measurement v USING (run_id)"
	  " WHERE v.metric = 'lookup'" IN_TURN ", v.rowid" },
	{ "stall",
	  "longest gap between new bytes after a fault, and before; none "
	  "of a reset session",
	  VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.homeward,"
	  " iif(v.metric = 'stall', 'after', 'before') AS fault,"
	  " v.at_ns / 1e9 AS at_s,"
	  " iif(v.ok, v.value_ns / 1e6, NULL) AS stall_ms, v.flow, v.ok"
	  " FROM " RUNS " JOIN measurement v USING (run_id)"
	  " WHERE v.metric IN ('stall', 'stall_before')" IN_TURN ", v.rowid" },
	{ "hops", "how many rounds lookups took", VIEW_ROWS, RESULT_TSV,
	  "SELECT s.scenario, s.label AS series, m.servers,"
	  " count(DISTINCT m.run_id) AS runs, v.hops AS rounds,"
	  " count(*) AS lookups,"
	  " 1.0 * count(*) / sum(count(*)) OVER g AS share,"
	  " 1.0 * sum(count(*)) OVER (g ORDER BY v.hops)"
	  "   / sum(count(*)) OVER g AS share_up_to FROM " RUNS
	  " JOIN measurement v USING (run_id) WHERE v.metric = 'lookup'"
	  " AND v.ok AND v.hops IS NOT NULL"
	  " GROUP BY s.id, m.servers, v.hops"
	  " WINDOW g AS (PARTITION BY s.id, m.servers)"
	  " ORDER BY s.id, m.servers, v.hops" },
	{ "sessions", "TCP sessions and how they ended", VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.homeward, v.flow, v.owner,"
	  " v.opened_ns / 1e9 AS opened_s, v.closed_ns / 1e9 AS closed_s,"
	  " v.bytes / 1e6 AS received_mb, v.strays,"
	  " iif(v.outcome = 'reset', NULL, v.stall_ns / 1e6) AS stall_ms,"
	  " v.outcome FROM " RUNS " JOIN session v USING (run_id)" IN_TURN
	  ", v.flow" },
	{ "samples", "in-order bytes of sampled sessions over time", VIEW_ROWS,
	  RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.homeward, v.flow, v.at_ns / 1e9 AS at_s,"
	  " v.bytes / 1e6 AS received_mb FROM " RUNS
	  " JOIN sample v USING (run_id)" IN_TURN
	  ", v.flow, v.at_ns, v.rowid" },
	{ "rates", "a sampled session's speed before a fault and after it",
	  VIEW_ROWS, RESULT_TSV,
	  "WITH f AS (SELECT run_id, min(at_ns) AS fault_ns FROM fault"
	  "    WHERE kind NOT LIKE '%missed' GROUP BY run_id),"
	  "  x AS (SELECT run_id, flow, at_ns >= fault_ns AS after,"
	  "    max(at_ns) - min(at_ns) AS ns, max(bytes) - min(bytes) AS bytes"
	  "    FROM sample JOIN f USING (run_id) GROUP BY run_id, flow, after)"
	  " SELECT " RUN_COLUMNS ", s.homeward, x.flow,"
	  " round(sum(iif(after, 0, 1e3 * bytes / ns)), 1) AS before_mb_s,"
	  " round(sum(iif(after, 1e3 * bytes / ns, 0)), 1) AS after_mb_s "
	  "FROM " RUNS " JOIN x USING (run_id)"
	  " GROUP BY run_id, x.flow ORDER BY s.id, run_id, x.flow" },
	{ "faults", "what was broken, and when", VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", v.at_ns / 1e9 AS at_s, v.kind, v.target"
	  " FROM " RUNS " JOIN fault v USING (run_id)" IN_TURN ", v.rowid" },
	{ "counters", "totals by device (empty: the whole run)", VIEW_ROWS,
	  RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", v.node AS device, v.name AS counter,"
	  " v.value FROM " RUNS " JOIN counter v USING (run_id)" IN_TURN
	  ", v.node, v.name" },
	{ "fit", "lines fitted to T(n), a row each (fit.h)", VIEW_FITS,
	  RESULT_TSV,
	  "SELECT s.scenario, s.label AS series, f.metric, f.unit, f.model,"
	  " f.a, f.a_low, f.a_high, f.slope, f.slope_low, f.slope_high,"
	  " f.freedom, f.aicc_difference, f.akaike_weight, f.lack_f,"
	  " f.lack_freedom, f.lack_p, f.misfit, f.best, f.verdict, f.why,"
	  " f.weights, f.runs, f.points, f.doublings, f.operations, f.local,"
	  " f.failed FROM fit_line f JOIN series s ON s.id = f.series"
	  " ORDER BY s.id, f.metric, f.unit, f.model_id" },
	{ "fit-points", "means by number of servers, with 95 % intervals",
	  VIEW_FITS, RESULT_TSV,
	  "SELECT s.scenario, s.label AS series, f.metric, f.unit, f.servers,"
	  " f.runs, f.mean, f.low, f.high, f.origin, f.affine"
	  " FROM fit_point f JOIN series s ON s.id = f.series"
	  " ORDER BY s.id, f.metric, f.unit, f.servers" },
	{ "fit-curve", "the two logarithms with their 95 % confidence bands",
	  VIEW_FITS, RESULT_TSV,
	  "SELECT s.scenario, s.label AS series, f.metric, f.unit, f.servers,"
	  " f.origin, f.origin_low, f.origin_high, f.affine, f.affine_low,"
	  " f.affine_high FROM fit_curve f JOIN series s ON s.id = f.series"
	  " ORDER BY s.id, f.metric, f.unit, f.servers" },
	{ "summary", "every metric at every point, in ms", VIEW_ROWS,
	  RESULT_TSV,
	  "SELECT scenario, series, servers, runs, metric, count, ok, local,"
	  " median_ns / 1e6 AS median_ms, mean_ns / 1e6 AS mean_ms,"
	  " p90_ns / 1e6 AS p90_ms, p99_ns / 1e6 AS p99_ms,"
	  " max_ns / 1e6 AS max_ms, mean_rounds FROM metrics"
	  " ORDER BY id, servers, place" },
	{ "outcomes", "sessions, strays, faults and messages at every point",
	  VIEW_ROWS, RESULT_TSV,
	  "SELECT scenario, series, servers, runs, sessions, closed, kept,"
	  " reset, timeout, corrupt, strays, faults, messages, message_bytes,"
	  " messages_per_session FROM outcomes ORDER BY id, servers" },
	{ "balancers", "when the balancers of the paper's Table 1 act",
	  VIEW_ROWS, RESULT_TSV,
	  "SELECT column1 AS balancer, column2 AS setting,"
	  " column3 AS interval_s, column4 AS attempts, column5 AS timeout_s,"
	  " (column4 - 1) * column3 + column5 AS earliest_s,"
	  " column4 * column3 + column5 AS latest_s FROM (VALUES"
	  " ('AWS', 'default', 30, 2, 5), ('AWS', 'minimum', 5, 1, 5),"
	  " ('Kemp', 'default', 9, 2, 4), ('Kemp', 'minimum', 3, 1, 4),"
	  " ('f5', 'default', 5, 1, 16))" },
	{ "setting-curves", "distribution of setting times", VIEW_ROWS,
	  RESULT_BLOCKS,
	  DISTRIBUTION("v.value_ns / 1e6", "setting_ms",
		       "c.title || iif(v.metric = 'setting_all', ', all',"
		       " ', first')",
		       "c.tier = 1 AND v.metric IN ('setting_first',"
		       " 'setting_all')") },
	{ "lookup-curves", "distribution of lookup times", VIEW_ROWS,
	  RESULT_BLOCKS,
	  DISTRIBUTION("v.value_ns / 1e6", "lookup_ms", "c.title",
		       "c.tier <= 2 AND v.metric = 'lookup'") },
	{ "hops-curves", "shares of lookups by rounds", VIEW_ROWS,
	  RESULT_BLOCKS,
	  "SELECT c.title AS curve, v.hops AS rounds,"
	  " 1.0 * count(*) / sum(count(*)) OVER (PARTITION BY c.place) AS share"
	  " FROM curve c JOIN member m ON m.series = c.series"
	  " AND m.servers = c.servers JOIN measurement v USING (run_id)"
	  " WHERE c.tier <= 2 AND v.metric = 'lookup' AND v.ok"
	  " AND v.hops IS NOT NULL"
	  " GROUP BY c.place, c.title, v.hops ORDER BY c.place, v.hops" },
	{ "detection-curves", "each detection, by series", VIEW_ROWS,
	  RESULT_BLOCKS,
	  "SELECT 'Homeward, ' || c.title AS curve, v.value_ns / 1e9 AS "
	  "detection_s,"
	  " dense_rank() OVER (ORDER BY c.place) AS row"
	  " FROM curve c JOIN member m ON m.series = c.series"
	  " AND m.servers = c.servers JOIN measurement v USING (run_id)"
	  " JOIN series s ON s.id = c.series"
	  " WHERE v.metric = 'detection' AND v.ok AND s.homeward = 'on'"
	  " ORDER BY c.place, v.value_ns" },
	{ "throughput-curves",
	  "bytes of one session through a failure, with and without", VIEW_ROWS,
	  RESULT_BLOCKS,
	  "SELECT title AS curve, since_s AS since_fault_s, received_mb,"
	  " outcome FROM passage ORDER BY place, since_s, received_mb" },
	{ "cuts",
	  "a fault and a session that it strayed: what was at risk, and lost",
	  VIEW_ROWS, RESULT_TSV,
	  "SELECT " RUN_COLUMNS ", s.world, s.homeward, v.at_ns / 1e9 AS at_s,"
	  " v.kind, v.tier, v.target, v.side, v.direction, v.at_risk, v.lost,"
	  " v.flow, v.resent, v.repeated, v.before_ns / 1e6 AS before_ms,"
	  " iif(v.ok, v.stall_ns / 1e6, NULL) AS stall_ms, v.ok FROM " RUNS
	  " JOIN cuts v USING (run_id)" IN_TURN ", v.at_ns, v.flow" },
	{ "stalls", "stalls of strayed sessions by what was cut and lost",
	  VIEW_ROWS, RESULT_TSV,
	  "SELECT s.scenario, s.label AS series, x.servers, x.\"by\", x.what,"
	  " x.count, x.ok, x.median_ns / 1e6 AS median_ms,"
	  " x.p90_ns / 1e6 AS p90_ms, x.p99_ns / 1e6 AS p99_ms,"
	  " x.max_ns / 1e6 AS max_ms, x.waited"
	  " FROM stalls x JOIN series s USING (id)"
	  " ORDER BY s.id, x.servers, x.place, x.what" },
	{ "compare", "simulated beside live, a row each metric (contrast.h)",
	  VIEW_CONTRASTS, RESULT_TSV,
	  "SELECT t.scenario, t.label AS series, c.servers, c.metric, c.phase,"
	  " c.sim_runs, c.live_runs, c.sim_n, c.live_n,"
	  " c.sim_median_ns / 1e6 AS sim_median_ms,"
	  " c.live_median_ns / 1e6 AS live_median_ms, c.ratio,"
	  " c.sim_p90_ns / 1e6 AS sim_p90_ms,"
	  " c.live_p90_ns / 1e6 AS live_p90_ms,"
	  " c.sim_p99_ns / 1e6 AS sim_p99_ms,"
	  " c.live_p99_ns / 1e6 AS live_p99_ms, c.shift_ns / 1e6 AS shift_ms,"
	  " c.shift_low_ns / 1e6 AS shift_low_ms,"
	  " c.shift_high_ns / 1e6 AS shift_high_ms, c.larger, c.u, c.u_p,"
	  " c.d, c.d_p, c.runs_p, c.runs_d_p, c.basis, c.verdict, c.words"
	  " FROM contrast c JOIN twin t USING (pair) ORDER BY c.id" },
	{ "compare-curves", "distributions of what `compare` draws",
	  VIEW_CONTRASTS, RESULT_BLOCKS,
	  "WITH x AS (SELECT p.panel, v.world, max(v.value_ns, 1) / 1e6 AS "
	  "value"
	  "    FROM panel p JOIN contrast c USING (id)"
	  "    JOIN comparable v ON v.pair = c.pair AND v.servers = c.servers"
	  "    AND v.metric = c.metric AND v.phase = c.phase),"
	  " y AS (SELECT DISTINCT panel, world, value, cume_dist()"
	  "    OVER (PARTITION BY panel, world ORDER BY value) AS share FROM "
	  "x),"
	  " z AS (SELECT *, lag(CAST(share * 400 AS INTEGER), 1, -1)"
	  "    OVER (PARTITION BY panel, world ORDER BY value) AS before"
	  "    FROM y)"
	  " SELECT panel || ' ' || world AS curve, value AS time_ms, share"
	  " FROM (SELECT * FROM z WHERE CAST(share * 400 AS INTEGER) > before"
	  "    OR share = 1 UNION ALL SELECT panel, world, min(value), 0, 0"
	  "    FROM y GROUP BY panel, world)"
	  " ORDER BY panel, world <> 'sim', share, value" },
	{ NULL, NULL, VIEW_ROWS, RESULT_TSV, NULL },
};

/* Messages are what the servers' nodes sent to each other, joins included. */
static const char *const helpers[] = {
	/* When a run's fabric may be reroutable: faults less than that time
	 * apart are one. */
	"CREATE TEMP TABLE unrest(run_id INTEGER, from_ns INTEGER,"
	"  to_ns INTEGER, PRIMARY KEY (run_id, from_ns)) WITHOUT ROWID;"
	"INSERT INTO unrest WITH f AS (SELECT DISTINCT run_id, at_ns"
	"    FROM fault JOIN member USING (run_id)),"
	"  g AS (SELECT *, coalesce(at_ns - lag(at_ns) OVER (PARTITION BY "
	"run_id"
	"    ORDER BY at_ns) > " REROUTE_NS ", 1) AS begins FROM f),"
	"  h AS (SELECT *, sum(begins) OVER (PARTITION BY run_id"
	"    ORDER BY at_ns) AS island FROM g)"
	"  SELECT run_id, min(at_ns), max(at_ns) + " REROUTE_NS
	"    FROM h GROUP BY run_id, island;"
	"CREATE TEMP TABLE wanted(phase TEXT)",
	"CREATE TEMP VIEW measured AS SELECT m.series, m.servers, s.world, v.*,"
	"  " PHASE " AS phase FROM " RUNS " JOIN measurement v USING (run_id)"
	"  WHERE iif((SELECT phase FROM wanted) IS NULL, 1,"
	"    " PHASE " = (SELECT phase FROM wanted))",
	/* What a fault did to each session that it strayed. Live, whoever tells
	 * of a fault and whoever began the stall's window have looked at the
	 * clock one after the other: within 10 ms it is one fault. A link's
	 * tier is its name without digits; a device's, too. The direction
	 * decides what a segment that was sent again had been: a download's
	 * data come by the way back, an upload's are the strays. */
	"CREATE TEMP VIEW cuts AS WITH x AS (SELECT v.run_id, v.flow, v.at_ns,"
	"    v.value_ns AS stall_ns, v.ok, c.lower, c.back, c.resent,"
	"    c.repeated, (SELECT f.rowid FROM fault f"
	"      WHERE f.run_id = v.run_id AND f.at_ns < v.at_ns + 10000000"
	"      AND f.kind NOT GLOB '*_missed' AND f.kind NOT GLOB '*_up'"
	"      AND f.kind NOT IN ('undrain', 'merge', 'daemon_start')"
	"      ORDER BY f.at_ns DESC, f.rowid DESC LIMIT 1) AS fault,"
	"    (SELECT b.value_ns FROM measurement b WHERE b.run_id = v.run_id"
	"      AND b.metric = 'stall_before' AND b.flow = v.flow"
	"      AND b.at_ns = v.at_ns) AS before_ns,"
	"    coalesce((SELECT value FROM setting d WHERE d.run_id = v.run_id"
	"      AND d.key = 'clients.direction'), 'download') AS direction"
	"    FROM measurement v LEFT JOIN cut c ON c.run_id = v.run_id"
	"      AND c.flow = v.flow AND abs(c.at_ns - v.at_ns) < 10000000"
	"    WHERE v.metric = 'stall' AND NOT v.local)"
	"  SELECT x.*, f.kind, f.target, tier_text(f.target) AS tier,"
	"    CASE lower WHEN 1 THEN 'lower' WHEN 0 THEN 'upper' END AS side,"
	"    iif(back, iif(direction = 'upload', 'strays and answers',"
	"      'strays and data'), iif(back = 0, 'strays', NULL)) AS at_risk,"
	"    CASE WHEN resent IS NULL OR repeated IS NULL THEN NULL"
	"      WHEN resent = 0 THEN 'nothing'"
	"      WHEN (resent > repeated) = (direction = 'upload') THEN 'strays'"
	"      WHEN direction = 'upload' THEN 'answers' ELSE 'data' END AS lost"
	"  FROM x LEFT JOIN fault f ON f.rowid = x.fault",
	/* Whoever waits that long waited for a retransmission timer: Linux's
	 * is 200 ms at least, and nothing else in a fabric takes so long. */
	"CREATE TEMP VIEW stalls AS WITH by(place, \"by\") AS (VALUES"
	"    (0, 'all'), (1, 'cut'), (2, 'cut, side'), (3, 'cut, at risk'),"
	"    (4, 'lost'), (5, 'at risk, lost')),"
	"  x AS (SELECT m.series AS id, m.servers, b.place, b.\"by\","
	"    CASE b.place WHEN 0 THEN '' WHEN 1 THEN tier"
	"      WHEN 2 THEN tier || ', ' || side"
	"      WHEN 3 THEN tier || ', ' || at_risk WHEN 4 THEN lost"
	"      ELSE at_risk || ', ' || lost END AS what, ok, stall_ns"
	"    FROM cuts JOIN member m USING (run_id), by b)"
	"  SELECT id, servers, place, \"by\", what,"
	"    count(*) AS count, sum(ok) AS ok,"
	"    quantile(iif(ok, stall_ns, NULL), 0.5) AS median_ns,"
	"    quantile(iif(ok, stall_ns, NULL), 0.9) AS p90_ns,"
	"    quantile(iif(ok, stall_ns, NULL), 0.99) AS p99_ns,"
	"    max(iif(ok, stall_ns, NULL)) AS max_ns,"
	"    sum(ok AND stall_ns >= 150000000) AS waited"
	"    FROM x WHERE what IS NOT NULL GROUP BY id, servers, place, what",
	/* What a figure shows: the twins of the newest runs, their largest
	 * size, and of each metric the phase that has more. */
	"CREATE TEMP VIEW panel AS WITH chosen AS (SELECT t.pair FROM twin t"
	"    JOIN member l ON l.series = t.live JOIN member s"
	"    ON s.series = t.sim GROUP BY t.pair"
	"    ORDER BY max(l.run_id) DESC, max(s.run_id) DESC LIMIT 1),"
	"  c AS (SELECT *, row_number() OVER (PARTITION BY metric ORDER BY"
	"      servers DESC, min(sim_n, live_n) DESC, phase) AS rank"
	"    FROM contrast JOIN chosen USING (pair)"
	"    WHERE sim_n > 0 AND live_n > 0)"
	"  SELECT id, row_number() OVER (ORDER BY place) AS panel FROM c"
	"    WHERE rank = 1",
	"CREATE TEMP VIEW metrics AS SELECT s.id, s.scenario,"
	"  s.label AS series, v.servers, count(DISTINCT v.run_id) AS runs,"
	"  v.metric, CASE v.metric WHEN 'setting_first' THEN 0"
	"    WHEN 'setting_all' THEN 1 WHEN 'detection' THEN 2"
	"    WHEN 'lookup' THEN 3 WHEN 'stall' THEN 4 ELSE 5 END AS place,"
	"  count(*) AS count, sum(v.ok) AS ok, sum(v.local) AS local,"
	"  quantile(iif(v.ok, v.value_ns, NULL), 0.5) AS median_ns,"
	"  avg(iif(v.ok, v.value_ns, NULL)) AS mean_ns,"
	"  quantile(iif(v.ok, v.value_ns, NULL), 0.9) AS p90_ns,"
	"  quantile(iif(v.ok, v.value_ns, NULL), 0.99) AS p99_ns,"
	"  max(iif(v.ok, v.value_ns, NULL)) AS max_ns,"
	"  avg(iif(v.ok, v.hops, NULL)) AS mean_rounds"
	"  FROM measured v JOIN series s ON s.id = v.series"
	"  GROUP BY s.id, v.servers, v.metric",
	"CREATE TEMP VIEW outcomes AS SELECT s.id, s.scenario,"
	"  s.label AS series, m.servers, count(*) AS runs,"
	"  sum(n.sessions) AS sessions, sum(n.closed) AS closed,"
	"  sum(n.kept) AS kept, sum(n.reset) AS reset,"
	"  sum(n.timeout) AS timeout, sum(n.corrupt) AS corrupt,"
	"  sum(n.strays) AS strays,"
	"  sum((SELECT count(*) FROM fault f WHERE f.run_id = m.run_id))"
	"    AS faults,"
	"  sum(k.messages) AS messages, sum(k.bytes) AS message_bytes,"
	"  round(1.0 * sum(k.messages) / nullif(sum(n.sessions), 0), 1)"
	"    AS messages_per_session"
	"  FROM " RUNS " JOIN (SELECT c.run_id, count(v.flow) AS sessions,"
	"    coalesce(sum(v.outcome = 'closed'), 0) AS closed,"
	"    coalesce(sum(v.outcome = 'kept'), 0) AS kept,"
	"    coalesce(sum(v.outcome = 'reset'), 0) AS reset,"
	"    coalesce(sum(v.outcome = 'timeout'), 0) AS timeout,"
	"    coalesce(sum(v.outcome = 'corrupt'), 0) AS corrupt,"
	"    coalesce(sum(v.strays), 0) AS strays"
	"    FROM member c LEFT JOIN session v USING (run_id)"
	"    GROUP BY c.run_id) n USING (run_id)"
	"  LEFT JOIN (SELECT run_id,"
	"    sum(iif(name = 'node_sent', value, 0)) AS messages,"
	"    sum(iif(name = 'node_sent_bytes', value, 0)) AS bytes"
	"    FROM counter WHERE name IN ('node_sent', 'node_sent_bytes')"
	"    AND node <> '' GROUP BY run_id) k USING (run_id)"
	"  GROUP BY s.id, m.servers",
	/* Labels without sections: "k=8 alpha=3". */
	"CREATE TEMP VIEW curve AS WITH alive AS (SELECT id, row_number()"
	"    OVER (ORDER BY id) AS rank, trim(replace(replace(replace(replace("
	"    replace(label, 'service.homeward=on', ''), 'dht.', ''),"
	"    'service.', ''), 'fabric.', ''), 'routing.', '')) AS label"
	"    FROM series WHERE homeward = 'on'),"
	"  size AS (SELECT series, servers, row_number() OVER w - 1 AS rank,"
	"    count(*) OVER (PARTITION BY series) AS sizes FROM"
	"    (SELECT DISTINCT series, servers FROM member)"
	"    WINDOW w AS (PARTITION BY series ORDER BY servers)),"
	"  total AS (SELECT (SELECT count(*) FROM alive) AS series,"
	"    (SELECT count(DISTINCT servers) FROM member) AS sizes)"
	"  SELECT z.series, z.servers,"
	"    row_number() OVER (ORDER BY z.series, z.servers) AS place,"
	"    trim(iif(t.series > 1, a.label, '') || iif(t.series = 1,"
	"      'n = ' || z.servers, iif(t.sizes > 1, ', n = ' || z.servers,"
	"      ''))) AS title,"
	"    CASE WHEN t.series = 1 THEN iif(z.rank IN (0, (z.sizes - 1) / 2,"
	"      z.sizes - 1), 1, 2) WHEN a.rank <= 3 THEN 1"
	"      WHEN a.rank <= 6 THEN 2 ELSE 3 END AS tier"
	"  FROM size z JOIN alive a ON a.id = z.series, total t"
	"  WHERE iif(t.series = 1, z.sizes <= 5 OR z.rank IN"
	"      (0, (z.sizes - 1) / 4, (z.sizes - 1) / 2,"
	"       (z.sizes - 1) * 3 / 4, z.sizes - 1),"
	"    z.rank = z.sizes - 1 AND a.rank <= 8)",
	/* Of those that have a metric, how many have a curve. */
	"CREATE TEMP VIEW shown AS WITH tier(metric, tier) AS (VALUES"
	"    ('setting_first', 1), ('lookup', 2), ('detection', 3)),"
	"  there AS (SELECT DISTINCT t.metric, t.tier, m.series, m.servers"
	"    FROM tier t JOIN measurement v USING (metric)"
	"    JOIN member m USING (run_id) JOIN series s ON s.id = m.series"
	"    WHERE v.ok AND s.homeward = 'on')"
	"  SELECT x.metric, count(DISTINCT c.series) AS series_shown,"
	"    count(DISTINCT x.series) AS series,"
	"    count(DISTINCT c.servers) AS sizes_shown,"
	"    count(DISTINCT x.servers) AS sizes, max(c.servers) AS largest"
	"  FROM there x LEFT JOIN curve c ON c.series = x.series"
	"    AND c.servers = x.servers AND c.tier <= x.tier GROUP BY x.metric",
	/* Sessions that a fault moved, and when it happened: the link that
	 * their detection names, or else the last fault before they ended. */
	"CREATE TEMP VIEW moved AS SELECT v.run_id, v.flow, s.homeward, "
	"s.world,"
	"  m.servers, m.seed, v.outcome, v.closed_ns, coalesce((SELECT "
	"min(d.at_ns)"
	"    FROM measurement d WHERE d.run_id = v.run_id AND"
	"      d.metric = 'detection' AND d.ok AND d.flow = v.flow),"
	"    (SELECT max(f.at_ns) FROM fault f WHERE f.run_id = v.run_id"
	"      AND f.at_ns <= v.closed_ns AND f.kind NOT GLOB '*up'))"
	"    AS fault_ns, max(coalesce(v.stall_ns, 0), 0) AS stall_ns"
	"  FROM session v JOIN member m USING (run_id)"
	"  JOIN series s ON s.id = m.series"
	"  WHERE EXISTS (SELECT 1 FROM sample x WHERE x.run_id = v.run_id"
	"    AND x.flow = v.flow) AND v.outcome ="
	"    iif(s.homeward = 'on', 'kept', 'reset')",
	/* The longest stall, live if there is one, beside the same seed without
	 * Homeward. */
	"CREATE TEMP VIEW pair AS SELECT a.world, a.run_id AS on_run,"
	"  a.flow AS on_flow, a.fault_ns AS on_ns, a.stall_ns,"
	"  b.run_id AS off_run, b.flow AS off_flow, b.fault_ns AS off_ns,"
	"  b.closed_ns AS reset_ns"
	"  FROM moved a LEFT JOIN moved b ON b.homeward = 'off'"
	"    AND b.servers = a.servers AND b.world = a.world"
	"    AND b.fault_ns IS NOT NULL"
	"  WHERE a.homeward = 'on' AND a.fault_ns IS NOT NULL"
	"  ORDER BY a.world <> 'live', b.run_id IS NULL, a.seed <> b.seed, "
	"a.flow <> b.flow,"
	"    a.stall_ns DESC, a.run_id, a.flow, b.run_id, b.flow LIMIT 1",
	/* The two over a window that holds the stall and the reset. Whoever is
	 * reset keeps what came before until then. */
	"CREATE TEMP VIEW passage AS WITH p AS (SELECT *,"
	"    max(10000000, stall_ns * 3 / 2,"
	"      coalesce((reset_ns - off_ns) * 3 / 5, 0)) AS w FROM pair),"
	"  line AS (SELECT 1 AS place, 'with Homeward' AS title,"
	"    on_run AS run_id, on_flow AS flow, on_ns AS zero, w FROM p"
	"   UNION ALL SELECT 2, 'without Homeward', off_run, off_flow, off_ns,"
	"    w FROM p WHERE off_run IS NOT NULL)"
	" SELECT l.place, l.title, (x.at_ns - l.zero) / 1e9 AS since_s,"
	"  (x.bytes - (SELECT min(b.bytes) FROM sample b"
	"    WHERE b.run_id = l.run_id AND b.flow = l.flow"
	"    AND b.at_ns >= l.zero - l.w)) / 1e6 AS received_mb,"
	"  (SELECT outcome FROM session e WHERE e.run_id = l.run_id"
	"    AND e.flow = l.flow) AS outcome"
	" FROM line l JOIN (SELECT run_id, flow, at_ns, bytes FROM sample"
	"   UNION ALL SELECT e.run_id, e.flow, e.closed_ns, (SELECT "
	"max(b.bytes)"
	"    FROM sample b WHERE b.run_id = e.run_id AND b.flow = e.flow"
	"    AND b.at_ns <= e.closed_ns) FROM session e"
	"    JOIN pair ON e.run_id = off_run AND e.flow = off_flow) x"
	"   ON x.run_id = l.run_id AND x.flow = l.flow"
	" WHERE x.at_ns BETWEEN l.zero - l.w AND l.zero + 2 * l.w",
	NULL,
};

const struct view *
view_list(void)
{
	return views;
}

const struct view *
view_find(const char *name)
{
	for (const struct view *view = views; view->name != NULL; view++)
		if (strcmp(view->name, name) == 0)
			return view;
	return NULL;
}

/* SQL: time_text(ns), as people read times. */
static void
time_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	char text[RESULT_TIME];

	(void)count;
	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		sqlite3_result_text(context, "-", -1, SQLITE_STATIC);
	else
		sqlite3_result_text(
			context,
			result_time(text, sqlite3_value_double(values[0])), -1,
			SQLITE_TRANSIENT);
}

/* SQL: tier_text(target), "leaf1-server3" without its digits. */
static void
tier_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	const char *target = (const char *)sqlite3_value_text(values[0]);
	char text[64];
	size_t length = 0;

	(void)count;
	if (target == NULL)
		return;
	for (; *target != '\0' && length + 1 < sizeof(text); target++)
		if (*target < '0' || *target > '9')
			text[length++] = *target;
	sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
}

static int
functions_register(sqlite3 *db)
{
	int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

	if (sqlite3_create_function_v2(db, "time_text", 1, flags, NULL,
				       time_function, NULL, NULL,
				       NULL) != SQLITE_OK ||
	    sqlite3_create_function_v2(db, "tier_text", 1, flags, NULL,
				       tier_function, NULL, NULL,
				       NULL) != SQLITE_OK)
		return db_complain(db, "adding functions");
	return 0;
}

int
view_open(sqlite3 **db, const char *path, const char *scenario)
{
	size_t count = 0;
	int code = db_open(db, path, DB_READ);

	if (code != 0)
		return code;
	/* One snapshot: a run that ends meanwhile is not half seen. */
	if (db_exec(*db, "BEGIN") != 0 ||
	    series_attach(*db, scenario, &count) != 0)
		code = EXIT_RUNTIME;
	else
		code = functions_register(*db);
	for (size_t i = 0; code == 0 && helpers[i] != NULL; i++)
		code = db_exec(*db, helpers[i]);
	if (code == 0 && count == 0) {
		if (scenario != NULL)
			fprintf(stderr,
				"homeward: %s: no finished run of scenario "
				"'%s'\n",
				path, scenario);
		else
			fprintf(stderr, "homeward: %s: no finished run\n",
				path);
		code = EXIT_INCONCLUSIVE;
	}
	if (code != 0) {
		db_close(*db);
		*db = NULL;
	}
	return code;
}

bool
view_phase_known(const char *phase)
{
	return strcmp(phase, "converged") == 0 || strcmp(phase, "reroute") == 0;
}

int
view_phase(sqlite3 *db, const char *phase)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "INSERT INTO wanted VALUES ('%s')", phase);
	return db_exec(db, sql);
}

sqlite3_stmt *
view_prepare(sqlite3 *db, const struct view *view)
{
	static const struct {
		const char *there; /* how many of its tables */
		int (*attach)(sqlite3 *);
	} needs[] = {
		[VIEW_ROWS] = { NULL, NULL },
		[VIEW_FITS] = { "SELECT count(*) FROM sqlite_temp_schema"
				" WHERE name = 'fit_line'",
				scaling_attach },
		[VIEW_CONTRASTS] = { "SELECT count(*) FROM sqlite_temp_schema"
				     " WHERE name = 'contrast'",
				     sim_live_attach },
	};
	int64_t there = 1;

	if (needs[view->needs].there != NULL &&
	    db_number(db, needs[view->needs].there, 0, &there) != 0)
		return NULL;
	if (there == 0 && needs[view->needs].attach(db) != 0)
		return NULL;
	return db_prepare(db, view->sql);
}
