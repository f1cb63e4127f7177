/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h - what nodes say to each other, as bytes (UDP, port 7000)
 *
 *	 0       1       2       3       4               8
 *	+-------+-------+-------+-------+---------------+------
 *	|version| type  | flags | count |  transaction  | items ...
 *	+-------+-------+-------+-------+---------------+------
 *
 * All integers are big-endian. `count` items follow, then zero padding is
 * allowed: a requester pads so that three times its size holds the reply it
 * hopes for, since a reply to an address that has not been verified is never
 * larger than that (amplification; the same bound as RFC 9000 section 8.1).
 * A datagram is at most MESSAGE_MAX bytes, so that it crosses any
 * IPv6 path unfragmented (1,280 - 40 - 8 = 1,232), with room for the seal.
 * No flag is defined yet: sent as zero, not looked at.
 *
 * A reply has the request's transaction and type | MESSAGE_REPLY, and
 * one item for each item of the request, in order. Items that no longer fit
 * are ITEM_UNANSWERED (one byte), so a batch is answered as far as it fits.
 *
 * Items of requests:
 *	PING, LEAVE	none (LEAVE: no reply)
 *	FIND_NODE	target position 8
 *	FIND_VALUE	key
 *	STORE		key, record
 *	REMOVE		key, version
 *	NOT_MINE	key, version (no reply)
 *
 * Items of replies, after a status byte:
 *	PING		none
 *	FIND_NODE	ITEM_CONTACTS: n4 1, n6 1, n4 x (address 4, port 2),
 *			n6 x (address 16, port 2)
 *	FIND_VALUE	the same, or ITEM_RECORDS: n 1, n x record
 *	STORE, REMOVE	ITEM_STORED | ITEM_MOVED | ITEM_STALE | ITEM_FULL
 *
 *	key	= family 1 (4|6), protocol 1, client port 2, service port 2,
 *		  client address 4|16, service address 4|16
 *	version	= established 8 (ns), sequence 4
 *	record	= flags 1 (bit 0: tombstone), owner family 1, owner port 2,
 *		  owner address 4|16, version 12, time to live 4 (ms)
 *
 * Valid is only what a writer below can have made: known type, 1 item or
 * more where there are any, n4 + n6 <= MESSAGE_CONTACTS_MAX, n of records 1
 * or RECORDS_PER_KEY, families 4 or 6, no port 0 of a node, no unknown bit in
 * a record's flags, padding zero. So a message has one meaning, and what is
 * accepted encodes to the same bytes again, the header's flags apart.
 *
 * Everything a decoder reads is bounded by the datagram; a decoder writes
 * only into the structs below and never allocates. message_open() walks the
 * whole datagram before the first item is handed out, so nobody acts on the
 * first half of a broken batch. Header-only, also compiled for BPF: no libc
 * calls but memcpy and memset builtins.
 */
#ifndef CORE_WIRE_MESSAGE_H
#define CORE_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/address.h"
#include "core/drop.h"
#include "core/record.h"
#include "core/session.h"

#define MESSAGE_VERSION	     1
#define MESSAGE_HEADER_BYTES 8
#define MESSAGE_SEALED_MAX   1232
/* What the live edge adds, and the simulator counts: key id and reserved 8,
 * nonce 24 and tag 16 of XChaCha20-Poly1305, boot id 8, sequence 8. */
#define MESSAGE_SEAL_BYTES   64
#define MESSAGE_MAX	     (MESSAGE_SEALED_MAX - MESSAGE_SEAL_BYTES)
#define MESSAGE_CONTACTS_MAX 32 /* in one item: the largest k */
#define MESSAGE_ITEMS_MAX    255
#define MESSAGE_AMPLIFY_MAX  3 /* reply to request, in bytes */

enum message_type {
	MESSAGE_PING = 1,
	MESSAGE_FIND_NODE = 2,
	MESSAGE_FIND_VALUE = 3,
	MESSAGE_STORE = 4,
	MESSAGE_REMOVE = 5,
	MESSAGE_NOT_MINE = 6,
	MESSAGE_LEAVE = 7,
	MESSAGE_REPLY = 0x80, /* a bit beside PING to REMOVE */
};

enum item_status {
	ITEM_UNANSWERED = 0, /* did not fit: ask again */
	ITEM_CONTACTS = 1, /* nodes closer to it, as far as I know */
	ITEM_RECORDS = 2, /* the value, newest first */
	ITEM_STORED = 3,
	/* Stored, but I know `replicas` live contacts that are closer to the
	 * key than I am: look for the new place. */
	ITEM_MOVED = 4,
	ITEM_STALE = 5, /* not stored: what is here is newer */
	ITEM_FULL = 6, /* not stored: no room, try elsewhere */
};

struct message_header {
	uint8_t type; /* enum message_type, MESSAGE_REPLY beside it */
	uint8_t flags;
	uint8_t count; /* items */
	uint32_t transaction;
};

/* struct record as the wire has it: the owner's address, not an index. */
struct message_record {
	struct version version;
	struct endpoint owner;
	uint32_t ttl_ms;
	bool tombstone;
};

/* One item; which fields are meant is said by type and status, the others
 * are zero. */
struct message_item {
	enum item_status status; /* replies */
	uint64_t position; /* FIND_NODE */
	struct session_key key; /* FIND_VALUE, STORE, REMOVE, NOT_MINE */
	struct version version; /* REMOVE, NOT_MINE */
	uint32_t record_count; /* STORE: 1; ITEM_RECORDS: 1 or 2 */
	struct message_record records[RECORDS_PER_KEY];
	/* ITEM_CONTACTS: read them with message_contact(). */
	uint32_t contact_count;
	uint32_t contact_ip4_count; /* the first ones */
	const uint8_t *contact_bytes; /* borrowed from the datagram */
};

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
 * DROP_MALFORMED: nothing may be read. The bytes must outlive the reader. */
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

/*
 * Writing. A request:
 *
 *	message_begin(&writer, buffer, MESSAGE_MAX, MESSAGE_FIND_NODE, id);
 *	message_put_position(&writer, target);
 *	message_pad_for_reply(&writer, k, family);
 *	... send writer.bytes, writer.size
 *
 * Each put appends one item; false: no room, nothing was appended; send what
 * there is and begin another datagram. The message is complete after every
 * put. The caller puts only items that belong to the type.
 *
 * A reply puts exactly one item for each of the request, in order. Room for
 * the status bytes of all that follow is kept, so that an answer that does not
 * fit becomes ITEM_UNANSWERED by itself (and false is returned).
 */
struct message_writer {
	uint8_t *bytes; /* the caller's */
	uint32_t capacity, size;
	uint32_t owed; /* reply: items not yet answered */
};

/* A request. capacity >= MESSAGE_HEADER_BYTES, else size stays 0 and every
 * put is refused; beyond MESSAGE_MAX it is cut to that. */
static inline void message_begin(struct message_writer *, uint8_t *bytes,
				 size_t capacity, enum message_type,
				 uint32_t transaction);
/* A reply to a request of which the header was read. capacity:
 * message_reply_limit(); below MESSAGE_HEADER_BYTES + count as above. */
static inline void message_begin_reply(struct message_writer *, uint8_t *bytes,
				       size_t capacity,
				       const struct message_header *request);

static inline bool message_put_position(struct message_writer *,
					uint64_t position); /* FIND_NODE */
static inline bool message_put_key(struct message_writer *,
				   const struct session_key *); /* FIND_VALUE */
static inline bool message_put_store(struct message_writer *,
				     const struct session_key *,
				     const struct message_record *);
/* REMOVE and NOT_MINE */
static inline bool message_put_version(struct message_writer *,
				       const struct session_key *,
				       struct version);
/* Replies: UNANSWERED, STORED, MOVED, STALE or FULL. */
static inline bool message_put_status(struct message_writer *,
				      enum item_status);
/* Reply: contacts, closest first, count <= MESSAGE_CONTACTS_MAX. If the first
 * item of a reply does not fit, the farthest are left out, so that a request
 * that was padded too little still makes progress; later items are
 * ITEM_UNANSWERED instead, and asked again. */
static inline bool message_put_contacts(struct message_writer *,
					const struct endpoint *,
					uint32_t count);
/* Reply: 1 <= count <= RECORDS_PER_KEY records, newest first. */
static inline bool message_put_records(struct message_writer *,
				       const struct message_record *,
				       uint32_t count);
/* Zeros up to a size; at most to the capacity. Nothing may be put after. */
static inline void message_pad(struct message_writer *, uint32_t size);
/* Pad a FIND_NODE or FIND_VALUE so that MESSAGE_AMPLIFY_MAX times its size
 * holds `contacts` contacts of that family (4 or 6) for each item, or two
 * records if these are larger. */
static inline void message_pad_for_reply(struct message_writer *,
					 uint32_t contacts, uint8_t family);
/* Bytes of a reply to `count` items, each answered as above. */
static inline uint32_t message_reply_bytes(uint32_t count, uint32_t contacts,
					   uint8_t family);
/* How large a reply may be. verified: the peer answered at this address. */
static inline uint32_t message_reply_limit(size_t request_size, bool verified);

/* --- reading ------------------------------------------------------------ */

/* An address or a port as it stands; 2, 4 or 16 bytes. BPF knows memcpy of
 * constant sizes only. */
static inline void
message_copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
	if (size == 16)
		__builtin_memcpy(to, from, 16);
	else if (size == 4)
		__builtin_memcpy(to, from, 4);
	else
		__builtin_memcpy(to, from, 2);
}

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

static inline uint32_t
message_address_bytes(uint8_t family)
{
	return family == 4 ? 4 : 16;
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
	message_require(reader, flags <= 1);
	record->tombstone = flags == 1;
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

#define MESSAGE_CONTACT_IP4_BYTES 6
#define MESSAGE_CONTACT_IP6_BYTES 18

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

	message_require(reader, count >= 1 && count <= RECORDS_PER_KEY);
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
		return type == MESSAGE_STORE || type == MESSAGE_REMOVE;
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
	uint64_t version = message_take(reader, 1);
	header->type = (uint8_t)message_take(reader, 1);
	header->flags = (uint8_t)message_take(reader, 1);
	header->count = (uint8_t)message_take(reader, 1);
	header->transaction = (uint32_t)message_take(reader, 4);
	if (reader->drop != DROP_NONE)
		return reader->drop;
	if (version != MESSAGE_VERSION)
		return reader->drop = DROP_VERSION;

	bool reply = header->type & MESSAGE_REPLY;
	uint8_t type = header->type & (uint8_t)~MESSAGE_REPLY;
	bool items = type != MESSAGE_PING && type != MESSAGE_LEAVE;
	message_require(reader, type >= MESSAGE_PING && type <= MESSAGE_LEAVE);
	message_require(reader, !reply || type <= MESSAGE_REMOVE);
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

/* --- writing ------------------------------------------------------------ */

static inline uint32_t
message_key_bytes(const struct session_key *key)
{
	return 6 + 2 * message_address_bytes(key->family);
}

static inline uint32_t
message_record_bytes(const struct message_record *record)
{
	return 20 + message_address_bytes(record->owner.address.family);
}

#define MESSAGE_VERSION_BYTES 12

/* Room was made sure of by message_room(). */
static inline void
message_give(struct message_writer *writer, uint64_t value, uint32_t width)
{
	while (width-- > 0)
		writer->bytes[writer->size++] = (uint8_t)(value >> (8 * width));
}

static inline void
message_give_bytes(struct message_writer *writer, const uint8_t *bytes,
		   uint32_t size)
{
	message_copy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
}

static inline void
message_give_key(struct message_writer *writer, const struct session_key *key)
{
	uint32_t address_bytes = message_address_bytes(key->family);

	message_give(writer, key->family, 1);
	message_give(writer, key->protocol, 1);
	message_give_bytes(writer, key->client_port, 2);
	message_give_bytes(writer, key->service_port, 2);
	message_give_bytes(writer, key->client, address_bytes);
	message_give_bytes(writer, key->service, address_bytes);
}

static inline void
message_give_version(struct message_writer *writer, struct version version)
{
	message_give(writer, (uint64_t)version.established_ns, 8);
	message_give(writer, version.sequence, 4);
}

static inline void
message_give_record(struct message_writer *writer,
		    const struct message_record *record)
{
	const struct endpoint *owner = &record->owner;

	message_give(writer, record->tombstone, 1);
	message_give(writer, owner->address.family, 1);
	message_give(writer, owner->port, 2);
	message_give_bytes(writer, owner->address.bytes,
			   message_address_bytes(owner->address.family));
	message_give_version(writer, record->version);
	message_give(writer, record->ttl_ms, 4);
}

static inline void
message_begin_any(struct message_writer *writer, uint8_t *bytes,
		  size_t capacity, uint32_t type, uint32_t transaction,
		  uint32_t owed)
{
	writer->bytes = bytes;
	writer->capacity =
		(uint32_t)(capacity > MESSAGE_MAX ? MESSAGE_MAX : capacity);
	writer->size = 0;
	writer->owed = owed;
	if (writer->capacity < MESSAGE_HEADER_BYTES + owed) {
		writer->capacity = 0;
		writer->owed = 0;
		return;
	}
	message_give(writer, MESSAGE_VERSION, 1);
	message_give(writer, type, 1);
	message_give(writer, 0, 2); /* flags; items so far */
	message_give(writer, transaction, 4);
}

static inline void
message_begin(struct message_writer *writer, uint8_t *bytes, size_t capacity,
	      enum message_type type, uint32_t transaction)
{
	message_begin_any(writer, bytes, capacity, type, transaction, 0);
}

static inline void
message_begin_reply(struct message_writer *writer, uint8_t *bytes,
		    size_t capacity, const struct message_header *request)
{
	message_begin_any(writer, bytes, capacity,
			  (uint32_t)request->type | MESSAGE_REPLY,
			  request->transaction, request->count);
}

/* Count one more item of a request if that many bytes fit. */
static inline bool
message_room(struct message_writer *writer, uint32_t size)
{
	if (size > writer->capacity - writer->size ||
	    writer->bytes[3] == MESSAGE_ITEMS_MAX)
		return false;
	writer->bytes[3]++;
	return true;
}

/* Bytes that the next answer may have, what is owed behind it left aside. */
static inline uint32_t
message_answer_limit(const struct message_writer *writer)
{
	return writer->capacity - writer->size - (writer->owed - 1);
}

/* Begin the next answer; if it has no room, mark it unanswered. */
static inline bool
message_answer(struct message_writer *writer, uint32_t size,
	       enum item_status status)
{
	if (writer->owed == 0)
		return false;
	bool fits = size <= message_answer_limit(writer);
	writer->owed--;
	writer->bytes[3]++;
	message_give(writer, fits ? status : ITEM_UNANSWERED, 1);
	return fits;
}

static inline bool
message_put_position(struct message_writer *writer, uint64_t position)
{
	if (!message_room(writer, 8))
		return false;
	message_give(writer, position, 8);
	return true;
}

static inline bool
message_put_key(struct message_writer *writer, const struct session_key *key)
{
	if (!message_room(writer, message_key_bytes(key)))
		return false;
	message_give_key(writer, key);
	return true;
}

static inline bool
message_put_store(struct message_writer *writer, const struct session_key *key,
		  const struct message_record *record)
{
	if (!message_room(writer, message_key_bytes(key) +
					  message_record_bytes(record)))
		return false;
	message_give_key(writer, key);
	message_give_record(writer, record);
	return true;
}

static inline bool
message_put_version(struct message_writer *writer,
		    const struct session_key *key, struct version version)
{
	if (!message_room(writer,
			  message_key_bytes(key) + MESSAGE_VERSION_BYTES))
		return false;
	message_give_key(writer, key);
	message_give_version(writer, version);
	return true;
}

static inline bool
message_put_status(struct message_writer *writer, enum item_status status)
{
	return message_answer(writer, 1, status);
}

static inline uint32_t
message_contact_bytes(uint8_t family)
{
	return message_address_bytes(family) + 2;
}

static inline bool
message_put_contacts(struct message_writer *writer,
		     const struct endpoint *contacts, uint32_t count)
{
	uint32_t size = 3, fitting = 0, ip4 = 0;

	if (writer->owed == 0)
		return false;
	uint32_t limit = message_answer_limit(writer);
	for (; fitting < count && fitting < MESSAGE_CONTACTS_MAX; fitting++) {
		uint8_t family = contacts[fitting].address.family;
		uint32_t more = message_contact_bytes(family);

		/* Only the first item may be shortened. */
		if (fitting > 0 && writer->bytes[3] == 0 && size + more > limit)
			break;
		size += more;
		ip4 += family == 4;
	}
	if (!message_answer(writer, size, ITEM_CONTACTS))
		return false;
	message_give(writer, ip4, 1);
	message_give(writer, fitting - ip4, 1);
	for (uint32_t pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < fitting; i++) {
			const struct address *address = &contacts[i].address;

			if ((address->family == 4) != (pass == 0))
				continue;
			message_give_bytes(
				writer, address->bytes,
				message_address_bytes(address->family));
			message_give(writer, contacts[i].port, 2);
		}
	}
	return true;
}

static inline bool
message_put_records(struct message_writer *writer,
		    const struct message_record *records, uint32_t count)
{
	uint32_t size = 2;

	for (uint32_t i = 0; i < count; i++)
		size += message_record_bytes(&records[i]);
	if (!message_answer(writer, size, ITEM_RECORDS))
		return false;
	message_give(writer, count, 1);
	for (uint32_t i = 0; i < count; i++)
		message_give_record(writer, &records[i]);
	return true;
}

static inline void
message_pad(struct message_writer *writer, uint32_t size)
{
	if (size > writer->capacity)
		size = writer->capacity;
	if (size <= writer->size)
		return;
	__builtin_memset(writer->bytes + writer->size, 0, size - writer->size);
	writer->size = size;
}

static inline uint32_t
message_reply_bytes(uint32_t count, uint32_t contacts, uint8_t family)
{
	uint32_t as_contacts = 3 + contacts * message_contact_bytes(family);
	uint32_t as_records =
		2 + RECORDS_PER_KEY * (20 + message_address_bytes(family));
	uint32_t item = as_contacts > as_records ? as_contacts : as_records;
	uint32_t size = MESSAGE_HEADER_BYTES + count * item;

	return size < MESSAGE_MAX ? size : MESSAGE_MAX;
}

static inline void
message_pad_for_reply(struct message_writer *writer, uint32_t contacts,
		      uint8_t family)
{
	if (writer->size == 0)
		return;
	uint32_t reply =
		message_reply_bytes(writer->bytes[3], contacts, family);
	message_pad(writer,
		    (reply + MESSAGE_AMPLIFY_MAX - 1) / MESSAGE_AMPLIFY_MAX);
}

static inline uint32_t
message_reply_limit(size_t request_size, bool verified)
{
	if (verified || request_size >= MESSAGE_MAX / MESSAGE_AMPLIFY_MAX + 1)
		return MESSAGE_MAX;
	return (uint32_t)request_size * MESSAGE_AMPLIFY_MAX;
}

#endif
