/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server_state.h - what the files behind server.h share
 *
 *	server.c    what comes to a server; joining, leaving
 *	   |   \
 *	   |   service.c   sockets of the service, and the program behind
 *	   |   /
 *	cluster.c   memory; starting, crashing, reporting
 *
 * Each calls only those below it.
 */
#ifndef SIM_HOST_SERVER_STATE_H
#define SIM_HOST_SERVER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/traffic.h"
#include "core/rng.h"
#include "sim/host/reassembly.h"
#include "sim/host/repairs.h"
#include "sim/host/rpc.h"
#include "sim/host/server.h"
#include "sim/host/server_agent.h"
#include "sim/host/truth.h"
#include "sim/model/workload.h"

#define SERVER_COUNTER_LIST(X)                                                 \
	X(bad_packets)                                                         \
	X(no_socket)                                                           \
	X(accepted)                                                            \
	X(resets_sent)                                                         \
	X(set_refused)                                                         \
	X(get_refused)                                                         \
	X(steer_drops)                                                         \
	X(starts) /* powered on since the tables were settled */               \
	X(off_ms) /* without power since then */                               \
	X(off) /* 1: at the end of the run */

struct server_counters {
#define SERVER_COUNTER(name) uint64_t name;
	SERVER_COUNTER_LIST(SERVER_COUNTER)
#undef SERVER_COUNTER
};

/* What a server's nodes and schemes counted in lives that another followed. */
struct server_past {
	struct node_counters node;
	struct steer_counters steer;
};

struct server {
	/* Its node, and joined also when its table is ideal. Restarts so far
	 * are its incarnation; its sequence numbers versions as well. */
	struct server_agent *server_agent;
	bool alive; /* powered; its node runs, unless its daemon is stopped */
	bool leaving;
	bool handing; /* its sessions are over, its records go elsewhere */
	struct instant handing_until;
	struct instant off_since; /* when not alive */
	struct instant lost; /* its records last, not handed over; NEVER */
	int64_t off_ns; /* before that */
	int64_t skew_ns; /* its clock minus simulated time, >= 0 */
	struct rng rng;
	struct server_counters counters;
	/* Connections that wait for their handshake's last ACK, and what was
	 * done when they were too many (syn_cookie.h). */
	uint32_t requests;
	struct instant cookies_until; /* until then one may come back */
	uint64_t cookies_sent, cookies_taken;
	struct server_past *past; /* NULL: this is its first life */
};

struct servers {
	const struct settings *settings;
	struct network *network;
	struct queue *queue;
	const struct watch *watch;
	struct workload *workload;
	struct transport *transport;
	struct rpcs *rpcs; /* or NULL */
	struct reassembly *reassembly;
	struct truths *truths; /* of keys without a session */
	struct repairs *repairs; /* NULL: nobody measures */

	struct steer_service service;
	struct steer_settings steer_settings;
	struct node_limits node_limits;
	struct scheme_limits scheme_limits;
	struct node_parts parts;
	struct traffic traffic; /* of all nodes, dead ones among them */
	uint64_t node_seed;
	void *shared[5]; /* memory behind parts, and what the scheme shares */
	size_t shared_bytes[5];
	/* Of all servers, one after the other; scheme_memory may be NULL. */
	uint8_t *node_memory, *scheme_memory;
	size_t node_bytes, scheme_bytes; /* of one server */

	const struct servers_listener *listener; /* may be NULL */
	uint32_t count;
	struct server *servers;
	struct server_agents *server_agents;
};

/* cluster.c: */
/* servers_create(); owner: what servers do for their agents. */
struct servers *cluster_create(const struct settings *, const struct scheme *,
			       const struct server_agent_owner *owner,
			       struct network *, struct queue *,
			       const struct watch *, struct workload *,
			       struct transport *);
/* An empty node and an empty state of the scheme. */
void cluster_start(struct servers *, uint32_t server);
struct version cluster_version(struct servers *, struct instant now,
			       uint32_t server);

/* service.c: */
/* A packet for the stack; forwarded: out of a tunnel. packet: as the
 * agent's deliver() has it. */
void service_deliver(struct servers *, struct instant now, uint32_t server,
		     const uint8_t *bytes, uint32_t size,
		     const struct packet *packet, bool forwarded);

/* A session has opened there, flow or WATCH_NONE: the scheme may publish it.
 * Held packets may end its connection. */
void service_publish(struct servers *, struct instant now, uint32_t server,
		     uint32_t flow, const struct session_key *, struct version);
/* Nobody has such a connection: is it the answer to a cookie? */
bool service_made_cookie(const struct servers *, uint32_t server,
			 const struct session_key *, const struct packet *);

#endif
