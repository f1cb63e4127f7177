/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stage_server.c - what comes to a server of the replay
 *
 * Above its participant a server has no TCP: delivered is where a packet's
 * bytes are compared with the capture's, and where a socket is opened by a
 * SYN, established by the client's next ACK and ended by FINs and RSTs
 * (dialogue.h).
 */
#include "core/wire/build.h"
#include "core/wire/tcp.h"
#include "harness/replay/stage.h"

/* ---- sockets ---- */

static void
socket_end(struct replay *replay, struct instant now, uint32_t index)
{
	struct dialogue *dialogue = dialogues_get(replay->dialogues, index);
	struct story *story = &replay->stories[index];

	if (story->ended)
		return;
	story->ended = true;
	story->closed_ns = stage_since(replay, now);
	if (dialogue->established)
		participant_closed(replay->participants, now, dialogue->owner,
				   &dialogue->key);
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
		.sequence = replay->sequences[server]++,
	};

	dialogue->established = true;
	replay->stories[index].opened_ns = stage_since(replay, now);
	(void)participant_opened(replay->participants, now, server,
				 &dialogue->key, version);
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
	(void)participant_reset(replay->participants, server, packet);
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

/* Which of the capture's is it, as it comes to a server? */
static uint32_t
arrived_find(struct replay *replay, const uint8_t *bytes,
	     const struct packet *packet)
{
	uint32_t index = passages_find(replay->passages, bytes,
				       packet->size_bytes, PASSAGE_SENT);

	if (index == PASSAGE_NONE && !of_our_making(packet))
		replay->altered++;
	return index;
}

/* ---- what its participant asks and tells ---- */

static bool
has_socket(void *context, uint32_t server, const struct session_key *key)
{
	const struct replay *replay = context;

	return dialogues_socket(replay->dialogues, server, key) !=
	       DIALOGUE_NONE;
}

static void
deliver(void *context, struct instant now, uint32_t server,
	const uint8_t *bytes, uint32_t size, enum participant_way way)
{
	static const enum passage_state states[] = {
		[PARTICIPANT_ARRIVED] = PASSAGE_SENT,
		[PARTICIPANT_RELEASED] = PASSAGE_HELD,
		[PARTICIPANT_TUNNELLED] = PASSAGE_FORWARDED,
	};
	struct replay *replay = context;
	struct packet packet;

	if (way != PARTICIPANT_ARRIVED || replay->asked.homeward)
		delivered(replay, now, server, bytes, size, states[way]);
	else if (packet_parse(bytes, size, &packet) == DROP_NONE)
		arrive_plain(replay, now, server, bytes, &packet,
			     arrived_find(replay, bytes, &packet));
}

static uint32_t
flow(void *context, const struct session_key *key)
{
	const struct replay *replay = context;

	return dialogues_begun(replay->dialogues, key);
}

static void
measured(void *context, const struct watch_measurement *m,
	 const struct node_event *event)
{
	struct replay *replay = context;

	(void)event;
	stage_measure(replay, m);
	if (m->metric != METRIC_LOOKUP || m->flow == DIALOGUE_NONE)
		return;
	struct story *story = &replay->stories[m->flow];
	if (story->lookups++ == 0 || (m->ok && !story->lookup_found)) {
		story->lookup_ns = m->value_ns;
		story->hops = m->hops;
		story->lookup_found = m->ok;
	}
}

static void
decided(void *context, struct instant now, uint32_t server,
	const uint8_t *bytes, const struct packet *packet,
	const struct steer_result *result)
{
	struct replay *replay = context;
	uint32_t index = arrived_find(replay, bytes, packet);

	if (index == PASSAGE_NONE)
		return;
	if (result->stray)
		note_stray(replay, now, server,
			   passages_get(replay->passages, index));
	note_verdict(replay, index, result);
}

static void
forwarding(void *context, const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;
	uint32_t index =
		passages_find(replay->passages, bytes, size, PASSAGE_HELD);

	if (index != PASSAGE_NONE)
		passages_get(replay->passages, index)->state =
			PASSAGE_FORWARDED;
}

static void
refusing(void *context, const uint8_t *bytes, uint32_t size)
{
	struct replay *replay = context;
	uint32_t index =
		passages_find(replay->passages, bytes, size, PASSAGE_FORWARDED);

	if (index != PASSAGE_NONE &&
	    passages_get(replay->passages, index)->state == PASSAGE_FORWARDED)
		note_drop(replay, index, DROP_NOT_OURS);
}

const struct participant_owner stage_owner = {
	.has_socket = has_socket,
	.deliver = deliver,
	.flow = flow,
	.measured = measured,
	.decided = decided,
	.forwarding = forwarding,
	.refusing = refusing,
};

void
stage_start(struct replay *replay)
{
	for (uint32_t i = 0; i < replay->server_count; i++) {
		(void)participant_begin(replay->participants);
		participant_end(replay->participants, queue_now(replay->queue),
				i);
	}
}

void
stage_arrive(struct replay *replay, struct instant now, uint32_t server,
	     uint8_t port, const uint8_t *bytes, uint32_t size)
{
	struct packet packet;

	/* The network carries nothing that cannot be parsed. */
	if (packet_parse(bytes, size, &packet) != DROP_NONE)
		replay->altered++;
	else
		(void)participant_arrive(replay->participants, now, server,
					 port, bytes, &packet);
}
