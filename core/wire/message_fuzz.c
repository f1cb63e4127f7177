/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_fuzz.c - whatever is accepted, encodes to the same bytes again
 *
 * Flags are hardly looked at, a request may be of a newer version than it
 * needs, and padding has no meaning; all else must come back, so that no two
 * datagrams mean the same and nothing is read that was not there. Corpus:
 * core/wire/corpus/message/.
 */
#include <assert.h>
#include <string.h>

#include "core/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void
put_answer(struct message_writer *writer, const struct message_item *item)
{
	struct endpoint contacts[MESSAGE_CONTACTS_MAX];

	switch (item->status) {
	case ITEM_CONTACTS:
		assert(item->contact_count <= MESSAGE_CONTACTS_MAX);
		for (uint32_t i = 0; i < item->contact_count; i++)
			contacts[i] = message_contact(item, i);
		assert(message_put_contacts(writer, contacts,
					    item->contact_count));
		break;
	case ITEM_RECORDS:
		assert(message_put_records(writer, item->records,
					   item->record_count));
		break;
	case ITEM_STALE:
		assert(message_put_stale(writer, item->version));
		break;
	default:
		assert(message_put_status(writer, item->status));
	}
}

static void
put_request(struct message_writer *writer, uint8_t type,
	    const struct message_item *item)
{
	switch (type) {
	case MESSAGE_FIND_NODE:
		assert(message_put_position(writer, item->position));
		break;
	case MESSAGE_FIND_VALUE:
		assert(message_put_key(writer, &item->key));
		break;
	case MESSAGE_STORE:
		assert(item->record_count == 1);
		assert(message_put_store(writer, &item->key, item->records));
		break;
	case MESSAGE_REMOVE:
	case MESSAGE_NOT_MINE:
	case MESSAGE_HOLD:
	case MESSAGE_DOUBT:
		assert(message_put_version(writer, &item->key, item->version));
		break;
	default:
		assert(false); /* ping and leave have no items */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct message_reader reader;
	struct message_writer writer;
	struct message_item item;
	uint8_t again[MESSAGE_MAX];

	if (message_open(&reader, bytes, size) != DROP_NONE)
		return 0;

	struct message_header header = reader.header;
	bool reply = header.type & MESSAGE_REPLY;
	header.type &= (uint8_t)~MESSAGE_REPLY;
	header.speaks = header.version;
	if (reply)
		message_begin_reply(&writer, again, sizeof(again), &header);
	else
		message_begin(&writer, again, sizeof(again),
			      (enum message_type)header.type,
			      header.transaction);
	uint32_t count = 0;
	for (; message_next(&reader, &item); count++) {
		if (reply)
			put_answer(&writer, &item);
		else
			put_request(&writer, header.type, &item);
	}
	assert(count == header.count && writer.owed == 0);
	message_pad(&writer, (uint32_t)size);
	assert(again[0] <= header.version);
	again[0] = header.version;
	again[2] = header.flags;
	assert(writer.size == size && memcmp(again, bytes, size) == 0);
	return 0;
}
