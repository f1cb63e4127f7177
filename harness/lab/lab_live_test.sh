#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# lab_live_test.sh BIN - `homeward lab` from outside
#
# A lab with daemons comes up, says that all is well, and goes; one whose
# maker was killed at any moment is replaced by the next; and what another
# program owns, however alike its name, is not touched. Needs root and what
# labs need; else it says what is missing and is skipped.
set -u
homeward=$1/homeward
[ -x "$homeward" ] || { echo "no $homeward" >&2; exit 1; }
name=t-verb
other=hw-$name-2-leaf1 # lab t-verb-2's
work=$(mktemp -d)
failures=0 checks=0

clean() {
	"$homeward" lab down --name $name x >/dev/null 2>&1
	[ -z "${sleeper:-}" ] || kill "$sleeper"
	ip netns del $other 2>/dev/null
	rm -rf "$work" /run/homeward/$name-2
}
trap clean EXIT

fail() {
	echo "FAILED: $*" >&2
	failures=$((failures + 1))
}

# lab SENTENCE CODE ARGUMENT...
lab() {
	local sentence=$1 wanted=$2 code=0
	shift 2
	checks=$((checks + 1))
	"$homeward" lab "$@" >"$work/out" 2>"$work/err" || code=$?
	if grep -q '^homeward: no lab here: ' "$work/err"; then
		echo "skipped: $(sed -n 's/^homeward: no lab here: //p' "$work/err")" >&2
		exit 77
	fi
	[ "$code" -eq "$wanted" ] || {
		fail "$sentence: exit $code, not $wanted"
		sed 's/^/	/' "$work/err" >&2
	}
	if grep -qE 'Sanitizer|runtime error|Assertion' "$work/err"; then
		fail "$sentence"
		cat "$work/err" >&2
	fi
}

# says SENTENCE PATTERN: in the last outputs.
says() {
	checks=$((checks + 1))
	grep -qE "$2" "$work/out" "$work/err" || fail "$1: no '$2'"
}

# count SENTENCE SQL VALUE: over the devices of the last --json.
count() {
	local got
	checks=$((checks + 1))
	got=$(sqlite3 :memory: "SELECT count(*) FROM
		json_each(readfile('$work/out'), '\$.devices') AS d
		WHERE $2")
	[ "$got" = "$3" ] || fail "$1: $got, not $3"
}

# gone SENTENCE: nothing of the lab is there.
gone() {
	checks=$((checks + 1))
	[ ! -e /run/homeward/$name ] || fail "$1: its folder is there"
	if ip netns | grep "^hw-$name-" | grep -v "^$other"; then
		fail "$1: its namespaces are there"
	fi
	if grep -lzF "/run/homeward/$name/" /proc/[0-9]*/cmdline 2>/dev/null; then
		fail "$1: its processes are there"
	fi
}

# What cannot be, is refused before anything is done.
lab 'no such action' 2 upp x
lab 'no scenario' 2 up
lab 'a name with a slash' 2 down --name ../etc x
lab 'a name that is too long' 2 down --name a2345678901234567890123456 x
lab 'no such file' 2 up "$work/none.yaml"
lab 'too many servers' 2 up --name $name --set fabric.servers=65 scenarios/paper.yaml
says 'too many servers' 'fabric.servers: 65; a lab has at most 64'
lab 'a fabric without links' 2 up --name $name --set fabric.kind=uniform \
	--set clients.sessions=0 --set events=[] scenarios/paper.yaml
lab 'nothing there' 0 down --name $name x
says 'nothing there' 'there was no lab'
lab 'no status of nothing' 3 status --name $name x

# Another owner's.
ip netns add $other && mkdir -p /run/homeward/$name-2 || exit 1
ip netns exec $other sleep 1000 &
sleeper=$!

# Half-built labs.
for seconds in 0.05 0.2 0.6 1.2 2.5; do
	(
		timeout -s KILL $seconds "$homeward" lab up --name $name \
			scenarios/paper.yaml
		true
	) >/dev/null 2>&1
	[ $seconds != 0.6 ] || {
		lab 'down of a half' 0 down --name $name x
		gone 'down of a half'
	}
done

lab 'up' 0 up --name $name --json scenarios/paper.yaml
lab 'status' 0 status --name $name --json x
count 'devices' 'TRUE' 14
count 'BGP sessions' \
	"d.value ->> 'bgp' > 0 AND d.value ->> 'bgp' = d.value ->> 'bgp_established'" 13
count 'routes' \
	"d.value ->> 'service_hops' = d.value ->> 'service_hops_expected'" 14
count 'daemons' "d.value ->> 'kind' = 'server' AND d.value ->> 'joined'" 4
lab 'status to read' 0 status --name $name x
says 'status to read' '^server3 .*joined'

# Up again replaces it; then it goes, and only it.
lab 'up again' 0 up --name $name --set service.family=6 scenarios/paper.yaml
says 'up again' 'is up: 14 devices'
ip netns exec hw-$name-client1 curl -g -s --max-time 10 -o "$work/got" \
	"$(sed -n "s/.*curl '\(.*\)rate=.*/\1/p" "$work/out")"
checks=$((checks + 1))
cmp -s "$work/got" /run/homeward/$name/blob || fail 'the file is another'
lab 'down' 0 down --name $name x
gone 'down'
checks=$((checks + 1))
kill -0 $sleeper || fail 'a process of another lab is gone'
ip netns | grep -q "^$other" || fail 'a namespace of another lab is gone'
[ -d /run/homeward/$name-2 ] || fail 'a folder of another lab is gone'

echo "$checks checks, $failures failed" >&2
[ $failures -eq 0 ]
