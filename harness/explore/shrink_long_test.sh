#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shrink_long_test.sh BIN - what was put into a small world is cut off again
#
# The world is the first kept one that shows something (explore_worlds_test.sh);
# an event that comes too late and a key that does not matter are added.
set -u
homeward=$1/homeward
source=$(grep -l '^# shows: ' "$PWD"/harness/explore/worlds/*.yaml | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
[ -n "$source" ] || { echo "skipped: no kept world shows anything"; exit 77; }
kind=$(sed -n 's/^# shows: //p' "$source")
events=$(grep -c '^  - { ' "$source")
duration=$(sed -n 's/^  duration_s: //p' "$source")
late=$(awk -v end="${duration:-10}" 'BEGIN { print end * 0.999 }')
cd "$work" || exit 1
mkdir one two

{
	grep -v '^#' "$source" | sed 's/^clients:$/routing:\n  maximum_paths: 64\n&/'
	echo "  - { at_s: $late, kind: drain, target: server1 }"
} >large.yaml
small=large-$kind.yaml

# shrinks SENTENCE FOLDER JOBS
shrinks() {
	cd "$2" || exit 1
	expect "$1" 1 "$homeward" explore --known none --shrink --jobs "$3" \
		--out . ../large.yaml
	cd ..
}

shrinks "one run at a time" one 1
says "what it was" "large: $kind: $((events + 1)) events -> "
says "where it is" " runs; ./$small"
checks=$((checks + 1))
[ "$(grep -c '^  - { ' one/"$small")" -le "$events" ] || fail "more events"
for word in maximum_paths drain; do
	checks=$((checks + 1))
	! grep -q "$word" one/"$small" || fail "$word is still there"
done
checks=$((checks + 1))
[ "$(head -n 1 one/"$small")" = "# shows: $kind" ] || fail "what it shows"
command=$(sed -n 's/^# Repeat with: homeward //p' one/"$small")
checks=$((checks + 1))
[ "$command" = "explore --known none ./$small" ] || fail "its command: $command"
cd one || exit 1
expect "it shows that" 1 "$homeward" $command
grep -q ": $kind: " ../out || fail "it does not show $kind"
cd ..
shrinks "two at a time" two 2
same "two at a time" one/"$small" two/"$small"

expect "to standard output" 1 "$homeward" explore --known none --shrink one/"$small"
checks=$((checks + 1))
grep -qx 'title: .*' out || fail "it is not printed"
checks=$((checks + 1))
grep -q "^# Repeat with: homeward explore --known none FILE$" out ||
	fail "its command, printed"
upset_end
