/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgp_fault_test.c - after any faults the routes are as if computed anew
 *
 *	bgp_fault_test SERVERS LEAVES SPINES	what a crash costs, on a clock
 */
#include "sim/net/bgp.h"

#include <stdio.h>
#include <time.h>

#include "core/rng.h"
#include "sim/test/bgp_bed.h"

/* Mend what is broken, the which-th of all; how many there were. */
static uint32_t
mend(struct bed *bed, uint32_t which)
{
	const struct fabric *fabric = bed->fabric;
	uint32_t count = 0;

	for (uint32_t i = 0; i < fabric->link_count; i++)
		if (bed->asked[i] != LINK_UP && count++ == which)
			bed_link(bed, i, LINK_UP);
	for (uint32_t i = 0; i < fabric->device_count; i++)
		if (!bed->device_up[i] && count++ == which)
			bed_device(bed, i, true);
	for (uint32_t i = 0; i < fabric->settings.servers; i++)
		if (!bed->announced[i] && count++ == which) {
			bed->announced[i] = true;
			bgp_announce(bed->bgp, i, true);
		}
	return count;
}

/* Something breaks, or is mended: the more of it, the more is broken. */
static void
act(struct bed *bed, struct rng *rng)
{
	const struct fabric *fabric = bed->fabric;
	uint32_t link = (uint32_t)rng_below(rng, fabric->link_count);
	uint32_t broken = mend(bed, UINT32_MAX);

	if (rng_below(rng, broken + 4) >= 4) {
		(void)mend(bed, (uint32_t)rng_below(rng, broken));
		return;
	}

	/* Often the same again: flaps are where epochs matter. */
	if (rng_below(rng, 2))
		link = bed->last_link;
	bed->last_link = link;
	switch (rng_below(rng, 8)) {
	case 0:
	case 1:
	case 2:
		bed_link(bed, link, LINK_DOWN);
		break;
	case 3:
		bed_link(bed, link,
			 (enum link_state)(LINK_SILENT + rng_below(rng, 3)));
		break;
	case 4:
	case 5:
		bed_link(bed, link, LINK_UP);
		break;
	case 6: {
		uint32_t device =
			fabric->settings.servers + fabric->settings.clients;
		if (rng_below(rng, 2))
			device +=
				(uint32_t)rng_below(rng, fabric->router_count);
		else
			device = (uint32_t)rng_below(rng,
						     fabric->settings.servers);
		bed_device(bed, device, !bed->device_up[device]);
		break;
	}
	default: {
		uint32_t server =
			(uint32_t)rng_below(rng, fabric->settings.servers);
		bed->announced[server] = !bed->announced[server];
		bgp_announce(bed->bgp, server, bed->announced[server]);
		break;
	}
	}
}

static bool
all_restored(struct bed *bed, const struct bgp *fresh)
{
	const struct fabric *fabric = bed->fabric;

	for (uint32_t i = 0; i < fabric->device_count; i++)
		bed_device(bed, i, true);
	for (uint32_t i = 0; i < fabric->link_count; i++)
		bed_link(bed, i, LINK_UP);
	for (uint32_t i = 0; i < fabric->settings.servers; i++) {
		bed->announced[i] = true;
		bgp_announce(bed->bgp, i, true);
	}
	bed_run(bed, 60 * NS_PER_S);

	const struct rib *now = bgp_rib(bed->bgp), *then = bgp_rib(fresh);
	for (uint32_t p = 0; p < fabric->port_count; p++)
		if (rib_port_flags(now, p) != rib_port_flags(then, p))
			return false;
	for (uint32_t d = fabric->device_first[DEVICE_EDGE];
	     d < fabric->device_count; d++)
		for (uint32_t i = 0; i < fabric->settings.servers; i++)
			if (rib_distance(now, rib_of_server(now, i), d) !=
			    rib_distance(then, rib_of_server(then, i), d))
				return false;
	return converged(bed);
}

static void
test_walk(const struct fabric_settings *settings, uint64_t seed, int rounds)
{
	struct bed bed;
	struct rng rng;
	struct routing_settings routing = lab;

	routing.ecmp = seed % 2 ? ECMP_RESILIENT : ECMP_HASH_THRESHOLD;
	if (seed % 5 == 0)
		routing.maximum_paths = 1 + (uint32_t)(seed / 5 % 2);
	if (seed % 3 == 0)
		routing.restore = (struct span){ 0, 100 * MS };
	/* Sessions are back before what was said in the last ones is read. */
	if (seed % 3 == 1) {
		routing.reroute = (struct span){ 0, MS };
		routing.local = (struct span){ 0, 2 * MS };
		routing.bfd = (struct span){ 0, 20 * MS };
		routing.restore = (struct span){ 0, 2 * MS };
	}
	if (seed % 4 == 0)
		routing.detection = DETECTION_HOLD;
	bed_create(&bed, settings, &routing, seed);
	struct bgp *fresh = bgp_create(bed.fabric, &routing, seed, bed.queue);
	rng_init(&rng, seed, 77);
	CHECK(converged(&bed));
	for (int round = 0; round < rounds; round++) {
		uint64_t acts = 1 + rng_below(&rng, 12);
		for (uint64_t i = 0; i < acts; i++) {
			act(&bed, &rng);
			/* Into the middle of what the last one caused. */
			bed_run(&bed, (int64_t)rng_below(&rng, 300 * MS) >>
					      rng_below(&rng, 10));
		}
		bed_run(&bed, 60 * NS_PER_S);
		bool right = converged(&bed);
		CHECK(right);
		if (!right) {
			fprintf(stderr, "seed %llu round %d\n",
				(unsigned long long)seed, round);
			break;
		}
	}
	CHECK(all_restored(&bed, fresh));
	bgp_destroy(fresh);
	bed_destroy(&bed);
}

/* One fault after another, all of them at its end as if computed anew. */
static void
test_faults(const struct fabric_settings *settings, uint64_t seed, int faults)
{
	struct bed bed;
	struct rng rng;
	int wrong = 0;

	bed_create(&bed, settings, &lab, seed);
	rng_init(&rng, seed, 78);
	for (int i = 0; i < faults; i++) {
		act(&bed, &rng);
		bed_run(&bed, 60 * NS_PER_S);
		wrong += !converged(&bed);
	}
	CHECK(wrong == 0);
	/* Else nothing was left to break. */
	CHECK(bgp_updates(bed.bgp) > 8 * (uint64_t)faults);
	bed_destroy(&bed);
}

static void
measure(uint32_t servers, uint32_t leaves, uint32_t spines)
{
	const struct fabric_settings big = {
		.exits = 4,
		.spines = spines,
		.leaves = leaves,
		.pods = 1,
		.servers = servers,
		.uplinks = 2,
		.clients = 16,
	};
	struct bed bed;
	clock_t start = clock();

	setvbuf(stdout, NULL, _IOLBF, 0);
	bed_create(&bed, &big, &lab, 1);
	printf("%u servers on %u leaves: start %.3f s\n", servers, leaves,
	       (double)(clock() - start) / CLOCKS_PER_SEC);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t updates = bgp_updates(bed.bgp);
		start = clock();
		for (uint32_t j = 0; j < 10; j++) {
			uint32_t server = (j * 7919 + 5) % servers;
			bed_device(&bed, server, false);
			bed_run(&bed, 5 * NS_PER_S);
			bed_device(&bed, server, true);
			bed_run(&bed, 5 * NS_PER_S);
		}
		printf("a server crashes and returns: %.3f ms, %llu updates\n",
		       (double)(clock() - start) * 100 / CLOCKS_PER_SEC,
		       (unsigned long long)(bgp_updates(bed.bgp) - updates) /
			       10);
	}
	start = clock();
	bed_device(&bed, bed_find(&bed, "spine1"), false);
	bed_run(&bed, 10 * NS_PER_S);
	printf("spine1 dies: %.3f s, %llu updates\n",
	       (double)(clock() - start) / CLOCKS_PER_SEC,
	       (unsigned long long)bgp_updates(bed.bgp));
	start = clock();
	bed_device(&bed, bed_find(&bed, "leaf1"), false);
	bed_run(&bed, 10 * NS_PER_S);
	bed_device(&bed, bed_find(&bed, "leaf1"), true);
	bed_device(&bed, bed_find(&bed, "spine1"), true);
	bed_run(&bed, 10 * NS_PER_S);
	printf("leaf1 too, then both return: %.3f s, %llu updates\n",
	       (double)(clock() - start) / CLOCKS_PER_SEC,
	       (unsigned long long)bgp_updates(bed.bgp));
	bed_destroy(&bed);
}
int
main(int argc, char **argv)
{
	if (argc > 3) {
		measure((uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]),
			(uint32_t)atoi(argv[3]));
		return 0;
	}

	const struct fabric_settings pods = {
		.exits = 2,
		.spines = 2,
		.leaves = 3,
		.pods = 2,
		.servers = 9,
		.uplinks = 2,
		.clients = 2,
	};
	const struct fabric_settings four = {
		.exits = 1,
		.spines = 3,
		.leaves = 4,
		.pods = 1,
		.servers = 6,
		.uplinks = 4,
		.clients = 1,
	};
	for (uint64_t seed = 1; seed <= 12; seed++) {
		test_walk(&paper, seed, 25);
		test_walk(&pods, seed + 100, 15);
		test_walk(&four, seed + 200, 10);
	}
	test_faults(&paper, 301, 4000);
	test_faults(&pods, 302, 4000);
	test_faults(&four, 303, 2000);
	return check_done();
}
