/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * steer.h - one server's decision on each packet to a service address
 *
 * "Known here" is the caller's exact socket lookup (the kernel's, or the
 * simulated host's), handed in with the packet: connection tracking remembers
 * TIME_WAIT tuples longer than sockets do. For TCP to a service address:
 *
 *	SYN without ACK		local, always; forgets a cached owner and what
 *				is held
 *	known here		local
 *	owner cached		forward: GUE to the owner; source port = hash
 *	lookup running		hold, bounded; then in order
 *	unknown			look up, hold; on a miss retry until
 *				miss_deadline, then reset
 *	RST, unknown		look up and forward; on a miss drop
 *	ICMP error quoting it	key reversed; then as the session
 *	ICMP error about our	the owner's path MTU; local
 *	own encapsulation
 *	later fragment		with its first (1 s); else drop
 *
 * The owner never resets a forwarded packet: no such session means drop and
 * "not mine". The stray server discards that owner, tries the older record
 * or looks up again without it, and alone resets, at miss_deadline. So
 * nothing loops and a reused port cannot kill the live session.
 *
 * steer drives its node: it calls node_get() and takes node events from the
 * caller through steer_learned(). It shares the node's outbox. Items that a
 * call appended come before the packet that the call was about, should that
 * be STEER_LOCAL.
 */
#ifndef CORE_STEER_STEER_H
#define CORE_STEER_STEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dht/node.h"
#include "core/drop.h"
#include "core/hold.h"
#include "core/instant.h"
#include "core/outbox.h"

struct steer;

enum steer_verdict {
	STEER_LOCAL, /* the caller's own stack takes it */
	STEER_FORWARD, /* in the outbox, to the owner */
	STEER_HOLD, /* copied; a lookup runs */
	STEER_RESET, /* a RST to the client is in the outbox; most resets
			come from steer_expire() and steer_learned() */
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

/* Defaults in steer_settings_default(); design sections 3 and 5. There are no
 * default tag keys: whoever makes a steer sets one, and tag_key_valid[]. */
struct steer_settings {
	const struct steer_service *services; /* borrowed */
	uint32_t service_count;
	uint16_t gue_port; /* where tunnels end, here and elsewhere: 6080 */
	struct siphash_key tag_keys[2]; /* by key id; GUE tag */
	uint8_t tag_key_id; /* the one to send with; the other still verifies */
	bool tag_key_valid[2];
	uint32_t mtu_bytes; /* of the uplinks: 1,500 */
	bool outer_fragment; /* too big: fragment outside (true), or answer */
	int64_t miss_deadline_ns; /* 1 s */
	int64_t miss_retry_ns; /* > 0: 20 ms, doubled each time */
	int64_t gone_after_ns; /* 3 s */
	int64_t owner_idle_ns; /* 60 s */
	int64_t negative_ns; /* 1 s */
	int64_t fragment_ns; /* 1 s */
	int64_t first_stray_window_ns; /* 300 ms */
	enum steer_window first_stray; /* OTHER */
	uint32_t hold_packets_flow; /* 64 */
	uint32_t hold_bytes; /* 8 MiB, counted in the chunks of hold.h */
	uint32_t misses_per_s_prefix; /* 200; /24 of IPv4, /48 of IPv6; 0: no
					 limit */
	uint32_t misses_per_s; /* 2,000; 0: no limit */
};

struct steer_limits {
	/* Full: evict the least recently used that holds nothing. */
	uint32_t flows;
	/* Full: the oldest. */
	uint32_t fragments;
	/* Token buckets. Full: the one longest unused. */
	uint32_t prefixes;
	/* Sequences, replay windows, path MTUs; at least 1. Full: the longest
	 * unused. */
	uint32_t peers;
};

/* Every packet is counted once by its verdict: local, forwards (at once),
 * held, resets or a drop. A packet that was held is counted again when it
 * leaves: forwards and released, released alone (delivered here), or a drop;
 * held packets of a flow that is reset are DROP_NEGATIVE. */
#define STEER_COUNTER_LIST(X)                                                  \
	X(local)                                                               \
	X(strays) /* packets of sessions that are not here */                  \
	X(forwards)                                                            \
	X(forward_bytes) /* of the packets inside */                           \
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
/* A multiple of 8. */
size_t steer_size(const struct steer_limits *);
/* The memory is aligned for uint64_t. The settings are borrowed for as long
 * as the steer lives (a world's servers share one; rates are read once), and
 * so are node, endpoints and held, which several steers may share. Our own
 * address is that of node_self(). seed and that index make the random
 * stream: boot numbers and the keys of hash tables. */
struct steer *steer_init(void *memory, const struct steer_limits *,
			 const struct steer_settings *, struct node *,
			 struct endpoints *, struct hold *, uint64_t seed);

/* The session that a packet belongs to, so that the caller can look its
 * socket up. False: it is not TCP of a service, an ICMP error about one, or a
 * later fragment of either; `known` does not matter then. */
bool steer_key(const struct steer *, const uint8_t *bytes, size_t size,
	       struct session_key *key);
/* Decide on one IP packet that came in by `uplink`. known: the caller has
 * the very socket. The packet is borrowed. */
struct steer_result steer_packet(struct steer *, struct instant now,
				 const uint8_t *bytes, size_t size, bool known,
				 uint8_t uplink, struct outbox *);
/* A datagram to the GUE port. DROP_NONE: *inner and *inner_size are the packet
 * inside, borrowed from bytes, and *key its session; if the caller has the
 * socket it delivers the packet, else it calls steer_refuse(). */
enum drop steer_decapsulate(struct steer *, struct instant now,
			    const struct endpoint *from,
			    const struct address *to, const uint8_t *bytes,
			    size_t size, const uint8_t **inner,
			    size_t *inner_size, struct session_key *key);
/* No such session here: tell the server that forwarded it. Counts
 * DROP_NOT_OURS. from: as in steer_decapsulate(); its node is assumed at that
 * address and our own node's port. */
void steer_refuse(struct steer *, struct instant now,
		  const struct endpoint *from, const struct session_key *,
		  struct outbox *);

/* A node event (FOUND, MISSED, NOT_MINE); others, and those of lookups that
 * are not ours, are ignored, but every MISSED is charged to its client's
 * prefix. Releases held packets in order. */
void steer_learned(struct steer *, struct instant now,
		   const struct node_event *, struct outbox *);
/* The caller's host has, or has no longer, the socket: publish, remove. What
 * was held for it is delivered. 0, or node_set()'s and node_remove()'s. */
int steer_opened(struct steer *, struct instant now, const struct session_key *,
		 struct version, struct outbox *);
int steer_closed(struct steer *, struct instant now, const struct session_key *,
		 struct outbox *);
/* There is (no longer) a route to an owner's loopback. An owner without one
 * for gone_after is given up. */
void steer_route(struct steer *, struct instant now, const struct address *,
		 bool reachable);

/* When to call steer_expire(). Any other verb may move it. */
struct instant steer_deadline(const struct steer *);
/* Harmless when early. */
void steer_expire(struct steer *, struct instant now, struct outbox *);

/* Drop all that is held (DROP_GONE), with the flows it was held for: before
 * the memory of a server that crashed is used anew, or its packets would stay
 * in the shared table for ever. */
void steer_clear(struct steer *);

/* Idle flows count until steer_expire() or a newer flow comes by. */
uint32_t steer_flow_count(const struct steer *);
const struct steer_counters *steer_counters(const struct steer *);

#endif
