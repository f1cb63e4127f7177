/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * traffic_test.c - one thing after the other in a mesh of nodes: which purposes
 * its datagrams are counted under, and none other; and that purposes add up to
 * what the mesh saw by type, and to what the nodes counted
 */
#include "core/dht/traffic.h"

#include <string.h>

#include "core/test/mesh.h"

#define NODES	     60
#define BIT(purpose) (1u << (purpose))

static void
join(struct mesh *mesh)
{
	for (uint32_t i = 0; i < NODES; i++) {
		uint32_t seed = 0;

		node_join(mesh->nodes[i], mesh->now, &seed, i > 0,
			  &mesh->outbox);
		mesh_collect(mesh, i);
		mesh_pass(mesh, 100 * NS_PER_MS);
	}
	mesh_pass(mesh, 2 * NS_PER_S);
}

static void
set(struct mesh *mesh)
{
	mesh_set(mesh, 3, 1, 5);
	mesh_pass(mesh, NS_PER_S);
}

static void
get(struct mesh *mesh)
{
	for (uint32_t i = 10; i < 20; i++)
		mesh_get(mesh, i, 1);
	mesh_pass(mesh, NS_PER_S);
}

static void
republish(struct mesh *mesh)
{
	mesh_pass(mesh, mesh->settings.republish_ns);
}

/* A replica is gone: its silence, a ping, and a new place for the record. */
static void
lose_a_replica(struct mesh *mesh)
{
	struct session_key key = mesh_key_number(1);
	struct record records[RECORDS_PER_KEY];

	for (uint32_t i = 4; i < NODES; i++)
		if (store_get(mesh->parts.store, mesh->now, i, &key, records) >
		    0) {
			mesh->dead[i] = true;
			break;
		}
	mesh_pass(mesh, mesh->settings.republish_ns);
}

static void
end(struct mesh *mesh)
{
	struct session_key key = mesh_key_number(1);

	CHECK(node_remove(mesh->nodes[3], mesh->now, &key, &mesh->outbox) == 0);
	mesh_collect(mesh, 3);
	mesh_pass(mesh, NS_PER_S);
}

static void
refuse(struct mesh *mesh)
{
	struct session_key key = mesh_key_number(1);
	struct endpoint peer = mesh_endpoint_number(7);

	node_say_not_mine(mesh->nodes[3], &peer, &key, &mesh->outbox);
	mesh_collect(mesh, 3);
	mesh_pass(mesh, NS_PER_S);
}

static void
leave(struct mesh *mesh)
{
	node_leave(mesh->nodes[9], mesh->now, &mesh->outbox);
	mesh_collect(mesh, 9);
	mesh->dead[9] = true;
	mesh_pass(mesh, NS_PER_S);
}

static void
sweep(struct mesh *mesh)
{
	mesh_pass(mesh, mesh->settings.refresh_ns);
}

static const struct {
	const char *sentence;
	void (*act)(struct mesh *);
	unsigned purposes; /* these and no others */
} rows[] = {
	{ "all join", join, BIT(TRAFFIC_JOIN) | BIT(TRAFFIC_REPLY) },
	{ "a session is stored", set, BIT(TRAFFIC_STORE) | BIT(TRAFFIC_REPLY) },
	{ "and looked up", get, BIT(TRAFFIC_FIND) | BIT(TRAFFIC_REPLY) },
	{ "kept alive", republish,
	  BIT(TRAFFIC_REPUBLISH) | BIT(TRAFFIC_REPLY) },
	{ "stored elsewhere, as a replica is gone", lose_a_replica,
	  BIT(TRAFFIC_REPUBLISH) | BIT(TRAFFIC_PING) | BIT(TRAFFIC_REPLY) },
	{ "it ends", end, BIT(TRAFFIC_REMOVE) | BIT(TRAFFIC_REPLY) },
	{ "an owner has no such session", refuse, BIT(TRAFFIC_NOT_MINE) },
	{ "a node leaves", leave, BIT(TRAFFIC_LEAVE) },
	{ "an hour without lookups", sweep,
	  BIT(TRAFFIC_REFRESH) | BIT(TRAFFIC_PING) | BIT(TRAFFIC_REPLY) },
};

/* What a purpose's datagrams can be, beside what the mesh saw. */
static const struct {
	const char *sentence;
	unsigned purposes;
	uint8_t types[3];
} types[] = {
	{ "requests", ~BIT(TRAFFIC_REPLY), { 0 } },
	{ "pings", BIT(TRAFFIC_PING), { MESSAGE_PING } },
	{ "removals", BIT(TRAFFIC_REMOVE), { MESSAGE_REMOVE } },
	{ "finds", BIT(TRAFFIC_FIND), { MESSAGE_FIND_VALUE } },
	{ "refusals", BIT(TRAFFIC_NOT_MINE), { MESSAGE_NOT_MINE } },
	{ "leaves", BIT(TRAFFIC_LEAVE), { MESSAGE_LEAVE } },
	{ "the rest",
	  BIT(TRAFFIC_STORE) | BIT(TRAFFIC_REPUBLISH) | BIT(TRAFFIC_REFRESH) |
		  BIT(TRAFFIC_JOIN),
	  { MESSAGE_FIND_NODE, MESSAGE_STORE } },
};

static uint64_t
sum(const struct traffic *traffic, unsigned purposes)
{
	uint64_t datagrams = 0;

	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++)
		if (purposes & BIT(i))
			datagrams += traffic->sent[i].datagrams;
	return datagrams;
}

static void
check_types(const struct mesh *mesh)
{
	uint64_t replies = 0, all = 0, sent = 0, sent_bytes = 0, bytes = 0;

	for (unsigned i = 0; i < 256; i++) {
		all += mesh->sent[i];
		if (i & MESSAGE_REPLY)
			replies += mesh->sent[i];
	}
	for (size_t i = 1; i < sizeof(types) / sizeof(types[0]); i++) {
		uint64_t seen = 0;

		for (unsigned j = 0; j < 3 && types[i].types[j] > 0; j++)
			seen += mesh->sent[types[i].types[j]];
		CHECK_ROW(sum(&mesh->traffic, types[i].purposes) == seen,
			  types[i].sentence);
	}
	CHECK(sum(&mesh->traffic, BIT(TRAFFIC_REPLY)) == replies);
	CHECK(sum(&mesh->traffic, types[0].purposes) == all - replies);
	for (uint32_t i = 0; i < mesh->count; i++) {
		sent += node_counters(mesh->nodes[i])->sent;
		sent_bytes += node_counters(mesh->nodes[i])->sent_bytes;
	}
	for (unsigned i = 0; i < TRAFFIC_PURPOSES; i++)
		bytes += mesh->traffic.sent[i].bytes;
	CHECK(sent == all);
	CHECK(bytes == sent_bytes + sent * MESSAGE_SEAL_BYTES);
}

static void
test_purposes(void)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	settings.k = 8;
	settings.watch_ns = 0; /* pings at any time */
	settings.republish_ns = 20 * NS_PER_S;
	settings.record_ttl_ns = 60 * NS_PER_S;
	mesh_open(&mesh, NODES, &settings, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct traffic before = mesh.traffic;

		rows[i].act(&mesh);
		for (unsigned j = 0; j < TRAFFIC_PURPOSES; j++) {
			char sentence[96];
			bool more = mesh.traffic.sent[j].datagrams >
				    before.sent[j].datagrams;

			(void)snprintf(sentence, sizeof(sentence), "%s: %s",
				       rows[i].sentence,
				       traffic_name((enum traffic_purpose)j));
			CHECK_ROW(more == ((rows[i].purposes & BIT(j)) != 0),
				  sentence);
			CHECK_ROW(more == (mesh.traffic.sent[j].bytes >
					   before.sent[j].bytes),
				  sentence);
		}
	}
	check_types(&mesh);
	mesh_close(&mesh);
}

/* Placed for want of a first success, it is not its first placement. */
static void
test_placed_again(void)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	mesh_open(&mesh, 20, &settings, 3);
	mesh_make_ideal(&mesh);
	mesh.loss_percent = 100;
	mesh_set(&mesh, 0, 1, 5);
	mesh_pass(&mesh, NS_PER_S / 2);
	CHECK(sum(&mesh.traffic, BIT(TRAFFIC_REPUBLISH)) == 0);
	CHECK(sum(&mesh.traffic, BIT(TRAFFIC_STORE)) > 0);
	const struct traffic before = mesh.traffic;
	mesh_pass(&mesh, NS_PER_S);
	CHECK(sum(&mesh.traffic, BIT(TRAFFIC_REPUBLISH)) > 0);
	CHECK(sum(&mesh.traffic, BIT(TRAFFIC_STORE)) ==
	      sum(&before, BIT(TRAFFIC_STORE)));
	mesh_close(&mesh);
}

int
main(void)
{
	test_purposes();
	test_placed_again();
	return check_done();
}
