/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ways.c - the ways of a session's segments, as routers would send them now
 */
#include "sim/host/ways.h"

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"
#include "sim/host/server_agent.h"
#include "sim/model/cause.h"
#include "sim/net/network.h"

#define PROBE_TTL 64

static struct address
address_of(const struct session_key *key, const uint8_t *bytes)
{
	return key->family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

size_t
ways_segment(const struct session_key *key, bool back,
	     uint8_t bytes[WAYS_PROBE_BYTES])
{
	struct packet_tcp probe = {
		.ip = {
			.src = address_of(key, key->client),
			.dst = address_of(key, key->service),
			.ttl = PROBE_TTL,
			.df = true,
		},
		.src_port = wire_get16(key->client_port),
		.dst_port = wire_get16(key->service_port),
		.flags = TCP_ACK,
	};

	if (back) {
		probe.ip.src = address_of(key, key->service);
		probe.ip.dst = address_of(key, key->client);
		probe.src_port = wire_get16(key->service_port);
		probe.dst_port = wire_get16(key->client_port);
	}
	return packet_build_tcp(&probe, bytes, WAYS_PROBE_BYTES);
}

void
ways_from_client(const struct network *network, const struct session *session,
		 struct path *way)
{
	uint8_t bytes[WAYS_PROBE_BYTES];
	size_t size = ways_segment(&session->key, false, bytes);

	path_on(way, network, network_client_device(network, session->client),
		bytes, size);
}

bool
ways_to_client(const struct network *network, const struct session *session,
	       uint32_t server, struct path *way)
{
	uint8_t bytes[WAYS_PROBE_BYTES];
	size_t size = ways_segment(&session->key, true, bytes);

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
