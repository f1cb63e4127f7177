/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - hosts that serve: a participant, and a TCP stack above it
 *
 *	network --> server_agent.c --> service.c --> transport.h
 *
 * The stack (service.c) is every connection of the service address and the
 * application behind it. With Homeward off it gets each packet directly and
 * answers a RST for an unknown session, as the plain kernel does.
 *
 * Core tables are shared by all servers: endpoints (server i has index i),
 * lookups, store, publications, held. A server that crashes, or whose daemon
 * is killed, loses its node: node_forget() and steer_clear() give its places in
 * the shared tables back.
 */
#ifndef SIM_HOST_SERVER_H
#define SIM_HOST_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rng.h"
#include "sim/engine/event.h"
#include "sim/host/reassembly.h"
#include "sim/host/rpc.h"
#include "sim/host/server_agent.h"
#include "sim/host/transport.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

struct memory_report;

/* Peers that a server is told to join through; one may have just crashed. */
#define SERVER_SEEDS   3
#define SERVER_POLL_NS (100 * NS_PER_MS) /* leaving: sessions left? */

/* Codes of EVENT_HOST beside its participant's. */
enum server_code {
	SERVER_JOIN = SERVER_AGENT_CODES, /* enter the DHT now */
	SERVER_LEAVE, /* drained: look whether its sessions are over */
};

#define SERVER_COUNTER_LIST(X)                                                 \
	X(bad_packets)                                                         \
	X(no_socket)                                                           \
	X(accepted)                                                            \
	X(resets_sent)                                                         \
	X(set_refused)                                                         \
	X(get_refused)                                                         \
	X(steer_drops)

struct server_counters {
#define SERVER_COUNTER(name) uint64_t name;
	SERVER_COUNTER_LIST(SERVER_COUNTER)
#undef SERVER_COUNTER
};

struct server {
	/* Its node, and joined also when its table is ideal. Restarts so far
	 * are its incarnation; its sequence numbers versions as well. */
	struct server_agent *server_agent;
	bool alive; /* powered; its node runs, unless its daemon is stopped */
	bool leaving;
	int64_t skew_ns; /* its clock minus simulated time, >= 0 */
	struct rng rng;
	struct server_counters counters;
};

struct servers {
	const struct settings *settings;
	struct network *network;
	struct queue *queue;
	const struct watch *watch;
	struct workload *workload;
	struct transport *transport;
	struct rpcs *rpcs; /* or NULL; the world sets it */
	struct reassembly *reassembly;
	struct keymap *synthetic; /* keys of operations: their owner */

	struct steer_service service;
	struct steer_settings steer_settings;
	struct node_limits node_limits;
	struct steer_limits steer_limits;
	struct node_parts parts;
	struct hold *held;
	uint64_t node_seed;
	void *shared[5]; /* memory behind parts and held */
	size_t shared_bytes[5];
	uint8_t *node_memory, *steer_memory;
	size_t node_bytes, steer_bytes; /* of one server */

	uint32_t count;
	struct server *servers;
	struct server_agents *server_agents;
};

struct servers *servers_create(const struct settings *, struct network *,
			       struct queue *, const struct watch *,
			       struct workload *, struct transport *);
void servers_destroy(struct servers *);
/* All tables at once, perfect; joined for all that are alive. */
void servers_ideal(struct servers *);
/* Power on (network up, announced, empty node) and enter the DHT through
 * others. */
void servers_up(struct servers *, struct instant now, uint32_t server);
/* Not there (yet): before the start of a run. */
void servers_absent(struct servers *, uint32_t server);
/* Adds nodes, what hangs on them, and the pools that they share. */
void servers_account(const struct servers *, struct memory_report *);
uint32_t servers_joined(const struct servers *);
/* A random server that is alive and joined; WATCH_NONE if there is none. */
uint32_t servers_random(const struct servers *, struct rng *);

void servers_deliver(struct servers *, struct instant now, uint32_t server,
		     uint8_t port, const uint8_t *bytes, uint32_t size);
/* EVENT_HOST. */
void servers_event(struct servers *, struct instant now, const struct event *);

/* Operations without sessions: a server says that it owns a key, asks for
 * one. False: a table is full. */
bool servers_set(struct servers *, struct instant now, uint32_t server,
		 const struct session_key *);
bool servers_get(struct servers *, struct instant now, uint32_t server,
		 const struct session_key *);

/* Faults. */
void servers_crash(struct servers *, uint32_t server);
void servers_drain(struct servers *, uint32_t server, bool drain);
void servers_leave(struct servers *, struct instant now, uint32_t server);
/* The daemon dies alone: node, records, owner cache and held packets are gone;
 * the host's sockets, and what is routed to it, stay. */
void servers_daemon_kill(struct servers *, uint32_t server);
/* It starts, if it was killed: an empty node that joins through others, and
 * publishes what sessions the kernel has, with the versions that they had. */
void servers_daemon_start(struct servers *, struct instant now,
			  uint32_t server);
void servers_report(const struct servers *);

/* Between cluster.c, server.c and service.c. */
void servers_start(struct servers *, uint32_t server); /* empty node, steer */
struct version servers_version(struct servers *, struct instant now,
			       uint32_t server);
/* What server.c does for participants, for servers_create(). */
extern const struct server_agent_owner servers_owner;
/* A packet for the stack; forwarded: out of a tunnel. packet: as the
 * participant's deliver() has it. */
void service_deliver(struct servers *, struct instant now, uint32_t server,
		     const uint8_t *bytes, uint32_t size,
		     const struct packet *packet, bool forwarded);
/* EVENT_TCP of a server's connection. */
void service_timer(struct servers *, struct instant now, struct connection *);

#endif
