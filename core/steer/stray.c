/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.c - holding, looking up, forwarding and, at last, resetting
 *
 * A flow (flow.h has the picture) is LOOKING while its lookup runs and
 * WAITING between two; both hold packets. A miss waits miss_retry_ns, then
 * twice that, and so on; the last lookup starts at miss_deadline after the
 * first, and when that too misses the flow is given up: a RST to the client,
 * then NEGATIVE for a second, in which its packets are dropped. So a RST is
 * sent a lookup's time after the deadline at the earliest, and only after the
 * replicas said "unknown" as late as possible.
 *
 * A flow of which only RSTs came is given up at its first miss.
 *
 * Two kinds of flow are dropped at the deadline, not reset, as no replica
 * has said that the session does not exist: those that never got a lookup
 * (the node's table or the prefix's rate limit is exhausted), and those whose
 * latest lookup was not conclusive (node.h: our uplinks are down, or the
 * replicas too busy to answer in time).
 *
 * The RST is made from the latest segment's numbers, which the flow keeps; so
 * it can be sent although the packets all went to an owner that then said "not
 * mine".
 *
 * Timers, all in the heap of flow.c: WAITING for the next lookup, LOOKING
 * for an answer that was lost on the way from the node (a bug or a full event
 * queue; nothing else would ever free what is held). Idle and negative flows
 * need no timer: they are seen to be stale when asked for.
 */
#include "core/steer/stray.h"

#include <assert.h>
#include <string.h>

#include "core/steer/classifier.h"
#include "core/steer/flow.h"
#include "core/steer/limiter.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"

/* Far beyond a lookup's own deadline (250 ms). */
#define ANSWER_LOST_NS (2 * NS_PER_S)

#define RST_TTL	      64
#define RST_BYTES_MAX 60 /* IPv6 and TCP headers */

/* Marks of held packets. */
#define MARK_RST    0x01
#define MARK_ERROR  0x02
#define MARK_LATER  0x04
#define MARK_ANSWER 0x08 /* too big: an error can be sent to its sender */

/* A packet on its way out: the caller's, or the first one held. */
struct outgoing {
	const uint8_t *bytes; /* NULL: the flow's first held */
	uint32_t size;
	uint8_t mark;
};

static void
count_drop(struct strays *strays, enum drop drop)
{
	strays->counters.drops[drop]++;
}

static const struct address *
owner_address(const struct strays *strays, uint32_t owner)
{
	return &endpoints_get(strays->endpoints, owner)->address;
}

static struct tunnel_peer
owner_peer(const struct strays *strays, uint32_t owner)
{
	return tunnel_peer(strays->tunnel, owner_address(strays, owner));
}

static bool
peer_is_gone(const struct strays *strays, struct instant now,
	     const struct tunnel_peer *peer)
{
	return tunnel_gone(strays->tunnel, now, peer,
			   strays->settings->gone_after_ns);
}

static bool
owner_is_gone(const struct strays *strays, struct instant now, uint32_t owner)
{
	struct tunnel_peer peer = owner_peer(strays, owner);

	return peer_is_gone(strays, now, &peer);
}

/*
 * Held packets
 */

static enum drop
stray_hold(struct strays *strays, struct flow *flow, const struct outgoing *out)
{
	const struct steer_settings *settings = strays->settings;
	uint32_t cost = hold_cost_bytes(out->size);

	if (flow->held.packets >= settings->hold_packets_flow)
		return DROP_HOLD_FLOW;
	if (strays->held_bytes > settings->hold_bytes ||
	    cost > settings->hold_bytes - strays->held_bytes ||
	    !hold_append(strays->held, &flow->held, out->bytes, out->size,
			 out->mark))
		return DROP_HOLD_BYTES;
	strays->held_bytes += cost;
	strays->counters.held++;
	flow_pin(strays->flows, flow);
	return DROP_NONE;
}

static void
stray_unhold(struct strays *strays, struct flow *flow)
{
	uint32_t before = flow->held.bytes;

	hold_pop(strays->held, &flow->held);
	strays->held_bytes -= before - flow->held.bytes;
	if (flow->held.packets == 0)
		flow_unpin(strays->flows, flow);
}

/* Why a packet is dropped when no owner of its session was found. */
static enum drop
reason_of(uint8_t mark, enum drop otherwise)
{
	if ((mark & MARK_RST) != 0)
		return DROP_RST_UNKNOWN;
	if ((mark & MARK_ERROR) != 0)
		return DROP_ICMP_QUOTE;
	if ((mark & MARK_LATER) != 0)
		return DROP_FRAGMENT;
	return otherwise;
}

/* reason: DROP_NONE means each packet's own. */
static void
stray_drop_held(struct strays *strays, struct flow *flow, enum drop reason)
{
	while (flow->held.packets > 0) {
		uint8_t mark = hold_front(strays->held, &flow->held).mark;
		count_drop(strays, reason != DROP_NONE
					   ? reason
					   : reason_of(mark, DROP_LOOKUPS));
		stray_unhold(strays, flow);
	}
}

/* To our own stack: the session is here after all. */
static void
stray_deliver(struct strays *strays, struct flow *flow, struct outbox *outbox)
{
	while (flow->held.packets > 0) {
		uint32_t size = hold_front(strays->held, &flow->held).size;
		uint8_t *bytes;
		if (outbox_add(outbox, OUTBOX_DELIVER, size, &bytes) == NULL) {
			count_drop(strays, DROP_OUTBOX);
		} else {
			hold_copy(strays->held, &flow->held, bytes, size);
			strays->counters.released++;
		}
		stray_unhold(strays, flow);
	}
}

/*
 * Forwarding
 */

static bool
in_window(const struct strays *strays, struct instant now,
	  const struct flow *flow)
{
	const struct steer_settings *settings = strays->settings;

	return settings->first_stray != STEER_WINDOW_OFF &&
	       instant_distance_ns(flow->strayed, now) <
		       settings->first_stray_window_ns;
}

/* Tell the client to send smaller ones. The error comes from the service's
 * own address, which the client's network lets in if it lets in anything. */
static enum drop
stray_answer_too_big(struct strays *strays, const struct flow *flow,
		     const struct outgoing *out, uint32_t room_bytes,
		     struct outbox *outbox)
{
	uint8_t head[PACKET_ERROR6_MAX], error[PACKET_ERROR6_MAX];
	uint32_t taken =
		out->size < sizeof(head) ? out->size : (uint32_t)sizeof(head);
	struct packet packet;
	struct address service = { .family = flow->key.family };
	uint8_t *bytes;

	if (out->bytes != NULL)
		memcpy(head, out->bytes, taken);
	else
		hold_copy(strays->held, &flow->held, head, taken);
	memcpy(service.bytes, flow->key.service, sizeof(service.bytes));
	if (service.family == 6 && room_bytes < IP6_MTU_MIN)
		room_bytes = IP6_MTU_MIN;

	/* As a quote, since a held one may be cut. */
	if (packet_parse_quote(head, taken, &packet) != DROP_NONE)
		return DROP_TOO_BIG;
	size_t size = packet_build_icmp_too_big(&service, room_bytes, head,
						&packet, error, sizeof(error));
	if (size == 0)
		return DROP_TOO_BIG;
	if (outbox_add(outbox, OUTBOX_PACKET, (uint32_t)size, &bytes) == NULL)
		return DROP_OUTBOX;
	memcpy(bytes, error, size);
	strays->counters.too_big_sent++;
	return DROP_TOO_BIG;
}

/* The item just sealed once more, by the ordinary route. The sequence is the
 * same, so that the owner drops whichever comes second. */
static void
repeat_sealed(struct outbox *outbox)
{
	uint32_t index = outbox->item_count - 1;
	uint8_t *bytes;
	struct outbox_item *copy = outbox_add(
		outbox, OUTBOX_FORWARD, outbox->items[index].size, &bytes);

	if (copy == NULL)
		return;
	const struct outbox_item *item = &outbox->items[index];
	memcpy(bytes, outbox->bytes + item->offset, item->size);
	copy->source_port = item->source_port;
	copy->to = item->to;
	copy->avoid_uplink = OUTBOX_ANY_UPLINK;
}

/* To the flow's owner. */
static enum drop
stray_forward(struct strays *strays, struct instant now, struct flow *flow,
	      struct tunnel_peer *owner, const struct outgoing *out,
	      struct outbox *outbox)
{
	struct tunnel_room room = tunnel_room(strays->tunnel, now, owner);
	bool too_big = out->size > room.bytes;

	/* A path MTU that was learned says that fragments did not help. */
	if (too_big && (out->mark & MARK_ANSWER) != 0 &&
	    (!strays->settings->outer_fragment || room.learned))
		return stray_answer_too_big(strays, flow, out, room.bytes,
					    outbox);

	uint8_t *inner = tunnel_add(out->size, outbox);
	if (inner == NULL)
		return out->size > tunnel_inner_max() ? DROP_TOO_BIG
						      : DROP_OUTBOX;
	if (out->bytes != NULL)
		memcpy(inner, out->bytes, out->size);
	else
		hold_copy(strays->held, &flow->held, inner, out->size);

	bool window = in_window(strays, now, flow);
	tunnel_seal(strays->tunnel, owner, flow_hash(strays->flows, flow),
		    window ? flow->uplink : OUTBOX_ANY_UPLINK, outbox);
	if (window && strays->settings->first_stray == STEER_WINDOW_BOTH)
		repeat_sealed(outbox);
	strays->counters.forwards++;
	strays->counters.forward_bytes += out->size;
	strays->counters.outer_fragmented += too_big;
	return DROP_NONE;
}

static void
stray_release(struct strays *strays, struct instant now, struct flow *flow,
	      struct outbox *outbox)
{
	struct tunnel_peer owner = owner_peer(strays, flow->owner);

	while (flow->held.packets > 0) {
		struct hold_packet front =
			hold_front(strays->held, &flow->held);
		struct outgoing out = { .size = front.size,
					.mark = front.mark };
		enum drop drop =
			stray_forward(strays, now, flow, &owner, &out, outbox);
		if (drop == DROP_NONE)
			strays->counters.released++;
		else
			count_drop(strays, drop);
		stray_unhold(strays, flow);
	}
}

/*
 * Lookups, misses, resets
 */

static bool
stray_reset(struct strays *strays, const struct flow *flow,
	    struct outbox *outbox)
{
	const struct session_key *key = &flow->key;
	struct packet segment = {
		.src.family = key->family,
		.dst.family = key->family,
		.family = key->family,
		.protocol = key->protocol,
		.transport = true,
		.has_ports = true,
		.src_port = wire_get16(key->client_port),
		.dst_port = wire_get16(key->service_port),
		.tcp_seq = flow->segment.seq,
		.tcp_ack = flow->segment.ack,
		.tcp_flags = flow->segment.flags,
		.payload_bytes = flow->segment.payload_bytes,
	};
	uint8_t rst[RST_BYTES_MAX];
	uint8_t *bytes;

	memcpy(segment.src.bytes, key->client, sizeof(key->client));
	memcpy(segment.dst.bytes, key->service, sizeof(key->service));
	size_t size = packet_build_rst(&segment, RST_TTL, rst, sizeof(rst));
	if (size == 0) /* the source cannot be one: RFC 1122, 3.2.1.3 */
		return false;
	if (outbox_add(outbox, OUTBOX_PACKET, (uint32_t)size, &bytes) == NULL)
		return false;
	memcpy(bytes, rst, size);
	strays->counters.resets++;
	return true;
}

static void
stray_forget(struct strays *strays, struct flow *flow, enum drop reason)
{
	stray_drop_held(strays, flow, reason);
	flow_remove(strays->flows, flow);
}

/* No owner was found, or no replica could be asked. True: it was reset. */
static bool
stray_give_up(struct strays *strays, struct instant now, struct flow *flow,
	      struct outbox *outbox)
{
	if (!flow->missed || !flow->segment.valid ||
	    !stray_reset(strays, flow, outbox)) {
		stray_forget(strays, flow, DROP_NONE);
		return false;
	}
	stray_drop_held(strays, flow, DROP_NEGATIVE);
	flow->state = FLOW_NEGATIVE;
	flow->until = instant_after(now, strays->settings->negative_ns);
	flow_schedule(strays->flows, flow, INSTANT_NEVER);
	return true;
}

static struct instant
stray_last_look(const struct strays *strays, const struct flow *flow)
{
	return instant_after(flow->missing_since,
			     strays->settings->miss_deadline_ns);
}

/* The next lookup comes later, the last one at the deadline. */
static void
stray_wait(struct strays *strays, struct instant now, struct flow *flow)
{
	/* Never now: a wait of no time would not end. */
	assert(instant_before(now, stray_last_look(strays, flow)));
	assert(flow->retry_ns > 0);
	flow->state = FLOW_WAITING;
	flow_schedule(strays->flows, flow,
		      instant_min(instant_after(now, flow->retry_ns),
				  stray_last_look(strays, flow)));
	if (flow->retry_ns <= INT64_MAX / 2)
		flow->retry_ns *= 2;
}

static void
stray_retry(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	if (instant_before(now, stray_last_look(strays, flow)))
		stray_wait(strays, now, flow);
	else
		stray_give_up(strays, now, flow, outbox);
}

/* False: the node has no room for a lookup now. */
static bool
stray_look(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	uint8_t avoid =
		in_window(strays, now, flow) ? flow->uplink : OUTBOX_ANY_UPLINK;

	if (node_get(strays->node, now, &flow->key, flow->asker, flow->excluded,
		     flow->excluded_count, avoid, &flow->ticket, outbox) != 0)
		return false;
	strays->counters.lookups++;
	flow->asker = NODE_ASKER_RETRY;
	flow->state = FLOW_LOOKING;
	flow_schedule(strays->flows, flow, instant_after(now, ANSWER_LOST_NS));
	return true;
}

/* A series of lookups begins, its deadline with it. */
static void
stray_begin(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	flow_begin(flow, now, strays->settings->miss_retry_ns);
	if (!stray_look(strays, now, flow, outbox))
		stray_wait(strays, now, flow);
}

static void
stray_exclude(struct flow *flow, uint32_t owner)
{
	for (uint32_t i = 0; i < flow->excluded_count; i++) {
		if (flow->excluded[i] == owner)
			return;
	}
	if (flow->excluded_count == FLOW_EXCLUDED) {
		memmove(flow->excluded, flow->excluded + 1,
			(FLOW_EXCLUDED - 1) * sizeof(flow->excluded[0]));
		flow->excluded_count--;
	}
	flow->excluded[flow->excluded_count++] = owner;
}

static bool
owner_usable(const struct strays *strays, struct instant now,
	     const struct flow *flow, uint32_t owner)
{
	for (uint32_t i = 0; i < flow->excluded_count; i++) {
		if (flow->excluded[i] == owner)
			return false;
	}
	const struct address *address = owner_address(strays, owner);
	return address->family == strays->self.family &&
	       !address_equal(address, &strays->self) &&
	       !owner_is_gone(strays, now, owner);
}

/* The owner is none: the older record's next, or another lookup. A deadline
 * that has not passed stays, so that a chain of wrong owners ends in time. */
static void
stray_discard_owner(struct strays *strays, struct instant now,
		    struct flow *flow, struct outbox *outbox)
{
	uint32_t older = flow->older;

	flow->older = ENDPOINT_NONE;
	if (older != ENDPOINT_NONE && owner_usable(strays, now, flow, older)) {
		flow->owner = older;
		return;
	}
	flow->owner = ENDPOINT_NONE;
	if (!instant_before(now, stray_last_look(strays, flow)))
		stray_begin(strays, now, flow, outbox);
	else if (!stray_look(strays, now, flow, outbox))
		stray_wait(strays, now, flow);
}

static void
stray_turn(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	if (flow->state == FLOW_WAITING &&
	    limiter_ask(strays->limiter, now, flow->key.family,
			flow->key.client) == DROP_NONE &&
	    stray_look(strays, now, flow, outbox))
		return;
	stray_retry(strays, now, flow, outbox);
}

/*
 * What the node says
 */

static void
stray_found(struct strays *strays, struct instant now, struct flow *flow,
	    const struct node_event *event, struct outbox *outbox)
{
	flow->owner = flow->older = ENDPOINT_NONE;
	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		if (record->tombstone || record->owner == ENDPOINT_NONE)
			continue;
		if (!owner_usable(strays, now, flow, record->owner)) {
			/* A route may come back; the rest is for good. */
			if (!owner_is_gone(strays, now, record->owner))
				stray_exclude(flow, record->owner);
		} else if (flow->owner == ENDPOINT_NONE) {
			flow->owner = record->owner;
		} else {
			flow->older = record->owner;
		}
	}
	flow->missed = flow->owner == ENDPOINT_NONE;
	if (flow->missed) {
		stray_retry(strays, now, flow, outbox);
		return;
	}
	flow->state = FLOW_CACHED;
	flow_schedule(strays->flows, flow, INSTANT_NEVER);
	stray_release(strays, now, flow, outbox);
}

static void
stray_not_mine(struct strays *strays, struct instant now, struct flow *flow,
	       uint32_t peer, struct outbox *outbox)
{
	const struct address *says = owner_address(strays, peer);

	if (flow->state != FLOW_CACHED)
		return;
	if (flow->older != ENDPOINT_NONE &&
	    address_equal(says, owner_address(strays, flow->older))) {
		stray_exclude(flow, flow->older);
		flow->older = ENDPOINT_NONE;
	}
	if (!address_equal(says, owner_address(strays, flow->owner)))
		return;
	/* An owner that did not have this port's session before may have the
	 * one that uses the port now: a new series asks all of them. */
	if (!instant_before(now, stray_last_look(strays, flow)))
		flow->excluded_count = 0;
	stray_exclude(flow, flow->owner);
	stray_discard_owner(strays, now, flow, outbox);
}

void
stray_learned(struct strays *strays, struct instant now,
	      const struct node_event *event, struct outbox *outbox)
{
	const struct session_key *key = &event->key;

	if (event->kind != NODE_FOUND && event->kind != NODE_MISSED &&
	    event->kind != NODE_NOT_MINE)
		return;
	struct flow *flow = flow_find(strays->flows, key);
	if (event->kind == NODE_NOT_MINE) {
		strays->counters.not_mine_received++;
		if (flow != NULL && event->peer != ENDPOINT_NONE)
			stray_not_mine(strays, now, flow, event->peer, outbox);
		return;
	}

	/* Charged also when the flow has been evicted, or a flood of flows
	 * that evict each other would go uncharged. */
	if (event->kind == NODE_MISSED) {
		strays->counters.misses++;
		limiter_charge(strays->limiter, now, key->family, key->client);
	}
	if (flow == NULL || flow->state != FLOW_LOOKING ||
	    flow->ticket != event->ticket)
		return;
	if (event->kind == NODE_FOUND) {
		stray_found(strays, now, flow, event, outbox);
		return;
	}
	/* Not ok: too few of the replicas answered, so "missed" proves nothing.
	 * An earlier miss proves nothing either: the record may have been on
	 * its way. */
	flow->missed = event->ok;
	if (flow->patient)
		stray_retry(strays, now, flow, outbox);
	else
		stray_forget(strays, flow, DROP_NONE);
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
		flow_remove(strays->flows, flow);
		return NULL;
	}
	return flow;
}

static struct outgoing
outgoing_of(const struct classification *classification, const uint8_t *bytes)
{
	const struct packet *packet = &classification->packet;
	struct outgoing out = { .bytes = bytes, .size = packet->size_bytes };

	if (classification->kind == CLASSIFICATION_ERROR)
		out.mark = MARK_ERROR;
	else if (classification->kind == CLASSIFICATION_LATER)
		out.mark = MARK_LATER;
	else if ((packet->tcp_flags & TCP_RST) != 0)
		out.mark = MARK_RST;
	/* IPv6 senders need not go below 1,280 (RFC 8200 section 5). */
	else if (packet->df &&
		 (packet->family == 4 || packet->size_bytes > IP6_MTU_MIN))
		out.mark = MARK_ANSWER;
	return out;
}

/* Keep what a RST would answer; never a RST, nor an error. */
static void
stray_note(struct flow *flow, const struct classification *classification)
{
	const struct packet *packet = &classification->packet;

	if (classification->kind != CLASSIFICATION_SEGMENT) {
		flow->patient = true;
		return;
	}
	if ((packet->tcp_flags & TCP_RST) != 0)
		return;
	flow->patient = true;
	/* A first fragment does not tell where the segment ends. */
	if (packet->mf && (packet->tcp_flags & TCP_ACK) == 0)
		return;
	flow->segment = (struct flow_segment){
		.valid = true,
		.flags = packet->tcp_flags,
		.seq = packet->tcp_seq,
		.ack = packet->tcp_ack,
		.payload_bytes = packet->payload_bytes,
	};
}

/* The flow of a stray packet, new if need be. NULL: *drop says why. */
static struct flow *
stray_get(struct strays *strays, struct instant now,
	  const struct classification *classification,
	  struct steer_result *result)
{
	const struct session_key *key = &classification->key;
	struct flow *flow = stray_fresh(strays, now, key);

	if (flow != NULL)
		return flow;
	result->drop = DROP_FRAGMENT;
	if (classification->kind == CLASSIFICATION_LATER)
		return NULL;
	result->drop =
		limiter_ask(strays->limiter, now, key->family, key->client);
	if (result->drop != DROP_NONE)
		return NULL;
	flow = flow_add(strays->flows, key);
	if (flow == NULL) {
		result->drop = DROP_FLOWS;
		return NULL;
	}
	flow->strayed = flow->used = now;
	result->first = true;
	return flow;
}

static bool
stray_is_overdue(const struct strays *strays, struct instant now,
		 const struct flow *flow)
{
	return flow->state == FLOW_WAITING && flow->missed &&
	       flow->segment.valid &&
	       instant_before(stray_last_look(strays, flow), now);
}

/* The owner that the flow's packets go to; false: none is known. One that is
 * gone is given up for the older record's, which was found good, or none. */
static bool
find_owner(struct strays *strays, struct instant now, struct flow *flow,
	   struct tunnel_peer *owner, struct outbox *outbox)
{
	if (flow->state != FLOW_CACHED)
		return false;
	*owner = owner_peer(strays, flow->owner);
	if (!peer_is_gone(strays, now, owner))
		return true;
	stray_discard_owner(strays, now, flow, outbox);
	if (flow->state != FLOW_CACHED)
		return false;
	*owner = owner_peer(strays, flow->owner);
	return true;
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
	struct flow *flow = stray_get(strays, now, classification, &result);

	if (flow == NULL)
		return result;
	if (flow->state == FLOW_NEGATIVE) {
		result.drop = DROP_NEGATIVE;
		return result;
	}
	flow->uplink = uplink;
	flow->used = now;
	flow_touch(strays->flows, flow);
	stray_note(flow, classification);

	struct outgoing out = outgoing_of(classification, bytes);
	struct tunnel_peer owner;
	if (find_owner(strays, now, flow, &owner, outbox)) {
		result.drop =
			stray_forward(strays, now, flow, &owner, &out, outbox);
		if (result.drop == DROP_NONE)
			result.verdict = STEER_FORWARD;
		return result;
	}

	/* Only if the caller is late with steer_expire(). */
	if (stray_is_overdue(strays, now, flow)) {
		if (stray_give_up(strays, now, flow, outbox))
			result.verdict = STEER_RESET;
		else
			result.drop = DROP_OUTBOX;
		return result;
	}

	/* Held first: the answer may come at once. Without room the lookup
	 * runs all the same, for the retransmission. */
	result.drop = stray_hold(strays, flow, &out);
	if (result.drop == DROP_NONE)
		result.verdict = STEER_HOLD;
	if (result.first)
		stray_begin(strays, now, flow, outbox);
	return result;
}

/* The session is, or begins, here. */
void
stray_settle(struct strays *strays, const struct session_key *key, bool anew,
	     struct outbox *outbox)
{
	struct flow *flow = flow_find(strays->flows, key);

	if (flow == NULL)
		return;
	if (!anew)
		stray_deliver(strays, flow, outbox);
	stray_forget(strays, flow, DROP_GONE);
}

/*
 * Time
 */

struct instant
stray_deadline(const struct strays *strays)
{
	return flow_due(strays->flows);
}

void
stray_expire(struct strays *strays, struct instant now, struct outbox *outbox)
{
	struct flow *flow;

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
		stray_forget(strays, flow, DROP_GONE);
}
