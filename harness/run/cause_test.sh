#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cause_test.sh BIN - why sessions ended badly: said by run, asked by expect,
# told by summary and export. From the source root.
set -u
homeward=$1/homeward
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
db=$folder/test.db

# shellcheck source=harness/test/test_lib
. harness/test/test_lib

# Three seconds of ten, and a server that crashes meanwhile.
cat >"$folder/f.yaml" <<'END'
title: why?
clients: { sessions: 40, size_mb: 2.5, pace_mbps: 2 }
measure: { duration_s: 3, samples: 0 }
events: [ { at_s: 2, kind: server_crash, target: server2 } ]
expect:
  - cause_all: [unfinished, owner_dead]
    unexcused_max: 0
    owner_dead_min: 1
END
run 0 "both causes are allowed" run --db "$db" "$folder/f.yaml"
says 'state [0-9a-f]+; [0-9]+ unfinished, [0-9]+ owner_dead; 0 broken of ' "the line"
for missed in 'cause_all: \[unfinished, owner_dead\]/cause_all: [unfinished]' \
	'unexcused_max: 0/broken_max: 0' 'owner_dead_min: 1/record_gone_min: 1'; do
	sed "s/$missed/" "$folder/f.yaml" >"$folder/g.yaml"
	cmp -s "$folder/f.yaml" "$folder/g.yaml" && fail "nothing changed"
	run 1 "${missed#*/}" run --db "$folder/g.db" "$folder/g.yaml"
done
run 0 "as JSON" run --json --db "$folder/j.db" "$folder/f.yaml"
json "run"
says '"causes":\{"owner_dead":[0-9]+,"unfinished":[0-9]+\}' "an object"
run 0 "summary" summary --db "$db"
says ' 40 +unfinished [0-9]+, owner_dead [0-9]+$' "all are excused"
run 0 "export" export --db "$db" --what sessions
says $'\ttimeout\towner_dead$' "a column"
run 0 "the resolved scenario has it" validate "$folder/f.yaml"
says 'cause_all: \[unfinished, owner_dead\]' "as it was written"

exit $failed
