/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message_test.c - bytes by hand, round trips, truncation, noise, amplification
 */
#include "core/wire/message.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

/* A copy that ends where its memory ends, so that ASan sees one byte more. */
static enum drop
open_exact(const uint8_t *bytes, size_t size)
{
	struct message_reader reader;
	struct message_item item;
	uint8_t *copy = malloc(size > 0 ? size : 1);

	memcpy(copy, bytes, size);
	enum drop drop = message_open(&reader, copy, size);
	uint32_t count = 0;
	while (drop == DROP_NONE && message_next(&reader, &item)) {
		count++;
		for (uint32_t i = 0; i < item.contact_count; i++)
			CHECK(message_contact(&item, i).port != 0);
	}
	if (drop == DROP_NONE)
		CHECK(count == reader.header.count && reader.drop == DROP_NONE);
	free(copy);
	return drop;
}

static const struct {
	const char *sentence;
	enum drop drop;
	uint32_t size;
	uint8_t bytes[48];
} datagrams[] = {
	{ "ping", DROP_NONE, 8, { 1, 1, 0, 0, 0xde, 0xad, 0xbe, 0xef } },
	{ "its reply", DROP_NONE, 8, { 1, 0x81, 0, 0, 1 } },
	{ "leave", DROP_NONE, 8, { 1, 7 } },
	{ "unknown flags are not looked at", DROP_NONE, 8, { 1, 1, 0xff } },
	{ "version 2", DROP_NONE, 8, { 2, 1, 2 } },
	{ "its sender need not say so", DROP_NONE, 8, { 2, 1 } },
	{ "padding is zeros", DROP_NONE, 20, { 1, 1 } },
	{ "padding is not data", DROP_MALFORMED, 9, { 1, 1, [8] = 1 } },
	{ "nothing at all", DROP_SHORT, 0, { 0 } },
	{ "an older version", DROP_VERSION, 8, { 0, 1 } },
	{ "it may speak ours: it did not", DROP_VERSION, 8, { 0, 1, 2 } },
	{ "a newer version", DROP_VERSION, 8, { 3, 1 } },
	{ "type 0", DROP_MALFORMED, 8, { 1, 0 } },
	{ "type 8", DROP_MALFORMED, 8, { 1, 8 } },
	{ "not-mine has no answer",
	  DROP_MALFORMED,
	  9,
	  { 1, 0x86, 0, 1, [8] = 3 } },
	{ "leave has no answer", DROP_MALFORMED, 8, { 1, 0x87 } },
	{ "a ping with an item", DROP_MALFORMED, 16, { 1, 1, 0, 1 } },
	{ "a find-node without one", DROP_MALFORMED, 16, { 1, 2, 0, 0 } },
	{ "find-node", DROP_NONE, 16, { 1, 2, 0, 1, [15] = 1 } },
	{ "two announced, one there", DROP_SHORT, 16, { 1, 2, 0, 2 } },
	{ "find-value, IPv4", DROP_NONE, 22, { 1, 3, 0, 1, [8] = 4, 6 } },
	{ "a key of family 5", DROP_MALFORMED, 46, { 1, 3, 0, 1, [8] = 5 } },
	{ "an answer of unknown status",
	  DROP_MALFORMED,
	  9,
	  { 1, 0x82, 0, 1, [8] = 7 } },
	{ "stored is no answer to find-node",
	  DROP_MALFORMED,
	  9,
	  { 1, 0x82, 0, 1, [8] = 3 } },
	{ "records are no answer to find-node",
	  DROP_MALFORMED,
	  48,
	  { 1, 0x82, 0, 1, [8] = 2, 1, 0, 4, 0, 1 } },
	{ "contacts are no answer to store",
	  DROP_MALFORMED,
	  11,
	  { 1, 0x84, 0, 1, [8] = 1 } },
	{ "stale, in version 1", DROP_NONE, 9, { 1, 0x84, 0, 1, [8] = 5 } },
	{ "stale, in version 2", DROP_NONE, 21, { 2, 0x84, 0, 1, [8] = 5 } },
	{ "without the version", DROP_SHORT, 20, { 2, 0x84, 0, 1, [8] = 5 } },
	{ "unanswered", DROP_NONE, 9, { 1, 0x84, 0, 1 } },
	{ "no contacts", DROP_NONE, 11, { 1, 0x82, 0, 1, [8] = 1 } },
	{ "33 contacts", DROP_MALFORMED, 11, { 1, 0x82, 0, 1, [8] = 1, 33 } },
	{ "a contact at port 0",
	  DROP_MALFORMED,
	  17,
	  { 1, 0x82, 0, 1, [8] = 1, 1, 0, 10, 0, 0, 1 } },
	{ "a contact",
	  DROP_NONE,
	  17,
	  { 1, 0x82, 0, 1, [8] = 1, 1, 0, 10, 0, 0, 1, 0x1b, 0x58 } },
	{ "no records", DROP_MALFORMED, 10, { 1, 0x83, 0, 1, [8] = 2, 0 } },
	{ "three records of version 1",
	  DROP_MALFORMED,
	  10,
	  { 1, 0x83, 0, 1, [8] = 2, 3 } },
	{ "three records", DROP_SHORT, 10, { 2, 0x83, 0, 1, [8] = 2, 3 } },
	{ "four records", DROP_MALFORMED, 10, { 2, 0x83, 0, 1, [8] = 2, 4 } },
	{ "a record",
	  DROP_NONE,
	  34,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 0, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "a tombstone",
	  DROP_NONE,
	  34,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 1, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "a half-open record",
	  DROP_NONE,
	  34,
	  { 2, 0x83, 0, 1, [8] = 2, 1, 2, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "a half-open record of version 1",
	  DROP_MALFORMED,
	  34,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 2, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "a tombstone that is half-open",
	  DROP_MALFORMED,
	  34,
	  { 2, 0x83, 0, 1, [8] = 2, 1, 3, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "an unknown bit",
	  DROP_MALFORMED,
	  34,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 4, 4, 0x1b, 0x58, 10, 0, 0, 1 } },
	{ "an owner of no family",
	  DROP_MALFORMED,
	  46,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 0, 0, 0x1b, 0x58 } },
	{ "an owner at port 0",
	  DROP_MALFORMED,
	  34,
	  { 1, 0x83, 0, 1, [8] = 2, 1, 0, 4, 0, 0, 10, 0, 0, 1 } },
};

static void
bytes_mean_what_is_written(void)
{
	uint8_t zeros[MESSAGE_MAX + 1] = { 1, 1 };

	for (unsigned i = 0; i < sizeof(datagrams) / sizeof(*datagrams); i++)
		CHECK_ROW(open_exact(datagrams[i].bytes, datagrams[i].size) ==
				  datagrams[i].drop,
			  datagrams[i].sentence);
	CHECK(open_exact(zeros, MESSAGE_MAX) == DROP_NONE);
	CHECK(open_exact(zeros, MESSAGE_MAX + 1) == DROP_MALFORMED);
}

static void
layout_is_as_drawn(void)
{
	/* A line a field. */
	/* clang-format off */
	static const uint8_t expected[] = {
		1, 4, 2, 1, 0x12, 0x34, 0x56, 0x78, /* header */
		4, 6, 0xc0, 0x01, 0, 80, 192, 0, 2, 9, 10, 1, 0, 1, /* key */
		1, 4, 0x1b, 0x58, 10, 0, 3, 1, /* flags, owner */
		0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3, /* version */
		0, 9, 0x27, 0xc0, /* 600,000 ms */
	};
	/* clang-format on */
	struct session_key key = {
		.client = { 192, 0, 2, 9 },
		.service = { 10, 1, 0, 1 },
		.client_port = { 0xc0, 1 },
		.service_port = { 0, 80 },
		.family = 4,
		.protocol = 6,
	};
	struct message_record record = {
		.version = { 0x102, 3 },
		.owner = { .address = { 4, { 10, 0, 3, 1 } }, .port = 7000 },
		.ttl_ms = 600000,
		.tombstone = true,
	};
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 0x12345678);
	CHECK(message_put_store(&writer, &key, &record));
	CHECK(writer.size == sizeof(expected));
	CHECK(memcmp(bytes, expected, sizeof(expected)) == 0);
}

/* What a request's sender speaks decides what the reply is. */
static void
replies_are_of_the_newest_common_version(void)
{
	static const struct {
		const char *sentence;
		uint8_t version, flags; /* of the request */
		uint8_t speaks, reply;
		uint32_t size;
	} rows[] = {
		{ "of version 1 alone", 1, 0, 1, 1, 9 },
		{ "one that speaks 2", 1, 2, 2, 2, 21 },
		{ "the other flags say nothing", 1, 0xf0, 1, 1, 9 },
		{ "one that will speak 3", 2, 3, 3, 2, 21 },
		{ "one that says less than it speaks", 2, 1, 2, 2, 21 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t bytes[MESSAGE_MAX], reply[MESSAGE_MAX];
		struct message_reader reader;
		struct message_writer writer;
		struct message_item item;
		struct session_key key = { .family = 4 };

		message_begin(&writer, bytes, sizeof(bytes), MESSAGE_REMOVE, 7);
		CHECK(bytes[0] == 1 && bytes[2] == 2);
		message_put_version(&writer, &key, (struct version){ 0 });
		bytes[0] = rows[i].version;
		bytes[2] = rows[i].flags;
		CHECK(message_open(&reader, bytes, writer.size) == DROP_NONE);
		CHECK_ROW(reader.header.version == rows[i].version &&
				  reader.header.speaks == rows[i].speaks,
			  rows[i].sentence);
		message_begin_reply(&writer, reply, sizeof(reply),
				    &reader.header);
		message_put_stale(&writer, (struct version){ 0x102, 3 });
		CHECK_ROW(reply[0] == rows[i].reply && reply[2] == 2 &&
				  writer.size == rows[i].size,
			  rows[i].sentence);
		CHECK(message_open(&reader, reply, writer.size) == DROP_NONE);
		CHECK(message_next(&reader, &item));
		CHECK_ROW(item.status == ITEM_STALE &&
				  item.version.established_ns ==
					  (rows[i].reply == 2 ? 0x102 : 0) &&
				  item.version.sequence ==
					  (rows[i].reply == 2 ? 3 : 0),
			  rows[i].sentence);
	}
}

/* An item that older peers cannot read makes the whole request newer. */
static void
a_request_is_as_old_as_it_can_be(void)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_NODE, 7);
	message_put_position(&writer, 1);
	CHECK(message_version(&writer) == 1);
	message_need(&writer, 2);
	CHECK(message_version(&writer) == 2 && bytes[0] == 2);
	message_need(&writer, 1);
	CHECK(message_version(&writer) == 2);
	const struct session_key key = { .family = 4, .protocol = 6 };
	struct message_record record = { .owner.address.family = 4 };
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 7);
	CHECK(message_put_store(&writer, &key, &record));
	CHECK(message_version(&writer) == 1);
	record.half_open = true;
	CHECK(message_put_store(&writer, &key, &record));
	CHECK(message_version(&writer) == 2);
	message_begin(&writer, bytes, 3, MESSAGE_FIND_NODE, 7);
	bytes[0] = 0;
	message_need(&writer, 2); /* no room: nothing is written */
	CHECK(bytes[0] == 0);
}

/* --- drawing ------------------------------------------------------------ */

static void
draw_bytes(struct rng *rng, uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)rng_next(rng);
}

static struct endpoint
draw_endpoint(struct rng *rng, uint8_t family)
{
	struct endpoint endpoint = {
		.address = { .family = family },
		.port = (uint16_t)(1 + rng_below(rng, 65535)),
	};

	draw_bytes(rng, endpoint.address.bytes, family == 4 ? 4 : 16);
	return endpoint;
}

static struct session_key
draw_key(struct rng *rng, uint8_t family)
{
	struct session_key key = { .family = family, .protocol = 6 };

	draw_bytes(rng, key.client, family == 4 ? 4 : 16);
	draw_bytes(rng, key.service, family == 4 ? 4 : 16);
	draw_bytes(rng, key.client_port, 2);
	draw_bytes(rng, key.service_port, 2);
	return key;
}

static struct version
draw_version(struct rng *rng)
{
	return (struct version){ (int64_t)rng_next(rng),
				 (uint32_t)rng_next(rng) };
}

static struct message_record
draw_record(struct rng *rng, uint8_t family)
{
	struct message_record record = {
		.version = draw_version(rng),
		.owner = draw_endpoint(rng, family),
		.ttl_ms = (uint32_t)rng_next(rng),
		.tombstone = rng_below(rng, 2) == 0,
	};

	record.half_open = !record.tombstone && rng_below(rng, 2) == 0;
	return record;
}

/* --- round trips -------------------------------------------------------- */

static bool
same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->address.family == b->address.family &&
	       memcmp(a->address.bytes, b->address.bytes, 16) == 0;
}

static bool
same_record(const struct message_record *a, const struct message_record *b)
{
	return version_compare(a->version, b->version) == 0 &&
	       same_endpoint(&a->owner, &b->owner) && a->ttl_ms == b->ttl_ms &&
	       a->tombstone == b->tombstone && a->half_open == b->half_open;
}

static bool
same_item(const struct message_item *a, const struct message_item *b)
{
	bool same = a->status == b->status && a->position == b->position &&
		    session_equal(&a->key, &b->key) &&
		    version_compare(a->version, b->version) == 0 &&
		    a->record_count == b->record_count &&
		    a->contact_count == b->contact_count;

	for (uint32_t i = 0; same && i < a->record_count; i++)
		same = same_record(&a->records[i], &b->records[i]);
	return same;
}

struct written {
	uint8_t bytes[MESSAGE_MAX];
	uint32_t size;
	uint32_t count;
	struct message_item items[MESSAGE_ITEMS_MAX];
	struct endpoint contacts[MESSAGE_ITEMS_MAX][MESSAGE_CONTACTS_MAX];
};

static void
check_read(const struct written *w, uint8_t type, uint32_t transaction)
{
	struct message_reader reader;
	struct message_item item;
	uint32_t count = 0;

	CHECK(message_open(&reader, w->bytes, w->size) == DROP_NONE);
	CHECK(reader.header.type == type &&
	      reader.header.speaks == MESSAGE_VERSION);
	CHECK(reader.header.transaction == transaction);
	CHECK(reader.header.count == w->count);
	while (message_next(&reader, &item)) {
		CHECK(same_item(&item, &w->items[count]));
		for (uint32_t i = 0; i < item.contact_count; i++) {
			struct endpoint contact = message_contact(&item, i);
			CHECK(same_endpoint(&contact, &w->contacts[count][i]));
		}
		count++;
	}
	CHECK(count == w->count);
}

/* Any cut loses something that was announced; any cut of padding does not. */
static void
check_cuts(const struct written *w)
{
	for (uint32_t size = 0; size < w->size; size++)
		CHECK(open_exact(w->bytes, size) == DROP_SHORT);
	CHECK(open_exact(w->bytes, w->size) == DROP_NONE);
}

static bool
put_request(struct message_writer *writer, struct rng *rng, uint8_t type,
	    uint8_t family, struct message_item *item)
{
	memset(item, 0, sizeof(*item));
	if (type == MESSAGE_FIND_NODE) {
		item->position = rng_next(rng);
		return message_put_position(writer, item->position);
	}
	item->key = draw_key(rng, family);
	if (type == MESSAGE_FIND_VALUE)
		return message_put_key(writer, &item->key);
	if (type == MESSAGE_STORE) {
		item->record_count = 1;
		item->records[0] = draw_record(rng, family);
		return message_put_store(writer, &item->key, item->records);
	}
	item->version = draw_version(rng);
	return message_put_version(writer, &item->key, item->version);
}

/* As many items as were asked for, or as fit. */
static void
write_request(struct written *w, struct rng *rng, uint8_t type, uint8_t family,
	      uint32_t count, uint32_t transaction)
{
	struct message_writer writer;

	message_begin(&writer, w->bytes, sizeof(w->bytes),
		      (enum message_type)type, transaction);
	w->count = 0;
	if (type != MESSAGE_PING && type != MESSAGE_LEAVE) {
		while (w->count < count) {
			uint32_t before = writer.size;
			if (!put_request(&writer, rng, type, family,
					 &w->items[w->count])) {
				CHECK(writer.size == before);
				break;
			}
			w->count++;
		}
	}
	w->size = writer.size;
}

/* IPv4 contacts come back first, else in the order given. */
static bool
put_contacts(struct message_writer *writer, struct rng *rng,
	     struct message_item *item, struct endpoint *sorted)
{
	struct endpoint contacts[MESSAGE_CONTACTS_MAX];
	uint32_t count = (uint32_t)rng_below(rng, MESSAGE_CONTACTS_MAX + 1);
	uint32_t next = 0;

	for (uint32_t i = 0; i < count; i++)
		contacts[i] = draw_endpoint(rng, rng_below(rng, 2) ? 4 : 6);
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (uint32_t i = 0; i < count; i++) {
			if (contacts[i].address.family == family)
				sorted[next++] = contacts[i];
		}
	}
	item->status = ITEM_CONTACTS;
	item->contact_count = count;
	return message_put_contacts(writer, contacts, count);
}

/* All of them; what version 1 says is read back. */
static bool
put_records(struct message_writer *writer, struct message_item *item)
{
	bool old = message_version(writer) == 1;
	uint32_t said = 0;

	item->records[0].half_open &= !old;
	bool put =
		message_put_records(writer, item->records, item->record_count);
	for (uint32_t i = 0; old && i < item->record_count; i++)
		if (!item->records[i].half_open &&
		    said < MESSAGE_RECORDS_OLDEST)
			item->records[said++] = item->records[i];
	if (old)
		item->record_count = said;
	return put;
}

static bool
put_answer(struct message_writer *writer, struct rng *rng, uint8_t type,
	   uint8_t family, struct message_item *item, struct endpoint *contacts)
{
	memset(item, 0, sizeof(*item));
	if (type == MESSAGE_STORE || type == MESSAGE_REMOVE ||
	    type == MESSAGE_HOLD) {
		item->status =
			(enum item_status)(ITEM_STORED + rng_below(rng, 4));
		if (item->status != ITEM_STALE)
			return message_put_status(writer, item->status);
		item->version = draw_version(rng);
		return message_put_stale(writer, item->version);
	}
	if (type == MESSAGE_FIND_VALUE && rng_below(rng, 2) == 0) {
		item->status = ITEM_RECORDS;
		item->record_count =
			1 + (uint32_t)rng_below(rng, RECORDS_PER_KEY);
		for (uint32_t i = 0; i < item->record_count; i++)
			item->records[i] = draw_record(rng, family);
		return put_records(writer, item);
	}
	return put_contacts(writer, rng, item, contacts);
}

static void
write_reply(struct written *w, struct rng *rng, uint8_t type, uint8_t family,
	    uint32_t count, uint32_t transaction)
{
	struct message_header request = {
		.type = type,
		.speaks = (uint8_t)(1 + transaction % MESSAGE_VERSION),
		.count = (uint8_t)count,
		.transaction = transaction,
	};
	struct message_writer writer;

	message_begin_reply(&writer, w->bytes, sizeof(w->bytes), &request);
	for (w->count = 0; w->count < count; w->count++) {
		struct message_item *item = &w->items[w->count];
		if (!put_answer(&writer, rng, type, family, item,
				w->contacts[w->count]))
			memset(item, 0, sizeof(*item));
		if (message_version(&writer) < 2)
			item->version = (struct version){ 0 };
	}
	CHECK(!message_put_status(&writer, ITEM_UNANSWERED));
	w->size = writer.size;
}

static void
everything_comes_back(void)
{
	static struct written w;
	static const uint32_t counts[] = { 1, 2, 7, 40, MESSAGE_ITEMS_MAX };
	struct rng rng;

	rng_init(&rng, 6, 1);
	for (uint8_t type = MESSAGE_PING; type <= MESSAGE_DOUBT; type++) {
		bool items = type != MESSAGE_PING && type != MESSAGE_LEAVE;
		for (unsigned i = 0; i < 10; i++) {
			uint8_t family = i & 1 ? 4 : 6;
			uint32_t count = items ? counts[i / 2] : 0;
			uint32_t id = (uint32_t)rng_next(&rng);

			write_request(&w, &rng, type, family, count, id);
			CHECK(!items || w.count > 0);
			check_read(&w, type, id);
			check_cuts(&w);
			if (type > MESSAGE_REMOVE && type != MESSAGE_HOLD)
				continue;
			write_reply(&w, &rng, type, family, count, id);
			check_read(&w, type | MESSAGE_REPLY, id);
			check_cuts(&w);
		}
	}
}

/* --- room --------------------------------------------------------------- */

/* A padded batch of finds gets k contacts an item within three times its
 * size, as far as a datagram goes; nothing is ever larger. */
static void
padding_pays_for_the_reply(void)
{
	static struct written w;
	struct endpoint contacts[MESSAGE_CONTACTS_MAX];
	uint8_t bytes[MESSAGE_MAX];
	struct message_writer writer;
	struct message_reader reader;
	struct rng rng;

	rng_init(&rng, 8, 1);
	for (uint32_t round = 0; round < 400; round++) {
		uint8_t family = round & 1 ? 4 : 6;
		uint8_t type =
			round & 2 ? MESSAGE_FIND_NODE : MESSAGE_FIND_VALUE;
		uint32_t k = 1 + (uint32_t)rng_below(&rng, 32), fitted = 0;
		uint32_t count = 1 + (uint32_t)rng_below(&rng, 12);

		for (uint32_t i = 0; i < k; i++)
			contacts[i] = draw_endpoint(&rng, family);
		write_request(&w, &rng, type, family, count, round);
		writer = (struct message_writer){ .bytes = w.bytes,
						  .capacity = MESSAGE_MAX,
						  .size = w.size };
		message_pad_for_reply(&writer, k, family);
		CHECK(open_exact(w.bytes, writer.size) == DROP_NONE);
		CHECK(message_open(&reader, w.bytes, writer.size) == DROP_NONE);
		uint32_t limit = message_reply_limit(writer.size, false);
		message_begin_reply(&writer, bytes, limit, &reader.header);
		for (uint32_t i = 0; i < w.count; i++)
			fitted += message_put_contacts(&writer, contacts, k);
		CHECK(writer.size <= limit && limit <= MESSAGE_MAX);
		CHECK(open_exact(bytes, writer.size) == DROP_NONE);
		uint32_t wanted = message_reply_bytes(type, w.count, k, family);
		CHECK(fitted == w.count || wanted == MESSAGE_MAX);
		CHECK(fitted > 0);
	}
}

static void
first_answer_is_shortened(void)
{
	struct message_header request = {
		.type = MESSAGE_FIND_NODE,
		.count = 2,
		.transaction = 1,
	};
	struct endpoint contacts[20];
	uint8_t bytes[64];
	struct message_writer writer;
	struct message_reader reader;
	struct message_item item;
	struct rng rng;

	rng_init(&rng, 9, 1);
	for (unsigned i = 0; i < 20; i++)
		contacts[i] = draw_endpoint(&rng, 4);
	/* 8 + 3 + 6 * 6 + 1 = 48 */
	message_begin_reply(&writer, bytes, 48, &request);
	CHECK(message_put_contacts(&writer, contacts, 20));
	CHECK(!message_put_contacts(&writer, contacts, 20));
	CHECK(writer.size == 48 && writer.owed == 0);
	CHECK(message_open(&reader, bytes, writer.size) == DROP_NONE);
	CHECK(message_next(&reader, &item) && item.contact_count == 6);
	struct endpoint last = message_contact(&item, 5);
	CHECK(same_endpoint(&last, &contacts[5]));
	CHECK(message_next(&reader, &item) && item.status == ITEM_UNANSWERED);
	CHECK(!message_next(&reader, &item));

	/* No room for one contact: marked, not written over the end. */
	message_begin_reply(&writer, bytes, 17, &request);
	CHECK(!message_put_contacts(&writer, contacts, 20));
	CHECK(!message_put_contacts(&writer, contacts, 20));
	CHECK(writer.size == 10 && open_exact(bytes, 10) == DROP_NONE);
	/* Nor for the status bytes. */
	message_begin_reply(&writer, bytes, 9, &request);
	CHECK(!message_put_contacts(&writer, contacts, 20) && writer.size == 0);
	message_begin(&writer, bytes, 7, MESSAGE_FIND_NODE, 1);
	CHECK(!message_put_position(&writer, 1) && writer.size == 0);
	message_pad_for_reply(&writer, 20, 4);
	CHECK(writer.size == 0);
}

/* --- noise -------------------------------------------------------------- */

/* Any bytes; and good ones with a few bytes changed. open_exact() checks that
 * what was accepted can be walked. */
static void
noise_is_survived(void)
{
	static struct written w;
	uint8_t bytes[200];
	struct rng rng;
	unsigned accepted = 0;

	rng_init(&rng, 10, 1);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t size = (uint32_t)rng_below(&rng, sizeof(bytes));
		draw_bytes(&rng, bytes, size);
		if (size > 3 && i % 4 != 0) {
			bytes[0] = (uint8_t)(1 + i % MESSAGE_VERSION);
			bytes[1] = (uint8_t)((bytes[1] & 0x80) +
					     rng_below(&rng, 8));
			bytes[3] &= 3;
		}
		accepted += open_exact(bytes, size) == DROP_NONE;
	}
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t type = (uint8_t)(1 + rng_below(&rng, 5));
		uint32_t count = type == MESSAGE_PING ? 0 : 1 + i % 3;
		if (i % 16 == 0)
			write_reply(&w, &rng, type, 4, count, i);
		w.bytes[rng_below(&rng, w.size)] ^=
			(uint8_t)(1 << rng_below(&rng, 8));
		accepted += open_exact(w.bytes, w.size) == DROP_NONE;
	}
	CHECK(accepted > 1000 && accepted < 39000);
}

int
main(void)
{
	bytes_mean_what_is_written();
	layout_is_as_drawn();
	replies_are_of_the_newest_common_version();
	a_request_is_as_old_as_it_can_be();
	everything_comes_back();
	padding_pays_for_the_reply();
	first_answer_is_shortened();
	noise_is_survived();
	return check_done();
}
