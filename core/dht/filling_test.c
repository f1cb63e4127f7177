/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filling_test.c - where a bucket fill begins, asks, and which peers it takes
 */
#include "core/dht/filling.h"

#include "core/test/solo.h"

static void
test_places(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	uint64_t self = solo.node->position;
	for (unsigned b = 0; b < POSITION_BITS; b++) {
		uint64_t ones = 0, zeros = 0, tail = table_bit(b) - 1;

		for (uint32_t i = 0; i < 200; i++) {
			uint64_t place =
				i % 2 ? filling_place(solo.node, b)
				      : filling_place_near(solo.node,
							   self ^ table_bit(b));

			CHECK(position_bucket(self, place) == b);
			ones |= place;
			zeros |= ~place;
		}
		/* From all over the bucket: each free bit is both. */
		CHECK((ones & tail) == tail && (zeros & tail) == tail);
	}
	solo_close(&solo);
}

static void
test_which_it_wants(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	uint64_t self = solo.node->position;
	const struct {
		const char *sentence;
		uint64_t target, position;
		bool wanted;
	} rows[] = {
		{ "the target itself", ~self, ~self, true },
		{ "elsewhere in the far half", ~self, self ^ table_bit(0),
		  true },
		{ "the near half", ~self, self ^ table_bit(1), false },
		{ "a bucket too far", self ^ table_bit(5), self ^ table_bit(4),
		  false },
		{ "we ourselves", ~self, self, false },
		{ "the nearest place there is", self ^ 1, self ^ 1, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(filling_wants(solo.node, rows[i].target,
					rows[i].position) == rows[i].wanted,
			  rows[i].sentence);
	solo_close(&solo);
}

/* alpha contacts of nearer buckets first, then the whole bucket itself. */
static void
test_first_candidates(void)
{
	struct node_settings settings = solo_settings(20);
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, SOLO_PEERS);
	struct table *table = solo.node->table;
	uint32_t most = 0;
	for (unsigned b = 0; b < 12; b++) {
		uint64_t target = solo.node->position ^ table_bit(b);
		struct bucket bucket = table_bucket(table, b);
		uint32_t slot = lookup_take(solo.parts.lookups, 0, LOOKUP_FILL,
					    target, settings.k);
		struct lookup *lookup = &solo.parts.lookups->slots[slot];
		uint32_t nearer = 0, inside = 0;

		filling_begin(solo.node, lookup);
		for (uint32_t i = 0; i < lookup->candidate_count; i++) {
			uint32_t peer = lookup->candidates[i].peer;
			unsigned in =
				position_bucket(solo.node->position,
						solo_position(&solo, peer));

			CHECK(in >= b);
			nearer += in > b;
			inside += in == b;
			/* Those of nearer buckets are asked first. */
			CHECK(in == b || inside == 0);
		}
		CHECK(inside == bucket.count);
		CHECK(nearer <= settings.alpha);
		most = nearer > most ? nearer : most;
		uint32_t rest = table->count -
				(uint32_t)(bucket.slot - table->contacts) -
				bucket.count;
		CHECK((nearer > 0) == (rest > 0));
		lookup_give(solo.parts.lookups, slot);
	}
	CHECK(most == settings.alpha);
	CHECK(table->occupied >> (POSITION_BITS - 12) != 0xfff);
	solo_close(&solo);
}

int
main(void)
{
	test_places();
	test_which_it_wants();
	test_first_candidates();
	return check_done();
}
