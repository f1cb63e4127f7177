/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prefetch.c - two looks at each event that is told
 */
#include "sim/prefetch.h"

#include "core/wire/cursor.h"
#include "core/wire/message.h"
#include "core/wire/protocol.h"
#include "sim/host/server_state.h"
#include "sim/net/network_state.h"

#define LINE	   64
#define HOST_LINES 9 /* of a packet: half a kilobyte */

/* A server's port, its link, and both directions of that. */
static void
port_prefetch(const struct network *network, uint32_t server)
{
	const struct fabric *fabric = network->fabric;
	uint32_t port = fabric_server_port(fabric, server);
	uint32_t link = fabric->link_first[TIER_LEAF_SERVER] + port;

	__builtin_prefetch(&fabric->ports[port]);
	__builtin_prefetch(&network->links[link]);
	if (network->directions != NULL) {
		const struct link_direction *both =
			&network->directions[2 * (size_t)link];
		__builtin_prefetch(&both[0].idle_ns, 1);
		__builtin_prefetch(&both[1].idle_ns, 1);
	}
}

static void
server_prefetch(const struct network *network, const struct servers *servers,
		uint32_t server)
{
	const uint8_t *row =
		(const uint8_t *)counters_of(network->counters, server);

	__builtin_prefetch(row, 1);
	__builtin_prefetch(row + sizeof(struct counters_row) - 1, 1);
	__builtin_prefetch(&network->seeds[server]);
	__builtin_prefetch(&servers->servers[server]);
	__builtin_prefetch(&servers->server_agents->array[server]);
	rpcs_prefetch(servers->rpcs, server);
	if (network->bgp != NULL)
		port_prefetch(network, server);
}

static void
first_look(const struct event *event, const struct network *network,
	   const struct servers *servers)
{
	const struct buffer *buffer = buffer_get(network->buffers, event->a);
	bool server = event->destination < network->fabric->settings.servers;

	__builtin_prefetch(buffer, 1);
	if (!server)
		return;
	for (unsigned i = 1; i < HOST_LINES; i++)
		__builtin_prefetch((const uint8_t *)buffer + i * LINE);
	server_prefetch(network, servers, event->destination);
}

/* What its node needs for a datagram of the hash table; no more is read of it
 * than says that it may be one. */
static void
datagram_look(const struct buffer *buffer, uint32_t server,
	      const struct network *network, const struct servers *servers)
{
	const uint8_t *bytes = buffer->bytes;
	uint32_t offset = bytes[0] >> 4 == 4 ? 20 : 40; /* IP, no options */
	struct address from;

	if (buffer->size < offset + 8 + MESSAGE_SEAL_BYTES ||
	    bytes[offset == 20 ? 9 : 6] != IP_UDP ||
	    wire_get16(bytes + offset + 2) != SERVER_AGENT_PORT ||
	    !servers->servers[server].alive ||
	    servers->server_agents->array[server].stopped)
		return;
	from = offset == 20 ? address_ip4(bytes + 12) : address_ip6(bytes + 8);
	/* Server i is endpoint i. */
	node_prefetch(servers->server_agents->array[server].node,
		      network_server_find(network, &from), bytes + offset + 8,
		      buffer->size - offset - 8 - MESSAGE_SEAL_BYTES);
}

/* By now it may have been handled, and its buffer be another's. */
static void
second_look(const struct event *event, const struct network *network,
	    const struct servers *servers)
{
	const struct buffer *buffer = buffer_get(network->buffers, event->a);
	uint32_t target = buffer->target;

	if (!fabric_is_router(network->fabric, event->destination)) {
		if (event->destination < network->fabric->settings.servers)
			datagram_look(buffer, event->destination, network,
				      servers);
		return;
	}

	if (network->bgp != NULL && TARGET_KIND(target) == TARGET_SERVER &&
	    TARGET_INDEX(target) < network->fabric->settings.servers)
		port_prefetch(network, TARGET_INDEX(target));
}

void
prefetch_turn(struct prefetch *prefetch, struct queue *queue,
	      const struct network *network, const struct servers *servers)
{
	struct event events[2];
	uint32_t count = queue_prefetch(queue, events, 2);

	for (uint32_t i = 0; i < count; i++) {
		if (events[i].kind != EVENT_PACKET)
			continue;
		struct event *told =
			&prefetch->told[prefetch->count % PREFETCH_LATER];
		if (prefetch->count++ >= PREFETCH_LATER)
			second_look(told, network, servers);
		first_look(&events[i], network, servers);
		*told = events[i];
	}
}
