/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service.c - the service's sockets on each server, and the program behind
 *
 *	SYN -> accept: the scheme is told: opening, with each SYN-ACK
 *	       -> handshake complete: owned; store_after later the scheme is
 *					     told: opened
 *	request read -> GET: say the bytes; PUT: take them -> FIN
 *	socket gone (TIME_WAIT over, RST) -> the scheme is told: closed
 *
 * Of handshakes that are not complete a server keeps SYN_COOKIE_BACKLOG; what
 * comes then is answered by a cookie (syn_cookie.h).
 *
 * The scheme hears of the end only when the very socket is gone: a FIN that the
 * client sends again may stray like any other packet.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/wire/build.h"
#include "core/wire/protocol.h"
#include "core/wire/tcp.h"
#include "sim/host/server_state.h"
#include "sim/host/syn_cookie.h"
#include "sim/model/request.h"

static void
remove_request(struct servers *servers, uint32_t index)
{
	assert(servers->servers[index].requests > 0);
	servers->servers[index].requests--;
}

/* The handshake is complete. */
static void
opened(struct servers *servers, struct instant now,
       struct connection *connection)
{
	connection->opened = true;
	remove_request(servers, connection->device);
	connection->flow = workload_find(servers->workload, &connection->key);
	connection->version = cluster_version(servers, now, connection->device);
	connection->publish_at = instant_after(
		now, servers->settings->service.steer.store_after_ns);
	servers->servers[connection->device].counters.accepted++;
	if (connection->flow != WATCH_NONE)
		workload_owned(servers->workload, connection->flow,
			       connection->device);
}

/* The request is there: who it is, and what it wants. */
static void
answer(struct servers *servers, struct instant now,
       struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;
	struct request request;

	connection->asked = true;
	if (!request_decode(&request, tcp->receive.head)) {
		tcp_abort(tcp);
		return;
	}
	connection->upload = request.upload;
	connection->bytes_wanted = request.bytes;
	if (request.upload)
		return;
	tcp->send.seed = tcp->receive.seed + 1;
	transport_say(connection, now, request.bytes, request.pace_bps,
		      servers->settings->clients.pace_chunk_bytes);
}

static void
take_upload(struct servers *servers, struct instant now,
	    struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;

	if (connection->flow != WATCH_NONE) {
		if (tcp->corrupt)
			workload_close(servers->workload, now, connection->flow,
				       OUTCOME_CORRUPT);
		else
			workload_progress(servers->workload, now,
					  connection->flow,
					  tcp->receive.bytes - REQUEST_BYTES);
	}
	if (tcp->receive.finished)
		tcp_finish(tcp);
}

/* The program: read, answer, close. */
static void
serve(struct servers *servers, struct instant now,
      struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;

	if (!connection->asked && tcp->receive.bytes >= REQUEST_BYTES)
		answer(servers, now, connection);
	if (connection->asked && connection->upload)
		take_upload(servers, now, connection);
	tcp_read(tcp, tcp_readable(tcp));
	/* A client that went away before it asked. */
	if (tcp->receive.finished && !connection->source.running)
		tcp_finish(tcp);
}

void
service_publish(struct servers *servers, struct instant now, uint32_t index,
		uint32_t flow, const struct session_key *key,
		struct version version)
{
	bool admitted = server_agent_opened(servers->server_agents, now, index,
					    key, version) == 0;

	servers->servers[index].counters.set_refused += !admitted;
	if (flow != WATCH_NONE)
		workload_admitted(servers->workload, flow, admitted);
}

/* After every change of a connection. Telling the scheme may deliver held
 * packets to the same connection and end it, so it comes last and by value. */
static void
advance(struct servers *servers, struct instant now,
	struct connection *connection)
{
	struct server_agents *server_agents = servers->server_agents;
	struct tcp *tcp = &connection->tcp;
	struct session_key key = connection->key;
	uint32_t index = connection->device;

	if (!connection->opened && tcp->state >= TCP_STATE_ESTABLISHED)
		opened(servers, now, connection);
	if (connection->opened && tcp->error == TCP_ERROR_NONE)
		serve(servers, now, connection);
	/* Over before store_after: the scheme never hears of it. */
	if (tcp->state == TCP_STATE_TIME_WAIT && !connection->published)
		connection->publish_at = INSTANT_NEVER;
	bool due = connection->opened && !connection->published &&
		   !instant_before(now, connection->publish_at);
	if (due) {
		connection->published = true;
		connection->publish_at = INSTANT_NEVER;
	}
	bool again = tcp->state == TCP_STATE_SYN_RECEIVED && tcp->nxt == 0 &&
		     connection->opening;
	transport_flush(servers->transport, now, connection);
	struct version version = connection->version;
	if (tcp->state == TCP_STATE_CLOSED && tcp->error != TCP_ERROR_NONE &&
	    connection->flow != WATCH_NONE)
		workload_owner_closed(servers->workload, connection->flow,
				      index);
	if (tcp->state == TCP_STATE_CLOSED) {
		bool told =
			connection->opening || (connection->published && !due);
		if (!connection->opened)
			remove_request(servers, index);
		transport_remove(servers->transport, connection);
		if (told)
			server_agent_closed(server_agents, now, index, &key);
	} else if (due) {
		service_publish(servers, now, index, connection->flow, &key,
				version);
	} else if (again) {
		(void)server_agent_opening(
			server_agents, now, index, &key,
			cluster_version(servers, now, index));
	}
}

/* The workload, of a packet for a socket: whose it is, as far as numbers do not
 * matter, and whether the socket answers with a RST; what its own says is the
 * end of it. A SYN is no packet of a session that is established, and anybody
 * can send one. */
static void
tell(const struct servers *servers, struct instant now, uint32_t index,
     bool syn, const struct connection *connection)
{
	const struct workload *workload = servers->workload;
	const struct tcp *tcp = &connection->tcp;
	bool half = tcp->state == TCP_STATE_SYN_RECEIVED;
	uint32_t flow = connection->flow;

	/* Of an earlier session, or not known yet: that of the key now. */
	if (flow == WATCH_NONE ||
	    workload_session(workload, flow)->state != SESSION_OPEN)
		flow = workload_find(workload, &connection->key);
	/* With this packet the handshake is complete: it will be the owner. */
	if (flow == WATCH_NONE || (!half && !connection->opened))
		return;
	bool own = !half && flow == connection->flow &&
		   workload_session(workload, flow)->owner == index;
	if (!syn)
		workload_taken(servers->workload, now, flow, index,
			       half ? CAUSE_SOCKET_HALF : CAUSE_SOCKET_OLD);
	if (tcp->reset_due && !own)
		workload_reset_sent(servers->workload, &connection->key, index,
				    half ? CAUSE_RESET_HALF : CAUSE_RESET_OLD);
}

/* ---- SYNs, and what a listener makes of them ---- */

static struct connection *
add_request(struct servers *servers, uint32_t index,
	    const struct session_key *key)
{
	struct connection *connection =
		transport_add(servers->transport, index, key);

	servers->servers[index].requests++;
	return connection;
}

static void
begin(struct connection *connection)
{
	tcp_closes(&connection->tcp);
	tcp_expect_head(&connection->tcp, REQUEST_BYTES);
}

/* The SYN that is answered: is it its client's, or did somebody forge it? What
 * becomes of that says nothing of the session. */
static bool
is_clients(const struct servers *servers, const struct session_key *key,
	   const struct packet *syn)
{
	uint32_t flow = workload_find(servers->workload, key);

	if (flow == WATCH_NONE)
		return false;
	const struct session *session =
		workload_session(servers->workload, flow);
	uint32_t client =
		network_client_device(servers->network, session->client);
	return syn->tcp_seq == transport_iss(session->opened, key, client);
}

/* Its SYN was answered: the scheme may store it. */
static void
opening(struct servers *servers, struct instant now,
	struct connection *connection, const struct packet *syn)
{
	const struct session_key key = connection->key;
	uint32_t index = connection->device;

	connection->opening = true;
	if (server_agent_opening(servers->server_agents, now, index, &key,
				 cluster_version(servers, now, index)) != 0 &&
	    is_clients(servers, &key, syn))
		workload_skipped(servers->workload, &key);
}

/* Not its client's, but of the same key: another SYN's request has its place.
 * TCP answers by an ACK, and its client that by a RST, which makes room. */
static void
bar_look(const struct servers *servers, const struct connection *connection,
	 const struct packet *syn)
{
	const struct tcp *tcp = &connection->tcp;

	if (tcp->state == TCP_STATE_SYN_RECEIVED && syn->tcp_seq != tcp->irs &&
	    is_clients(servers, &connection->key, syn))
		workload_barred(servers->workload, &connection->key, tcp->irs);
}

static void
accept_session(struct servers *servers, struct instant now, uint32_t index,
	       const struct session_key *key, uint32_t iss,
	       const uint8_t *bytes, const struct packet *packet)
{
	struct connection *connection = add_request(servers, index, key);

	transport_accept(servers->transport, now, connection, iss, bytes,
			 packet);
	begin(connection);
	if (is_clients(servers, key, packet))
		workload_answered(servers->workload, now, key, index);
	transport_flush(servers->transport, now, connection);
	opening(servers, now, connection, packet);
}

/* There are too many requests: answer, and remember nothing. */
static void
send_cookie(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key, const uint8_t *bytes,
	    const struct packet *packet)
{
	struct server *server = &servers->servers[index];

	server->cookies_until = instant_after(now, SYN_COOKIE_VALID_NS);
	server->cookies_sent++;
	if (is_clients(servers, key, packet)) {
		workload_answered(servers->workload, now, key, index);
		workload_skipped(servers->workload, key);
	}
	transport_answer(servers->transport, now, index, key, bytes, packet);
}

bool
service_made_cookie(const struct servers *servers, uint32_t index,
		    const struct session_key *key, const struct packet *packet)
{
	struct instant now = queue_now(servers->queue);

	return instant_before(now, servers->servers[index].cookies_until) &&
	       packet->dst_port == servers->settings->service.port &&
	       syn_cookie_is_right(now, index, key, packet);
}

/* The connection that a cookie stands for; NULL: the segment has none. */
static struct connection *
take_cookie(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key, const struct packet *packet)
{
	struct connection *connection;

	if (!service_made_cookie(servers, index, key, packet))
		return NULL;
	connection = add_request(servers, index, key);
	transport_restore(servers->transport, now, connection, packet);
	begin(connection);
	servers->servers[index].cookies_taken++;
	return connection;
}

/* A SYN that no connection wants. again: one in TIME_WAIT gave way to it, and
 * iss is the number to begin with. */
static void
take_syn(struct servers *servers, struct instant now, uint32_t index,
	 const struct session_key *key, bool again, uint32_t iss,
	 const uint8_t *bytes, const struct packet *packet)
{
	const struct server *server = &servers->servers[index];

	if (packet->tcp_flags & TCP_FIN)
		return; /* tcp_rcv_state_process(): LISTEN discards it */
	if (again)
		accept_session(servers, now, index, key, iss, bytes, packet);
	else if (server->requests >= SYN_COOKIE_BACKLOG)
		send_cookie(servers, now, index, key, bytes, packet);
	else
		accept_session(servers, now, index, key,
			       transport_iss(now, key, index), bytes, packet);
}

/* ---- what comes ---- */

static void
deliver_segment(struct servers *servers, struct instant now, uint32_t index,
		const uint8_t *bytes, const struct packet *packet,
		bool forwarded)
{
	struct server *server = &servers->servers[index];
	bool syn =
		(packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
	struct session_key key;

	if (packet_session(packet, false, &key) != DROP_NONE)
		return;
	struct connection *connection =
		transport_find(servers->transport, index, &key);
	uint32_t iss = 0;
	bool again = connection != NULL && syn &&
		     tcp_reopens(&connection->tcp, packet, &iss);
	if (again) {
		bool told = connection->opening || connection->published;
		transport_remove(servers->transport, connection);
		if (told)
			server_agent_closed(servers->server_agents, now, index,
					    &key);
		connection = NULL;
	}
	if (connection == NULL && !syn)
		connection = take_cookie(servers, now, index, &key, packet);
	if (connection != NULL) {
		if (connection->flow != WATCH_NONE && !forwarded)
			workload_home(servers->workload, connection->flow);
		if (syn)
			bar_look(servers, connection, packet);
		transport_receive(servers->transport, now, connection, bytes,
				  packet);
		tell(servers, now, index, syn, connection);
		advance(servers, now, connection);
		return;
	}
	if (syn && packet->dst_port == servers->settings->service.port) {
		take_syn(servers, now, index, &key, again, iss, bytes, packet);
		return;
	}
	/* The plain kernel's answer. Homeward lets no such packet through. */
	workload_stray(servers->workload, now, &key, index);
	workload_reset_sent(servers->workload, &key, index, CAUSE_RESET_KERNEL);
	if (server_agent_reset(servers->server_agents, now, index, packet))
		server->counters.resets_sent++;
}

void
service_deliver(struct servers *servers, struct instant now, uint32_t index,
		const uint8_t *bytes, uint32_t size,
		const struct packet *packet, bool forwarded)
{
	/* What arrived by itself was verified by servers_deliver(). */
	bool verified = packet != NULL && !forwarded;
	enum drop drop = DROP_NONE;
	struct packet parsed;

	if (packet == NULL) {
		drop = packet_parse(bytes, size, &parsed);
		packet = &parsed;
	}
	if (drop != DROP_NONE ||
	    (!verified && !packet_checksum_ok(bytes, packet))) {
		servers->servers[index].counters.bad_packets++;
		return;
	}
	if (packet->fragment_offset > 0 || packet->mf) {
		bytes = reassembly_add(servers->reassembly, now, index, bytes,
				       packet, &size);
		if (bytes != NULL)
			service_deliver(servers, now, index, bytes, size, NULL,
					forwarded);
		return;
	}
	if (packet->icmp_error) {
		struct connection *connection = transport_error(
			servers->transport, index, true, bytes, packet);
		if (connection != NULL)
			advance(servers, now, connection);
	} else if (packet->transport && packet->protocol == IP_TCP) {
		deliver_segment(servers, now, index, bytes, packet, forwarded);
	} else {
		servers->servers[index].counters.no_socket++;
	}
}

void
service_timer(struct servers *servers, struct instant now,
	      struct connection *connection)
{
	transport_expire(connection, now);
	advance(servers, now, connection);
}
