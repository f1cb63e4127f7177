/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup.h - one iterative lookup of a place in the key space
 *
 *	shortlist, closest first:
 *	  [answered] [asked] [known] [answered] [known] [known] ...
 *	  <------------- the k closest live ------------->
 *
 * Only bookkeeping: which candidates are known, asked, overdue or failed, which
 * is next, and whether the lookup is over. Datagrams, tables and events are
 * lookup_run.c's.
 *
 * Who answers with records names nobody. Where all of them are of excluded
 * owners, or tombstones, it is asked once more, who is closer: else the lookup
 * would end at the first who holds a useless record, and others would not be
 * asked who have a better one.
 *
 * A candidate is asked once. When its timeout has passed it is overdue and
 * no longer counts as one of the alpha parallel queries, so one more is sent;
 * after twice the timeout it has failed and no longer counts as one of the k
 * closest. Its answer is welcome as long as the lookup lasts.
 *
 * Whoever waits for a value asks one more sooner, when a candidate is *slow*
 * (hedge.h): that one no longer counts as one of alpha, and nothing else
 * follows from it. As many as alpha that are slow are no accident: perhaps half
 * of all servers have just died. Then the next alpha would all be dead one time
 * in eight, and each such round costs a round trip; so twice alpha are asked
 * at a time, and LOOKUP_WIDER times alpha when nobody else is left who may
 * answer: who is next closest knows the place less well, and more of them know
 * it better.
 *
 * Rounds: a query's round is 1 + the highest round that has been answered
 * when it is sent (1 for the first queries). Under equal delays all queries
 * of a round are sent at one instant and answered at one instant, and the
 * round of the answer that has the value is the number of round trips.
 *
 * The end ([1], 2.3): all of the k closest (NODE_WIDTH_LEAST, if buckets are
 * smaller) that have not failed have answered. When a round named no candidate
 * closer than before, all of the k closest not yet asked are asked at once.
 * With unequal delays there are no clean rounds; then alpha answers, or
 * failures, to queries sent after the last progress count as such a round.
 * A lookup for a value, when only overdue and failed candidates are left, asks
 * these once more before it says "missed", for a lost datagram is likelier
 * than three dead replicas; any lookup does when no candidate has answered.
 *
 * A glance is a lookup for a value that is to cost little: it is over when the
 * `replicas` closest have answered, asks nobody twice, and sends no more than
 * alpha queries a round and one to each replica. It finds what a settled table
 * holds, and its "missed" is never conclusive.
 *
 * "Missed" is conclusive when the replicas have said that they do not know:
 * the `replicas` closest that have not failed have all answered, and no
 * candidate in front of them is still to answer. A failed candidate may be
 * down, or busy, or behind a link that swallows everything, and then hold the
 * record; so of the `replicas` closest, failed or not, one at least must have
 * answered, and of those not known to be dead no more may have failed than
 * answered. With three replicas: one may be silent; two, when they are known
 * to be dead; never all three, for then no replica is left that would know. At
 * the deadline, who is known to be dead and has let a timeout pass counts as
 * failed, whether it is being asked a second time or not. So much is "denied".
 *
 * And of all that were asked fewer than `replicas`, or than one in four, may be
 * silent, and not known to be dead: a record that was made in the other half of
 * a split, or behind a link that swallows much, is at the closest of those, and
 * they may be all. (One in four: of 300 nodes with k 20 that die at 5 % a
 * minute 24 of 100 misses would prove nothing without it, and 1 with it.) But a
 * stranger that has died is named for as long as those that know it have not
 * missed it (refresh_ns), and who asks never learns that it is dead. So past an
 * owner that is known to be dead (vigil.h) a denial suffices: who is beyond a
 * split is as far away as the owner that was given up.
 *
 * A candidate's state while it is asked:
 *
 *	known -> asked -> overdue -> failed	      (both -> known: once more)
 *	    answered <----'--------'
 *
 * A lookup that publishes goes on in the same slot, and begins to store as soon
 * as it is clear where: placement.h.
 *
 * A bucket fill is of another kind: it is to find contacts from all over one
 * bucket's range. Every peer named that belongs to the bucket is a candidate,
 * in an order that has nothing to do with the target (a hash of the position:
 * the first of many names are a fair sample of them); a few at a time are
 * asked, each for another random place in the bucket, until k + alpha have
 * answered. filling.h says why it is not a plain lookup as in [1].
 *
 * Slots form a pool that many nodes share; each remembers its node. A slot is
 * named on the wire by its transaction: generation and slot in 31 bits.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#ifndef CORE_DHT_LOOKUP_H
#define CORE_DHT_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/record.h"
#include "core/session.h"
#include "core/timer.h"

#define LOOKUP_NONE UINT32_MAX
/* Candidates kept, twice the largest k: the farthest that is not in flight is
 * forgotten. (Forgetting one in flight cost 1 to 2 % more rounds at alpha 3:
 * two answers of a round pushed the third out.) If all are in flight, the
 * farthest of those: who is closer is never refused. */
#define LOOKUP_SHORTLIST 64
/* Owners whose records do not count; more are ignored. */
#define LOOKUP_EXCLUDE 8
/* Times that one candidate is asked. */
#define LOOKUP_TRIES 2
/* Times alpha, when all that were asked are slow. */
#define LOOKUP_WIDER 4
/* At 5 % churn a minute fewer than one of so many are silent since they died;
 * after a split, more. */
#define LOOKUP_CHURN 4
/* Slots in a pool: a transaction has 20 bits for them. */
#define LOOKUP_POOL_MAX (UINT32_C(1) << 20)

enum candidate_state {
	CANDIDATE_KNOWN,
	CANDIDATE_ASKED,
	CANDIDATE_OVERDUE,
	CANDIDATE_FAILED,
	CANDIDATE_ANSWERED,
	CANDIDATE_STORING, /* STORE sent */
	CANDIDATE_RETRIED, /* and once more */
	CANDIDATE_STORED, /* acknowledged */
	CANDIDATE_REFUSED, /* no room there */
	CANDIDATE_STALE, /* knows a newer one */
};

struct candidate {
	uint64_t distance; /* to the target */
	struct instant sent; /* the last datagram to it */
	int64_t hedge_ns; /* after that it is slow; timeout_ns: never */
	int64_t timeout_ns;
	uint32_t peer; /* endpoint index */
	uint8_t state; /* enum candidate_state */
	uint8_t round; /* in which it was asked */
	uint8_t tries : 2; /* LOOKUP_TRIES at most */
	bool named : 1; /* it answered the last query */
	bool conditional : 1; /* the STORE sent to it was */
	bool moved : 1; /* so it answered that it knows closer ones */
	bool slow : 1; /* it took longer than hedge_ns, until it answers */
	bool refers : 1; /* GET: asked who is closer, for what it has is no
			    use */
	bool holds : 1; /* it may: it was sent a STORE and did not refuse */
	uint8_t speaks; /* version, as its answer said; 0: unknown */
};
_Static_assert(sizeof(struct candidate) == 40, "64 of them are 2.5 KiB");
_Static_assert(LOOKUP_TRIES < 4, "two bits count them");

enum lookup_kind {
	LOOKUP_GET, /* find the value */
	LOOKUP_SET, /* find the k closest, then store */
	LOOKUP_JOIN, /* find the k closest to ourselves: joining */
	LOOKUP_FILL, /* fill a bucket */
	LOOKUP_SEEK, /* ask around for one that is silent: neighbours.h */
	LOOKUP_NOTICE, /* never ran: carries a NOT_MINE to node_event() */
	LOOKUP_ENDED, /* never ran: carries the end of a removal there */
	LOOKUP_RAISED, /* never ran: carries a higher version of ours there */
	LOOKUP_DOUBT, /* never ran: carries a DOUBT there */
};

enum lookup_phase {
	LOOKUP_FREE,
	LOOKUP_FINDING,
	LOOKUP_STORING,
	LOOKUP_DONE, /* until node_event() takes it */
};

/* SET: by what the surroundings of the target are known; placement.h. */
enum lookup_chart {
	LOOKUP_UNCHARTED,
	LOOKUP_BY_TABLE, /* our own */
	LOOKUP_BY_ANSWER,
};

enum lookup_self {
	LOOKUP_APART, /* we are not among the replicas */
	LOOKUP_HOLDING, /* we are, and hold it */
	LOOKUP_NO_ROOM, /* we should, but our store is full */
};

struct lookup {
	struct timer timer; /* first: see timer.h */
	uint64_t target;
	uint64_t closest; /* least distance ever known */
	struct instant started; /* first datagram; NEVER if none yet */
	struct instant deadline;
	struct instant first; /* SET: first acknowledgement, or NEVER */
	struct instant finished; /* SET: the replicas that live had it */
	struct session_key key; /* GET, SET, NOTICE, ENDED */
	struct version version; /* SET, NOTICE */
	struct version newest; /* SET: that a replica has in its place */
	struct record records[RECORDS_PER_KEY]; /* GET: best first */
	uint32_t exclude[LOOKUP_EXCLUDE];
	uint32_t node; /* whose: its endpoint index */
	uint32_t next; /* free, ready or done list */
	uint32_t generation;
	uint32_t publication; /* SET: slot in publications */
	uint32_t peer; /* NOTICE: the owner that said so */
	uint32_t queries; /* datagrams sent */
	uint32_t hops; /* round of the answer with the value, or the last */
	uint32_t fruitless; /* answers of later rounds than improved */
	uint32_t candidate_count, candidate_limit;
	uint8_t kind, phase, self, chart; /* enums above */
	uint8_t round; /* highest answered */
	uint8_t improved; /* highest whose answer named a closer one */
	uint8_t record_count, exclude_count;
	uint8_t avoid_uplink;
	uint8_t purpose; /* of its datagrams: enum traffic_purpose */
	uint8_t asker; /* GET: enum node_asker */
	uint8_t alpha; /* GET: asked at a time */
	bool ready; /* in its node's ready list */
	bool announce; /* SET: NODE_STORED is due; not for republishing */
	bool half_open; /* SET: the record is */
	bool glance; /* GET: as cheap as can be; proves nothing */
	bool local; /* GET: we held it; SET: we alone do */
	bool ok; /* GET: found; ENDED: every replica knows */
	bool denied; /* GET, not found: so say the closest that live */
	bool conclusive; /* and others who are silent may not know it */
	struct candidate candidates[LOOKUP_SHORTLIST];
};

struct lookups {
	uint32_t capacity, count;
	uint32_t used; /* slots ever taken */
	uint32_t free; /* list of those given back */
	struct lookup slots[];
};

/* Lookups of one node in order, each in at most one list. */
struct lookup_list {
	uint32_t head, tail; /* LOOKUP_NONE: empty */
};

/* Bytes for at most capacity running lookups, <= LOOKUP_POOL_MAX; aligned for
 * uint64_t. */
size_t lookups_size(uint32_t capacity);
struct lookups *lookups_init(void *memory, uint32_t capacity);
struct timer_pool lookups_timers(struct lookups *);
uint32_t lookups_count(const struct lookups *);

/* A slot for a node, or LOOKUP_NONE when all are taken. k: how many of
 * the closest it asks. */
uint32_t lookup_take(struct lookups *, uint32_t node, enum lookup_kind,
		     uint64_t target, uint32_t k);
/* Give it back; it is in no list and its timer is not queued. */
void lookup_give(struct lookups *, uint32_t slot);
/* The slot becomes the last of a list. */
void lookup_list_add(struct lookups *, struct lookup_list *, uint32_t slot);
/* The first leaves; LOOKUP_NONE: the list is empty. */
uint32_t lookup_list_take(const struct lookups *, struct lookup_list *);
uint32_t lookup_transaction(const struct lookups *, uint32_t slot);
/* The slot that a transaction names if it runs for that node. */
uint32_t lookup_by_transaction(const struct lookups *, uint32_t node,
			       uint32_t transaction);

/* A peer at this position was named in an answer of round `round` (0: by our
 * own table). */
void lookup_add(struct lookup *, uint32_t peer, uint64_t position,
		uint8_t round);
/* A bucket fill's first candidates come before all others. */
void lookup_add_first(struct lookup *, uint32_t peer);
/* The candidate that is this peer, or NULL. */
struct candidate *lookup_find(struct lookup *, uint32_t peer);
/* The candidate was sent a query. It is slow after hedge_ns, if that is less
 * than the timeout. */
void lookup_sent(struct lookup *, struct candidate *, struct instant now,
		 int64_t hedge_ns, int64_t timeout_ns);
/* The candidate answered a query. Call before lookup_add() of the peers that
 * it named. */
void lookup_answered(struct lookup *, struct candidate *);
/* Advance states by the time: peers[] (LOOKUP_SHORTLIST) gets those that have
 * failed now, *overdue and *slow count those that are that since now. */
uint32_t lookup_age(struct lookup *, struct instant now, uint32_t *peers,
		    uint32_t *overdue, uint32_t *slow);
/* It is silent, or has no room: a lookup that publishes goes on to the next
 * closest meanwhile. */
bool lookup_passed_by(const struct candidate *);
/* FINDING: the candidates to ask now, as indices (room for LOOKUP_SHORTLIST),
 * so that the `width` closest answer; how many. */
uint32_t lookup_choose(const struct lookup *, uint32_t width, uint32_t alpha,
		       uint8_t *chosen);
/* The same for a bucket fill, so that `wanted` answer and at most `parallel`
 * are asked at a time. *over: they have, or no candidate is left. */
uint32_t lookup_choose_fill(const struct lookup *, uint32_t wanted,
			    uint32_t parallel, uint8_t *chosen, bool *over);
/* FINDING: the `width` closest have answered, or failed for good. May put
 * silent ones up for a second try; then lookup_choose() again. */
bool lookup_complete(struct lookup *, uint32_t width);
/* The candidate's records are no use: it is to be asked who is closer. */
void lookup_refer(struct candidate *);
/* How many queries more a glance may send; other lookups: as they like. */
uint32_t lookup_allowance(const struct lookup *, uint32_t alpha,
			  uint32_t replicas);
/* An answer to a query is on its way, and not overdue. */
bool lookup_waits(const struct lookup *);
/* It was asked, and let a timeout pass; it may be asked once more since. */
bool lookup_silent(const struct candidate *);
/* FINDING is over without a value: have the closest that live said so? dead:
 * bit i is set when candidate i is known to be, by more than this lookup. */
bool lookup_denied(const struct lookup *, uint32_t replicas, uint64_t dead);
/* May those that are silent be all of another half's replicas? */
bool lookup_split(const struct lookup *, uint32_t replicas, uint64_t dead);
/* When the candidate's state changes by itself, or it is to be sent something
 * once more; NEVER. */
struct instant lookup_candidate_wake(const struct candidate *);
/* When lookup_age() has something to do; the deadline at the latest. */
struct instant lookup_wake(const struct lookup *);
/* Merge the records that one replica holds: open ones before half-open ones,
 * each newest first, without tombstones, records that a tombstone has ended,
 * and those of excluded owners. */
void lookup_file(struct lookup *, const struct record *, uint32_t count);

#endif
