/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.c - connect, ask, read or write, close
 */
#include "sim/host/client.h"

#include <stdlib.h>
#include <string.h>

#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "sim/engine/random_stream.h"
#include "sim/model/request.h"

#define PORT_FIRST 32768u /* Linux's ephemeral ports */
#define PORT_COUNT 28232u

struct client {
	uint32_t port; /* next, counted from PORT_FIRST */
	uint32_t *ended; /* ports of ended sessions, last in first out */
	uint32_t ended_count, ended_capacity;
	uint64_t resets_received, resets_sent, bad_packets, no_port;
};

struct clients {
	const struct settings *settings;
	struct network *network;
	struct queue *queue;
	const struct watch *watch;
	struct workload *workload;
	struct transport *transport;
	uint32_t count, next_flow;
	struct client *hosts;
	uint64_t unclaimed; /* packets for addresses of nobody */
};

struct clients *
clients_create(const struct settings *settings, struct network *network,
	       struct queue *queue, const struct watch *watch,
	       struct workload *workload, struct transport *transport)
{
	struct clients *clients = calloc(1, sizeof(*clients));

	if (clients == NULL)
		abort();
	*clients = (struct clients){
		.settings = settings,
		.network = network,
		.queue = queue,
		.watch = watch,
		.workload = workload,
		.transport = transport,
		.count = settings->fabric.clients,
		.hosts = calloc((size_t)settings->fabric.clients + 1,
				sizeof(struct client)),
	};
	if (clients->hosts == NULL)
		abort();
	for (uint32_t i = 0; i < clients->count; i++) {
		struct rng rng = stream_rng(settings->seed, STREAM_CLIENT, i);
		clients->hosts[i].port = (uint32_t)rng_below(&rng, PORT_COUNT);
	}
	return clients;
}

void
clients_destroy(struct clients *clients)
{
	if (clients == NULL)
		return;
	for (uint32_t i = 0; i < clients->count; i++)
		free(clients->hosts[i].ended);
	free(clients->hosts);
	free(clients);
}

static void
schedule_arrival(struct clients *clients)
{
	struct event event = {
		.class = EVENT_TIMER,
		.kind = EVENT_WORKLOAD,
		.code = WORKLOAD_ARRIVAL,
	};
	int64_t wait_ns;

	if (workload_next(clients->workload, &clients->next_flow, &wait_ns))
		queue_schedule(clients->queue, 0, wait_ns, &event);
}

void
clients_start(struct clients *clients)
{
	schedule_arrival(clients);
}

static struct client *
host_of(struct clients *clients, uint32_t device)
{
	uint32_t first = network_client_device(clients->network, 0);

	return &clients->hosts[device - first];
}

/* A port that no connection of this host has; one in TIME_WAIT gives way to
 * its reuse. All taken: false. */
static bool
choose_port(struct clients *clients, uint32_t device, struct tcp_names *names,
	    struct session_key *key)
{
	struct client *client = host_of(clients, device);

	if (clients->settings->clients.reuse_ports && client->ended_count > 0) {
		names->local_port =
			(uint16_t)client->ended[--client->ended_count];
		transport_key(names, key);
		struct connection *old =
			transport_find(clients->transport, device, key);
		if (old != NULL && old->tcp.state == TCP_STATE_TIME_WAIT) {
			transport_remove(clients->transport, old);
			old = NULL;
		}
		if (old == NULL)
			return true;
	}
	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		names->local_port = (uint16_t)(PORT_FIRST + client->port);
		client->port = (client->port + 1) % PORT_COUNT;
		transport_key(names, key);
		if (transport_find(clients->transport, device, key) == NULL)
			return true;
	}
	return false;
}

static void
open_session(struct clients *clients, struct instant now, uint32_t flow)
{
	const struct client_settings *wishes = &clients->settings->clients;
	const struct session *session =
		workload_session(clients->workload, flow);
	uint8_t family = clients->settings->service.family;
	uint32_t device =
		network_client_device(clients->network, session->client);
	struct tcp_names names = {
		.local = network_host_address(clients->network, device, family),
		.remote = network_service_address(clients->network, family),
		.remote_port = clients->settings->service.port,
	};
	struct request request = {
		.upload = wishes->direction == DIRECTION_UPLOAD,
		.flow = flow,
		.bytes = session->bytes_wanted,
		.pace_bps = wishes->pace_bps,
	};
	uint8_t head[REQUEST_BYTES];
	struct session_key key;

	if (!choose_port(clients, device, &names, &key)) {
		/* It stays planned: as many sessions as ports. */
		host_of(clients, device)->no_port++;
		return;
	}
	struct connection *connection =
		transport_add(clients->transport, device, &key);
	connection->flow = flow;
	connection->upload = request.upload;
	connection->bytes_wanted = request.bytes;
	workload_open(clients->workload, now, flow, &key);
	tcp_connect(&connection->tcp, transport_settings(clients->transport),
		    &names, transport_iss(now, &key, device));
	request_encode(&request, head);
	tcp_expect_seed(&connection->tcp,
			tcp_head_seed(head, REQUEST_BYTES) + 1);
	tcp_write_head(&connection->tcp, head, REQUEST_BYTES);
	transport_flush(clients->transport, now, connection);
}

void
clients_arrival(struct clients *clients, struct instant now)
{
	open_session(clients, now, clients->next_flow);
	schedule_arrival(clients);
}

static void
port_ended(struct client *client, uint16_t port)
{
	if (client->ended_count == client->ended_capacity) {
		client->ended_capacity = client->ended_capacity * 2 + 16;
		client->ended =
			realloc(client->ended, client->ended_capacity *
						       sizeof(*client->ended));
		if (client->ended == NULL)
			abort();
	}
	client->ended[client->ended_count++] = port;
}

/* What the user would call this session's fate, once there is one. */
static bool
fate(const struct clients *clients, const struct connection *connection,
     enum outcome *outcome)
{
	const struct tcp *tcp = &connection->tcp;
	const struct session *session =
		workload_session(clients->workload, connection->flow);
	uint64_t arrived =
		connection->upload ? session->bytes : tcp->receive.bytes;

	bool ended = tcp->receive.finished;

	if (tcp->corrupt || (ended && arrived != connection->bytes_wanted))
		*outcome = OUTCOME_CORRUPT;
	else if (ended)
		*outcome = OUTCOME_CLOSED;
	else if (tcp->error == TCP_ERROR_RESET ||
		 tcp->error == TCP_ERROR_REFUSED)
		*outcome = OUTCOME_RESET;
	else if (tcp->state == TCP_STATE_CLOSED)
		*outcome = OUTCOME_TIMEOUT;
	else
		return false;
	return true;
}

/* Its handshake is over: with which of the servers that answered its SYN? The
 * number tells; a cookie's nobody has any more. */
static void
opened(struct clients *clients, struct connection *connection)
{
	struct workload *workload = clients->workload;
	uint32_t flow = connection->flow;

	connection->opened = true;
	if (!workload_session(workload, flow)->rivals)
		return;
	for (uint32_t i = 0; i < network_client_device(clients->network, 0);
	     i++) {
		const struct connection *end =
			transport_look(clients->transport, i, &connection->key);

		if (end != NULL && end->tcp.iss == connection->tcp.irs)
			workload_accepted(workload, flow, i);
	}
}

/* After every change of a connection: application, books, output. */
static void
advance(struct clients *clients, struct instant now,
	struct connection *connection)
{
	struct tcp *tcp = &connection->tcp;
	enum outcome outcome;

	if (!connection->opened && tcp->state >= TCP_STATE_ESTABLISHED)
		opened(clients, connection);
	if (connection->upload && !connection->asked &&
	    tcp->state == TCP_STATE_ESTABLISHED) {
		connection->asked = true;
		transport_say(connection, now, connection->bytes_wanted,
			      clients->settings->clients.pace_bps,
			      clients->settings->clients.pace_chunk_bytes);
	}
	tcp_read(tcp, tcp_readable(tcp));
	if (!connection->upload && !tcp->corrupt)
		workload_progress(clients->workload, now, connection->flow,
				  tcp->receive.bytes);
	if (tcp->receive.finished && !connection->source.running)
		tcp_finish(tcp);
	if (fate(clients, connection, &outcome))
		workload_close(clients->workload, now, connection->flow,
			       outcome);
	transport_flush(clients->transport, now, connection);
	if (tcp->state != TCP_STATE_CLOSED)
		return;
	port_ended(host_of(clients, connection->device),
		   wire_get16(connection->key.client_port));
	transport_remove(clients->transport, connection);
}

static void
deliver_segment(struct clients *clients, struct instant now, uint32_t device,
		const uint8_t *bytes, const struct packet *packet)
{
	struct client *client = host_of(clients, device);
	struct tcp_names names = {
		.local = packet->dst,
		.remote = packet->src,
		.local_port = packet->dst_port,
		.remote_port = packet->src_port,
	};
	struct session_key key;

	if (packet->tcp_flags & TCP_RST)
		client->resets_received++;
	transport_key(&names, &key);
	struct connection *connection =
		transport_find(clients->transport, device, &key);
	if (connection != NULL) {
		transport_receive(clients->transport, now, connection, bytes,
				  packet);
		advance(clients, now, connection);
		return;
	}
	uint8_t reset[128];
	size_t size = packet_build_rst(packet, 64, reset, sizeof(reset));
	if (size == 0)
		return;
	client->resets_sent++;
	network_send(clients->network, device, OUTBOX_ANY_UPLINK, reset,
		     (uint32_t)size);
}

void
clients_deliver(struct clients *clients, struct instant now, uint32_t device,
		const uint8_t *bytes, uint32_t size)
{
	struct packet packet;

	if (packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet_checksum_ok(bytes, &packet)) {
		host_of(clients, device)->bad_packets++;
		return;
	}
	const struct address own =
		network_host_address(clients->network, device, packet.family);
	if (!address_equal(&packet.dst, &own)) {
		clients->unclaimed++;
		return;
	}
	if (packet.icmp_error) {
		struct connection *connection = transport_error(
			clients->transport, device, false, bytes, &packet);
		if (connection != NULL)
			advance(clients, now, connection);
	} else if (packet.transport && packet.protocol == IP_TCP) {
		deliver_segment(clients, now, device, bytes, &packet);
	}
}

void
clients_timer(struct clients *clients, struct instant now,
	      struct connection *connection)
{
	transport_expire(connection, now);
	advance(clients, now, connection);
}

uint64_t
clients_unclaimed(const struct clients *clients)
{
	return clients->unclaimed;
}

void
clients_report(const struct clients *clients)
{
	const struct watch *watch = clients->watch;

	if (watch->counter == NULL)
		return;
	for (uint32_t i = 0; i < clients->count; i++) {
		const struct client *client = &clients->hosts[i];
		const char *name = network_device_name(
			clients->network,
			network_client_device(clients->network, i));
		watch->counter(watch->context, name, "resets_received",
			       client->resets_received);
		watch->counter(watch->context, name, "resets_sent",
			       client->resets_sent);
		watch->counter(watch->context, name, "bad_packets",
			       client->bad_packets);
		if (client->no_port > 0)
			watch->counter(watch->context, name, "no_port",
				       client->no_port);
	}
}
