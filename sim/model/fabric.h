/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fabric.h - which devices are connected, and what they are called
 *
 *	devices  servers | clients | edge | exits | spines | leaves
 *	links    edge-exit | exit-spine | spine-leaf | client-edge | leaf-server
 *	ports    of each device, in the order in which its links were made
 *
 * Built once from fabric settings and never changed: state that changes (up,
 * down, routes) belongs to network.c and bgp.c. Everything is an index: the
 * ports of device d are ports[port_first[d]] .. ports[port_first[d + 1] - 1],
 * and a global port number is an index into that array. The links of one more
 * server come behind all others, so that no link and no router's port is
 * renumbered.
 *
 * Servers stand in groups: those of one group have the same leaves. With u
 * uplinks and L leaves a pod, L / u groups of u neighbouring leaves, as in the
 * paper (servers 1 and 2 on leaves 1 and 2, servers 3 and 4 on leaves 3 and 4);
 * if u does not divide L, L groups that overlap, and the last wraps round.
 * Groups get their servers in blocks, evenly; those that come later are
 * spread by themselves, so that they change no other server's leaves.
 *
 * A uniform fabric has devices and addresses, but no routers, ports and links.
 */
#ifndef SIM_MODEL_FABRIC_H
#define SIM_MODEL_FABRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "sim/model/settings.h"

#define FABRIC_NONE	   UINT32_MAX
#define FABRIC_NAME_BYTES  16
#define FABRIC_SERVERS_MAX 1048576

enum device_kind {
	DEVICE_SERVER,
	DEVICE_CLIENT,
	DEVICE_EDGE,
	DEVICE_EXIT,
	DEVICE_SPINE,
	DEVICE_LEAF,
	DEVICE_KINDS
};

enum tier { /* of links; the order of their numbers */
	TIER_EDGE_EXIT,
	TIER_EXIT_SPINE,
	TIER_SPINE_LEAF,
	TIER_CLIENT_EDGE,
	TIER_LEAF_SERVER,
	TIERS
};

/* Where a destination address lies: one word that every hop can use. */
enum target_kind {
	TARGET_SERVER, /* a server's loopback */
	TARGET_CLIENT,
	TARGET_SERVICE,
	TARGET_NOWHERE, /* ours, but no host's: a router, an unused loopback */
};
#define TARGET(kind, index)  ((uint32_t)(kind) << 28 | (index))
#define TARGET_KIND(target)  ((enum target_kind)((target) >> 28))
#define TARGET_INDEX(target) ((target)&0xfffffffU)

struct fabric_port {
	uint32_t link;
	uint32_t device; /* whose it is */
	uint32_t peer; /* port at the link's other end */
	uint32_t peer_device; /* and whose that is */
};

struct fabric_link {
	uint32_t ports[2]; /* upper tier, lower tier; client, edge */
};

struct fabric {
	struct fabric_settings settings;
	uint32_t device_count, router_count;
	uint32_t device_first[DEVICE_KINDS + 1]; /* of each kind */
	uint32_t *port_first; /* device_count + 1 entries */
	struct fabric_port *ports;
	uint32_t port_count;
	struct fabric_link *links;
	uint32_t link_count;
	uint32_t link_first[TIERS + 1];
	uint32_t group_count; /* of servers with the same leaves */
	char (*names)[FABRIC_NAME_BYTES]; /* of devices */
};

/* Why there cannot be such a fabric, or NULL. */
const char *fabric_wrong(const struct fabric_settings *);
/* 0, or -EINVAL with a sentence about the contradiction. */
int fabric_create(struct fabric **, const struct fabric_settings *, char *error,
		  size_t error_size);
void fabric_destroy(struct fabric *);

enum device_kind fabric_kind(const struct fabric *, uint32_t device);
/* "spine"; a device's name is that and its number, from 1. */
const char *fabric_kind_name(enum device_kind);
/* Counted from 0 within the kind; for routers see fabric_router(). */
uint32_t fabric_index(const struct fabric *, uint32_t device);
uint32_t fabric_device(const struct fabric *, enum device_kind, uint32_t index);
/* Routers counted through, edge first: does not change with the servers. */
uint32_t fabric_router(const struct fabric *, uint32_t device);
bool fabric_is_router(const struct fabric *, uint32_t device);
uint32_t fabric_ports(const struct fabric *, uint32_t device);
/* Global number of a device's port. */
uint32_t fabric_port(const struct fabric *, uint32_t device, uint32_t port);
/* Of a server's first: computed, since a million of them fit no cache. */
static inline uint32_t
fabric_server_port(const struct fabric *fabric, uint32_t server)
{
	return server * fabric->settings.uplinks;
}
enum tier fabric_tier(const struct fabric *, uint32_t link);
const struct link_settings *fabric_link_settings(const struct fabric *,
						 uint32_t link);
uint32_t fabric_group(const struct fabric *, uint32_t server);
/* The leaf (counted from 0) at the end of an uplink of a group's servers. */
uint32_t fabric_group_leaf(const struct fabric *, uint32_t group,
			   uint32_t uplink);

/* FABRIC_NONE if there is none. */
uint32_t fabric_find(const struct fabric *, const char *name, size_t size);
uint32_t fabric_link_find(const struct fabric *, const char *name);

/* Own address of a device: a loopback, or a client's only address. */
struct address fabric_address(const struct fabric *, uint32_t device,
			      uint8_t family);
struct address fabric_service(uint8_t family);
uint32_t fabric_target(const struct fabric *, const struct address *);

#endif
