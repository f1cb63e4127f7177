/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookups.c - `homeward bench lookups`: lookups a second, by number of nodes
 *
 *	create | tables | settings | lookups: warm-up | run | run | run ...
 *	<------ setup ------------>           <-------- counted -------->
 *
 * One world a size. Lookups follow each other for as long as all runs need;
 * wall time is read when the last of each run has ended, and that of the first
 * run is not counted, so that no run pays for cold caches or for what comes
 * before the lookups. Operations come at Poisson intervals of 20 us, several
 * at a time under way, as in a busy cluster; how many makes no difference to
 * the result.
 *
 * Beside the rate: hops, which say that these are the lookups of theory
 * (shared with `homeward run scenarios/hops.yaml`), the seconds until the
 * tables stand and, where servers join one by one, joins a second; and
 * memory a node, the peak of the process.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "harness/bench/swarm.h"
#include "sim/world.h"

#define SIZES	 16
#define RUNS_MAX 100 /* and the one that warms up */

struct tour {
	uint32_t runs, lookups; /* of each run */
	int64_t began_ns, tables_ns; /* tables: 0 until they stand */
	int64_t window_ns; /* the run at hand began */
	uint64_t count, failed, hops;
	double rates[RUNS_MAX]; /* lookups a second */
};

struct point {
	uint64_t nodes;
	double lookups_per_s, hops, setup_s, joins_per_s, bytes_per_node;
	uint64_t lookups, failed;
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct tour *tour = context;

	if (tour->tables_ns == 0)
		tour->tables_ns = bench_clock_ns();
	if (m->metric != METRIC_LOOKUP)
		return;
	if (tour->count == 0)
		tour->window_ns = bench_clock_ns();
	tour->failed += !m->ok;
	tour->hops += m->hops;
	if (++tour->count % tour->lookups != 0)
		return;

	uint64_t run = tour->count / tour->lookups - 1;
	int64_t now_ns = bench_clock_ns();
	if (run < RUNS_MAX)
		tour->rates[run] = 1e9 * tour->lookups /
				   (double)(now_ns - tour->window_ns);
	tour->window_ns = now_ns;
}

static int
tour_run(struct tour *tour, struct settings *settings)
{
	struct watch watch = { .context = tour, .measurement = on_measurement };
	struct measure_settings *measure = &settings->measure;
	char error[256];
	struct world *world;

	measure->stores = tour->lookups / 4 + 1;
	measure->lookups = tour->lookups * (tour->runs + 1);
	/* Twice the mean of all operations, and the pause between. */
	measure->duration_ns =
		2 * measure->interval_ns *
			((int64_t)measure->stores + measure->lookups) +
		5 * NS_PER_S;
	tour->began_ns = bench_clock_ns();
	if (world_create(&world, settings, &watch, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward bench lookups: %s\n", error);
		return EXIT_USAGE;
	}
	(void)world_run(world);
	world_destroy(world);
	if (tour->count < measure->lookups) {
		fprintf(stderr,
			"homeward bench lookups: %" PRIu64 " of %u lookups "
			"have ended\n",
			tour->count, measure->lookups);
		return EXIT_RUNTIME;
	}
	return 0;
}

static int
point_measure(struct point *point, struct settings *settings, uint64_t nodes,
	      uint64_t lookups, uint32_t runs)
{
	struct tour tour = { .runs = runs, .lookups = (uint32_t)lookups };
	uint64_t before = swarm_resident_bytes();

	settings->fabric.servers = (uint32_t)nodes;
	int code = tour_run(&tour, settings);
	if (code != 0)
		return code;
	double setup_s = 1e-9 * (double)(tour.tables_ns - tour.began_ns);
	*point = (struct point){
		.nodes = nodes,
		.lookups = tour.count,
		.failed = tour.failed,
		.lookups_per_s = bench_median(tour.rates + 1, runs),
		.hops = (double)tour.hops / (double)tour.count,
		.setup_s = setup_s,
		.joins_per_s = settings->dht.tables == TABLES_JOINED
				       ? (double)nodes / setup_s
				       : 0,
		.bytes_per_node =
			(double)(swarm_peak_bytes() - before) / (double)nodes,
	};
	return 0;
}

static void
point_print(const struct point *point)
{
	printf("%9" PRIu64 " %10.0f %8.4f %8" PRIu64 " %8.2f %10.0f %8.0f\n",
	       point->nodes, point->lookups_per_s, point->hops, point->failed,
	       point->setup_s, point->joins_per_s, point->bytes_per_node);
	(void)fflush(stdout);
}

static void
point_json(const struct point *point, struct json *json)
{
	json_line(json, 0);
	json_object(json, NULL);
	json_uint(json, "nodes", point->nodes);
	json_fixed(json, "lookups_per_s", point->lookups_per_s, 0);
	json_fixed(json, "hops", point->hops, 4);
	json_uint(json, "lookups", point->lookups);
	json_uint(json, "failed", point->failed);
	json_fixed(json, "setup_s", point->setup_s, 3);
	if (point->joins_per_s > 0)
		json_fixed(json, "joins_per_s", point->joins_per_s, 0);
	json_fixed(json, "peak_bytes_per_node", point->bytes_per_node, 0);
	json_end(json);
	(void)fflush(stdout);
}

static struct json
head_json(const struct swarm *swarm, const struct bench_options *options,
	  uint64_t k, uint64_t alpha)
{
	struct json json = bench_json_begin("lookups");

	json_text(&json, "fidelity", swarm->fidelity);
	json_text(&json, "tables", swarm->tables);
	json_uint(&json, "k", k);
	json_uint(&json, "alpha", alpha);
	json_uint(&json, "runs", options->runs);
	json_array(&json, "points");
	return json;
}

static void
head_print(const struct swarm *swarm, const struct bench_options *options,
	   uint64_t lookups)
{
	bench_machine_print(stdout);
	printf("%s, %s tables, k %s, alpha %s, 3 replicas; medians of %u runs "
	       "of %" PRIu64 " lookups\n%9s %10s %8s %8s %8s %10s %8s\n",
	       swarm->fidelity, swarm->tables, swarm->k, swarm->alpha,
	       options->runs, lookups, "nodes", "lookups/s", "hops", "failed",
	       "setup s", "joins/s", "B/node");
}

struct wish {
	struct bench_options common;
	struct swarm swarm;
	const char *nodes, *lookups;
};

static const struct verb_option options[] = {
	{ "nodes", "N,N...", "sizes of the world (1e4,1e5,1e6)", options_text,
	  .at = offsetof(struct wish, nodes) },
	{ "fidelity", "path|packet|uniform",
	  "a spine-leaf fabric, an event a datagram or a hop, or no fabric at "
	  "all (path)",
	  options_choice_text, .at = offsetof(struct wish, swarm.fidelity) },
	{ "tables", "ideal|joined",
	  "perfect at once, or grown by joins (ideal)", options_choice_text,
	  .at = offsetof(struct wish, swarm.tables) },
	{ "k", "N", "of Kademlia (20)", options_text,
	  .at = offsetof(struct wish, swarm.k) },
	{ "alpha", "N", "of Kademlia (3)", options_text,
	  .at = offsetof(struct wish, swarm.alpha) },
	{ "lookups", "N", "in each run (20000)", options_text,
	  .at = offsetof(struct wish, lookups) },
	BENCH_OPTION_RUNS,
	BENCH_OPTION_JSON,
	{ 0 },
};

static int
lookups_run(int argc, char **argv)
{
	struct wish wish = { { .runs = BENCH_RUNS },
			     { "20", "3", "path", "ideal" },
			     "1e4,1e5,1e6",
			     "20000" };
	const struct verb *verb = &bench_lookups;
	int operands = options_read(verb, argc, argv, &wish);
	struct settings settings;
	uint64_t nodes[SIZES], lookups, k;
	struct json json;
	int code;

	if (operands < 0)
		return -operands;
	code = swarm_settings(verb, &wish.swarm, &settings);
	if (code != 0)
		return code;
	size_t count = bench_numbers(verb, "nodes", wish.nodes, 2,
				     SWARM_NODES_MAX, nodes, SIZES);
	if (count == 0 ||
	    bench_numbers(verb, "lookups", wish.lookups, 4, 10000000, &lookups,
			  1) == 0 ||
	    bench_numbers(verb, "k", wish.swarm.k, 1, 32, &k, 1) == 0)
		return EXIT_USAGE;
	settings.dht.node.k = (uint32_t)k;

	if (wish.common.json)
		json = head_json(&wish.swarm, &wish.common, k,
				 settings.dht.node.alpha);
	else
		head_print(&wish.swarm, &wish.common, lookups);
	for (size_t i = 0; i < count && code == 0; i++) {
		struct point point;

		code = point_measure(&point, &settings, nodes[i], lookups,
				     wish.common.runs);
		if (code == 0 && wish.common.json)
			point_json(&point, &json);
		else if (code == 0)
			point_print(&point);
	}
	if (wish.common.json)
		bench_json_end(&json);
	return code;
}

const struct verb bench_lookups = {
	.name = "lookups",
	.parent = "bench",
	.summary = "lookups a second, by the number of nodes",
	.run = lookups_run,
	.options = options,
	.notes = "Three replicas, a quarter as many keys as lookups. All runs "
		 "are of one world,\none after the other, and one more before "
		 "them to warm up.\n",
};
