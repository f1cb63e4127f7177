/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * orphans.c - who could have told it, and since when
 */
#include "sim/judge/orphans.h"

#include <stdlib.h>

#include "core/dht/node_state.h"
#include "core/position.h"
#include "sim/engine/memory.h"
#include "sim/host/server.h"
#include "sim/host/transport.h"
#include "sim/host/ways.h"
#include "sim/judge/replicas.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

/* A stray has come; the first one there begins it. */
static void
spoke(struct orphan *orphan, struct instant now,
      const struct orphan_facts *facts)
{
	bool first = orphan->spoke.ns == 0 ||
		     instant_distance_ns(orphan->spoke, now) >= facts->idle_ns;

	orphan->strays = facts->strays;
	orphan->spoke = now;
	if (first) {
		orphan->tries = facts->tries;
		orphan->since = (struct instant){ 0 };
	} else if (orphan->since.ns == 0 && facts->tries > orphan->tries) {
		orphan->since = now;
	}
}

struct instant
orphan_look(struct orphan *orphan, struct instant now,
	    const struct orphan_facts *facts)
{
	if (!facts->sound || !orphan->known ||
	    orphan->server != facts->server || orphan->life != facts->life) {
		orphan->known = facts->sound;
		orphan->server = facts->server;
		orphan->life = facts->life;
		orphan->strays = facts->strays;
		orphan->spoke = orphan->since = (struct instant){ 0 };
	} else if (orphan->strays != facts->strays) {
		spoke(orphan, now, facts);
	} else if (instant_distance_ns(orphan->spoke, now) >= facts->idle_ns) {
		orphan->spoke = orphan->since = (struct instant){ 0 };
	}
	return orphan->since;
}

static bool
lossless(const struct path *way)
{
	return path_loss_ppm(way) == 0;
}

/* Of the others that were closest to its key, dead ones among them, do half
 * run? If not, what others do not know proves nothing (core/dht/lookup.c). */
static bool
can_be_known(const struct judge_parts *parts, const struct session *session,
	     uint32_t server)
{
	const struct endpoints *endpoints =
		servers_tables(parts->servers).parts->endpoints;
	uint32_t servers = servers_count(parts->servers);
	uint32_t closest[BUCKET_MAX];
	bool *known = memory_zeroed(servers, sizeof(known[0]));
	uint32_t running = 0;

	for (uint32_t i = 0; i < servers; i++) {
		struct server_view view = servers_view(parts->servers, i);
		const struct fabric_settings *fabric = &parts->settings->fabric;

		known[i] = view.runs || view.incarnation > 0 ||
			   i < fabric->servers - fabric->later;
	}
	known[server] = false; /* it asks */
	uint32_t count = judge_replicas_closest(
		endpoints, known, servers,
		position_of_session(endpoints_placement(endpoints),
				    &session->key),
		parts->settings->dht.node.replicas, closest);
	for (uint32_t i = 0; i < count; i++)
		running += servers_runs(parts->servers, closest[i]);
	free(known);
	return 2 * running >= count;
}

static bool
ways_are_sound(const struct judge_parts *parts, const struct session *session,
	       uint32_t server)
{
	struct path way = path_begin();
	uint32_t others = 0;

	ways_from_client(parts->network, session, &way);
	if (way.last != server ||
	    !ways_to_client(parts->network, session, server, &way) ||
	    !lossless(&way))
		return false;
	for (uint32_t i = 0; i < servers_count(parts->servers); i++) {
		if (i == server || !servers_runs(parts->servers, i))
			continue;
		if (!ways_exchange(parts->network,
				   parts->settings->service.family, server, i))
			return false;
		others++;
	}
	return others > 0;
}

/* Is there nothing to excuse the server that its packets come to? */
static bool
is_sound(struct orphan *orphan, const struct judge_parts *parts,
	 struct instant now, const struct session *session, uint64_t changes)
{
	uint32_t server = session->stray_at;

	if (server == WATCH_NONE)
		return false;
	/* First: orphan_look() takes note of this server in any case. */
	if (orphan->changes != changes || orphan->server != server)
		orphan->sound = ways_are_sound(parts, session, server) &&
				can_be_known(parts, session, server);
	orphan->changes = changes;
	if (session->search == CAUSE_SEARCH_REFUSED)
		return false;
	struct server_view view = servers_view(parts->servers, server);
	if (!view.runs || !view.joined || view.leaving ||
	    node_young(view.node, now))
		return false;
	return orphan->sound;
}

static int64_t
most_ns(const struct settings *settings)
{
	const struct steer_settings *steer = &settings->service.steer;

	return steer->silent_after_ns + ORPHANS_NS + steer->miss_deadline_ns +
	       2 * settings->dht.node.lookup_deadline_ns;
}

bool
orphan_untold(struct orphan *orphan, const struct judge_parts *parts,
	      struct instant now, const struct session *session,
	      uint64_t changes)
{
	const struct connection *client;

	if (session->owner == WATCH_NONE ||
	    session->owner_end != CAUSE_END_CRASHED ||
	    servers_alive(parts->servers, session->owner)) {
		orphan->known = false;
		return false;
	}
	client = transport_look(
		parts->transport,
		network_client_device(parts->network, session->client),
		&session->key);
	struct orphan_facts facts = {
		.server = session->stray_at,
		.life = session->stray_at == WATCH_NONE
				? 0
				: servers_view(parts->servers,
					       session->stray_at)
					  .incarnation,
		.strays = session->strays,
		.tries = client == NULL ? 0 : client->tcp.counters.timeouts,
		.sound = client != NULL &&
			 is_sound(orphan, parts, now, session, changes),
		.idle_ns = parts->settings->service.steer.owner_idle_ns,
	};
	struct instant since = orphan_look(orphan, now, &facts);
	return since.ns > 0 &&
	       instant_distance_ns(since, now) >= most_ns(parts->settings);
}
