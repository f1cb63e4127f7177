/* SPDX-License-Identifier: GPL-3.0-or-later */
/* liveness_test.c - suspects pinged, cleared, or given up */
#include "core/dht/liveness.h"

#include "core/dht/exchange.h"
#include "core/test/solo.h"

#define TIMEOUT_NS (50 * NS_PER_MS) /* of a peer never measured */

static uint32_t
failures(const struct solo *solo, uint32_t peer)
{
	const struct contact *contact = table_find(solo->node->table, peer);

	return contact == NULL ? UINT32_MAX : contact->failures;
}

/* The ping that was sent to that peer since the last call, if there is one;
 * *others counts those to others. */
static bool
pinged(struct solo *solo, uint32_t peer, struct solo_sent *ping,
       uint32_t *others)
{
	struct solo_sent sent;
	bool found = false;

	*others = 0;
	while (solo_next(solo, &sent)) {
		CHECK(sent.header.type == MESSAGE_PING);
		if (sent.peer == peer) {
			CHECK(!found);
			*ping = sent;
			found = true;
		} else {
			++*others;
		}
	}
	return found;
}

static void
expire(struct solo *solo, int64_t distance_ns)
{
	solo->now = instant_after(solo->now, distance_ns);
	liveness_expire(solo->node, solo->now, &solo->outbox);
}

static const struct {
	const char *sentence;
	uint32_t answered; /* 0: never */
	uint32_t pings, timeouts;
} one_suspect_rows[] = {
	{ "it answers the first ping", 1, 1, 0 },
	{ "it answers the second, after the pause", 2, 2, 1 },
	{ "it never answers: two pings, then it is given up", 0, 2, 2 },
};

/* A suspect's way, ping by ping; it answers the first, the second, or none. */
static void
test_one_suspect(void)
{
	for (size_t i = 0;
	     i < sizeof(one_suspect_rows) / sizeof(one_suspect_rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		const char *sentence = one_suspect_rows[i].sentence;
		struct solo_sent ping;
		struct solo solo;
		uint32_t pings = 0, others;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 3);
		CHECK(liveness_deadline(solo.node).ns == INSTANT_NEVER.ns);
		liveness_failed(solo.node, solo.now, 2, &solo.outbox);
		CHECK_ROW(failures(&solo, 2) == 1, sentence);
		while (liveness_deadline(solo.node).ns != INSTANT_NEVER.ns) {
			struct instant due = liveness_deadline(solo.node);

			if (pinged(&solo, 2, &ping, &others)) {
				pings++;
				CHECK_ROW(due.ns - solo.now.ns == TIMEOUT_NS,
					  sentence);
				if (pings == one_suspect_rows[i].answered) {
					CHECK_ROW(solo_pong(&solo, &ping) ==
							  DROP_NONE,
						  sentence);
					continue;
				}
			} else {
				CHECK_ROW(due.ns - solo.now.ns ==
						  LIVENESS_PAUSE_NS,
					  sentence);
			}
			CHECK_ROW(others == 0, sentence);
			expire(&solo, due.ns - solo.now.ns - 1);
			CHECK_ROW(solo.outbox.item_count == 0, sentence);
			expire(&solo, 1);
		}
		CHECK_ROW(pings == one_suspect_rows[i].pings, sentence);
		CHECK_ROW(solo.node->counters.timeouts ==
				  one_suspect_rows[i].timeouts,
			  sentence);
		CHECK_ROW(failures(&solo, 2) == (one_suspect_rows[i].answered
							 ? 0
							 : CONTACT_STALE),
			  sentence);
		CHECK_ROW(solo.node->counters.queries == pings, sentence);
		CHECK_ROW(solo.node->counters.evictions == 0, sentence);
		/* A stale contact is not pinged for another failure. */
		liveness_failed(solo.node, solo.now, 2, &solo.outbox);
		CHECK_ROW(pinged(&solo, 2, &ping, &others) ==
				  (one_suspect_rows[i].answered != 0),
			  sentence);
		solo_close(&solo);
	}
}

/* Its round trip was short, and is longer than twice its timeout now: the last
 * ping waits for it. */
static void
test_it_is_farther(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent ping;
	struct solo solo;
	uint32_t others;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 3);
	for (unsigned i = 0; i < 20; i++)
		contact_sample(table_find(solo.node->table, 2), 50000);
	liveness_failed(solo.node, solo.now, 2, &solo.outbox);
	CHECK(pinged(&solo, 2, &ping, &others));
	CHECK(liveness_deadline(solo.node).ns - solo.now.ns ==
	      settings.timeout_floor_ns);
	expire(&solo, settings.timeout_floor_ns);
	expire(&solo, LIVENESS_PAUSE_NS);
	CHECK(failures(&solo, 2) == CONTACT_STALE - 1);
	CHECK(pinged(&solo, 2, &ping, &others));
	CHECK(liveness_deadline(solo.node).ns - solo.now.ns ==
	      settings.timeout_initial_ns);
	expire(&solo, 4 * settings.timeout_floor_ns);
	CHECK(solo_pong(&solo, &ping) == DROP_NONE);
	CHECK(failures(&solo, 2) == 0);
	CHECK(exchange_timeout_ns(solo.node, 2) >
	      4 * settings.timeout_floor_ns);
	solo_close(&solo);
}

static void
test_which_pong_counts(void)
{
	static const struct {
		const char *sentence;
		uint32_t from, add; /* to the transaction */
		bool paused;
		enum drop drop;
	} rows[] = {
		{ "the suspect's, to this ping", 2, 0, false, DROP_NONE },
		{ "another peer's", 3, 0, false, DROP_UNASKED },
		{ "to a ping that was never sent", 2, 1, false, DROP_UNASKED },
		{ "too late: the next ping is not yet out", 2, 0, true,
		  DROP_UNASKED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent ping;
		struct solo solo;
		uint32_t others;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 3);
		liveness_failed(solo.node, solo.now, 2, &solo.outbox);
		CHECK(pinged(&solo, 2, &ping, &others));
		expire(&solo, rows[i].paused ? TIMEOUT_NS : NS_PER_MS);
		CHECK_ROW(liveness_answer(solo.node, solo.now, rows[i].from,
					  ping.header.transaction +
						  rows[i].add) == rows[i].drop,
			  rows[i].sentence);
		CHECK_ROW((failures(&solo, 2) == 0) ==
				  (rows[i].drop == DROP_NONE),
			  rows[i].sentence);
		if (rows[i].drop == DROP_NONE) { /* it was timed: 1 ms */
			CHECK(exchange_timeout_ns(solo.node, 2) <=
			      3 * NS_PER_MS);
			CHECK(liveness_answer(solo.node, solo.now, 2,
					      ping.header.transaction) ==
			      DROP_UNASKED);
		}
		solo_close(&solo);
	}
}

/* NODE_PINGS at a time; the next takes the place of one that ended. */
#define SUSPECTS (2 * NODE_PINGS + 1)

static void
test_slots_for_pings(void)
{
	struct node_settings settings = solo_settings(20);
	uint32_t pings[SUSPECTS + 1] = { 0 }, more = 0;
	struct solo_sent ping;
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, SUSPECTS);
	for (uint32_t peer = 1; peer <= SUSPECTS; peer++) {
		liveness_failed(solo.node, solo.now, peer, &solo.outbox);
		/* Failing twice is one test. */
		liveness_failed(solo.node, solo.now, peer, &solo.outbox);
	}
	liveness_failed(solo.node, solo.now, 100, &solo.outbox); /* unknown */
	while (solo_next(&solo, &ping))
		pings[ping.peer]++;
	for (uint32_t peer = 1; peer <= SUSPECTS; peer++)
		CHECK(pings[peer] == (peer <= NODE_PINGS));
	/* All of them are silent; a pause later they are given up, and others'
	 * turn comes, which are suspect since. */
	expire(&solo, TIMEOUT_NS);
	CHECK(!solo_next(&solo, &ping));
	expire(&solo, LIVENESS_PAUSE_NS);
	while (solo_next(&solo, &ping))
		CHECK(ping.peer <= NODE_PINGS);
	expire(&solo, TIMEOUT_NS);
	while (solo_next(&solo, &ping)) {
		CHECK(ping.peer > NODE_PINGS);
		pings[ping.peer]++;
		more++;
	}
	CHECK(more == NODE_PINGS);
	for (uint32_t peer = 1; peer <= SUSPECTS; peer++)
		CHECK(pings[peer] <= 1);
	/* The last of them; then no suspect is left to be tested. */
	while (liveness_deadline(solo.node).ns != INSTANT_NEVER.ns) {
		expire(&solo, liveness_deadline(solo.node).ns - solo.now.ns);
		while (solo_next(&solo, &ping))
			pings[ping.peer]++;
	}
	for (uint32_t peer = 1; peer <= SUSPECTS; peer++)
		CHECK(pings[peer] > 0 &&
		      failures(&solo, peer) == CONTACT_STALE);
	solo_close(&solo);
}

/* A contact that answers something else, or leaves, is pinged no more. */
static void
test_suspects_no_more(void)
{
	static const struct {
		const char *sentence;
		bool leaves;
	} rows[] = {
		{ "it answered a lookup in the pause", false },
		{ "it left in the pause", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent ping;
		struct solo solo;
		uint32_t others;

		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 3);
		liveness_failed(solo.node, solo.now, 2, &solo.outbox);
		CHECK(pinged(&solo, 2, &ping, &others));
		expire(&solo, TIMEOUT_NS);
		if (rows[i].leaves)
			table_remove(solo.node->table, 2);
		else
			table_answered(solo.node->table, 2, -1);
		expire(&solo, LIVENESS_PAUSE_NS);
		CHECK_ROW(!pinged(&solo, 2, &ping, &others) && others == 0,
			  rows[i].sentence);
		CHECK_ROW(liveness_deadline(solo.node).ns == INSTANT_NEVER.ns,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* A newcomer whose bucket is full tests the oldest suspect there, and takes
 * its place when that has failed for good. */
static void
test_a_newcomer_makes_room(void)
{
	struct node_settings settings = solo_settings(2);
	struct solo_sent ping;
	struct solo solo;
	uint32_t in[4], count = 0, others;

	settings.alpha = 1;
	settings.replicas = 1;
	solo_open(&solo, &settings);
	for (uint32_t peer = 1; peer <= SOLO_PEERS && count < 4; peer++) {
		if (position_bucket(solo.node->position,
				    solo_position(&solo, peer)) == 0)
			in[count++] = peer;
	}
	CHECK(count == 4);
	node_learn(solo.node, solo.now, in[0]);
	node_learn(solo.node, solo.now, in[1]);
	/* Nobody is suspect: nothing to test. */
	CHECK(table_heard(solo.node->table, in[2]) == TABLE_REPLACEMENT);
	liveness_crowded(solo.node, solo.now, in[2], &solo.outbox);
	CHECK(solo.outbox.item_count == 0);
	/* The suspect's place was not free for a ping then; now it is. */
	table_doubted(solo.node->table, in[1]);
	liveness_crowded(solo.node, solo.now, in[2], &solo.outbox);
	CHECK(pinged(&solo, in[1], &ping, &others) && others == 0);
	while (liveness_deadline(solo.node).ns != INSTANT_NEVER.ns)
		expire(&solo, liveness_deadline(solo.node).ns - solo.now.ns);
	CHECK(!solo_knows(&solo, in[1]) && solo_knows(&solo, in[2]));
	CHECK(solo_knows(&solo, in[0]));
	CHECK(solo.node->counters.evictions == 1);
	solo_close(&solo);
}

/* No room in the outbox is a ping lost on the way: overdue like any other. */
static void
test_a_lost_ping(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo solo;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 1);
	solo.outbox.item_capacity = 0;
	liveness_failed(solo.node, solo.now, 1, &solo.outbox);
	CHECK(solo.node->counters.queries == 1 &&
	      solo.node->counters.sent == 0);
	expire(&solo, TIMEOUT_NS);
	CHECK(failures(&solo, 1) == 2);
	solo_close(&solo);
}

/* How long it took is known as far as there are bits for it. */
static void
test_how_long_a_ping_took(void)
{
	static const struct {
		const char *sentence;
		int64_t timeout_ns, after_ns, least_ns, most_ns;
	} rows[] = {
		{ "a round trip", 50 * NS_PER_MS, 40123, 40123 - 256, 40123 },
		{ "the last moment", 50 * NS_PER_MS, 50 * NS_PER_MS - 1,
		  50 * NS_PER_MS - 512, 50 * NS_PER_MS },
		{ "of a wait of no whole units", 1000001, 900000, 900000 - 512,
		  900000 },
		{ "seconds", 4 * NS_PER_S, 3 * NS_PER_S, 3 * NS_PER_S - 256,
		  3 * NS_PER_S },
		{ "longer than can be said: it lives, no more", 60 * NS_PER_S,
		  3 * NS_PER_S, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo_sent ping;
		struct solo solo;
		uint32_t others;

		settings.timeout_initial_ns = rows[i].timeout_ns;
		settings.timeout_cap_ns = rows[i].timeout_ns;
		solo_open(&solo, &settings);
		solo_learn(&solo, 1, 3);
		liveness_failed(solo.node, solo.now, 2, &solo.outbox);
		CHECK_ROW(pinged(&solo, 2, &ping, &others), rows[i].sentence);
		expire(&solo, rows[i].after_ns);
		CHECK_ROW(liveness_answer(solo.node, solo.now, 2,
					  ping.header.transaction) == DROP_NONE,
			  rows[i].sentence);
		int64_t usual_ns =
			contact_usual_ns(table_find(solo.node->table, 2));
		CHECK_ROW(usual_ns >= rows[i].least_ns &&
				  usual_ns <= rows[i].most_ns,
			  rows[i].sentence);
		CHECK_ROW(failures(&solo, 2) == 0, rows[i].sentence);
		solo_close(&solo);
	}
}

/* Who else asks with a ping takes no test's answer. */
static void
test_asked_besides(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent ping, besides;
	struct solo solo;
	uint32_t others;

	solo_open(&solo, &settings);
	solo_learn(&solo, 1, 3);
	liveness_failed(solo.node, solo.now, 2, &solo.outbox);
	CHECK(pinged(&solo, 2, &ping, &others));
	struct endpoint peer = *endpoints_get(solo.parts.endpoints, 2);
	liveness_ask(solo.node, &peer, &solo.outbox);
	CHECK(pinged(&solo, 2, &besides, &others));
	CHECK(liveness_answer(solo.node, solo.now, 2,
			      besides.header.transaction) == DROP_UNASKED);
	CHECK(liveness_answer(solo.node, solo.now, 2,
			      ping.header.transaction) == DROP_NONE);
	solo_close(&solo);
}

int
main(void)
{
	test_how_long_a_ping_took();
	test_asked_besides();
	test_one_suspect();
	test_it_is_farther();
	test_which_pong_counts();
	test_slots_for_pings();
	test_suspects_no_more();
	test_a_newcomer_makes_room();
	test_a_lost_ping();
	return check_done();
}
