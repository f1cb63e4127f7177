/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * healing_test.c - scripts of the paper's fabric: when over, and what stays
 */
#include "sim/model/healing.h"

#include <string.h>

#include "core/test/check.h"
#include "sim/model/fault.h"

#define S     NS_PER_S
#define NEVER HEALING_NEVER
#define MOST  3

struct row {
	const char *sentence;
	struct fault_settings faults[MOST];
	int64_t over_ns;
	bool paths, servers;
};

#define EVENT(what, at, ...)                                                   \
	{                                                                      \
		.kind = FAULT_##what, .at_ns = (at)*S, __VA_ARGS__             \
	}
#define LINK   .target = "exit1-spine2"
#define PATH   .target = "path"
#define SERVER .target = "server2"
#define ALL    .target = "server*"

/* clang-format off */
static const struct row rows[] = {
	{ "no event", { { 0 } }, 0, false, false },
	{ "a cut for good", { EVENT(LINK_DOWN, 1, LINK) }, S, true, false },
	{ "a cut with an end",
	  { EVENT(LINK_DOWN, 1, LINK, .until_ns = 4 * S) }, 4 * S, false,
	  false },
	{ "the later end of two",
	  { EVENT(LINK_DOWN, 1, LINK, .until_ns = 4 * S),
	    EVENT(SERVER_CRASH, 2, SERVER, .for_ns = S) }, 4 * S, false,
	  false },
	{ "one of two stays",
	  { EVENT(LINK_DOWN, 1, LINK),
	    EVENT(SERVER_CRASH, 2, SERVER, .for_ns = S) }, 3 * S, true,
	  false },
	{ "mended by another event",
	  { EVENT(LINK_SILENT, 1, LINK), EVENT(LINK_UP, 5, LINK) }, 5 * S,
	  false, false },
	{ "by its other name",
	  { EVENT(LINK_SILENT, 1, LINK),
	    EVENT(LINK_UP, 5, .target = "spine2-exit1") }, 5 * S, false,
	  false },
	{ "another link is mended",
	  { EVENT(LINK_DOWN, 1, LINK),
	    EVENT(LINK_UP, 5, .target = "exit1-spine1") }, 5 * S, true,
	  false },
	{ "mended before it is cut",
	  { EVENT(LINK_UP, 1, LINK), EVENT(LINK_DOWN, 2, LINK) }, 2 * S, true,
	  false },
	{ "at one instant the order decides",
	  { EVENT(LINK_UP, 2, LINK), EVENT(LINK_DOWN, 2, LINK) }, 2 * S, true,
	  false },
	{ "what mends is of another kind",
	  { EVENT(LINK_DEGRADE, 1, LINK), EVENT(LINK_UP, 2, LINK) }, 2 * S,
	  true, false },
	{ "one of a set is mended",
	  { EVENT(SERVER_CRASH, 1, ALL), EVENT(SERVER_UP, 2, SERVER) }, 2 * S,
	  false, true },
	{ "all of a set are",
	  { EVENT(SERVER_CRASH, 1, ALL), EVENT(SERVER_UP, 2, ALL) }, 2 * S,
	  false, false },
	{ "all one after the other",
	  { EVENT(DRAIN, 1, SERVER), EVENT(UNDRAIN, 2, ALL, .each_ns = S) },
	  5 * S, false, false },
	{ "a draw mends some",
	  { EVENT(DRAIN, 1, SERVER), EVENT(UNDRAIN, 2, ALL, .count = 3) },
	  2 * S, false, true },
	{ "one round, for a while each",
	  { EVENT(DRAIN, 1, ALL, .each_ns = 2 * S, .for_ns = S) }, 8 * S,
	  false, false },
	{ "one round for good", { EVENT(DRAIN, 1, ALL, .each_ns = 2 * S) },
	  7 * S, false, true },
	{ "again and again until then",
	  { EVENT(DAEMON_KILL, 1, SERVER, .each_ns = 2 * S, .for_ns = S,
		  .until_ns = 20 * S) }, 20 * S, false, false },
	{ "a daemon that is back at once",
	  { EVENT(DAEMON_RESTART, 1, SERVER) }, S, false, false },
	{ "a daemon that is not", { EVENT(DAEMON_KILL, 1, SERVER) }, S, false,
	  true },
	{ "a path for good", { EVENT(LINK_DOWN, 1, PATH) }, S, true, false },
	{ "a path, mended by its link's name",
	  { EVENT(LINK_DOWN, 1, PATH), EVENT(LINK_UP, 2, LINK) }, 2 * S, true,
	  false },
	{ "a path, and whatever paths were cut",
	  { EVENT(LINK_DOWN, 1, PATH), EVENT(LINK_UP, 2, PATH) }, 2 * S, false,
	  false },
	{ "a partition", { EVENT(PARTITION, 1, .side = 0) }, S, true, false },
	{ "a partition and its merge",
	  { EVENT(PARTITION, 1, .side = 0), EVENT(MERGE, 3, .side = 0) },
	  3 * S, false, false },
	{ "an attack with an end",
	  { EVENT(FLOOD, 1, .rate_pps = 9, .for_ns = 2 * S) }, 3 * S, false,
	  false },
	{ "an attack that goes on", { EVENT(FLOOD, 1, .rate_pps = 9) }, S,
	  true, false },
	{ "an attack, and calm",
	  { EVENT(FORGED_SYN, 1, .rate_pps = 9), EVENT(CALM, 4, .side = 0) },
	  4 * S, false, false },
	{ "who leaves is not missing", { EVENT(LEAVE, 2, SERVER) }, 2 * S,
	  false, false },
	{ "who joins changes something", { EVENT(JOIN, 2, .count = 1) }, 2 * S,
	  false, false },
	{ "changes in a row",
	  { EVENT(SEQUENCE, 1, .count = 3, .each_ns = 2 * S, .for_ns = S) },
	  6 * S, false, false },
	{ "for half of the time between them",
	  { EVENT(SEQUENCE, 1, .count = 2, .each_ns = 2 * S) }, 4 * S, false,
	  false },
	{ "churn", { EVENT(CHURN, 1, .until_ns = 2 * S) }, NEVER, false,
	  false },
};
/* clang-format on */

static void
check_row(const struct row *row)
{
	struct fault_settings faults[MOST];
	struct fabric_settings whole;
	struct settings settings;
	struct fabric *fabric;
	struct healing healing;
	char error[256];

	settings_default(&settings);
	memcpy(faults, row->faults, sizeof(faults));
	settings.faults = faults;
	while (settings.fault_count < MOST &&
	       faults[settings.fault_count].at_ns > 0)
		settings.fault_count++;
	whole = faults_fabric(&settings);
	if (fabric_create(&fabric, &whole, error, sizeof(error)) != 0) {
		CHECK_ROW(false, error);
		return;
	}
	healing = healing_of(&settings, fabric);
	fabric_destroy(fabric);
	CHECK_ROW(healing.over_ns == row->over_ns, row->sentence);
	CHECK_ROW(healing.paths == row->paths, row->sentence);
	CHECK_ROW(healing.servers == row->servers, row->sentence);
	CHECK_ROW(healing_ns(&healing) ==
			  (row->paths || row->servers ? NEVER : row->over_ns),
		  row->sentence);
}

/* A cut that does not count is made again, after the routes are back. */
static void
test_retry(void)
{
	struct fault_settings fault = { .kind = FAULT_LINK_DOWN,
					.at_ns = S,
					.target = "path",
					.retry_after_ns = S / 2 };
	struct settings settings;
	struct fabric *fabric;
	char error[256];

	settings_default(&settings);
	settings.faults = &fault;
	settings.fault_count = 1;
	if (fabric_create(&fabric, &settings.fabric, error, sizeof(error)) !=
	    0) {
		CHECK_ROW(false, error);
		return;
	}
	CHECK(healing_of(&settings, fabric).over_ns ==
	      S + 3 * (S / 2 + healing_routes_ns(&settings)));
	fault.until_ns = 3 * S;
	CHECK(healing_of(&settings, fabric).over_ns == 3 * S);
	fabric_destroy(fabric);
}

/* The slowest way in which routes change, and four routers' turns. */
static void
test_routes(void)
{
	struct settings settings;

	settings_default(&settings);
	CHECK(healing_routes_ns(&settings) == 1408 * NS_PER_MS);
	settings.routing.detection = DETECTION_HOLD;
	CHECK(healing_routes_ns(&settings) == 3868 * NS_PER_MS);
	settings.routing.detection = DETECTION_CARRIER;
	settings.routing.local.high_ns = 2 * S;
	CHECK(healing_routes_ns(&settings) == 2308 * NS_PER_MS);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	test_retry();
	test_routes();
	return check_done();
}
