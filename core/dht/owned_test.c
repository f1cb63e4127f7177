/* SPDX-License-Identifier: GPL-3.0-or-later */
/* owned_test.c - what a node says about a session of its own */
#include "core/dht/owned.h"

#include "core/test/solo.h"

/* The node owns the session or not; its store has records of others: by
 * version, 0 for no such statement. */
struct row {
	const char *sentence;
	int64_t own; /* our publication's version */
	bool ended; /* by remove(), tombstones not yet acknowledged */
	int64_t stored_own; /* a record of ours in the store */
	int64_t other, tombstone; /* of another owner */
	uint32_t count;
	int64_t first, second; /* versions, of live records or not */
	bool half_open, other_half_open; /* ours; the other's */
};

static const struct row rows[] = {
	{ "nothing is known", 0, false, 0, 0, 0, 0, 0, 0, false, false },
	{ "what we own, and no store holds", 5, false, 0, 0, 0, 1, 5, 0, false,
	  false },
	{ "what the store has", 0, false, 0, 4, 0, 1, 4, 0, false, false },
	{ "ours is newer than another's", 5, false, 0, 4, 0, 2, 5, 4, false,
	  false },
	{ "another's is newer than ours", 5, false, 0, 6, 0, 2, 6, 5, false,
	  false },
	{ "our store holds an older one of ours", 5, false, 4, 0, 0, 1, 5, 0,
	  false, false },
	{ "ours, older in the store, and another's", 5, false, 4, 3, 0, 2, 5, 3,
	  false, false },
	{ "another's end says nothing about ours", 5, false, 0, 0, 6, 1, 5, 0,
	  false, false },
	{ "only another's end", 0, false, 0, 0, 6, 1, 6, 0, false, false },
	{ "we ended it: the store speaks", 5, true, 0, 4, 0, 1, 4, 0, false,
	  false },
	{ "a handshake of ours", 5, false, 0, 0, 0, 1, 5, 0, true, false },
	{ "what is open beats it", 5, false, 0, 4, 0, 2, 4, 5, true, false },
	{ "a newer one does, too", 5, false, 0, 6, 0, 2, 6, 5, true, true },
	{ "an older one does not", 5, false, 0, 4, 0, 2, 5, 4, true, true },
	{ "another's handshake, after what is open", 5, false, 0, 6, 0, 2, 5, 6,
	  false, true },
};

static void
tell_store(struct solo *solo, uint32_t owner, int64_t version, bool half_open,
	   bool tombstone)
{
	struct session_key key = solo_key(1);
	struct record record = {
		.version = solo_version(version),
		.owner = owner,
		.ttl_ms = 1000,
		.half_open = half_open,
		.tombstone = tombstone,
	};

	if (version != 0)
		CHECK(store_put(solo->parts.store, solo->now, 0, &key,
				&record) == STORE_STORED);
}

static void
test_known(const struct row *row)
{
	struct node_settings settings = solo_settings(8);
	struct record records[RECORDS_PER_KEY];
	struct session_key key = solo_key(1);
	struct solo_sent sent;
	struct solo solo;

	/* Enough peers that no node holds a record of its own by itself. */
	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 100);
	if (row->half_open)
		CHECK(node_set_half_open(solo.node, solo.now, &key,
					 solo_version(row->own),
					 &solo.outbox) == 0);
	else if (row->own != 0)
		CHECK(node_set(solo.node, solo.now, &key,
			       solo_version(row->own), &solo.outbox) == 0);
	if (row->ended) {
		/* A replica that may have it keeps it ending. */
		while (solo.node->parts.lookups->slots[0].phase ==
		       LOOKUP_FINDING) {
			while (solo_next(&solo, &sent))
				solo_contacts(&solo, &sent, NULL, 0);
			solo_expire(&solo);
		}
		CHECK(node_remove(solo.node, solo.now, &key, &solo.outbox) ==
		      0);
	}
	CHECK_ROW((owned_find(solo.node, &key) != NULL) ==
			  (row->own != 0 && !row->ended),
		  row->sentence);
	tell_store(&solo, 0, row->stored_own, false, false);
	tell_store(&solo, 7, row->other, row->other_half_open, false);
	tell_store(&solo, 7, row->tombstone, false, true);
	CHECK_ROW(owned_known(solo.node, solo.now, &key, records) == row->count,
		  row->sentence);
	if (row->count > 0)
		CHECK_ROW(records[0].version.established_ns == row->first,
			  row->sentence);
	if (row->count > 1)
		CHECK_ROW(records[1].version.established_ns == row->second,
			  row->sentence);
	if (row->count > 0 && row->first == row->own && !row->ended) {
		CHECK_ROW(records[0].owner == 0, row->sentence);
		CHECK_ROW(records[0].ttl_ms ==
				  (row->half_open ? 64000 : 600000),
			  row->sentence);
		CHECK_ROW(records[0].half_open == row->half_open,
			  row->sentence);
		CHECK_ROW(!records[0].tombstone, row->sentence);
	}
	solo_close(&solo);
}

static void
test_put(void)
{
	struct node_settings settings = solo_settings(8);
	struct message_writer writer;
	struct message_reader reader;
	struct message_item item;
	uint8_t bytes[MESSAGE_MAX];
	struct solo solo;
	uint32_t put = 0;

	solo_open(&solo, &settings);
	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 1);
	for (;;) {
		struct session_key key = solo_key(put);

		if (!owned_put(solo.node, &writer, &key, solo_version(put),
			       false))
			break;
		put++;
	}
	CHECK(put == BATCH_ITEMS); /* then it was full */
	CHECK(message_open(&reader, bytes, writer.size) == DROP_NONE);
	for (uint32_t i = 0; message_next(&reader, &item); i++) {
		struct session_key key = solo_key(i);
		struct endpoint self = solo_endpoint(0);

		CHECK(session_equal(&item.key, &key));
		CHECK(item.records[0].version.established_ns == i);
		CHECK(item.records[0].ttl_ms == 600000);
		CHECK(item.records[0].owner.port == self.port);
		CHECK(address_equal(&item.records[0].owner.address,
				    &self.address));
	}
	solo_close(&solo);
}

static void
test_hold_and_end(void)
{
	struct node_settings settings = solo_settings(8);
	struct session_key one = solo_key(1), two = solo_key(2);
	struct record records[RECORDS_PER_KEY];
	struct solo solo;

	solo_open_room(&solo, &settings, (struct solo_room){ .records = 1 });
	CHECK(owned_hold(solo.node, solo.now, &one, solo_version(5), false));
	CHECK(owned_hold(solo.node, solo.now, &one, solo_version(6), false));
	CHECK(store_get(solo.parts.store, solo.now, 0, &one, records) == 1);
	CHECK(records[0].version.established_ns == 6 && records[0].owner == 0);
	CHECK(records[0].ttl_ms == 600000);
	/* Full: another has no room, nor has the end of what is not there. */
	CHECK(!owned_hold(solo.node, solo.now, &two, solo_version(5), false));
	owned_end(solo.node, solo.now, &two, solo_version(5));
	CHECK(store_get(solo.parts.store, solo.now, 0, &two, records) == 0);
	/* The end takes the place of the record. */
	owned_end(solo.node, solo.now, &one, solo_version(6));
	CHECK(store_get(solo.parts.store, solo.now, 0, &one, records) == 1);
	CHECK(records[0].tombstone && records[0].ttl_ms == 120000);
	/* An older one of ours comes too late: not stored, but no lack. */
	CHECK(owned_hold(solo.node, solo.now, &one, solo_version(5), false));
	CHECK(store_get(solo.parts.store, solo.now, 0, &one, records) == 1);
	CHECK(records[0].tombstone);
	solo_close(&solo);
}

static const struct {
	const char *sentence;
	int64_t version; /* of the copy; ours is 5 */
	bool ending;
	int64_t told_ns; /* before; -1: never yet */
	int64_t due_ns; /* from now on; -1: not for this */
} copies[] = {
	{ "it has ours", 5, false, NS_PER_S, -1 },
	{ "older: it is told at once", 4, false, NS_PER_S, 0 },
	{ "all were told a moment ago", 4, false, 50 * NS_PER_MS,
	  OWNED_TELL_NS - 50 * NS_PER_MS },
	{ "just now", 4, false, 0, OWNED_TELL_NS },
	{ "they were not all told", 4, false, -1, 0 },
	{ "it ends: that one hears at once", 4, true, 0, 0 },
};

/* A peer has a copy of another's sending: when is ours sent? */
static void
test_copied(void)
{
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct session_key key = solo_key(1);
		struct solo solo;

		solo_open(&solo, &settings);
		struct publications *all = solo.parts.publications;
		uint32_t slot = publication_add(
			all, 0, &key, node_key_position(solo.node, &key),
			false);
		struct publication *own = publication_at(all, slot);
		own->version = solo_version(5);
		own->state = copies[i].ending ? PUBLICATION_ENDING
					      : PUBLICATION_HELD;
		if (copies[i].told_ns >= 0)
			own->published = (struct instant){ solo.now.ns -
							   copies[i].told_ns };
		/* However often it is said. */
		for (uint32_t j = 0; j < 3; j++)
			CHECK_ROW(owned_copied(solo.node, solo.now, &key,
					       solo_version(copies[i].version),
					       7) == ITEM_STORED,
				  copies[i].sentence);
		CHECK_ROW(own->copy_count == 1, copies[i].sentence);
		CHECK_ROW(own->timer.queued == (copies[i].due_ns >= 0),
			  copies[i].sentence);
		if (own->timer.queued)
			CHECK_ROW(own->timer.when.ns ==
					  solo.now.ns + copies[i].due_ns,
				  copies[i].sentence);
		solo_close(&solo);
	}
}

int
main(void)
{
	test_copied();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_known(&rows[i]);
	test_put();
	test_hold_and_end();
	return check_done();
}
