/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rib.h - what every router has heard, what it chose, where it forwards
 *
 *	Adj-RIB-In (a path per port) -> best path -> advertised
 *	                             -> all equally short: the nexthop group
 *
 * The tables of RFC 4271 (section 3.2) for all routers of the fabric; when
 * each hears what is bgp.c's. Best is the shortest AS path; all of that length
 * are used, whatever ASes they cross (multipath relax), or as many as
 * routing.maximum_paths allows, those of the lowest ports (bgpd takes the best
 * and then those of the lowest next hops: as arbitrary, and as lasting); the
 * one that is advertised is that of the lowest port, so the converged state is
 * a function of the topology alone.
 *
 * Three kinds of prefix: the service (announced by servers), the default route
 * of routers (made by the edge; that of servers is their leaf's offer, bgp.h),
 * each server's loopback. To keep tables small,
 * loopbacks of servers that hang on the same leaves share one set of tables
 * while nothing has happened to any of their links: then they differ in the
 * last port only, which the group names RIB_DIRECT. rib_own() takes a server
 * out before anything happens to it. So 4,096 servers on 64 leaves start with
 * 32 sets, not 4,096.
 *
 * A port has two views, BGP's (the session is up) and the kernel's (the
 * carrier is gone: dead), since the kernel takes a dead member out of its
 * groups long before the router's BGP knows. A dead member whose session is
 * still up counts in the choice of the best path but is not in the group. If
 * it was the only one, the group is empty and the prefix unreachable: we do
 * not fall back on the default route, which in a fabric loops at best.
 */
#ifndef SIM_NET_RIB_H
#define SIM_NET_RIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/net/ecmp.h"

/* Flags of a port. */
#define RIB_UP	    1U /* this end's session is established */
#define RIB_DEAD    2U /* the kernel has seen the carrier go */
#define RIB_SERVICE 4U /* a leaf's: the server there announces the service */
#define RIB_DEFAULT 8U /* a server's: the leaf there offers a default route */

#define RIB_DIRECT (UINT32_MAX - 1) /* a member: the server's own port here */

/* The two sets of tables that always exist; then one a group of servers. */
#define RIB_OF_SERVICE 0U
#define RIB_OF_DEFAULT 1U

struct rib;

/* Converged, with everything up and every server announcing. Borrows the
 * fabric. Aborts when out of memory. */
struct rib *rib_create(const struct fabric *, const struct routing_settings *);
void rib_destroy(struct rib *);

size_t rib_bytes(const struct rib *);
uint32_t rib_count(const struct rib *); /* sets of tables */
uint32_t rib_of_server(const struct rib *, uint32_t server);
/* Give a server tables of its own, if it shares them; *shared is the set that
 * it had. False if it had its own already. */
bool rib_own(struct rib *, uint32_t server, uint32_t *shared);

/* Flags of a global port. Changing a leaf's flag for a server needs
 * rib_own() first; any change needs rib_decide() after. */
uint8_t *rib_port(struct rib *, uint32_t port);
uint8_t rib_port_flags(const struct rib *, uint32_t port);
/* A router that is down has no routes. */
void rib_router_set(struct rib *, uint32_t device, bool up);
/* Ports 0 .. n - 1 of a router lead to routers, the others to hosts. */
uint32_t rib_router_ports(const struct rib *, uint32_t device);

/* What a router heard over a port that leads to a router. */
void rib_hear(struct rib *, uint32_t set, uint32_t port, uint32_t path);
uint32_t rib_heard(const struct rib *, uint32_t set, uint32_t port);
/* Choose anew and rewrite the group. *old is the best path before; returns
 * the one after. */
uint32_t rib_decide(struct rib *, uint32_t set, uint32_t device,
		    struct instant now, uint32_t *old);
uint32_t rib_best(const struct rib *, uint32_t set, uint32_t device);
/* What a router with that best path tells a neighbour: ASPATH_NONE when the
 * neighbour is in it (it would refuse it: RFC 4271, 9.1.2). */
uint32_t rib_offer(struct rib *, uint32_t device, uint32_t best,
		   uint32_t neighbour);
/* Number of ASes to the origin; UINT32_MAX: no route. */
uint32_t rib_distance(const struct rib *, uint32_t set, uint32_t device);
const struct ecmp *rib_group(const struct rib *, uint32_t set, uint32_t device);

/* Soon a packet will leave that server or go there. */
void rib_prefetch(const struct rib *, uint32_t server);
/* The global port by which a router sends a packet; FABRIC_NONE: no route. Use:
 * it does. */
uint32_t rib_route(const struct rib *, uint32_t device, uint32_t target,
		   uint64_t hash, struct instant now, bool use);

#endif
