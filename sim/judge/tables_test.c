/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables_test.c - who forgot whom, or never came in, and when that is told
 */
#include "sim/judge/tables.h"

#include <string.h>

#include "core/dht/table.h"
#include "sim/test/judge_bed.h"

#define S	NS_PER_S
#define REFRESH (20 * S)
#define LATER	(REFRESH + JUDGE_TABLES_MOMENT_NS)

static struct table *
table_of(const struct bed *bed, uint32_t server)
{
	return (struct table *)node_table(
		servers_view(bed->servers, server).node);
}

/* What server 1 does not know any more: so many, from its closest on, or from
 * the one that is farthest. */
static void
forget(const struct bed *bed, uint32_t count, bool farthest, bool stale)
{
	const struct endpoints *endpoints =
		servers_tables(bed->servers).parts->endpoints;
	struct table *table = table_of(bed, 1);
	uint32_t peers[BUCKET_MAX];
	uint32_t known =
		table_closest(table, endpoints_position(endpoints, 1),
			      TABLE_ANY, ENDPOINT_NONE, peers, BUCKET_MAX);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t peer = peers[farthest ? known - 1 - i : i];

		if (stale)
			table_find(table, peer)->failures = CONTACT_STALE;
		else
			CHECK(table_remove(table, peer));
	}
}

/* It has heard them all. */
static void
hear(const struct bed *bed)
{
	struct table *table = table_of(bed, 1);

	for (uint32_t i = 0; i < table->count; i++)
		table->contacts[i].failures = 0;
}

/* How many share the bucket of a server's that a peer is in. */
static uint32_t
members_of(const struct bed *bed, uint32_t server, uint32_t peer)
{
	const struct endpoints *endpoints =
		servers_tables(bed->servers).parts->endpoints;
	uint64_t self = endpoints_position(endpoints, server);
	uint64_t one = endpoints_position(endpoints, peer);
	uint32_t members = 0;

	for (uint32_t i = 0; i < servers_count(bed->servers); i++) {
		uint64_t other = endpoints_position(endpoints, i);

		members += i != server && position_bucket(self, other) ==
						  position_bucket(self, one);
	}
	return members;
}

/* Of the farthest bucket that a server should know well, which is full, one
 * dies, and another of it has no place. */
static void
crowd(const struct bed *bed)
{
	const struct endpoints *endpoints =
		servers_tables(bed->servers).parts->endpoints;
	uint32_t k = bed->settings.dht.node.k, peers[BUCKET_MAX], server = 0;

	do
		CHECK(table_closest(table_of(bed, server),
				    endpoints_position(endpoints, server),
				    TABLE_ANY, ENDPOINT_NONE, peers, k) == k);
	while (members_of(bed, server++, peers[k - 1]) <= k);
	servers_daemon_kill(bed->servers, peers[k - 1]);
}

static const struct {
	const char *sentence;
	uint32_t forgotten;
	bool farthest, stale;
	bool killed; /* one of the others, later */
	bool crowded; /* by one who has died before */
	uint32_t parted; /* server that is cut off; 0: none */
	uint32_t servers, k;
	int64_t fault_ns; /* one is to come then */
	int64_t when_ns;
	enum violation kind;
	bool again; /* there is a second look, */
	bool heard; /* and the one that was stale was heard */
} tables_rows[] = {
	{ "it knows all", 0, false, false, false, false, 0, 8, 8, 0, LATER,
	  VIOLATIONS, false, false },
	{ "not its closest", 1, false, false, false, false, 0, 8, 8, 0, LATER,
	  VIOLATION_POOR_TABLE, false, false },
	{ "its closest is stale: once says nothing", 1, false, true, false,
	  false, 0, 8, 8, 0, LATER, VIOLATIONS, false, false },
	{ "and stays so", 1, false, true, false, false, 0, 8, 8, 0, LATER,
	  VIOLATION_POOR_TABLE, true, false },
	{ "and is heard", 1, false, true, false, false, 0, 8, 8, 0, LATER,
	  VIOLATIONS, true, true },
	{ "what was told is not told again", 1, false, false, false, false, 0,
	  8, 8, 0, LATER, VIOLATION_POOR_TABLE, true, false },
	{ "not the farthest, of no more than k", 1, true, false, false, false,
	  0, 8, 8, 0, LATER, VIOLATION_POOR_TABLE, false, false },
	{ "not the farthest, of more than k", 1, true, false, false, false, 0,
	  64, 4, 0, LATER, VIOLATIONS, false, false },
	{ "not its closest, of more than k", 1, false, false, false, false, 0,
	  64, 4, 0, LATER, VIOLATION_POOR_TABLE, false, false },
	{ "not its closest, and k is 3", 1, false, false, false, false, 0, 64,
	  3, 0, LATER, VIOLATIONS, false, false },
	{ "a place is a dead one's", 0, false, false, false, true, 0, 64, 4, 0,
	  LATER, VIOLATIONS, false, false },
	{ "too early", 1, false, false, false, false, 0, 8, 8, 0, LATER - S,
	  VIOLATIONS, false, false },
	{ "a fault is to come", 1, false, false, false, false, 0, 8, 8, 2 * S,
	  LATER, VIOLATIONS, false, false },
	{ "a fault was there", 1, false, false, false, false, 0, 8, 8, 2 * S,
	  LATER + 2 * S, VIOLATION_POOR_TABLE, false, false },
	{ "another has gone meanwhile", 1, false, false, true, false, 0, 8, 8,
	  0, LATER, VIOLATIONS, false, false },
	{ "another cannot be reached", 1, false, false, false, false, 6, 8, 8,
	  0, 2 * LATER, VIOLATIONS, false, false },
	{ "it knows nobody", 7, false, false, false, false, 0, 8, 8, 0, LATER,
	  VIOLATION_OUTSIDE, false, false },
	{ "it knows nobody, and not all could be asked", 7, false, false, false,
	  false, 6, 8, 8, 0, 2 * LATER, VIOLATIONS, false, false },
	{ "it knows nobody, and nobody could be asked", 7, false, false, false,
	  false, 2, 8, 8, 0, 2 * LATER, VIOLATIONS, false, false },
};

static void
test_tables(void)
{
	for (unsigned i = 0; i < sizeof(tables_rows) / sizeof(tables_rows[0]);
	     i++) {
		struct fault_settings fault;
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		fault_settings_default(&fault);
		fault.kind = FAULT_UNDRAIN;
		memcpy(fault.target, "server1", sizeof("server1"));
		fault.at_ns = tables_rows[i].fault_ns;
		settings.faults = &fault;
		settings.fault_count = tables_rows[i].fault_ns > 0;
		settings.fabric.servers = tables_rows[i].servers;
		settings.dht.node.k = tables_rows[i].k;
		settings.dht.node.alpha = 2;
		settings.dht.node.replicas = 2;
		settings.dht.node.refresh_ns = REFRESH;
		bed_make(&bed, &settings);
		servers_ideal(bed.servers, INSTANT_NEVER);
		struct judge_tables *tables = judge_tables_create(&bed.parts);

		forget(&bed, tables_rows[i].forgotten, tables_rows[i].farthest,
		       tables_rows[i].stale);
		if (tables_rows[i].crowded)
			crowd(&bed);
		struct instant now = bed_now(&bed);
		judge_tables_zero(tables, now);
		if (tables_rows[i].parted > 0)
			network_device_set(bed.network,
					   tables_rows[i].parted - 1, false);
		judge_tables_look(tables, instant_after(now, S));
		if (tables_rows[i].killed)
			servers_daemon_kill(bed.servers, 5);
		judge_tables_look(tables, instant_after(now, 3 * S));
		/* No server has been told of the time. */
		judge_tables_look(tables,
				  instant_after(now, tables_rows[i].when_ns));
		if (tables_rows[i].heard)
			hear(&bed);
		if (tables_rows[i].again)
			judge_tables_look(tables,
					  instant_after(now, 2 * LATER));
		CHECK_ROW(tables_rows[i].kind == VIOLATIONS
				  ? bed_violations(&bed) == 0
				  : bed_count(&bed, tables_rows[i].kind) == 1 &&
					    bed_violations(&bed) == 1,
			  tables_rows[i].sentence);
		judge_tables_destroy(tables);
		bed_free(&bed);
	}
}

/* k: heard; s: silent; -: not in the table any more. */
static void
know(const struct bed *bed, const uint32_t peers[2], const char *known)
{
	for (int i = 0; i < 2; i++) {
		struct table *table = table_of(bed, 1);
		struct contact *contact = table_find(table, peers[i]);

		if (contact == NULL)
			continue;
		if (known[i] == '-')
			CHECK(table_remove(table, peers[i]));
		else
			contact->failures = known[i] == 's' ? CONTACT_STALE : 0;
	}
}

/* One of two that are missing does not speak for the other. */
static void
test_two(void)
{
	/* How the closest two are known at the first look, and the second. */
	static const struct {
		const char *sentence;
		const char *first, *second;
		uint32_t count;
	} rows[] = {
		{ "both are heard again", "ss", "kk", 0 },
		{ "neither is", "ss", "ss", 1 },
		{ "the closer one is", "ss", "ks", 1 },
		{ "the farther one is", "ss", "sk", 1 },
		{ "one is heard again, another silent since", "sk", "ks", 0 },
		{ "the closer one is silent since", "ks", "ss", 1 },
		{ "the farther one is silent since", "sk", "ss", 1 },
		{ "one is silent, the farther not there", "s-", "kk", 1 },
		{ "one is silent, the closer not there", "-s", "kk", 1 },
		{ "one is forgotten meanwhile", "sk", "-k", 1 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;
		uint32_t peers[2];
		struct bed bed;

		settings_default(&settings);
		settings.fabric.servers = 8;
		settings.dht.node.k = 8;
		settings.dht.node.refresh_ns = REFRESH;
		bed_make(&bed, &settings);
		servers_ideal(bed.servers, INSTANT_NEVER);
		struct judge_tables *tables = judge_tables_create(&bed.parts);
		struct instant now = bed_now(&bed);
		CHECK(table_closest(
			      table_of(&bed, 1),
			      endpoints_position(servers_tables(bed.servers)
							 .parts->endpoints,
						 1),
			      TABLE_ANY, ENDPOINT_NONE, peers, 2) == 2);

		judge_tables_zero(tables, now);
		for (int look = 0; look < 2; look++) {
			const char *known =
				look == 0 ? rows[i].first : rows[i].second;

			know(&bed, peers, known);
			judge_tables_look(
				tables, instant_after(now, (look + 1) * LATER));
		}
		CHECK_ROW(bed_count(&bed, VIOLATION_POOR_TABLE) ==
				  rows[i].count,
			  rows[i].sentence);
		judge_tables_destroy(tables);
		bed_free(&bed);
	}
}

/* Who is silent, and shares no record, is asked by the next sweep. */
static void
test_sweep(void)
{
	static const struct {
		const char *sentence;
		const char *known; /* the closest two, at the third look */
		uint64_t count;
	} rows[] = {
		{ "it is heard", "kk", 0 },
		{ "it is not", "sk", 1 },
		{ "it is forgotten", "-k", 1 },
		{ "another is silent since", "ks", 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;
		uint32_t peers[2];
		struct bed bed;

		settings_default(&settings);
		settings.fabric.servers = 8;
		settings.dht.node.k = 8;
		settings.dht.node.refresh_ns = REFRESH;
		bed_make(&bed, &settings);
		servers_ideal(bed.servers, INSTANT_NEVER);
		struct judge_tables *tables = judge_tables_create(&bed.parts);
		struct instant now = bed_now(&bed);
		uint64_t self = endpoints_position(
			servers_tables(bed.servers).parts->endpoints, 1);
		CHECK(table_closest(table_of(&bed, 1), self, TABLE_ANY,
				    ENDPOINT_NONE, peers, 2) == 2);

		judge_tables_zero(tables, now);
		know(&bed, peers, "sk");
		judge_tables_look(tables, instant_after(now, LATER));
		int64_t second_ns = LATER + JUDGE_TABLES_MOMENT_NS;
		judge_tables_look(tables, instant_after(now, second_ns));
		CHECK_ROW(bed_violations(&bed) == 0, rows[i].sentence);
		know(&bed, peers, rows[i].known);
		judge_tables_look(tables, instant_after(now, 2 * LATER - 1));
		CHECK_ROW(bed_violations(&bed) == 0, rows[i].sentence);
		judge_tables_look(tables, instant_after(now, 2 * LATER));
		judge_tables_look(tables, instant_after(now, 3 * LATER));
		CHECK_ROW(bed_count(&bed, VIOLATION_POOR_TABLE) ==
				  rows[i].count,
			  rows[i].sentence);
		judge_tables_destroy(tables);
		bed_free(&bed);
	}
}

/* Who lives and is in no table. */
static void
test_outside(void)
{
	static const struct {
		const char *sentence;
		bool starts; /* its daemon, and nobody hears it */
		uint64_t count;
	} rows[] = {
		{ "no daemon", false, 0 },
		{ "a daemon that did not get in", true, 1 },
	};

	for (unsigned i = 0; i < 2; i++) {
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		settings.dht.node.refresh_ns = REFRESH;
		bed_make(&bed, &settings);
		servers_ideal(bed.servers, INSTANT_NEVER);
		servers_daemon_kill(bed.servers, 1);
		if (rows[i].starts)
			servers_daemon_start(bed.servers, bed_now(&bed), 1);
		struct judge_tables *tables = judge_tables_create(&bed.parts);
		struct instant now = bed_now(&bed);

		judge_tables_zero(tables, now);
		judge_tables_look(tables, instant_after(now, LATER));
		CHECK_ROW(bed_count(&bed, VIOLATION_OUTSIDE) == rows[i].count,
			  rows[i].sentence);
		CHECK_ROW(rows[i].count == 0 ||
				  strstr(bed.said, "is not joined") != NULL,
			  rows[i].sentence);
		judge_tables_destroy(tables);
		bed_free(&bed);
	}
}

int
main(void)
{
	test_tables();
	test_two();
	test_sweep();
	test_outside();
	return check_done();
}
