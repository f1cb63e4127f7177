#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_long_test.sh BIN - 420 random worlds end, and end twice the same
set -u
exec "$1/homeward" explore --seed 1 --seeds 420
