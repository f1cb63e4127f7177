/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_link.c - the links of a network, and what becomes of them
 */
#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"
#include "sim/net/network_state.h"

/* Walks without impairments leave no trace in a link. */
static bool
directions_needed(const struct network *network)
{
	const struct fabric_settings *settings = &network->fabric->settings;

	return network->fidelity == FIDELITY_PACKET ||
	       link_impairments(&settings->client_link) ||
	       link_impairments(&settings->edge_link) ||
	       link_impairments(&settings->fabric_link) ||
	       link_impairments(&settings->server_link);
}

static void
directions_create(struct network *network)
{
	const struct fabric *fabric = network->fabric;

	network->directions = memory_zeroed(2 * (size_t)fabric->link_count,
					    sizeof(network->directions[0]));
	for (uint32_t i = 0; i < fabric->link_count; i++) {
		enum tier tier = fabric_tier(fabric, i);
		uint64_t index = 2 * (uint64_t)(i - fabric->link_first[tier]);
		uint64_t stream =
			stream_of(STREAM_LINK + (unsigned)tier, index);
		for (uint32_t d = 0; d < 2; d++)
			link_direction_init(&network->directions[2 * i + d],
					    network->seed, stream + d);
	}
}

void
network_links_create(struct network *network)
{
	const struct fabric *fabric = network->fabric;

	network->links =
		memory_zeroed(fabric->link_count, sizeof(network->links[0]));
	for (uint32_t i = 0; i < fabric->link_count; i++) {
		struct network_link *link = &network->links[i];
		link->settings = fabric_link_settings(fabric, i);
		link->asked = LINK_UP;
		link->state = LINK_UP;
	}
	if (directions_needed(network))
		directions_create(network);
}

/* Toward: a bit for each of the link's directions that it is a change of. */
static void
change_note(struct network *network, struct network_link *link, unsigned toward)
{
	if (network->epoch == network->change_capacity) {
		network->change_capacity = network->change_capacity * 2 + 16;
		network->changes =
			memory_grown(network->changes, network->change_capacity,
				     sizeof(network->changes[0]));
	}
	network->changes[network->epoch++] = (struct network_change){
		.at_ns = queue_now(network->queue).ns,
		.before = { link->epochs[0], link->epochs[1] },
		.state = link->state,
	};
	for (uint32_t d = 0; d < 2; d++)
		if (toward >> d & 1)
			link->epochs[d] = network->epoch;
}

static void
link_refresh(struct network *network, uint32_t index)
{
	const struct fabric *fabric = network->fabric;
	struct network_link *link = &network->links[index];
	uint8_t state = link->asked, was = link->state;
	unsigned toward = 0;

	for (int i = 0; i < 2; i++)
		if (!network->device_up
			     [fabric->ports[fabric->links[index].ports[i]]
				      .device])
			state = LINK_DOWN;
	if (state == link->state)
		return;
	link->state = state;
	network->route_changes++;
	for (uint32_t d = 0; d < 2; d++)
		if (link_state_toward((enum link_state)state, d) !=
		    link_state_toward((enum link_state)was, d))
			toward |= 1U << d;
	change_note(network, link, toward);
	for (uint32_t d = 0; network->directions != NULL && d < 2; d++)
		if (toward >> d & 1)
			link_clear(&network->directions[2 * index + d]);
	bgp_link(network->bgp, index, (enum link_state)state);
}

void
network_link_set(struct network *network, uint32_t link, enum link_state state)
{
	network->links[link].asked = (uint8_t)state;
	link_refresh(network, link);
}

void
network_link_change(struct network *network, uint32_t index,
		    const struct link_settings *settings)
{
	struct network_link *link = &network->links[index];
	struct network_settings *given = memory_zeroed(1, sizeof(*given));

	/* An epoch of the network, so that walks look again, but of no
	 * direction: nothing is lost. */
	change_note(network, link, 0);
	for (uint32_t d = 0; network->directions != NULL && d < 2; d++)
		link_change(&network->directions[2 * (size_t)index + d],
			    link->settings, queue_now(network->queue));
	*given = (struct network_settings){
		.settings = *settings,
		.before = link->settings,
		.changed = link->changed,
		.epoch = network->epoch,
		.next = network->given,
	};
	network->given = given;
	link->settings = &given->settings;
	link->changed = true;
	if (network->directions == NULL && link_impairments(settings))
		directions_create(network);
}

void
network_device_set(struct network *network, uint32_t device, bool up)
{
	const struct fabric *fabric = network->fabric;

	if (network->device_up[device] == up)
		return;
	network->device_up[device] = up;
	network->route_changes++;
	if (network->bgp == NULL) {
		uniform_set(network->uniform, device, up,
			    queue_now(network->queue));
		return;
	}
	bgp_device(network->bgp, device, up);
	for (uint32_t port = fabric->port_first[device];
	     port < fabric->port_first[device + 1]; port++)
		link_refresh(network, fabric->ports[port].link);
}

void
network_announce(struct network *network, uint32_t server, bool announce)
{
	if (network->bgp != NULL) {
		bgp_announce(network->bgp, server, announce);
		return;
	}
	uniform_announce(network->uniform, server, announce,
			 queue_now(network->queue));
}
