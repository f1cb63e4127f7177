-- SPDX-License-Identifier: GPL-3.0-or-later
-- summary.sql - what `homeward summary` prints; ?1 is a series

-- name: times
SELECT servers, metric, count, ok, local, time_text(median_ns) AS median,
  time_text(mean_ns) AS mean, time_text(p90_ns) AS p90,
  time_text(p99_ns) AS p99, time_text(max_ns) AS max, iif(mean_rounds IS NULL,
  '-', format('%.3f', mean_rounds)) AS rounds
FROM metrics
WHERE id = ?1
ORDER BY servers, place

-- name: outcomes
SELECT servers, sessions, closed, kept, reset, timeout, corrupt, strays,
  faults, coalesce(messages, '-') AS messages, coalesce(messages_per_session,
  '-') AS "per session", excused, coalesce(causes, '-') AS causes
FROM outcomes
WHERE id = ?1 AND (sessions > 0 OR faults > 0 OR messages IS NOT NULL)
ORDER BY servers

-- name: broken
SELECT servers, broken_text(sessions, strayed, broken, excused, stall_p99_ns,
  gap_longest_ns) AS said
FROM outcomes
WHERE id = ?1 AND said IS NOT NULL
ORDER BY servers

-- name: stalls
SELECT servers, "by" AS "stall by", what, count, ok,
  time_text(median_ns) AS median, time_text(p90_ns) AS p90,
  time_text(p99_ns) AS p99, time_text(max_ns) AS max, waited
FROM stalls
WHERE id = ?1 AND coalesce((SELECT phase FROM wanted),
  'reroute') = 'reroute' AND EXISTS (SELECT 1 FROM stalls o WHERE o.id = ?1 AND
  o.ok > 0)
ORDER BY servers, place, what

-- name: series
SELECT id, scenario, world, label, (SELECT count(*) FROM member m WHERE
  m.series = s.id)
FROM series s
ORDER BY id

-- name: times_json
SELECT scenario, series, servers, runs, metric, count, ok, local, median_ns,
  mean_ns, p90_ns, p99_ns, max_ns, mean_rounds
FROM metrics
ORDER BY id, servers, place

-- name: stalls_json
SELECT s.scenario, s.label AS series, x.servers, x."by", x.what, x.count, x.ok,
  x.median_ns, x.p90_ns, x.p99_ns, x.max_ns, x.waited
FROM stalls x JOIN series s USING (id)
ORDER BY s.id, x.servers, x.place, x.what

-- name: outcomes_json
SELECT scenario, series, servers, runs, sessions, closed, kept, reset, timeout,
  corrupt, strays, faults, messages, message_bytes, messages_per_session,
  excused, causes, strayed, broken, broken_most, stall_p99_ns, gap_longest_ns
FROM outcomes
ORDER BY id, servers
