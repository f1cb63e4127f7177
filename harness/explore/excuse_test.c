/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * excuse_test.c - what many worlds add up to, and whether it is beyond chance
 */
#include "harness/explore/excuse.h"

#include <math.h>
#include <string.h>

#include "core/test/check.h"

static const struct row {
	const char *sentence;
	uint64_t worlds; /* alike */
	uint64_t sessions, bereft, expected_ppm; /* of each */
	bool beyond;
} rows[] = {
	{ "no world", 0, 0, 0, 0, false },
	{ "nothing is lost", 100, 50, 0, 100000, false },
	{ "as many as expected", 100, 50, 5, 5000000, false },
	{ "one session of a hundred worlds each", 100, 50, 1, 0, true },
	{ "one session of ten, which is none", 10, 50, 1, 0, false },
	/* Ten where two are expected: 4.6e-5; nine: 2.4e-4. */
	{ "ten of a hundred, and two may", 100, 10, 1, 200000, true },
	{ "nine of ninety, and two may", 90, 10, 1, 222223, false },
	{ "a world whose sessions were all lost counts as one", 1, 1000, 1000,
	  100000000, false },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct excuse excuse = { 0 }, half = { 0 };
		char sentence[256] = "";

		for (uint64_t w = 0; w < row->worlds; w++)
			excuse_add(w % 2 == 0 ? &excuse : &half,
				   &(struct judge_facts){
					   .bereft_of = row->sessions,
					   .bereft = row->bereft,
					   .bereft_expected_ppm =
						   row->expected_ppm });
		excuse_merge(&excuse, &half);
		CHECK_ROW(excuse.worlds == row->worlds, row->sentence);
		CHECK_ROW(excuse_beyond(&excuse, sentence, sizeof(sentence)) ==
				  row->beyond,
			  row->sentence);
		CHECK_ROW((sentence[0] != '\0') == row->beyond, row->sentence);
	}
}

static void
test_chance(void)
{
	struct excuse excuse = { .bereft_ppm = 10000000,
				 .expected_ppm = 2000000 };

	CHECK(fabs(excuse_chance(&excuse) - 4.6498e-5) < 1e-8);
	excuse.bereft_ppm = 999999;
	CHECK(excuse_chance(&excuse) == 1);
}

int
main(void)
{
	test_rows();
	test_chance();
	return check_done();
}
