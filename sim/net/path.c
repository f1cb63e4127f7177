/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - the network routes an ACK of the session that is never sent
 */
#include "sim/net/path.h"

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"

static struct address
address_of(const struct session_key *key, const uint8_t *bytes)
{
	return key->family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

uint32_t
path_links(const struct network *network, uint32_t device,
	   const struct session_key *key, uint32_t *links, uint32_t capacity)
{
	struct packet_tcp probe = {
		.ip = {
			.src = address_of(key, key->client),
			.dst = address_of(key, key->service),
			.ttl = 64,
			.df = true,
		},
		.src_port = wire_get16(key->client_port),
		.dst_port = wire_get16(key->service_port),
		.flags = TCP_ACK,
	};
	uint8_t bytes[128];
	uint32_t last;

	size_t size = packet_build_tcp(&probe, bytes, sizeof(bytes));
	uint32_t count = network_path(network, device, bytes, (uint32_t)size,
				      links, capacity, &last);
	return count < capacity ? count : capacity;
}
