/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reply.c - what a node answers to requests of its peers; see reply.h */
#include "core/dht/reply.h"

#include "core/dht/exchange.h"
#include "core/dht/owned.h"
#include "core/dht/repair.h"

/* Entries of the store looked at for each statement that comes in, so that
 * expired ones are taken back as fast as new ones come. */
#define SWEEP_ENTRIES 2

static void
put_closest(struct node *node, uint64_t target, uint32_t peer,
	    struct message_writer *writer)
{
	struct endpoint contacts[BUCKET_MAX];
	uint32_t peers[BUCKET_MAX];
	uint32_t count = table_closest(node->table, target, TABLE_SOUND, peer,
				       peers, node_width(node));

	for (uint32_t i = 0; i < count; i++)
		contacts[i] = *endpoints_get(node->parts.endpoints, peers[i]);
	message_put_contacts(writer, contacts, count);
}

static void
put_value(struct node *node, struct instant now, const struct session_key *key,
	  uint32_t peer, struct message_writer *writer)
{
	struct record records[RECORDS_PER_KEY];
	struct message_record out[RECORDS_PER_KEY];
	uint32_t count = owned_known(node, now, key, records);

	/* We only know that the session ended at some owner, or what cannot be
	 * said in its peer's version: the peer goes on to other replicas, which
	 * may have a newer record. */
	if (count == 0 || records[0].tombstone ||
	    (records[0].half_open && message_version(writer) < 2)) {
		put_closest(node, node_key_position(node, key), peer, writer);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		out[i] = (struct message_record){
			.version = records[i].version,
			.owner = *endpoints_get(node->parts.endpoints,
						records[i].owner),
			.ttl_ms = records[i].ttl_ms,
			.tombstone = records[i].tombstone,
			.half_open = records[i].half_open,
		};
	}
	message_put_records(writer, out, count);
}

/* Not kept, for what is known is newer: how new? Its owner may want to say it
 * again. */
static void
put_stale(struct node *node, struct instant now, const struct session_key *key,
	  struct message_writer *writer)
{
	struct record records[RECORDS_PER_KEY];
	struct version newest = { 0 };
	uint32_t count =
		store_get(node->parts.store, now, node->self, key, records);

	for (uint32_t i = 0; i < count; i++) {
		if (version_compare(records[i].version, newest) > 0)
			newest = records[i].version;
	}
	message_put_stale(writer, newest);
}

static void
put_kept(struct node *node, struct instant now, const struct session_key *key,
	 enum item_status status, struct message_writer *writer)
{
	if (status == ITEM_STALE)
		put_stale(node, now, key, writer);
	else
		message_put_status(writer, status);
}

/* Others that live should hold it in our stead. */
static bool
is_moved(const struct node *node, const struct session_key *key)
{
	return table_closer_count(node->table, node_key_position(node, key)) >=
	       node->settings->replicas;
}

static enum item_status
keep(struct node *node, struct instant now, const struct session_key *key,
     const struct record *record, bool conditional)
{
	bool moved = is_moved(node, key);

	if (moved && conditional)
		return ITEM_MOVED;
	store_expire(node->parts.store, now, SWEEP_ENTRIES);
	switch (store_put(node->parts.store, now, node->self, key, record)) {
	case STORE_STALE:
		return ITEM_STALE;
	case STORE_FULL:
		return ITEM_FULL;
	case STORE_STORED:
		break;
	}
	return moved ? ITEM_MOVED : ITEM_STORED;
}

static enum item_status
keep_record(struct node *node, struct instant now,
	    const struct message_item *item, uint32_t peer, bool conditional)
{
	const struct message_record *record = &item->records[0];
	uint32_t ttl_max_ms = owned_ttl_ms(node, record->half_open);
	struct record kept = {
		.version = record->version,
		.owner =
			endpoints_intern(node->parts.endpoints, &record->owner),
		.ttl_ms = record->ttl_ms < ttl_max_ms ? record->ttl_ms
						      : ttl_max_ms,
		.tombstone = record->tombstone,
		.half_open = record->half_open,
	};

	if (kept.owner == ENDPOINT_NONE)
		return ITEM_FULL;
	/* A tombstone's owner has nothing to tell any more. */
	kept.relayed = kept.owner != peer && kept.owner != node->self &&
		       !kept.tombstone;
	enum item_status status =
		keep(node, now, &item->key, &kept, conditional);
	if (kept.relayed && (status == ITEM_STORED || status == ITEM_MOVED))
		repair_relayed(node, now);
	return status;
}

static enum item_status
keep_tombstone(struct node *node, struct instant now,
	       const struct message_item *item, uint32_t peer)
{
	struct record kept = {
		.version = item->version,
		.owner = peer,
		.ttl_ms = exchange_ms(node->settings->tombstone_ns),
		.tombstone = true,
	};

	if (peer == ENDPOINT_NONE)
		return ITEM_FULL;
	return keep(node, now, &item->key, &kept, false);
}

static void
put_answer(struct node *node, struct instant now,
	   const struct message_header *header, const struct message_item *item,
	   uint32_t peer, struct message_writer *writer)
{
	switch (header->type) {
	case MESSAGE_FIND_NODE:
		put_closest(node, item->position, peer, writer);
		break;
	case MESSAGE_FIND_VALUE:
		put_value(node, now, &item->key, peer, writer);
		break;
	case MESSAGE_STORE:
		put_kept(node, now, &item->key,
			 keep_record(node, now, item, peer,
				     header->flags & MESSAGE_CONDITIONAL),
			 writer);
		break;
	case MESSAGE_HOLD:
		message_put_status(writer, owned_copied(node, now, &item->key,
							item->version, peer));
		break;
	default: /* REMOVE: nothing else has items and a reply */
		put_kept(node, now, &item->key,
			 keep_tombstone(node, now, item, peer), writer);
		break;
	}
}

enum drop
reply_send(struct node *node, struct instant now, const struct endpoint *from,
	   uint32_t peer, struct message_reader *reader, size_t size,
	   struct outbox *outbox)
{
	const struct contact *contact =
		peer == ENDPOINT_NONE ? NULL : table_find(node->table, peer);
	bool verified = contact != NULL && contact->verified;
	uint32_t limit = message_reply_limit(size, verified);
	struct message_writer writer;
	struct message_item item;
	uint8_t *bytes;

	struct outbox_item *out =
		outbox_add(outbox, OUTBOX_DATAGRAM, limit, &bytes);
	if (out == NULL)
		return DROP_OUTBOX;
	out->to = *from;
	message_begin_reply(&writer, bytes, limit, &reader->header);
	while (message_next(reader, &item))
		put_answer(node, now, &reader->header, &item, peer, &writer);
	exchange_send(node, outbox, TRAFFIC_REPLY, &writer);
	return DROP_NONE;
}
