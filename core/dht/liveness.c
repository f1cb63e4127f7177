/* SPDX-License-Identifier: GPL-3.0-or-later */
/* liveness.c - which contacts still answer; see liveness.h */
#include "core/dht/liveness.h"

#include "core/dht/exchange.h"

void
liveness_init(struct node *node)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++)
		node->pings[i].peer = ENDPOINT_NONE;
}

/* Never 0, which is a pause. */
static uint32_t
wait_for(int64_t timeout_ns)
{
	int64_t wait = timeout_ns / PING_WAIT_NS;

	if (wait < 1)
		return 1;
	return wait < PING_WAIT_MAX ? (uint32_t)wait : PING_WAIT_MAX;
}

/* Since the ping was sent; -1: for longer than can be said. */
static int64_t
since_sent_ns(const struct ping *ping, struct instant now)
{
	if (ping->wait == PING_WAIT_MAX)
		return -1;
	int64_t ns = instant_distance_ns(ping->when, now) +
		     (int64_t)ping->wait * PING_WAIT_NS;

	return ns > 0 ? ns : 0;
}

/* The place and its turn: an answer to the turn before is none to this. */
static uint32_t
transaction_of(const struct node *node, const struct ping *ping)
{
	return (uint32_t)(ping - node->pings) << 4 | ping->turn;
}

static void
ping(struct node *node, struct instant now, struct ping *ping,
     struct outbox *outbox)
{
	struct message_writer writer;
	const struct contact *contact = table_find(node->table, ping->peer);
	int64_t timeout_ns = exchange_timeout_ns(node, ping->peer);

	/* The last: it may only be farther than it was. */
	if (contact != NULL && contact->failures == CONTACT_STALE - 1 &&
	    timeout_ns < node->settings->timeout_initial_ns)
		timeout_ns = node->settings->timeout_initial_ns;
	ping->turn = (ping->turn + 1u) & 0xfu;
	ping->wait = wait_for(timeout_ns) & PING_WAIT_MAX;
	ping->when = instant_after(now, timeout_ns);
	if (exchange_begin(outbox,
			   endpoints_get(node->parts.endpoints, ping->peer),
			   MESSAGE_PING, transaction_of(node, ping), &writer))
		exchange_send(node, outbox, TRAFFIC_PING, &writer);
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
liveness_failed(struct node *node, struct instant now, uint32_t peer,
		struct outbox *outbox)
{
	if (table_doubted(node->table, peer))
		test(node, now, peer, outbox);
}

bool
liveness_probe(struct node *node, struct instant now, uint32_t peer,
	       struct outbox *outbox)
{
	if (is_tested(node, peer))
		return false;
	test(node, now, peer, outbox);
	return is_tested(node, peer);
}

void
liveness_crowded(struct node *node, struct instant now, uint32_t peer,
		 struct outbox *outbox)
{
	uint32_t suspect = table_suspect(node->table, peer);

	if (suspect != ENDPOINT_NONE)
		test(node, now, suspect, outbox);
}

void
liveness_ask(struct node *node, const struct endpoint *peer,
	     struct outbox *outbox)
{
	struct message_writer writer;

	/* Of a place that there is not: no test takes the answer. */
	if (exchange_begin(outbox, peer, MESSAGE_PING, NODE_PINGS << 4,
			   &writer))
		exchange_send(node, outbox, TRAFFIC_PING, &writer);
}

enum drop
liveness_answer(struct node *node, struct instant now, uint32_t peer,
		uint32_t transaction)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		struct ping *one = &node->pings[i];

		if (one->peer != peer || liveness_paused(one) ||
		    transaction_of(node, one) != transaction)
			continue;
		exchange_answered(node, peer, since_sent_ns(one, now));
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
	bool paused = liveness_paused(one);

	if (!paused) {
		node->counters.timeouts++;
		if (table_failed(node->table, peer))
			node->counters.evictions++;
		node->join_doubt = true;
	}
	const struct contact *contact = table_find(node->table, peer);
	if (contact == NULL || contact_stale(contact) ||
	    !contact_suspect(contact)) {
		one->peer = ENDPOINT_NONE;
		test_next(node, now, outbox);
	} else if (paused) {
		ping(node, now, one, outbox);
	} else {
		one->wait = 0;
		one->when = instant_after(now, LIVENESS_PAUSE_NS);
	}
}

struct instant
liveness_deadline(const struct node *node)
{
	struct instant due = INSTANT_NEVER;

	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		if (node->pings[i].peer != ENDPOINT_NONE)
			due = instant_min(due, node->pings[i].when);
	}
	return due;
}

void
liveness_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		struct ping *one = &node->pings[i];

		if (one->peer != ENDPOINT_NONE && one->when.ns <= now.ns)
			expire_ping(node, now, one, outbox);
	}
}
