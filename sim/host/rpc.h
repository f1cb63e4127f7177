/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpc.h - a load of small questions: every server always waits for one answer
 *
 *	server 7			server 31 (random, another)
 *	  |--- request, 100 bytes ------->|
 *	  |<-- answer, 500 bytes ---------|
 *	  |--- next request --> whoever is next
 *
 * A closed loop, as remote procedure calls inside a row of racks are, and as
 * simulators are compared by: the network is never idle and never full, so
 * what is measured is the cost of a packet's hop. It asks nothing of the hash
 * table and nothing of the service: requests go from loopback to loopback.
 *
 * Over UDP each request goes to a new random server (every server draws from
 * its own stream); a request without an answer is repeated after
 * RPC_TIMEOUT_NS, with its number, and an answer to another number than the
 * one that is waited for is an old one. Over TCP each server opens one
 * connection to one random server at the start and keeps it: requests and
 * answers are 100 and 500 bytes of the two streams, in turn. (A connection a
 * call would measure handshakes and TIME_WAIT; a connection to everybody would
 * be n * n of them.) One that breaks is not opened again: its server is
 * silent from then on.
 *
 *	 0          4          8            16                   size
 *	+----------+----------+------------+----------------------+
 *	| "HRPC"   | server   | number     | pattern of the run   |   UDP
 *	+----------+----------+------------+----------------------+
 *
 * measure.rpcs is the number of calls in all; the one after the last is not
 * begun. Counters of the whole: rpcs (answered), rpc_repeats, and rpc_ns, the
 * sum of the times from a request's first sending to its answer.
 */
#ifndef SIM_HOST_RPC_H
#define SIM_HOST_RPC_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wire/packet.h"
#include "sim/engine/event.h"
#include "sim/host/transport.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/net/network.h"

#define RPC_PORT       7001 /* of who answers; who asks has the next */
#define RPC_TIMEOUT_NS (20 * NS_PER_MS)

struct rpcs;

/* NULL when the settings want none; messages fit (sim/model/constraints.h). All
 * but the settings' own memory is borrowed. Aborts when out of memory. */
struct rpcs *rpcs_create(const struct settings *, struct network *,
			 struct queue *, struct transport *,
			 const struct watch *);
void rpcs_destroy(struct rpcs *);
/* Every server asks. */
void rpcs_start(struct rpcs *, struct instant now);
/* A packet to a server's loopback that nobody else wanted, parsed and with a
 * right checksum. False: nor do we. rpcs may be NULL. */
bool rpcs_receive(struct rpcs *, struct instant now, uint32_t server,
		  const uint8_t *bytes, const struct packet *);
/* EVENT_WORKLOAD of code WORKLOAD_RPC: a timeout may be due. */
void rpcs_event(struct rpcs *, struct instant now, const struct event *);
/* EVENT_TCP of a connection whose `rpc` is set. */
void rpcs_timer(struct rpcs *, struct instant now, struct connection *);
/* A packet for this server comes soon: fetch what it will touch. */
void rpcs_prefetch(const struct rpcs *, uint32_t server);
/* Calls so far; 0 of NULL. */
uint64_t rpcs_answered(const struct rpcs *);
void rpcs_report(const struct rpcs *);

#endif
