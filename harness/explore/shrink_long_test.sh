#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shrink_long_test.sh BIN - what was put into a small world is cut off again
#
# The world shows a seeded bug (bugs/), for the tree has none that a world could
# show: of the build in BIN the one file that the bug is in is compiled with it,
# and linked before the library that has it without. An event that comes too
# late and keys that do not matter are added to the smallest world, and have to
# go.
set -u
bug=held_not_freed kind=held_leak file=core/steer/search.c library=core
tree=$PWD
build=$(cd "$1/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
[ -f "$build/build.ninja" ] ||
	{ echo "skipped: $build is no build of ninja's"; exit 77; }

# command TARGET - how the build makes it
command() {
	ninja -C "$build" -t commands "$1" | tail -n 1
}

# seeded - $work/homeward, with the bug
seeded() {
	local object=CMakeFiles/$library.dir/$file.o compile link
	mkdir -p "$work/$(dirname "$file")"
	cp "$file" "$work/$file"
	(cd "$work" && GIT_CEILING_DIRECTORIES=$work \
		git apply "$tree/harness/explore/bugs/$bug.patch") || return 1
	compile=$(command "$object")
	compile=${compile//$object/$work/bug.o}
	compile=${compile//$tree\/$file/$work/$file}
	link=$(command bin/homeward)
	link=${link%% && cd *} # and what is made with it
	link=${link//-o bin\/homeward /-o $work/homeward $work/bug.o }
	cd "$build" && bash -c "$compile" && bash -c "$link"
}

(seeded) >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
homeward=$work/homeward
cd "$work" || exit 1
mkdir one two
cat >large.yaml <<'EOF'
title: A server that resets, and does not let go
fabric:
  exits: 1
  spines: 1
  leaves: 1
  servers: 2
  uplinks: 1
routing:
  maximum_paths: 64
clients:
  sessions: 3
  size_mb: 0.001
measure:
  duration_s: 3
events:
  - { at_s: 0.1, kind: flood, rate_pps: 1 }
  - { at_s: 2.99, kind: drain, target: server1 }
EOF
small=large-$kind.yaml

# shrinks SENTENCE FOLDER JOBS
shrinks() {
	cd "$2" || exit 1
	expect "$1" 1 "$homeward" explore --known none --shrink --jobs "$3" \
		--out . ../large.yaml
	cd ..
}

shrinks "one run at a time" one 1
says "what it was" "large: $kind: 2 events -> 1"
says "where it is" " runs; ./$small"
for word in maximum_paths drain; do
	checks=$((checks + 1))
	! grep -q "$word" one/"$small" || fail "$word is still there"
done
checks=$((checks + 1))
[ "$(head -n 1 one/"$small")" = "# shows: $kind" ] || fail "what it shows"
line=$(sed -n 's/^# Repeat with: homeward //p' one/"$small")
checks=$((checks + 1))
[ "$line" = "explore --known none ./$small" ] || fail "its command: $line"
cd one || exit 1
# shellcheck disable=SC2086
expect "it shows that" 1 "$homeward" $line
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

expect "the tree does not show it" 0 "$build/bin/homeward" explore \
	--known none large.yaml
upset_end
