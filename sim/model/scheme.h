/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scheme.h - who answers "whose packet is this?"
 *
 * Servers announce one address, and after a change of the fabric packets of a
 * session land on a server that does not have it. A scheme is a way to deal
 * with that: Homeward's, none at all, or one that Homeward is compared with.
 *
 * It is a table of verbs over a state, a piece of memory for each server, and
 * like the core a function of (bytes, time, seed): a verb appends to an outbox
 * what it wants sent, its result says what becomes of the packet at hand, and
 * of its host it calls one thing, the question whose a packet is.
 *
 *	packet to the service --> packet() ------> LOCAL: the server's stack
 *	    (SYNs included)		\--------> the rest: see the verdicts
 *	tunnel's end, UDP 6080 -> decapsulate() -> LOCAL: the packet inside
 *	loopback, SCHEME_PORT --> datagram()
 *	stack --> opening(), opened(), closed(), sent()
 *	node ---> learned()		the server's part in the hash table
 *	routes -> members(), routed()
 *	kernel -> icmp()		and what is heard of peers: heard()
 *	alarm --> expire()
 *
 * The host that calls them is a server (server_agent.h). Its node of the hash
 * table runs whatever the scheme is: a scheme that uses the node finds it in
 * its site, and runs that are compared spend the same random numbers.
 *
 * sizes, init and packet must be there; any other verb may be NULL, and costs
 * nothing then. A scheme that has no state (its size is 0) is never asked:
 * every packet goes to the stack of the server that it came to. No scheme is
 * asked in a run without sessions.
 *
 * To add a scheme: a line in the list below, and sim/scheme/NAME.c with
 * `const struct scheme scheme_NAME`. Scenarios then take the name
 * (service.scheme).
 */
#ifndef SIM_MODEL_SCHEME_H
#define SIM_MODEL_SCHEME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/session.h"
#include "core/steer/steer.h"
#include "core/wire/build.h"
#include "core/wire/ownership.h"

/* X(constant, name, may a lab run it?). The first is the default. */
#define SCHEME_LIST(X)                                                         \
	X(HOMEWARD, homeward, true) /* a hash table of sessions' owners */     \
	X(NONE, none, true) /* the plain kernel: a RST for a stray */          \
	X(OWNER_HASH, owner_hash, false) /* a hash names the server */

enum scheme_kind {
#define SCHEME_ENUM(constant, name, lab) SCHEME_##constant,
	SCHEME_LIST(SCHEME_ENUM)
#undef SCHEME_ENUM
	SCHEMES
};

#define SCHEME_PORT 7010 /* UDP, on loopbacks: what datagram() hears */

/* Steer's verdicts, and its numbers. */
enum scheme_verdict {
	SCHEME_LOCAL = STEER_LOCAL, /* to this server's stack */
	SCHEME_FORWARD = STEER_FORWARD, /* in the outbox, to another server */
	SCHEME_HOLD = STEER_HOLD, /* the scheme has a copy */
	SCHEME_DROP = STEER_DROP, /* see the reason */
};

/* Ceilings of tables; a scheme reads those that it has a table for. */
struct scheme_limits {
	uint32_t servers;
	struct steer_limits steer; /* of one server */
	uint32_t held_bytes; /* of all servers together */
};

/* Bytes, aligned for uint64_t. */
struct scheme_sizes {
	size_t shared; /* of all servers together; may be 0 */
	size_t server; /* of each; 0: the scheme is never asked */
};

/* The server that a state is for. Everything is borrowed for as long as the
 * state lives. */
struct scheme_site {
	uint32_t server; /* its number, and its endpoint's */
	uint64_t seed; /* another one for every restart */
	uint32_t starts; /* of that server, before this one */
	const struct scheme_limits *limits;
	const struct steer_settings *settings; /* services, ports, keys */
	struct node *node;
	struct endpoints *endpoints; /* server i's loopback at index i */
	void *shared; /* NULL: sizes said 0 */
	/* Whose is a packet that has a key: STRAY, too, when the key's socket
	 * is not here; a later fragment has no numbers and is MINE when it is.
	 * MINE and DOUBT are for this server's stack. A verb asks for it, and
	 * is not given it with the packet, because only the scheme knows a
	 * later fragment's session. */
	enum ownership (*whose)(void *context, uint32_t server,
				const struct classification *);
	void *context; /* whose()'s */
};

/* A packet from the network, borrowed for the call: to a service address, or
 * an ICMP error to the server's own. It has been classified by its own bytes:
 * whose session a later fragment is of, the scheme adds if it knows the first.
 */
struct scheme_arrival {
	const uint8_t *bytes;
	struct classification *classification;
	uint8_t uplink; /* by which it came */
};

struct scheme_result {
	enum scheme_verdict verdict;
	enum drop drop; /* DROP: why */
	bool stray; /* of a session that is not here; key is valid */
	bool first; /* the first stray of its session here */
	/* LOCAL: by its key, not by its numbers. stray: another got a clone. */
	bool doubt;
	bool opening; /* a SYN: anybody can send one, and it tells nothing */
	struct session_key key;
};

/* A datagram to the server's loopback, borrowed for the call. */
struct scheme_datagram {
	struct endpoint from;
	struct address to;
	const uint8_t *bytes; /* the payload */
	size_t size;
};

struct scheme {
	struct scheme_sizes (*sizes)(const struct scheme_limits *);
	/* Make the memory of all servers, once, before any init(). */
	void (*share)(void *shared, const struct scheme_limits *);
	/* Make a server's; its node is made already. After a restart, anew. */
	void (*init)(void *state, const struct scheme_site *);
	/* The server crashed: give back what it has in the shared memory. */
	void (*forget)(void *state);

	/* Is the packet one that packet() would not leave to the kernel at
	 * once? Only such packets wait for a daemon that takes its time
	 * (service.wakeup_ms, service.processing_ms). Changes nothing. NULL:
	 * none is. */
	bool (*claims)(const void *state, const struct scheme_arrival *);
	/* Decide. LOCAL: the host gives the packet to the stack, after what is
	 * in the outbox. A scheme that changes a packet on its way in answers
	 * HOLD, and appends the changed one as OUTBOX_DELIVER. */
	struct scheme_result (*packet)(void *state, struct instant now,
				       const struct scheme_arrival *,
				       struct outbox *);
	/* A datagram to GUE's port. LOCAL: *inner is a packet for the stack,
	 * borrowed from the datagram. DROP for DROP_NOT_OURS: *inner is set as
	 * well, and there is no socket for it. Other drops leave it unset. */
	struct scheme_result (*decapsulate)(void *state, struct instant now,
					    const struct scheme_datagram *,
					    const uint8_t **inner,
					    struct classification *,
					    struct outbox *);
	/* A datagram to SCHEME_PORT. */
	void (*datagram)(void *state, struct instant now,
			 const struct scheme_datagram *, struct outbox *);
	/* A TCP segment that the stack sends to a client, before it is sent;
	 * the scheme may change its bytes (and mends checksums), not its size.
	 * RSTs of the stack too, but not what the scheme itself sends. */
	void (*sent)(void *state, struct instant now, uint8_t *bytes,
		     uint32_t size);

	/* A SYN was answered here and is remembered: there is a socket, and no
	 * cookie. Told with each SYN-ACK, those that are sent again, too. 0;
	 * -errno: it could be stored, and is not before it is established. */
	int (*opening)(void *state, struct instant now,
		       const struct session_key *, struct version,
		       struct outbox *);
	/* The session's handshake was completed here store_after ago, or its
	 * socket is gone that was told as opening or opened. opened(): 0 or
	 * -errno, which is counted (set_refused). */
	int (*opened)(void *state, struct instant now,
		      const struct session_key *, struct version,
		      struct outbox *);
	void (*closed)(void *state, struct instant now,
		       const struct session_key *, struct outbox *);
	/* Every event of the server's node. */
	void (*learned)(void *state, struct instant now,
			const struct node_event *, struct outbox *);

	/* A datagram of the node's has come from there. */
	void (*heard)(void *state, struct instant now, const struct address *);
	/* An ICMP message to the server's own address, an echo's reply or an
	 * error, from its header on. */
	void (*icmp)(void *state, struct instant now,
		     const struct address *from, const uint8_t *bytes,
		     size_t size);
	/* Has the server a route to where it is about to forward a packet, or
	 * to ask whether an owner lives (outbox.h)? */
	void (*routed)(void *state, struct instant now, const struct address *,
		       bool reachable);
	/* The servers whose loopbacks the server's own routes reach, itself
	 * among them, ascending: told before the first packet and before the
	 * next one after routes have changed. Servers may differ for as long as
	 * the routing does. */
	void (*members)(void *state, struct instant now,
			const uint32_t *servers, uint32_t count);

	/* When to call expire(), which is harmless when early; INSTANT_NEVER:
	 * not at all. Any other verb may move it. */
	struct instant (*deadline)(const void *state);
	void (*expire)(void *state, struct instant now, struct outbox *);

	/* What was counted since init(), under steer's names, so that schemes
	 * can be compared. NULL: all zero. */
	const struct steer_counters *(*counters)(const void *state);
	/* Its steer, for who looks on. NULL: it has none. */
	const struct steer *(*steer)(const void *state);
};

#define SCHEME_EXTERN(constant, name, lab)                                     \
	extern const struct scheme scheme_##name;
SCHEME_LIST(SCHEME_EXTERN)
#undef SCHEME_EXTERN

#endif
