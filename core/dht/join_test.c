/* SPDX-License-Identifier: GPL-3.0-or-later */
/* join_test.c - what counts as joined, and when a join is tried again */
#include "core/dht/join.h"

#include "core/test/mesh.h"
#include "core/test/solo.h"

static void
join(struct solo *solo, const uint32_t *seeds, uint32_t count)
{
	node_join(solo->node, solo->now, seeds, count, &solo->outbox);
}

static void
say_leave(struct solo *solo, uint32_t peer)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_LEAVE, 0);
	CHECK(solo_written(solo, peer, &writer) == DROP_NONE);
}

static void
say_ping(struct solo *solo, uint32_t peer)
{
	struct message_writer writer;
	uint8_t bytes[MESSAGE_MAX];

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_PING, 5);
	CHECK(solo_written(solo, peer, &writer) == DROP_NONE);
}

/* The next event, which comes before `until`, where only `talking` answers
 * (ENDPOINT_NONE: no peer). */
static enum node_event_kind
next_event(struct solo *solo, struct instant until, uint32_t talking,
	   struct node_event *event)
{
	struct solo_sent sent;

	do {
		while (solo_next(solo, &sent))
			if (sent.peer == talking &&
			    sent.header.type == MESSAGE_FIND_NODE)
				solo_contacts(solo, &sent, NULL, 0);
		*event = node_event(solo->node);
	} while (event->kind == NODE_NONE && solo_due(solo, until));
	return event->kind;
}

static struct instant
later(const struct solo *solo, int64_t distance_ns)
{
	return instant_after(solo->now, distance_ns);
}

static void
open(struct solo *solo)
{
	struct node_settings settings = solo_settings(8);

	settings.refresh_ns = 0; /* nothing but joins is due */
	solo_open(solo, &settings);
}

static const struct {
	const char *sentence;
	uint32_t seeds[2], seed_count, talking;
	bool in, again;
	uint32_t contacts;
} what_counts_rows[] = {
	{ "no seed: the first", { 0 }, 0, ENDPOINT_NONE, true, false, 0 },
	{ "we ourselves are no seed",
	  { 0, 0 },
	  2,
	  ENDPOINT_NONE,
	  true,
	  false,
	  0 },
	{ "the seed answers", { 3 }, 1, 3, true, true, 1 },
	{ "the same seed twice", { 3, 3 }, 2, 3, true, true, 1 },
	{ "one of two answers", { 3, 4 }, 2, 4, true, true, 2 },
	{ "none does, though they are contacts",
	  { 3, 4 },
	  2,
	  ENDPOINT_NONE,
	  false,
	  true,
	  2 },
	{ "we ourselves, and one that does not",
	  { 0, 3 },
	  2,
	  ENDPOINT_NONE,
	  false,
	  true,
	  1 },
};

static void
test_what_counts(void)
{
	for (size_t i = 0;
	     i < sizeof(what_counts_rows) / sizeof(what_counts_rows[0]); i++) {
		struct node_event event;
		struct solo solo;

		open(&solo);
		CHECK_ROW(!node_joined(solo.node),
			  what_counts_rows[i].sentence);
		join(&solo, what_counts_rows[i].seeds,
		     what_counts_rows[i].seed_count);
		CHECK_ROW(next_event(&solo, later(&solo, NS_PER_S),
				     what_counts_rows[i].talking,
				     &event) == NODE_JOINED,
			  what_counts_rows[i].sentence);
		CHECK_ROW(event.ok == what_counts_rows[i].in,
			  what_counts_rows[i].sentence);
		CHECK_ROW(node_joined(solo.node) == what_counts_rows[i].in,
			  what_counts_rows[i].sentence);
		CHECK_ROW(node_contact_count(solo.node) ==
				  what_counts_rows[i].contacts,
			  what_counts_rows[i].sentence);
		/* Alone: nothing follows. In for the first time, heard by few,
		 * or out: in a second. */
		struct instant due = later(&solo, JOIN_RETRY_NS);
		enum node_event_kind kind =
			next_event(&solo, later(&solo, 3600 * NS_PER_S),
				   what_counts_rows[i].talking, &event);
		CHECK_ROW(kind == (what_counts_rows[i].again ? NODE_JOIN_AGAIN
							     : NODE_NONE),
			  what_counts_rows[i].sentence);
		CHECK_ROW(!what_counts_rows[i].again || solo.now.ns == due.ns,
			  what_counts_rows[i].sentence);
		solo_close(&solo);
	}
}

/* Each second until the caller joins; at last a peer answers. */
static void
test_until_a_peer_answers(void)
{
	const uint32_t seed = 3;
	struct node_event event;
	struct solo solo;

	open(&solo);
	join(&solo, &seed, 1);
	for (unsigned i = 0; i < 5; i++) {
		CHECK(next_event(&solo, later(&solo, NS_PER_S), ENDPOINT_NONE,
				 &event) == NODE_JOINED);
		CHECK(!event.ok && !node_joined(solo.node));
		struct instant ended = solo.now;
		/* The caller is asked again if it did nothing. */
		for (unsigned second = 1; second <= 1 + i; second++) {
			CHECK(next_event(&solo, later(&solo, 3600 * NS_PER_S),
					 ENDPOINT_NONE,
					 &event) == NODE_JOIN_AGAIN);
			CHECK(solo.now.ns ==
			      ended.ns + (int64_t)second * JOIN_RETRY_NS);
		}
		join(&solo, &seed, 1);
	}
	CHECK(next_event(&solo, later(&solo, NS_PER_S), seed, &event) ==
	      NODE_JOINED);
	CHECK(event.ok && node_joined(solo.node));
	/* Once more, for tables that were young. */
	CHECK(next_event(&solo, later(&solo, NS_PER_S), seed, &event) ==
	      NODE_JOIN_AGAIN);
	join(&solo, &seed, 1);
	CHECK(next_event(&solo, later(&solo, NS_PER_S), seed, &event) ==
	      NODE_JOINED);
	CHECK(next_event(&solo, later(&solo, 3600 * NS_PER_S), seed, &event) ==
	      NODE_NONE);
	solo_close(&solo);
}

/* So many peers, of which so many are silent: joined twice, and again, in a
 * second, as long as more than a third of them are. */
static void
test_heard_by_few(void)
{
	static const struct {
		const char *sentence;
		uint32_t peers, silent, joins;
	} rows[] = {
		{ "all answer", 7, 0, 2 },
		{ "a third is silent", 6, 2, 2 },
		{ "more than a third", 7, 3, 1 + JOIN_REPEATS },
		{ "most", 7, 6, 1 + JOIN_REPEATS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seeds[8], joins = 0;
		struct instant ended = { 0 };
		struct solo_sent sent;
		struct solo solo;

		open(&solo);
		for (uint32_t peer = 1; peer <= rows[i].peers; peer++)
			seeds[peer - 1] = peer;
		join(&solo, seeds, rows[i].peers);
		const struct instant until = later(&solo, 3600 * NS_PER_S);
		do {
			while (solo_next(&solo, &sent))
				if (sent.peer > rows[i].silent &&
				    sent.header.type == MESSAGE_FIND_NODE)
					solo_contacts(&solo, &sent, NULL, 0);
			enum node_event_kind kind = node_event(solo.node).kind;
			if (kind == NODE_JOINED) {
				joins++;
				ended = solo.now;
				CHECK_ROW(node_joined(solo.node),
					  rows[i].sentence);
			}
			if (kind != NODE_JOIN_AGAIN)
				continue;
			CHECK_ROW(solo.now.ns == ended.ns + JOIN_RETRY_NS,
				  rows[i].sentence);
			CHECK_ROW(node_joined(solo.node), rows[i].sentence);
			join(&solo, seeds, rows[i].peers);
		} while (solo_due(&solo, until));
		CHECK_ROW(joins == rows[i].joins, rows[i].sentence);
		solo_close(&solo);
	}
}

/* It answered, and left before the join was over. */
static void
test_left_while_we_joined(void)
{
	const uint32_t seeds[] = { 3, 4 };
	struct node_event event;
	struct solo_sent sent;
	struct solo solo;

	open(&solo);
	join(&solo, seeds, 2);
	CHECK(solo_next(&solo, &sent));
	solo_contacts(&solo, &sent, NULL, 0);
	say_leave(&solo, 3);
	say_leave(&solo, 4);
	CHECK(node_contact_count(solo.node) == 0);
	CHECK(next_event(&solo, later(&solo, NS_PER_S), ENDPOINT_NONE,
			 &event) == NODE_JOINED);
	CHECK(!event.ok && !node_joined(solo.node));
	CHECK(next_event(&solo, later(&solo, 3600 * NS_PER_S), ENDPOINT_NONE,
			 &event) == NODE_JOIN_AGAIN);
	solo_close(&solo);
}

static void
test_all_have_left(void)
{
	static const struct {
		const char *sentence;
		uint32_t seed_count; /* 0: we were the first */
		bool learned; /* instead of a join */
		bool back; /* one speaks to us within the second */
		bool in, again;
	} rows[] = {
		{ "who joined is out, and tries again", 1, false, false, false,
		  true },
		{ "so is who was given a table", 0, true, false, false, true },
		{ "also when a peer finds it meanwhile", 1, false, true, false,
		  true },
		{ "the first stays in, and asks for seeds", 0, false, false,
		  true, true },
		{ "or is found", 0, false, true, true, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint32_t seed = 3;
		struct node_event event;
		struct solo solo;

		open(&solo);
		if (rows[i].learned) {
			solo_learn(&solo, 3, 1);
		} else {
			join(&solo, &seed, rows[i].seed_count);
			CHECK(next_event(&solo, later(&solo, NS_PER_S), seed,
					 &event) == NODE_JOINED);
			say_ping(&solo, seed);
		}
		CHECK_ROW(node_joined(solo.node), rows[i].sentence);
		CHECK_ROW(node_contact_count(solo.node) == 1, rows[i].sentence);
		say_leave(&solo, seed);
		struct instant due = later(&solo, JOIN_RETRY_NS);
		CHECK_ROW(node_joined(solo.node) == rows[i].in,
			  rows[i].sentence);
		if (rows[i].back)
			say_ping(&solo, 4);
		enum node_event_kind kind =
			next_event(&solo, due, ENDPOINT_NONE, &event);
		CHECK_ROW(kind == (rows[i].again ? NODE_JOIN_AGAIN : NODE_NONE),
			  rows[i].sentence);
		CHECK_ROW(!rows[i].again || solo.now.ns == due.ns,
			  rows[i].sentence);
		CHECK_ROW(node_joined(solo.node) == rows[i].in,
			  rows[i].sentence);
		solo_close(&solo);
	}
}

/* Who leaves does not try again; who joins again stays in meanwhile. */
static void
test_leave_and_join(void)
{
	const uint32_t seed = 3;
	struct node_event event;
	struct solo solo;

	open(&solo);
	join(&solo, &seed, 1);
	CHECK(next_event(&solo, later(&solo, NS_PER_S), seed, &event) ==
	      NODE_JOINED);
	join(&solo, &seed, 1);
	CHECK(node_joined(solo.node));
	CHECK(next_event(&solo, later(&solo, NS_PER_S), seed, &event) ==
	      NODE_JOINED);
	node_leave(solo.node, solo.now, &solo.outbox);
	CHECK(!node_joined(solo.node));
	say_leave(&solo, seed);
	CHECK(next_event(&solo, later(&solo, 3600 * NS_PER_S), seed, &event) ==
	      NODE_NONE);
	/* In the middle of a join, too. */
	join(&solo, &seed, 1);
	node_leave(solo.node, solo.now, &solo.outbox);
	CHECK(next_event(&solo, later(&solo, 3600 * NS_PER_S), seed, &event) ==
	      NODE_NONE);
	CHECK(!node_joined(solo.node));
	solo_close(&solo);
}

/* Its contacts are there still, and the last of them has gone stale. */
static void
test_cut_off(void)
{
	static const struct {
		const char *sentence;
		uint32_t silent; /* of 7 others */
		bool again;
	} rows[] = {
		{ "all answer", 0, false },
		{ "one does, the others are dead", 6, false },
		{ "it is cut off", 7, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings;
		struct mesh mesh;

		node_settings_default(&settings);
		mesh_open(&mesh, 8, &settings, 3);
		mesh_make_ideal(&mesh);
		for (uint32_t j = 1; j <= rows[i].silent; j++)
			mesh.dead[j] = true;
		mesh_get(&mesh, 0, 1);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(mesh.events[NODE_JOIN_AGAIN] == 0, rows[i].sentence);
		/* Tested eight at a time: two pings each, 300 ms apart. */
		mesh_pass(&mesh, 3 * NS_PER_S);
		CHECK_ROW((mesh.events[NODE_JOIN_AGAIN] > 0) == rows[i].again,
			  rows[i].sentence);
		mesh_close(&mesh);
	}
}

int
main(void)
{
	test_what_counts();
	test_until_a_peer_answers();
	test_heard_by_few();
	test_left_while_we_joined();
	test_all_have_left();
	test_leave_and_join();
	test_cut_off();
	return check_done();
}
