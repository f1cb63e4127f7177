/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world_test.c - whole runs: what users would see of a fault, with Homeward
 * and without; the same run twice; settings that contradict each other
 */
#include "sim/test/world_play.h"

#include <errno.h>
#include <string.h>

#include "core/instant.h"
#include "core/test/check.h"

#define MS NS_PER_MS
#define S  NS_PER_S

/* What a run told. */
struct tale {
	uint32_t outcomes[OUTCOME_CORRUPT + 1];
	uint32_t measured[METRIC_COUNT];
	int64_t longest_ns[METRIC_COUNT];
	uint32_t faults, missed;
	uint64_t bytes, strays, samples;
	uint32_t hardly_strayed; /* sessions of which few packets did */
	uint64_t resets_received, fragmented, too_big, bad_packets;
	uint64_t starts, off_ms, timeouts;
	int64_t first_opened, last_opened;
	struct world_result result;
};

static void
on_measurement(void *context, const struct watch_measurement *m)
{
	struct tale *tale = context;

	tale->measured[m->metric]++;
	if (m->value_ns > tale->longest_ns[m->metric])
		tale->longest_ns[m->metric] = m->value_ns;
}

static void
on_session(void *context, const struct watch_session *session)
{
	struct tale *tale = context;

	tale->outcomes[session->outcome]++;
	tale->bytes += session->bytes;
	tale->strays += session->strays;
	tale->hardly_strayed += session->strays > 0 && session->strays < 10;
	if (tale->first_opened == 0 || session->opened.ns < tale->first_opened)
		tale->first_opened = session->opened.ns;
	if (session->opened.ns > tale->last_opened)
		tale->last_opened = session->opened.ns;
}

static void
on_fault(void *context, struct instant at, const char *kind, const char *target)
{
	struct tale *tale = context;

	(void)at;
	(void)target;
	if (strstr(kind, "_missed") != NULL)
		tale->missed++;
	else
		tale->faults++;
}

static void
on_sample(void *context, uint32_t flow, struct instant at, uint64_t bytes)
{
	struct tale *tale = context;

	(void)flow;
	(void)at;
	(void)bytes;
	tale->samples++;
}

static void
on_counter(void *context, const char *node, const char *name, uint64_t value)
{
	struct tale *tale = context;

	(void)node;
	if (strcmp(name, "resets_received") == 0)
		tale->resets_received += value;
	else if (strcmp(name, "steer_outer_fragmented") == 0)
		tale->fragmented += value;
	else if (strcmp(name, "steer_too_big_sent") == 0)
		tale->too_big += value;
	else if (strcmp(name, "server_starts") == 0)
		tale->starts += value;
	else if (strcmp(name, "node_timeouts") == 0)
		tale->timeouts += value;
	else if (strcmp(name, "server_off_ms") == 0)
		tale->off_ms += value;
	else if (strcmp(name, "bad_packets") == 0 ||
		 strcmp(name, "server_bad_packets") == 0)
		tale->bad_packets += value;
}

static struct tale
run(const struct settings *settings, const char *sentence)
{
	struct tale tale = { .faults = 0 };
	struct watch watch = {
		.context = &tale,
		.measurement = on_measurement,
		.session = on_session,
		.fault = on_fault,
		.sample = on_sample,
		.counter = on_counter,
	};

	tale.result = world_play(settings, &watch, sentence);
	CHECK_ROW(tale.bad_packets == 0, sentence);
	CHECK_ROW(tale.outcomes[OUTCOME_CORRUPT] == 0, sentence);
	return tale;
}

/* One session of 10 s at 4 Mbit/s. */
static void
one_session(struct settings *settings)
{
	settings_default(settings);
	settings->clients.size_bytes = 5000000;
	settings->clients.pace_bps = 4000000;
	settings->measure.duration_ns = 20 * S;
}

/* 100 sessions of 8 s, a new one each 20 ms, eight servers. */
static void
many_sessions(struct settings *settings)
{
	settings_default(settings);
	settings->fabric.servers = 8;
	settings->fabric.clients = 4;
	settings->clients.sessions = 100;
	settings->clients.interval_ns = 20 * MS;
	settings->clients.size_bytes = 1000000;
	settings->clients.pace_bps = 1000000;
	settings->measure.duration_ns = 20 * S;
}

static void
test_plain(void)
{
	static const struct {
		const char *sentence;
		uint8_t family;
		enum direction direction;
		bool homeward;
	} rows[] = {
		{ "a download over IPv4", 4, DIRECTION_DOWNLOAD, true },
		{ "a download over IPv6", 6, DIRECTION_DOWNLOAD, true },
		{ "an upload", 4, DIRECTION_UPLOAD, true },
		{ "an upload, IPv6, without Homeward", 6, DIRECTION_UPLOAD,
		  false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;
		one_session(&settings);
		settings.service.family = rows[i].family;
		settings.clients.direction = rows[i].direction;
		settings.service.scheme =
			rows[i].homeward ? SCHEME_HOMEWARD : SCHEME_NONE;
		settings.clients.pace_bps = 0;
		struct tale tale = run(&settings, rows[i].sentence);
		CHECK_ROW(tale.outcomes[OUTCOME_CLOSED] == 1, rows[i].sentence);
		CHECK_ROW(tale.bytes == 5000000, rows[i].sentence);
		CHECK_ROW(tale.strays == 0, rows[i].sentence);
		CHECK_ROW(tale.samples > 100, rows[i].sentence);
		CHECK_ROW(tale.resets_received == 0, rows[i].sentence);
		CHECK_ROW(tale.measured[METRIC_SETTING_ALL] ==
				  (rows[i].homeward ? 1 : 0),
			  rows[i].sentence);
	}
}

static void
test_cut(void)
{
	static const struct {
		const char *sentence;
		enum fault_kind kind;
		const char *target;
		uint8_t family;
		enum direction direction;
	} rows[] = {
		{ "leaf-server cut, download", FAULT_LINK_DOWN, "leaf-server",
		  4, DIRECTION_DOWNLOAD },
		{ "leaf-server cut, upload, IPv6", FAULT_LINK_DOWN,
		  "leaf-server", 6, DIRECTION_UPLOAD },
		{ "spine-leaf cut, upload", FAULT_LINK_DOWN, "spine-leaf", 4,
		  DIRECTION_UPLOAD },
		{ "exit-spine cut, download, IPv6", FAULT_LINK_DOWN,
		  "exit-spine", 6, DIRECTION_DOWNLOAD },
		{ "some link of the path falls silent", FAULT_LINK_SILENT,
		  "path", 4, DIRECTION_UPLOAD },
	};

	for (unsigned i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const char *sentence = rows[i / 2].sentence;
		struct fault_settings fault = {
			.kind = rows[i / 2].kind,
			.at_ns = 3 * S,
			.until_ns = 12 * S,
			.retry_after_ns = S,
		};
		struct settings settings;
		one_session(&settings);
		settings.service.family = rows[i / 2].family;
		settings.clients.direction = rows[i / 2].direction;
		settings.service.scheme =
			i % 2 == 0 ? SCHEME_HOMEWARD : SCHEME_NONE;
		memcpy(fault.target, rows[i / 2].target,
		       strlen(rows[i / 2].target));
		settings.faults = &fault;
		settings.fault_count = 1;
		struct tale tale = run(&settings, sentence);
		CHECK_ROW(tale.strays > 0, sentence);
		CHECK_ROW(tale.faults >= 1, sentence);
		CHECK_ROW(tale.measured[METRIC_DETECTION] == 1, sentence);
		/* Carrier lost: the kernel's reroute; silent: BFD. */
		int64_t reroute = rows[i / 2].kind == FAULT_LINK_DOWN
					  ? 20 * MS
					  : 500 * MS;
		CHECK_ROW(tale.longest_ns[METRIC_DETECTION] < reroute,
			  sentence);
		if (settings.service.scheme == SCHEME_HOMEWARD) {
			CHECK_ROW(tale.outcomes[OUTCOME_KEPT] == 1, sentence);
			CHECK_ROW(tale.bytes == 5000000, sentence);
			CHECK_ROW(tale.resets_received == 0, sentence);
			CHECK_ROW(tale.measured[METRIC_STALL] >= 1, sentence);
			CHECK_ROW(tale.longest_ns[METRIC_STALL] < S, sentence);
		} else {
			CHECK_ROW(tale.outcomes[OUTCOME_RESET] == 1, sentence);
			CHECK_ROW(tale.resets_received > 0, sentence);
		}
	}
}

static void
test_servers(void)
{
	static const struct {
		const char *sentence;
		enum fault_kind kind;
		const char *target;
		int64_t until_ns;
		uint32_t count, kept_least, lost_least, lost_most;
	} rows[] = {
		{ "a drained server keeps its sessions", FAULT_DRAIN, "server3",
		  5 * S, 0, 5, 0, 0 },
		{ "a server leaves when its sessions are over", FAULT_LEAVE,
		  "server3", 0, 0, 5, 0, 0 },
		{ "new servers take over no session", FAULT_JOIN, "", 0, 2, 1,
		  0, 0 },
		{ "a crashed server loses its own and no other",
		  FAULT_SERVER_CRASH, "server3", 5 * S, 0, 0, 5, 30 },
		{ "half of the fabric is away for 2 s", FAULT_PARTITION, "",
		  5 * S, 0, 5, 0, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings fault = {
			.kind = rows[i].kind,
			.at_ns = 3 * S,
			.until_ns = rows[i].until_ns,
			.count = rows[i].count,
		};
		struct settings settings;
		many_sessions(&settings);
		memcpy(fault.target, rows[i].target, strlen(rows[i].target));
		settings.faults = &fault;
		settings.fault_count = 1;
		struct tale tale = run(&settings, rows[i].sentence);
		uint32_t lost = tale.outcomes[OUTCOME_RESET] +
				tale.outcomes[OUTCOME_TIMEOUT];
		CHECK_ROW(tale.outcomes[OUTCOME_KEPT] >= rows[i].kept_least,
			  rows[i].sentence);
		CHECK_ROW(lost >= rows[i].lost_least, rows[i].sentence);
		CHECK_ROW(lost <= rows[i].lost_most, rows[i].sentence);
		CHECK_ROW(lost + tale.outcomes[OUTCOME_KEPT] +
					  tale.outcomes[OUTCOME_CLOSED] ==
				  100,
			  rows[i].sentence);
	}
}

/* Sessions of server1 that come by leaf1 stray from 3 s on, most of them to
 * server2; its other ones, and those of other servers, do not. */
static void
test_daemons(void)
{
	static const struct {
		const char *sentence;
		enum fault_kind kind;
		const char *target;
		int64_t until_ns;
		bool cut, again; /* sessions are published again */
		uint32_t kept_least, lost_least, lost_most;
	} rows[] = {
		{ "a dead daemon harms no session that is at home",
		  FAULT_DAEMON_KILL, "server1", 0, false, false, 0, 0, 0 },
		{ "the next one publishes what the kernel has",
		  FAULT_DAEMON_KILL, "server1", 5 * S, false, true, 0, 0, 0 },
		{ "strays outlive the owner's daemon", FAULT_DAEMON_KILL,
		  "server1", 5 * S, true, true, 5, 0, 0 },
		{ "strays outlive the daemon where they land",
		  FAULT_DAEMON_KILL, "server2", 5 * S, true, true, 5, 0, 0 },
		{ "a restart at once, of the owner's daemon",
		  FAULT_DAEMON_RESTART, "server1", 0, true, true, 5, 0, 0 },
		{ "a restart at once, where the strays land",
		  FAULT_DAEMON_RESTART, "server2", 0, true, true, 5, 0, 0 },
		{ "a restart that takes 1 s, where the strays land",
		  FAULT_DAEMON_RESTART, "server2", 5 * S, true, true, 5, 0, 0 },
		{ "for good: strays are dropped, and none is reset",
		  FAULT_DAEMON_KILL, "server2", 0, true, false, 0, 5, 20 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings faults[] = {
			{ .kind = rows[i].kind,
			  .at_ns = 4 * S,
			  .until_ns = rows[i].until_ns },
			{ .kind = FAULT_LINK_DOWN,
			  .at_ns = 3 * S,
			  .target = "leaf1-server1" },
		};
		struct settings settings;
		many_sessions(&settings);
		memcpy(faults[0].target, rows[i].target,
		       strlen(rows[i].target));
		settings.faults = faults;
		settings.fault_count = rows[i].cut ? 2 : 1;
		struct tale tale = run(&settings, rows[i].sentence);
		uint32_t lost = tale.outcomes[OUTCOME_TIMEOUT];
		CHECK_ROW(tale.outcomes[OUTCOME_RESET] == 0, rows[i].sentence);
		CHECK_ROW(tale.resets_received == 0, rows[i].sentence);
		CHECK_ROW(tale.outcomes[OUTCOME_KEPT] >= rows[i].kept_least,
			  rows[i].sentence);
		CHECK_ROW(lost >= rows[i].lost_least, rows[i].sentence);
		CHECK_ROW(lost <= rows[i].lost_most, rows[i].sentence);
		CHECK_ROW((tale.strays > 0) == rows[i].cut, rows[i].sentence);
		CHECK_ROW(tale.measured[METRIC_SETTING_ALL] >= 100,
			  rows[i].sentence);
		CHECK_ROW((tale.measured[METRIC_SETTING_ALL] > 105) ==
				  rows[i].again,
			  rows[i].sentence);
	}
}

static void
test_churn(void)
{
	struct fault_settings fault = {
		.kind = FAULT_CHURN,
		.at_ns = S,
		.until_ns = 15 * S,
		.period_ns = S,
		.count = 1,
	};
	struct settings settings;

	many_sessions(&settings);
	settings.faults = &fault;
	settings.fault_count = 1;
	struct tale tale = run(&settings, "churn");
	CHECK(tale.faults > 5);
	CHECK(tale.outcomes[OUTCOME_CLOSED] + tale.outcomes[OUTCOME_KEPT] > 20);
}

/* At a rate, with sessions: who leaves cuts nobody off, who crashes does. */
static void
test_churn_rate(void)
{
	static const struct {
		const char *sentence;
		uint32_t crash_ppm, new_ppm;
		enum tables_kind tables;
		bool lost;
	} rows[] = {
		{ "all leave", 0, 0, TABLES_JOINED, false },
		{ "all leave, and new servers come", 0, 1000000, TABLES_IDEAL,
		  false },
		{ "all crash", 1000000, 0, TABLES_IDEAL, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings fault = {
			.kind = FAULT_CHURN,
			.until_ns = 19 * S,
			.rate_ppm_min = 4000000,
			.down_ns = 5 * S,
			.crash_ppm = rows[i].crash_ppm,
			.new_ppm = rows[i].new_ppm,
		};
		struct settings settings;

		many_sessions(&settings);
		settings.dht.tables = rows[i].tables;
		settings.faults = &fault;
		settings.fault_count = 1;
		struct tale tale = run(&settings, rows[i].sentence);
		uint32_t whole = tale.outcomes[OUTCOME_CLOSED] +
				 tale.outcomes[OUTCOME_KEPT];
		CHECK_ROW(tale.faults > 5, rows[i].sentence);
		CHECK_ROW(tale.starts > 2, rows[i].sentence);
		CHECK_ROW(tale.off_ms > 10000, rows[i].sentence);
		CHECK_ROW((whole < settings.clients.sessions) == rows[i].lost,
			  rows[i].sentence);
	}
}

/* Who leaves says so to all that know it: of 16 servers, in tables of 20,
 * nobody asks it any more. */
static void
test_leave_is_heard(void)
{
	static const struct {
		const char *sentence;
		enum fault_kind kind;
		enum fabric_kind fabric;
		bool silent;
	} rows[] = {
		{ "a crash is found out", FAULT_SERVER_CRASH, FABRIC_UNIFORM,
		  true },
		{ "a leave is heard", FAULT_LEAVE, FABRIC_UNIFORM, false },
		{ "a leave is heard through routers", FAULT_LEAVE,
		  FABRIC_SPINE_LEAF, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fault_settings fault = {
			.kind = rows[i].kind,
			.target = "server7",
		};
		struct settings settings;

		settings_default(&settings);
		settings.fabric.kind = rows[i].fabric;
		settings.fabric.servers = 16;
		settings.dht.tables = TABLES_IDEAL;
		settings.dht.node.k = 20;
		settings.clients.sessions = 0;
		settings.measure.stores = 100;
		settings.measure.interval_ns = 20 * MS;
		settings.faults = &fault;
		settings.fault_count = 1;
		fault.at_ns = 500 * MS;
		struct tale tale = run(&settings, rows[i].sentence);
		CHECK_ROW(tale.measured[METRIC_SETTING_ALL] == 100,
			  rows[i].sentence);
		CHECK_ROW((tale.timeouts > 0) == rows[i].silent,
			  rows[i].sentence);
	}
}

static void
test_flap(void)
{
	struct fault_settings fault = {
		.kind = FAULT_LINK_DOWN,
		.at_ns = S,
		.until_ns = 12 * S,
		.period_ns = 4 * S,
		.target = "leaf1-server1",
	};
	struct settings settings;

	many_sessions(&settings);
	settings.faults = &fault;
	settings.fault_count = 1;
	struct tale tale = run(&settings, "flap");
	CHECK(tale.faults == 6);
	CHECK(tale.outcomes[OUTCOME_CLOSED] + tale.outcomes[OUTCOME_KEPT] ==
	      100);
	CHECK(tale.outcomes[OUTCOME_KEPT] > 0);
}

/* A spine that lost its only exit answers "unreachable" to the service, and
 * such an answer goes wherever its own hash says. Of n equal flows on a spine,
 * 5/8 have another server by the other spine; the lab saw 31.7 % of all. */
static void
test_moved(void)
{
	struct fault_settings fault = {
		.kind = FAULT_LINK_DOWN,
		.at_ns = 3 * S,
		.target = "exit1-spine1",
	};
	struct settings settings;

	many_sessions(&settings);
	settings.fabric.exits = 1;
	settings.fabric.servers = 4;
	settings.clients.interval_ns = 5 * MS;
	settings.faults = &fault;
	settings.fault_count = 1;
	struct tale tale = run(&settings, "exit-spine cut, one exit");
	CHECK(tale.outcomes[OUTCOME_KEPT] >= 22);
	CHECK(tale.outcomes[OUTCOME_KEPT] <= 41);
	CHECK(tale.hardly_strayed == 0);
}

/* The session strays from the first failure on; the second, of a link that
 * carries nothing, strays nothing, though packets go on being forwarded. */
static void
test_two_failures(void)
{
	struct fault_settings faults[] = {
		{ .kind = FAULT_LINK_DOWN,
		  .at_ns = 3 * S,
		  .target = "leaf-server",
		  .retry_after_ns = S },
		{ .kind = FAULT_LINK_DOWN,
		  .at_ns = 7 * S,
		  .target = "client2-edge1" },
	};
	struct settings settings;

	one_session(&settings);
	settings.fabric.clients = 2;
	settings.faults = faults;
	settings.fault_count = 2;
	struct tale tale = run(&settings, "two failures");
	CHECK(tale.outcomes[OUTCOME_KEPT] == 1);
	CHECK(tale.missed == 0);
	CHECK(tale.faults == 2);
	CHECK(tale.measured[METRIC_DETECTION] == 1);
	CHECK(tale.longest_ns[METRIC_DETECTION] < 100 * MS);
}

/* Undone before it was due to be judged: judged then, and reported. */
static void
test_early_end(void)
{
	struct fault_settings fault = {
		.kind = FAULT_LINK_DOWN,
		.at_ns = 3 * S,
		.until_ns = 4 * S,
		.target = "leaf-server",
		.retry_after_ns = 5 * S,
	};
	struct settings settings;

	one_session(&settings);
	settings.faults = &fault;
	settings.fault_count = 1;
	struct tale tale = run(&settings, "undone before it is judged");
	CHECK(tale.faults == 2); /* down and up */
	CHECK(tale.missed == 0);
	CHECK(tale.strays > 0);
}

/* Strays of full size in a fabric that has no room for the encapsulation. */
static void
test_small_mtu(bool outer_fragment, uint8_t family)
{
	const char *sentence = outer_fragment ? "outer packets fragment"
					      : "too big is answered";
	struct fault_settings fault = {
		.kind = FAULT_LINK_DOWN,
		.at_ns = 3 * S,
		.target = "leaf-server",
		.retry_after_ns = S,
	};
	struct settings settings;

	one_session(&settings);
	settings.service.family = family;
	settings.clients.direction = DIRECTION_UPLOAD;
	settings.fabric.edge_link.mtu_bytes = 1500;
	settings.fabric.fabric_link.mtu_bytes = 1500;
	settings.fabric.server_link.mtu_bytes = 1500;
	settings.service.steer.mtu_bytes = 1500;
	settings.service.steer.outer_fragment = outer_fragment;
	settings.faults = &fault;
	settings.fault_count = 1;
	struct tale tale = run(&settings, sentence);
	CHECK_ROW(tale.outcomes[OUTCOME_KEPT] == 1, sentence);
	CHECK_ROW(tale.bytes == 5000000, sentence);
	CHECK_ROW((tale.fragmented > 0) == outer_fragment, sentence);
	CHECK_ROW((tale.too_big > 0) == !outer_fragment, sentence);
}

static void
test_bad_links(void)
{
	struct settings settings;

	many_sessions(&settings);
	settings.clients.pace_bps = 0;
	settings.fabric.client_link.loss_ppm = 10000;
	settings.fabric.client_link.duplicate_ppm = 10000;
	settings.fabric.client_link.reorder_ppm = 10000;
	settings.fabric.fabric_link.loss_ppm = 1000;
	settings.measure.duration_ns = 60 * S;
	struct tale tale = run(&settings, "lossy links");
	CHECK(tale.outcomes[OUTCOME_CLOSED] == 100);
	CHECK(tale.bytes == 100 * 1000000);
}

/* Mean 0.25 * 500 + 0.5 * 5500 + 0.25 * 55000 = 16,625 bytes. */
static void
test_sizes(void)
{
	static const struct cdf_point cdf[] = { { 1000, 250000 },
						{ 10000, 750000 },
						{ 100000, 1000000 } };
	struct settings settings;

	many_sessions(&settings);
	settings.clients.pace_bps = 0;
	settings.clients.sessions = 2000;
	settings.clients.arrival = ARRIVAL_POISSON;
	settings.clients.interval_ns = 2 * MS;
	settings.clients.size_cdf = cdf;
	settings.clients.size_cdf_count = 3;
	settings.clients.reuse_ports = true;
	settings.clients.start_ns = S;
	struct tale tale = run(&settings, "sizes by a CDF, reused ports");
	CHECK(tale.outcomes[OUTCOME_CLOSED] == 2000);
	CHECK(tale.bytes > 2000 * 15500 && tale.bytes < 2000 * 17800);
	CHECK(tale.first_opened == tale.result.zero.ns + S);
	int64_t spread = tale.last_opened - tale.first_opened;
	CHECK(spread > 3600 * MS && spread < 4400 * MS);
}

static void
test_store_after(void)
{
	struct settings settings;

	many_sessions(&settings);
	settings.clients.pace_bps = 0;
	settings.service.steer.store_after_ns = S;
	struct tale tale = run(&settings, "short sessions are not published");
	CHECK(tale.outcomes[OUTCOME_CLOSED] == 100);
	CHECK(tale.measured[METRIC_SETTING_ALL] == 0);
	settings.clients.pace_bps = 1000000;
	tale = run(&settings, "long ones are");
	CHECK(tale.measured[METRIC_SETTING_ALL] == 100);
}

static void
test_determinism(void)
{
	struct fault_settings faults[] = {
		{ .kind = FAULT_LINK_DOWN,
		  .at_ns = 3 * S,
		  .until_ns = 5 * S,
		  .target = "path",
		  .retry_after_ns = S },
		{ .kind = FAULT_CHURN,
		  .at_ns = 4 * S,
		  .until_ns = 8 * S,
		  .count = 2,
		  .period_ns = S },
	};
	struct settings settings;
	uint64_t hashes[3];

	for (unsigned i = 0; i < 3; i++) {
		many_sessions(&settings);
		settings.seed = i < 2 ? 7 : 8;
		settings.clients.arrival = ARRIVAL_POISSON;
		settings.fabric.fabric_link.loss_ppm = 500;
		settings.service.clock_skew_ns = 50 * MS;
		settings.measure.stores = 20;
		settings.measure.lookups = 50;
		settings.measure.duration_ns = 12 * S;
		settings.faults = faults;
		settings.fault_count = 2;
		hashes[i] = run(&settings, "twice").result.state_hash;
	}
	CHECK(hashes[0] == hashes[1]);
	CHECK(hashes[0] != hashes[2]);
}

static void
test_contradictions(void)
{
	struct settings settings;
	struct fault_settings fault = { .kind = FAULT_DRAIN,
					.target = "server9" };
	struct world *world;
	char error[200];

	static const char *const sentences[] = {
		"no servers",
		"k of 40",
		"lookups of nothing",
		"sessions without a client",
		"a fault of nobody",
		"a link of a uniform fabric",
		"more uplinks than leaves",
		"a path that flaps",
	};
	for (unsigned i = 0; i < 8; i++) {
		settings_default(&settings);
		settings.faults = &fault;
		switch (i) {
		case 0:
			settings.fabric.servers = 0;
			break;
		case 1:
			settings.dht.node.k = 40;
			break;
		case 2:
			settings.clients.sessions = 0;
			settings.measure.lookups = 1;
			break;
		case 3:
			settings.fabric.clients = 0;
			break;
		case 4:
			settings.fault_count = 1;
			break;
		case 5:
			settings.fabric.kind = FABRIC_UNIFORM;
			settings.fault_count = 1;
			fault.kind = FAULT_LINK_DOWN;
			break;
		case 6:
			settings.fabric.leaves = 1;
			break;
		case 7:
			fault.period_ns = S;
			memcpy(fault.target, "path", sizeof("path"));
			settings.fault_count = 1;
			break;
		}
		error[0] = '\0';
		CHECK_ROW(world_create(&world, &settings, NULL, error,
				       sizeof(error)) == -EINVAL,
			  sentences[i]);
		CHECK_ROW(error[0] != '\0', sentences[i]);
	}
}

int
main(void)
{
	test_plain();
	test_cut();
	test_servers();
	test_daemons();
	test_churn();
	test_churn_rate();
	test_leave_is_heard();
	test_flap();
	test_moved();
	test_two_failures();
	test_early_end();
	test_small_mtu(true, 4);
	test_small_mtu(true, 6);
	test_small_mtu(false, 4);
	test_small_mtu(false, 6);
	test_bad_links();
	test_sizes();
	test_store_after();
	test_determinism();
	test_contradictions();
	return check_done();
}
