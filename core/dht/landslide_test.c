/* SPDX-License-Identifier: GPL-3.0-or-later */
/* landslide_test.c - when so many have died that others must have, too */
#include "core/dht/landslide.h"

#include "core/dht/renewal.h"
#include "core/test/owner.h"

static void
test_how_many(void)
{
	static const struct {
		const char *sentence;
		uint32_t watched, at_a_time, times;
		int64_t apart_ns;
		bool seen;
	} rows[] = {
		{ "nobody", 64, 0, 9, NS_PER_S, false },
		{ "one", 64, 1, 1, 0, false },
		{ "half of sixty, one after the other", 60, 1, 30,
		  100 * NS_PER_MS, true },
		{ "a quarter at once", 60, 15, 1, 0, true },
		{ "a little less", 60, 14, 1, 0, false },
		{ "all of six: few are watched", 6, 6, 1, 0, false },
		{ "all of eight", 8, 8, 1, 0, true },
		{ "as many as one a second: churn", 60, 1, 60, NS_PER_S,
		  false },
		{ "seven, and seven much later", 60, 7, 2, 6 * NS_PER_S,
		  false },
		{ "eight, and eight soon after", 60, 8, 2, 4 * NS_PER_S, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct landslide landslide = { 0 };
		struct instant now = { 100 * NS_PER_S };

		for (uint32_t j = 0; j < rows[i].times; j++) {
			landslide_died(&landslide, now, rows[i].at_a_time,
				       rows[i].watched);
			now = instant_after(now, rows[i].apart_ns);
		}
		CHECK_ROW(landslide_take(&landslide) == rows[i].seen,
			  rows[i].sentence);
		CHECK_ROW(!landslide_take(&landslide), rows[i].sentence);
	}
}

/* All is republished when a landslide is over, and not when one died. */
static void
test_republished(void)
{
	static const struct {
		const char *sentence;
		uint32_t died; /* of 40 keepers */
		bool renewed;
	} rows[] = {
		{ "three of forty", 3, false },
		{ "half of them", 20, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo_room room = { 0 };
		struct solo solo;

		owner_open(&solo, room);
		owner_place(&solo, 1);
		struct table *table = solo.node->table;
		for (uint32_t j = 0; j < table->count; j++)
			table->contacts[j].keeps = 1;
		/* One at a time, as pings find them. */
		for (uint32_t peer = 1; peer <= rows[i].died; peer++) {
			for (uint32_t j = 0; j < CONTACT_STALE; j++)
				(void)table_failed(table, peer);
			node_expire(solo.node, solo.now, &solo.outbox);
		}
		int64_t in_ns = instant_distance_ns(
			solo.now, renewal_deadline(solo.node));
		CHECK_ROW((in_ns == LANDSLIDE_AFTER_NS) == rows[i].renewed,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

int
main(void)
{
	test_how_many();
	test_republished();
	return check_done();
}
