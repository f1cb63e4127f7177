/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply_test.c - what a node answers to requests of peers
 *
 * One request goes in, one reply comes out; the table says what is in it.
 */
#include "core/dht/reply.h"

#include "core/test/solo.h"

/* The one reply in the outbox; beside it there may be a ping to a suspect that
 * holds the asker's place. */
static struct solo_sent
reply(struct solo *solo)
{
	struct solo_sent sent = { 0 }, one;
	uint32_t count = 0;

	while (solo_next(solo, &one)) {
		if (one.header.type == MESSAGE_PING)
			continue;
		sent = one;
		count++;
	}
	CHECK(count == 1 && sent.header.transaction == 77);
	return sent;
}

static enum item_status
ask(struct solo *solo, uint32_t from, struct message_writer *writer,
    struct solo_sent *sent)
{
	CHECK(solo_written(solo, from, writer) == DROP_NONE);
	*sent = reply(solo);
	CHECK(sent->header.type == (writer->bytes[1] | MESSAGE_REPLY));
	CHECK(sent->header.count == writer->bytes[3]);
	return sent->header.count == 0 ? ITEM_UNANSWERED
				       : solo_item(sent, 0).status;
}

static enum item_status
store_if(struct solo *solo, bool conditional, uint32_t from, uint32_t owner,
	 uint32_t number, int64_t version, uint32_t ttl_ms)
{
	struct message_record record = {
		.version = solo_version(version),
		.owner = solo_endpoint(owner),
		.ttl_ms = ttl_ms,
	};
	struct session_key key = solo_key(number);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct solo_sent sent;

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 77);
	message_put_store(&writer, &key, &record);
	if (conditional)
		message_make_conditional(&writer);
	return ask(solo, from, &writer, &sent);
}

static enum item_status
store(struct solo *solo, uint32_t from, uint32_t owner, uint32_t number,
      int64_t version, uint32_t ttl_ms)
{
	return store_if(solo, false, from, owner, number, version, ttl_ms);
}

static enum item_status
end(struct solo *solo, uint32_t from, uint32_t number, int64_t version)
{
	struct session_key key = solo_key(number);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct solo_sent sent;

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_REMOVE, 77);
	message_put_version(&writer, &key, solo_version(version));
	return ask(solo, from, &writer, &sent);
}

static struct message_item
find_value(struct solo *solo, uint32_t from, uint32_t number,
	   struct solo_sent *sent)
{
	struct session_key key = solo_key(number);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_VALUE, 77);
	message_put_key(&writer, &key);
	message_pad_for_reply(&writer, solo->settings.k, 4);
	ask(solo, from, &writer, sent);
	return solo_item(sent, 0);
}

static void
test_ping(void)
{
	struct node_settings settings = solo_settings(8);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct solo_sent sent;
	struct solo solo;

	solo_open(&solo, &settings);
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_PING, 77);
	ask(&solo, 9, &writer, &sent);
	CHECK(sent.peer == 9 && sent.size == MESSAGE_HEADER_BYTES);
	CHECK(solo_knows(&solo, 9)); /* who asks is heard of */
	CHECK(solo.node->counters.sent == 1);
	solo_close(&solo);
}

/* One STORE or REMOVE after another, in a store that holds `records`. */
static void
test_statements(void)
{
	static const struct {
		const char *sentence;
		bool removes; /* else stores */
		uint32_t from, owner, number;
		int64_t version;
		enum item_status status;
	} rows[] = {
		{ "a record that is new", false, 1, 1, 1, 5, ITEM_STORED },
		{ "the same once more", false, 1, 1, 1, 5, ITEM_STORED },
		{ "a newer one of the same owner", false, 1, 1, 1, 6,
		  ITEM_STORED },
		{ "an older one", false, 1, 1, 1, 4, ITEM_STALE },
		{ "another owner's, stored by that owner", false, 2, 2, 1, 3,
		  ITEM_STORED },
		{ "the store is full", false, 3, 3, 2, 9, ITEM_FULL },
		{ "full also for an end of what is not here", true, 3, 0, 2, 9,
		  ITEM_FULL },
		{ "an end takes the place of its record", true, 2, 0, 1, 3,
		  ITEM_STORED },
		{ "an end of an older session", true, 1, 0, 1, 2, ITEM_STALE },
		{ "a record after its end", false, 2, 2, 1, 3, ITEM_STALE },
	};
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	/* Nobody is known to be closer to anything. */
	solo_open_room(&solo, &settings, (struct solo_room){ .records = 2 });
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum item_status status =
			rows[i].removes
				? end(&solo, rows[i].from, rows[i].number,
				      rows[i].version)
				: store(&solo, rows[i].from, rows[i].owner,
					rows[i].number, rows[i].version, 1000);

		CHECK_ROW(status == rows[i].status, rows[i].sentence);
	}
	/* The dead make room: the hand of the store passes at each request. */
	solo.now = instant_after(solo.now, 1000 * NS_PER_MS);
	CHECK(store(&solo, 3, 3, 2, 9, 1000) == ITEM_STORED);
	solo_close(&solo);
}

/* Who is refused learns how new the newest is, whoever's it may be; a peer of
 * version 1 does not understand that. */
static void
test_stale_says_how_new(void)
{
	static const struct {
		const char *sentence;
		uint8_t speaks;
		bool removes;
		uint32_t owner;
		int64_t version, newest;
	} rows[] = {
		{ "an older record", 2, false, 1, 4, 20 },
		{ "an older end", 2, true, 1, 4, 20 },
		{ "worth less than those of two others", 2, false, 3, 4, 20 },
		{ "one that will speak more", 3, false, 1, 4, 20 },
		{ "one that speaks version 1", 1, false, 1, 4, 0 },
	};
	struct node_settings settings = solo_settings(8);
	struct session_key key = solo_key(1);
	struct solo solo;

	solo_open(&solo, &settings);
	CHECK(store(&solo, 1, 1, 1, 10, 1000) == ITEM_STORED);
	CHECK(store(&solo, 2, 2, 1, 20, 1000) == ITEM_STORED);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct message_record record = {
			.version = solo_version(rows[i].version),
			.owner = solo_endpoint(rows[i].owner),
			.ttl_ms = 1000,
		};
		struct message_writer writer;
		uint8_t bytes[MESSAGE_MAX];
		struct solo_sent sent;

		message_begin(&writer, bytes, sizeof(bytes),
			      rows[i].removes ? MESSAGE_REMOVE : MESSAGE_STORE,
			      77);
		if (rows[i].removes)
			message_put_version(&writer, &key, record.version);
		else
			message_put_store(&writer, &key, &record);
		bytes[2] = rows[i].speaks;
		CHECK(ask(&solo, rows[i].owner, &writer, &sent) == ITEM_STALE);
		CHECK_ROW(solo_item(&sent, 0).version.established_ns ==
				  rows[i].newest,
			  rows[i].sentence);
	}
	solo_close(&solo);
}

static void
test_time_to_live(void)
{
	static const struct {
		const char *sentence;
		uint32_t asked_ms, kept_ms;
	} rows[] = {
		{ "as short as the owner wants", 1000, 1000 },
		{ "no longer than our settings", UINT32_MAX, 600000 },
		{ "exactly as long", 600000, 600000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct record records[RECORDS_PER_KEY];
		struct session_key key = solo_key(1);
		struct solo solo;

		solo_open(&solo, &settings);
		CHECK(store(&solo, 1, 1, 1, 5, rows[i].asked_ms) ==
		      ITEM_STORED);
		CHECK(store_get(solo.parts.store, solo.now, 0, &key, records) ==
		      1);
		CHECK_ROW(records[0].ttl_ms == rows[i].kept_ms,
			  rows[i].sentence);
		CHECK(records[0].owner == 1 && !records[0].tombstone);
		CHECK(end(&solo, 1, 1, 5) == ITEM_STORED);
		CHECK(store_get(solo.parts.store, solo.now, 0, &key, records) ==
		      1);
		CHECK(records[0].owner == 1 && records[0].tombstone);
		CHECK(records[0].ttl_ms == 120000);
		solo_close(&solo);
	}
}

/* Expired statements are taken back as fast as new ones come. */
static void
test_the_dead_make_room(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	for (uint32_t number = 0; number < 20; number++)
		CHECK(store(&solo, 1, 1, number, 5, 1000) == ITEM_STORED);
	CHECK(store_count(solo.parts.store) == 20);
	solo.now = instant_after(solo.now, NS_PER_S);
	for (uint32_t number = 100; number < 120; number++) {
		CHECK(store(&solo, 1, 1, number, 5, 1000) == ITEM_STORED);
		CHECK(store_count(solo.parts.store) <= 20);
	}
	CHECK(store_count(solo.parts.store) == 20);
	solo_close(&solo);
}

/* "Moved" from the very replica on: as many contacts closer to the key than we
 * are as there are replicas. */
static uint32_t
moved_from(uint32_t replicas)
{
	struct node_settings settings = solo_settings(8);
	uint32_t moved = 0, equal = 0;
	struct solo_sent sent;
	struct solo solo;

	settings.replicas = replicas;
	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 4);
	for (uint32_t number = 0; number < 200; number++) {
		struct session_key key = solo_key(number);
		uint64_t position = node_key_position(solo.node, &key);
		/* Peer 5 sends a request and becomes a fifth contact. */
		uint32_t closer = solo_rank(&solo, position, 0, 5);

		/* Not kept on a condition that does not hold. */
		enum item_status status =
			store_if(&solo, true, 5, 5, number, 1, 1000);
		CHECK((find_value(&solo, 6, number, &sent).status ==
		       ITEM_RECORDS) == (status == ITEM_STORED));
		table_remove(solo.node->table, 6);
		CHECK(store(&solo, 5, 5, number, 1, 1000) == status);
		CHECK(status ==
		      (closer >= replicas ? ITEM_MOVED : ITEM_STORED));
		moved += status == ITEM_MOVED;
		equal += closer == replicas;
		/* Without one it is, until the owner has found the place. */
		CHECK(find_value(&solo, 6, number, &sent).status ==
		      ITEM_RECORDS);
		table_remove(solo.node->table, 6);
	}
	CHECK(moved > 20 && moved < 180);
	solo_close(&solo);
	return equal;
}

static void
test_moved(void)
{
	uint32_t equal = 0; /* exactly so many were closer */

	for (uint32_t replicas = 1; replicas <= 4; replicas++)
		equal += moved_from(replicas);
	CHECK(equal > 20);
}

/* The k closest that are sound, without the asker. */
static void
test_find_node(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	for (uint32_t round = 0; round < 100; round++) {
		uint32_t expected[BUCKET_MAX], asker = 1 + round % 60;
		uint64_t target = UINT64_C(0x9e3779b97f4a7c15) * round;
		struct message_writer writer;
		uint8_t bytes[MESSAGE_MAX];
		struct solo_sent sent;

		table_doubted(solo.node->table, 1 + round * 7 % 60);
		message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_NODE,
			      77);
		message_put_position(&writer, target);
		message_pad_for_reply(&writer, settings.k, 4);
		CHECK(ask(&solo, asker, &writer, &sent) == ITEM_CONTACTS);
		struct message_item item = solo_item(&sent, 0);
		uint32_t count =
			table_closest(solo.node->table, target, TABLE_SOUND,
				      asker, expected, settings.k);
		CHECK(item.contact_count == count);
		for (uint32_t i = 0; i < count; i++) {
			struct endpoint contact = message_contact(&item, i);
			uint32_t peer =
				endpoints_find(solo.parts.endpoints, &contact);

			CHECK(peer == expected[i] && peer != asker);
			CHECK(!contact_suspect(
				table_find(solo.node->table, peer)));
		}
	}
	solo_close(&solo);
}

static void
test_find_value(void)
{
	static const struct {
		const char *sentence;
		bool owns; /* the node itself, at version 5 */
		int64_t record, tombstone; /* of peers 2 and 3 */
		uint32_t records; /* 0: it answers with contacts */
		uint32_t owner; /* of the first */
	} rows[] = {
		{ "nothing is known: contacts", false, 0, 0, 0, 0 },
		{ "a record", false, 4, 0, 1, 2 },
		{ "only an end: a newer record may be elsewhere", false, 0, 4,
		  0, 0 },
		{ "a record, and another's end", false, 4, 3, 2, 2 },
		{ "the owner answers for its own", true, 0, 0, 1, 0 },
		{ "and names another, newer first", true, 6, 0, 2, 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct session_key key = solo_key(1);
		struct solo_sent sent;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 20);
		if (rows[i].owns)
			CHECK(node_set(solo.node, solo.now, &key,
				       solo_version(5), &solo.outbox) == 0);
		while (solo_next(&solo, &sent))
			;
		if (rows[i].record != 0)
			store(&solo, 2, 2, 1, rows[i].record, 1000);
		if (rows[i].tombstone != 0)
			end(&solo, 3, 1, rows[i].tombstone);
		struct message_item item = find_value(&solo, 4, 1, &sent);
		CHECK_ROW(item.status == (rows[i].records == 0 ? ITEM_CONTACTS
							       : ITEM_RECORDS),
			  rows[i].sentence);
		CHECK_ROW(item.record_count == rows[i].records,
			  rows[i].sentence);
		if (rows[i].records == 0) {
			CHECK_ROW(item.contact_count == settings.k,
				  rows[i].sentence);
		} else {
			uint32_t owner = endpoints_find(solo.parts.endpoints,
							&item.records[0].owner);

			CHECK_ROW(owner == rows[i].owner, rows[i].sentence);
			CHECK_ROW(!item.records[0].tombstone &&
					  item.records[0].ttl_ms > 0,
				  rows[i].sentence);
		}
		if (rows[i].records == 2)
			CHECK_ROW(item.records[1].tombstone ==
					  (rows[i].tombstone != 0),
				  rows[i].sentence);
		solo_close(&solo);
	}
}

/* A peer that never answered us gets at most three times what it sent; what
 * does not fit is marked, or left out at the end. */
static void
test_amplification(void)
{
	static const struct {
		const char *sentence;
		bool verified;
		uint32_t items;
	} rows[] = {
		{ "a stranger asks for one place", false, 1 },
		{ "a stranger asks for ten", false, 10 },
		{ "a contact that has answered asks for one", true, 1 },
		{ "and for ten", true, 10 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(20);
		uint32_t from = rows[i].verified ? 1 : 200, contacts = 0;
		struct message_writer writer;
		struct message_reader reader;
		struct message_item item;
		uint8_t bytes[MESSAGE_MAX];
		struct solo_sent sent;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 60);
		message_begin(&writer, bytes, sizeof(bytes), MESSAGE_FIND_NODE,
			      77);
		for (uint64_t j = 0; j < rows[i].items; j++)
			message_put_position(&writer, j << 60);
		ask(&solo, from, &writer, &sent);
		CHECK_ROW(rows[i].verified || sent.size <= 3 * writer.size,
			  rows[i].sentence);
		CHECK(message_open(&reader, sent.bytes, sent.size) ==
		      DROP_NONE);
		while (message_next(&reader, &item))
			contacts += item.contact_count;
		CHECK_ROW(rows[i].verified
				  ? contacts == rows[i].items * settings.k ||
					    sent.size > MESSAGE_MAX - 123
				  : contacts > 0 &&
					    contacts <
						    rows[i].items * settings.k,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* What we have no room for. */
static void
test_full(void)
{
	struct node_settings settings = solo_settings(8);
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];
	struct solo solo;

	/* The table of endpoints: a stranger is answered, but neither it nor
	 * an owner unheard of can be named in a record. */
	solo_open_room(&solo, &settings, (struct solo_room){ .endpoints = 3 });
	CHECK(end(&solo, 1, 1, 5) == ITEM_STORED);
	CHECK(store(&solo, 1, 50, 2, 5, 1000) == ITEM_FULL);
	CHECK(end(&solo, 50, 3, 5) == ITEM_FULL);
	CHECK(store(&solo, 50, 1, 4, 5, 1000) == ITEM_STORED);
	/* The outbox: dropped, and said so. */
	solo.outbox.item_capacity = 0;
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_PING, 77);
	CHECK(solo_written(&solo, 1, &writer) == DROP_OUTBOX);
	solo_close(&solo);
}

int
main(void)
{
	test_ping();
	test_statements();
	test_stale_says_how_new();
	test_time_to_live();
	test_the_dead_make_room();
	test_moved();
	test_find_node();
	test_find_value();
	test_amplification();
	test_full();
	return check_done();
}
