/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handshake_test.c - which handshakes are published, and how many of a flood
 */
#include "core/steer/handshake.h"

#include "core/test/check.h"

static void
test_choice(void)
{
	static const struct {
		const char *sentence;
		enum steer_store_at store_at;
		int64_t store_after_ns;
		uint32_t alive;
		enum handshake_choice choice;
		bool promised;
	} rows[] = {
		{ "by default", STEER_STORE_AUTO, 0, 0, HANDSHAKE_STORE, true },
		{ "with a place left", STEER_STORE_AUTO, 0, 9, HANDSHAKE_STORE,
		  true },
		{ "with none", STEER_STORE_AUTO, 0, 10, HANDSHAKE_SKIP, true },
		{ "of sessions that wait", STEER_STORE_AUTO, 1, 0,
		  HANDSHAKE_LATER, false },
		{ "always", STEER_STORE_SYN, 0, 1000, HANDSHAKE_STORE, true },
		{ "always, of sessions that wait", STEER_STORE_SYN, NS_PER_S,
		  1000, HANDSHAKE_STORE, true },
		{ "never", STEER_STORE_ESTABLISHED, 0, 0, HANDSHAKE_LATER,
		  false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct steer_settings settings;
		struct handshakes handshakes;

		steer_settings_default(&settings);
		settings.store_at = rows[i].store_at;
		settings.store_after_ns = rows[i].store_after_ns;
		settings.openings_most = 10;
		handshakes_init(&handshakes);
		CHECK_ROW(handshakes_choose(&handshakes, &settings,
					    (struct instant){ 5 },
					    rows[i].alive) == rows[i].choice,
			  rows[i].sentence);
		CHECK_ROW(handshakes_promised(&settings) == rows[i].promised,
			  rows[i].sentence);
	}
}

/* How many of `per_s` SYNs a second are stored within so many seconds. */
static void
test_rate(void)
{
	static const struct {
		const char *sentence;
		uint32_t limit, per_s, seconds, stored;
	} rows[] = {
		{ "below the limit", 2000, 1000, 5, 5000 },
		{ "at it", 2000, 2000, 5, 10000 },
		{ "a flood: a second's worth at once, then the rate", 2000,
		  100000, 5, 2000 + 5 * 2000 },
		{ "no limit", 0, 100000, 1, 100000 },
		{ "one a second", 1, 10, 5, 6 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct handshakes handshakes;
		struct steer_settings settings;
		uint32_t stored = 0;

		steer_settings_default(&settings);
		settings.openings_per_s = rows[i].limit;
		handshakes_init(&handshakes);
		for (uint32_t n = 0; n <= rows[i].per_s * rows[i].seconds;
		     n++) {
			struct instant now = { n * NS_PER_S / rows[i].per_s };

			stored += handshakes_choose(&handshakes, &settings, now,
						    0) == HANDSHAKE_STORE;
		}
		CHECK_ROW(stored == rows[i].stored ||
				  stored == rows[i].stored + 1,
			  rows[i].sentence);
	}
}

int
main(void)
{
	test_choice();
	test_rate();
	return check_done();
}
