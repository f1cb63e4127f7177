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
	ping->transaction = ++node->ping_transaction;
	ping->sent = now;
	ping->when = instant_after(now, timeout_ns);
	if (exchange_begin(outbox,
			   endpoints_get(node->parts.endpoints, ping->peer),
			   MESSAGE_PING, ping->transaction, &writer))
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

	if (exchange_begin(outbox, peer, MESSAGE_PING, ++node->ping_transaction,
			   &writer))
		exchange_send(node, outbox, TRAFFIC_PING, &writer);
}

enum drop
liveness_answer(struct node *node, struct instant now, uint32_t peer,
		uint32_t transaction)
{
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		struct ping *one = &node->pings[i];

		if (one->peer != peer || one->transaction != transaction ||
		    one->sent.ns == INSTANT_NEVER.ns)
			continue;
		exchange_answered(node, peer,
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
		one->sent = INSTANT_NEVER;
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
