/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace_test.c - what clients.jitter_ms: auto comes to
 */
#include "sim/model/pace.h"

#include "core/test/check.h"

int
main(void)
{
	static const struct {
		const char *sentence;
		int64_t jitter_ns, interval_ns, start_ns, duration_s;
		uint64_t pace_bps, chunk_bytes;
		uint32_t mtu_bytes;
		uint8_t family;
		int64_t expected_ns;
	} rows[] = {
		{ "a segment of 1,460 bytes at 2 Mbit/s", CLIENTS_JITTER_AUTO,
		  0, 0, 10, 2000000, 0, 1500, 4, 5840000 },
		{ "of 1,440 with IPv6", CLIENTS_JITTER_AUTO, 0, 0, 10, 2000000,
		  0, 1500, 6, 5760000 },
		{ "a chunk is the step where it is larger", CLIENTS_JITTER_AUTO,
		  0, 0, 10, 2000000, 65536, 1500, 4, 262144000 },
		{ "and a segment where it is not", CLIENTS_JITTER_AUTO, 0, 0,
		  10, 2000000, 100, 1500, 4, 5840000 },
		{ "no segment is larger than the simulator's",
		  CLIENTS_JITTER_AUTO, 0, 0, 10, 8000000, 0, 65535, 4,
		  9176000 },
		{ "unpaced packets keep no step", CLIENTS_JITTER_AUTO, 0, 0, 10,
		  0, 0, 1500, 4, 0 },
		{ "openings that are apart stay as they are",
		  CLIENTS_JITTER_AUTO, 1, 0, 10, 2000000, 0, 1500, 4, 0 },
		{ "a slow pace spreads to the end and not beyond",
		  CLIENTS_JITTER_AUTO, 0, 3 * NS_PER_S, 10, 1, 0, 1500, 4,
		  7 * NS_PER_S },
		{ "in lockstep, when that is wanted", 0, 0, 0, 10, 2000000, 0,
		  1500, 4, 0 },
		{ "a number is what it says", 35, 1, 0, 10, 0, 0, 1500, 4, 35 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;

		settings_default(&settings);
		CHECK(settings.clients.jitter_ns == CLIENTS_JITTER_AUTO);
		settings.clients.jitter_ns = rows[i].jitter_ns;
		settings.clients.interval_ns = rows[i].interval_ns;
		settings.clients.start_ns = rows[i].start_ns;
		settings.clients.pace_bps = rows[i].pace_bps;
		settings.clients.pace_chunk_bytes = rows[i].chunk_bytes;
		settings.fabric.client_link.mtu_bytes = rows[i].mtu_bytes;
		settings.service.family = rows[i].family;
		settings.measure.duration_ns = rows[i].duration_s * NS_PER_S;
		CHECK_ROW(pace_jitter_ns(&settings) == rows[i].expected_ns,
			  rows[i].sentence);
	}
	return check_done();
}
