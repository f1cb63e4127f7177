/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replicas.c - session by session, the closest members
 */
#include "sim/judge/replicas.h"

#include <assert.h>

#include "core/dht/table.h"
#include "core/position.h"
#include "sim/host/server.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

uint32_t
judge_replicas_closest(const struct endpoints *endpoints, const bool *member,
		       uint32_t servers, uint64_t position, uint32_t wanted,
		       uint32_t closest[BUCKET_MAX])
{
	uint64_t distances[BUCKET_MAX] = { 0 };
	uint32_t count = 0;

	assert(wanted > 0 && wanted <= BUCKET_MAX);
	for (uint32_t i = 0; i < servers; i++) {
		uint64_t distance = position_distance(
			endpoints_position(endpoints, i), position);
		uint32_t at;

		if (!member[i] ||
		    (count == wanted && distances[count - 1] <= distance))
			continue;
		at = count < wanted ? count++ : count - 1;
		for (; at > 0 && distances[at - 1] > distance; at--) {
			distances[at] = distances[at - 1];
			closest[at] = closest[at - 1];
		}
		distances[at] = distance;
		closest[at] = i;
	}
	return count;
}

/* Is it time to ask? */
static bool
is_due(const struct judge_parts *parts, struct instant now,
       const struct session *session, const bool *member)
{
	if (session->state != SESSION_OPEN || session->owner == WATCH_NONE ||
	    !member[session->owner] ||
	    !servers_owns(parts->servers, session->owner, &session->key) ||
	    servers_owns_half_open(parts->servers, session->owner,
				   &session->key))
		return false;
	struct instant published = servers_published(
		parts->servers, session->owner, &session->key);
	return published.ns != INSTANT_NEVER.ns &&
	       instant_distance_ns(published, now) >= JUDGE_REPLICAS_NS;
}

static bool
knows(const struct judge_parts *parts, uint32_t server, uint32_t peer)
{
	struct server_view view = servers_view(parts->servers, server);

	if (!view.runs)
		return false;
	const struct table *table = node_table(view.node);
	for (uint32_t i = 0; i < table->count; i++)
		if (table->contacts[i].peer == peer)
			return true;
	return false;
}

/* Does one of the closest that have the record know that server, so that it
 * should have sent it there? */
static bool
is_known(const struct judge_parts *parts, const struct session *session,
	 const uint32_t *closest, uint32_t count, uint32_t server)
{
	for (uint32_t i = 0; i < count; i++)
		if (servers_holds(parts->servers, closest[i], &session->key,
				  session->owner) &&
		    knows(parts, closest[i], server))
			return true;
	return false;
}

void
judge_replicas_look(const struct judge_parts *parts, struct instant now,
		    const bool *member)
{
	const struct endpoints *endpoints =
		servers_tables(parts->servers).parts->endpoints;
	uint32_t servers = servers_count(parts->servers);

	for (uint32_t i = 0; i < workload_count(parts->workload); i++) {
		const struct session *session =
			workload_session(parts->workload, i);
		uint32_t closest[BUCKET_MAX], held = 0, lacks = WATCH_NONE;

		if (!is_due(parts, now, session, member))
			continue;
		uint32_t count = judge_replicas_closest(
			endpoints, member, servers,
			position_of_session(endpoints_placement(endpoints),
					    &session->key),
			parts->settings->dht.node.replicas, closest);
		for (uint32_t j = 0; j < count; j++) {
			bool holds =
				closest[j] == session->owner ||
				servers_holds(parts->servers, closest[j],
					      &session->key, session->owner);

			held += holds;
			if (!holds && lacks == WATCH_NONE)
				lacks = closest[j];
		}
		if (lacks != WATCH_NONE &&
		    (held == 0 ||
		     is_known(parts, session, closest, count, lacks)))
			verdict(parts->verdicts, VIOLATION_THIN_RECORD, now,
				lacks, i,
				"%s's record is at %u of its %u closest, and "
				"not at %s",
				network_device_name(parts->network,
						    session->owner),
				held, count,
				network_device_name(parts->network, lacks));
	}
}
