/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_path_test.c - cuts on the path of a session: which link, does it count,
 * and what follows when it does not
 */
#include "sim/model/fault.h"

#include "core/test/check.h"
#include "sim/test/fault_fake.h"

static const struct row paths_rows[] = {
	{ "one tier, once: it counts at once", "link_down spine-leaf at 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "spine1-leaf1 #0; 1 = link_down spine1-leaf1; 11 "
		 "stall; 11 stall",
	  .path = WHOLE },
	{ "falls silent, until 3 s", "link_silent leaf-server at 1 until 3",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_silent "
		 "leaf1-server1 #0; 1 = link_silent leaf1-server1; 3 ! "
		 "link_up leaf1-server1 #0; 3 = link_up leaf1-server1; "
		 "11 stall; 11 stall",
	  .path = WHOLE },
	{ "it must prove itself, and does",
	  "link_down leaf-server at 1 retry 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "leaf1-server1 #0; 1 detection 0; 2 = link_down "
		 "leaf1-server1 at 1; 11 stall; 11 stall",
	  .path = WHOLE, .strays = "leaf1-server1" },
	{ "it proves itself after it was to end",
	  "link_down leaf-server at 1 until 2 retry 5",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "leaf1-server1 #0; 1 detection 0; 2 = link_down "
		 "leaf1-server1 at 1; 2 ! link_up leaf1-server1 #0; 2 "
		 "= link_up leaf1-server1; 11 stall; 11 stall",
	  .path = WHOLE, .strays = "leaf1-server1" },
	{ "it has to end before it was judged, and strayed nothing",
	  "link_down leaf-server at 1 until 2 retry 5",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "leaf1-server1 #0; 2 = link_down_missed leaf1-server1 "
		 "at 1; 2 path_missed; 2 link_up leaf1-server1 #0",
	  .path = WHOLE },
	{ "missed; another tier, by chance, counts",
	  "link_down exit-spine at 1 retry 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "exit1-spine1 #0; 2 = link_down_missed exit1-spine1 "
		 "at 1; 2 path_missed; 2 link_up exit1-spine1 #0; 4 "
		 "path_find 0 #0; 4 ! path_cut 0 #0; 4 link_down "
		 "leaf1-server1 #0; 4 detection 0; 5 = link_down "
		 "leaf1-server1 at 4; 14 stall; 14 stall",
	  .path = WHOLE, .strays = "leaf1-server1" },
	{ "each tier is tried once, and all are missed",
	  "link_down exit-spine at 1 retry 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "exit1-spine1 #0; 2 = link_down_missed exit1-spine1 "
		 "at 1; 2 path_missed; 2 link_up exit1-spine1 #0; 4 "
		 "path_find 0 #0; 4 ! path_cut 0 #0; 4 link_down "
		 "leaf1-server1 #0; 5 = link_down_missed leaf1-server1 "
		 "at 4; 5 path_missed; 5 link_up leaf1-server1 #0; 7 "
		 "path_find 0 #0; 7 ! path_cut 0 #0; 7 link_down "
		 "spine1-leaf1 #0; 8 = link_down_missed spine1-leaf1 "
		 "at 7; 8 path_missed; 8 link_up spine1-leaf1 #0; 10 "
		 "path_find 0 #0; 10 = link_down_missed exit-spine",
	  .path = WHOLE },
	{ "any tier, by chance", "link_silent path at 1 retry 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_silent "
		 "leaf1-server1 #0; 2 = link_silent_missed "
		 "leaf1-server1 at 1; 2 path_missed; 2 link_up "
		 "leaf1-server1 #0; 4 path_find 0 #0; 4 ! path_cut 0 "
		 "#0; 4 link_silent exit1-spine1 #0; 5 = "
		 "link_silent_missed exit1-spine1 at 4; 5 path_missed; "
		 "5 link_up exit1-spine1 #0; 7 path_find 0 #0; 7 ! "
		 "path_cut 0 #0; 7 link_silent spine1-leaf1 #0; 7 "
		 "detection 0; 8 = link_silent spine1-leaf1 at 7; 17 "
		 "stall; 17 stall",
	  .path = WHOLE, .strays = "spine1-leaf1" },
	{ "the path has no link of the tier: another",
	  "link_down exit-spine at 1 retry 1",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "leaf1-server1 #0; 2 = link_down_missed leaf1-server1 "
		 "at 1; 2 path_missed; 2 link_up leaf1-server1 #0; 4 "
		 "path_find 0 #0; 4 ! path_cut 0 #0; 4 link_down "
		 "spine1-leaf1 #0; 4 detection 0; 5 = link_down "
		 "spine1-leaf1 at 4; 14 stall; 14 stall",
	  .path = "spine1-leaf1 leaf1-server1", .strays = "spine1-leaf1" },
	{ "the path has no link of any tier", "link_down path at 1",
	  .log = "1 path_find 0 #0; 1 = link_down_missed path",
	  .path = "edge1-exit1" },
	{ "there is no path", "link_down spine-leaf at 1",
	  .log = "1 path_find 0 #0; 1 = link_down_missed spine-leaf",
	  .path = "" },
	{ "no session is open", "link_down spine-leaf at 1 until 2",
	  .log = "1 = link_down_missed spine-leaf", .path = WHOLE, .over = 2 },
	{ "session 0 is over: the first that is open",
	  "link_down spine-leaf at 1",
	  .log = "1 path_find 1 #0; 1 ! path_cut 1 #0; 1 link_down "
		 "spine1-leaf1 #0; 1 = link_down spine1-leaf1; 11 "
		 "stall",
	  .path = WHOLE, .over = 1 },
	{ "the world answers later", "link_down exit-spine at 1 retry 1",
	  .log = "1 path_find 0 #0; 1.1 ! path_cut 0 #0; 1.1 link_down "
		 "exit1-spine1 #0; 2.1 = link_down_missed exit1-spine1 "
		 "at 1.1; 2.1 path_missed; 2.1 link_up exit1-spine1 "
		 "#0; 4.1 path_find 0 #0; 4.2 ! path_cut 0 #0; 4.2 "
		 "link_down leaf1-server1 #0; 5.2 = link_down_missed "
		 "leaf1-server1 at 4.2; 5.2 path_missed; 5.2 link_up "
		 "leaf1-server1 #0; 7.2 path_find 0 #0; 7.3 ! path_cut "
		 "0 #0; 7.3 link_down spine1-leaf1 #0; 7.3 detection "
		 "0; 8.3 = link_down spine1-leaf1 at 7.3; 17.3 stall; "
		 "17.3 stall",
	  .path = WHOLE, .later = true, .strays = "spine1-leaf1" },
	{ "it ends while the routes are awaited: no other cut",
	  "link_down exit-spine at 1 until 3 retry 1",
	  .log = "1 path_find 0 #0; 1.1 ! path_cut 0 #0; 1.1 link_down "
		 "exit1-spine1 #0; 2.1 = link_down_missed exit1-spine1 "
		 "at 1.1; 2.1 path_missed; 2.1 link_up exit1-spine1 #0",
	  .path = WHOLE, .later = true },
	{ "it ends before the path is known: no cut",
	  "link_down exit-spine at 1 until 1.05", .log = "1 path_find 0 #0",
	  .path = WHOLE, .later = true },
	{ "the world that answers later has no path",
	  "link_down exit-spine at 1",
	  .log = "1 path_find 0 #0; 1.1 = link_down_missed exit-spine",
	  .path = "", .later = true },
	{ "mended by tier: all that was cut on paths",
	  "link_down spine-leaf at 1, link_silent leaf-server at 1, "
	  "link_up exit-spine at 3, link_up path at 4",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "spine1-leaf1 #0; 1 = link_down spine1-leaf1; 1 "
		 "path_find 0 #1; 1 ! stall; 1 stall; 1 path_cut 0 #1; "
		 "1 link_silent leaf1-server1 #1; 1 = link_silent "
		 "leaf1-server1; 3 ! link_up spine1-leaf1 #0; 3 = "
		 "link_up spine1-leaf1; 3 ! link_up leaf1-server1 #1; "
		 "3 = link_up leaf1-server1; 11 stall; 11 stall",
	  .path = WHOLE },
	{ "mended by tier: not what has a name",
	  "link_down exit2-spine2 at 1, link_down spine-leaf at 1, "
	  "link_up path at 3",
	  .log = "1 ! link_down exit2-spine2 #0; 1 = link_down "
		 "exit2-spine2; 1 path_find 0 #1; 1 ! stall; 1 stall; "
		 "1 path_cut 0 #1; 1 link_down spine1-leaf1 #1; 1 = "
		 "link_down spine1-leaf1; 3 ! link_up spine1-leaf1 #1; "
		 "3 = link_up spine1-leaf1; 11 stall; 11 stall",
	  .path = WHOLE },
	{ "strays of an earlier cut prove nothing",
	  "link_down spine-leaf at 1, link_down exit-spine at 2 retry "
	  "1 until 4",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "spine1-leaf1 #0; 1 detection 0; 1 = link_down "
		 "spine1-leaf1; 2 path_find 0 #1; 2 ! stall; 2 stall; "
		 "2 path_cut 0 #1; 2 link_down exit1-spine1 #1; 3 = "
		 "link_down_missed exit1-spine1 at 2; 3 path_missed; 3 "
		 "link_up exit1-spine1 #1",
	  .path = WHOLE, .strays = "spine1-leaf1" },
	{ "mended before it was judged: it is not mended again",
	  "link_down spine-leaf at 1 retry 3, link_up path at 2",
	  .log = "1 path_find 0 #0; 1 ! path_cut 0 #0; 1 link_down "
		 "spine1-leaf1 #0; 2 ! link_up spine1-leaf1 #0; 2 = "
		 "link_up spine1-leaf1; 4 = link_down_missed "
		 "spine1-leaf1 at 1; 4 path_missed; 6 path_find 0 #0; "
		 "6 ! path_cut 0 #0; 6 link_down leaf1-server1 #0; 9 = "
		 "link_down_missed leaf1-server1 at 6; 9 path_missed; "
		 "9 link_up leaf1-server1 #0; 11 path_find 0 #0; 11 ! "
		 "path_cut 0 #0; 11 link_down exit1-spine1 #0; 14 = "
		 "link_down_missed exit1-spine1 at 11; 14 path_missed; "
		 "14 link_up exit1-spine1 #0; 16 path_find 0 #0; 16 = "
		 "link_down_missed spine-leaf",
	  .path = WHOLE },
	{ "the run ends first: judged then, it counts",
	  "link_down spine-leaf at 59 retry 5",
	  .log = "59 path_find 0 #0; 59 ! path_cut 0 #0; 59 link_down "
		 "spine1-leaf1 #0; 59 detection 0; 59.75 = link_down "
		 "spine1-leaf1 at 59",
	  .path = WHOLE, .strays = "spine1-leaf1" },
	{ "the run ends first: judged then, missed",
	  "link_down spine-leaf at 59 retry 5",
	  .log = "59 path_find 0 #0; 59 ! path_cut 0 #0; 59 link_down "
		 "spine1-leaf1 #0; 59.75 = link_down_missed "
		 "spine1-leaf1 at 59",
	  .path = WHOLE },
};

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof(paths_rows) / sizeof(paths_rows[0]); i++)
		run_row(&paths_rows[i], false);
}

int
main(void)
{
	test_paths();
	return check_done();
}
