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
	tail -5 "$folder/out" "$folder/err" >&2
	failed=1
}

# says PATTERN SENTENCE: the last output has such a line.
says() {
	grep -qE "$1" "$folder/out" && return 0
	echo "FAILED: $2: no line like '$1' in" >&2
	head -20 "$folder/out" >&2
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

gate 1 "one query at a time is noticed" --set dht.alpha=1
says 'lookup rounds [0-9]+: was [0-9-]+, is [0-9-]+' "rounds differ at alpha 1"

gate 1 "smaller buckets are noticed" --set dht.k=4
says ' events: was [0-9]+, is [0-9]+' "events differ at k 4"

gate 1 "a slower link is noticed" --set fabric.uniform_delay_us=200
says '^dht.tables=ideal lookup ms L: was .* in .* \.\. .*, is ' "L is outside"

# A short sweep of its own for what is about the files.
set -- --set fabric.servers=16 --set dht.tables=ideal --set measure.lookups=20
gate 1 "a datum that is not there any more is noticed" "$@"
says ': was [0-9]+, is -' "what is missing is said"
gate 0 "a baseline of this sweep" --bless --baseline "$folder/small" "$@"
gate 0 "agrees with the sweep" --baseline "$folder/small" "$@"
sed 's/ events = .*/ events = 1/' "$folder/small" >"$folder/wrong"
gate 1 "one wrong count closes the gate" --json --baseline "$folder/wrong" "$@"
says '"name": ".*events", "old": "1", "new": "[0-9]+"' "as JSON, too"
echo "no datum" >>"$folder/small"
gate 2 "a broken baseline is no difference" --baseline "$folder/small" "$@"
gate 3 "nor is a missing one" --baseline "$folder/none" "$@"
gate 2 "a wrong key is the scenario's error" --set dht.kk=4
exit $failed
