#!/usr/bin/env bash
# json_test.sh BIN - what verbs print with --json can be read
#
# File names have what JSON escapes (a quote, a backslash, a tab, a line end)
# and what it cannot have at all (bytes that are no UTF-8).
set -u
bin=$1/homeward
command -v sqlite3 >/dev/null || exit 77
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
odd=$'o"d\\d\t\n\x01\xff\xe2\x82'
mkdir "$folder/$odd"
cat >"$folder/$odd/$odd.yaml" <<'END'
title: "a \"quoted\" title and a \\"
fabric: { kind: uniform, servers: 30 }
measure: { settings: 2, lookups: 2, duration_s: 1 }
sweep: { dht.k: [8, 20], service.homeward: [on] }
END
cp "$folder/$odd/$odd.yaml" "$folder/plain.yaml"

# reads SENTENCE QUERY EXPECTED COMMAND...: a query of what it printed.
reads() {
	local sentence=$1 query=$2 expected=$3 got
	shift 3
	"$@" >"$folder/out" 2>"$folder/err"
	got=$(sqlite3 :memory: "SELECT iif(json_valid(CAST(readfile('$folder/out') AS TEXT)),
		(SELECT $query FROM (SELECT CAST(readfile('$folder/out') AS TEXT) AS j)), 'no JSON')")
	if [ "$got" != "$expected" ]; then
		printf '%s: expected "%s", got "%s"\n' "$sentence" "$expected" "$got" >&2
		head -c 400 "$folder/out" "$folder/err" >&2
		failed=$((failed + 1))
	fi
}

repaired=$'o"d\\d\t\n\x01\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd'
reads 'list: a title' "json_extract(j, '\$[0].title')" \
	'a "quoted" title and a \' \
	"$bin" list --json "$folder/plain.yaml"
reads 'list: a path' "json_extract(j, '\$[0].path')" \
	"$folder/$repaired/$repaired.yaml" \
	"$bin" list --json "$folder/$odd/$odd.yaml"
reads 'validate' "json_extract(j, '\$[1].scenario')" "$repaired" \
	"$bin" validate --json "$folder/$odd/$odd.yaml"
reads 'validate: a point' "json_extract(j, '\$[1].point')" \
	'{"dht.k":20,"service.homeward":true}' \
	"$bin" validate --json "$folder/plain.yaml"
reads 'describe' "json_array_length(j) > 50" 1 "$bin" describe --json
reads 'run' "json_extract(j, '\$.db')" "$folder/$repaired/db" \
	"$bin" run --json --jobs 1 --db "$folder/$odd/db" "$folder/$odd/$odd.yaml"
reads 'run again: the command' \
	"instr(json_extract(j, '\$.repeat'), 'homeward run --db ') || json_extract(j, '\$.runs[0].status')" \
	'1ok' \
	"$bin" run --json --jobs 1 --resume --db "$folder/$odd/db" "$folder/$odd/$odd.yaml"
reads 'summary' "json_extract(j, '\$.metrics[0].scenario')" "$repaired" \
	"$bin" summary --json --db "$folder/$odd/db"
reads 'export' "json_extract(j, '\$[0].scenario')" "$repaired" \
	"$bin" export --json --what runs --db "$folder/$odd/db"
reads 'fit' "json_type(j)" array "$bin" fit --json --db "$folder/$odd/db"

# A capture with no packet at all.
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' \
	>"$folder/$odd/$odd.pcap"
reads 'replay' "json_extract(j, '\$.replay.name')" "$repaired.pcap" \
	"$bin" replay --json "$folder/$odd/$odd.pcap"
reads 'replay --decode' "json_extract(j, '\$.capture')" \
	"$folder/$repaired/$repaired.pcap" \
	"$bin" replay --decode --json "$folder/$odd/$odd.pcap"
reads 'bench' "json_extract(j, '\$.points[0].model')" hold \
	"$bin" bench queue --pending 10 --runs 1 --json
exit $((failed > 0))
