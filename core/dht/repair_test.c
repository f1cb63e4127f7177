/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * repair_test.c - after each way to lose a replica, who should hold a record
 * does again
 */
#include "core/dht/repair.h"

#include "core/test/mesh.h"

#define NODES 40
#define KEYS  60

enum happening {
	NOTHING,
	DEATH,
	BOOT,
	LEAVE,
};

static const struct row {
	const char *sentence;
	enum happening happening;
	uint32_t victims; /* the first servers; owners are others */
	uint32_t loss_percent;
	bool watch;
	bool together; /* else 10 s between them */
	bool tombstones; /* the sessions ended before */
	bool whole; /* all that should hold a record do, 20 s later */
} rows[] = {
	{ .sentence = "nothing happens", .watch = true, .whole = true },
	{ "two die, one by one", DEATH, 2, 0, true, false, false, true },
	{ "two die at once", DEATH, 2, 0, true, true, false, true },
	{ "and nobody watches", DEATH, 2, 0, false, true, false, false },
	{ "ten die one by one", DEATH, 10, 0, true, false, false, true },
	{ "two die, a tenth is lost", DEATH, 2, 10, true, true, false, true },
	{ "two boot at once", BOOT, 2, 0, true, true, false, true },
	{ "and nobody watches", BOOT, 2, 0, false, true, false, false },
	{ "twenty boot one by one", BOOT, 20, 0, true, false, false, true },
	{ "two leave", LEAVE, 2, 0, true, true, false, true },
	{ "ten leave at once", LEAVE, 10, 0, true, true, false, true },
	{ "two die after the end", DEATH, 2, 0, true, true, true, true },
	{ "two boot after the end", BOOT, 2, 0, true, true, true, true },
};

static void
boot(struct mesh *mesh, uint32_t i)
{
	struct endpoint self = mesh_endpoint_number(i);

	for (uint32_t j = 0; j < mesh->count; j++) {
		if (j == i || mesh->dead[j])
			continue;
		node_booted(mesh->nodes[j], mesh->now, &self, &mesh->outbox);
		mesh_collect(mesh, j);
	}
	mesh_reboot(mesh, i, NODES - 1, 77 + i);
}

static void
happen(struct mesh *mesh, const struct row *row, uint32_t i)
{
	switch (row->happening) {
	case NOTHING:
		break;
	case DEATH:
		mesh_kill(mesh, i);
		break;
	case BOOT:
		boot(mesh, i);
		break;
	case LEAVE:
		node_hand_over(mesh->nodes[i], mesh->now);
		mesh_collect(mesh, i);
		break;
	}
}

static void
leave_all(struct mesh *mesh, const struct row *row)
{
	for (uint32_t i = 0; i < row->victims; i++) {
		CHECK_ROW(node_handed_over(mesh->nodes[i]), row->sentence);
		node_leave(mesh->nodes[i], mesh->now, &mesh->outbox);
		mesh_collect(mesh, i);
		mesh_kill(mesh, i);
	}
}

static uint32_t
owner_of(uint32_t number)
{
	return NODES / 2 + number % (NODES / 2);
}

/* How many of the closest living nodes to a key have no statement of it, or
 * one that is not as it should be. */
static uint32_t
lacking(struct mesh *mesh, const struct row *row, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	uint64_t target = position_of_session(
		endpoints_placement(mesh->parts.endpoints), &key);
	bool taken[NODES] = { false };
	uint32_t lack = 0;

	for (uint32_t rank = 0; rank < mesh->settings.replicas; rank++) {
		struct record records[RECORDS_PER_KEY];
		uint64_t least = UINT64_MAX;
		uint32_t best = 0;

		for (uint32_t i = 0; i < mesh->count; i++) {
			uint64_t distance = position_distance(
				target,
				endpoints_position(mesh->parts.endpoints, i));
			if (mesh->dead[i] || taken[i] || distance >= least)
				continue;
			least = distance;
			best = i;
		}
		taken[best] = true;
		/* An owner knows its own, until it has ended. */
		if (best == owner_of(number) && !row->tombstones)
			continue;
		lack += store_peek(mesh->parts.store, mesh->now, best, &key,
				   records) != 1 ||
			records[0].tombstone != row->tombstones ||
			records[0].version.established_ns != 5;
	}
	return lack;
}

/* The sessions end, and no living node says otherwise: who was sent a record by
 * a repair hears of the end. */
static void
end_all(struct mesh *mesh, const struct row *row)
{
	struct record records[RECORDS_PER_KEY];
	uint32_t alive = 0;

	for (uint32_t i = 0; i < KEYS; i++) {
		struct session_key key = mesh_key_number(i);
		uint32_t owner = owner_of(i);

		node_remove(mesh->nodes[owner], mesh->now, &key, &mesh->outbox);
		mesh_collect(mesh, owner);
	}
	mesh_pass(mesh, 2 * NS_PER_S);
	for (uint32_t i = 0; i < KEYS * NODES; i++) {
		struct session_key key = mesh_key_number(i % KEYS);
		uint32_t holder = i / KEYS;

		alive += !mesh->dead[holder] &&
			 store_peek(mesh->parts.store, mesh->now, holder, &key,
				    records) > 0 &&
			 !records[0].tombstone;
	}
	if (alive > 0)
		fprintf(stderr, "%s: %u records outlive their session\n",
			row->sentence, alive);
	CHECK_ROW(alive == 0, row->sentence);
}

static void
play(const struct row *row)
{
	struct node_settings settings;
	struct mesh mesh;
	uint32_t lack = 0;

	node_settings_default(&settings);
	settings.k = 8;
	if (!row->watch)
		settings.watch_ns = 0;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(&mesh, owner_of(i), i, 5);
	mesh_pass(&mesh, NS_PER_S);
	for (uint32_t i = 0; i < KEYS && row->tombstones; i++) {
		struct session_key key = mesh_key_number(i);
		uint32_t owner = owner_of(i);

		node_remove(mesh.nodes[owner], mesh.now, &key, &mesh.outbox);
		mesh_collect(&mesh, owner);
	}
	mesh_pass(&mesh, 10 * NS_PER_S);
	mesh.loss_percent = row->loss_percent;
	for (uint32_t i = 0; i < row->victims; i++) {
		happen(&mesh, row, i);
		if (!row->together)
			mesh_pass(&mesh, 10 * NS_PER_S);
	}
	if (row->happening == LEAVE) {
		mesh_pass(&mesh, NS_PER_S);
		leave_all(&mesh, row);
	}
	mesh_pass(&mesh, 20 * NS_PER_S);
	for (uint32_t i = 0; i < KEYS; i++)
		lack += lacking(&mesh, row, i);
	fprintf(stderr, "%s: %u of %u replicas lack it; %llu datagrams\n",
		row->sentence, lack, KEYS * settings.replicas,
		(unsigned long long)mesh.traffic.sent[TRAFFIC_REPAIR]
			.datagrams);
	CHECK_ROW((lack == 0) == row->whole, row->sentence);
	/* Without a reason nothing is sent. */
	if (row->happening == NOTHING)
		CHECK_ROW(mesh.traffic.sent[TRAFFIC_REPAIR].datagrams == 0,
			  row->sentence);
	if (!row->tombstones && row->watch && row->loss_percent == 0)
		end_all(&mesh, row);
	mesh_close(&mesh);
}

/* What comes by a repair lives as long as what it is a copy of, and the time
 * that the copy was on its way. */
static void
test_time_to_live(void)
{
	struct node_settings settings;
	struct mesh mesh;
	struct session_key key = mesh_key_number(1);
	struct record records[RECORDS_PER_KEY];

	node_settings_default(&settings);
	settings.record_ttl_ns = 60 * NS_PER_S;
	settings.republish_ns = 1000 * NS_PER_S;
	mesh_open(&mesh, 5, &settings, 5);
	mesh_make_ideal(&mesh);
	mesh_set(&mesh, 4, 1, 5);
	mesh_pass(&mesh, 30 * NS_PER_S);
	for (uint32_t i = 0; i < 3; i++) {
		if (store_peek(mesh.parts.store, mesh.now, i, &key, records) ==
		    0)
			continue;
		mesh_kill(&mesh, i);
		break;
	}
	mesh_pass(&mesh, 20 * NS_PER_S);
	uint32_t count = 0;
	for (uint32_t i = 0; i < 5; i++) {
		if (store_peek(mesh.parts.store, mesh.now, i, &key, records) ==
		    0)
			continue;
		count++;
		CHECK(records[0].ttl_ms <= 10100 && records[0].ttl_ms > 9000);
	}
	CHECK(count == settings.replicas);
	mesh_close(&mesh);
}

/* Its daemon was killed: an owner publishes before it knows anybody, and joins
 * right afterwards. Those whom it meets then get what it holds. */
static void
test_published_alone(void)
{
	struct node_settings settings;
	struct mesh mesh;
	struct session_key key = mesh_key_number(1);
	struct record records[RECORDS_PER_KEY];
	uint32_t seed = 1, holders = 0;

	node_settings_default(&settings);
	mesh_open(&mesh, 2, &settings, 23);
	mesh_set(&mesh, 0, 1, 1);
	node_join(mesh.nodes[0], mesh.now, &seed, 1, &mesh.outbox);
	mesh_collect(&mesh, 0);
	mesh_pass(&mesh, 2 * NS_PER_S);
	for (uint32_t i = 0; i < mesh.count; i++)
		holders += store_get(mesh.parts.store, mesh.now, i, &key,
				     records) > 0;
	CHECK(holders == 2);
	mesh_close(&mesh);
}

int
main(void)
{
	test_published_alone();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	test_time_to_live();
	return check_done();
}
