/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.h - one server's decision on each packet to a service address
 *
 * "Known here" is the caller's exact socket lookup (the kernel's, or the
 *simulated host's), handed in with the packet: connection tracking remembers
 * TIME_WAIT tuples longer than sockets do. For TCP to a service address:
 *
 *	SYN without ACK		local, always; forgets a cached owner and what
 *is held known here		local
 *	owner cached		forward: GUE to the owner; source port = flow
 *hash lookup running		hold, bounded; then in order unknown
 *look up, hold; on a miss retry until miss_deadline, then reset RST, unknown
 *look up and forward; on a miss drop
 *	ICMP error quoting it	key reversed; then as the session
 *	ICMP error about our own encapsulation	the owner's path MTU
 *	later fragment		with its first (1 s); else drop
 *
 * The owner never resets a forwarded packet: no such session means drop and
 * "not mine". The stray server discards that owner, tries the older record
 * or looks up again without it, and alone resets, at miss_deadline. So
 * nothing loops and a reused port cannot kill the live session.
 *
 * steer drives its node: it calls node_get() and takes node events from the
 * caller through steer_learned(). It shares the node's outbox.
 */
#ifndef CORE_STEER_H
#define CORE_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/node.h"
#include "core/outbox.h"

struct held; /* bytes of packets that wait for an answer; shareable */
struct steer;

enum steer_verdict {
	STEER_LOCAL, /* the caller's own stack takes it */
	STEER_FORWARD, /* in the outbox, to the owner */
	STEER_HOLD, /* copied; a lookup runs */
	STEER_RESET, /* a RST to the client is in the outbox */
	STEER_DROP, /* see the reason */
};

enum steer_window {
	STEER_WINDOW_OFF, /* first strays take the ordinary route */
	STEER_WINDOW_OTHER, /* by an uplink other than the ingress */
	STEER_WINDOW_BOTH, /* by that and by the ordinary route: duplicates */
};

struct steer_service {
	struct address address; /* anycast */
	uint16_t port; /* 0: every port */
};

/* Defaults in steer_settings_default(); design sections 3 and 5. */
struct steer_settings {
	const struct steer_service *services; /* borrowed */
	uint32_t service_count;
	struct siphash_key tag_keys[2]; /* by key id; GUE tag */
	uint8_t tag_key_id; /* the one to send with; the other still verifies */
	bool tag_key_valid[2];
	uint32_t mtu_bytes; /* of the uplinks: 1,500 */
	bool outer_fragment; /* too big: fragment outside (true), or answer */
	int64_t miss_deadline_ns; /* 1 s */
	int64_t miss_retry_ns; /* 20 ms, doubled each time */
	int64_t gone_after_ns; /* 3 s */
	int64_t owner_idle_ns; /* 60 s */
	int64_t negative_ns; /* 1 s */
	int64_t fragment_ns; /* 1 s */
	int64_t first_stray_window_ns; /* 300 ms */
	enum steer_window first_stray; /* OTHER */
	uint32_t hold_packets_flow; /* 64 */
	uint32_t hold_bytes; /* 8 MiB */
	uint32_t misses_per_s_prefix; /* 200; /24 of IPv4, /48 of IPv6 */
	uint32_t misses_per_s; /* 20,000 */
};

struct steer_limits {
	uint32_t flows; /* full: evict the least recently used that holds
			   nothing */
	uint32_t fragments; /* full: the oldest */
	uint32_t prefixes; /* token buckets; full: the one longest unused */
	uint32_t
		peers; /* replay windows, path MTUs; full: the longest unused */
};

#define STEER_COUNTER_LIST(X)                                                  \
	X(local)                                                               \
	X(strays)                                                              \
	X(forwards)                                                            \
	X(forward_bytes)                                                       \
	X(held)                                                                \
	X(released)                                                            \
	X(resets)                                                              \
	X(lookups)                                                             \
	X(misses)                                                              \
	X(decapsulated)                                                        \
	X(not_mine_sent)                                                       \
	X(not_mine_received)                                                   \
	X(outer_fragmented)                                                    \
	X(too_big_sent)

struct steer_counters {
#define STEER_COUNTER(name) uint64_t name;
	STEER_COUNTER_LIST(STEER_COUNTER)
#undef STEER_COUNTER
	uint64_t drops[DROP_COUNT];
};

struct steer_result {
	enum steer_verdict verdict;
	enum drop drop; /* when the verdict is DROP */
	bool stray; /* of a session that is not here; key is valid */
	bool first; /* the first packet of that flow to stray here */
	struct session_key key;
};

void steer_settings_default(struct steer_settings *);
size_t held_size(uint32_t bytes);
struct held *held_init(void *memory, uint32_t bytes);
size_t steer_size(const struct steer_limits *);
struct steer *steer_init(void *memory, const struct steer_limits *,
			 const struct steer_settings *, struct node *,
			 struct endpoints *, struct held *, uint64_t seed);

/* The key that a packet belongs to and whether steer needs `known`: false
 * when it is not TCP of a service or an ICMP error about one. */
bool steer_key(const struct steer *, const uint8_t *bytes, size_t size,
	       struct session_key *key);
/* Decide on one IP packet that came in by `uplink`. known: the caller has
 * the very socket. The packet is borrowed. */
struct steer_result steer_packet(struct steer *, struct instant now,
				 const uint8_t *bytes, size_t size, bool known,
				 uint8_t uplink, struct outbox *);
/* A datagram to UDP 6080. DROP_NONE: *inner and *inner_size are the packet
 * inside, borrowed from bytes, and *key its session; if the caller has the
 * socket it delivers the packet, else it calls steer_refuse(). */
enum drop steer_decapsulate(struct steer *, struct instant now,
			    const struct endpoint *from,
			    const struct address *to, const uint8_t *bytes,
			    size_t size, const uint8_t **inner,
			    size_t *inner_size, struct session_key *key);
/* No such session here: tell the server that forwarded it. Counts
 * DROP_NOT_OURS. from: as in steer_decapsulate(). */
void steer_refuse(struct steer *, struct instant now,
		  const struct endpoint *from, const struct session_key *,
		  struct outbox *);

/* A node event (FOUND, MISSED, NOT_MINE); others are ignored. Releases held
 * packets in order. */
void steer_learned(struct steer *, struct instant now,
		   const struct node_event *, struct outbox *);
/* The caller's host has, or has no longer, the socket: publish, remove. What
 * was held for it is delivered. */
int steer_opened(struct steer *, struct instant now, const struct session_key *,
		 struct version, struct outbox *);
int steer_closed(struct steer *, struct instant now, const struct session_key *,
		 struct outbox *);
/* There is (no longer) a route to an owner's loopback. An owner without one
 * for gone_after is given up. */
void steer_route(struct steer *, struct instant now, const struct address *,
		 bool reachable);

struct instant steer_deadline(const struct steer *);
void steer_expire(struct steer *, struct instant now, struct outbox *);

uint32_t steer_flow_count(const struct steer *);
const struct steer_counters *steer_counters(const struct steer *);

#endif
