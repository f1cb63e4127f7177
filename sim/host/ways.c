/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ways.c - the ways of a session's segments, as routers would send them now
 */
#include "sim/host/ways.h"

#include "sim/host/server_agent.h"
#include "sim/model/cause.h"
#include "sim/net/network.h"

void
ways_from_client(const struct network *network, const struct session *session,
		 struct path *way)
{
	uint8_t bytes[PATH_PROBE_BYTES];
	size_t size = path_segment(&session->key, false, bytes);

	path_on(way, network, network_client_device(network, session->client),
		bytes, size);
}

bool
ways_to_client(const struct network *network, const struct session *session,
	       uint32_t server, struct path *way)
{
	uint8_t bytes[PATH_PROBE_BYTES];
	size_t size = path_segment(&session->key, true, bytes);

	path_on(way, network, server, bytes, size);
	return way->last == network_client_device(network, session->client);
}

bool
ways_exchange(const struct network *network, uint8_t family, uint32_t a,
	      uint32_t b)
{
	struct path way = path_begin();

	return path_datagram(&way, network, family, a, b, SERVER_AGENT_PORT,
			     SERVER_AGENT_PORT) &&
	       path_datagram(&way, network, family, b, a, SERVER_AGENT_PORT,
			     SERVER_AGENT_PORT) &&
	       path_loss_ppm(&way) <= CAUSE_LOSS_PPM;
}
