#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# bench_steer_test.sh BIN - every stray is forwarded, whatever the sizes, and
# nonsense is refused. How long it takes is not tested.
set -eu
homeward=$1/homeward
fail=0

for options in "" "--payload 0" "--payload 1400" "--flows 1" "--flows 300"; do
	# shellcheck disable=SC2086
	"$homeward" bench steer --strays 2000 --runs 2 $options --json |
		python3 -c "import json, sys
p = json.load(sys.stdin)
sys.exit(not (p['strays'] == 2000 and p['ip4_ns'] > 0 and p['ip6_ns'] > 0))" ||
		{ echo "FAIL: steer $options" >&2; fail=1; }
done
"$homeward" bench steer --strays 10 --runs 1 | grep -q '^IPv6 ' ||
	{ echo "FAIL: as a table" >&2; fail=1; }

while read -r line; do
	# shellcheck disable=SC2086
	"$homeward" bench steer $line >/dev/null 2>&1 && code=0 || code=$?
	[ $code = 2 ] || { echo "FAIL: $line: exit $code, not 2" >&2; fail=1; }
done <<LINES
--strays 0
--strays 1,2
--flows 65537
--payload 1401
--hosts 3
more
LINES
exit $fail
