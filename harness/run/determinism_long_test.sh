#!/usr/bin/env bash
# determinism_long_test.sh BIN - every scenario: twice the same, as expected
#
# Each file in scenarios/ is run two times by --check-determinism, which
# compares the databases (clock and host columns aside) and a hash of what
# each port sent, and must meet its own expectations. One point of those that
# fit on a disk is also run with captures, which are compared byte by byte. What
# would take most of the time is run at a smaller size, or a smaller number of
# times, and then need not make as many lookups as it is expected to.
set -eu
homeward=$1/homeward
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# twice NAME [OPTION]... - run a scenario two times
twice() {
	local name=$1
	shift
	sed -E 's/^(  lookups_min:) [0-9]{5,}$/\1 4000/' "scenarios/$name.yaml" \
		>"$scratch/$name.yaml"
	"$homeward" run --check-determinism --db "$scratch/$name.db" "$@" \
		"$scratch/$name.yaml" >/dev/null 2>"$scratch/err" || {
		cat "$scratch/err" >&2
		echo "$name: not as it should be" >&2
		exit 1
	}
	grep -q 'two runs of each point are the same' "$scratch/err"
}

for scenario in scenarios/*.yaml; do
	name=$(basename "$scenario" .yaml)
	echo "$name" >&2
	size=()
	case $name in
	million | joined)
		size=(--set fabric.servers=2000 --set measure.stores=1000
			--set measure.lookups=4000)
		;;
	rpc) size=(--set measure.rpcs=20000) ;;
	bulk)
		# 400 MB take half a second: the cut is in their middle.
		size=(--set clients.size_mb=400 --set events.1.at_s=0.3
			--set sweep.repeat=2)
		;;
	churn)
		size=(--set fabric.servers=200 --set measure.stores=1000
			--set measure.removals=1000 --set measure.lookups=6000
			--set measure.interval_ms=10 --set measure.duration_s=90
			--set sweep.repeat=1)
		;;
	churn_large)
		size=(--set fabric.servers=1000 --set measure.stores=4000
			--set measure.removals=2000 --set measure.lookups=12000
			--set measure.interval_ms=1 --set measure.duration_s=20)
		;;
	repair_large)
		size=(--set fabric.servers=200 --set events.1.count=100
			--set measure.stores=5000 --set measure.lookups=10000
			--set measure.interval_ms=1)
		;;
	cuts | moved) size=(--set sweep.repeat=4) ;;
	repair) size=(--set sweep.repeat=1) ;;
	web) size=(--set sweep.repeat=1) ;;
	sequence)
		size=(--set sweep.repeat=1 --set "events.1.count=[3, 10]")
		;;
	scale) size=(--set sweep.repeat=1) ;;
	esac
	twice "$name" "${size[@]}"
	case $name in
	paper | ipv6 | drain)
		twice "$name" --trace "$scratch/traces" --set sweep.repeat=1
		rm -rf "$scratch/traces"
		;;
	esac
done
