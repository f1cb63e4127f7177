/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns_test.c - how many turns a tick, and never before now */
#include "core/steer/turns.h"

#include "core/test/check.h"

#define MS NS_PER_MS

/* So many ask at 100.5 ms and as many again later: when is the last turn? */
static const struct {
	const char *sentence;
	uint32_t first, again;
	int64_t each_ns, again_ns, last_ns;
} rows[] = {
	{ "one alone: now", 1, 0, MS / 10, 0, 100 * MS + MS / 2 },
	{ "those of this tick: now", 5, 0, MS / 10, 0, 100 * MS + MS / 2 },
	{ "the next: at the next tick", 6, 0, MS / 10, 0, 101 * MS },
	{ "ten share a tick", 15, 0, MS / 10, 0, 101 * MS },
	{ "and no more", 16, 0, MS / 10, 0, 102 * MS },
	{ "50,000", 50000, 0, MS / 10, 0, 5100 * MS },
	{ "fewer, when a turn is longer", 16, 0, MS / 2, 0, 108 * MS },
	{ "who comes while others wait, is behind them", 16, 5, MS / 10,
	  101 * MS, 102 * MS },
	{ "who comes afterwards is not", 16, 1, MS / 10, 300 * MS + 1,
	  300 * MS + 1 },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct turns turns = { .free = { 0 } };
		struct instant now = { 100 * MS + MS / 2 };
		struct instant turn = { 0 };

		for (uint32_t j = 0; j < rows[i].first + rows[i].again; j++) {
			struct instant before = turn;

			if (j == rows[i].first)
				now.ns = rows[i].again_ns;
			turn = turns_next(&turns, now, rows[i].each_ns);
			CHECK_ROW(!instant_before(turn, now) &&
					  !instant_before(turn, before),
				  rows[i].sentence);
		}
		CHECK_ROW(turn.ns == rows[i].last_ns, rows[i].sentence);
	}
	return check_done();
}
