/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_versions_test.c - a cluster that is upgraded one node at a time
 *
 * Some nodes of a mesh speak version 1 only (mesh.h makes them so): they drop
 * what is newer and do not look at flags. Nobody may notice.
 */
#include "core/dht/exchange.h"
#include "core/test/mesh.h"

#define NODES 60

static struct node_settings
settings_default(void)
{
	struct node_settings settings;

	node_settings_default(&settings);
	return settings;
}

static bool
everybody_knows(struct mesh *mesh, uint32_t sessions)
{
	bool all = true;

	for (uint32_t i = 0; i < sessions; i++) {
		mesh_get(mesh, (i + 31) % NODES, i);
		mesh_pass(mesh, NS_PER_S);
		all = all && mesh->last.kind == NODE_FOUND;
	}
	return all;
}

/* Sessions are stored, found, republished and removed by any with any. */
static void
a_mixed_cluster_works(void)
{
	static const struct {
		const char *sentence;
		uint32_t every; /* old: each that this divides; 0: none */
	} rows[] = {
		{ "all speak version 2", 0 },
		{ "one of seven is not upgraded yet", 7 },
		{ "half of them are", 2 },
		{ "none is", 1 },
	};

	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct node_settings settings = settings_default();
		struct mesh mesh;

		settings.republish_ns = 20 * NS_PER_S;
		settings.record_ttl_ns = 60 * NS_PER_S;
		mesh_open(&mesh, NODES, &settings, 7 + row);
		for (uint32_t i = 0; i < NODES && rows[row].every > 0; i++)
			mesh.old[i] = i % rows[row].every == 0;
		mesh_make_ideal(&mesh);
		for (uint32_t i = 0; i < NODES; i++)
			mesh_set(&mesh, i, i, 5);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(mesh.events[NODE_STORED] == NODES &&
				  mesh.failed[NODE_STORED] == 0,
			  rows[row].sentence);
		mesh_pass(&mesh, 100 * NS_PER_S); /* they live by batches */
		CHECK_ROW(everybody_knows(&mesh, NODES), rows[row].sentence);
		for (uint32_t i = 0; i < NODES; i++) {
			struct session_key key = mesh_key_number(i);

			node_remove(mesh.nodes[i], mesh.now, &key,
				    &mesh.outbox);
			mesh_collect(&mesh, i);
		}
		mesh_pass(&mesh, NS_PER_S);
		mesh_get(&mesh, 1, 0);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(mesh.last.kind == NODE_MISSED && mesh.last.ok,
			  rows[row].sentence);
		CHECK_ROW(mesh.unread == 0, rows[row].sentence);
		mesh_close(&mesh);
	}
}

/* Handshakes are held by those that can; once over, by whoever is closest. No
 * old node is sent a word that it cannot read. */
static void
handshakes_in_a_mixed_cluster(void)
{
	static const uint32_t every[] = { 0, 7, 2, 1 };

	for (size_t row = 0; row < sizeof(every) / sizeof(every[0]); row++) {
		struct node_settings settings = settings_default();
		struct mesh mesh;

		mesh_open(&mesh, NODES, &settings, 17 + row);
		for (uint32_t i = 0; i < NODES && every[row] > 0; i++)
			mesh.old[i] = i % every[row] == 0;
		mesh_make_ideal(&mesh);
		for (uint32_t i = 1; i < NODES; i += 2) {
			struct session_key key = mesh_key_number(i);

			CHECK(node_set_half_open(mesh.nodes[i], mesh.now, &key,
						 (struct version){ 5, 0 },
						 &mesh.outbox) == 0);
			mesh_collect(&mesh, i);
		}
		mesh_pass(&mesh, NS_PER_S);
		if (every[row] != 1) {
			mesh_get(&mesh, 3, 5);
			mesh_pass(&mesh, NS_PER_S);
			CHECK(mesh.last.kind == NODE_FOUND &&
			      mesh.last.records[0].half_open);
		}
		for (uint32_t i = 1; i < NODES; i += 2)
			mesh_set(&mesh, i, i, 6);
		mesh_pass(&mesh, NS_PER_S);
		for (uint32_t i = 1; i < NODES; i += 2) {
			mesh_get(&mesh, (i + 31) % NODES, i);
			mesh_pass(&mesh, NS_PER_S);
			CHECK(mesh.last.kind == NODE_FOUND &&
			      !mesh.last.records[0].half_open &&
			      mesh.last.records[0].version.established_ns == 6);
		}
		CHECK(mesh.unread == 0);
		mesh_close(&mesh);
	}
}

/* What node 0 has heard a peer say. */
static uint8_t
spoken(struct mesh *mesh, uint32_t peer)
{
	const struct contact *contact = table_find(mesh->nodes[0]->table, peer);

	return contact == NULL ? 0 : contact->speaks;
}

/* One is upgraded, and set back: what its peers believe follows it. */
static void
what_a_peer_speaks_is_what_it_said_last(void)
{
	struct node_settings settings = settings_default();
	struct mesh mesh;

	mesh_open(&mesh, 4, &settings, 3);
	mesh_make_ideal(&mesh);
	CHECK(spoken(&mesh, 1) == 0); /* not a word yet */
	for (uint32_t round = 0; round < 6; round++) {
		bool asks = round < 3; /* else it answers */

		mesh.old[1] = round % 2 == 1;
		mesh_get(&mesh, asks ? 1 : 0, 1000 + round);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(spoken(&mesh, 1) == (mesh.old[1] ? 1 : 2));
		CHECK(spoken(&mesh, 2) == 2 || asks);
	}
	mesh_close(&mesh);
}

/* Older than the one before, or newer: no word of it is used. */
static void
other_versions_are_refused(void)
{
	static const struct {
		const char *sentence;
		uint8_t version;
		enum drop drop;
	} rows[] = {
		{ "before the first", 0, DROP_VERSION },
		{ "the one before", 1, DROP_NONE },
		{ "ours", 2, DROP_NONE },
		{ "a newer one", 3, DROP_VERSION },
		{ "nonsense", 255, DROP_VERSION },
	};
	struct node_settings settings = settings_default();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint from = mesh_endpoint_number(1);
		uint8_t bytes[MESSAGE_MAX];
		struct message_writer writer;
		struct mesh mesh;

		mesh_open(&mesh, 2, &settings, 3);
		message_begin(&writer, bytes, sizeof(bytes), MESSAGE_PING, 7);
		bytes[0] = rows[i].version;
		CHECK_ROW(node_receive(mesh.nodes[0], mesh.now, &from, bytes,
				       writer.size,
				       &mesh.outbox) == rows[i].drop,
			  rows[i].sentence);
		CHECK_ROW((mesh.outbox.item_count > 0) ==
				  (rows[i].drop == DROP_NONE),
			  rows[i].sentence);
		CHECK_ROW(node_contact_count(mesh.nodes[0]) ==
				  (rows[i].drop == DROP_NONE),
			  rows[i].sentence);
		outbox_clear(&mesh.outbox);
		mesh_close(&mesh);
	}
}

int
main(void)
{
	a_mixed_cluster_works();
	handshakes_in_a_mixed_cluster();
	what_a_peer_speaks_is_what_it_said_last();
	other_versions_are_refused();
	return check_done();
}
