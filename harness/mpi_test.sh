#!/usr/bin/env bash
# mpi_test.sh BIN - one sweep on one process, two, and ranks of mpirun
#
# The database must be the same whoever ran what, also after a rank was killed;
# ranks that differ are refused. All on the loopback device of this host.
set -u
homeward=$1/homeward
[ -x "$homeward" ] || { echo "no $homeward" >&2; exit 1; }
command -v mpirun >/dev/null || { echo "skipped: no mpirun here" >&2; exit 77; }
[ -e "$1/homeward-mpi.so" ] || { echo "skipped: built without MPI" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0 checks=0

# Containers are root, and have fewer processors than ranks; OpenMPI's own
# leaks are not ours.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
options=(--oversubscribe --bind-to none --mca btl_tcp_if_include lo
	--mca oob_tcp_if_include lo)
memory=(--mca btl "self,vader") tcp=(--mca btl "self,tcp")

fail() {
	echo "FAILED: $*" >&2
	failures=$((failures + 1))
}

# expect SENTENCE CODE COMMAND... - runs it; output in $work/out, $work/err
expect() {
	local sentence=$1 wanted=$2 code=0
	shift 2
	checks=$((checks + 1))
	timeout -k 5 60 "$@" >"$work/out" 2>"$work/err" || code=$?
	[ "$code" -eq "$wanted" ] || {
		fail "$sentence: exit $code, not $wanted: $*"
		sed 's/^/	/' "$work/err" >&2
	}
}

# says SENTENCE TEXT - the last command's standard error has TEXT
says() {
	checks=$((checks + 1))
	grep -qF -- "$2" "$work/err" || {
		fail "$1: did not say '$2'"
		sed 's/^/	/' "$work/err" >&2
	}
}

# same SENTENCE DB - its contents are those of the undisturbed sweep, but for
# the columns of clock and host
same() {
	checks=$((checks + 1))
	dump "$2" >"$work/other.dump"
	cmp -s "$work/one.dump" "$work/other.dump" || {
		fail "$1: one.db and $2 differ"
		diff "$work/one.dump" "$work/other.dump" | cut -c 1-200 |
			head -5 >&2
	}
}

dump() {
	cp "$1" "$work/copy.db"
	[ ! -e "$1-wal" ] || cp "$1-wal" "$work/copy.db-wal"
	sqlite3 "$work/copy.db" "UPDATE run SET started_at = '', wall_s = 0,
		cpu_s = 0, peak_rss_bytes = 0, host = '', kernel = ''" .dump
	rm -f "$work"/copy.db*
}

count() {
	sqlite3 "$1" "SELECT count(*) FROM run WHERE status = 'ok'" 2>/dev/null ||
		echo 0
}

# await DB COUNT PID - until so many runs are there; false when it ended first
await() {
	for _ in $(seq 600); do
		[ "$(count "$1")" -ge "$2" ] && return 0
		kill -0 "$3" 2>/dev/null || return 1
		sleep 0.02
	done
	return 1
}

# rank_pid MPIRUN RANK - the process that mpirun made for a rank
rank_pid() {
	local pid
	for pid in $(pgrep -P "$1"); do
		tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null |
			grep -qx "OMPI_COMM_WORLD_RANK=$2" && echo "$pid"
	done
}

cat >"$work/some.yaml" <<'YAML'
title: Points enough to be interrupted
fabric: { kind: uniform, servers: 32 }
dht: { k: 8, tables: ideal }
measure: { settings: 50, lookups: 4000, interval_ms: 1, duration_s: 10 }
sweep: { dht.alpha: [1, 3], repeat: 16 }
YAML
cd "$work" || exit 1

# --- whoever runs it ---
expect "one process" 0 "$homeward" run --jobs 1 --db one.db some.yaml
dump one.db >one.dump
cp out one.out
expect "two processes" 0 "$homeward" run --jobs 2 --db two.db some.yaml
same "two processes" two.db
expect "two ranks" 0 mpirun "${options[@]}" "${memory[@]}" -n 2 \
	"$homeward" run --db ranks2.db some.yaml
says "two ranks" "32 of 32 points are in ranks2.db"
says "two ranks" "repeat with: mpirun -n 2 homeward run --db ranks2.db some.yaml"
same "two ranks" ranks2.db
expect "three ranks over TCP, twice each point" 0 mpirun "${options[@]}" \
	"${tcp[@]}" -n 3 "$homeward" run --check-determinism --jobs 2 \
	--db ranks3.db some.yaml
says "three ranks over TCP, twice each point" "two runs of each point are the same"
same "three ranks over TCP, twice each point" ranks3.db
expect "one rank is a plain run" 0 mpirun "${options[@]}" -n 1 \
	"$homeward" run --resume --db ranks2.db some.yaml
says "one rank is a plain run" "32 of them from before"

# --- a rank is killed, mpirun ends the others ---
mpirun "${options[@]}" "${memory[@]}" -n 3 "$homeward" run --db kill.db \
	some.yaml >out 2>err &
pid=$!
if await kill.db 3 $pid; then
	kill -9 "$(rank_pid $pid 2)"
	wait $pid && fail "killed: exit 0"
	kept=$(count kill.db)
	[ "$kept" -lt 32 ] || fail "killed: too late to test anything"
	[ "$(sqlite3 kill.db 'PRAGMA integrity_check')" = ok ] ||
		fail "killed: broken file"
	cp kill.db said.db
	expect "started again" 0 "$homeward" run --db said.db some.yaml
	says "started again" "$kept of 32 points are in said.db from before; --resume"
	expect "resumed" 0 mpirun "${options[@]}" "${memory[@]}" -n 2 \
		"$homeward" run --resume --db kill.db some.yaml
	says "resumed" "$kept of them from before"
	same "resumed" kill.db
else
	fail "killed: it ended before it could be killed"
fi

# --- a rank is killed, mpirun lets the others go on ---
mpirun "${options[@]}" "${memory[@]}" --enable-recovery -n 3 "$homeward" run \
	--db go_on.db some.yaml >out 2>err &
pid=$!
if await go_on.db 3 $pid; then
	kill -9 "$(rank_pid $pid 1)"
	wait $pid || fail "recovered: exit $?"
	says "recovered" "is lost: others run its points"
	same "recovered" go_on.db
else
	fail "recovered: it ended before"
fi

# --- ranks that are not alike ---
expect "another scenario" 2 mpirun "${options[@]}" "${memory[@]}" \
	-n 1 "$homeward" run --db no.db some.yaml : \
	-n 1 "$homeward" run --db no.db --set dht.k=9 some.yaml
says "another scenario" "rank 1 on $(uname -n) has another scenario (some) or other --set"
commit=$("$homeward" --version | sed 's/.*(commit \(.*\))/\1/')
mkdir other
sed "s/$commit/$(printf %s "$commit" | tr 0-9a-f 1-9a-f0)/g" "$homeward" >other/homeward
chmod +x other/homeward
cp "$1/homeward-mpi.so" other
expect "another commit" 2 mpirun "${options[@]}" "${memory[@]}" \
	-n 1 "$homeward" run --db no.db some.yaml : \
	-n 1 other/homeward run --db no.db some.yaml
says "another commit" "rank 1 on $(uname -n) is of commit"
expect "a typing error" 2 mpirun "${options[@]}" "${memory[@]}" -n 2 \
	"$homeward" run --db no.db --set dht.kk=3 some.yaml
says "a typing error" "did you mean 'dht.k'?"
for option in "--in live" "--trace traces"; do
	# shellcheck disable=SC2086
	expect "$option" 2 env OMPI_COMM_WORLD_SIZE=2 "$homeward" run $option \
		--db no.db some.yaml
	says "$option" "not under mpirun"
done
[ ! -e no.db ] || fail "refused, but wrote a database"

echo "$checks passed, $failures failed" >&2
[ "$failures" -eq 0 ]
