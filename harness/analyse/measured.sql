-- SPDX-License-Identifier: GPL-3.0-or-later
-- measured.sql - temporary views that the views of view.sql, the summary and
-- figures read. Messages are what the servers' nodes sent to each other,
-- joins included.

-- When a run's fabric may be reroutable: until 3 s after a fault; faults less
-- than that apart are one.
-- script: views
CREATE TEMP TABLE unrest(run_id INTEGER, from_ns INTEGER,
  to_ns INTEGER, PRIMARY KEY (run_id, from_ns)) WITHOUT ROWID;
INSERT INTO unrest WITH f AS (SELECT DISTINCT run_id, at_ns
    FROM fault JOIN member USING (run_id)),
  g AS (SELECT *, coalesce(at_ns - lag(at_ns) OVER (PARTITION BY run_id
    ORDER BY at_ns) > 3000000000, 1) AS begins FROM f),
  h AS (SELECT *, sum(begins) OVER (PARTITION BY run_id
    ORDER BY at_ns) AS island FROM g)
SELECT run_id, min(at_ns), max(at_ns) + 3000000000 FROM h
GROUP BY run_id, island;
CREATE TEMP TABLE wanted(phase TEXT);

-- Measurements of runs that are looked at; view.h says what phase means.
CREATE TEMP VIEW timed AS
SELECT v.rowid AS entry, v.*,
  iif((SELECT u.to_ns FROM unrest u WHERE u.run_id = v.run_id
      AND u.from_ns <= v.at_ns + v.value_ns
      ORDER BY u.from_ns DESC LIMIT 1) >= v.at_ns, 'reroute', 'converged')
    AS phase
FROM measurement v;

-- Those of the phase that was asked for.
CREATE TEMP VIEW measured AS
SELECT m.series, m.servers, s.world, v.run_id, v.metric, v.at_ns, v.value_ns,
  v.node, v.flow, v.hops, v.local, v.ok, v.phase
FROM member m JOIN series s ON s.id = m.series JOIN timed v USING (run_id)
WHERE iif((SELECT phase FROM wanted) IS NULL, 1,
  v.phase = (SELECT phase FROM wanted));

-- What a fault did to each session that it strayed. Live, the fault's row and
-- the stall's window have their times from two readings of the clock: within
-- 10 ms it is one fault. A link's tier is its name
-- without digits; a device's, too. The direction decides what a segment that
-- was sent again had been: a download's data come by the way back, an
-- upload's are the strays.
CREATE TEMP VIEW cuts AS WITH x AS (SELECT v.run_id, v.flow, v.at_ns,
    v.value_ns AS stall_ns, v.ok, c.lower, c.back, c.resent,
    c.repeated, (SELECT f.rowid FROM fault f
      WHERE f.run_id = v.run_id AND f.at_ns < v.at_ns + 10000000
      AND f.kind NOT GLOB '*_missed' AND f.kind NOT GLOB '*_up'
      AND f.kind NOT IN ('undrain', 'merge', 'daemon_start')
      ORDER BY f.at_ns DESC, f.rowid DESC LIMIT 1) AS fault,
    (SELECT b.value_ns FROM measurement b WHERE b.run_id = v.run_id
      AND b.metric = 'stall_before' AND b.flow = v.flow
      AND b.at_ns = v.at_ns) AS before_ns,
    coalesce((SELECT value FROM setting d WHERE d.run_id = v.run_id
      AND d.key = 'clients.direction'), 'download') AS direction
    FROM measurement v LEFT JOIN cut c ON c.run_id = v.run_id
      AND c.flow = v.flow AND abs(c.at_ns - v.at_ns) < 10000000
    WHERE v.metric = 'stall' AND NOT v.local)
  SELECT x.*, f.kind, f.target, tier_text(f.target) AS tier,
    CASE lower WHEN 1 THEN 'lower' WHEN 0 THEN 'upper' END AS side,
    iif(back, iif(direction = 'upload', 'strays and answers',
      'strays and data'), iif(back = 0, 'strays', NULL)) AS at_risk,
    CASE WHEN resent IS NULL OR repeated IS NULL THEN NULL
      WHEN resent = 0 THEN 'nothing'
      WHEN (resent > repeated) = (direction = 'upload') THEN 'strays'
      WHEN direction = 'upload' THEN 'answers' ELSE 'data' END AS lost
  FROM x LEFT JOIN fault f ON f.rowid = x.fault;

-- A session that stalls so long waited for a retransmission timer: Linux's is
-- 200 ms at least, and nothing else in a fabric takes so long.
CREATE TEMP VIEW stalls AS WITH by(place, "by") AS (VALUES
    (0, 'all'), (1, 'cut'), (2, 'cut, side'), (3, 'cut, at risk'),
    (4, 'lost'), (5, 'at risk, lost')),
  x AS (SELECT m.series AS id, m.servers, b.place, b."by",
    CASE b.place WHEN 0 THEN '' WHEN 1 THEN tier
      WHEN 2 THEN tier || ', ' || side
      WHEN 3 THEN tier || ', ' || at_risk WHEN 4 THEN lost
      ELSE at_risk || ', ' || lost END AS what, ok, stall_ns
    FROM cuts JOIN member m USING (run_id), by b)
  SELECT id, servers, place, "by", what,
    count(*) AS count, sum(ok) AS ok,
    quantile(iif(ok, stall_ns, NULL), 0.5) AS median_ns,
    quantile(iif(ok, stall_ns, NULL), 0.9) AS p90_ns,
    quantile(iif(ok, stall_ns, NULL), 0.99) AS p99_ns,
    max(iif(ok, stall_ns, NULL)) AS max_ns,
    sum(ok AND stall_ns >= 150000000) AS waited
    FROM x WHERE what IS NOT NULL GROUP BY id, servers, place, what;

-- What a figure shows: the pairs of the newest runs, their largest size, and
-- of each metric the phase that has more.
CREATE TEMP VIEW panel AS WITH chosen AS (SELECT t.pair FROM series_pair t
    JOIN member l ON l.series = t.live JOIN member s
    ON s.series = t.sim GROUP BY t.pair
    ORDER BY max(l.run_id) DESC, max(s.run_id) DESC LIMIT 1),
  c AS (SELECT *, row_number() OVER (PARTITION BY metric ORDER BY
      servers DESC, min(sim_n, live_n) DESC, phase) AS rank
    FROM comparison JOIN chosen USING (pair)
    WHERE sim_n > 0 AND live_n > 0)
  SELECT id, row_number() OVER (ORDER BY place) AS panel FROM c
    WHERE rank = 1;

CREATE TEMP VIEW metrics AS SELECT s.id, s.scenario,
  s.label AS series, v.servers, count(DISTINCT v.run_id) AS runs,
  v.metric, coalesce((SELECT r.place FROM metric_row r
    WHERE r.name = v.metric), 1000) AS place,
  count(*) AS count, sum(v.ok) AS ok, sum(v.local) AS local,
  quantile(iif(v.ok, v.value_ns, NULL), 0.5) AS median_ns,
  avg(iif(v.ok, v.value_ns, NULL)) AS mean_ns,
  quantile(iif(v.ok, v.value_ns, NULL), 0.9) AS p90_ns,
  quantile(iif(v.ok, v.value_ns, NULL), 0.99) AS p99_ns,
  max(iif(v.ok, v.value_ns, NULL)) AS max_ns,
  avg(iif(v.ok, v.hops, NULL)) AS mean_rounds
  FROM measured v JOIN series s ON s.id = v.series
  GROUP BY s.id, v.servers, v.metric;

CREATE TEMP VIEW outcomes AS SELECT s.id, s.scenario,
  s.label AS series, m.servers, count(*) AS runs,
  sum(n.sessions) AS sessions, sum(n.closed) AS closed,
  sum(n.kept) AS kept, sum(n.reset) AS reset,
  sum(n.timeout) AS timeout, sum(n.corrupt) AS corrupt,
  sum(n.excused) AS excused, sum(n.strayed) AS strayed,
  sum(n.broken) AS broken, proportion_most(sum(n.broken), sum(n.strayed))
    AS broken_most, (SELECT quantile(j.stall_ns, 0.99) FROM temp.judged j
    JOIN member x USING (run_id) WHERE x.series = s.id
    AND x.servers = m.servers AND j.strayed AND NOT j.broken)
    AS stall_p99_ns, (SELECT max(j.stall_ns) FROM temp.judged j
    JOIN member x USING (run_id) WHERE x.series = s.id
    AND x.servers = m.servers AND j.strayed AND NOT j.broken)
    AS gap_longest_ns, (SELECT group_concat(cause || ' ' || n, ', ')
    FROM (SELECT v.cause, count(*) AS n FROM session v JOIN member x
      USING (run_id) WHERE x.series = s.id AND x.servers = m.servers
      AND v.cause IS NOT NULL GROUP BY v.cause ORDER BY n DESC, v.cause))
    AS causes,
  sum(n.strays) AS strays,
  sum((SELECT count(*) FROM fault f WHERE f.run_id = m.run_id))
    AS faults,
  sum(k.messages) AS messages, sum(k.bytes) AS message_bytes,
  round(1.0 * sum(k.messages) / nullif(sum(n.sessions), 0), 1)
    AS messages_per_session
 FROM member m JOIN series s ON s.id = m.series JOIN (SELECT c.run_id,
    count(v.flow) AS sessions,
    coalesce(sum(v.outcome = 'closed'), 0) AS closed,
    coalesce(sum(v.outcome = 'kept'), 0) AS kept,
    coalesce(sum(v.outcome = 'reset'), 0) AS reset,
    coalesce(sum(v.outcome = 'timeout'), 0) AS timeout,
    coalesce(sum(v.outcome = 'corrupt'), 0) AS corrupt,
    coalesce(sum(v.excused), 0) AS excused,
    coalesce(sum(v.strayed), 0) AS strayed,
    coalesce(sum(v.broken), 0) AS broken,
    coalesce(sum(v.strays), 0) AS strays
    FROM member c LEFT JOIN temp.judged v USING (run_id)
    GROUP BY c.run_id) n USING (run_id)
  LEFT JOIN (SELECT run_id,
    sum(iif(name = 'node_sent', value, 0)) AS messages,
    sum(iif(name = 'node_sent_bytes', value, 0)) AS bytes
    FROM counter WHERE name IN ('node_sent', 'node_sent_bytes')
    AND node <> '' GROUP BY run_id) k USING (run_id)
  GROUP BY s.id, m.servers;

-- Labels without sections: "k=8 alpha=3".
CREATE TEMP VIEW curve AS WITH alive AS (SELECT id, row_number()
    OVER (ORDER BY id) AS rank, trim(replace(replace(replace(replace(
    replace(replace(label, 'service.homeward=on', ''),
    'service.scheme=homeward', ''), 'dht.', ''),
    'service.', ''), 'fabric.', ''), 'routing.', '')) AS label
    FROM series WHERE homeward <> 'off'),
  size AS (SELECT series, servers, row_number() OVER w - 1 AS rank,
    count(*) OVER (PARTITION BY series) AS sizes FROM
    (SELECT DISTINCT series, servers FROM member)
    WINDOW w AS (PARTITION BY series ORDER BY servers)),
  total AS (SELECT (SELECT count(*) FROM alive) AS series,
    (SELECT count(DISTINCT servers) FROM member) AS sizes)
  SELECT z.series, z.servers,
    row_number() OVER (ORDER BY z.series, z.servers) AS place,
    trim(iif(t.series > 1, a.label, '') || iif(t.series = 1,
      'n = ' || z.servers, iif(t.sizes > 1, ', n = ' || z.servers,
      ''))) AS title,
    CASE WHEN t.series = 1 THEN iif(z.rank IN (0, (z.sizes - 1) / 2,
      z.sizes - 1), 1, 2) WHEN a.rank <= 3 THEN 1
      WHEN a.rank <= 6 THEN 2 ELSE 3 END AS tier
  FROM size z JOIN alive a ON a.id = z.series, total t
  WHERE iif(t.series = 1, z.sizes <= 5 OR z.rank IN
      (0, (z.sizes - 1) / 4, (z.sizes - 1) / 2,
      (z.sizes - 1) * 3 / 4, z.sizes - 1),
    z.rank = z.sizes - 1 AND a.rank <= 8);

-- Of those that have a metric, how many have a curve.
CREATE TEMP VIEW shown AS WITH tier AS (SELECT name AS metric,
    curves AS tier FROM metric_row WHERE curves > 0),
  there AS (SELECT DISTINCT t.metric, t.tier, m.series, m.servers
    FROM tier t JOIN measurement v USING (metric)
    JOIN member m USING (run_id) JOIN series s ON s.id = m.series
    WHERE v.ok AND s.homeward <> 'off')
  SELECT x.metric, count(DISTINCT c.series) AS series_shown,
    count(DISTINCT x.series) AS series,
    count(DISTINCT c.servers) AS sizes_shown,
    count(DISTINCT x.servers) AS sizes, max(c.servers) AS largest
  FROM there x LEFT JOIN curve c ON c.series = x.series
    AND c.servers = x.servers AND c.tier <= x.tier GROUP BY x.metric;

-- Sessions that a fault moved, and when it happened: the link that their
-- detection names, or else the last fault before they ended.
CREATE TEMP VIEW moved AS SELECT v.run_id, v.flow, s.homeward, s.world,
  m.servers, m.seed, v.outcome, v.closed_ns, coalesce((SELECT min(d.at_ns)
    FROM measurement d WHERE d.run_id = v.run_id AND
      d.metric = 'detection' AND d.ok AND d.flow = v.flow),
    (SELECT max(f.at_ns) FROM fault f WHERE f.run_id = v.run_id
      AND f.at_ns <= v.closed_ns AND f.kind NOT GLOB '*up'))
    AS fault_ns, max(coalesce(v.stall_ns, 0), 0) AS stall_ns
  FROM session v JOIN member m USING (run_id)
  JOIN series s ON s.id = m.series
  WHERE EXISTS (SELECT 1 FROM sample x WHERE x.run_id = v.run_id
    AND x.flow = v.flow) AND v.outcome =
    iif(s.homeward = 'on', 'kept', 'reset');

-- The longest stall, live if there is one, beside the same seed without
-- Homeward.
CREATE TEMP VIEW pair AS SELECT a.world, a.run_id AS on_run,
  a.flow AS on_flow, a.fault_ns AS on_ns, a.stall_ns,
  b.run_id AS off_run, b.flow AS off_flow, b.fault_ns AS off_ns,
  b.closed_ns AS reset_ns
  FROM moved a LEFT JOIN moved b ON b.homeward = 'off'
    AND b.servers = a.servers AND b.world = a.world
    AND b.fault_ns IS NOT NULL
  WHERE a.homeward = 'on' AND a.fault_ns IS NOT NULL
  ORDER BY a.world <> 'live', b.run_id IS NULL, a.seed <> b.seed,
    a.flow <> b.flow, a.stall_ns DESC, a.run_id, a.flow, b.run_id, b.flow
  LIMIT 1;

-- The two over a window that holds the stall and the reset. A session
-- that is reset keeps what came before until then.
CREATE TEMP VIEW stall_curve AS WITH p AS (SELECT *,
    max(10000000, stall_ns * 3 / 2,
      coalesce((reset_ns - off_ns) * 3 / 5, 0)) AS w FROM pair),
  line AS (SELECT 1 AS place, 'with Homeward' AS title,
    on_run AS run_id, on_flow AS flow, on_ns AS zero, w FROM p
  UNION ALL SELECT 2, 'without Homeward', off_run, off_flow, off_ns,
    w FROM p WHERE off_run IS NOT NULL)
SELECT l.place, l.title, (x.at_ns - l.zero) / 1e9 AS since_s,
  (x.bytes - (SELECT min(b.bytes) FROM sample b
    WHERE b.run_id = l.run_id AND b.flow = l.flow
    AND b.at_ns >= l.zero - l.w)) / 1e6 AS received_mb,
  (SELECT outcome FROM session e WHERE e.run_id = l.run_id
    AND e.flow = l.flow) AS outcome
FROM line l JOIN (SELECT run_id, flow, at_ns, bytes FROM sample
  UNION ALL SELECT e.run_id, e.flow, e.closed_ns, (SELECT max(b.bytes)
    FROM sample b WHERE b.run_id = e.run_id AND b.flow = e.flow
    AND b.at_ns <= e.closed_ns) FROM session e
    JOIN pair ON e.run_id = off_run AND e.flow = off_flow) x
  ON x.run_id = l.run_id AND x.flow = l.flow
WHERE x.at_ns BETWEEN l.zero - l.w AND l.zero + 2 * l.w;

-- The empirical distribution of each metric over the curves that exist: the
-- steps that enter a new 400th, so that a jump stays where it is, and the last.
CREATE TEMP VIEW step AS WITH x AS (SELECT c.place, c.tier, c.title, v.metric,
    v.value_ns / 1e6 AS value FROM curve c
    JOIN member m ON m.series = c.series AND m.servers = c.servers
    JOIN measurement v USING (run_id) WHERE v.ok),
  y AS (SELECT DISTINCT place, tier, title, metric, value, cume_dist()
    OVER (PARTITION BY metric, place ORDER BY value) AS share FROM x),
  z AS (SELECT *, lag(CAST(share * 400 AS INTEGER), 1, -1)
    OVER (PARTITION BY metric, place ORDER BY value) AS before FROM y)
SELECT metric, place, tier, title, value AS value_ms, share FROM z
  WHERE CAST(share * 400 AS INTEGER) > before OR share = 1
UNION ALL SELECT metric, place, tier, title, 0, 0 FROM y
  GROUP BY metric, place;

-- What C knows of each metric (sim/model/metric.h), before the views.
-- name: metric_rows
CREATE TEMP TABLE metric_row(name TEXT PRIMARY KEY, place INTEGER, label TEXT,
  fitted INTEGER, compared INTEGER, curves INTEGER)

-- name: metric_row
INSERT INTO metric_row VALUES (?1, ?2, ?3, ?4, ?5, ?6)

-- name: phase
INSERT INTO wanted VALUES (?1)

-- name: fits
SELECT count(*) FROM sqlite_temp_schema WHERE name = 'fit_line'

-- name: comparisons
SELECT count(*) FROM sqlite_temp_schema WHERE name = 'comparison'
