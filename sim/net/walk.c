/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * walk.c - trace, cross, and what became of the links meanwhile
 */
#include "sim/net/walk.h"

#include <assert.h>

#include "sim/net/network_state.h"

static void
server_prefetch(const struct network *network, uint32_t server)
{
	const struct fabric *fabric = network->fabric;
	uint32_t port = fabric_server_port(fabric, server);

	/* Its links are numbered like its ports, behind those of the others. */
	__builtin_prefetch(&fabric->ports[port]);
	__builtin_prefetch(
		&network->links[fabric->link_first[TIER_LEAF_SERVER] + port]);
	rib_prefetch(bgp_rib(network->bgp), server);
}

void
walk_prefetch(const struct network *network, uint32_t device, uint32_t target)
{
	uint32_t servers = network->fabric->settings.servers;

	if (device < servers) {
		__builtin_prefetch(&network->seeds[device]);
		server_prefetch(network, device);
	}
	if (TARGET_KIND(target) == TARGET_SERVER)
		server_prefetch(network, TARGET_INDEX(target));
}

/* The port by which a router simply passes a packet on; FABRIC_NONE: it has
 * something else to do with it, or link after link to think about. */
static uint32_t
plain_next(const struct network *network, uint32_t device,
	   const struct walk_load *load, uint32_t ttl)
{
	if (ttl <= 1)
		return FABRIC_NONE;

	uint64_t hash = network_hash(network, device, load->digest);
	uint32_t port =
		load->sent
			? bgp_forward(network->bgp, device, load->target, hash)
			: bgp_route(network->bgp, device, load->target, hash);
	if (port == FABRIC_NONE)
		return FABRIC_NONE;

	const struct network_link *link =
		&network->links[network->fabric->ports[port].link];
	if (network_port_state(network, port) != LINK_UP ||
	    load->size > link->settings->mtu_bytes)
		return FABRIC_NONE;
	return port;
}

void
walk_trace(const struct network *network, struct walk *walk, uint32_t port,
	   const struct walk_load *load)
{
	const struct fabric *fabric = network->fabric;
	uint32_t count = 0;

	while (port != FABRIC_NONE) {
		walk->ports[count++] = port;
		walk->end = fabric->ports[port].peer;

		uint32_t device = fabric->ports[port].peer_device;
		if (count == WALK_LINKS_MAX ||
		    !fabric_is_router(fabric, device))
			break;
		port = plain_next(network, device, load,
				  load->ttl - (count - 1));
	}
	walk->count = count;
}

static const struct link_settings *
port_settings(const struct network *network, uint32_t port)
{
	return network->links[network->fabric->ports[port].link].settings;
}

/* The sum, where nothing can go wrong. Neighbouring links are often of the same
 * kind, and a division takes as long as all else. */
static int64_t
crossing_sum_ns(const struct network *network, const struct walk *walk,
		uint32_t size)
{
	const struct link_settings *last = NULL;
	int64_t last_ns = 0, sum_ns = 0;

	for (uint32_t i = 0; i < walk->count; i++) {
		const struct link_settings *settings =
			port_settings(network, walk->ports[i]);
		if (settings != last)
			last_ns = link_crossing_ns(settings, size);
		last = settings;
		sum_ns += last_ns;
	}
	return sum_ns;
}

struct link_transit
walk_cross(struct network *network, struct walk *walk, uint32_t size)
{
	struct link_transit whole = { .drop = DROP_NONE, .copies = 1 };

	if (network->directions == NULL) {
		whole.delay_ns = crossing_sum_ns(network, walk, size);
		return whole;
	}
	for (uint32_t i = 0; i < walk->count; i++) {
		uint32_t port = walk->ports[i];
		const struct link_settings *settings =
			port_settings(network, port);
		struct link_transit transit = link_cross(
			network_direction(network, port), settings, size);
		whole.drop = transit.drop;
		whole.copies = transit.copies;
		whole.delay_ns += transit.delay_ns;
		if (transit.copies != 1) {
			walk->count = i + 1;
			walk->end = network->fabric->ports[port].peer;
		}
	}
	return whole;
}

/* Lost if a change came while the packet was on the link, or if the last one
 * before it got there left the link other than up. A change of the other
 * direction is none. */
static bool
link_lost(const struct network *network, uint32_t port, int64_t enter_ns,
	  int64_t leave_ns, uint32_t epoch)
{
	uint32_t link = network->fabric->ports[port].link;
	uint32_t toward = network_toward(network, port);
	uint32_t at = network->links[link].epochs[toward];

	while (at > epoch) {
		const struct network_change *change = &network->changes[at - 1];
		if (change->at_ns < enter_ns)
			return link_state_toward((enum link_state)change->state,
						 toward) != LINK_UP;
		/* At equal times arrivals precede what changes links. */
		if (change->at_ns < leave_ns)
			return true;
		at = change->before[toward];
	}
	return false;
}

/* What a link had when the network was in that epoch. */
static const struct link_settings *
settings_then(const struct network *network, uint32_t port, uint32_t epoch)
{
	const struct network_link *link =
		&network->links[network->fabric->ports[port].link];
	const struct link_settings *settings = link->settings;
	bool changed = link->changed;

	while (changed) {
		const struct network_settings *given =
			(const struct network_settings *)settings;
		if (given->epoch <= epoch)
			break;
		settings = given->before;
		changed = given->changed;
	}
	return settings;
}

bool
walk_lost(const struct network *network, const struct walk *walk, uint32_t size,
	  uint32_t epoch)
{
	int64_t leave_ns = queue_now(network->queue).ns;

	if (network->epoch == epoch)
		return false;
	/* Backwards from now. What a reordered packet was held back is not
	 * known to have been on one link rather than another. */
	for (uint32_t i = walk->count; i-- > 0;) {
		uint32_t port = walk->ports[i];
		int64_t enter_ns =
			leave_ns -
			link_crossing_ns(settings_then(network, port, epoch),
					 size);
		if (link_lost(network, port, enter_ns, leave_ns, epoch))
			return true;
		leave_ns = enter_ns;
	}
	return false;
}
