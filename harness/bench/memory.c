/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory.c - `homeward bench memory`: bytes a node, by what they are for
 *
 * A world is made, its tables are filled (ideal), and each part says what it
 * has allocated (sim/engine/memory_report.h). Beside the sum stands what the
 * system says: the growth of the resident set. The two differ by the heap's own
 * needs, by packets and captures in flight, by what is left of the last world,
 * and by pools that were sized for more than was stored; pools are listed
 * apart.
 *
 * The budget is that of a node with its contacts: 6 KiB with k = 20, 3 KiB
 * with k = 8, in a world of a million; and 96 bytes a record of a session at
 * a replica. Smaller worlds have shorter tables and meet it easily: the last
 * word is --nodes 1e6.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/dht/store.h"
#include "harness/base/exit.h"
#include "harness/bench/bench.h"
#include "harness/bench/swarm.h"
#include "sim/engine/memory_report.h"
#include "sim/world.h"

#define KS 8

struct weight {
	uint32_t nodes, k;
	struct memory_report report;
	uint64_t resident; /* growth */
};

static uint32_t
budget_bytes(uint32_t k)
{
	return k <= 8 ? 3 * 1024 : 6 * 1024;
}

/* A statement in the store, with its share of the chains. */
static double
record_bytes(void)
{
	uint32_t many = UINT32_C(1) << 20;

	return (double)(store_size(many) - store_size(0)) / many;
}

static int
weigh(struct weight *weight, struct settings *settings)
{
	uint64_t before = swarm_resident_bytes();
	struct world *world;
	char error[256];

	settings->fabric.servers = weight->nodes;
	settings->dht.node.k = weight->k;
	settings->measure.stores = 1000;
	settings->measure.lookups = 1000;
	settings->measure.duration_ns = 2 * NS_PER_S;
	if (world_create(&world, settings, NULL, error, sizeof(error)) != 0) {
		fprintf(stderr, "homeward bench memory: %s\n", error);
		return EXIT_USAGE;
	}
	(void)world_run(world);
	uint64_t after = swarm_resident_bytes();
	weight->resident = after > before ? after - before : 0;
	weight->report = (struct memory_report){ .count = 0 };
	world_memory(world, &weight->report);
	world_destroy(world);
	return 0;
}

static double
node_bytes(const struct weight *weight)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < weight->report.count; i++) {
		const struct memory_report_part *part =
			&weight->report.parts[i];
		if (strcmp(part->name, "nodes") == 0 ||
		    strcmp(part->name, "contacts") == 0)
			bytes += part->bytes;
	}
	return (double)bytes / weight->nodes;
}

static double
sum_bytes(const struct weight *weight)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < weight->report.count; i++)
		if (!weight->report.parts[i].pool)
			bytes += weight->report.parts[i].bytes;
	return (double)bytes / weight->nodes;
}

static void
weight_print(const struct weight *weight)
{
	printf("\n%u nodes, k %u\n", weight->nodes, weight->k);
	for (uint32_t i = 0; i < weight->report.count; i++) {
		const struct memory_report_part *part =
			&weight->report.parts[i];
		if (!part->pool)
			printf("  %-14s %8.1f B/node\n", part->name,
			       (double)part->bytes / weight->nodes);
	}
	printf("  %-14s %8.1f B/node; resident %.1f\n", "sum",
	       sum_bytes(weight), (double)weight->resident / weight->nodes);
	for (uint32_t i = 0; i < weight->report.count; i++) {
		const struct memory_report_part *part =
			&weight->report.parts[i];
		if (part->pool)
			printf("  %-14s %8.1f MiB at most, as it fills\n",
			       part->name, (double)part->bytes / 1048576);
	}
	printf("  node state %.0f B of %u; a record %.1f B of %d\n",
	       node_bytes(weight), budget_bytes(weight->k), record_bytes(),
	       STORE_ENTRY_BYTES_MAX);
}

static void
weight_json(const struct weight *weight, struct json *json)
{
	json_line(json, 0);
	json_object(json, NULL);
	json_uint(json, "nodes", weight->nodes);
	json_uint(json, "k", weight->k);
	json_array(json, "parts");
	for (uint32_t i = 0; i < weight->report.count; i++) {
		const struct memory_report_part *part =
			&weight->report.parts[i];

		json_object(json, NULL);
		json_text(json, "name", part->name);
		json_uint(json, "bytes", part->bytes);
		json_bool(json, "pool", part->pool);
		json_end(json);
	}
	json_end(json);
	json_fixed(json, "bytes_per_node", sum_bytes(weight), 1);
	json_fixed(json, "resident_bytes_per_node",
		   (double)weight->resident / weight->nodes, 1);
	json_fixed(json, "node_bytes", node_bytes(weight), 1);
	json_uint(json, "node_budget_bytes", budget_bytes(weight->k));
	json_fixed(json, "record_bytes", record_bytes(), 1);
	json_int(json, "record_budget_bytes", STORE_ENTRY_BYTES_MAX);
	json_end(json);
}

struct wish {
	struct bench_options common;
	struct swarm swarm;
	const char *nodes;
};

static const struct verb_option options[] = {
	{ "nodes", "N", "size of the world (1e5)", options_text,
	  .at = offsetof(struct wish, nodes) },
	{ "k", "N,N...", "bucket sizes, a world each (8,20)", options_text,
	  .at = offsetof(struct wish, swarm.k) },
	{ "fidelity", "path|packet|uniform",
	  "a spine-leaf fabric, or none (path)", options_choice_text,
	  .at = offsetof(struct wish, swarm.fidelity) },
	BENCH_OPTION_RUNS,
	BENCH_OPTION_JSON,
	{ 0 },
};

static int
memory_run(int argc, char **argv)
{
	struct wish wish = { { .runs = BENCH_RUNS },
			     { "8,20", "3", "path", "ideal" },
			     "1e5" };
	const struct verb *verb = &bench_memory;
	int operands = options_read(verb, argc, argv, &wish);
	struct settings settings;
	uint64_t nodes, ks[KS];
	struct json json;
	int code;

	if (operands < 0)
		return -operands;
	code = swarm_settings(verb, &wish.swarm, &settings);
	if (code != 0)
		return code;
	size_t count = bench_numbers(verb, "k", wish.swarm.k, 3, 32, ks, KS);
	if (count == 0 || bench_numbers(verb, "nodes", wish.nodes, 2,
					SWARM_NODES_MAX, &nodes, 1) == 0)
		return EXIT_USAGE;

	if (wish.common.json) {
		json = bench_json_begin("memory");
		json_text(&json, "fidelity", wish.swarm.fidelity);
		json_array(&json, "points");
	} else {
		bench_machine_print(stdout);
	}
	for (size_t i = 0; i < count && code == 0; i++) {
		struct weight weight = { .nodes = (uint32_t)nodes,
					 .k = (uint32_t)ks[i] };

		code = weigh(&weight, &settings);
		if (code == 0 && wish.common.json)
			weight_json(&weight, &json);
		else if (code == 0)
			weight_print(&weight);
	}
	if (wish.common.json)
		bench_json_end(&json);
	return code;
}

const struct verb bench_memory = {
	.name = "memory",
	.parent = "bench",
	.summary = "bytes a node, by what they are for",
	.run = memory_run,
	.options = options,
};
