#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# decode_test.sh BIN - our datagrams in captures: `homeward replay --decode` and
# live/share/homeward.lua in tshark read the same out of the same bytes
set -u
homeward=$1/homeward
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	bad=1
}

command -v sqlite3 >/dev/null || {
	echo "decode_test: needs sqlite3" >&2
	exit 77
}

# sql QUERY: over the object of the last decode --json.
sql() {
	sqlite3 -separator ' ' :memory: "WITH d AS (SELECT value AS v FROM
		json_each(readfile('$folder/json'), '\$.datagrams')) $1"
}

# decode CODE FILE [OPTION]...: into $folder/json and $folder/lines
decode() {
	local code=$1 file=$2 got
	shift 2
	"$homeward" replay --decode "$@" --json "$file" >"$folder/json" \
		2>"$folder/err"
	got=$?
	[ $got -eq "$code" ] || fail "exit $got, not $code: decode $file $*"
	"$homeward" replay --decode "$@" "$file" >"$folder/lines" \
		2>>"$folder/err"
	if grep -qE 'Sanitizer|runtime error|Assertion' "$folder/err"; then
		fail "decode $file $*"
		cat "$folder/err" >&2
	fi
	[ "$(sqlite3 :memory: "SELECT json_valid(readfile('$folder/json'))")" = 1 ] ||
		fail "no JSON: decode $file $*"
}

# A run with strays, and captures of every port.
"$homeward" run --db "$folder/x.db" --set repeat=1 --trace "$folder/trace" \
	scenarios/paper.yaml >/dev/null 2>"$folder/err" || {
	cat "$folder/err" >&2
	exit 1
}
gue=0 dht=0
for file in "$folder"/trace/paper-server*.pcap; do
	decode 0 "$file"
	n=$(sql "SELECT count(*) FROM d WHERE v->>'kind' = 'gue'")
	ok=$(sql "SELECT count(*) FROM d WHERE v->>'kind' = 'gue'
		AND v->>'variant' = 0 AND NOT v->>'control' AND v->>'proto' = 4
		AND v->>'hop_count' = 1 AND v->>'tag' = 'ok'
		AND v->>'\$.inner.protocol' = 'tcp'")
	[ "$n" = "$ok" ] || fail "$file: $ok of $n forwards are right"
	gue=$((gue + n))
	n=$(sql "SELECT count(*) FROM d WHERE v->>'kind' = 'dht'")
	ok=$(sql "SELECT count(*) FROM d WHERE v->>'seal' = 'plain'
		AND v->>'\$.message.drop' = 'none'")
	[ "$n" = "$ok" ] || fail "$file: $ok of $n messages are read"
	dht=$((dht + n))
	[ "$(wc -l <"$folder/lines")" = "$(sql 'SELECT count(*) FROM d')" ] ||
		fail "$file: lines and objects differ"
done
[ $gue -gt 100 ] || fail "only $gue forwards"
[ $dht -gt 20 ] || fail "only $dht messages"
grep -q ' DHT plain: ' "$folder/lines" || fail 'no line about a message'

# Mistakes are said.
decode_says() {
	local code=$1 says=$2 got
	shift 2
	"$homeward" replay "$@" >"$folder/out" 2>"$folder/err"
	got=$?
	[ $got -eq "$code" ] || fail "exit $got, not $code: replay $*"
	grep -q -- "$says" "$folder/err" || fail "no '$says': replay $*"
}
one=$folder/trace/paper-server1-0.pcap
decode_says 2 'goes with --decode' --secret x "$one"
decode_says 2 'and --json only' --decode --servers 3 "$one"
decode_says 2 'No such file' --decode "$folder/none.pcap"
decode_says 2 "$folder/none" --decode --secret "$folder/none" "$one"
head -c 5000 "$one" >"$folder/broken.pcap"
decode_says 3 'truncated' --decode "$folder/broken.pcap"

# ---- Wireshark ----

if ! tshark -v 2>/dev/null | tr '\n' ' ' | grep -q 'with Lua'; then
	echo "decode_test: no tshark with Lua: homeward.lua is not tested" >&2
	[ $bad -ne 0 ] && exit 1
	exit 77
fi
export HOME=$folder
shark() {
	tshark -X lua_script:live/share/homeward.lua "$@" 2>"$folder/shark.err"
	grep -iE 'lua: *error|Lua Error|\.lua:' "$folder/shark.err" >&2 &&
		fail "tshark $*"
}

for file in "$folder"/trace/paper-server*.pcap; do
	decode 0 "$file"
	shark -r "$file" -Y homeward_gue -T fields -E separator=' ' \
		-e frame.number -e homeward_gue.variant \
		-e homeward_gue.protocol -e homeward_gue.hop_count \
		-e homeward_gue.key_id -e homeward_gue.boot \
		-e homeward_gue.sequence -e tcp.seq_raw >"$folder/wireshark"
	sql "SELECT v->>'record', v->>'variant', v->>'proto', v->>'hop_count',
		v->>'key_id', v->>'boot', v->>'sequence', v->>'\$.inner.seq'
		FROM d WHERE v->>'kind' = 'gue'" >"$folder/ours"
	cmp -s "$folder/wireshark" "$folder/ours" || {
		fail "$file: forwards differ from Wireshark's"
		diff "$folder/wireshark" "$folder/ours" | head -5 >&2
	}
	shark -r "$file" -Y homeward_dht -T fields -E separator=' ' \
		-e frame.number -e homeward_dht.type -e homeward_dht.reply \
		-e homeward_dht.count -e homeward_dht.transaction \
		>"$folder/wireshark"
	sql "SELECT v->>'record',
		CASE v->>'\$.message.type' WHEN 'ping' THEN 1
			WHEN 'find_node' THEN 2 WHEN 'find_value' THEN 3
			WHEN 'store' THEN 4 WHEN 'remove' THEN 5
			WHEN 'not_mine' THEN 6 ELSE 7 END,
		v->>'\$.message.reply',
		json_array_length(v, '\$.message.items'),
		printf('0x%08x', v->>'\$.message.transaction')
		FROM d WHERE v->>'kind' = 'dht'" >"$folder/ours"
	cmp -s "$folder/wireshark" "$folder/ours" || {
		fail "$file: messages differ from Wireshark's"
		diff "$folder/wireshark" "$folder/ours" | head -5 >&2
	}
	shark -r "$file" -Y '_ws.lua.error || homeward_gue.hop_count.wrong ||
		(homeward_dht && _ws.expert)' >"$folder/wireshark"
	[ -s "$folder/wireshark" ] && fail "$file: Wireshark complains" &&
		head -5 "$folder/wireshark" >&2
done

# A table: port, what Wireshark must find, what our line must say, the bytes.
zeros=$(printf '%0128d' 0)
private=01000001000000020123456789abcdef
inner=4500002800000000400600000a0100010a01000200500051
seal=05000000000000001122334455667788000000000000002a
cat >"$folder/table" <<-END
	6080|homeward_gue.variant.unknown|variant 1: unknown|45000000
	6080|homeward_gue.short|ends inside|04
	6080|homeward_gue.short|ends inside|0404000001
	6080|homeward_gue.control.unexpected|control proto 4|24040000$private$inner
	6080|homeward_gue.protocol.unknown|proto 47|042f0000$private$inner
	6080|homeward_gue.form|hlen 5|05040000$private$inner
	6080|homeward_gue.form|flags 0x8000|04048000$private$inner
	6080|homeward_gue.inner|ends inside|04040000$private
	6080|homeward_gue.inner|field out of range|04290000$private$inner
	6080|homeward_gue.hop_count.wrong|hop 2|0404000002${private:2}$inner
	6080|homeward_gue.tag == 0x0123456789abcdef|tag unknown|04040000$private$inner
	7000|homeward_dht.short|refused: ends inside|01
	7000|homeward_dht.boot == 0x1122334455667788|key 5 boot 0x1122334455667788|$seal${zeros}ff
	7000|homeward_dht.sequence == 42|seq 42 closed|$seal${zeros}ff
	7000|homeward_dht.reserved.set|closed|0500000000000001$zeros$zeros
	7000|homeward_dht.type == 1|plain: ping 0x000000ff|01010000000000ff$zeros
	7000|homeward_dht.type.unknown|out of range|01090000000000ff$zeros
END
for port in 6080 7000; do
	grep "^$port|" "$folder/table" >"$folder/rows"
	# Offset 0 begins a packet.
	cut -d'|' -f4 "$folder/rows" | sed 's/../ &/g; s/^/000000/' \
		>"$folder/hex"
	text2pcap -q -4 10.0.0.1,10.0.0.2 -u "50000,$port" "$folder/hex" \
		"$folder/crafted.pcap" 2>/dev/null || fail 'text2pcap'
	decode 0 "$folder/crafted.pcap"
	[ -z "$(shark -r "$folder/crafted.pcap" -Y _ws.lua.error)" ] ||
		fail "port $port: an error in the dissector"
	# Column n of what tshark prints is line n here.
	cut -d'|' -f2 "$folder/rows" | cut -d' ' -f1 | sort -u >"$folder/fields"
	# shellcheck disable=SC2046
	shark -r "$folder/crafted.pcap" -T fields -E separator='|' \
		$(sed 's/^/-e /' "$folder/fields") >"$folder/wireshark"
	row=0
	while IFS='|' read -r _ field says hex; do
		row=$((row + 1))
		column=$(grep -nxF "${field%% *}" "$folder/fields" | cut -d: -f1)
		found=$(sed -n ${row}p "$folder/wireshark" | cut -d'|' -f"$column")
		wanted=${field#* == }
		[ "$wanted" = "$field" ] && wanted=$found
		if [ -z "$found" ] || [ "$found" != "$wanted" ]; then
			fail "Wireshark: no $field ('$found') in $hex"
		fi
		sed -n ${row}p "$folder/lines" | grep -q -- "$says" ||
			fail "no '$says': $(sed -n ${row}p "$folder/lines")"
	done <"$folder/rows"
done
exit $bad
