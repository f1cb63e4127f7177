#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_test.sh BIN - twenty random worlds end, twice the same; what the verb says
#
# Of random worlds every kind is known here, and what is to be found is a file
# that no world can be made of: so nothing depends on what is mended.
# explore_long_test.sh asks whether worlds hold.
set -u
homeward=$1/homeward
work=$(mktemp -d)
known=$work/all.known
# No world ever may do one of these.
sed -n 's/^	X([A-Z_]*, \([a-z_]*\),.*/\1/p' sim/model/violation.h |
	grep -vxE 'refused|no_progress|crash|differs' >"$known"
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
cd "$work" || exit 1

# prints SENTENCE TEXT - the last command's standard output has that line
prints() {
	checks=$((checks + 1))
	grep -qxF -- "$2" out || {
		fail "$1: did not print '$2'"
		sed 's/^/	/' out >&2
	}
}

# holds SENTENCE TEXT - ... has it somewhere
holds() {
	checks=$((checks + 1))
	grep -qF -- "$2" out || fail "$1: did not print '$2'"
}

# --- seeds ---
expect "twenty worlds" 0 "$homeward" explore --known "$known" --seed 1 \
	--seeds 20 --jobs 2 --out worlds
says "twenty worlds" "20 of 20 worlds, each run twice, 0 violations"
cp out jobs2
state=$(grep -o 'state [0-9a-f]*' err)
checks=$((checks + 1))
[ "$(find worlds -name 'explore-*.yaml' | wc -l)" = 20 ] || fail "their files"
for file in worlds/*.yaml; do
	expect "$file is a scenario" 0 "$homeward" validate --quiet "$file"
done
expect "one at a time" 0 "$homeward" explore --known "$known" --jobs 1
same "one at a time" out jobs2
says "one at a time" "$state"
expect "as JSON" 0 "$homeward" explore --known "$known" --seed 3 --seeds 2 --json
holds "as JSON" '"worlds":2,'
holds "as JSON" '"violations":[],'
expect "as files" 0 "$homeward" explore --known "$known" worlds/explore-{1,2}.yaml
state=$(grep -o 'state [0-9a-f]*' err)
expect "as seeds" 0 "$homeward" explore --known "$known" --seeds 2
says "as seeds" "$state"

# --- an end in between ---
expect "no time" 0 "$homeward" explore --known "$known" --minutes 0 --seed 5
says "no time" "explore: 1 world, each run twice"
says "no time" "the time was over at seed 6; go on with: homeward explore --known"
says "no time" " --minutes 0 --seed 6"
expect "no time for more" 0 "$homeward" explore --known "$known" --minutes 0 --seeds 4
says "no time for more" "1 of 4 worlds"
says "no time for more" " --minutes 0 --seed 2 --seeds 3"
expect "no time, as JSON" 0 "$homeward" explore --known "$known" --minutes 0 --seed 5 --json
holds "no time, as JSON" '"worlds":1,"ended":"time","next":6,'
expect "time enough" 0 "$homeward" explore --known "$known" --minutes 1000000 --seeds 2
says "time enough" "2 of 2 worlds"
"$homeward" explore --known none --seed 7 --seeds 1000000 --jobs 2 \
	--out long >out 2>err &
pid=$!
while [ ! -e long/explore-12.yaml ] && kill -0 $pid 2>/dev/null; do
	sleep 0.02
done
kill -TERM $pid
wait $pid
code=$?
checks=$((checks + 1))
# 1: something was found until then.
[ $code = 3 ] || [ $code = 1 ] || fail "interrupted: exit $code"
next=$(sed -n 's/^interrupted at seed \([0-9]*\); go on with: .*/\1/p' err)
says "interrupted" "homeward explore --known none --out long --seed $next --seeds $((1000007 - next))"
says "interrupted" "explore: $((next - 7)) of 1000000 worlds"

# --- files ---
printf 'title: Nothing\nfabrik: { servers: 3 }\n' >bad.yaml
cat >sweep.yaml <<'YAML'
title: Four worlds
fabric: { kind: uniform, servers: 8 }
measure: { settings: 5, lookups: 40, interval_ms: 1, duration_s: 10 }
sweep: { dht.alpha: [1, 3], repeat: 2 }
YAML
refused="bad.yaml: refused: bad.yaml:2:1: unknown key 'fabrik'; did you mean 'fabric'?; repeat with: homeward explore"
expect "a file" 0 "$homeward" explore sweep.yaml
says "a file" "4 of 4 worlds, each run twice, 0 violations"
expect "a file that is not valid" 1 "$homeward" explore sweep.yaml bad.yaml
prints "a file that is not valid" "$refused bad.yaml"
prints "a file that is not valid" "found: refused in 1 of 5 worlds, first bad.yaml, 1 time"
says "a file that is not valid" "5 of 5 worlds, each run twice, 1 violation;"
# The command that was printed repeats it.
grep '; repeat with: ' out >first
expect "repeated" 1 bash -c "PATH=$1:\$PATH; $(sed 's/.*; repeat with: //' first)"
grep '; repeat with: ' out >again
same "repeated" first again
expect "as JSON" 1 "$homeward" explore bad.yaml --json
holds "as JSON" '"kinds":[{"kind":"refused","known":false,"worlds":1,"count":1}],'
holds "as JSON" '"violations":[{"world":"bad.yaml","seed":null,"kind":"refused",'
holds "as JSON" '"repeat":"homeward explore bad.yaml"}],"known_violations":[],'
expect "enough" 1 "$homeward" explore --stop --jobs 2 bad.yaml sweep.yaml bad.yaml
says "enough" "1 of 6 worlds"
says "enough" "stopped at sweep.yaml (dht.alpha 1, seed 1); go on with: homeward explore --stop sweep.yaml bad.yaml"

# --- known kinds ---
echo "refused # nobody mended it" >mine.known
expect "a known kind" 0 "$homeward" explore --known mine.known bad.yaml bad.yaml
prints "a known kind" "known: refused in 2 of 2 worlds, first bad.yaml, 2 times"
says "a known kind" "2 of 2 worlds, each run twice, 0 violations and 2 known;"
expect "a known kind does not stop it" 0 "$homeward" explore --stop \
	--known mine.known bad.yaml sweep.yaml
says "a known kind does not stop it" "5 of 5 worlds"
expect "known, and not seen" 0 "$homeward" explore --known mine.known sweep.yaml
prints "known, and not seen" "known: refused in 0 of 4 worlds"
expect "known, as JSON" 0 "$homeward" explore --known mine.known --json bad.yaml
holds "known, as JSON" '"violations":[],"known_violations":[{"world":"bad.yaml",'
mkdir results
cp mine.known results/explore.known
expect "the file of the tree" 0 "$homeward" explore bad.yaml
expect "none of it" 1 "$homeward" explore --known none bad.yaml
prints "none of it" "$refused --known none bad.yaml"
echo " refusd" >mine.known
expect "a kind that there is not" 2 "$homeward" explore --known mine.known
says "a kind that there is not" "mine.known:1:2: no kind of violation 'refusd'; did you mean 'refused'?"

# --- made small ---
expect "what is no scenario is not cut" 1 "$homeward" explore --known none --shrink --out small bad.yaml
checks=$((checks + 1))
[ -z "$(ls small)" ] || fail "what is no scenario is not cut: $(ls small)"
expect "nothing to cut" 0 "$homeward" explore --shrink --json --out small sweep.yaml
holds "nothing to cut" '"shrunk":[],'
expect "as JSON, and where?" 2 "$homeward" explore --shrink --json sweep.yaml

# --- usage ---
expect "help" 0 "$homeward" explore --help
holds "help" "or 300 or more seeds make worlds that are too easy."
expect "no such option" 2 "$homeward" explore --sed 3
expect "no world" 2 "$homeward" explore --seeds 0
expect "a seed behind the last" 2 "$homeward" explore --seed 4611686018427387903 --seeds 2
says "a seed behind the last" "--seeds: the last seed is 4611686018427387903"
expect "the last seed" 0 "$homeward" explore --known "$known" --seed 4611686018427387903
says "the last seed" "1 of 1 worlds"
expect "no such file" 2 "$homeward" explore nothing.yaml
expect "no such list" 2 "$homeward" explore --known nothing
expect "seeds of a file" 2 "$homeward" explore --seed 1 sweep.yaml
expect "a folder that cannot be" 3 "$homeward" explore --seeds 1 --out a/b/c
upset_end
