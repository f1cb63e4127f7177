#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# evaluation_test.sh BIN - a small real sweep through summary, export, fit and
# plot: exit codes, valid JSON, figures that are figures. From the source root.
set -u
homeward=$1/homeward
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
db=$folder/test.db

# shellcheck source=harness/test/test_lib
. harness/test/test_lib

run 3 "no database is an error" summary --db "$db"
run 0 "a sweep" run --db "$db" --set dht.tables=ideal \
	--set measure.lookups=100 --set measure.stores=20 scenarios/gate.yaml

run 0 "summary" summary --db "$db"
says '^ *256 +lookup +300 +300 ' "counts of a point"
run 0 "summary as JSON" summary --db "$db" --json
json "summary"
run 2 "an option that is none" summary --nonsense
run 4 "a scenario that was not run" summary --db "$db" --scenario nothing

run 0 "the views there are" export
cut -c1-18 "$folder/out" >"$folder/views"
while read -r view; do
	run 0 "view $view" export --what "$view" --db "$db"
	run 0 "view $view as JSON" export --what "$view" --db "$db" --json
	json "view $view"
done <"$folder/views"
run 0 "a table into a file" export --what hops --db "$db" --out "$folder/hops"
grep -q '^scenario	series	servers	runs	rounds' "$folder/hops" ||
	fail "the header names columns"
run 2 "a view that is none" export --what lookups --db "$db"
grep -q "did you mean 'lookup'" "$folder/err" || fail "the nearest view is named"

run 4 "four doublings are not enough to conclude" fit --db "$db"
says 'No conclusion: n spans 4 doublings' "the reason"
says 'T = a \+ L log2 n +' "the lines all the same"
run 4 "hops alone" fit --db "$db" --metric hops --json
json "fit"
run 2 "a metric that is none" fit --metric hop

if command -v gnuplot >/dev/null; then
	run 0 "figures" plot --db "$db" --out "$folder/plots"
	for figure in lookup setting hops scaling-lookup scaling-lookup-rounds; do
		for kind in svg png; do
			[ -s "$folder/plots/gate-$figure.$kind" ] ||
				fail "gate-$figure.$kind is missing"
		done
		grep -q '</svg>' "$folder/plots/gate-$figure.svg" ||
			fail "gate-$figure.svg is cut off"
	done
	grep -q 'warning' "$folder/err" && fail "gnuplot warns: $(grep -m1 warning "$folder/err")"
	grep -q 'detection skipped: ' "$folder/err" || fail "what is skipped is said"
	run 2 "a figure that is none" plot --db "$db" lookups
	run 3 "no .gp files" plot --db "$db" --plots "$folder"
	run 0 "one figure in one format" plot --db "$db" --out "$folder/one" \
		--format svg --json hops
	json "plot"
	[ "$(ls "$folder/one")" = "gate-hops.svg
gate-hops.tsv" ] || fail "only what was asked for: $(ls "$folder/one")"
fi
exit $failed
