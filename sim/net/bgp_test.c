/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp_test.c - the lab's table, and what single changes do
 */
#include "sim/net/bgp.h"

#include "sim/test/bgp_bed.h"

static void
test_converged(void)
{
	struct bed bed;

	bed_create(&bed, &paper, &lab, 1);
	static const struct {
		const char *sentence, *router, *members;
		uint32_t set;
	} rows[] = {
		{ "the edge spreads the service over both exits", "edge1",
		  "exit1 exit2", RIB_OF_SERVICE },
		{ "an exit over both spines", "exit2", "spine1 spine2",
		  RIB_OF_SERVICE },
		{ "a spine over all four leaves", "spine1",
		  "leaf1 leaf2 leaf3 leaf4", RIB_OF_SERVICE },
		{ "a leaf over its two servers", "leaf1", "server1 server2",
		  RIB_OF_SERVICE },
		{ "another over the other two", "leaf4", "server3 server4",
		  RIB_OF_SERVICE },
		{ "out of a leaf by both spines", "leaf3", "spine1 spine2",
		  RIB_OF_DEFAULT },
		{ "out of an exit by the edge", "exit1", "edge1",
		  RIB_OF_DEFAULT },
		{ "a loopback at a spine: its server's leaves", "spine2",
		  "leaf1 leaf2", 2 },
		{ "at those leaves: direct", "leaf2", "direct", 2 },
		{ "at others: the spines", "leaf3", "spine1 spine2", 2 },
	};
	CHECK(loopback(&bed, 0) == 2 && loopback(&bed, 1) == 2);
	CHECK(loopback(&bed, 2) == 3 && loopback(&bed, 3) == 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW(strcmp(members(&bed, rows[i].router, rows[i].set),
				 rows[i].members) == 0,
			  rows[i].sentence);
	CHECK(bgp_uplinks(bed.bgp, 0) == 3);
	bed_destroy(&bed);
}

/* ---- the lab's table: what a run has unless a scenario says otherwise ---- */

/* First time at which a router's group of server 1's loopback differs, after an
 * act at time 0. */
static int64_t
change_ns(struct bed *bed, const char *router)
{
	char before[256];
	struct event event;

	strncpy(before, members(bed, router, loopback(bed, 0)),
		sizeof(before) - 1);
	before[sizeof(before) - 1] = '\0';
	while (queue_next(bed->queue, (struct instant){ 20 * NS_PER_S },
			  &event)) {
		bgp_event(bed->bgp, &event);
		if (strcmp(before, members(bed, router, loopback(bed, 0))) != 0)
			return queue_now(bed->queue).ns;
	}
	return INT64_MAX;
}

static void
test_table(void)
{
	static const struct {
		const char *sentence;
		bool silent, hold;
		const char *router; /* whose group of server1's loopback */
		int64_t low_us, high_us; /* the lab's, smallest and largest */
	} rows[] = {
		{ "the kernel reroutes in 0.8 to 2.1 ms", false, false, "leaf1",
		  800, 2100 },
		{ "the spine sees the withdrawal at 128 to 132 ms", false,
		  false, "spine1", 128000, 132000 },
		{ "silent, BFD: the leaf at 167 to 212 ms", true, false,
		  "leaf1", 167000, 212000 },
		{ "silent, BFD: the spine at 216 to 265 ms", true, false,
		  "spine2", 216000, 265000 },
		{ "silent, hold timer of 3 s: the leaf at 2.66 s", true, true,
		  "leaf1", 2650000, 2670000 },
		{ "silent, hold timer of 3 s: the spine at 2.71 s", true, true,
		  "spine1", 2700000, 2720000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t sum = 0;
		const int64_t low = rows[i].low_us * NS_PER_US;
		const int64_t high = rows[i].high_us * NS_PER_US;
		bool inside = true;
		for (uint64_t seed = 1; seed <= 50; seed++) {
			struct settings settings;
			struct bed bed;
			settings_default(&settings);
			struct routing_settings routing = settings.routing;
			if (rows[i].hold)
				routing.detection = DETECTION_HOLD;
			bed_create(&bed, &paper, &routing, seed);
			bed_link(&bed,
				 fabric_link_find(bed.fabric, "leaf1-server1"),
				 rows[i].silent ? LINK_SILENT : LINK_DOWN);
			int64_t at = change_ns(&bed, rows[i].router);
			/* The lab's extremes are of a dozen runs. */
			inside = inside && at >= low - 2 * MS &&
				 at <= high + 2 * MS;
			sum += at / 50;
			bed_destroy(&bed);
		}
		CHECK_ROW(inside, rows[i].sentence);
		CHECK_ROW(sum >= low && sum <= high, rows[i].sentence);
	}
}

/* When each end of leaf1-spine1 drops the session of a link of which one or
 * both directions fall silent. The spine is the upper end. */
static void
test_one_way(void)
{
	static const struct {
		const char *sentence;
		enum link_state state;
		enum detection_kind detection;
		int64_t leaf_low_ms, leaf_high_ms, spine_low_ms, spine_high_ms;
	} rows[] = {
		{ "BFD, both silent: each in its own time", LINK_SILENT,
		  DETECTION_BFD, 167, 212, 167, 212 },
		{ "BFD: the leaf hears nothing and tells the spine",
		  LINK_SILENT_UPPER, DETECTION_BFD, 167, 212, 177, 222 },
		{ "BFD: the spine hears nothing and tells the leaf",
		  LINK_SILENT_LOWER, DETECTION_BFD, 177, 222, 167, 212 },
		{ "hold: the spine still hears one keepalive",
		  LINK_SILENT_UPPER, DETECTION_HOLD, 2650, 2670, 3540, 3560 },
		{ "carrier: never", LINK_SILENT_UPPER, DETECTION_CARRIER, 20000,
		  20000, 20000, 20000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct routing_settings routing = lab;
		struct bed bed;
		struct event event;
		routing.detection = rows[i].detection;
		bed_create(&bed, &paper, &routing, 9);
		uint32_t link = fabric_link_find(bed.fabric, "spine1-leaf1");
		const uint32_t *ports = bed.fabric->links[link].ports;
		int64_t lost_ms[2] = { 20000, 20000 };
		bed_link(&bed, link, rows[i].state);
		while (queue_next(bed.queue, (struct instant){ 20 * NS_PER_S },
				  &event)) {
			bgp_event(bed.bgp, &event);
			for (int end = 0; end < 2; end++)
				if (lost_ms[end] == 20000 &&
				    !(rib_port_flags(bgp_rib(bed.bgp),
						     ports[end]) &
				      RIB_UP))
					lost_ms[end] =
						queue_now(bed.queue).ns / MS;
		}
		CHECK_ROW(lost_ms[0] >= rows[i].spine_low_ms &&
				  lost_ms[0] <= rows[i].spine_high_ms,
			  rows[i].sentence);
		CHECK_ROW(lost_ms[1] >= rows[i].leaf_low_ms &&
				  lost_ms[1] <= rows[i].leaf_high_ms,
			  rows[i].sentence);
		bed_link(&bed, link, LINK_UP);
		bed_run(&bed, 5 * NS_PER_S);
		CHECK_ROW(converged(&bed), rows[i].sentence);
		bed_destroy(&bed);
	}
}

/* "The leaf's zebra changes the anycast route at 77 to 82 ms": the kernel has
 * rerouted by then, so what changes is that the next best is used. */
static void
test_leaf_change(void)
{
	struct bed bed;

	bed_create(&bed, &paper, &lab, 3);
	bed_link(&bed, fabric_link_find(bed.fabric, "server1-leaf1"),
		 LINK_DOWN);
	bed_run(&bed, 3 * MS);
	CHECK(strcmp(members(&bed, "leaf1", RIB_OF_SERVICE), "server2") == 0);
	CHECK(strcmp(members(&bed, "leaf1", loopback(&bed, 0)), "") == 0);
	CHECK(strcmp(members(&bed, "leaf1", loopback(&bed, 1)), "direct") == 0);
	CHECK(bgp_uplinks(bed.bgp, 0) == 2);
	CHECK(bgp_route(bed.bgp, bed_find(&bed, "leaf1"),
			TARGET(TARGET_SERVER, 0), 1) == FABRIC_NONE);
	bed_run(&bed, 74 * MS);
	CHECK(rib_distance(bgp_rib(bed.bgp), loopback(&bed, 0),
			   bed_find(&bed, "leaf1")) == 1);
	bed_run(&bed, 6 * MS);
	CHECK(rib_distance(bgp_rib(bed.bgp), loopback(&bed, 0),
			   bed_find(&bed, "leaf1")) != 1);
	CHECK(strcmp(members(&bed, "spine1", loopback(&bed, 0)),
		     "leaf1 leaf2") == 0);
	bed_run(&bed, 250 * MS);
	CHECK(strcmp(members(&bed, "spine1", loopback(&bed, 0)), "leaf2") == 0);
	CHECK(strcmp(members(&bed, "leaf1", loopback(&bed, 0)),
		     "spine1 spine2") == 0);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE),
		     "leaf1 leaf2 leaf3 leaf4") == 0);

	/* A leaf without servers hands the service back to the spines. */
	bed_link(&bed, fabric_link_find(bed.fabric, "server2-leaf1"),
		 LINK_DOWN);
	bed_run(&bed, NS_PER_S);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE),
		     "leaf2 leaf3 leaf4") == 0);
	CHECK(strcmp(members(&bed, "leaf1", RIB_OF_SERVICE), "spine1 spine2") ==
	      0);
	bed_destroy(&bed);
}

/* The fabric falls into halves; the second has no way to the edge. */
static void
test_halves(void)
{
	static const char *const cut[] = { "edge1-exit2",  "exit1-spine2",
					   "exit2-spine1", "spine1-leaf3",
					   "spine1-leaf4", "spine2-leaf1",
					   "spine2-leaf2" };
	static const struct {
		const char *sentence, *leaf;
		uint32_t target;
		bool routed;
	} rows[] = {
		{ "in the second half to its own server", "leaf3",
		  TARGET(TARGET_SERVER, 3), true },
		{ "not to one of the first", "leaf3", TARGET(TARGET_SERVER, 0),
		  false },
		{ "to the service", "leaf3", TARGET(TARGET_SERVICE, 0), true },
		{ "not to clients", "leaf3", TARGET(TARGET_CLIENT, 0), false },
		{ "in the first to clients", "leaf1", TARGET(TARGET_CLIENT, 0),
		  true },
		{ "to a server not by the default route", "leaf1",
		  TARGET(TARGET_SERVER, 2), false },
	};
	struct bed bed;

	bed_create(&bed, &paper, &lab, 6);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++)
		bed_link(&bed, fabric_link_find(bed.fabric, cut[i]), LINK_DOWN);
	bed_run(&bed, 5 * NS_PER_S);
	for (uint32_t server = 0; server < 4; server++)
		CHECK(bgp_uplinks(bed.bgp, server) == 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_ROW((bgp_route(bed.bgp, bed_find(&bed, rows[i].leaf),
				     rows[i].target, 1) != FABRIC_NONE) ==
				  rows[i].routed,
			  rows[i].sentence);
	/* Without any uplink a leaf is of no use to its servers. */
	bed_link(&bed, fabric_link_find(bed.fabric, "spine2-leaf3"), LINK_DOWN);
	bed_run(&bed, 5 * NS_PER_S);
	CHECK(bgp_uplinks(bed.bgp, 3) == 2);
	bed_link(&bed, fabric_link_find(bed.fabric, "spine2-leaf3"), LINK_UP);
	bed_run(&bed, 5 * NS_PER_S);
	CHECK(bgp_uplinks(bed.bgp, 3) == 3);
	bed_destroy(&bed);
}

static void
test_drain(void)
{
	struct bed bed;

	bed_create(&bed, &paper, &lab, 4);
	bgp_announce(bed.bgp, 1, false);
	bed_run(&bed, 49 * MS);
	CHECK(strcmp(members(&bed, "leaf2", RIB_OF_SERVICE),
		     "server1 server2") == 0);
	bed_run(&bed, 2 * MS);
	CHECK(strcmp(members(&bed, "leaf2", RIB_OF_SERVICE), "server1") == 0);
	CHECK(strcmp(members(&bed, "leaf2", loopback(&bed, 1)), "direct") == 0);
	bgp_announce(bed.bgp, 1, true);
	bed_run(&bed, NS_PER_S);
	CHECK(strcmp(members(&bed, "leaf2", RIB_OF_SERVICE),
		     "server1 server2") == 0);
	bed_destroy(&bed);
}

/* A server leaves its group while news about the group is on its way. */
static void
test_split(void)
{
	struct bed bed;

	bed_create(&bed, &paper, &lab, 5);
	for (uint32_t i = 1; i <= 2; i++)
		for (uint32_t j = 1; j <= 2; j++) {
			char name[32];
			snprintf(name, sizeof(name), "spine%u-leaf%u", i, j);
			bed_link(&bed, fabric_link_find(bed.fabric, name),
				 LINK_DOWN);
		}
	/* The leaves' BGP has noticed, their spines' news are on the way. */
	bed_run(&bed, 100 * MS);
	bed_link(&bed, fabric_link_find(bed.fabric, "leaf1-server1"),
		 LINK_DOWN);
	bed_run(&bed, NS_PER_S);
	CHECK(loopback(&bed, 0) != loopback(&bed, 1));
	CHECK(strcmp(members(&bed, "edge1", loopback(&bed, 1)), "") == 0);
	CHECK(strcmp(members(&bed, "edge1", loopback(&bed, 0)), "") == 0);
	CHECK(strcmp(members(&bed, "edge1", RIB_OF_SERVICE), "exit1 exit2") ==
	      0);
	bed_destroy(&bed);
}

/* Of more equal routes than may be used those of the lowest ports; one whose
 * carrier is gone keeps its place until BGP knows. */
static void
test_maximum_paths(void)
{
	struct routing_settings routing = lab;
	struct bed bed;

	routing.maximum_paths = 3;
	bed_create(&bed, &paper, &routing, 8);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE),
		     "leaf1 leaf2 leaf3") == 0);
	CHECK(strcmp(members(&bed, "leaf1", RIB_OF_SERVICE),
		     "server1 server2") == 0);
	bed_link(&bed, fabric_link_find(bed.fabric, "spine1-leaf2"), LINK_DOWN);
	bed_run(&bed, 3 * MS);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE), "leaf1 leaf3") ==
	      0);
	bed_run(&bed, 90 * MS);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE),
		     "leaf1 leaf3 leaf4") == 0);
	bed_link(&bed, fabric_link_find(bed.fabric, "spine1-leaf2"), LINK_UP);
	bed_run(&bed, 5 * NS_PER_S);
	CHECK(strcmp(members(&bed, "spine1", RIB_OF_SERVICE),
		     "leaf1 leaf2 leaf3") == 0);
	bed_destroy(&bed);
}
int
main(void)
{
	test_converged();
	test_table();
	test_one_way();
	test_leaf_change();
	test_maximum_paths();
	test_halves();
	test_drain();
	test_split();
	return check_done();
}
