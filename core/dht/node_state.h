/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_state.h - struct node, for the files that make up a node and no other
 *
 *	node.c		the verbs of node.h; which file gets which datagram
 *	node_prefetch.c	the memory that a datagram will need
 *	join.c		whether we are in, and trying until we are
 *	refresh.c	joining, idle buckets
 *	renewal.c	all of them republished at once
 *	publish.c	our sessions: placed, republished, removed
 *	publish_batch.c	their batches
 *	keepers.c	who keeps them, and booted or died
 *	landslide.c	many of those at once
 *	makeshift.c	what was placed while somebody was silent
 *	reply.c		requests of peers, answered
 *	lookup_run.c	our lookups: asked, answered, advanced, ended
 *	filling.c	one bucket filled from all over its range
 *	neighbours.c	who shares records with us, and who came or went
 *	repair.c	records stored again where one was lost
 *	inquiry.c	what an owner has not repeated, so that it is asked
 *	hearing.c	those who are watched pinged when they are silent
 *	liveness.c	suspects pinged
 *	owned.c		the record of a session of ours
 *	exchange.c	datagrams begun and sent
 *	hedge.c		when to ask one more
 *
 * A file calls those below it only. What ends below (a lookup) is handed up as
 * a result, never by a call.
 *
 *	struct node | struct table + contacts
 *
 * Whatever grows is in a pool outside, shared with other nodes or not; a node
 * holds the roots of its own heaps and lists there.
 *
 * Ready: lookups that were answered since the last expire(), in order of
 * their first answer. Done: lookups that node_event() has yet to report.
 */
#ifndef CORE_DHT_NODE_STATE_H
#define CORE_DHT_NODE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dht/hedge.h"
#include "core/dht/landslide.h"
#include "core/dht/lookup.h"
#include "core/dht/node.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/dht/table.h"
#include "core/rng.h"
#include "core/wire/message.h"

/* Suspects tested at a time; full: liveness.h. */
#define NODE_PINGS 8

struct ping {
	struct instant when; /* overdue, or pause over */
	uint32_t peer; /* ENDPOINT_NONE: free */
	uint32_t wait : 28; /* since it was sent, PING_WAIT_NS each; at most,
			       how long is not known; 0: pausing */
	uint32_t turn : 4; /* of this place: part of the transaction */
};
_Static_assert(sizeof(struct ping) == 16, "eight of them in a small node");

#define PING_WAIT_NS  16
#define PING_WAIT_MAX UINT32_C(0xfffffff)

/* Peers that share records with us; more are not watched: neighbours.h. */
#define NODE_NEIGHBOURS 32
/* Peers that came or went and that repair.c has to see to; more: all records
 * are looked at. */
#define NODE_CAUSES 12

enum repair_kind {
	REPAIR_CAME, /* it may lack what it should hold */
	REPAIR_WENT, /* what it held is held by one fewer */
};

struct repair_cause {
	uint32_t peer;
	uint8_t kind; /* enum repair_kind */
	bool active; /* the scan that is under way is for it */
	struct instant due;
};

/* Peers that kept records of ours and booted or went; more: all replicas are
 * sent all. */
#define NODE_KEEPER_CAUSES 10

struct keeper_cause {
	uint32_t peer : 31; /* an index: no table has as many */
	uint32_t booted : 1; /* else it went */
};

struct node {
	const struct node_settings *settings;
	struct node_parts parts;
	struct node_counters counters;
	struct rng rng;
	uint64_t position; /* our own */
	uint32_t self; /* endpoint index */
	uint8_t family; /* of our address: pads requests for such contacts */

	/* lookup_run.c */
	uint32_t lookup_timers; /* heap in parts.lookups */
	struct lookup_list ready, done;
	struct hedge hedge; /* how much longer than usual, how often silent */
	struct instant ready_since; /* NEVER: the list is empty */

	/* publish.c */
	uint32_t publication_timers, batch_timers; /* heaps */
	struct instant publish_pause; /* nothing is republished before */
	uint32_t open, half_open; /* publications of ours that are */

	/* keepers.c */
	uint32_t own_first; /* list of our publications */
	uint32_t own_cursor; /* the sweep's next */
	uint32_t own_watched; /* the next to look at for a stranger */
	struct instant own_round; /* when that begins anew */
	uint64_t own_asked; /* bits of strangers that were, if own_every */

	/* renewal.c */
	struct instant renewal_wake; /* NEVER: all is renewed */
	struct instant renewal_began;

	/* keepers.c, what happened to whom */
	struct instant keepers_wake; /* the sweep goes on; NEVER: no cause */
	struct instant keepers_turn; /* the next is pinged; NEVER: none keeps */
	struct keeper_cause keeper_causes[NODE_KEEPER_CAUSES];
	uint8_t keeper_count, keepers_active; /* causes; the sweep's */
	bool keepers_all; /* causes were full */
	bool keepers_whole; /* the sweep is for all */
	bool keepers_makeshift; /* some are */
	bool keepers_news; /* an answer was of one that was no contact, or
			      stale */
	bool keepers_met; /* somebody: the next sweep is for these, too */
	bool keepers_mending : 1; /* and this one */
	bool own_every : 1; /* own_round is for records of several, too */

	struct landslide landslide; /* of keepers */

	/* refresh.c; lookup_run.c marks the touched */
	uint64_t refresh; /* bit 63 - b: bucket b is to be refreshed */
	uint64_t touched; /* the same: had a lookup since the last sweep */
	struct instant sweep; /* next look for idle buckets */
	struct instant refresh_wake; /* a lookup is to start: now, or when the
				       pool was full, in a moment */
	struct instant join_started, join_finished;
	struct instant join_again; /* when to ask for seeds; NEVER: join.c */
	uint32_t join_queries;
	uint16_t join_heard, join_silent; /* peers that it asked */
	uint8_t join_rounds;
	uint8_t join_tries; /* of looking ourselves up */
	bool joining;
	bool join_lookup; /* look ourselves up, before the buckets */
	bool sweep_lookup; /* the same, at a sweep */
	bool join_answered; /* a peer did */
	bool join_alone; /* no seeds: no peer has to */
	bool join_ended; /* a join has, for join.c to look at */
	bool refresh_running; /* one lookup of kind JOIN or FILL runs */

	/* join.c */
	uint8_t join_repeats; /* of one that heard few */
	bool join_second; /* in this life; its second join has begun, or is due
			   */
	bool join_in; /* among the others */
	bool join_met; /* there was a contact since the table was empty */
	bool join_doubt; /* a ping failed: have all contacts gone stale? */
	bool join_cut_off; /* they have: the seeds are to be asked */
	bool join_wanted : 1; /* NODE_JOIN_AGAIN is due */
	bool joined : 1; /* NODE_JOINED is due */

	/* exchange.c */
	int64_t far_ns; /* most round trips are shorter; 0: none was measured */

	/* liveness.c */
	struct ping pings[NODE_PINGS];

	/* neighbours.c */
	uint64_t shared; /* bucket b's bit: who is in it may share with us */
	struct instant watch; /* the next look; NEVER: we hold nothing */
	struct instant turn; /* when the next neighbour is to be pinged */
	uint32_t neighbours[NODE_NEIGHBOURS]; /* the near before the far */
	uint32_t neighbours_there; /* bit i: the i-th */
	uint32_t neighbours_sought; /* silent, and others know it */
	uint32_t neighbour_turn; /* the peer that had the last */
	uint8_t neighbour_count;
	uint8_t cause_count; /* of repair.c's */

	/* repair.c */
	struct repair_cause causes[NODE_CAUSES];
	uint32_t repair_timers; /* heap of batches */
	uint32_t renewal_cursor; /* of renewal.c */
	struct instant repair_wake; /* the scan goes on, or may begin */
	struct instant repair_all_due; /* NEVER: causes suffice */
	struct instant repair_tell_due; /* NEVER: no owner is to be told */
	struct instant inquiry_due; /* NEVER: we hold nothing */
	struct store_cursor repair_cursor;
	bool repair_scanning : 1;
	bool repair_leave : 1; /* a scan is due, for we leave */
	bool repair_all : 1; /* this scan is for every record */
	bool repair_tell : 1; /* this scan is for owners, too */
	bool repair_ask : 1; /* and for what they have not repeated */
	bool leaving : 1; /* hand over, then say so */

	struct table *table; /* behind this struct */
};

static inline uint64_t
node_key_position(const struct node *node, const struct session_key *key)
{
	return position_of_session(endpoints_placement(node->parts.endpoints),
				   key);
}

/* How many of the closest a lookup asks, and an answer names: k, but not fewer
 * than it takes to find a record from anywhere when some of them are wrong
 * about who their neighbours are, or gone. Small buckets save contacts; they
 * are no proof that nobody has a record. */
#define NODE_WIDTH_LEAST 8

_Static_assert(NODE_WIDTH_LEAST <= BUCKET_MAX, "room in answers");

static inline uint32_t
node_width(const struct node *node)
{
	uint32_t k = node->settings->k;

	return k > NODE_WIDTH_LEAST ? k : NODE_WIDTH_LEAST;
}

/* So long after a join a table may be poor, when others joined as we did; nor
 * have we, or they, been sent all that we should hold. */
#define NODE_YOUNG_NS (3 * NS_PER_S)

static inline bool
node_young(const struct node *node, struct instant now)
{
	if (node->join_alone && node->table->count == 0)
		return false;
	return node->joining ||
	       (node->join_finished.ns != 0 &&
		instant_before(now, instant_after(node->join_finished,
						  NODE_YOUNG_NS)));
}

/* Is the peer a contact that is stale? */
static inline bool
node_missed(const struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	return contact != NULL && contact_stale(contact);
}

#endif
