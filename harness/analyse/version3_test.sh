#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# version3_test.sh BIN - a database of version 3, as e465e40 wrote it, is read
# by every reader and added to, and nothing of it is lost: readers leave it as
# it is, a run makes it one of this program's version. From the source root.
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

sqlite3 "$db" <harness/db/corpus/version3.sql || fail "the dump"

run 0 "summary" summary --db "$db"
says '^gate \(sim, 3 runs\)$' "three sizes are one series"
says '^paper \(live, 3 runs\): live$' "both worlds"
says '^ *16 +lookup +5 +5 +0 +200 us ' "a time"
says '^ *4 +stall_before +9 +9 ' "every metric"
run 0 "summary as JSON" summary --db "$db" --json
json "summary"
for view in $("$homeward" export --db "$db" | awk '{ print $1 }'); do
	run 0 "export of $view" export --db "$db" --what "$view"
done
run 0 "export" export --db "$db" --what lookup
says $'^gate\t\t16\t1\t1\t' "its rows"
run 4 "two doublings are no curve" fit --db "$db"
says '^gate: lookup in rounds, 3 sizes from 16 to 64 servers \(k 8\)' "sizes"
run 0 "compare" compare --db "$db"
says '^setting_all, converged: live is slower by 165 us' "both worlds"
run 0 "plot" plot --db "$db" --out "$folder/plots" --format svg
for figure in gate-setting gate-scaling-lookup paper-compare paper-detection; do
	[ -s "$folder/plots/$figure.svg" ] || fail "no figure $figure"
done

# The swept key measure.settings has a new name since: the old one finds it.
run 0 "pooled by the old name" summary --db "$db" --pool measure.settings
run 0 "pooled by the new name" summary --db "$db" --pool measure.stores

columns="metric, at_ns, value_ns, node, flow, hops, local, ok"
before=$(sqlite3 "$db" "SELECT count(*) FROM run; SELECT count(*) FROM
	measurement; SELECT $columns FROM measurement WHERE run_id = 2")
[ "$(sqlite3 "$db" 'PRAGMA user_version')" = 3 ] || fail "a reader wrote"
run 0 "one more run" run --db "$db" --set measure.samples=0 \
	--set repeat=3 --set seed=4 scenarios/paper.yaml
after=$(sqlite3 "$db" "SELECT count(*) FROM run WHERE id < 107; SELECT count(*)
	FROM measurement WHERE run_id < 107; SELECT $columns FROM measurement
	WHERE run_id = 2")
[ "$before" = "$after" ] || fail "what was there is not there any more"
run 0 "old and new together" summary --db "$db" --scenario paper
says '^paper \(sim, 6 runs\): sim$' "runs of both programs are one series"

exit $failed
