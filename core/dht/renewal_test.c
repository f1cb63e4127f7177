/* SPDX-License-Identifier: GPL-3.0-or-later */
/* renewal_test.c - every session comes back long before it would by itself */
#include "core/dht/renewal.h"

#include "core/test/mesh.h"

#define NODES	 150
#define SESSIONS 3000

static uint32_t
found(struct mesh *mesh, uint32_t every)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < SESSIONS; i += every) {
		mesh_get(mesh, 5, i);
		mesh_pass(mesh, 100 * NS_PER_MS);
		count += mesh->last.kind == NODE_FOUND;
	}
	return count;
}

/* All replicas forget what node 3 owns: its clock stood still meanwhile. */
static void
lose_records(struct mesh *mesh)
{
	for (uint32_t i = 0; i < NODES; i++)
		store_forget(mesh->parts.store, i);
}

static void
all_are_republished_at_a_pace(void)
{
	struct node_settings settings;
	struct mesh mesh;
	uint64_t most = 0;

	node_settings_default(&settings);
	settings.k = 8; /* few ask the owner itself */
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		mesh_set(&mesh, 3, i, 5);
		mesh_pass(&mesh, 2 * NS_PER_MS);
	}
	for (uint32_t i = 0; i < 100; i++) /* another's in the same pool */
		mesh_set(&mesh, 4, SESSIONS + i, 5);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(found(&mesh, 100) == SESSIONS / 100);
	lose_records(&mesh);
	CHECK(found(&mesh, 100) < SESSIONS / 100 / 2);
	uint64_t others = mesh.nodes[4]->counters.republished;
	node_republish(mesh.nodes[3], mesh.now);
	CHECK(node_deadline(mesh.nodes[3]).ns == mesh.now.ns);
	mesh_collect(&mesh, 3);
	for (uint32_t ms = 0; ms < 1000; ms++) {
		uint64_t before = mesh.nodes[3]->counters.sent;

		mesh_pass(&mesh, NS_PER_MS);
		uint64_t sent = mesh.nodes[3]->counters.sent - before;
		most = sent > most ? sent : most;
	}
	/* A load is of 256 pairs: no more datagrams than that a millisecond,
	 * and as few as there are peers. */
	CHECK(most > 0 && most <= 256);
	CHECK(found(&mesh, 20) == SESSIONS / 20);
	CHECK(mesh.nodes[3]->counters.republished >= SESSIONS * 2);
	CHECK(mesh.nodes[4]->counters.republished == others);
	CHECK(mesh.nodes[3]->renewal_wake.ns == INSTANT_NEVER.ns);
	mesh_close(&mesh);
}

/* It does nothing to what has nothing, and may be asked for at any time. */
static void
it_may_begin_again(void)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	mesh_open(&mesh, NODES, &settings, 6);
	mesh_make_ideal(&mesh);
	node_republish(mesh.nodes[3], mesh.now);
	mesh_collect(&mesh, 3);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.nodes[3]->counters.republished == 0);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		mesh_set(&mesh, 3, i, 5);
		mesh_pass(&mesh, 2 * NS_PER_MS);
	}
	mesh_pass(&mesh, NS_PER_S);
	lose_records(&mesh);
	for (uint32_t i = 0; i < 20; i++) {
		node_republish(mesh.nodes[3], mesh.now);
		mesh_collect(&mesh, 3);
		mesh_pass(&mesh, 3 * NS_PER_MS);
	}
	mesh_pass(&mesh, NS_PER_S);
	CHECK(found(&mesh, 50) == SESSIONS / 50);
	mesh_close(&mesh);
}

int
main(void)
{
	all_are_republished_at_a_pace();
	it_may_begin_again();
	return check_done();
}
