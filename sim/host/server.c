/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.c - what comes to a server, and how it joins, leaves and is measured
 */
#include "sim/host/server.h"

#include "core/wire/build.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/host/seeds.h"
#include "sim/host/server_state.h"

/* ---- what its agent asks and tells ---- */

static enum ownership
whose(void *context, uint32_t index,
      const struct classification *classification)
{
	const struct servers *servers = context;
	const struct connection *connection =
		transport_find(servers->transport, index, &classification->key);

	if (connection == NULL) {
		bool mine = classification->kind == CLASSIFICATION_SEGMENT &&
			    service_made_cookie(servers, index,
						&classification->key,
						&classification->packet);
		return mine ? OWNERSHIP_MINE : OWNERSHIP_STRAY;
	}
	if (classification->kind == CLASSIFICATION_LATER)
		return OWNERSHIP_MINE;
	struct ownership_socket socket = tcp_ownership(&connection->tcp);
	if (classification->kind == CLASSIFICATION_ERROR)
		return ownership_of_quote(&socket, classification->quoted_seq);
	struct ownership_segment segment =
		ownership_segment_of(&classification->packet);
	return ownership_of(&socket, &segment);
}

static void
deliver(void *context, struct instant now, uint32_t index, const uint8_t *bytes,
	uint32_t size, const struct packet *packet, enum server_agent_way way)
{
	service_deliver(context, now, index, bytes, size, packet,
			way == SERVER_AGENT_TUNNELLED);
}

static uint32_t
flow(void *context, const struct session_key *key)
{
	const struct servers *servers = context;

	return workload_find(servers->workload, key);
}

/* Who owns a key, as no server can know it. */
static struct truth
truth_of(const struct servers *servers, const struct session_key *key,
	 uint32_t flow)
{
	struct truth truth = {
		.owner = WATCH_NONE,
		.published = INSTANT_NEVER,
		.removed = INSTANT_NEVER,
	};

	if (!truths_get(servers->truths, key, &truth) && flow != WATCH_NONE)
		truth.owner = workload_session(servers->workload, flow)->owner;
	if (truth.owner != WATCH_NONE)
		truth.published = servers_published(servers, truth.owner, key);
	return truth;
}

/* A lookup past its owner that missed says nothing of the owner. */
static bool
is_past(const struct node_event *event)
{
	return event->kind == NODE_MISSED && event->asker == NODE_ASKER_SILENT;
}

/* Was it that session's handshake, or it itself, that a server has stored? Its
 * client may have begun it while an earlier one by its port is there yet, and
 * anybody may have forged a SYN. */
static bool
is_its_own(const struct servers *servers, uint32_t server, uint32_t flow)
{
	const struct session *session =
		workload_session(servers->workload, flow);
	const struct connection *connection =
		transport_look(servers->transport, server, &session->key);

	if (connection == NULL)
		return false;
	if (connection->opened)
		return connection->flow == flow;
	uint32_t client =
		network_client_device(servers->network, session->client);
	return connection->tcp.irs ==
	       transport_iss(session->opened, &session->key, client);
}

/* The workload, of a session that was stored or looked up. Lookups from
 * elsewhere than where it strays are not about its packets. */
static void
tell(const struct servers *servers, const struct watch_measurement *m,
     const struct node_event *event)
{
	enum cause_search search = CAUSE_SEARCH_FOUND;

	if (m->metric == METRIC_SETTING_FIRST && m->ok &&
	    is_its_own(servers, m->node, m->flow))
		workload_stored(servers->workload, m->flow, event->replicas);
	if (m->metric != METRIC_LOOKUP || is_past(event))
		return;
	if (event->kind == NODE_MISSED)
		search = event->ok ? CAUSE_SEARCH_MISSED : CAUSE_SEARCH_UNSURE;
	workload_search(servers->workload, queue_now(servers->queue), m->flow,
			m->node, search);
}

static void
measured(void *context, const struct watch_measurement *measurement,
	 const struct node_event *event)
{
	const struct servers *servers = context;
	struct watch_measurement m = *measurement;

	if (m.metric == METRIC_LOOKUP && !is_past(event)) {
		struct truth truth = truth_of(servers, &event->key, m.flow);
		truth_judge(&truth,
			    event->record_count > 0 ? event->records[0].owner
						    : WATCH_NONE,
			    &m);
	}
	if (m.flow != WATCH_NONE)
		tell(servers, &m, event);
	if (servers->watch->measurement != NULL)
		servers->watch->measurement(servers->watch->context, &m);
}

static void
learned(void *context, struct instant now, uint32_t index,
	const struct node_event *event)
{
	const struct servers *servers = context;

	/* Not acknowledged everywhere, it may be found for a while. */
	if (event->kind == NODE_REMOVED && event->ok)
		truths_removed(servers->truths, &event->key, now);
	if (servers->listener != NULL)
		servers->listener->learned(servers->listener->context, now,
					   index, event);
}

/* Why a stray was dropped before anybody was asked whose it is. */
static bool
is_refusal(enum drop drop)
{
	switch (drop) {
	case DROP_HOLD_FLOW:
	case DROP_HOLD_BYTES:
	case DROP_FLOWS:
	case DROP_RATE_PREFIX:
	case DROP_RATE_ALL:
	case DROP_LOOKUPS:
	case DROP_OUTBOX:
		return true;
	default:
		return false;
	}
}

static void
strayed(const struct servers *servers, struct instant now, uint32_t index,
	const struct scheme_result *result)
{
	struct workload *workload = servers->workload;
	uint32_t flow = workload_find(workload, &result->key);

	workload_stray(workload, now, &result->key, index);
	if (flow == WATCH_NONE)
		return;
	if (result->verdict == SCHEME_HOLD && result->first)
		workload_search(workload, now, flow, index, CAUSE_SEARCH_HELD);
	else if (result->verdict == SCHEME_DROP && is_refusal(result->drop))
		workload_search(workload, now, flow, index,
				CAUSE_SEARCH_REFUSED);
}

/* The scheme has found no owner, and says so to the client. */
static void
answering(void *context, const uint8_t *bytes, uint32_t size)
{
	const struct servers *servers = context;
	struct packet packet;
	struct session_key key;

	if (packet_parse(bytes, size, &packet) == DROP_NONE &&
	    packet.transport && packet.protocol == IP_TCP &&
	    packet.tcp_flags & TCP_RST &&
	    packet_session(&packet, true, &key) == DROP_NONE)
		workload_reset_sent(servers->workload, &key, WATCH_NONE,
				    CAUSE_RESET_SCHEME);
}

/* A RST of a client that has not sent the SYN which was answered comes to a
 * server. A killed daemon's could not pass it on. */
static void
unwanted(const struct servers *servers, uint32_t index,
	 const struct packet *packet)
{
	struct session_key key;

	if (packet->transport && packet->protocol == IP_TCP &&
	    packet->tcp_flags & TCP_RST &&
	    !servers->servers[index].server_agent->stopped &&
	    packet_session(packet, false, &key) == DROP_NONE)
		workload_unwanted(servers->workload, &key, packet->tcp_seq - 1);
}

static void
decided(void *context, struct instant now, uint32_t index, const uint8_t *bytes,
	const struct packet *packet, const struct scheme_result *result)
{
	struct servers *servers = context;
	struct server_counters *counters = &servers->servers[index].counters;

	(void)bytes;
	unwanted(servers, index, packet);
	if (servers->listener != NULL)
		servers->listener->decided(servers->listener->context, now,
					   index, result);
	if (result->stray && !packet->icmp_error)
		strayed(servers, now, index, result);
	counters->steer_drops += result->verdict == SCHEME_DROP;
}

static void
receiving(void *context, struct instant now)
{
	const struct servers *servers = context;

	if (servers->repairs != NULL)
		repairs_receiving(servers->repairs, now);
}

static void
received(void *context, struct instant now, uint32_t index,
	 const uint8_t *bytes, uint32_t size)
{
	const struct servers *servers = context;

	if (servers->repairs != NULL)
		repairs_received(servers->repairs, now, index, bytes, size);
}

static uint32_t
seeds(void *context, uint32_t index, uint32_t *drawn)
{
	const struct servers *servers = context;

	return seeds_draw(servers->server_agents, &servers->servers[index].rng,
			  index, drawn, SERVER_AGENT_SEEDS);
}

static void
expect(void *context, uint32_t index)
{
	const struct servers *servers = context;
	const uint8_t *node =
		servers->node_memory + servers->node_bytes * index;

	__builtin_prefetch(&servers->servers[index]);
	for (unsigned i = 0; i < 10; i++)
		__builtin_prefetch(node + 64 * i);
}

static const struct server_agent_owner owner = {
	.expect = expect,
	.whose = whose,
	.seeds = seeds,
	.deliver = deliver,
	.flow = flow,
	.measured = measured,
	.learned = learned,
	.receiving = receiving,
	.received = received,
	.decided = decided,
	.answering = answering,
};

/* A segment of the stack's. */
static void
segment_sent(void *context, struct instant now, uint32_t device, uint8_t *bytes,
	     uint32_t size)
{
	const struct servers *servers = context;

	if (device < servers->count)
		server_agent_sent(servers->server_agents, now, device, bytes,
				  size);
}

struct servers *
servers_create(const struct settings *settings, const struct scheme *scheme,
	       struct network *network, struct queue *queue,
	       const struct watch *watch, struct workload *workload,
	       struct transport *transport)
{
	struct servers *servers =
		cluster_create(settings, scheme, &owner, network, queue, watch,
			       workload, transport);

	if (scheme->sent != NULL)
		transport_sent(transport, segment_sent, servers);
	return servers;
}

void
servers_listen(struct servers *servers, const struct servers_listener *listener)
{
	servers->listener = listener;
}

/* ---- what comes ---- */

void
servers_deliver(struct servers *servers, struct instant now, uint32_t index,
		uint8_t port, const uint8_t *bytes, uint32_t size)
{
	struct server *server = &servers->servers[index];
	struct packet packet;

	if (!server->alive)
		return;
	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &packet)) {
		server->counters.bad_packets++;
		return;
	}
	if (server_agent_arrive(servers->server_agents, now, index, port, bytes,
				&packet) ||
	    rpcs_receive(servers->rpcs, now, index, bytes, &packet) ||
	    network_echo(servers->network, index, bytes, &packet))
		return;
	server->counters.no_socket++;
	if (packet.transport && packet.protocol == IP_UDP)
		network_refuse(servers->network, index, bytes, &packet);
}

/* What it holds for others goes to those who come after it. */
static bool
has_handed_over(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];
	struct node *node = server->server_agent->node;

	if (!server->handing) {
		server->handing = true;
		server->handing_until = instant_after(now, SERVER_HAND_OVER_NS);
		(void)server_agent_begin(servers->server_agents);
		node_hand_over(node, now);
		server_agent_end(servers->server_agents, now, index);
	}
	return node_handed_over(node) ||
	       !instant_before(now, server->handing_until);
}

static void
poll_leaving(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];
	struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = SERVER_LEAVE,
		.a = server->server_agent->incarnation,
	};

	if (transport_count(servers->transport, index) > 0 ||
	    !has_handed_over(servers, now, index)) {
		queue_schedule(servers->queue, index, SERVER_POLL_NS, &event);
		return;
	}
	/* The daemon ends with its last words; the host has to send them. */
	struct outbox *outbox = server_agent_begin(servers->server_agents);
	node_leave(server->server_agent->node, now, outbox);
	server_agent_end(servers->server_agents, now, index);
	servers_daemon_kill(servers, index);
	event.code = SERVER_OFF;
	queue_schedule(servers->queue, index, SERVER_POLL_NS, &event);
}

void
servers_event(struct servers *servers, struct instant now,
	      const struct event *event)
{
	uint32_t index = event->destination;
	struct server *server = &servers->servers[index];

	switch (event->code) {
	case SERVER_JOIN:
		servers_up(servers, now, index);
		break;
	case SERVER_LEAVE:
		/* Not of an earlier life. */
		if (server->alive && !server->server_agent->stopped &&
		    server->leaving &&
		    event->a == server->server_agent->incarnation)
			poll_leaving(servers, now, index);
		break;
	case SERVER_OFF:
		/* Unless its daemon was started again meanwhile. */
		if (server->alive && server->server_agent->stopped &&
		    event->a == server->server_agent->incarnation)
			servers_crash(servers, index);
		break;
	default:
		server_agent_event(servers->server_agents, now, event,
				   server->alive);
	}
}

bool
servers_set(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key)
{
	struct server *server = &servers->servers[index];
	struct version version = cluster_version(servers, now, index);

	truths_set(servers->truths, key, index);
	struct outbox *outbox = server_agent_begin(servers->server_agents);
	int result =
		node_set(server->server_agent->node, now, key, version, outbox);
	server_agent_end(servers->server_agents, now, index);
	if (result != 0)
		server->counters.set_refused++;
	return result == 0;
}

bool
servers_remove(struct servers *servers, struct instant now, uint32_t index,
	       const struct session_key *key)
{
	if (!servers_owns(servers, index, key))
		return false;
	struct outbox *outbox = server_agent_begin(servers->server_agents);
	int result = node_remove_announced(
		servers->servers[index].server_agent->node, now, key, outbox);
	server_agent_end(servers->server_agents, now, index);
	return result == 0;
}

struct instant
servers_published(const struct servers *servers, uint32_t index,
		  const struct session_key *key)
{
	const struct server *server = &servers->servers[index];

	if (!server->alive || server->server_agent->stopped)
		return INSTANT_NEVER;
	return node_published(server->server_agent->node, key);
}

bool
servers_owns(const struct servers *servers, uint32_t index,
	     const struct session_key *key)
{
	const struct server *server = &servers->servers[index];

	return server->alive && !server->server_agent->stopped &&
	       node_owns(server->server_agent->node, key, NULL);
}

bool
servers_owns_half_open(const struct servers *servers, uint32_t index,
		       const struct session_key *key)
{
	const struct server *server = &servers->servers[index];

	return server->alive && !server->server_agent->stopped &&
	       node_owns_half_open(server->server_agent->node, key);
}

bool
servers_get(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key)
{
	struct server *server = &servers->servers[index];
	node_ticket ticket;

	struct outbox *outbox = server_agent_begin(servers->server_agents);
	int result =
		node_get(server->server_agent->node, now, key, NODE_ASKER_LOAD,
			 NULL, 0, OUTBOX_ANY_UPLINK, &ticket, outbox);
	server_agent_end(servers->server_agents, now, index);
	if (result != 0)
		server->counters.get_refused++;
	return result == 0;
}

void
servers_up(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive) {
		server->server_agent->incarnation++;
		cluster_start(servers, index);
		network_device_set(servers->network, index, true);
		network_announce(servers->network, index, true);
	} else if (server->server_agent->stopped) {
		/* It had said goodbye, and is asked back before it is off. */
		if (server->leaving)
			servers_drain(servers, index, false);
		server->leaving = false;
		servers_daemon_start(servers, now, index);
		return;
	} else if (server->leaving) {
		/* Nor had it said that: it stays. */
		server->leaving = server->handing = false;
		servers_drain(servers, index, false);
		return;
	}
	server_agent_join(servers->server_agents, now, index);
}

/* As a live daemon takes stock: sessions that wait for their end only are not
 * told again, and young ones when they are old enough (store_after); of those
 * that are not established yet that a SYN was answered. */
static void
republish(struct servers *servers, struct instant now, uint32_t index)
{
	struct server_agents *agents = servers->server_agents;
	const struct connection *next = NULL;

	while ((next = transport_next(servers->transport, index, next)) !=
	       NULL) {
		if (next->rpc || next->tcp.state == TCP_STATE_TIME_WAIT)
			continue;
		if (next->opening && !next->opened)
			(void)server_agent_opening(
				agents, now, index, &next->key,
				cluster_version(servers, now, index));
		else if (next->published)
			service_publish(servers, now, index, next->flow,
					&next->key, next->version);
	}
}

void
servers_daemon_start(struct servers *servers, struct instant now,
		     uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive || !server->server_agent->stopped)
		return;
	bool leaving = server->leaving;
	server->server_agent->incarnation++;
	cluster_start(servers, index);
	server_agent_join(servers->server_agents, now, index);
	republish(servers, now, index);
	/* Its operator has not changed their mind. */
	if (leaving) {
		server->leaving = true;
		poll_leaving(servers, now, index);
	}
}

void
servers_drain(struct servers *servers, uint32_t index, bool drain)
{
	network_announce(servers->network, index, !drain);
}

void
servers_leave(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive || server->server_agent->stopped || server->leaving)
		return;
	server->leaving = true;
	servers_drain(servers, index, true);
	poll_leaving(servers, now, index);
}
