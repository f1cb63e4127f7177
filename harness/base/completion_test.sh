#!/usr/bin/env bash
# completion_test.sh BIN - what a shell offers for a line that is not whole
#
# Under bash the function runs as readline would call it: $COMP_WORDS cut at
# blanks and at "=", $COMP_CWORD the word at hand. Zsh, where it is there, says
# what its functions are told.
set -u
bin=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0 checked=0

"$bin/homeward" completion bash >"$folder/homeward.bash" || exit 1
"$bin/homeward" completion bash homewardctl >"$folder/ctl.bash" || exit 1
"$bin/homeward" completion zsh >"$folder/_homeward" || exit 1
"$bin/homeward" completion zsh homewardctl >"$folder/_homewardctl" || exit 1
. "$folder/homeward.bash"
. "$folder/ctl.bash"
mkdir "$folder/w" "$folder/w/scenarios"
cd "$folder/w" || exit 1
touch paper.yaml other.yml notes.txt 'two words.db' capture.pcap

# offered WORD...: the last one is being typed; the answers, sorted.
offered() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
	"_$1"
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

# is SENTENCE EXPECTED WORD...
is() {
	local sentence=$1 expected=$2 got
	shift 2
	got=$(offered "$@")
	checked=$((checked + 1))
	if [ "${got% }" != "$expected" ]; then
		printf '%s: expected "%s", got "%s"\n' "$sentence" "$expected" "$got" >&2
		failed=$((failed + 1))
	fi
}

# has SENTENCE WORD OFFERED...: among others.
has() {
	local sentence=$1 word=$2
	shift 2
	checked=$((checked + 1))
	if [[ " $(offered "$@")" != *" $word "* ]]; then
		printf '%s: no "%s"\n' "$sentence" "$word" >&2
		failed=$((failed + 1))
	fi
}

is 'verbs' 'replay run' homeward r
is 'the only verb' 'completion' homeward compl
has 'all verbs' bench homeward ''
is 'options' '--check-determinism' homeward run --c
has 'all options' --resume homeward run -
has 'options behind others' --json homeward run --db x.db --
is 'words of a choice' 'live sim' homeward run --in ''
is 'of which one is left' 'live' homeward run --in l
is 'behind =' 'live sim' homeward run --in =
is 'behind = and a letter' 'sim' homeward run --in = s
is 'keys end with =' 'dht.k=' homeward run --set dht.k
has 'keys of --pool' fabric.leaves homeward summary --pool fabric.le
is 'views' 'setting setting-curves' homeward export --what sett
is 'metrics of fit' 'hops' homeward fit --metric h
is 'metrics of compare' 'setting_all setting_first' homeward compare --metric set
is 'figures' 'scaling' homeward plot sca
is 'files' 'two words.db' homeward summary --db t
is 'folders' 'scenarios' homeward plot --out ''
is 'scenarios and folders' 'other.yml paper.yaml scenarios' homeward run ''
is 'captures' 'capture.pcap' homeward replay cap
is 'how to move' 'drain' homeward replay --move d
is 'benchmarks' 'lookups' homeward bench l
is 'options of a benchmark' '--transport' homeward bench ns3 --t
is 'their choices' 'joined' homeward bench lookups --tables j
is 'no number is known' '' homeward run --jobs ''
is 'orders of a lab' 'down' homeward lab d
is 'shells' 'bash zsh' homeward completion ''
is 'commands of the daemon' 'sessions status' homewardctl s
is 'behind its options' 'drain' homewardctl --socket x dr
is 'options of one of them' '--deadline' homewardctl drain --d
is 'no option of another' '' homewardctl watch --j
is 'nothing of an unknown verb' '' homeward frob --

# Every verb that --help lists is completed, and every option of its own.
while read -r verb _; do
	[[ $verb =~ ^[a-z]+$ ]] || continue
	has 'a verb of --help' "$verb" homeward "$verb"
	[ "$verb" = bench ] && continue
	while read -r option; do
		has "an option of $verb --help" "$option" homeward "$verb" "$option"
	done < <("$bin/homeward" "$verb" --help | grep -oE '^  --[a-z-]+' | tr -d ' ')
done < <("$bin/homeward" --help | grep -E '^  [a-z]')
[ $checked -gt 100 ] || { echo "only $checked checks" >&2; failed=1; }

# Zsh's own functions do the rest: what they are told is looked at.
zsh_told() { # SCRIPT WORD...: one argument a line
	zsh -f -c '
		_arguments() { print -rl -- "$@" }
		_describe() { print -rl -- ${(P)2} }
		script=$1
		shift
		words=("$@") CURRENT=$#
		source $script
	' zsh "$@" 2>&1
}
if command -v zsh >/dev/null; then
	while read -r script line word; do
		# shellcheck disable=SC2086
		if [[ $(zsh_told "$folder/$script" ${line//+/ } '') != *"$word"* ]]; then
			printf 'zsh is not told "%s" for "%s"\n' "$word" "$line" >&2
			failed=$((failed + 1))
		fi
	done <<-'END'
		_homeward homeward plot:draw the figures
		_homeward homeward+run --in=[sim: simulate
		_homeward homeward+run :sim|live:(sim live)
		_homeward homeward+run *--set=[
		_homeward homeward+run :KEY=VALUE:_homeward_set
		_homeward homeward+fit :METRIC:(lookup setting_first setting_all hops)
		_homeward homeward+replay --secret=[the cluster's, to open
		_homeward homeward+lab (up status down)
		_homeward homeward+bench lookups:lookups a second
		_homeward homeward+bench+memory (path packet uniform)
		_homewardctl homewardctl undrain:
		_homewardctl homewardctl --socket=[
		_homewardctl homewardctl+drain --deadline=[
	END
else
	echo 'no zsh here: its script was only written' >&2
fi
exit $((failed > 0))
