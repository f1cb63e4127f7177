/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network.h - devices, links between them, and packets on their way
 *
 * A device is a router or a host and has ports; a link joins two ports. Real
 * IP packets travel: every hop is an event; routers decrement TTL, look the
 * destination up in their FIB, choose a member of the nexthop group by the
 * hash of the 5-tuple under their own seed (ecmp.h), queue the packet on the
 * link (link.h) and answer ICMP where a router would. Hosts route by their own
 * uplinks.
 *
 * Device numbers: servers first (0 .. servers-1), then clients, then
 * routers. Names: server1, client1, edge1, exit1, spine1, leaf1 (from 1, as
 * people count; with pods spines and leaves are numbered through). Ports are
 * numbered from 0; a server's ports are its uplinks.
 *
 * Addresses: service 192.168.0.1 (paper, 5.2.1) and 2001:db8:ffff::1; server i
 * has loopback 10.0.0.0/8 + i + 1 and 2001:db8:a::/96 + i + 1, client i has
 * 20.1.0.0/16 + i + 1 (paper, figure 6) and 2001:db8:c::/96 + i + 1. Everything
 * that is neither the service nor a server's loopback is behind the edge; a
 * client's address goes to that client, any other address to client1.
 */
#ifndef SIM_NET_NETWORK_H
#define SIM_NET_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/endpoint.h"
#include "core/outbox.h"
#include "sim/engine/event.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/net/link.h"

struct memory_report;
struct fabric;
struct network;
struct packet;

/* A packet for a host: its own addresses, any protocol. Borrowed bytes. */
typedef void network_deliver(void *context, struct instant now, uint32_t device,
			     uint8_t port, const uint8_t *bytes, uint32_t size);

/* A packet that a host is about to route: of its TCP, of its daemon. Borrowed
 * bytes; it may not be well-formed. */
typedef void network_sent(void *context, struct instant now, uint32_t device,
			  const uint8_t *bytes, uint32_t size);

/* Everything up, routes converged, every server announcing. 0, or -EINVAL with
 * a sentence in error[]. Queue and watch (may be NULL) are borrowed, settings
 * copied as far as needed. Aborts when out of memory. */
int network_create(struct network **created, const struct settings *settings,
		   struct queue *queue, const struct watch *watch,
		   network_deliver *deliver, void *context, char *error,
		   size_t error_size);
void network_destroy(struct network *);
/* From now on the services are these, instead of our own, and addresses mean
 * what foreign_services.h says: for replaying captures. family: of the servers'
 * loopbacks. The list is copied. */
void network_guests(struct network *, const struct steer_service *services,
		    uint32_t count, uint8_t family);

/* From now on each packet that a host sends is shown to it first. */
void network_listen(struct network *, network_sent *, void *context);

/* Who is connected to whom; lives as long as the network. */
const struct fabric *network_fabric(const struct network *);
uint32_t network_device_count(const struct network *);
/* Of routes, delivered so far. */
uint64_t network_updates(const struct network *);
const char *network_device_name(const struct network *, uint32_t device);
/* By name; UINT32_MAX if there is none. */
uint32_t network_device_find(const struct network *, const char *name);
uint32_t network_client_device(const struct network *, uint32_t client);
/* The server that has a loopback; UINT32_MAX if none has. */
uint32_t network_server_find(const struct network *, const struct address *);
struct address network_host_address(const struct network *, uint32_t device,
				    uint8_t family);
struct address network_service_address(const struct network *, uint8_t family);

/* Route a whole IP packet out of a host. avoid_port: not by this one unless
 * it is the only one that works (OUTBOX_ANY_UPLINK: any). Too big for the
 * link: fragmented if allowed (IPv4 without DF; IPv6 because we are its
 * source), else dropped and the host gets the ICMP error. */
void network_send(struct network *, uint32_t device, uint8_t avoid_port,
		  const uint8_t *bytes, uint32_t size);
/* No socket of the host takes a packet that came: port unreachable, to its
 * source, as often as icmp_limit.h allows. */
void network_refuse(struct network *, uint32_t device, const uint8_t *bytes,
		    const struct packet *);
/* An ICMP echo has come to the host: its kernel's reply. False: it is none. */
bool network_echo(struct network *, uint32_t device, const uint8_t *bytes,
		  const struct packet *);
/* EVENT_PACKET and EVENT_ROUTE come here. */
void network_event(struct network *, const struct event *);

/* By number or by name ("exit1-spine2", either order); UINT32_MAX: none. */
uint32_t network_link_find(const struct network *, const char *name);
void network_link_set(struct network *, uint32_t link, enum link_state);
/* From now on the link has these settings (both directions; copied), whatever
 * its state; what is on its way or queued stays as it was. Not on a uniform
 * fabric. */
void network_link_change(struct network *, uint32_t link,
			 const struct link_settings *);
/* What it has now; valid as long as the network. */
const struct link_settings *network_link_settings(const struct network *,
						  uint32_t link);
/* All links of a device at once; a router that comes back starts empty, and a
 * link that network_link_set() has cut stays cut. */
void network_device_set(struct network *, uint32_t device, bool up);
/* Whether a server announces the service (drain, undrain, join). Its
 * loopback stays announced. */
void network_announce(struct network *, uint32_t server, bool announce);
/* Links that this packet, sent by the host now, would cross, in order. The
 * number (links beyond capacity are counted, not written); 0 when it would be
 * dropped. *last is the device it reaches, UINT32_MAX if none; on a uniform
 * fabric, which has no links, it alone is the answer. */
uint32_t network_path(const struct network *, uint32_t device,
		      const uint8_t *bytes, uint32_t size, uint32_t *links,
		      uint32_t capacity, uint32_t *last);
/* Does this host have a route to the address (its own uplinks' view: servers
 * know the default route only)? Uniform: is the address's host up? */
bool network_routed(const struct network *, uint32_t device,
		    const struct address *);
/* Grows with every change of routes, the kernel's own reroutes included; above
 * 0. */
uint64_t network_routes(const struct network *);
/* The servers whose loopbacks a server's routes reach, itself among them,
 * ascending; how many. On a routed fabric these are the routes of the leaves
 * behind its uplinks, as they stand now: what a leaf would announce to a server
 * that asked for more than the default route. Uniform: who is up. servers[] has
 * room for all. */
uint32_t network_members(const struct network *, uint32_t server,
			 uint32_t *servers);
/* Packets that a device has dropped for that reason; of a host, its own. */
uint64_t network_dropped(const struct network *, uint32_t device, enum drop);
/* Adds devices, links and routing. */
void network_memory(const struct network *, struct memory_report *);
/* Counters per device and drops by reason go to the watch. */
void network_report(const struct network *);

#endif
