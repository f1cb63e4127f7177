/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay_server.c - what comes to a server of the replay
 *
 * Above its agent a server has no TCP: delivered is where a packet's
 * bytes are compared with the capture's, and where a socket is opened by a
 * SYN, established by the client's next ACK and ended by FINs and RSTs
 * (conversation.h).
 */
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "harness/replay/replay_state.h"

/* ---- sockets ---- */

static void
socket_end(struct replay *replay, struct instant now, uint32_t index)
{
	struct conversation *conversation =
		conversations_get(replay->conversations, index);
	struct conversation_state *state = &replay->states[index];

	if (state->ended)
		return;
	state->ended = true;
	state->closed_ns = replay_state_since(replay, now);
	if (conversation->established)
		server_agent_closed(replay->server_agents, now,
				    conversation->owner, &conversation->key);
}

/* A FIN of one side, or a RST of either. */
static void
socket_flags(struct replay *replay, struct instant now, uint32_t index,
	     bool client, uint8_t flags)
{
	struct conversation *conversation =
		conversations_get(replay->conversations, index);
	bool *fin =
		client ? &conversation->fin_client : &conversation->fin_server;
	const struct event linger = {
		.class = EVENT_TIMER,
		.kind = EVENT_TCP,
		.code = REPLAY_STATE_LINGER,
		.a = index,
	};

	if (flags & TCP_RST) {
		conversation->socket = false;
		socket_end(replay, now, index);
		return;
	}
	*fin |= (flags & TCP_FIN) != 0;
	if (!conversation->fin_client || !conversation->fin_server ||
	    replay->states[index].ended)
		return;
	queue_schedule(replay->queue, 0, REPLAY_STATE_LINGER_NS, &linger);
	socket_end(replay, now, index);
}

void
replay_state_linger(struct replay *replay, uint32_t index)
{
	conversations_get(replay->conversations, index)->socket = false;
}

static void
socket_open(struct replay *replay, struct instant now, uint32_t server,
	    uint32_t index)
{
	struct conversation *conversation =
		conversations_get(replay->conversations, index);

	/* Its own SYN once more: whoever has the session keeps it. */
	if (conversation->established || replay->states[index].ended)
		return;
	uint32_t old = conversations_socket(replay->conversations, server,
					    &conversation->key);
	if (old != CONVERSATION_NONE && old != index) {
		conversations_get(replay->conversations, old)->socket = false;
		socket_end(replay, now, old);
	}
	conversation->owner = server;
	conversation->socket = true;
	struct version version = {
		.established_ns = now.ns,
		.sequence = replay->sequences[server]++,
	};
	(void)server_agent_opening(replay->server_agents, now, server,
				   &conversation->key, version);
}

static void
socket_establish(struct replay *replay, struct instant now, uint32_t server,
		 uint32_t index)
{
	struct conversation *conversation =
		conversations_get(replay->conversations, index);
	struct version version = {
		.established_ns = now.ns,
		.sequence = replay->sequences[server]++,
	};

	conversation->established = true;
	replay->states[index].opened_ns = replay_state_since(replay, now);
	(void)server_agent_opened(replay->server_agents, now, server,
				  &conversation->key, version);
}

/* A segment of the client's has reached a server's stack. */
static void
socket_segment(struct replay *replay, struct instant now, uint32_t server,
	       uint32_t index, const struct packet *packet)
{
	struct conversation *conversation =
		conversations_get(replay->conversations, index);
	uint8_t flags = packet->tcp_flags;

	if (packet->protocol != IP_TCP || packet->fragment_offset > 0)
		return;
	if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		if ((flags & TCP_RST) == 0)
			socket_open(replay, now, server, index);
		return;
	}
	if (!conversation->socket || conversation->owner != server)
		return;
	if ((flags & TCP_ACK) && (flags & TCP_RST) == 0 &&
	    !conversation->established)
		socket_establish(replay, now, server, index);
	socket_flags(replay, now, index, true, flags);
}

void
replay_state_answered(struct replay *replay, struct instant now, uint32_t index,
		      const struct packet *packet)
{
	if (conversations_get(replay->conversations, index)->socket &&
	    packet->protocol == IP_TCP && packet->fragment_offset == 0)
		socket_flags(replay, now, index, false, packet->tcp_flags);
}

/* ---- delivered ---- */

static void
delivered_packet(struct replay *replay, struct instant now, uint32_t server,
		 uint32_t index, const struct packet *packet,
		 enum delivery_state from)
{
	struct delivery *delivery = deliveries_get(replay->deliveries, index);
	struct conversation_state *state =
		&replay->states[delivery->conversation];

	if (delivery->state == DELIVERY_DELIVERED) {
		replay->duplicates++;
		return;
	}
	delivery->state = DELIVERY_DELIVERED;
	state->delivered++;
	state->local += from == DELIVERY_SENT;
	state->forwarded += from == DELIVERY_FORWARDED;
	state->bytes += packet->payload_bytes;
	socket_segment(replay, now, server, delivery->conversation, packet);
}

/* A router's ICMP error, or a piece of a packet that did not fit a link. */
static bool
of_our_making(const struct packet *packet)
{
	return packet->icmp_error || packet->mf || packet->fragment_offset > 0;
}

/* To a server's own stack; from says which way it came. packet: NULL, if it
 * is not parsed yet. */
static void
delivered(struct replay *replay, struct instant now, uint32_t server,
	  const uint8_t *bytes, uint32_t size, const struct packet *packet,
	  enum delivery_state from)
{
	struct packet parsed;

	if (packet == NULL) {
		if (packet_parse(bytes, size, &parsed) != DROP_NONE) {
			replay->altered++;
			return;
		}
		packet = &parsed;
	}
	size = packet->size_bytes;
	uint32_t index = deliveries_find(replay->deliveries, bytes, size, from);
	if (index != DELIVERY_NONE) {
		delivered_packet(replay, now, server, index, packet, from);
		return;
	}
	if (!of_our_making(packet)) {
		replay->altered++;
		return;
	}
	if (packet->icmp_error)
		return;
	const uint8_t *whole = reassembly_add(replay->reassembly, now, server,
					      bytes, packet, &size);
	if (whole != NULL)
		delivered(replay, now, server, whole, size, NULL, from);
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
	   struct delivery *delivery)
{
	struct conversation_state *state =
		&replay->states[delivery->conversation];

	delivery->strayed = true;
	state->strayed++;
	state->strayed_open += !state->ended;
	if (state->stray_ns == REPLAY_STATE_NEVER)
		state->stray_ns = replay_state_since(replay, now);
	if (!replay->moved || replay->first_stray_ns != REPLAY_STATE_NEVER ||
	    conversations_get(replay->conversations, delivery->conversation)
			    ->owner == CONVERSATION_UNOWNED)
		return;
	replay->first_stray_ns = replay_state_since(replay, now);
	const struct watch_measurement m = {
		.metric = METRIC_DETECTION,
		.at = { replay->moved_ns + replay->zero.ns },
		.value_ns = replay->first_stray_ns - replay->moved_ns,
		.node = server,
		.flow = delivery->conversation,
		.hops = WATCH_NONE,
		.ok = true,
	};
	replay_state_measure(replay, &m);
}

static void
note_drop(struct replay *replay, uint32_t index, enum drop drop)
{
	struct delivery *delivery = deliveries_get(replay->deliveries, index);

	delivery->state = DELIVERY_DROPPED;
	delivery->drop = (uint8_t)drop;
}

/* The plain kernel: a socket, or a RST. */
static void
arrive_plain(struct replay *replay, struct instant now, uint32_t server,
	     const uint8_t *bytes, const struct packet *packet, uint32_t index)
{
	if (index == DELIVERY_NONE)
		return;
	struct delivery *delivery = deliveries_get(replay->deliveries, index);
	const struct conversation *conversation = conversations_get(
		replay->conversations, delivery->conversation);
	if (is_opening(packet) ||
	    conversations_socket(replay->conversations, server,
				 &conversation->key) != CONVERSATION_NONE) {
		delivered(replay, now, server, bytes, packet->size_bytes,
			  packet, DELIVERY_SENT);
		return;
	}
	note_stray(replay, now, server, delivery);
	replay->server_drops[DROP_NO_SOCKET]++;
	note_drop(replay, index, DROP_NO_SOCKET);
	(void)server_agent_reset(replay->server_agents, now, server, packet);
}

static void
note_verdict(struct replay *replay, uint32_t index,
	     const struct scheme_result *result)
{
	struct delivery *delivery = deliveries_get(replay->deliveries, index);

	if (result->verdict == SCHEME_HOLD) {
		delivery->state = DELIVERY_HELD;
		replay->states[delivery->conversation].held++;
	} else if (result->verdict == SCHEME_DROP) {
		note_drop(replay, index, result->drop);
	}
}

/* Which of the capture's is it, as it comes to a server? */
static uint32_t
arrived_find(struct replay *replay, const uint8_t *bytes,
	     const struct packet *packet)
{
	uint32_t index = deliveries_find(replay->deliveries, bytes,
					 packet->size_bytes, DELIVERY_SENT);

	if (index == DELIVERY_NONE && !of_our_making(packet))
		replay->altered++;
	return index;
}

/* ---- what its agent asks and tells ---- */

/* A conversation's socket has no numbers: it is here or not. */
static enum ownership
whose(void *context, uint32_t server,
      const struct classification *classification)
{
	const struct replay *replay = context;
	uint32_t index = conversations_socket(replay->conversations, server,
					      &classification->key);

	return index == CONVERSATION_NONE ? OWNERSHIP_STRAY : OWNERSHIP_MINE;
}

static void
deliver(void *context, struct instant now, uint32_t server,
	const uint8_t *bytes, uint32_t size, const struct packet *packet,
	enum server_agent_way way)
{
	static const enum delivery_state states[] = {
		[SERVER_AGENT_ARRIVED] = DELIVERY_SENT,
		[SERVER_AGENT_RELEASED] = DELIVERY_HELD,
		[SERVER_AGENT_TUNNELLED] = DELIVERY_FORWARDED,
	};
	struct replay *replay = context;

	if (way != SERVER_AGENT_ARRIVED || replay->asked.homeward)
		delivered(replay, now, server, bytes, size, packet,
			  states[way]);
	else
		arrive_plain(replay, now, server, bytes, packet,
			     arrived_find(replay, bytes, packet));
}

static uint32_t
flow(void *context, const struct session_key *key)
{
	const struct replay *replay = context;

	return conversations_begun(replay->conversations, key);
}

static void
measured(void *context, const struct watch_measurement *m,
	 const struct node_event *event)
{
	struct replay *replay = context;

	(void)event;
	replay_state_measure(replay, m);
	if (m->metric != METRIC_LOOKUP || m->flow == CONVERSATION_NONE)
		return;
	struct conversation_state *state = &replay->states[m->flow];
	if (state->lookups++ == 0 || (m->ok && !state->lookup_found)) {
		state->lookup_ns = m->value_ns;
		state->hops = m->hops;
		state->lookup_found = m->ok;
	}
}

static void
decided(void *context, struct instant now, uint32_t server,
	const uint8_t *bytes, const struct packet *packet,
	const struct scheme_result *result)
{
	struct replay *replay = context;
	uint32_t index = arrived_find(replay, bytes, packet);

	if (index == DELIVERY_NONE)
		return;
	if (result->stray)
		note_stray(replay, now, server,
			   deliveries_get(replay->deliveries, index));
	note_verdict(replay, index, result);
}

static void
forwarding(void *context, const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;
	uint32_t index =
		deliveries_find(replay->deliveries, bytes, size, DELIVERY_HELD);

	if (index != DELIVERY_NONE)
		deliveries_get(replay->deliveries, index)->state =
			DELIVERY_FORWARDED;
}

static void
refusing(void *context, const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;
	uint32_t index = deliveries_find(replay->deliveries, bytes, size,
					 DELIVERY_FORWARDED);

	if (index != DELIVERY_NONE &&
	    deliveries_get(replay->deliveries, index)->state ==
		    DELIVERY_FORWARDED)
		note_drop(replay, index, DROP_NOT_OURS);
}

const struct server_agent_owner replay_state_owner = {
	.whose = whose,
	.deliver = deliver,
	.flow = flow,
	.measured = measured,
	.decided = decided,
	.forwarding = forwarding,
	.refusing = refusing,
};

void
replay_state_start(struct replay *replay)
{
	for (uint32_t i = 0; i < replay->server_count; i++) {
		(void)server_agent_begin(replay->server_agents);
		server_agent_end(replay->server_agents,
				 queue_now(replay->queue), i);
	}
}

void
replay_state_arrive(struct replay *replay, struct instant now, uint32_t server,
		    uint8_t port, const uint8_t *bytes, uint32_t size)
{
	struct packet packet;

	/* The network carries nothing that cannot be parsed. */
	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		replay->altered++;
	else
		(void)server_agent_arrive(replay->server_agents, now, server,
					  port, bytes, &packet);
}
