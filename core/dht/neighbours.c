/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neighbours.c - the peers that hold records together with us; see
 * neighbours.h */
#include "core/dht/neighbours.h"

#include <string.h>

#include "core/dht/hearing.h"
#include "core/dht/liveness.h"
#include "core/dht/lookup_run.h"
#include "core/dht/repair.h"

/* What a look finds. */
struct neighbourhood {
	uint32_t count, there; /* as in struct node */
	uint32_t peers[NODE_NEIGHBOURS];
};

void
neighbours_init(struct node *node)
{
	node->watch = INSTANT_NEVER;
	node->turn = INSTANT_NEVER;
}

static uint32_t
living_count(const struct table *table, unsigned b)
{
	uint32_t count = 0;

	for (uint32_t i = table->starts[b]; i < table->starts[b + 1]; i++)
		count += !contact_stale(&table->contacts[i]);
	return count;
}

/* The buckets whose members may share a key with us, empty ones included. */
static uint64_t
shared_buckets(const struct node *node)
{
	const struct table *table = node->table;
	uint32_t replicas = node->settings->replicas;
	uint64_t occupied = table->occupied, shared = ~occupied;
	uint32_t nearer = 1; /* we ourselves */

	while (occupied != 0) {
		unsigned b =
			POSITION_BITS - 1 - (unsigned)__builtin_ctzll(occupied);
		uint32_t count = living_count(table, b);

		if (count <= replicas || nearer <= replicas)
			shared |= table_bit(b);
		nearer += count;
		occupied &= ~table_bit(b);
	}
	return shared;
}

static void
survey(const struct node *node, uint64_t buckets, struct neighbourhood *found)
{
	const struct table *table = node->table;

	*found = (struct neighbourhood){ 0 };
	buckets &= table->occupied;
	while (buckets != 0) {
		unsigned b =
			POSITION_BITS - 1 - (unsigned)__builtin_ctzll(buckets);

		for (uint32_t i = table->starts[b]; i < table->starts[b + 1];
		     i++) {
			const struct contact *contact = &table->contacts[i];

			if (found->count == NODE_NEIGHBOURS)
				return;
			if (!contact_stale(contact))
				found->there |= UINT32_C(1) << found->count;
			found->peers[found->count++] = contact->peer;
		}
		buckets &= ~table_bit(b);
	}
}

static uint32_t
place_of(const uint32_t *peers, uint32_t count, uint32_t peer)
{
	uint32_t i = 0;

	while (i < count && peers[i] != peer)
		i++;
	return i;
}

bool
node_watches(const struct node *node, uint32_t peer)
{
	return node->watch.ns != INSTANT_NEVER.ns &&
	       place_of(node->neighbours, node->neighbour_count, peer) <
		       node->neighbour_count;
}

static bool
is_there(const struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	return contact != NULL && !contact_stale(contact);
}

/* Tell repair.c who came and who went since the last look. */
static void
compare(struct node *node, struct instant now,
	const struct neighbourhood *found)
{
	for (uint32_t i = 0; i < node->neighbour_count; i++) {
		uint32_t peer = node->neighbours[i];

		if ((node->neighbours_there >> i & 1) != 0 &&
		    !is_there(node, peer))
			repair_went(node, now, peer);
	}
	for (uint32_t i = 0; i < found->count; i++) {
		uint32_t at = place_of(node->neighbours, node->neighbour_count,
				       found->peers[i]);
		bool was = at < node->neighbour_count &&
			   (node->neighbours_there >> at & 1) != 0;

		if ((found->there >> i & 1) != 0 && !was)
			repair_came(node, now, found->peers[i]);
	}
}

static void
look(struct node *node, struct instant now, bool first)
{
	uint64_t shared = shared_buckets(node);
	struct neighbourhood found;
	uint32_t sought = 0;

	/* Those of before, too: who came may be many, and share no more. */
	survey(node, first ? shared : shared | node->shared, &found);
	if (!first)
		compare(node, now, &found);
	survey(node, shared, &found);
	for (uint32_t i = 0; i < found.count; i++) {
		uint32_t at = place_of(node->neighbours, node->neighbour_count,
				       found.peers[i]);

		if (at == node->neighbour_count)
			continue;
		sought |= (node->neighbours_sought >> at & 1) << i;
	}
	node->shared = shared;
	node->neighbour_count = (uint8_t)found.count;
	node->neighbours_there = found.there;
	node->neighbours_sought = sought;
	memcpy(node->neighbours, found.peers, sizeof(found.peers));
}

void
neighbours_begin(struct node *node, struct instant now)
{
	if (node->settings->watch_ns == 0 ||
	    node->watch.ns != INSTANT_NEVER.ns ||
	    !store_holds(node->parts.store, node->self))
		return;
	node->neighbour_count = 0;
	look(node, now, true);
	node->watch = instant_after(now, NEIGHBOURS_LOOK_NS);
	/* Nodes that began together do not ping together. */
	node->turn = instant_after(
		now,
		(int64_t)(node->position % (uint64_t)node->settings->watch_ns));
}

void
neighbours_asked(struct node *node, struct instant now, uint32_t from,
		 uint64_t position, struct outbox *outbox)
{
	const struct table *table = node->table;

	if (node->watch.ns == INSTANT_NEVER.ns || position == node->position)
		return;
	unsigned b = position_bucket(node->position, position);
	/* Most are asked for other places. */
	if ((node->shared & table_bit(b)) == 0)
		return;
	for (uint32_t i = table->starts[b]; i < table->starts[b + 1]; i++) {
		const struct contact *contact = &table->contacts[i];
		uint32_t peer = contact->peer;

		if (peer == from || contact_stale(contact) ||
		    endpoints_position(node->parts.endpoints, peer) != position)
			continue;
		uint32_t at =
			place_of(node->neighbours, node->neighbour_count, peer);
		if (at == node->neighbour_count)
			return;
		node->neighbours_sought |= UINT32_C(1) << at;
		(void)liveness_probe(node, now, peer, outbox);
		return;
	}
}

void
neighbours_changed(struct node *node, struct instant now)
{
	if (node->watch.ns != INSTANT_NEVER.ns)
		node->watch = instant_min(node->watch, now);
}

void
neighbours_booted(struct node *node, struct instant now, uint32_t peer)
{
	if (node->watch.ns == INSTANT_NEVER.ns)
		return;
	/* Whoever it is: what we share is looked at record by record. A new
	 * contact is met at the next look. */
	if (table_find(node->table, peer) != NULL)
		repair_booted(node, now, peer);
	neighbours_changed(node, now);
}

struct instant
neighbours_deadline(const struct node *node)
{
	return instant_min(node->watch, node->turn);
}

/* Whose turn it is after that peer's: by number, for their order in the table
 * changes whenever one is heard. */
static uint32_t
next_place(const struct node *node, uint32_t peer)
{
	uint32_t first = 0, next = node->neighbour_count;

	for (uint32_t i = 0; i < node->neighbour_count; i++) {
		uint32_t other = node->neighbours[i];

		if (other < node->neighbours[first])
			first = i;
		if (other > peer && (next == node->neighbour_count ||
				     other < node->neighbours[next]))
			next = i;
	}
	return next == node->neighbour_count ? first : next;
}

static void
take_turn(struct node *node, struct instant now, struct outbox *outbox)
{
	uint32_t count = node->neighbour_count;

	node->turn = instant_after(now, hearing_pace_ns(node, count));
	if (count == 0)
		return;
	uint32_t i = next_place(node, node->neighbour_turn);
	node->neighbour_turn = node->neighbours[i];
	struct contact *contact = table_find(node->table, node->neighbours[i]);
	if (contact == NULL)
		return;
	if (!contact_suspect(contact))
		node->neighbours_sought &= ~(UINT32_C(1) << i);
	hearing_turn(node, now, contact, HEARING_STEPS / 2, outbox);
}

/* Ask those near to a neighbour for its place, unless they know. */
static void
seek(struct node *node, struct instant now, uint32_t peer,
     struct outbox *outbox)
{
	uint32_t i = place_of(node->neighbours, node->neighbour_count, peer);

	if (i == node->neighbour_count ||
	    (node->neighbours_sought >> i & 1) != 0)
		return;
	node->neighbours_sought |= UINT32_C(1) << i;
	uint32_t slot = lookup_run_start(
		node, now, LOOKUP_SEEK,
		endpoints_position(node->parts.endpoints, peer));
	if (slot != LOOKUP_NONE && lookup_run_advance(node, now, slot, outbox))
		lookup_run_close(node, now, slot);
}

void
neighbours_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	neighbours_begin(node, now);
	if (node->watch.ns <= now.ns) {
		node->watch = instant_after(now, NEIGHBOURS_LOOK_NS);
		look(node, now, false);
		if (!store_holds(node->parts.store, node->self)) {
			neighbours_init(node);
			return;
		}
	}
	if (node->turn.ns <= now.ns)
		take_turn(node, now, outbox);
	/* Pings that were not answered: their tests wait for the next. */
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		const struct ping *ping = &node->pings[i];

		if (ping->peer != ENDPOINT_NONE && liveness_paused(ping))
			seek(node, now, ping->peer, outbox);
	}
}
