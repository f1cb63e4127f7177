/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookup_run_test.c - a node's own lookups: asked, answered, ended, cancelled
 *
 * Which candidate is asked when is lookup_test.c's. Here: what goes over the
 * wire, which answers count, what becomes of the end, and that slots return.
 * How a session is stored at its replicas is lookup_run_store_test.c's.
 */
#include "core/dht/lookup_run.h"

#include <errno.h>

#include "core/dht/exchange.h"
#include "core/test/solo.h"

static node_ticket
get(struct solo *solo, uint32_t number)
{
	struct session_key key = solo_key(number);
	node_ticket ticket = 0;

	CHECK(node_get(solo->node, solo->now, &key, NODE_ASKER_OPERATOR, NULL,
		       0, OUTBOX_ANY_UPLINK, &ticket, &solo->outbox) == 0);
	return ticket;
}

static int
set(struct solo *solo, uint32_t number, int64_t version)
{
	struct session_key key = solo_key(number);

	return node_set(solo->node, solo->now, &key, solo_version(version),
			&solo->outbox);
}

/* --- what is sent -------------------------------------------------------- */

static void
test_queries(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX];
	struct session_key key = solo_key(1);
	struct solo solo;
	node_ticket ticket;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	CHECK(node_get(solo.node, solo.now, &key, NODE_ASKER_OPERATOR, NULL, 0,
		       3, &ticket, &solo.outbox) == 0);
	uint32_t count = solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX);
	CHECK(count == settings.alpha);
	for (uint32_t i = 0; i < count; i++) {
		struct message_item item = solo_item(&sent[i], 0);

		CHECK(session_equal(&item.key, &key));
		CHECK(sent[i].header.transaction == ticket);
		CHECK(sent[i].avoid_uplink == 3);
		/* Room for k contacts in three times its size. */
		CHECK(message_reply_limit(sent[i].size, false) >=
		      MESSAGE_HEADER_BYTES + 3 + settings.k * 6);
	}
	CHECK(node_counters(solo.node)->queries == count);
	CHECK(node_counters(solo.node)->lookups == 1);
	/* Answers are filed; the next queries wait for expire(). */
	for (uint32_t i = 0; i < count; i++)
		CHECK(solo_contacts(&solo, &sent[i], NULL, 0) == DROP_NONE);
	CHECK(solo.outbox.item_count == 0);
	CHECK(node_deadline(solo.node).ns == solo.now.ns);
	solo_expire(&solo);
	CHECK(solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX) > 0);
	CHECK(node_deadline(solo.node).ns > solo.now.ns);
	solo_close(&solo);
}

/* Whoever waits for an owner goes on when its peers are slow. */
static void
test_hedged(void)
{
	static const struct {
		const char *sentence;
		bool glance;
		int64_t pass_ns;
		uint32_t asked, timeouts;
	} rows[] = {
		{ "a round trip: it waits", false, 40 * NS_PER_US, 0, 0 },
		{ "an eighth more: it asks the next", false, 46 * NS_PER_US, 5,
		  0 },
		{ "a glance waits until they have failed", true, NS_PER_MS, 0,
		  3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent[BUCKET_MAX];
		struct session_key key = solo_key(1);
		struct solo solo;
		node_ticket ticket;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 60);
		for (uint32_t j = 0; j < 60 * 20; j++)
			exchange_answered(solo.node, j % 60 + 1,
					  40 * NS_PER_US);
		CHECK((rows[i].glance ? node_glance : node_get)(
			      solo.node, solo.now, &key, NODE_ASKER_STRAY, NULL,
			      0, OUTBOX_ANY_UPLINK, &ticket,
			      &solo.outbox) == 0);
		CHECK_ROW(solo_all(&solo, MESSAGE_FIND_VALUE, sent,
				   BUCKET_MAX) == settings.alpha,
			  rows[i].sentence);
		solo_pass(&solo, rows[i].pass_ns);
		CHECK_ROW(solo_all(&solo, MESSAGE_FIND_VALUE, sent,
				   BUCKET_MAX) == rows[i].asked,
			  rows[i].sentence);
		/* Slow is not overdue. */
		CHECK_ROW(node_counters(solo.node)->timeouts ==
				  rows[i].timeouts,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* Many were silent: the next lookup asks more at once, until all answer. */
static void
test_many_were_silent(void)
{
	static const struct {
		const char *sentence;
		bool glance;
		uint32_t silent, answered, asked;
	} rows[] = {
		{ "none was", false, 0, 0, 3 },
		{ "one was, no more", false, 1, 0, 3 },
		{ "all were: twice as many", false, 50, 0, 6 },
		{ "and answer since", false, 50, 50, 3 },
		{ "a glance costs what it may", true, 50, 0, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent[BUCKET_MAX];
		struct session_key key = solo_key(1);
		struct solo solo;
		node_ticket ticket;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 60);
		for (uint32_t j = 0; j < rows[i].silent; j++)
			hedge_silent(&solo.node->hedge);
		for (uint32_t j = 0; j < rows[i].answered; j++)
			hedge_answered(&solo.node->hedge, false);
		CHECK((rows[i].glance ? node_glance : node_get)(
			      solo.node, solo.now, &key, NODE_ASKER_STRAY, NULL,
			      0, OUTBOX_ANY_UPLINK, &ticket,
			      &solo.outbox) == 0);
		CHECK_ROW(solo_all(&solo, MESSAGE_FIND_VALUE, sent,
				   BUCKET_MAX) == rows[i].asked,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* Peers that are silent are counted, and those that answer; once each. */
static void
test_silence_is_counted(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX];
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	for (uint32_t j = 0; j < 60 * 20; j++)
		exchange_answered(solo.node, j % 60 + 1, 40 * NS_PER_US);
	get(&solo, 1);
	CHECK(solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX) == 3);
	solo_pass(&solo, 40 * NS_PER_US);
	CHECK(solo.node->hedge.silent == 0);
	CHECK(solo_contacts(&solo, &sent[0], NULL, 0) == DROP_NONE);
	CHECK(solo.node->hedge.silent == 0);
	solo_pass(&solo, 6 * NS_PER_US);
	uint32_t silent = solo.node->hedge.silent;
	CHECK(silent == HEDGE_ONE / 8 + (HEDGE_ONE - HEDGE_ONE / 8) / 8);
	solo_pass(&solo, 10 * NS_PER_US);
	CHECK(solo.node->hedge.silent == silent);
	/* Late, but it came. */
	CHECK(solo_contacts(&solo, &sent[1], NULL, 0) == DROP_NONE);
	CHECK(solo.node->hedge.silent == 0);
	solo_close(&solo);
}

/* A node cut off has suspects only, and asks them all the same. */
static void
test_only_suspects_left(void)
{
	static const struct {
		const char *sentence;
		uint32_t suspects, asked; /* of 5 contacts */
	} rows[] = {
		{ "all sound", 0, 5 },
		{ "two are suspect, three are left: too few", 2, 5 },
		{ "all suspect", 5, 5 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent[BUCKET_MAX];
		struct solo solo;

		settings.alpha = 8;
		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 5);
		for (uint32_t peer = 1; peer <= rows[i].suspects; peer++)
			table_doubted(solo.node->table, peer);
		get(&solo, 1);
		CHECK_ROW(solo_all(&solo, MESSAGE_FIND_VALUE, sent,
				   BUCKET_MAX) == rows[i].asked,
			  rows[i].sentence);
		solo_close(&solo);
	}
	/* Of enough sound ones, no suspect is asked. */
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX];
	struct solo solo;

	settings.alpha = 8;
	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 12);
	for (uint32_t peer = 1; peer <= 2; peer++)
		table_doubted(solo.node->table, peer);
	get(&solo, 1);
	uint32_t count = solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX);
	CHECK(count == 8);
	for (uint32_t i = 0; i < count; i++)
		CHECK(sent[i].peer > 2);
	solo_close(&solo);
}

/* --- which answers count ------------------------------------------------- */

enum answer {
	ANSWER_CONTACTS,
	ANSWER_TWICE, /* the second one */
	ANSWER_OTHER_PEER,
	ANSWER_OTHER_TYPE, /* FIND_NODE to FIND_VALUE */
	ANSWER_STORED,
	ANSWER_NO_ITEM,
	ANSWER_STRANGER,
	ANSWER_KNOWN, /* of a candidate that was not asked yet */
	ANSWER_ENDED, /* after the lookup */
};

static enum drop
answer(struct solo *solo, struct solo_sent *sent, enum answer how)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	switch (how) {
	case ANSWER_TWICE:
		solo_contacts(solo, sent, NULL, 0);
		break;
	case ANSWER_OTHER_PEER:
		sent->peer = 300;
		break;
	case ANSWER_OTHER_TYPE:
		sent->header.type = MESSAGE_FIND_NODE;
		break;
	case ANSWER_STORED:
		sent->header.type = MESSAGE_STORE;
		return solo_status(solo, sent, ITEM_STORED);
	case ANSWER_NO_ITEM:
		sent->header.count = 0;
		message_begin_reply(&writer, bytes, sizeof(bytes),
				    &sent->header);
		return solo_written(solo, sent->peer, &writer);
	case ANSWER_STRANGER:
		sent->peer = 5000;
		break;
	case ANSWER_KNOWN:
		sent->peer = solo->parts.lookups->slots[0].candidates[7].peer;
		break;
	case ANSWER_ENDED:
		solo_pass(solo, NS_PER_S);
		break;
	case ANSWER_CONTACTS:
		break;
	}
	return solo_contacts(solo, sent, NULL, 0);
}

static void
test_which_answers_count(void)
{
	static const struct {
		const char *sentence;
		enum answer how;
		enum drop drop;
	} rows[] = {
		{ "the peer's, to what it was asked", ANSWER_CONTACTS,
		  DROP_NONE },
		{ "the same once more", ANSWER_TWICE, DROP_UNASKED },
		{ "of a peer that was not asked", ANSWER_OTHER_PEER,
		  DROP_UNASKED },
		{ "of a candidate that was not asked yet", ANSWER_KNOWN,
		  DROP_UNASKED },
		{ "of a host that no table knows", ANSWER_STRANGER,
		  DROP_UNASKED },
		{ "to another question", ANSWER_OTHER_TYPE, DROP_UNASKED },
		{ "an acknowledgement, and nothing was stored", ANSWER_STORED,
		  DROP_UNASKED },
		{ "without an item", ANSWER_NO_ITEM, DROP_MALFORMED },
		{ "after the lookup ended", ANSWER_ENDED, DROP_UNASKED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 20);
		get(&solo, 1);
		CHECK(solo_next(&solo, &sent));
		CHECK_ROW(answer(&solo, &sent, rows[i].how) == rows[i].drop,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* Only the answer to a single query is timed (Karn). */
static void
test_what_is_timed(void)
{
	static const struct {
		const char *sentence;
		uint32_t wait_ms; /* silent for so long, then answers */
		bool timed;
	} rows[] = {
		{ "the first query, in time", 1, true },
		{ "the first query, just in time", 49, true },
		{ "asked twice: to which is this an answer?", 51, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		uint32_t slices = rows[i].wait_ms * 10;
		struct solo_sent sent, more;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 1);
		get(&solo, 1);
		CHECK(solo_next(&solo, &sent));
		while (slices-- > 0) {
			while (solo_next(&solo, &more))
				;
			solo_pass(&solo, 100 * NS_PER_US);
		}
		CHECK_ROW(solo_contacts(&solo, &sent, NULL, 0) == DROP_NONE,
			  rows[i].sentence);
		CHECK_ROW((table_find(solo.node->table, 1)->srtt > 0) ==
				  rows[i].timed,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* --- values -------------------------------------------------------------- */

static void
test_found(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent[BUCKET_MAX];
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 60);
	node_ticket ticket = get(&solo, 1);
	uint32_t count = solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX);
	/* Two replicas answer at one instant: both are filed. */
	solo_record(&solo, &sent[0], 40, solo_version(5));
	solo_record(&solo, &sent[1], 41, solo_version(6));
	CHECK(!node_eventful(solo.node));
	solo_expire(&solo);
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_FOUND && event.ok && event.ticket == ticket);
	CHECK(event.hops == 1 && event.queries == count && !event.local);
	CHECK(event.record_count == 2);
	CHECK(event.records[0].owner == 41 && event.records[1].owner == 40);
	CHECK(lookups_count(solo.parts.lookups) == 0);
	/* The third comes too late. */
	CHECK(solo_record(&solo, &sent[2], 40, solo_version(9)) ==
	      DROP_UNASKED);
	CHECK(node_counters(solo.node)->lookup_failures == 0);
	solo_close(&solo);
}

/* A peer has a handshake of that owner. */
static void
answer_half_open(struct solo *solo, const struct solo_sent *sent,
		 uint32_t owner)
{
	struct message_record record = {
		.version = solo_version(9),
		.owner = solo_endpoint(owner),
		.ttl_ms = 1000,
		.half_open = true,
	};
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin_reply(&writer, bytes, sizeof(bytes), &sent->header);
	message_put_records(&writer, &record, 1);
	CHECK(solo_written(solo, sent->peer, &writer) == DROP_NONE);
}

/* Of three that are asked: what each has, a letter, in the order in which they
 * answer. h: a handshake, o: an open record, s: a handshake of ours, n: none,
 * -: it is silent for so long that it is overdue. */
static void
test_half_open(void)
{
	static const struct {
		const char *sentence, *answers;
		uint32_t first; /* owner, if it is over */
		bool over; /* before all have answered */
	} rows[] = {
		{ "an open record is an answer", "o", 41, true },
		{ "a handshake may be the lesser one", "h", 0, false },
		{ "it was", "ho", 41, true },
		{ "it was, of the last", "hno", 41, true },
		{ "it was not: all have answered", "hnn", 40, true },
		{ "it was not: the others are overdue", "h-", 40, true },
		{ "our own at another is none", "s", 0, false },
		{ "who else is asked may have one", "so", 41, true },
		{ "or another handshake, and others are asked by then", "snh",
		  0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent[BUCKET_MAX];
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 60);
		get(&solo, 1);
		CHECK(solo_all(&solo, MESSAGE_FIND_VALUE, sent, BUCKET_MAX) ==
		      3);
		for (uint32_t at = 0; rows[i].answers[at] != '\0'; at++) {
			CHECK_ROW(!node_eventful(solo.node), rows[i].sentence);
			switch (rows[i].answers[at]) {
			case 'h':
				answer_half_open(&solo, &sent[at], 40);
				break;
			case 's':
				answer_half_open(&solo, &sent[at], 0);
				break;
			case 'o':
				solo_record(&solo, &sent[at], 41,
					    solo_version(5));
				break;
			case 'n':
				solo_contacts(&solo, &sent[at], NULL, 0);
				break;
			default:
				solo_pass(&solo, 60 * NS_PER_MS);
				break;
			}
			solo_expire(&solo);
		}
		CHECK_ROW(node_eventful(solo.node) == rows[i].over,
			  rows[i].sentence);
		if (rows[i].over) {
			struct node_event event = node_event(solo.node);
			CHECK_ROW(event.kind == NODE_FOUND &&
					  event.records[0].owner ==
						  rows[i].first,
				  rows[i].sentence);
		}
		solo_close(&solo);
	}
}

/* Values of two rounds arrive together, the later round's first: the hops are
 * those of the earlier. */
static void
test_hops(void)
{
	static const struct {
		const char *sentence;
		bool first, second; /* whether a peer of that round has it */
		uint32_t hops;
	} rows[] = {
		{ "a peer of the first round has it", true, false, 1 },
		{ "one of the second has it", false, true, 2 },
		{ "one of each", true, true, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent first[BUCKET_MAX], second[BUCKET_MAX];
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 60);
		get(&solo, 1);
		CHECK(solo_all(&solo, MESSAGE_FIND_VALUE, first, BUCKET_MAX) ==
		      3);
		solo_contacts(&solo, &first[0], NULL, 0);
		solo_expire(&solo);
		CHECK(solo_all(&solo, MESSAGE_FIND_VALUE, second, BUCKET_MAX) >
		      0);
		if (rows[i].second)
			solo_record(&solo, &second[0], 40, solo_version(5));
		if (rows[i].first)
			solo_record(&solo, &first[1], 40, solo_version(5));
		solo_expire(&solo);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_FOUND, rows[i].sentence);
		CHECK_ROW(event.hops == rows[i].hops, rows[i].sentence);
		CHECK_ROW(event.record_count == 1, rows[i].sentence);
		solo_close(&solo);
	}
}

/* An owner that no endpoint table has room for cannot be asked for. */
static void
test_owner_without_room(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent;
	struct solo solo;

	solo_open_room(&solo, &settings, (struct solo_room){ .endpoints = 4 });
	solo_learn(&solo, 1, 3);
	get(&solo, 1);
	CHECK(solo_next(&solo, &sent));
	CHECK(solo_record(&solo, &sent, 500, solo_version(5)) == DROP_NONE);
	solo_expire(&solo);
	CHECK(!node_eventful(solo.node));
	while (solo_next(&solo, &sent)) {
		static const uint32_t strangers[] = { 500, 0, 501 };
		/* Nor contacts; we ourselves are none either. */
		solo_contacts(&solo, &sent, strangers, 3);
	}
	solo_pass(&solo, NS_PER_S);
	CHECK(node_event(solo.node).kind == NODE_MISSED);
	CHECK(node_counters(solo.node)->lookup_failures == 1);
	CHECK(node_contact_count(solo.node) == 3);
	solo_close(&solo);
}

/* No room in the outbox: queries and STOREs are lost, as on the way, so the
 * lookup asks again, or ends at its deadline. */
static void
test_full_outbox(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 2);
	solo.outbox.item_capacity = 0;
	get(&solo, 1);
	CHECK(node_counters(solo.node)->queries == 2);
	CHECK(node_counters(solo.node)->sent == 0);
	while (!node_eventful(solo.node))
		solo_await(&solo, NS_PER_S);
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_MISSED && !event.ok);
	CHECK(event.queries == 4); /* each twice */

	CHECK(set(&solo, 1, 5) == 0);
	CHECK(node_counters(solo.node)->stores == 2);
	solo.outbox.item_capacity = SOLO_ITEMS;
	solo_serve(&solo, instant_after(solo.now, NS_PER_S), UINT32_MAX, NULL);
	event = node_event(solo.node);
	CHECK(event.kind == NODE_STORED && event.ok && event.replicas == 3);
	CHECK(node_counters(solo.node)->stores == 4);
	solo_close(&solo);
}

/* --- cancelled ----------------------------------------------------------- */

/* Cancelled in a state; how is its end reported, and when does its slot return?
 */
static void
test_cancel(void)
{
	static const struct {
		const char *sentence;
		bool ready; /* an answer came, not yet advanced */
		bool report;
		bool event; /* NODE_STORED, not ok */
		bool at_once; /* not only at the next expire() */
	} rows[] = {
		{ "waiting for answers, reported", false, true, true, true },
		{ "waiting for answers, in silence", false, false, false,
		  true },
		{ "ready, reported", true, true, true, false },
		{ "ready, in silence", true, false, false, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 20);
		uint32_t slot =
			lookup_run_start(solo.node, solo.now, LOOKUP_SET, 42);
		struct lookup *lookup = &solo.parts.lookups->slots[slot];
		lookup->announce = true;
		lookup->key = solo_key(1);
		CHECK(!lookup_run_advance(solo.node, solo.now, slot,
					  &solo.outbox));
		CHECK(solo_next(&solo, &sent));
		CHECK(sent.header.type == MESSAGE_STORE);
		if (rows[i].ready)
			solo_status(&solo, &sent, ITEM_STORED);
		lookup_run_cancel(solo.node, solo.now, slot, rows[i].report);
		CHECK_ROW(solo.node->lookup_timers == TIMER_NONE,
			  rows[i].sentence);
		CHECK_ROW(node_eventful(solo.node) ==
				  (rows[i].event && rows[i].at_once),
			  rows[i].sentence);
		CHECK_ROW(lookups_count(solo.parts.lookups) ==
				  (rows[i].event || !rows[i].at_once ? 1 : 0),
			  rows[i].sentence);
		/* An answer to a lookup that is gone. */
		CHECK(solo_status(&solo, &sent, ITEM_STORED) == DROP_UNASKED);
		while (solo_next(&solo, &sent))
			;
		solo_expire(&solo);
		CHECK_ROW(!solo_next(&solo, &sent), rows[i].sentence);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind ==
				  (rows[i].event ? NODE_STORED : NODE_NONE),
			  rows[i].sentence);
		CHECK_ROW(!event.ok, rows[i].sentence);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* The node crashes: whatever its lookups were at, all slots return. */
static void
test_forget(void)
{
	static const struct {
		const char *sentence;
		bool answered, cancelled, ended;
	} rows[] = {
		{ "waiting for answers", false, false, false },
		{ "ready", true, false, false },
		{ "ready, then cancelled", true, true, false },
		{ "ended, and the event not taken", false, false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent sent;
		struct solo solo;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 20);
		uint32_t slot =
			lookup_run_start(solo.node, solo.now, LOOKUP_GET, 42);
		solo.parts.lookups->slots[slot].key = solo_key(2);
		get(&solo, 1); /* and one that just waits */
		lookup_run_advance(solo.node, solo.now, slot, &solo.outbox);
		while (rows[i].answered && solo_next(&solo, &sent)) {
			if ((sent.header.transaction & 0xfffff) == slot)
				solo_contacts(&solo, &sent, NULL, 0);
		}
		if (rows[i].cancelled)
			lookup_run_cancel(solo.node, solo.now, slot, true);
		if (rows[i].ended)
			solo_pass(&solo, NS_PER_S);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 2,
			  rows[i].sentence);
		lookup_run_forget(solo.node);
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0,
			  rows[i].sentence);
		CHECK_ROW(!node_eventful(solo.node), rows[i].sentence);
		CHECK_ROW(solo.node->ready_since.ns == INSTANT_NEVER.ns,
			  rows[i].sentence);
		solo_expire(&solo); /* nothing is left to do */
		CHECK_ROW(lookups_count(solo.parts.lookups) == 0,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* --- what ends together -------------------------------------------------- */

/* Many lookups, answered and timed out at random: each ends once, in the order
 * in which the events say, and no slot is lost. */
static void
test_random_walk(void)
{
	struct node_settings settings = solo_settings(8);
	uint32_t open = 0, ended = 0, refused = 0;
	struct solo_sent sent;
	struct solo solo;
	struct rng rng;

	rng_init(&rng, 3, 0);
	solo_open_room(&solo, &settings, (struct solo_room){ .lookups = 16 });
	solo_learn(&solo, 1, 100);
	for (uint32_t step = 0; step < 20000; step++) {
		struct session_key key =
			solo_key((uint32_t)rng_below(&rng, 500));
		struct instant before = { 0 };
		struct node_event event;
		node_ticket ticket;

		if (rng_below(&rng, 4) == 0) {
			int error = node_get(solo.node, solo.now, &key,
					     NODE_ASKER_OPERATOR, NULL, 0,
					     OUTBOX_ANY_UPLINK, &ticket,
					     &solo.outbox);
			CHECK(error == (open == 16 ? -EAGAIN : 0));
			open += error == 0;
			refused += error != 0;
		}
		while (solo_next(&solo, &sent)) {
			uint32_t peers[8];

			if (sent.header.type != MESSAGE_FIND_VALUE ||
			    rng_below(&rng, 3) == 0)
				continue;
			for (uint32_t i = 0; i < 8; i++)
				peers[i] = 1 + (uint32_t)rng_below(&rng, 300);
			if (rng_below(&rng, 20) == 0)
				solo_record(&solo, &sent, 40, solo_version(5));
			else
				solo_contacts(&solo, &sent, peers, 8);
		}
		solo_pass(&solo, (int64_t)rng_below(&rng, 5 * NS_PER_MS));
		CHECK(node_deadline(solo.node).ns > solo.now.ns);
		while ((event = node_event(solo.node)).kind != NODE_NONE) {
			CHECK(event.kind == NODE_FOUND ||
			      event.kind == NODE_MISSED);
			CHECK(event.finished.ns >= before.ns);
			CHECK(event.finished.ns - event.started.ns <=
			      settings.lookup_deadline_ns + 5 * NS_PER_MS);
			before = event.finished;
			open--;
			ended++;
		}
		CHECK(lookups_count(solo.parts.lookups) == open);
	}
	CHECK(ended > 1000 && refused > 0);
	solo_close(&solo);
}

int
main(void)
{
	test_queries();
	test_hedged();
	test_many_were_silent();
	test_silence_is_counted();
	test_only_suspects_left();
	test_which_answers_count();
	test_what_is_timed();
	test_found();
	test_half_open();
	test_hops();
	test_owner_without_room();
	test_full_outbox();
	test_cancel();
	test_forget();
	test_random_walk();
	return check_done();
}
