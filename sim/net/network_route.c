/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_route.c - the rules that sending, walking and asking share
 *
 * Which uplink a host takes, which hosts an address means, by what hash a
 * device chooses, and what a link does with what enters it: network.c, walk.c
 * and network_query.c must agree on them.
 */
#include "core/wire/build.h"
#include "sim/net/network_state.h"

struct link_direction *
network_direction(struct network *network, uint32_t port)
{
	uint32_t link = network->fabric->ports[port].link;

	return &network->directions[2 * (size_t)link +
				    network_toward(network, port)];
}

uint64_t
network_hash(const struct network *network, uint32_t device, uint64_t digest)
{
	return ecmp_hash(digest, network->seeds[device]);
}

uint32_t
network_uplink(const struct network *network, uint32_t device,
	       uint8_t avoid_port, uint64_t digest)
{
	uint32_t uplinks = bgp_uplinks(network->bgp, device);

	if (uplinks == 0)
		return FABRIC_NONE;
	if (avoid_port < 32 && (uplinks & ~(1U << avoid_port)) != 0)
		uplinks &= ~(1U << avoid_port);

	uint32_t which = ecmp_threshold(network_hash(network, device, digest),
					(uint32_t)__builtin_popcount(uplinks));
	while (which-- > 0)
		uplinks &= uplinks - 1;
	return network->fabric->port_first[device] +
	       (uint32_t)__builtin_ctz(uplinks);
}

uint32_t
network_target(const struct network *network, const struct packet *packet)
{
	if (network->foreign_services == NULL)
		return fabric_target(network->fabric, &packet->dst);
	return foreign_services_target(network->foreign_services,
				       network->fabric, packet);
}

bool
network_here(const struct fabric *fabric, uint32_t device, uint32_t target)
{
	switch (TARGET_KIND(target)) {
	case TARGET_SERVER:
		return TARGET_INDEX(target) == device;
	case TARGET_SERVICE:
		return device < fabric->settings.servers;
	case TARGET_CLIENT:
		return fabric_device(fabric, DEVICE_CLIENT,
				     TARGET_INDEX(target)) == device;
	default:
		return false;
	}
}
