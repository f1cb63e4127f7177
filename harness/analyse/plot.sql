-- SPDX-License-Identifier: GPL-3.0-or-later
-- plot.sql - what figures need beside their views

-- name: asked
SELECT EXISTS (SELECT 1 FROM member JOIN measurement USING (run_id) WHERE
  metric = 'lookup' AND value_ns > 0)

-- name: lookups
SELECT count(*)
FROM member JOIN measurement USING (run_id)
WHERE metric = 'lookup' AND ok

-- name: runs
SELECT count(DISTINCT k), min(k), (SELECT count(*) FROM member m JOIN series s
  ON s.id = m.series WHERE s.homeward = 'on' AND s.world = 'sim'),
  (SELECT count(*) FROM member m JOIN series s ON s.id = m.series WHERE
  s.homeward = 'on' AND s.world = 'live')
FROM series

-- name: shown
SELECT series_shown, series, sizes_shown, sizes, largest
FROM shown
WHERE metric = ?1

-- name: moved
SELECT count(*)
FROM moved
WHERE homeward = 'on' AND world = (SELECT world FROM pair)

-- name: live
SELECT world = 'live'
FROM pair

-- name: letters_all
SELECT max(length(title))
FROM curve

-- name: letters
SELECT max(length(title))
FROM curve
WHERE tier <= 2

-- name: panels
SELECT panel, metric, servers, sim_n, live_n, sim_median_ns, live_median_ns,
  coalesce(runs_p, u_p), d, basis, phase, (SELECT count(*) FROM member m WHERE
  m.series = t.sim AND m.servers = c.servers), (SELECT count(*) FROM member m
  WHERE m.series = t.live AND m.servers = c.servers), t.label,
  (SELECT count(*) FROM series_pair)
FROM panel JOIN comparison c USING (id) JOIN series_pair t USING (pair)
ORDER BY panel

-- name: fit_points
SELECT *
FROM fit_point
WHERE series = ?1 AND metric = ?2 AND unit = ?3
ORDER BY servers

-- name: fit_curve
SELECT *
FROM fit_curve
WHERE series = ?1 AND metric = ?2 AND unit = ?3
ORDER BY servers

-- The plain distribution of metric ?1.
-- name: distribution
SELECT title AS curve, value_ms, share, place
FROM step
WHERE tier <= 2 AND metric = ?1
ORDER BY place, share, value_ms

-- Is figure ?1 among those that the newest run's scenario names, or names it
-- none?
-- name: listed
WITH RECURSIVE place(i) AS (SELECT 1 UNION ALL
    SELECT i + 1 FROM place WHERE i < 16),
  newest AS (SELECT resolved FROM run JOIN member ON run_id = id
    ORDER BY id DESC LIMIT 1),
  name AS (SELECT scenario_get(resolved, 'plots.' || i) AS name
    FROM newest, place)
SELECT count(name) = 0 OR coalesce(max(name = ?1), 0) FROM name

-- name: worlds
SELECT count(DISTINCT world) FROM series

-- name: scenarios
SELECT scenario FROM run WHERE status = 'ok' GROUP BY scenario ORDER BY min(id)
