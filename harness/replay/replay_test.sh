#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# replay_test.sh BIN - `homeward replay` on the example capture, end to end
set -u
homeward=$1/homeward
example=scenarios/example.pcap
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	bad=1
}

# wants CODE SENTENCE ARGUMENT...: run, keep out and err, compare the exit code.
wants() {
	local code=$1 says=$2 got
	shift 2
	"$homeward" replay "$@" >"$folder/out" 2>"$folder/err"
	got=$?
	[ $got -eq "$code" ] ||
		fail "$says: exit $got, not $code: homeward replay $*"
	if grep -qE 'Sanitizer|runtime error|Assertion' "$folder/err"; then
		fail "$says: homeward replay $*"
		cat "$folder/err" >&2
	fi
}

# json PATH: a value of the last output.
json() {
	sqlite3 :memory: "SELECT json_extract(readfile('$folder/out'), '$1')"
}

# is SENTENCE PATH VALUE
is() {
	local got
	got=$(json "$2")
	[ "$got" = "$3" ] || fail "$1: $2 is '$got', not '$3'"
}

command -v sqlite3 >/dev/null || {
	echo "replay_test: needs sqlite3" >&2
	exit 77
}

# What a first try shows.
wants 0 'plain' $example
grep -q '^example.pcap: 199 records' "$folder/out" || fail 'no head line'
grep -q 'server 1 withdraws' "$folder/out" || fail 'the move is not said'
grep -q 'begins in the middle' "$folder/out" || fail 'no word about strangers'
grep -q '^altered 0,' "$folder/out" || fail 'altered is not printed'

wants 0 'json' --json $example
is 'all records' '$.replay.records' 199
is 'all TCP' '$.replay.tcp' 197
is 'not TCP' '$.drops[0].left_out' 2
is 'byte for byte' '$.replay.altered' 0
is 'sessions kept' '$.outcomes.kept' 4
is 'sessions that did not stray' '$.outcomes.closed' 2
is 'a session without its SYN' '$.outcomes.unowned' 1
is 'which is' '$.sessions[0].syn' 0
[ "$(json '$.sessions[0].resets')" -gt 0 ] || fail 'and is told by a RST'
for i in 1 2 3 4 5 6; do
	is "session $((i + 1)) lost nothing" "\$.sessions[$i].lost" 0
	is "session $((i + 1)) saw no RST" "\$.sessions[$i].resets" 0
done
cp "$folder/out" "$folder/first"

# Twice the same: output and captures.
wants 0 'captures' --json --out "$folder/a" $example
cmp -s "$folder/out" "$folder/first" || fail 'two runs print other bytes'
wants 0 'captures again' --json --out "$folder/b" $example
diff -r "$folder/a" "$folder/b" >/dev/null || fail 'two runs capture other bytes'
if command -v tcpdump >/dev/null; then
	for file in "$folder"/a/*.pcap; do
		tcpdump -nvvr "$file" >"$folder/dump" 2>"$folder/err" ||
			fail "tcpdump does not read $file"
		grep -E 'incorrect|bad (hdr|udp)? ?cksum|truncated|\[\|' \
			"$folder/dump" >&2 && fail "checksums of $file"
	done
	tcpdump -nr "$folder/a/example-server1-0.pcap" 2>/dev/null |
		cat - <(tcpdump -nr "$folder/a/example-server1-1.pcap" \
			2>/dev/null) |
		grep -q '\.6080: UDP' || fail 'no forwarded packet in a capture'
fi

# A capture of ours is a capture: what the client sent, framed as PPP.
wants 0 'own capture' --json "$folder/a/example-client1-0.pcap"
is 'own capture: all TCP' '$.replay.tcp' 199 # two RSTs are ours
is 'own capture: kept' '$.outcomes.kept' 4
is 'own capture: whole' '$.replay.altered' 0

# The control: the same strays without us.
wants 0 'homeward off' --json --homeward off $example
is 'off: nothing is kept' '$.outcomes.kept' ''
is 'off: what strayed was reset' '$.outcomes.reset' 4
is 'off: what did not was not' '$.outcomes.closed' 2

# Other moments and other moves.
for at in 12 150 1.5s 900ms 885000us 885000000ns; do
	wants 0 "at $at" --json --move-at $at $example
	is "at $at" '$.replay.altered' 0
	is "at $at: nothing lost" '$.outcomes.lost' ''
done
is 'at 885 ms' '$.replay.moved_ns' 885000000
wants 0 'at record 150' --json --move-at 150 $example
[ "$(json '$.replay.moved_ns')" -gt 1000000000 ] || fail 'record 150 is late'
wants 0 'never' --json --move none $example
is 'never: nothing moves' '$.replay.moved_ns' ''
is 'never: nothing strays' '$.outcomes.kept' ''
is 'never: but strangers' '$.outcomes.unowned' 1
wants 0 'too late' --json --move-at 1000 $example
grep -q 'ended before the move' "$folder/err" || fail 'a move that never came'
wants 0 'scale out' --json --move scale-out $example
is 'scale out' '$.outcomes.reset' ''
is 'scale out: nothing lost' '$.outcomes.lost' ''
for link in leaf1-server1 spine1-leaf1 exit1-spine1; do
	wants 0 "cut $link" --json --move $link $example
	is "cut $link" '$.replay.altered' 0
	is "cut $link" '$.outcomes.reset' ''
done
wants 0 'slow routing' --json --routing lab $example
is 'slow routing' '$.outcomes.kept' 4
wants 0 'many servers' --json --servers 64 --seed 9 $example
is 'many servers' '$.outcomes.kept' 4
wants 0 'small links' --json --mtu 1280 $example
is 'small links: whole' '$.replay.altered' 0
is 'small links: kept' '$.outcomes.kept' 4

# The database.
wants 0 'database' --db "$folder/r.db" $example
wants 0 'database again' --db "$folder/r.db" --homeward off $example
sqlite3 "$folder/r.db" "SELECT scenario, world, servers, status FROM run;
	SELECT run_id, outcome, count(*) FROM session GROUP BY 1, 2;
	SELECT count(*) FROM measurement WHERE metric = 'detection';
	SELECT count(*) > 3 FROM measurement WHERE metric = 'lookup' AND ok;
	SELECT count(*) FROM measurement WHERE metric = 'setting_all' AND ok;
	SELECT run_id, kind, target FROM fault WHERE kind = 'drain';
	SELECT count(*) FROM counter WHERE name = 'replay_altered'
		AND value = 0" >"$folder/rows"
cat >"$folder/wanted" <<'END'
replay:example.pcap|sim|4|ok
replay:example.pcap|sim|4|ok
1|closed|2
1|kept|4
1|reset|1
2|closed|2
2|reset|5
2
1
6
1|drain|server1
2|drain|server1
2
END
diff "$folder/wanted" "$folder/rows" >&2 || fail 'rows of the database'

# Broken files.
wants 2 'no file' "$folder/none.pcap"
wants 2 'a folder' "$folder"
wants 2 'no capture' "$0"
wants 2 'no argument'
wants 2 'two captures' $example $example
wants 2 'no such link' --move leaf9-server1 $example
grep -q "no link 'leaf9-server1'" "$folder/err" || fail 'which link?'
wants 2 'bad moment' --move-at soon $example
wants 2 'record 0' --move-at 0 $example
wants 2 'one server' --servers 1 $example
wants 2 'bad choice' --homeward maybe $example
wants 2 'unknown option' --nonsense $example
for size in 24 1000 20000 50000; do
	head -c $size $example >"$folder/cut.pcap"
	code=3
	[ $size -eq 24 ] && code=0
	wants $code "cut at $size" --json "$folder/cut.pcap"
	is "cut at $size: what was read" '$.replay.altered' 0
done
[ "$(json '$.replay.records')" -gt 150 ] || fail 'what came before the cut'
grep -q 'broken after' "$folder/err" || fail 'a cut file is not said'
head -c 24 $example >"$folder/empty.pcap"
wants 0 'no records' "$folder/empty.pcap"
printf '\0%.0s' $(seq 200) | dd of="$folder/cut.pcap" bs=1 seek=3000 \
	conv=notrunc 2>/dev/null
wants 3 'holes' "$folder/cut.pcap"

exit $bad
