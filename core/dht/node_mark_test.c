/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_mark_test.c - strangers come for years, and the table does not fill
 *
 * A mesh whose endpoints are reclaimed again and again, while requests come
 * from ever new addresses, and sessions are stored, found and ended.
 */
#include "core/dht/node_state.h"
#include "core/test/mesh.h"

#define NODES	 40
#define SESSIONS 60

static struct endpoint
stranger(uint32_t number)
{
	uint8_t bytes[4] = { 172, (uint8_t)(number >> 16),
			     (uint8_t)(number >> 8), (uint8_t)number };

	return (struct endpoint){ address_ip4(bytes), 7001 };
}

static void
say(struct mesh *mesh, uint32_t to, const struct endpoint *from,
    enum message_type type)
{
	uint8_t bytes[MESSAGE_MAX];
	struct message_writer writer;

	message_begin(&writer, bytes, sizeof(bytes), type, 7);
	node_receive(mesh->nodes[to], mesh->now, from, bytes, writer.size,
		     &mesh->outbox);
	outbox_clear(&mesh->outbox); /* the reply goes nowhere */
}

/* The endpoints that the nodes' tables and publications name, as they are. */
static uint64_t
named(const struct mesh *mesh)
{
	uint64_t hash = 0;

	for (uint32_t i = 0; i < NODES; i++) {
		const struct table *table = mesh->nodes[i]->table;

		for (uint32_t j = 0; j < table->count; j++) {
			uint32_t peer = table->contacts[j].peer;

			hash = hash * 31 +
			       endpoints_position(mesh->parts.endpoints, peer);
			CHECK(endpoints_get(mesh->parts.endpoints, peer)
				      ->port != 0);
		}
	}
	return hash;
}

int
main(void)
{
	struct node_settings settings;
	struct mesh mesh;
	uint32_t next = 0, reclaimed = 0, refused = 0;

	node_settings_default(&settings);
	settings.record_ttl_ns = 20 * NS_PER_S;
	settings.republish_ns = 6 * NS_PER_S;
	settings.tombstone_ns = 10 * NS_PER_S;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < SESSIONS; i++)
		mesh_set(&mesh, i % NODES, i, 5);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t epoch = 0; epoch < 200; epoch++) {
		for (uint32_t i = 0; i < 16; i++) {
			struct endpoint from = stranger(next++);
			uint32_t to = (uint32_t)rng_below(&mesh.rng, NODES);

			/* Some die, and wait in tables for others. */
			say(&mesh, to, &from, MESSAGE_PING);
			if (next % 128 != 0)
				say(&mesh, to, &from, MESSAGE_LEAVE);
			refused += endpoints_find(mesh.parts.endpoints,
						  &from) == ENDPOINT_NONE;
		}
		mesh_pass(&mesh, 2 * settings.record_ttl_ns);
		uint64_t before = named(&mesh);
		for (uint32_t i = 0; i < NODES; i++)
			node_mark(mesh.nodes[i]);
		reclaimed += endpoints_reclaim(mesh.parts.endpoints);
		CHECK(named(&mesh) == before);
		/* Whoever asks finds each at its owner. */
		uint32_t number = (uint32_t)rng_below(&mesh.rng, SESSIONS);
		mesh_get(&mesh, (uint32_t)rng_below(&mesh.rng, NODES), number);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(mesh.last.kind == NODE_FOUND &&
		      mesh.last.records[0].owner == number % NODES);
	}
	/* Of 3,200 strangers 64 had room at a time, beside the nodes. */
	CHECK(refused == 0);
	CHECK(reclaimed > 200 * 16 - 64 - 16);
	for (uint32_t i = 0; i < SESSIONS; i++) {
		struct session_key key = mesh_key_number(i);

		CHECK(node_remove(mesh.nodes[i % NODES], mesh.now, &key,
				  &mesh.outbox) == 0);
		mesh_collect(&mesh, i % NODES);
	}
	mesh_pass(&mesh, NS_PER_S);
	mesh_get(&mesh, 3, 4);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(mesh.last.kind == NODE_MISSED);
	mesh_close(&mesh);
	return check_done();
}
