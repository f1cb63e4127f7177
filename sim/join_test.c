/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * join_test.c - servers that join a running cluster, and what they know then;
 * tables that were given, and are kept
 *
 * A server that starts joins at once, and so before the fabric has routes to
 * it: no answer reaches it for a second and more.
 */
#include "core/instant.h"
#include "core/test/check.h"
#include "sim/test/world_play.h"

#include <stdlib.h>
#include <string.h>

#define MS NS_PER_MS
#define S  NS_PER_S

#define SERVERS_MOST 128

/* What a run told of each server. */
struct tale {
	uint64_t contacts[SERVERS_MOST], lookups[SERVERS_MOST];
	uint64_t events;
};

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;

	if (strncmp(node, "server", 6) != 0)
		return;
	size_t server = strtoul(node + 6, NULL, 10) - 1;
	if (strcmp(name, "node_contacts") == 0)
		tale->contacts[server] = value;
	else if (strcmp(name, "node_lookups") == 0)
		tale->lookups[server] = value;
}

static struct tale
run(const struct settings *settings, const char *sentence)
{
	struct tale tale = { .events = 0 };
	struct watch watch = { .context = &tale, .counter = on_counter };

	tale.events = world_play(settings, &watch, sentence).events;
	return tale;
}

static uint64_t
fewest(const struct tale *tale, uint32_t first, uint32_t count)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = first; i < first + count; i++)
		if (tale->contacts[i] < least)
			least = tale->contacts[i];
	return least;
}

static void
a_fabric(struct settings *settings, uint32_t servers)
{
	settings_default(settings);
	settings->fabric.servers = servers;
	settings->fabric.leaves = 8;
	settings->fabric.fidelity = FIDELITY_PATH;
	settings->dht.node.k = 8;
	settings->clients.sessions = 0;
	settings->measure.duration_ns = 25 * S;
}

static const struct {
	const char *sentence;
	enum fault_kind kind;
	enum fabric_kind fabric;
	enum tables_kind tables;
	int64_t until_ns, restore_ns, hop_ns;
	uint32_t first; /* of those that join */
} full_tables_rows[] = {
	{ "on a fabric without routes", FAULT_JOIN, FABRIC_UNIFORM,
	  TABLES_JOINED, 0, 0, 0, 60 },
	{ "on a routed fabric", FAULT_JOIN, FABRIC_SPINE_LEAF, TABLES_JOINED, 0,
	  1200 * MS, 50 * MS, 60 },
	{ "into ideal tables", FAULT_JOIN, FABRIC_SPINE_LEAF, TABLES_IDEAL, 0,
	  1200 * MS, 50 * MS, 60 },
	{ "routes that come back one after the other", FAULT_JOIN,
	  FABRIC_SPINE_LEAF, TABLES_JOINED, 0, 1500 * MS, 400 * MS, 60 },
	{ "routes that take 8 s", FAULT_JOIN, FABRIC_SPINE_LEAF, TABLES_JOINED,
	  0, 8 * S, 50 * MS, 60 },
	{ "after a crash", FAULT_SERVER_CRASH, FABRIC_SPINE_LEAF, TABLES_JOINED,
	  4 * S, 1200 * MS, 50 * MS, 3 },
	{ "after a crash, ideal tables", FAULT_SERVER_CRASH, FABRIC_SPINE_LEAF,
	  TABLES_IDEAL, 4 * S, 1200 * MS, 50 * MS, 3 },
	{ "after the daemon's restart", FAULT_DAEMON_RESTART, FABRIC_SPINE_LEAF,
	  TABLES_JOINED, 4 * S, 1200 * MS, 50 * MS, 3 },
};

/* Servers of old have some 35 contacts in buckets of 8. */
static void
test_full_tables(void)
{
	for (unsigned i = 0;
	     i < 3 * sizeof(full_tables_rows) / sizeof(full_tables_rows[0]);
	     i++) {
		const char *sentence = full_tables_rows[i / 3].sentence;
		struct fault_settings fault = {
			.kind = full_tables_rows[i / 3].kind,
			.at_ns = 2 * S,
			.until_ns = full_tables_rows[i / 3].until_ns,
			.target = "server4",
		};
		struct settings settings;
		a_fabric(&settings, 60);
		settings.seed = 1 + i % 3;
		settings.fabric.kind = full_tables_rows[i / 3].fabric;
		settings.dht.tables = full_tables_rows[i / 3].tables;
		settings.routing.restore =
			(struct span){ full_tables_rows[i / 3].restore_ns,
				       full_tables_rows[i / 3].restore_ns };
		settings.routing.hop =
			(struct span){ 20 * MS,
				       full_tables_rows[i / 3].hop_ns };
		if (fault.kind == FAULT_JOIN) {
			fault.target[0] = '\0';
			fault.count = 4;
		}
		settings.faults = &fault;
		settings.fault_count = 1;
		struct tale tale = run(&settings, sentence);
		bool several = fault.kind == FAULT_JOIN;
		uint64_t least = fewest(&tale, full_tables_rows[i / 3].first,
					several ? 4 : 1);
		if (least < 20)
			fprintf(stderr, "seed %u: %u contacts\n",
				(unsigned)settings.seed, (unsigned)least);
		CHECK_ROW(least >= 20, sentence);
	}
}

/* Three servers, of which one is away again and again: it never joins through
 * itself, and each knows both others in the end. */
static void
test_few_servers(void)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct fault_settings faults[5];
		struct settings settings;

		a_fabric(&settings, 3);
		settings.seed = seed;
		for (unsigned i = 0; i < 5; i++)
			faults[i] = (struct fault_settings){
				.kind = i % 2 == 0 ? FAULT_SERVER_CRASH
						   : FAULT_DAEMON_RESTART,
				.at_ns = (1 + 4 * (int64_t)i) * S,
				.until_ns = (2 + 4 * (int64_t)i) * S,
				.target = "server2",
			};
		settings.faults = faults;
		settings.fault_count = 5;
		struct tale tale = run(&settings, "three servers");
		CHECK_ROW(fewest(&tale, 0, 3) == 2, "three servers");
	}
}

/* Nobody asks for anything: what is looked up are idle buckets, once an hour
 * and those that a refresh touched every second hour, each server's at times of
 * its own. */
static void
test_ideal_tables_are_refreshed(void)
{
	static const struct {
		const char *sentence;
		uint32_t servers;
		enum fabric_kind fabric;
		int64_t refresh_ns, duration_ns;
		uint32_t sweeps; /* that find idle buckets, at least */
	} rows[] = {
		{ "for 3 hours", 60, FABRIC_UNIFORM, 3600 * S, 3 * 3600 * S,
		  1 },
		{ "for 3 hours, on a routed fabric", 60, FABRIC_SPINE_LEAF,
		  3600 * S, 3 * 3600 * S, 1 },
		{ "for 8 hours", 60, FABRIC_UNIFORM, 3600 * S, 8 * 3600 * S,
		  3 },
		{ "for 50 minutes: nothing is idle yet", 60, FABRIC_UNIFORM,
		  3600 * S, 3000 * S, 0 },
		{ "never", 60, FABRIC_UNIFORM, 0, 8 * 3600 * S, 0 },
		{ "one server has none to refresh", 1, FABRIC_UNIFORM, 3600 * S,
		  8 * 3600 * S, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;

		a_fabric(&settings, rows[i].servers);
		settings.dht.tables = TABLES_IDEAL;
		settings.fabric.kind = rows[i].fabric;
		settings.dht.node.refresh_ns = rows[i].refresh_ns;
		settings.measure.duration_ns = rows[i].duration_ns;
		struct tale tale = run(&settings, rows[i].sentence);
		for (uint32_t j = 0; j < rows[i].servers; j++) {
			/* Three buckets at least: k is 8 of 60. */
			CHECK_ROW(tale.lookups[j] >= 3ull * rows[i].sweeps,
				  rows[i].sentence);
			CHECK_ROW((tale.lookups[j] > 0) == (rows[i].sweeps > 0),
				  rows[i].sentence);
		}
		CHECK_ROW(fewest(&tale, 0, rows[i].servers) >=
				  (rows[i].servers > 1 ? 20 : 0),
			  rows[i].sentence);
		CHECK_ROW(rows[i].refresh_ns != 0 || tale.events == 0,
			  rows[i].sentence);
	}
}

int
main(void)
{
	test_full_tables();
	test_few_servers();
	test_ideal_tables_are_refreshed();
	return check_done();
}
