/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_read.h - a datagram checked whole, then item by item
 *
 * Everything a decoder reads is bounded by the datagram; a decoder writes only
 * into the structs of message_format.h and never allocates. message_open()
 * walks the whole datagram before the first item is handed out, so that no
 * caller acts on the first half of a broken batch.
 */
#ifndef CORE_WIRE_MESSAGE_READ_H
#define CORE_WIRE_MESSAGE_READ_H

#include "core/wire/message_format.h"

/*
 * Reading:
 *
 *	struct message_reader reader;
 *	struct message_item item;
 *	enum drop drop = message_open(&reader, bytes, size);
 *	if (drop != DROP_NONE)
 *		return drop;
 *	switch (reader.header.type) ...
 *		while (message_next(&reader, &item)) ...
 */
struct message_reader {
	struct message_header header;
	const uint8_t *bytes; /* borrowed */
	uint32_t size, offset;
	uint32_t left; /* items not yet read */
	enum drop drop; /* first thing that was wrong */
};

/* Check the whole datagram. DROP_NONE: the header is in reader->header and
 * message_next() will give header.count items. DROP_SHORT, DROP_VERSION or
 * DROP_MALFORMED: nothing may be read, but DROP_VERSION's header.version. The
 * bytes must outlive the reader. */
static inline enum drop message_open(struct message_reader *,
				     const uint8_t *bytes, size_t size);
/* The next item; false after the last. */
static inline bool message_next(struct message_reader *, struct message_item *);
/* One contact of an item, index < contact_count. Not sorted by distance:
 * IPv4 precedes IPv6. */
static inline struct endpoint message_contact(const struct message_item *,
					      uint32_t index);
/* The same into place: a copy of what was just written in pieces waits until
 * all of them are in the cache. */
static inline void message_contact_read(const struct message_item *,
					uint32_t index, struct endpoint *);

/* A big-endian integer of width bytes; 0, and DROP_SHORT, past the end. */
static inline uint64_t
message_take(struct message_reader *reader, uint32_t width)
{
	uint64_t value = 0;

	if (width > reader->size - reader->offset) {
		if (reader->drop == DROP_NONE)
			reader->drop = DROP_SHORT;
		return 0;
	}
	for (uint32_t i = 0; i < width; i++)
		value = value << 8 | reader->bytes[reader->offset + i];
	reader->offset += width;
	return value;
}

static inline void
message_take_bytes(struct message_reader *reader, uint8_t *to, uint32_t size)
{
	if (size > reader->size - reader->offset) {
		if (reader->drop == DROP_NONE)
			reader->drop = DROP_SHORT;
		return;
	}
	message_copy(to, reader->bytes + reader->offset, size);
	reader->offset += size;
}

static inline void
message_require(struct message_reader *reader, bool valid)
{
	if (!valid && reader->drop == DROP_NONE)
		reader->drop = DROP_MALFORMED;
}

static inline void
message_take_key(struct message_reader *reader, struct session_key *key)
{
	key->family = (uint8_t)message_take(reader, 1);
	message_require(reader, key->family == 4 || key->family == 6);
	key->protocol = (uint8_t)message_take(reader, 1);
	message_take_bytes(reader, key->client_port, 2);
	message_take_bytes(reader, key->service_port, 2);
	uint32_t address_bytes = message_address_bytes(key->family);
	message_take_bytes(reader, key->client, address_bytes);
	message_take_bytes(reader, key->service, address_bytes);
}

static inline void
message_take_version(struct message_reader *reader, struct version *version)
{
	version->established_ns = (int64_t)message_take(reader, 8);
	version->sequence = (uint32_t)message_take(reader, 4);
}

static inline void
message_take_record(struct message_reader *reader,
		    struct message_record *record)
{
	uint64_t flags = message_take(reader, 1);
	message_require(reader, flags <= (reader->header.version < 2
						  ? MESSAGE_TOMBSTONE
						  : MESSAGE_HALF_OPEN));
	record->tombstone = flags == MESSAGE_TOMBSTONE;
	record->half_open = flags == MESSAGE_HALF_OPEN;
	uint8_t family = (uint8_t)message_take(reader, 1);
	message_require(reader, family == 4 || family == 6);
	record->owner.address.family = family;
	record->owner.port = (uint16_t)message_take(reader, 2);
	message_require(reader, record->owner.port != 0);
	message_take_bytes(reader, record->owner.address.bytes,
			   message_address_bytes(family));
	message_take_version(reader, &record->version);
	record->ttl_ms = (uint32_t)message_take(reader, 4);
}

static inline void
message_take_contacts(struct message_reader *reader, struct message_item *item)
{
	uint32_t ip4 = (uint32_t)message_take(reader, 1);
	uint32_t ip6 = (uint32_t)message_take(reader, 1);
	uint32_t size = ip4 * MESSAGE_CONTACT_IP4_BYTES +
			ip6 * MESSAGE_CONTACT_IP6_BYTES;

	message_require(reader, ip4 + ip6 <= MESSAGE_CONTACTS_MAX);
	if (size > reader->size - reader->offset) {
		if (reader->drop == DROP_NONE)
			reader->drop = DROP_SHORT;
		return;
	}
	item->contact_count = ip4 + ip6;
	item->contact_ip4_count = ip4;
	item->contact_bytes = reader->bytes + reader->offset;
	reader->offset += size;
	for (uint32_t i = 0; reader->drop == DROP_NONE && i < ip4 + ip6; i++)
		message_require(reader, message_contact(item, i).port != 0);
}

static inline void
message_take_records(struct message_reader *reader, struct message_item *item)
{
	uint32_t count = (uint32_t)message_take(reader, 1);

	message_require(reader,
			count >= 1 && count <= (reader->header.version < 2
							? MESSAGE_RECORDS_OLDEST
							: RECORDS_PER_KEY));
	if (reader->drop != DROP_NONE)
		return;
	item->record_count = count;
	for (uint32_t i = 0; i < count; i++)
		message_take_record(reader, &item->records[i]);
}

/* The reply items that a type may have. */
static inline bool
message_status_fits(uint8_t type, enum item_status status)
{
	switch (status) {
	case ITEM_UNANSWERED:
		return true;
	case ITEM_CONTACTS:
		return type == MESSAGE_FIND_NODE || type == MESSAGE_FIND_VALUE;
	case ITEM_RECORDS:
		return type == MESSAGE_FIND_VALUE;
	case ITEM_STORED:
	case ITEM_MOVED:
	case ITEM_STALE:
	case ITEM_FULL:
		return type == MESSAGE_STORE || type == MESSAGE_REMOVE ||
		       type == MESSAGE_HOLD;
	}
	return false;
}

static inline void
message_take_answer(struct message_reader *reader, struct message_item *item)
{
	uint8_t type = reader->header.type & (uint8_t)~MESSAGE_REPLY;
	uint64_t status = message_take(reader, 1);

	message_require(reader, status <= ITEM_FULL);
	if (reader->drop != DROP_NONE)
		return;
	item->status = (enum item_status)status;
	message_require(reader, message_status_fits(type, item->status));
	if (item->status == ITEM_CONTACTS)
		message_take_contacts(reader, item);
	else if (item->status == ITEM_RECORDS)
		message_take_records(reader, item);
	else if (item->status == ITEM_STALE && reader->header.version >= 2)
		message_take_version(reader, &item->version);
}

static inline bool
message_next(struct message_reader *reader, struct message_item *item)
{
	__builtin_memset(item, 0, sizeof(*item));
	if (reader->left == 0 || reader->drop != DROP_NONE)
		return false;
	reader->left--;
	if (reader->header.type & MESSAGE_REPLY) {
		message_take_answer(reader, item);
		return reader->drop == DROP_NONE;
	}
	switch (reader->header.type) {
	case MESSAGE_FIND_NODE:
		item->position = message_take(reader, 8);
		break;
	case MESSAGE_STORE:
		message_take_key(reader, &item->key);
		item->record_count = 1;
		message_take_record(reader, &item->records[0]);
		break;
	case MESSAGE_REMOVE:
	case MESSAGE_NOT_MINE:
	case MESSAGE_HOLD:
	case MESSAGE_DOUBT:
		message_take_key(reader, &item->key);
		message_take_version(reader, &item->version);
		break;
	default: /* FIND_VALUE; PING and LEAVE have no items */
		message_take_key(reader, &item->key);
		break;
	}
	return reader->drop == DROP_NONE;
}

static inline enum drop
message_take_header(struct message_reader *reader)
{
	struct message_header *header = &reader->header;
	header->version = (uint8_t)message_take(reader, 1);
	header->type = (uint8_t)message_take(reader, 1);
	header->flags = (uint8_t)message_take(reader, 1);
	header->count = (uint8_t)message_take(reader, 1);
	header->transaction = (uint32_t)message_take(reader, 4);
	if (reader->drop != DROP_NONE)
		return reader->drop;
	header->speaks = header->flags & MESSAGE_SPEAKS_MASK;
	if (header->speaks < header->version)
		header->speaks = header->version;
	if (header->version < MESSAGE_VERSION_OLDEST ||
	    header->version > MESSAGE_VERSION)
		return reader->drop = DROP_VERSION;

	bool reply = header->type & MESSAGE_REPLY;
	uint8_t type = header->type & (uint8_t)~MESSAGE_REPLY;
	bool items = type != MESSAGE_PING && type != MESSAGE_LEAVE;
	message_require(reader, type >= MESSAGE_PING && type <= MESSAGE_DOUBT);
	message_require(reader, type < MESSAGE_HOLD || header->version >= 2);
	message_require(reader, !reply || type <= MESSAGE_REMOVE ||
					type == MESSAGE_HOLD);
	message_require(reader, items == (header->count > 0));
	return reader->drop;
}

static inline enum drop
message_open(struct message_reader *reader, const uint8_t *bytes, size_t size)
{
	struct message_item item;

	__builtin_memset(reader, 0, sizeof(*reader));
	reader->bytes = bytes;
	/* Longer than any of ours; the rest could not be padding. */
	if (size > MESSAGE_MAX)
		return reader->drop = DROP_MALFORMED;
	reader->size = (uint32_t)size;
	if (message_take_header(reader) != DROP_NONE)
		return reader->drop;

	uint32_t first = reader->offset;
	reader->left = reader->header.count;
	while (message_next(reader, &item))
		;
	if (reader->drop != DROP_NONE)
		return reader->drop;
	for (uint32_t i = reader->offset; i < reader->size; i++)
		message_require(reader, bytes[i] == 0);

	reader->offset = first;
	reader->left = reader->header.count;
	return reader->drop;
}

static inline void
message_contact_read(const struct message_item *item, uint32_t index,
		     struct endpoint *endpoint)
{
	const uint8_t *bytes = item->contact_bytes;
	uint32_t address_bytes;

	__builtin_memset(endpoint, 0, sizeof(*endpoint));
	if (index < item->contact_ip4_count) {
		bytes += index * MESSAGE_CONTACT_IP4_BYTES;
		endpoint->address.family = 4;
		address_bytes = 4;
	} else {
		bytes += item->contact_ip4_count * MESSAGE_CONTACT_IP4_BYTES +
			 (index - item->contact_ip4_count) *
				 MESSAGE_CONTACT_IP6_BYTES;
		endpoint->address.family = 6;
		address_bytes = 16;
	}
	message_copy(endpoint->address.bytes, bytes, address_bytes);
	endpoint->port = (uint16_t)(bytes[address_bytes] << 8 |
				    bytes[address_bytes + 1]);
}

static inline struct endpoint
message_contact(const struct message_item *item, uint32_t index)
{
	struct endpoint endpoint;

	message_contact_read(item, index, &endpoint);
	return endpoint;
}

#endif
