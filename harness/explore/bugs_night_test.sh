#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# bugs_night_test.sh BIN [BUG...] - the explorer finds each seeded bug
#
# In a copy of the tree, one patch of harness/explore/bugs/ after the other is
# applied, built and explored, seed by seed beside the tree without it, WORLDS
# (10000) at most. A bug is found by the first world that shows a kind of
# violation which the tree itself has not shown so far and which is not known
# (results/explore.known). Any other kind may come and go by chance, since a bug
# changes a world's course: then 10 worlds more must have gained it, and four
# for each that has lost it. JOBS=n (nproc) at once. The table says what has
# found it, in which world first, how many worlds that took, how many of these
# gained and lost the kind, and what is left of the first when it is shrunk.
set -u
most=${WORLDS:-10000} jobs=${JOBS:-$(nproc)}
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# Of a tarball, too, and without what was built.
sources() {
	git ls-files -co --exclude-standard 2>/dev/null ||
		find . -type f ! -path './.git/*' ! -path './build/*'
}

# make NAME - build what is in the copy now, as $work/NAME
make() {
	cmake --build "$work/build" -j "$jobs" --target homeward \
		>"$work/log" 2>&1 && cp "$work/build/bin/homeward" "$work/$1"
}

# explored NAME FROM - BLOCK worlds from seed FROM on, into $work/NAME.seen: lines
# "seed kind". The explorer keeps the first eight worlds of a kind: no more.
block=8
explored() {
	local json=$work/$1.$2 code=0
	[ ! -e "$json" ] || return 0
	"$work/$1" explore --json --known none --seed "$2" --seeds "$block" \
		--jobs "$jobs" >"$json" 2>"$work/err" || code=$?
	[ "$code" -le 1 ] || {
		cat "$work/err" >&2
		exit 1
	}
	grep -oE '"seed":[0-9]+,"kind":"[a-z_]+"' "$json" |
		sed -E 's/"seed":([0-9]+),"kind":"([a-z_]+)"/\1 \2/' \
			>>"$work/$1.seen"
}

# telling NAME LAST - what tells it from the tree in worlds up to seed LAST, the
# first such world first: a line "seed kind gained lost"
telling() {
	awk -v base="$work/base.seen" -v known="$work/known" -v last="$2" '
	FILENAME == known { may_be[$1] = 1; next }
	$1 > last { next }
	FILENAME == base { without[$1, $2] = 1; may_be[$2] = 1; next }
	{ with[$1, $2] = 1; kinds[$2] = 1 }
	!(($1, $2) in without) {
		gained[$2]++
		if (!($2 in first)) first[$2] = $1
	}
	END {
		for (pair in without)
			if (!(pair in with)) {
				split(pair, part, SUBSEP)
				lost[part[2]]++
			}
		for (kind in first) {
			needed = kind in may_be ? 10 + 4 * lost[kind] : 1
			if (gained[kind] >= needed)
				print first[kind], kind, gained[kind],
					lost[kind] + 0
		}
	}' "$work/known" "$work/base.seen" "$work/$1.seen" |
		sort -k 1,1n -k 2,2 | head -1
}

# shrunk NAME SEED KIND - what is left of the world, and whether the tree without
# the bug shows the same there; its file, if OUT=folder
shrunk() {
	local file=$work/explore-$2-$3.yaml
	grep -oE 'X\([A-Z_]+, *[a-z_]+' sim/model/violation.h |
		sed 's/.*, *//' | grep -vx "$3" >"$work/others"
	"$work/$1" explore --known "$work/others" --seed "$2" --seeds 1 \
		--shrink --jobs "$jobs" --out "$work" >"$work/log" 2>&1
	sed -n 's/^# Shrunk from [^:]*: //p' "$file"
	"$work/base" explore --known "$work/others" "$file" >"$work/log" 2>&1 ||
		echo "(without it, too)"
	[ -z "${OUT:-}" ] || cp "$file" "$OUT/$1.yaml"
}

# hunt NAME - explore until it is found
hunt() {
	local from seed kind gained lost
	: >"$work/$1.seen"
	for ((from = 1; from <= most; from += block)); do
		explored base "$from"
		explored "$1" "$from"
		read -r seed kind gained lost \
			< <(telling "$1" $((from + block - 1))) || continue
		printf '%-20s %-18s %6d %6d %6d %6d  %s\n' "$1" "$kind" \
			"$seed" $((from + block - 1)) "$gained" "$lost" \
			"$(shrunk "$1" "$seed" "$kind" | tr '\n' ' ')"
		return 0
	done
	printf '%-20s not found in %d worlds\n' "$1" "$most"
	return 1
}

mkdir "$work/tree"
sources | tar cf - -T - | tar xf - -C "$work/tree"
sed 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' results/explore.known \
	>"$work/known" 2>/dev/null || : >"$work/known"
cmake -G Ninja -S "$work/tree" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
	>"$work/log" 2>&1 && make base || {
	tail -40 "$work/log" >&2
	exit 1
}

[ $# -gt 0 ] || set -- harness/explore/bugs/*.patch
: >"$work/base.seen"
printf '%-20s %-18s %6s %6s %6s %6s  %s\n' bug kind seed worlds gained lost shrunk
for bug; do
	name=$(basename "$bug" .patch)
	patch=$PWD/harness/explore/bugs/$name.patch
	(cd "$work/tree" && GIT_CEILING_DIRECTORIES=$work git apply "$patch") &&
		make "$name" && hunt "$name" || {
		tail -3 "$work/log" >&2
		failures=$((failures + 1))
	}
	(cd "$work/tree" && GIT_CEILING_DIRECTORIES=$work git apply -R "$patch")
done
[ "$failures" -eq 0 ]
