-- SPDX-License-Identifier: GPL-3.0-or-later
-- run_store.sql - points of a sweep, and which of them the database has

-- script: points
CREATE TEMP TABLE point(i INTEGER PRIMARY KEY, point TEXT, seed INTEGER,
  label TEXT, run_id INTEGER);
CREATE INDEX temp.point_value ON point(point, seed);

-- name: point
INSERT INTO temp.point
VALUES (?1, ?2, ?3, ?4, NULL)

-- name: match
SELECT p.i, r.id, r.status = 'ok'
FROM temp.point p JOIN run r ON r.point = p.point AND r.seed = p.seed
WHERE r.resolved = ?1 AND r.scenario = ?2 AND r.world = ?3
ORDER BY r.id

-- name: there
SELECT count(DISTINCT p.i)
FROM temp.point p JOIN run r ON r.point = p.point AND r.seed = p.seed
WHERE r.resolved = ?1 AND r.scenario = ?2 AND r.world = ?3 AND r.status = 'ok'

-- name: last
SELECT max(id)
FROM run
