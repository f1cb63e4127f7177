/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lives_test.c - what a server counted survives its crash, and its daemon's
 */
#include <string.h>

#include "core/dht/traffic.h"
#include "core/steer/verdict.h"
#include "core/test/check.h"
#include "sim/test/world_play.h"

#define S	NS_PER_S
#define SERVERS 4
#define NAMES	96

struct counted {
	char name[48];
	uint64_t value;
};

struct tale {
	struct counted servers[SERVERS][NAMES];
	uint64_t node_sent, node_sent_bytes; /* of all servers */
	uint64_t datagrams, bytes; /* of all purposes */
	uint64_t purposes;
};

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;
	const char *end = strrchr(name, '_');
	unsigned server;

	if (node[0] == '\0' && strncmp(name, "dht_", 4) == 0) {
		tale->purposes++;
		if (strcmp(end, "_datagrams") == 0)
			tale->datagrams += value;
		else
			tale->bytes += value;
	}
	if (sscanf(node, "server%u", &server) != 1 || server > SERVERS)
		return;
	if (strcmp(name, "node_sent") == 0)
		tale->node_sent += value;
	if (strcmp(name, "node_sent_bytes") == 0)
		tale->node_sent_bytes += value;
	struct counted *counted = tale->servers[server - 1];
	while (counted->name[0] != '\0')
		counted++;
	CHECK(counted < tale->servers[server - 1] + NAMES - 1);
	(void)snprintf(counted->name, sizeof(counted->name), "%s", name);
	counted->value = value;
}

static uint64_t
value_of(const struct tale *tale, unsigned server, const char *name)
{
	const struct counted *counted = tale->servers[server];

	for (; counted->name[0] != '\0'; counted++)
		if (strcmp(counted->name, name) == 0)
			return counted->value;
	return 0;
}

/* Sessions that stray all the time, over a link that goes up and down. */
static void
run(struct fault_settings *faults, uint32_t count, struct tale *tale)
{
	struct watch watch = { .context = tale, .counter = on_counter };
	struct settings settings;

	memset(tale, 0, sizeof(*tale));
	settings_default(&settings);
	settings.clients.sessions = 40;
	settings.clients.size_bytes = 4000000;
	settings.clients.pace_bps = 4000000;
	settings.clients.interval_ns = 10 * NS_PER_MS;
	settings.measure.duration_ns = 10 * S;
	settings.measure.lookups = 200;
	settings.measure.interval_ns = 20 * NS_PER_MS;
	settings.faults = faults;
	settings.fault_count = count;
	(void)world_play(&settings, &watch, "lives");
}

static const struct {
	const char *sentence;
	enum fault_kind down, up;
} rows[] = {
	{ "a crash", FAULT_SERVER_CRASH, FAULT_SERVER_UP },
	{ "a killed daemon", FAULT_DAEMON_KILL, FAULT_DAEMON_START },
};

int
main(void)
{
	static struct tale without, with;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings faults[] = {
			{ .kind = FAULT_LINK_DOWN,
			  .at_ns = 2 * S,
			  .target = "spine1-leaf1" },
			{ .kind = rows[i].down,
			  .at_ns = 5 * S,
			  .target = "server2" },
			{ .kind = rows[i].up,
			  .at_ns = 6 * S,
			  .target = "server2" },
			{ .kind = rows[i].down,
			  .at_ns = 8 * S,
			  .target = "server2" },
			{ .kind = rows[i].up,
			  .at_ns = 9 * S,
			  .target = "server2" },
		};
		unsigned compared = 0;

		run(faults, 2, &without);
		run(faults, 5, &with);
		/* Whoever comes back has all that it had, and more, but for
		 * what its kernel answers while no daemon listens. */
		for (const struct counted *counted = without.servers[1];
		     counted->name[0] != '\0'; counted++) {
			if (strcmp(counted->name, "node_contacts") == 0 ||
			    strcmp(counted->name, "icmp_errors") == 0 ||
			    strncmp(counted->name, "server_off", 10) == 0)
				continue;
			compared += counted->value > 0;
			CHECK_ROW(value_of(&with, 1, counted->name) >=
					  counted->value,
				  counted->name);
		}
		CHECK_ROW(compared > 15, rows[i].sentence);
		CHECK_ROW(value_of(&without, 1, "steer_strays") > 0,
			  rows[i].sentence);
		CHECK_ROW(value_of(&with, 1, "node_sent") >
				  value_of(&without, 1, "node_sent"),
			  rows[i].sentence);
		/* What is counted for all nodes together has no lives. */
		CHECK_ROW(with.purposes == 2 * TRAFFIC_PURPOSES,
			  rows[i].sentence);
		CHECK_ROW(with.datagrams == with.node_sent, rows[i].sentence);
		CHECK_ROW(with.bytes ==
				  with.node_sent_bytes + 64 * with.node_sent,
			  rows[i].sentence);
	}
	return check_done();
}
