/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network_state.h - what network.c changes and network_query.c reads
 */
#ifndef SIM_NETWORK_STATE_H
#define SIM_NETWORK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/siphash.h"
#include "sim/bgp.h"
#include "sim/buffer.h"
#include "sim/ecmp.h"
#include "sim/fabric.h"
#include "sim/guests.h"
#include "sim/link.h"
#include "sim/network.h"
#include "sim/tally.h"
#include "sim/uniform.h"

struct network_link {
	struct link_direction directions[2]; /* from ports[0], from ports[1] */
	const struct link_settings *settings;
	enum network_link_state asked, state;
	uint32_t epoch;
};

struct network {
	struct fabric *fabric;
	struct guests *guests; /* NULL: all addresses are our own */
	struct bgp *bgp; /* NULL: uniform */
	struct uniform *uniform; /* or NULL */
	struct queue *queue;
	const struct watch *watch; /* may be NULL */
	network_deliver *deliver;
	void *context;
	struct buffers *buffers;
	struct tally *tally;
	struct network_link *links;
	bool *device_up;
	uint64_t *seeds; /* a device: its ECMP hash */
	struct siphash_key digest_key;
	int64_t *icmp_next_ns; /* a router: when a token is free */
	uint32_t *fragment_ids; /* a host */
	uint8_t *scratch; /* for fragments; BUFFER_BYTES_MAX */
};

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
