/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.h - hosts that serve: an agent, and a TCP stack above it
 *
 *	network --> server_arrival.c --> service.c --> transport.h
 *			|
 *		    the scheme (model/scheme.h)
 *
 * The stack (service.c) is every connection of the service address and the
 * application behind it. It gets what the scheme leaves to it, and answers a
 * segment of an unknown session with a RST, as the plain kernel does.
 *
 * Core tables are shared by all servers: endpoints (server i has index i),
 * lookups, store, publications, and what the scheme shares. A server that
 * crashes, or whose daemon is killed, loses its node and its scheme's state,
 * and gives its places in the shared tables back.
 */
#ifndef SIM_HOST_SERVER_H
#define SIM_HOST_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/engine/event.h"
#include "sim/host/server_agent.h"
#include "sim/host/transport.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/net/network.h"

struct memory_report;
struct node_limits;
struct node_parts;
struct rng;
struct rpcs;
struct servers;
struct workload;

/* What one who looks on sees of a server; borrowed until the next event. */
struct server_view {
	bool alive, leaving;
	bool runs; /* as servers_runs() has it */
	bool joined; /* as servers_joined() counts */
	uint32_t incarnation; /* another one for each start of its daemon */
	/* When a crash or a kill took the records that it held last; NEVER. */
	struct instant lost;
	const struct node *node; /* forgotten when it does not run */
	const struct steer *steer; /* the same; NULL: its scheme has none */
};

/* And of what all of them share, and how much there may be. */
struct servers_tables {
	const struct node_parts *parts;
	const struct node_limits *node_limits;
	const struct steer_limits *steer_limits; /* of one server */
	const struct steer_settings *steer_settings;
	const struct node_settings *node_settings;
};

#define SERVER_POLL_NS (100 * NS_PER_MS) /* leaving: sessions left? */

/* And then: as long as a daemon waits for its records to be handed over. */
#define SERVER_HAND_OVER_NS (2 * NS_PER_S)

/* Codes of EVENT_HOST beside its agent's. */
enum server_code {
	SERVER_JOIN = SERVER_AGENT_CODES, /* enter the DHT now */
	SERVER_LEAVE, /* drained: look whether its sessions are over */
	SERVER_OFF, /* has left: power off */
};

/* What is seen of servers' daemons. */
struct servers_listener {
	void *context;
	/* The scheme's verdict on a packet, before anything is sent for it. */
	void (*decided)(void *, struct instant now, uint32_t server,
			const struct scheme_result *);
	/* A node's event, before the scheme is told. */
	void (*learned)(void *, struct instant now, uint32_t server,
			const struct node_event *);
};

/* All but the settings' own memory is borrowed. Aborts when out of memory. */
struct servers *servers_create(const struct settings *, const struct scheme *,
			       struct network *, struct queue *,
			       const struct watch *, struct workload *,
			       struct transport *);
void servers_destroy(struct servers *);
/* What comes to a loopback and is not the agent's, is theirs. */
void servers_serve(struct servers *, struct rpcs *);
/* From now on it hears of all of them; borrowed. */
void servers_listen(struct servers *, const struct servers_listener *);
/* All tables at once, perfect; joined for all that are alive. Buckets are
 * refreshed as the node's own rule says; an alarm that would ring after
 * `until`, the end of the run, is not set. */
void servers_ideal(struct servers *, struct instant until);
/* Power on (network up, announced, empty node) and enter the DHT through
 * others. One that is leaving stays. */
void servers_up(struct servers *, struct instant now, uint32_t server);
bool servers_alive(const struct servers *, uint32_t server);
/* Alive, and its daemon was not killed. */
bool servers_runs(const struct servers *, uint32_t server);
/* Tables are settled: from now on it is counted how long servers are off. */
void servers_settled(struct servers *, struct instant now);
/* Not there (yet): before the start of a run. */
void servers_absent(struct servers *, uint32_t server);
/* Adds nodes, what hangs on them, and the pools that they share. */
void servers_memory(const struct servers *, struct memory_report *);
uint32_t servers_joined(const struct servers *);
uint32_t servers_count(const struct servers *); /* those to come included */
/* Does that server hold a record of the session, by which that owner has it?
 * WATCH_NONE: any. Those of earlier sessions by the same ports lead nowhere. */
bool servers_holds(const struct servers *, uint32_t server,
		   const struct session_key *, uint32_t owner);
/* A random server that is alive and joined; WATCH_NONE if there is none. */
uint32_t servers_random(const struct servers *, struct rng *);

/* For who looks on. */
struct server_view servers_view(const struct servers *, uint32_t server);
struct servers_tables servers_tables(const struct servers *);

void servers_deliver(struct servers *, struct instant now, uint32_t server,
		     uint8_t port, const uint8_t *bytes, uint32_t size);
/* EVENT_HOST. */
void servers_event(struct servers *, struct instant now, const struct event *);

/* Operations without sessions: a server says that it owns a key, asks for
 * one. False: a table is full. A key is set once in a run. */
bool servers_set(struct servers *, struct instant now, uint32_t server,
		 const struct session_key *);
bool servers_get(struct servers *, struct instant now, uint32_t server,
		 const struct session_key *);

/* It says that it owns the key no more. False: it does not, for it never did
 * or lost its daemon since. */
bool servers_remove(struct servers *, struct instant now, uint32_t server,
		    const struct session_key *);
/* Its node owns the key, stored yet or not. */
bool servers_owns(const struct servers *, uint32_t server,
		  const struct session_key *);
/* It does, and its record is half-open (node.h). */
bool servers_owns_half_open(const struct servers *, uint32_t server,
			    const struct session_key *);
/* node_published(); NEVER also when the server or its daemon is down. */
struct instant servers_published(const struct servers *, uint32_t server,
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
/* The run ends: measure what is not over. */
void servers_finish(struct servers *, struct instant now);
/* The counters of all, as of now. */
void servers_report(const struct servers *, struct instant now);

/* EVENT_TCP of a server's connection. */
void service_timer(struct servers *, struct instant now, struct connection *);

#endif
