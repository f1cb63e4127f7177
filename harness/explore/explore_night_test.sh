#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# explore_night_test.sh BIN - 10,000 random worlds show nothing but what is known
set -u
exec "$1/homeward" explore --seed 1 --seeds 10000 --known results/explore.known
