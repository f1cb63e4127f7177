/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node.h - one server's part in the distributed hash table
 *
 * A node is a function of (bytes, time, seed). Its caller, a daemon or a
 * simulated host, hands it datagrams and the time; it appends what must be
 * sent to an outbox and never calls back:
 *
 *	receive()  a datagram came	   -> table, store, lookups, replies
 *	expire()   the deadline has come   -> timeouts, next queries, republish
 *	deadline() when to call expire()
 *
 * and the four things its caller asks of it: join(), set(), remove(), get().
 * get() gives a ticket; finished tickets come out of node_event().
 *
 * Lookups advance in expire(), not in receive(): receive() files the answer
 * and moves the deadline to `now`, so that all datagrams that arrived
 * together are known before the next queries are chosen. Live that is one
 * recvmmsg() batch; simulated, arrivals at one instant precede timers. Under
 * equal delays a lookup then proceeds in exact rounds.
 *
 * Memory is the caller's. What many nodes can share (endpoints, running
 * lookups, records, published sessions) are tables of their own, named in
 * struct node_parts: a daemon has one of each, a simulated world has one for
 * all its nodes. node_size() is what remains for each node, mostly contacts.
 *
 * Times that can expire (node_state.h says which file does what):
 *	query	 per-peer timeout: SRTT + 4 RTTVAR (RFC 6298 weights), 1 to
 *		 50 ms, a stranger's by those of others (exchange.h); overdue
 *		 once: one more query in parallel; twice: failed
 *	lookup	 its deadline; it returns what it has
 *	ping	 a suspect contact's, and the pause before the next
 *	refresh	 a bucket without lookups for an hour ([1], 2.3)
 *	join	 a second after one that failed (join.h)
 *	publish	 republish an owned session every republish_ns
 *	renewal	 the next of all that are to be republished now
 *	batch	 a republished STORE or a REMOVE that is not acknowledged
 * A record's time to live needs no timer: the store looks when asked.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_NODE_H
#define CORE_DHT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/endpoint.h"
#include "core/instant.h"
#include "core/outbox.h"
#include "core/record.h"
#include "core/session.h"

struct lookups;
struct node;
struct publications;
struct store;
struct table;
struct traffic;

/* What files may ask for of refresh_ns and watch_ns, where it is not 0: below
 * that a peer is asked again before its answer can be there. */
#define NODE_PERIOD_LEAST_NS (100 * NS_PER_MS)

/* Defaults in node_settings_default(); design section 3. */
struct node_settings {
	uint32_t k; /* bucket size and replies' length, 1..32 */
	uint32_t alpha; /* parallel queries, 1..k */
	uint32_t replicas; /* 1..k: how many closest nodes hold a record */
	int64_t lookup_deadline_ns; /* 250 ms */
	int64_t timeout_initial_ns; /* before any peer was measured: 50 ms */
	int64_t timeout_floor_ns; /* 1 ms */
	int64_t timeout_cap_ns; /* 50 ms */
	int64_t record_ttl_ns; /* 600 s */
	int64_t republish_ns; /* 200 s */
	int64_t tombstone_ns; /* 120 s */
	int64_t refresh_ns; /* 3,600 s; 0: never */
	/* Neighbours not heard for that long are pinged: 5 s; 0: none is, and
	 * nothing is repaired. */
	int64_t watch_ns;
	/* Open sessions that a node publishes; 0: as many as its pool has room
	 * for. */
	uint32_t sessions_max;
	/* Of one client prefix (prefix.h), published when sessions_crowded are:
	 * 4,096; 0: no bound. */
	uint32_t sessions_per_prefix;
	uint32_t sessions_crowded; /* 0: half of sessions_max */
};

/* Hard ceilings; each says what happens at the top. */
struct node_limits {
	uint32_t contacts; /* full: a new contact is not added */
};

/* Tables that nodes may share. All are the caller's and outlive the node. */
struct node_parts {
	struct endpoints *endpoints;
	struct lookups *lookups; /* full: get() answers -EAGAIN; set() waits */
	struct store *store; /* full: STORE answers ITEM_FULL */
	struct publications *publications; /* full: set() answers -ENOSPC; of
					      handshakes: set_half_open() */
	struct traffic *traffic; /* what nodes send, counted; or NULL */
};

/* A name for a running get(); 0 is none. */
typedef uint32_t node_ticket; /* the one typedef: a handle, not a struct */

/* Who wants to know, for those who measure. */
enum node_asker {
	NODE_ASKER_LOAD, /* a load of its caller's making */
	NODE_ASKER_STRAY, /* a stray packet of an unknown session */
	NODE_ASKER_RETRY, /* the same, not for the first time */
	NODE_ASKER_OPERATOR, /* a person */
	NODE_ASKER_DOUBT, /* a packet of an open socket, with other numbers */
	NODE_ASKER_SILENT, /* a stray whose owner does not answer, or doubts */
};

enum node_event_kind {
	NODE_NONE, /* nothing happened; the loop over events ends */
	NODE_FOUND, /* a get() ended with records */
	NODE_MISSED, /* a get() ended without a record; see ok */
	NODE_STORED, /* a set() has ended; see ok */
	NODE_JOINED, /* a join() has ended; see ok */
	NODE_NOT_MINE, /* an owner says that a session is not there */
	NODE_REMOVED, /* an announced removal has ended; see ok */
	/* The last join() failed, or all contacts have left: join() again, with
	 * the seeds that there are now. */
	NODE_JOIN_AGAIN,
	/* Replicas knew a newer record of a session of ours, which is placed
	 * again above that. Not said if no lookup is free. */
	NODE_RAISED,
	/* An owner has an open socket of that key, and doubts that what it was
	 * forwarded is of that session. */
	NODE_DOUBT,
};

struct node_event {
	enum node_event_kind kind;
	node_ticket ticket; /* FOUND, MISSED */
	enum node_asker asker; /* FOUND, MISSED */
	struct session_key key; /* all but JOINED, JOIN_AGAIN */
	uint32_t hops; /* rounds until the value, or until the end; 0: local */
	/* FOUND: this node held the value, no datagram was sent. STORED: this
	 * node alone holds it. */
	bool local;
	/* FOUND: true. MISSED: conclusive: the replicas answered that they do
	 * not know it, or we know no other node; if false, too many did not
	 * answer in time (lookup.h says how many), and the session may well
	 * exist. STORED: every replica has it. JOINED: a peer answered, or the
	 * node joined alone; if false, JOIN_AGAIN follows in a second.
	 * REMOVED: every replica acknowledged. */
	bool ok;
	/* MISSED: as if conclusive, but that so many others did not answer that
	 * they may be all who know it. */
	bool denied;
	struct instant started; /* first datagram */
	/* STORED: when the first other server acknowledged; NEVER if none did.
	 * When the owner is the only replica, when it had it. */
	struct instant first;
	struct instant finished;
	uint32_t queries; /* datagrams sent for it */
	uint32_t replicas; /* STORED: replicas that acknowledged */
	/* FOUND: 1 to RECORDS_PER_KEY, open ones before half-open ones, each
	 * newest first, no tombstones. */
	uint32_t record_count;
	struct record records[RECORDS_PER_KEY];
	uint32_t peer; /* NOT_MINE, DOUBT: the sender's endpoint index */
	/* NOT_MINE; DOUBT: of the owner's socket. STORED, RAISED: ours; above
	 * the one that was set, when replicas knew a higher one. */
	struct version version;
};

/* Monotonic counters since node_init(), for the database. */
#define NODE_COUNTER_LIST(X)                                                   \
	X(sent)                                                                \
	X(sent_bytes)                                                          \
	X(received)                                                            \
	X(received_bytes)                                                      \
	X(queries)                                                             \
	X(timeouts)                                                            \
	X(lookups)                                                             \
	X(lookup_failures)                                                     \
	X(stores)                                                              \
	X(republished)                                                         \
	X(repaired)                                                            \
	X(evictions)                                                           \
	X(confirmed) /* stores of sessions whose handshake is over */

struct node_counters {
#define NODE_COUNTER(name) uint64_t name;
	NODE_COUNTER_LIST(NODE_COUNTER)
#undef NODE_COUNTER
};

void node_settings_default(struct node_settings *);
/* Bytes for one node, aligned for uint64_t. */
size_t node_size(const struct node_limits *);
/* self: our own index in parts->endpoints. The settings are borrowed for as
 * long as the node lives (a world's nodes share one). seed and self make the
 * random stream. */
struct node *node_init(void *memory, const struct node_limits *,
		       const struct node_settings *, const struct node_parts *,
		       uint32_t self, uint64_t seed);

/* Mark every endpoint that the node may hold for longer than it hears of it
 * (core/endpoint.h). Walks its pool of publications. */
void node_mark(const struct node *);

/* Give back what the node has in shared tables (lookups, publications, what
 * its store held for others), without a datagram: a simulated server crashed.
 * Counters stay; the only other verb after it is node_init(). */
void node_forget(struct node *);

/* Consume one datagram; the bytes are borrowed until we return. The result
 * says why it was not used; the outbox may have grown all the same. */
enum drop node_receive(struct node *, struct instant now,
		       const struct endpoint *from, const uint8_t *bytes,
		       size_t size, struct outbox *);
/* The peer has begun a new life, by what seals its datagrams: what it held for
 * others is gone. Before the first datagram of that life is received. */
void node_booted(struct node *, struct instant now, const struct endpoint *peer,
		 struct outbox *);
/* The caller will soon give receive() a datagram of that peer: have the memory
 * fetched that it will need. Changes nothing; the bytes may be any. */
void node_prefetch(const struct node *, uint32_t peer, const uint8_t *bytes,
		   size_t size);
/* When to call node_expire(). Any other verb may move it. */
struct instant node_deadline(const struct node *);
/* Harmless when early. */
void node_expire(struct node *, struct instant now, struct outbox *);
/* The next event, those of joining first, then in order; NODE_NONE: no more.
 * Call until then after receive(), expire() and the verbs below. */
struct node_event node_event(struct node *);

/* Enter the network through seeds (endpoint indices; our own is skipped):
 * look ourselves up, then refresh the far buckets ([1], 2.3). NODE_JOINED
 * follows. With no seed we are the first: joined at once. join.h says when that
 * is tried again. */
void node_join(struct node *, struct instant now, const uint32_t *seeds,
	       uint32_t seed_count, struct outbox *);
/* We are about to leave: what we hold is stored at those who come after us. The
 * caller goes on calling expire() until that is done, or for as long as it
 * likes to wait (a second does for 60,000 records); then node_leave(). */
void node_hand_over(struct node *, struct instant now);
bool node_handed_over(const struct node *);
/* Tell our contacts that we leave, so that they need not find out. */
void node_leave(struct node *, struct instant now, struct outbox *);
/* Put a contact into the table as if it had answered a join (ideal tables). No
 * round trip is known by that: its first timeout is the initial one. */
void node_learn(struct node *, struct instant now, uint32_t endpoint);
/* The same for a whole bucket that is empty: distinct peers whose positions
 * share exactly `bucket` leading bits with ours; at most k are taken. */
void node_learn_bucket(struct node *, struct instant now, unsigned bucket,
		       const uint32_t *endpoints, uint32_t count);

/* Publish that we own a session. What set_half_open() published is confirmed:
 * the same replicas are told, and no other NODE_STORED follows. 0; -ENOSPC:
 * publications full. Setting again with the same or a higher version replaces,
 * a lower one is ignored. NODE_STORED follows, one for each set that was not
 * replaced meanwhile; not ok when a replica is missing (tried again by itself)
 * or at a removal. */
int node_set(struct node *, struct instant now, const struct session_key *,
	     struct version, struct outbox *);
/* Publish that we answered a session's SYN, at this version: half-open, until
 * node_set() confirms it, or node_remove() or RECORD_HALF_OPEN_MS forget it,
 * which replicas are not told. Nothing is done for the same SYN again, nor
 * for one of a session that we own. 0; -ENOSPC: too many are not confirmed;
 * -EAGAIN: half of the lookups run.
 * NODE_STORED as for node_set(), unless it was forgotten meanwhile. */
int node_set_half_open(struct node *, struct instant now,
		       const struct session_key *, struct version,
		       struct outbox *);
/* Our clock stood still while those of our peers went on: republish all that we
 * own, soon, but not all at once (renewal.h). */
void node_republish(struct node *, struct instant now);
/* The session ended: tombstones to its replicas. 0; -ENOENT: not ours. */
int node_remove(struct node *, struct instant now, const struct session_key *,
		struct outbox *);
/* The same, and NODE_REMOVED follows, unless the session is set again before,
 * or the pool of lookups is full then. */
int node_remove_announced(struct node *, struct instant now,
			  const struct session_key *, struct outbox *);
/* Look up the owner of a session. *ticket names the answer. 0; -EAGAIN: lookups
 * full. exclude: endpoint indices whose records do not count (owners that said
 * "not mine"). avoid_uplink: for the queries' outbox items. */
int node_get(struct node *, struct instant now, const struct session_key *,
	     enum node_asker, const uint32_t *exclude, uint32_t exclude_count,
	     uint8_t avoid_uplink, node_ticket *ticket, struct outbox *);
/* The same for little, when there is much to look up: at most alpha queries a
 * round and one to each replica. It finds what a settled table holds; its
 * MISSED is never ok. */
int node_glance(struct node *, struct instant now, const struct session_key *,
		enum node_asker, const uint32_t *exclude,
		uint32_t exclude_count, uint8_t avoid_uplink,
		node_ticket *ticket, struct outbox *);
/* We own it, at this version, half-open or not; false if we do not. */
bool node_owns(const struct node *, const struct session_key *,
	       struct version *);
/* We own it, and its record is half-open: a handshake, or a session for which
 * there was no room when it opened. */
bool node_owns_half_open(const struct node *, const struct session_key *);
/* Handshakes that are published and neither confirmed nor forgotten. */
uint32_t node_half_open_count(const struct node *);
/* When every replica of a session that we own had it last: the end of its
 * placement, or of its last republishing. NEVER: not yet, or it is not ours. */
struct instant node_published(const struct node *, const struct session_key *);
/* Tell `peer` that a session it forwarded to us is not ours. */
void node_say_not_mine(struct node *, const struct endpoint *peer,
		       const struct session_key *, struct outbox *);
/* Tell it that a socket of that version is here, and that it may be of a newer
 * session of the same key. */
void node_say_doubt(struct node *, const struct endpoint *peer,
		    const struct session_key *, struct version,
		    struct outbox *);

/* Ask a peer, contact or not, whether it is there. Its answer is its caller's
 * to notice, who gives it to node_receive(): it means nothing else to this
 * node. */
void node_ping(struct node *, const struct endpoint *peer, struct outbox *);

/* False: node_event() would say NODE_NONE. */
bool node_eventful(const struct node *);
/* The last join() succeeded, or contacts were learned, and not all have left.
 */
bool node_joined(const struct node *);
uint32_t node_self(const struct node *);
uint32_t node_contact_count(const struct node *);
/* The contacts' endpoint indices, bucket by bucket; at most capacity. */
uint32_t node_contacts(const struct node *, uint32_t *indices,
		       uint32_t capacity);
const struct node_counters *node_counters(const struct node *);
/* For who looks on (table.h). */
const struct table *node_table(const struct node *);
/* It is asked every few seconds, sound or stale: it shares records with us
 * (neighbours.h). */
bool node_watches(const struct node *, uint32_t peer);

#endif
