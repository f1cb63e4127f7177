/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repair.c - records stored again where they were lost; see repair.h */
#include "core/dht/repair.h"

#include <assert.h>

#include "core/dht/exchange.h"
#include "core/dht/inquiry.h"
#include "core/dht/liveness.h"
#include "core/dht/owned.h"

_Static_assert(REPAIR_LOAD > BUCKET_MAX, "one record's replicas and owner");

/* One record to be stored at one peer, or its owner to be told. */
struct pair {
	uint32_t peer, entry, mark;
	enum message_type type; /* STORE or HOLD */
};

struct load {
	uint32_t count;
	struct pair pairs[REPAIR_LOAD];
};

void
repair_init(struct node *node)
{
	node->repair_timers = TIMER_NONE;
	node->repair_wake = INSTANT_NEVER;
	node->repair_all_due = INSTANT_NEVER;
	node->repair_tell_due = INSTANT_NEVER;
	node->inquiry_due = INSTANT_NEVER;
}

/* --- causes --------------------------------------------------------------- */

static struct repair_cause *
find_waiting(struct node *node, uint32_t peer)
{
	for (uint32_t i = 0; i < node->cause_count; i++) {
		struct repair_cause *cause = &node->causes[i];

		if (cause->peer == peer && !cause->active)
			return cause;
	}
	return NULL;
}

static void
remove_cause(struct node *node, struct repair_cause *cause)
{
	*cause = node->causes[--node->cause_count];
}

static void
add_cause(struct node *node, uint32_t peer, enum repair_kind kind,
	  struct instant due)
{
	struct repair_cause *cause = find_waiting(node, peer);

	if (cause == NULL && node->cause_count == NODE_CAUSES) {
		node->repair_all_due = instant_min(node->repair_all_due, due);
		return;
	}
	if (cause == NULL)
		cause = &node->causes[node->cause_count++];
	*cause = (struct repair_cause){
		.peer = peer,
		.kind = (uint8_t)kind,
		.due = due,
	};
}

/* Whoever it is lacks what it missed, even if it was away for a moment. */
void
repair_came(struct node *node, struct instant now, uint32_t peer)
{
	add_cause(node, peer, REPAIR_CAME, instant_after(now, REPAIR_WAIT_NS));
}

void
repair_booted(struct node *node, struct instant now, uint32_t peer)
{
	add_cause(node, peer, REPAIR_CAME, now);
}

void
repair_went(struct node *node, struct instant now, uint32_t peer)
{
	add_cause(node, peer, REPAIR_WENT, instant_after(now, REPAIR_WAIT_NS));
}

void
repair_relayed(struct node *node, struct instant now)
{
	struct instant due = instant_after(now, REPAIR_WAIT_NS);

	node->repair_tell_due = instant_min(node->repair_tell_due, due);
}

void
repair_doubted(struct node *node, struct instant now)
{
	struct instant due = instant_after(now, REPAIR_DOUBT_NS);

	node->repair_tell_due = instant_min(node->repair_tell_due, due);
}

/* It lacks what it should hold. waits: it may, for a later scan is for it. */
static bool
came(const struct node *node, uint32_t peer, bool waits)
{
	for (uint32_t i = 0; i < node->cause_count; i++) {
		const struct repair_cause *cause = &node->causes[i];

		if (cause->peer == peer && cause->kind == REPAIR_CAME &&
		    (cause->active || waits))
			return true;
	}
	return false;
}

/* How many of those who went are closer to a target than this. */
static uint32_t
went_before(const struct node *node, uint64_t target, uint64_t distance)
{
	uint32_t count = node->leaving &&
			 position_distance(target, node->position) < distance;

	for (uint32_t i = 0; i < node->cause_count; i++) {
		const struct repair_cause *cause = &node->causes[i];

		if (cause->kind != REPAIR_WENT)
			continue;
		uint64_t position =
			endpoints_position(node->parts.endpoints, cause->peer);
		count += position_distance(target, position) < distance;
	}
	return count;
}

/* --- what is to be stored where ------------------------------------------ */

/* Those who are to hold a key. */
struct holders {
	uint32_t count; /* contacts, closest first */
	uint32_t peers[BUCKET_MAX];
	uint64_t distances[BUCKET_MAX];
	uint64_t target, ours;
};

static void
holders_find(struct node *node, uint64_t target, struct holders *holders)
{
	uint32_t room = node->settings->replicas + node->cause_count;

	/* More than r, to see past those who came. */
	if (room > BUCKET_MAX)
		room = BUCKET_MAX;
	holders->target = target;
	holders->ours = position_distance(target, node->position);
	holders->count = table_closest(node->table, target, TABLE_LIVING,
				       ENDPOINT_NONE, holders->peers, room);
	for (uint32_t i = 0; i < holders->count; i++)
		holders->distances[i] = position_distance(
			target, endpoints_position(node->parts.endpoints,
						   holders->peers[i]));
}

/* But for those who came, were we among the r closest? */
static bool
was_ours(const struct node *node, const struct holders *holders)
{
	uint32_t before = 0;

	for (uint32_t i = 0; i < holders->count; i++)
		before += holders->distances[i] < holders->ours &&
			  !came(node, holders->peers[i], true);
	return before < node->settings->replicas;
}

/* Take what this record needs into the load. */
static void
consider(struct node *node, const struct store_statement *statement,
	 struct load *load)
{
	uint32_t replicas = node->settings->replicas, rank = 0;
	struct holders holders;
	bool seen = node->leaving;

	holders_find(node, node_key_position(node, &statement->key), &holders);
	if (!node->repair_all && !was_ours(node, &holders))
		return;
	for (uint32_t i = 0; i < holders.count; i++) {
		uint32_t peer = holders.peers[i];
		uint64_t distance = holders.distances[i];

		if (!seen && holders.ours < distance) {
			seen = true;
			rank++; /* our own place */
		}
		if (rank >= replicas)
			break;
		bool lacks =
			node->repair_all || came(node, peer, false) ||
			rank + went_before(node, holders.target, distance) >=
				replicas;
		rank++;
		/* An owner knows its own. */
		if (lacks && peer != statement->record.owner)
			load->pairs[load->count++] = (struct pair){
				.peer = peer,
				.entry = statement->entry,
				.mark = statement->mark,
				.type = MESSAGE_STORE,
			};
	}
}

/* Its owner does not know that we hold it. */
static void
consider_owner(const struct node *node, const struct store_statement *statement,
	       struct load *load)
{
	if (node->repair_tell && !node->leaving && statement->record.relayed)
		load->pairs[load->count++] = (struct pair){
			.peer = statement->record.owner,
			.entry = statement->entry,
			.mark = statement->mark,
			.type = MESSAGE_HOLD,
		};
}

/* --- batches ------------------------------------------------------------- */

static struct batches *
pool_of(const struct node *node)
{
	return node->parts.publications->batches;
}

static struct batch *
batch_at(const struct node *node, uint32_t slot)
{
	return &pool_of(node)->slots[slot];
}

static void
batch_end(struct node *node, uint32_t slot)
{
	timer_remove(batches_timers(pool_of(node)), &node->repair_timers, slot);
	batch_give(pool_of(node), slot);
}

static struct message_record
record_on_wire(const struct node *node, const struct record *record)
{
	return (struct message_record){
		.version = record->version,
		.owner = *endpoints_get(node->parts.endpoints, record->owner),
		.ttl_ms = record->ttl_ms,
		.tombstone = record->tombstone,
		.half_open = record->half_open,
	};
}

static void
put_item(const struct node *node, const struct batch *batch,
	 const struct store_statement *statement, struct message_writer *writer)
{
	struct message_record record = record_on_wire(node, &statement->record);

	if (batch->type == MESSAGE_HOLD)
		message_put_version(writer, &statement->key, record.version);
	else
		message_put_store(writer, &statement->key, &record);
}

/* Send what is still true of a batch. False: nothing is, and it has ended. What
 * remains gets another transaction, as publish_batch.c's. */
static bool
batch_send(struct node *node, struct instant now, uint32_t slot,
	   struct outbox *outbox)
{
	struct batch *batch = batch_at(node, slot);
	struct store_statement statements[BATCH_ITEMS];
	struct message_writer writer;
	uint8_t count = 0;

	for (uint32_t i = 0; i < batch->count; i++) {
		struct batch_item item = batch->items[i];

		if (!store_at(node->parts.store, now, node->self,
			      item.publication, item.serial,
			      &statements[count]))
			continue;
		batch->items[count++] = item;
	}
	if (count < batch->count)
		batch_renew(pool_of(node), slot);
	batch->count = count;
	if (count == 0) {
		batch_end(node, slot);
		return false;
	}
	if (exchange_begin(outbox,
			   endpoints_get(node->parts.endpoints, batch->peer),
			   (enum message_type)batch->type,
			   batch_transaction(pool_of(node), slot), &writer)) {
		for (uint32_t i = 0; i < count; i++)
			put_item(node, batch, &statements[i], &writer);
		exchange_send(node, outbox, TRAFFIC_REPAIR, &writer);
	}
	batch->tries++;
	batch->sent = now;
	batch->timeout_ns = exchange_timeout_ns(node, batch->peer);
	node->counters.queries++;
	if (batch->tries == 1 && batch->type == MESSAGE_STORE)
		node->counters.stores += count;
	timer_set(batches_timers(pool_of(node)), &node->repair_timers, slot,
		  instant_after(now, batch->timeout_ns));
	return true;
}

/* The peer keeps it. As the owner we need nobody to tell us. */
static void
kept(struct node *node, struct instant now, const struct batch_item *item,
     uint32_t peer)
{
	struct store_statement statement;

	node->counters.repaired++;
	if (store_at(node->parts.store, now, node->self, item->publication,
		     item->serial, &statement) &&
	    statement.record.owner == node->self && !statement.record.tombstone)
		owned_copied(node, now, &statement.key,
			     statement.record.version, peer);
}

/* The peer was sent one of ours. What it knows better has perhaps ended. */
static void
sent(struct node *node, struct instant now, const struct batch_item *item,
     enum item_status status, uint32_t peer)
{
	if (status == ITEM_STORED || status == ITEM_MOVED)
		kept(node, now, item, peer);
	else if (status == ITEM_STALE &&
		 store_doubt(node->parts.store, now, node->self,
			     item->publication, item->serial))
		repair_relayed(node, now);
}

/* The owner was told of a copy of ours: it knows now (STORED), has no such
 * session (STALE), or has not answered, or is not sure (UNANSWERED). */
static void
tell(struct node *node, struct instant now, const struct batch_item *item,
     enum item_status status)
{
	struct instant again = instant_after(now, REPAIR_AGAIN_NS);
	struct store *store = node->parts.store;

	if (status == ITEM_STALE)
		store_disown(store, now, node->self, item->publication,
			     item->serial);
	else if (store_told(store, now, node->self, item->publication,
			    item->serial, status == ITEM_STORED))
		node->repair_tell_due =
			instant_min(node->repair_tell_due, again);
}

enum drop
repair_answer(struct node *node, struct instant now, uint32_t peer,
	      struct message_reader *reader)
{
	uint32_t slot = batch_by_transaction(pool_of(node), node->self, peer,
					     reader->header.transaction);
	struct message_item item;

	if (slot == BATCH_NONE || !batch_at(node, slot)->repair ||
	    reader->header.type != (batch_at(node, slot)->type | MESSAGE_REPLY))
		return DROP_UNASKED;
	const struct batch *batch = batch_at(node, slot);
	exchange_answered(
		node, peer,
		batch->tries == 1 ? instant_distance_ns(batch->sent, now) : -1);
	for (uint32_t i = 0; i < batch->count && message_next(reader, &item);
	     i++) {
		if (batch->type == MESSAGE_HOLD)
			tell(node, now, &batch->items[i], item.status);
		else
			sent(node, now, &batch->items[i], item.status, peer);
	}
	batch_end(node, slot);
	return DROP_NONE;
}

/* In vain. If the peer proves to be there it is sent everything again. */
static void
batch_fail(struct node *node, struct instant now, uint32_t slot,
	   struct outbox *outbox)
{
	const struct batch *batch = batch_at(node, slot);
	bool store = batch->type == MESSAGE_STORE;
	uint32_t peer = batch->peer;

	for (uint32_t i = 0; !store && i < batch->count; i++)
		tell(node, now, &batch->items[i], ITEM_UNANSWERED);
	batch_end(node, slot);
	liveness_failed(node, now, peer, outbox);
	if (store && !node->leaving && find_waiting(node, peer) == NULL)
		add_cause(node, peer, REPAIR_CAME,
			  instant_after(now, REPAIR_AGAIN_NS));
}

static void
expire_batches(struct node *node, struct instant now, struct outbox *outbox)
{
	struct timer_pool pool = batches_timers(pool_of(node));

	while (timer_first(pool, node->repair_timers).ns <= now.ns) {
		uint32_t slot = node->repair_timers;

		node->counters.timeouts++;
		if (batch_at(node, slot)->tries < BATCH_TRIES)
			batch_send(node, now, slot, outbox);
		else
			batch_fail(node, now, slot, outbox);
	}
}

void
repair_forget(struct node *node)
{
	while (node->repair_timers != TIMER_NONE)
		batch_end(node, node->repair_timers);
}

/* By peer and what it is sent. */
static bool
precedes(const struct pair *a, const struct pair *b)
{
	return a->peer != b->peer ? a->peer < b->peer : a->type < b->type;
}

/* Then as they came; insertion, for a load is small. */
static void
load_sort(struct load *load)
{
	for (uint32_t i = 1; i < load->count; i++) {
		struct pair pair = load->pairs[i];
		uint32_t to = i;

		for (; to > 0 && precedes(&pair, &load->pairs[to - 1]); to--)
			load->pairs[to] = load->pairs[to - 1];
		load->pairs[to] = pair;
	}
}

/* Bytes of a STORE of the record; 0: it is gone. */
static uint32_t
pair_bytes(const struct node *node, struct instant now, const struct pair *pair)
{
	struct store_statement statement;

	if (!store_at(node->parts.store, now, node->self, pair->entry,
		      pair->mark, &statement))
		return 0;
	struct message_record record = record_on_wire(node, &statement.record);
	return message_key_bytes(&statement.key) +
	       message_record_bytes(&record);
}

/* The load has no more pairs than there are free batches. How many datagrams
 * it took. */
static uint32_t
load_send(struct node *node, struct instant now, struct load *load,
	  struct outbox *outbox)
{
	uint32_t open = BATCH_NONE, room = 0, sent = 0;

	load_sort(load);
	for (uint32_t i = 0; i < load->count; i++) {
		const struct pair *pair = &load->pairs[i];
		uint32_t bytes = pair_bytes(node, now, pair);

		if (bytes == 0)
			continue;
		if (open != BATCH_NONE &&
		    (batch_at(node, open)->peer != pair->peer ||
		     batch_at(node, open)->type != pair->type ||
		     batch_at(node, open)->count == BATCH_ITEMS ||
		     bytes > room)) {
			sent += batch_send(node, now, open, outbox);
			open = BATCH_NONE;
		}
		if (open == BATCH_NONE) {
			open = batch_take(pool_of(node), node->self, pair->peer,
					  pair->type);
			assert(open != BATCH_NONE);
			batch_at(node, open)->repair = true;
			room = MESSAGE_MAX - MESSAGE_HEADER_BYTES;
		}
		room -= bytes;
		struct batch *batch = batch_at(node, open);
		batch->items[batch->count++] = (struct batch_item){
			.publication = pair->entry,
			.serial = pair->mark,
		};
	}
	if (open != BATCH_NONE)
		sent += batch_send(node, now, open, outbox);
	return sent;
}

/* --- scans --------------------------------------------------------------- */

static struct instant
causes_due(const struct node *node)
{
	struct instant due =
		instant_min(node->repair_all_due, node->repair_tell_due);

	due = instant_min(due, node->inquiry_due);
	for (uint32_t i = 0; i < node->cause_count; i++)
		due = instant_min(due, node->causes[i].due);
	if (node->repair_leave)
		due = (struct instant){ 0 };
	return due;
}

/* A peer that was to be sent something may have gone meanwhile, and one that
 * went may be there again, or never was a contact. */
static void
review(struct node *node, struct instant now)
{
	for (uint32_t i = node->cause_count; i-- > 0;) {
		struct repair_cause *cause = &node->causes[i];
		const struct contact *contact =
			table_find(node->table, cause->peer);
		bool there = contact != NULL && !contact_stale(contact);

		if (there != (cause->kind == REPAIR_CAME))
			remove_cause(node, cause);
		else if (there && contact_suspect(contact))
			cause->due = instant_after(now, REPAIR_AGAIN_NS);
	}
}

/* Those whose time has come, and who came or went in the moment after them: of
 * two who came, neither is to be taken for one who was there, and holds what
 * the other lacks. */
static bool
activate(struct node *node, struct instant now)
{
	bool any = false;

	for (uint32_t i = 0; i < node->cause_count; i++)
		any |= node->causes[i].due.ns <= now.ns;
	for (uint32_t i = 0; any && i < node->cause_count; i++)
		node->causes[i].active =
			instant_distance_ns(now, node->causes[i].due) <=
			REPAIR_WAIT_NS;
	return any;
}

static void
begin(struct node *node, struct instant now)
{
	review(node, now);
	node->repair_all = false;
	node->repair_cursor = (struct store_cursor){ 0 };
	node->repair_scanning = node->repair_leave;
	node->repair_leave = false;
	node->repair_ask = inquiry_due(node, now);
	node->repair_tell =
		node->repair_ask || node->repair_tell_due.ns <= now.ns;
	if (node->repair_tell) {
		node->repair_tell_due = INSTANT_NEVER;
		node->repair_scanning = true;
	}
	if (node->repair_all_due.ns <= now.ns) {
		node->repair_all_due = INSTANT_NEVER;
		node->repair_all = node->repair_scanning = true;
	}
	node->repair_scanning |= activate(node, now);
}

static void
finish(struct node *node)
{
	for (uint32_t i = node->cause_count; i-- > 0;)
		if (node->causes[i].active)
			remove_cause(node, &node->causes[i]);
	node->repair_scanning = false;
}

/* Is the scan for more than owners? */
static bool
has_moved(const struct node *node)
{
	bool moved = node->repair_all || node->leaving;

	for (uint32_t i = 0; i < node->cause_count; i++)
		moved |= node->causes[i].active;
	return moved;
}

/* Some of the records. */
static void
step(struct node *node, struct instant now, struct outbox *outbox)
{
	uint32_t room = batches_free(pool_of(node)) / 2, looked = 0;
	struct store_statement statement;
	struct load load;
	bool more = true, moves = has_moved(node);

	load.count = 0;
	if (room > REPAIR_LOAD)
		room = REPAIR_LOAD;
	if (room <= node->settings->replicas) {
		node->repair_wake = instant_after(now, REPAIR_RETRY_NS);
		return;
	}
	while (more && looked++ < REPAIR_LOOK &&
	       load.count + node->settings->replicas < room) {
		more = store_held(node->parts.store, now, node->self,
				  &node->repair_cursor, &statement);
		if (!more)
			break;
		if (node->repair_ask)
			inquiry_look(node, now, &statement);
		consider_owner(node, &statement, &load);
		if (moves)
			consider(node, &statement, &load);
	}
	int64_t sent = load_send(node, now, &load, outbox);
	node->repair_wake = instant_after(
		now, (sent + 1) * (NS_PER_S / REPAIR_DATAGRAMS_S));
	if (!more)
		finish(node);
}

struct instant
repair_deadline(const struct node *node)
{
	struct instant due = node->repair_wake;

	if (!node->repair_scanning) {
		due = causes_due(node);
		/* Not before the datagrams of the last scan are paid for. */
		if (node->repair_wake.ns != INSTANT_NEVER.ns &&
		    due.ns < node->repair_wake.ns)
			due = node->repair_wake;
	}
	return instant_min(due, timer_first(batches_timers(pool_of(node)),
					    node->repair_timers));
}

void
repair_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	expire_batches(node, now, outbox);
	if (node->repair_wake.ns > now.ns &&
	    node->repair_wake.ns != INSTANT_NEVER.ns)
		return;
	if (!node->repair_scanning && causes_due(node).ns <= now.ns)
		begin(node, now);
	if (node->repair_scanning)
		step(node, now, outbox);
}

/* --- leaving ------------------------------------------------------------- */

void
repair_leave(struct node *node, struct instant now)
{
	node->leaving = true;
	finish(node);
	node->repair_leave = true;
	node->repair_wake = now;
}

bool
repair_left(const struct node *node)
{
	return !node->repair_leave && !node->repair_scanning &&
	       node->repair_timers == TIMER_NONE;
}
