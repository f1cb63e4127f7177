#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# figures_long_test.sh BIN - what doc/results.md states is what its commands
# give: every table that takes simulated runs of less than gigabytes. A minute
# or two on an idle machine. From the source root.
set -eu
export HOMEWARD_BIN=$1
command -v sqlite3 >/dev/null || {
	echo "skipped: no sqlite3" >&2
	exit 77
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
harness/figures --db-dir "$folder" --run --check doc/results.md -- paper \
	variants scaling rounds questions moved limits fidelity beside
