/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unreachable_test.c - who says that a server or its daemon is not there, and
 * that no daemon takes it for its own where a live one would not hear it
 */
#include "core/instant.h"
#include "core/test/check.h"
#include "sim/test/world_play.h"

#include <string.h>

#define S NS_PER_S

/* What a run told: ICMP errors sent by the server that is away, by routers, by
 * other servers; what steer dropped as no error of its own. */
struct tale {
	uint64_t itself, routers, others, foreign;
};

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;

	if (strcmp(name, "drop_icmp_quote") == 0)
		tale->foreign += value;
	if (strcmp(name, "icmp_errors") != 0 || node[0] == '\0')
		return;
	if (strcmp(node, "server4") == 0)
		tale->itself += value;
	else if (strncmp(node, "server", 6) == 0)
		tale->others += value;
	else
		tale->routers += value;
}

static struct tale
run(const struct settings *settings, const char *sentence)
{
	struct tale tale = { .itself = 0 };
	struct watch watch = { .context = &tale, .counter = on_counter };

	(void)world_play(settings, &watch, sentence);
	return tale;
}

static const struct {
	const char *sentence;
	enum fault_kind kind;
	enum fabric_kind fabric;
	enum fidelity_kind fidelity;
	uint8_t family;
	bool itself, routers;
} who_says_rows[] = {
	{ "nobody is away", FAULT_DRAIN, FABRIC_SPINE_LEAF, FIDELITY_PACKET, 4,
	  false, false },
	{ "no daemon: the host's kernel", FAULT_DAEMON_KILL, FABRIC_SPINE_LEAF,
	  FIDELITY_PACKET, 4, true, false },
	{ "the same over IPv6", FAULT_DAEMON_KILL, FABRIC_SPINE_LEAF,
	  FIDELITY_PACKET, 6, true, false },
	{ "walked instead of hop by hop", FAULT_DAEMON_KILL, FABRIC_SPINE_LEAF,
	  FIDELITY_PATH, 4, true, false },
	{ "on a fabric of one hop", FAULT_DAEMON_KILL, FABRIC_UNIFORM,
	  FIDELITY_PACKET, 4, true, false },
	{ "no host: routers without a route", FAULT_SERVER_CRASH,
	  FABRIC_SPINE_LEAF, FIDELITY_PACKET, 4, false, true },
	{ "the same over IPv6", FAULT_SERVER_CRASH, FABRIC_SPINE_LEAF,
	  FIDELITY_PACKET, 6, false, true },
	{ "no host, and no router either", FAULT_SERVER_CRASH, FABRIC_UNIFORM,
	  FIDELITY_PACKET, 4, false, false },
};

static void
test_who_says(void)
{
	for (unsigned i = 0;
	     i < sizeof(who_says_rows) / sizeof(who_says_rows[0]); i++) {
		struct fault_settings fault = {
			.kind = who_says_rows[i].kind,
			.at_ns = 2 * S,
			.target = "server4",
		};
		struct settings settings;

		settings_default(&settings);
		settings.fabric.servers = 8;
		settings.fabric.kind = who_says_rows[i].fabric;
		settings.fabric.fidelity = who_says_rows[i].fidelity;
		settings.service.family = who_says_rows[i].family;
		settings.clients.sessions =
			who_says_rows[i].fabric == FABRIC_UNIFORM ? 0 : 40;
		settings.measure.stores = 20;
		settings.measure.lookups = 200;
		settings.measure.interval_ns = S / 20;
		settings.clients.interval_ns = S / 4;
		settings.clients.size_bytes = 10000;
		settings.measure.duration_ns = 20 * S;
		settings.faults = &fault;
		settings.fault_count = 1;
		struct tale tale = run(&settings, who_says_rows[i].sentence);
		CHECK_ROW((tale.itself > 0) == who_says_rows[i].itself,
			  who_says_rows[i].sentence);
		CHECK_ROW((tale.routers > 0) == who_says_rows[i].routers,
			  who_says_rows[i].sentence);
		CHECK_ROW(tale.others == 0, who_says_rows[i].sentence);
		CHECK_ROW(tale.foreign == 0, who_says_rows[i].sentence);
		/* To each of seven: six at once, then one a second. */
		CHECK_ROW(tale.itself <= 7 * (6 + 18),
			  who_says_rows[i].sentence);
	}
}

int
main(void)
{
	test_who_says();
	return check_done();
}
