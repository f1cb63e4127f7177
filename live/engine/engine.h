/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - one server's node and steer on a live host
 *
 *	TUN queue ------> engine_stray	 --> steer_packet
 *	TUN queue ------> engine_doubt	 --> steer_doubt
 *	UDP gue port ---> engine_tunnel	 --> steer_decapsulate --> socket? TUN
 *	UDP port -------> engine_datagram --> seal_open --> node_receive
 *	socket events --> engine_socket	 --> stock.h: steer_opened, ...
 *	deadline -------> engine_expire
 *
 * What the simulator's server_agent.c is there, this is here: it owns the
 * core's memory, hands in bytes and the time, and takes what stands in the
 * outbox to the edge (struct engine_edge), which the loop provides. It makes
 * no system call of its own but the questions of sockdiag.h, and reads no
 * clock: `now` is CLOCK_MONOTONIC, read once per wake-up.
 *
 * The verbs below may be called in any order; engine_flush() sends what has
 * gathered, once per wake-up, so that datagrams leave in batches.
 *
 * A route to an owner is known by sending: the edge's answer ENETUNREACH or
 * EHOSTUNREACH, or what it says later by engine_sent(), goes to steer.
 */
#ifndef LIVE_ENGINE_ENGINE_H
#define LIVE_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/dht/node.h"
#include "core/steer/steer.h"
#include "core/wire/ownership.h"
#include "live/conf/conf.h"
#include "live/conf/secret.h"
#include "live/engine/boot.h"
#include "live/engine/listener.h"
#include "live/engine/seal.h"
#include "live/engine/sessions.h"
#include "live/engine/wall.h"
#include "live/kernel/datapath.h"
#include "live/kernel/sockdiag.h"

struct engine;

/* What the engine needs done. Bytes are borrowed for the call; the edge may
 * copy and send later, in order. 0 or -errno. */
struct engine_edge {
	void *context;
	/* From our node's port; sealed already. */
	int (*datagram)(void *, const struct endpoint *to, uint8_t avoid_uplink,
			const uint8_t *bytes, size_t size);
	/* From source_port to the owner's GUE port. */
	int (*forward)(void *, const struct endpoint *to, uint16_t source_port,
		       uint8_t avoid_uplink, const uint8_t *bytes, size_t size);
	/* A whole IP packet, routed out (RST, ICMP error). */
	int (*packet)(void *, uint8_t avoid_uplink, const uint8_t *bytes,
		      size_t size);
	/* A whole IP packet for our own stack. */
	int (*deliver)(void *, const uint8_t *bytes, size_t size);
	/* A sentence for the operator (talk.h). NULL: nobody hears it. */
	void (*say)(void *, const char *sentence);
	/* Is the session's socket in the kernel, and whose is the segment then
	 * (enum ownership; STRAY: none is)? quoted: it is in an ICMP error, and
	 * has a sequence number only. -errno: the kernel cannot say. NULL: the
	 * key alone decides. */
	int (*owns)(void *, const struct session_key *,
		    const struct ownership_segment *, bool quoted);
};

struct engine_parts { /* borrowed; outlive the engine */
	struct sessions *sessions;
	/* NULL: the sessions table alone says what is here (tests). */
	struct sockdiag *sockdiag;
	/* NULL: the clock alone, kept nowhere (tests). */
	struct boot *boot;
};

#define ENGINE_COUNTER_LIST(X)                                                 \
	X(sealed_dropped) /* datagrams that did not open, see drops */         \
	X(forwarded) /* strays sent on at once, not held */                    \
	X(edge_errors) /* sends that failed */                                 \
	X(no_route) /* of these: no route to the peer */                       \
	X(opened)                                                              \
	X(closed)                                                              \
	X(unpublished) /* sessions that found a table full */                  \
	X(refusals) /* sent, to peers that had an earlier boot id */           \
	X(reboots) /* refusals received: our boot id was raised */             \
	X(peer_boots) /* peers that began anew */                              \
	X(leaps) /* of the clock, whereupon all was republished */             \
	X(raised) /* sessions placed above what replicas knew */               \
	X(reclaimed) /* endpoints of peers that nothing is heard of */

struct engine_counters {
#define ENGINE_COUNTER(name) uint64_t name;
	ENGINE_COUNTER_LIST(ENGINE_COUNTER)
#undef ENGINE_COUNTER
	uint64_t seal_drops[DROP_COUNT];
};

struct engine_status {
	bool joined;
	uint32_t sessions; /* open here */
	uint32_t contacts, flows, records;
	size_t memory_bytes; /* of the core's tables */
	const struct node_counters *node;
	const struct traffic *traffic;
	const struct steer_counters *steer;
	const struct engine_counters *engine;
};

/* The conf and the secret are copied. NULL in *engine on error: -ENOMEM. */
int engine_create(struct engine **, const struct conf *, const struct secret *,
		  const struct engine_parts *, const struct engine_edge *,
		  struct wall_reading, struct instant now);
void engine_destroy(struct engine *);
/* Take a reloaded configuration and secret (conf_fixed() said yes). */
void engine_reload(struct engine *, const struct conf *, const struct secret *,
		   struct instant now);
void engine_listen(struct engine *, const struct engine_listener *);

/* Join through the configured peers; core/dht/join.h says when again. */
void engine_join(struct engine *, struct instant now);
/* Before that: what is held for others goes to those who come after us, by
 * engine_expire(); true once it is there, or was sent in vain. */
void engine_hand_over(struct engine *, struct instant now);
bool engine_handed_over(const struct engine *);
/* Say LEAVE to the contacts. */
void engine_leave(struct engine *, struct instant now);
/* Take stock of all sockets (start, or events were lost). 0 or -errno. */
int engine_dump(struct engine *, struct instant now);

void engine_stray(struct engine *, struct instant now, uint8_t uplink,
		  const uint8_t *bytes, size_t size);
/* A clone of what our stack got as well. */
void engine_doubt(struct engine *, struct instant now, uint8_t uplink,
		  const uint8_t *bytes, size_t size);
void engine_tunnel(struct engine *, struct instant now,
		   const struct endpoint *from, const struct address *to,
		   const uint8_t *bytes, size_t size);
void engine_datagram(struct engine *, struct instant now,
		     const struct endpoint *from, const uint8_t *bytes,
		     size_t size);
/* An ICMP message that the kernel had for us, from its header on. */
void engine_icmp(struct engine *, struct instant now,
		 const struct address *from, const uint8_t *bytes, size_t size);
void engine_socket(struct engine *, struct instant now,
		   const struct socket_event *);
struct instant engine_deadline(const struct engine *);
void engine_expire(struct engine *, struct instant now);
/* The clocks, once a second or so. */
void engine_wall(struct engine *, struct instant now, struct wall_reading);
/* Send what the verbs above left: hand it to the edge, in order. */
void engine_flush(struct engine *, struct instant now);
/* For an edge that answered 0 and sent later: how that went. error: 0 or
 * -errno; forward: it was an encapsulated packet. */
void engine_sent(struct engine *, struct instant now, const struct address *to,
		 bool forward, int error);

/* Look the session's owner up: one answer follows through done(). 0; -EAGAIN:
 * too many lookups run. */
int engine_lookup(struct engine *, struct instant now,
		  const struct session_key *,
		  void (*done)(void *, const struct node_event *), void *);
void engine_status(struct engine *, struct engine_status *);
const struct endpoint *engine_endpoint(const struct engine *, uint32_t index);
/* The version at which replicas have a session of ours, or will soon: that of
 * sessions.h, or a raised one. False: it is not published. */
bool engine_version(const struct engine *, const struct session_key *,
		    struct version *);
/* Every contact of the node's table. */
void engine_peers(struct engine *,
		  void (*each)(void *, const struct endpoint *), void *);

#endif
