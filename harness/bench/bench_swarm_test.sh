#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `homeward bench lookups` and `memory` in small worlds: lookups succeed, budgets
# hold, --json is JSON, and nonsense is refused.
set -eu
homeward=$1/homeward
fail=0

check() { # SENTENCE EXPRESSION: true of the JSON on standard input
	python3 -c "import json, sys
p = json.load(sys.stdin)['points']
sys.exit(not ($2))" || { echo "FAIL: $1" >&2; fail=1; }
}

for fidelity in path packet uniform; do
	"$homeward" bench lookups --nodes 200,500 --lookups 200 --runs 2 \
		--fidelity $fidelity --json |
		check "lookups, $fidelity" "len(p) == 2 and all(
x['failed'] == 0 and x['lookups'] == 600 and x['lookups_per_s'] > 0 and
1 < x['hops'] < 3 for x in p)"
done
"$homeward" bench lookups --nodes 200 --lookups 200 --runs 1 --k 8 \
	--tables joined --json |
	check "joined tables" "p[0]['failed'] == 0 and p[0]['joins_per_s'] > 0"
"$homeward" bench lookups --nodes 64 --lookups 100 --runs 1 | grep -q '^ *64 ' ||
	{ echo "FAIL: as a table" >&2; fail=1; }

"$homeward" bench memory --nodes 5000 --json |
	check "memory: budgets" "len(p) == 2 and all(
x['node_bytes'] <= x['node_budget_bytes'] and
x['record_bytes'] <= x['record_budget_bytes'] for x in p)"
"$homeward" bench memory --nodes 5000 | grep -q 'node state .* of 3072' ||
	{ echo "FAIL: memory as text" >&2; fail=1; }

while read -r line; do
	# shellcheck disable=SC2086
	"$homeward" bench $line >/dev/null 2>&1 && code=0 || code=$?
	[ $code = 2 ] || { echo "FAIL: $line: exit $code, not 2" >&2; fail=1; }
done <<EOF
lookups --nodes 0
lookups --nodes 2000000
lookups --fidelity fast
lookups --tables none
lookups --k 33
lookups --alpha 0
memory --nodes 1e3,1e4
memory --k 0
EOF
exit $fail
