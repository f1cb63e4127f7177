/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limits.c - a server's own tables, then those that all share
 */
#include "sim/judge/limits.h"

#include <stdlib.h>

#include "core/dht/batch.h"
#include "core/dht/lookup.h"
#include "core/dht/publication.h"
#include "core/dht/store.h"
#include "core/dht/table.h"
#include "core/steer/flow.h"
#include "core/steer/limiter.h"
#include "core/steer/outgoing.h"
#include "core/steer/steer.h"
#include "core/steer/stray.h"
#include "core/steer/tunnel.h"
#include "sim/host/server.h"

/* A deadline's alarm is an event of its own. */
#define SLACK_NS NS_PER_MS

struct judge_limits {
	struct judge_parts parts;
	struct servers_tables tables;
	struct instant *expired; /* a server's last alarm */
	int64_t idle_ns; /* that a flow may be, at an alarm */
};

static const char *
name_of(const struct judge_limits *limits, uint32_t server)
{
	return server == WATCH_NONE
		       ? "all servers"
		       : network_device_name(limits->parts.network, server);
}

static void
over(struct judge_limits *limits, struct instant now, uint32_t server,
     const char *what, uint64_t count, uint64_t most)
{
	verdict(limits->parts.verdicts, VIOLATION_OVER_LIMIT, now, server,
		WATCH_NONE, "%s: %s: %llu of at most %llu",
		name_of(limits, server), what, (unsigned long long)count,
		(unsigned long long)most);
}

/* So many may there be. */
static void
at_most(struct judge_limits *limits, struct instant now, uint32_t server,
	const char *what, uint64_t count, uint64_t most)
{
	if (count > most)
		over(limits, now, server, what, count, most);
}

/* And so many says the table itself. */
static void
counted(struct judge_limits *limits, struct instant now, const char *what,
	uint64_t count, uint64_t says, uint64_t most)
{
	at_most(limits, now, WATCH_NONE, what, count, most);
	if (count != says)
		verdict(limits->parts.verdicts, VIOLATION_OVER_LIMIT, now,
			WATCH_NONE, WATCH_NONE,
			"all servers: %s: there are %llu, and they count %llu",
			what, (unsigned long long)count,
			(unsigned long long)says);
}

/* An entry of a server that has no daemon to own it. */
static void
owned(struct judge_limits *limits, struct instant now, const char *what,
      uint32_t server)
{
	if (server < servers_count(limits->parts.servers) &&
	    servers_runs(limits->parts.servers, server))
		return;
	verdict(limits->parts.verdicts, VIOLATION_OVER_LIMIT, now, WATCH_NONE,
		WATCH_NONE, "%s has %s without a daemon",
		server < servers_count(limits->parts.servers)
			? name_of(limits, server)
			: "a stranger",
		what);
}

/* ---- a node ---- */

static uint32_t
look_at_table(struct judge_limits *limits, struct instant now, uint32_t server,
	      const struct node *node)
{
	const struct endpoints *endpoints = limits->tables.parts->endpoints;
	uint64_t self = endpoints_position(endpoints, server);
	const struct table *table = node_table(node);
	uint32_t counts[POSITION_BITS] = { 0 };

	for (uint32_t i = 0; i < table->count; i++) {
		uint64_t position =
			endpoints_position(endpoints, table->contacts[i].peer);

		if (position == self) {
			over(limits, now, server, "itself among its contacts",
			     1, 0);
			continue;
		}
		counts[position_bucket(self, position)]++;
		for (uint32_t j = 0; j < i; j++)
			if (table->contacts[j].peer == table->contacts[i].peer)
				over(limits, now, server, "a contact twice", 2,
				     1);
	}
	for (unsigned b = 0; b < POSITION_BITS; b++)
		at_most(limits, now, server, "contacts of a bucket", counts[b],
			limits->parts.settings->dht.node.k);
	at_most(limits, now, server, "contacts", table->count,
		limits->tables.node_limits->contacts);
	at_most(limits, now, server, "replacements", table->replacement_count,
		TABLE_REPLACEMENTS);
	return table->count;
}

/* ---- a steer ---- */

/* Flows leave in the order of their last packets, but for those that held some:
 * their time begins when they let them go, at the end of their last series. */
static struct instant
idle_since(const struct flow *flow)
{
	return instant_before(flow->used, flow->missing_since)
		       ? flow->missing_since
		       : flow->used;
}

static void
look_at_flow(struct judge_limits *limits, struct instant now, uint32_t server,
	     const struct flow *flow)
{
	const struct steer_settings *settings = limits->tables.steer_settings;

	at_most(limits, now, server, "packets held for a flow",
		flow->held.packets, settings->hold_packets_flow);
	at_most(limits, now, server, "excluded owners", flow->excluded_count,
		FLOW_EXCLUDED);
	if (flow->held.packets == 0 &&
	    instant_distance_ns(idle_since(flow), limits->expired[server]) >
		    limits->idle_ns)
		over(limits, now, server, "ms that a flow was idle",
		     (uint64_t)(instant_distance_ns(flow->used, now) /
				NS_PER_MS),
		     (uint64_t)(settings->owner_idle_ns / NS_PER_MS));
}

static uint32_t
look_at_steer(struct judge_limits *limits, struct instant now, uint32_t server,
	      const struct steer *steer)
{
	const struct steer_limits *most = limits->tables.steer_limits;
	const struct strays *strays = steer_strays(steer);
	uint32_t cursor = 0, count = 0, held_bytes = 0;
	const struct flow *flow;

	while ((flow = flow_next(strays->flows, &cursor)) != NULL) {
		count++;
		held_bytes += flow->held.bytes;
		look_at_flow(limits, now, server, flow);
	}
	at_most(limits, now, server, "flows", count, most->flows);
	at_most(limits, now, server, "bytes held", held_bytes,
		limits->tables.steer_settings->hold_bytes);
	at_most(limits, now, server, "first fragments",
		steer_fragment_count(steer), most->fragments);
	at_most(limits, now, server, "prefixes", limiter_count(strays->limiter),
		most->prefixes);
	at_most(limits, now, server, "tunnel's peers",
		tunnel_count(strays->tunnel), most->peers);
	return count;
}

/* ---- what all share ---- */

static uint32_t
look_at_lookups(struct judge_limits *limits, struct instant now)
{
	const struct lookups *lookups = limits->tables.parts->lookups;
	uint32_t count = 0;

	for (uint32_t i = 0; i < lookups->used; i++) {
		const struct lookup *lookup = &lookups->slots[i];

		if (lookup->phase == LOOKUP_FREE)
			continue;
		count++;
		owned(limits, now, "a lookup", lookup->node);
		at_most(limits, now, lookup->node, "candidates of a lookup",
			lookup->candidate_count, LOOKUP_SHORTLIST);
		if (lookup->phase != LOOKUP_DONE &&
		    instant_distance_ns(lookup->deadline, now) > SLACK_NS)
			over(limits, now, lookup->node,
			     "ms that a lookup is past its deadline",
			     (uint64_t)(instant_distance_ns(lookup->deadline,
							    now) /
					NS_PER_MS),
			     0);
	}
	counted(limits, now, "lookups", count, lookups->count,
		lookups->capacity);
	return lookups->used;
}

static uint32_t
look_at_publications(struct judge_limits *limits, struct instant now)
{
	const struct publications *publications =
		limits->tables.parts->publications;
	uint32_t count = 0, half_open = 0;

	for (uint32_t i = 0; i < publications->used; i++) {
		const struct publication *publication =
			publication_at(publications, i);

		if (publication->state == PUBLICATION_FREE)
			continue;
		count += !publication->half_open;
		half_open += publication->half_open;
		owned(limits, now, "a publication", publication->node);
		at_most(limits, now, publication->node,
			"replicas of a publication", publication->replica_count,
			publications->replicas);
	}
	counted(limits, now, "publications", count,
		publications->count - publications->half_open,
		publications->capacity);
	counted(limits, now, "half-open publications", half_open,
		publications->half_open,
		PUBLICATIONS_HALF_OPEN(publications->capacity));
	return publications->used;
}

static uint32_t
look_at_batches(struct judge_limits *limits, struct instant now)
{
	const struct batches *batches =
		limits->tables.parts->publications->batches;
	uint32_t count = 0;

	for (uint32_t i = 0; i < batches->used; i++) {
		const struct batch *batch = &batches->slots[i];

		if (!batch->taken)
			continue;
		count++;
		owned(limits, now, "a batch", batch->node);
		at_most(limits, now, batch->node, "items of a batch",
			batch->count, BATCH_ITEMS);
		at_most(limits, now, batch->node, "tries of a batch",
			batch->tries, BATCH_TRIES);
	}
	counted(limits, now, "batches", count, batches->count,
		batches->capacity);
	return batches->used;
}

static uint32_t
look_at_store(struct judge_limits *limits, struct instant now)
{
	const struct store *store = limits->tables.parts->store;
	struct store_statement statement;
	uint32_t cursor = 0, count = 0;

	while (store_next(store, &cursor, &statement)) {
		count++;
		owned(limits, now, "a statement", statement.holder);
	}
	counted(limits, now, "statements", count, store_count(store),
		store_capacity(store));
	return count;
}

uint32_t
judge_limits_look(struct judge_limits *limits, struct instant now)
{
	const struct endpoints *endpoints = limits->tables.parts->endpoints;
	uint32_t entries = 0;

	for (uint32_t i = 0; i < servers_count(limits->parts.servers); i++) {
		struct server_view view =
			servers_view(limits->parts.servers, i);

		if (!view.runs)
			continue;
		entries += look_at_table(limits, now, i, view.node);
		if (view.steer != NULL)
			entries += look_at_steer(limits, now, i, view.steer);
	}
	entries += look_at_lookups(limits, now);
	entries += look_at_publications(limits, now);
	entries += look_at_batches(limits, now);
	entries += look_at_store(limits, now);
	at_most(limits, now, WATCH_NONE, "endpoints", endpoints->count,
		endpoints->capacity);
	return entries;
}

void
judge_limits_event(struct judge_limits *limits, struct instant now,
		   const struct event *event)
{
	uint32_t server = event->destination;

	if (event->kind != EVENT_HOST ||
	    server >= servers_count(limits->parts.servers))
		return;
	struct server_view view = servers_view(limits->parts.servers, server);
	if (!view.runs)
		return;
	at_most(limits, now, server, "contacts", node_contact_count(view.node),
		limits->tables.node_limits->contacts);
	if (view.steer == NULL)
		return;
	at_most(limits, now, server, "bytes held",
		steer_strays(view.steer)->held_bytes,
		limits->tables.steer_settings->hold_bytes);
	if (event->code == SERVER_AGENT_DEADLINE &&
	    event->a == view.incarnation)
		limits->expired[server] = now;
}

/* ---- beginning and end ---- */

struct judge_limits *
judge_limits_create(const struct judge_parts *parts)
{
	struct judge_limits *limits = calloc(1, sizeof(*limits));
	const struct settings *settings = parts->settings;
	uint32_t count = servers_count(parts->servers);

	if (limits == NULL)
		abort();
	limits->parts = *parts;
	limits->tables = servers_tables(parts->servers);
	limits->expired = calloc(count, sizeof(*limits->expired));
	if (limits->expired == NULL)
		abort();
	/* The last lookup of a series begins at miss_deadline, or when the one
	 * ends that runs then; what it finds is given and kept for a while. */
	limits->idle_ns = settings->service.steer.owner_idle_ns +
			  settings->service.steer.miss_deadline_ns +
			  2 * settings->dht.node.lookup_deadline_ns +
			  OUTGOING_KEPT_NS + SLACK_NS;
	return limits;
}

void
judge_limits_destroy(struct judge_limits *limits)
{
	if (limits == NULL)
		return;
	free(limits->expired);
	free(limits);
}
