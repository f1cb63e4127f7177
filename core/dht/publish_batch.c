/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publish_batch.c - STOREs and REMOVEs of our sessions in flight; see
 * publish_batch.h */
#include "core/dht/publish_batch.h"

#include <assert.h>

#include "core/dht/exchange.h"
#include "core/dht/liveness.h"
#include "core/dht/lookup_run.h"
#include "core/dht/owned.h"
#include "core/dht/publish_slot.h"

/* Its end is known wherever it will be. */
static void
ended(struct node *node, struct instant now, uint32_t slot)
{
	const struct publication *publication = publish_slot_at(node, slot);

	if (publication->announce) {
		uint32_t index = lookup_take(node->parts.lookups, node->self,
					     LOOKUP_ENDED, 0, 1);

		if (index != LOOKUP_NONE) {
			struct lookup *notice =
				&node->parts.lookups->slots[index];
			notice->key = publication->key;
			notice->ok = !publication->lost;
			lookup_run_announce(node, now, index);
		}
	}
	publish_slot_give(node, slot);
}

/* All batches about it have ended. */
void
publish_batch_settle(struct node *node, struct instant now, uint32_t slot)
{
	struct publication *publication = publish_slot_at(node, slot);

	assert(publication->pending == 0);
	if (publication->state == PUBLICATION_ENDING) {
		if (publication->replica_count + publication->copy_count > 0)
			return; /* more tombstones wait for a batch */
		ended(node, now, slot);
	} else if (publication->lost) {
		publication->state = PUBLICATION_WAITING;
		publish_slot_time(node, slot, now);
	} else {
		publication->state = PUBLICATION_HELD;
		if (publication->again == 0)
			publication->published = now;
		publication->again = 0;
		publication->confirm = false;
		publish_slot_time(node, slot,
				  instant_after(publication->published,
						node->settings->republish_ns));
	}
}

static struct batch *
batch_at(const struct node *node, uint32_t slot)
{
	return &node->parts.publications->batches->slots[slot];
}

static bool
is_current(const struct node *node, const struct batch_item *item)
{
	return publish_slot_at(node, item->publication)->serial == item->serial;
}

static void
batch_end(struct node *node, uint32_t slot)
{
	struct batches *batches = node->parts.publications->batches;

	timer_remove(batches_timers(batches), &node->batch_timers, slot);
	batch_give(batches, slot);
}

static bool
put_item(struct node *node, const struct batch *batch,
	 const struct batch_item *item, struct message_writer *writer)
{
	const struct publication *publication =
		publish_slot_at(node, item->publication);

	if (batch->type == MESSAGE_REMOVE)
		return message_put_version(writer, &publication->key,
					   publication->version);
	return owned_put(node, writer, &publication->key, publication->version,
			 publication->half_open);
}

/* Drop the items about publications that have changed since. What remains gets
 * another transaction: an answer to the datagram before must not be counted
 * for the wrong items. Returns the slot, or BATCH_NONE if no item remains. */
static uint32_t
batch_compact(struct node *node, uint32_t slot)
{
	struct batches *batches = node->parts.publications->batches;
	struct batch *batch = batch_at(node, slot);
	uint8_t count = 0;

	for (uint32_t i = 0; i < batch->count; i++) {
		if (is_current(node, &batch->items[i]))
			batch->items[count++] = batch->items[i];
	}
	if (count == batch->count)
		return slot;
	batch->count = count;
	batch_renew(batches, slot);
	if (count > 0)
		return slot;
	batch_end(node, slot);
	return BATCH_NONE;
}

/* What its first item is for: most batches are of one kind. */
static enum traffic_purpose
batch_purpose(const struct node *node, const struct batch *batch)
{
	if (batch->type == MESSAGE_REMOVE)
		return TRAFFIC_REMOVE;
	return publish_slot_at(node, batch->items[0].publication)->confirm
		       ? TRAFFIC_CONFIRM
		       : TRAFFIC_REPUBLISH;
}

static void
batch_send(struct node *node, struct instant now, uint32_t slot,
	   struct outbox *outbox)
{
	struct batches *batches = node->parts.publications->batches;
	struct batch *batch = batch_at(node, slot);
	struct message_writer writer;

	if (exchange_begin(outbox,
			   endpoints_get(node->parts.endpoints, batch->peer),
			   (enum message_type)batch->type,
			   batch_transaction(batches, slot), &writer)) {
		for (uint32_t i = 0; i < batch->count; i++)
			put_item(node, batch, &batch->items[i], &writer);
		exchange_send(node, outbox, batch_purpose(node, batch),
			      &writer);
	}
	batch->tries++;
	batch->sent = now;
	batch->timeout_ns = exchange_timeout_ns(node, batch->peer);
	node->counters.queries++;
	timer_set(batches_timers(batches), &node->batch_timers, slot,
		  instant_after(now, batch->timeout_ns));
}

/* A batch that was just compacted: each item is current. */
static void
batch_fail(struct node *node, struct instant now, uint32_t slot,
	   struct outbox *outbox)
{
	struct batch *batch = batch_at(node, slot);
	uint32_t peer = batch->peer;

	for (uint32_t i = 0; i < batch->count; i++) {
		uint32_t index = batch->items[i].publication;

		if (!batch->copies)
			publish_slot_at(node, index)->lost = true;
		if (--publish_slot_at(node, index)->pending == 0)
			publish_batch_settle(node, now, index);
	}
	batch_end(node, slot);
	liveness_failed(node, now, peer, outbox);
}

bool
publish_batch_raise(struct node *node, struct instant now, uint32_t slot,
		    struct version known)
{
	struct publication *publication = publish_slot_at(node, slot);
	struct lookups *lookups = node->parts.lookups;

	if (!publication_raise(publication, known))
		return false;
	uint32_t index = lookup_take(lookups, node->self, LOOKUP_RAISED, 0, 1);
	if (index != LOOKUP_NONE) {
		lookups->slots[index].key = publication->key;
		lookups->slots[index].version = publication->version;
		lookups->slots[index].ok = true;
		lookup_run_announce(node, now, index);
	}
	return true;
}

enum drop
publish_batch_answer(struct node *node, struct instant now, uint32_t peer,
		     struct message_reader *reader)
{
	struct batches *batches = node->parts.publications->batches;
	uint8_t type = reader->header.type & (uint8_t)~MESSAGE_REPLY;
	struct message_item item;
	uint32_t slot = batch_by_transaction(batches, node->self, peer,
					     reader->header.transaction);

	if (slot == BATCH_NONE || batch_at(node, slot)->type != type)
		return DROP_UNASKED;
	struct batch *batch = batch_at(node, slot);
	exchange_answered(
		node, peer,
		batch->tries == 1 ? instant_distance_ns(batch->sent, now) : -1);
	for (uint32_t i = 0; i < batch->count; i++) {
		bool answered = message_next(reader, &item);
		uint32_t index = batch->items[i].publication;
		/* A tombstone is as good where others are closer. */
		bool kept =
			answered &&
			(item.status == ITEM_STORED ||
			 item.status == ITEM_STALE ||
			 (type == MESSAGE_REMOVE && item.status == ITEM_MOVED));

		if (!is_current(node, &batch->items[i]))
			continue;
		/* Nothing hangs on a copy's answer. */
		if (!batch->copies &&
		    (!kept ||
		     (publish_slot_at(node, index)->confirm &&
		      item.status == ITEM_STALE &&
		      publish_batch_raise(node, now, index, item.version))))
			publish_slot_at(node, index)->lost = true;
		if (--publish_slot_at(node, index)->pending == 0)
			publish_batch_settle(node, now, index);
	}
	batch_end(node, slot);
	return DROP_NONE;
}

static void
batch_add(struct node *node, struct batch *batch, uint32_t slot)
{
	struct publication *publication = publish_slot_at(node, slot);

	publication->pending++;
	batch->items[batch->count++] = (struct batch_item){
		.publication = slot,
		.serial = publication->serial,
	};
}

/* By peer; within one in order of their arrival, so insertion it is. A load
 * is small. */
static void
load_sort(struct publish_load *load)
{
	for (uint32_t i = 1; i < load->count; i++) {
		struct publish_pair pair = load->pairs[i];
		uint32_t to = i;

		for (; to > 0 && load->pairs[to - 1].peer > pair.peer; to--)
			load->pairs[to] = load->pairs[to - 1];
		load->pairs[to] = pair;
	}
}

/* Bytes of a STORE of ours about that key. */
static uint32_t
item_bytes(const struct node *node, const struct publication *publication)
{
	return message_key_bytes(&publication->key) + 20 +
	       message_address_bytes(node->family);
}

/* The load has no more pairs than there are free batches. */
void
publish_batch_send(struct node *node, struct instant now,
		   struct publish_load *load, struct outbox *outbox)
{
	struct batches *batches = node->parts.publications->batches;
	uint32_t open = BATCH_NONE, room = 0;

	load_sort(load);
	for (uint32_t i = 0; i < load->count; i++) {
		const struct publish_pair *pair = &load->pairs[i];
		uint32_t bytes = item_bytes(
			node, publish_slot_at(node, pair->publication));

		if (open != BATCH_NONE &&
		    (batch_at(node, open)->peer != pair->peer ||
		     batch_at(node, open)->copies != pair->copy ||
		     batch_at(node, open)->count == BATCH_ITEMS ||
		     bytes > room)) {
			batch_send(node, now, open, outbox);
			open = BATCH_NONE;
		}
		if (open == BATCH_NONE) {
			open = batch_take(batches, node->self, pair->peer,
					  MESSAGE_STORE);
			assert(open != BATCH_NONE);
			batch_at(node, open)->copies = pair->copy;
			room = MESSAGE_MAX - MESSAGE_HEADER_BYTES;
		}
		room -= bytes;
		batch_add(node, batch_at(node, open), pair->publication);
		node->counters.stores++;
		if (publish_slot_at(node, pair->publication)->confirm)
			node->counters.confirmed++;
		else
			node->counters.republished++;
	}
	if (open != BATCH_NONE)
		batch_send(node, now, open, outbox);
}

void
publish_batch_expire(struct node *node, struct instant now,
		     struct outbox *outbox)
{
	struct timer_pool pool =
		batches_timers(node->parts.publications->batches);

	while (timer_first(pool, node->batch_timers).ns <= now.ns) {
		uint32_t slot = node->batch_timers;

		node->counters.timeouts++;
		slot = batch_compact(node, slot);
		if (slot == BATCH_NONE)
			continue;
		if (batch_at(node, slot)->tries < BATCH_TRIES)
			batch_send(node, now, slot, outbox);
		else
			batch_fail(node, now, slot, outbox);
	}
}

bool
publish_batch_remove(struct node *node, struct instant now, uint32_t slot,
		     uint32_t peer, bool copy, struct outbox *outbox)
{
	uint32_t batch = batch_take(node->parts.publications->batches,
				    node->self, peer, MESSAGE_REMOVE);

	if (batch == BATCH_NONE)
		return false;
	batch_at(node, batch)->copies = copy;
	batch_add(node, batch_at(node, batch), slot);
	batch_send(node, now, batch, outbox);
	return true;
}

void
publish_batch_forget(struct node *node)
{
	uint32_t slot;

	while ((slot = node->batch_timers) != TIMER_NONE) {
		const struct batch *batch = batch_at(node, slot);

		for (uint32_t i = 0; i < batch->count; i++) {
			if (is_current(node, &batch->items[i]))
				publish_slot_give(node,
						  batch->items[i].publication);
		}
		batch_end(node, slot);
	}
}
