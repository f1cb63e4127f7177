#!/usr/bin/env bash
# ns3_test.sh BIN - ns-3's PcapFile and tcpdump read our traces and agree
#
# Optional: without Debian's libns3-dev and a C++ compiler it is skipped.
set -eu
bin=$1
if ! pkg-config --exists ns3-network 2>/dev/null && [ ! -e /usr/include/ns3/pcap-file.h ]; then
	echo "skipped: ns-3 (libns3-dev) is not installed" >&2
	exit 77
fi
command -v g++ >/dev/null || { echo "skipped: no C++ compiler" >&2; exit 77; }
command -v tcpdump >/dev/null || { echo "skipped: no tcpdump" >&2; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# shellcheck disable=SC2046
g++ -std=c++17 -O1 -o "$scratch/reader" harness/db/ns3_reader.cc \
	$(pkg-config --cflags --libs ns3-network ns3-core)
"$bin/homeward" run --db "$scratch/db" --trace "$scratch/trace" \
	--set sweep.repeat=1 scenarios/paper.yaml >/dev/null 2>&1

files=("$scratch"/trace/*.pcap)
[ -e "${files[0]}" ] || files=("$scratch"/trace/*/*.pcap)
"$scratch/reader" "${files[@]}" | tee "$scratch/ns3"
for file in "${files[@]}"; do
	name="$file"
	ours=$(tcpdump -nr "$file" 2>/dev/null | wc -l)
	theirs=$(awk -F'\t' -v f="$name" '$1 == f { split($3, a, " "); print a[1] }' "$scratch/ns3")
	if [ "$ours" != "$theirs" ]; then
		echo "$file: tcpdump reads $ours packets, ns-3 $theirs" >&2
		exit 1
	fi
	if tcpdump -nvvr "$file" 2>/dev/null | grep -iE 'incorrect|bad (udp|icmp)? ?cksum'; then
		echo "$file: a checksum is wrong" >&2
		exit 1
	fi
done
grep -qv "link 9	" "$scratch/ns3" && { echo "not all files are PPP" >&2; exit 1; }
echo "${#files[@]} captures, read alike by tcpdump and ns-3" >&2
