/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.c - an ACK that is never sent asks the way
 */
#include "sim/net/path.h"

#include <stdio.h>
#include <string.h>

#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/tcp.h"

#define PATH_LINKS 16

static const char *const tier_names[PATH_TIERS] = {
	[PATH_EXIT_SPINE] = "exit-spine",
	[PATH_SPINE_LEAF] = "spine-leaf",
	[PATH_LEAF_SERVER] = "leaf-server",
};

bool
path_tier_parse(const char *name, enum path_tier *tier)
{
	for (unsigned i = 0; i < PATH_TIERS; i++)
		if (strcmp(name, tier_names[i]) == 0) {
			*tier = (enum path_tier)i;
			return true;
		}
	return false;
}

/* "exit1-spine2" is an exit-spine, in either order. */
static bool
link_tier(const struct network *network, uint32_t link, enum path_tier *tier)
{
	char name[64], one[16], other[16], kinds[40];

	network_link_name(network, link, name, sizeof(name));
	if (sscanf(name, "%15[a-z]%*u-%15[a-z]", one, other) != 2)
		return false;
	(void)snprintf(kinds, sizeof(kinds), "%s-%s", one, other);
	if (path_tier_parse(kinds, tier))
		return true;
	(void)snprintf(kinds, sizeof(kinds), "%s-%s", other, one);
	return path_tier_parse(kinds, tier);
}

static struct address
address_of(const struct session_key *key, const uint8_t *bytes)
{
	return key->family == 4 ? address_ip4(bytes) : address_ip6(bytes);
}

bool
path_find(const struct network *network, uint32_t device,
	  const struct session_key *key, struct path *path)
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
	uint32_t links[PATH_LINKS], last;
	bool some = false;

	for (unsigned i = 0; i < PATH_TIERS; i++)
		path->links[i] = UINT32_MAX;
	size_t size = packet_build_tcp(&probe, bytes, sizeof(bytes));
	uint32_t count = network_path(network, device, bytes, (uint32_t)size,
				      links, PATH_LINKS, &last);
	if (count > PATH_LINKS)
		count = PATH_LINKS;
	for (uint32_t i = 0; i < count; i++) {
		enum path_tier tier;
		if (!link_tier(network, links[i], &tier))
			continue;
		path->links[tier] = links[i];
		some = true;
	}
	return some;
}
