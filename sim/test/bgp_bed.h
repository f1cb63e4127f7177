/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp_bed.h - a fabric with BGP and nothing else, and the converged state as an
 * oracle
 *
 * The oracle knows nothing of RIBs: a breadth-first search over the links that
 * are up gives every router's distance to a prefix's origins, its group must be
 * exactly its neighbours that are one nearer, and its best path the best path
 * of the first of them. So after any number of faults everything is as if it
 * had been computed anew.
 */
#ifndef SIM_TEST_BGP_BED_H
#define SIM_TEST_BGP_BED_H

#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/net/bgp.h"
#include "sim/test/measured_routing.h"

#define MS NS_PER_MS

static const struct routing_settings lab = MEASURED_ROUTING;

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

static inline void
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

static inline void
bed_destroy(struct bed *bed)
{
	bgp_destroy(bed->bgp);
	queue_destroy(bed->queue);
	fabric_destroy(bed->fabric);
	free(bed->asked);
	free(bed->device_up);
	free(bed->announced);
}

static inline void
bed_run(struct bed *bed, int64_t duration_ns)
{
	struct instant until =
		instant_after(queue_now(bed->queue), duration_ns);
	struct event event;

	while (queue_next(bed->queue, until, &event))
		bgp_event(bed->bgp, &event);
}

static inline enum link_state
bed_link_state(const struct bed *bed, uint32_t link)
{
	for (int i = 0; i < 2; i++) {
		uint32_t port = bed->fabric->links[link].ports[i];
		if (!bed->device_up[bed->fabric->ports[port].device])
			return LINK_DOWN;
	}
	return bed->asked[link];
}

static inline void
bed_link(struct bed *bed, uint32_t link, enum link_state state)
{
	bed->asked[link] = state;
	bgp_link(bed->bgp, link, bed_link_state(bed, link));
}

static inline void
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

static inline uint32_t
bed_find(const struct bed *bed, const char *name)
{
	return fabric_find(bed->fabric, name, strlen(name));
}

/* Names of the devices behind a router's group, in the order of its ports. */
static inline const char *
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

static inline uint32_t
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

/* ---- the oracle ---- */

/* Distance of every device to the origins of a prefix over links that are
 * up; hosts are no transit. Origins have 0, and their number is returned. */
static inline void
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
static inline bool
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
static inline bool
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
static inline bool
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

static inline bool
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

#endif
