/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publish_stale_test.c - replicas know a newer version than a session's
 *
 * An owner restarts with a clock that was set back, and has a session by a key
 * that it had before.
 */
#include "core/dht/publish.h"

#include "core/dht/node_state.h"
#include "core/dht/owned.h"
#include "core/test/mesh.h"

#define NODES 40
#define OWNER 3

static struct node_settings
settings_default(void)
{
	struct node_settings settings;

	node_settings_default(&settings);
	return settings;
}

static void
restart(struct mesh *mesh)
{
	mesh_reboot(mesh, OWNER, 0, 77);
	mesh_pass(mesh, NS_PER_S);
}

/* The owner has had session 7, at version 100. */
static void
open_with_session(struct mesh *mesh, uint64_t seed)
{
	struct node_settings settings = settings_default();

	mesh_open(mesh, NODES, &settings, seed);
	mesh_make_ideal(mesh);
	mesh_set(mesh, OWNER, 7, 100);
	mesh_pass(mesh, NS_PER_S);
}

static void
end_session(struct mesh *mesh)
{
	struct session_key key = mesh_key_number(7);

	node_remove(mesh->nodes[OWNER], mesh->now, &key, &mesh->outbox);
	mesh_collect(mesh, OWNER);
	mesh_pass(mesh, NS_PER_S);
}

/* A SYN by its key is answered, by a clock that was set back. */
static void
answer_syn(struct mesh *mesh, int64_t passes_ns)
{
	struct session_key key = mesh_key_number(7);

	CHECK(node_set_half_open(mesh->nodes[OWNER], mesh->now, &key,
				 mesh_version_number(50), &mesh->outbox) == 0);
	mesh_collect(mesh, OWNER);
	mesh_pass(mesh, passes_ns);
}

static struct record
looked_up(struct mesh *mesh, uint32_t number)
{
	mesh_get(mesh, OWNER + 1, number);
	mesh_pass(mesh, NS_PER_S);
	CHECK(mesh->last.kind == NODE_FOUND);
	return mesh->last.records[0];
}

static void
an_opening_goes_above_what_replicas_know(void)
{
	static const struct {
		const char *sentence;
		int64_t before; /* version of the earlier session; 0: none */
		bool ended; /* with a tombstone */
		int64_t now; /* of the one that opens */
		int64_t stored;
		uint32_t sequence;
	} rows[] = {
		{ "nothing is known", 0, false, 50, 50, 0 },
		{ "an older one", 100, false, 200, 200, 0 },
		{ "a newer one of ours", 100, false, 50, 100, 1 },
		{ "it was as old", 100, false, 100, 100, 0 },
		{ "a newer end of ours", 100, true, 50, 100, 1 },
		{ "an end that is as old", 100, true, 100, 100, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct node_settings settings = settings_default();
		struct session_key key = mesh_key_number(7);
		struct version version;
		struct mesh mesh;

		mesh_open(&mesh, NODES, &settings, 5 + i);
		mesh_make_ideal(&mesh);
		if (rows[i].before > 0)
			mesh_set(&mesh, OWNER, 7, rows[i].before);
		mesh_pass(&mesh, NS_PER_S);
		if (rows[i].ended)
			end_session(&mesh);
		restart(&mesh);
		mesh_reset_events(&mesh);
		mesh_set(&mesh, OWNER, 7, rows[i].now);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(mesh.events[NODE_STORED] == 1 &&
				  mesh.failed[NODE_STORED] == 0 &&
				  mesh.last.replicas == 3,
			  rows[i].sentence);
		CHECK_ROW(mesh.last.version.established_ns == rows[i].stored &&
				  mesh.last.version.sequence ==
					  rows[i].sequence,
			  rows[i].sentence);
		CHECK(node_owns(mesh.nodes[OWNER], &key, &version));
		CHECK_ROW(version_compare(version, mesh.last.version) == 0,
			  rows[i].sentence);
		CHECK_ROW(mesh.events[NODE_RAISED] == (rows[i].sequence > 0),
			  rows[i].sentence);
		struct record record = looked_up(&mesh, 7);
		CHECK_ROW(record.owner == OWNER && !record.half_open &&
				  version_compare(record.version, version) == 0,
			  rows[i].sentence);
		/* Its end is the last word. */
		end_session(&mesh);
		mesh_get(&mesh, OWNER + 1, 7);
		mesh_pass(&mesh, NS_PER_S);
		CHECK_ROW(mesh.last.kind == NODE_MISSED, rows[i].sentence);
		mesh_close(&mesh);
	}
}

/* Its SYN was answered, and its handshake is over: the batch that says so is
 * found to be stale. */
static void
a_confirmation_goes_above_it_too(void)
{
	for (uint32_t ended = 0; ended < 2; ended++) {
		struct session_key key = mesh_key_number(7);
		struct version version;
		struct mesh mesh;

		open_with_session(&mesh, 50 + ended);
		if (ended)
			end_session(&mesh);
		restart(&mesh);
		answer_syn(&mesh, 20 * NS_PER_MS);
		mesh_reset_events(&mesh);
		mesh_set(&mesh, OWNER, 7, 51);
		mesh_pass(&mesh, NS_PER_S);
		CHECK(node_owns(mesh.nodes[OWNER], &key, &version));
		CHECK(version.established_ns == 100 && version.sequence == 1);
		/* Nothing else says so: no NODE_STORED follows. */
		CHECK(mesh.events[NODE_RAISED] == 1 &&
		      mesh.events[NODE_STORED] == 0 &&
		      session_equal(&mesh.last.key, &key) &&
		      version_compare(mesh.last.version, version) == 0);
		struct record record = looked_up(&mesh, 7);
		CHECK(record.owner == OWNER && !record.half_open &&
		      version_compare(record.version, version) == 0);
		mesh_close(&mesh);
	}
}

/* Somebody forges a SYN by the key of a session that is open elsewhere: no
 * version is raised, or the forged one would bid higher and higher. */
static void
a_handshake_does_not_bid(void)
{
	struct session_key key = mesh_key_number(7);
	struct version version;
	struct mesh mesh;

	open_with_session(&mesh, 60);
	restart(&mesh);
	mesh_reset_events(&mesh);
	answer_syn(&mesh, NS_PER_S);
	CHECK(node_owns(mesh.nodes[OWNER], &key, &version));
	CHECK(version.established_ns == 50 && version.sequence == 0);
	CHECK(mesh.events[NODE_RAISED] == 0);
	mesh_close(&mesh);
}

/* What is republished stays as old as it is. */
static void
a_republishing_does_not_bid(void)
{
	struct node_settings settings = settings_default();
	struct session_key key = mesh_key_number(7);
	struct version version;
	struct mesh mesh;

	open_with_session(&mesh, 70);
	/* Every node holds a newer one of ours, as if from another life. */
	for (uint32_t i = 0; i < NODES; i++) {
		struct record record = {
			.version = mesh_version_number(500),
			.owner = OWNER,
			.ttl_ms = 600000,
		};
		store_put(mesh.parts.store, mesh.now, i, &key, &record);
	}
	mesh_pass(&mesh, 3 * settings.republish_ns);
	CHECK(mesh.nodes[OWNER]->counters.republished > 0);
	CHECK(node_owns(mesh.nodes[OWNER], &key, &version));
	CHECK(version.established_ns == 100 && version.sequence == 0);
	mesh_close(&mesh);
}

static void
raises_end(void)
{
	static const struct {
		const char *sentence;
		bool half_open;
		struct version known;
		bool raised;
		struct version version;
	} rows[] = {
		{ "below ours", false, { 99, 9 }, false, { 100, 5 } },
		{ "ours itself", false, { 100, 5 }, true, { 100, 6 } },
		{ "above", false, { 200, 7 }, true, { 200, 8 } },
		{ "the sequences are used up",
		  false,
		  { 200, UINT32_MAX },
		  true,
		  { 201, 0 } },
		{ "three times are enough",
		  false,
		  { 300, 0 },
		  false,
		  { 201, 0 } },
		{ "what is half-open", true, { 300, 0 }, false, { 201, 0 } },
	};
	struct publication publication = { .version = { 100, 5 } };
	struct version last = { INT64_MAX, UINT32_MAX };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		publication.half_open = rows[i].half_open;
		CHECK_ROW(publication_raise(&publication, rows[i].known) ==
				  rows[i].raised,
			  rows[i].sentence);
		CHECK_ROW(version_compare(publication.version,
					  rows[i].version) == 0,
			  rows[i].sentence);
	}
	CHECK(version_compare(version_after(last), last) == 0);
}

int
main(void)
{
	an_opening_goes_above_what_replicas_know();
	a_confirmation_goes_above_it_too();
	a_handshake_does_not_bid();
	a_republishing_does_not_bid();
	raises_end();
	return check_done();
}
