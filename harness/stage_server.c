/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage_server.c - what comes to a server of the replay
 *
 *	loopback, UDP 7000 ------> node_receive
 *	loopback, UDP 6080 ------> steer_decapsulate --> socket? delivered
 *	    |					    \--> none: steer_refuse
 *	loopback, ICMP error ----> steer_packet (about our own tunnel)
 *	anything else -----------> steer_packet --> local: delivered
 *	outbox: DATAGRAM, FORWARD, PACKET -> network_send; DELIVER -> delivered
 *
 * A verb of the core runs between begin() and end(); end() hands node events
 * to steer and sends what is in the outbox. Delivering may open or close a
 * session, which is another verb, hence a small stack of outboxes.
 *
 * Delivered is where a packet's bytes are compared with the capture's, and
 * where a socket is opened by a SYN, established by the client's next ACK and
 * ended by FINs and RSTs (dialogue.h).
 *
 * The live edge seals datagrams; here MESSAGE_SEAL_BYTES zeros at their end
 * cost what the seal would cost.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/packet.h"
#include "core/wire/gue.h"
#include "core/wire/message.h"
#include "core/wire/tcp.h"
#include "harness/stage.h"

#define OUTBOX_ITEMS 8192
#define OUTBOX_BYTES (16u << 20)
#define SERVER_TTL   64

static void delivered(struct replay *, struct instant now, uint32_t server,
		      const uint8_t *bytes, uint32_t size,
		      enum passage_state from);

/* ---- verbs of the core ---- */

static struct outbox *
begin(struct replay *replay)
{
	assert(replay->depth < STAGE_OUTBOXES);

	struct outbox *outbox = &replay->outboxes[replay->depth++];
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
stored(struct replay *replay, uint32_t index, const struct node_event *event)
{
	bool first = event->first.ns != INT64_MAX;
	struct watch_measurement m = {
		.metric = METRIC_SETTING_FIRST,
		.at = event->started,
		.value_ns = instant_distance_ns(
			event->started, first ? event->first : event->finished),
		.node = index,
		.flow = dialogues_begun(replay->dialogues, &event->key),
		.hops = event->hops,
		.local = event->local,
		.ok = first,
	};

	stage_measure(replay, &m);
	m.metric = METRIC_SETTING_ALL;
	m.value_ns = instant_distance_ns(event->started, event->finished);
	m.ok = event->ok;
	stage_measure(replay, &m);
}

static void
looked_up(struct replay *replay, uint32_t index, const struct node_event *event)
{
	uint32_t flow = dialogues_begun(replay->dialogues, &event->key);
	struct watch_measurement m = {
		.metric = METRIC_LOOKUP,
		.at = event->started,
		.value_ns = event->local ? 0
					 : instant_distance_ns(event->started,
							       event->finished),
		.node = index,
		.flow = flow,
		.hops = event->hops,
		.local = event->local,
		.ok = event->kind == NODE_FOUND,
	};

	stage_measure(replay, &m);
	if (flow == DIALOGUE_NONE)
		return;
	struct story *story = &replay->stories[flow];
	if (story->lookups++ == 0 || (m.ok && !story->lookup_found)) {
		story->lookup_ns = m.value_ns;
		story->hops = m.hops;
		story->lookup_found = m.ok;
	}
}

static void
take_events(struct replay *replay, struct instant now, uint32_t index,
	    struct outbox *outbox)
{
	struct stage_server *server = &replay->servers[index];

	for (;;) {
		struct node_event event = node_event(server->node);

		if (event.kind == NODE_NONE)
			return;
		if (event.kind == NODE_STORED)
			stored(replay, index, &event);
		if (event.kind == NODE_FOUND || event.kind == NODE_MISSED)
			looked_up(replay, index, &event);
		steer_learned(server->steer, now, &event, outbox);
	}
}

static void
send_udp(struct replay *replay, uint32_t index, const struct outbox_item *item,
	 uint16_t source_port, bool df, const uint8_t *payload, size_t bytes)
{
	struct stage_server *server = &replay->servers[index];
	struct packet_udp udp = {
		.ip = {
			.src = server->loopback,
			.dst = item->to.address,
			.ttl = SERVER_TTL,
			.id = df ? 0 : server->ip_id++,
			.df = df,
		},
		.src_port = source_port,
		.dst_port = item->to.port,
		.payload = payload,
		.payload_bytes = bytes,
	};
	size_t size = packet_build_udp(&udp, replay->scratch,
				       sizeof(replay->scratch));

	if (size > 0)
		network_send(replay->network, index, item->avoid_uplink,
			     replay->scratch, (uint32_t)size);
}

static void
send_datagram(struct replay *replay, uint32_t index,
	      const struct outbox_item *item, const uint8_t *bytes)
{
	uint8_t sealed[MESSAGE_SEALED_MAX];

	if (item->size + MESSAGE_SEAL_BYTES > sizeof(sealed))
		return;
	memcpy(sealed, bytes, item->size);
	memset(sealed + item->size, 0, MESSAGE_SEAL_BYTES);
	send_udp(replay, index, item, STAGE_DHT_PORT, true, sealed,
		 item->size + MESSAGE_SEAL_BYTES);
}

static void
send_forward(struct replay *replay, struct instant now, uint32_t index,
	     const struct outbox_item *item, const uint8_t *bytes)
{
	bool df = !replay->settings.service.steer.outer_fragment;

	if (item->size > GUE_HEADER_BYTES) {
		uint32_t passage = passages_find(
			replay->passages, bytes + GUE_HEADER_BYTES,
			item->size - GUE_HEADER_BYTES, PASSAGE_HELD);

		if (passage != PASSAGE_NONE)
			passages_get(replay->passages, passage)->state =
				PASSAGE_FORWARDED;
	}
	steer_route(replay->servers[index].steer, now, &item->to.address,
		    network_routed(replay->network, index, &item->to.address));
	send_udp(replay, index, item, item->source_port, df, bytes, item->size);
}

static void
set_alarm(struct replay *replay, struct instant now, uint32_t index)
{
	struct stage_server *server = &replay->servers[index];
	struct instant deadline = instant_min(node_deadline(server->node),
					      steer_deadline(server->steer));
	const struct event event = {
		.destination = index,
		.class = EVENT_TIMER,
		.kind = EVENT_HOST,
	};

	if (deadline.ns == INT64_MAX)
		return;
	if (instant_before(deadline, now))
		deadline = now;
	alarm_set(&server->alarm, replay->queue, deadline, &event);
}

static void
end(struct replay *replay, struct instant now, uint32_t index)
{
	struct outbox *outbox = &replay->outboxes[replay->depth - 1];

	take_events(replay, now, index, outbox);
	for (uint32_t i = 0; i < outbox->item_count; i++) {
		const struct outbox_item *item = &outbox->items[i];
		const uint8_t *bytes = outbox->bytes + item->offset;

		switch ((enum outbox_kind)item->kind) {
		case OUTBOX_DATAGRAM:
			send_datagram(replay, index, item, bytes);
			break;
		case OUTBOX_FORWARD:
			send_forward(replay, now, index, item, bytes);
			break;
		case OUTBOX_PACKET:
			replay->resets_sent++;
			network_send(replay->network, index, item->avoid_uplink,
				     bytes, item->size);
			break;
		case OUTBOX_DELIVER:
			delivered(replay, now, index, bytes, item->size,
				  PASSAGE_HELD);
			break;
		}
	}
	replay->depth--;
	set_alarm(replay, now, index);
}

void
stage_start(struct replay *replay)
{
	for (uint32_t i = 0; i < replay->server_count; i++) {
		(void)begin(replay);
		end(replay, queue_now(replay->queue), i);
	}
}

void
stage_deadline(struct replay *replay, struct instant now, uint32_t index)
{
	struct stage_server *server = &replay->servers[index];

	if (!alarm_fires(&server->alarm, replay->queue))
		return;
	struct outbox *outbox = begin(replay);
	node_expire(server->node, now, outbox);
	take_events(replay, now, index, outbox);
	steer_expire(server->steer, now, outbox);
	end(replay, now, index);
}

/* ---- sockets ---- */

static void
socket_end(struct replay *replay, struct instant now, uint32_t index)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);
	struct story *story = &replay->stories[index];
	uint32_t owner = dialogue->owner;

	if (story->ended)
		return;
	story->ended = true;
	story->closed_ns = stage_since(replay, now);
	if (!dialogue->established || !replay->asked.homeward)
		return;
	struct outbox *outbox = begin(replay);
	(void)steer_closed(replay->servers[owner].steer, now, &dialogue->key,
			   outbox);
	end(replay, now, owner);
}

/* A FIN of one side, or a RST of either. */
static void
socket_flags(struct replay *replay, struct instant now, uint32_t index,
	     bool client, uint8_t flags)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);
	bool *fin = client ? &dialogue->fin_client : &dialogue->fin_server;
	const struct event linger = {
		.class = EVENT_TIMER,
		.kind = EVENT_TCP,
		.code = STAGE_LINGER,
		.a = index,
	};

	if (flags & TCP_RST) {
		dialogue->socket = false;
		socket_end(replay, now, index);
		return;
	}
	*fin |= (flags & TCP_FIN) != 0;
	if (!dialogue->fin_client || !dialogue->fin_server ||
	    replay->stories[index].ended)
		return;
	queue_schedule(replay->queue, 0, STAGE_LINGER_NS, &linger);
	socket_end(replay, now, index);
}

void
stage_linger(struct replay *replay, uint32_t index)
{
	dialogues_get(replay->dialogues, index)->socket = false;
}

static void
socket_open(struct replay *replay, struct instant now, uint32_t server,
	    uint32_t index)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);

	/* Its own SYN once more: whoever has the session keeps it. */
	if (dialogue->established || replay->stories[index].ended)
		return;
	uint32_t old =
		dialogues_socket(replay->dialogues, server, &dialogue->key);
	if (old != DIALOGUE_NONE && old != index) {
		dialogues_get(replay->dialogues, old)->socket = false;
		socket_end(replay, now, old);
	}
	dialogue->owner = server;
	dialogue->socket = true;
}

static void
socket_establish(struct replay *replay, struct instant now, uint32_t server,
		 uint32_t index)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);
	struct version version = {
		.established_ns = now.ns,
		.sequence = replay->servers[server].sequence++,
	};

	dialogue->established = true;
	replay->stories[index].opened_ns = stage_since(replay, now);
	if (!replay->asked.homeward)
		return;
	struct outbox *outbox = begin(replay);
	(void)steer_opened(replay->servers[server].steer, now, &dialogue->key,
			   version, outbox);
	end(replay, now, server);
}

/* A segment of the client's has reached a server's stack. */
static void
socket_segment(struct replay *replay, struct instant now, uint32_t server,
	       uint32_t index, const struct packet *packet)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);
	uint8_t flags = packet->tcp_flags;

	if (packet->protocol != IP_TCP || packet->fragment_offset > 0)
		return;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		if ((flags & TCP_RST) == 0)
			socket_open(replay, now, server, index);
		return;
	}
	if (!dialogue->socket || dialogue->owner != server)
		return;
	if ((flags & TCP_ACK) && (flags & TCP_RST) == 0 &&
	    !dialogue->established)
		socket_establish(replay, now, server, index);
	socket_flags(replay, now, index, true, flags);
}

void
stage_answered(struct replay *replay, struct instant now, uint32_t index,
	       const struct packet *packet)
{
	if (dialogues_get(replay->dialogues, index)->socket &&
	    packet->protocol == IP_TCP && packet->fragment_offset == 0)
		socket_flags(replay, now, index, false, packet->tcp_flags);
}

/* ---- delivered ---- */

static void
delivered_passage(struct replay *replay, struct instant now, uint32_t server,
		  uint32_t index, const struct packet *packet,
		  enum passage_state from)
{
	struct passage *passage = passages_get(replay->passages, index);
	struct story *story = &replay->stories[passage->dialogue];

	if (passage->state == PASSAGE_DELIVERED) {
		replay->duplicates++;
		return;
	}
	passage->state = PASSAGE_DELIVERED;
	story->delivered++;
	story->local += from == PASSAGE_SENT;
	story->forwarded += from == PASSAGE_FORWARDED;
	story->bytes += packet->payload_bytes;
	socket_segment(replay, now, server, passage->dialogue, packet);
}

/* A router's ICMP error, or a piece of a packet that did not fit a link. */
static bool
of_our_making(const struct packet *packet)
{
	return packet->icmp_error || packet->mf || packet->fragment_offset > 0;
}

/* To a server's own stack; from says which way it came. */
static void
delivered(struct replay *replay, struct instant now, uint32_t server,
	  const uint8_t *bytes, uint32_t size, enum passage_state from)
{
	struct packet packet;

	if (packet_parse(bytes, size, &packet) != DROP_NONE) {
		replay->altered++;
		return;
	}
	size = packet.size_bytes;
	uint32_t index = passages_find(replay->passages, bytes, size, from);
	if (index != PASSAGE_NONE) {
		delivered_passage(replay, now, server, index, &packet, from);
		return;
	}
	if (!of_our_making(&packet)) {
		replay->altered++;
		return;
	}
	if (packet.icmp_error)
		return;
	const uint8_t *whole = reassembly_add(replay->reassembly, now, server,
					      bytes, &packet, &size);
	if (whole != NULL)
		delivered(replay, now, server, whole, size, from);
}

/* ---- arriving ---- */

static bool
is_opening(const struct packet *packet)
{
	return packet->protocol == IP_TCP && packet->fragment_offset == 0 &&
	       (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static void
note_stray(struct replay *replay, struct instant now, uint32_t server,
	   struct passage *passage)
{
	struct story *story = &replay->stories[passage->dialogue];

	passage->strayed = true;
	story->strayed++;
	story->strayed_open += !story->ended;
	if (story->stray_ns == STAGE_NEVER)
		story->stray_ns = stage_since(replay, now);
	if (!replay->moved || replay->first_stray_ns != STAGE_NEVER ||
	    dialogues_get(replay->dialogues, passage->dialogue)->owner ==
		    DIALOGUE_UNOWNED)
		return;
	replay->first_stray_ns = stage_since(replay, now);
	const struct watch_measurement m = {
		.metric = METRIC_DETECTION,
		.at = { replay->moved_ns + replay->zero.ns },
		.value_ns = replay->first_stray_ns - replay->moved_ns,
		.node = server,
		.flow = passage->dialogue,
		.hops = WATCH_NONE,
		.ok = true,
	};
	stage_measure(replay, &m);
}

static void
note_drop(struct replay *replay, uint32_t index, enum drop drop)
{
	struct passage *passage = passages_get(replay->passages, index);

	passage->state = PASSAGE_DROPPED;
	passage->drop = (uint8_t)drop;
}

/* The plain kernel: a socket, or a RST. */
static void
arrive_plain(struct replay *replay, struct instant now, uint32_t server,
	     const uint8_t *bytes, const struct packet *packet, uint32_t index)
{
	uint8_t reset[128];
	size_t size;

	if (index == PASSAGE_NONE)
		return;
	struct passage *passage = passages_get(replay->passages, index);
	const struct dialogue *dialogue =
		dialogues_get(replay->dialogues, passage->dialogue);
	if (is_opening(packet) ||
	    dialogues_socket(replay->dialogues, server, &dialogue->key) !=
		    DIALOGUE_NONE) {
		delivered(replay, now, server, bytes, packet->size_bytes,
			  PASSAGE_SENT);
		return;
	}
	note_stray(replay, now, server, passage);
	replay->server_drops[DROP_NO_SOCKET]++;
	note_drop(replay, index, DROP_NO_SOCKET);
	size = packet_build_rst(packet, SERVER_TTL, reset, sizeof(reset));
	if (size == 0)
		return;
	replay->resets_sent++;
	network_send(replay->network, server, OUTBOX_ANY_UPLINK, reset,
		     (uint32_t)size);
}

static void
note_verdict(struct replay *replay, uint32_t index,
	     const struct steer_result *result)
{
	struct passage *passage = passages_get(replay->passages, index);

	if (result->verdict == STEER_HOLD) {
		passage->state = PASSAGE_HELD;
		replay->stories[passage->dialogue].held++;
	} else if (result->verdict == STEER_DROP) {
		note_drop(replay, index, result->drop);
	} else if (result->verdict == STEER_RESET) {
		note_drop(replay, index, DROP_NEGATIVE);
	}
}

/* To a service. */
static void
arrive_service(struct replay *replay, struct instant now, uint32_t server,
	       uint8_t port, const uint8_t *bytes, const struct packet *packet)
{
	struct steer *steer = replay->servers[server].steer;
	uint32_t size = packet->size_bytes;
	uint32_t index =
		passages_find(replay->passages, bytes, size, PASSAGE_SENT);
	struct session_key key;

	if (index == PASSAGE_NONE && !of_our_making(packet))
		replay->altered++;
	if (!replay->asked.homeward) {
		arrive_plain(replay, now, server, bytes, packet, index);
		return;
	}
	bool known = steer_key(steer, bytes, size, &key) &&
		     dialogues_socket(replay->dialogues, server, &key) !=
			     DIALOGUE_NONE;
	struct outbox *outbox = begin(replay);
	struct steer_result result =
		steer_packet(steer, now, bytes, size, known, port, outbox);
	if (index != PASSAGE_NONE) {
		if (result.stray)
			note_stray(replay, now, server,
				   passages_get(replay->passages, index));
		note_verdict(replay, index, &result);
	}
	end(replay, now, server);
	if (result.verdict == STEER_LOCAL)
		delivered(replay, now, server, bytes, size, PASSAGE_SENT);
}

static void
arrive_tunnelled(struct replay *replay, struct instant now, uint32_t server,
		 const uint8_t *bytes, const struct packet *packet)
{
	struct steer *steer = replay->servers[server].steer;
	struct endpoint from = { packet->src, packet->src_port };
	struct session_key key;
	const uint8_t *inner;
	size_t size;

	if (steer_decapsulate(steer, now, &from, &packet->dst,
			      bytes + packet->payload_offset,
			      packet->payload_bytes, &inner, &size,
			      &key) != DROP_NONE)
		return;
	if (dialogues_socket(replay->dialogues, server, &key) !=
	    DIALOGUE_NONE) {
		delivered(replay, now, server, inner, (uint32_t)size,
			  PASSAGE_FORWARDED);
		return;
	}
	uint32_t index = passages_find(replay->passages, inner, (uint32_t)size,
				       PASSAGE_FORWARDED);
	if (index != PASSAGE_NONE &&
	    passages_get(replay->passages, index)->state == PASSAGE_FORWARDED)
		note_drop(replay, index, DROP_NOT_OURS);
	struct outbox *outbox = begin(replay);
	steer_refuse(steer, now, &from, &key, outbox);
	end(replay, now, server);
}

/* To the server's own address. */
static void
arrive_loopback(struct replay *replay, struct instant now, uint32_t server,
		uint8_t port, const uint8_t *bytes, const struct packet *packet)
{
	struct stage_server *self = &replay->servers[server];
	struct endpoint from = { packet->src, packet->src_port };
	uint32_t size = packet->size_bytes;

	if (packet->mf || packet->fragment_offset > 0) {
		struct packet whole;
		const uint8_t *made = reassembly_add(
			replay->reassembly, now, server, bytes, packet, &size);

		if (made != NULL && packet_parse(made, size, &whole) == 0)
			arrive_loopback(replay, now, server, port, made,
					&whole);
		return;
	}
	if (packet->transport && packet->protocol == IP_UDP &&
	    packet->dst_port == GUE_PORT) {
		arrive_tunnelled(replay, now, server, bytes, packet);
		return;
	}
	struct outbox *outbox = begin(replay);
	if (packet->icmp_error)
		(void)steer_packet(self->steer, now, bytes, size, false, port,
				   outbox);
	else if (packet->transport && packet->protocol == IP_UDP &&
		 packet->dst_port == STAGE_DHT_PORT &&
		 packet->payload_bytes >= MESSAGE_SEAL_BYTES)
		(void)node_receive(
			self->node, now, &from, bytes + packet->payload_offset,
			packet->payload_bytes - MESSAGE_SEAL_BYTES, outbox);
	end(replay, now, server);
}

void
stage_arrive(struct replay *replay, struct instant now, uint32_t server,
	     uint8_t port, const uint8_t *bytes, uint32_t size)
{
	struct packet packet;

	/* The network carries nothing that cannot be parsed. */
	if (packet_parse(bytes, size, &packet) != DROP_NONE) {
		replay->altered++;
		return;
	}
	if (address_equal(&packet.dst, &replay->servers[server].loopback))
		arrive_loopback(replay, now, server, port, bytes, &packet);
	else
		arrive_service(replay, now, server, port, bytes, &packet);
}
