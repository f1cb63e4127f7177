/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * makeshift_test.c - who stands in for the silent, and until when
 *
 * Sessions are set while many are silent: behind a link that is gone, dead, or
 * not yet there. Nobody repairs (watch_ns is 0): what is placed right in the
 * end, its owner has placed.
 */
#include "core/dht/makeshift.h"

#include "core/dht/keepers.h"
#include "core/dht/publish_slot.h"
#include "core/test/mesh.h"
#include "core/test/owner.h"

#define NODES 60
#define KEYS  30
#define OWNER 0
#define HALF  30

static const struct row {
	const char *sentence;
	uint32_t first; /* and those behind it are silent */
	int64_t silent_ns; /* before the sessions are set, */
	int64_t longer_ns; /* and after; 0: they are not silent */
	bool back; /* they are heard again */
	bool right; /* in the end every record is where it should be */
	bool again; /* it was placed more than once */
} rows[] = {
	{ "nobody is silent", HALF, 0, 0, true, true, false },
	{ "a route is repaired in 100 ms", HALF, 0, 100 * NS_PER_MS, true, true,
	  true },
	{ "a link is gone for 2 s", HALF, 0, 2 * NS_PER_S, true, true, true },
	{ "it was gone before, so who is behind it is stale", HALF,
	  4 * NS_PER_S, 2 * NS_PER_S, true, true, true },
	{ "it stays, and they are dead: their heirs have it", HALF, 0,
	  60 * NS_PER_S, false, true, true },
	/* The next placement would be 20 s after the sixth that failed. */
	{ "we are cut off for 40 s, and all placements fail", OWNER + 1, 0,
	  40 * NS_PER_S, true, true, true },
};

static uint64_t
distance(const struct mesh *mesh, uint32_t number, uint32_t node)
{
	const struct endpoints *endpoints = mesh->parts.endpoints;
	struct session_key key = mesh_key_number(number);

	return position_distance(
		position_of_session(endpoints_placement(endpoints), &key),
		endpoints_position(endpoints, node));
}

/* Of the r closest living nodes to our sessions, how many lack a record? */
static uint32_t
lacking(const struct mesh *mesh)
{
	uint32_t lack = 0;

	for (uint32_t number = 0; number < KEYS; number++) {
		struct session_key key = mesh_key_number(number);

		for (uint32_t i = 0; i < NODES; i++) {
			struct record records[RECORDS_PER_KEY];
			uint32_t closer = 0;

			for (uint32_t j = 0; j < NODES; j++)
				closer += !mesh->dead[j] &&
					  distance(mesh, number, j) <
						  distance(mesh, number, i);
			if (!mesh->dead[i] && closer < mesh->settings.replicas)
				lack += store_peek(mesh->parts.store, mesh->now,
						   i, &key, records) != 1;
		}
	}
	return lack;
}

static void
silence(struct mesh *mesh, uint32_t first, bool silent)
{
	for (uint32_t i = first; i < NODES; i++)
		mesh->dead[i] = silent;
}

/* They are not ours to ask, but they ask around themselves. */
static void
be_heard(struct mesh *mesh, uint32_t first)
{
	uint32_t seed = OWNER;

	for (uint32_t i = first; i < NODES; i++) {
		node_join(mesh->nodes[i], mesh->now, &seed, 1, &mesh->outbox);
		mesh_collect(mesh, i);
	}
}

static void
play(const struct row *row)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	settings.watch_ns = 0;
	settings.k = 8;
	mesh_open(&mesh, NODES, &settings, 7);
	mesh_make_ideal(&mesh);
	silence(&mesh, row->first, row->longer_ns > 0);
	if (row->silent_ns > 0) {
		/* Ask around, so that their silence is known. */
		for (uint32_t i = 0; i < 4 * KEYS; i++) {
			mesh_get(&mesh, OWNER, 1000 + i);
			mesh_pass(&mesh, row->silent_ns / (4 * KEYS));
		}
	}
	uint64_t stores = node_counters(mesh.nodes[OWNER])->stores;
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(&mesh, OWNER, i, 5);
	mesh_pass(&mesh, row->longer_ns);
	if (row->back && row->longer_ns > 0) {
		CHECK_ROW(lacking(&mesh) == 0, "heirs hold it");
		silence(&mesh, row->first, false);
		CHECK_ROW(lacking(&mesh) > 0, row->sentence);
		be_heard(&mesh, row->first);
	}
	mesh_pass(&mesh, 10 * NS_PER_S);
	stores = node_counters(mesh.nodes[OWNER])->stores - stores;
	fprintf(stderr, "%s: %u lack it, %u stores\n", row->sentence,
		lacking(&mesh), (unsigned)stores);
	CHECK_ROW((lacking(&mesh) == 0) == row->right, row->sentence);
	CHECK_ROW((stores > KEYS * settings.replicas) == row->again,
		  row->sentence);
	/* It comes to rest. */
	stores = node_counters(mesh.nodes[OWNER])->stores;
	mesh_pass(&mesh, 40 * NS_PER_S);
	CHECK_ROW(node_counters(mesh.nodes[OWNER])->stores == stores,
		  row->sentence);
	mesh_close(&mesh);
}

/* Placements that failed before leave it all of its tries. */
static void
test_after_failures(void)
{
	struct solo_room room = { 0 };
	struct lookup lookup = { .candidate_count = 1 };
	struct solo solo;

	lookup.candidates[0] = (struct candidate){
		.peer = OWNER_PEERS + 1,
		.state = CANDIDATE_OVERDUE,
	};
	owner_open(&solo, room);
	struct publication *own = owner_place(&solo, owner_far_key(&solo, 0));
	own->retries = 9;
	for (uint32_t i = 0; i <= MAKESHIFT_TRIES; i++) {
		struct instant due = makeshift_placed(solo.node, solo.now, own,
						      &lookup, false);

		CHECK(own->makeshift && own->anew == (i < MAKESHIFT_TRIES));
		CHECK(!own->anew || instant_distance_ns(solo.now, due) ==
					    (int64_t)MAKESHIFT_NS << i);
		/* Nor do they make the next failure wait longer. */
		CHECK(own->retries == 9);
	}
	solo_close(&solo);
}

/* A placement, and somebody is met while it fails or afterwards. */
static const struct {
	const char *sentence;
	bool answered; /* all say that they have no room; else they are silent
			*/
	bool ended;
	bool makeshift; /* then */
	bool at_once; /* the next begins */
	uint8_t retries; /* of 5 before */
} failed_rows[] = {
	{ "it waits for its next try", false, true, true, true, 0 },
	{ "its next try is under way", false, false, true, false, 0 },
	{ "nobody was silent", true, true, false, false, 5 },
};

static void
refuse(struct solo *solo)
{
	struct solo_sent sent;

	while (solo_next(solo, &sent)) {
		if (sent.header.type == MESSAGE_STORE)
			solo_status(solo, &sent, ITEM_FULL);
		else if (sent.header.type == MESSAGE_PING)
			solo_pong(solo, &sent);
		else
			solo_contacts(solo, &sent, NULL, 0);
	}
}

static void
test_failed(void)
{
	for (size_t i = 0; i < sizeof(failed_rows) / sizeof(failed_rows[0]);
	     i++) {
		struct solo_room room = { 0 };
		struct solo solo;

		owner_open(&solo, room);
		uint32_t number = owner_far_key(&solo, 0);
		CHECK(owner_set(&solo, number, 5) == 0);
		struct publication *own = owner_publication(&solo, number);
		uint32_t slot = solo.node->own_first;
		CHECK(publish_slot_at(solo.node, slot) == own);
		while (failed_rows[i].ended &&
		       own->state == PUBLICATION_LOOKING) {
			if (failed_rows[i].answered)
				refuse(&solo);
			solo_await(&solo, NS_PER_S);
		}
		own->retries = 5;
		own->makeshift |= !failed_rows[i].ended; /* from before */
		CHECK_ROW(own->makeshift == failed_rows[i].makeshift,
			  failed_rows[i].sentence);
		CHECK_ROW(makeshift_mend(solo.node, solo.now, slot) ==
				  failed_rows[i].at_once,
			  failed_rows[i].sentence);
		CHECK_ROW(own->retries == failed_rows[i].retries,
			  failed_rows[i].sentence);
		CHECK_ROW((own->state == PUBLICATION_WAITING &&
			   own->timer.when.ns == solo.now.ns) ==
				  failed_rows[i].at_once,
			  failed_rows[i].sentence);
		solo_close(&solo);
	}
}

/* Contacts whom the lookup did not ask, by what is known of them. Three are
 * replicas: those behind the passed. */
static const struct passed_row {
	const char *sentence;
	uint32_t failures[3]; /* of the closest three contacts */
	uint32_t passed; /* so many of them are no replicas */
	bool makeshift, anew;
} passed_rows[] = {
	{ "nobody", { 0, 0, 0 }, 0, false, false },
	{ "a replica is a suspect now", { 0, 1, 0 }, 0, false, false },
	{ "a suspect", { 1, 0, 0 }, 1, true, true },
	{ "one whose first ping failed", { 2, 0, 0 }, 1, true, true },
	{ "one that is stale", { 3, 0, 0 }, 1, true, false },
	{ "three that are stale", { 3, 3, 3 }, 3, true, false },
	{ "two that are stale, and a suspect", { 3, 3, 1 }, 3, true, true },
	{ "one that nothing is wrong with: others know a closer one",
	  { 0, 0, 0 },
	  1,
	  false,
	  false },
};

static void
test_passed_by(const struct passed_row *row)
{
	struct solo_room room = { 0 };
	struct lookup lookup = { .candidate_count = 0 };
	uint32_t closest[6];
	struct solo solo;

	owner_open(&solo, room);
	struct publication *own = owner_place(&solo, owner_far_key(&solo, 0));
	CHECK(table_closest(solo.node->table, own->position, TABLE_ANY,
			    ENDPOINT_NONE, closest, 6) == 6);
	for (uint32_t i = 0; i < 3; i++) {
		own->replicas[i] = closest[row->passed + i];
		table_find(solo.node->table, closest[i])->failures =
			row->failures[i] & 3;
	}
	(void)makeshift_placed(solo.node, solo.now, own, &lookup, false);
	CHECK_ROW(own->makeshift == row->makeshift, row->sentence);
	CHECK_ROW(own->anew == row->anew, row->sentence);
	solo_close(&solo);
}

static const struct {
	const char *sentence;
	bool makeshift, met;
	uint32_t steps_least, steps_most;
} sweep_rows[] = {
	{ "they are not", false, true, 0, 0 },
	{ "they are, and nobody was met", true, false, 0, 0 },
	{ "they are, and somebody was", true, true,
	  1000 * MAKESHIFT_LOOKS / KEEPERS_LOOK,
	  1000 * MAKESHIFT_LOOKS / KEEPERS_LOOK + 1 },
};

/* 1,000 that are where they should be. */
static void
own_many(struct solo *solo, bool makeshift)
{
	for (uint32_t number = 0; number < 1000; number++) {
		struct session_key key = solo_key(number);
		uint64_t target = node_key_position(solo->node, &key);
		uint32_t slot = publication_add(solo->parts.publications, 0,
						&key, target, false);
		struct publication *own = publish_slot_at(solo->node, slot);

		publish_slot_add(solo->node, slot);
		own->state = PUBLICATION_HELD;
		own->makeshift = makeshift;
		/* None is closer: it stays as it is. */
		own->replica_count = (uint8_t)table_closest(
			solo->node->table, target, TABLE_ANY, ENDPOINT_NONE,
			own->replicas, 3);
	}
}

/* A sweep looks at fewer in a step where they are makeshift. */
static void
test_sweep_of_many(void)
{
	for (size_t i = 0; i < sizeof(sweep_rows) / sizeof(sweep_rows[0]);
	     i++) {
		struct solo_room room = { 0 };
		struct solo solo;
		uint32_t steps = 0;

		owner_open(&solo, room);
		own_many(&solo, sweep_rows[i].makeshift);
		solo.node->join_finished = solo.now; /* young */
		solo.node->keepers_makeshift = sweep_rows[i].makeshift;
		if (sweep_rows[i].met)
			keepers_meet(solo.node, solo.now);
		while (solo.node->keepers_wake.ns != INSTANT_NEVER.ns) {
			solo.now = solo.node->keepers_wake;
			keepers_expire(solo.node, solo.now, &solo.outbox);
			steps++;
		}
		CHECK_ROW(steps >= sweep_rows[i].steps_least &&
				  steps <= sweep_rows[i].steps_most,
			  sweep_rows[i].sentence);
		solo_close(&solo);
	}
}

int
main(void)
{
	test_sweep_of_many();
	test_after_failures();
	test_failed();
	for (size_t i = 0; i < sizeof(passed_rows) / sizeof(passed_rows[0]);
	     i++)
		test_passed_by(&passed_rows[i]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	return check_done();
}
