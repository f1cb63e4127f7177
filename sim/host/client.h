/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.h - hosts that open sessions and see what a user would see
 *
 * Session i belongs to client host i mod clients. Its port comes from the
 * host's ports in turn, starting at a random one; with reuse_ports the host
 * takes the port whose session ended last. A client connects, sends its
 * request, sends or reads the bytes, and closes when the server has: the
 * session is complete when the receiver has every byte and the client has
 * seen the server's FIN. A packet for no socket is answered as a kernel does.
 * What the network brings for an address that no host has (an answer to
 * somebody who lied about his) is counted, and nothing else.
 */
#ifndef SIM_HOST_CLIENT_H
#define SIM_HOST_CLIENT_H

#include <stdint.h>

#include "core/wire/packet.h"
#include "sim/engine/event.h"
#include "sim/host/transport.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

struct clients;

struct clients *clients_create(const struct settings *, struct network *,
			       struct queue *, const struct watch *,
			       struct workload *, struct transport *);
void clients_destroy(struct clients *);
/* Time zero: schedule the first arrival. */
void clients_start(struct clients *);
void clients_deliver(struct clients *, struct instant now, uint32_t device,
		     const uint8_t *bytes, uint32_t size);
/* EVENT_WORKLOAD of code WORKLOAD_ARRIVAL; EVENT_TCP of a client's. */
void clients_arrival(struct clients *, struct instant now);
void clients_timer(struct clients *, struct instant now, struct connection *);
/* Packets that came for addresses of nobody. */
uint64_t clients_unclaimed(const struct clients *);
/* Counters to the watch. */
void clients_report(const struct clients *);

#endif
