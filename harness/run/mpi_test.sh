#!/usr/bin/env bash
# mpi_test.sh BIN - one sweep on one process, two, and ranks of mpirun
#
# The database must be the same no matter which rank ran what, also after a rank was killed;
# ranks that differ are refused. All on the loopback device of this host.
set -u
homeward=$1/homeward
[ -x "$homeward" ] || { echo "no $homeward" >&2; exit 1; }
command -v mpirun >/dev/null || { echo "skipped: no mpirun here" >&2; exit 77; }
[ -e "$1/homeward-mpi.so" ] || { echo "skipped: built without MPI" >&2; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
# shellcheck disable=SC2034 # of disturb_lib
guard=(timeout -k 5 600) # that only a hang reaches

# Containers are root, and have fewer processors than ranks; OpenMPI's own
# leaks are not ours.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
options=(--oversubscribe --bind-to none --mca btl_tcp_if_include lo
	--mca oob_tcp_if_include lo)
memory=(--mca btl "self,vader") tcp=(--mca btl "self,tcp")

# whole SENTENCE DB - its contents are those of the undisturbed sweep
whole() {
	dump "$2" >"$work/other.dump"
	same "$1" one.dump other.dump
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

# --- no matter which rank runs it ---
expect "one process" 0 "$homeward" run --jobs 1 --db one.db some.yaml
dump one.db >one.dump
cp out one.out
expect "two processes" 0 "$homeward" run --jobs 2 --db two.db some.yaml
whole "two processes" two.db
expect "two ranks" 0 mpirun "${options[@]}" "${memory[@]}" -n 2 \
	"$homeward" run --db ranks2.db some.yaml
says "two ranks" "32 of 32 points are in ranks2.db"
says "two ranks" "repeat with: mpirun -n 2 homeward run --db ranks2.db some.yaml"
whole "two ranks" ranks2.db
expect "three ranks over TCP, twice each point" 0 mpirun "${options[@]}" \
	"${tcp[@]}" -n 3 "$homeward" run --check-determinism --jobs 2 \
	--db ranks3.db some.yaml
says "three ranks over TCP, twice each point" "two runs of each point are the same"
whole "three ranks over TCP, twice each point" ranks3.db
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
	whole "resumed" kill.db
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
	whole "recovered" go_on.db
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

upset_end
