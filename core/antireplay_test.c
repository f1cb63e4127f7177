/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * antireplay_test.c - the window against a list of all that was ever accepted
 */
#include "core/antireplay.h"

#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

struct row {
	const char *sentence;
	uint16_t boot;
	uint32_t sequence;
	bool accepted;
};

/* One receiver hears these in order. */
static const struct row rows[] = {
	{ "the first packet of a stream is new", 7, 1000, true },
	{ "the same packet again is not", 7, 1000, false },
	{ "the next one is", 7, 1001, true },
	{ "one that was overtaken within the window is", 7, 938, true },
	{ "but only once", 7, 938, false },
	{ "one behind the window is not", 7, 937, false },
	{ "a jump moves the window", 7, 5000, true },
	{ "and what it left behind is old", 7, 1002, false },
	{ "a restarted sender is heard at once", 8, 1, true },
	{ "and goes on", 8, 2, true },
	{ "the stream before it still counts what is new", 7, 4999, true },
	{ "and refuses what is not", 7, 5000, false },
	{ "the new stream's packets are not repeated either", 8, 1, false },
	{ "the last number there is", 8, UINT32_MAX, true },
	{ "and again", 8, UINT32_MAX, false },
	{ "zero is a number like any other", 9, 0, true },
	{ "also the second time", 9, 0, false },
	{ "a third and a fourth boot are new", 10, 50, true },
	{ "and the first is still remembered", 7, 5000, false },
	{ "a fifth boot pushes the first out", 11, 1, true },
	{ "so that its packets pass again: see replay.h", 7, 5000, true },
};

static void
table(void)
{
	struct antireplay replay = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(antireplay_accept(&replay, rows[i].boot,
					    rows[i].sequence) ==
				  rows[i].accepted,
			  rows[i].sentence);
}

/* The oracle: accepted iff within 64 of the highest, and never before. */
static void
walk(void)
{
	enum {
		SPAN = 4096
	};
	static bool seen[3][SPAN];
	uint32_t highest[3] = { 0 };
	bool heard[3] = { false };
	struct antireplay replay = { 0 };
	struct rng rng;

	rng_init(&rng, 13, 0);
	for (uint32_t step = 0; step < 30000; step++) {
		uint32_t boot = (uint32_t)rng_below(&rng, 3);
		uint32_t around = highest[boot] > 80 ? highest[boot] - 80 : 0;
		uint32_t sequence = around + (uint32_t)rng_below(&rng, 84);
		if (sequence >= SPAN)
			continue;
		bool expected = !seen[boot][sequence] &&
				(!heard[boot] || sequence > highest[boot] ||
				 highest[boot] - sequence < ANTIREPLAY_WINDOW);
		CHECK(antireplay_accept(&replay, (uint16_t)(boot + 100),
					sequence) == expected);
		if (expected) {
			seen[boot][sequence] = true;
			if (!heard[boot] || sequence > highest[boot])
				highest[boot] = sequence;
			heard[boot] = true;
		}
	}
}

int
main(void)
{
	table();
	walk();
	return check_done();
}
