/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_set_test.c - sets of targets, loops and degrees: who is struck, when,
 * and what is left when it is over
 */
#include "sim/model/fault.h"

#include "core/test/check.h"
#include "sim/test/fault_fake.h"

static const struct row sets_rows[] = {
	{ "all of a set at one instant: one change",
	  "server_crash server* at 1 until 2",
	  .log = "1 ! server_crash server1 #0; 1 = server_crash "
		 "server1; 1 server_crash server2 #0; 1 = "
		 "server_crash server2; 1 server_crash server3 #0; 1 "
		 "= server_crash server3; 1 server_crash server4 #0; "
		 "1 = server_crash server4; 2 ! server_up server1 #0; "
		 "2 = server_up server1; 2 server_up server2 #0; 2 = "
		 "server_up server2; 2 server_up server3 #0; 2 = "
		 "server_up server3; 2 server_up server4 #0; 2 = "
		 "server_up server4; 11 stall" },
	{ "two patterns and a name, each target once, in the order of "
	  "writing",
	  "drain server4+server?+server1 at 1 for 1",
	  .log = "1 ! drain server4 #0; 1 = drain server4; 1 drain "
		 "server1 #0; 1 = drain server1; 1 drain server2 #0; "
		 "1 = drain server2; 1 drain server3 #0; 1 = drain "
		 "server3; 2 ! undrain server4 #0; 2 = undrain "
		 "server4; 2 undrain server1 #0; 2 = undrain server1; "
		 "2 undrain server2 #0; 2 = undrain server2; 2 "
		 "undrain server3 #0; 2 = undrain server3; 11 stall" },
	{ "links by either end", "link_down leaf1-* at 1 for 2",
	  .log = "1 ! link_down spine1-leaf1 #0; 1 = link_down "
		 "spine1-leaf1; 1 link_down spine2-leaf1 #0; 1 = "
		 "link_down spine2-leaf1; 1 link_down leaf1-server1 "
		 "#0; 1 = link_down leaf1-server1; 1 link_down "
		 "leaf1-server2 #0; 1 = link_down leaf1-server2; 1.25 "
		 "detection 0.25; 3 ! link_up spine1-leaf1 #0; 3 = "
		 "link_up spine1-leaf1; 3 link_up spine2-leaf1 #0; 3 "
		 "= link_up spine2-leaf1; 3 link_up leaf1-server1 #0; "
		 "3 = link_up leaf1-server1; 3 link_up leaf1-server2 "
		 "#0; 3 = link_up leaf1-server2; 11 stall" },
	{ "routers alone", "router_down *1 at 1",
	  .log = "1 ! router_down edge1 #0; 1 = router_down edge1; 1 "
		 "router_down exit1 #0; 1 = router_down exit1; 1 "
		 "router_down spine1 #0; 1 = router_down spine1; 1 "
		 "router_down leaf1 #0; 1 = router_down leaf1; 1.25 "
		 "detection 0.25; 11 stall" },
	{ "some at random", "drain server* at 1 until 3 count 2",
	  .log = "1 ! drain server4 #0; 1 = drain server4; 1 drain "
		 "server2 #0; 1 = drain server2; 3 ! undrain server2 "
		 "#0; 3 = undrain server2; 3 undrain server4 #0; 3 = "
		 "undrain server4; 11 stall" },
	{ "drawn anew each time: a random server restarts for 2 s",
	  "server_crash server* at 1 each 3 for 2 count 1 until 14",
	  .log = "1 ! server_crash server4 #0; 1 = server_crash "
		 "server4; 3 ! server_up server4 #0; 3 = server_up "
		 "server4; 4 ! stall; 4 server_crash server1 #0; 4 = "
		 "server_crash server1; 6 ! server_up server1 #0; 6 = "
		 "server_up server1; 7 ! stall; 7 server_crash "
		 "server1 #0; 7 = server_crash server1; 9 ! server_up "
		 "server1 #0; 9 = server_up server1; 10 ! stall; 10 "
		 "server_crash server4 #0; 10 = server_crash server4; "
		 "12 ! server_up server4 #0; 12 = server_up server4; "
		 "13 ! stall; 13 server_crash server4 #0; 13 = "
		 "server_crash server4; 14 ! server_up server4 #0; 14 "
		 "= server_up server4; 23 stall" },
	{ "a rolling restart: one after the other, once",
	  "server_crash server* at 1 each 5 for 2",
	  .log = "1 ! server_crash server1 #0; 1 = server_crash "
		 "server1; 3 ! server_up server1 #0; 3 = server_up "
		 "server1; 6 ! stall; 6 server_crash server2 #0; 6 = "
		 "server_crash server2; 8 ! server_up server2 #0; 8 = "
		 "server_up server2; 11 ! stall; 11 server_crash "
		 "server3 #0; 11 = server_crash server3; 13 ! "
		 "server_up server3 #0; 13 = server_up server3; 16 ! "
		 "stall; 16 server_crash server4 #0; 16 = "
		 "server_crash server4; 18 ! server_up server4 #0; 18 "
		 "= server_up server4; 26 stall" },
	{ "round and round, until then",
	  "drain server1+server3 at 1 each 2 for 1 until 8.5",
	  .log = "1 ! drain server1 #0; 1 = drain server1; 2 ! "
		 "undrain server1 #0; 2 = undrain server1; 3 ! stall; "
		 "3 drain server3 #0; 3 = drain server3; 4 ! undrain "
		 "server3 #0; 4 = undrain server3; 5 ! stall; 5 drain "
		 "server1 #0; 5 = drain server1; 6 ! undrain server1 "
		 "#0; 6 = undrain server1; 7 ! stall; 7 drain server3 "
		 "#0; 7 = drain server3; 8 ! undrain server3 #0; 8 = "
		 "undrain server3; 17 stall" },
	{ "all is over then, and nothing new",
	  "server_crash server* at 1 each 2 until 6",
	  .log = "1 ! server_crash server1 #0; 1 = server_crash "
		 "server1; 3 ! stall; 3 server_crash server2 #0; 3 = "
		 "server_crash server2; 5 ! stall; 5 server_crash "
		 "server3 #0; 5 = server_crash server3; 6 ! server_up "
		 "server1 #0; 6 = server_up server1; 6 server_up "
		 "server2 #0; 6 = server_up server2; 6 server_up "
		 "server3 #0; 6 = server_up server3; 15 stall" },
	{ "links fall silent in turn, one way",
	  "link_silent leaf1-server* at 1 each 2 for 1 way up",
	  .log = "1 ! link_silent up leaf1-server1 #0; 1 = "
		 "link_silent leaf1-server1; 1.25 detection 0.25; 2 ! "
		 "link_up leaf1-server1 #0; 2 = link_up "
		 "leaf1-server1; 3 ! stall; 3 link_silent up "
		 "leaf1-server2 #0; 3 = link_silent leaf1-server2; "
		 "3.25 detection 0.25; 4 ! link_up leaf1-server2 #0; "
		 "4 = link_up leaf1-server2; 13 stall" },
	{ "one target, again and again",
	  "daemon_kill server2 at 1 each 4 for 1 until 10",
	  .log = "1 ! daemon_kill server2 #0; 1 = daemon_kill "
		 "server2; 2 ! daemon_start server2 #0; 2 = "
		 "daemon_start server2; 5 ! stall; 5 daemon_kill "
		 "server2 #0; 5 = daemon_kill server2; 6 ! "
		 "daemon_start server2 #0; 6 = daemon_start server2; "
		 "9 ! stall; 9 daemon_kill server2 #0; 9 = "
		 "daemon_kill server2; 10 ! daemon_start server2 #0; "
		 "10 = daemon_start server2; 19 stall" },
	{ "what is struck is passed over",
	  "drain server1+server2 at 1 each 1 for 2.5 until 6",
	  .log = "1 ! drain server1 #0; 1 = drain server1; 2 ! stall; "
		 "2 drain server2 #0; 2 = drain server2; 3 = "
		 "drain_missed server1, server2; 3.5 ! undrain "
		 "server1 #0; 3.5 = undrain server1; 4 ! stall; 4 "
		 "drain server1 #0; 4 = drain server1; 4.5 ! undrain "
		 "server2 #0; 4.5 = undrain server2; 5 ! stall; 5 "
		 "drain server2 #0; 5 = drain server2; 6 ! undrain "
		 "server1 #0; 6 = undrain server1; 6 undrain server2 "
		 "#0; 6 = undrain server2; 15 stall" },
	{ "and nothing may be left",
	  "drain server1+server2 at 1 each 1 for 9 count 2 until 3.5",
	  .log = "1 ! drain server2 #0; 1 = drain server2; 1 drain "
		 "server1 #0; 1 = drain server1; 2 = drain_missed "
		 "server1, server2; 3 = drain_missed server1, "
		 "server2; 3.5 ! undrain server1 #0; 3.5 = undrain "
		 "server1; 3.5 undrain server2 #0; 3.5 = undrain "
		 "server2; 11 stall" },
	{ "a set flaps as one", "link_down exit*-spine2 at 1 until 4 every 2",
	  .log = "1 ! link_down exit1-spine2 #0; 1 = link_down "
		 "exit1-spine2; 1 link_down exit2-spine2 #0; 1 = "
		 "link_down exit2-spine2; 1.25 detection 0.25; 2 ! "
		 "link_up exit1-spine2 #0; 2 = link_up exit1-spine2; "
		 "2 link_up exit2-spine2 #0; 2 = link_up "
		 "exit2-spine2; 3 ! stall; 3 link_down exit1-spine2 "
		 "#0; 3 = link_down exit1-spine2; 3 link_down "
		 "exit2-spine2 #0; 3 = link_down exit2-spine2; 3.25 "
		 "detection 0.25; 4 ! link_up exit1-spine2 #0; 4 = "
		 "link_up exit1-spine2; 4 link_up exit2-spine2 #0; 4 "
		 "= link_up exit2-spine2; 13 stall" },
	{ "daemons restart at once, in turn",
	  "daemon_restart server* at 1 each 1",
	  .log = "1 ! daemon_kill server1 #0; 1 daemon_start server1 "
		 "#0; 1 = daemon_restart server1; 2 ! stall; 2 "
		 "daemon_kill server2 #0; 2 daemon_start server2 #0; "
		 "2 = daemon_restart server2; 3 ! stall; 3 "
		 "daemon_kill server3 #0; 3 daemon_start server3 #0; "
		 "3 = daemon_restart server3; 4 ! stall; 4 "
		 "daemon_kill server4 #0; 4 daemon_start server4 #0; "
		 "4 = daemon_restart server4; 14 stall" },
	{ "and take a second",
	  "daemon_restart server1+server2 at 1 each 2 for 1",
	  .log = "1 ! daemon_kill server1 #0; 1 = daemon_restart "
		 "server1; 2 ! daemon_start server1 #0; 2 = "
		 "daemon_start server1; 3 ! stall; 3 daemon_kill "
		 "server2 #0; 3 = daemon_restart server2; 4 ! "
		 "daemon_start server2 #0; 4 = daemon_start server2; "
		 "13 stall" },
	{ "what nothing undoes, in turn", "leave server1+server2 at 1 each 2",
	  .log = "1 ! leave server1 #0; 1 = leave server1; 3 ! stall; "
		 "3 leave server2 #0; 3 = leave server2; 13 stall" },
	{ "they come back one by one",
	  "server_crash server* at 1, server_up server* at 3 each 1",
	  .log = "1 ! server_crash server1 #0; 1 = server_crash "
		 "server1; 1 server_crash server2 #0; 1 = "
		 "server_crash server2; 1 server_crash server3 #0; 1 "
		 "= server_crash server3; 1 server_crash server4 #0; "
		 "1 = server_crash server4; 3 ! server_up server1 #1; "
		 "3 = server_up server1; 4 ! server_up server2 #1; 4 "
		 "= server_up server2; 5 ! server_up server3 #1; 5 = "
		 "server_up server3; 6 ! server_up server4 #1; 6 = "
		 "server_up server4; 11 stall" },
	{ "who is not there yet is not struck",
	  "join at 3 count 1, drain server* at 2, drain server* at 4",
	  .log = "2 ! drain server1 #1; 2 = drain server1; 2 drain "
		 "server2 #1; 2 = drain server2; 2 drain server3 #1; "
		 "2 = drain server3; 2 drain server4 #1; 2 = drain "
		 "server4; 3 ! server_up server5 #0; 3 = join "
		 "server5; 4 ! stall; 4 drain server1 #2; 4 = drain "
		 "server1; 4 drain server2 #2; 4 = drain server2; 4 "
		 "drain server3 #2; 4 = drain server3; 4 drain "
		 "server4 #2; 4 = drain server4; 4 drain server5 #2; "
		 "4 = drain server5; 14 stall" },
	{ "a partition again and again", "partition at 1 each 3 for 1 until 5",
	  .log = "1 ! link_down exit1-spine2 #0; 1 link_down "
		 "edge1-exit2 #0; 1 link_down exit2-spine1 #0; 1 "
		 "link_down spine1-leaf3 #0; 1 link_down spine1-leaf4 "
		 "#0; 1 link_down spine2-leaf1 #0; 1 link_down "
		 "spine2-leaf2 #0; 1 = partition ; 2 ! link_up "
		 "exit1-spine2 #0; 2 link_up edge1-exit2 #0; 2 "
		 "link_up exit2-spine1 #0; 2 link_up spine1-leaf3 #0; "
		 "2 link_up spine1-leaf4 #0; 2 link_up spine2-leaf1 "
		 "#0; 2 link_up spine2-leaf2 #0; 2 = merge ; 4 ! "
		 "stall; 4 link_down exit1-spine2 #0; 4 link_down "
		 "edge1-exit2 #0; 4 link_down exit2-spine1 #0; 4 "
		 "link_down spine1-leaf3 #0; 4 link_down spine1-leaf4 "
		 "#0; 4 link_down spine2-leaf1 #0; 4 link_down "
		 "spine2-leaf2 #0; 4 = partition ; 5 ! link_up "
		 "exit1-spine2 #0; 5 link_up edge1-exit2 #0; 5 "
		 "link_up exit2-spine1 #0; 5 link_up spine1-leaf3 #0; "
		 "5 link_up spine1-leaf4 #0; 5 link_up spine2-leaf1 "
		 "#0; 5 link_up spine2-leaf2 #0; 5 = merge ; 14 "
		 "stall" },
	{ "a link loses packets, until then",
	  "link_degrade exit1-spine1 at 1 until 3 loss 2.5",
	  .log = "1 ! link_settings exit1-spine1 #0 loss 25000; 1 = "
		 "link_degrade exit1-spine1; 3 ! link_settings "
		 "exit1-spine1 #0; 3 = link_restore exit1-spine1; 11 "
		 "stall" },
	{ "all that can change",
	  "link_degrade exit1-spine1 at 1 loss 1 duplicate 2 reorder 3 "
	  "delay 4 rate 5",
	  .log = "1 ! link_settings exit1-spine1 #0 loss 10000 "
		 "duplicate 20000 reorder 30000 delay 4e+06 rate "
		 "5e+06; 1 = link_degrade exit1-spine1; 11 stall" },
	{ "one above the other, and away in any order",
	  "link_degrade exit1-spine1 at 1 until 3 loss 1 delay 4, "
	  "link_degrade exit1-spine* at 2 until 4 loss 2",
	  .log = "1 ! link_settings exit1-spine1 #0 loss 10000 delay "
		 "4e+06; 1 = link_degrade exit1-spine1; 2 ! stall; 2 "
		 "link_settings exit1-spine1 #1 loss 20000 delay "
		 "4e+06; 2 = link_degrade exit1-spine1; 2 "
		 "link_settings exit1-spine2 #1 loss 20000; 2 = "
		 "link_degrade exit1-spine2; 3 ! link_settings "
		 "exit1-spine1 #0 loss 20000; 3 = link_restore "
		 "exit1-spine1; 4 ! link_settings exit1-spine1 #1; 4 "
		 "= link_restore exit1-spine1; 4 link_settings "
		 "exit1-spine2 #1; 4 = link_restore exit1-spine2; 12 "
		 "stall" },
	{ "as the fabric has it",
	  "link_degrade exit1-spine1 at 1 until 4 loss 1, link_restore "
	  "exit1-spine1 at 2, link_restore exit1-spine2 at 3",
	  .log = "1 ! link_settings exit1-spine1 #0 loss 10000; 1 = "
		 "link_degrade exit1-spine1; 2 ! link_settings "
		 "exit1-spine1 #1; 2 = link_restore exit1-spine1; 3 ! "
		 "link_settings exit1-spine2 #2; 3 = link_restore "
		 "exit1-spine2; 4 ! link_settings exit1-spine1 #0; 4 "
		 "= link_restore exit1-spine1; 11 stall" },
	{ "to nothing: what is written is what is meant",
	  "link_degrade exit1-spine1 at 1 rate 0",
	  .log = "1 ! link_settings exit1-spine1 #0 rate 0; 1 = "
		 "link_degrade exit1-spine1; 11 stall" },
	{ "of a path",
	  "link_degrade spine-leaf at 1 loss 5, link_up path at 2, "
	  "link_restore path at 3",
	  .log = "1 path_find 0 #0; 1 ! link_settings spine1-leaf1 #0 "
		 "loss 50000; 1 = link_degrade spine1-leaf1; 3 ! "
		 "link_settings spine1-leaf1 #0; 3 = link_restore "
		 "spine1-leaf1; 11 stall; 11 stall",
	  .path = WHOLE },
	{ "silence one way, both mended at once",
	  "link_silent exit1-spine1 at 1 way down, link_up "
	  "exit1-spine1 at 2",
	  .log = "1 ! link_silent down exit1-spine1 #0; 1 = "
		 "link_silent exit1-spine1; 1.25 detection 0.25; 2 ! "
		 "link_up exit1-spine1 #1; 2 = link_up exit1-spine1; "
		 "11 stall" },
	{ "silence one way, then the other: both",
	  "link_silent exit1-spine1 at 1 until 3 way down, link_silent "
	  "exit1-spine1 at 2 way up, link_silent exit1-spine1 at 4 way "
	  "up",
	  .log = "1 ! link_silent down exit1-spine1 #0; 1 = "
		 "link_silent exit1-spine1; 1.25 detection 0.25; 2 ! "
		 "stall; 2 link_silent exit1-spine1 #1; 2 = "
		 "link_silent exit1-spine1; 2.25 detection 0.25; 3 ! "
		 "link_up exit1-spine1 #0; 3 = link_up exit1-spine1; "
		 "4 ! stall; 4 link_silent up exit1-spine1 #2; 4 = "
		 "link_silent exit1-spine1; 4.25 detection 0.25; 14 "
		 "stall" },
	{ "degraded links by chance",
	  "link_degrade leaf*-server* at 1 each 2 for 1 count 2 until "
	  "6 loss 9",
	  .log = "1 ! link_settings leaf4-server4 #0 loss 90000; 1 = "
		 "link_degrade leaf4-server4; 1 link_settings "
		 "leaf1-server2 #0 loss 90000; 1 = link_degrade "
		 "leaf1-server2; 2 ! link_settings leaf4-server4 #0; "
		 "2 = link_restore leaf4-server4; 2 ! link_settings "
		 "leaf1-server2 #0; 2 = link_restore leaf1-server2; 3 "
		 "! stall; 3 link_settings leaf2-server1 #0 loss "
		 "90000; 3 = link_degrade leaf2-server1; 3 "
		 "link_settings leaf4-server4 #0 loss 90000; 3 = "
		 "link_degrade leaf4-server4; 4 ! link_settings "
		 "leaf2-server1 #0; 4 = link_restore leaf2-server1; 4 "
		 "! link_settings leaf4-server4 #0; 4 = link_restore "
		 "leaf4-server4; 5 ! stall; 5 link_settings "
		 "leaf3-server4 #0 loss 90000; 5 = link_degrade "
		 "leaf3-server4; 5 link_settings leaf1-server1 #0 "
		 "loss 90000; 5 = link_degrade leaf1-server1; 6 ! "
		 "link_settings leaf1-server1 #0; 6 = link_restore "
		 "leaf1-server1; 6 link_settings leaf3-server4 #0; 6 "
		 "= link_restore leaf3-server4; 15 stall" },
};

static void
test_sets(void)
{
	for (size_t i = 0; i < sizeof(sets_rows) / sizeof(sets_rows[0]); i++)
		run_row(&sets_rows[i], false);
}

int
main(void)
{
	test_sets();
	return check_done();
}
