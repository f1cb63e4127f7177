/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wall_test.c - clocks that leap, creep and stand still */
#include "live/engine/wall.h"

#include "core/instant.h"
#include "core/test/check.h"

int
main(void)
{
	static const struct {
		const char *sentence;
		int64_t offset_s, asleep_s; /* beyond those at the start */
		bool republish;
		int64_t version_s;
	} rows[] = {
		{ "nothing has happened", 0, 0, false, 0 },
		{ "the clock was set forward a little", 100, 0, false, 100 },
		{ "and again: together a third of the time to live", 201, 0,
		  true, 201 },
		{ "it was set forward an hour", 3801, 0, true, 3801 },
		{ "back an hour: versions do not go back", 201, 0, false,
		  3801 },
		{ "forward from there, a little", 300, 0, false, 3801 },
		{ "an hour forward again", 3900, 0, true, 3900 },
		{ "the machine slept, and its clock was not set", 3900, 400,
		  true, 3900 },
		{ "now it was", 4300, 400, true, 4300 },
		{ "it slept a little, and knows", 4400, 500, false, 4400 },
		{ "set back to 1970", -1700000000, 500, false, 4400 },
		{ "and right again", 4400, 500, true, 4400 },
	};
	struct wall_reading start = { 1700000000 * NS_PER_S, 77 * NS_PER_S };
	struct wall wall = wall_begin(start);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wall_reading reading = {
			start.offset_ns + rows[i].offset_s * NS_PER_S,
			start.asleep_ns + rows[i].asleep_s * NS_PER_S,
		};

		CHECK_ROW(wall_look(&wall, reading, 200 * NS_PER_S) ==
				  rows[i].republish,
			  rows[i].sentence);
		CHECK_ROW(wall.offset_ns ==
				  start.offset_ns +
					  rows[i].version_s * NS_PER_S,
			  rows[i].sentence);
		/* Looked at again, it is no news. */
		CHECK_ROW(!wall_look(&wall, reading, 200 * NS_PER_S),
			  rows[i].sentence);
	}
	struct wall_reading now = wall_read();
	CHECK(now.offset_ns > 0 && now.asleep_ns >= 0);
	return check_done();
}
