/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rib.c - best paths and nexthop groups
 *
 * The converged start is not simulated: distances come from a breadth-first
 * search from the origins; in the order of distance each router's best path
 * is that of its lowest port that is one nearer; what it hears is what its
 * neighbours' best paths let them offer.
 */
#include "sim/net/rib.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"
#include "sim/net/aspath.h"

#define NO_COLUMN UINT32_MAX

struct set {
	uint32_t server; /* one of those that share it */
	uint32_t sharers;
	uint32_t *heard; /* Adj-RIB-In: a path a column */
	uint32_t *best; /* a router */
	struct ecmp *groups; /* a router */
};

struct rib {
	const struct fabric *fabric;
	struct aspaths *aspaths;
	struct routing_settings settings;
	uint32_t most; /* members of a group */

	uint8_t *flags; /* a port */
	uint32_t *column; /* a port: which of `heard`, or NO_COLUMN */
	uint32_t column_count;
	uint32_t *router_ports; /* a router */
	bool *router_up; /* a router */
	uint32_t *members; /* scratch, as many as the largest router's ports */

	struct set *sets;
	uint32_t set_count, set_capacity;
	uint32_t *set_of_server;
};

static uint32_t
set_create(struct rib *rib, uint32_t server, uint32_t sharers)
{
	uint32_t routers = rib->fabric->router_count;

	if (rib->set_count == rib->set_capacity) {
		rib->set_capacity = rib->set_capacity * 2 + 2;
		rib->sets = realloc(rib->sets,
				    rib->set_capacity * sizeof(struct set));
		if (rib->sets == NULL)
			abort();
	}

	struct set *set = &rib->sets[rib->set_count];
	*set = (struct set){ .server = server, .sharers = sharers };
	set->heard = memory_zeroed(rib->column_count, sizeof(uint32_t));
	set->best = memory_zeroed(routers, sizeof(uint32_t));
	set->groups = memory_zeroed(routers, sizeof(struct ecmp));
	for (uint32_t i = 0; i < routers; i++)
		ecmp_init(&set->groups[i], &rib->settings);
	return rib->set_count++;
}

static uint32_t
peer_device(const struct rib *rib, uint32_t port)
{
	return rib->fabric->ports[port].peer_device;
}

/* The port of a leaf that leads to a server. */
static uint32_t
server_port(const struct rib *rib, uint32_t device, uint32_t server)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t first = fabric_server_port(fabric, server);

	for (uint32_t i = 0; i < fabric->settings.uplinks; i++)
		if (peer_device(rib, first + i) == device)
			return fabric->ports[first + i].peer;
	return FABRIC_NONE;
}

/* Does the router have the route from its origin? */
static bool
set_originates(const struct rib *rib, uint32_t set, uint32_t device)
{
	const struct fabric *fabric = rib->fabric;

	if (set == RIB_OF_DEFAULT)
		return fabric_kind(fabric, device) == DEVICE_EDGE;
	if (fabric_kind(fabric, device) != DEVICE_LEAF)
		return false;
	if (set == RIB_OF_SERVICE)
		return fabric_ports(fabric, device) >
		       rib_router_ports(rib, device);
	/* A leaf may have thousands of servers, a server has four leaves. */
	return server_port(rib, device, rib->sets[set].server) != FABRIC_NONE;
}

/* Routers in the order of their distance, and the distances. */
static uint32_t
set_search(const struct rib *rib, uint32_t set, uint32_t *order,
	   uint32_t *distance)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t edge = fabric->device_first[DEVICE_EDGE];
	uint32_t count = 0;

	for (uint32_t i = 0; i < fabric->router_count; i++) {
		distance[i] = UINT32_MAX;
		if (set_originates(rib, set, edge + i)) {
			distance[i] = 0;
			order[count++] = i;
		}
	}
	for (uint32_t at = 0; at < count; at++) {
		uint32_t router = order[at];
		uint32_t port = fabric->port_first[edge + router];
		for (uint32_t i = 0; i < rib->router_ports[router]; i++) {
			uint32_t next = peer_device(rib, port + i) - edge;
			if (distance[next] != UINT32_MAX)
				continue;
			distance[next] = distance[router] + 1;
			order[count++] = next;
		}
	}
	return count;
}

static void
set_converge(struct rib *rib, uint32_t set)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t edge = fabric->device_first[DEVICE_EDGE];
	uint32_t routers = fabric->router_count;
	uint32_t *order = memory_zeroed(routers, sizeof(uint32_t));
	uint32_t *distance = memory_zeroed(routers, sizeof(uint32_t));
	uint32_t *best = rib->sets[set].best;
	uint32_t count = set_search(rib, set, order, distance);

	for (uint32_t at = 0; at < count; at++) {
		uint32_t router = order[at];
		uint32_t port = fabric->port_first[edge + router];
		if (distance[router] == 0) {
			best[router] = set == RIB_OF_DEFAULT ? ASPATH_LOCAL
							     : ASPATH_SERVER;
			continue;
		}
		uint32_t next = peer_device(rib, port) - edge;
		while (distance[next] != distance[router] - 1)
			next = peer_device(rib, ++port) - edge;
		best[router] =
			aspath_prepend(rib->aspaths, edge + next, best[next]);
	}
	for (uint32_t router = 0; router < routers; router++) {
		uint32_t port = fabric->port_first[edge + router];
		for (uint32_t i = 0; i < rib->router_ports[router]; i++) {
			uint32_t from = peer_device(rib, port + i);
			rib_hear(rib, set, port + i,
				 rib_offer(rib, from, best[from - edge],
					   edge + router));
		}
	}
	for (uint32_t router = 0; router < routers; router++) {
		uint32_t searched;
		uint32_t chosen = rib_decide(rib, set, edge + router,
					     (struct instant){ 0 }, &searched);
		assert(chosen == searched);
	}
	free(order);
	free(distance);
}

static void
ports_number(struct rib *rib)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t most = 0;

	for (uint32_t device = 0; device < fabric->device_count; device++) {
		uint32_t first = fabric->port_first[device];
		uint32_t count = fabric_ports(fabric, device);
		if (count > most)
			most = count;
		for (uint32_t i = 0; i < count; i++) {
			uint32_t peer = peer_device(rib, first + i);
			uint8_t *flags = &rib->flags[first + i];
			rib->column[first + i] = NO_COLUMN;
			*flags = RIB_UP;
			if (!fabric_is_router(fabric, device)) {
				*flags |= RIB_DEFAULT;
				continue;
			}
			if (!fabric_is_router(fabric, peer)) {
				if (fabric_kind(fabric, peer) == DEVICE_SERVER)
					*flags |= RIB_SERVICE;
				continue;
			}
			uint32_t router = fabric_router(fabric, device);
			rib->router_ports[router]++;
			rib->column[first + i] = rib->column_count++;
		}
	}
	rib->members = memory_zeroed(most, sizeof(uint32_t));
}

struct rib *
rib_create(const struct fabric *fabric, const struct routing_settings *settings)
{
	struct rib *rib = memory_zeroed(1, sizeof(*rib));
	uint32_t servers = fabric->settings.servers;

	rib->fabric = fabric;
	rib->aspaths = aspaths_create();
	rib->settings = *settings;
	rib->most = settings->maximum_paths > 0 ? settings->maximum_paths
						: UINT32_MAX;
	rib->flags = memory_zeroed(fabric->port_count, 1);
	rib->column = memory_zeroed(fabric->port_count, sizeof(uint32_t));
	rib->router_ports =
		memory_zeroed(fabric->router_count, sizeof(uint32_t));
	rib->router_up = memory_zeroed(fabric->router_count, sizeof(bool));
	for (uint32_t i = 0; i < fabric->router_count; i++)
		rib->router_up[i] = true;
	rib->set_of_server = memory_zeroed(servers, sizeof(uint32_t));
	ports_number(rib);

	set_converge(rib, set_create(rib, FABRIC_NONE, 0));
	set_converge(rib, set_create(rib, FABRIC_NONE, 0));
	for (uint32_t first = 0; first < servers;) {
		uint32_t group = fabric_group(fabric, first), next = first;
		while (next < servers && fabric_group(fabric, next) == group)
			rib->set_of_server[next++] = rib->set_count;
		set_converge(rib, set_create(rib, first, next - first));
		first = next;
	}
	return rib;
}

void
rib_destroy(struct rib *rib)
{
	if (rib == NULL)
		return;
	for (uint32_t i = 0; i < rib->set_count; i++) {
		for (uint32_t j = 0; j < rib->fabric->router_count; j++)
			ecmp_free(&rib->sets[i].groups[j]);
		free(rib->sets[i].groups);
		free(rib->sets[i].heard);
		free(rib->sets[i].best);
	}
	aspaths_destroy(rib->aspaths);
	free(rib->flags);
	free(rib->column);
	free(rib->router_ports);
	free(rib->router_up);
	free(rib->members);
	free(rib->sets);
	free(rib->set_of_server);
	free(rib);
}

size_t
rib_bytes(const struct rib *rib)
{
	const struct fabric *fabric = rib->fabric;
	size_t set =
		rib->column_count * sizeof(uint32_t) +
		fabric->router_count * (sizeof(uint32_t) + sizeof(struct ecmp));

	return fabric->port_count * (1 + sizeof(uint32_t)) +
	       fabric->router_count * (sizeof(uint32_t) + sizeof(bool)) +
	       fabric->settings.servers * sizeof(uint32_t) +
	       rib->set_count * (sizeof(struct set) + set);
}

uint32_t
rib_count(const struct rib *rib)
{
	return rib->set_count;
}

uint32_t
rib_of_server(const struct rib *rib, uint32_t server)
{
	return rib->set_of_server[server];
}

bool
rib_own(struct rib *rib, uint32_t server, uint32_t *shared)
{
	uint32_t from = rib->set_of_server[server];

	if (rib->sets[from].sharers == 1)
		return false;

	uint32_t to = set_create(rib, server, 1);
	uint32_t routers = rib->fabric->router_count;
	const struct set *source = &rib->sets[from];
	struct set *copy = &rib->sets[to];
	memcpy(copy->heard, source->heard,
	       rib->column_count * sizeof(uint32_t));
	memcpy(copy->best, source->best, routers * sizeof(uint32_t));
	for (uint32_t i = 0; i < routers; i++)
		ecmp_copy(&copy->groups[i], &source->groups[i]);
	rib->set_of_server[server] = to;

	/* The others need a server whose ports stand for theirs. */
	uint32_t other = rib->sets[from].server;
	if (other == server)
		while (rib->set_of_server[other] != from)
			other++;
	rib->sets[from].server = other;
	rib->sets[from].sharers--;
	*shared = from;
	return true;
}

uint8_t *
rib_port(struct rib *rib, uint32_t port)
{
	return &rib->flags[port];
}

uint8_t
rib_port_flags(const struct rib *rib, uint32_t port)
{
	return rib->flags[port];
}

void
rib_router_set(struct rib *rib, uint32_t device, bool up)
{
	rib->router_up[fabric_router(rib->fabric, device)] = up;
}

uint32_t
rib_router_ports(const struct rib *rib, uint32_t device)
{
	return rib->router_ports[fabric_router(rib->fabric, device)];
}

void
rib_hear(struct rib *rib, uint32_t set, uint32_t port, uint32_t path)
{
	assert(rib->column[port] != NO_COLUMN);
	rib->sets[set].heard[rib->column[port]] = path;
}

uint32_t
rib_heard(const struct rib *rib, uint32_t set, uint32_t port)
{
	return rib->sets[set].heard[rib->column[port]];
}

/* The choice in the making. */
struct choice {
	uint32_t best, length;
	uint32_t installed; /* by BGP: members, and those that are dead */
	uint32_t count; /* of members */
};

static void
consider(struct rib *rib, struct choice *choice, uint32_t port, uint32_t member,
	 uint32_t path)
{
	if (path == ASPATH_NONE || !(rib->flags[port] & RIB_UP))
		return;

	uint32_t length = aspath_length(rib->aspaths, path);
	if (length > choice->length)
		return;
	if (length < choice->length) {
		choice->best = path;
		choice->length = length;
		choice->installed = 0;
		choice->count = 0;
	}
	if (choice->installed == rib->most)
		return;
	choice->installed++;
	if (!(rib->flags[port] & RIB_DEAD))
		rib->members[choice->count++] = member;
}

static void
consider_servers(struct rib *rib, struct choice *choice, uint32_t set,
		 uint32_t device)
{
	const struct fabric *fabric = rib->fabric;

	if (set == RIB_OF_SERVICE) {
		for (uint32_t port = fabric->port_first[device] +
				     rib_router_ports(rib, device);
		     port < fabric->port_first[device + 1]; port++)
			if (rib->flags[port] & RIB_SERVICE)
				consider(rib, choice, port, port,
					 ASPATH_SERVER);
		return;
	}

	uint32_t server = rib->sets[set].server;
	for (uint32_t port = fabric->port_first[server];
	     port < fabric->port_first[server + 1]; port++)
		if (peer_device(rib, port) == device)
			consider(rib, choice, fabric->ports[port].peer,
				 RIB_DIRECT, ASPATH_SERVER);
}

uint32_t
rib_decide(struct rib *rib, uint32_t set, uint32_t device, struct instant now,
	   uint32_t *old)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t router = fabric_router(fabric, device);
	struct choice choice = { .best = ASPATH_NONE, .length = UINT32_MAX };

	if (rib->router_up[router]) {
		enum device_kind kind = fabric_kind(fabric, device);
		uint32_t first = fabric->port_first[device];

		if (kind == DEVICE_EDGE && set == RIB_OF_DEFAULT) {
			choice.best = ASPATH_LOCAL;
			choice.length = 0;
		}
		for (uint32_t i = 0; i < rib->router_ports[router]; i++)
			consider(rib, &choice, first + i, first + i,
				 rib_heard(rib, set, first + i));
		if (kind == DEVICE_LEAF && set != RIB_OF_DEFAULT)
			consider_servers(rib, &choice, set, device);
	}
	ecmp_set(&rib->sets[set].groups[router], rib->members, choice.count,
		 now);
	*old = rib->sets[set].best[router];
	rib->sets[set].best[router] = choice.best;
	return choice.best;
}

uint32_t
rib_best(const struct rib *rib, uint32_t set, uint32_t device)
{
	return rib->sets[set].best[fabric_router(rib->fabric, device)];
}

uint32_t
rib_offer(struct rib *rib, uint32_t device, uint32_t best, uint32_t neighbour)
{
	if (best == ASPATH_NONE ||
	    aspath_contains(rib->aspaths, best, neighbour))
		return ASPATH_NONE;
	return aspath_prepend(rib->aspaths, device, best);
}

uint32_t
rib_distance(const struct rib *rib, uint32_t set, uint32_t device)
{
	return aspath_length(rib->aspaths, rib_best(rib, set, device));
}

const struct ecmp *
rib_group(const struct rib *rib, uint32_t set, uint32_t device)
{
	return &rib->sets[set].groups[fabric_router(rib->fabric, device)];
}

void
rib_prefetch(const struct rib *rib, uint32_t server)
{
	__builtin_prefetch(&rib->set_of_server[server]);
	__builtin_prefetch(
		&rib->flags[fabric_server_port(rib->fabric, server)]);
}

uint32_t
rib_route(const struct rib *rib, uint32_t device, uint32_t target,
	  uint64_t hash, struct instant now, bool use)
{
	const struct fabric *fabric = rib->fabric;
	uint32_t index = TARGET_INDEX(target), set = RIB_OF_SERVICE;

	switch (TARGET_KIND(target)) {
	case TARGET_SERVICE:
		break;
	case TARGET_SERVER:
		set = rib->set_of_server[index];
		break;
	case TARGET_CLIENT:
		set = RIB_OF_DEFAULT;
		if (device == fabric->device_first[DEVICE_EDGE]) {
			/* Connected: behind the ports to the exits. */
			uint32_t port = fabric->port_first[device] +
					fabric->settings.exits + index;
			return rib->flags[port] & RIB_DEAD ? FABRIC_NONE : port;
		}
		break;
	default:
		return FABRIC_NONE;
	}

	uint32_t member =
		ecmp_choose(rib_group(rib, set, device), hash, now, use);
	if (member == RIB_DIRECT)
		return server_port(rib, device, index);
	return member; /* ECMP_NONE is FABRIC_NONE */
}
