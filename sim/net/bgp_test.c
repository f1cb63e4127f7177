/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp_test.c - the lab's table, and the converged state as an oracle
 *
 * The oracle knows nothing of RIBs: a breadth-first search over the links that
 * are up gives every router's distance to a prefix's origins, its group must be
 * exactly its neighbours that are one nearer, and its best path the best path
 * of the first of them. So after any number of faults everything is as if it
 * had been computed anew.
 */
#include "sim/net/bgp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/rng.h"
#include "core/test/check.h"

#define MS NS_PER_MS

static const struct routing_settings lab = {
	.ecmp = ECMP_HASH_THRESHOLD,
	.resilient_buckets = 128,
	.detection = DETECTION_BFD,
	.reroute = { 800000, 2100000 },
	.local = { 78 * MS, 82 * MS },
	.hop = { 49500000, 50500000 },
	.bfd = { 167 * MS, 212 * MS },
	.hold = { 2650 * MS, 2670 * MS },
	.restore = { 900 * MS, 1100 * MS },
};

struct bed {
	struct fabric *fabric;
	struct queue *queue;
	struct bgp *bgp;
	/* What the test has done, for the oracle. */
	enum link_state *asked;
	bool *device_up, *announced;
	uint32_t most; /* members of a group */
	uint32_t last_link;
};

static void
bed_create(struct bed *bed, const struct fabric_settings *settings,
	   const struct routing_settings *routing, uint64_t seed)
{
	char error[128];
	struct fabric_settings copy = *settings;
	struct link_settings *links[] = { &copy.client_link, &copy.edge_link,
					  &copy.fabric_link,
					  &copy.server_link };

	for (int i = 0; i < 4; i++)
		links[i]->mtu_bytes = 1600;
	CHECK(fabric_create(&bed->fabric, &copy, error, sizeof(error)) == 0);
	bed->queue = queue_create();
	bed->bgp = bgp_create(bed->fabric, routing, seed, bed->queue);
	bed->asked = calloc(bed->fabric->link_count, sizeof(bed->asked[0]));
	bed->device_up = malloc(bed->fabric->device_count);
	bed->announced = malloc(settings->servers);
	bed->last_link = 0;
	bed->most = routing->maximum_paths > 0 ? routing->maximum_paths
					       : UINT32_MAX;
	if (!bed->asked || !bed->device_up || !bed->announced)
		abort();
	memset(bed->device_up, 1, bed->fabric->device_count);
	memset(bed->announced, 1, settings->servers);
}

static void
bed_destroy(struct bed *bed)
{
	bgp_destroy(bed->bgp);
	queue_destroy(bed->queue);
	fabric_destroy(bed->fabric);
	free(bed->asked);
	free(bed->device_up);
	free(bed->announced);
}

static void
bed_run(struct bed *bed, int64_t duration_ns)
{
	struct instant until =
		instant_after(queue_now(bed->queue), duration_ns);
	struct event event;

	while (queue_next(bed->queue, until, &event))
		bgp_event(bed->bgp, &event);
}

static enum link_state
bed_link_state(const struct bed *bed, uint32_t link)
{
	for (int i = 0; i < 2; i++) {
		uint32_t port = bed->fabric->links[link].ports[i];
		if (!bed->device_up[bed->fabric->ports[port].device])
			return LINK_DOWN;
	}
	return bed->asked[link];
}

static void
bed_link(struct bed *bed, uint32_t link, enum link_state state)
{
	bed->asked[link] = state;
	bgp_link(bed->bgp, link, bed_link_state(bed, link));
}

static void
bed_device(struct bed *bed, uint32_t device, bool up)
{
	const struct fabric *fabric = bed->fabric;

	if (bed->device_up[device] == up)
		return;
	bed->device_up[device] = up;
	bgp_device(bed->bgp, device, up);
	for (uint32_t port = fabric->port_first[device];
	     port < fabric->port_first[device + 1]; port++)
		bgp_link(bed->bgp, fabric->ports[port].link,
			 bed_link_state(bed, fabric->ports[port].link));
}

static uint32_t
bed_find(const struct bed *bed, const char *name)
{
	return fabric_find(bed->fabric, name, strlen(name));
}

/* Names of the devices behind a router's group, in the order of its ports. */
static const char *
members(const struct bed *bed, const char *router, uint32_t set)
{
	static char text[256];
	const struct fabric *fabric = bed->fabric;
	const struct ecmp *group =
		rib_group(bgp_rib(bed->bgp), set, bed_find(bed, router));

	text[0] = '\0';
	for (uint32_t i = 0; i < group->count; i++) {
		const char *name = "direct";
		if (group->members[i] != RIB_DIRECT) {
			uint32_t peer = fabric->ports[group->members[i]].peer;
			name = fabric->names[fabric->ports[peer].device];
		}
		if (i > 0)
			strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, name, sizeof(text) - strlen(text) - 1);
	}
	return text;
}

static uint32_t
loopback(const struct bed *bed, uint32_t server)
{
	return rib_of_server(bgp_rib(bed->bgp), server);
}

static const struct fabric_settings paper = {
	.exits = 2,
	.spines = 2,
	.leaves = 4,
	.pods = 1,
	.servers = 4,
	.uplinks = 2,
	.clients = 1,
};

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

static bool converged(const struct bed *bed);

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

/* ---- the oracle ---- */

/* Distance of every device to the origins of a prefix over links that are
 * up; hosts are no transit. Origins have 0, and their number is returned. */
static void
oracle_distance(const struct bed *bed, const bool *origin, uint32_t *distance)
{
	const struct fabric *fabric = bed->fabric;
	bool changed = true;

	for (uint32_t i = 0; i < fabric->device_count; i++)
		distance[i] = origin[i] && bed->device_up[i] ? 0 : UINT32_MAX;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < fabric->port_count; i++) {
			uint32_t a = fabric->ports[i].device;
			uint32_t b =
				fabric->ports[fabric->ports[i].peer].device;
			bool from_origin = distance[a] == 0;
			if (distance[a] == UINT32_MAX ||
			    !(from_origin || fabric_is_router(fabric, a)) ||
			    bed_link_state(bed, fabric->ports[i].link) !=
				    LINK_UP ||
			    distance[b] <= distance[a] + 1)
				continue;
			distance[b] = distance[a] + 1;
			changed = true;
		}
	}
}

/* Is a router's best path as long as it should be, and that of its group's
 * first member? */
static bool
oracle_best(const struct bed *bed, uint32_t set, uint32_t device,
	    uint32_t distance)
{
	/* An offer of a path that is known changes nothing. */
	struct rib *rib = (struct rib *)(uintptr_t)bgp_rib(bed->bgp);
	const struct fabric *fabric = bed->fabric;
	const struct ecmp *group = rib_group(rib, set, device);
	uint32_t best = rib_best(rib, set, device);

	if (rib_distance(rib, set, device) != distance)
		return false;
	if (group->count == 0 || group->members[0] == RIB_DIRECT)
		return true;

	uint32_t port = group->members[0];
	uint32_t peer = fabric->ports[port].peer_device;
	if (!fabric_is_router(fabric, peer))
		return true;
	return rib_heard(rib, set, port) == best &&
	       rib_offer(rib, peer, rib_best(rib, set, peer), device) == best;
}

/* Do all routers' groups hold exactly the neighbours one nearer? */
static bool
oracle_agrees(const struct bed *bed, uint32_t set, uint32_t server,
	      const uint32_t *distance)
{
	const struct fabric *fabric = bed->fabric;

	for (uint32_t d = fabric->device_first[DEVICE_EDGE];
	     d < fabric->device_count; d++) {
		const struct ecmp *group = rib_group(bgp_rib(bed->bgp), set, d);
		uint32_t at = 0;
		for (uint32_t p = fabric->port_first[d];
		     p < fabric->port_first[d + 1]; p++) {
			uint32_t peer =
				fabric->ports[fabric->ports[p].peer].device;
			bool nearer =
				distance[d] != UINT32_MAX && distance[d] > 0 &&
				distance[peer] == distance[d] - 1 &&
				(fabric_is_router(fabric, peer) ||
				 distance[peer] == 0) &&
				bed_link_state(bed, fabric->ports[p].link) ==
					LINK_UP;
			if (!nearer || at == bed->most)
				continue;
			uint32_t want = set != RIB_OF_DEFAULT &&
							server != FABRIC_NONE &&
							peer == server
						? RIB_DIRECT
						: p;
			if (at >= group->count || group->members[at] != want)
				return false;
			at++;
		}
		if (at != group->count ||
		    !oracle_best(bed, set, d, distance[d]))
			return false;
	}
	return true;
}

/* Has a leaf a link to a spine? */
static bool
oracle_uplink(const struct bed *bed, uint32_t leaf)
{
	const struct fabric *fabric = bed->fabric;

	for (uint32_t p = fabric->port_first[leaf];
	     p < fabric->port_first[leaf + 1]; p++)
		if (fabric_is_router(fabric, fabric->ports[p].peer_device) &&
		    bed_link_state(bed, fabric->ports[p].link) == LINK_UP)
			return true;
	return false;
}

static bool
converged(const struct bed *bed)
{
	const struct fabric *fabric = bed->fabric;
	uint32_t servers = fabric->settings.servers;
	uint32_t *distance = calloc(fabric->device_count, sizeof(distance[0]));
	bool *origin = calloc(fabric->device_count, sizeof(origin[0]));
	bool right = true;

	for (uint32_t i = 0; i < servers; i++)
		origin[i] = bed->announced[i];
	oracle_distance(bed, origin, distance);
	right = right &&
		oracle_agrees(bed, RIB_OF_SERVICE, FABRIC_NONE, distance);
	memset(origin, 0, fabric->device_count * sizeof(origin[0]));
	for (uint32_t i = 0; i < servers; i++) {
		origin[i] = true;
		oracle_distance(bed, origin, distance);
		right = right &&
			oracle_agrees(bed, loopback(bed, i), i, distance);
		origin[i] = false;
	}
	origin[fabric->device_first[DEVICE_EDGE]] = true;
	oracle_distance(bed, origin, distance);
	right = right &&
		oracle_agrees(bed, RIB_OF_DEFAULT, FABRIC_NONE, distance);
	for (uint32_t i = 0; i < servers; i++)
		for (uint32_t j = 0; j < fabric->settings.uplinks; j++) {
			uint32_t port = fabric->port_first[i] + j;
			uint32_t leaf =
				fabric->ports[fabric->ports[port].peer].device;
			bool want =
				oracle_uplink(bed, leaf) &&
				bed_link_state(bed, fabric->ports[port].link) ==
					LINK_UP;
			bool have = bgp_uplinks(bed->bgp, i) >> j & 1;
			right = right && want == have;
		}
	free(distance);
	free(origin);
	return right;
}

/* Mend what is broken, the which-th of all; how many there were. */
static uint32_t
mend(struct bed *bed, uint32_t which)
{
	const struct fabric *fabric = bed->fabric;
	uint32_t count = 0;

	for (uint32_t i = 0; i < fabric->link_count; i++)
		if (bed->asked[i] != LINK_UP && count++ == which)
			bed_link(bed, i, LINK_UP);
	for (uint32_t i = 0; i < fabric->device_count; i++)
		if (!bed->device_up[i] && count++ == which)
			bed_device(bed, i, true);
	for (uint32_t i = 0; i < fabric->settings.servers; i++)
		if (!bed->announced[i] && count++ == which) {
			bed->announced[i] = true;
			bgp_announce(bed->bgp, i, true);
		}
	return count;
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

/* Something breaks, or is mended: the more of it, the more is broken. */
static void
act(struct bed *bed, struct rng *rng)
{
	const struct fabric *fabric = bed->fabric;
	uint32_t link = (uint32_t)rng_below(rng, fabric->link_count);
	uint32_t broken = mend(bed, UINT32_MAX);

	if (rng_below(rng, broken + 4) >= 4) {
		(void)mend(bed, (uint32_t)rng_below(rng, broken));
		return;
	}

	/* Often the same again: flaps are where epochs matter. */
	if (rng_below(rng, 2))
		link = bed->last_link;
	bed->last_link = link;
	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
	case 2:
		bed_link(bed, link, LINK_DOWN);
		break;
	case 3:
		bed_link(bed, link,
			 (enum link_state)(LINK_SILENT + rng_below(rng, 3)));
		break;
	case 4:
	case 5:
		bed_link(bed, link, LINK_UP);
		break;
	case 6: {
		uint32_t device =
			fabric->settings.servers + fabric->settings.clients;
		if (rng_below(rng, 2))
			device +=
				(uint32_t)rng_below(rng, fabric->router_count);
		else
			device = (uint32_t)rng_below(rng,
						     fabric->settings.servers);
		bed_device(bed, device, !bed->device_up[device]);
		break;
	}
	default: {
		uint32_t server =
			(uint32_t)rng_below(rng, fabric->settings.servers);
		bed->announced[server] = !bed->announced[server];
		bgp_announce(bed->bgp, server, bed->announced[server]);
		break;
	}
	}
}

static bool
all_restored(struct bed *bed, const struct bgp *fresh)
{
	const struct fabric *fabric = bed->fabric;

	for (uint32_t i = 0; i < fabric->device_count; i++)
		bed_device(bed, i, true);
	for (uint32_t i = 0; i < fabric->link_count; i++)
		bed_link(bed, i, LINK_UP);
	for (uint32_t i = 0; i < fabric->settings.servers; i++) {
		bed->announced[i] = true;
		bgp_announce(bed->bgp, i, true);
	}
	bed_run(bed, 60 * NS_PER_S);

	const struct rib *now = bgp_rib(bed->bgp), *then = bgp_rib(fresh);
	for (uint32_t p = 0; p < fabric->port_count; p++)
		if (rib_port_flags(now, p) != rib_port_flags(then, p))
			return false;
	for (uint32_t d = fabric->device_first[DEVICE_EDGE];
	     d < fabric->device_count; d++)
		for (uint32_t i = 0; i < fabric->settings.servers; i++)
			if (rib_distance(now, rib_of_server(now, i), d) !=
			    rib_distance(then, rib_of_server(then, i), d))
				return false;
	return converged(bed);
}

static void
test_walk(const struct fabric_settings *settings, uint64_t seed, int rounds)
{
	struct bed bed;
	struct rng rng;
	struct routing_settings routing = lab;

	routing.ecmp = seed % 2 ? ECMP_RESILIENT : ECMP_HASH_THRESHOLD;
	if (seed % 5 == 0)
		routing.maximum_paths = 1 + (uint32_t)(seed / 5 % 2);
	if (seed % 3 == 0)
		routing.restore = (struct span){ 0, 100 * MS };
	/* Sessions are back before what was said in the last ones is read. */
	if (seed % 3 == 1) {
		routing.reroute = (struct span){ 0, MS };
		routing.local = (struct span){ 0, 2 * MS };
		routing.bfd = (struct span){ 0, 20 * MS };
		routing.restore = (struct span){ 0, 2 * MS };
	}
	if (seed % 4 == 0)
		routing.detection = DETECTION_HOLD;
	bed_create(&bed, settings, &routing, seed);
	struct bgp *fresh = bgp_create(bed.fabric, &routing, seed, bed.queue);
	rng_init(&rng, seed, 77);
	CHECK(converged(&bed));
	for (int round = 0; round < rounds; round++) {
		uint64_t acts = 1 + rng_below(&rng, 12);
		for (uint64_t i = 0; i < acts; i++) {
			act(&bed, &rng);
			/* Into the middle of what the last one caused. */
			bed_run(&bed, (int64_t)rng_below(&rng, 300 * MS) >>
					      rng_below(&rng, 10));
		}
		bed_run(&bed, 60 * NS_PER_S);
		bool right = converged(&bed);
		CHECK(right);
		if (!right) {
			fprintf(stderr, "seed %llu round %d\n",
				(unsigned long long)seed, round);
			break;
		}
	}
	CHECK(all_restored(&bed, fresh));
	bgp_destroy(fresh);
	bed_destroy(&bed);
}

/* One fault after another, all of them at its end as if computed anew. */
static void
test_faults(const struct fabric_settings *settings, uint64_t seed, int faults)
{
	struct bed bed;
	struct rng rng;
	int wrong = 0;

	bed_create(&bed, settings, &lab, seed);
	rng_init(&rng, seed, 78);
	for (int i = 0; i < faults; i++) {
		act(&bed, &rng);
		bed_run(&bed, 60 * NS_PER_S);
		wrong += !converged(&bed);
	}
	CHECK(wrong == 0);
	/* Else nothing was left to break. */
	CHECK(bgp_updates(bed.bgp) > 8 * (uint64_t)faults);
	bed_destroy(&bed);
}

static void
measure(uint32_t servers, uint32_t leaves, uint32_t spines)
{
	const struct fabric_settings big = {
		.exits = 4,
		.spines = spines,
		.leaves = leaves,
		.pods = 1,
		.servers = servers,
		.uplinks = 2,
		.clients = 16,
	};
	struct bed bed;
	clock_t start = clock();

	setvbuf(stdout, NULL, _IOLBF, 0);
	bed_create(&bed, &big, &lab, 1);
	printf("%u servers on %u leaves: start %.3f s\n", servers, leaves,
	       (double)(clock() - start) / CLOCKS_PER_SEC);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t updates = bgp_updates(bed.bgp);
		start = clock();
		for (uint32_t j = 0; j < 10; j++) {
			uint32_t server = (j * 7919 + 5) % servers;
			bed_device(&bed, server, false);
			bed_run(&bed, 5 * NS_PER_S);
			bed_device(&bed, server, true);
			bed_run(&bed, 5 * NS_PER_S);
		}
		printf("a server crashes and returns: %.3f ms, %llu updates\n",
		       (double)(clock() - start) * 100 / CLOCKS_PER_SEC,
		       (unsigned long long)(bgp_updates(bed.bgp) - updates) /
			       10);
	}
	start = clock();
	bed_device(&bed, bed_find(&bed, "spine1"), false);
	bed_run(&bed, 10 * NS_PER_S);
	printf("spine1 dies: %.3f s, %llu updates\n",
	       (double)(clock() - start) / CLOCKS_PER_SEC,
	       (unsigned long long)bgp_updates(bed.bgp));
	start = clock();
	bed_device(&bed, bed_find(&bed, "leaf1"), false);
	bed_run(&bed, 10 * NS_PER_S);
	bed_device(&bed, bed_find(&bed, "leaf1"), true);
	bed_device(&bed, bed_find(&bed, "spine1"), true);
	bed_run(&bed, 10 * NS_PER_S);
	printf("leaf1 too, then both return: %.3f s, %llu updates\n",
	       (double)(clock() - start) / CLOCKS_PER_SEC,
	       (unsigned long long)bgp_updates(bed.bgp));
	bed_destroy(&bed);
}

int
main(int argc, char **argv)
{
	if (argc > 3) {
		measure((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]),
			(uint32_t)atoi(argv[3]));
		return 0;
	}

	const struct fabric_settings pods = {
		.exits = 2,
		.spines = 2,
		.leaves = 3,
		.pods = 2,
		.servers = 9,
		.uplinks = 2,
		.clients = 2,
	};
	const struct fabric_settings four = {
		.exits = 1,
		.spines = 3,
		.leaves = 4,
		.pods = 1,
		.servers = 6,
		.uplinks = 4,
		.clients = 1,
	};
	test_converged();
	test_table();
	test_one_way();
	test_leaf_change();
	test_maximum_paths();
	test_halves();
	test_drain();
	test_split();
	for (uint64_t seed = 1; seed <= 12; seed++) {
		test_walk(&paper, seed, 25);
		test_walk(&pods, seed + 100, 15);
		test_walk(&four, seed + 200, 10);
	}
	test_faults(&paper, 301, 4000);
	test_faults(&pods, 302, 4000);
	test_faults(&four, 303, 2000);
	return check_done();
}
