#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# figures_test.sh BIN - harness/figures makes what is missing and says where a
# stated figure and its run disagree. A registry of its own, one short run. From
# the source root.
set -u
export HOMEWARD_BIN=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

command -v sqlite3 >/dev/null || {
	echo "skipped: no sqlite3" >&2
	exit 77
}
export FIGURES_TABLES=$folder/tables
cat >"$folder/tables" <<'TABLES'
database tiny quick '--set repeat=2 scenarios/ipv6.yaml'
database lab live 'scenarios/ipv6.yaml'
database idle bench 'memory --nodes 100 --k 8'
table runs exact 'tiny lab?' '| seed | kept | live |'
rows_runs() {
	attach tiny
	echo "SELECT format('| %d | {of %d %d} | ? |', seed,
		sum(outcome = 'kept'), count(*)) FROM tiny.run r
		JOIN tiny.session ON run_id = r.id GROUP BY r.id;"
}
table times 'within 10' tiny '| metric | time | thousands |'
rows_times() {
	summary s tiny
	echo "SELECT format('| %s | {ns %f} | {n 1234567} {k 26149} {of 9 10} |',
		metric, 100000) FROM s_metrics WHERE metric = 'setting_all';"
}
table views informational tiny '| sessions |'
rows_views() {
	view v tiny sessions
	echo "SELECT format('| %d |', count(*)) FROM v
		WHERE row ->> 'outcome' = 'kept';"
}
table memory informational idle '| record |'
rows_memory() {
	attach idle
	echo "SELECT format('| %d of %d |', json ->> '\$.points[0].record_bytes',
		json ->> '\$.points[0].record_budget_bytes') FROM idle.bench;"
}
table far informational lab '| far |'
rows_far() {
	echo "SELECT '| x |';"
}
TABLES
cat >"$folder/stated.md" <<'STATED'
Before.
<!-- figures: runs -->
| seed | kept | live |
|---|---|---|
| 1 | | 3.6 ms |
| 2 | | 3.7 ms |
<!-- end -->
Between.
<!-- figures: times -->
<!-- end -->
<!-- figures: views -->
<!-- end -->
<!-- figures: far -->
| far |
|---|
| stated by a lab |
<!-- end -->
STATED

# figures EXPECTED SENTENCE ARGUMENT...
figures() {
	local expected=$1 sentence=$2 code
	shift 2
	harness/figures --db-dir "$folder/db" "$@" >"$folder/out" 2>"$folder/err"
	code=$?
	[ "$code" -eq "$expected" ] && return 0
	echo "FAILED: $sentence: exit $code instead of $expected" >&2
	tail -n 5 "$folder/out" "$folder/err" >&2
	failed=1
}

# has FILE LINE SENTENCE: the very line.
has() {
	grep -qxF "$2" "$1" && return 0
	echo "FAILED: $3: no line '$2' in" >&2
	head -20 "$1" >&2
	failed=1
}

# changed SENTENCE SED EXPECTED LINE: the file altered so is checked.
changed() {
	sed -E "$2" "$folder/stated.md" >"$folder/changed.md"
	cmp -s "$folder/stated.md" "$folder/changed.md" && {
		echo "FAILED: $1: $2 changes nothing" >&2
		failed=1
	}
	figures "$3" "$1" --check "$folder/changed.md"
	[ -z "$4" ] || has "$folder/out" "$4" "$1"
}

figures 0 "all there is without databases" --list
has "$folder/out" '	tiny, quick, not there' "what is missing is said"
figures 1 "a named table without a database" runs
figures 0 "run and write" --run --write "$folder/stated.md"
[ -e "$folder/db/lab.db" ] || [ -e "$folder/db/idle.db" ] && {
	echo "FAILED: neither live nor bench was asked for" >&2
	failed=1
}
has "$folder/stated.md" 'Between.' "the text stays"
has "$folder/stated.md" '| 1 | 1 of 1 (at least 2.5 %) | 3.6 ms |' \
	"a cell without a database stays, the others are filled"
has "$folder/stated.md" \
	'| setting_all | 100 µs | 1,234,567 26,100 9 of 10 (at least 55.4 %) |' \
	"cells are formatted; Clopper and Pearson's bound of 9 of 10 is 0.5550"
has "$folder/stated.md" '| 2 |' "rows of a view"
has "$folder/stated.md" '| stated by a lab |' "a table without a database stays"
figures 0 "what was written agrees" --check "$folder/stated.md"
[ ! -s "$folder/out" ] || {
	echo "FAILED: agreement says nothing, not" >&2
	cat "$folder/out" >&2
	failed=1
}
figures 1 "a named table that cannot be checked" --check "$folder/stated.md" -- far
figures 1 "a named table that stands nowhere" --check "$folder/stated.md" -- memory

changed "a wrong figure" 's/^(.* 2 .*) 1 of 1/\1 0 of 1/' 1 \
	"$folder/changed.md:2: runs, row \"2\", column \"kept\": stated 0 of 1 (at least 2.5 %), the run gives 1 of 1 (at least 2.5 %)"
changed "a row that no run gives" 's/^\| 2 \| 1 .*/&\n| 3 | 1 of 1 | |/' 1 ''
changed "a row that is not stated" '/^\| 2 \| 1 /d' 1 ''
changed "a live cell is not compared" 's/3\.6 ms/9 ms/' 0 ''
changed "within the tolerance" 's/100 µs/109 µs/' 0 ''
changed "beyond the tolerance" 's/100 µs/112 µs/' 1 \
	"$folder/changed.md:9: times, row \"setting_all\", column \"time\": stated 112 µs, the run gives 100 µs"
changed "another unit is no tolerance" 's/100 µs/100 ms/' 1 ''
changed "informational: said, no error" 's/^\| 2 \|$/| 3 |/' 0 \
	"$folder/changed.md:14: views, row \"2\", column \"sessions\": stated 3, the run gives 2 (informational)"
changed "a table of no registry" 's/figures: views/figures: vews/' 2 ''
changed "a table without an end" '$d' 2 ''

figures 0 "a benchmark, when asked for" --run --bench memory
grep -qE '^\| [0-9]+ of 96 \|$' "$folder/out" || {
	echo "FAILED: a benchmark's row" >&2
	cat "$folder/out" >&2
	failed=1
}

# A database of other commands is none.
sed -i 's/repeat=2/repeat=1/' "$folder/tables"
figures 1 "another command" runs
figures 0 "is run anew" --run runs
[ "$(grep -c 'of 1' "$folder/out")" = 1 ] || {
	echo "FAILED: one run instead of two" >&2
	failed=1
}
sed -i 's/ipv6.yaml/ipv5.yaml/' "$folder/tables"
figures 3 "a command that fails" --run runs
exit $failed
