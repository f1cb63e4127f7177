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

/* That many more, one at a time, as pings find them. */
static void
die(struct solo *solo, uint32_t first, uint32_t count)
{
	for (uint32_t peer = first; peer < first + count; peer++) {
		for (uint32_t i = 0; i < CONTACT_STALE; i++)
			(void)table_failed(solo->node->table, peer);
		node_expire(solo->node, solo->now, &solo->outbox);
	}
}

static void
open_with_keepers(struct solo *solo)
{
	struct solo_room room = { 0 };

	owner_open(solo, room);
	owner_place(solo, 1);
	for (uint32_t i = 0; i < solo->node->table->count; i++)
		solo->node->table->contacts[i].keeps = 1;
}

/* One after the other puts nothing off. */
static void
test_one_after_the_other(void)
{
	struct solo solo;

	open_with_keepers(&solo);
	die(&solo, 1, 12);
	struct instant due = renewal_deadline(solo.node);
	CHECK(instant_distance_ns(solo.now, due) == LANDSLIDE_AFTER_NS);
	solo.now = instant_after(solo.now, 6 * NS_PER_S);
	die(&solo, 13, 12);
	CHECK(renewal_deadline(solo.node).ns == due.ns);
	solo.now = due;
	node_expire(solo.node, solo.now, &solo.outbox);
	CHECK(renewal_deadline(solo.node).ns == INSTANT_NEVER.ns);
	solo_close(&solo);
}

static void
test_likely(void)
{
	static const struct {
		const char *sentence;
		uint32_t watched, died;
		bool likely;
	} rows[] = {
		{ "two of three", 3, 2, false },
		{ "three of them", 3, 3, true },
		{ "three of 24", 24, 3, true },
		{ "three of 32", 32, 3, false },
		{ "a quarter: it is one", 60, 15, true },
		{ "nobody of nobody", 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct landslide landslide = { 0 };
		struct instant now = { 100 * NS_PER_S };

		landslide_died(&landslide, now, rows[i].died, rows[i].watched);
		CHECK_ROW(landslide_likely(&landslide, rows[i].watched) ==
				  rows[i].likely,
			  rows[i].sentence);
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
		struct solo solo;

		open_with_keepers(&solo);
		die(&solo, 1, rows[i].died);
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
	test_likely();
	test_republished();
	test_one_after_the_other();
	return check_done();
}
