-- SPDX-License-Identifier: GPL-3.0-or-later
-- view.sql - what can be exported, a query each (view.h)

-- name: runs
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.world, s.k, s.homeward, r.point, r.started_at, r.wall_s, r.cpu_s,
  r.peak_rss_bytes, r.events, r.state_hash, r.commit_id
FROM member m JOIN series s ON s.id = m.series JOIN run r ON r.id = m.run_id
ORDER BY s.id, m.servers, m.seed, m.run_id

-- name: setting
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  substr(v.metric, 9) AS replicas, v.at_ns / 1e9 AS at_s,
  v.value_ns / 1e6 AS setting_ms, v.hops AS rounds, v.node, v.flow, v.local,
  v.ok, v.phase, v.asked, v.conclusive, v.found, v.owned,
  v.age_ns / 1e9 AS age_s
FROM member m JOIN series s ON s.id = m.series
  JOIN timed v USING (run_id)
WHERE v.metric IN ('setting_first', 'setting_all')
ORDER BY s.id, m.servers, m.seed, m.run_id, v.entry

-- name: detection
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.homeward, v.at_ns / 1e9 AS at_s, v.value_ns / 1e9 AS detection_s, v.node,
  v.flow, v.ok
FROM member m JOIN series s ON s.id = m.series
  JOIN measurement v USING (run_id)
WHERE v.metric = 'detection'
ORDER BY s.id, m.servers, m.seed, m.run_id, v.rowid

-- name: lookup
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  v.at_ns / 1e9 AS at_s, v.value_ns / 1e6 AS lookup_ms, v.hops AS rounds,
  v.node, v.flow, v.local, v.ok, v.phase
FROM member m JOIN series s ON s.id = m.series JOIN timed v USING (run_id)
WHERE v.metric = 'lookup'
ORDER BY s.id, m.servers, m.seed, m.run_id, v.entry

-- name: stall
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.homeward, iif(v.metric = 'stall', 'after', 'before') AS fault,
  v.at_ns / 1e9 AS at_s, iif(v.ok, v.value_ns / 1e6, NULL) AS stall_ms, v.flow,
  v.ok
FROM member m JOIN series s ON s.id = m.series
  JOIN measurement v USING (run_id)
WHERE v.metric IN ('stall', 'stall_before')
ORDER BY s.id, m.servers, m.seed, m.run_id, v.rowid

-- name: hops
SELECT s.scenario, s.label AS series, m.servers, count(DISTINCT m.run_id) AS
  runs, v.hops AS rounds, count(*) AS lookups, 1.0 * count(*) / sum(count(*))
  OVER g AS share, 1.0 * sum(count(*)) OVER (g ORDER BY v.hops) / sum(count(*))
  OVER g AS share_up_to
FROM member m JOIN series s ON s.id = m.series
  JOIN measurement v USING (run_id)
WHERE v.metric = 'lookup' AND v.ok AND v.hops IS NOT NULL
GROUP BY s.id, m.servers, v.hops
WINDOW g AS (PARTITION BY s.id, m.servers)
ORDER BY s.id, m.servers, v.hops

-- name: sessions
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.homeward, v.flow, v.owner, v.opened_ns / 1e9 AS opened_s,
  v.closed_ns / 1e9 AS closed_s, v.bytes / 1e6 AS received_mb, v.strays,
  iif(v.outcome = 'reset', NULL, v.stall_ns / 1e6) AS stall_ms, v.outcome,
  v.cause
FROM member m JOIN series s ON s.id = m.series JOIN session v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.flow

-- name: samples
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.homeward, v.flow, v.at_ns / 1e9 AS at_s, v.bytes / 1e6 AS received_mb
FROM member m JOIN series s ON s.id = m.series JOIN sample v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.flow, v.at_ns, v.rowid

-- name: rates
WITH f AS (SELECT run_id, min(at_ns) AS fault_ns FROM fault WHERE kind NOT LIKE
  '%missed' GROUP BY run_id), x AS (SELECT run_id, flow,
  at_ns >= fault_ns AS after, max(at_ns) - min(at_ns) AS ns,
  max(bytes) - min(bytes) AS bytes FROM sample JOIN f USING (run_id) GROUP BY
  run_id, flow, after) SELECT s.scenario, s.label AS series, m.servers, m.seed,
  m.run_id AS run, s.homeward, x.flow, round(sum(iif(after, 0,
  1e3 * bytes / ns)), 1) AS before_mb_s, round(sum(iif(after, 1e3 * bytes / ns,
  0)), 1) AS after_mb_s
FROM member m JOIN series s ON s.id = m.series JOIN x USING (run_id)
GROUP BY run_id, x.flow
ORDER BY s.id, run_id, x.flow

-- name: faults
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  v.at_ns / 1e9 AS at_s, v.kind, v.target
FROM member m JOIN series s ON s.id = m.series JOIN fault v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.rowid

-- name: counters
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  v.node AS device, v.name AS counter, v.value
FROM member m JOIN series s ON s.id = m.series JOIN counter v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.node, v.name

-- name: measurements
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.world, s.homeward, v.metric, v.at_ns / 1e9 AS at_s,
  v.value_ns / 1e6 AS value_ms, v.hops AS rounds, v.node, v.flow, v.local,
  v.ok, v.phase
FROM member m JOIN series s ON s.id = m.series JOIN timed v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.entry

-- name: lookup_askers
SELECT s.scenario, s.label AS series, m.servers, v.asked, count(*) AS lookups,
  count(*) FILTER (WHERE v.local) AS local,
  count(*) FILTER (WHERE v.found = 'right') AS "right",
  count(*) FILTER (WHERE v.found = 'removed') AS removed,
  count(*) FILTER (WHERE v.found = 'wrong') AS wrong,
  count(*) FILTER (WHERE v.conclusive = 1) AS conclusive,
  count(*) FILTER (WHERE v.conclusive = 0) AS inconclusive,
  count(*) FILTER (WHERE v.owned) AS owned,
  count(*) FILTER (WHERE v.owned AND v.conclusive IS NOT NULL) AS owned_missed,
  avg(v.age_ns) / 1e9 AS age_mean_s
FROM member m JOIN series s ON s.id = m.series
  JOIN measurement v USING (run_id)
WHERE v.metric = 'lookup'
GROUP BY s.id, m.servers, v.asked
ORDER BY s.id, m.servers, v.asked

-- name: fit
SELECT s.scenario, s.label AS series, f.metric, f.unit, f.model, f.a, f.a_low,
  f.a_high, f.slope, f.slope_low, f.slope_high, f.freedom, f.aicc_difference,
  f.akaike_weight, f.lack_f, f.lack_freedom, f.lack_p, f.misfit, f.best,
  f.verdict, f.why, f.weights, f.runs, f.points, f.doublings, f.operations,
  f.local, f.failed
FROM fit_line f JOIN series s ON s.id = f.series
ORDER BY s.id, f.metric, f.unit, f.model_id

-- name: fit_points
SELECT s.scenario, s.label AS series, f.metric, f.unit, f.servers, f.runs,
  f.mean, f.low, f.high, f.origin, f.affine
FROM fit_point f JOIN series s ON s.id = f.series
ORDER BY s.id, f.metric, f.unit, f.servers

-- name: fit_curve
SELECT s.scenario, s.label AS series, f.metric, f.unit, f.servers, f.origin,
  f.origin_low, f.origin_high, f.affine, f.affine_low, f.affine_high
FROM fit_curve f JOIN series s ON s.id = f.series
ORDER BY s.id, f.metric, f.unit, f.servers

-- name: summary
SELECT scenario, series, servers, runs, metric, count, ok, local,
  median_ns / 1e6 AS median_ms, mean_ns / 1e6 AS mean_ms,
  p90_ns / 1e6 AS p90_ms, p99_ns / 1e6 AS p99_ms, max_ns / 1e6 AS max_ms,
  mean_rounds
FROM metrics
ORDER BY id, servers, place

-- name: outcomes
SELECT scenario, series, servers, runs, sessions, closed, kept, reset, timeout,
  corrupt, strays, faults, messages, message_bytes, messages_per_session,
  excused, causes, strayed, broken, broken_most, stall_p99_ns, gap_longest_ns
FROM outcomes
ORDER BY id, servers

-- name: balancers
SELECT column1 AS balancer, column2 AS setting, column3 AS interval_s,
  column4 AS attempts, column5 AS timeout_s, (column4 - 1) * column3 + column5
  AS earliest_s, column4 * column3 + column5 AS latest_s
FROM (VALUES ('AWS', 'default', 30, 2, 5), ('AWS', 'minimum', 5, 1, 5),
  ('Kemp', 'default', 9, 2, 4), ('Kemp', 'minimum', 3, 1, 4), ('f5', 'default',
  5, 1, 16))

-- name: setting_curves
SELECT title || iif(metric = 'setting_all', ', all', ', first') AS curve,
  value_ms AS setting_ms, share, place, metric = 'setting_all' AS whole
FROM step
WHERE tier = 1 AND metric IN ('setting_first', 'setting_all')
ORDER BY place, whole, curve, share, setting_ms

-- name: distributions
SELECT metric || ', ' || title AS curve, value_ms, share, place
FROM step
ORDER BY metric, place, share, value_ms

-- name: lookup_curves
SELECT title AS curve, value_ms AS lookup_ms, share, place, 0 AS whole
FROM step
WHERE tier <= 2 AND metric = 'lookup'
ORDER BY place, whole, curve, share, lookup_ms

-- name: hops_curves
SELECT c.title AS curve, v.hops AS rounds, 1.0 * count(*) / sum(count(*)) OVER
  (PARTITION BY c.place) AS share
FROM curve c JOIN member m ON m.series = c.series AND m.servers = c.servers
  JOIN measurement v USING (run_id)
WHERE c.tier <= 2 AND v.metric = 'lookup' AND v.ok AND v.hops IS NOT NULL
GROUP BY c.place, c.title, v.hops
ORDER BY c.place, v.hops

-- name: detection_curves
SELECT 'Homeward, ' || c.title AS curve, v.value_ns / 1e9 AS detection_s,
  dense_rank() OVER (ORDER BY c.place) AS row
FROM curve c JOIN member m ON m.series = c.series AND m.servers = c.servers
  JOIN measurement v USING (run_id) JOIN series s ON s.id = c.series
WHERE v.metric = 'detection' AND v.ok AND s.homeward = 'on'
ORDER BY c.place, v.value_ns

-- name: throughput_curves
SELECT title AS curve, since_s AS since_fault_s, received_mb, outcome
FROM stall_curve
ORDER BY place, since_s, received_mb

-- name: cuts
SELECT s.scenario, s.label AS series, m.servers, m.seed, m.run_id AS run,
  s.world, s.homeward, v.at_ns / 1e9 AS at_s, v.kind, v.tier, v.target, v.side,
  v.direction, v.at_risk, v.lost, v.flow, v.resent, v.repeated,
  v.before_ns / 1e6 AS before_ms, iif(v.ok, v.stall_ns / 1e6,
  NULL) AS stall_ms, v.ok
FROM member m JOIN series s ON s.id = m.series JOIN cuts v USING (run_id)
ORDER BY s.id, m.servers, m.seed, m.run_id, v.at_ns, v.flow

-- name: stalls
SELECT s.scenario, s.label AS series, x.servers, x."by", x.what, x.count, x.ok,
  x.median_ns / 1e6 AS median_ms, x.p90_ns / 1e6 AS p90_ms,
  x.p99_ns / 1e6 AS p99_ms, x.max_ns / 1e6 AS max_ms, x.waited
FROM stalls x JOIN series s USING (id)
ORDER BY s.id, x.servers, x.place, x.what

-- name: compare
SELECT t.scenario, t.label AS series, c.servers, c.metric, c.phase, c.sim_runs,
  c.live_runs, c.sim_n, c.live_n, c.sim_median_ns / 1e6 AS sim_median_ms,
  c.live_median_ns / 1e6 AS live_median_ms, c.ratio,
  c.sim_p90_ns / 1e6 AS sim_p90_ms, c.live_p90_ns / 1e6 AS live_p90_ms,
  c.sim_p99_ns / 1e6 AS sim_p99_ms, c.live_p99_ns / 1e6 AS live_p99_ms,
  c.shift_ns / 1e6 AS shift_ms, c.shift_low_ns / 1e6 AS shift_low_ms,
  c.shift_high_ns / 1e6 AS shift_high_ms, c.larger, c.u, c.u_p, c.d, c.d_p,
  c.runs_p, c.runs_d_p, c.basis, c.verdict, c.words
FROM comparison c JOIN series_pair t USING (pair)
ORDER BY c.id

-- name: compare_curves
WITH x AS (SELECT p.panel, v.world, max(v.value_ns,
  1) / 1e6 AS value FROM panel p JOIN comparison c USING (id) JOIN comparable v
  ON v.pair = c.pair AND v.servers = c.servers AND v.metric = c.metric AND
  v.phase = c.phase), y AS (SELECT DISTINCT panel, world, value,
  cume_dist() OVER (PARTITION BY panel, world ORDER BY value) AS share FROM x),
  z AS (SELECT *, lag(CAST(share * 400 AS INTEGER), 1,
  -1) OVER (PARTITION BY panel, world ORDER BY value) AS before FROM y) SELECT
  panel || ' ' || world AS curve, value AS time_ms, share
FROM (SELECT * FROM z WHERE CAST(share * 400 AS INTEGER) > before OR share = 1
  UNION ALL SELECT panel, world, min(value), 0, 0 FROM y GROUP BY panel, world)
ORDER BY panel, world <> 'sim', share, value
