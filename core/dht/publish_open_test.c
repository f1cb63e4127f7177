/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_open_test.c - handshakes: published, confirmed, forgotten
 */
#include "core/dht/publish.h"

#include <errno.h>

#include "core/dht/owned.h"
#include "core/test/owner.h"

/* What a node does in one row, in order. */
enum act {
	END,
	OPEN, /* a SYN is answered, at the next version */
	SET, /* the handshake is over, at the next version */
	SET_BACK, /* the same, and the clock went back meanwhile */
	REMOVE,
	ANSWER, /* peers answer what they were asked, but keep STOREs */
	SERVE, /* peers answer everything for a millisecond */
	WAIT, /* and for PUBLISH_CONFIRM */
	LONG, /* and for half of a handshake's time */
};

/* What was sent, and what is left. */
struct tally {
	uint32_t half_open, open, removes;
	int64_t version; /* the highest stored */
	uint32_t events, failed; /* NODE_STORED */
};

static const struct row {
	const char *sentence;
	enum act acts[8];
	uint32_t half_open, open, removes; /* items sent, when all is served */
	uint32_t events;
	int64_t version;
	bool looked_twice;
	bool there; /* a publication in the end */
	bool is_half_open;
} rows[] = {
	{ "its SYN is answered",
	  { OPEN, SERVE },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  true,
	  true },
	{ "and its handshake is over later",
	  { OPEN, SERVE, SET, WAIT },
	  3,
	  3,
	  0,
	  1,
	  2,
	  false,
	  true,
	  false },
	{ "or while it is looked for",
	  { OPEN, SET, WAIT },
	  0,
	  3,
	  0,
	  1,
	  2,
	  false,
	  true,
	  false },
	/* The first three were lost, and are sent again. */
	{ "or while it is being stored",
	  { OPEN, ANSWER, SET, WAIT },
	  6,
	  3,
	  0,
	  1,
	  2,
	  false,
	  true,
	  false },
	{ "by a clock that went back",
	  { OPEN, SERVE, SET_BACK, WAIT },
	  3,
	  3,
	  0,
	  1,
	  1,
	  false,
	  true,
	  false },
	{ "and it is told no sooner",
	  { OPEN, SERVE, SET, SERVE },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  true,
	  false },
	{ "the SYN-ACK is sent again",
	  { OPEN, SERVE, OPEN, WAIT },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  true,
	  true },
	{ "the SYN-ACK is sent again while it is looked for",
	  { OPEN, OPEN, WAIT },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  true,
	  true },
	{ "a SYN when half of its time is over",
	  { OPEN, LONG, OPEN, SERVE },
	  6,
	  0,
	  0,
	  2,
	  2,
	  true,
	  true,
	  true },
	{ "nobody answers, and it lapses",
	  { OPEN, LONG, LONG, LONG, LONG },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  false,
	  false },
	{ "its handshake is reset",
	  { OPEN, SERVE, REMOVE, WAIT },
	  3,
	  0,
	  0,
	  1,
	  1,
	  false,
	  false,
	  false },
	{ "its handshake is reset while it is looked for",
	  { OPEN, REMOVE, WAIT },
	  0,
	  0,
	  0,
	  0,
	  0,
	  false,
	  false,
	  false },
	{ "its handshake is reset while it is being stored",
	  { OPEN, ANSWER, REMOVE, WAIT },
	  3,
	  0,
	  0,
	  0,
	  1,
	  false,
	  false,
	  false },
	{ "it ends before its confirmation is told",
	  { OPEN, SERVE, SET, REMOVE, WAIT },
	  3,
	  0,
	  3,
	  1,
	  1,
	  false,
	  false,
	  false },
	{ "a SYN of a session that is open",
	  { SET, SERVE, OPEN, WAIT },
	  0,
	  3,
	  0,
	  1,
	  1,
	  false,
	  true,
	  false },
	{ "a SYN while its port's last session is ending",
	  { SET, SERVE, REMOVE, OPEN, WAIT },
	  3,
	  3,
	  3,
	  2,
	  2,
	  true,
	  true,
	  true },
	{ "two sessions of a port, one after the other",
	  { OPEN, SERVE, SET, WAIT, SET, WAIT },
	  3,
	  6,
	  0,
	  2,
	  3,
	  true,
	  true,
	  false },
};

static void
count_stores(const struct solo_sent *sent, struct tally *tally)
{
	for (uint32_t i = 0; i < sent->header.count; i++) {
		struct message_item item = solo_item(sent, i);
		const struct message_record *record = &item.records[0];

		tally->half_open += record->half_open;
		tally->open += !record->half_open;
		CHECK(record->ttl_ms ==
		      (record->half_open ? RECORD_HALF_OPEN_MS : 600000));
		CHECK(sent->header.version == (record->half_open ? 2 : 1));
		if (record->version.established_ns > tally->version)
			tally->version = record->version.established_ns;
	}
}

/* Until nothing is due before then. stores: those are answered, too. */
static void
serve(struct solo *solo, int64_t distance_ns, bool stores, struct tally *tally)
{
	struct instant until = instant_after(solo->now, distance_ns);
	struct solo_sent sent;

	do {
		while (solo_next(solo, &sent)) {
			if (sent.header.type == MESSAGE_STORE)
				count_stores(&sent, tally);
			tally->removes += sent.header.type == MESSAGE_REMOVE;
			if (sent.header.type == MESSAGE_FIND_NODE)
				solo_contacts(solo, &sent, NULL, 0);
			else if (stores && sent.header.type == MESSAGE_PING)
				solo_pong(solo, &sent);
			else if (stores)
				solo_status(solo, &sent, ITEM_STORED);
		}
	} while (solo_due(solo, until));
	if (distance_ns > 0)
		solo->now = until;
}

static int
act(struct solo *solo, const struct session_key *key, enum act act,
    int64_t *version, struct tally *tally)
{
	switch (act) {
	case OPEN:
		return node_set_half_open(solo->node, solo->now, key,
					  solo_version(++*version),
					  &solo->outbox);
	case SET:
		return node_set(solo->node, solo->now, key,
				solo_version(++*version), &solo->outbox);
	case SET_BACK:
		return node_set(solo->node, solo->now, key,
				solo_version(*version - 1), &solo->outbox);
	case REMOVE:
		return node_remove(solo->node, solo->now, key, &solo->outbox);
	case ANSWER:
		serve(solo, 0, false, tally);
		break;
	case SERVE:
		serve(solo, NS_PER_MS, true, tally);
		break;
	case WAIT:
		serve(solo, PUBLISH_CONFIRM_NS + NS_PER_MS, true, tally);
		break;
	case LONG:
		serve(solo, PUBLISH_AGAIN_NS + NS_PER_S, true, tally);
		break;
	case END:
		break;
	}
	return 0;
}

static void
test_row(const struct row *row)
{
	struct tally tally = { 0 };
	struct node_event event;
	int64_t version = 0;
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	uint32_t number = owner_far_key(&solo, 0);
	struct session_key key = solo_key(number);
	for (unsigned i = 0; i < 8 && row->acts[i] != END; i++)
		CHECK_ROW(act(&solo, &key, row->acts[i], &version, &tally) == 0,
			  row->sentence);
	while ((event = node_event(solo.node)).kind != NODE_NONE) {
		CHECK_ROW(event.kind == NODE_STORED && event.ok, row->sentence);
		tally.events++;
	}
	CHECK_ROW(tally.half_open == row->half_open, row->sentence);
	CHECK_ROW(tally.open == row->open, row->sentence);
	CHECK_ROW(tally.removes == row->removes, row->sentence);
	CHECK_ROW(tally.events == row->events, row->sentence);
	CHECK_ROW(tally.version == row->version, row->sentence);
	CHECK_ROW((node_counters(solo.node)->lookups > 1) == row->looked_twice,
		  row->sentence);
	const struct publication *own = owner_publication(&solo, number);
	CHECK_ROW((own != NULL) == row->there, row->sentence);
	CHECK_ROW(node_half_open_count(solo.node) == row->is_half_open,
		  row->sentence);
	CHECK_ROW(solo.parts.publications->half_open == row->is_half_open,
		  row->sentence);
	CHECK_ROW(own == NULL || own->half_open == row->is_half_open,
		  row->sentence);
	CHECK_ROW(lookups_count(solo.parts.lookups) == 0, row->sentence);
	solo_close(&solo);
}

/* What is confirmed within 200 ms goes in one datagram to each replica, and
 * brings no republishing forward. */
static void
test_batches(void)
{
	enum {
		SESSIONS = 60
	};
	uint32_t numbers[SESSIONS], peers[OWNER_PEERS + 1] = { 0 };
	uint32_t items = 0, datagrams = 0;
	struct tally tally = { 0 };
	struct solo_sent sent;
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	uint32_t before = owner_far_key(&solo, SESSIONS);
	owner_place(&solo, before);
	serve(&solo, OWNER_REPUBLISH_NS - NS_PER_S, true, &tally);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct session_key key =
			solo_key(numbers[i] = owner_far_key(&solo, i));

		CHECK(node_set_half_open(solo.node, solo.now, &key,
					 solo_version(1), &solo.outbox) == 0);
		serve(&solo, NS_PER_MS, true, &tally);
	}
	CHECK(tally.half_open == 3 * SESSIONS && tally.open == 0);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		CHECK(owner_set(&solo, numbers[i], 2) == 0);
		serve(&solo, NS_PER_MS, true, &tally);
	}
	CHECK(tally.open == 0);
	while (datagrams == 0) {
		solo_await(&solo, PUBLISH_CONFIRM_NS);
		while (solo_next(&solo, &sent)) {
			CHECK(sent.header.type == MESSAGE_STORE);
			items += sent.header.count;
			datagrams++;
			peers[sent.peer]++;
			solo_status(&solo, &sent, ITEM_STORED);
		}
	}
	CHECK(items == 3 * SESSIONS && datagrams <= OWNER_PEERS);
	for (uint32_t i = 1; i <= OWNER_PEERS; i++)
		CHECK(peers[i] <= 1);
	CHECK(node_counters(solo.node)->confirmed == 3 * SESSIONS);
	CHECK(node_counters(solo.node)->republished == 0);
	CHECK(solo.traffic.sent[TRAFFIC_CONFIRM].datagrams == datagrams);
	CHECK(owner_publication(&solo, before)->state == PUBLICATION_HELD);
	solo_close(&solo);
}

/* One replica has not answered: it is looked for anew, as at a republish. */
static void
test_replica_lost(void)
{
	struct tally tally = { 0 };
	struct solo solo;

	owner_open(&solo, (struct solo_room){ 0 });
	uint32_t number = owner_far_key(&solo, 0);
	struct session_key key = solo_key(number);
	CHECK(node_set_half_open(solo.node, solo.now, &key, solo_version(1),
				 &solo.outbox) == 0);
	serve(&solo, NS_PER_MS, true, &tally);
	const struct publication *own = owner_publication(&solo, number);
	uint32_t lost = own->replicas[1];
	CHECK(owner_set(&solo, number, 2) == 0);
	solo_serve(&solo, instant_after(solo.now, NS_PER_S), lost, NULL);
	CHECK(own->state == PUBLICATION_HELD && !own->half_open);
	CHECK(own->replica_count == 3);
	for (uint32_t i = 0; i < own->replica_count; i++)
		CHECK(own->replicas[i] != lost);
	solo_close(&solo);
}

/* Its placements have failed; what does its SYN-ACK do that is sent again? */
static const struct {
	const char *sentence;
	bool half_open; /* else it is open, and a SYN comes by its port */
	uint8_t failed; /* in a row; 0: it waits for a lookup's slot */
	int64_t after_ns; /* since the last */
	bool at_once;
} again_rows[] = {
	{ "within the second of its first wait", true, 1, NS_PER_S - 1, false },
	{ "within the first second of its second", true, 2, NS_PER_S - 1,
	  false },
	{ "after that", true, 2, NS_PER_S, true },
	{ "in the middle of a longer one", true, 5, 3 * NS_PER_S, true },
	{ "and of the longest", true, 6, NS_PER_S, true },
	{ "it waits for room", true, 0, NS_PER_S, false },
	{ "a session that is open has its own time", false, 2, NS_PER_S,
	  false },
};

/* Nobody answers, until it waits after so many failures, one at least. */
static struct publication *
fail(struct solo *solo, uint32_t number, uint32_t times)
{
	struct publication *own = owner_publication(solo, number);

	for (uint32_t i = 0; i < times || i == 0; i++) {
		while (own->state == PUBLICATION_WAITING)
			solo_await(solo, 20 * NS_PER_S);
		while (own->state == PUBLICATION_LOOKING)
			solo_await(solo, NS_PER_S);
		outbox_clear(&solo->outbox);
		solo->next = 0;
	}
	CHECK(own->state == PUBLICATION_WAITING && own->retries > 0);
	if (times == 0)
		own->retries = 0;
	return own;
}

static void
test_answered_again(void)
{
	for (size_t i = 0; i < sizeof(again_rows) / sizeof(again_rows[0]);
	     i++) {
		struct solo solo;

		owner_open(&solo, (struct solo_room){ 0 });
		uint32_t number = owner_far_key(&solo, 0);
		struct session_key key = solo_key(number);
		if (again_rows[i].half_open)
			CHECK(node_set_half_open(solo.node, solo.now, &key,
						 solo_version(1),
						 &solo.outbox) == 0);
		else
			CHECK(owner_set(&solo, number, 1) == 0);
		struct publication *own =
			fail(&solo, number, again_rows[i].failed);
		struct publication before = *own;
		solo.now = instant_after(solo.now, again_rows[i].after_ns);
		CHECK_ROW(node_set_half_open(solo.node, solo.now, &key,
					     solo_version(2),
					     &solo.outbox) == 0,
			  again_rows[i].sentence);
		CHECK_ROW((own->state == PUBLICATION_LOOKING) ==
				  again_rows[i].at_once,
			  again_rows[i].sentence);
		CHECK_ROW(again_rows[i].at_once ||
				  own->timer.when.ns == before.timer.when.ns,
			  again_rows[i].sentence);
		/* It is the same handshake, and lapses when it would. */
		CHECK_ROW(own->version.established_ns == 1 &&
				  own->lapses.ns == before.lapses.ns &&
				  own->retries == before.retries,
			  again_rows[i].sentence);
		solo_close(&solo);
	}
}

/* Handshakes have a room of their own, and leave lookups to others. */
static void
test_room(void)
{
	struct solo solo;

	owner_open(&solo,
		   (struct solo_room){ .publications = 1, .lookups = 8 });
	uint32_t most = PUBLICATIONS_HALF_OPEN(1), open = 0, begun = 0;
	for (uint32_t i = 0; i < 5; i++) {
		struct session_key key = solo_key(i);
		int result = node_set_half_open(solo.node, solo.now, &key,
						solo_version(1), &solo.outbox);

		CHECK(result == (i < 4 ? 0 : -EAGAIN));
	}
	for (uint32_t i = 0; begun < most; i++) {
		struct session_key key = solo_key(i);

		begun += node_set_half_open(solo.node, solo.now, &key,
					    solo_version(1),
					    &solo.outbox) == 0 &&
			 i >= 4;
		begun += i == 0 ? 4 : 0;
		owner_serve_for(&solo, 1000);
		while (node_event(solo.node).kind != NODE_NONE)
			;
	}
	struct session_key extra = solo_key(60000);
	CHECK(node_half_open_count(solo.node) == most);
	CHECK(node_set_half_open(solo.node, solo.now, &extra, solo_version(1),
				 &solo.outbox) == -ENOSPC);
	/* One that is open has its room all the same; a second has none. */
	for (uint32_t i = 60001; i < 60003; i++)
		open += owner_set(&solo, i, 1) == 0;
	CHECK(open == 1);
	CHECK(owner_set(&solo, 1, 2) == -ENOSPC);
	CHECK(owner_publication(&solo, 1)->half_open);
	solo_close(&solo);
}

/* Who has answered a SYN asks past itself, and tells who asks it. */
static void
test_asks_past_itself(void)
{
	struct record records[RECORDS_PER_KEY];
	struct solo_sent sent;
	struct solo solo;
	node_ticket ticket;
	uint32_t asked = 0;

	owner_open(&solo, (struct solo_room){ 0 });
	struct session_key key = solo_key(owner_far_key(&solo, 0));
	CHECK(node_set_half_open(solo.node, solo.now, &key, solo_version(1),
				 &solo.outbox) == 0);
	owner_serve_for(&solo, NS_PER_MS);
	CHECK(node_event(solo.node).kind == NODE_STORED);
	CHECK(owned_known(solo.node, solo.now, &key, records) == 1);
	CHECK(records[0].half_open && records[0].owner == 0 &&
	      records[0].ttl_ms == RECORD_HALF_OPEN_MS);
	CHECK(node_get(solo.node, solo.now, &key, NODE_ASKER_STRAY, NULL, 0,
		       OUTBOX_ANY_UPLINK, &ticket, &solo.outbox) == 0);
	while (solo_next(&solo, &sent)) {
		asked += sent.header.type == MESSAGE_FIND_VALUE;
		solo_record(&solo, &sent, 7, solo_version(3));
	}
	solo_expire(&solo);
	CHECK(asked == solo.settings.alpha);
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_FOUND && event.record_count == 1 &&
	      event.records[0].owner == 7);
	solo_close(&solo);
}

static const struct {
	const char *sentence;
	uint32_t most, prefix_most;
	uint32_t set; /* of 12 */
} most_rows[] = {
	{ "as many as there is room for", 0, 0, 12 },
	{ "five", 5, 0, 5 },
	{ "half of ten, since one network has no more", 10, 1, 5 },
	{ "a network's fill is more than half", 10, 7, 7 },
	{ "a fill that is never reached", 0, 1, 12 },
};

/* Of what is open a node has its number, whatever the pool has room for. */
static void
test_sessions_max(void)
{
	for (size_t i = 0; i < sizeof(most_rows) / sizeof(most_rows[0]); i++) {
		struct session_key handshake = solo_key(100);
		struct tally tally = { 0 };
		struct solo solo;
		uint32_t set = 0;

		owner_open(&solo, (struct solo_room){ 0 });
		solo.settings.sessions_max = most_rows[i].most;
		solo.settings.sessions_per_prefix = most_rows[i].prefix_most;
		for (uint32_t number = 0; number < 12; number++)
			set += owner_set(&solo, number, 5) == 0;
		CHECK_ROW(set == most_rows[i].set, most_rows[i].sentence);
		CHECK_ROW(solo.node->open == set, most_rows[i].sentence);
		/* A handshake has a place, but is not confirmed. */
		CHECK_ROW(node_set_half_open(solo.node, solo.now, &handshake,
					     solo_version(1),
					     &solo.outbox) == 0,
			  most_rows[i].sentence);
		CHECK_ROW(owner_set(&solo, 100, 5) == (set == 12 ? 0 : -ENOSPC),
			  most_rows[i].sentence);
		/* One ends, and another comes. */
		serve(&solo, NS_PER_S, true, &tally);
		CHECK_ROW(owner_end(&solo, 0) == 0, most_rows[i].sentence);
		serve(&solo, NS_PER_S, true, &tally);
		CHECK_ROW(owner_set(&solo, 101, 5) == 0, most_rows[i].sentence);
		CHECK_ROW(solo.node->open == set + (set == 12),
			  most_rows[i].sentence);
		CHECK_ROW(solo.node->half_open == (set < 12),
			  most_rows[i].sentence);
		solo_close(&solo);
	}
}

int
main(void)
{
	test_sessions_max();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(&rows[i]);
	test_batches();
	test_replica_lost();
	test_answered_again();
	test_room();
	test_asks_past_itself();
	return check_done();
}
