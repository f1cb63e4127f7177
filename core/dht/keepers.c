/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keepers.c - an owner watches those who keep its records; see keepers.h */
#include "core/dht/keepers.h"

#include "core/dht/liveness.h"
#include "core/dht/publish_slot.h"

/* Datagrams of a placement, about. */
#define PLACEMENT_DATAGRAMS 12

void
keepers_init(struct node *node)
{
	node->keepers_turn = INSTANT_NEVER;
	node->keepers_wake = INSTANT_NEVER;
	node->own_first = node->own_cursor = PUBLICATION_NONE;
}

void
keepers_keep(struct node *node, struct instant now, uint32_t peer)
{
	struct contact *contact = table_find(node->table, peer);

	if (contact == NULL || node->settings->watch_ns == 0)
		return;
	contact->keeps = 1;
	contact->heard = 1;
	if (node->keepers_turn.ns == INSTANT_NEVER.ns)
		node->keepers_turn = instant_after(
			now, (int64_t)(node->position %
				       (uint64_t)node->settings->watch_ns));
}

void
keepers_heard(struct node *node, uint32_t peer)
{
	struct contact *contact = table_find(node->table, peer);

	if (contact != NULL)
		contact->heard = 1;
}

/* --- causes --------------------------------------------------------------- */

static void
add_cause(struct node *node, struct instant now, uint32_t peer, bool booted)
{
	if (node->own_first == PUBLICATION_NONE ||
	    node->settings->watch_ns == 0)
		return;
	if (node->keepers_wake.ns == INSTANT_NEVER.ns)
		node->keepers_wake = now;
	if (node->keeper_count == NODE_KEEPER_CAUSES) {
		node->keepers_all = true;
		return;
	}
	node->keeper_causes[node->keeper_count++] = (struct keeper_cause){
		.peer = peer,
		.booted = booted,
	};
}

void
keepers_booted(struct node *node, struct instant now, uint32_t peer)
{
	add_cause(node, now, peer, true);
}

void
keepers_left(struct node *node, struct instant now, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	if (contact != NULL && contact->keeps)
		add_cause(node, now, peer, false);
}

/* --- the sweep ------------------------------------------------------------ */

static bool
has_booted(const struct node *node, uint32_t peer)
{
	for (uint32_t i = 0; i < node->keepers_active; i++)
		if (node->keeper_causes[i].peer == peer &&
		    node->keeper_causes[i].booted)
			return true;
	return false;
}

static bool
has_gone(const struct node *node, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	for (uint32_t i = 0; contact == NULL && i < node->keepers_active; i++)
		if (node->keeper_causes[i].peer == peer &&
		    !node->keeper_causes[i].booted)
			return true;
	return contact != NULL && contact_stale(contact);
}

/* Mend one. How many items of datagrams that takes, about. */
static uint32_t
mend(struct node *node, struct instant now, uint32_t slot)
{
	struct publication *own = publish_slot_at(node, slot);
	uint32_t held = own->replica_count, booted = 0, gone = 0, items = 0;

	if (own->half_open || (own->state != PUBLICATION_HELD &&
			       own->state != PUBLICATION_REFRESHING))
		return 0;
	for (uint32_t i = 0; i < held + own->copy_count; i++) {
		uint32_t peer = own->replicas[i];

		gone += has_gone(node, peer);
		if (i < held &&
		    (node->keepers_whole || has_booted(node, peer))) {
			booted |= UINT32_C(1) << i;
			items++;
		}
	}
	if (own->state == PUBLICATION_REFRESHING) {
		own->lost |= booted != 0;
		return 0;
	}
	if (booted == 0 && gone < held + own->copy_count)
		return 0;
	if (booted != 0)
		own->again |= booted;
	else
		own->state = PUBLICATION_WAITING;
	publish_slot_time(node, slot, now);
	return booted != 0 ? items : PLACEMENT_DATAGRAMS * BATCH_ITEMS;
}

static void
begin(struct node *node)
{
	node->keepers_active = node->keeper_count;
	node->keepers_whole = node->keepers_all;
	node->keepers_all = false;
	node->own_cursor = node->own_first;
}

static void
finish(struct node *node)
{
	uint32_t rest = node->keeper_count - node->keepers_active;

	for (uint32_t i = 0; i < rest; i++)
		node->keeper_causes[i] =
			node->keeper_causes[node->keepers_active + i];
	node->keeper_count = rest;
	node->keepers_active = 0;
	node->keepers_whole = false;
	if (rest == 0 && !node->keepers_all)
		node->keepers_wake = INSTANT_NEVER;
}

static void
step(struct node *node, struct instant now)
{
	uint32_t items = 0;

	if (node->own_cursor == PUBLICATION_NONE)
		begin(node);
	for (uint32_t i = 0; i < KEEPERS_LOOK && items < 2 * BATCH_ITEMS &&
			     node->own_cursor != PUBLICATION_NONE;
	     i++) {
		uint32_t slot = node->own_cursor;

		node->own_cursor = publish_slot_at(node, slot)->own_next;
		items += mend(node, now, slot);
	}
	int64_t sent =
		items / BATCH_ITEMS + (items > 0 ? node->keepers_active : 0);
	node->keepers_wake = instant_after(
		now, (sent + 1) * (NS_PER_S / KEEPERS_DATAGRAMS_S));
	if (node->own_cursor == PUBLICATION_NONE)
		finish(node);
}

/* --- the watch ------------------------------------------------------------ */

/* Who of them is not there any more; how many there are. */
static uint32_t
look(struct node *node, struct instant now)
{
	struct table *table = node->table;
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		struct contact *contact = &table->contacts[i];
		bool stale = contact_stale(contact);

		if (!contact->keeps)
			continue;
		count++;
		if (stale && !contact->gone)
			add_cause(node, now, contact->peer, false);
		contact->gone = stale;
	}
	return count;
}

static void
ping_next(struct node *node, struct instant now, struct outbox *outbox)
{
	struct table *table = node->table;

	for (uint32_t i = 0; i < table->count; i++) {
		struct contact *contact = &table->contacts[i];

		if (!contact->keeps || contact->heard)
			continue;
		contact->heard =
			liveness_probe(node, now, contact->peer, outbox);
		return;
	}
}

/* One that was not heard in this round; a round takes watch_ns. */
static void
take_turn(struct node *node, struct instant now, struct outbox *outbox)
{
	struct table *table = node->table;
	int64_t watch_ns = node->settings->watch_ns;
	uint32_t count = look(node, now);

	if (count == 0 || node->own_first == PUBLICATION_NONE) {
		node->keepers_turn = INSTANT_NEVER;
		return;
	}
	if (count > KEEPERS_WATCHED)
		count = KEEPERS_WATCHED;
	node->keepers_turn = instant_after(now, watch_ns / count);
	if (node->keepers_round.ns <= now.ns) {
		node->keepers_round = instant_after(now, watch_ns);
		for (uint32_t i = 0; i < table->count; i++)
			table->contacts[i].heard = 0;
	}
	ping_next(node, now, outbox);
}

struct instant
keepers_deadline(const struct node *node)
{
	return instant_min(node->keepers_turn, node->keepers_wake);
}

void
keepers_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	if (node->keepers_turn.ns <= now.ns)
		take_turn(node, now, outbox);
	if (node->keepers_wake.ns <= now.ns)
		step(node, now);
}
