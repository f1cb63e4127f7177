/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.c - a search from each group of servers, then a line a route
 */
#include "harness/bench/plan.h"

#include <stdint.h>
#include <stdlib.h>

#include "harness/base/exit.h"
#include "sim/engine/memory.h"
#include "sim/model/fabric.h"

#define FAR UINT32_MAX

struct plan {
	FILE *file;
	const struct fabric *fabric;
	enum plan_routes routes;
	uint32_t *distance; /* a device, to the group's nearest leaf */
	uint32_t *queue;
	uint32_t *addresses; /* a server */
};

static uint32_t
peer_of(const struct fabric *fabric, uint32_t port)
{
	return fabric->ports[fabric->ports[port].peer].device;
}

static void
dotted_print(FILE *file, uint32_t address)
{
	fprintf(file, " %u.%u.%u.%u", address >> 24, address >> 16 & 255,
		address >> 8 & 255, address & 255);
}

static void
route_print(const struct plan *plan, uint32_t device, uint32_t network,
	    uint32_t mask, uint32_t port)
{
	fprintf(plan->file, "route %u", device);
	dotted_print(plan->file, network & mask);
	dotted_print(plan->file, mask);
	fprintf(plan->file, " %u\n", plan->fabric->ports[port].link);
}

static void
group_search(const struct plan *plan, uint32_t group)
{
	const struct fabric *fabric = plan->fabric;
	uint32_t count = 0;

	for (uint32_t i = 0; i < fabric->device_count; i++)
		plan->distance[i] = FAR;
	for (uint32_t i = 0; i < fabric->settings.uplinks; i++) {
		uint32_t leaf =
			fabric_device(fabric, DEVICE_LEAF,
				      fabric_group_leaf(fabric, group, i));
		plan->distance[leaf] = 0;
		plan->queue[count++] = leaf;
	}
	for (uint32_t at = 0; at < count; at++) {
		uint32_t device = plan->queue[at];
		for (uint32_t port = fabric->port_first[device];
		     port < fabric->port_first[device + 1]; port++) {
			uint32_t next = peer_of(fabric, port);
			if (!fabric_is_router(fabric, next) ||
			    plan->distance[next] != FAR)
				continue;
			plan->distance[next] = plan->distance[device] + 1;
			plan->queue[count++] = next;
		}
	}
}

/* The which-th of the ports that lead nearer, counted round. */
static uint32_t
port_nearer(const struct plan *plan, uint32_t device, uint32_t which)
{
	const struct fabric *fabric = plan->fabric;
	uint32_t first = fabric->port_first[device], count = 0;

	for (uint32_t turn = 0; turn < 2; turn++) {
		uint32_t wanted = count > 0 ? which % count : FAR;
		count = 0;
		for (uint32_t port = first;
		     port < fabric->port_first[device + 1]; port++) {
			uint32_t next = peer_of(fabric, port);
			if (!fabric_is_router(fabric, next) ||
			    plan->distance[next] + 1 != plan->distance[device])
				continue;
			if (count++ == wanted)
				return port;
		}
	}
	return FABRIC_NONE;
}

/* The routes of one router to the servers first .. last - 1 of a group. */
static void
router_routes(const struct plan *plan, uint32_t device, uint32_t group,
	      uint32_t first, uint32_t last)
{
	const struct fabric *fabric = plan->fabric;

	if (plan->distance[device] == 0) {
		for (uint32_t port = fabric->port_first[device];
		     port < fabric->port_first[device + 1]; port++) {
			uint32_t server = peer_of(fabric, port);
			if (server >= first && server < last)
				route_print(plan, device,
					    plan->addresses[server], FAR, port);
		}
	} else if (plan->distance[device] != FAR &&
		   plan->routes == PLAN_PREFIXES) {
		route_print(plan, device, plan->addresses[first], 0xffff0000,
			    port_nearer(plan, device, group));
	} else if (plan->distance[device] != FAR) {
		for (uint32_t server = first; server < last; server++)
			route_print(plan, device, plan->addresses[server], FAR,
				    port_nearer(plan, device, server));
	}
}

static void
routes_print(const struct plan *plan)
{
	const struct fabric *fabric = plan->fabric;
	uint32_t servers = fabric->settings.servers, last;

	for (uint32_t first = 0; first < servers; first = last) {
		uint32_t group = fabric_group(fabric, first);
		for (last = first;
		     last < servers && fabric_group(fabric, last) == group;)
			last++;
		group_search(plan, group);
		for (uint32_t device = fabric->device_first[DEVICE_EDGE];
		     device < fabric->device_count; device++)
			router_routes(plan, device, group, first, last);
	}
	for (uint32_t i = 0; i < servers; i++)
		route_print(
			plan, i, 0, 0,
			fabric_port(fabric, i, i % fabric_ports(fabric, i)));
}

static void
links_print(const struct plan *plan)
{
	const struct fabric *fabric = plan->fabric;

	for (uint32_t i = 0; i < fabric->link_count; i++) {
		const struct link_settings *link =
			fabric_link_settings(fabric, i);
		const uint32_t *ports = fabric->links[i].ports;
		fprintf(plan->file, "link %u %u %llu %lld %u %u\n",
			fabric->ports[ports[0]].device,
			fabric->ports[ports[1]].device,
			(unsigned long long)link->rate_bps,
			(long long)link->delay_ns, link->queue_bytes,
			link->mtu_bytes);
	}
}

/* 10.0.0.1 and on; or 10.GROUP.0.1 and on, groups from 1. */
static void
addresses_print(const struct plan *plan)
{
	const struct fabric *fabric = plan->fabric;
	uint32_t within = 0;

	for (uint32_t i = 0; i < fabric->settings.servers; i++) {
		uint32_t group = fabric_group(fabric, i);
		within++;
		if (i > 0 && fabric_group(fabric, i - 1) != group)
			within = 1;
		plan->addresses[i] = 10U << 24;
		plan->addresses[i] += plan->routes == PLAN_HOSTS
					      ? i + 1
					      : (group + 1) << 16 | within;
		fprintf(plan->file, "host %u", i);
		dotted_print(plan->file, plan->addresses[i]);
		fputc('\n', plan->file);
	}
}

int
plan_write(FILE *file, const struct settings *settings, enum plan_routes routes)
{
	struct fabric *fabric;
	char error[256];

	if (fabric_create(&fabric, &settings->fabric, error, sizeof(error)) !=
	    0) {
		fprintf(stderr, "homeward bench: %s\n", error);
		return EXIT_RUNTIME;
	}
	struct plan plan = {
		.file = file,
		.fabric = fabric,
		.routes = routes,
		.distance = memory_zeroed(fabric->device_count, 4),
		.queue = memory_zeroed(fabric->device_count, 4),
		.addresses = memory_zeroed(fabric->settings.servers, 4),
	};
	fprintf(file, "devices %u\n", fabric->device_count);
	addresses_print(&plan);
	links_print(&plan);
	routes_print(&plan);
	free(plan.distance);
	free(plan.queue);
	free(plan.addresses);
	fabric_destroy(fabric);
	if (fflush(file) != 0 || ferror(file)) {
		perror("homeward bench: plan");
		return EXIT_RUNTIME;
	}
	return 0;
}
