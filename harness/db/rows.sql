-- SPDX-License-Identifier: GPL-3.0-or-later
-- rows.sql - what run_writer.c inserts

-- name: measurement
INSERT INTO measurement(rowid, run_id, metric, at_ns, value_ns, node, flow,
  hops, local, ok, asked, conclusive, found, owned, age_ns)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)

-- name: session
INSERT INTO session(rowid, run_id, flow, owner, opened_ns, closed_ns, bytes,
  strays, stall_ns, outcome, cause)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: fault
INSERT INTO fault(rowid, run_id, at_ns, kind, target) VALUES (?1, ?2, ?3, ?4,
  ?5)

-- name: counter
INSERT INTO counter(rowid, run_id, node, name, value)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: sample
INSERT INTO sample(rowid, run_id, flow, at_ns, bytes)
VALUES (?1, ?2, ?3, ?4, ?5)

-- name: cut
INSERT INTO cut(rowid, run_id, flow, at_ns, lower, back, resent, repeated)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: setting
INSERT INTO setting(run_id, key, value) VALUES (?1, ?2, ?3)

-- name: run
INSERT INTO run(id, scenario, world, seed, servers, point, started_at,
  status, wall_s, cpu_s, peak_rss_bytes, events, state_hash, commit_id, host,
  kernel, versions, resolved, reason, warnings)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
  ?17, ?18, ?19, ?20)
