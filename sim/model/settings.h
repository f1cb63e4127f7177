/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.h - a simulation described by one plain struct
 *
 * The harness fills it from a scenario file; a test fills it by hand from
 * settings_default(). Every member has a scenario key of the same name and
 * place (fabric.servers, dht.k); units end the names. Nothing here is
 * computed: what follows from it is computed where it is needed.
 */
#ifndef SIM_MODEL_SETTINGS_H
#define SIM_MODEL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/steer/settings.h"
#include "sim/model/lifetime.h"
#include "sim/model/scheme.h"

/* Uniform over [low, high]. */
struct span {
	int64_t low_ns, high_ns;
};

struct link_settings {
	uint64_t rate_bps; /* 0: no serialisation time */
	int64_t delay_ns; /* propagation, one way */
	uint32_t mtu_bytes; /* of the IP packet */
	uint32_t queue_bytes; /* drop-tail, per direction */
	uint32_t loss_ppm, duplicate_ppm, reorder_ppm; /* of packets */
};

enum fabric_kind {
	FABRIC_SPINE_LEAF, /* RFC 7938; the paper's is 2, 2, 4, 4 */
	FABRIC_UNIFORM, /* one hop of equal delay between any two servers */
};

enum fidelity_kind { /* of a routed fabric; a uniform one has no hops */
	FIDELITY_PACKET, /* every hop an event, bytes and queues */
	FIDELITY_PATH, /* one event a packet, no queues; see walk.h */
};

/*
 *	     client1 .. clientC
 *		\ | /		client_link
 *		edge1			the internet's last router
 *		/   \		edge_link
 *	    exit1 .. exitE
 *	      | \ / |		fabric_link
 *	    spine1 .. spineS		per pod; every exit to every spine
 *	      | \ / |		fabric_link
 *	    leaf1  ..  leafL		per pod; every spine to every leaf
 *	      \ /
 *	    server1 .. serverN		server_link, `uplinks` of them
 *
 * Servers are attached to neighbouring leaves, pairwise as in the paper.
 */
struct fabric_settings {
	enum fabric_kind kind;
	enum fidelity_kind fidelity;
	uint32_t exits, spines, leaves, pods; /* spines and leaves per pod */
	uint32_t servers, uplinks; /* uplinks a server, 1..4 */
	/* Of the servers, the last so many are not there at the start. No key:
	 * events say it (faults_fabric). */
	uint32_t later;
	uint32_t clients; /* client hosts */
	struct link_settings client_link, edge_link, fabric_link, server_link;
	int64_t uniform_delay_ns; /* UNIFORM: one way */
};

enum ecmp_kind {
	ECMP_HASH_THRESHOLD, /* RFC 2992, as Linux does it */
	ECMP_MODULO, /* hash mod n */
	ECMP_RESILIENT, /* fixed buckets, only the dead member's move */
};

enum detection_kind {
	DETECTION_CARRIER, /* loss of carrier is seen at once */
	DETECTION_BFD,
	DETECTION_HOLD, /* BGP hold timer */
};

/* Times from the lab table that calibrates them; see bgp.h. */
struct routing_settings {
	enum ecmp_kind ecmp;
	uint32_t resilient_buckets;
	/* A bucket of a member that has too many may go when it was idle for
	 * so long, and must after so long; 0: never must. */
	int64_t resilient_idle_ns, resilient_unbalanced_ns;
	uint32_t maximum_paths; /* a group's members; 0: all */
	enum detection_kind detection; /* of silent failures */
	struct span reroute; /* carrier lost to kernel's own reroute */
	struct span local; /* carrier lost to the router's BGP change */
	struct span hop; /* each further router: advertise, decide, install */
	struct span bfd, hold; /* silent failure to the router's BGP change */
	struct span restore; /* carrier back to routes back at the router */
};

enum tables_kind {
	TABLES_JOINED,
	TABLES_IDEAL
};

struct dht_settings {
	struct node_settings node;
	enum tables_kind tables;
	int64_t join_interval_ns; /* between two servers' joins */
	struct siphash_key placement; /* the world mixes the seed in: each
				       seed has its own tree */
};

struct service_settings {
	enum scheme_kind scheme; /* what deals with strays */
	uint8_t family; /* 4 or 6: of clients, service and fabric */
	uint16_t port;
	struct span wakeup; /* until an idle daemon runs */
	struct span processing; /* its time for one packet */
	struct steer_settings steer; /* services are filled by the world */
	int64_t clock_skew_ns; /* servers' clocks differ by up to this */
};

enum arrival_kind {
	ARRIVAL_FIXED,
	ARRIVAL_POISSON
};

enum direction {
	DIRECTION_DOWNLOAD,
	DIRECTION_UPLOAD
};

struct cdf_point {
	uint64_t bytes;
	uint32_t ppm; /* cumulative, non-decreasing, last = 1,000,000 */
};

#define CLIENTS_JITTER_AUTO (-1) /* of jitter_ns */

struct client_settings {
	uint32_t sessions; /* in all, spread over the client hosts */
	enum arrival_kind arrival;
	int64_t interval_ns; /* mean time between arrivals; 0: all at the start
			      */
	int64_t start_ns; /* first arrival, after the tables are settled */
	/* Each opens up to this later, at random; 0: none; AUTO: pace.h. */
	int64_t jitter_ns;
	enum direction direction;
	uint64_t size_bytes; /* of each session, when there is no CDF */
	const struct cdf_point *size_cdf; /* borrowed */
	uint32_t size_cdf_count;
	uint64_t
		pace_bps; /* the sender's application rate; 0: as fast as TCP */
	/* The sender's program writes so much at a time when it is paced, as a
	 * web server does; 0: a segment. */
	uint64_t pace_chunk_bytes;
	bool reuse_ports; /* a host's next session takes its last one's port */
};

enum fault_kind {
	FAULT_LINK_DOWN,
	FAULT_LINK_UP,
	FAULT_LINK_SILENT, /* drops everything, carrier stays up */
	FAULT_ROUTER_DOWN,
	FAULT_ROUTER_UP,
	FAULT_SERVER_CRASH, /* sessions die with it */
	FAULT_SERVER_UP,
	FAULT_DRAIN, /* withdraw the anycast route only */
	FAULT_UNDRAIN,
	FAULT_JOIN, /* servers enter that were not there at the start; they
		       come on top of fabric.servers */
	FAULT_LEAVE, /* drain, then leave the DHT */
	FAULT_CHURN, /* servers go and come at a rate */
	FAULT_PARTITION, /* half of the spines' links, until merge */
	FAULT_MERGE,
	FAULT_DAEMON_KILL, /* kill -9 of a server's daemon: its sockets stay */
	FAULT_DAEMON_START,
	FAULT_DAEMON_RESTART, /* killed, and started at once or at until */
	FAULT_LINK_DEGRADE, /* loss, delay, rate ... of a link from now on */
	FAULT_LINK_RESTORE, /* as the scenario's fabric has it */
	FAULT_FLOOD, /* bogus packets from outside, at a rate */
	FAULT_FORGED_SYN, /* SYNs that say to be of sessions that are open */
	FAULT_CALM, /* nobody attacks any more */
	FAULT_SEQUENCE, /* random changes in a row, see fault_sequence.h */
	FAULT_KINDS
};

/* Which end of a link is taken down; the other loses its carrier. Simulated
 * both see it at once. */
enum fault_side {
	FAULT_SIDE_ANY, /* at random */
	FAULT_SIDE_UPPER, /* nearer to the clients */
	FAULT_SIDE_LOWER
};

/* Which packets of a link: all, those towards the clients, or those towards
 * the servers. */
enum fault_way {
	FAULT_WAY_BOTH,
	FAULT_WAY_UP,
	FAULT_WAY_DOWN
};

/* What a flood is made of. */
enum fault_packets {
	FAULT_PACKETS_ACK, /* segments of no session, some with data */
	FAULT_PACKETS_SYN,
	FAULT_PACKETS_RANDOM, /* any flags, data or not */
};

/* Whose addresses its packets have. */
enum fault_sources {
	FAULT_SOURCES_RANDOM, /* anywhere in the internet */
	FAULT_SOURCES_CLIENT, /* a neighbour of a client: its /24 or /64 */
};

const char *fault_name(enum fault_kind); /* "link_down" ... */

/* What else an event may say, a bit each; which kind takes which:
 * fault_kind.c. */
enum fault_key {
	FAULT_KEY_TARGET = 1 << 0,
	FAULT_KEY_SIDE = 1 << 1,
	FAULT_KEY_WAY = 1 << 2,
	FAULT_KEY_UNTIL = 1 << 3,
	FAULT_KEY_FOR = 1 << 4,
	FAULT_KEY_EACH = 1 << 5,
	FAULT_KEY_PERIOD = 1 << 6,
	FAULT_KEY_RETRY = 1 << 7,
	FAULT_KEY_COUNT = 1 << 8,
	FAULT_KEY_LOSS = 1 << 9,
	FAULT_KEY_DUPLICATE = 1 << 10,
	FAULT_KEY_REORDER = 1 << 11,
	FAULT_KEY_DELAY = 1 << 12,
	FAULT_KEY_RATE = 1 << 13,
	FAULT_KEY_TURNOVER = 1 << 14, /* rate_percent_min */
	FAULT_KEY_DOWN = 1 << 15,
	FAULT_KEY_LAW = 1 << 16,
	FAULT_KEY_SHAPE = 1 << 17,
	FAULT_KEY_CRASH = 1 << 18,
	FAULT_KEY_NEW = 1 << 19,
	FAULT_KEY_PPS = 1 << 20, /* rate_pps */
	FAULT_KEY_PACKETS = 1 << 21,
	FAULT_KEY_SOURCES = 1 << 22,
	FAULT_KEY_REPEAT = 1 << 23,
};

#define FAULT_EVENTS_MAX   65536 /* of one scenario */
#define FAULT_TARGET_BYTES 48
#define FAULT_TARGETS_MAX  (1u << 24) /* of all events' sets together */
#define FAULT_TIMES_MAX	   (1u << 24) /* that one event repeats */

struct fault_settings {
	enum fault_kind kind;
	int64_t at_ns; /* after the tables are settled */
	/* A device or link by name: "spine1", "exit1-spine2"; a pattern of
	 * such names: "server*"; or a tier whose link on the path of session 0
	 * is meant: "exit-spine", "spine-leaf", "leaf-server"; or "path": a
	 * random one of these three. Empty: names and patterns in
	 * settings.fault_targets[list_first], list_count of them. */
	char target[FAULT_TARGET_BYTES];
	uint32_t list_first, list_count;
	enum fault_side side; /* of a link */
	enum fault_way way; /* of a link */
	int64_t until_ns; /* > at_ns: undone then (flap: every period_ns) */
	int64_t for_ns; /* undone so much after it was done; 0: see until_ns */
	/* Done again after this, until until_ns; several targets: to the next
	 * of them, and without until_ns once to each. 0: once. */
	int64_t each_ns;
	int64_t period_ns;
	/* Path targets: when the cut strayed nothing within this time it does
	 * not count: it is undone and another link is cut. 0: once only. */
	int64_t retry_after_ns;
	/* CHURN without a rate: servers; JOIN: how many; of several targets: so
	 * many at random, each time others. 0: one, or all. */
	uint32_t count;
	/* DEGRADE: what is given of rate, delay, loss, duplicates and
	 * reordering. */
	struct link_settings link;
	/* CHURN, see churn.h: */
	uint32_t rate_ppm_min; /* of those up, departures a minute */
	int64_t down_ns; /* mean time away */
	enum lifetime_law law; /* of both times */
	uint32_t shape_milli; /* of Weibull's */
	uint32_t crash_ppm, new_ppm; /* of departures; of returns */
	/* FLOOD and FORGED_SYN, see attacker.h: */
	uint32_t rate_pps; /* mean, of packets that differ */
	enum fault_packets packets;
	enum fault_sources sources;
	uint32_t repeat; /* each is sent so many times */
	uint32_t given; /* FAULT_KEY_*, which were written, be it as 0 */
};

/* All zero, but every departure is a crash, and an attack sends 1,000 packets a
 * second, each once. */
void fault_settings_default(struct fault_settings *);

/* A call's message: its header, and the largest. */
#define RPC_HEADER_BYTES 16
#define RPC_BYTES_MAX	 9000

/* How the operations of dht_load.h lie in time. */
enum load_mix {
	LOAD_PHASES,
	LOAD_MIXED
};

enum rpc_transport {
	RPC_UDP,
	RPC_TCP
};

struct measure_settings {
	int64_t duration_ns; /* of the run, after the tables are settled */
	uint32_t stores; /* synthetic store operations, from random servers */
	/* Then lookups of those keys, or else of open sessions, from random
	 * servers. */
	uint32_t lookups;
	uint32_t removals; /* of those keys, by their owners */
	enum load_mix mix;
	int64_t interval_ns; /* mean between operations (Poisson) */
	uint32_t samples; /* sessions whose bytes over time are reported */
	uint32_t rpcs; /* calls between random servers, see rpc.h */
	uint32_t rpc_request_bytes, rpc_answer_bytes;
	enum rpc_transport rpc_transport;
};

struct settings {
	uint64_t seed;
	struct fabric_settings fabric;
	struct routing_settings routing;
	struct dht_settings dht;
	struct service_settings service;
	struct client_settings clients;
	struct fault_settings *faults; /* borrowed */
	uint32_t fault_count;
	/* Of all their lists; borrowed. */
	const char (*fault_targets)[FAULT_TARGET_BYTES];
	struct measure_settings measure;
};

/* The paper's fabric with one client and no fault. */
void settings_default(struct settings *);

#endif
