/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_miss_test.c - when a lookup that found nothing is proof
 *
 * Whoever takes it for one resets a session, so a false proof kills a live one.
 * Small networks (mesh.h) in which those who should know are silent, and an
 * overloaded one, in which any datagram may come to nothing.
 */
#include "core/dht/node_state.h"
#include "core/test/mesh.h"

#define NODES 16

/* All but the asker, closest to a key first. */
static void
closest_others(const struct mesh *mesh, uint32_t number, uint32_t asker,
	       struct mesh_placed *others)
{
	const struct endpoints *endpoints = mesh->parts.endpoints;
	struct session_key key = mesh_key_number(number);
	uint64_t target =
		position_of_session(endpoints_placement(endpoints), &key);
	uint32_t count = 0;

	for (uint32_t i = 0; i < mesh->count; i++) {
		if (i != asker)
			others[count++] = (struct mesh_placed){
				endpoints_position(endpoints, i) ^ target, i
			};
	}
	qsort(others, count, sizeof(*others), mesh_placed_compare);
}

/* Whether a miss proves that no server has the session: of the closest others,
 * bits, some are silent. */
static void
test_conclusive_misses(void)
{
	static const struct {
		const char *sentence;
		uint32_t silent;
		uint32_t loss_percent;
		int64_t deadline_ns; /* 0: the default */
		int64_t timeout_ns; /* of a stranger; the same */
		bool ok; /* the first time */
		bool ok_later; /* when it is known who is dead */
		bool hops;
	} rows[] = {
		{ "all answer", 0, 0, 0, 0, true, true, true },
		{ "one replica is silent", 0x2, 0, 0, 0, true, true, true },
		{ "the fourth is", 0x8, 0, 0, 0, true, true, true },
		{ "two are", 0x6, 0, 0, 0, false, true, true },
		{ "all three are", 0x7, 0, 0, 0, false, false, true },
		{ "no peer answers", 0, 100, 0, 0, false, false, false },
		{ "no time for the silent one", 0x1, 0, 3 * NS_PER_MS, 0, false,
		  false, true },
		{ "no time to wait for a dead one twice", 0x1, 0, 0,
		  200 * NS_PER_MS, true, true, true },
		{ "nor for two", 0x6, 0, 0, 200 * NS_PER_MS, false, true,
		  true },
		{ "no time at all", 0, 0, MESH_HALF_RTT_NS, 0, false, false,
		  false },
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings;
		struct mesh mesh;
		struct mesh_placed closest[NODES - 1];

		node_settings_default(&settings);
		settings.watch_ns = 0; /* or records are stored again */
		if (rows[i].deadline_ns > 0)
			settings.lookup_deadline_ns = rows[i].deadline_ns;
		if (rows[i].timeout_ns > 0)
			settings.timeout_initial_ns = rows[i].timeout_ns;
		mesh_open(&mesh, NODES, &settings, 18);
		mesh_make_ideal(&mesh);
		mesh.loss_percent = rows[i].loss_percent;
		closest_others(&mesh, 1, 0, closest);
		for (uint32_t j = 0; j < 4; j++)
			mesh.dead[closest[j].node] = rows[i].silent >> j & 1;
		mesh_get(&mesh, 0, 1);
		mesh_pass(&mesh, 3 * NS_PER_S);
		CHECK(mesh.last.kind == NODE_MISSED && mesh.last.queries > 0);
		CHECK_ROW(mesh.last.ok == rows[i].ok, rows[i].sentence);
		CHECK_ROW((mesh.last.hops > 0) == rows[i].hops,
			  rows[i].sentence);
		mesh_get(&mesh, 0, 1);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(mesh.last.kind == NODE_MISSED);
		CHECK_ROW(mesh.last.ok == rows[i].ok_later, rows[i].sentence);
		mesh_close(&mesh);
	}
}

struct counters {
	uint32_t missed;
	uint32_t answered; /* of these: a peer did */
	uint32_t proofs; /* of these: ok */
};

/* Lookups of sessions, 100 of them live, from first on. */
static struct counters
overload(uint32_t loss_percent, uint32_t first)
{
	struct node_settings settings;
	struct counters counters = { 0 };
	struct mesh mesh;

	node_settings_default(&settings);
	settings.watch_ns = 0;
	mesh_open(&mesh, NODES, &settings, 19);
	mesh_make_ideal(&mesh);
	for (uint32_t key = 0; key < 100; key++)
		mesh_set(&mesh, key % NODES, key, 1);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.failed[NODE_STORED] == 0);
	mesh.loss_percent = loss_percent;
	for (uint32_t i = 0; i < 1000; i++) {
		mesh_get(&mesh, i / 100, first + i % 100);
		mesh_pass(&mesh, NS_PER_S / 3);
		counters.missed += mesh.last.kind == NODE_MISSED;
		if (mesh.last.kind != NODE_MISSED)
			continue;
		counters.answered += mesh.last.hops > 0;
		counters.proofs += mesh.last.ok;
	}
	mesh_close(&mesh);
	return counters;
}

static void
test_overload(void)
{
	for (uint32_t percent = 10; percent <= 70; percent += 20) {
		struct counters live = overload(percent, 0);
		struct counters none = overload(percent, 100);

		fprintf(stderr,
			"%u %% loss: of 1000 lookups of live sessions %u miss, "
			"%u of them with an answer, %u as proof; of 1000 of "
			"no session %u are proof\n",
			percent, live.missed, live.answered, live.proofs,
			none.proofs);
		CHECK(live.proofs == 0);
		CHECK(percent < 50 || live.answered > 10);
		CHECK(none.missed == 1000);
		CHECK(percent > 10 || none.proofs > 900);
	}
}

static bool
lives_somewhere(const struct mesh *mesh, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	struct record records[RECORDS_PER_KEY];

	for (uint32_t i = 0; i < mesh->count; i++) {
		if (!mesh->dead[i] && store_get(mesh->parts.store, mesh->now, i,
						&key, records) > 0)
			return true;
	}
	return false;
}

/* However small buckets are, and whatever died: a record that is held by one
 * who lives is not said to be nowhere. */
static void
test_small_buckets(void)
{
	static const uint32_t rows[] = { 1, 2, 4, 8 };
	enum {
		KEYS = 64,
		SERVERS = 32,
		DEAD = 3
	};

	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings;
		struct mesh mesh;
		uint32_t wrong = 0, found = 0, asked = 0;

		node_settings_default(&settings);
		settings.watch_ns = 0;
		settings.k = rows[i];
		settings.alpha = settings.replicas = 1;
		mesh_open(&mesh, SERVERS, &settings, 21);
		mesh_make_ideal(&mesh);
		for (uint32_t key = 0; key < KEYS; key++)
			mesh_set(&mesh, key % SERVERS, key, 1);
		mesh_pass(&mesh, NS_PER_S);
		for (uint32_t dead = 0; dead < DEAD; dead++)
			mesh.dead[7 * dead + 5] = true;
		for (uint32_t n = 0; n < 4 * KEYS; n++) {
			uint32_t asker = n / KEYS, key = n % KEYS;

			if (!lives_somewhere(&mesh, key))
				continue;
			mesh_get(&mesh, asker, key);
			mesh_pass(&mesh, NS_PER_S);
			asked++;
			found += mesh.last.kind == NODE_FOUND;
			wrong += mesh.last.kind == NODE_MISSED && mesh.last.ok;
		}
		fprintf(stderr,
			"k %u: of %u lookups of records that live %u find, %u "
			"say that there is none\n",
			rows[i], asked, found, wrong);
		CHECK(wrong == 0 && found * 100 >= asked * 98);
		mesh_close(&mesh);
	}
}

/* All but the closest know a useless record, and those who are asked first do
 * not lead there by it: they are asked once more, who is closer. */
static void
test_useless_records(void)
{
	static const struct {
		const char *sentence;
		bool tombstone, found;
	} rows[] = {
		{ "of an owner that is excluded", false, true },
		{ "of one whose session has ended", true, true },
	};
	enum {
		SERVERS = 60,
		WRONG = 1,
		RIGHT = 2
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record = { .version = { .established_ns = 5 },
					 .ttl_ms = 60000 };
		struct node_settings settings;
		uint32_t wrong = WRONG, number = 0;
		struct mesh_placed closest[SERVERS];
		node_ticket ticket;
		struct mesh mesh;

		node_settings_default(&settings);
		settings.watch_ns = 0;
		settings.k = 4;
		mesh_open(&mesh, SERVERS, &settings, 23);
		mesh_make_ideal(&mesh);
		/* A key whose closest node the asker does not know. */
		do
			closest_others(&mesh, ++number, 0, closest);
		while (table_find(mesh.nodes[0]->table, closest[0].node) !=
		       NULL);
		struct session_key key = mesh_key_number(number);
		for (uint32_t j = 0; j < SERVERS - 1; j++) {
			record.owner = j == 0 ? RIGHT : WRONG;
			record.tombstone = j > 0 && rows[i].tombstone;
			store_put(mesh.parts.store, mesh.now, closest[j].node,
				  &key, &record);
		}
		CHECK(node_get(mesh.nodes[0], mesh.now, &key, NODE_ASKER_STRAY,
			       &wrong, rows[i].tombstone ? 0 : 1,
			       OUTBOX_ANY_UPLINK, &ticket, &mesh.outbox) == 0);
		mesh_collect(&mesh, 0);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW((mesh.last.kind == NODE_FOUND &&
			   mesh.last.records[0].owner == RIGHT) ==
				  rows[i].found,
			  rows[i].sentence);
		mesh_close(&mesh);
	}
}

int
main(void)
{
	test_conclusive_misses();
	test_overload();
	test_small_buckets();
	test_useless_records();
	return check_done();
}
