/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits_test.c - tables that hold too much, or for too long, each by hand
 */
#include "sim/judge/limits.h"

#include <string.h>

#include "core/dht/lookup.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/dht/table.h"
#include "core/steer/flow.h"
#include "core/steer/outgoing.h"
#include "core/steer/steer.h"
#include "core/steer/stray.h"
#include "sim/test/judge_bed.h"

#define S NS_PER_S

/* What is wrong with server 1's tables, or with those of all. */
typedef void spoil(struct bed *);

static struct node_parts
parts_of(const struct bed *bed)
{
	return *servers_tables(bed->servers).parts;
}

static struct table *
table_of(const struct bed *bed)
{
	return (struct table *)node_table(servers_view(bed->servers, 1).node);
}

static struct strays *
strays_of(const struct bed *bed)
{
	return (struct strays *)steer_strays(
		servers_view(bed->servers, 1).steer);
}

static void
nothing(struct bed *bed)
{
	(void)bed;
}

static void
contact_twice(struct bed *bed)
{
	struct table *table = table_of(bed);

	table->contacts[1] = table->contacts[0];
}

static void
contacts_too_many(struct bed *bed)
{
	struct servers_tables tables = servers_tables(bed->servers);

	((struct node_limits *)tables.node_limits)->contacts = 1;
}

static void
bucket_too_large(struct bed *bed)
{
	bed->settings.dht.node.k = 1;
}

static void
replacements_too_many(struct bed *bed)
{
	table_of(bed)->replacement_count = TABLE_REPLACEMENTS + 1;
}

static void
lookup_without_end(struct bed *bed)
{
	struct node_parts parts = parts_of(bed);
	uint32_t slot = lookup_take(parts.lookups, 1, LOOKUP_GET, 5, 20);

	parts.lookups->slots[slot].deadline = bed_now(bed);
	bed_pass(bed, S);
}

static void
lookup_until_now(struct bed *bed)
{
	struct node_parts parts = parts_of(bed);
	uint32_t slot = lookup_take(parts.lookups, 1, LOOKUP_GET, 5, 20);

	bed_pass(bed, S);
	parts.lookups->slots[slot].deadline = bed_now(bed);
}

static void
lookup_uncounted(struct bed *bed)
{
	parts_of(bed).lookups->count++;
}

static void
dead_ones_lookup(struct bed *bed)
{
	servers_daemon_kill(bed->servers, 1);
	lookup_until_now(bed);
}

static void
dead_ones_publication(struct bed *bed)
{
	struct session_key key = bed_key(1);

	servers_crash(bed->servers, 1);
	(void)publication_add(parts_of(bed).publications, 1, &key, 7, false);
}

static void
dead_ones_batch(struct bed *bed)
{
	servers_crash(bed->servers, 1);
	(void)batch_take(parts_of(bed).publications->batches, 1, 2,
			 MESSAGE_STORE);
}

static void
dead_ones_record(struct bed *bed)
{
	struct session_key key = bed_key(1);
	struct record record = { .owner = 2, .ttl_ms = 1000 };

	servers_crash(bed->servers, 1);
	(void)store_put(parts_of(bed).store, bed_now(bed), 1, &key, &record);
}

static void
flows_too_many(struct bed *bed)
{
	struct servers_tables tables = servers_tables(bed->servers);
	struct session_key one = bed_key(1), two = bed_key(2);

	((struct steer_limits *)tables.steer_limits)->flows = 1;
	flow_add(strays_of(bed)->flows, &one)->used = bed_now(bed);
	flow_add(strays_of(bed)->flows, &two)->used = bed_now(bed);
}

static void
flow_idle(struct bed *bed)
{
	struct session_key key = bed_key(1);

	flow_add(strays_of(bed)->flows, &key)->used = bed_now(bed);
	bed_pass(bed, 2 * bed->settings.service.steer.owner_idle_ns);
}

/* It held a packet for as long as a series of lookups may last; a new one began
 * after_ns after that, as the owner that was found was none. */
static void
flow_after(struct bed *bed, int64_t after_ns, int64_t more_ns)
{
	const struct steer_settings *steer = &bed->settings.service.steer;
	struct session_key key = bed_key(1);
	struct flow *flow = flow_add(strays_of(bed)->flows, &key);

	flow->used = bed_now(bed);
	flow->missing_since = instant_after(bed_now(bed), after_ns);
	bed_pass(bed, steer->owner_idle_ns + steer->miss_deadline_ns +
			      2 * bed->settings.dht.node.lookup_deadline_ns +
			      after_ns + more_ns);
}

static void
flow_after_series(struct bed *bed)
{
	flow_after(bed, 0, OUTGOING_KEPT_NS);
}

static void
flow_after_two_series(struct bed *bed)
{
	flow_after(bed, 2 * S, OUTGOING_KEPT_NS);
}

static void
flow_long_after_series(struct bed *bed)
{
	flow_after(bed, 0, OUTGOING_KEPT_NS + 2 * NS_PER_MS);
}

static void
held_too_much(struct bed *bed)
{
	struct servers_tables tables = servers_tables(bed->servers);
	struct strays *strays = strays_of(bed);
	struct session_key key = bed_key(1);
	struct flow *flow = flow_add(strays->flows, &key);
	uint8_t bytes[100] = { 0 };

	((struct steer_settings *)tables.steer_settings)->hold_bytes = 255;
	flow->used = bed_now(bed);
	CHECK(hold_append(strays->held, &flow->held, bytes, sizeof(bytes), 0));
}

static void
held_too_many(struct bed *bed)
{
	struct servers_tables tables = servers_tables(bed->servers);

	held_too_much(bed);
	((struct steer_settings *)tables.steer_settings)->hold_bytes = 256;
	((struct steer_settings *)tables.steer_settings)->hold_packets_flow = 0;
}

static const struct {
	const char *sentence;
	spoil *spoil;
	bool alarm; /* the server looked at its flows */
	const char *says; /* NULL: nothing */
} looks_rows[] = {
	{ "nothing is wrong", nothing, true, NULL },
	{ "a contact twice", contact_twice, true, "a contact twice" },
	{ "contacts", contacts_too_many, true, ": contacts: " },
	{ "a bucket", bucket_too_large, true, "of a bucket" },
	{ "replacements", replacements_too_many, true, "replacements" },
	{ "a lookup is past its deadline", lookup_without_end, true,
	  "past its deadline" },
	{ "a lookup is not", lookup_until_now, true, NULL },
	{ "a count that is wrong", lookup_uncounted, true,
	  "lookups: there are" },
	{ "a lookup of nobody", dead_ones_lookup, true,
	  "a lookup without a daemon" },
	{ "a publication of nobody", dead_ones_publication, true,
	  "a publication without" },
	{ "a batch of nobody", dead_ones_batch, true, "a batch without" },
	{ "a statement of nobody", dead_ones_record, true,
	  "a statement without" },
	{ "flows", flows_too_many, true, "flows: 2 of at most 1" },
	{ "an idle flow", flow_idle, true, "a flow was idle" },
	{ "an idle flow, and no alarm", flow_idle, false, NULL },
	{ "a flow that held a packet for a whole series of lookups",
	  flow_after_series, true, NULL },
	{ "and for another one", flow_after_two_series, true, NULL },
	{ "and is idle for longer than that", flow_long_after_series, true,
	  "a flow was idle" },
	{ "bytes held", held_too_much, true, "bytes held: 256 of at most 255" },
	{ "packets held", held_too_many, true,
	  "held for a flow: 1 of at most 0" },
};

static void
test_looks(void)
{
	for (unsigned i = 0; i < sizeof(looks_rows) / sizeof(looks_rows[0]);
	     i++) {
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		bed_make(&bed, &settings);
		servers_ideal(bed.servers, INSTANT_NEVER);
		struct judge_limits *limits = judge_limits_create(&bed.parts);

		looks_rows[i].spoil(&bed);
		const struct event alarm = {
			.destination = 1,
			.kind = EVENT_HOST,
			.code = SERVER_AGENT_DEADLINE,
		};
		if (looks_rows[i].alarm)
			judge_limits_event(limits, bed_now(&bed), &alarm);
		bed.said[0] = '\0';
		(void)judge_limits_look(limits, bed_now(&bed));
		if (looks_rows[i].says == NULL)
			CHECK_ROW(bed_violations(&bed) == 0,
				  looks_rows[i].sentence);
		else
			CHECK_ROW(bed_count(&bed, VIOLATION_OVER_LIMIT) > 0 &&
					  strstr(bed.said,
						 looks_rows[i].says) != NULL,
				  looks_rows[i].sentence);
		judge_limits_destroy(limits);
		bed_free(&bed);
	}
}

/* What is seen without a look. */
static void
test_events(void)
{
	static const struct {
		const char *sentence;
		uint32_t server;
		uint8_t kind;
		uint64_t count;
	} rows[] = {
		{ "its own alarm", 1, EVENT_HOST, 1 },
		{ "another's", 2, EVENT_HOST, 0 },
		{ "a packet on its way", 1, EVENT_PACKET, 0 },
		{ "of no server", 100, EVENT_HOST, 0 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct settings settings;
		struct bed bed;

		settings_default(&settings);
		bed_make(&bed, &settings);
		struct judge_limits *limits = judge_limits_create(&bed.parts);
		const struct event event = {
			.destination = rows[i].server,
			.kind = rows[i].kind,
			.code = SERVER_AGENT_DEADLINE,
		};

		strays_of(&bed)->held_bytes =
			settings.service.steer.hold_bytes + 1;
		judge_limits_event(limits, bed_now(&bed), &event);
		CHECK_ROW(bed_count(&bed, VIOLATION_OVER_LIMIT) ==
				  rows[i].count,
			  rows[i].sentence);
		judge_limits_destroy(limits);
		bed_free(&bed);
	}
}

int
main(void)
{
	test_looks();
	test_events();
	return check_done();
}
