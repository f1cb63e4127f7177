/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.c - a packet that is not for us, and what the node says of it
 *
 * Which flow, and whether one may begin; search.c finds its owner, outgoing.c
 * has its packets.
 *
 * Timers, all in the heap of flow.c: WAITING for the next lookup, LOOKING for
 * an answer that was lost on the way from the node (a bug or a full event
 * queue; nothing else would ever free what is held), CACHED for a refusal of
 * what was released or for the turn of one whose owner died (vigil.h), TELLING
 * for room in the outbox. Idle and negative flows need no timer: they are seen
 * to be stale when asked for.
 */
#include "core/steer/stray.h"

#include "core/steer/budget.h"
#include "core/steer/classifier.h"
#include "core/steer/doubt.h"
#include "core/steer/flow.h"
#include "core/steer/limiter.h"
#include "core/steer/outgoing.h"
#include "core/steer/search.h"
#include "core/steer/sketch.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/ownership.h"
#include "core/wire/tcp.h"

/*
 * What the node says
 */

void
stray_learned(struct strays *strays, struct instant now,
	      const struct node_event *event, struct outbox *outbox)
{
	const struct session_key *key = &event->key;

	if (event->kind != NODE_FOUND && event->kind != NODE_MISSED &&
	    event->kind != NODE_NOT_MINE && event->kind != NODE_DOUBT)
		return;
	struct flow *flow = flow_find(strays->flows, key);
	if (event->kind == NODE_NOT_MINE) {
		strays->counters.not_mine_received++;
		if (flow == NULL || event->peer == ENDPOINT_NONE)
			return;
		if (flow->doubt)
			doubt_refused(strays, now, flow, event->peer);
		else
			search_not_mine(strays, now, flow, event->peer, outbox);
		return;
	}
	if (event->kind == NODE_DOUBT) {
		if (flow != NULL && event->peer != ENDPOINT_NONE &&
		    doubt_heard(strays, now, flow, event, outbox))
			vigil_doubted(strays, now, flow, outbox);
		return;
	}
	if (event->asker == NODE_ASKER_DOUBT) {
		doubt_learned(strays, now, flow, event, outbox);
		return;
	}

	bool ours = flow != NULL && flow->state == FLOW_LOOKING &&
		    flow->ticket == event->ticket;
	if (event->asker == NODE_ASKER_SILENT) {
		if (flow == NULL ||
		    vigil_learned(strays, now, flow, event, outbox))
			return;
	} else if (event->kind == NODE_MISSED) {
		/* Charged also when the flow has been evicted, or a flood of
		 * flows that evict each other would go uncharged. */
		strays->counters.misses++;
		if (!ours || !flow->charged)
			limiter_charge(strays->limiter, now, key->family,
				       key->client);
	}
	if (!ours)
		return;
	if (event->kind == NODE_FOUND) {
		search_found(strays, now, flow, event, outbox);
		return;
	}
	/* Strangers that are silent may be beyond a split; but past a dead
	 * owner they are no more to be reached than it was. */
	bool conclusive = event->ok ||
			  (flow->orphaned &&
			   (event->denied || vigil_nobody_left(strays, now)));
	search_missed(strays, now, flow, conclusive, outbox);
}

/*
 * Packets
 */

/* The session's flow, unless that is stale. */
static struct flow *
stray_fresh(struct strays *strays, struct instant now,
	    const struct session_key *key)
{
	struct flow *flow = flow_find(strays->flows, key);

	if (flow == NULL)
		return NULL;
	if ((flow->state == FLOW_NEGATIVE &&
	     !instant_before(now, flow->until)) ||
	    (flow->state == FLOW_CACHED &&
	     instant_distance_ns(flow->used, now) >=
		     strays->settings->owner_idle_ns)) {
		search_forget(strays, flow, DROP_GONE);
		return NULL;
	}
	/* The socket that had its packets has gone. */
	if (flow->doubt && !doubt_becomes_stray(strays, flow))
		return NULL;
	return flow;
}

/* What is farther behind is of another session, or of this one after it was at
 * home for long. */
static bool
is_behind(uint32_t number, uint32_t furthest)
{
	return ownership_within(number, furthest - OWNERSHIP_WAIT_BYTES,
				OWNERSHIP_WAIT_BYTES);
}

/* Nothing that the client had not sent before: its segment ends no later, and
 * acknowledges no more, than any. (Than the one before does not do: between two
 * of its retransmissions a client acknowledges, with the number that it would
 * send next, whatever an old socket of its ports says.) */
static bool
note_numbers(struct flow *flow, const struct packet *packet)
{
	uint32_t end = packet->tcp_seq + packet->payload_bytes;
	bool first = !flow->segment.valid;
	bool sends = first || !is_behind(end, flow->furthest_end);
	bool acknowledges =
		(packet->tcp_flags & TCP_ACK) != 0 &&
		(first || !is_behind(packet->tcp_ack, flow->furthest_ack));

	if (sends)
		flow->furthest_end = end;
	if (acknowledges)
		flow->furthest_ack = packet->tcp_ack;
	if (sends || acknowledges)
		flow->news = flow->used;
	return !sends && !acknowledges;
}

/* Keep what a RST would answer; never a RST, nor an error. True: the client
 * repeats itself. */
static bool
stray_note(struct flow *flow, const struct classification *classification)
{
	const struct packet *packet = &classification->packet;
	bool repeated;

	if (classification->kind != CLASSIFICATION_SEGMENT) {
		flow->patient = true;
		return false;
	}
	if ((packet->tcp_flags & TCP_RST) != 0)
		return false;
	flow->patient = true;
	repeated = note_numbers(flow, packet);
	/* A first fragment does not tell where the segment ends. */
	if (packet->mf && (packet->tcp_flags & TCP_ACK) == 0)
		return repeated;
	flow->segment = (struct flow_segment){
		.valid = true,
		.flags = packet->tcp_flags,
		.seq = packet->tcp_seq,
		.ack = packet->tcp_ack,
		.payload_bytes = packet->payload_bytes,
	};
	return repeated;
}

/* No client of a session sends that, so it is worth no lookup: a SYN-ACK, what
 * has neither ACK nor RST (RFC 9293, 3.10.7.4), and what no host sends (RFC
 * 1122, 3.2.1.3). */
static bool
is_senseless(const struct classification *classification)
{
	const struct packet *packet = &classification->packet;

	if (classification->kind != CLASSIFICATION_SEGMENT)
		return false;
	return (packet->tcp_flags & TCP_SYN) != 0 ||
	       (packet->tcp_flags & (TCP_ACK | TCP_RST)) == 0 ||
	       packet->src_port == 0 || !packet_source_valid(&packet->src) ||
	       address_equal(&packet->src, &packet->dst);
}

/* A new flow; when the table is full, in the place of a quiet one. */
static struct flow *
stray_add(struct strays *strays, const struct session_key *key)
{
	struct flow *flow = flow_add(strays->flows, key);

	if (flow != NULL || (flow = flow_quietest(strays->flows)) == NULL)
		return flow;
	search_forget(strays, flow, DROP_FLOWS);
	return flow_add(strays->flows, key);
}

/* The flow of a stray packet, new if need be. NULL: *drop says why. */
static struct flow *
stray_get(struct strays *strays, struct instant now,
	  const struct classification *classification,
	  struct steer_result *result, struct budget *budget)
{
	const struct session_key *key = &classification->key;
	struct flow *flow = stray_fresh(strays, now, key);

	if (flow != NULL)
		return flow;
	result->drop = DROP_FRAGMENT;
	if (classification->kind == CLASSIFICATION_LATER)
		return NULL;
	result->drop = DROP_SENSELESS;
	if (is_senseless(classification))
		return NULL;
	uint32_t spoken =
		sketch_add(strays->sketch, now, flows_hash(strays->flows, key));
	*budget = budget_first(strays, now, key, spoken);
	result->drop = budget->drop;
	if (budget->worth == BUDGET_NONE)
		return NULL;
	flow = stray_add(strays, key);
	if (flow == NULL) {
		result->drop = DROP_FLOWS;
		return NULL;
	}
	flow->strayed = flow->used = flow->news = now;
	flow->spoken = (uint8_t)spoken;
	result->first = true;
	return flow;
}

/* The flow speaks again; its owner is not known. NULL: it is given up, which
 * its caller, late with steer_expire(), should have seen. */
static struct flow *
stray_again(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	const struct session_key key = flow->key;

	search_heard(strays, now, flow, outbox);
	if (!search_overdue(strays, now, flow))
		return flow;
	search_turn(strays, now, flow, outbox);
	return flow_find(strays->flows, &key);
}

struct steer_result
stray_packet(struct strays *strays, struct instant now,
	     const struct classification *classification, const uint8_t *bytes,
	     uint8_t uplink, struct outbox *outbox)
{
	struct steer_result result = {
		.verdict = STEER_DROP,
		.stray = true,
		.key = classification->key,
	};
	struct budget budget;
	struct flow *flow =
		stray_get(strays, now, classification, &result, &budget);

	if (flow == NULL)
		return result;
	if (flow->state == FLOW_NEGATIVE || flow->state == FLOW_TELLING) {
		result.drop = DROP_NEGATIVE;
		return result;
	}
	bool paused = instant_distance_ns(flow->used, now) >= OUTGOING_PAUSE_NS;
	flow->uplink = uplink;
	flow->used = now;
	flow_touch(strays->flows, flow);
	bool repeated = stray_note(flow, classification);

	struct outgoing out = outgoing_of(classification, bytes);
	struct tunnel_peer owner;
	if (search_owner(strays, now, flow, &owner, outbox)) {
		result.drop = outgoing_forward(strays, now, flow, &owner, &out,
					       outbox);
		if (result.drop == DROP_NONE) {
			result.verdict = STEER_FORWARD;
			bool copied = vigil_forwarded(strays, now, flow, &out,
						      repeated, outbox);
			if (paused)
				outgoing_keep(strays, now, flow, &out, copied);
		}
		return result;
	}

	if (!result.first)
		flow = stray_again(strays, now, flow, outbox);
	if (flow == NULL) {
		result.drop = DROP_LOOKUPS;
		return result;
	}
	/* Held first: the answer may come at once. Without room the lookup
	 * runs all the same, for the retransmission. */
	result.drop = outgoing_hold(strays, flow, &out);
	if (result.drop == DROP_NONE)
		result.verdict = STEER_HOLD;
	if (result.first)
		search_begin(strays, now, flow, budget, outbox);
	return result;
}

/* The session is, or begins, here. */
void
stray_settle(struct strays *strays, const struct session_key *key, bool anew,
	     struct outbox *outbox)
{
	struct flow *flow = flow_find(strays->flows, key);

	/* A doubt is of packets that a socket here has, too. */
	if (flow == NULL || (flow->doubt && !anew))
		return;
	/* Anybody can send a SYN: it changes nothing of a session that is
	 * elsewhere. If one begins here, its next packet is known. */
	if (anew && !flow->doubt && flow->state != FLOW_NEGATIVE &&
	    flow->state != FLOW_TELLING)
		return;
	if (!anew)
		outgoing_deliver(strays, flow, outbox);
	search_forget(strays, flow, DROP_GONE);
}

/*
 * Time
 */

struct instant
stray_deadline(const struct strays *strays)
{
	return instant_min(flow_due(strays->flows), vigil_due(strays));
}

/* A flow is due. */
static void
stray_turn(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	if (flow->doubt)
		doubt_turn(strays, now, flow);
	else if (flow->state == FLOW_TELLING)
		search_tell(strays, now, flow, outbox);
	else if (flow->state != FLOW_CACHED)
		search_turn(strays, now, flow, outbox);
	else if (flow->mourning)
		vigil_turn(strays, now, flow, outbox);
	else
		search_settled(strays, flow);
}

void
stray_expire(struct strays *strays, struct instant now, struct outbox *outbox)
{
	struct flow *flow;

	vigil_expire(strays, now, outbox);
	while ((flow = flow_first_due(strays->flows)) != NULL &&
	       !instant_before(now, flow->due))
		stray_turn(strays, now, flow, outbox);
	while ((flow = flow_oldest(strays->flows)) != NULL &&
	       instant_distance_ns(flow->used, now) >=
		       strays->settings->owner_idle_ns)
		flow_remove(strays->flows, flow);
}

void
stray_clear(struct strays *strays)
{
	struct flow *flow;

	/* A flow that holds packets has a timer. */
	while ((flow = flow_first_due(strays->flows)) != NULL)
		search_forget(strays, flow, DROP_GONE);
}
