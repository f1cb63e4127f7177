/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * node_rounds_test.c - how many round trips lookups take, against theory
 *
 * The reference numbers come from an independent Monte-Carlo of ideal
 * Kademlia: perfect k-buckets filled with random contacts, b = k, no faults.
 * found: mean rounds until a node that holds the value has answered, 0 when
 * the asker holds it. placed: mean rounds until it is known where to store
 * (placement.h): 0 when the asker's own table tells, else until an answer names
 * fewer than k peers that are closer than its sender.
 *
 * With ideal tables and equal delays we must be there within 3 %, with 450
 * placements within 6 %; with tables grown by joins within 15 %, and nothing
 * may be missed.
 *
 * [1] Maymounkov, Mazieres: Kademlia. IPTPS 2002.
 */
#include "core/test/mesh.h"

#define KEYS   150
#define ASKERS 10

static const struct row {
	const char *sentence;
	uint32_t n, k, alpha, replicas;
	double found, placed;
} ideal[] = {
	{ "256 nodes, k 8, alpha 1, 1 replica", 256, 8, 1, 1, 1.9194, 1.3433 },
	{ "256 nodes, k 8, alpha 1, 3 replicas", 256, 8, 1, 3, 1.6499, 1.3435 },
	{ "256 nodes, k 8, alpha 3, 1 replica", 256, 8, 3, 1, 1.8616, 1.3433 },
	{ "256 nodes, k 8, alpha 3, 3 replicas", 256, 8, 3, 3, 1.6244, 1.3411 },
	{ "256 nodes, k 20, alpha 1, 1 replica", 256, 20, 1, 1, 1.6341, 0.9026 },
	{ "256 nodes, k 20, alpha 1, 3 replicas", 256, 20, 1, 3, 1.3693, 0.9026 },
	{ "256 nodes, k 20, alpha 3, 1 replica", 256, 20, 3, 1, 1.6337, 0.9026 },
	{ "256 nodes, k 20, alpha 3, 3 replicas", 256, 20, 3, 3, 1.3692, 0.9019 },
	{ "1000 nodes, k 8, alpha 1, 1 replica", 1000, 8, 1, 1, 2.3666, 1.8038 },
	{ "1000 nodes, k 8, alpha 1, 3 replicas", 1000, 8, 1, 3, 2.0877, 1.8038 },
	{ "1000 nodes, k 8, alpha 3, 1 replica", 1000, 8, 3, 1, 2.2496, 1.8038 },
	{ "1000 nodes, k 8, alpha 3, 3 replicas", 1000, 8, 3, 3, 1.9795, 1.7395 },
	{ "1000 nodes, k 20, alpha 1, 1 replica", 1000, 20, 1, 1, 1.9269, 1.2330 },
	{ "1000 nodes, k 20, alpha 1, 3 replicas", 1000, 20, 1, 3, 1.7416, 1.2330 },
	{ "1000 nodes, k 20, alpha 3, 1 replica", 1000, 20, 3, 1, 1.8902, 1.2330 },
	{ "1000 nodes, k 20, alpha 3, 3 replicas", 1000, 20, 3, 3, 1.7283, 1.2377 },
}, joined[] = {
	{ "256 joined, k 8, alpha 1, 1 replica", 256, 8, 1, 1, 1.9194, 1.3433 },
	{ "256 joined, k 8, alpha 3, 3 replicas", 256, 8, 3, 3, 1.6244, 1.3411 },
	{ "256 joined, k 20, alpha 3, 3 replicas", 256, 20, 3, 3, 1.3692, 0.9019 },
};

static uint32_t
other_than(struct mesh *mesh, uint32_t owner)
{
	uint32_t node = (uint32_t)rng_below(&mesh->rng, mesh->count - 1);

	return node + (node >= owner);
}

/* The owner knows without being a replica, so it does not ask. */
static void
measure(struct mesh *mesh)
{
	for (uint32_t key = 0; key < KEYS; key++) {
		uint32_t owner = (uint32_t)rng_below(&mesh->rng, mesh->count);

		mesh_set(mesh, owner, key, 1);
		mesh_pass(mesh, NS_PER_S / 10);
		for (uint32_t i = 0; i < ASKERS; i++)
			mesh_get(mesh, other_than(mesh, owner), key);
		mesh_pass(mesh, NS_PER_S / 10);
	}
}

static void
join_all(struct mesh *mesh)
{
	for (uint32_t i = 0; i < mesh->count; i++) {
		uint32_t seed = i == 0 ? 0 : (uint32_t)rng_below(&mesh->rng, i);

		node_join(mesh->nodes[i], mesh->now, &seed, 1, &mesh->outbox);
		mesh_collect(mesh, i);
		mesh_pass(mesh, NS_PER_S / 5);
	}
	CHECK(mesh->events[NODE_JOINED] == mesh->count);
	CHECK(mesh->failed[NODE_JOINED] == 0);
}

static void
check_mean(const char *sentence, const char *what, uint64_t sum, uint64_t count,
	   double reference, double tolerance)
{
	double mean = (double)sum / (double)count;
	double error = mean / reference - 1;

	fprintf(stderr, "%s: %s %.3f, reference %.3f, %+.1f %%\n", sentence,
		what, mean, reference, 100 * error);
	CHECK_ROW(error > -tolerance && error < tolerance, sentence);
}

static void
test_rounds(const struct row *row, uint64_t networks, bool join)
{
	struct node_settings settings;
	uint64_t found_hops = 0, placed_hops = 0, found = 0, placed = 0;

	node_settings_default(&settings);
	settings.k = row->k;
	settings.alpha = row->alpha;
	settings.replicas = row->replicas;
	for (uint64_t seed = 0; seed < networks; seed++) {
		struct mesh mesh;

		mesh_open(&mesh, row->n, &settings, seed);
		if (join)
			join_all(&mesh);
		else
			mesh_make_ideal(&mesh);
		measure(&mesh);
		found_hops += mesh.hops[NODE_FOUND];
		found += mesh.events[NODE_FOUND];
		placed_hops += mesh.hops[NODE_STORED];
		placed += mesh.events[NODE_STORED];
		CHECK_ROW(mesh.failed[NODE_STORED] == 0, row->sentence);
		CHECK_ROW(mesh.events[NODE_MISSED] == 0, row->sentence);
		mesh_close(&mesh);
	}
	CHECK_ROW(found == networks * KEYS * ASKERS, row->sentence);
	CHECK_ROW(placed == networks * KEYS, row->sentence);
	check_mean(row->sentence, "found", found_hops, found, row->found,
		   join ? 0.15 : 0.03);
	check_mean(row->sentence, "placed", placed_hops, placed, row->placed,
		   join ? 0.15 : 0.06);
}

int
main(void)
{
	for (uint32_t i = 0; i < sizeof(ideal) / sizeof(ideal[0]); i++)
		test_rounds(&ideal[i], 3, false);
	for (uint32_t i = 0; i < sizeof(joined) / sizeof(joined[0]); i++)
		test_rounds(&joined[i], 1, true);
	return check_done();
}
