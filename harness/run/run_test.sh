#!/usr/bin/env bash
# run_test.sh BIN - a sweep that is killed, interrupted, refused, out of disk
#
# What must come out of every mishap: a clear sentence, the right exit code,
# whatever was finished kept and whole, and with --resume the very database
# that an undisturbed sweep would have left.
set -u
homeward=$1/homeward
here=$PWD
[ -x "$homeward" ] || { echo "no $homeward" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib

cat >"$work/small.yaml" <<'YAML'
title: Small and quick
fabric: { kind: uniform, servers: 32 }
dht: { k: 8, tables: ideal }
measure: { settings: 50, lookups: 100, interval_ms: 1, duration_s: 5 }
sweep: { dht.alpha: [1, 3], repeat: 60 }
expect: { lookup_failed_max: 0, lookups_min: 1 }
YAML
cd "$work" || exit 1

# --- the command line ---
expect "no verb" 2 "$homeward"
expect "unknown verb" 2 "$homeward" rnu
says "unknown verb" "did you mean 'run'?"
expect "help" 0 "$homeward" --help
expect "help of a verb" 0 "$homeward" run --help
expect "version" 0 "$homeward" --version
expect "no scenario" 2 "$homeward" run
expect "two scenarios" 2 "$homeward" run small.yaml small.yaml
expect "unknown option" 2 "$homeward" run --jbos 2 small.yaml
expect "no jobs" 2 "$homeward" run --jobs 0 small.yaml
# It is refused for what it asks for, or because this machine has no labs.
expect "live" 2 "$homeward" run --in live --db live.db small.yaml
says "live" "--in live: "
expect "live, twice the same" 2 "$homeward" run --in live --db live.db \
	--check-determinism small.yaml
says "live, twice the same" "not deterministic"
[ ! -e live.db ] || fail "live: wrote a database"

# --- refused before anything is written ---
expect "no such file" 2 "$homeward" run --db no.db missing.yaml
says "no such file" "missing.yaml: No such file or directory"
printf 'title: x\nfabric:\n  servres: 3\n' >wrong.yaml
expect "wrong file" 2 "$homeward" run --db no.db wrong.yaml
says "wrong file" "wrong.yaml:3:3: unknown key 'servres' in fabric; did you mean 'servers'?"
expect "wrong --set" 2 "$homeward" run --db no.db --set dht.kk=3 small.yaml
says "wrong --set" "did you mean 'dht.k'?"
for verb in run validate; do
	expect "$verb of event 0" 2 "$homeward" $verb --set events.0.at_s=3 small.yaml
	says "$verb of event 0" "events count from 1"
done
expect "event 0 described" 2 "$homeward" describe events.0.kind
says "event 0 described" "events count from 1"
for word in events events.N.kind events.1.kind; do
	expect "kinds by $word" 0 "$homeward" describe $word
	checks=$((checks + 1))
	[ "$(grep -c '^events.N.kind=' out)" = 23 ] || fail "kinds by $word"
done
printf 'title: x\nevents: [{at_s: 1, kind: link_down, target: exit1-leaf1}]\n' >nolink.yaml
for verb in validate "run --db nolink.db"; do
	expect "$verb: a link that is not there" 2 "$homeward" $verb nolink.yaml
	says "$verb: a link that is not there" "nolink.yaml:2:45: this fabric has no 'exit1-leaf1'"
done
[ ! -e nolink.db ] || fail "a link that is not there: wrote a database"
[ ! -e no.db ] || fail "a refused scenario wrote a database"

# --- databases that cannot be ---
expect "a folder as database" 3 "$homeward" run --db . small.yaml
says "a folder as database" "Is a directory"
echo "Dear diary, this is not a database at all." >diary.db
cp diary.db diary.was
expect "not a database" 3 "$homeward" run --db diary.db small.yaml
says "not a database" "diary.db: not a database"
same "not a database" diary.db diary.was
sqlite3 other.db 'CREATE TABLE t(a)'
expect "another's database" 3 "$homeward" run --db other.db small.yaml
says "another's database" "not one of Homeward's"
expect "no folder for it" 3 "$homeward" run --db a/b/c.db small.yaml
says "no folder for it" "cannot be made"
[ ! -e a ] || fail "no folder for it: made one"
expect "a folder of its own" 0 "$homeward" run --db own/x.db --set repeat=1 \
	--set sweep.dht.alpha=3 small.yaml
says "a folder of its own" "own: made this folder"
"$homeward" run --db old.db --set repeat=1 small.yaml >/dev/null 2>&1
sqlite3 old.db 'PRAGMA user_version = 99' >/dev/null
expect "tables of tomorrow" 3 "$homeward" run --db old.db small.yaml
says "tables of tomorrow" "tables of version 99"
if [ "$(id -u)" -ne 0 ]; then
	mkdir locked && chmod 555 locked
	expect "a folder one may not write" 3 "$homeward" run --db locked/x.db small.yaml
	says "a folder one may not write" "Permission denied"
fi

for verb in summary fit; do
	expect "$verb of nothing" 3 "$homeward" $verb --db none.db
	says "$verb of nothing" "none.db: No such file or directory (homeward run makes it)"
	[ ! -e none.db ] || fail "$verb of nothing: wrote it"
	expect "$verb of a diary" 3 "$homeward" $verb --db diary.db
	says "$verb of a diary" "diary.db: not a database"
done

# --- an undisturbed sweep; jobs change nothing ---
expect "one job" 0 "$homeward" run --jobs 1 --db one.db small.yaml
says "one job" "repeat with: homeward run --db one.db small.yaml"
cp out one.out
dump one.db >one.dump
expect "three jobs" 0 "$homeward" run --jobs 3 --db three.db small.yaml
dump three.db >three.dump
same "jobs change nothing" one.dump three.dump
[ "$(wc -l <one.out)" -eq 120 ] || fail "one line a run"
expect "nothing left to do" 0 "$homeward" run --resume --db one.db small.yaml
dump one.db >again.dump
same "resuming what is done" one.dump again.dump
expect "JSON" 0 "$homeward" run --json --resume --db one.db small.yaml
[ "$(sqlite3 :memory: "SELECT json_array_length(readfile('out'), '\$.runs')")" = 120 ] ||
	fail "JSON: not 120 runs"
for arguments in "list small.yaml" "describe" "validate small.yaml"; do
	verb=${arguments%% *} rest=${arguments#"$verb"}
	# shellcheck disable=SC2086
	expect "JSON of $verb" 0 "$homeward" "$verb" --json $rest
	[ "$(sqlite3 :memory: "SELECT json_valid(readfile('out'))")" = 1 ] ||
		fail "JSON of $verb is not valid"
done
"$homeward" validate small.yaml >full.yaml 2>/dev/null
"$homeward" validate full.yaml >fuller.yaml 2>/dev/null
same "a scenario printed in full reads back" full.yaml fuller.yaml

# --- a scheme that is simulated only ---
expect "a lab of it" 2 "$homeward" lab up --set service.scheme=owner_hash \
	"$here/scenarios/paper.yaml"
says "a lab of it" "service.scheme: owner_hash is simulated only"

# --- SQL sees what each run was set to, swept or not ---
for k in 4 8; do
	expect "k $k by --set" 0 "$homeward" run --db sql.db --set dht.k=$k \
		--set sweep.dht.alpha=3 --set repeat=1 small.yaml
done
expect "another scenario" 0 "$homeward" run --db sql.db --set dht.k=16 \
	--set dht.alpha=2 --set service.homeward=off --set repeat=1 \
	--set sweep.dht.alpha=2 small.yaml
query() {
	checks=$((checks + 1))
	[ "$(sqlite3 sql.db "$2" | tr '\n' ' ')" = "$3" ] ||
		fail "$1: $(sqlite3 sql.db "$2" | tr '\n' ' ')"
}
query "k of each run" "SELECT DISTINCT k, alpha, replicas IS NULL, tables,
	homeward FROM metric ORDER BY k" \
	"4|3|0|ideal|on 8|3|0|ideal|on 16|2|0|ideal|off "
query "the manual's query" "SELECT k FROM metric WHERE metric = 'lookup'
	GROUP BY scenario, k" "4 8 16 "
query "a scheme, and its older spelling" "SELECT key, value FROM setting
	WHERE key IN ('service.scheme', 'service.homeward') AND run_id = 3
	ORDER BY key" "service.homeward|off service.scheme|none "
query "settings as keys" "SELECT value FROM setting WHERE key = 'dht.k'
	ORDER BY run_id" "4 8 16 "
query "time zero" "SELECT count(*) FROM counter WHERE node = ''
	AND name = 'zero_ns' AND value >= 0" "3 "

# --- two at once into one new database ---
for round in 1 2 3 4 5; do
	pids=()
	for seed in 1 2; do
		"$homeward" run --jobs 1 --db "both$round.db" --set repeat=1 \
			--set sweep.dht.alpha=3 --set seed=$seed small.yaml \
			>/dev/null 2>"both.$seed" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		checks=$((checks + 1))
		wait "$pid" || fail "two at once: $(cat both.1 both.2)"
	done
	[ "$(count "both$round.db")" = 2 ] || fail "two at once: not two runs"
done

# --- an expectation that is missed ---
expect "missed" 1 "$homeward" run --db one.db --set repeat=1 --set dht.alpha=3 \
	--set measure.lookups=0 small.yaml
says "missed" "lookups_min: expected at least 1, got 0"
says "missed" "1 expectation is missed"

# --- SIGKILL in the middle ---
"$homeward" run --jobs 2 --db kill.db small.yaml >/dev/null 2>&1 &
pid=$!
if await kill.db 3 $pid; then
	kill -9 $pid
	wait $pid 2>/dev/null
	kept=$(count kill.db)
	[ "$kept" -lt 120 ] || fail "killed: too late to test anything"
	[ "$(sqlite3 kill.db 'PRAGMA integrity_check')" = ok ] || fail "killed: broken file"
	[ "$(sqlite3 kill.db 'SELECT count(DISTINCT n) FROM (SELECT count(*) AS n
		FROM measurement GROUP BY run_id)')" = 1 ] || fail "killed: half a run"
	expect "resumed" 0 "$homeward" run --jobs 2 --resume --db kill.db small.yaml
	dump kill.db >kill.dump
	same "killed and resumed" one.dump kill.dump
else
	fail "killed: it ended before it could be killed"
fi

# --- Ctrl-C ---
"$homeward" run --jobs 2 --db int.db small.yaml >out 2>err &
pid=$!
if await int.db 3 $pid; then
	kill -INT $pid
	wait $pid
	[ $? -eq 3 ] || fail "interrupted: exit code"
	says "interrupted" "interrupted; go on with: homeward run --db int.db --resume small.yaml"
	kept=$(count int.db)
	if [ "$kept" -lt 3 ] || [ "$kept" -ge 120 ]; then
		fail "interrupted: kept $kept"
	fi
	expect "resumed" 0 "$homeward" run --resume --db int.db small.yaml
	dump int.db >int.dump
	same "interrupted and resumed" one.dump int.dump
else
	fail "interrupted: it ended before"
fi

# --- a simulation that dies ---
"$homeward" run --jobs 1 --db dead.db --set measure.lookups=2000000 \
	--set measure.stores=2000 --set measure.duration_s=3000 \
	--set sweep.dht.alpha=3 --set repeat=1 small.yaml >out 2>err &
pid=$!
child=
for _ in $(seq 6000); do
	child=$(pgrep -P $pid) && break
	sleep 0.05
done
kill -KILL "$child" 2>/dev/null
wait $pid
[ $? -eq 3 ] || fail "a dead child: exit code"
says "a dead child" "killed by signal 9"
[ "$(sqlite3 dead.db 'SELECT status FROM run')" = failed ] || fail "a dead child: status"

# --- a full disk ---
full=
if [ "$(id -u)" -eq 0 ] && mkdir -p small && mount -t tmpfs -o size=640k tmpfs small 2>/dev/null; then
	trap 'umount "$work/small"; rm -rf "$work"' EXIT
	expect "a full disk" 3 "$homeward" run --jobs 1 --db small/full.db small.yaml
	full=small/full.db
else
	echo "no tmpfs here: a limited file instead of a full disk" >&2
	mkdir -p small
	expect "a limited file" 3 bash -c "trap '' XFSZ; ulimit -f 640; exec '$homeward' run --jobs 1 --db small/full.db small.yaml"
	full=small/full.db
fi
cp small/full.db* .
says "a full disk" "$full"
kept=$(count full.db)
if [ "$kept" -lt 1 ] || [ "$kept" -ge 120 ]; then
	fail "a full disk: kept $kept"
fi
[ "$(sqlite3 full.db 'PRAGMA integrity_check')" = ok ] || fail "a full disk: broken file"
expect "room again" 0 "$homeward" run --resume --db full.db small.yaml
dump full.db >full.dump
same "a full disk, then room" one.dump full.dump
expect "a full standard output" 3 bash -c "'$homeward' describe >/dev/full"

# --- two runs are one ---
expect "determinism" 0 "$homeward" run --check-determinism --trace traces \
	--db check.db --set sweep.dht.alpha=3 --set repeat=2 small.yaml
says "determinism" "two runs of each point are the same"
[ -z "$(find traces -name '.second*')" ] || fail "determinism: leftovers"

upset_end
