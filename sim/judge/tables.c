/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tables.c - when the world is quiet, and then node by node
 */
#include "sim/judge/tables.h"

#include <stdlib.h>

#include "core/dht/table.h"
#include "sim/host/server.h"
#include "sim/judge/replicas.h"
#include "sim/model/cause.h"
#include "sim/model/healing.h"
#include "sim/net/network.h"
#include "sim/net/path.h"

/* What a server was when it was looked at last. */
struct seen {
	bool alive, runs, leaving;
	uint32_t incarnation;
	bool told; /* its table is poor */
};

/* A server has a peer in its table, but hears it no more. */
struct silence {
	uint32_t server, peer;
};

struct judge_tables {
	struct judge_parts parts;
	const struct endpoints *endpoints;
	uint32_t count;
	struct seen *seen; /* a server each */
	uint64_t routes;
	struct instant quiet; /* since when; NEVER: before time zero */
	bool due; /* neighbourhoods are */
	uint32_t looks; /* so many have been */
	struct instant next; /* look, at those that know a silent one */
	struct instant last; /* whoever is silent has been asked by then */
	bool swept; /* it is the time now */
	bool parted; /* at the first look, somebody from somebody */
	bool over; /* looked at */
	struct silence *silences; /* at the first look, server by server */
	uint32_t silence_count, silence_capacity;
	/* Scratch, a server each: */
	bool *member; /* lives, joined */
	uint32_t *others;
};

/* ---- quiet ---- */

static bool
has_changed(struct judge_tables *tables)
{
	uint64_t routes = network_routes(tables->parts.network);
	bool changed = routes != tables->routes;

	tables->routes = routes;
	for (uint32_t i = 0; i < tables->count; i++) {
		struct server_view view =
			servers_view(tables->parts.servers, i);
		const struct seen seen = {
			.alive = view.alive,
			.runs = view.runs,
			.leaving = view.leaving,
			.incarnation = view.incarnation,
			.told = tables->seen[i].told,
		};

		changed |= seen.alive != tables->seen[i].alive ||
			   seen.runs != tables->seen[i].runs ||
			   seen.leaving != tables->seen[i].leaving ||
			   seen.incarnation != tables->seen[i].incarnation;
		tables->seen[i] = seen;
	}
	return changed;
}

/* ---- who could ask whom ---- */

static bool
arrives(const struct judge_tables *tables, uint32_t from, uint32_t to)
{
	struct path path = path_begin();

	return path_datagram(&path, tables->parts.network,
			     tables->parts.settings->service.family, from, to,
			     SERVER_AGENT_PORT, SERVER_AGENT_PORT) &&
	       path_loss_ppm(&path) <= CAUSE_LOSS_PPM;
}

static uint64_t
distance(const struct judge_tables *tables, uint32_t a, uint32_t b)
{
	return position_distance(endpoints_position(tables->endpoints, a),
				 endpoints_position(tables->endpoints, b));
}

/* Members that a server could ask, into others[], closest first; how many.
 * *parted: there is one that it could not. */
static uint32_t
find_others(struct judge_tables *tables, uint32_t server, bool *parted)
{
	uint32_t count = 0;

	*parted = false;
	for (uint32_t i = 0; i < tables->count; i++) {
		uint32_t at;

		if (i == server || !tables->member[i])
			continue;
		if (!arrives(tables, server, i) ||
		    !arrives(tables, i, server)) {
			*parted = true;
			continue;
		}
		for (at = count++; at > 0; at--) {
			if (distance(tables, tables->others[at - 1], server) <
			    distance(tables, i, server))
				break;
			tables->others[at] = tables->others[at - 1];
		}
		tables->others[at] = i;
	}
	return count;
}

static const struct contact *
contact_of(const struct node *node, uint32_t peer)
{
	const struct table *table = node_table(node);

	for (uint32_t i = 0; i < table->count; i++)
		if (table->contacts[i].peer == peer)
			return &table->contacts[i];
	return NULL;
}

static bool
is_first(const struct judge_tables *tables)
{
	return tables->looks == 0;
}

static void
silence_add(struct judge_tables *tables, uint32_t server, uint32_t peer)
{
	uint32_t capacity = tables->silence_capacity;

	if (tables->silence_count == capacity) {
		capacity = 2 * capacity + 64;
		tables->silences = realloc(
			tables->silences, capacity * sizeof(*tables->silences));
		if (tables->silences == NULL)
			abort();
		tables->silence_capacity = capacity;
	}
	tables->silences[tables->silence_count++] =
		(struct silence){ server, peer };
}

/* Peer: WATCH_NONE is any. */
static bool
was_silent(const struct judge_tables *tables, uint32_t server, uint32_t peer)
{
	for (uint32_t i = 0; i < tables->silence_count; i++)
		if (tables->silences[i].server == server &&
		    (peer == WATCH_NONE || tables->silences[i].peer == peer))
			return true;
	return false;
}

enum knowledge {
	KNOWS_NOT,
	KNOWS_SILENT, /* it is silent for the first time, or was not asked
			 again since */
	KNOWS,
};

static enum knowledge
knowledge_of(const struct judge_tables *tables, uint32_t server,
	     const struct node *node, uint32_t peer)
{
	const struct contact *contact = contact_of(node, peer);

	if (contact == NULL)
		return KNOWS_NOT;
	if (!contact_stale(contact))
		return KNOWS;
	bool asked = tables->swept || node_watches(node, peer);
	return asked && !is_first(tables) && was_silent(tables, server, peer)
		       ? KNOWS_NOT
		       : KNOWS_SILENT;
}

/* ---- the look ---- */

/* What a server should know of the others, and does. */
struct neighbourhood {
	uint32_t others, known;
	bool parted; /* from another member */
	/* Of the buckets of its closest; those that are silent for the first
	 * time are known perhaps. */
	uint32_t due, known_due, perhaps_due;
	uint32_t missing; /* the closest that is not even that; WATCH_NONE */
};

static unsigned
bucket_of(const struct judge_tables *tables, uint32_t server, uint32_t other)
{
	return position_bucket(endpoints_position(tables->endpoints, server),
			       endpoints_position(tables->endpoints, other));
}

/* Of each bucket: contacts that are no members any more, and are not known to
 * be none. */
static void
count_dead(const struct judge_tables *tables, uint32_t server,
	   const struct node *node, uint32_t dead[POSITION_BITS])
{
	const struct table *table = node_table(node);

	for (uint32_t i = 0; i < table->count; i++) {
		uint32_t peer = table->contacts[i].peer;

		if ((peer >= tables->count || !tables->member[peer]) &&
		    !contact_stale(&table->contacts[i]))
			dead[bucket_of(tables, server, peer)]++;
	}
}

static struct neighbourhood
survey(struct judge_tables *tables, uint32_t server, const struct node *node)
{
	uint32_t k = tables->parts.settings->dht.node.k;
	struct neighbourhood all = { .missing = WATCH_NONE };
	uint32_t sizes[POSITION_BITS] = { 0 }, knowns[POSITION_BITS] = { 0 };
	uint32_t perhaps[POSITION_BITS] = { 0 }, dead[POSITION_BITS] = { 0 };

	all.others = find_others(tables, server, &all.parted);
	if (all.others == 0)
		return all;
	for (uint32_t i = 0; i < all.others; i++) {
		unsigned b = bucket_of(tables, server, tables->others[i]);
		enum knowledge knowledge =
			knowledge_of(tables, server, node, tables->others[i]);

		sizes[b]++;
		knowns[b] += knowledge == KNOWS;
		perhaps[b] += knowledge != KNOWS_NOT;
		all.known += knowledge == KNOWS;
		if (knowledge == KNOWS_NOT && all.missing == WATCH_NONE)
			all.missing = tables->others[i];
	}
	count_dead(tables, server, node, dead);
	uint32_t closest = all.others < k ? all.others : k;
	for (unsigned b =
		     bucket_of(tables, server, tables->others[closest - 1]);
	     b < POSITION_BITS; b++) {
		uint32_t room = dead[b] < k ? k - dead[b] : 0;
		uint32_t due = sizes[b] < room ? sizes[b] : room;

		all.due += due;
		all.known_due += knowns[b] < due ? knowns[b] : due;
		all.perhaps_due += perhaps[b] < due ? perhaps[b] : due;
	}
	return all;
}

/* By chance a few answers were lost one after the other: those that are silent
 * are asked again, and looked at again. */
static void
remember_silent(struct judge_tables *tables, uint32_t server,
		const struct neighbourhood *all, const struct node *node)
{
	for (uint32_t i = 0; i < all->others; i++)
		if (knowledge_of(tables, server, node, tables->others[i]) ==
		    KNOWS_SILENT)
			silence_add(tables, server, tables->others[i]);
}

/* Whoever else is silent or is heard again, somebody is missing. */
static bool
is_poor(struct judge_tables *tables, uint32_t server,
	const struct neighbourhood *all, const struct node *node)
{
	if (all->known_due >= all->due || !tables->due || all->parted)
		return false;
	if (all->perhaps_due < all->due)
		return true;
	if (is_first(tables))
		remember_silent(tables, server, all, node);
	return false;
}

static void
look_at(struct judge_tables *tables, struct instant now, uint32_t server)
{
	const struct judge_parts *parts = &tables->parts;
	struct server_view view = servers_view(parts->servers, server);
	struct neighbourhood all = survey(tables, server, view.node);
	const char *name = network_device_name(parts->network, server);
	bool alone = node_contact_count(view.node) == 0;

	tables->parted |= all.parted;
	if (all.others > 0 && !all.parted && (alone || !tables->member[server]))
		verdict(parts->verdicts, VIOLATION_OUTSIDE, now, server,
			WATCH_NONE, "%s %s and knows %u of %u others", name,
			tables->member[server] ? "is alone" : "is not joined",
			all.known, all.others);
	else if (!tables->seen[server].told &&
		 is_poor(tables, server, &all, view.node)) {
		tables->seen[server].told = true;
		verdict(parts->verdicts, VIOLATION_POOR_TABLE, now, server,
			WATCH_NONE,
			"%s knows %u of its %u closest, and not %s; in all it "
			"knows %u of %u",
			name, all.known_due, all.due,
			network_device_name(parts->network, all.missing),
			all.known, all.others);
	}
}

/* Who leaves is in until it has left. */
static void
look(struct judge_tables *tables, struct instant now)
{
	for (uint32_t i = 0; i < tables->count; i++) {
		struct server_view view =
			servers_view(tables->parts.servers, i);

		tables->member[i] = view.runs && view.joined;
	}
	for (uint32_t i = 0; i < tables->count; i++)
		if (servers_runs(tables->parts.servers, i) &&
		    (is_first(tables) || was_silent(tables, i, WATCH_NONE)))
			look_at(tables, now, i);
	if (tables->looks == 1 && tables->due && !tables->parted)
		judge_replicas_look(&tables->parts, now, tables->member);
}

void
judge_tables_zero(struct judge_tables *tables, struct instant now)
{
	struct healing healing = healing_of(
		tables->parts.settings, network_fabric(tables->parts.network));

	(void)has_changed(tables);
	tables->quiet = instant_after(now, healing.over_ns);
}

void
judge_tables_look(struct judge_tables *tables, struct instant now)
{
	const struct node_settings *settings =
		&tables->parts.settings->dht.node;

	if (tables->over || tables->quiet.ns == INSTANT_NEVER.ns)
		return;
	bool first = is_first(tables);
	int64_t sweep_ns = settings->refresh_ns + JUDGE_TABLES_MOMENT_NS;
	if (has_changed(tables) && instant_before(tables->quiet, now)) {
		tables->quiet = now;
		tables->over = !first;
	}
	struct instant due = instant_after(tables->quiet, sweep_ns);
	if (tables->over || instant_before(now, first ? due : tables->next))
		return;
	if (first)
		tables->last = instant_after(now, sweep_ns);
	tables->swept = !first && !instant_before(now, tables->last);
	look(tables, now);
	tables->over = tables->swept || (!first && tables->silence_count == 0);
	tables->next = first ? instant_after(now, JUDGE_TABLES_MOMENT_NS)
			     : tables->last;
	tables->looks++;
}

/* ---- beginning and end ---- */

struct judge_tables *
judge_tables_create(const struct judge_parts *parts)
{
	struct judge_tables *tables = calloc(1, sizeof(*tables));
	uint32_t count = servers_count(parts->servers);

	if (tables == NULL)
		abort();
	tables->parts = *parts;
	tables->endpoints = servers_tables(parts->servers).parts->endpoints;
	tables->count = count;
	tables->quiet = tables->next = tables->last = INSTANT_NEVER;
	tables->due = parts->settings->dht.node.refresh_ns > 0 &&
		      parts->settings->dht.node.k >= JUDGE_TABLES_K_LEAST;
	tables->seen = calloc(count, sizeof(*tables->seen));
	tables->member = calloc(count, sizeof(*tables->member));
	tables->others = calloc(count, sizeof(*tables->others));
	if (tables->seen == NULL || tables->member == NULL ||
	    tables->others == NULL)
		abort();
	return tables;
}

void
judge_tables_destroy(struct judge_tables *tables)
{
	if (tables == NULL)
		return;
	free(tables->seen);
	free(tables->silences);
	free(tables->member);
	free(tables->others);
	free(tables);
}
