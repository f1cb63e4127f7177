#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# compare_test.sh BIN - simulated beside live: exit codes, words, valid JSON and
# a figure. Live runs need a lab; here they are simulated ones, copied and made
# slower by SQL, so that what must come out is known. From the source root.
set -u
homeward=$1/homeward
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
db=$folder/test.db

command -v sqlite3 >/dev/null || {
	echo "skipped: no sqlite3" >&2
	exit 77
}

# shellcheck source=harness/test/test_lib
. harness/test/test_lib

run 0 "simulated" run --db "$db" --set repeat=12 scenarios/paper.yaml
run 0 "a control" run --db "$db" --set repeat=3 --set service.homeward=off \
	scenarios/paper.yaml
run 4 "one world is not two" compare --db "$db"
talks 'no scenario was run in both worlds' "why not"
run 0 "nor does it make a figure" plot --db "$db" --out "$folder/one"
[ -e "$folder/one/paper-compare.svg" ] && fail "a comparison of one world"

# Lookups are too few at 4 servers (most are local): four remote ones a run.
sqlite3 "$db" "
BEGIN;
INSERT INTO measurement(run_id, metric, at_ns, value_ns, node, flow, hops,
  local, ok) SELECT r.id, 'lookup', 4080000000,
  20000 + (r.id * 7 + i * 13) % 101 * 100, 1, NULL, 1, 0, 1
  FROM run r, (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3 UNION SELECT 4);
INSERT INTO run(id, scenario, world, seed, servers, point, started_at, status,
  wall_s, cpu_s, peak_rss_bytes, events, state_hash, commit_id, host, kernel,
  versions, resolved) SELECT id + 1000, scenario, 'live', seed, servers, point,
  started_at, status, wall_s, cpu_s, peak_rss_bytes, events, state_hash,
  commit_id, host, kernel, versions, resolved FROM run;
INSERT INTO setting SELECT run_id + 1000, key, value FROM setting;
INSERT INTO measurement(run_id, metric, at_ns, value_ns, node, flow, hops,
  local, ok) SELECT run_id + 1000, metric, at_ns, value_ns
    * iif(metric LIKE 'setting%', 20 + rowid % 7, 10) / 10
    + iif(metric = 'stall', 205000000, 0), node, flow, hops, local, ok
  FROM measurement;
INSERT INTO session(run_id, flow, owner, opened_ns, closed_ns, bytes, strays,
  stall_ns, outcome, cause) SELECT run_id + 1000, flow, owner, opened_ns, closed_ns,
  bytes, strays, stall_ns, outcome, cause FROM session;
INSERT INTO sample SELECT run_id + 1000, flow, at_ns, bytes FROM sample;
INSERT INTO fault SELECT run_id + 1000, at_ns, kind, target FROM fault;
INSERT INTO cut SELECT run_id, flow, at_ns, run_id % 2, 0, 1, 1
  FROM measurement WHERE metric = 'stall' AND run_id > 1000;
COMMIT" || fail "the live rows"

run 0 "both worlds" compare --db "$db"
says '^ *4 +setting_first +converged +live +12 +12 ' "a row a world"
says '^setting_all, converged: live is slower by .*beyond noise' "slower"
says '^stall, reroute: live is slower by 205 ms \(2' "and by how much"
says '^lookup, reroute: no difference beyond noise' "the same is the same"
says '^left out, live lookup: [0-9]+ of 60 local' "local ones are left out"
run 0 "as JSON" compare --db "$db" --json
json "compare"
run 0 "one metric" compare --db "$db" --metric lookup
grep -q '^setting' "$folder/out" && fail "only what was asked for"
run 0 "one phase" compare --db "$db" --phase converged
grep -q 'reroute' "$folder/out" && fail "only that phase"
run 4 "a metric that is not there" compare --db "$db" --metric stall \
	--phase converged
run 2 "a metric that is none" compare --db "$db" --metric stal
talks "did you mean 'stall'" "the nearest metric"
run 2 "a phase that is none" compare --db "$db" --phase calm

run 0 "stalls by cause" summary --db "$db"
says '^ *4 +lost +strays +12 +12 +2.* 12$' "what was lost"
says '^ *4 +cut, at risk +[a-z-]+, strays ' "what was at risk"
run 0 "a phase of a summary" summary --db "$db" --phase converged
grep -q 'detection' "$folder/out" && fail "no detection while converged"

sqlite3 "$db" "DELETE FROM run WHERE id BETWEEN 1007 AND 1012;
DELETE FROM measurement WHERE run_id BETWEEN 1007 AND 1012"
run 4 "six of a world are too few" compare --db "$db" --metric stall
says '^stall, reroute: too few to compare: 12 simulated and 6 live' "how few"
sqlite3 "$db" "UPDATE run SET resolved = replace(resolved, 'alpha: 3',
  'alpha: 2') WHERE world = 'live'"
run 4 "other settings are another experiment" compare --db "$db"
talks 'paper: in both worlds, but not with the same settings: .*alpha=2' "which"
sqlite3 "$db" "UPDATE run SET resolved = replace(resolved, 'alpha: 2',
  'alpha: 3') WHERE world = 'live'"

if command -v gnuplot >/dev/null; then
	run 0 "figures" plot --db "$db" --out "$folder/plots"
	for kind in svg png; do
		[ -s "$folder/plots/paper-compare.$kind" ] ||
			fail "paper-compare.$kind is missing"
	done
	grep -q '</svg>' "$folder/plots/paper-compare.svg" || fail "cut off"
	grep -q 'simulated, n = 12' "$folder/plots/paper-compare.svg" ||
		fail "the legend counts"
	grep -q 'warning' "$folder/err" &&
		fail "gnuplot warns: $(grep -m1 warning "$folder/err")"
	grep -q '^sim' "$folder/plots/paper-lookup.tsv" &&
		grep -q '^live' "$folder/plots/paper-lookup.tsv" ||
		fail "other figures keep worlds apart"
fi
exit $failed
