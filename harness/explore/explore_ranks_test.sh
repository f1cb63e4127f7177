#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_ranks_test.sh BIN - what is found does not depend on who ran what:
# one process, two, and ranks of mpirun, one of which is killed
set -u
homeward=$1/homeward
command -v mpirun >/dev/null || { echo "skipped: no mpirun here" >&2; exit 77; }
[ -e "$1/homeward-mpi.so" ] || { echo "skipped: built without MPI" >&2; exit 77; }
work=$(mktemp -d)
known=$work/all.known
# What is found is not asked here, but by explore_long_test.sh.
sed -n 's/^	X([A-Z_]*, \([a-z_]*\),.*/\1/p' sim/model/violation.h >"$known"
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
# shellcheck disable=SC2034 # of disturb_lib
guard=(timeout -k 5 600) # that only a hang reaches

# Containers are root, and have fewer processors than ranks; OpenMPI's own
# leaks are not ours.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
options=(--oversubscribe --bind-to none --mca btl "self,vader"
	--mca btl_tcp_if_include lo --mca oob_tcp_if_include lo)
seeds=(explore --known "$known" --seed 30 --seeds 30)
cd "$work" || exit 1

# found SENTENCE - the same as one process did
found() {
	same "$1" one out
	says "$1" "$state"
}

expect "one process" 0 "$homeward" "${seeds[@]}" --jobs 1
cp out one
state=$(grep -o 'state [0-9a-f]*' err)
expect "two ranks" 0 mpirun "${options[@]}" -n 2 "$homeward" "${seeds[@]}"
found "two ranks"
expect "three ranks, two passes at a time on each" 0 \
	mpirun "${options[@]}" -n 3 "$homeward" "${seeds[@]}" --jobs 2
found "three ranks, two passes at a time on each"
expect "ranks of other seeds" 2 mpirun "${options[@]}" \
	-n 1 "$homeward" "${seeds[@]}" : -n 1 "$homeward" explore --seed 31 --seeds 30
says "ranks of other seeds" "has another scenario"
expect "an end in between" 0 mpirun "${options[@]}" -n 2 "$homeward" \
	explore --known "$known" --minutes 0 --seed 3
says "an end in between" "go on with: mpirun -n 2 homeward explore"

# --- a rank is killed, mpirun lets the others go on ---
mpirun "${options[@]}" --enable-recovery -n 3 "$homeward" "${seeds[@]}" \
	--out worlds >out 2>err &
pid=$!
while [ ! -e worlds/explore-34.yaml ] && kill -0 $pid 2>/dev/null; do
	sleep 0.02
done
for rank in $(pgrep -P $pid); do
	tr '\0' '\n' <"/proc/$rank/environ" 2>/dev/null |
		grep -qx OMPI_COMM_WORLD_RANK=1 && kill -9 "$rank"
done
wait $pid || fail "recovered: exit $?"
found "recovered"
upset_end
