/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server.c - datagrams to the node, packets to steer, outboxes to the network
 */
#include "sim/server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "core/wire/protocol.h"
#include "sim/keymap.h"

#define OUTBOX_ITEMS 8192
#define OUTBOX_BYTES (8u << 20)
#define SERVER_TTL   64

struct outbox *
servers_begin(struct servers *servers)
{
	assert(servers->depth < SERVER_OUTBOXES);

	struct outbox *outbox = &servers->outboxes[servers->depth++];
	if (outbox->items == NULL) {
		outbox->item_capacity = OUTBOX_ITEMS;
		outbox->byte_capacity = OUTBOX_BYTES;
		outbox->items = calloc(OUTBOX_ITEMS, sizeof(*outbox->items));
		outbox->bytes = malloc(OUTBOX_BYTES);
		if (outbox->items == NULL || outbox->bytes == NULL)
			abort();
	}
	outbox_clear(outbox);
	return outbox;
}

static void
measure(const struct servers *servers, const struct watch_measurement *m)
{
	if (servers->watch->measurement != NULL)
		servers->watch->measurement(servers->watch->context, m);
}

static void
report_stored(const struct servers *servers, uint32_t index,
	      const struct node_event *event)
{
	bool first = event->first.ns != INT64_MAX;
	struct watch_measurement m = {
		.metric = METRIC_SETTING_FIRST,
		.at = event->started,
		.node = index,
		.flow = workload_find(servers->workload, &event->key),
		.hops = event->hops,
		.local = event->local,
		.ok = first,
	};

	m.value_ns = instant_distance_ns(
		event->started, first ? event->first : event->finished);
	measure(servers, &m);
	m.metric = METRIC_SETTING_ALL;
	m.value_ns = instant_distance_ns(event->started, event->finished);
	m.ok = event->ok;
	measure(servers, &m);
}

/* A synthetic key must be found at the server that set it. */
static bool
right_owner(const struct servers *servers, const struct node_event *event)
{
	uint32_t owner = keymap_find(servers->synthetic, &event->key, 0);

	return owner == KEYMAP_NONE ||
	       (event->record_count > 0 && event->records[0].owner == owner);
}

static void
report_lookup(const struct servers *servers, uint32_t index,
	      const struct node_event *event)
{
	struct watch_measurement m = {
		.metric = METRIC_LOOKUP,
		.at = event->started,
		.value_ns = event->local ? 0
					 : instant_distance_ns(event->started,
							       event->finished),
		.node = index,
		.flow = workload_find(servers->workload, &event->key),
		.hops = event->hops,
		.local = event->local,
		.ok = event->kind == NODE_FOUND && right_owner(servers, event),
	};

	measure(servers, &m);
}

static void
take_events(struct servers *servers, struct instant now, uint32_t index,
	    struct outbox *outbox)
{
	struct server *server = &servers->servers[index];

	for (;;) {
		struct node_event event = node_event(server->node);
		switch (event.kind) {
		case NODE_NONE:
			return;
		case NODE_STORED:
			report_stored(servers, index, &event);
			break;
		case NODE_FOUND:
		case NODE_MISSED:
			report_lookup(servers, index, &event);
			break;
		case NODE_JOINED:
			server->joined = true;
			break;
		default:
			break;
		}
		if (server->steer != NULL)
			steer_learned(server->steer, now, &event, outbox);
	}
}

static void
send_datagram(struct servers *servers, uint32_t index,
	      const struct outbox_item *item, const uint8_t *bytes)
{
	const struct server *server = &servers->servers[index];
	uint8_t sealed[MESSAGE_SEALED_MAX];
	uint8_t packet[MESSAGE_SEALED_MAX + 64];

	if (item->size + MESSAGE_SEAL_BYTES > sizeof(sealed))
		return;
	memcpy(sealed, bytes, item->size);
	memset(sealed + item->size, 0, MESSAGE_SEAL_BYTES);
	struct packet_udp udp = {
		.ip = {
			.src = server->loopback,
			.dst = item->to.address,
			.ttl = SERVER_TTL,
			.df = true,
		},
		.src_port = SERVER_DHT_PORT,
		.dst_port = item->to.port,
		.payload = sealed,
		.payload_bytes = item->size + MESSAGE_SEAL_BYTES,
	};
	size_t size = packet_build_udp(&udp, packet, sizeof(packet));
	if (size > 0)
		network_send(servers->network, index, item->avoid_uplink,
			     packet, (uint32_t)size);
}

/* Encapsulated already; around it IP and UDP to the owner. The route is asked
 * for here, where it matters, and steer told. */
static void
send_forward(struct servers *servers, struct instant now, uint32_t index,
	     const struct outbox_item *item, const uint8_t *bytes)
{
	struct server *server = &servers->servers[index];
	struct packet_udp udp = {
		.ip = {
			.src = server->loopback,
			.dst = item->to.address,
			.ttl = SERVER_TTL,
			.id = (uint16_t)server->sequence++,
			.df = !servers->steer_settings.outer_fragment,
		},
		.src_port = item->source_port,
		.dst_port = item->to.port,
		.payload = bytes,
		.payload_bytes = item->size,
	};
	bool routed =
		network_routed(servers->network, index, &item->to.address);

	steer_route(server->steer, now, &item->to.address, routed);
	size_t size = packet_build_udp(&udp, servers->scratch,
				       sizeof(servers->scratch));
	if (size > 0)
		network_send(servers->network, index, item->avoid_uplink,
			     servers->scratch, (uint32_t)size);
}

static void
set_alarm(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];
	struct instant deadline = node_deadline(server->node);
	struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
		.code = SERVER_DEADLINE,
		.a = server->incarnation,
	};

	if (server->steer != NULL)
		deadline = instant_min(deadline, steer_deadline(server->steer));
	if (deadline.ns == INT64_MAX)
		return;
	if (instant_before(deadline, now))
		deadline = now;
	alarm_set(&server->alarm, servers->queue, deadline, &event);
}

void
servers_end(struct servers *servers, struct instant now, uint32_t index)
{
	struct outbox *outbox = &servers->outboxes[servers->depth - 1];

	take_events(servers, now, index, outbox);
	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;
		switch ((enum outbox_kind)item->kind) {
		case OUTBOX_DATAGRAM:
			send_datagram(servers, index, item, bytes);
			break;
		case OUTBOX_FORWARD:
			send_forward(servers, now, index, item, bytes);
			break;
		case OUTBOX_PACKET:
			network_send(servers->network, index,
				     item->avoid_uplink, bytes, item->size);
			break;
		case OUTBOX_DELIVER:
			service_deliver(servers, now, index, bytes, item->size,
					false);
			break;
		}
	}
	servers->depth--;
	set_alarm(servers, now, index);
}

struct version
servers_version(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];

	return (struct version){
		.established_ns = now.ns + server->skew_ns,
		.sequence = server->sequence++,
	};
}

static void
deliver_message(struct servers *servers, struct instant now, uint32_t index,
		const uint8_t *bytes, const struct packet *packet)
{
	struct endpoint from = { packet->src, packet->src_port };

	if (packet->payload_bytes < MESSAGE_SEAL_BYTES)
		return;
	struct outbox *outbox = servers_begin(servers);
	(void)node_receive(servers->servers[index].node, now, &from,
			   bytes + packet->payload_offset,
			   packet->payload_bytes - MESSAGE_SEAL_BYTES, outbox);
	servers_end(servers, now, index);
}

static void
deliver_tunnelled(struct servers *servers, struct instant now, uint32_t index,
		  const uint8_t *bytes, const struct packet *packet)
{
	struct server *server = &servers->servers[index];
	struct endpoint from = { packet->src, packet->src_port };
	struct session_key key;
	const uint8_t *inner;
	size_t size;

	struct outbox *outbox = servers_begin(servers);
	enum drop drop =
		steer_decapsulate(server->steer, now, &from, &packet->dst,
				  bytes + packet->payload_offset,
				  packet->payload_bytes, &inner, &size, &key);
	bool ours = drop == DROP_NONE &&
		    transport_find(servers->transport, index, &key) != NULL;
	if (drop == DROP_NONE && !ours)
		steer_refuse(server->steer, now, &from, &key, outbox);
	if (ours)
		service_deliver(servers, now, index, inner, (uint32_t)size,
				true);
	servers_end(servers, now, index);
}

static void
deliver_to_steer(struct servers *servers, struct instant now, uint32_t index,
		 uint8_t port, const uint8_t *bytes, uint32_t size,
		 const struct packet *packet)
{
	struct server *server = &servers->servers[index];
	struct session_key key;
	bool known = false;

	if (steer_key(server->steer, bytes, size, &key))
		known = transport_find(servers->transport, index, &key) != NULL;
	struct outbox *outbox = servers_begin(servers);
	struct steer_result result = steer_packet(server->steer, now, bytes,
						  size, known, port, outbox);
	if (result.stray && !packet->icmp_error)
		workload_stray(servers->workload, now, &result.key, index);
	if (result.verdict == STEER_DROP)
		server->counters.steer_drops++;
	if (result.verdict == STEER_RESET)
		server->counters.resets_sent++;
	if (result.verdict == STEER_LOCAL)
		service_deliver(servers, now, index, bytes, size, false);
	servers_end(servers, now, index);
}

/* To the server's own address. */
static void
deliver_loopback(struct servers *servers, struct instant now, uint32_t index,
		 uint8_t port, const uint8_t *bytes, uint32_t size,
		 const struct packet *packet)
{
	struct server *server = &servers->servers[index];

	if (packet->fragment_offset > 0 || packet->mf) {
		struct packet whole;
		bytes = reassembly_add(servers->reassembly, now, index, bytes,
				       packet, &size);
		if (bytes != NULL &&
		    packet_parse(bytes, size, &whole) == DROP_NONE &&
		    packet_checksum_ok(bytes, &whole))
			deliver_loopback(servers, now, index, port, bytes, size,
					 &whole);
		return;
	}
	if (packet->transport && packet->protocol == IP_UDP) {
		if (packet->dst_port == SERVER_DHT_PORT)
			deliver_message(servers, now, index, bytes, packet);
		else if (packet->dst_port == GUE_PORT && server->steer != NULL)
			deliver_tunnelled(servers, now, index, bytes, packet);
		else
			server->counters.no_socket++;
	} else if (packet->icmp_error && server->steer != NULL &&
		   servers->settings->service.homeward) {
		deliver_to_steer(servers, now, index, port, bytes, size,
				 packet);
	} else {
		server->counters.no_socket++;
	}
}

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
	if (address_equal(&packet.dst, &server->loopback))
		deliver_loopback(servers, now, index, port, bytes, size,
				 &packet);
	else if (server->steer != NULL && servers->settings->service.homeward)
		deliver_to_steer(servers, now, index, port, bytes, size,
				 &packet);
	else
		service_deliver(servers, now, index, bytes, size, false);
}

static void
enter(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];
	uint32_t seeds[SERVER_SEEDS];
	uint32_t count = 0;

	/* Anybody who is in. */
	for (unsigned i = 0; i < SERVER_SEEDS; i++) {
		uint32_t seed = servers_random(servers, &server->rng);
		if (seed != WATCH_NONE && seed != index)
			seeds[count++] = seed;
	}
	struct outbox *outbox = servers_begin(servers);
	node_join(server->node, now, seeds, count, outbox);
	servers_end(servers, now, index);
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
		.a = server->incarnation,
	};

	if (transport_count(servers->transport, index) > 0) {
		queue_schedule(servers->queue, index, SERVER_POLL_NS, &event);
		return;
	}
	struct outbox *outbox = servers_begin(servers);
	node_leave(server->node, now, outbox);
	servers_end(servers, now, index);
	servers_crash(servers, index);
}

void
servers_event(struct servers *servers, struct instant now,
	      const struct event *event)
{
	uint32_t index = event->destination;
	struct server *server = &servers->servers[index];

	if (event->code == SERVER_JOIN) {
		servers_up(servers, now, index);
		return;
	}
	/* Of an earlier life. */
	if (!server->alive || event->a != server->incarnation)
		return;
	if (event->code == SERVER_LEAVE) {
		poll_leaving(servers, now, index);
		return;
	}
	if (!alarm_fires(&server->alarm, servers->queue))
		return;
	struct outbox *outbox = servers_begin(servers);
	node_expire(server->node, now, outbox);
	if (server->steer != NULL) {
		take_events(servers, now, index, outbox);
		steer_expire(server->steer, now, outbox);
	}
	servers_end(servers, now, index);
}

bool
servers_set(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key)
{
	struct server *server = &servers->servers[index];
	struct version version = servers_version(servers, now, index);

	keymap_set(servers->synthetic, key, 0, index);
	struct outbox *outbox = servers_begin(servers);
	int result = node_set(server->node, now, key, version, outbox);
	servers_end(servers, now, index);
	if (result != 0)
		server->counters.set_refused++;
	return result == 0;
}

bool
servers_get(struct servers *servers, struct instant now, uint32_t index,
	    const struct session_key *key)
{
	struct server *server = &servers->servers[index];
	node_ticket ticket;

	struct outbox *outbox = servers_begin(servers);
	int result = node_get(server->node, now, key, NULL, 0,
			      OUTBOX_ANY_UPLINK, &ticket, outbox);
	servers_end(servers, now, index);
	if (result != 0)
		server->counters.get_refused++;
	return result == 0;
}

void
servers_up(struct servers *servers, struct instant now, uint32_t index)
{
	struct server *server = &servers->servers[index];

	if (!server->alive) {
		server->incarnation++;
		servers_start(servers, index);
		network_device_set(servers->network, index, true);
		network_announce(servers->network, index, true);
	}
	enter(servers, now, index);
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

	if (!server->alive || server->leaving)
		return;
	server->leaving = true;
	servers_drain(servers, index, true);
	poll_leaving(servers, now, index);
}
