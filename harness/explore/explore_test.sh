#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_test.sh BIN - twenty random worlds hold; what the verb says
set -u
homeward=$1/homeward
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
cd "$work" || exit 1

expect "twenty worlds" 0 "$homeward" explore --seed 1 --seeds 20 --out worlds
says "twenty worlds" "20 of 20 worlds, each run twice, 0 violations"
checks=$((checks + 1))
[ "$(find worlds -name 'explore-*.yaml' | wc -l)" = 20 ] || fail "their files"
for file in worlds/*.yaml; do
	expect "$file is a scenario" 0 "$homeward" validate --quiet "$file"
done
expect "as JSON" 0 "$homeward" explore --seed 3 --seeds 2 --json
checks=$((checks + 1))
grep -q '"worlds":2,.*"violations":\[\]' out || fail "as JSON"
expect "no such option" 2 "$homeward" explore --sed 3
expect "no world" 2 "$homeward" explore --seeds 0
expect "a folder that cannot be" 3 "$homeward" explore --seeds 1 --out a/b/c
upset_end
