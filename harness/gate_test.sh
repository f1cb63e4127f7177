#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# gate_test.sh BIN - the gate holds, and it closes for each change that
# should not go unnoticed. Runs from the source root.
set -u
homeward=$1/homeward
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# gate EXPECTED SENTENCE [OPTION]...
gate() {
	local expected=$1 sentence=$2 code
	shift 2
	"$homeward" gate "$@" >"$folder/out" 2>"$folder/err"
	code=$?
	[ "$code" -eq "$expected" ] && return 0
	echo "FAILED: $sentence: exit $code instead of $expected" >&2
	echo "	homeward gate $*" >&2
	tail -n 5 "$folder/out" "$folder/err" >&2
	failed=1
}

# says PATTERN SENTENCE: the last output has such a line.
says() {
	grep -qE "$1" "$folder/out" && return 0
	echo "FAILED: $2: no line like '$1' in" >&2
	head -n 20 "$folder/out" >&2
	failed=1
}

gate 0 "the gate agrees with its baseline"
[ -s "$folder/out" ] && {
	echo "FAILED: an open gate prints nothing" >&2
	failed=1
}

grep -q 'homeward run\|gate\.db' "$folder/err" && {
	echo "FAILED: the gate names its scratch database" >&2
	cat "$folder/err" >&2
	failed=1
}

gate 0 "blessing elsewhere works" --bless --baseline "$folder/blessed"
cmp -s "$folder/blessed" results/gate.baseline || {
	echo "FAILED: blessing gives another file than results/gate.baseline" >&2
	diff results/gate.baseline "$folder/blessed" | head -5 >&2
	failed=1
}

gate 1 "one query at a time is noticed" --set dht.alpha=1 scenarios/gate.yaml
says '^gate .* lookup rounds [0-9]+: was [0-9-]+, is [0-9-]+' \
	"rounds differ at alpha 1"

gate 1 "smaller buckets are noticed" --set dht.k=4 scenarios/gate.yaml
says '^gate .* events: was [0-9]+, is [0-9]+' "events differ at k 4"
says '^and [0-9]+ more numbers of events: gate [0-9]+$' "the rest is counted"
[ "$(wc -l <"$folder/out")" -le 40 ] || {
	echo "FAILED: a difference is more lines than are read" >&2
	failed=1
}

gate 1 "a slower link is noticed" --set fabric.uniform_delay_us=200 \
	scenarios/gate.yaml
says '^gate dht.tables=ideal lookup ms L: was .* in .* \.\. .*, is ' \
	"L is outside"

# wrong SENTENCE SED LINES: the baseline altered so; as many lines are printed.
# Only ipv6 is run, the cheapest of sessions; the other scenarios of the
# baseline are not asked for.
wrong() {
	sed -E "$2" results/gate.baseline >"$folder/wrong"
	cmp -s results/gate.baseline "$folder/wrong" && {
		echo "FAILED: $1: $2 changes nothing" >&2
		failed=1
	}
	gate 1 "$1" --baseline "$folder/wrong" scenarios/ipv6.yaml
	[ "$(wc -l <"$folder/out")" -eq "$3" ] || {
		echo "FAILED: $1: not $3 lines:" >&2
		head -5 "$folder/out" >&2
		failed=1
	}
}
gate 0 "one scenario of the list by itself" scenarios/ipv6.yaml
wrong "a changed hash is noticed" \
	'/^ipv6 n=4 seed=2 state hash/s/0x.*/0x0123456789abcdef/' 1
says '^ipv6 n=4 seed=2 state hash: was 0x0123456789abcdef, is 0x[0-9a-f]{16}$' \
	"the hash is said"
wrong "a changed outcome is noticed" \
	'/^ipv6 n=4 seed=3 sessions /s/kept/reset/' 2
says '^ipv6 n=4 seed=3 sessions reset: was 1, is -$' "the old outcome is said"
says '^ipv6 n=4 seed=3 sessions kept: was -, is 1$' "the new outcome is said"
wrong "a nanosecond more in all is noticed" \
	'/^ipv6 n=4 seed=5 stall ns = /s/$/0/' 1
says '^ipv6 n=4 seed=5 stall ns: was [0-9]+0, is [0-9]+$' "the sum is said"
wrong "a point that is not there any more is one line" \
	's/^ipv6 n=4 seed=5 (.*)/&\nipv6 n=4 seed=6 \1/' 1
says '^ipv6 n=4 seed=6: was there, is -$' "the point is said"
wrong "a scenario that was never blessed is one line" '/^ipv6 /d' 1
says '^ipv6: was -, is there$' "the scenario is said"

sed 's/^drain /moved /' results/gate.baseline >"$folder/wrong"
gate 1 "scenarios of one side only are noticed" --baseline "$folder/wrong"
says '^moved: was there, is -$' "a missing scenario is said"
says '^drain: was -, is there$' "a new scenario is said"
[ "$(wc -l <"$folder/out")" -eq 2 ] || {
	echo "FAILED: two scenarios are more than two lines" >&2
	failed=1
}

sed '/^ipv6 n=4 seed=4 /d' results/gate.baseline >"$folder/wrong"
gate 0 "blessing one scenario works" --bless --baseline "$folder/wrong" \
	scenarios/ipv6.yaml
cmp -s <(sort "$folder/wrong") <(sort results/gate.baseline) || {
	echo "FAILED: blessing one scenario does not leave the others" >&2
	diff results/gate.baseline "$folder/wrong" | head -5 >&2
	failed=1
}

# A short sweep of its own for what is about the files.
set -- --set fabric.servers=16 --set dht.tables=ideal --set measure.lookups=20 \
	scenarios/gate.yaml
gate 1 "a datum that is not there any more is noticed" "$@"
says ': was there, is -' "what is missing is said"
gate 0 "a baseline of this sweep" --bless --baseline "$folder/small" "$@"
gate 0 "agrees with the sweep" --baseline "$folder/small" "$@"
sed 's/ events = .*/ events = 1/' "$folder/small" >"$folder/wrong"
gate 1 "one wrong count closes the gate" --json --baseline "$folder/wrong" "$@"
says '"name": ".*events", "old": "1", "new": "[0-9]+"' "as JSON, too"
[ "$(grep -c events "$folder/out")" -eq 3 ] || {
	echo "FAILED: JSON leaves some out" >&2
	failed=1
}
echo "no datum" >>"$folder/small"
gate 2 "a broken baseline is no difference" --baseline "$folder/small" "$@"
sed 's/0x[0-9a-f]/0x/' results/gate.baseline >"$folder/wrong"
gate 2 "nor is a hash of 15 digits" --baseline "$folder/wrong"
gate 3 "nor is a missing one" --baseline "$folder/none" "$@"
gate 2 "a wrong key is the scenario's error" --set dht.kk=4
exit $failed
