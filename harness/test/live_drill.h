/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_drill.h - a lab, a test's sessions in it, and the RSTs that come
 *
 *	up	the default fabric without delays to clients; daemons joined
 *		RSTs at client 1 are counted from here on; no session yet
 *	story	what the test is about
 *	down
 */
#ifndef HARNESS_TEST_LIVE_DRILL_H
#define HARNESS_TEST_LIVE_DRILL_H

#include <stdint.h>

#include "harness/test/live_fixture.h"
#include "harness/test/rst_sniffer.h"
#include "harness/test/test_sessions.h"

/* The test's own members, in use while the story runs. */
struct live_drill {
	struct live_fixture *fixture;
	struct test_sessions *test_sessions;
	struct rst_sniffer **rst_sniffer;
	void (*story)(void *context);
	void *context;
};

/* bytes, pace_bps: the scenario's, of sessions. 0 after the story; else
 * LIVE_FIXTURE_SKIP, or 1 after saying why. */
int live_drill_run(const struct live_drill *, const char *name, uint8_t family,
		   uint64_t bytes, uint64_t pace_bps);

#endif
