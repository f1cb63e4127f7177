-- SPDX-License-Identifier: GPL-3.0-or-later
-- scaling.sql - the means that are fitted, and tables of what came out
-- (scaling.h)

-- A stray's retry is no sample of T(n): that its first lookup missed chose it.
-- name: runs
SELECT m.servers, avg(x.value), deviation(x.value) * deviation(x.value) /
  count(x.value), count(*), sum(x.local)
FROM member m JOIN series s ON s.id = m.series JOIN (SELECT run_id, local,
  CASE ?3 WHEN 1 THEN hops ELSE value_ns END AS value FROM measurement WHERE
  metric = ?2 AND ok AND asked IS NOT 'retry') x ON x.run_id = m.run_id
WHERE m.series = ?1 AND m.servers > s.k AND x.value IS NOT NULL
GROUP BY m.run_id
ORDER BY m.servers, m.run_id

-- name: facts
SELECT s.scenario, s.label, s.k, (SELECT count(*) FROM member m WHERE m.series
  = s.id AND m.servers <= s.k), (SELECT count(*) FROM member m JOIN measurement
  x USING (run_id) WHERE m.series = s.id AND m.servers > s.k AND x.metric = ?2
  AND NOT x.ok AND x.asked IS NOT 'retry')
FROM series s
WHERE s.id = ?1

-- script: tables
DROP TABLE IF EXISTS temp.fit_line;
DROP TABLE IF EXISTS temp.fit_point;
DROP TABLE IF EXISTS temp.fit_curve;
CREATE TEMP TABLE fit_line(series, metric, unit, model_id, model,
  parameters, a, a_low, a_high, slope, slope_low, slope_high, rss,
  freedom, aicc_difference, akaike_weight, lack_f, lack_freedom,
  lack_p, misfit, best, verdict, why, weights, runs, points,
  doublings, operations, local, failed);
CREATE TEMP TABLE fit_point(series, metric, unit, servers, runs, mean,
  low, high, origin, affine);
CREATE TEMP TABLE fit_curve(series, metric, unit, servers, origin,
  origin_low, origin_high, affine, affine_low, affine_high);

-- name: line
INSERT INTO fit_line(series, metric, unit, model_id, parameters, a, a_low,
  a_high, slope, slope_low, slope_high, rss, freedom, aicc_difference,
  akaike_weight, lack_f, lack_freedom, lack_p, misfit, best, runs, points,
  doublings, operations, local, failed, model, verdict, why, weights)
VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?, ?,?,?,?)

-- name: point
INSERT INTO fit_point
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: curve
INSERT INTO fit_curve
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
