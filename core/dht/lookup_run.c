/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookup_run.c - a node's own lookups; see lookup_run.h */
#include "core/dht/lookup_run.h"

#include <assert.h>

#include "core/dht/exchange.h"
#include "core/dht/filling.h"
#include "core/dht/liveness.h"
#include "core/dht/owned.h"
#include "core/dht/placement.h"

static struct lookup *
at(const struct node *node, uint32_t slot)
{
	return &node->parts.lookups->slots[slot];
}

/* The first candidates: our own closest contacts. */
static void
add_closest(struct node *node, struct lookup *lookup)
{
	uint32_t peers[BUCKET_MAX], width = node_width(node);
	uint32_t count = table_closest(node->table, lookup->target, TABLE_SOUND,
				       ENDPOINT_NONE, peers, width);

	/* Too few that are sound: perhaps it was our own uplink. */
	if (count < width)
		count = table_closest(node->table, lookup->target, TABLE_ANY,
				      ENDPOINT_NONE, peers, width);
	for (uint32_t i = 0; i < count; i++)
		lookup_add(lookup, peers[i],
			   endpoints_position(node->parts.endpoints, peers[i]),
			   0);
}

/* What its datagrams are for; a publication knows more. */
static enum traffic_purpose
purpose_of(const struct node *node, enum lookup_kind kind)
{
	switch (kind) {
	case LOOKUP_GET:
		return TRAFFIC_FIND;
	case LOOKUP_SET:
		return TRAFFIC_STORE;
	case LOOKUP_SEEK:
		return TRAFFIC_PING;
	default:
		return node->joining ? TRAFFIC_JOIN : TRAFFIC_REFRESH;
	}
}

uint32_t
lookup_run_start(struct node *node, struct instant now, enum lookup_kind kind,
		 uint64_t target)
{
	const struct node_settings *settings = node->settings;
	uint32_t slot = lookup_take(node->parts.lookups, node->self, kind,
				    target, node_width(node));

	if (slot == LOOKUP_NONE)
		return slot;
	if (kind == LOOKUP_FILL)
		filling_begin(node, at(node, slot));
	else
		add_closest(node, at(node, slot));
	/* Who joins does not know its surroundings yet. */
	if (kind == LOOKUP_SET && node->join_in && !node->joining)
		placement_begin(at(node, slot),
				table_certain(node->table, target),
				settings->replicas);
	at(node, slot)->alpha = (uint8_t)settings->alpha;
	at(node, slot)->purpose = (uint8_t)purpose_of(node, kind);
	at(node, slot)->deadline =
		instant_after(now, settings->lookup_deadline_ns);
	if (target != node->position)
		node->touched |=
			table_bit(position_bucket(node->position, target));
	node->counters.lookups++;
	return slot;
}

void
lookup_run_announce(struct node *node, struct instant now, uint32_t slot)
{
	struct lookup *lookup = at(node, slot);

	lookup->phase = LOOKUP_DONE;
	lookup->finished = instant_min(lookup->finished, now);
	if (lookup->started.ns == INSTANT_NEVER.ns)
		lookup->started = now; /* no datagram was needed */
	lookup_list_add(node->parts.lookups, &node->done, slot);
}

/* No time-out advances it any more. */
static void
stop(struct node *node, uint32_t slot)
{
	struct lookup *lookup = at(node, slot);

	hedge_end(&node->hedge, node->settings->alpha, lookup->alpha);
	lookup->alpha = (uint8_t)node->settings->alpha;
	timer_remove(lookups_timers(node->parts.lookups), &node->lookup_timers,
		     slot);
}

/* It has ended: its owner takes the result before lookup_run_close(). */
static void
end(struct node *node, uint32_t slot)
{
	const struct lookup *lookup = at(node, slot);

	stop(node, slot);
	if (!lookup->ok &&
	    (lookup->kind == LOOKUP_GET || lookup->kind == LOOKUP_SET))
		node->counters.lookup_failures++;
}

void
lookup_run_close(struct node *node, struct instant now, uint32_t slot)
{
	const struct lookup *lookup = at(node, slot);

	if (lookup->kind == LOOKUP_GET || lookup->announce)
		lookup_run_announce(node, now, slot);
	else
		lookup_give(node->parts.lookups, slot);
}

void
lookup_run_cancel(struct node *node, struct instant now, uint32_t slot,
		  bool report)
{
	struct lookup *lookup = at(node, slot);

	stop(node, slot);
	lookup->ok = false;
	/* Lists are singly linked: a ready lookup leaves at its turn. */
	if (lookup->ready) {
		lookup->phase = LOOKUP_DONE;
		lookup->announce = lookup->announce && report;
		return;
	}
	if (lookup->announce && report)
		lookup_run_announce(node, now, slot);
	else
		lookup_give(node->parts.lookups, slot);
}

/* Send it by another uplink than the one that may have failed. */
static void
avoid(struct outbox *outbox, const struct lookup *lookup)
{
	outbox->items[outbox->item_count - 1].avoid_uplink =
		lookup->avoid_uplink;
}

static uint64_t
ask_for(struct node *node, const struct lookup *lookup)
{
	if (lookup->kind == LOOKUP_FILL)
		return filling_place_near(node, lookup->target);
	return lookup->target;
}

static uint8_t
asked_for(const struct lookup *lookup, const struct candidate *candidate)
{
	return lookup->kind == LOOKUP_GET && !candidate->refers
		       ? MESSAGE_FIND_VALUE
		       : MESSAGE_FIND_NODE;
}

/* Somebody waits for what it finds. */
static bool
in_hurry(const struct lookup *lookup)
{
	return lookup->kind == LOOKUP_GET && !lookup->glance;
}

static void
ask(struct node *node, struct instant now, uint32_t slot,
    struct candidate *candidate, struct outbox *outbox)
{
	struct lookup *lookup = at(node, slot);
	bool value = asked_for(lookup, candidate) == MESSAGE_FIND_VALUE;
	struct message_writer writer;

	if (exchange_begin(
		    outbox,
		    endpoints_get(node->parts.endpoints, candidate->peer),
		    value ? MESSAGE_FIND_VALUE : MESSAGE_FIND_NODE,
		    lookup_transaction(node->parts.lookups, slot), &writer)) {
		if (value)
			message_put_key(&writer, &lookup->key);
		else
			message_put_position(&writer, ask_for(node, lookup));
		message_pad_for_reply(&writer, node_width(node), node->family);
		exchange_send(node, outbox,
			      (enum traffic_purpose)lookup->purpose, &writer);
		avoid(outbox, lookup);
	}
	int64_t timeout_ns = exchange_timeout_ns(node, candidate->peer);
	lookup_sent(lookup, candidate, now,
		    value && in_hurry(lookup)
			    ? exchange_hedge_ns(node, candidate->peer)
			    : timeout_ns,
		    timeout_ns);
	node->counters.queries++;
}

static void
send_store(struct node *node, struct instant now, uint32_t slot, uint32_t index,
	   struct outbox *outbox)
{
	struct lookup *lookup = at(node, slot);
	struct candidate *candidate = &lookup->candidates[index];
	bool conditional = placement_conditional(lookup, index);
	struct message_writer writer;

	if (exchange_begin(
		    outbox,
		    endpoints_get(node->parts.endpoints, candidate->peer),
		    MESSAGE_STORE,
		    lookup_transaction(node->parts.lookups, slot), &writer)) {
		owned_put(node, &writer, &lookup->key, lookup->version,
			  lookup->half_open);
		if (conditional)
			message_make_conditional(&writer);
		exchange_send(node, outbox,
			      (enum traffic_purpose)lookup->purpose, &writer);
		avoid(outbox, lookup);
	}
	placement_sent(lookup, candidate, now,
		       exchange_timeout_ns(node, candidate->peer), conditional);
	node->counters.stores++;
}

/* A quarter of a bucket at a time: early answers widen the choice of
 * candidates for later queries. */
static bool
fill(struct node *node, struct instant now, uint32_t slot,
     struct outbox *outbox)
{
	const struct node_settings *settings = node->settings;
	struct lookup *lookup = at(node, slot);
	uint32_t parallel = (settings->k + 3) / 4;
	uint8_t chosen[LOOKUP_SHORTLIST];
	bool over;

	if (parallel < settings->alpha)
		parallel = settings->alpha;
	uint32_t count = lookup_choose_fill(
		lookup, settings->k + settings->alpha, parallel, chosen, &over);
	for (uint32_t i = 0; i < count; i++)
		ask(node, now, slot, &lookup->candidates[chosen[i]], outbox);
	return over;
}

/* Peers that speak version 1 only cannot hold what is half-open: the next
 * closest do, until it is confirmed. */
static void
pass_old(struct node *node, struct lookup *lookup)
{
	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		struct candidate *candidate = &lookup->candidates[i];
		const struct contact *contact =
			table_find(node->table, candidate->peer);

		if (candidate->speaks == 0 && contact != NULL)
			candidate->speaks = contact->speaks & 0xfu;
		if (candidate->state < CANDIDATE_STORING &&
		    candidate->speaks == 1)
			candidate->state = CANDIDATE_REFUSED;
	}
}

/* Ask the candidates that are due, so that the `width` closest answer. True:
 * they have. */
static bool
converge(struct node *node, struct instant now, uint32_t slot, uint32_t width,
	 struct outbox *outbox)
{
	struct lookup *lookup = at(node, slot);
	uint8_t chosen[LOOKUP_SHORTLIST];

	uint32_t count = lookup_choose(lookup, width, lookup->alpha, chosen);
	if (count == 0) {
		if (lookup_complete(lookup, width))
			return true;
		count = lookup_choose(lookup, width, lookup->alpha, chosen);
	}
	uint32_t most = lookup_allowance(lookup, lookup->alpha,
					 node->settings->replicas);
	if (most == 0 && count > 0 && !lookup_waits(lookup))
		return true;
	if (count > most)
		count = most;
	for (uint32_t i = 0; i < count; i++)
		ask(node, now, slot, &lookup->candidates[chosen[i]], outbox);
	return false;
}

/* Ask the candidates that are due. True: finding is over. */
static bool
find(struct node *node, struct instant now, uint32_t slot,
     struct outbox *outbox)
{
	struct lookup *lookup = at(node, slot);

	if (lookup->deadline.ns <= now.ns)
		return true;
	/* What is open is worth more, if one that is asked has it. */
	if (lookup->record_count > 0)
		return !lookup->records[0].half_open || !lookup_waits(lookup);
	if (lookup->kind == LOOKUP_FILL)
		return fill(node, now, slot, outbox);
	return converge(node, now, slot,
			lookup->glance ? node->settings->replicas
				       : node_width(node),
			outbox);
}

/* Candidates that are silent, as they were when they were pinged before: bits.
 */
static uint64_t
dead_candidates(struct node *node, const struct lookup *lookup)
{
	_Static_assert(LOOKUP_SHORTLIST <= 64, "a bit each");
	uint64_t dead = 0;

	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		const struct candidate *candidate = &lookup->candidates[i];

		if (!lookup_silent(candidate))
			continue;
		const struct contact *contact =
			table_find(node->table, candidate->peer);
		if (contact != NULL && contact_stale(contact))
			dead |= UINT64_C(1) << i;
	}
	return dead;
}

/* It is over: what has it come to? */
static void
conclude(struct node *node, struct instant now, struct lookup *lookup)
{
	if (lookup->kind == LOOKUP_SET) {
		lookup->ok = placement_whole(lookup, node->settings->replicas);
		/* Our own hold is no acknowledgement, unless it is all. */
		if (lookup->self == LOOKUP_HOLDING &&
		    lookup->first.ns == INSTANT_NEVER.ns) {
			lookup->first = now;
			lookup->local = true;
		}
		return;
	}
	if (lookup->record_count == 0)
		lookup->hops = lookup->round;
	lookup->ok = lookup->record_count > 0;
	if (lookup->kind == LOOKUP_GET && !lookup->ok && !lookup->glance) {
		uint32_t replicas = node->settings->replicas;
		uint64_t dead = dead_candidates(node, lookup);

		lookup->denied = !node_young(node, now) &&
				 lookup_denied(lookup, replicas, dead);
		lookup->conclusive =
			lookup->denied && !lookup_split(lookup, replicas, dead);
	}
}

/* A second STORE to the candidates that are overdue. */
static void
store_again(struct node *node, struct instant now, uint32_t slot,
	    struct outbox *outbox)
{
	const struct lookup *lookup = at(node, slot);

	for (uint32_t i = 0; i < lookup->candidate_count; i++) {
		if (placement_repeats(&lookup->candidates[i], now))
			send_store(node, now, slot, i, outbox);
	}
}

/* A first STORE to the replicas that were sent none yet. */
static void
store(struct node *node, struct instant now, uint32_t slot,
      struct outbox *outbox)
{
	uint32_t replicas = node->settings->replicas;
	struct lookup *lookup = at(node, slot);
	uint8_t chosen[LOOKUP_SHORTLIST];
	uint32_t count;
	bool self_holds;

	count = placement_choose(lookup, replicas, node->position, chosen,
				 &self_holds);
	if (self_holds && lookup->self == LOOKUP_APART) {
		if (owned_hold(node, now, &lookup->key, lookup->version,
			       lookup->half_open)) {
			lookup->self = LOOKUP_HOLDING;
		} else {
			lookup->self = LOOKUP_NO_ROOM;
			count = placement_choose(lookup, replicas,
						 node->position, chosen,
						 &self_holds);
		}
	}
	for (uint32_t i = 0; i < count; i++)
		send_store(node, now, slot, chosen[i], outbox);
}

/* A lookup that publishes: find out where, and store. True: it is over. */
static bool
place(struct node *node, struct instant now, uint32_t slot,
      struct outbox *outbox)
{
	uint32_t replicas = node->settings->replicas;
	struct lookup *lookup = at(node, slot);

	store_again(node, now, slot, outbox);
	if (lookup->half_open)
		pass_old(node, lookup);
	bool charted = placement_charted(lookup, replicas);
	if (!charted && (lookup->deadline.ns <= now.ns ||
			 converge(node, now, slot, replicas, outbox))) {
		placement_converged(lookup);
		charted = true;
	}
	if (lookup->phase == LOOKUP_FINDING) {
		if (!charted)
			return false;
		lookup->hops = lookup->round;
		lookup->phase = LOOKUP_STORING;
		lookup->deadline =
			instant_after(now, node->settings->lookup_deadline_ns);
	}
	if (lookup->deadline.ns <= now.ns)
		return true;
	if (charted)
		store(node, now, slot, outbox);
	if (!charted || !placement_done(lookup, replicas, node->position))
		lookup->finished = INSTANT_NEVER;
	else
		lookup->finished = instant_min(lookup->finished, now);
	return charted && placement_settled(lookup);
}

static void
age(struct node *node, struct instant now, struct lookup *lookup,
    struct outbox *outbox)
{
	uint32_t failed[LOOKUP_SHORTLIST], overdue, slow;
	uint32_t count = lookup_age(lookup, now, failed, &overdue, &slow);

	node->counters.timeouts += overdue;
	while (slow-- > 0)
		hedge_silent(&node->hedge);
	for (uint32_t i = 0; i < count; i++)
		liveness_failed(node, now, failed[i], outbox);
}

bool
lookup_run_advance(struct node *node, struct instant now, uint32_t slot,
		   struct outbox *outbox)
{
	struct lookup *lookup = at(node, slot);

	age(node, now, lookup, outbox);
	bool over = lookup->kind == LOOKUP_SET ? place(node, now, slot, outbox)
					       : find(node, now, slot, outbox);
	if (over) {
		conclude(node, now, lookup);
		end(node, slot);
		return true;
	}
	timer_set(lookups_timers(node->parts.lookups), &node->lookup_timers,
		  slot, lookup_wake(lookup));
	return false;
}

/* It has news; advance it at the next expire(). */
static void
make_ready(struct node *node, struct instant now, uint32_t slot)
{
	if (at(node, slot)->ready)
		return;
	at(node, slot)->ready = true;
	lookup_list_add(node->parts.lookups, &node->ready, slot);
	node->ready_since = instant_min(node->ready_since, now);
}

/* How many are closer to the target than `distance`. */
static uint32_t
file_contacts(struct node *node, struct lookup *lookup,
	      const struct message_item *item, uint8_t round, uint64_t distance)
{
	uint32_t closer = 0;
	struct endpoint named[MESSAGE_CONTACTS_MAX];
	uint32_t peers[MESSAGE_CONTACTS_MAX];

	for (uint32_t i = 0; i < item->contact_count; i++)
		message_contact_read(item, i, &named[i]);
	endpoints_intern_all(node->parts.endpoints, named, item->contact_count,
			     peers);
	for (uint32_t i = 0; i < item->contact_count; i++) {
		uint32_t peer = peers[i];

		if (peer == ENDPOINT_NONE || peer == node->self)
			continue;
		uint64_t position =
			endpoints_position(node->parts.endpoints, peer);
		closer +=
			position_distance(lookup->target, position) < distance;
		if (lookup->kind == LOOKUP_FILL &&
		    !filling_wants(node, lookup->target, position))
			continue;
		lookup_add(lookup, peer, position, round);
	}
	return closer;
}

static void
file_records(struct node *node, struct lookup *lookup,
	     const struct message_item *item, uint8_t round)
{
	struct record records[RECORDS_PER_KEY];
	uint32_t count = 0;

	for (uint32_t i = 0; i < item->record_count; i++) {
		const struct message_record *record = &item->records[i];
		uint32_t owner =
			endpoints_intern(node->parts.endpoints, &record->owner);

		/* Our own handshake: see node_get(). */
		if (owner == ENDPOINT_NONE ||
		    (owner == node->self && record->half_open))
			continue;
		records[count++] = (struct record){
			.version = record->version,
			.owner = owner,
			.ttl_ms = record->ttl_ms,
			.tombstone = record->tombstone,
			.half_open = record->half_open,
		};
	}
	lookup_file(lookup, records, count);
	if (lookup->record_count > 0 &&
	    (lookup->hops == 0 || round < lookup->hops))
		lookup->hops = round;
}

/* An answer to a query, however late. The candidate moves when others are
 * added. */
static bool
file_found(struct node *node, struct lookup *lookup,
	   struct candidate *candidate, const struct message_item *item)
{
	uint8_t round = candidate->round;
	uint64_t distance = candidate->distance;

	if (candidate->tries == 0 || candidate->named)
		return false;
	lookup_answered(lookup, candidate);
	if (item->status == ITEM_RECORDS) {
		file_records(node, lookup, item, round);
		if (lookup->record_count == 0)
			lookup_refer(candidate);
		return true;
	}
	uint32_t closer = file_contacts(node, lookup, item, round, distance);
	if (lookup->kind == LOOKUP_SET)
		placement_named(lookup, item->contact_count, closer,
				node->settings->k, node->table->count);
	return true;
}

enum drop
lookup_run_answer(struct node *node, struct instant now, uint32_t peer,
		  struct message_reader *reader)
{
	uint32_t slot = lookup_by_transaction(node->parts.lookups, node->self,
					      reader->header.transaction);
	struct message_item item;

	if (slot == LOOKUP_NONE)
		return DROP_UNASKED;
	struct lookup *lookup = at(node, slot);
	struct candidate *candidate = lookup_find(lookup, peer);
	if (candidate == NULL || !message_next(reader, &item))
		return DROP_UNASKED;

	uint8_t type = reader->header.type & (uint8_t)~MESSAGE_REPLY;
	uint8_t asked = asked_for(lookup, candidate);
	bool once = type == MESSAGE_STORE
			    ? candidate->state == CANDIDATE_STORING
			    : candidate->tries == 1 &&
				      candidate->state < CANDIDATE_STORING;
	int64_t rtt_ns = once ? instant_distance_ns(candidate->sent, now) : -1;
	bool used = false;
	bool waited = asked == MESSAGE_FIND_VALUE && in_hurry(lookup);
	/* Asked twice, it was waited for in vain before. */
	bool slow = candidate->slow || candidate->tries > 1;
	candidate->speaks = reader->header.speaks; /* before it moves */
	if (type == asked)
		used = file_found(node, lookup, candidate, &item);
	else if (type == MESSAGE_STORE)
		used = placement_answered(lookup, candidate, now, &item);
	if (!used)
		return DROP_UNASKED;
	exchange_answered(node, peer, rtt_ns);
	if (waited)
		hedge_answered(&node->hedge, slow);
	make_ready(node, now, slot);
	return DROP_NONE;
}

uint32_t
lookup_run_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	struct lookups *lookups = node->parts.lookups;
	struct timer_pool pool = lookups_timers(lookups);
	uint32_t slot;

	/* Answers come between calls, so the list empties here. */
	node->ready_since = INSTANT_NEVER;
	while ((slot = lookup_list_take(lookups, &node->ready)) !=
	       LOOKUP_NONE) {
		at(node, slot)->ready = false;
		if (at(node, slot)->phase == LOOKUP_DONE) /* cancelled */
			lookup_run_close(node, now, slot);
		else if (lookup_run_advance(node, now, slot, outbox))
			return slot;
	}
	while (timer_first(pool, node->lookup_timers).ns <= now.ns) {
		slot = node->lookup_timers;
		if (lookup_run_advance(node, now, slot, outbox))
			return slot;
	}
	return LOOKUP_NONE;
}

void
lookup_run_forget(struct node *node)
{
	uint32_t slot;

	/* A cancelled lookup is in this list only, others are in the heap. */
	while ((slot = lookup_list_take(node->parts.lookups, &node->ready)) !=
	       LOOKUP_NONE) {
		at(node, slot)->ready = false;
		if (at(node, slot)->phase == LOOKUP_DONE)
			lookup_give(node->parts.lookups, slot);
	}
	while ((slot = lookup_list_take(node->parts.lookups, &node->done)) !=
	       LOOKUP_NONE)
		lookup_give(node->parts.lookups, slot);
	while ((slot = node->lookup_timers) != TIMER_NONE) {
		stop(node, slot);
		lookup_give(node->parts.lookups, slot);
	}
	node->ready_since = INSTANT_NEVER;
}
