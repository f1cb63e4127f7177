-- SPDX-License-Identifier: GPL-3.0-or-later
-- compare.sql - what `homeward compare` prints, of the metrics in table asked

-- A row a world; both of a comparison stand below each other.
-- name: worlds
SELECT c.servers, c.metric, c.phase, w.world, iif(w.world = 'sim', sim_runs,
  live_runs) AS runs, iif(w.world = 'sim', sim_n, live_n) AS n,
  time_text(iif(w.world = 'sim', sim_median_ns, live_median_ns)) AS median,
  time_text(iif(w.world = 'sim', sim_p90_ns, live_p90_ns)) AS p90,
  time_text(iif(w.world = 'sim', sim_p99_ns, live_p99_ns)) AS p99,
  iif(w.world = 'sim' OR ratio IS NULL, '', format('%.2f',
  ratio)) AS "live/sim", iif(w.world = 'sim' OR u IS NULL, '', format('%.0f',
  u)) AS U, iif(w.world = 'sim' OR d IS NULL, '', format('%.3f', d)) AS D
FROM comparison c JOIN asked USING (metric), (SELECT 'sim' AS world UNION ALL
  SELECT 'live') w
WHERE c.pair = ?1
ORDER BY c.id, w.world <> 'sim'

-- name: words
SELECT c.servers, c.metric, c.phase, c.words, (SELECT count(DISTINCT o.servers)
  FROM comparison o WHERE o.pair = c.pair)
FROM comparison c JOIN asked USING (metric)
WHERE c.pair = ?1
ORDER BY c.id

-- What is not compared: local, and failed.
-- name: left
SELECT v.world, v.metric, sum(v.ok AND v.local), sum(NOT v.ok), count(*)
FROM measured v JOIN series_pair t ON v.series IN (t.sim,
  t.live) JOIN asked a USING (metric)
WHERE t.pair = ?1
GROUP BY a.place, v.world
HAVING sum(v.local) > 0 OR sum(NOT v.ok) > 0
ORDER BY a.place, v.world DESC

-- name: json
SELECT t.scenario, t.label AS series, c.*, (SELECT avg(v.local) FROM measured v
  WHERE v.series = t.sim AND v.servers = c.servers AND v.metric = c.metric AND
  v.phase = c.phase AND v.ok) AS sim_local_share, (SELECT avg(v.local) FROM
  measured v WHERE v.series = t.live AND v.servers = c.servers AND v.metric =
  c.metric AND v.phase = c.phase AND v.ok) AS live_local_share
FROM comparison c JOIN series_pair t USING (pair) JOIN asked USING (metric)
ORDER BY c.id

-- Metrics that are there, or were asked for by name, without a comparison.
-- name: missing
SELECT metric
FROM asked a
WHERE (by_name OR EXISTS (SELECT 1 FROM comparison c WHERE c.metric = a.metric))
  AND NOT EXISTS (SELECT 1 FROM comparison c WHERE c.metric = a.metric AND
  c.verdict <> 'few')
ORDER BY place

-- name: lonely
SELECT scenario, group_concat(label, '; ')
FROM series
WHERE homeward = 'on' AND scenario NOT IN (SELECT scenario FROM series_pair)
GROUP BY scenario
HAVING count(DISTINCT world) > 1
ORDER BY min(id)

-- name: asked
CREATE TEMP TABLE asked(metric TEXT, place INTEGER, by_name INTEGER)

-- name: ask
INSERT INTO asked
VALUES (?1, ?2, ?3)

-- name: pairs
SELECT pair, scenario, label
FROM series_pair t
WHERE EXISTS (SELECT 1 FROM comparison c JOIN asked USING (metric) WHERE c.pair =
  t.pair)
ORDER BY pair

-- name: count
SELECT count(*)
FROM comparison JOIN asked USING (metric)
