/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publish_end_test.c - sessions of our own removed, in whatever state */
#include <errno.h>
#include <string.h>

#include "core/dht/owned.h"
#include "core/dht/publish.h"
#include "core/test/owner.h"

static void
test_remove(void)
{
	static const struct {
		const char *sentence;
		uint32_t silent; /* of three replicas */
	} rows[] = {
		{ "all replicas acknowledge", 0 },
		{ "one is silent: forgotten all the same", 1 },
		{ "all are silent", 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t removes = 0, silent[3], silent_count = 0;
		const char *sentence = rows[i].sentence;
		struct record records[RECORDS_PER_KEY];
		struct solo_sent sent;
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		struct session_key key = solo_key(number);
		CHECK_ROW(owner_end(&solo, number) == -ENOENT, sentence);
		struct publication *own = owner_place(&solo, number);
		for (uint32_t j = 0; j < rows[i].silent; j++)
			silent[silent_count++] = own->replicas[j];
		CHECK_ROW(owner_end(&solo, number) == 0, sentence);
		CHECK_ROW(owned_find(solo.node, &key) == NULL, sentence);
		CHECK_ROW(owner_end(&solo, number) == -ENOENT, sentence);
		CHECK_ROW(owner_publication(&solo, number) != NULL, sentence);
		do {
			while (solo_next(&solo, &sent)) {
				bool quiet = false;

				if (sent.header.type != MESSAGE_REMOVE)
					continue;
				struct message_item item = solo_item(&sent, 0);
				CHECK(session_equal(&item.key, &key));
				CHECK(item.version.established_ns == 5);
				removes++;
				for (uint32_t j = 0; j < silent_count; j++)
					quiet |= silent[j] == sent.peer;
				if (!quiet)
					solo_status(&solo, &sent, ITEM_STORED);
			}
		} while (owner_publication(&solo, number) != NULL &&
			 solo_due(&solo, instant_after(solo.now, NS_PER_S)));
		CHECK_ROW(publications_count(solo.parts.publications) == 0,
			  sentence);
		CHECK_ROW(owner_in_flight(&solo) == 0, sentence);
		CHECK_ROW(removes == 3 - rows[i].silent +
					     rows[i].silent * BATCH_TRIES,
			  sentence);
		CHECK_ROW(store_get(solo.parts.store, solo.now, 0, &key,
				    records) == 0,
			  sentence);
		solo_close(&solo);
	}
}

/* Removed while a lookup places it: a REMOVE goes to those that were sent a
 * STORE so far, and those that held it before. */
static void
test_remove_while_it_is_placed(void)
{
	static const struct {
		const char *sentence;
		bool placed_before;
		uint32_t refused; /* STOREs that were, before the removal */
		uint32_t removes;
	} rows[] = {
		{ "three are being stored at", false, 0, 3 },
		{ "one of them has refused", false, 1, 2 },
		{ "three held it before, the same get it", true, 0, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t stores = 0, number;
		struct solo_sent sent, removes[8];
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		number = owner_far_key(&solo, 0);
		if (rows[i].placed_before)
			owner_place(&solo, number);
		CHECK(owner_set(&solo, number, 6) == 0);
		while (stores == 0) {
			while (solo_next(&solo, &sent)) {
				if (sent.header.type != MESSAGE_STORE)
					solo_contacts(&solo, &sent, NULL, 0);
				else if (stores++ < rows[i].refused)
					solo_status(&solo, &sent, ITEM_FULL);
			}
			if (stores == 0)
				solo_await(&solo, 0);
		}
		CHECK(stores == 3);
		CHECK(owner_end(&solo, number) == 0);
		uint32_t count = solo_all(&solo, MESSAGE_REMOVE, removes, 8);
		CHECK_ROW(count == rows[i].removes, rows[i].sentence);
		for (uint32_t j = 0; j < count; j++)
			solo_status(&solo, &removes[j], ITEM_STORED);
		CHECK_ROW(owner_publication(&solo, number) == NULL,
			  rows[i].sentence);
		solo_expire(&solo);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_STORED && !event.ok,
			  rows[i].sentence);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* We hold it ourselves, placed or about to be: a tombstone in our store. */
static void
test_remove_what_we_hold(void)
{
	static const struct {
		const char *sentence;
		uint32_t peers;
	} rows[] = {
		{ "alone", 0 },
		{ "while two peers are being asked to store", 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct record records[RECORDS_PER_KEY];
		struct session_key key = solo_key(1);
		struct solo_sent sent;
		struct solo solo;
		bool stores = rows[i].peers == 0;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, rows[i].peers);
		CHECK(owner_set(&solo, 1, 5) == 0);
		while (!stores) {
			while (solo_next(&solo, &sent)) {
				if (sent.header.type == MESSAGE_STORE)
					stores = true;
				else
					solo_contacts(&solo, &sent, NULL, 0);
			}
			if (!stores)
				solo_await(&solo, 0);
		}
		CHECK_ROW(store_get(solo.parts.store, solo.now, 0, &key,
				    records) == 1 &&
				  !records[0].tombstone,
			  rows[i].sentence);
		CHECK(owner_end(&solo, 1) == 0);
		CHECK_ROW(store_get(solo.parts.store, solo.now, 0, &key,
				    records) == 1 &&
				  records[0].tombstone,
			  rows[i].sentence);
		CHECK_ROW(owner_in_flight(&solo) == rows[i].peers,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

static const struct {
	const char *sentence;
	uint32_t free; /* batches, before */
	uint32_t first; /* REMOVEs at once; the rest when more are */
} no_batch_is_free_rows[] = {
	{ "none", 0, 0 },
	{ "one for three replicas", 1, 1 },
	{ "enough", 3, 3 },
};

/* No batch is free: the tombstones wait, and so does republishing. */
static void
test_no_batch_is_free(void)
{
	for (size_t i = 0; i < sizeof(no_batch_is_free_rows) /
				       sizeof(no_batch_is_free_rows[0]);
	     i++) {
		struct solo_sent removes[4];
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0),
			 other = owner_far_key(&solo, 1);
		owner_place(&solo, number);
		struct publication *held = owner_place(&solo, other);
		struct batches *batches = solo.parts.publications->batches;
		uint32_t last = BATCH_NONE;
		while (batches_free(batches) > no_batch_is_free_rows[i].free)
			last = batch_take(batches, 99, 1, MESSAGE_STORE);
		CHECK(owner_end(&solo, number) == 0);
		uint32_t count = solo_all(&solo, MESSAGE_REMOVE, removes, 4);
		CHECK_ROW(count == no_batch_is_free_rows[i].first,
			  no_batch_is_free_rows[i].sentence);
		for (uint32_t j = 0; j < count; j++)
			solo_status(&solo, &removes[j], ITEM_STORED);
		CHECK_ROW((owner_publication(&solo, number) == NULL) ==
				  (no_batch_is_free_rows[i].first == 3),
			  no_batch_is_free_rows[i].sentence);
		/* A little later; the acknowledged have freed theirs. */
		for (uint32_t round = 0;
		     round < 4 && owner_publication(&solo, number) != NULL;
		     round++) {
			CHECK_ROW(publish_deadline(solo.node).ns ==
					  solo.now.ns + PUBLISH_RETRY_NS,
				  no_batch_is_free_rows[i].sentence);
			if (batches_free(batches) == 0)
				batch_give(batches, last);
			solo_pass(&solo, PUBLISH_RETRY_NS);
			uint32_t more =
				solo_all(&solo, MESSAGE_REMOVE, removes + 0, 4);
			count += more;
			for (uint32_t j = 0; j < more; j++)
				solo_status(&solo, &removes[j], ITEM_STORED);
		}
		CHECK_ROW(count == 3 &&
				  owner_publication(&solo, number) == NULL,
			  no_batch_is_free_rows[i].sentence);
		/* Republishing needs a batch a replica, all or none. */
		bool enough = batches_free(batches) >= 3;
		solo.now = held->timer.when;
		solo_expire(&solo);
		CHECK_ROW(solo_all(&solo, MESSAGE_STORE, removes, 4) ==
				  (enough ? 3 : 0),
			  no_batch_is_free_rows[i].sentence);
		if (!enough)
			CHECK_ROW(publish_deadline(solo.node).ns ==
					  solo.now.ns + PUBLISH_RETRY_NS,
				  no_batch_is_free_rows[i].sentence);
		solo_close(&solo);
	}
}

/* Set again while the tombstones of its end are on the way: any version will
 * do, and what the replicas say to the tombstones counts for nothing. */
static void
test_set_while_it_ends(void)
{
	static const struct {
		const char *sentence;
		int64_t version; /* it ended at 5 */
	} rows[] = {
		{ "a newer version", 6 },
		{ "an older one, of a clock set back", 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo_sent removes[4];
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		owner_place(&solo, number);
		CHECK(owner_end(&solo, number) == 0);
		CHECK(solo_all(&solo, MESSAGE_REMOVE, removes, 4) == 3);
		CHECK(owner_set(&solo, number, rows[i].version) == 0);
		struct publication *own = owner_publication(&solo, number);
		CHECK_ROW(own->state == PUBLICATION_LOOKING, rows[i].sentence);
		for (uint32_t j = 0; j < 3; j++)
			CHECK_ROW(solo_status(&solo, &removes[j], ITEM_FULL) ==
					  DROP_NONE,
				  rows[i].sentence);
		CHECK_ROW(own->state == PUBLICATION_LOOKING && !own->lost,
			  rows[i].sentence);
		owner_serve_for(&solo, NS_PER_MS);
		CHECK_ROW(own->state == PUBLICATION_HELD &&
				  own->version.established_ns ==
					  rows[i].version,
			  rows[i].sentence);
		CHECK_ROW(node_event(solo.node).kind == NODE_STORED,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* A session held by three, and three new contacts that are closer to it than
 * all peers before; the number of the session. */
static uint32_t
place_then_newcomers(struct solo *solo, uint32_t room)
{
	/* Their bucket has to have room for them: not so for each session. */
	for (uint32_t nth = 0;; nth++) {
		uint32_t newcomers = 0;

		owner_open(solo, (struct solo_room){ .replicas = room });
		uint32_t number = owner_far_key(solo, nth);
		struct session_key key = solo_key(number);
		uint64_t position = node_key_position(solo->node, &key);
		owner_place(solo, number);
		for (uint32_t peer = OWNER_PEERS + 1;
		     peer <= SOLO_PEERS && newcomers < 3; peer++) {
			if (solo_rank(solo, position, peer, OWNER_PEERS) > 0)
				continue;
			node_learn(solo->node, solo->now, peer);
			newcomers += solo_knows(solo, peer);
		}
		if (newcomers == 3)
			return number;
		solo_close(solo);
	}
}

/* The newcomers are being sent theirs when the session ends. A publication
 * remembers those that have copies, too. */
static void
test_replicas_before_and_now(void)
{
	static const struct {
		const char *sentence;
		uint32_t room, removes;
	} rows[] = {
		{ "room for six replicas", 6, 6 },
		{ "room for three, and for as many who have copies", 3, 6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo_sent sent, removes[8];
		uint32_t stores = 0;
		struct solo solo;

		uint32_t number = place_then_newcomers(&solo, rows[i].room);
		CHECK(owner_set(&solo, number, 6) == 0);
		do {
			while (solo_next(&solo, &sent)) {
				if (sent.header.type == MESSAGE_STORE)
					stores += sent.peer > OWNER_PEERS;
				else
					solo_contacts(&solo, &sent, NULL, 0);
			}
		} while (stores == 0 && solo_due(&solo, solo.now));
		CHECK_ROW(stores == 3, rows[i].sentence);
		CHECK(owner_end(&solo, number) == 0);
		CHECK_ROW(solo_all(&solo, MESSAGE_REMOVE, removes, 8) ==
				  rows[i].removes,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* One that was sent a STORE and was silent: perhaps it was its answer that was
 * lost. It hears of the end, as the stand-in does. */
static void
test_silent_one(void)
{
	struct solo_sent sent, removes[8];
	uint32_t silent = ENDPOINT_NONE, told = 0;
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	uint32_t number = owner_far_key(&solo, 0);
	CHECK(owner_set(&solo, number, 5) == 0);
	const struct publication *own = owner_publication(&solo, number);
	do {
		while (solo_next(&solo, &sent)) {
			if (sent.header.type == MESSAGE_STORE &&
			    silent == ENDPOINT_NONE)
				silent = sent.peer;
			if (sent.peer == silent)
				continue;
			if (sent.header.type == MESSAGE_STORE)
				solo_status(&solo, &sent, ITEM_STORED);
			else
				solo_contacts(&solo, &sent, NULL, 0);
		}
	} while (own->state != PUBLICATION_HELD &&
		 solo_due(&solo, instant_after(solo.now, NS_PER_S)));
	CHECK(own->state == PUBLICATION_HELD && own->replica_count == 3);
	CHECK(owner_end(&solo, number) == 0);
	uint32_t count = solo_all(&solo, MESSAGE_REMOVE, removes, 8);
	CHECK(count == 4);
	for (uint32_t i = 0; i < count; i++)
		told += removes[i].peer == silent;
	CHECK(told == 1);
	solo_close(&solo);
}

static const struct {
	const char *sentence;
	int answers[3]; /* enum item_status; -1: silent */
	bool ok;
} endings[] = {
	{ "all acknowledge", { ITEM_STORED, ITEM_STORED, ITEM_STORED }, true },
	{ "there is something newer",
	  { ITEM_STORED, ITEM_STALE, ITEM_STORED },
	  true },
	{ "others are closer by now: that one knows all the same",
	  { ITEM_STORED, ITEM_STORED, ITEM_MOVED },
	  true },
	{ "no room for a tombstone",
	  { ITEM_STORED, ITEM_FULL, ITEM_STORED },
	  false },
	{ "one is silent", { -1, ITEM_STORED, ITEM_STORED }, false },
	{ "all are silent", { -1, -1, -1 }, false },
};

/* An announced removal says how it ended, by what each replica answered. */
static void
test_announced(void)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		const char *sentence = endings[i].sentence;
		struct solo_sent sent;
		struct solo solo;
		uint32_t replicas[3];

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		struct session_key key = solo_key(number);
		CHECK_ROW(node_published(solo.node, &key).ns ==
				  INSTANT_NEVER.ns,
			  sentence);
		struct publication *own = owner_place(&solo, number);
		CHECK_ROW(node_published(solo.node, &key).ns <= solo.now.ns,
			  sentence);
		memcpy(replicas, own->replicas, sizeof(replicas));
		CHECK_ROW(node_remove_announced(solo.node, solo.now, &key,
						&solo.outbox) == 0,
			  sentence);
		CHECK_ROW(node_published(solo.node, &key).ns ==
				  INSTANT_NEVER.ns,
			  sentence);
		do {
			while (solo_next(&solo, &sent)) {
				if (sent.header.type != MESSAGE_REMOVE)
					continue;
				CHECK(!node_eventful(solo.node));
				for (uint32_t j = 0; j < 3; j++)
					if (replicas[j] == sent.peer &&
					    endings[i].answers[j] >= 0)
						solo_status(
							&solo, &sent,
							(enum item_status)endings[i]
								.answers[j]);
			}
		} while (owner_publication(&solo, number) != NULL &&
			 solo_due(&solo, instant_after(solo.now, NS_PER_S)));
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_REMOVED, sentence);
		CHECK_ROW(session_equal(&event.key, &key), sentence);
		CHECK_ROW(event.ok == endings[i].ok, sentence);
		CHECK_ROW(node_event(solo.node).kind == NODE_NONE, sentence);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0, sentence);
		solo_close(&solo);
	}
}

int
main(void)
{
	test_announced();
	test_remove();
	test_remove_while_it_is_placed();
	test_remove_what_we_hold();
	test_no_batch_is_free();
	test_set_while_it_ends();
	test_replicas_before_and_now();
	test_silent_one();
	return check_done();
}
