/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * refresh_test.c - joining, and the sweep over idle buckets
 *
 * A bucket fill is known by its first query: a FIND_NODE for a place in that
 * bucket. The node looks for nothing else here unless the test says so.
 */
#include "core/dht/refresh.h"

#include "core/test/solo.h"

/* The buckets that queries ask for: a bit each, and in which order. */
struct asked {
	uint64_t buckets;
	uint32_t count; /* changes of bucket */
	unsigned order[64 * 8];
	bool self; /* and ourselves */
};

static void
note(const struct solo *solo, const struct solo_sent *sent, struct asked *asked)
{
	uint64_t position = solo_item(sent, 0).position;

	CHECK(sent->header.type == MESSAGE_FIND_NODE);
	if (position == solo->node->position) {
		asked->self = true;
		return;
	}
	unsigned b = position_bucket(solo->node->position, position);

	asked->buckets |= table_bit(b);
	if (asked->count == 0 || asked->order[asked->count - 1] != b) {
		CHECK(asked->count < sizeof(asked->order) / sizeof(unsigned));
		asked->order[asked->count++] = b;
	}
}

/* Answer all with "I know no peer" until nothing is due before then. */
static void
serve(struct solo *solo, struct instant until, struct asked *asked)
{
	struct solo_sent sent;

	memset(asked, 0, sizeof(*asked));
	do {
		while (solo_next(solo, &sent)) {
			note(solo, &sent, asked);
			solo_contacts(solo, &sent, NULL, 0);
		}
	} while (solo_due(solo, until));
	solo->now = until;
}

/* It joins once: what follows is join.h's. */
static void
open_once(struct solo *solo, const struct node_settings *settings)
{
	solo_open(solo, settings);
	solo->node->join_second = true;
}

static struct instant
later(const struct solo *solo, int64_t distance_ns)
{
	return instant_after(solo->now, distance_ns);
}

/* --- joining ------------------------------------------------------------- */

static void
join(struct solo *solo, const uint32_t *seeds, uint32_t count)
{
	node_join(solo->node, solo->now, seeds, count, &solo->outbox);
}

static void
test_alone(void)
{
	static const uint32_t self = 0;
	static const struct {
		const char *sentence;
		uint32_t seed_count;
	} rows[] = {
		{ "no seed at all", 0 },
		{ "only we ourselves", 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		struct solo solo;

		open_once(&solo, &settings);
		join(&solo, &self, rows[i].seed_count);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_JOINED && event.ok,
			  rows[i].sentence);
		CHECK_ROW(event.queries == 0 && event.hops == 0,
			  rows[i].sentence);
		CHECK_ROW(event.started.ns == solo.now.ns &&
				  event.finished.ns == solo.now.ns,
			  rows[i].sentence);
		CHECK_ROW(node_event(solo.node).kind == NODE_NONE,
			  rows[i].sentence);
		CHECK_ROW(solo.outbox.item_count == 0, rows[i].sentence);
		solo_close(&solo);
	}
}

/* Seeds that do not answer: we look ourselves up four times, each asking the
 * seed twice, then we say that the join failed. */
static void
test_silent_seeds(void)
{
	static const struct {
		const char *sentence;
		uint32_t silent; /* lookups that no peer answers */
		bool ok;
	} rows[] = {
		{ "the seed answers at once", 0, true },
		{ "at the second lookup", 1, true },
		{ "at the last", REFRESH_JOIN_TRIES - 1, true },
		{ "never", REFRESH_JOIN_TRIES, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(8);
		const uint32_t seed = 3;
		uint32_t queries = 0, lookups = 0, last = 0;
		struct node_event event;
		struct solo_sent sent;
		struct solo solo;

		open_once(&solo, &settings);
		join(&solo, &seed, 1);
		do {
			while (solo_next(&solo, &sent)) {
				if (sent.header.type != MESSAGE_FIND_NODE)
					continue;
				queries++;
				CHECK(solo_item(&sent, 0).position ==
				      solo.node->position);
				lookups += sent.header.transaction != last;
				last = sent.header.transaction;
				if (lookups > rows[i].silent)
					solo_contacts(&solo, &sent, NULL, 0);
			}
		} while ((event = node_event(solo.node)).kind == NODE_NONE &&
			 solo_due(&solo, later(&solo, NS_PER_S)));
		CHECK_ROW(event.kind == NODE_JOINED && event.ok == rows[i].ok,
			  rows[i].sentence);
		CHECK_ROW(lookups == (rows[i].ok ? rows[i].silent + 1
						 : REFRESH_JOIN_TRIES),
			  rows[i].sentence);
		CHECK_ROW(event.queries == queries, rows[i].sentence);
		CHECK_ROW(queries == 2 * rows[i].silent + rows[i].ok,
			  rows[i].sentence);
		CHECK_ROW(event.hops == (rows[i].ok ? 1 : 0), rows[i].sentence);
		solo_close(&solo);
	}
}

/* Which buckets are filled after we looked ourselves up among `peers` others,
 * with buckets of k: none when we heard of fewer than k, else that of the k-th
 * closest and all farther ones, the nearest first. */
static void
test_buckets_after_the_join_lookup(void)
{
	static const struct {
		const char *sentence;
		uint32_t k, peers;
	} rows[] = {
		{ "one fewer than k: we know them all", 8, 7 },
		{ "exactly k", 8, 8 },
		{ "one more than k", 8, 9 },
		{ "many", 8, 200 },
		{ "more than a reply can hold", 4, 500 },
		{ "a bucket of one", 1, 50 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = solo_settings(rows[i].k);
		uint32_t seeds[MESSAGE_CONTACTS_MAX], seed_count = 0;
		uint32_t kth = 0, k = rows[i].k;
		struct asked asked;
		struct solo solo;

		settings.replicas = 1;
		settings.alpha = 1;
		open_once(&solo, &settings);
		/* The k closest are the seeds, so the join lookup finds the
		 * truth. */
		for (uint32_t peer = 1; peer <= rows[i].peers; peer++) {
			uint32_t rank = solo_rank(&solo, solo.node->position,
						  peer, rows[i].peers);

			if (rank < k)
				seeds[seed_count++] = peer;
			if (rank == k - 1)
				kth = peer;
		}
		join(&solo, seeds, seed_count);
		serve(&solo, later(&solo, 5 * NS_PER_S), &asked);
		struct node_event event = node_event(solo.node);
		CHECK_ROW(event.kind == NODE_JOINED && event.ok,
			  rows[i].sentence);
		CHECK_ROW(asked.self, rows[i].sentence);
		uint64_t expected = 0;
		if (kth != 0) {
			unsigned b = position_bucket(solo.node->position,
						     solo_position(&solo, kth));

			for (unsigned j = 0; j <= b; j++)
				expected |= table_bit(j);
		}
		/* The k closest have all nearer buckets; so each fill finds
		 * a peer to ask, but for the k-th's own if it is alone. */
		CHECK_ROW((asked.buckets & ~expected) == 0, rows[i].sentence);
		CHECK_ROW((asked.buckets != 0) == (expected != 0),
			  rows[i].sentence);
		CHECK_ROW(asked.buckets == expected, rows[i].sentence);
		for (uint32_t j = 1; j < asked.count; j++)
			CHECK_ROW(asked.order[j] < asked.order[j - 1],
				  rows[i].sentence);
		solo_close(&solo);
	}
}

/* The seed is far away and names the k closest: k + 1 answer, and the k-th
 * decides, not the seed. */
static void
test_the_kth_decides(void)
{
	struct node_settings settings = solo_settings(8);
	uint32_t closest[8], count = 0, seed = 0, kth = 0;
	struct asked asked = { 0 };
	struct solo_sent sent;
	struct solo solo;

	open_once(&solo, &settings);
	for (uint32_t peer = 1; peer <= 200; peer++) {
		uint32_t rank =
			solo_rank(&solo, solo.node->position, peer, 200);

		if (rank < settings.k)
			closest[count++] = peer;
		if (rank == settings.k - 1)
			kth = peer;
		if (rank == 199)
			seed = peer;
	}
	join(&solo, &seed, 1);
	do {
		while (solo_next(&solo, &sent)) {
			note(&solo, &sent, &asked);
			solo_contacts(&solo, &sent, closest,
				      sent.peer == seed ? count : 0);
		}
	} while (solo_due(&solo, later(&solo, NS_PER_S)));
	unsigned b =
		position_bucket(solo.node->position, solo_position(&solo, kth));
	CHECK(b > 1 && asked.order[0] == b);
	CHECK(asked.buckets == ~(table_bit(b) - 1));
	struct node_event event = node_event(solo.node);
	CHECK(event.kind == NODE_JOINED && event.ok);
	CHECK(event.hops >
	      2); /* two of the join lookup, and those of the fills */
	solo_close(&solo);
}

/* The pool is full of others' lookups: the join waits for its turn. */
static void
test_join_waits_for_a_slot(void)
{
	struct node_settings settings = solo_settings(8);
	const uint32_t seed = 3;
	struct asked asked;
	struct solo solo;

	solo_open_room(&solo, &settings, (struct solo_room){ .lookups = 1 });
	uint32_t slot = lookup_take(solo.parts.lookups, 99, LOOKUP_GET, 0, 8);
	join(&solo, &seed, 1);
	CHECK(solo.outbox.item_count == 0);
	CHECK(node_deadline(solo.node).ns == solo.now.ns + REFRESH_RETRY_NS);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK(!asked.self && node_event(solo.node).kind == NODE_NONE);
	lookup_give(solo.parts.lookups, slot);
	serve(&solo, later(&solo, REFRESH_RETRY_NS), &asked);
	CHECK(asked.self && node_event(solo.node).kind == NODE_JOINED);
	solo_close(&solo);
}

/* Joining again while we join begins anew; there is one lookup at a time. */
static void
test_join_twice(void)
{
	struct node_settings settings = solo_settings(8);
	const uint32_t seeds[] = { 3, 4 };
	struct asked asked;
	struct solo solo;

	open_once(&solo, &settings);
	join(&solo, seeds, 1);
	join(&solo, seeds + 1, 1);
	CHECK(lookups_count(solo.parts.lookups) == 1);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK(node_event(solo.node).kind == NODE_JOINED);
	CHECK(node_event(solo.node).kind == NODE_NONE);
	CHECK(lookups_count(solo.parts.lookups) == 0);
	CHECK(solo_knows(&solo, 3) && solo_knows(&solo, 4));
	solo_close(&solo);
}

/* --- the hourly sweep ---------------------------------------------------- */

static void
test_when_sweeps_begin(void)
{
	struct node_settings settings = solo_settings(8);
	int64_t refresh_ns = settings.refresh_ns;
	struct solo solo;

	open_once(&solo, &settings);
	CHECK(refresh_deadline(solo.node).ns == INSTANT_NEVER.ns);
	refresh_begin(solo.node, solo.now);
	struct instant first = refresh_deadline(solo.node);
	CHECK(first.ns >= solo.now.ns + refresh_ns - refresh_ns / 8);
	CHECK(first.ns <= solo.now.ns + refresh_ns);
	refresh_begin(solo.node, later(&solo, NS_PER_S)); /* once in a life */
	CHECK(refresh_deadline(solo.node).ns == first.ns);
	/* An empty table has nothing to refresh; the next is an hour later. */
	solo.now = first;
	solo_expire(&solo);
	CHECK(solo.outbox.item_count == 0);
	CHECK(refresh_deadline(solo.node).ns == first.ns + refresh_ns);
	CHECK(node_event(solo.node).kind == NODE_NONE);
	solo_close(&solo);

	settings.refresh_ns = 0; /* never */
	open_once(&solo, &settings);
	refresh_begin(solo.node, solo.now);
	CHECK(refresh_deadline(solo.node).ns == INSTANT_NEVER.ns);
	solo_close(&solo);
}

/* The buckets that are not full, of those with contacts. */
static uint64_t
roomy(const struct node *node)
{
	uint64_t buckets = 0;

	for (unsigned b = 0; b < POSITION_BITS; b++) {
		uint32_t count = table_bucket(node->table, b).count;

		if (count > 0 && count < node->settings->k)
			buckets |= table_bit(b);
	}
	return buckets;
}

/* A neighbour whose bucket is empty, which no lookup of ours met: whoever knows
 * it names it at the sweep. */
static void
test_sweeps_find_the_unmet(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent;
	struct solo solo;

	open_once(&solo, &settings);
	solo_learn(&solo, 1, 4);
	uint32_t unmet = 5;
	while (solo.node->table->occupied &
	       table_bit(position_bucket(solo.node->position,
					 solo_position(&solo, unmet))))
		unmet++;
	struct instant until =
		instant_after(refresh_deadline(solo.node), NS_PER_S);
	do {
		while (solo_next(&solo, &sent))
			solo_contacts(&solo, &sent, &unmet,
				      sent.peer != unmet &&
					      solo_item(&sent, 0).position ==
						      solo.node->position);
	} while (solo_due(&solo, until));
	CHECK(solo_knows(&solo, unmet));
	solo_close(&solo);
}

/* At each sweep the buckets with contacts and without a lookup since the last
 * are filled: all but those that a lookup of ours touched and that are full. */
static void
test_sweeps(void)
{
	struct node_settings settings = solo_settings(8);
	struct asked asked;
	struct solo solo;

	/* Fills take buckets into use; keep republishing out of it. */
	open_once(&solo, &settings);
	solo_learn(&solo, 1, 100);
	uint64_t occupied = solo.node->table->occupied;
	CHECK(__builtin_popcountll(occupied) >= 5);

	struct instant sweep = refresh_deadline(solo.node);
	serve(&solo, (struct instant){ sweep.ns - 1 }, &asked);
	CHECK(asked.buckets == 0);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK(asked.buckets == occupied && asked.self);
	for (uint32_t i = 1; i < asked.count; i++)
		CHECK(asked.order[i] < asked.order[i - 1]);

	/* The refresh itself counts as a lookup of its bucket, so the next
	 * sweep finds nothing idle; the one after finds all. Who has room is
	 * asked for each time. */
	uint64_t room = roomy(solo.node);
	CHECK(room != 0 && (room & table_bit(0)) == 0);
	serve(&solo, (struct instant){ sweep.ns + settings.refresh_ns - 1 },
	      &asked);
	CHECK(asked.buckets == 0);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK(asked.buckets == room);

	/* Until then a lookup of ours goes into the far half. */
	uint32_t number = 0;
	struct session_key key;
	uint64_t position;
	do {
		key = solo_key(number++);
		position = node_key_position(solo.node, &key);
	} while (position_bucket(solo.node->position, position) != 0);
	node_ticket ticket;
	CHECK(node_get(solo.node, solo.now, &key, NODE_ASKER_OPERATOR, NULL, 0,
		       OUTBOX_ANY_UPLINK, &ticket, &solo.outbox) == 0);
	solo_serve(&solo, later(&solo, NS_PER_S), UINT32_MAX, NULL);
	CHECK(node_event(solo.node).kind == NODE_MISSED);
	serve(&solo,
	      (struct instant){ sweep.ns + 2 * settings.refresh_ns + NS_PER_S },
	      &asked);
	CHECK(asked.buckets == (occupied & ~table_bit(0)));
	CHECK(node_event(solo.node).kind == NODE_NONE); /* no join */
	solo_close(&solo);
}

/* A bucket that lookups visit, with a contact that they pass by: each sweep
 * asks it, until it has answered. */
static void
test_sweeps_ask_the_stale(void)
{
	struct node_settings settings = solo_settings(8);
	struct asked asked;
	struct solo solo;

	open_once(&solo, &settings);
	solo_learn(&solo, 1, 100);
	uint64_t occupied = solo.node->table->occupied;
	uint64_t stale = table_bit(0) | table_bit(2);
	uint64_t room = roomy(solo.node);
	uint32_t peers[] = { table_bucket(solo.node->table, 0).slot[0].peer,
			     table_bucket(solo.node->table, 2).slot[1].peer };

	for (unsigned i = 0; i < 2; i++)
		table_find(solo.node->table, peers[i])->failures =
			CONTACT_STALE;
	solo.node->touched = UINT64_MAX;
	struct instant sweep = refresh_deadline(solo.node);
	solo.now = sweep;
	refresh_expire(solo.node, solo.now, &solo.outbox);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK((room & stale) == 0 && asked.buckets == (stale | room));
	for (unsigned i = 0; i < 2; i++)
		CHECK(!contact_stale(table_find(solo.node->table, peers[i])));
	/* Then they are as the others: idle since, or just filled. */
	serve(&solo,
	      (struct instant){ sweep.ns + settings.refresh_ns + NS_PER_S },
	      &asked);
	CHECK(asked.buckets == (occupied & ~stale));
	solo_close(&solo);
}

/* Buckets that are to be filled when every contact has left: such a fill has
 * no peer to ask, so it ends as it begins, and the next follows. */
static void
test_sweep_when_all_have_left(void)
{
	struct node_settings settings = solo_settings(8);
	struct solo_sent sent;
	struct solo solo;

	open_once(&solo, &settings);
	solo_learn(&solo, 1, 20);
	solo.now = solo.node->sweep;
	refresh_expire(solo.node, solo.now, &solo.outbox);
	CHECK(solo.node->refresh_running && solo.node->refresh != 0);
	uint64_t before = node_counters(solo.node)->lookups;
	uint64_t rest = solo.node->refresh;
	for (uint32_t peer = 1; peer <= 20; peer++)
		table_remove(solo.node->table, peer);
	/* The first is not answered, the others have no peer to ask. */
	const struct instant until = later(&solo, NS_PER_S / 2);
	while (solo_due(&solo, until))
		;
	uint32_t queries = 0;
	while (solo_next(&solo, &sent)) {
		uint64_t position = solo_item(&sent, 0).position;

		/* Those of the lookup that ran: of ourselves. */
		CHECK(position == solo.node->position);
		queries++;
	}
	CHECK(queries > 0);
	CHECK(solo.node->refresh == 0 && !solo.node->refresh_running);
	CHECK(node_counters(solo.node)->lookups ==
	      before + (uint32_t)__builtin_popcountll(rest));
	CHECK(lookups_count(solo.parts.lookups) == 0);
	CHECK(node_event(solo.node).kind == NODE_NONE);
	solo_close(&solo);
}

/* A sweep that finds a lookup of ours running starts no second one. */
static void
test_sweep_while_joining(void)
{
	struct node_settings settings = solo_settings(8);
	const uint32_t seed = 3;
	struct asked asked;
	struct solo solo;

	open_once(&solo, &settings);
	join(&solo, &seed, 1);
	solo.now = solo.node->sweep;
	refresh_expire(solo.node, solo.now, &solo.outbox);
	CHECK(solo.node->refresh == solo.node->table->occupied);
	CHECK(solo.node->refresh != 0);
	CHECK(lookups_count(solo.parts.lookups) == 1);
	CHECK(refresh_deadline(solo.node).ns ==
	      solo.now.ns + settings.refresh_ns);
	serve(&solo, later(&solo, NS_PER_S), &asked);
	CHECK(node_event(solo.node).kind == NODE_JOINED);
	solo_close(&solo);
}

int
main(void)
{
	test_alone();
	test_silent_seeds();
	test_buckets_after_the_join_lookup();
	test_the_kth_decides();
	test_join_waits_for_a_slot();
	test_join_twice();
	test_when_sweeps_begin();
	test_sweeps();
	test_sweeps_find_the_unmet();
	test_sweeps_ask_the_stale();
	test_sweep_when_all_have_left();
	test_sweep_while_joining();
	return check_done();
}
