#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dead_night_test.sh BIN - an owner's daemon is stopped for five minutes, and
# nobody is reset; see dead_live_test.c
set -eu
exec "$1/../test/harness.test.dead_live_test" 300
