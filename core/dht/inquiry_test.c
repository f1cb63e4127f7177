/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inquiry_test.c - a record that is not true any more does not stay */
#include "core/dht/inquiry.h"

#include "core/dht/owned.h"
#include "core/dht/repair.h"
#include "core/test/mesh.h"

#define NODES 12
#define OWNER 0
#define COPY  1 /* a peer that holds what its owner does not know of */
#define KEY   7

/* How a record of the owner's is at a peer that the owner does not tell of the
 * session's end. */
static const struct row {
	const char *sentence;
	int64_t age_s; /* of the copy */
	bool relayed; /* by another, and the owner was not told yet */
	bool lives; /* the session does */
	bool joins; /* the owner has joined just now */
	bool denied; /* the owner has said not-mine */
	int64_t after_s;
	bool kept; /* then */
	bool known; /* to the owner, so that its end reaches the peer */
} rows[] = {
	{ "not old enough to ask", 10, false, false, false, false, 100, true,
	  false },
	{ "not repeated in time", 210, false, false, false, false, 100, false,
	  false },
	{ "not repeated, and it lives", 210, false, true, false, false, 100,
	  true, true },
	{ "sent by another after the end", 10, true, false, false, false, 1,
	  false, false },
	{ "sent by another, and it lives", 10, true, true, false, false, 1,
	  true, true },
	{ "the owner is not sure yet", 10, true, false, true, false, 10, true,
	  false },
	{ "nor later, but asked again", 10, true, false, true, false, 300,
	  false, false },
	{ "asked twice, it is sure", 210, false, false, true, false, 320, false,
	  false },
	{ "denied", 10, false, false, false, true, 3, false, false },
	{ "denied, and it lives", 10, false, true, false, true, 3, true, true },
	{ "denied by one that is not sure", 10, false, false, true, true, 10,
	  true, false },
};

static bool
holds(struct mesh *mesh, uint32_t i)
{
	struct record records[RECORDS_PER_KEY];
	struct session_key key = mesh_key_number(KEY);

	return store_peek(mesh->parts.store, mesh->now, i, &key, records) > 0 &&
	       !records[0].tombstone;
}

/* The peer gets a copy of the owner's record, as old as the row says. */
static void
send_copy(struct mesh *mesh, const struct row *row)
{
	struct session_key key = mesh_key_number(KEY);
	uint32_t other = COPY + 1, from = row->relayed ? other : OWNER;
	struct endpoint sender = mesh_endpoint_number(from);
	struct message_record record = {
		.version = mesh_version_number(5),
		.owner = mesh_endpoint_number(OWNER),
		.ttl_ms = (uint32_t)(600 - row->age_s) * 1000,
	};
	uint8_t bytes[MESSAGE_MAX];
	struct message_writer writer;

	message_begin(&writer, bytes, sizeof(bytes), MESSAGE_STORE, 99);
	CHECK(message_put_store(&writer, &key, &record));
	CHECK(node_receive(mesh->nodes[COPY], mesh->now, &sender, bytes,
			   writer.size, &mesh->outbox) == DROP_NONE);
	mesh_collect(mesh, COPY);
}

static void
play(const struct row *row)
{
	struct session_key key = mesh_key_number(KEY);
	struct endpoint copy = mesh_endpoint_number(COPY);
	struct node_settings settings;
	struct mesh mesh;
	uint32_t seed = NODES - 1;

	node_settings_default(&settings);
	settings.watch_ns = 0; /* nobody repairs it */
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	mesh_pass(&mesh, 1000 * NS_PER_S);
	if (row->joins) {
		node_join(mesh.nodes[OWNER], mesh.now, &seed, 1, &mesh.outbox);
		mesh_collect(&mesh, OWNER);
		mesh_pass(&mesh, NS_PER_S);
	}
	/* Those that are told of the end are others. */
	mesh.dead[COPY] = true;
	mesh_set(&mesh, OWNER, KEY, 5);
	mesh_pass(&mesh, NS_PER_S);
	if (!row->lives) {
		node_remove(mesh.nodes[OWNER], mesh.now, &key, &mesh.outbox);
		mesh_collect(&mesh, OWNER);
		mesh_pass(&mesh, NS_PER_S);
	}
	mesh.dead[COPY] = false;
	send_copy(&mesh, row);
	if (row->denied) {
		node_say_not_mine(mesh.nodes[OWNER], &copy, &key, &mesh.outbox);
		mesh_collect(&mesh, OWNER);
	}
	mesh_pass(&mesh, row->after_s * NS_PER_S);
	CHECK_ROW(holds(&mesh, COPY) == row->kept, row->sentence);
	if (row->lives) {
		node_remove(mesh.nodes[OWNER], mesh.now, &key, &mesh.outbox);
		mesh_collect(&mesh, OWNER);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(!holds(&mesh, COPY) == row->known, row->sentence);
	}
	mesh_close(&mesh);
}

/* A holder that was away when the session ended brings it back to nobody for
 * long, though the others have forgotten its end. */
static void
test_away(void)
{
	struct node_settings settings;
	struct mesh mesh;
	struct session_key key = mesh_key_number(KEY);
	uint32_t away = 0, holders = 0;

	node_settings_default(&settings);
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	mesh_pass(&mesh, 100 * NS_PER_S);
	mesh_set(&mesh, OWNER, KEY, 5);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t i = 1; i < NODES; i++)
		if (holds(&mesh, i))
			away = i;
	CHECK(away != 0);
	mesh.dead[away] = true;
	mesh_pass(&mesh, NS_PER_S);
	node_remove(mesh.nodes[OWNER], mesh.now, &key, &mesh.outbox);
	mesh_collect(&mesh, OWNER);
	mesh_pass(&mesh, settings.tombstone_ns + 10 * NS_PER_S);
	mesh.dead[away] = false;
	mesh_collect(&mesh, away);
	CHECK(holds(&mesh, away));
	mesh_pass(&mesh, 200 * NS_PER_S);
	for (uint32_t i = 0; i < NODES; i++)
		holders += holds(&mesh, i);
	CHECK(holders == 0);
	mesh_close(&mesh);
}

/* One that hears from a peer, which it wanted to repair, that it knows better
 * asks at once. */
static void
test_refused(void)
{
	struct node_settings settings;
	struct mesh mesh;
	struct session_key key = mesh_key_number(KEY);
	uint32_t away = 0, peer = 0;

	node_settings_default(&settings);
	settings.watch_ns = 0;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	mesh_pass(&mesh, 100 * NS_PER_S);
	mesh_set(&mesh, OWNER, KEY, 5);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t i = 1; i < NODES; i++) {
		if (!holds(&mesh, i))
			continue;
		peer = away;
		away = i;
	}
	CHECK(peer != 0);
	mesh.dead[away] = true;
	node_remove(mesh.nodes[OWNER], mesh.now, &key, &mesh.outbox);
	mesh_collect(&mesh, OWNER);
	mesh_pass(&mesh, NS_PER_S);
	mesh.dead[away] = false;
	CHECK(holds(&mesh, away) && !holds(&mesh, peer));
	repair_booted(mesh.nodes[away], mesh.now, peer);
	mesh_collect(&mesh, away);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(!holds(&mesh, away) && !holds(&mesh, peer));
	mesh_close(&mesh);
}

/* A node that holds nothing any more does not look. */
static void
test_rest(void)
{
	const struct row row = { .sentence = "rest", .age_s = 590 };
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	settings.watch_ns = 0;
	settings.refresh_ns = 0;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	CHECK(node_deadline(mesh.nodes[COPY]).ns == INSTANT_NEVER.ns);
	send_copy(&mesh, &row);
	mesh_pass(&mesh, NS_PER_S);
	CHECK(holds(&mesh, COPY));
	CHECK(node_deadline(mesh.nodes[COPY]).ns != INSTANT_NEVER.ns);
	/* Expired ones are taken back as others come. */
	mesh_pass(&mesh, 20 * NS_PER_S);
	store_expire(mesh.parts.store, mesh.now, 0);
	mesh_pass(&mesh, 100 * NS_PER_S);
	CHECK(node_deadline(mesh.nodes[COPY]).ns == INSTANT_NEVER.ns);
	mesh_close(&mesh);
}

/* However many are denied one after another, one scan asks about them. */
static void
test_denied_one_by_one(void)
{
	struct node_settings settings;
	struct endpoint copy = mesh_endpoint_number(COPY);
	struct mesh mesh;

	node_settings_default(&settings);
	settings.watch_ns = 0;
	mesh_open(&mesh, 4, &settings, 3);
	mesh_make_ideal(&mesh);
	for (uint32_t number = 0; number < 20; number++)
		mesh_set(&mesh, OWNER, number, 5);
	mesh_pass(&mesh, NS_PER_S);
	struct instant due = instant_after(mesh.now, REPAIR_DOUBT_NS);
	for (uint32_t number = 0; number < 20; number++) {
		struct session_key key = mesh_key_number(number);

		node_say_not_mine(mesh.nodes[OWNER], &copy, &key, &mesh.outbox);
		mesh_collect(&mesh, OWNER);
		mesh_pass(&mesh, 10 * NS_PER_MS);
		int64_t late_ns = mesh.nodes[COPY]->repair_tell_due.ns - due.ns;
		CHECK(late_ns >= 0 && late_ns < NS_PER_S);
		due = mesh.nodes[COPY]->repair_tell_due;
		CHECK(number == 0 || late_ns == 0);
	}
	mesh_pass(&mesh, REPAIR_DOUBT_NS);
	CHECK(mesh.nodes[COPY]->repair_tell_due.ns == INSTANT_NEVER.ns);
	mesh_close(&mesh);
}

int
main(void)
{
	test_denied_one_by_one();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	test_away();
	test_refused();
	test_rest();
	return check_done();
}
