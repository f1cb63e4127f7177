/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_query.c - where a packet would go now, and who is called what
 *
 * Nothing here changes the network.
 */
#include <stdio.h>
#include <string.h>

#include "core/wire/build.h"
#include "sim/engine/memory_report.h"
#include "sim/net/network_state.h"
#include "sim/net/walk.h"

uint32_t
network_path(const struct network *network, uint32_t device,
	     const uint8_t *bytes, uint32_t size, uint32_t *links,
	     uint32_t capacity, uint32_t *last)
{
	const struct fabric *fabric = network->fabric;
	struct packet packet;
	uint32_t count = 0;

	*last = FABRIC_NONE;
	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !network->device_up[device])
		return 0;

	uint32_t target = network_target(network, &packet);
	uint64_t digest = ecmp_digest(&network->digest_key, &packet);
	if (network->bgp == NULL) {
		uint32_t to = uniform_route(network->uniform, target, digest,
					    queue_now(network->queue), false);
		if (to != FABRIC_NONE && network->device_up[to])
			*last = to;
		return 0;
	}

	uint32_t port = network_uplink(network, device, UINT8_MAX, digest);
	while (port != FABRIC_NONE && count < packet.ttl &&
	       network_port_state(network, port) == LINK_UP) {
		const struct walk_load load = {
			.digest = digest,
			.target = target,
			.ttl = packet.ttl - count,
		};
		struct walk walk;
		walk_trace(network, &walk, port, &load);
		for (uint32_t i = 0; i < walk.count; i++, count++)
			if (count < capacity)
				links[count] =
					fabric->ports[walk.ports[i]].link;
		device = fabric->ports[walk.end].device;
		if (!fabric_is_router(fabric, device)) {
			if (!network_here(fabric, device, target))
				return 0;
			*last = device;
			return count;
		}
		/* A walk ends early where something is wrong, or because it is
		 * long. */
		port = bgp_route(network->bgp, device, target,
				 network_hash(network, device, digest));
	}
	return 0;
}

bool
network_routed(const struct network *network, uint32_t device,
	       const struct address *address)
{
	uint32_t target = network->foreign_services == NULL
				  ? fabric_target(network->fabric, address)
				  : foreign_services_address_target(
					    network->foreign_services,
					    network->fabric, address);

	if (!network->device_up[device])
		return false;
	if (network_here(network->fabric, device, target))
		return true;
	if (network->bgp != NULL)
		return bgp_uplinks(network->bgp, device) != 0;

	uint32_t to = uniform_route(network->uniform, target, 0,
				    queue_now(network->queue), false);
	return to != FABRIC_NONE && network->device_up[to];
}

uint64_t
network_routes(const struct network *network)
{
	return network->route_changes + 1;
}

/* Has a leaf behind one of the server's uplinks a route to the loopback? */
static bool
routed_by_leaf(const struct network *network, uint32_t server, uint32_t other)
{
	const struct fabric *fabric = network->fabric;
	uint32_t uplinks = bgp_uplinks(network->bgp, server);
	uint32_t target = TARGET(TARGET_SERVER, other);

	for (; uplinks != 0; uplinks &= uplinks - 1) {
		uint32_t port = fabric->port_first[server] +
				(uint32_t)__builtin_ctz(uplinks);
		uint32_t leaf = fabric->ports[fabric->ports[port].peer].device;

		if (bgp_route(network->bgp, leaf, target, 0) != FABRIC_NONE)
			return true;
	}
	return false;
}

uint32_t
network_members(const struct network *network, uint32_t server,
		uint32_t *servers)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < network->fabric->settings.servers; i++) {
		bool reached = i == server;

		if (!reached && network->bgp != NULL)
			reached = routed_by_leaf(network, server, i);
		else if (!reached)
			reached = network->device_up[i];
		if (reached)
			servers[count++] = i;
	}
	return count;
}

uint32_t
network_device_count(const struct network *network)
{
	return network->fabric->device_count;
}

uint64_t
network_updates(const struct network *network)
{
	return network->bgp != NULL ? bgp_updates(network->bgp) : 0;
}

const struct fabric *
network_fabric(const struct network *network)
{
	return network->fabric;
}

const char *
network_device_name(const struct network *network, uint32_t device)
{
	return network->fabric->names[device];
}

uint32_t
network_device_find(const struct network *network, const char *name)
{
	return fabric_find(network->fabric, name, strlen(name));
}

uint32_t
network_server_find(const struct network *network,
		    const struct address *address)
{
	uint32_t target = fabric_target(network->fabric, address);

	return TARGET_KIND(target) == TARGET_SERVER ? TARGET_INDEX(target)
						    : FABRIC_NONE;
}

uint32_t
network_client_device(const struct network *network, uint32_t client)
{
	return fabric_device(network->fabric, DEVICE_CLIENT, client);
}

struct address
network_host_address(const struct network *network, uint32_t device,
		     uint8_t family)
{
	return fabric_address(network->fabric, device, family);
}

struct address
network_service_address(const struct network *network, uint8_t family)
{
	(void)network;
	return fabric_service(family);
}

uint64_t
network_dropped(const struct network *network, uint32_t device, enum drop drop)
{
	return counters_dropped(network->counters, device, drop);
}

void
network_memory(const struct network *network, struct memory_report *account)
{
	const struct fabric *fabric = network->fabric;
	/* Name, first port, switch and port, seed, up, fragment ids. */
	uint64_t device = FABRIC_NAME_BYTES + 2 * sizeof(uint32_t) +
			  sizeof(uint64_t) + sizeof(bool) + sizeof(uint32_t);
	uint64_t link = sizeof(struct fabric_link) +
			sizeof(struct network_link) +
			2 * sizeof(struct fabric_port);

	if (network->directions != NULL)
		link += 2 * sizeof(struct link_direction);
	memory_report_add(account, "devices",
			  fabric->device_count * device +
				  counters_bytes(network->counters),
			  false);
	if (network->bgp == NULL)
		return;
	memory_report_add(account, "links", fabric->link_count * link, false);
	memory_report_add(account, "routing", bgp_bytes(network->bgp), false);
}

const struct link_settings *
network_link_settings(const struct network *network, uint32_t link)
{
	return network->links[link].settings;
}

uint32_t
network_link_find(const struct network *network, const char *name)
{
	return fabric_link_find(network->fabric, name);
}
