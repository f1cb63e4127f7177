#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# said_test.sh BIN - what the two programs say to whom calls them wrongly, and
# that no output is lost without a word
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 checked=0

# is SENTENCE STATUS WORDS COMMAND... - standard error has WORDS; "": nothing
is() {
	local sentence=$1 expected=$2 words=$3 status
	shift 3
	"$@" >"${out:-$work/out}" 2>"$work/err"
	status=$?
	checked=$((checked + 1))
	if [ -z "$words" ] && [ -s "$work/err" ] || [ $status -ne "$expected" ] ||
		[ -n "$words" ] && ! grep -qF -- "$words" "$work/err"; then
		printf '%s: status %s, said: %s\n' "$sentence" $status \
			"$(cat "$work/err")" >&2
		failed=$((failed + 1))
	fi
}

"$bin/homewardd" --make-secret "$work/secret" || exit 1
cat >"$work/conf" <<END
address 10.0.0.1
service 192.0.2.1 port 80
uplink lo
secret $work/secret
END

is "a stray word" 2 "what is 'start'?" "$bin/homewardd" start
is "-v alone" 2 "-v goes with -n" "$bin/homewardd" -v
is "an unknown option" 2 "invalid option" "$bin/homewardd" -x
is "a secret is not overwritten" 3 "it is left as it is" \
	"$bin/homewardd" --make-secret "$work/secret"
is "a good configuration" 0 "" "$bin/homewardd" -nv -f "$work/conf"
cp "$work/out" "$work/printed"
is "what is printed means the same" 0 "" \
	"$bin/homewardd" -nv -f "$work/printed"
cmp "$work/out" "$work/printed" || failed=$((failed + 1))

printf 'uplink not-there\nuser no-such\n' | cat "$work/conf" - >"$work/other"
is "another host's configuration" 0 \
	"other: note: uplink not-there: this host has no such interface" \
	"$bin/homewardd" -n -f "$work/other"
is "another host's user" 0 "other: note: user no-such: this host has no such user" \
	"$bin/homewardd" -n -f "$work/other"
printf 'user ""\n' | cat "$work/conf" - >"$work/other"
is "who starts it" 0 "" "$bin/homewardd" -n -f "$work/other"

out=/dev/full
full="standard output: No space left on device"
is "a configuration, on a full disk" 3 "$full" \
	"$bin/homewardd" -nv -f "$work/conf"
is "homewardd's usage, on a full disk" 3 "$full" "$bin/homewardd" --help
is "its version" 3 "$full" "$bin/homewardd" --version
is "homewardctl's usage, on a full disk" 3 "$full" "$bin/homewardctl" --help
is "its version" 3 "$full" "$bin/homewardctl" --version

echo "$checked checked, $failed failed"
exit $((failed > 0))
