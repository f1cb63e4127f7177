/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_write.h - requests and replies, appended item by item
 *
 * A message is valid after every item, and no larger than its bound: what a
 * datagram may have, or what a reply to that request may have. A request is of
 * the oldest version as long as no item needs more; it is for the caller to
 * know that the peer understands such an item (message_header.speaks).
 */
#ifndef CORE_WIRE_MESSAGE_WRITE_H
#define CORE_WIRE_MESSAGE_WRITE_H

#include "core/wire/message_format.h"

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
/* REMOVE, NOT_MINE, HOLD and DOUBT */
static inline bool message_put_version(struct message_writer *,
				       const struct session_key *,
				       struct version);
/* Replies: UNANSWERED, STORED, MOVED, FULL; or STALE: no version is said. */
static inline bool message_put_status(struct message_writer *,
				      enum item_status);
/* Reply: STALE, and the highest version known of the key. */
static inline bool message_put_stale(struct message_writer *, struct version);
/* Reply: contacts, closest first, count <= MESSAGE_CONTACTS_MAX. If the first
 * item of a reply does not fit, the farthest are left out, so that a request
 * that was padded too little still makes progress; later items are
 * ITEM_UNANSWERED instead, and asked again. */
static inline bool message_put_contacts(struct message_writer *,
					const struct endpoint *,
					uint32_t count);
/* Reply: 1 <= count <= RECORDS_PER_KEY records, best first. Version 1 says
 * nothing of half-open ones, nor of a third; what is left is one at least. */
static inline bool message_put_records(struct message_writer *,
				       const struct message_record *,
				       uint32_t count);
/* The STORE that was begun is conditional: MESSAGE_CONDITIONAL. */
static inline void message_make_conditional(struct message_writer *);
/* Zeros up to a size; at most to the capacity. Nothing may be put after. */
static inline void message_pad(struct message_writer *, uint32_t size);
/* Pad a FIND_NODE or FIND_VALUE so that MESSAGE_AMPLIFY_MAX times its size
 * holds `contacts` contacts of that family (4 or 6) for each item, or, of a
 * FIND_VALUE, RECORDS_PER_KEY records if these are larger. */
static inline void message_pad_for_reply(struct message_writer *,
					 uint32_t contacts, uint8_t family);
/* Bytes of a reply to `count` items of that type, each answered as above. */
static inline uint32_t message_reply_bytes(uint8_t type, uint32_t count,
					   uint32_t contacts, uint8_t family);
/* How large a reply may be. verified: the peer answered at this address. */
static inline uint32_t message_reply_limit(size_t request_size, bool verified);

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

	uint32_t flags = 0;

	if (record->tombstone)
		flags = MESSAGE_TOMBSTONE;
	else if (record->half_open)
		flags = MESSAGE_HALF_OPEN;
	message_give(writer, flags, 1);
	message_give(writer, owner->address.family, 1);
	message_give(writer, owner->port, 2);
	message_give_bytes(writer, owner->address.bytes,
			   message_address_bytes(owner->address.family));
	message_give_version(writer, record->version);
	message_give(writer, record->ttl_ms, 4);
}

/* The version of the message: what its items may need. */
static inline uint32_t
message_version(const struct message_writer *writer)
{
	return writer->size == 0 ? MESSAGE_VERSION_OLDEST : writer->bytes[0];
}

/* An item of a request has no meaning below that version. */
static inline void
message_need(struct message_writer *writer, uint8_t version)
{
	if (writer->size > 0 && writer->bytes[0] < version)
		writer->bytes[0] = version;
}

/* The oldest version that has the type. */
static inline uint32_t
message_type_version(uint32_t type)
{
	return type >= MESSAGE_HOLD ? 2 : MESSAGE_VERSION_OLDEST;
}

static inline void
message_begin_any(struct message_writer *writer, uint8_t *bytes,
		  size_t capacity, uint32_t version, uint32_t type,
		  uint32_t transaction, uint32_t owed)
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
	message_give(writer, version, 1);
	message_give(writer, type, 1);
	message_give(writer, MESSAGE_VERSION, 1); /* what we speak */
	message_give(writer, 0, 1); /* items so far */
	message_give(writer, transaction, 4);
}

static inline void
message_begin(struct message_writer *writer, uint8_t *bytes, size_t capacity,
	      enum message_type type, uint32_t transaction)
{
	message_begin_any(writer, bytes, capacity, message_type_version(type),
			  type, transaction, 0);
}

static inline void
message_begin_reply(struct message_writer *writer, uint8_t *bytes,
		    size_t capacity, const struct message_header *request)
{
	uint32_t oldest = message_type_version(request->type);
	uint32_t version = request->speaks;

	if (version < oldest)
		version = oldest;
	if (version > MESSAGE_VERSION)
		version = MESSAGE_VERSION;
	message_begin_any(writer, bytes, capacity, version,
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
	if (record->half_open)
		message_need(writer, 2);
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
message_put_stale(struct message_writer *writer, struct version version)
{
	bool said = message_version(writer) >= 2;

	if (!message_answer(writer, said ? 1 + MESSAGE_VERSION_BYTES : 1,
			    ITEM_STALE))
		return false;
	if (said)
		message_give_version(writer, version);
	return true;
}

static inline bool
message_put_status(struct message_writer *writer, enum item_status status)
{
	if (status == ITEM_STALE)
		return message_put_stale(writer, (struct version){ 0 });
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

/* Version 1 does not know half-open ones. */
static inline bool
message_says(const struct message_writer *writer,
	     const struct message_record *record)
{
	return !record->half_open || message_version(writer) >= 2;
}

static inline bool
message_put_records(struct message_writer *writer,
		    const struct message_record *records, uint32_t count)
{
	uint32_t most = message_version(writer) >= 2 ? RECORDS_PER_KEY
						     : MESSAGE_RECORDS_OLDEST;
	uint32_t size = 2, said = 0;

	for (uint32_t i = 0; i < count && said < most; i++) {
		if (!message_says(writer, &records[i]))
			continue;
		size += message_record_bytes(&records[i]);
		said++;
	}
	if (!message_answer(writer, size,
			    said > 0 ? ITEM_RECORDS : ITEM_UNANSWERED) ||
	    said == 0)
		return false;
	message_give(writer, said, 1);
	for (uint32_t i = 0; i < count && said > 0; i++) {
		if (!message_says(writer, &records[i]))
			continue;
		message_give_record(writer, &records[i]);
		said--;
	}
	return true;
}

static inline void
message_make_conditional(struct message_writer *writer)
{
	if (writer->size > 0)
		writer->bytes[2] |= MESSAGE_CONDITIONAL;
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
message_reply_bytes(uint8_t type, uint32_t count, uint32_t contacts,
		    uint8_t family)
{
	uint32_t as_contacts = 3 + contacts * message_contact_bytes(family);
	uint32_t as_records =
		2 + RECORDS_PER_KEY * (20 + message_address_bytes(family));
	uint32_t item = type == MESSAGE_FIND_VALUE && as_records > as_contacts
				? as_records
				: as_contacts;
	uint32_t size = MESSAGE_HEADER_BYTES + count * item;

	return size < MESSAGE_MAX ? size : MESSAGE_MAX;
}

static inline void
message_pad_for_reply(struct message_writer *writer, uint32_t contacts,
		      uint8_t family)
{
	if (writer->size == 0)
		return;
	uint32_t reply = message_reply_bytes(writer->bytes[1], writer->bytes[3],
					     contacts, family);
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
