/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packets.c - ears for four judges
 */
#include "sim/judge/packets.h"

#include <stdlib.h>

#include "core/wire/cursor.h"
#include "core/wire/gue.h"
#include "core/wire/packet.h"
#include "core/wire/protocol.h"
#include "sim/engine/memory.h"
#include "sim/host/server.h"
#include "sim/host/transport.h"
#include "sim/judge/caches.h"
#include "sim/judge/forwards.h"
#include "sim/judge/sockets.h"
#include "sim/judge/storm.h"
#include "sim/net/network.h"

struct judge_packets {
	struct judge_parts parts;
	uint32_t servers;
	struct judge_sockets *sockets;
	struct judge_forwards *forwards;
	struct judge_storm *storm;
	struct judge_caches *caches; /* NULL: the scheme has none */
	struct transport_listener of_transport;
	struct servers_listener of_servers;
};

struct judge_packets *
judge_packets_create(const struct judge_parts *parts)
{
	struct judge_packets *packets = memory_zeroed(1, sizeof(*packets));

	packets->parts = *parts;
	packets->servers = parts->settings->fabric.servers;
	packets->sockets = judge_sockets_create(parts);
	packets->forwards = judge_forwards_create(parts);
	packets->storm = judge_storm_create(parts);
	if (parts->settings->service.scheme == SCHEME_HOMEWARD)
		packets->caches = judge_caches_create(parts);
	return packets;
}

void
judge_packets_destroy(struct judge_packets *packets)
{
	if (packets == NULL)
		return;
	judge_sockets_destroy(packets->sockets);
	judge_forwards_destroy(packets->forwards);
	judge_storm_destroy(packets->storm);
	judge_caches_destroy(packets->caches);
	free(packets);
}

/* ---- what sockets do ---- */

static void
on_accepted(void *context, struct instant now,
	    const struct connection *connection, const uint8_t *bytes,
	    const struct packet *packet)
{
	struct judge_packets *packets = context;

	judge_sockets_accepted(packets->sockets, connection, bytes, packet);
	judge_storm_taken(packets->storm, now, connection);
}

static void
on_answered(void *context, struct instant now, uint32_t device,
	    const uint8_t *bytes, const struct packet *packet,
	    const uint8_t *answer, uint32_t answer_bytes)
{
	struct judge_packets *packets = context;
	struct packet sent;

	(void)now;
	if (packet_parse(answer, answer_bytes, &sent) == DROP_NONE)
		judge_sockets_answered(packets->sockets, device, bytes, packet,
				       answer, &sent);
}

static void
on_restored(void *context, struct instant now,
	    const struct connection *connection)
{
	struct judge_packets *packets = context;

	(void)now;
	judge_sockets_restored(packets->sockets, connection);
}

static void
on_sent(void *context, struct instant now, const struct connection *connection,
	const uint8_t *bytes, uint32_t size)
{
	struct judge_packets *packets = context;
	struct packet packet;

	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		return;
	judge_sockets_sent(packets->sockets, connection, bytes, &packet);
	judge_storm_sent(packets->storm, now, connection);
}

static void
on_taken(void *context, struct instant now, const struct connection *connection,
	 const struct tcp *before, const uint8_t *bytes,
	 const struct packet *packet)
{
	struct judge_packets *packets = context;

	judge_sockets_taken(packets->sockets, now, connection, before, bytes,
			    packet);
	judge_storm_taken(packets->storm, now, connection);
}

/* ---- what daemons do ---- */

static uint32_t
life_of(const struct judge_packets *packets, uint32_t server)
{
	return servers_view(packets->parts.servers, server).incarnation;
}

static void
on_decided(void *context, struct instant now, uint32_t server,
	   const struct scheme_result *result)
{
	struct judge_packets *packets = context;

	if (result->stray)
		judge_storm_strayed(packets->storm, server, &result->key);
	if (packets->caches != NULL)
		judge_caches_decided(packets->caches, now, server,
				     life_of(packets, server), result);
}

static void
on_learned(void *context, struct instant now, uint32_t server,
	   const struct node_event *event)
{
	struct judge_packets *packets = context;

	if (event->kind == NODE_NOT_MINE ||
	    ((event->kind == NODE_FOUND || event->kind == NODE_MISSED) &&
	     (event->asker == NODE_ASKER_STRAY ||
	      event->asker == NODE_ASKER_RETRY)))
		judge_storm_answered(packets->storm, now, server, &event->key);
	if (packets->caches != NULL)
		judge_caches_learned(packets->caches, server,
				     life_of(packets, server), event);
}

/* A key of a packet that runs to the service, or is quoted by an error that
 * does; false: a later fragment has none. */
static bool
key_of(const uint8_t *bytes, uint32_t size, struct session_key *key)
{
	struct packet packet, quote;

	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		return false;
	if (!packet.icmp_error)
		return packet_session(&packet, false, key) == DROP_NONE;
	return packet_parse_quote(bytes + packet.quote_offset,
				  packet.quote_bytes, &quote) == DROP_NONE &&
	       packet_session(&quote, true, key) == DROP_NONE;
}

static void
forwarded(struct judge_packets *packets, struct instant now,
	  const struct judge_forward *forward, const struct address *to)
{
	struct session_key key;

	judge_forwards_sent(packets->forwards, now, forward);
	if (packets->caches == NULL ||
	    !key_of(forward->inner, forward->inner_bytes, &key))
		return;
	judge_caches_sent(
		packets->caches, now, forward->from,
		life_of(packets, forward->from), forward->to,
		network_routed(packets->parts.network, forward->from, to),
		&key);
}

/* Of all that hosts send, what servers send into tunnels. */
static void
on_packet(void *context, struct instant now, uint32_t device,
	  const uint8_t *bytes, uint32_t size)
{
	struct judge_packets *packets = context;
	struct gue_header gue;
	struct packet packet;

	if (device >= packets->servers ||
	    packet_parse(bytes, size, &packet) != DROP_NONE ||
	    !packet.transport || packet.protocol != IP_UDP ||
	    packet.dst_port != GUE_PORT)
		return;
	uint32_t to = network_server_find(packets->parts.network, &packet.dst);
	struct cursor cursor = cursor_over(bytes + packet.payload_offset,
					   packet.payload_bytes);
	if (to >= packets->servers || gue_parse(&cursor, &gue) != DROP_NONE)
		return;
	forwarded(packets, now,
		  &(struct judge_forward){
			  .from = device,
			  .to = to,
			  .boot = gue.boot,
			  .sequence = gue.sequence,
			  .inner = cursor.at,
			  .inner_bytes = (uint32_t)cursor_left(&cursor),
		  },
		  &packet.dst);
}

void
judge_packets_listen(struct judge_packets *packets, struct network *network,
		     struct transport *transport, struct servers *servers)
{
	packets->of_transport = (struct transport_listener){
		.context = packets,
		.accepted = on_accepted,
		.answered = on_answered,
		.restored = on_restored,
		.sent = on_sent,
		.taken = on_taken,
	};
	packets->of_servers = (struct servers_listener){
		.context = packets,
		.decided = on_decided,
		.learned = on_learned,
	};
	network_listen(network, on_packet, packets);
	transport_listen(transport, &packets->of_transport);
	servers_listen(servers, &packets->of_servers);
}

/* ---- what the world says ---- */

void
judge_packets_before(struct judge_packets *packets, uint32_t device,
		     const uint8_t *bytes, uint32_t size)
{
	struct packet packet;

	if (device >= packets->servers ||
	    packet_parse(bytes, size, &packet) != DROP_NONE ||
	    packet.protocol == IP_UDP)
		return;
	judge_forwards_arrived(packets->forwards, device, bytes, &packet);
}

void
judge_packets_finish(struct judge_packets *packets, struct instant now)
{
	judge_sockets_finish(packets->sockets, now);
}
