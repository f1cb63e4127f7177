/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_shape.c - what a world costs, and what a promise needs
 *
 * Two passes of one world take a tenth of a second: that bounds packets
 * (sessions by their bytes), servers and simulated time, not what may happen.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/explore/generator_state.h"

/* Times after the last fault: nothing new for so long is silence (cause.h), and
 * a sweep of the tables is not over at once, and is looked at twice
 * (sim/judge/tables.h). */
#define SILENT_MS 12000
#define SWEEP_MS  11000

/* ---- fabric and tables ---- */

/* Servers and k: in a third of all worlds nobody can know everybody, be it that
 * k is small or that there are many. */
static void
shape_servers(struct generator *generator)
{
	struct settings *shape = &generator->shape;
	uint32_t servers, k;

	if (generator_chance(generator, 18)) {
		servers = ONE_OF(generator, 13, 14, 16, 16, 20, 24, 32, 48, 64);
		k = (uint32_t)generator_between(generator, 1, 4);
	} else {
		servers =
			ONE_OF(generator, 4, 4, 5, 6, 8, 8, 12, 16, 24, 32, 64);
		k = ONE_OF(generator, 2, 4, 8, 8, 16, 20, 20, 32);
	}
	shape->fabric.servers = servers;
	shape->dht.node.k = k;
	shape->dht.node.replicas = ONE_OF(generator, 1, 2, 3, 3, 3, 5, 8);
	shape->dht.node.alpha = ONE_OF(generator, 1, 2, 3, 3, 3, 5, 10);
	if (shape->dht.node.replicas > k)
		shape->dht.node.replicas = k;
	if (shape->dht.node.alpha > k)
		shape->dht.node.alpha = k;
	generator_put(generator, "fabric.servers", "%u", servers);
	generator_put(generator, "dht.k", "%u", k);
	generator_put(generator, "dht.replicas", "%u",
		      shape->dht.node.replicas);
	generator_put(generator, "dht.alpha", "%u", shape->dht.node.alpha);
}

static void
shape_fabric(struct generator *generator)
{
	struct fabric_settings *fabric = &generator->shape.fabric;

	if (generator_chance(generator, 3)) {
		fabric->kind = FABRIC_UNIFORM;
		generator_put(generator, "fabric.kind", "uniform");
		return;
	}
	fabric->exits = ONE_OF(generator, 1, 2, 2, 2, 3);
	fabric->spines = ONE_OF(generator, 1, 2, 2, 2, 3, 4);
	fabric->leaves = ONE_OF(generator, 1, 2, 2, 2, 4, 4, 4, 4, 6, 8);
	fabric->pods = ONE_OF(generator, 1, 1, 1, 2, 3);
	fabric->uplinks = (uint32_t)generator_between(
		generator, 1, fabric->leaves < 4 ? fabric->leaves : 4);
	fabric->clients = ONE_OF(generator, 1, 2, 4, 8);
	/* A round trip is twice that, and what the fabric adds. */
	fabric->client_link.delay_ns =
		NS_PER_US * (int64_t)ONE_OF(generator, 50, 250, 500, 1000, 5000,
					    10000, 25000, 50000, 100000);
	generator_put(generator, "fabric.exits", "%u", fabric->exits);
	generator_put(generator, "fabric.spines", "%u", fabric->spines);
	generator_put(generator, "fabric.leaves", "%u", fabric->leaves);
	generator_put(generator, "fabric.pods", "%u", fabric->pods);
	generator_put(generator, "fabric.uplinks", "%u", fabric->uplinks);
	generator_put(generator, "fabric.clients", "%u", fabric->clients);
	generator_put(generator, "fabric.client_link.delay_us", "%" PRId64,
		      fabric->client_link.delay_ns / NS_PER_US);
	if (generator_chance(generator, 20))
		generator_put(generator, "fabric.fidelity", "path");
}

/* ---- times ---- */

/* Records that live for as long as their owners care for them. */
static void
shape_records(struct generator *generator)
{
	uint32_t ttl_s = ONE_OF(generator, 30, 60, 300, 1200);

	if (!generator_chance(generator, 15))
		return;
	generator_put(generator, "dht.record_ttl_s", "%u", ttl_s);
	generator_put(generator, "dht.republish_s", "%u",
		      ttl_s / ONE_OF(generator, 3, 4, 10));
}

/* A world of more servers sweeps its tables less often. */
static void
shape_times(struct generator *generator)
{
	uint32_t servers = generator->shape.fabric.servers;
	uint32_t refresh_s = servers <= 16   ? ONE_OF(generator, 10, 10, 15, 30)
			     : servers <= 32 ? ONE_OF(generator, 15, 20, 40)
					     : ONE_OF(generator, 30, 60);
	uint64_t calm_ms, all_ms;
	char time[GENERATOR_TIME];

	generator->faults_ms = generator_between(generator, 2000, 20000);
	calm_ms = generator->faults_ms + SILENT_MS;
	if (calm_ms < refresh_s * UINT64_C(1000) + SWEEP_MS)
		calm_ms = refresh_s * UINT64_C(1000) + SWEEP_MS;
	all_ms = generator->faults_ms + calm_ms;
	generator->shape.measure.duration_ns = (int64_t)all_ms * NS_PER_MS;
	generator_put(generator, "measure.duration_s", "%s",
		      generator_seconds(all_ms, time));
	generator_put(generator, "dht.refresh_s", "%u", refresh_s);
	shape_records(generator);
}

/* Versions are owners' clocks: a key that comes again at another server must
 * have a newer one. It comes again two round trips later at the soonest. */
static void
shape_clocks(struct generator *generator)
{
	int64_t round_ns = 2 * generator->shape.fabric.client_link.delay_ns;
	uint64_t round_us = (uint64_t)(round_ns / NS_PER_US);
	uint64_t skew_us = ONE_OF(generator, 1, 50, 1000, 5000, 60000) * 1000u;
	bool reuse = generator_chance(generator, 35);

	if (reuse) {
		generator_put(generator, "clients.reuse_ports", "on");
		skew_us = generator_between(generator, 1, round_us);
	}
	if (generator_chance(generator, 30))
		generator_put(generator, "service.clock_skew_ms",
			      "%" PRIu64 ".%03u", skew_us / 1000,
			      (unsigned)(skew_us % 1000));
}

/* ---- sessions ---- */

/* Sessions of a kind: ranges. A life is in per cent of the time of the faults,
 * and gives the pace; 0: as fast as TCP. */
struct load {
	uint32_t weight;
	bool at_once, mixed;
	uint32_t sessions[2], bytes[2], life_percent[2];
};

static const struct load loads[] = {
	/* none: the hash table alone */
	{ 3, false, false, { 0, 0 }, { 0, 0 }, { 0, 0 } },
	/* short ones, many */
	{ 8, false, false, { 50, 400 }, { 200, 20000 }, { 0, 0 } },
	{ 16, false, false, { 100, 400 }, { 1000, 20000 }, { 3, 25 } },
	/* long ones */
	{ 24, false, false, { 30, 200 }, { 5000, 80000 }, { 30, 150 } },
	/* both, and longer ones */
	{ 23, false, true, { 60, 250 }, { 4000, 30000 }, { 30, 150 } },
	/* idle ones, that say a word now and then */
	{ 12, false, false, { 20, 120 }, { 1500, 12000 }, { 100, 300 } },
	/* bulk */
	{ 1, false, false, { 1, 3 }, { 1000000, 4000000 }, { 0, 0 } },
	{ 3, false, false, { 2, 8 }, { 500000, 2000000 }, { 20, 100 } },
	/* all at once */
	{ 10, true, false, { 30, 200 }, { 5000, 50000 }, { 20, 150 } },
	{ 6, true, false, { 50, 300 }, { 200, 5000 }, { 0, 0 } },
};
#define LOADS	  (sizeof(loads) / sizeof(loads[0]))
#define LOAD_LONG 3

static const struct load *
load_draw(struct generator *generator)
{
	uint32_t sum = 0, at;
	size_t i = 0;

	if (generator->shape.fabric.kind == FABRIC_UNIFORM)
		return &loads[0];
	if (generator->mourns)
		return &loads[LOAD_LONG];
	for (size_t j = 0; j < LOADS; j++)
		sum += loads[j].weight;
	at = (uint32_t)rng_below(&generator->rng, sum);
	while (at >= loads[i].weight)
		at -= loads[i++].weight;
	return &loads[i];
}

static uint64_t
from_range(struct generator *generator, const uint32_t range[2])
{
	return generator_between(generator, range[0], range[1]);
}

static void
shape_size(struct generator *generator, const struct load *load)
{
	uint64_t bytes = from_range(generator, load->bytes);
	uint64_t life_ms = from_range(generator, load->life_percent) *
			   generator->faults_ms / 100;

	generator_put(generator, "clients.size_mb", "%" PRIu64 ".%06u",
		      bytes / 1000000, (unsigned)(bytes % 1000000));
	if (load->mixed)
		generator_put(generator, "clients.size_cdf",
			      "[[200, 20], [%" PRIu64 ", 60], [%" PRIu64
			      ", 95], [%" PRIu64 ", 100]]",
			      bytes / 8 + 201, bytes + 300, 4 * bytes);
	if (life_ms > 0) {
		uint64_t pace_bps = bytes * 8000 / life_ms + 1;

		generator_put(generator, "clients.pace_mbps",
			      "%" PRIu64 ".%06u", pace_bps / 1000000,
			      (unsigned)(pace_bps % 1000000));
	}
}

/* They open while things break; or all a moment before something does. */
static void
shape_openings(struct generator *generator, const struct load *load)
{
	uint32_t sessions = generator->shape.clients.sessions;
	uint64_t start_ms = generator_between(generator, 0, 500);
	uint64_t round_ms =
		2 * (uint64_t)generator->shape.fabric.client_link.delay_ns /
		NS_PER_MS;
	uint64_t interval_us =
		load->at_once ? 0
			      : generator->faults_ms *
					generator_between(generator, 50, 120) *
					10 / sessions;
	char time[GENERATOR_TIME];

	if (load->at_once && round_ms > 0) {
		start_ms = generator_between(generator, 300,
					     generator->faults_ms / 2);
		generator->burst_ms =
			start_ms +
			generator_between(generator, 1, round_ms * 3 / 2);
	}
	generator_put(generator, "clients.start_s", "%s",
		      generator_seconds(start_ms, time));
	generator_put(generator, "clients.interval_ms", "%" PRIu64 ".%03u",
		      interval_us / 1000, (unsigned)(interval_us % 1000));
	if (load->at_once)
		generator_put(generator, "clients.jitter_ms", "%u",
			      ONE_OF(generator, 0, 1, 20));
	else if (generator_chance(generator, 30))
		generator_put(generator, "clients.jitter_ms", "%u",
			      ONE_OF(generator, 1, 20, 200, 1000));
}

static void
shape_sessions(struct generator *generator)
{
	const struct load *load = load_draw(generator);
	struct client_settings *clients = &generator->shape.clients;

	clients->sessions = (uint32_t)from_range(generator, load->sessions);
	generator_put(generator, "clients.sessions", "%u", clients->sessions);
	if (clients->sessions == 0)
		return;
	shape_size(generator, load);
	shape_openings(generator, load);
}

/* Operations on the hash table, and calls. */
static void
shape_measure(struct generator *generator)
{
	const struct settings *shape = &generator->shape;
	uint32_t stores = 0, lookups = 0;

	if (shape->clients.sessions == 0 || generator_chance(generator, 20))
		stores = ONE_OF(generator, 0, 1, 10, 50, 200);
	if (stores > 0 || shape->clients.sessions > 0)
		lookups = ONE_OF(generator, 0, 0, 0, 10, 100);
	generator_put(generator, "measure.stores", "%u", stores);
	generator_put(generator, "measure.lookups", "%u", lookups);
	/* Both need keys. */
	if (stores > 0 && generator_chance(generator, 40))
		generator_put(generator, "measure.mix", "mixed");
	if (stores > 0 && generator_chance(generator, 40))
		generator_put(
			generator, "measure.removals", "%u",
			(unsigned)generator_between(generator, 1, stores));
	/* Lookups of sessions need an interval. */
	generator_put(generator, "measure.interval_ms", "%u",
		      ONE_OF(generator, 1, 5, 10, 50));
	if (generator_chance(generator, 8))
		generator_put(generator, "measure.rpcs", "%u",
			      ONE_OF(generator, 1, 100, 500));
}

void
generator_shape(struct generator *generator)
{
	settings_default(&generator->shape);
	generator_put(generator, "seed", "%u",
		      (unsigned)generator_between(generator, 1, 1000000));
	shape_servers(generator);
	shape_fabric(generator);
	shape_times(generator);
	shape_clocks(generator);
	shape_sessions(generator);
	shape_measure(generator);
}

/* Who downloads says nothing while nothing comes; a dead owner has to be found
 * out before the world is over, and by one who remembers it; and what is lost
 * on the way excuses everybody (sim/judge/orphans.h). */
void
generator_mourning(struct generator *generator)
{
	static const char *const links[] = { "client", "edge", "fabric",
					     "server" };
	char path[64];

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		(void)snprintf(path, sizeof(path),
			       "fabric.%s_link.loss_percent", links[i]);
		generator_put(generator, path, "0");
	}
	generator_put(generator, "service.scheme", "homeward");
	generator_put(generator, "service.owner_idle_s", "60");
	generator_put(generator, "clients.direction", "upload");
	generator_put(generator, "service.silent_after_s", "%u",
		      ONE_OF(generator, 3, 3, 5));
}

bool
generator_is_shape(const char *path)
{
	static const char *const paths[] = {
		"seed",
		"fabric.kind",
		"fabric.fidelity",
		"fabric.exits",
		"fabric.spines",
		"fabric.leaves",
		"fabric.pods",
		"fabric.servers",
		"fabric.uplinks",
		"fabric.clients",
		"fabric.client_link.delay_us",
		"dht.k",
		"dht.alpha",
		"dht.replicas",
		"dht.refresh_s",
		"dht.record_ttl_s",
		"dht.republish_s",
		"service.clock_skew_ms",
		"clients.sessions",
		"clients.size_mb",
		"clients.size_cdf",
		"clients.interval_ms",
		"clients.start_s",
		"clients.jitter_ms",
		"clients.pace_mbps",
		"clients.reuse_ports",
		"measure.duration_s",
		"measure.stores",
		"measure.lookups",
		"measure.removals",
		"measure.mix",
		"measure.interval_ms",
		"measure.rpcs",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}
