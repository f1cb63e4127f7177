/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * solo.h - one node, whose peers are played by the test
 *
 *	node --outbox--> solo_next()		what it sends, datagram by
 *						datagram, oldest first
 *	node <-receive-- solo_contacts() ...	what a peer answers
 *	     <-expire--- solo_pass(), solo_due()
 *
 * mesh.h runs whole networks of true nodes; here each answer, its order and
 * its time are the test's, so that a rule can be shown alone. Endpoint 0 is
 * the node, 1 to SOLO_PEERS are its peers; which of them are near to what
 * follows from the placement hash, so tests ask solo_nearest() and the like.
 *
 * Included by tests only, as check.h.
 */
#ifndef CORE_TEST_SOLO_H
#define CORE_TEST_SOLO_H

#include <stdlib.h>
#include <string.h>

#include "core/dht/node.h"
#include "core/dht/node_state.h"
#include "core/dht/traffic.h"
#include "core/test/check.h"
#include "core/wire/message.h"

#define SOLO_PEERS 600
#define SOLO_ITEMS 2048

/* One datagram that the node sent. */
struct solo_sent {
	uint32_t peer;
	uint32_t size;
	uint8_t avoid_uplink;
	struct message_header header;
	uint8_t bytes[MESSAGE_MAX];
};

struct solo {
	struct instant now;
	struct node_settings settings;
	struct node_parts parts;
	struct traffic traffic;
	struct node *node;
	struct outbox outbox;
	uint32_t next; /* item of the outbox */
	uint32_t wakeups; /* by solo_due() */
};

/* How much room the node finds; 0: plenty. */
struct solo_room {
	uint32_t lookups, publications, records, endpoints;
	uint32_t replicas; /* of each publication */
};

static inline void *
solo_memory(size_t size)
{
	void *bytes = calloc(1, size);

	if (bytes == NULL)
		abort();
	return bytes;
}

static inline struct endpoint
solo_endpoint(uint32_t i)
{
	uint8_t bytes[4] = { 10, 9, (uint8_t)(i >> 8), (uint8_t)i };

	return (struct endpoint){ address_ip4(bytes), 7000 };
}

static inline struct session_key
solo_key(uint32_t i)
{
	return (struct session_key){
		.client = { 192, 168, (uint8_t)(i >> 8), (uint8_t)i },
		.service = { 198, 51, 100, 1 },
		.client_port = { 200, 1 },
		.service_port = { 0, 80 },
		.family = 4,
		.protocol = 6,
	};
}

static inline struct version
solo_version(int64_t established_ns)
{
	return (struct version){ .established_ns = established_ns };
}

static inline void
solo_open_room(struct solo *solo, const struct node_settings *settings,
	       struct solo_room room)
{
	struct node_limits limits = { .contacts = 400 };
	struct siphash_key placement = { { 1, 2, 3, 4 } };
	uint32_t lookups = room.lookups == 0 ? 1024 : room.lookups;
	uint32_t publications =
		room.publications == 0 ? 2048 : room.publications;
	uint32_t records = room.records == 0 ? 4096 : room.records;
	uint32_t endpoints =
		room.endpoints == 0 ? SOLO_PEERS + 64 : room.endpoints;
	uint32_t replicas = room.replicas == 0 ? BUCKET_MAX : room.replicas;

	*solo = (struct solo){
		.now = { NS_PER_S },
		.settings = *settings,
		.parts = {
			.traffic = &solo->traffic,
			.endpoints = endpoints_init(
				solo_memory(endpoints_size(endpoints)),
				endpoints, &placement),
			.lookups = lookups_init(
				solo_memory(lookups_size(lookups)), lookups),
			.store = store_init(solo_memory(store_size(records)),
					    records, &placement),
			.publications = publications_init(
				solo_memory(publications_size(publications,
							      replicas)),
				publications, replicas),
		},
		.outbox = {
			.items = solo_memory(SOLO_ITEMS *
					     sizeof(struct outbox_item)),
			.item_capacity = SOLO_ITEMS,
			.bytes = solo_memory(SOLO_ITEMS * MESSAGE_MAX),
			.byte_capacity = SOLO_ITEMS * MESSAGE_MAX,
		},
	};
	for (uint32_t i = 0; i <= SOLO_PEERS && i < endpoints; i++) {
		struct endpoint endpoint = solo_endpoint(i);

		CHECK(endpoints_intern(solo->parts.endpoints, &endpoint) == i);
	}
	solo->node = node_init(solo_memory(node_size(&limits)), &limits,
			       &solo->settings, &solo->parts, 0, 7);
}

static inline void
solo_open(struct solo *solo, const struct node_settings *settings)
{
	solo_open_room(solo, settings, (struct solo_room){ 0 });
}

static inline void
solo_close(struct solo *solo)
{
	free(solo->node);
	free(solo->parts.endpoints);
	free(solo->parts.lookups);
	free(solo->parts.store);
	free(solo->parts.publications);
	free(solo->outbox.items);
	free(solo->outbox.bytes);
}

/* --- peers --------------------------------------------------------------- */

static inline uint64_t
solo_position(const struct solo *solo, uint32_t peer)
{
	return endpoints_position(solo->parts.endpoints, peer);
}

/* Contacts that have answered once, peers first to first + count - 1. */
static inline void
solo_learn(struct solo *solo, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		node_learn(solo->node, solo->now, i);
}

static inline bool
solo_knows(const struct solo *solo, uint32_t peer)
{
	return table_find(solo->node->table, peer) != NULL;
}

/* How many of the peers 1 to count are closer to a place than `peer`. */
static inline uint32_t
solo_rank(const struct solo *solo, uint64_t target, uint32_t peer,
	  uint32_t count)
{
	uint64_t distance = solo_position(solo, peer) ^ target;
	uint32_t rank = 0;

	for (uint32_t i = 1; i <= count; i++)
		rank += (solo_position(solo, i) ^ target) < distance;
	return rank;
}

/* --- what the node sends ------------------------------------------------- */

static inline bool
solo_next(struct solo *solo, struct solo_sent *sent)
{
	struct outbox *outbox = &solo->outbox;
	struct message_reader reader;

	if (solo->next == outbox->item_count) {
		outbox_clear(outbox);
		solo->next = 0;
		return false;
	}
	const struct outbox_item *item = &outbox->items[solo->next++];
	CHECK(item->kind == OUTBOX_DATAGRAM);
	sent->peer = endpoints_find(solo->parts.endpoints, &item->to);
	sent->size = item->size;
	sent->avoid_uplink = item->avoid_uplink;
	memcpy(sent->bytes, outbox->bytes + item->offset, item->size);
	CHECK(message_open(&reader, sent->bytes, sent->size) == DROP_NONE);
	sent->header = reader.header;
	return true;
}

/* All of one type, at most capacity; the rest of the outbox is dropped. */
static inline uint32_t
solo_all(struct solo *solo, enum message_type type, struct solo_sent *sent,
	 uint32_t capacity)
{
	uint32_t count = 0;
	struct solo_sent one;

	while (solo_next(solo, &one)) {
		if (one.header.type == type && count < capacity)
			sent[count++] = one;
	}
	return count;
}

static inline struct message_item
solo_item(const struct solo_sent *sent, uint32_t index)
{
	struct message_reader reader;
	struct message_item item;

	CHECK(message_open(&reader, sent->bytes, sent->size) == DROP_NONE);
	do {
		CHECK(message_next(&reader, &item));
	} while (index-- > 0);
	return item;
}

/* --- what a peer says ---------------------------------------------------- */

static inline enum drop
solo_receive(struct solo *solo, uint32_t from, const uint8_t *bytes,
	     uint32_t size)
{
	struct endpoint endpoint = solo_endpoint(from);

	return node_receive(solo->node, solo->now, &endpoint, bytes, size,
			    &solo->outbox);
}

static inline enum drop
solo_written(struct solo *solo, uint32_t from,
	     const struct message_writer *writer)
{
	return solo_receive(solo, from, writer->bytes, writer->size);
}

/* The same status for each item of a STORE or REMOVE. */
static inline enum drop
solo_status(struct solo *solo, const struct solo_sent *sent,
	    enum item_status status)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin_reply(&writer, bytes, sizeof(bytes), &sent->header);
	for (uint32_t i = 0; i < sent->header.count; i++)
		message_put_status(&writer, status);
	return solo_written(solo, sent->peer, &writer);
}

/* Contacts, count 0 allowed: "I know no peer closer." */
static inline enum drop
solo_contacts(struct solo *solo, const struct solo_sent *sent,
	      const uint32_t *peers, uint32_t count)
{
	struct endpoint contacts[MESSAGE_CONTACTS_MAX] = { 0 };
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	for (uint32_t i = 0; i < count; i++)
		contacts[i] = solo_endpoint(peers[i]);
	message_begin_reply(&writer, bytes, sizeof(bytes), &sent->header);
	message_put_contacts(&writer, contacts, count);
	return solo_written(solo, sent->peer, &writer);
}

static inline enum drop
solo_record(struct solo *solo, const struct solo_sent *sent, uint32_t owner,
	    struct version version)
{
	struct message_record record = {
		.version = version,
		.owner = solo_endpoint(owner),
		.ttl_ms = 1000,
	};
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin_reply(&writer, bytes, sizeof(bytes), &sent->header);
	message_put_records(&writer, &record, 1);
	return solo_written(solo, sent->peer, &writer);
}

static inline enum drop
solo_pong(struct solo *solo, const struct solo_sent *sent)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin_reply(&writer, bytes, sizeof(bytes), &sent->header);
	return solo_written(solo, sent->peer, &writer);
}

/* --- time ---------------------------------------------------------------- */

static inline void
solo_expire(struct solo *solo)
{
	node_expire(solo->node, solo->now, &solo->outbox);
}

/* Time passes, then the node is called, due or not. */
static inline void
solo_pass(struct solo *solo, int64_t distance_ns)
{
	solo->now = instant_after(solo->now, distance_ns);
	solo_expire(solo);
}

/* More calls than any test needs: the node is never done. */
#define SOLO_WAKEUPS_MAX 1000000

/* A test that waits for what never comes ends here. */
static inline void
solo_give_up(const char *why)
{
	fprintf(stderr, "solo: %s\n", why);
	CHECK(false);
	exit(check_done());
}

/* The node is called at its next deadline, if that is not after `until`. */
static inline bool
solo_due(struct solo *solo, struct instant until)
{
	struct instant due = node_deadline(solo->node);

	if (due.ns > until.ns)
		return false;
	if (++solo->wakeups > SOLO_WAKEUPS_MAX)
		solo_give_up("always due");
	if (due.ns > solo->now.ns)
		solo->now = due;
	solo_expire(solo);
	return true;
}

/* The same; there is such a deadline within that time. */
static inline void
solo_await(struct solo *solo, int64_t distance_ns)
{
	if (!solo_due(solo, instant_after(solo->now, distance_ns)))
		solo_give_up("nothing is due");
}

static inline struct node_settings
solo_settings(uint32_t k)
{
	struct node_settings settings;

	node_settings_default(&settings);
	settings.k = k;
	settings.watch_ns = 0; /* no peer answers by itself */
	return settings;
}

/* --- a network that is in order ------------------------------------------ */

/* Every peer answers what it is asked: it names no peer closer, acknowledges,
 * answers pings; but for `silent`. Until nothing is due before `until`. What
 * was sent is counted by message type if sent is not NULL. */
static inline void
solo_serve(struct solo *solo, struct instant until, uint32_t silent,
	   uint32_t sent_by_type[MESSAGE_REPLY])
{
	struct solo_sent sent;

	do {
		while (solo_next(solo, &sent)) {
			if (sent_by_type != NULL)
				sent_by_type[sent.header.type]++;
			if (sent.peer == silent)
				continue;
			if (sent.header.type == MESSAGE_PING)
				solo_pong(solo, &sent);
			else if (sent.header.type == MESSAGE_STORE ||
				 sent.header.type == MESSAGE_REMOVE)
				solo_status(solo, &sent, ITEM_STORED);
			else
				solo_contacts(solo, &sent, NULL, 0);
		}
	} while (solo_due(solo, until));
}

#endif
