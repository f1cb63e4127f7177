/* SPDX-License-Identifier: GPL-3.0-or-later */
/* upkeep.c - what keeps a node's table true; see upkeep.h */
#include "core/dht/upkeep.h"

#include "core/dht/lookup_run.h"

void
upkeep_init(struct node *node)
{
	node->sweep = INSTANT_NEVER;
	node->upkeep_wake = INSTANT_NEVER;
	for (uint32_t i = 0; i < NODE_PINGS; i++)
		node->pings[i].peer = ENDPOINT_NONE;
}

void
upkeep_begin(struct node *node, struct instant now)
{
	int64_t refresh_ns = node->settings->refresh_ns;

	if (refresh_ns == 0 || node->sweep.ns != INSTANT_NEVER.ns)
		return;
	/* Nodes that began together do not sweep together. */
	int64_t early_ns =
		(int64_t)rng_below(&node->rng, (uint64_t)refresh_ns / 8 + 1);
	node->sweep = instant_after(now, refresh_ns - early_ns);
}

static uint64_t
bucket_bit(unsigned b)
{
	return UINT64_C(1) << (POSITION_BITS - 1 - b);
}

void
upkeep_touched(struct node *node, uint64_t target)
{
	if (target != node->position)
		node->touched |=
			bucket_bit(position_bucket(node->position, target));
}

void
upkeep_join(struct node *node, struct instant now, bool alone)
{
	node->joining = true;
	node->join_walk = !alone;
	node->join_alone = alone;
	node->join_answered = false;
	node->join_tries = 0;
	node->join_rounds = 0;
	node->join_queries = 0;
	node->join_started = now;
	node->upkeep_wake = now;
}

/* After looking ourselves up: the buckets that may have members we do not
 * know. We know all at least as near as the farthest of the k closest. */
static uint64_t
incomplete(const struct node *node, const struct lookup *walk)
{
	uint32_t live = 0;
	uint64_t distance = 0;

	for (uint32_t i = 0; i < walk->candidate_count; i++) {
		if (walk->candidates[i].state != CANDIDATE_ANSWERED ||
		    live == node->settings->k)
			continue;
		live++;
		distance = walk->candidates[i].distance;
	}
	if (live < node->settings->k)
		return 0; /* these were all there are */
	unsigned b = (unsigned)__builtin_clzll(distance);
	return ~(bucket_bit(b) - 1);
}

void
upkeep_finished(struct node *node, struct instant now,
		const struct lookup *lookup)
{
	bool answered = lookup->round > 0;

	node->upkeep_running = false;
	node->upkeep_wake = now;
	if (!node->joining)
		return;
	node->join_queries += lookup->queries;
	node->join_rounds += lookup->round;
	node->join_answered |= answered;
	if (lookup->kind != LOOKUP_JOIN)
		return;
	if (!answered && ++node->join_tries < UPKEEP_JOIN_TRIES)
		return;
	node->join_walk = false;
	if (answered)
		node->refresh = incomplete(node, lookup);
}

/* A random place in bucket b: our b leading bits, the next one flipped. */
static uint64_t
place_in(struct node *node, unsigned b)
{
	uint64_t bit = bucket_bit(b);

	return ((node->position ^ bit) & ~(bit - 1)) |
	       (rng_next(&node->rng) & (bit - 1));
}

uint64_t
upkeep_place(struct node *node, uint64_t target)
{
	return place_in(node, position_bucket(node->position, target));
}

bool
upkeep_belongs(const struct node *node, uint64_t target, uint64_t position)
{
	return position != node->position &&
	       position_bucket(node->position, position) ==
		       position_bucket(node->position, target);
}

void
upkeep_survey(struct node *node, struct lookup *lookup)
{
	struct table *table = node->table;
	struct bucket bucket = table_bucket(
		table, position_bucket(node->position, lookup->target));
	const struct contact *nearer = bucket.slot + bucket.count;
	uint64_t nearer_count =
		(uint64_t)(table->contacts + table->count - nearer);

	for (uint32_t i = 0; i < node->settings->alpha && nearer_count > 0; i++)
		lookup_add_first(
			lookup,
			nearer[rng_below(&node->rng, nearer_count)].peer);
	for (uint32_t i = 0; i < bucket.count; i++)
		lookup_add(lookup, bucket.slot[i].peer,
			   endpoints_position(node->parts.endpoints,
					      bucket.slot[i].peer),
			   0);
}

/* Start the next lookup there is to do. */
static void
start(struct node *node, struct instant now, struct outbox *outbox)
{
	enum lookup_kind kind = LOOKUP_JOIN;
	uint64_t target = node->position, bit = 0;

	node->upkeep_wake = INSTANT_NEVER;
	if (!node->join_walk && node->refresh == 0) {
		node->joined = node->joining;
		if (node->joining)
			node->join_finished = now;
		node->joining = false;
		return;
	}
	if (!node->join_walk) {
		/* The near buckets before the far. */
		unsigned b = POSITION_BITS - 1 -
			     (unsigned)__builtin_ctzll(node->refresh);

		kind = LOOKUP_FILL;
		bit = bucket_bit(b);
		target = place_in(node, b);
	}
	uint32_t slot = lookup_run_start(node, now, kind, target);
	if (slot == LOOKUP_NONE) {
		node->upkeep_wake = instant_after(now, UPKEEP_RETRY_NS);
		return;
	}
	node->refresh &= ~bit;
	node->upkeep_running = true;
	lookup_run_advance(node, now, slot, outbox);
}

static void
ping(struct node *node, struct instant now, struct ping *ping,
     struct outbox *outbox)
{
	struct message_writer writer;

	ping->transaction = ++node->ping_transaction;
	ping->sent = now;
	ping->when = instant_after(now, node_timeout_ns(node, ping->peer));
	if (node_begin(outbox, endpoints_get(node->parts.endpoints, ping->peer),
		       MESSAGE_PING, ping->transaction, &writer))
		node_send(node, outbox, &writer);
	node->counters.queries++;
}

static bool
is_tested(const struct node *node, uint32_t peer)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		if (node->pings[i].peer == peer)
			return true;
	}
	return false;
}

/* Ping a suspect, unless that is under way or all places are taken. */
static void
test(struct node *node, struct instant now, uint32_t peer,
     struct outbox *outbox)
{
	if (is_tested(node, peer))
		return;
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		if (node->pings[i].peer != ENDPOINT_NONE)
			continue;
		node->pings[i].peer = peer;
		ping(node, now, &node->pings[i], outbox);
		return;
	}
}

/* A place is free: another suspect, if there is one. */
static void
test_next(struct node *node, struct instant now, struct outbox *outbox)
{
	for (uint32_t i = 0; i < node->table->count; i++) {
		const struct contact *contact = &node->table->contacts[i];

		if (contact_suspect(contact) && !contact_stale(contact) &&
		    !is_tested(node, contact->peer)) {
			test(node, now, contact->peer, outbox);
			return;
		}
	}
}

void
upkeep_failed(struct node *node, struct instant now, uint32_t peer,
	      struct outbox *outbox)
{
	if (table_doubted(node->table, peer))
		test(node, now, peer, outbox);
}

void
upkeep_crowded(struct node *node, struct instant now, uint32_t peer,
	       struct outbox *outbox)
{
	uint32_t suspect = table_suspect(node->table, peer);

	if (suspect != ENDPOINT_NONE)
		test(node, now, suspect, outbox);
}

enum drop
upkeep_answer(struct node *node, struct instant now, uint32_t peer,
	      uint32_t transaction)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		struct ping *one = &node->pings[i];

		if (one->peer != peer || one->transaction != transaction ||
		    one->sent.ns == INSTANT_NEVER.ns)
			continue;
		table_answered(node->table, peer,
			       instant_distance_ns(one->sent, now));
		one->peer = ENDPOINT_NONE;
		return DROP_NONE;
	}
	return DROP_UNASKED;
}

static void
expire_ping(struct node *node, struct instant now, struct ping *one,
	    struct outbox *outbox)
{
	uint32_t peer = one->peer;
	bool paused = one->sent.ns == INSTANT_NEVER.ns;

	if (!paused) {
		node->counters.timeouts++;
		if (table_failed(node->table, peer))
			node->counters.evictions++;
	}
	const struct contact *contact = table_find(node->table, peer);
	if (contact == NULL || contact_stale(contact) ||
	    !contact_suspect(contact)) {
		one->peer = ENDPOINT_NONE;
		test_next(node, now, outbox);
	} else if (paused) {
		ping(node, now, one, outbox);
	} else {
		one->sent = INSTANT_NEVER;
		one->when = instant_after(now, UPKEEP_PAUSE_NS);
	}
}

struct instant
upkeep_deadline(const struct node *node)
{
	struct instant due = node->sweep;

	if (!node->upkeep_running)
		due = instant_min(due, node->upkeep_wake);
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		if (node->pings[i].peer != ENDPOINT_NONE)
			due = instant_min(due, node->pings[i].when);
	}
	return due;
}

void
upkeep_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		struct ping *one = &node->pings[i];

		if (one->peer != ENDPOINT_NONE && one->when.ns <= now.ns)
			expire_ping(node, now, one, outbox);
	}
	if (node->sweep.ns <= now.ns) {
		node->refresh |= node->table->occupied & ~node->touched;
		node->touched = 0;
		node->sweep = instant_after(now, node->settings->refresh_ns);
		node->upkeep_wake = now;
	}
	if (!node->upkeep_running && node->upkeep_wake.ns <= now.ns)
		start(node, now, outbox);
}
