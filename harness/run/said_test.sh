#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# said_test.sh BIN - what run refuses, validate refuses in the same words; what
# is warned of is said once, and stored
set -u
homeward=$1/homeward
scenarios=$PWD/scenarios
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
cd "$work" || exit 1

# refused SENTENCE WORDS YAML - by both, in these words, and nothing is written
refused() {
	printf 'title: t\n%b\n' "$3" >f.yaml
	expect "run: $1" 2 "$homeward" run --db f.db f.yaml
	says "run: $1" "$2"
	cp err run.err
	expect "validate: $1" 2 "$homeward" validate --quiet f.yaml
	says "validate: $1" "$2"
	same "$1" err run.err
	checks=$((checks + 1))
	[ ! -e f.db ] || fail "$1: wrote a database"
}

refused "too many routers" "more than 65,535 routers" 'fabric: { leaves: 4096, pods: 1024, servers: 1024 }'
refused "too many leaves" "65,535 routers" 'fabric: { leaves: 65536 }'
refused "more servers join than can be" "servers must be 1 to" \
	'fabric: { servers: 1048576 }\nevents: [{ at_s: 1, kind: join, count: 5 }]'
refused "a link that is not there" "no 'exit1-leaf1'" \
	'events: [{ at_s: 1, kind: link_down, target: exit1-leaf1 }]'
refused "a path cannot flap" "only a link with a name can flap" \
	'events: [{ at_s: 1, kind: link_down, target: path, until_s: 5, period_s: 1 }]'
refused "alpha beyond k" "alpha must not exceed k" 'dht: { k: 2 }'
refused "at one point of a sweep" "(at fabric.uplinks 4" \
	'fabric: { leaves: 3 }\nsweep: { fabric.uplinks: [2, 4] }'
refused "a uniform fabric has no links" "a uniform fabric has none" \
	'fabric: { kind: uniform }\nevents: [{ at_s: 1, kind: router_down, target: spine1 }]'

# What a lab cannot do.
printf 'title: t\nevents: [{ at_s: 1, kind: join }]\n' >f.yaml
expect "a join in a lab" 2 "$homeward" validate --in live f.yaml
says "a join in a lab" "--in live: event 1, join: not in a lab"
expect "a join in the simulator" 0 "$homeward" validate --quiet f.yaml

for file in "$scenarios"/*.yaml; do
	expect "$file" 0 "$homeward" validate --quiet "$file"
	checks=$((checks + 1))
	[ ! -s err ] || fail "$file: $(head -1 err)"
done

# Warnings: once, with their place, by both; the exit code is what it is.
printf 'title: t\nfabric: { servers: 8 }\ndht: { tables: ideal, join_interval_ms: 3 }
clients: { size_mb: 0.001 }\nmeasure: { duration_s: 8 }\nsweep: { repeat: 3 }
events:\n  - { at_s: 5, kind: link_down, target: path }\n' >f.yaml
static="f.yaml:3:41: warning: dht.join_interval_ms has no effect"
expect "validate warns" 0 "$homeward" validate --quiet f.yaml
says "validate warns" "$static"
expect "run warns" 0 "$homeward" run --db f.db f.yaml
says "run warns" "$static"
says "a fault that hit nothing" "f.yaml:8:5: warning: link_down of path hit nothing: no session was open"
checks=$((checks + 3))
[ "$(grep -c warning err)" = 2 ] || fail "each once: $(grep warning err)"
[ "$(sqlite3 f.db "SELECT sum(json_array_length(warnings)) FROM run")" = 6 ] || fail "stored"
[ "$(sqlite3 f.db "SELECT count(reason) FROM run")" = 0 ] || fail "no reason"

# A shipped scenario's name alone; the file as it is has precedence.
mkdir scenarios
cp f.yaml scenarios/shipped.yaml
for name in shipped shipped.yaml; do
	expect "$name alone" 2 "$homeward" run --db n.db $name
	says "$name alone" "$name: No such file or directory; did you mean 'scenarios/shipped.yaml'?"
done
expect "no name of any" 2 "$homeward" run --db n.db ship
checks=$((checks + 1))
[ "$(cat err)" = "homeward: ship: No such file or directory" ] || fail "no name of any: $(cat err)"

# What no run was held against does not hold.
printf 'title: t\nmeasure: { duration_s: 1 }\nclients: { sessions: 0 }
expect: [{ where: { fabric.servers: 77 }, strayed_min: 1 }]\n' >f.yaml
expect "expectations of other runs" 0 "$homeward" run --db n.db f.yaml
says "expectations of other runs" "f: warning: no expectation was checked: no 'where' is of these runs"
sed -i 's/77/4/; s/strayed_min: 1/strayed_max: 0/' f.yaml
expect "expectations of these" 0 "$homeward" run --db n.db --set fabric.servers=4 f.yaml
says "expectations of these" "f: all expectations hold"

# Broken is not what the summary calls broken, where a cause excuses.
printf 'title: t\nmeasure: { duration_s: 5 }\nclients: { sessions: 2, size_mb: 1, pace_mbps: 1 }
events: [{ at_s: 1, kind: server_crash, target: server* }]
expect: [{ broken_max: 1, reset_max: 0 }]\n' >f.yaml
expect "broken, and excused" 1 "$homeward" run --db n.db f.yaml
says "broken, and excused" "broken_max: expected at most 1, got 2, 2 of them excused (see unexcused_max)"
sed -i 's/broken_max: 1/closed_min: 1/' f.yaml
expect "what needs no excuse" 1 "$homeward" run --db n.db f.yaml
says "what needs no excuse" "closed_min: expected at least 1, got 0"
checks=$((checks + 1))
! grep -q excused err || fail "what needs no excuse: $(cat err)"

# One reason is one line.
expect "a full standard output" 3 bash -c "'$homeward' summary --db f.db >/dev/full"
checks=$((checks + 1))
[ "$(cat err)" = "homeward: output: No space left on device" ] || fail "a full standard output: $(cat err)"
upset_end
