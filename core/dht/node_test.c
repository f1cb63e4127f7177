/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_test.c - what nodes do for each other when things go right and wrong
 *
 * Small networks (mesh.h); how many rounds lookups take is
 * node_rounds_test.c's, what strangers may send node_input_test.c's.
 */
#include <errno.h>

#include "core/test/mesh.h"

static struct node_settings
settings_default(void)
{
	struct node_settings settings;

	node_settings_default(&settings);
	return settings;
}

/* All nodes whose store has a live record of the key, as a bit set of at most
 * 4096 nodes; returns how many. */
static uint32_t
holders(struct mesh *mesh, uint32_t number, bool *holds)
{
	struct session_key key = mesh_key_number(number);
	struct record records[RECORDS_PER_KEY];
	uint32_t count = 0;

	for (uint32_t i = 0; i < mesh->count; i++) {
		holds[i] = store_get(mesh->parts.store, mesh->now, i, &key,
				     records) > 0 &&
			   !records[0].tombstone;
		count += holds[i];
	}
	return count;
}

/* Is node one of the `replicas` live nodes closest to the key? */
static bool
is_closest(const struct mesh *mesh, uint32_t number, uint32_t node,
	   uint32_t replicas)
{
	struct session_key key = mesh_key_number(number);
	const struct endpoints *endpoints = mesh->parts.endpoints;
	uint64_t target =
		position_of_session(endpoints_placement(endpoints), &key);
	uint64_t distance = target ^ endpoints_position(endpoints, node);
	uint32_t closer = 0;

	for (uint32_t i = 0; i < mesh->count; i++)
		closer +=
			!mesh->dead[i] &&
			(target ^ endpoints_position(endpoints, i)) < distance;
	return !mesh->dead[node] && closer < replicas;
}

static void
test_records_lie_at_the_closest(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	bool holds[200];

	mesh_open(&mesh, 200, &settings, 1);
	mesh_make_ideal(&mesh);
	for (uint32_t key = 0; key < 60; key++) {
		mesh_set(&mesh, key % 20, key, 1);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(mesh.last.kind == NODE_STORED && mesh.last.ok);
		CHECK(mesh.last.replicas == 3);
		/* The rounds to find, and one to store, also when the owner is
		 * a replica itself and has it at once. */
		CHECK(mesh.last.first.ns - mesh.last.started.ns ==
		      2 * (mesh.last.hops + 1) * MESH_HALF_RTT_NS);
		CHECK(mesh.last.first.ns <= mesh.last.finished.ns);
		CHECK(!mesh.last.local);
		CHECK(holders(&mesh, key, holds) == 3);
		for (uint32_t i = 0; i < mesh.count; i++)
			CHECK(holds[i] == is_closest(&mesh, key, i, 3));
	}
	mesh_close(&mesh);
}

static void
test_alone(void)
{
	struct node_settings settings = settings_default();
	struct session_key key = mesh_key_number(1);
	struct version version;
	struct mesh mesh;

	mesh_open(&mesh, 1, &settings, 1);
	node_join(mesh.nodes[0], mesh.now, NULL, 0, &mesh.outbox);
	mesh_collect(&mesh, 0);
	CHECK(mesh.last.kind == NODE_JOINED && mesh.last.ok);
	mesh_get(&mesh, 0, 1);
	CHECK(mesh.last.kind == NODE_MISSED && mesh.last.hops == 0);
	CHECK(mesh.last.ok && mesh.last.queries == 0);
	mesh_set(&mesh, 0, 1, 7);
	CHECK(mesh.last.kind == NODE_STORED && mesh.last.ok);
	CHECK(mesh.last.replicas == 1 && mesh.last.queries == 0);
	CHECK(mesh.last.local && mesh.last.first.ns == mesh.last.finished.ns);
	CHECK(node_owns(mesh.nodes[0], &key, &version));
	CHECK(version.established_ns == 7);
	mesh_get(&mesh, 0, 1);
	CHECK(mesh.last.kind == NODE_FOUND && mesh.last.local);
	CHECK(mesh.last.hops == 0 && mesh.last.record_count == 1);
	CHECK(node_remove(mesh.nodes[0], mesh.now, &key, &mesh.outbox) == 0);
	CHECK(node_remove(mesh.nodes[0], mesh.now, &key, &mesh.outbox) ==
	      -ENOENT);
	CHECK(!node_owns(mesh.nodes[0], &key, NULL));
	mesh_get(&mesh, 0, 1);
	CHECK(mesh.last.kind == NODE_MISSED);
	CHECK(mesh.datagrams == 0);
	mesh_close(&mesh);
}

/* A get by every node; how many found. */
static uint32_t
found_by_all(struct mesh *mesh, uint32_t number)
{
	mesh_reset_events(mesh);
	for (uint32_t i = 0; i < mesh->count; i++) {
		if (!mesh->dead[i])
			mesh_get(mesh, i, number);
	}
	mesh_pass(mesh, NS_PER_S);
	return mesh->events[NODE_FOUND];
}

static void
test_loss_and_death(void)
{
	struct node_settings settings = settings_default();
	uint32_t found = 0, missed = 0, lonely = 0;
	struct mesh mesh;
	bool holds[300];

	settings.k = 8;
	mesh_open(&mesh, 300, &settings, 2);
	mesh_make_ideal(&mesh);
	mesh.loss_percent = 10;
	for (uint32_t key = 0; key < 200; key++)
		mesh_set(&mesh, key, key, 1);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.events[NODE_STORED] == 200);
	CHECK(mesh.failed[NODE_STORED] <= 2);
	for (uint32_t i = 0; i < mesh.count; i += 5)
		mesh.dead[i] = true;
	mesh_reset_events(&mesh);
	for (uint32_t key = 0; key < 200; key++) {
		uint32_t alive = 0;

		holders(&mesh, key, holds);
		for (uint32_t i = 0; i < mesh.count; i++)
			alive += holds[i] && !mesh.dead[i];
		lonely += alive == 0;
		if (alive == 0)
			continue;
		for (uint32_t asker = 1; asker < mesh.count; asker += 60) {
			mesh_get(&mesh, asker, key);
			mesh_pass(&mesh, NS_PER_S / 3);
		}
	}
	found = mesh.events[NODE_FOUND];
	missed = mesh.events[NODE_MISSED];
	fprintf(stderr,
		"10 %% loss, 20 %% dead: %u found, %u missed, %u keys without "
		"a live holder\n",
		found, missed, lonely);
	CHECK(found > 900 && missed * 100 <= found);
	mesh_close(&mesh);
}

static void
test_loss_alone(void)
{
	struct node_settings settings = settings_default();
	uint32_t found = 0;
	struct mesh mesh;

	mesh_open(&mesh, 100, &settings, 3);
	mesh.loss_percent = 10;
	for (uint32_t i = 0; i < mesh.count; i++) {
		uint32_t seed = 0;

		node_join(mesh.nodes[i], mesh.now, &seed, 1, &mesh.outbox);
		mesh_collect(&mesh, i);
		mesh_pass(&mesh, 2 * NS_PER_S);
	}
	CHECK(mesh.events[NODE_JOINED] == 100 && mesh.failed[NODE_JOINED] == 0);
	for (uint32_t key = 0; key < 20; key++)
		mesh_set(&mesh, key, key, 1);
	mesh_pass(&mesh, NS_PER_S);
	/* Of 2,000 lookups one or two lose all that they send, and twice. */
	for (uint32_t key = 0; key < 20; key++)
		found += found_by_all(&mesh, key);
	CHECK(found >= 1998);
	mesh_close(&mesh);
}

static void
test_tombstone_beats_a_late_store(void)
{
	struct node_settings settings = settings_default();
	struct session_key key = mesh_key_number(1);
	struct mesh mesh;
	bool holds[50];

	mesh_open(&mesh, 50, &settings, 4);
	mesh_make_ideal(&mesh);
	mesh.keep_type = MESSAGE_STORE;
	mesh_set(&mesh, 0, 1, 5);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(holders(&mesh, 1, holds) == 3);
	CHECK(node_remove(mesh.nodes[0], mesh.now, &key, &mesh.outbox) == 0);
	mesh_collect(&mesh, 0);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(holders(&mesh, 1, holds) == 0);
	mesh_deliver(&mesh, &mesh.kept);
	CHECK(holders(&mesh, 1, holds) == 0);
	CHECK(found_by_all(&mesh, 1) == 0 && mesh.events[NODE_MISSED] == 50);
	CHECK(mesh.failed[NODE_MISSED] == 0);
	CHECK(publications_count(mesh.parts.publications) == 0);
	/* The client's port is used again. */
	mesh_set(&mesh, 9, 1, 6);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(found_by_all(&mesh, 1) == 50);
	CHECK(mesh.last.records[0].owner == 9);
	mesh_close(&mesh);
}

static void
test_remove_while_the_set_runs(void)
{
	struct node_settings settings = settings_default();
	bool holds[50];

	for (int64_t half_rtts = 0; half_rtts < 10; half_rtts++) {
		struct session_key key = mesh_key_number(1);
		struct mesh mesh;

		mesh_open(&mesh, 50, &settings, 5);
		mesh_make_ideal(&mesh);
		mesh_set(&mesh, 0, 1, 5);
		mesh_pass(&mesh, half_rtts * MESH_HALF_RTT_NS);
		CHECK(node_remove(mesh.nodes[0], mesh.now, &key,
				  &mesh.outbox) == 0);
		mesh_collect(&mesh, 0);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(mesh.events[NODE_STORED] == 1);
		CHECK(holders(&mesh, 1, holds) == 0);
		CHECK(publications_count(mesh.parts.publications) == 0);
		CHECK(lookups_count(mesh.parts.lookups) == 0);
		mesh_close(&mesh);
	}
}

static void
test_republish_when_replicas_die(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	bool holds[100];

	settings.republish_ns = 20 * NS_PER_S;
	settings.watch_ns = 0; /* keepers.h mends it before */
	mesh_open(&mesh, 100, &settings, 6);
	mesh_make_ideal(&mesh);
	mesh_set(&mesh, 0, 1, 5);
	mesh_pass(&mesh, NS_PER_S);
	holders(&mesh, 1, holds);
	for (uint32_t i = 1; i < mesh.count; i++)
		mesh.dead[i] = holds[i];
	CHECK(found_by_all(&mesh, 1) <= 1); /* the owner knows */
	mesh_pass(&mesh, 21 * NS_PER_S);
	CHECK(holders(&mesh, 1, holds) >= 3);
	uint32_t live = 0;
	for (uint32_t i = 0; i < mesh.count; i++) {
		live += !mesh.dead[i];
		if (is_closest(&mesh, 1, i, 3))
			CHECK(holds[i]);
	}
	CHECK(found_by_all(&mesh, 1) == live);
	CHECK(node_counters(mesh.nodes[0])->republished > 0);
	mesh_close(&mesh);
}

/* A session that opens while nothing gets through is placed soon after. */
static void
test_set_during_an_outage(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	bool holds[100];

	mesh_open(&mesh, 100, &settings, 6);
	mesh_make_ideal(&mesh);
	mesh.loss_percent = 100;
	mesh_set(&mesh, 0, 1, 5);
	mesh_pass(&mesh, NS_PER_S / 2);
	uint32_t cut_off = holders(&mesh, 1, holds);
	CHECK(cut_off <= 1); /* none, or the owner itself */
	mesh.loss_percent = 0;
	mesh_pass(&mesh, 2 * NS_PER_S);
	holders(&mesh, 1, holds);
	for (uint32_t i = 0; i < mesh.count; i++)
		CHECK(!is_closest(&mesh, 1, i, 3) || holds[i]);
	mesh_close(&mesh);
}

static void
test_republish_follows_newcomers(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	bool holds[100];

	settings.republish_ns = 20 * NS_PER_S;
	settings.record_ttl_ns = 60 * NS_PER_S;
	mesh_open(&mesh, 100, &settings, 7);
	for (uint32_t i = 0; i < mesh.count; i++) {
		uint32_t seed = 0;

		node_join(mesh.nodes[i], mesh.now, &seed, 1, &mesh.outbox);
		mesh_collect(&mesh, i);
		mesh_pass(&mesh, NS_PER_S / 5);
		if (i == 20) {
			for (uint32_t key = 0; key < 10; key++)
				mesh_set(&mesh, key, key, 1);
		}
	}
	mesh_pass(&mesh, 90 * NS_PER_S);
	for (uint32_t key = 0; key < 10; key++) {
		CHECK(holders(&mesh, key, holds) == 3); /* the others expired */
		for (uint32_t i = 0; i < mesh.count; i++)
			CHECK(holds[i] == is_closest(&mesh, key, i, 3));
	}
	mesh_close(&mesh);
}

static void
test_republish_in_batches(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	uint64_t before;

	settings.republish_ns = 20 * NS_PER_S;
	mesh_open(&mesh, 5, &settings, 8);
	mesh_make_ideal(&mesh);
	for (uint32_t key = 0; key < 300; key++)
		mesh_set(&mesh, 0, key, 1);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.events[NODE_STORED] == 300);
	CHECK(mesh.failed[NODE_STORED] == 0);
	before = mesh.sent[MESSAGE_STORE];
	mesh_pass(&mesh, 21 * NS_PER_S);
	/* 300 keys x 3 replicas, less what we hold ourselves, 30 each. */
	uint64_t datagrams = mesh.sent[MESSAGE_STORE] - before;
	uint64_t records = node_counters(mesh.nodes[0])->republished;
	fprintf(stderr, "%u records republished in %u datagrams\n",
		(unsigned)records, (unsigned)datagrams);
	CHECK(records > 600 && records < 900);
	CHECK(datagrams >= 24 && datagrams <= 60);
	for (uint32_t key = 0; key < 300; key += 37)
		CHECK(found_by_all(&mesh, key) == 5);
	mesh_close(&mesh);
}

static void
test_newer_versions_and_excluded_owners(void)
{
	struct node_settings settings = settings_default();
	struct session_key key = mesh_key_number(1);
	struct mesh mesh;
	node_ticket ticket;
	uint32_t exclude[2] = { 4, 3 };

	mesh_open(&mesh, 50, &settings, 9);
	mesh_make_ideal(&mesh);
	mesh_set(&mesh, 3, 1, 5);
	mesh_pass(&mesh, NS_PER_S);
	mesh_set(&mesh, 4, 1, 6);
	mesh_pass(&mesh, NS_PER_S);
	mesh_set(&mesh, 4, 1, 8);
	mesh_pass(&mesh, NS_PER_S);
	mesh_set(&mesh, 4, 1, 7); /* a lower one is ignored */
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.events[NODE_STORED] == 3);
	mesh_get(&mesh, 20, 1);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.last.kind == NODE_FOUND && mesh.last.record_count == 2);
	CHECK(mesh.last.records[0].owner == 4 &&
	      mesh.last.records[0].version.established_ns == 8);
	CHECK(mesh.last.records[1].owner == 3);
	for (uint32_t count = 1; count <= 2; count++) {
		CHECK(node_get(mesh.nodes[20], mesh.now, &key, NODE_ASKER_RETRY,
			       exclude, count, 1, &ticket, &mesh.outbox) == 0);
		for (uint32_t i = 0; i < mesh.outbox.item_count; i++)
			CHECK(mesh.outbox.items[i].avoid_uplink == 1);
		mesh_collect(&mesh, 20);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(mesh.last.ticket == ticket);
		if (count == 1)
			CHECK(mesh.last.kind == NODE_FOUND &&
			      mesh.last.record_count == 1 &&
			      mesh.last.records[0].owner == 3);
		else
			CHECK(mesh.last.kind == NODE_MISSED);
	}
	mesh_close(&mesh);
}

static void
test_full_pools(void)
{
	struct node_settings settings = settings_default();
	struct session_key key;
	struct mesh mesh;
	node_ticket ticket;

	mesh_open_pools(&mesh, 30, &settings, 10, 2, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < 5; i++)
		mesh_set(&mesh, 0, i, 1);
	key = mesh_key_number(5);
	CHECK(node_set(mesh.nodes[0], mesh.now, &key, mesh_version_number(1),
		       &mesh.outbox) == -ENOSPC);
	CHECK(node_get(mesh.nodes[1], mesh.now, &key, NODE_ASKER_LOAD, NULL, 0,
		       OUTBOX_ANY_UPLINK, &ticket, &mesh.outbox) == -EAGAIN);
	mesh_pass(&mesh, NS_PER_S); /* those that waited had their turn */
	CHECK(mesh.events[NODE_STORED] == 5);
	CHECK(mesh.failed[NODE_STORED] == 0);
	mesh_get(&mesh, 1, 4);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.last.kind == NODE_FOUND);
	mesh_close(&mesh);
}

/* Of this node: others may look for one that they miss. */
static uint32_t
lookups_of(const struct lookups *lookups, uint32_t node)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < lookups->used; i++)
		count += lookups->slots[i].phase != LOOKUP_FREE &&
			 lookups->slots[i].node == node;
	return count;
}

/* Crash at any moment of many things at once: nothing stays behind. */
static void
test_forget(void)
{
	struct node_settings settings = settings_default();

	settings.republish_ns = 2 * NS_PER_S;
	for (int64_t step = 0; step < 40; step++) {
		struct session_key key = mesh_key_number(1);
		struct node_limits limits = { .contacts = MESH_CONTACTS };
		struct mesh mesh;

		mesh_open(&mesh, 30, &settings, 17);
		mesh_make_ideal(&mesh);
		mesh.loss_percent = 20;
		for (uint32_t i = 0; i < 20; i++)
			mesh_set(&mesh, 0, i, 1);
		mesh_pass(&mesh, step % 2 * 2 * NS_PER_S);
		for (uint32_t i = 20; i < 30; i++)
			mesh_set(&mesh, 0, i, 1);
		mesh_get(&mesh, 0, 40);
		node_remove(mesh.nodes[0], mesh.now, &key, &mesh.outbox);
		mesh_collect(&mesh, 0);
		mesh_pass(&mesh, step / 2 * MESH_HALF_RTT_NS);
		node_forget(mesh.nodes[0]);
		CHECK(lookups_of(mesh.parts.lookups, 0) == 0);
		CHECK(publications_count(mesh.parts.publications) == 0);
		CHECK(mesh.parts.publications->batches->count == 0);
		CHECK(store_holder_count(mesh.parts.store, mesh.now, 0) == 0);
		node_init(mesh.nodes[0], &limits, &mesh.settings, &mesh.parts,
			  0, 99);
		mesh_pass(&mesh, NS_PER_S); /* answers to the one before */
		mesh_close(&mesh);
	}
}

static bool
knows(const struct mesh *mesh, uint32_t node, uint32_t peer)
{
	uint32_t peers[MESH_CONTACTS];
	uint32_t count = node_contacts(mesh->nodes[node], peers, MESH_CONTACTS);

	CHECK(count == node_contact_count(mesh->nodes[node]));
	for (uint32_t i = 0; i < count; i++) {
		if (peers[i] == peer)
			return true;
	}
	return false;
}

static void
test_leave_and_not_mine(void)
{
	struct node_settings settings = settings_default();
	struct session_key key = mesh_key_number(1);
	struct endpoint three = mesh_endpoint_number(3);
	struct mesh mesh;

	mesh_open(&mesh, 10, &settings, 11);
	mesh_make_ideal(&mesh);
	CHECK(knows(&mesh, 1, 2));
	node_leave(mesh.nodes[2], mesh.now, &mesh.outbox);
	mesh.dead[2] = true;
	mesh_collect(&mesh, 2);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t i = 0; i < mesh.count; i++)
		CHECK(i == 2 || !knows(&mesh, i, 2));
	node_say_not_mine(mesh.nodes[5], &three, &key, &mesh.outbox);
	mesh_collect(&mesh, 5);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.last.kind == NODE_NOT_MINE && mesh.last.peer == 5);
	CHECK(session_equal(&mesh.last.key, &key));
	node_say_doubt(mesh.nodes[6], &three, &key, (struct version){ 7, 8 },
		       &mesh.outbox);
	mesh_collect(&mesh, 6);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.last.kind == NODE_DOUBT && mesh.last.peer == 6);
	CHECK(session_equal(&mesh.last.key, &key));
	CHECK(version_compare(mesh.last.version, (struct version){ 7, 8 }) ==
	      0);
	mesh_close(&mesh);
}

static void
test_the_dead_are_replaced(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	uint64_t evictions = 0;

	settings.k = 4;
	mesh_open(&mesh, 200, &settings, 12);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < 100; i++)
		mesh.dead[i] = true;
	/* Traffic finds out, and brings those who take the places. */
	for (uint32_t round = 0; round < 20; round++) {
		for (uint32_t i = 100; i < 200; i++)
			mesh_get(&mesh, i, round * 200 + i);
		mesh_pass(&mesh, 2 * NS_PER_S);
	}
	uint32_t dead = 0, all = 0;
	for (uint32_t i = 100; i < 200; i++) {
		uint32_t peers[MESH_CONTACTS];
		uint32_t count =
			node_contacts(mesh.nodes[i], peers, MESH_CONTACTS);

		evictions += node_counters(mesh.nodes[i])->evictions;
		all += count;
		for (uint32_t j = 0; j < count; j++)
			dead += mesh.dead[peers[j]];
	}
	fprintf(stderr, "half are dead: %u of %u contacts left dead\n", dead,
		all);
	CHECK(evictions > 100 && dead * 3 < all);
	mesh_close(&mesh);
}

static void
test_one_failure_does_not_evict(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;

	mesh_open(&mesh, 10, &settings, 13);
	mesh_make_ideal(&mesh);
	mesh.dead[2] = true;
	mesh_get(&mesh, 1, 1);
	mesh_pass(&mesh, NS_PER_S / 5);
	CHECK(mesh.sent[MESSAGE_PING] > 0);
	mesh.dead[2] = false; /* the route is repaired */
	mesh_pass(&mesh, 5 * NS_PER_S);
	CHECK(knows(&mesh, 1, 2));
	CHECK(mesh.sent[MESSAGE_PING | MESSAGE_REPLY] > 0);
	mesh_close(&mesh);
}

/* --- determinism -----------------------------------------------------------
 */

static uint64_t
run_trace(uint32_t bystanders)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;
	uint64_t trace;

	mesh_open(&mesh, 60 + bystanders, &settings, 16);
	mesh.loss_percent = 5;
	for (uint32_t i = 0; i < 60; i++) {
		uint32_t seed = 0;

		node_join(mesh.nodes[i], mesh.now, &seed, 1, &mesh.outbox);
		mesh_collect(&mesh, i);
		mesh_pass(&mesh, NS_PER_S / 10);
	}
	for (uint32_t key = 0; key < 50; key++)
		mesh_set(&mesh, key, key, 1);
	mesh_pass(&mesh, 500 * NS_PER_S);
	for (uint32_t key = 0; key < 50; key++)
		mesh_get(&mesh, 59 - key, key);
	mesh_pass(&mesh, NS_PER_S);
	trace = mesh.trace;
	mesh_close(&mesh);
	return trace;
}

static void
test_runs_repeat(void)
{
	uint64_t trace = run_trace(0);

	CHECK(run_trace(0) == trace);
	CHECK(run_trace(5) ==
	      trace); /* a silent node changes nothing for others */
}

static void
test_sizes(void)
{
	struct node_limits k20 = { .contacts = 340 }, k8 = { .contacts = 150 };

	fprintf(stderr, "a node of 340 contacts: %zu bytes, of 150: %zu\n",
		node_size(&k20), node_size(&k8));
	CHECK(node_size(&k20) <= 6 * 1024);
	CHECK(node_size(&k8) <= 3 * 1024);
}

int
main(void)
{
	test_sizes();
	test_alone();
	test_records_lie_at_the_closest();
	test_loss_alone();
	test_loss_and_death();
	test_tombstone_beats_a_late_store();
	test_remove_while_the_set_runs();
	test_republish_when_replicas_die();
	test_set_during_an_outage();
	test_republish_follows_newcomers();
	test_republish_in_batches();
	test_newer_versions_and_excluded_owners();
	test_full_pools();
	test_forget();
	test_leave_and_not_mine();
	test_the_dead_are_replaced();
	test_one_failure_does_not_evict();
	test_runs_repeat();
	return check_done();
}
