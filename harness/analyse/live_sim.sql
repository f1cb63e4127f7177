-- SPDX-License-Identifier: GPL-3.0-or-later
-- live_sim.sql - which series are pairs, what of theirs is compared, and what
-- was found (live_sim.h)

-- script: tables
DROP TABLE IF EXISTS temp.series_pair;
DROP TABLE IF EXISTS temp.comparable;
DROP TABLE IF EXISTS temp.comparison;
CREATE TEMP TABLE series_pair AS SELECT
  row_number() OVER (ORDER BY l.id, s.id) AS pair, l.scenario,
  s.id AS sim, l.id AS live, iif((SELECT count(*) FROM series o
    WHERE o.scenario = l.scenario AND o.homeward = 'on') = 2, '',
    l.label || ' beside ' || s.label) AS label
  FROM series l JOIN series s USING (scenario)
  WHERE l.world = 'live' AND s.world = 'sim' AND l.homeward = 'on'
    AND s.homeward = 'on'
    AND identity_obeyed(l.identity) = identity_obeyed(s.identity);
CREATE TEMP TABLE comparable AS SELECT t.pair, v.servers, v.metric,
  r.place, v.phase, v.world, v.run_id, v.value_ns FROM measured v
  JOIN series_pair t ON v.series IN (t.sim, t.live)
  JOIN metric_row r ON r.name = v.metric
  WHERE v.ok AND NOT v.local AND r.compared
-- Both worlds have points of that size.
  AND EXISTS (SELECT 1 FROM member m WHERE m.servers = v.servers
    AND m.series = iif(v.series = t.sim, t.live, t.sim));
CREATE TEMP TABLE comparison(id INTEGER PRIMARY KEY, pair, servers,
  metric, place, phase, sim_runs, live_runs, sim_n, live_n,
  sim_median_ns, live_median_ns, sim_p90_ns, live_p90_ns, sim_p99_ns,
  live_p99_ns, ratio, u, larger, u_p, d, d_p, runs_p, runs_d_p,
  shift_ns, shift_low_ns, shift_high_ns, basis, verdict, words);

-- name: insert
INSERT INTO comparison VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
  ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
  ?26, ?27, ?28, ?29)

-- name: values
SELECT pair, servers, place, metric, phase, world = 'live', run_id, value_ns
FROM comparable
ORDER BY pair, servers, place, metric, phase, world = 'live', run_id, value_ns
