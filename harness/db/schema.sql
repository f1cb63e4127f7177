-- SPDX-License-Identifier: GPL-3.0-or-later
-- schema.sql - the tables and views of every database; doc/database.md
-- explains each column

-- script: tables
CREATE TABLE run(
  id INTEGER PRIMARY KEY,
  scenario TEXT NOT NULL,
  world TEXT NOT NULL,
  seed INTEGER NOT NULL,
  servers INTEGER NOT NULL,
  point TEXT NOT NULL CHECK (json_valid(point)),
  started_at TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
  wall_s REAL,
  cpu_s REAL,
  peak_rss_bytes INTEGER,
  events INTEGER,
  state_hash TEXT,
  commit_id TEXT,
  host TEXT,
  kernel TEXT,
  versions TEXT CHECK (json_valid(versions)),
  resolved TEXT NOT NULL,
  reason TEXT,
  warnings TEXT CHECK (warnings IS NULL OR json_valid(warnings))
) STRICT;
CREATE TABLE measurement(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  value_ns INTEGER NOT NULL,
  node INTEGER,
  flow INTEGER,
  hops INTEGER,
  local INTEGER NOT NULL CHECK (local IN (0, 1)),
  ok INTEGER NOT NULL CHECK (ok IN (0, 1)),
  asked TEXT CHECK (asked IN ('load', 'stray', 'retry', 'operator')),
  conclusive INTEGER CHECK (conclusive IN (0, 1)),
  found TEXT CHECK (found IN ('right', 'removed', 'wrong')),
  owned INTEGER CHECK (owned IN (0, 1)),
  age_ns INTEGER
) STRICT;
CREATE TABLE session(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  owner INTEGER,
  opened_ns INTEGER,
  closed_ns INTEGER,
  bytes INTEGER NOT NULL,
  strays INTEGER NOT NULL,
  stall_ns INTEGER,
  outcome TEXT NOT NULL CHECK (outcome IN
    ('kept', 'reset', 'timeout', 'closed', 'corrupt')),
  cause TEXT CHECK (cause IN ('unfinished', 'owner_dead', 'handshake', 'record_gone', 'budget',
    'half_open', 'unreachable', 'unprotected', 'old_socket', 'no_socket',
    'owner_closed', 'silent', 'unsure'))
) STRICT;
CREATE TABLE fault(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  at_ns INTEGER NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL
) STRICT;
CREATE TABLE counter(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  node TEXT NOT NULL,
  name TEXT NOT NULL,
  value INTEGER NOT NULL
) STRICT;
CREATE TABLE sample(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE cut(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  lower INTEGER NOT NULL CHECK (lower IN (0, 1)),
  back INTEGER NOT NULL CHECK (back IN (0, 1)),
  resent INTEGER,
  repeated INTEGER
) STRICT;
CREATE TABLE setting(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX measurement_run ON measurement(run_id, metric);
CREATE INDEX session_run ON session(run_id, outcome);
CREATE INDEX fault_run ON fault(run_id);
CREATE INDEX counter_run ON counter(run_id, name);
CREATE INDEX sample_run ON sample(run_id, flow);
CREATE INDEX cut_run ON cut(run_id, flow);

-- script: views
CREATE VIEW metric AS SELECT
  r.id AS run_id, r.scenario, r.world, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k')
    AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha')
    AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas')
    AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables')
    AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward')
    AS homeward,
  m.metric, m.at_ns / 1e9 AS at_s, m.value_ns / 1e6 AS value_ms,
  m.at_ns, m.value_ns, m.node, m.flow, m.hops, m.local, m.ok,
  m.asked, m.conclusive, m.found, m.owned, m.age_ns
  FROM measurement m JOIN run r ON r.id = m.run_id;
-- Rounds until the value was there, as the reference counts them.
CREATE VIEW hops AS SELECT
  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k')
    AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha')
    AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas')
    AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables')
    AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward')
    AS homeward,
  m.hops, count(*) AS lookups
  FROM measurement m JOIN run r ON r.id = m.run_id
  WHERE m.metric = 'lookup' AND m.ok AND m.hops IS NOT NULL
  GROUP BY r.id, m.hops;
CREATE VIEW outcome AS SELECT
  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k')
    AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha')
    AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas')
    AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables')
    AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward')
    AS homeward,
  s.outcome, count(*) AS sessions, sum(s.strays) AS strays,
  sum(s.bytes) AS bytes, max(s.stall_ns) AS longest_stall_ns
  FROM session s JOIN run r ON r.id = s.run_id
  GROUP BY r.id, s.outcome;
CREATE VIEW cause AS SELECT
  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k')
    AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha')
    AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas')
    AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables')
    AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward')
    AS homeward,
  s.outcome, s.cause, coalesce(s.cause IN ('unfinished', 'owner_dead',
    'unreachable', 'unprotected'), 0) AS excused, count(*) AS sessions
  FROM session s JOIN run r ON r.id = s.run_id
  WHERE s.outcome NOT IN ('closed', 'kept')
  GROUP BY r.id, s.outcome, s.cause;
CREATE VIEW lost AS SELECT
  run_id, substr(name, 6) AS reason, sum(value) AS packets
  FROM counter WHERE name GLOB 'drop_*' GROUP BY run_id, name;
-- One row a run and metric; percentiles by rank, no interpolation.
CREATE VIEW operation AS WITH ranked AS (SELECT run_id, metric,
    value_ns, hops, local,
    row_number() OVER (PARTITION BY run_id, metric
                       ORDER BY value_ns) AS place,
    count(*) OVER (PARTITION BY run_id, metric) AS n
    FROM measurement WHERE ok)
  SELECT r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k')
    AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha')
    AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas')
    AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables')
    AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward')
    AS homeward,
  o.metric, count(*) AS n, avg(o.value_ns) AS mean_ns,
  min(o.value_ns) AS min_ns,
  min(CASE WHEN o.place * 2 >= o.n THEN o.value_ns END)
    AS median_ns,
  min(CASE WHEN o.place * 100 >= o.n * 99 THEN o.value_ns END)
    AS p99_ns,
  max(o.value_ns) AS max_ns, avg(o.hops) AS mean_hops,
  sum(o.local) AS local,
  (SELECT count(*) FROM measurement f WHERE f.run_id = r.id
    AND f.metric = o.metric AND NOT f.ok) AS failed
  FROM ranked o JOIN run r ON r.id = o.run_id
  GROUP BY r.id, o.metric;
