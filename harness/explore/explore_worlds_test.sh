#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_worlds_test.sh BIN - kept worlds show what they say, or nothing
#
# Each file of worlds/ is the smallest world of a violation that was found. Its
# first line says how it is now:
#
#	# shows: KIND	not mended yet: it shows that, and nothing else
#	# showed: KIND	mended: nothing is wrong with it
#
# So a mend that reaches a kept world is noticed, and its line is changed.
set -u
homeward=$1/homeward
folder=$PWD/harness/explore/worlds
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=harness/test/disturb_lib
. harness/test/disturb_lib
cd "$work" || exit 1

# kinds - of the last command's JSON, in their order
kinds() {
	grep -o '"kinds":\[[^]]*\]' out | grep -o '"kind":"[a-z_]*"' |
		cut -d '"' -f 4 | sort -u | tr '\n' ' '
}

for file in "$folder"/*.yaml; do
	name=${file##*/}
	line=$(head -n 1 "$file")
	kind=${line##*: }
	case $line in
	"# shows: $kind") expect "$name" 1 "$homeward" explore --known none --json "$file"
		wanted="$kind " ;;
	"# showed: $kind") expect "$name" 0 "$homeward" explore --known none --json "$file"
		wanted= ;;
	*) fail "$name: neither '# shows: KIND' nor '# showed: KIND'"
		continue ;;
	esac
	found=$(kinds)
	checks=$((checks + 1))
	[ "$found" = "$wanted" ] ||
		fail "$name: shows '$found', not '$wanted' (see its first line)"
	checks=$((checks + 1))
	grep -qF "# Repeat with: homeward explore --known none harness/explore/worlds/$name" \
		"$file" || fail "$name: its command names another file"
done
upset_end
