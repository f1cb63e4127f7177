/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.c - an ACK from the client, a datagram from server to server
 */
#include "sim/witness.h"

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/gue.h"
#include "core/wire/tcp.h"
#include "sim/host/server.h"
#include "sim/model/fabric.h"
#include "sim/net/network.h"

#define LINKS	    32
#define PROBE_BYTES 128
#define PROBE_TTL   64
#define MILLION	    UINT64_C(1000000)

/* The device that a packet sent by `from` arrives at; FABRIC_NONE: none, or it
 * is likely to be lost. */
static uint32_t
arrives_at(const struct network *network, uint32_t from, const uint8_t *bytes,
	   size_t size)
{
	uint32_t links[LINKS], last;
	uint64_t passes_ppm = MILLION;
	uint32_t count = network_path(network, from, bytes, (uint32_t)size,
				      links, LINKS, &last);

	for (uint32_t i = 0; i < count && i < LINKS; i++) {
		const struct link_settings *link =
			network_link_settings(network, links[i]);

		passes_ppm = passes_ppm * (MILLION - link->loss_ppm) / MILLION;
	}
	return MILLION - passes_ppm > CAUSE_LOSS_PPM ? FABRIC_NONE : last;
}

static struct address
address_of(const struct session_key *key, const uint8_t *bytes)
{
	return key->family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

static uint32_t
from_client(const struct network *network, const struct session *session)
{
	const struct session_key *key = &session->key;
	const struct packet_tcp probe = {
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
	uint8_t bytes[PROBE_BYTES];
	size_t size = packet_build_tcp(&probe, bytes, sizeof(bytes));

	return arrives_at(network,
			  network_client_device(network, session->client),
			  bytes, size);
}

static bool
from_server(const struct network *network, const struct session *session,
	    uint32_t server, uint32_t to)
{
	uint8_t family = session->key.family;
	const struct packet_udp probe = {
		.ip = {
			.src = network_host_address(network, server, family),
			.dst = network_host_address(network, to, family),
			.ttl = PROBE_TTL,
			.df = true,
		},
		.src_port = wire_get16(session->key.client_port),
		.dst_port = GUE_PORT,
	};
	uint8_t bytes[PROBE_BYTES];
	size_t size = packet_build_udp(&probe, bytes, sizeof(bytes));

	return server == to || arrives_at(network, server, bytes, size) == to;
}

/* Where its packets arrive; no server's number: nowhere. */
static uint32_t
site(const struct network *network, const struct session *session)
{
	return session->last_server != session->owner
		       ? session->last_server
		       : from_client(network, session);
}

static bool
owner_reachable(void *context, const struct session *session)
{
	const struct witness *witness = context;
	uint32_t server = site(witness->network, session);

	return server < servers_count(witness->servers) &&
	       from_server(witness->network, session, server, session->owner);
}

static bool
holder_reachable(void *context, const struct session *session)
{
	const struct witness *witness = context;
	uint32_t count = servers_count(witness->servers);
	uint32_t server = site(witness->network, session), holders = 0;

	for (uint32_t i = 0; i < count && server < count; i++) {
		if (!servers_holds(witness->servers, i, &session->key))
			continue;
		holders++;
		if (from_server(witness->network, session, server, i))
			return true;
	}
	return holders == 0 && server < count;
}

void
witness_init(struct witness *witness, const struct network *network,
	     const struct servers *servers)
{
	*witness = (struct witness){
		.network = network,
		.servers = servers,
		.verbs = {
			.context = witness,
			.owner_reachable = owner_reachable,
			.holder_reachable = holder_reachable,
		},
	};
}
