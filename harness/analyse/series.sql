-- SPDX-License-Identifier: GPL-3.0-or-later
-- series.sql - temporary tables candidate, series and member: which runs
-- belong together (series.h)

-- name: candidate_drop
DROP TABLE IF EXISTS temp.candidate

-- ?1: a scenario's name, or NULL for all. exact: what the identity is before
-- anything is pooled.
-- name: candidate
CREATE TEMP TABLE candidate AS WITH x AS MATERIALIZED (
  SELECT id AS run_id, scenario, world, servers, seed, status,
    scenario_identity(resolved, point) AS identity
  FROM run WHERE ?1 IS NULL OR scenario = ?1)
SELECT run_id, scenario, world, servers, seed, status, identity AS exact,
  identity FROM x

-- Series are numbered in the order in which their first runs were made.
-- script: groups
DROP TABLE IF EXISTS temp.member;
DROP TABLE IF EXISTS temp.series;
CREATE TEMP TABLE series AS
  SELECT row_number() OVER (ORDER BY min(run_id)) AS id,
    scenario, world, '' AS label,
    CAST(coalesce(identity_get(identity, 'dht.k'), 20) AS INTEGER)
      AS k,
    coalesce(identity_get(identity, 'service.scheme'), 'homeward')
      AS homeward, identity
  FROM candidate WHERE status = 'ok'
  GROUP BY scenario, world, identity;
-- Other schemes keep their name: they are neither.
UPDATE series SET homeward = CASE homeward WHEN 'homeward' THEN 'on'
  WHEN 'none' THEN 'off' ELSE homeward END;
UPDATE series SET label = (SELECT identity_label(series.identity,
    group_concat(other.identity, char(12))) FROM series other
  WHERE other.scenario = series.scenario);
-- With and without, and no third: figures say so in their own words.
UPDATE series SET label = replace(replace(label,
    'service.scheme=homeward', 'service.homeward=on'),
    'service.scheme=none', 'service.homeward=off')
  WHERE NOT EXISTS (SELECT 1 FROM series other WHERE
    other.scenario = series.scenario
    AND other.homeward NOT IN ('on', 'off'));
-- Worlds are no key of the scenario, so they are named apart.
UPDATE series SET label = trim(world || ' ' || label)
  WHERE EXISTS (SELECT 1 FROM series other WHERE
    other.scenario = series.scenario AND other.world <> series.world);
CREATE TEMP TABLE member AS
  SELECT run_id, s.id AS series, c.servers, c.seed
  FROM candidate c JOIN series s USING (scenario, world, identity)
  WHERE c.status = 'ok' AND (world <> 'sim' OR run_id =
    (SELECT max(d.run_id) FROM candidate d WHERE d.status = 'ok'
      AND d.scenario = c.scenario AND d.world = c.world
      AND d.exact = c.exact AND d.servers = c.servers
      AND d.seed = c.seed));
CREATE INDEX temp.member_run ON member(run_id);

-- name: failed
SELECT count(*) FROM candidate WHERE status <> 'ok'

-- name: older
SELECT (SELECT count(*) FROM candidate WHERE status = 'ok')
  - (SELECT count(*) FROM member)

-- name: count
SELECT count(*) FROM series

-- name: pool
UPDATE candidate SET identity = identity_less(identity, ?1)
WHERE identity <> identity_less(identity, ?1)
