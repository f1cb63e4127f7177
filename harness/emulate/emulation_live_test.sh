#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# emulation_live_test.sh BIN - the same scenario files, in a lab of this machine
#
# Handshakes that a drain moves, stored at the SYN and when established. The
# paper's cut with and without Homeward, as a download and as an upload; 60
# sessions while a spine goes and comes; a daemon killed in mid-transfer; and
# what a run that is refused, interrupted or resumed leaves behind. Needs root
# and what `homeward lab up` needs; else it says what is missing and is skipped.
set -u
homeward=$1/homeward
[ -x "$homeward" ] || { echo "no $homeward" >&2; exit 1; }
source=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0 checks=0

fail() {
	echo "FAILED: $*" >&2
	failures=$((failures + 1))
}

# live SENTENCE CODE OPTION... SCENARIO - a run; nothing of it may be left
live() {
	local sentence=$1 wanted=$2 code=0 pid
	shift 2
	checks=$((checks + 1))
	"$homeward" run --in live --db live.db "$@" >out 2>err &
	pid=$!
	wait $pid || code=$?
	if grep -q '^homeward: --in live: ' err; then
		echo "skipped: $(sed -n 's/^homeward: --in live: //p' err)" >&2
		exit 77
	fi
	[ "$code" -eq "$wanted" ] || {
		fail "$sentence: exit $code, not $wanted"
		sed 's/^/	/' err >&2
	}
	gone "$sentence" $pid
}

# gone SENTENCE PID - no namespace and no folder of that process's lab
gone() {
	checks=$((checks + 1))
	if compgen -G "/run/netns/hw-run-$2-*" >/dev/null ||
		compgen -G "/run/homeward/run-$2-*" >/dev/null; then
		fail "$1: its lab is still there"
	fi
}

says() {
	checks=$((checks + 1))
	grep -qF -- "$2" err || {
		fail "$1: did not say '$2'"
		sed 's/^/	/' err >&2
	}
}

# is SENTENCE VALUE SQL - of the newest run (:r)
is() {
	local got
	checks=$((checks + 1))
	got=$(sqlite3 live.db "${3//:r/(SELECT max(id) FROM run)}")
	[ "$got" = "$2" ] || fail "$1: '$got', not '$2'"
}

cut=(--set repeat=1 --set clients.size_mb=8 --set measure.duration_s=20
	--set events.1.target=leaf-server "$source/scenarios/paper.yaml")

# --- refused before anything is built ---
printf 'title: x\nevents: [{at_s: 1, kind: churn, count: 1}]\n' >churn.yaml
live "churn" 2 churn.yaml
says "churn" "event 1, churn: not in a lab"
live "many servers" 2 --set fabric.servers=1000 "${cut[@]}"
says "many servers" "fabric.servers: 1000"
[ ! -e live.db ] || fail "a refused scenario wrote a database"

# --- handshakes that a drain moves, 25 ms away ---
cat >handshakes.yaml <<'YAML'
title: Sessions in their handshake while servers are drained
fabric: { servers: 4, leaves: 4, clients: 2, client_link: { delay_us: 25000 } }
clients: { sessions: 800, interval_ms: 5, start_s: 0.1, size_mb: 0.02,
  pace_mbps: 0.16 }
events:
  - { at_s: 1.5, kind: drain, target: server1, until_s: 2.3 }
  - { at_s: 2.8, kind: drain, target: server2, until_s: 3.6 }
measure: { duration_s: 12, samples: 0 }
YAML
live "stored at the SYN" 0 handshakes.yaml
is "all are kept" "800|1" "SELECT sum(outcome IN ('closed', 'kept')),
	sum(strays > 0) > 50 FROM session WHERE run_id = :r"
is "each was stored at its SYN" 800 "SELECT sum(value) FROM counter
	WHERE run_id = :r AND name = 'steer_openings'"
live "stored when established" 0 --set service.store_at=established \
	handshakes.yaml
is "some are reset" 1 "SELECT sum(outcome = 'reset') > 0 FROM session
	WHERE run_id = :r"

# --- the paper's cut ---
live "a download" 0 "${cut[@]}"
is "its world" "live|ok|0000000000000000" \
	"SELECT world, status, state_hash FROM run WHERE id = :r"
is "its session" "kept|8000000|1" \
	"SELECT outcome, bytes, strays > 0 FROM session WHERE run_id = :r"
is "its fault" "link_down|1" "SELECT kind, target GLOB 'leaf?-server?'
	FROM fault WHERE run_id = :r"
is "its measurements" "completion|detection|lookup|setting_all|setting_first|stall|stall_before" \
	"SELECT group_concat(metric, '|') FROM (SELECT DISTINCT metric
	FROM measurement WHERE run_id = :r AND ok ORDER BY metric)"
is "a stall has its fault's time" 1 "SELECT count(*) FROM fault f
	JOIN measurement m ON m.run_id = f.run_id AND m.at_ns = f.at_ns
	WHERE f.run_id = :r AND m.metric = 'stall'"
is "detection takes less than a second" 1 "SELECT value_ns BETWEEN 0 AND 1e9
	FROM measurement WHERE run_id = :r AND metric = 'detection'"
is "resets" 0 "SELECT sum(value) FROM counter WHERE run_id = :r
	AND name IN ('kernel_resets', 'resets_received')"
is "strays are forwarded" 1 "SELECT sum(value) > 0 FROM counter
	WHERE run_id = :r AND name = 'steer_forwards'"
is "samples" 1 "SELECT count(*) > 100 FROM sample WHERE run_id = :r"
is "what the cut cost" 1 "SELECT count(*) FROM cut WHERE run_id = :r"
live "the same, resumed" 0 --resume "${cut[@]}"
says "the same, resumed" "1 of them from before"
live "without Homeward" 0 --set service.homeward=off "${cut[@]}"
is "without Homeward" "reset|1" "SELECT s.outcome, c.value FROM session s
	JOIN counter c USING (run_id) WHERE run_id = :r
	AND c.name = 'resets_received'"
live "an upload" 0 --set clients.direction=upload "${cut[@]}"
is "an upload" "kept|8000000" \
	"SELECT outcome, bytes FROM session WHERE run_id = :r"

# --- the load generator ---
cat >many.yaml <<'YAML'
title: A spine goes and comes back
fabric: { clients: 2 }
clients: { sessions: 60, interval_ms: 5, start_s: 0, size_mb: 0.5,
	pace_mbps: 1 }
events: [{ at_s: 1.5, kind: router_down, target: spine1, until_s: 3 }]
measure: { duration_s: 20, samples: 0 }
expect: [{ where: { service.homeward: on }, strayed_min: 1,
	outcome_all: [kept, closed] }]
YAML
live "many sessions" 0 many.yaml
is "many sessions" "60|30000000" \
	"SELECT count(*), sum(bytes) FROM session WHERE run_id = :r"
is "many sessions' faults" "router_down router_up" "SELECT group_concat(kind, ' ')
	FROM fault WHERE run_id = :r"

# --- a daemon dies where the strays arrive, and at their owner ---
cat >kill.yaml <<'YAML'
title: Daemons are killed in mid-transfer
clients: { sessions: 1, size_mb: 15, pace_mbps: 20, start_s: 0.3 }
events:
  - { at_s: 1, kind: link_down, target: leaf-server }
  - { at_s: 2, kind: daemon_kill, target: server1, until_s: 3 }
  - { at_s: 2, kind: daemon_kill, target: server2, until_s: 3 }
  - { at_s: 2, kind: daemon_kill, target: server3, until_s: 3 }
  - { at_s: 2, kind: daemon_kill, target: server4, until_s: 3 }
measure: { duration_s: 30 }
expect: { outcome_all: [kept] }
YAML
live "daemons killed" 0 kill.yaml
is "daemons killed" "4|4" "SELECT sum(kind = 'daemon_kill'),
	sum(kind = 'daemon_start') FROM fault WHERE run_id = :r"
is "daemons killed, resets" 0 "SELECT sum(value) FROM counter WHERE run_id = :r
	AND name IN ('kernel_resets', 'resets_received')"

# --- interrupted ---
before=$(sqlite3 live.db 'SELECT count(*) FROM run')
"$homeward" run --in live --db live.db "${cut[@]}" >out 2>err &
pid=$!
sleep 4
kill -INT $pid
code=0
wait $pid || code=$?
checks=$((checks + 1))
[ "$code" -eq 3 ] || fail "interrupted: exit $code, not 3"
gone "interrupted" $pid
is "interrupted: runs" "$before" "SELECT count(*) FROM run"

echo "$checks checks, $failures failed"
[ "$failures" -eq 0 ]
