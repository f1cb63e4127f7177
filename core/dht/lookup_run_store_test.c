/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_run_store_test.c - a lookup that stores: replicas that refuse, are
 * full, silent or late
 */
#include "core/dht/lookup_run.h"

#include "core/test/solo.h"

static int
set(struct solo *solo, uint32_t number, int64_t version)
{
	struct session_key key = solo_key(number);

	return node_set(solo->node, solo->now, &key, solo_version(version),
			&solo->outbox);
}

/* Answer queries until STOREs come; how many. */
static uint32_t
until_stores(struct solo *solo, struct solo_sent *stores)
{
	uint32_t count = 0;
	struct solo_sent sent;

	while (count == 0) {
		while (solo_next(solo, &sent)) {
			if (sent.header.type == MESSAGE_STORE)
				stores[count++] = sent;
			else
				solo_contacts(solo, &sent, NULL, 0);
		}
		if (count == 0 && !solo_due(solo, solo->now))
			break;
	}
	return count;
}

static const struct {
	const char *sentence;
	enum item_status status;
	uint32_t refusals;
	bool ok;
	uint32_t replicas, stores;
} refusals_rows[] = {
	{ "all store it", ITEM_FULL, 0, true, 3, 3 },
	{ "one is full: the fourth gets it", ITEM_FULL, 1, true, 3, 4 },
	{ "two are full", ITEM_FULL, 2, true, 3, 5 },
	{ "four of six are full: we are the third", ITEM_FULL, 4, true, 2, 6 },
	{ "all are full", ITEM_FULL, 6, false, 0, 6 },
	{ "one had no room to answer", ITEM_UNANSWERED, 1, true, 3, 4 },
	{ "one knows closer ones, but none is: asked again", ITEM_MOVED, 1,
	  true, 3, 4 },
	{ "one knows a newer one: ours is not stored", ITEM_STALE, 1, false, 2,
	  3 },
};

/* Peers that answer a STORE with a status until `refusals` have; then the next
 * closest is sent a STORE. With 6 peers, of whom 3 are to hold it. */
static void
test_refusals(void)
{
	for (size_t i = 0; i < sizeof(refusals_rows) / sizeof(refusals_rows[0]);
	     i++) {
		struct node_settings settings = solo_settings(8);
		uint32_t refused = 0, stores = 0, number = 0;
		struct solo_sent sent[BUCKET_MAX];
		struct session_key key;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 6);
		do /* we ourselves are the farthest */
			key = solo_key(++number);
		while (solo_rank(&solo, node_key_position(solo.node, &key), 0,
				 6) != 6);
		CHECK(set(&solo, number, 5) == 0);
		for (uint32_t count; (count = until_stores(&solo, sent)) > 0;) {
			stores += count;
			for (uint32_t j = 0; j < count; j++) {
				bool refuses =
					refused < refusals_rows[i].refusals;

				refused += refuses;
				CHECK(solo_status(
					      &solo, &sent[j],
					      refuses ? refusals_rows[i].status
						      : ITEM_STORED) ==
				      DROP_NONE);
				/* Once is enough. */
				CHECK(solo_status(&solo, &sent[j],
						  ITEM_STORED) == DROP_UNASKED);
			}
		}
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_STORED &&
				  event.ok == refusals_rows[i].ok,
			  refusals_rows[i].sentence);
		/* The seventh, we ourselves, is the last resort. */
		uint32_t by_us =
			refusals_rows[i].replicas < settings.replicas &&
			refusals_rows[i].status != ITEM_STALE;
		CHECK_ROW(event.replicas == refusals_rows[i].replicas + by_us,
			  refusals_rows[i].sentence);
		CHECK_ROW(stores == refusals_rows[i].stores,
			  refusals_rows[i].sentence);
		CHECK_ROW(event.local == (refusals_rows[i].replicas == 0),
			  refusals_rows[i].sentence);
		CHECK_ROW(node_counters(solo.node)->stores == stores,
			  refusals_rows[i].sentence);
		solo_close(&solo);
	}
}

/* We should be a replica, but our own store is full: one more peer gets it,
 * and if there is none, the placement lacks a replica. */
static void
test_our_own_store_is_full(void)
{
	static const struct {
		const char *sentence;
		uint32_t peers, replicas;
		bool ok;
	} rows[] = {
		{ "alone", 0, 0, false },
		{ "two peers take it, a third replica is missing", 2, 2,
		  false },
		{ "three peers take it", 3, 3, true },
		{ "many do", 20, 3, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct record records[RECORDS_PER_KEY];
		struct session_key key = solo_key(0);
		struct record other = { .owner = 9, .ttl_ms = 1000000 };
		uint32_t number = 0, stored = 0;
		struct solo_sent sent[BUCKET_MAX];
		struct solo solo;

		solo_open_room(&solo, &settings,
			       (struct solo_room){ .records = 1 });
		solo_learn(&solo, 1, rows[i].peers);
		CHECK(store_put(solo.parts.store, solo.now, 0, &key, &other) ==
		      STORE_STORED);
		do /* we ourselves are the closest */
			key = solo_key(++number);
		while (solo_rank(&solo, node_key_position(solo.node, &key), 0,
				 rows[i].peers) != 0);
		CHECK(set(&solo, number, 5) == 0);
		uint32_t count = until_stores(&solo, sent);
		for (uint32_t j = 0; j < count; j++)
			stored += solo_status(&solo, &sent[j], ITEM_STORED) ==
				  DROP_NONE;
		solo_expire(&solo);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_STORED && event.ok == rows[i].ok,
			  rows[i].sentence);
		CHECK_ROW(event.replicas == rows[i].replicas, rows[i].sentence);
		CHECK_ROW(stored == rows[i].replicas && !event.local,
			  rows[i].sentence);
		CHECK_ROW(store_get(solo.parts.store, solo.now, 0, &key,
				    records) == 0,
			  rows[i].sentence);
		CHECK_ROW(node_counters(solo.node)->lookup_failures ==
				  !rows[i].ok,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* A peer that does not acknowledge gets a second STORE, then the next closest
 * is. */
static void
test_silent_replica(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX], one;
	uint32_t stored[SOLO_PEERS] = { 0 };
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	CHECK(set(&solo, 1, 5) == 0);
	uint32_t count = until_stores(&solo, sent);
	CHECK(count == 3);
	uint32_t silent = sent[0].peer;
	for (uint32_t i = 0; i < count; i++) {
		stored[sent[i].peer]++;
		if (sent[i].peer != silent)
			solo_status(&solo, &sent[i], ITEM_STORED);
	}
	while (!node_eventful(solo.node)) {
		solo_await(&solo, NS_PER_S);
		while (solo_next(&solo, &one)) {
			if (one.header.type != MESSAGE_STORE)
				continue;
			stored[one.peer]++;
			if (one.peer != silent)
				solo_status(&solo, &one, ITEM_STORED);
		}
	}
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_STORED && event.ok && event.replicas == 3);
	CHECK(stored[silent] == 2);
	CHECK(contact_suspect(table_find(solo.node->table, silent)));
	solo_close(&solo);
}

/* Peers 1 to 60 are known, and their positions decide which of our buckets are
 * full: a key that belongs to three of them, whom our table names for certain,
 * or does not. */
static uint32_t
number_of(const struct solo *solo, bool certain)
{
	for (uint32_t number = 1;; number++) {
		struct session_key key = solo_key(number);
		uint64_t target = node_key_position(solo->node, &key);

		if (solo_rank(solo, target, 0, 60) >= 3 &&
		    (table_certain(solo->node->table, target) >= 3) == certain)
			return number;
	}
}

/* Nothing is asked where our own table has room: a STORE each, conditional. */
static void
test_known_surroundings(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX];
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	CHECK(set(&solo, number_of(&solo, true), 5) == 0);
	CHECK(solo_all(&solo, MESSAGE_STORE, sent, BUCKET_MAX) == 3);
	CHECK(node_counters(solo.node)->queries == 0);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK(sent[i].header.flags & MESSAGE_CONDITIONAL);
		solo_status(&solo, &sent[i], ITEM_STORED);
	}
	solo_expire(&solo);
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_STORED && event.ok && event.replicas == 3);
	CHECK(event.hops == 0 && !event.local && event.queries == 3);
	solo_close(&solo);
}

/* A replica knows a closer peer that we do not: it is asked, and the record
 * goes there; nothing stays behind. */
static void
test_moved(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX], query;
	struct session_key key;
	struct solo solo;
	uint32_t closer;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	uint32_t number = number_of(&solo, true);
	key = solo_key(number);
	for (closer = 61; solo_rank(&solo, node_key_position(solo.node, &key),
				    closer, 60) != 0;
	     closer++)
		;
	CHECK(set(&solo, number, 5) == 0);
	CHECK(solo_all(&solo, MESSAGE_STORE, sent, BUCKET_MAX) == 3);
	solo_status(&solo, &sent[0], ITEM_STORED);
	solo_status(&solo, &sent[1], ITEM_STORED);
	solo_status(&solo, &sent[2], ITEM_MOVED);
	solo_expire(&solo);
	CHECK(solo_next(&solo, &query) && query.peer == sent[2].peer);
	CHECK(query.header.type == MESSAGE_FIND_NODE);
	CHECK(!solo_next(&solo, &query) && !node_eventful(solo.node));
	solo_contacts(&solo, &query, &closer, 1);
	/* It names only one, which is no chart: it, too, is asked. */
	solo_serve(&solo, instant_after(solo.now, NS_PER_S), UINT32_MAX, NULL);
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_STORED && event.ok && event.replicas == 3);
	const struct lookup *lookup = &solo.parts.lookups->slots[0];
	CHECK(lookup->candidates[0].peer == closer);
	for (uint32_t i = 0; i < 4; i++)
		CHECK(lookup->candidates[i].state ==
		      (i < 3 ? CANDIDATE_STORED : CANDIDATE_ANSWERED));
	solo_close(&solo);
}

/* An answer to a query that comes while we store shows that its peer lives; and
 * the peer that it names, closer than all others, gets the record, too. */
static void
test_late_answer_while_storing(void)
{
	struct node_settings settings = solo_settings(4);
	struct solo_sent sent, late = { 0 };
	uint32_t stores = 0, closer;
	struct session_key key;
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	uint32_t number = number_of(&solo, false);
	key = solo_key(number);
	for (closer = 61; solo_rank(&solo, node_key_position(solo.node, &key),
				    closer, 60) != 0;
	     closer++)
		;
	CHECK(set(&solo, number, 5) == 0);
	while (stores == 0) {
		while (solo_next(&solo, &sent)) {
			if (sent.header.type == MESSAGE_STORE)
				stores++;
			else if (late.size == 0)
				late = sent; /* does not answer in time */
			else
				solo_contacts(&solo, &sent, NULL, 0);
		}
		if (stores == 0)
			solo_await(&solo, NS_PER_S);
	}
	CHECK(solo.parts.lookups->slots[0].phase == LOOKUP_STORING);
	CHECK(solo_contacts(&solo, &late, &closer, 1) == DROP_NONE);
	CHECK(table_find(solo.node->table, late.peer)->failures == 0);
	solo_expire(&solo);
	CHECK(solo_next(&solo, &sent) && sent.peer == closer);
	CHECK(sent.header.type == MESSAGE_STORE);
	solo_close(&solo);
}

int
main(void)
{
	test_refusals();
	test_our_own_store_is_full();
	test_silent_replica();
	test_known_surroundings();
	test_moved();
	test_late_answer_while_storing();
	return check_done();
}
