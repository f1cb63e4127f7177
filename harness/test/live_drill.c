/* SPDX-License-Identifier: GPL-3.0-or-later */
/* live_drill.c - see live_drill.h */
#include "harness/test/live_drill.h"

#include <stdio.h>
#include <string.h>

int
live_drill_run(const struct live_drill *drill, const char *name, uint8_t family,
	       uint64_t bytes, uint64_t pace_bps)
{
	struct settings settings;
	char error[256];

	settings_default(&settings);
	settings.service.family = family;
	settings.fabric.client_link.delay_ns = 0;
	settings.clients.size_bytes = bytes;
	settings.clients.pace_bps = pace_bps;
	int code = live_fixture_begin_as(drill->fixture, name, &settings);
	if (code != 0)
		return code;
	*drill->rst_sniffer =
		rst_sniffer_open(&drill->fixture->lab, 0, error, sizeof(error));
	if (*drill->rst_sniffer == NULL)
		fprintf(stderr, "%s\n", error);
	code = test_sessions_create(drill->test_sessions, &drill->fixture->lab);
	if (code != 0)
		fprintf(stderr, "sessions: %s\n", strerror(-code));
	bool ready = code == 0 && *drill->rst_sniffer != NULL;
	if (ready)
		drill->story(drill->context);
	test_sessions_destroy(drill->test_sessions);
	rst_sniffer_close(*drill->rst_sniffer);
	live_fixture_end(drill->fixture);
	return ready ? 0 : 1;
}
