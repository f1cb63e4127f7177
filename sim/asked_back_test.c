/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * asked_back_test.c - all servers leave at once, and are asked back before they
 * are off: they serve again
 */
#include "core/instant.h"
#include "core/test/check.h"
#include "sim/test/world_play.h"

#define MS NS_PER_MS

static void
on_session(void *context, const struct watch_session *session)
{
	uint32_t *completed = context;

	*completed += session->outcome == OUTCOME_CLOSED ||
		      session->outcome == OUTCOME_KEPT;
}

int
main(void)
{
	static const struct {
		const char *sentence;
		int64_t start_ns, interval_ns, back_ns;
	} rows[] = {
		{ "asked back while saying goodbye", 5 * NS_PER_S, 0,
		  150 * MS },
		{ "before a word was said", 5 * NS_PER_S, 0, 50 * MS },
		{ "while sessions are waited for", 500 * MS, NS_PER_S,
		  50 * MS },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings faults[] = {
			{ .kind = FAULT_LEAVE, .target = "server*" },
			{ .kind = FAULT_SERVER_UP, .target = "server*" },
		};
		struct settings settings;

		settings_default(&settings);
		settings.clients.sessions = 5;
		settings.clients.size_bytes = 250000;
		settings.clients.pace_bps = 1000000;
		settings.clients.start_ns = rows[i].start_ns;
		settings.clients.interval_ns = rows[i].interval_ns;
		settings.measure.duration_ns = 20 * NS_PER_S;
		settings.faults = faults;
		settings.fault_count = 2;
		faults[0].at_ns = NS_PER_S;
		faults[1].at_ns = NS_PER_S + rows[i].back_ns;
		uint32_t completed = 0;
		struct watch watch = { .context = &completed,
				       .session = on_session };
		(void)world_play(&settings, &watch, rows[i].sentence);
		CHECK_ROW(completed == 5, rows[i].sentence);
	}
	return check_done();
}
