/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - the network routes an ACK or a datagram that is never sent
 */
#include "sim/net/path.h"

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"
#include "sim/model/fabric.h"

#define LINKS	  32
#define PROBE_TTL 64
#define MILLION	  1000000u

static struct address
address_of(const struct session_key *key, const uint8_t *bytes)
{
	return key->family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

size_t
path_segment(const struct session_key *key, bool back,
	     uint8_t bytes[PATH_PROBE_BYTES])
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
	return packet_build_tcp(&probe, bytes, PATH_PROBE_BYTES);
}

uint32_t
path_links(const struct network *network, uint32_t device,
	   const struct session_key *key, uint32_t *links, uint32_t capacity)
{
	uint8_t bytes[PATH_PROBE_BYTES];
	uint32_t last;

	size_t size = path_segment(key, false, bytes);
	uint32_t count = network_path(network, device, bytes, (uint32_t)size,
				      links, capacity, &last);
	return count < capacity ? count : capacity;
}

struct path
path_begin(void)
{
	return (struct path){ FABRIC_NONE, UINT32_MAX, MILLION };
}

void
path_on(struct path *path, const struct network *network, uint32_t from,
	const uint8_t *bytes, size_t size)
{
	uint32_t links[LINKS];
	uint32_t count = network_path(network, from, bytes, (uint32_t)size,
				      links, LINKS, &path->last);

	for (uint32_t i = 0; i < count && i < LINKS; i++) {
		const struct link_settings *link =
			network_link_settings(network, links[i]);

		path->passes_ppm =
			path->passes_ppm * (MILLION - link->loss_ppm) / MILLION;
		if (link->mtu_bytes < path->mtu_bytes)
			path->mtu_bytes = link->mtu_bytes;
	}
}

bool
path_datagram(struct path *path, const struct network *network, uint8_t family,
	      uint32_t from, uint32_t to, uint16_t src_port, uint16_t dst_port)
{
	const struct packet_udp probe = {
		.ip = {
			.src = network_host_address(network, from, family),
			.dst = network_host_address(network, to, family),
			.ttl = PROBE_TTL,
			.df = true,
		},
		.src_port = src_port,
		.dst_port = dst_port,
	};
	uint8_t bytes[PATH_PROBE_BYTES];
	size_t size = packet_build_udp(&probe, bytes, sizeof(bytes));

	if (from == to)
		return true;
	path_on(path, network, from, bytes, size);
	return path->last == to;
}

uint32_t
path_loss_ppm(const struct path *path)
{
	return (uint32_t)(MILLION - path->passes_ppm);
}
