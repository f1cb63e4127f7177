#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_long_test.sh BIN - 300 random worlds show nothing but what is known
set -u
exec "$1/homeward" explore --seed 1 --seeds 300 --known results/explore.known
