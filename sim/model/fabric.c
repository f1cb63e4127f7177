/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fabric.c - builds the spine-leaf, numbers and names it
 *
 * Addresses (network.h): service 192.168.0.1 and 2001:db8:ffff::1; server i
 * 10.0.0.0 + i + 1 and 2001:db8:a::, client i 20.1.0.0 + i + 1 and
 * 2001:db8:c::, router i 10.255.0.0 + i + 1 and 2001:db8:b::, the last four
 * bytes of IPv6 being i + 1. What is in no range is behind the edge at
 * client 1.
 */
#include "sim/model/fabric.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"

#define SERVER_BASE UINT32_C(0x0a000000)
#define ROUTER_BASE UINT32_C(0x0aff0000)
#define CLIENT_BASE UINT32_C(0x14010000)
#define SERVICE_IP4 UINT32_C(0xc0a80001)

#define ROUTERS_MAX 65535
#define CLIENTS_MAX 65535

static const char *const kind_names[DEVICE_KINDS] = {
	"server", "client", "edge", "exit", "spine", "leaf",
};

const char *
fabric_kind_name(enum device_kind kind)
{
	assert(kind < DEVICE_KINDS);
	return kind_names[kind];
}

const char *
fabric_wrong(const struct fabric_settings *settings)
{
	const struct link_settings *links[] = {
		&settings->client_link,
		&settings->edge_link,
		&settings->fabric_link,
		&settings->server_link,
	};

	if (settings->servers == 0 || settings->servers > FABRIC_SERVERS_MAX)
		return "servers must be 1 to 1,048,576";
	if (settings->clients == 0 || settings->clients > CLIENTS_MAX)
		return "clients must be 1 to 65,535";
	if (settings->kind == FABRIC_UNIFORM)
		return settings->uniform_delay_ns < 0
			       ? "uniform_delay must not be negative"
			       : NULL;
	if (settings->exits == 0 || settings->spines == 0 ||
	    settings->leaves == 0 || settings->pods == 0)
		return "a spine-leaf fabric needs exits, spines, leaves and "
		       "pods";
	if (settings->uplinks < 1 || settings->uplinks > 4)
		return "uplinks must be 1 to 4";
	if (settings->uplinks > settings->leaves)
		return "more uplinks than leaves in a pod";
	if (settings->exits > 1024 || settings->spines > 1024 ||
	    settings->leaves > 4096 || settings->pods > 1024 ||
	    1 + settings->exits +
			    (uint64_t)settings->pods *
				    (settings->spines + settings->leaves) >
		    ROUTERS_MAX)
		return "more than 65,535 routers";
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (links[i]->mtu_bytes < 576 || links[i]->mtu_bytes > 65535)
			return "a link's mtu must be 576 to 65,535 bytes";
		if (links[i]->delay_ns < 0)
			return "a link's delay must not be negative";
	}
	return NULL;
}

static void
devices_number(struct fabric *fabric)
{
	const struct fabric_settings *settings = &fabric->settings;
	bool routed = settings->kind == FABRIC_SPINE_LEAF;
	const uint32_t counts[DEVICE_KINDS] = {
		[DEVICE_SERVER] = settings->servers,
		[DEVICE_CLIENT] = settings->clients,
		[DEVICE_EDGE] = routed ? 1 : 0,
		[DEVICE_EXIT] = routed ? settings->exits : 0,
		[DEVICE_SPINE] = routed ? settings->pods * settings->spines : 0,
		[DEVICE_LEAF] = routed ? settings->pods * settings->leaves : 0,
	};

	for (int kind = 0; kind < DEVICE_KINDS; kind++)
		fabric->device_first[kind + 1] =
			fabric->device_first[kind] + counts[kind];
	fabric->device_count = fabric->device_first[DEVICE_KINDS];
	fabric->router_count =
		fabric->device_count - fabric->device_first[DEVICE_EDGE];
	fabric->names = memory_zeroed(fabric->device_count, FABRIC_NAME_BYTES);
	for (uint32_t device = 0; device < fabric->device_count; device++)
		snprintf(fabric->names[device], FABRIC_NAME_BYTES, "%s%u",
			 kind_names[fabric_kind(fabric, device)],
			 fabric_index(fabric, device) + 1);
}

/* Links are made twice: first only counted, then numbered and written. Between
 * the two, port_first[d + 1] holds the number of d's ports. */
struct builder {
	struct fabric *fabric;
	uint32_t *ports_made; /* of each device; NULL in the first round */
	uint32_t link_count;
};

static void
link_make(struct builder *builder, uint32_t upper, uint32_t lower)
{
	struct fabric *fabric = builder->fabric;
	const uint32_t ends[2] = { upper, lower };
	uint32_t link = builder->link_count++;

	for (int end = 0; end < 2; end++) {
		uint32_t device = ends[end];
		if (builder->ports_made == NULL) {
			fabric->port_first[device + 1]++;
			continue;
		}
		uint32_t port = fabric->port_first[device] +
				builder->ports_made[device]++;
		fabric->ports[port].link = link;
		fabric->ports[port].device = device;
		fabric->links[link].ports[end] = port;
	}
	if (builder->ports_made != NULL) {
		const uint32_t *ports = fabric->links[link].ports;
		fabric->ports[ports[0]].peer = ports[1];
		fabric->ports[ports[1]].peer = ports[0];
		fabric->ports[ports[0]].peer_device = lower;
		fabric->ports[ports[1]].peer_device = upper;
	}
}

static void
links_make(struct builder *builder)
{
	struct fabric *fabric = builder->fabric;
	const struct fabric_settings *settings = &fabric->settings;
	uint32_t edge = fabric_device(fabric, DEVICE_EDGE, 0);
	uint32_t exits = fabric_device(fabric, DEVICE_EXIT, 0);
	uint32_t spines = fabric_device(fabric, DEVICE_SPINE, 0);
	uint32_t leaves = fabric_device(fabric, DEVICE_LEAF, 0);

	for (uint32_t i = 0; i < settings->exits; i++)
		link_make(builder, edge, exits + i);
	fabric->link_first[TIER_EXIT_SPINE] = builder->link_count;
	for (uint32_t i = 0; i < settings->exits; i++)
		for (uint32_t j = 0; j < settings->pods * settings->spines; j++)
			link_make(builder, exits + i, spines + j);
	fabric->link_first[TIER_SPINE_LEAF] = builder->link_count;
	for (uint32_t i = 0; i < settings->pods * settings->spines; i++)
		for (uint32_t j = 0; j < settings->leaves; j++)
			link_make(builder, spines + i,
				  leaves +
					  i / settings->spines *
						  settings->leaves +
					  j);
	fabric->link_first[TIER_CLIENT_EDGE] = builder->link_count;
	for (uint32_t i = 0; i < settings->clients; i++)
		link_make(builder, fabric_device(fabric, DEVICE_CLIENT, i),
			  edge);
	fabric->link_first[TIER_LEAF_SERVER] = builder->link_count;
	for (uint32_t i = 0; i < settings->servers; i++) {
		uint32_t group = fabric_group(fabric, i);
		for (uint32_t j = 0; j < settings->uplinks; j++)
			link_make(builder,
				  leaves + fabric_group_leaf(fabric, group, j),
				  i);
	}
	fabric->link_first[TIERS] = builder->link_count;
}

static void
links_build(struct fabric *fabric)
{
	const struct fabric_settings *settings = &fabric->settings;
	struct builder builder = { .fabric = fabric };

	fabric->group_count =
		settings->pods * (settings->leaves % settings->uplinks == 0
					  ? settings->leaves / settings->uplinks
					  : settings->leaves);
	links_make(&builder);
	for (uint32_t i = 0; i < fabric->device_count; i++)
		fabric->port_first[i + 1] += fabric->port_first[i];
	fabric->port_count = fabric->port_first[fabric->device_count];
	fabric->link_count = builder.link_count;
	fabric->ports =
		memory_zeroed(fabric->port_count, sizeof(fabric->ports[0]));
	fabric->links =
		memory_zeroed(fabric->link_count, sizeof(fabric->links[0]));
	builder.link_count = 0;
	builder.ports_made =
		memory_zeroed(fabric->device_count, sizeof(uint32_t));
	links_make(&builder);
	free(builder.ports_made);
}

int
fabric_create(struct fabric **created, const struct fabric_settings *settings,
	      char *error, size_t error_size)
{
	const char *wrong = fabric_wrong(settings);

	if (wrong != NULL) {
		snprintf(error, error_size, "fabric: %s", wrong);
		return -EINVAL;
	}

	struct fabric *fabric = memory_zeroed(1, sizeof(*fabric));
	fabric->settings = *settings;
	devices_number(fabric);
	fabric->port_first =
		memory_zeroed(fabric->device_count + 1, sizeof(uint32_t));
	if (settings->kind == FABRIC_SPINE_LEAF)
		links_build(fabric);
	*created = fabric;
	return 0;
}

void
fabric_destroy(struct fabric *fabric)
{
	if (fabric == NULL)
		return;
	free(fabric->names);
	free(fabric->port_first);
	free(fabric->ports);
	free(fabric->links);
	free(fabric);
}

enum device_kind
fabric_kind(const struct fabric *fabric, uint32_t device)
{
	int kind = DEVICE_SERVER;

	assert(device < fabric->device_count);
	while (device >= fabric->device_first[kind + 1])
		kind++;
	return (enum device_kind)kind;
}

uint32_t
fabric_index(const struct fabric *fabric, uint32_t device)
{
	return device - fabric->device_first[fabric_kind(fabric, device)];
}

uint32_t
fabric_device(const struct fabric *fabric, enum device_kind kind,
	      uint32_t index)
{
	return fabric->device_first[kind] + index;
}

uint32_t
fabric_router(const struct fabric *fabric, uint32_t device)
{
	assert(fabric_is_router(fabric, device));
	return device - fabric->device_first[DEVICE_EDGE];
}

bool
fabric_is_router(const struct fabric *fabric, uint32_t device)
{
	return device >= fabric->device_first[DEVICE_EDGE];
}

uint32_t
fabric_ports(const struct fabric *fabric, uint32_t device)
{
	return fabric->port_first[device + 1] - fabric->port_first[device];
}

uint32_t
fabric_port(const struct fabric *fabric, uint32_t device, uint32_t port)
{
	assert(port < fabric_ports(fabric, device));
	return fabric->port_first[device] + port;
}

enum tier
fabric_tier(const struct fabric *fabric, uint32_t link)
{
	int tier = 0;

	assert(link < fabric->link_count);
	while (link >= fabric->link_first[tier + 1])
		tier++;
	return (enum tier)tier;
}

const struct link_settings *
fabric_link_settings(const struct fabric *fabric, uint32_t link)
{
	switch (fabric_tier(fabric, link)) {
	case TIER_EDGE_EXIT:
		return &fabric->settings.edge_link;
	case TIER_CLIENT_EDGE:
		return &fabric->settings.client_link;
	case TIER_LEAF_SERVER:
		return &fabric->settings.server_link;
	default:
		return &fabric->settings.fabric_link;
	}
}

uint32_t
fabric_group(const struct fabric *fabric, uint32_t server)
{
	uint32_t later = fabric->settings.later;
	uint32_t block = fabric->settings.servers - later;

	if (server >= block) {
		server -= block;
		block = later;
	}
	return (uint32_t)((uint64_t)server * fabric->group_count / block);
}

uint32_t
fabric_group_leaf(const struct fabric *fabric, uint32_t group, uint32_t uplink)
{
	uint32_t leaves = fabric->settings.leaves;
	uint32_t per_pod = fabric->group_count / fabric->settings.pods;

	assert(per_pod > 0);
	uint32_t first = group % per_pod * (leaves / per_pod);

	return group / per_pod * leaves + (first + uplink) % leaves;
}

uint32_t
fabric_find(const struct fabric *fabric, const char *name, size_t size)
{
	for (int kind = 0; kind < DEVICE_KINDS; kind++) {
		size_t prefix = strlen(kind_names[kind]);
		uint32_t number = 0;

		if (size <= prefix || size > prefix + 7 ||
		    memcmp(name, kind_names[kind], prefix) != 0 ||
		    name[prefix] == '0')
			continue;
		for (size_t i = prefix; i < size; i++) {
			if (name[i] < '0' || name[i] > '9')
				return FABRIC_NONE;
			number = number * 10 + (uint32_t)(name[i] - '0');
		}
		uint32_t count = fabric->device_first[kind + 1] -
				 fabric->device_first[kind];
		return number <= count ? fabric->device_first[kind] + number - 1
				       : FABRIC_NONE;
	}
	return FABRIC_NONE;
}

uint32_t
fabric_link_find(const struct fabric *fabric, const char *name)
{
	const char *dash = strchr(name, '-');

	if (dash == NULL)
		return FABRIC_NONE;

	uint32_t a = fabric_find(fabric, name, (size_t)(dash - name));
	uint32_t b = fabric_find(fabric, dash + 1, strlen(dash + 1));
	if (a == FABRIC_NONE || b == FABRIC_NONE)
		return FABRIC_NONE;
	/* A leaf may have thousands of ports, its server has four. */
	if (fabric_ports(fabric, b) < fabric_ports(fabric, a)) {
		uint32_t swap = a;
		a = b;
		b = swap;
	}
	for (uint32_t p = fabric->port_first[a]; p < fabric->port_first[a + 1];
	     p++)
		if (fabric->ports[fabric->ports[p].peer].device == b)
			return fabric->ports[p].link;
	return FABRIC_NONE;
}

static struct address
address_make(uint8_t family, uint32_t ip4, uint8_t site, uint8_t site_high,
	     uint32_t low)
{
	struct address address = { .family = family };
	uint8_t *bytes = address.bytes;

	if (family == 4) {
		bytes[0] = (uint8_t)(ip4 >> 24);
		bytes[1] = (uint8_t)(ip4 >> 16);
		bytes[2] = (uint8_t)(ip4 >> 8);
		bytes[3] = (uint8_t)ip4;
		return address;
	}
	/* 2001:db8:site::low (RFC 3849: documentation) */
	bytes[0] = 0x20;
	bytes[1] = 0x01;
	bytes[2] = 0x0d;
	bytes[3] = 0xb8;
	bytes[4] = site_high;
	bytes[5] = site;
	bytes[12] = (uint8_t)(low >> 24);
	bytes[13] = (uint8_t)(low >> 16);
	bytes[14] = (uint8_t)(low >> 8);
	bytes[15] = (uint8_t)low;
	return address;
}

struct address
fabric_address(const struct fabric *fabric, uint32_t device, uint8_t family)
{
	uint32_t number;

	switch (fabric_kind(fabric, device)) {
	case DEVICE_SERVER:
		number = device + 1;
		return address_make(family, SERVER_BASE + number, 0x0a, 0,
				    number);
	case DEVICE_CLIENT:
		number = fabric_index(fabric, device) + 1;
		return address_make(family, CLIENT_BASE + number, 0x0c, 0,
				    number);
	default:
		number = fabric_router(fabric, device) + 1;
		return address_make(family, ROUTER_BASE + number, 0x0b, 0,
				    number);
	}
}

struct address
fabric_service(uint8_t family)
{
	return address_make(family, SERVICE_IP4, 0xff, 0xff, 1);
}

static uint32_t
server_target(const struct fabric *fabric, uint32_t number)
{
	if (number >= 1 && number <= fabric->settings.servers)
		return TARGET(TARGET_SERVER, number - 1);
	return TARGET(TARGET_NOWHERE, 0);
}

static uint32_t
client_target(const struct fabric *fabric, uint32_t number)
{
	if (number >= 1 && number <= fabric->settings.clients)
		return TARGET(TARGET_CLIENT, number - 1);
	return TARGET(TARGET_CLIENT, 0);
}

static uint32_t
read_be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

uint32_t
fabric_target(const struct fabric *fabric, const struct address *address)
{
	static const uint8_t zero[6];
	const uint8_t *bytes = address->bytes;
	uint32_t word = read_be32(bytes);

	if (address->family == 4) {
		if (word == SERVICE_IP4)
			return TARGET(TARGET_SERVICE, 0);
		if (word >> 24 == SERVER_BASE >> 24)
			return server_target(fabric, word - SERVER_BASE);
		return client_target(fabric, word - CLIENT_BASE);
	}
	if (word != UINT32_C(0x20010db8) || memcmp(bytes + 6, zero, 6) != 0)
		return TARGET(TARGET_CLIENT, 0);
	switch (bytes[4] << 8 | bytes[5]) {
	case 0x000a:
		return server_target(fabric, read_be32(bytes + 12));
	case 0x000b:
		return TARGET(TARGET_NOWHERE, 0);
	case 0x000c:
		return client_target(fabric, read_be32(bytes + 12));
	case 0xffff:
		if (read_be32(bytes + 12) == 1)
			return TARGET(TARGET_SERVICE, 0);
		return TARGET(TARGET_NOWHERE, 0);
	default:
		return TARGET(TARGET_CLIENT, 0);
	}
}
