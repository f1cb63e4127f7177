#!/usr/bin/env bash
# bench_ns3_test.sh BIN - ns-3's half builds, and both answer every call
#
# Optional: without Debian's libns3-dev and a C++ compiler only the refusals
# are tested. Nothing here says who is faster: the machine may be busy.
set -u
homeward=$1/homeward
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect SENTENCE CODE ARGUMENT... - homeward bench ns3; output in $work/out
expect() {
	local sentence=$1 wanted=$2 code=0
	shift 2
	"$homeward" bench ns3 "$@" >"$work/out" 2>"$work/err" || code=$?
	[ "$code" -eq "$wanted" ] && return
	echo "FAILED: $sentence: exit $code, not $wanted" >&2
	cat "$work/err" >&2
	failures=$((failures + 1))
}

# points SENTENCE COUNT - that many points with rates and their ratio
points() {
	local got
	got=$(sqlite3 :memory: "SELECT count(*) FROM
		json_each(readfile('$work/out'), '\$.points') WHERE
		value ->> 'ours_rpc_per_s' > 0 AND value ->> 'ns3_rpc_per_s' > 0
		AND abs(value ->> 'ratio' * (value ->> 'ns3_rpc_per_s') /
			(value ->> 'ours_rpc_per_s') - 1) < 0.02")
	[ "$got" = "$2" ] && return
	echo "FAILED: $1: $got of $2 points" >&2
	cat "$work/out" >&2
	failures=$((failures + 1))
}

expect "an unknown transport" 2 --transport sctp
expect "nobody to call" 2 --hosts 1
expect "unknown routes" 2 --routes none
expect "alone" 0 --alone --hosts 4,20 --rpcs 300 --runs 1 --json
[ "$(sqlite3 :memory: "SELECT min(value ->> 'ours_events_per_s') > 0 FROM
	json_each(readfile('$work/out'), '\$.points')")" = 1 ] ||
	failures=$((failures + 1))
if ! pkg-config --exists ns3-internet 2>/dev/null || ! command -v g++ >/dev/null; then
	expect "ns-3 is missing" 3
	grep -q libns3-dev "$work/err" || failures=$((failures + 1))
	[ "$failures" -eq 0 ] || exit 1
	echo "skipped: ns-3 (libns3-dev) is not installed" >&2
	exit 77
fi
export XDG_CACHE_HOME=$work/cache TMPDIR=$work
mkdir "$work/cache"
expect "UDP" 0 --hosts 4,20 --rpcs 300 --runs 1 --json
points "UDP" 2
expect "TCP and captures" 0 --hosts 20 --rpcs 300 --runs 2 --json \
	--transport tcp --pcap
points "TCP and captures" 1
expect "a prefix a leaf" 0 --hosts 20 --rpcs 300 --runs 1 --json --routes prefix
points "a prefix a leaf" 1
[ -z "$(find "$work" -maxdepth 1 -name 'homeward-ns3-*')" ] || {
	echo "FAILED: scratch is left" >&2
	failures=$((failures + 1))
}
[ "$failures" -eq 0 ]
