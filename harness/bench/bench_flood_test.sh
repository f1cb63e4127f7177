#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench_flood_test.sh BIN - real strays are let in among bogus packets, clients
# of sessions that are gone hear of it, and nonsense is refused
set -u
homeward=$1/homeward
fail=0

# flood OPTIONS PYTHON - holds of every point p; a is p["admitted"], n all of it
flood() {
	# shellcheck disable=SC2086
	"$homeward" bench flood $1 --json | python3 -c "import json, sys
d = json.load(sys.stdin)
for p in d['points']:
    a = p['admitted']
    n = sum(a.values())
    r = p['reset']
    if not ($2):
        sys.exit(json.dumps(p))" || { echo "FAIL: $1: $2" >&2; fail=1; }
}

calm="--strays 20 --seconds 3"
flood "$calm --rate 0" "a['at_once'] == n == 60 and p['killed'] == 0"
flood "$calm --rate 5000,20000" \
	"a['at_once'] + a['within_1s'] >= 0.99 * n and p['killed'] == 0"
flood "$calm --rate 1000 --sources prefix" \
	"a['at_once'] + a['within_1s'] >= 0.99 * n and p['killed'] == 0"
flood "$calm --rate 5000 --repeat 2" "a['never'] == 0 and p['killed'] == 0"
flood "$calm --rate 5000 --repeat 3" "a['never'] == 0 and p['killed'] == 0"
# What a miss costs: 2 x (alpha x rounds + replicas) at the most.
flood "$calm --rate 0 --servers 64" "d['glance_datagrams'] <= 12"
flood "--strays 1 --seconds 1 --rate 0 --servers 1000" \
	"d['glance_datagrams'] <= 18"
# A flood costs no more than its misses: 2,000 a second, glances most of them.
flood "$calm --rate 20000" "p['lookups'] <= 2200 * p['simulated_s']"
# Ordinary clients whose server has crashed.
flood "$calm --rate 0 --stale 2000" \
	"r['never'] == 0 and sum(r.values()) == 2000 and p['killed'] == 0"

first=$("$homeward" bench flood --rate 3000 --seconds 1 --seed 7)
[ "$first" = "$("$homeward" bench flood --rate 3000 --seconds 1 --seed 7)" ] ||
	{ echo "FAIL: a seed's run is another" >&2; fail=1; }
"$homeward" bench flood --rate 0 --seconds 1 --stale 10 | grep -q '^ *stale |' ||
	{ echo "FAIL: as a table" >&2; fail=1; }

while read -r line; do
	# shellcheck disable=SC2086
	"$homeward" bench flood $line >/dev/null 2>&1
	code=$?
	[ $code = 2 ] || { echo "FAIL: $line: exit $code, not 2" >&2; fail=1; }
done <<LINES
--rate x
--rate 1000001
--repeat 0
--repeat 17
--servers 1
--servers 2049
--sources client
--seconds 0
--strays 0
more
LINES
exit $fail
