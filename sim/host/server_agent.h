/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_agent.h - a server's part in the table and the packet decision
 *
 *	server_agent_arrive
 *	   | loopback, UDP 7000 ------> node_receive
 *	   | loopback, UDP 6080 ------> scheme's decapsulate --> local: stack
 *	   | loopback, SCHEME_PORT ---> scheme's datagram
 *	   | loopback, ICMP ----------> scheme's icmp: echo replies, errors
 *	   | service, or ICMP error --> scheme's packet -------> local: stack
 *	outbox: DATAGRAM, FORWARD, PACKET -> network_send;  DELIVER -> stack
 *
 * An agent is a core node and a scheme's state (model/scheme.h) on the
 * simulated network: what the daemon's loop is on a live host. It is the same
 * whether the stack above it is a simulated TCP (server.h) or a capture's
 * sessions (the harness's replay); what differs is a table of functions that
 * its owner gives.
 *
 * A verb of the node or of the scheme runs between server_agent_begin() and
 * server_agent_end(). The latter measures node events, tells the scheme of
 * them, sends what is in the outbox and sets the alarm. Delivering to the
 * stack may begin another verb, hence a small stack of outboxes. A packet that
 * is for the stack itself comes after all that it released.
 *
 * The route to another server is asked for when a packet is forwarded there,
 * and the scheme told. The members are asked for when a packet comes and
 * routes have changed since the scheme was told.
 *
 * Without a scheme's state (the scheme `none`, or a run without sessions) a
 * service's packets go to the stack as they are. The node runs all the same,
 * so that runs with and without spend the same random numbers.
 *
 * A packet from the network is classified here, once (classifier.h), and what
 * it is about handed to each that asks: the scheme's verbs, and the stack,
 * which says whose it is (core/wire/ownership.h).
 *
 * A daemon that was killed leaves node and scheme forgotten until
 * server_agent_init(), and neither is asked. Meanwhile the kernel goes on as a
 * live host's does (live/kernel/datapath.h): a packet of a session that is
 * here, and a SYN, reach the stack; a stray is dropped, and no one is reset;
 * no socket has the daemon's ports.
 *
 * A daemon takes its time where the settings say so (cpu_model.h): then what
 * is for it waits, and is handled at an event of its own.
 *
 * The live edge seals datagrams; here MESSAGE_SEAL_BYTES at their end cost what
 * the seal would cost: the sender's incarnation (boots.h), then zeros.
 */
#ifndef SIM_HOST_SERVER_AGENT_H
#define SIM_HOST_SERVER_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/outbox.h"
#include "core/wire/packet.h"
#include "sim/engine/event.h"
#include "sim/host/boots.h"
#include "sim/host/cpu_model.h"
#include "sim/host/reassembly.h"
#include "sim/model/scheme.h"
#include "sim/model/settings.h"
#include "sim/model/watch.h"
#include "sim/net/network.h"

#define SERVER_AGENT_PORT     7000 /* UDP, of the table's messages */
#define SERVER_AGENT_OUTBOXES 8
/* Peers that a server is told to join through; one may have just crashed. */
#define SERVER_AGENT_SEEDS 3

/* Codes of EVENT_HOST; an owner's own are above. a: the incarnation. */
enum server_agent_code {
	SERVER_AGENT_DEADLINE,
	SERVER_AGENT_PROCESSED,
	SERVER_AGENT_CODES
};

/* Which way a packet came to the stack. */
enum server_agent_way {
	SERVER_AGENT_ARRIVED, /* the network brought it */
	SERVER_AGENT_RELEASED, /* the scheme held it here for a while */
	SERVER_AGENT_TUNNELLED, /* another server forwarded it */
};

struct server_agent {
	struct node *node;
	void *scheme; /* its state; NULL: the scheme is not asked */
	struct address loopback;
	struct alarm alarm;
	bool joined; /* its node says so, or server_agent_joined() did */
	bool asked; /* it has tried to join since it started */
	bool stopped; /* its daemon was killed, its host runs on */
	uint32_t incarnation; /* in the alarm's event, as a */
	uint32_t sequence; /* the next of IP ids and of versions */
	uint64_t routes; /* network_routes() when it was told of members */
};

/* What the agent's owner (server.c, or the replay) does for it, and is
 * told. Bytes are borrowed for the call. */
struct server_agent_owner {
	/* Whose is a packet that has a key? As struct scheme_site has it. */
	enum ownership (*whose)(void *, uint32_t server,
				const struct classification *);
	/* packet: what packet_parse() made of the bytes; NULL: it was held, and
	 * is to be parsed again. Only what arrived by itself had its checksum
	 * verified. */
	void (*deliver)(void *, struct instant now, uint32_t server,
			const uint8_t *bytes, uint32_t size,
			const struct packet *packet, enum server_agent_way);
	/* Servers to join through, SERVER_AGENT_SEEDS at most; how many. NULL:
	 * there are none. */
	uint32_t (*seeds)(void *, uint32_t server, uint32_t *seeds);
	/* A measurement's flow; WATCH_NONE: of none. */
	uint32_t (*flow)(void *, const struct session_key *);
	void (*measured)(void *, const struct watch_measurement *,
			 const struct node_event *);
	/* A node's event, before the scheme is told of it. May be NULL. */
	void (*learned)(void *, struct instant now, uint32_t server,
			const struct node_event *);
	/* The scheme's verdict on a packet, before the outbox is sent. */
	void (*decided)(void *, struct instant now, uint32_t server,
			const uint8_t *bytes, const struct packet *,
			const struct scheme_result *);
	/* Its node is about to receive a message, unsealed, and has. May be
	 * NULL, both. */
	void (*receiving)(void *, struct instant now);
	void (*received)(void *, struct instant now, uint32_t server,
			 const uint8_t *bytes, uint32_t size);
	/* A datagram is on its way to a server: have what it will need fetched
	 * from far memory, if that is where it is. May be NULL. */
	void (*expect)(void *, uint32_t server);
	/* A packet that is about to be forwarded; one that came out of the
	 * tunnel at a server without its socket. These, too. */
	void (*forwarding)(void *, const uint8_t *bytes, uint32_t size);
	void (*refusing)(void *, const uint8_t *bytes, uint32_t size);
	/* A packet of the scheme's own making: a RST, an ICMP error. */
	void (*answering)(void *, const uint8_t *bytes, uint32_t size);
};

/* All of a run; everything is borrowed. */
struct server_agent_world {
	const struct server_agent_owner *owner;
	void *context; /* of the owner's functions */
	const struct settings *settings;
	const struct steer_settings *steer; /* with the services */
	const struct scheme *scheme;
	struct network *network;
	struct queue *queue;
	struct reassembly *reassembly;
	struct endpoints *endpoints;
	uint32_t count; /* servers: the network's first devices */
	uint8_t family; /* of their loopbacks: 4 or 6 */
};

struct server_agents {
	struct server_agent_world world;
	struct server_agent *array; /* by server */
	uint32_t joined; /* how many are */
	struct boots *boots;
	struct cpu_model *processing; /* NULL: daemons take no time */
	uint64_t answers; /* RSTs and ICMP errors of our making */
	struct outbox outboxes[SERVER_AGENT_OUTBOXES];
	uint32_t depth;
	uint32_t *members; /* scratch for a list of servers */
	uint8_t scratch[REASSEMBLY_BYTES];
};

/* With loopbacks, server i's endpoint at index i, and neither node nor scheme's
 * state: those the owner makes, in memory of its own. Aborts when out of
 * memory. */
struct server_agents *server_agents_create(const struct server_agent_world *);
void server_agents_destroy(struct server_agents *); /* NULL: nothing */

/* A packet from the network: packet is what packet_parse() made of it, and
 * its owner found nothing wrong. False: nothing here listens at that address
 * and port. */
bool server_agent_arrive(struct server_agents *, struct instant now,
			 uint32_t server, uint8_t uplink, const uint8_t *bytes,
			 const struct packet *);
/* The daemon is killed: what node and scheme held is gone, without a word to
 * any peer. */
void server_agent_stop(struct server_agents *, uint32_t server);
/* EVENT_HOST of a code above. Of an earlier incarnation it is lost, as is what
 * waited for a server that is down (alive says so) or for a killed daemon. */
void server_agent_event(struct server_agents *, struct instant now,
			const struct event *, bool alive);

/* SERVER_AGENT_DEADLINE; lost: of an earlier incarnation. */
void server_agent_expire(struct server_agents *, struct instant now,
			 uint32_t server, bool lost);

/* Around every verb of the server's node that the owner calls. */
struct outbox *server_agent_begin(struct server_agents *);
void server_agent_end(struct server_agents *, struct instant now,
		      uint32_t server);
/* Its node joins through others, until it is in. */
void server_agent_join(struct server_agents *, struct instant now,
		       uint32_t server);
void server_agent_joined(struct server_agents *, uint32_t server, bool joined);
/* A server starts: its scheme's state is made in `memory` (NULL: it gets none).
 * Its node is there. */
void server_agent_init(struct server_agents *, uint32_t server, void *memory,
		       const struct scheme_site *);
/* The stack has answered a SYN, and has a socket for it: the scheme is told. 0,
 * or the scheme's -errno. */
int server_agent_opening(struct server_agents *, struct instant now,
			 uint32_t server, const struct session_key *,
			 struct version);
/* The stack has, or has no longer, the socket: the scheme is told. 0, or the
 * scheme's -errno. */
int server_agent_opened(struct server_agents *, struct instant now,
			uint32_t server, const struct session_key *,
			struct version);
void server_agent_closed(struct server_agents *, struct instant now,
			 uint32_t server, const struct session_key *);
/* The stack is about to send a TCP segment: the scheme may change its bytes. */
void server_agent_sent(struct server_agents *, struct instant now,
		       uint32_t server, uint8_t *bytes, uint32_t size);
/* What the server's scheme has counted; all zero without its state. */
const struct steer_counters *server_agent_counters(const struct server_agents *,
						   uint32_t server);
/* The plain kernel's answer to a segment without a socket. False: such a
 * segment is not answered. */
bool server_agent_reset(struct server_agents *, struct instant now,
			uint32_t server, const struct packet *);

#endif
