/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_state.h - what network.c changes and the files beside it read
 */
#ifndef SIM_NET_NETWORK_STATE_H
#define SIM_NET_NETWORK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/siphash.h"
#include "sim/model/fabric.h"
#include "sim/net/bgp.h"
#include "sim/net/buffer.h"
#include "sim/net/counters.h"
#include "sim/net/ecmp.h"
#include "sim/net/foreign_services.h"
#include "sim/net/icmp_limit.h"
#include "sim/net/link.h"
#include "sim/net/network.h"
#include "sim/net/uniform.h"

struct network_link {
	const struct link_settings *settings;
	uint32_t epochs[2]; /* a direction's last change; 0: none yet */
	uint8_t asked, state; /* enum link_state */
	bool changed; /* its settings are a network_settings' */
};

/* Settings that a link was given; its own until then are its tier's. */
struct network_settings {
	struct link_settings settings; /* first: links point here */
	const struct link_settings *before;
	bool changed; /* of `before`: is it one of these, too? */
	uint32_t epoch; /* of the network: packets sent before it have it as
			   `before` said */
	struct network_settings *next; /* of all links', for the end */
};

/* Change 1 is changes[0]. One that leaves a direction as it was is none of
 * that direction's epochs. */
struct network_change {
	int64_t at_ns;
	uint32_t before[2]; /* the same link's epochs until then */
	uint8_t state; /* from then on */
};

struct network {
	struct fabric *fabric;
	struct foreign_services
		*foreign_services; /* NULL: all addresses are our own */
	struct bgp *bgp; /* NULL: uniform */
	struct uniform *uniform; /* or NULL */
	struct queue *queue;
	const struct watch *watch; /* may be NULL */
	network_deliver *deliver;
	void *context;
	network_sent *sent; /* may be NULL */
	void *sent_context;
	struct buffers *buffers;
	struct counters *counters;
	enum fidelity_kind fidelity;
	uint64_t seed;
	struct network_link *links;
	/* From each link's ports[0], from its ports[1]. NULL in path fidelity,
	 * which has no queues, when no link has impairments. */
	struct link_direction *directions;
	struct network_settings *given; /* the youngest */
	struct network_change *changes; /* of links' states */
	uint32_t epoch, change_capacity; /* epoch: how many */
	uint64_t route_changes; /* for network_routes() */
	bool *device_up;
	uint64_t *seeds; /* a device: its ECMP hash */
	struct siphash_key digest_key;
	struct icmp_limit *icmp_limit;
	uint32_t *fragment_ids; /* a host */
	uint8_t *scratch; /* for fragments; BUFFER_BYTES_MAX */
};

/* network_link.c: all up. */
void network_links_create(struct network *);

/* network_route.c: */
/* The direction that begins at a global port. */
struct link_direction *network_direction(struct network *, uint32_t port);
/* Which of its link's directions begins at a global port. */
static inline uint32_t
network_toward(const struct network *network, uint32_t port)
{
	const struct fabric *fabric = network->fabric;

	return fabric->links[fabric->ports[port].link].ports[1] == port;
}
/* How its link is for what is sent by a global port: LINK_UP, LINK_DOWN or
 * LINK_SILENT. */
static inline enum link_state
network_port_state(const struct network *network, uint32_t port)
{
	uint32_t link = network->fabric->ports[port].link;
	enum link_state state = (enum link_state)network->links[link].state;

	/* Nearly all are up, and need no look at the fabric's links. */
	if (state == LINK_UP)
		return LINK_UP;
	return link_state_toward(state, network_toward(network, port));
}
/* A packet's digest under a device's own seed. */
uint64_t network_hash(const struct network *, uint32_t device, uint64_t digest);
/* The uplink by which a host sends: a global port, FABRIC_NONE: no route. */
uint32_t network_uplink(const struct network *, uint32_t device,
			uint8_t avoid_port, uint64_t digest);
/* Whom a packet's destination means. */
uint32_t network_target(const struct network *, const struct packet *);
/* Is the device one of those that the target means? */
bool network_here(const struct fabric *, uint32_t device, uint32_t target);

#endif
