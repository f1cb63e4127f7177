/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_glance_test.c - what a glance costs, what it finds, and what it proves
 */
#include "core/dht/node.h"

#include "core/test/mesh.h"

#define KEYS 100

struct row {
	const char *sentence;
	uint32_t nodes, k, dead_percent, loss_percent;
	uint32_t most; /* datagrams of one that misses: requests and answers */
	uint32_t found_least; /* of KEYS that are there */
};

static const struct row rows[] = {
	{ "in one round", 64, 20, 0, 0, 12, KEYS },
	{ "in two", 1000, 20, 0, 0, 18, KEYS },
	{ "narrow buckets", 200, 8, 0, 0, 24, KEYS - 2 },
	{ "a few servers", 3, 20, 0, 0, 4, KEYS },
	{ "a tenth is dead", 64, 20, 10, 0, 12, KEYS - 10 },
	{ "a third is dead", 300, 20, 33, 0, 18, KEYS / 2 },
	{ "lossy", 64, 20, 0, 10, 12, KEYS / 2 },
};

static void
glance(struct mesh *mesh, uint32_t asker, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	node_ticket ticket = 0;

	CHECK(node_glance(mesh->nodes[asker], mesh->now, &key, NODE_ASKER_STRAY,
			  NULL, 0, OUTBOX_ANY_UPLINK, &ticket,
			  &mesh->outbox) == 0);
	mesh_collect(mesh, asker);
	mesh_pass(mesh, 300 * NS_PER_MS);
}

static void
check_row(const struct row *row)
{
	static struct mesh mesh;
	struct node_settings settings;
	uint32_t found = 0, most = 0;

	node_settings_default(&settings);
	settings.k = row->k;
	mesh_open(&mesh, row->nodes, &settings, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(&mesh, i % row->nodes, i, 1);
	mesh_pass(&mesh, 2 * NS_PER_S);
	for (uint32_t i = 1; i < row->nodes; i++)
		mesh.dead[i] = rng_below(&mesh.rng, 100) < row->dead_percent;
	mesh.loss_percent = row->loss_percent;
	for (uint32_t i = 0; i < KEYS; i++) {
		glance(&mesh, 0, i);
		found += mesh.last.kind == NODE_FOUND;
		CHECK_ROW(mesh.last.kind == NODE_FOUND || !mesh.last.ok,
			  row->sentence);
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		uint64_t asked = mesh.sent[MESSAGE_FIND_VALUE];
		glance(&mesh, 0, 1000 + i);
		asked = mesh.sent[MESSAGE_FIND_VALUE] - asked;
		most = 2 * asked > most ? (uint32_t)(2 * asked) : most;
		CHECK_ROW(mesh.last.kind == NODE_MISSED && !mesh.last.ok,
			  row->sentence);
		CHECK_ROW(mesh.last.queries == asked, row->sentence);
	}
	CHECK_ROW(most <= row->most, row->sentence);
	CHECK_ROW(found >= row->found_least, row->sentence);
	if (most > row->most || found < row->found_least)
		fprintf(stderr, "\t%u datagrams, %u found\n", most, found);
	mesh_close(&mesh);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	return check_done();
}
