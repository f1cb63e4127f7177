/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node.c - the verbs of a node, and which file gets which datagram
 *
 *	a request	its sender is learned, reply.c answers
 *	a reply		lookup_run.c (lookups), publish_batch.c and repair.c
 *			(batches) or liveness.c (pings) knows the question,
 *			else DROP_UNASKED
 *	LEAVE		out of the table
 *	NOT_MINE, DOUBT	an event
 *
 * A reply teaches us its sender only if we asked: any host can send one. What
 * each file of a node does is in node_state.h; this one is above them all.
 */
#include "core/dht/node.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/dht/exchange.h"
#include "core/dht/hearing.h"
#include "core/dht/inquiry.h"
#include "core/dht/join.h"
#include "core/dht/keepers.h"
#include "core/dht/liveness.h"
#include "core/dht/lookup_run.h"
#include "core/dht/neighbours.h"
#include "core/dht/node_state.h"
#include "core/dht/owned.h"
#include "core/dht/placement.h"
#include "core/dht/publish.h"
#include "core/dht/publish_batch.h"
#include "core/dht/refresh.h"
#include "core/dht/renewal.h"
#include "core/dht/repair.h"
#include "core/dht/reply.h"

/* At a million nodes a full table has about k * (log2(1e6 / k) + 2) contacts:
 * 340 for k = 20, 150 for k = 8 (design section 2). */
_Static_assert(sizeof(struct node) + sizeof(struct table) + 340 * 12 <=
		       6 * 1024,
	       "a node of k = 20 in a million");
_Static_assert(sizeof(struct node) + sizeof(struct table) + 150 * 12 <=
		       3 * 1024,
	       "a node of k = 8 in a million");

void
node_settings_default(struct node_settings *settings)
{
	*settings = (struct node_settings){
		.k = 20,
		.alpha = 3,
		.replicas = 3,
		.lookup_deadline_ns = 250 * NS_PER_MS,
		.timeout_initial_ns = 50 * NS_PER_MS,
		.timeout_floor_ns = 1 * NS_PER_MS,
		.timeout_cap_ns = 50 * NS_PER_MS,
		.record_ttl_ns = 600 * NS_PER_S,
		.republish_ns = 200 * NS_PER_S,
		.tombstone_ns = 120 * NS_PER_S,
		.refresh_ns = 3600 * NS_PER_S,
		.watch_ns = 5 * NS_PER_S,
		.sessions_per_prefix = 4096,
	};
}

size_t
node_size(const struct node_limits *limits)
{
	return sizeof(struct node) + table_size(limits->contacts);
}

static bool
settings_valid(const struct node_settings *settings)
{
	return settings->k >= 1 && settings->k <= BUCKET_MAX &&
	       settings->alpha >= 1 && settings->alpha <= settings->k &&
	       settings->replicas >= 1 && settings->replicas <= settings->k &&
	       settings->lookup_deadline_ns > 0 &&
	       settings->timeout_initial_ns > 0 &&
	       settings->timeout_floor_ns > 0 &&
	       settings->timeout_cap_ns >= settings->timeout_floor_ns &&
	       settings->record_ttl_ns > 0 && settings->republish_ns > 0 &&
	       settings->tombstone_ns > 0 && settings->refresh_ns >= 0 &&
	       settings->watch_ns >= 0;
}

struct node *
node_init(void *memory, const struct node_limits *limits,
	  const struct node_settings *settings, const struct node_parts *parts,
	  uint32_t self, uint64_t seed)
{
	assert((uintptr_t)memory % sizeof(uint64_t) == 0);
	assert(settings_valid(settings));
	assert(settings->replicas <= parts->publications->replicas);

	struct node *node = memory;
	*node = (struct node){
		.settings = settings,
		.parts = *parts,
		.position = endpoints_position(parts->endpoints, self),
		.self = self,
		.family = endpoints_get(parts->endpoints, self)->address.family,
		.lookup_timers = TIMER_NONE,
		.ready = { LOOKUP_NONE, LOOKUP_NONE },
		.done = { LOOKUP_NONE, LOOKUP_NONE },
		.ready_since = INSTANT_NEVER,
		.publication_timers = TIMER_NONE,
		.batch_timers = TIMER_NONE,
	};
	rng_init(&node->rng, seed, self);
	publications_key(parts->publications,
			 endpoints_placement(parts->endpoints));
	hedge_init(&node->hedge);
	liveness_init(node);
	refresh_init(node);
	renewal_init(node);
	join_init(node);
	neighbours_init(node);
	keepers_init(node);
	repair_init(node);
	node->table = table_init(node + 1, limits->contacts, settings->k,
				 node->position, parts->endpoints);
	return node;
}

void
node_forget(struct node *node)
{
	repair_forget(node);
	publish_forget(node); /* looks into lookups */
	lookup_run_forget(node);
	store_forget(node->parts.store, node->self);
}

void
node_mark(const struct node *node)
{
	const struct publications *publications = node->parts.publications;
	struct endpoints *endpoints = node->parts.endpoints;
	const struct table *table = node->table;

	endpoints_mark(endpoints, node->self);
	for (uint32_t i = 0; i < table->count; i++)
		endpoints_mark(endpoints, table->contacts[i].peer);
	for (uint32_t i = 0; i < table->replacement_count; i++)
		endpoints_mark(endpoints, table->replacements[i]);
	for (uint32_t i = 0; i < NODE_PINGS; i++) {
		if (node->pings[i].peer != ENDPOINT_NONE)
			endpoints_mark(endpoints, node->pings[i].peer);
	}
	for (uint32_t i = 0; i < publications->used; i++) {
		const struct publication *publication =
			publication_at(publications, i);

		if (publication->state == PUBLICATION_FREE)
			continue;
		for (uint32_t j = 0; j < (uint32_t)publication->replica_count +
						 publication->copy_count;
		     j++)
			endpoints_mark(endpoints, publication->replicas[j]);
	}
}

/* --- datagrams and time --------------------------------------------------- */

/* NOT_MINE or DOUBT. */
static enum drop
receive_notice(struct node *node, struct instant now, uint32_t peer,
	       struct message_reader *reader)
{
	bool doubt = reader->header.type == MESSAGE_DOUBT;
	struct message_item item;

	while (message_next(reader, &item)) {
		if (!doubt && store_doubt_of(node->parts.store, now, node->self,
					     &item.key, peer))
			repair_doubted(node, now);
		uint32_t slot =
			lookup_take(node->parts.lookups, node->self,
				    doubt ? LOOKUP_DOUBT : LOOKUP_NOTICE, 0, 1);

		if (slot == LOOKUP_NONE)
			break; /* as if lost: the owner says it again */
		struct lookup *notice = &node->parts.lookups->slots[slot];
		notice->key = item.key;
		notice->version = item.version;
		notice->peer = peer;
		lookup_run_announce(node, now, slot);
	}
	return DROP_NONE;
}

/* Batches of both kinds draw their numbers from one stream. */
static enum drop
batch_answer(struct node *node, struct instant now, uint32_t peer,
	     struct message_reader *reader)
{
	enum drop drop = repair_answer(node, now, peer, reader);

	return drop == DROP_NONE
		       ? drop
		       : publish_batch_answer(node, now, peer, reader);
}

static enum drop
receive_reply(struct node *node, struct instant now,
	      const struct endpoint *from, struct message_reader *reader)
{
	uint32_t transaction = reader->header.transaction;
	uint32_t peer = endpoints_find(node->parts.endpoints, from);

	enum drop drop;
	if (peer == ENDPOINT_NONE)
		return DROP_UNASKED;
	if (reader->header.type == (MESSAGE_PING | MESSAGE_REPLY))
		drop = liveness_answer(node, now, peer, transaction);
	else if (transaction & BATCH_TRANSACTION)
		drop = batch_answer(node, now, peer, reader);
	else
		drop = lookup_run_answer(node, now, peer, reader);
	if (node->keepers_news)
		keepers_meet(node, now);
	node->keepers_news = false;
	hearing_note(node, now, peer);
	if (drop == DROP_NONE)
		table_spoke(node->table, peer, reader->header.speaks);
	return drop;
}

/* A request is from one that is there, or leaves. */
static void
learn_sender(struct node *node, struct instant now, uint32_t peer, uint8_t type,
	     struct outbox *outbox)
{
	if (type == MESSAGE_LEAVE) {
		keepers_left(node, now, peer);
		table_remove(node->table, peer);
		neighbours_changed(node, now);
		return;
	}
	if (node_missed(node, peer))
		keepers_meet(node, now);
	switch (table_heard(node->table, peer)) {
	case TABLE_ADDED:
		keepers_meet(node, now);
		neighbours_changed(node, now);
		break;
	case TABLE_REPLACEMENT:
		liveness_crowded(node, now, peer, outbox);
		break;
	default:
		break;
	}
	hearing_note(node, now, peer);
}

/* Before the answer, which reads the items, too. */
static void
mind_neighbours(struct node *node, struct instant now, uint32_t peer,
		struct message_reader reader, struct outbox *outbox)
{
	struct message_item item;

	if (reader.header.type != MESSAGE_FIND_NODE ||
	    node->watch.ns == INSTANT_NEVER.ns)
		return;
	while (message_next(&reader, &item))
		neighbours_asked(node, now, peer, item.position, outbox);
}

static enum drop
receive_request(struct node *node, struct instant now,
		const struct endpoint *from, struct message_reader *reader,
		size_t size, struct outbox *outbox)
{
	uint32_t peer = endpoints_intern(node->parts.endpoints, from);

	if (peer != ENDPOINT_NONE)
		learn_sender(node, now, peer, reader->header.type, outbox);
	if (peer != ENDPOINT_NONE)
		table_spoke(node->table, peer, reader->header.speaks);
	switch (reader->header.type) {
	case MESSAGE_LEAVE:
		return DROP_NONE;
	case MESSAGE_NOT_MINE:
	case MESSAGE_DOUBT:
		return receive_notice(node, now, peer, reader);
	default:
		break;
	}
	mind_neighbours(node, now, peer, *reader, outbox);
	enum drop drop =
		reply_send(node, now, from, peer, reader, size, outbox);
	if (reader->header.type == MESSAGE_STORE) {
		neighbours_begin(node, now);
		inquiry_begin(node, now);
	}
	return drop;
}

enum drop
node_receive(struct node *node, struct instant now, const struct endpoint *from,
	     const uint8_t *bytes, size_t size, struct outbox *outbox)
{
	struct message_reader reader;

	node->counters.received++;
	node->counters.received_bytes += size;
	enum drop drop = message_open(&reader, bytes, size);
	if (drop != DROP_NONE)
		return drop;
	/* No node has port 0, and no other node has our endpoint. */
	const struct endpoint *self =
		endpoints_get(node->parts.endpoints, node->self);
	if (from->port == 0 || (from->port == self->port &&
				address_equal(&from->address, &self->address)))
		return DROP_MALFORMED;
	refresh_begin(node, now);
	if (reader.header.type & MESSAGE_REPLY)
		return receive_reply(node, now, from, &reader);
	drop = receive_request(node, now, from, &reader, size, outbox);
	join_settle(node, now); /* the last contact may have left */
	return drop;
}

struct instant
node_deadline(const struct node *node)
{
	struct instant due =
		instant_min(node->ready_since,
			    timer_first(lookups_timers(node->parts.lookups),
					node->lookup_timers));

	due = instant_min(due, publish_deadline(node));
	due = instant_min(due, renewal_deadline(node));
	due = instant_min(due, liveness_deadline(node));
	due = instant_min(due, join_deadline(node));
	due = instant_min(due, neighbours_deadline(node));
	due = instant_min(due, repair_deadline(node));
	due = instant_min(due, keepers_deadline(node));
	return instant_min(due, refresh_deadline(node));
}

/* The file that started a lookup takes its result. */
static void
lookup_ended(struct node *node, struct instant now, uint32_t slot)
{
	struct lookup *lookup = &node->parts.lookups->slots[slot];

	if (lookup->kind == LOOKUP_JOIN || lookup->kind == LOOKUP_FILL)
		refresh_finished(node, now, lookup);
	else if (lookup->kind == LOOKUP_SET)
		publish_placed(node, now, lookup);
	lookup_run_close(node, now, slot);
}

/* A second one puts off neither the renewal that waits for its time, whose part
 * it is, nor one that is under way. */
static void
mind_landslide(struct node *node, struct instant now)
{
	bool waits = instant_before(now, node->renewal_began);
	bool runs = !waits && node->renewal_wake.ns != INSTANT_NEVER.ns;

	if (!runs && landslide_take(&node->landslide) && !waits)
		renewal_begin(node, instant_after(now, LANDSLIDE_AFTER_NS));
}

void
node_expire(struct node *node, struct instant now, struct outbox *outbox)
{
	uint32_t slot;

	while ((slot = lookup_run_expire(node, now, outbox)) != LOOKUP_NONE)
		lookup_ended(node, now, slot);
	renewal_expire(node, now);
	publish_expire(node, now, outbox);
	liveness_expire(node, now, outbox);
	refresh_expire(node, now, outbox);
	join_settle(node, now);
	join_expire(node, now);
	neighbours_expire(node, now, outbox);
	keepers_expire(node, now, outbox);
	mind_landslide(node, now);
	repair_expire(node, now, outbox);
}

static struct node_event
joined_event(struct node *node)
{
	node->joined = false;
	return (struct node_event){
		.kind = NODE_JOINED,
		.ok = node->join_in,
		.hops = node->join_rounds,
		.started = node->join_started,
		.first = INSTANT_NEVER,
		.finished = node->join_finished,
		.queries = node->join_queries,
	};
}

static enum node_event_kind
event_kind(const struct lookup *lookup)
{
	switch (lookup->kind) {
	case LOOKUP_GET:
		return lookup->ok ? NODE_FOUND : NODE_MISSED;
	case LOOKUP_SET:
		return NODE_STORED;
	case LOOKUP_ENDED:
		return NODE_REMOVED;
	case LOOKUP_RAISED:
		return NODE_RAISED;
	case LOOKUP_DOUBT:
		return NODE_DOUBT;
	default:
		return NODE_NOT_MINE;
	}
}

bool
node_eventful(const struct node *node)
{
	return node->joined || node->join_wanted ||
	       node->done.head != LOOKUP_NONE;
}

struct node_event
node_event(struct node *node)
{
	if (node->joined)
		return joined_event(node);
	if (node->join_wanted) {
		node->join_wanted = false;
		return (struct node_event){ .kind = NODE_JOIN_AGAIN };
	}

	uint32_t slot = lookup_list_take(node->parts.lookups, &node->done);
	if (slot == LOOKUP_NONE)
		return (struct node_event){ .kind = NODE_NONE };
	const struct lookup *lookup = &node->parts.lookups->slots[slot];
	struct node_event event = {
		.kind = event_kind(lookup),
		.key = lookup->key,
		.hops = lookup->hops,
		.local = lookup->local,
		.ok = lookup->ok || lookup->conclusive,
		.denied = lookup->denied,
		.started = lookup->started,
		.first = lookup->first,
		.finished = lookup->finished,
		.queries = lookup->queries,
		.record_count = lookup->record_count,
		.peer = lookup->peer,
	};
	if (lookup->kind == LOOKUP_GET) {
		event.ticket = lookup_transaction(node->parts.lookups, slot);
		event.asker = (enum node_asker)lookup->asker;
	}
	if (lookup->kind == LOOKUP_SET)
		event.replicas = placement_count(lookup);
	if (lookup->kind == LOOKUP_NOTICE || lookup->kind == LOOKUP_SET ||
	    lookup->kind == LOOKUP_RAISED || lookup->kind == LOOKUP_DOUBT)
		event.version = lookup->version;
	memcpy(event.records, lookup->records, sizeof(event.records));
	lookup_give(node->parts.lookups, slot);
	return event;
}

/* --- what a node is asked to do ------------------------------------------- */

void
node_join(struct node *node, struct instant now, const uint32_t *seeds,
	  uint32_t seed_count, struct outbox *outbox)
{
	bool alone = true;

	for (uint32_t i = 0; i < seed_count; i++) {
		if (seeds[i] == node->self)
			continue;
		alone = false;
		table_heard(node->table, seeds[i]);
	}
	refresh_begin(node, now);
	join_begin(node, now, alone);
	if (!node->refresh_running) {
		liveness_expire(node, now, outbox);
		refresh_expire(node, now, outbox);
	}
	join_settle(node, now);
}

void
node_hand_over(struct node *node, struct instant now)
{
	repair_leave(node, now);
}

bool
node_handed_over(const struct node *node)
{
	return repair_left(node);
}

void
node_leave(struct node *node, struct instant now, struct outbox *outbox)
{
	struct message_writer writer;

	(void)now;
	join_end(node);
	for (uint32_t i = 0; i < node->table->count; i++) {
		uint32_t peer = node->table->contacts[i].peer;

		if (!exchange_begin(outbox,
				    endpoints_get(node->parts.endpoints, peer),
				    MESSAGE_LEAVE, 0, &writer))
			break;
		exchange_send(node, outbox, TRAFFIC_LEAVE, &writer);
	}
}

void
node_learn(struct node *node, struct instant now, uint32_t endpoint)
{
	refresh_begin(node, now);
	table_answered(node->table, endpoint, -1);
	join_learned(node);
}

void
node_learn_bucket(struct node *node, struct instant now, unsigned bucket,
		  const uint32_t *endpoints, uint32_t count)
{
	if (count > 0) {
		refresh_begin(node, now);
		join_learned(node);
	}
	table_fill(node->table, bucket, endpoints, count);
}

int
node_set_half_open(struct node *node, struct instant now,
		   const struct session_key *key, struct version version,
		   struct outbox *outbox)
{
	return publish_half_open(node, now, key, version, outbox);
}

void
node_booted(struct node *node, struct instant now, const struct endpoint *peer,
	    struct outbox *outbox)
{
	uint32_t index = endpoints_find(node->parts.endpoints, peer);

	(void)outbox;
	if (index == ENDPOINT_NONE)
		return;
	neighbours_booted(node, now, index);
	keepers_booted(node, now, index);
}

int
node_set(struct node *node, struct instant now, const struct session_key *key,
	 struct version version, struct outbox *outbox)
{
	return publish_set(node, now, key, version, outbox);
}

void
node_republish(struct node *node, struct instant now)
{
	renewal_begin(node, now);
}

int
node_remove(struct node *node, struct instant now,
	    const struct session_key *key, struct outbox *outbox)
{
	return publish_remove(node, now, key, false, outbox);
}

int
node_remove_announced(struct node *node, struct instant now,
		      const struct session_key *key, struct outbox *outbox)
{
	return publish_remove(node, now, key, true, outbox);
}

static int
get(struct node *node, struct instant now, const struct session_key *key,
    enum node_asker asker, bool glance, const uint32_t *exclude,
    uint32_t exclude_count, uint8_t avoid_uplink, node_ticket *ticket,
    struct outbox *outbox)
{
	struct record records[RECORDS_PER_KEY];
	uint32_t slot = lookup_run_start(node, now, LOOKUP_GET,
					 node_key_position(node, key));

	if (slot == LOOKUP_NONE)
		return -EAGAIN;
	struct lookup *lookup = &node->parts.lookups->slots[slot];
	lookup->key = *key;
	lookup->asker = (uint8_t)asker;
	lookup->glance = glance;
	lookup->avoid_uplink = avoid_uplink;
	for (uint32_t i = 0; i < exclude_count && i < LOOKUP_EXCLUDE; i++)
		lookup->exclude[lookup->exclude_count++] = exclude[i];
	*ticket = lookup_transaction(node->parts.lookups, slot);

	/* Who asks has seen that a handshake of ours is not the session's. */
	uint32_t known = owned_known(node, now, key, records), count = 0;
	for (uint32_t i = 0; i < known; i++)
		if (records[i].owner != node->self || !records[i].half_open)
			records[count++] = records[i];
	lookup_file(lookup, records, count);
	lookup->local = lookup->record_count > 0;
	if (!glance)
		lookup->alpha = (uint8_t)hedge_begin(&node->hedge,
						     node->settings->alpha);
	if (lookup_run_advance(node, now, slot, outbox))
		lookup_run_close(node, now, slot);
	return 0;
}

int
node_get(struct node *node, struct instant now, const struct session_key *key,
	 enum node_asker asker, const uint32_t *exclude, uint32_t exclude_count,
	 uint8_t avoid_uplink, node_ticket *ticket, struct outbox *outbox)
{
	return get(node, now, key, asker, false, exclude, exclude_count,
		   avoid_uplink, ticket, outbox);
}

int
node_glance(struct node *node, struct instant now,
	    const struct session_key *key, enum node_asker asker,
	    const uint32_t *exclude, uint32_t exclude_count,
	    uint8_t avoid_uplink, node_ticket *ticket, struct outbox *outbox)
{
	return get(node, now, key, asker, true, exclude, exclude_count,
		   avoid_uplink, ticket, outbox);
}

bool
node_owns(const struct node *node, const struct session_key *key,
	  struct version *version)
{
	const struct publication *own = owned_find(node, key);

	if (own == NULL)
		return false;
	if (version != NULL)
		*version = own->version;
	return true;
}

bool
node_owns_half_open(const struct node *node, const struct session_key *key)
{
	const struct publication *own = owned_find(node, key);

	return own != NULL && own->half_open;
}

uint32_t
node_half_open_count(const struct node *node)
{
	return node->half_open;
}

struct instant
node_published(const struct node *node, const struct session_key *key)
{
	const struct publication *own = owned_find(node, key);

	return own != NULL ? own->published : INSTANT_NEVER;
}

void
node_ping(struct node *node, const struct endpoint *peer, struct outbox *outbox)
{
	liveness_ask(node, peer, outbox);
}

void
node_say_not_mine(struct node *node, const struct endpoint *peer,
		  const struct session_key *key, struct outbox *outbox)
{
	struct message_writer writer;
	struct version version = { 0 };

	node_owns(node, key, &version);
	if (!exchange_begin(outbox, peer, MESSAGE_NOT_MINE, 0, &writer))
		return;
	message_put_version(&writer, key, version);
	exchange_send(node, outbox, TRAFFIC_NOT_MINE, &writer);
}

void
node_say_doubt(struct node *node, const struct endpoint *peer,
	       const struct session_key *key, struct version version,
	       struct outbox *outbox)
{
	struct message_writer writer;

	if (!exchange_begin(outbox, peer, MESSAGE_DOUBT, 0, &writer))
		return;
	message_put_version(&writer, key, version);
	exchange_send(node, outbox, TRAFFIC_NOT_MINE, &writer);
}

bool
node_joined(const struct node *node)
{
	return node->join_in;
}

uint32_t
node_self(const struct node *node)
{
	return node->self;
}

uint32_t
node_contact_count(const struct node *node)
{
	return node->table->count;
}

uint32_t
node_contacts(const struct node *node, uint32_t *indices, uint32_t capacity)
{
	uint32_t count = node->table->count;

	if (count > capacity)
		count = capacity;
	for (uint32_t i = 0; i < count; i++)
		indices[i] = node->table->contacts[i].peer;
	return count;
}

const struct node_counters *
node_counters(const struct node *node)
{
	return &node->counters;
}

const struct table *
node_table(const struct node *node)
{
	return node->table;
}
