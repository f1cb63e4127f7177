#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# replay_corpus_test.sh BIN - other people's captures, good, odd and broken
#
# HOMEWARD_DATA is a folder with pcap/*/ and PROVENANCE.csv (the last two
# columns: packets and TCP lines as tcpdump counts them); without it, or a
# folder shared/data beside this tree, the test is skipped. Every file is
# played in four ways; none may crash, alter a packet, or count its records
# otherwise than tcpdump does.
set -u
homeward=$1/homeward
data=${HOMEWARD_DATA:-$(dirname "$PWD")/shared/data}
[ -d "$data/pcap" ] || {
	echo "replay_corpus_test: no captures in $data/pcap: skipped" >&2
	exit 77
}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
bad=0 played=0 refused=0 broken=0

# Where we count TCP otherwise than lines of tcpdump with "Flags":
#	tags hide it from its filter, or it prints a protocol above TCP instead
#	(more here), or the header is broken, not whole, or of 64 KiB and more
#	(fewer here).
other_tcp='zeek-http-qinq-0|td-bigtcp-ipv[46]|zeek-tcp-reassembly|td-mptcp-.*|'
other_tcp+='td-tcp-handshake-nano|td-tcp_rst_.*|td-babel_update_oobr|'
other_tcp+='td-bgp.*|td-heapoverflow-tcp_print|td-hoobr_nfs_printfh|'
other_tcp+='td-of10_7050sx_bsn-oobr|td-rpki-rtr-oobr|zeek-tcp-truncated-header'

fail() {
	printf 'FAILED: %s\n' "$*" >&2
	bad=1
}

# play FILE OPTION...: the exit code is in $code.
play() {
	local file=$1
	shift
	timeout 120 "$homeward" replay "$@" "$file" >"$folder/out" 2>"$folder/err"
	code=$?
	case $code in
	0 | 3) grep -q '^altered 0,' "$folder/out" ||
		fail "altered packets: replay $* $file" ;;
	2) [ -s "$folder/out" ] && fail "results and exit 2: $file" ;;
	*) fail "exit $code: replay $* $file" ;;
	esac
	[ $code -eq 0 ] || grep -qF "$file" "$folder/err" ||
		fail "the error does not name the file: $file"
	if grep -qE 'Sanitizer|runtime error|Assertion' "$folder/err"; then
		fail "replay $* $file"
		head -20 "$folder/err" >&2
	fi
}

compare() {
	local file=$1 row records tcp
	row=$(grep -F "${file#"$data"/}," "$data/PROVENANCE.csv" | tr -d '\r')
	[ -n "$row" ] || return
	tcp=${row##*,}
	row=${row%,*}
	records=${row##*,}
	records=${records%% *}
	grep -q ": $records record" "$folder/out" ||
		fail "$(head -1 "$folder/out"), tcpdump has $records"
	[[ $(basename "$file") =~ ^($other_tcp)\. ]] && return
	grep -q "^  $tcp in " "$folder/out" ||
		fail "$(head -2 "$folder/out"), tcpdump has $tcp TCP"
}

for file in "$data"/pcap/*/*; do
	play "$file"
	case $code in
	0)
		played=$((played + 1))
		[ -e "$data/PROVENANCE.csv" ] && compare "$file"
		;;
	2) refused=$((refused + 1)) ;;
	3) broken=$((broken + 1)) ;;
	esac
	[ $code -eq 2 ] && continue
	play "$file" --homeward off
	play "$file" --move-at 1 --mtu 1280 --out "$folder/pcap"
	play "$file" --move spine1-leaf1 --move-at 3 --routing lab --servers 7
	rm -rf "$folder/pcap"
done
echo "played $played, broke off $broken, refused $refused" >&2
[ $played -gt 0 ] || fail 'nothing was played'
exit $bad
