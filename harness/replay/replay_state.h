/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_state.h - struct replay, shared by the files of a replay only
 *
 *	replay.c	the passes over the capture, the clock, the move
 *	replay_state.c	making and unmaking: network, servers, tables
 *	replay_server.c	what comes to a server: sockets
 *	replay_result.c	outcomes, totals, counters
 *	report.c	what people read
 *	store.c		what the database keeps
 *	verb.c		the command line
 *
 * Every record of the capture has a delivery and every TCP session is a
 * conversation. Beside each conversation stands what has happened to it so far.
 */
#ifndef HARNESS_REPLAY_REPLAY_STATE_H
#define HARNESS_REPLAY_REPLAY_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/dht/traffic.h"
#include "core/steer/steer.h"
#include "harness/db/trace.h"
#include "harness/replay/capture.h"
#include "harness/replay/conversation.h"
#include "harness/replay/delivery.h"
#include "harness/replay/replay.h"
#include "harness/replay/snaplen_padding.h"
#include "sim/engine/event.h"
#include "sim/host/reassembly.h"
#include "sim/host/server_agent.h"
#include "sim/model/settings.h"
#include "sim/net/network.h"

#define REPLAY_STATE_LINGER_NS (60 * NS_PER_S) /* TIME_WAIT of Linux */
#define REPLAY_STATE_NEVER     INT64_MIN /* a time that never came */

/* Codes of events; kinds are the engine's. */
enum replay_state_code {
	REPLAY_STATE_RECORD, /* EVENT_WORKLOAD: the next record of the capture
			      */
	REPLAY_STATE_ANSWER, /* EVENT_WORKLOAD: a server says its next packet */
	REPLAY_STATE_LINGER, /* EVENT_TCP: TIME_WAIT of conversation a is over
			      */
	REPLAY_STATE_MOVE, /* EVENT_FAULT */
};

struct conversation_state {
	/* Client to service: */
	uint32_t sent, local, strayed, held, forwarded, delivered;
	uint32_t strayed_open; /* while it was open */
	uint32_t lost_open; /* sent while it was open, never delivered */
	uint32_t answers, answers_delivered; /* service to client */
	uint32_t resets; /* RSTs of our making that reached the client */
	uint32_t lookups;
	uint32_t hops; /* of the lookup below */
	bool lookup_found;
	bool ended; /* both FINs or a RST; the owner's kernel knows */
	bool reset_open; /* one of ours came while it was open */
	uint64_t bytes; /* TCP payload delivered, both ways */
	/* Since the first record; REPLAY_STATE_NEVER: never. */
	int64_t opened_ns, closed_ns;
	int64_t stray_ns; /* the first */
	int64_t lookup_ns; /* how long the first that ended took; the first
			      that found the owner, if any did */
};

/* A packet of a server that waits to be sent. */
struct answer {
	struct answer *next;
	uint32_t delivery, size;
	uint8_t bytes[];
};

/* Capture time, made to run forward. */
struct pace {
	bool started;
	int64_t origin_ns; /* of time 0, shifts included */
	int64_t now_ns;
	uint64_t backwards, gaps;
};

struct replay_state_fault {
	const char *kind;
	char target[32];
};

struct replay_state_counter {
	char node[16], name[40];
	uint64_t value;
};

struct replay {
	struct replay_settings asked;
	char broken[512]; /* why the capture ended early; "" if it did not */

	/* First pass. */
	struct conversations *conversations;
	struct deliveries *deliveries; /* record i + 1 is delivery i */
	struct steer_service *services;
	uint32_t service_count;
	uint32_t size_max; /* the largest IP packet of a session */
	uint64_t tcp; /* records that belong to a session */
	uint64_t left_out[DROP_COUNT]; /* records that do not, by reason */
	uint64_t ambiguous; /* records of ambiguous sessions */
	uint64_t filled; /* records that were cut and made whole */
	uint8_t whole[SNAPLEN_PADDING_BYTES_MAX]; /* the packet at hand, when it
					     is not as captured */

	/* The simulated side. */
	struct settings settings;
	struct queue *queue;
	struct network *network;
	struct watch watch;
	struct trace *trace; /* or NULL */
	struct reassembly *reassembly;
	uint8_t family; /* of the servers' own addresses */
	uint32_t client; /* its device */
	struct node_parts parts;
	struct traffic traffic; /* of all nodes */
	struct node_limits node_limits;
	struct scheme_limits scheme_limits;
	struct server_agents *server_agents;
	uint32_t *sequences; /* by server: of its next version */
	uint32_t server_count;
	uint8_t *node_memory, *scheme_memory;
	void *scheme_shared;

	/* Second pass. */
	struct capture *capture;
	struct capture_packet record; /* the next; its time is paced */
	struct pace pace;
	struct instant zero; /* when the first record is sent */
	struct instant end; /* NEVER while there are records */
	int64_t one_way_ns; /* client to server */
	struct answer *answer_first, *answer_last;
	bool moved;
	int64_t moved_ns; /* since the first record */
	int64_t first_stray_ns; /* after the move; REPLAY_STATE_NEVER */

	/* What happened. */
	struct conversation_state *states; /* one a conversation */
	uint64_t lifted; /* packets whose TTL would not have lasted */
	uint64_t altered; /* packets that arrived other than captured */
	uint64_t duplicates; /* packets that arrived again */
	uint64_t errors_client; /* ICMP errors that reached the client */
	struct watch_measurement *measurements;
	uint32_t measurement_count, measurement_capacity;
	struct replay_state_fault *faults;
	uint32_t fault_count;
	struct replay_state_counter *counters;
	uint32_t counter_count, counter_capacity;
	uint64_t server_drops[DROP_COUNT], network_drops[DROP_COUNT];
	uint64_t events, state_hash;
	double wall_s, cpu_s;
	char started_at[32];
};

/* replay_state.c */
/* After the first pass. 0, or EXIT_USAGE, said. */
int replay_state_create(struct replay *);
void replay_state_destroy(struct replay *);
int64_t replay_state_since(const struct replay *, struct instant now);

/* replay_server.c */
/* For server_agents_create(), with the replay as context. */
extern const struct server_agent_owner replay_state_owner;
void replay_state_arrive(struct replay *, struct instant now, uint32_t server,
			 uint8_t port, const uint8_t *bytes, uint32_t size);
/* Set the alarms of all servers. */
void replay_state_start(struct replay *);
/* The server's own packet, just before it is sent: what it means for the
 * socket. */
void replay_state_answered(struct replay *, struct instant now,
			   uint32_t conversation, const struct packet *);
void replay_state_linger(struct replay *, uint32_t conversation);

/* replay_result.c */
void replay_state_measure(struct replay *, const struct watch_measurement *);
/* After the last event. */
void replay_state_finish(struct replay *);
/* "closed", "kept", "reset" ...: see replay_result.c. */
const char *replay_state_outcome(const struct replay *, uint32_t conversation);

#endif
