/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.c - an ACK from the client and to it, a datagram from server to
 * server
 */
#include "sim/witness.h"

#include "core/dht/node.h"
#include "core/dht/table.h"
#include "core/position.h"
#include "core/steer/flow.h"
#include "core/steer/steer.h"
#include "core/steer/stray.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/cursor.h"
#include "core/wire/gue.h"
#include "core/wire/ip6.h"
#include "core/wire/packet.h"
#include "sim/host/server.h"
#include "sim/host/transport.h"
#include "sim/host/ways.h"
#include "sim/model/fabric.h"
#include "sim/net/network.h"
#include "sim/net/path.h"

#define MILLION 1000000u

/* Through the tunnel, by the very port that its server chooses. */
static bool
way_tunnelled(const struct witness *witness, const struct session *session,
	      uint32_t server, uint32_t to, struct path *way)
{
	const struct steer *steer =
		servers_view(witness->servers, server).steer;
	uint16_t port = wire_get16(session->key.client_port);

	if (server != to && !(servers_runs(witness->servers, server) &&
			      servers_runs(witness->servers, to)))
		return false;
	if (server != to && steer != NULL)
		port = tunnel_source_port(
			flows_hash(steer_strays(steer)->flows, &session->key));
	return path_datagram(way, witness->network, session->key.family, server,
			     to, port, GUE_PORT);
}

/* From a server to a client, that its segment was too big; false: it does not
 * get there. */
static bool
way_told(const struct network *network, const struct session *session,
	 uint32_t server, struct path *way)
{
	const struct session_key *key = &session->key;
	struct address service = key->family == 4 ? address_ip4(key->service)
						  : address_ip6(key->service);
	uint8_t bytes[PATH_PROBE_BYTES], error[PATH_PROBE_BYTES];
	struct packet packet;
	size_t size = path_segment(key, false, bytes);

	(void)packet_parse(bytes, (uint32_t)size, &packet);
	size = packet_build_icmp_too_big(&service, IP6_MTU_MIN, bytes, &packet,
					 error, sizeof(error));
	path_on(way, network, server, error, size);
	return way->last == network_client_device(network, session->client);
}

/* Has the tunnel room for its client's largest packets, or can the server that
 * they come to say that it has not? */
static bool
way_fits(const struct witness *witness, const struct session *session,
	 uint32_t server, uint32_t to, struct path *way)
{
	uint32_t overhead =
		session->key.family == 4 ? GUE_OVERHEAD4 : GUE_OVERHEAD6;
	struct path arrival = path_begin(), tunnel = path_begin();

	if (server == to)
		return true;
	ways_from_client(witness->network, session, &arrival);
	(void)way_tunnelled(witness, session, server, to, &tunnel);
	return tunnel.mtu_bytes - overhead >= arrival.mtu_bytes ||
	       way_told(witness->network, session, server, way);
}

/* Who has its socket, half-open or open; WATCH_NONE: nobody. */
static uint32_t
home(const struct session *session)
{
	return session->owner != WATCH_NONE ? session->owner
					    : session->answered_by;
}

/* Where its packets arrive; no server's number: nowhere. Of one that was reset
 * while it strayed, where that happened. */
static uint32_t
site(const struct network *network, const struct session *session,
     struct path *way)
{
	bool reset = session->state == SESSION_OVER &&
		     session->outcome == OUTCOME_RESET;
	bool away = session->owner != WATCH_NONE
			    ? session->last_server != session->owner
			    : session->stray_at != session->answered_by;

	if (reset && away && session->stray_at != WATCH_NONE)
		return session->stray_at;
	ways_from_client(network, session, way);
	return way->last;
}

static uint32_t
owner_loss_ppm(void *context, const struct session *session)
{
	const struct witness *witness = context;
	const struct network *network = witness->network;
	const struct servers *servers = witness->servers;
	struct path way = path_begin();
	uint32_t server = site(network, session, &way), to = home(session);

	if (server >= servers_count(servers))
		return MILLION;
	if (to == WATCH_NONE)
		to = server;
	return way_tunnelled(witness, session, server, to, &way) &&
			       way_fits(witness, session, server, to, &way) &&
			       ways_to_client(network, session, to, &way)
		       ? path_loss_ppm(&way)
		       : MILLION;
}

/* Of one that nobody holds: is there anybody who could tell the server, its
 * owner, the server itself, or one at whom the owner could store? */
static bool
anybody_could_tell(const struct witness *witness, const struct session *session,
		   uint32_t server)
{
	const struct network *network = witness->network;
	uint8_t family = session->key.family;
	uint32_t owner = home(session);

	if (owner == WATCH_NONE)
		return true;
	for (uint32_t i = 0; i < servers_count(witness->servers); i++)
		if (servers_runs(witness->servers, i) &&
		    (i == owner || ways_exchange(network, family, owner, i)) &&
		    (i == server || ways_exchange(network, family, server, i)))
			return true;
	return false;
}

/* Of equal ways one may have lost its route, or swallow what it is given: then
 * questions whether an owner lives, which all go by one way, are not answered,
 * though a tunnel of other ports would come there. */
static bool
can_ask_owner(const struct witness *witness, const struct session *session,
	      uint32_t server)
{
	return session->outcome != OUTCOME_RESET ||
	       session->reset != CAUSE_RESET_SCHEME ||
	       home(session) == WATCH_NONE ||
	       ways_exchange(witness->network, session->key.family, server,
			     home(session));
}

static bool
holder_reachable(void *context, const struct session *session)
{
	const struct witness *witness = context;
	const struct network *network = witness->network;
	uint32_t count = servers_count(witness->servers), holders = 0;
	struct path arrival = path_begin();
	uint32_t server = site(network, session, &arrival);

	if (server == home(session))
		return true;
	if (server >= count || !can_ask_owner(witness, session, server))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!servers_holds(witness->servers, i, &session->key,
				   home(session)))
			continue;
		holders++;
		if (ways_exchange(network, session->key.family, server, i))
			return true;
	}
	return holders == 0 && anybody_could_tell(witness, session, server);
}

/* A death is known after watch_ns and half a second of tests (neighbours.h);
 * and records go elsewhere in another second. */
#define REPAIRED_NS (1500 * NS_PER_MS)
/* Where nobody watches, deaths are as much at once as elsewhere. */
#define UNWATCHED_NS (5 * NS_PER_S)

/* Since when its holders' deaths are no excuse for what ends now: they should
 * have been repaired when its last series of lookups began. */
static struct instant
repaired_until(const struct servers *servers, struct instant now)
{
	struct servers_tables tables = servers_tables(servers);
	int64_t repair_ns = tables.node_settings->watch_ns;

	if (repair_ns == 0) /* nothing is repaired */
		repair_ns = UNWATCHED_NS;
	return (struct instant){ now.ns - repair_ns - REPAIRED_NS -
				 tables.steer_settings->miss_deadline_ns -
				 tables.node_settings->lookup_deadline_ns };
}

/* The nearest to its key that holds it, its owner perhaps; UINT64_MAX: nobody
 * does. */
static uint64_t
nearest_holder(const struct servers *servers, const struct session *session,
	       const struct endpoints *endpoints, uint64_t position)
{
	uint64_t nearest = UINT64_MAX;

	for (uint32_t i = 0; i < servers_count(servers); i++) {
		uint64_t distance = position_distance(
			endpoints_position(endpoints, i), position);

		if (distance < nearest &&
		    servers_holds(servers, i, &session->key, home(session)))
			nearest = distance;
	}
	return nearest;
}

/* With fewer contacts in a bucket tables do not hold together: all of one may
 * be away at once, and nobody sees that a split has healed. */
#define BUCKET_LEAST 4

/* Was it placed in one half of a split, so that of those who should hold it its
 * owner knows none? */
static bool
is_misplaced(const struct servers *servers, const struct session *session)
{
	struct servers_tables tables = servers_tables(servers);
	const struct endpoints *endpoints = tables.parts->endpoints;
	uint32_t owner = home(session), closer = 0;

	if (tables.node_settings->k >= BUCKET_LEAST || owner == WATCH_NONE ||
	    !servers_runs(servers, owner))
		return false;
	uint64_t position = position_of_session(endpoints_placement(endpoints),
						&session->key);
	uint64_t nearest =
		nearest_holder(servers, session, endpoints, position);
	uint32_t known;
	if (nearest == UINT64_MAX ||
	    (table_closest(node_table(servers_view(servers, owner).node),
			   position, TABLE_LIVING, ENDPOINT_NONE, &known,
			   1) > 0 &&
	     position_distance(endpoints_position(endpoints, known), position) <
		     nearest))
		return false;
	for (uint32_t i = 0; i < servers_count(servers); i++)
		closer += i != owner && servers_runs(servers, i) &&
			  position_distance(endpoints_position(endpoints, i),
					    position) < nearest;
	return closer >= tables.node_settings->replicas;
}

static bool
bereft(void *context, const struct session *session, struct instant now)
{
	const struct servers *servers =
		((const struct witness *)context)->servers;
	struct instant from = repaired_until(servers, now);
	uint32_t lost = 0;

	if (is_misplaced(servers, session))
		return true;
	if (from.ns < session->opened.ns)
		from = session->opened;
	for (uint32_t i = 0; i < servers_count(servers); i++) {
		struct server_view view = servers_view(servers, i);

		if (servers_holds(servers, i, &session->key, home(session)))
			return false;
		lost += view.lost.ns != INSTANT_NEVER.ns &&
			!instant_before(view.lost, from);
	}
	return lost > 0 && lost >= session->replicas;
}

static bool
crowded(void *context, const struct session *session)
{
	const struct witness *witness = context;
	const struct connection *connection = transport_look(
		witness->transport,
		network_client_device(witness->network, session->client),
		&session->key);

	return connection != NULL && connection->crowded;
}

void
witness_init(struct witness *witness, const struct network *network,
	     const struct servers *servers, const struct transport *transport)
{
	*witness = (struct witness){
		.network = network,
		.servers = servers,
		.transport = transport,
		.verbs = {
			.context = witness,
			.owner_loss_ppm = owner_loss_ppm,
			.holder_reachable = holder_reachable,
			.bereft = bereft,
			.crowded = crowded,
		},
	};
}
