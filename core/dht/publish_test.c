/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_test.c - sessions of our own: placed, and republished
 *
 * The peers acknowledge as the test wants. How sessions end is
 * publish_end_test.c's.
 */
#include "core/dht/publish.h"

#include "core/dht/publish_batch.h"

#include <errno.h>

#include "core/dht/owned.h"
#include "core/dht/publish_slot.h"
#include "core/test/owner.h"

/* --- set ----------------------------------------------------------------- */

static void
test_set(void)
{
	static const struct {
		const char *sentence;
		bool placed; /* the first one, before the second */
		int64_t first, second;
		uint32_t events; /* NODE_STORED */
		int64_t version; /* in the end */
	} rows[] = {
		{ "a newer one while the first is looked for", false, 5, 6, 1,
		  6 },
		{ "the same again while it is looked for", false, 5, 5, 1, 5 },
		{ "an older one is ignored", false, 5, 4, 1, 5 },
		{ "a newer one when it is placed", true, 5, 6, 2, 6 },
		{ "an older one when it is placed", true, 5, 4, 1, 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo solo;
		uint32_t events = 0;
		struct node_event event;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		struct session_key key = solo_key(number);
		CHECK(owner_set(&solo, number, rows[i].first) == 0);
		if (rows[i].placed)
			owner_serve_for(&solo, NS_PER_MS);
		CHECK(owner_set(&solo, number, rows[i].second) == 0);
		CHECK(lookups_count(solo.parts.lookups) <= 2);
		owner_serve_for(&solo, NS_PER_MS);
		while ((event = node_event(solo.node)).kind != NODE_NONE) {
			CHECK_ROW(event.kind == NODE_STORED && event.ok &&
					  event.replicas == 3,
				  rows[i].sentence);
			CHECK_ROW(session_equal(&event.key, &key),
				  rows[i].sentence);
			events++;
		}
		CHECK_ROW(events == rows[i].events, rows[i].sentence);
		CHECK_ROW(owner_publication(&solo, number)
					  ->version.established_ns ==
				  rows[i].version,
			  rows[i].sentence);
		CHECK_ROW(publications_count(solo.parts.publications) == 1,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* The lookup of the first set has an answer that it has not yet looked at. */
static void
test_replaced_while_ready(void)
{
	static const struct {
		const char *sentence;
		bool removed; /* else set to a newer version */
	} rows[] = {
		{ "set to a newer version", false },
		{ "removed", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo_sent sent;
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		CHECK(owner_set(&solo, number, 5) == 0);
		CHECK(solo_next(&solo, &sent));
		CHECK(solo_contacts(&solo, &sent, NULL, 0) == DROP_NONE);
		if (rows[i].removed)
			CHECK(owner_end(&solo, number) == 0);
		else
			CHECK(owner_set(&solo, number, 6) == 0);
		/* Its slot is in a list: it returns at its turn. */
		CHECK_ROW(lookups_count(solo.parts.lookups) ==
				  (rows[i].removed ? 1 : 2),
			  rows[i].sentence);
		owner_serve_for(&solo, NS_PER_MS);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_STORED &&
				  event.ok == !rows[i].removed,
			  rows[i].sentence);
		CHECK_ROW(node_event(solo.node).kind == NODE_NONE,
			  rows[i].sentence);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0,
			  rows[i].sentence);
		CHECK_ROW((owner_publication(&solo, number) == NULL) ==
				  rows[i].removed,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

static void
test_full_pools(void)
{
	struct solo solo;

	owner_open(&solo,
		   (struct solo_room){ .publications = 2, .lookups = 1 });
	uint32_t one = owner_far_key(&solo, 0), two = owner_far_key(&solo, 1);
	CHECK(owner_set(&solo, one, 5) == 0);
	CHECK(owner_set(&solo, two, 5) == 0); /* waits for the lookup's slot */
	CHECK(owner_publication(&solo, one)->state == PUBLICATION_LOOKING);
	CHECK(owner_publication(&solo, two)->state == PUBLICATION_WAITING);
	CHECK(publish_deadline(solo.node).ns == solo.now.ns + PUBLISH_RETRY_NS);
	CHECK(owner_set(&solo, owner_far_key(&solo, 2), 5) == -ENOSPC);
	owner_serve_for(&solo, PUBLISH_RETRY_NS - 1);
	CHECK(owner_publication(&solo, one)->state == PUBLICATION_HELD);
	CHECK(node_event(solo.node).kind == NODE_STORED);
	CHECK(owner_publication(&solo, two)->state == PUBLICATION_WAITING);
	owner_serve_for(&solo, 1);
	CHECK(owner_publication(&solo, two)->state == PUBLICATION_HELD);
	CHECK(node_event(solo.node).kind == NODE_STORED);
	/* A newer version of what waits is no second one. */
	CHECK(owner_set(&solo, one, 6) == 0 && owner_set(&solo, two, 6) == 0);
	CHECK(owner_set(&solo, two, 7) == 0);
	owner_serve_for(&solo, NS_PER_S);
	CHECK(owner_publication(&solo, two)->version.established_ns == 7);
	solo_close(&solo);
}

/* Placements that fail are tried again after 1 s, then 2, 4 ... up to a tenth
 * of republish_ns; one that is well starts anew. */
static void
test_retries(void)
{
	static const int64_t waits_s[] = { 1,  2,  4,  8,  16, 20, 20,
					   20, 20, 20, 20, 20, 20, 20,
					   20, 20, 20, 20, 20, 20 };
	struct solo_sent sent;
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	uint32_t number = owner_far_key(&solo, 0);
	CHECK(owner_set(&solo, number, 5) == 0);
	/* It was makeshift before, which is no failure. */
	owner_publication(&solo, number)->tries = 5;
	for (uint32_t i = 0; i < sizeof(waits_s) / sizeof(waits_s[0]); i++) {
		struct publication *own = owner_publication(&solo, number);

		/* Nobody answers; the lookup ends at its deadline. */
		while (own->state == PUBLICATION_LOOKING) {
			while (solo_next(&solo, &sent))
				;
			solo_await(&solo, NS_PER_S);
		}
		struct node_event event = node_event(solo.node);
		CHECK((event.kind == NODE_STORED) == (i == 0) && !event.ok);
		CHECK(own->state == PUBLICATION_WAITING);
		CHECK(own->timer.when.ns ==
		      solo.now.ns + waits_s[i] * NS_PER_S);
		while (own->state == PUBLICATION_WAITING) {
			while (solo_next(&solo, &sent))
				;
			solo_await(&solo, 20 * NS_PER_S);
		}
	}
	owner_serve_for(&solo, NS_PER_S);
	struct publication *own = owner_publication(&solo, number);
	CHECK(own->state == PUBLICATION_HELD && own->retries == 0);
	CHECK(own->replica_count == 3);
	solo_close(&solo);
}

/* --- republished ---------------------------------------------------------- */

/* A replica is silent: how many STOREs it gets before it is given up. */
static uint32_t
until_given_up(struct solo *solo, const struct publication *own, uint32_t peer)
{
	struct solo_sent sent[4];
	uint32_t tries = 0;

	while (own->state == PUBLICATION_REFRESHING) {
		CHECK(owner_in_flight(solo) == 1);
		solo_await(solo, NS_PER_S);
		uint32_t count = solo_all(solo, MESSAGE_STORE, sent, 4);
		for (uint32_t i = 0; i < count; i++)
			tries += sent[i].peer == peer;
	}
	return tries;
}

static const struct {
	const char *sentence;
	bool answers;
	enum item_status status;
	bool kept;
} what_replicas_say_rows[] = {
	{ "stored: republished after republish_ns", true, ITEM_STORED, true },
	{ "it knows a newer one: nothing is lost", true, ITEM_STALE, true },
	{ "it knows closer ones: look for them", true, ITEM_MOVED, false },
	{ "it is full: look for another", true, ITEM_FULL, false },
	{ "it had no room to answer", true, ITEM_UNANSWERED, false },
	{ "it is silent", false, 0, false },
};

/* One of three replicas answers otherwise, or not at all. */
static void
test_what_replicas_say(void)
{
	for (size_t i = 0; i < sizeof(what_replicas_say_rows) /
				       sizeof(what_replicas_say_rows[0]);
	     i++) {
		struct solo_sent sent[4];
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		struct publication *own = owner_place(&solo, number);
		struct instant placed = solo.now;
		uint32_t count = owner_republish(&solo, sent, 4);
		CHECK_ROW(count == 3 && owner_in_flight(&solo) == 3,
			  what_replicas_say_rows[i].sentence);
		CHECK(own->state == PUBLICATION_REFRESHING);
		CHECK(solo.now.ns >=
		      placed.ns + OWNER_REPUBLISH_NS - NS_PER_MS);
		uint32_t odd = sent[0].peer;
		for (uint32_t j = 0; j < count; j++) {
			if (sent[j].peer != odd)
				solo_status(&solo, &sent[j], ITEM_STORED);
			else if (what_replicas_say_rows[i].answers)
				solo_status(&solo, &sent[j],
					    what_replicas_say_rows[i].status);
		}
		uint32_t tries = until_given_up(&solo, own, odd);
		CHECK_ROW(owner_in_flight(&solo) == 0,
			  what_replicas_say_rows[i].sentence);
		CHECK_ROW(tries == (what_replicas_say_rows[i].answers
					    ? 0
					    : BATCH_TRIES - 1),
			  what_replicas_say_rows[i].sentence);
		CHECK_ROW(contact_suspect(table_find(solo.node->table, odd)) ==
				  !what_replicas_say_rows[i].answers,
			  what_replicas_say_rows[i].sentence);
		CHECK_ROW(own->state == (what_replicas_say_rows[i].kept
						 ? PUBLICATION_HELD
					 : what_replicas_say_rows[i].answers
						 ? PUBLICATION_WAITING
						 : PUBLICATION_LOOKING),
			  what_replicas_say_rows[i].sentence);
		if (what_replicas_say_rows[i].kept)
			CHECK_ROW(own->timer.when.ns ==
					  solo.now.ns + OWNER_REPUBLISH_NS,
				  what_replicas_say_rows[i].sentence);
		owner_serve_for(&solo, NS_PER_S);
		CHECK_ROW(own->state == PUBLICATION_HELD &&
				  own->replica_count == 3,
			  what_replicas_say_rows[i].sentence);
		CHECK_ROW(!node_eventful(solo.node),
			  what_replicas_say_rows[i].sentence);
		CHECK(node_counters(solo.node)->republished == 3);
		solo_close(&solo);
	}
}

/* Which replies to a batch count. */
static void
test_which_replies_count(void)
{
	static const struct {
		const char *sentence;
		bool other_peer, other_type, again;
		enum drop drop;
	} rows[] = {
		{ "the replica's", false, false, false, DROP_NONE },
		{ "another peer's", true, false, false, DROP_UNASKED },
		{ "a REMOVE's, though it was a STORE", false, true, false,
		  DROP_UNASKED },
		{ "the replica's once more", false, false, true, DROP_UNASKED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct solo_sent sent[4];
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		owner_place(&solo, owner_far_key(&solo, 0));
		CHECK(owner_republish(&solo, sent, 4) == 3);
		if (rows[i].other_peer)
			sent[0].peer = sent[1].peer;
		if (rows[i].other_type)
			sent[0].header.type = MESSAGE_REMOVE;
		if (rows[i].again)
			solo_status(&solo, &sent[0], ITEM_STORED);
		CHECK_ROW(solo_status(&solo, &sent[0], ITEM_STORED) ==
				  rows[i].drop,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* The peers acknowledge what the outbox has. */
static void
acknowledge(struct solo *solo)
{
	struct solo_sent sent;

	while (solo_next(solo, &sent)) {
		if (sent.header.type >= MESSAGE_STORE)
			solo_status(solo, &sent, ITEM_STORED);
		else
			solo_contacts(solo, &sent, NULL, 0);
	}
}

/* No batch is out about sessions 0 to 2, and all are held, or none is. */
static bool
all_settled(const struct solo *solo, bool held)
{
	for (uint32_t number = 0; number < 3; number++) {
		const struct publication *own = owner_publication(solo, number);

		if (own != NULL && (own->pending > 0 ||
				    (own->state == PUBLICATION_HELD) != held))
			return false;
	}
	return true;
}

static const struct {
	const char *sentence;
	uint32_t ended; /* of three sessions */
	bool newer; /* set to a newer version instead */
	uint32_t items; /* sent again; 0: none is */
} a_batch_changes_rows[] = {
	{ "none ended: the same again", 0, false, 3 },
	{ "one ended", 1, false, 2 },
	{ "two ended", 2, false, 1 },
	{ "all ended", 3, false, 0 },
	{ "one was set anew: it has its own lookup", 1, true, 2 },
};

/* Many sessions in one STORE to each replica. One is removed, or set anew,
 * before a silent replica gets its second STORE: then the rest goes out under
 * another transaction, and the answer to the first datagram counts for nothing.
 */
static void
test_a_batch_changes(void)
{
	for (size_t i = 0;
	     i < sizeof(a_batch_changes_rows) / sizeof(a_batch_changes_rows[0]);
	     i++) {
		struct node_settings settings = solo_settings(8);
		const char *sentence = a_batch_changes_rows[i].sentence;
		struct solo_sent sent[4], again[8];
		struct solo solo;

		/* The only peer holds all there is, beside ourselves. */
		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 1);
		for (uint32_t number = 0; number < 3; number++)
			CHECK(owner_set(&solo, number, 5) == 0);
		owner_serve_for(&solo, NS_PER_MS);
		CHECK(owner_republish(&solo, sent, 4) == 1);
		CHECK(sent[0].header.count == 3);
		for (uint32_t number = 0;
		     number < a_batch_changes_rows[i].ended; number++)
			CHECK((a_batch_changes_rows[i].newer
				       ? owner_set(&solo, number, 6)
				       : owner_end(&solo, number)) == 0);
		acknowledge(&solo);
		CHECK_ROW(publications_count(solo.parts.publications) ==
				  3 - (a_batch_changes_rows[i].newer
					       ? 0
					       : a_batch_changes_rows[i].ended),
			  sentence);
		CHECK_ROW(owner_in_flight(&solo) == 1, sentence);
		solo_expire(&solo);
		acknowledge(&solo);
		/* Overdue. */
		int64_t timeout_ns =
			solo.parts.publications->batches->slots[0].timeout_ns;
		solo_pass(&solo, timeout_ns);
		uint32_t count = solo_all(&solo, MESSAGE_STORE, again, 8);
		CHECK_ROW(count == (a_batch_changes_rows[i].items > 0),
			  sentence);
		CHECK_ROW(owner_in_flight(&solo) ==
				  (a_batch_changes_rows[i].items > 0),
			  sentence);
		bool changed = a_batch_changes_rows[i].items < 3;
		if (count == 1) {
			CHECK_ROW(again[0].header.count ==
					  a_batch_changes_rows[i].items,
				  sentence);
			CHECK_ROW((again[0].header.transaction !=
				   sent[0].header.transaction) == changed,
				  sentence);
		}
		CHECK_ROW(solo_status(&solo, &sent[0], ITEM_FULL) ==
				  (changed ? DROP_UNASKED : DROP_NONE),
			  sentence);
		if (changed && count == 1)
			CHECK_ROW(solo_status(&solo, &again[0], ITEM_STORED) ==
					  DROP_NONE,
				  sentence);
		CHECK_ROW(owner_in_flight(&solo) == 0, sentence);
		CHECK_ROW(all_settled(&solo, changed), sentence);
		solo_close(&solo);
	}
}

/* A reply with fewer items than were sent: the rest is as good as lost. */
static void
test_a_short_reply(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[4];
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 1);
	for (uint32_t number = 0; number < 3; number++)
		CHECK(owner_set(&solo, number, 5) == 0);
	owner_serve_for(&solo, NS_PER_MS);
	CHECK(owner_republish(&solo, sent, 4) == 1);
	CHECK(sent[0].header.count == 3);
	sent[0].header.count = 1;
	CHECK(solo_status(&solo, &sent[0], ITEM_STORED) == DROP_NONE);
	for (uint32_t number = 0; number < 3; number++) {
		struct message_item item = solo_item(&sent[0], number);
		const struct publication *own =
			owner_publication(&solo, item.key.client[3]);

		CHECK(own->pending == 0);
		CHECK(own->state ==
		      (number == 0 ? PUBLICATION_HELD : PUBLICATION_WAITING));
	}
	CHECK(owner_in_flight(&solo) == 0);
	solo_close(&solo);
}

/* No room in the outbox: sent again when it is overdue. */
static void
test_full_outbox(void)
{
	struct solo_sent sent[4];
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	struct publication *own = owner_place(&solo, owner_far_key(&solo, 0));
	solo.outbox.item_capacity = 0;
	CHECK(owner_republish(&solo, sent, 4) == 0);
	CHECK(own->pending == 3 && owner_in_flight(&solo) == 3);
	solo.outbox.item_capacity = SOLO_ITEMS;
	owner_serve_for(&solo, NS_PER_S);
	CHECK(own->state == PUBLICATION_HELD && owner_in_flight(&solo) == 0);
	CHECK(own->replica_count == 3 && own->retries == 0);
	solo_close(&solo);
}

/* All that is due goes together, in as few datagrams as fit, PUBLISH_LOAD pairs
 * at a time. */
static void
test_loads(void)
{
	struct node_settings settings = solo_settings(8);
	enum {
		SESSIONS = 300
	};
	bool stored[SESSIONS] = { false };
	uint32_t count = 0, pairs = 0, wakeups = 0;
	struct solo_sent sent;
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 1);
	for (uint32_t number = 0; number < SESSIONS; number++) {
		CHECK(owner_set(&solo, number, 5) == 0);
		solo_serve(&solo, solo.now, UINT32_MAX, NULL);
	}
	while (node_event(solo.node).kind != NODE_NONE)
		;
	while (pairs < SESSIONS && wakeups < 10) {
		struct instant due = node_deadline(solo.node);

		CHECK(wakeups == 0 || due.ns == solo.now.ns + PUBLISH_PACE_NS);
		solo.now = due;
		solo_expire(&solo);
		wakeups++;
		uint32_t load = 0;
		while (solo_next(&solo, &sent)) {
			CHECK(sent.header.type == MESSAGE_STORE);
			CHECK(sent.header.count <= BATCH_ITEMS);
			count++;
			load += sent.header.count;
			for (uint32_t i = 0; i < sent.header.count; i++) {
				struct message_item item = solo_item(&sent, i);
				uint32_t number = item.key.client[2] * 256u +
						  item.key.client[3];

				CHECK(number < SESSIONS && !stored[number]);
				stored[number] = true;
			}
			solo_status(&solo, &sent, ITEM_STORED);
		}
		CHECK(load <= PUBLISH_LOAD);
		pairs += load;
	}
	CHECK(pairs == SESSIONS && wakeups == 2);
	CHECK(count == PUBLISH_LOAD / BATCH_ITEMS + 1 +
			       (SESSIONS - PUBLISH_LOAD) / BATCH_ITEMS + 1);
	solo_close(&solo);
}

/* What is due later than an eighth of republish_ns waits for its own time. */
static void
test_horizon(void)
{
	static const struct {
		const char *sentence;
		int64_t apart_ns;
		uint32_t items;
	} rows[] = {
		{ "within an eighth", 25 * NS_PER_S, 2 },
		{ "just beyond", 25 * NS_PER_S + 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent[4];
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 1);
		CHECK(owner_set(&solo, 1, 5) == 0);
		solo_serve(&solo, solo.now, UINT32_MAX, NULL);
		solo.now = instant_after(solo.now, rows[i].apart_ns);
		CHECK(owner_set(&solo, 2, 5) == 0);
		solo_serve(&solo, solo.now, UINT32_MAX, NULL);
		CHECK(owner_republish(&solo, sent, 4) == 1);
		CHECK_ROW(sent[0].header.count == rows[i].items,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* A replica that we are ourselves needs no datagram; and when our store is
 * full, or the place is elsewhere by now, we look again. */
static void
test_ourselves(void)
{
	static const struct {
		const char *sentence;
		bool full; /* our store, when it is republished */
		uint32_t newcomers; /* contacts since, all closer */
		bool kept;
	} rows[] = {
		{ "alone: held, and no datagram", false, 0, true },
		{ "our store is full", true, 0, false },
		{ "two newcomers are closer: still one of three", false, 2,
		  true },
		{ "three newcomers are closer: moved", false, 3, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent;
		struct session_key key;
		uint32_t number = 0;
		struct solo solo;

		settings.record_ttl_ns = settings.republish_ns / 2;
		solo_open_room(&solo, &settings,
			       (struct solo_room){ .records = 1 });
		do
			key = solo_key(++number);
		while (solo_rank(&solo, node_key_position(solo.node, &key), 0,
				 3) != 3);
		CHECK(owner_set(&solo, number, 5) == 0);
		struct publication *own = owner_publication(&solo, number);
		CHECK_ROW(own->state == PUBLICATION_HELD, rows[i].sentence);
		CHECK_ROW(own->replicas[0] == 0 && own->replica_count == 1,
			  rows[i].sentence);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_STORED && event.ok && event.local,
			  rows[i].sentence);
		solo.now = own->timer.when;
		if (rows[i].full) {
			struct record record = { .owner = 9,
						 .ttl_ms = 1000000 };
			struct session_key other = solo_key(0);

			CHECK(store_put(solo.parts.store, solo.now, 0, &other,
					&record) == STORE_STORED);
		}
		solo_learn(&solo, 1, rows[i].newcomers);
		solo_expire(&solo);
		CHECK_ROW(!solo_next(&solo, &sent) || !rows[i].kept,
			  rows[i].sentence);
		CHECK_ROW((own->state == PUBLICATION_HELD &&
			   own->timer.when.ns ==
				   solo.now.ns + settings.republish_ns) ==
				  rows[i].kept,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* --- all together -------------------------------------------------------- */

/* Peers that answer anything, or nothing. */
static void
answer_at_random(struct solo *solo, struct rng *rng)
{
	static const enum item_status statuses[] = {
		ITEM_STORED, ITEM_STORED, ITEM_STORED,	   ITEM_STALE,
		ITEM_MOVED,  ITEM_FULL,	  ITEM_UNANSWERED,
	};
	struct solo_sent sent;

	while (solo_next(solo, &sent)) {
		if (rng_below(rng, 4) == 0)
			continue;
		if (sent.header.type == MESSAGE_PING)
			solo_pong(solo, &sent);
		else if (sent.header.type >= MESSAGE_STORE)
			solo_status(solo, &sent, statuses[rng_below(rng, 7)]);
		else
			solo_contacts(solo, &sent, NULL, 0);
	}
}

/* Sessions set, set anew and removed while peers answer anything or nothing.
 * The oracle knows which we own; when the peers are well again, each of those
 * is held by three and nothing else is left. */
static void
test_random_walk(void)
{
	enum {
		SESSIONS = 60
	};
	int64_t owned[SESSIONS] = { 0 };
	uint32_t full = 0, count = 0;
	struct solo solo;
	struct rng rng;

	rng_init(&rng, 9, 0);
	owner_open(&solo,
		   (struct solo_room){ .publications = 25, .lookups = 12 });
	for (int64_t step = 1; step < 20000; step++) {
		uint32_t number = (uint32_t)rng_below(&rng, SESSIONS);

		switch (rng_below(&rng, 12)) {
		case 0: {
			int error = owner_set(&solo, number, step);
			full += error == -ENOSPC;
			if (error == 0)
				owned[number] = step;
			else
				CHECK(error == -ENOSPC && owned[number] == 0);
			break;
		}
		case 1:
			CHECK(owner_end(&solo, number) ==
			      (owned[number] != 0 ? 0 : -ENOENT));
			owned[number] = 0;
			break;
		default:
			break;
		}
		answer_at_random(&solo, &rng);
		int64_t wait_ns = rng_below(&rng, 50) == 0 ? 30 * NS_PER_S
							   : 20 * NS_PER_MS;
		solo_pass(&solo, (int64_t)rng_below(&rng, (uint64_t)wait_ns));
		while (node_event(solo.node).kind != NODE_NONE)
			;
	}
	CHECK(full > 0);
	/* All that is in flight fails; then everything is sent again. */
	solo_serve(&solo, instant_after(solo.now, 2 * OWNER_REPUBLISH_NS),
		   UINT32_MAX, NULL);
	for (uint32_t number = 0; number < SESSIONS; number++) {
		struct session_key key = solo_key(number);
		const struct publication *own = owned_find(solo.node, &key);

		CHECK((own != NULL) == (owned[number] != 0));
		if (own == NULL)
			continue;
		count++;
		CHECK(own->version.established_ns == owned[number]);
		CHECK(own->state == PUBLICATION_HELD && own->pending == 0);
		CHECK(own->replica_count == 3);
	}
	CHECK(publications_count(solo.parts.publications) == count);
	CHECK(owner_in_flight(&solo) == 0 && count > 5);
	while (node_event(solo.node).kind != NODE_NONE)
		;
	CHECK(lookups_count(solo.parts.lookups) == 0);
	solo_close(&solo);
}

/* Who begins anew is sent it alone; who dies then is so no more. */
static void
test_booted_and_died(void)
{
	struct solo_room room = { 0 };
	struct solo solo;

	owner_open(&solo, room);
	struct publication *own = owner_place(&solo, owner_far_key(&solo, 0));
	uint32_t dead = own->replicas[0];

	CHECK(own == publish_slot_at(solo.node, 0));
	own->again = 1;
	publish_slot_time(solo.node, 0, solo.now);
	solo_serve(&solo, instant_after(solo.now, 10 * NS_PER_S), dead, NULL);
	CHECK(own->state == PUBLICATION_HELD && own->replicas[0] != dead);
	CHECK(own->again == 0);
	solo_close(&solo);
}

int
main(void)
{
	test_set();
	test_replaced_while_ready();
	test_full_pools();
	test_retries();
	test_what_replicas_say();
	test_which_replies_count();
	test_a_batch_changes();
	test_a_short_reply();
	test_full_outbox();
	test_loads();
	test_horizon();
	test_ourselves();
	test_random_walk();
	test_booted_and_died();
	return check_done();
}
