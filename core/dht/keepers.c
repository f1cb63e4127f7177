/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keepers.c - an owner watches those who keep its records; see keepers.h */
#include "core/dht/keepers.h"

#include "core/dht/hearing.h"
#include "core/dht/liveness.h"
#include "core/dht/makeshift.h"
#include "core/dht/publish_slot.h"

/* In watch_ns, at least. */
#define KEEPERS_TURNS 4
/* Datagrams of a placement, about. */
#define PLACEMENT_DATAGRAMS 12

void
keepers_init(struct node *node)
{
	node->keepers_turn = INSTANT_NEVER;
	node->keepers_wake = INSTANT_NEVER;
	node->own_first = node->own_cursor = PUBLICATION_NONE;
	node->own_watched = PUBLICATION_NONE;
}

void
keepers_keep(struct node *node, struct instant now, uint32_t peer)
{
	struct contact *contact = table_find(node->table, peer);

	if (node->settings->watch_ns == 0)
		return;
	if (contact != NULL)
		contact->keeps = 1;
	if (node->keepers_turn.ns == INSTANT_NEVER.ns)
		node->keepers_turn = instant_after(
			now, (int64_t)(node->position %
				       (uint64_t)node->settings->watch_ns));
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
		.peer = peer & 0x7fffffffu,
		.booted = booted,
	};
}

void
keepers_booted(struct node *node, struct instant now, uint32_t peer)
{
	add_cause(node, now, peer, true);
}

void
keepers_meet(struct node *node, struct instant now)
{
	if (!node->keepers_makeshift || node->keepers_met)
		return;
	node->keepers_met = true;
	if (node->keepers_wake.ns == INSTANT_NEVER.ns)
		node->keepers_wake = instant_after(now, KEEPERS_GATHER_NS);
}

void
keepers_left(struct node *node, struct instant now, uint32_t peer)
{
	const struct contact *contact = table_find(node->table, peer);

	if (contact != NULL && contact->keeps)
		add_cause(node, now, peer, false);
}

/* --- the sweep ------------------------------------------------------------ */

/* What the active causes say of a peer. */
static bool
is_cause(const struct node *node, uint32_t peer, bool booted)
{
	for (uint32_t i = 0; i < node->keepers_active; i++)
		if (node->keeper_causes[i].peer == peer &&
		    node->keeper_causes[i].booted == booted)
			return true;
	return false;
}

/* Those who hold one, as the sweep finds them. */
struct holders {
	bool went; /* one of them has, just now */
	uint32_t living; /* we, and contacts that answered, and still do */
	/* Bit i: the i-th replica. Who takes the place of a contact that gave
	 * way is a stranger until it has answered. */
	uint32_t booted, strangers;
};

static struct holders
ask_table(struct node *node, struct instant now, const struct publication *own)
{
	struct holders holders = { 0 };
	uint32_t count = own->replica_count + own->copy_count;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t peer = own->replicas[i];
		const struct contact *contact = table_find(node->table, peer);
		uint32_t bit = i < own->replica_count ? UINT32_C(1) << i : 0;
		bool went = is_cause(node, peer, false);

		if (node->keepers_whole || is_cause(node, peer, true))
			holders.booted |= bit;
		holders.went |= went;
		if (peer == node->self ||
		    (contact != NULL && contact->verified &&
		     !contact_stale(contact))) {
			holders.living++;
			/* All hangs on it, perhaps. */
			keepers_keep(node, now, peer);
		} else if (contact == NULL ? !went : !contact_stale(contact)) {
			holders.strangers |= bit;
		}
	}
	return holders;
}

/* Mend one. How many items of datagrams that takes, at most about. */
static uint32_t
mend(struct node *node, struct instant now, uint32_t slot)
{
	struct publication *own = publish_slot_at(node, slot);

	if (own->half_open || (own->state != PUBLICATION_HELD &&
			       own->state != PUBLICATION_REFRESHING))
		return 0;
	struct holders holders = ask_table(node, now, own);
	uint32_t again = holders.booted;
	bool alone = holders.went && holders.living == 0;

	if (alone)
		again |= holders.strangers;
	if (own->state == PUBLICATION_REFRESHING) {
		own->lost |= again != 0 || alone;
		return 0;
	}
	if (again != 0)
		own->again |= again;
	else if (alone)
		own->state = PUBLICATION_WAITING;
	else
		return 0;
	publish_slot_time(node, slot, now);
	return again != 0 ? own->replica_count
			  : PLACEMENT_DATAGRAMS * BATCH_ITEMS;
}

static void
begin(struct node *node)
{
	node->keepers_active = node->keeper_count;
	node->keepers_whole = node->keepers_all;
	node->keepers_all = false;
	node->keepers_mending = node->keepers_met;
	if (node->keepers_mending)
		node->keepers_makeshift = false;
	node->keepers_met = false;
	node->own_cursor = node->own_first;
}

static void
finish(struct node *node, struct instant now)
{
	uint32_t rest = node->keeper_count - node->keepers_active;

	for (uint32_t i = 0; i < rest; i++)
		node->keeper_causes[i] =
			node->keeper_causes[node->keepers_active + i];
	node->keeper_count = (uint8_t)rest;
	node->keepers_active = 0;
	node->keepers_whole = false;
	node->keepers_mending = false;
	if (rest == 0 && !node->keepers_all)
		node->keepers_wake =
			node->keepers_met
				? instant_after(now, KEEPERS_GATHER_NS)
				: INSTANT_NEVER;
}

static void
step(struct node *node, struct instant now)
{
	uint32_t items = 0, looks = 0;

	if (node->own_cursor == PUBLICATION_NONE)
		begin(node);
	while (looks < KEEPERS_LOOK && items < 2 * BATCH_ITEMS &&
	       node->own_cursor != PUBLICATION_NONE) {
		uint32_t slot = node->own_cursor;
		const struct publication *own = publish_slot_at(node, slot);

		node->own_cursor = own->own_next;
		looks += node->keepers_mending && own->makeshift
				 ? MAKESHIFT_LOOKS
				 : 1;
		if (node->keepers_mending && makeshift_mend(node, now, slot))
			items += PLACEMENT_DATAGRAMS * BATCH_ITEMS;
		else
			items += mend(node, now, slot);
	}
	int64_t sent =
		items / BATCH_ITEMS + (items > 0 ? node->keepers_active : 0);
	node->keepers_wake = instant_after(
		now, (sent + 1) * (NS_PER_S / KEEPERS_DATAGRAMS_S));
	if (node->own_cursor == PUBLICATION_NONE)
		finish(node, now);
}

/* --- the watch ------------------------------------------------------------ */

/* One of 64 bits; some share it. */
static uint64_t
stranger_bit(uint32_t peer)
{
	return UINT64_C(1) << ((peer * UINT32_C(2654435761)) >> 26);
}

/* A stranger that holds it, if nobody does who is watched, or was asked in this
 * round; else ENDPOINT_NONE. A contact that holds it is watched from now on. Of
 * several holders one misses the other, until there may be a landslide. */
static uint32_t
unwatched(struct node *node, struct instant now, const struct publication *own)
{
	uint32_t count = own->replica_count + own->copy_count;
	uint32_t stranger = ENDPOINT_NONE, holder = ENDPOINT_NONE;
	bool seen_to = false;

	if (own->state != PUBLICATION_HELD || own->half_open ||
	    (own->replica_count > 1 && !node->own_every))
		return ENDPOINT_NONE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t peer = own->replicas[i];
		const struct contact *contact = table_find(node->table, peer);

		if (peer == node->self) {
			seen_to = true;
		} else if (contact == NULL) {
			if (i >= own->replica_count)
				continue;
			stranger = peer;
			seen_to |= (stranger_bit(peer) & node->own_asked) != 0;
		} else if (!contact_stale(contact)) {
			holder = peer;
			seen_to |= contact->keeps;
		}
	}
	if (!seen_to && holder != ENDPOINT_NONE)
		keepers_keep(node, now, holder);
	return seen_to || holder != ENDPOINT_NONE ? ENDPOINT_NONE : stranger;
}

static void
begin_round(struct node *node, struct instant now, bool every)
{
	node->own_watched = node->own_first;
	node->own_round = instant_after(now, node->settings->watch_ns);
	node->own_asked = 0;
	node->own_every = every;
}

/* Ping the next of those; when there is no place for its test, a turn later. */
static void
ask_stranger(struct node *node, struct instant now, struct outbox *outbox)
{
	if (node->own_watched == PUBLICATION_NONE &&
	    now.ns >= node->own_round.ns)
		begin_round(node, now, false);
	for (uint32_t i = 0;
	     i < KEEPERS_LOOK && node->own_watched != PUBLICATION_NONE; i++) {
		const struct publication *own =
			publish_slot_at(node, node->own_watched);
		uint32_t peer = unwatched(node, now, own);

		if (peer != ENDPOINT_NONE &&
		    !liveness_probe(node, now, peer, outbox))
			return;
		node->own_watched = own->own_next;
		if (peer == ENDPOINT_NONE)
			continue;
		if (node->own_every)
			node->own_asked |= stranger_bit(peer);
		return;
	}
}

/* That of the keeper that was silent for longest. */
static void
take_turn(struct node *node, struct instant now, struct outbox *outbox)
{
	struct table *table = node->table;
	struct contact *silent = NULL;
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		struct contact *contact = &table->contacts[i];

		if (!contact->keeps)
			continue;
		count++;
		if (silent == NULL || hearing_silent(node, now, contact) >
					      hearing_silent(node, now, silent))
			silent = contact;
	}
	if (node->own_first == PUBLICATION_NONE) {
		node->keepers_turn = INSTANT_NEVER;
		return;
	}
	if (count > KEEPERS_WATCHED)
		count = KEEPERS_WATCHED;
	/* Of few one may become due soon after the turn of another. */
	if (count < KEEPERS_TURNS)
		count = KEEPERS_TURNS;
	node->keepers_turn = instant_after(now, hearing_pace_ns(node, count));
	if (silent != NULL)
		hearing_turn(node, now, silent, HEARING_STEPS, outbox);
	ask_stranger(node, now, outbox);
}

static uint32_t
count_keepers(const struct table *table)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++)
		count += table->contacts[i].keeps;
	return count;
}

static void
take_lost(struct node *node, struct instant now)
{
	uint32_t peers[TABLE_LOST];
	uint32_t count = table_lost(node->table, peers);

	if (count > 0) {
		uint32_t watched = count + count_keepers(node->table);

		landslide_died(&node->landslide, now, count, watched);
		if (!node->own_every &&
		    landslide_likely(&node->landslide, watched))
			begin_round(node, now, true);
	}
	for (uint32_t i = 0; i < count && i < TABLE_LOST; i++)
		add_cause(node, now, peers[i], false);
	node->keepers_all |=
		count > TABLE_LOST && node->keepers_wake.ns != INSTANT_NEVER.ns;
}

struct instant
keepers_deadline(const struct node *node)
{
	return instant_min(node->keepers_turn, node->keepers_wake);
}

void
keepers_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	take_lost(node, now);
	if (node->keepers_turn.ns <= now.ns)
		take_turn(node, now, outbox);
	if (node->keepers_wake.ns <= now.ns)
		step(node, now);
}
