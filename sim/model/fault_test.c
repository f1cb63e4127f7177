/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_test.c - every kind of fault: what it asks of a world, when, and what
 * is reported of it; targets that are refused
 */
#include "sim/model/fault.h"

#include <errno.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/model/fault_kind.h"
#include "sim/test/fault_fake.h"

static const struct row kinds_rows[] = {
	{ "a link is cut, for good", "link_down exit1-spine1 at 1",
	  .log = "1 ! link_down exit1-spine1 #0; 1 = link_down "
		 "exit1-spine1; 1.25 detection 0.25; 11 stall" },
	{ "a link is cut, until 3 s", "link_down exit1-spine1 at 1 until 3",
	  .log = "1 ! link_down exit1-spine1 #0; 1 = link_down "
		 "exit1-spine1; 1.25 detection 0.25; 3 ! link_up "
		 "exit1-spine1 #0; 3 = link_up exit1-spine1; 11 "
		 "stall" },
	{ "its ends in the other order", "link_down server1-leaf1 at 1",
	  .log = "1 ! link_down leaf1-server1 #0; 1 = link_down "
		 "leaf1-server1; 1.25 detection 0.25; 11 stall" },
	{ "a link flaps: half a period down, half up",
	  "link_down spine2-leaf3 at 1 until 4 every 2",
	  .log = "1 ! link_down spine2-leaf3 #0; 1 = link_down "
		 "spine2-leaf3; 1.25 detection 0.25; 2 ! link_up "
		 "spine2-leaf3 #0; 2 = link_up spine2-leaf3; 3 ! "
		 "stall; 3 link_down spine2-leaf3 #0; 3 = link_down "
		 "spine2-leaf3; 3.25 detection 0.25; 4 ! link_up "
		 "spine2-leaf3 #0; 4 = link_up spine2-leaf3; 13 "
		 "stall" },
	{ "a flap that is cut short",
	  "link_silent spine2-leaf3 at 1 until 2.5 every 2",
	  .log = "1 ! link_silent spine2-leaf3 #0; 1 = link_silent "
		 "spine2-leaf3; 1.25 detection 0.25; 2 ! link_up "
		 "spine2-leaf3 #0; 2 = link_up spine2-leaf3; 11 "
		 "stall" },
	{ "a link is mended that was whole", "link_up exit1-spine1 at 1",
	  .log = "1 ! link_up exit1-spine1 #0; 1 = link_up "
		 "exit1-spine1" },
	{ "until means nothing to what nothing undoes",
	  "link_up exit1-spine1 at 1 until 2",
	  .log = "1 ! link_up exit1-spine1 #0; 1 = link_up "
		 "exit1-spine1" },
	{ "nor does a period", "link_up exit1-spine1 at 1 until 4 every 2",
	  .log = "1 ! link_up exit1-spine1 #0; 1 = link_up "
		 "exit1-spine1" },
	{ "a link falls silent, until 2 s",
	  "link_silent exit2-spine1 at 1 until 2",
	  .log = "1 ! link_silent exit2-spine1 #0; 1 = link_silent "
		 "exit2-spine1; 1.25 detection 0.25; 2 ! link_up "
		 "exit2-spine1 #0; 2 = link_up exit2-spine1; 11 "
		 "stall" },
	{ "cut by one event, mended by another",
	  "link_down exit1-spine1 at 1, link_up exit1-spine1 at 2",
	  .log = "1 ! link_down exit1-spine1 #0; 1 = link_down "
		 "exit1-spine1; 1.25 detection 0.25; 2 ! link_up "
		 "exit1-spine1 #1; 2 = link_up exit1-spine1; 11 "
		 "stall" },
	{ "mended twice: by another event, and by its own end",
	  "link_down exit1-spine1 at 1 until 3, link_up exit1-spine1 "
	  "at 2",
	  .log = "1 ! link_down exit1-spine1 #0; 1 = link_down "
		 "exit1-spine1; 1.25 detection 0.25; 2 ! link_up "
		 "exit1-spine1 #1; 2 = link_up exit1-spine1; 3 ! "
		 "link_up exit1-spine1 #0; 3 = link_up exit1-spine1; "
		 "11 stall" },
	{ "a router fails, until 2 s", "router_down spine1 at 1 until 2",
	  .log = "1 ! router_down spine1 #0; 1 = router_down spine1; "
		 "1.25 detection 0.25; 2 ! router_up spine1 #0; 2 = "
		 "router_up spine1; 11 stall" },
	{ "a router flaps", "router_down leaf4 at 1 until 3 every 2",
	  .log = "1 ! router_down leaf4 #0; 1 = router_down leaf4; "
		 "1.25 detection 0.25; 2 ! router_up leaf4 #0; 2 = "
		 "router_up leaf4; 11 stall" },
	{ "a router comes back", "router_up edge1 at 1",
	  .log = "1 ! router_up edge1 #0; 1 = router_up edge1" },
	{ "a server dies, until 2 s", "server_crash server3 at 1 until 2",
	  .log = "1 ! server_crash server3 #0; 1 = server_crash "
		 "server3; 2 ! server_up server3 #0; 2 = server_up "
		 "server3; 11 stall" },
	{ "a server comes up", "server_up server3 at 1",
	  .log = "1 ! server_up server3 #0; 1 = server_up server3" },
	{ "a server drains, until 2 s", "drain server1 at 1 until 2",
	  .log = "1 ! drain server1 #0; 1 = drain server1; 2 ! undrain "
		 "server1 #0; 2 = undrain server1; 11 stall" },
	{ "a server is drained no longer", "undrain server1 at 1",
	  .log = "1 ! undrain server1 #0; 1 = undrain server1" },
	{ "a drain that flaps", "drain server1 at 1 until 3 every 1",
	  .log = "1 ! drain server1 #0; 1 = drain server1; 1.5 ! "
		 "undrain server1 #0; 1.5 = undrain server1; 2 ! "
		 "stall; 2 drain server1 #0; 2 = drain server1; 2.5 ! "
		 "undrain server1 #0; 2.5 = undrain server1; 12 "
		 "stall" },
	{ "a server leaves; it stays away", "leave server2 at 1 until 2",
	  .log = "1 ! leave server2 #0; 1 = leave server2; 11 stall" },
	{ "a link loses packets, until 2 s",
	  "link_degrade exit1-spine1 at 1 until 2 loss 3",
	  .log = "1 ! link_settings exit1-spine1 #0 loss 30000; 1 = "
		 "link_degrade exit1-spine1; 2 ! link_settings "
		 "exit1-spine1 #0; 2 = link_restore exit1-spine1; 11 "
		 "stall" },
	{ "a link is as it was", "link_restore exit1-spine1 at 1",
	  .log = "1 ! link_settings exit1-spine1 #0; 1 = link_restore "
		 "exit1-spine1" },
	{ "a flood, until 3 s", "flood at 1 until 3",
	  .log = "1 ! attack_begin #0; 1 = flood ; 3 ! attack_end #0; "
		 "3 = calm ; 11 stall" },
	{ "a flood for good", "flood at 1",
	  .log = "1 ! attack_begin #0; 1 = flood ; 11 stall" },
	{ "a flood again and again, each time for 1 s",
	  "flood at 1 each 4 for 1 until 9",
	  .log = "1 ! attack_begin #0; 1 = flood ; 2 ! attack_end #0; "
		 "2 = calm ; 5 ! stall; 5 attack_begin #0; 5 = flood "
		 "; 6 ! attack_end #0; 6 = calm ; 15 stall" },
	{ "two attacks, and one event that ends all",
	  "flood at 1, forged_syn at 2 for 9, calm at 3",
	  .log = "1 ! attack_begin #0; 1 = flood ; 2 ! stall; 2 "
		 "attack_begin #1; 2 = forged_syn ; 3 ! attack_end "
		 "#2; 3 = calm ; 11 ! attack_end #1; 11 = calm ; 12 "
		 "stall" },
	{ "two servers join, then one: a count of 0 is one",
	  "join at 1 count 2, join at 2",
	  .log = "1 ! server_up server5 #0; 1 = join server5; 1 ! "
		 "server_up server6 #0; 1 = join server6; 2 ! "
		 "server_up server7 #1; 2 = join server7" },
	{ "servers churn, and those that are down come back",
	  "churn at 1 until 4 every 1 count 2",
	  .log = "1.00796 server_crash server1 #0; 1.00796 = "
		 "server_crash server1; 1.26318 server_up server1 #0; "
		 "1.26318 = server_up server1; 1.41753 server_crash "
		 "server1 #0; 1.41753 = server_crash server1; 1.42052 "
		 "server_up server1 #0; 1.42052 = server_up server1; "
		 "2.47314 server_crash server4 #0; 2.47314 = "
		 "server_crash server4; 2.5927 server_crash server1 "
		 "#0; 2.5927 = server_crash server1; 3.16999 server_up "
		 "server1 #0; 3.16999 = server_up server1; 3.62902 "
		 "server_up server4 #0; 3.62902 = server_up server4; "
		 "3.99287 server_crash server4 #0; 3.99287 = "
		 "server_crash server4; 5.53516 server_up server4 #0; "
		 "5.53516 = server_up server4" },
	{ "churn without end or period: 1 s on average", "churn at 58.5",
	  .log = "59.9731 server_crash server4 #0; 59.9731 = "
		 "server_crash server4" },
	{ "half of the fabric is cut off, until 2 s", "partition at 1 until 2",
	  .log = "1 ! link_down exit1-spine2 #0; 1 link_down "
		 "edge1-exit2 #0; 1 link_down exit2-spine1 #0; 1 "
		 "link_down spine1-leaf3 #0; 1 link_down spine1-leaf4 "
		 "#0; 1 link_down spine2-leaf1 #0; 1 link_down "
		 "spine2-leaf2 #0; 1 = partition ; 2 ! link_up "
		 "exit1-spine2 #0; 2 link_up edge1-exit2 #0; 2 link_up "
		 "exit2-spine1 #0; 2 link_up spine1-leaf3 #0; 2 "
		 "link_up spine1-leaf4 #0; 2 link_up spine2-leaf1 #0; "
		 "2 link_up spine2-leaf2 #0; 2 = merge ; 11 stall" },
	{ "a merge of its own", "merge at 1",
	  .log = "1 ! link_up exit1-spine2 #0; 1 link_up edge1-exit2 "
		 "#0; 1 link_up exit2-spine1 #0; 1 link_up "
		 "spine1-leaf3 #0; 1 link_up spine1-leaf4 #0; 1 "
		 "link_up spine2-leaf1 #0; 1 link_up spine2-leaf2 #0; "
		 "1 = merge " },
	{ "two at one time: the first line first",
	  "drain server2 at 1, link_down exit1-spine1 at 1, "
	  "server_crash server4 at 1",
	  .log = "1 ! drain server2 #0; 1 = drain server2; 1 ! stall; "
		 "1 link_down exit1-spine1 #1; 1 = link_down "
		 "exit1-spine1; 1 ! stall; 1 server_crash server4 #2; "
		 "1 = server_crash server4; 11 stall" },
	{ "what ends at one time with a beginning: the first line "
	  "first",
	  "drain server2 at 1 until 2, router_down leaf1 at 2",
	  .log = "1 ! drain server2 #0; 1 = drain server2; 2 ! undrain "
		 "server2 #0; 2 = undrain server2; 2 ! stall; 2 "
		 "router_down leaf1 #1; 2 = router_down leaf1; 2.25 "
		 "detection 0.25; 12 stall" },
	{ "a second fault ends the first one's window",
	  "link_down exit1-spine1 at 1, server_crash server4 at 3",
	  .log = "1 ! link_down exit1-spine1 #0; 1 = link_down "
		 "exit1-spine1; 1.25 detection 0.25; 3 ! stall; 3 "
		 "server_crash server4 #1; 3 = server_crash server4; "
		 "13 stall" },
};

static void
test_kinds(void)
{
	for (size_t i = 0; i < sizeof(kinds_rows) / sizeof(kinds_rows[0]); i++)
		run_row(&kinds_rows[i], false);
}

static void
test_live_kinds(void)
{
	static const struct row rows[] = {
		{ "a daemon is killed, until 2 s",
		  "daemon_kill server1 at 1 until 2",
		  .log = "1 ! daemon_kill server1 #0; 1 = daemon_kill server1; "
			 "2 ! daemon_start server1 #0; 2 = daemon_start "
			 "server1; 11 stall" },
		{ "a daemon is killed every other second",
		  "daemon_kill server1 at 1 until 4 every 2",
		  .log = "1 ! daemon_kill server1 #0; 1 = daemon_kill server1; "
			 "2 ! daemon_start server1 #0; 2 = daemon_start "
			 "server1; 3 ! stall; 3 daemon_kill server1 #0; 3 = "
			 "daemon_kill server1; 4 ! daemon_start server1 #0; 4 "
			 "= daemon_start server1; 13 stall" },
		{ "a daemon restarts at once", "daemon_restart server1 at 1",
		  .log = "1 ! daemon_kill server1 #0; 1 daemon_start server1 "
			 "#0; 1 = daemon_restart server1; 11 stall" },
		{ "a daemon restarts, and takes 1 s",
		  "daemon_restart server1 at 1 until 2",
		  .log = "1 ! daemon_kill server1 #0; 1 = daemon_restart "
			 "server1; 2 ! daemon_start server1 #0; 2 = "
			 "daemon_start server1; 11 stall" },
		{ "a daemon starts", "daemon_start server4 at 1",
		  .log = "1 ! daemon_start server4 #0; 1 = daemon_start "
			 "server4" },
		{ "what both worlds can: a drain", "drain server1 at 1 until 2",
		  .log = "1 ! drain server1 #0; 1 = drain server1; 2 ! undrain "
			 "server1 #0; 2 = undrain server1; 11 stall" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run_row(&rows[i], true);
}

static const struct {
	const char *sentence, *script, *error;
	bool live, uniform;
} refusals_rows[] = {
	{ "a link that is not there", "link_down exit1-spine9 at 1",
	  .error = "event 2, link_down 'exit1-spine9': no such link" },
	{ "two devices that no link joins", "link_up exit1-leaf1 at 1",
	  .error = "event 2, link_up 'exit1-leaf1': no such link" },
	{ "a device that is not there", "router_down spine9 at 1",
	  .error = "event 2, router_down 'spine9': no such device" },
	{ "a tier is no device", "router_up spine-leaf at 1",
	  .error = "event 2, router_up 'spine-leaf': no such device" },
	{ "a server is no router", "router_down server1 at 1",
	  .error = "event 2, router_down 'server1': a device of "
		   "another kind" },
	{ "nor is a client", "router_up client1 at 1",
	  .error = "event 2, router_up 'client1': a device of another "
		   "kind" },
	{ "a router is no server", "server_crash leaf1 at 1",
	  .error = "event 2, server_crash 'leaf1': a device of another "
		   "kind" },
	{ "nor is a pattern of routers", "server_up leaf* at 1",
	  .error = "event 2, server_up 'leaf*': no such device" },
	{ "one name of a list", "drain server1+server9 at 1",
	  .error = "event 2, drain 'server1, server9': no such "
		   "device" },
	{ "a tier in a list", "link_up leaf1-server1+path at 1",
	  .error = "event 2, link_up 'leaf1-server1, path': a tier or "
		   "path stands alone" },
	{ "a path is not cut again and again",
	  "link_down path at 1 each 2 until 9",
	  .error = "event 2, link_down 'path': only a link with a name "
		   "can flap" },
	{ "a path cannot flap", "link_silent path at 1 until 9 every 1",
	  .error = "event 2, link_silent 'path': only a link with a "
		   "name can flap" },
	{ "nor can a tier", "link_down exit-spine at 1 until 9 every 1",
	  .error = "event 2, link_down 'exit-spine': only a link with "
		   "a name can flap" },
	{ "a uniform fabric has no paths", "link_down path at 1",
	  .error = "event 2, link_down 'path': a uniform fabric has no "
		   "links or routers",
	  .uniform = true },
	{ "nor routers", "router_up edge1 at 1",
	  .error = "event 2, router_up 'edge1': a uniform fabric has "
		   "no links or routers",
	  .uniform = true },
	{ "nor what a partition cuts", "partition at 1",
	  .error = "event 2, partition '': a uniform fabric has no "
		   "links or routers",
	  .uniform = true },
	{ "a lab adds no servers", "join at 1",
	  .error = "event 2, join '': not in a lab", .live = true },
	{ "nor does it choose any", "churn at 1",
	  .error = "event 2, churn '': not in a lab", .live = true },
	{ "nor does anybody attack it", "flood at 1",
	  .error = "event 2, flood '': not in a lab", .live = true },
	{ "by no forgery either", "forged_syn at 1",
	  .error = "event 2, forged_syn '': not in a lab", .live = true },
};

/* ---- refusals ---- */

static void
test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals_rows) / sizeof(refusals_rows[0]);
	     i++) {
		struct fake fake = { .probes = false };
		char error[200] = "";

		settings_default(&fake.settings);
		if (refusals_rows[i].uniform)
			fake.settings.fabric.kind = FABRIC_UNIFORM;
		script_read("drain server1 at 1", &fake);
		script_read(refusals_rows[i].script, &fake);
		CHECK_ROW(make(&fake, 1, refusals_rows[i].live, error,
			       sizeof(error)) == -EINVAL,
			  refusals_rows[i].sentence);
		CHECK_ROW(strcmp(error, refusals_rows[i].error) == 0,
			  refusals_rows[i].sentence);
		if (strcmp(error, refusals_rows[i].error) != 0)
			fprintf(stderr, "got %s\n", error);
		unmake(&fake);
	}
}

static void
test_joining(void)
{
	struct fault_settings faults[] = {
		{ .kind = FAULT_JOIN, .count = 3 },
		{ .kind = FAULT_CHURN, .count = 5 },
		{ .kind = FAULT_JOIN },
	};
	const struct settings settings = { .faults = faults, .fault_count = 3 };
	static struct fault_settings many[4096];
	const struct settings crowd = { .faults = many, .fault_count = 4096 };

	CHECK(faults_joining(&settings) == 4);
	/* 4096 times so many are 2^32, which is none of 32 bits. */
	for (uint32_t i = 0; i < 4096; i++)
		many[i] = (struct fault_settings){ .kind = FAULT_JOIN,
						   .count = 1048576 };
	CHECK(faults_joining(&crowd) == FABRIC_SERVERS_MAX + 1);
}

int
main(void)
{
	test_kinds();
	test_live_kinds();
	test_refusals();
	test_joining();
	/* A sequence never comes here: fault_sequence_test.c. */
	for (unsigned kind = 0; kind < FAULT_KINDS; kind++)
		CHECK_ROW(driven[kind] || kind == FAULT_SEQUENCE,
			  fault_name((enum fault_kind)kind));
	return check_done();
}
