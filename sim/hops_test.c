/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hops_test.c - mean rounds of lookups against an idealised Kademlia
 *
 * Expected means: independent Monte-Carlo of ideal Kademlia (perfect k-buckets
 * of random contacts, b = k, no faults; rounds until a node that holds the
 * value has answered, 0 when the asker holds it). With ideal tables and equal
 * delays we must be within 3 %, with joined tables within 15 %; and a round
 * takes one round trip, so that the time of a lookup is hops * RTT exactly.
 */
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"
#include "sim/world.h"

struct count {
	uint64_t lookups, failed, hops, local, settings_failed;
	bool exact; /* every lookup took its rounds, no more */
	int64_t rtt_ns;
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct count *count = context;

	if (m->metric == METRIC_SETTING_ALL && !m->ok)
		count->settings_failed++;
	if (m->metric != METRIC_LOOKUP)
		return;
	count->lookups++;
	count->failed += !m->ok;
	count->hops += m->hops;
	count->local += m->local;
	if (m->local ? m->hops != 0 : m->hops == 0)
		count->exact = false;
	if (m->value_ns != (int64_t)m->hops * count->rtt_ns)
		count->exact = false;
}

static void
run(struct settings *settings, uint64_t seed, struct count *count)
{
	struct watch watch = { .context = count,
			       .measurement = on_measurement };
	char error[200];
	struct world *world;

	settings->seed = seed;
	int status =
		world_create(&world, settings, &watch, error, sizeof(error));
	CHECK(status == 0);
	if (status != 0)
		return;
	(void)world_run(world);
	world_destroy(world);
}

static void
fill(struct settings *settings, uint32_t servers, uint32_t k, uint32_t alpha,
     uint32_t replicas, enum tables_kind tables)
{
	settings_default(settings);
	settings->fabric.kind = FABRIC_UNIFORM;
	settings->fabric.servers = servers;
	settings->clients.sessions = 0;
	settings->dht.tables = tables;
	settings->dht.node.k = k;
	settings->dht.node.alpha = alpha;
	settings->dht.node.replicas = replicas;
	settings->measure.stores = 400;
	settings->measure.lookups = 1600;
	settings->measure.interval_ns = NS_PER_MS;
	settings->measure.duration_ns = 5 * NS_PER_S;
}

int
main(void)
{
	static const struct {
		const char *sentence;
		uint32_t servers, k, alpha, replicas, seeds;
		double mean;
	} rows[] = {
		{ "n 100, k 8, alpha 1, 1 replica", 100, 8, 1, 1, 8, 1.6281 },
		{ "n 100, k 8, alpha 3, 3 replicas", 100, 8, 3, 3, 8, 1.3358 },
		{ "n 100, k 20, alpha 1, 3 replicas", 100, 20, 1, 3, 8,
		  1.0743 },
		{ "n 100, k 20, alpha 3, 1 replica", 100, 20, 3, 1, 12,
		  1.3315 },
		{ "n 1000, k 8, alpha 1, 1 replica", 1000, 8, 1, 1, 2, 2.3666 },
		{ "n 1000, k 8, alpha 3, 3 replicas", 1000, 8, 3, 3, 2,
		  1.9795 },
		{ "n 1000, k 20, alpha 1, 3 replicas", 1000, 20, 1, 3, 2,
		  1.7416 },
		{ "n 1000, k 20, alpha 3, 1 replica", 1000, 20, 3, 1, 2,
		  1.8902 },
	};

	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		bool ideal = i % 2 == 0;
		const char *sentence = rows[i / 2].sentence;
		uint32_t seeds =
			ideal ? rows[i / 2].seeds : rows[i / 2].seeds / 2;
		struct settings settings;
		struct count count = { .exact = true };
		fill(&settings, rows[i / 2].servers, rows[i / 2].k,
		     rows[i / 2].alpha, rows[i / 2].replicas,
		     ideal ? TABLES_IDEAL : TABLES_JOINED);
		count.rtt_ns = 2 * settings.fabric.uniform_delay_ns;
		for (uint32_t s = 0; s < seeds; s++)
			run(&settings, s + 1, &count);
		double mean = (double)count.hops / (double)count.lookups;
		double off = mean / rows[i / 2].mean - 1;
		if (getenv("HOPS_VERBOSE") != NULL)
			fprintf(stderr, "%-36s %s %.4f, %+.1f %%\n", sentence,
				ideal ? "ideal " : "joined", mean, 100 * off);
		CHECK_ROW(count.lookups == 1600 * seeds, sentence);
		CHECK_ROW(count.failed == 0, sentence);
		CHECK_ROW(count.settings_failed == 0, sentence);
		CHECK_ROW(count.exact, sentence);
		CHECK_ROW(off < (ideal ? 0.03 : 0.15) && off > -0.03, sentence);
	}
	return check_done();
}
