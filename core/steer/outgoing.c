/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outgoing.c - a flow's packets; see outgoing.h */
#include "core/steer/outgoing.h"

#include <assert.h>
#include <string.h>

#include "core/prefix.h"
#include "core/steer/classifier.h"
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/ip6.h"
#include "core/wire/tcp.h"

/* Marks of held packets. */
#define MARK_RST    0x01
#define MARK_ERROR  0x02
#define MARK_LATER  0x04
#define MARK_ANSWER 0x08 /* too big: an error can be sent to its sender */
#define MARK_SENT   0x10 /* to an owner, and counted */
#define MARK_HAD    0x20 /* by the flow's first given, 0x40: second... */
_Static_assert(MARK_HAD << (RECORDS_PER_KEY - 1) <= UINT8_MAX, "marks' bits");

struct outgoing
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

/*
 * Held packets
 */

static void
count_drop(struct strays *strays, enum drop drop)
{
	strays->counters.drops[drop]++;
}

/* What the flow's prefix holds, and others of that hash. */
static uint32_t *
share_of(struct strays *strays, const struct flow *flow)
{
	struct prefix prefix = prefix_of(flow->key.family, flow->key.client);

	return &strays->held_shares[prefix_hash(&strays->hash, &prefix) %
				    STRAY_SHARES];
}

/* A prefix may hold as much as is free, and a flow half as much. */
static bool
has_room(struct strays *strays, const struct flow *flow, uint32_t cost)
{
	uint32_t most = strays->settings->hold_bytes;
	uint32_t free =
		strays->held_bytes < most ? most - strays->held_bytes : 0;

	return cost <= free && *share_of(strays, flow) < free &&
	       flow->held.bytes < free / 2;
}

static enum drop
append(struct strays *strays, struct flow *flow, const struct outgoing *out)
{
	const struct steer_settings *settings = strays->settings;
	uint32_t cost = hold_cost_bytes(out->size);
	struct flow *quiet;

	if (flow->held.packets >= settings->hold_packets_flow)
		return DROP_HOLD_FLOW;
	while (!has_room(strays, flow, cost) &&
	       (quiet = flow_quietest(strays->flows)) != NULL)
		outgoing_drop(strays, quiet, DROP_HOLD_BYTES);
	if (!has_room(strays, flow, cost) ||
	    !hold_append(strays->held, &flow->held, out->bytes, out->size,
			 out->mark))
		return DROP_HOLD_BYTES;
	strays->held_bytes += cost;
	*share_of(strays, flow) += cost;
	flow_pin(strays->flows, flow);
	return DROP_NONE;
}

enum drop
outgoing_hold(struct strays *strays, struct flow *flow,
	      const struct outgoing *out)
{
	enum drop drop = append(strays, flow, out);

	strays->counters.held += drop == DROP_NONE;
	return drop;
}

static void
unhold(struct strays *strays, struct flow *flow)
{
	uint32_t before = flow->held.bytes;

	hold_pop(strays->held, &flow->held);
	strays->held_bytes -= before - flow->held.bytes;
	*share_of(strays, flow) -= before - flow->held.bytes;
	if (flow->held.packets == 0) {
		flow_unpin(strays->flows, flow);
		flow_quiet(strays->flows, flow, false);
		flow->given_count = 0;
	}
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
void
outgoing_drop(struct strays *strays, struct flow *flow, enum drop reason)
{
	while (flow->held.packets > 0) {
		uint8_t mark = hold_front(strays->held, &flow->held).mark;
		if ((mark & MARK_SENT) == 0)
			count_drop(strays,
				   reason != DROP_NONE
					   ? reason
					   : reason_of(mark, DROP_LOOKUPS));
		unhold(strays, flow);
	}
}

/* To our own stack: the session is here after all. */
void
outgoing_deliver(struct strays *strays, struct flow *flow,
		 struct outbox *outbox)
{
	while (flow->held.packets > 0) {
		struct hold_packet front =
			hold_front(strays->held, &flow->held);
		uint8_t *bytes;
		if ((front.mark & MARK_SENT) != 0) {
			; /* its owner has it */
		} else if (outbox_add(outbox, OUTBOX_DELIVER, front.size,
				      &bytes) == NULL) {
			count_drop(strays, DROP_OUTBOX);
		} else {
			hold_copy(strays->held, &flow->held, bytes, front.size);
			strays->counters.released++;
		}
		unhold(strays, flow);
	}
}

/*
 * Forwarding
 */

bool
outgoing_in_window(const struct strays *strays, struct instant now,
		   const struct flow *flow)
{
	const struct steer_settings *settings = strays->settings;

	return settings->first_stray != STEER_WINDOW_OFF &&
	       instant_distance_ns(flow->strayed, now) <
		       settings->first_stray_window_ns;
}

/* Have packets come by more than one? Else it would be the same twice. */
static bool
has_other_uplink(const struct strays *strays)
{
	return (strays->uplinks & (strays->uplinks - 1)) != 0;
}

/* Tell the client to send smaller ones. The error comes from the service's
 * own address, which the client's network lets in if it lets in anything. */
static enum drop
answer_too_big(struct strays *strays, const struct flow *flow,
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
enum drop
outgoing_forward(struct strays *strays, struct instant now, struct flow *flow,
		 struct tunnel_peer *owner, const struct outgoing *out,
		 struct outbox *outbox)
{
	struct tunnel_room room = tunnel_room(strays->tunnel, now, owner);
	bool too_big = out->size > room.bytes;

	/* A path MTU that was learned says that fragments did not help. */
	if (too_big && (out->mark & MARK_ANSWER) != 0 &&
	    (!strays->settings->outer_fragment || room.learned))
		return answer_too_big(strays, flow, out, room.bytes, outbox);

	uint8_t *inner = tunnel_add(out->size, outbox);
	if (inner == NULL)
		return out->size > tunnel_inner_max() ? DROP_TOO_BIG
						      : DROP_OUTBOX;
	if (out->bytes != NULL)
		memcpy(inner, out->bytes, out->size);
	else
		hold_copy(strays->held, &flow->held, inner, out->size);

	bool window = outgoing_in_window(strays, now, flow);
	bool first = out->bytes == NULL && has_other_uplink(strays);
	tunnel_seal(strays->tunnel, owner, flow_hash(strays->flows, flow),
		    window ? flow->uplink : OUTBOX_ANY_UPLINK, outbox);
	if (window &&
	    (first || strays->settings->first_stray == STEER_WINDOW_BOTH))
		repeat_sealed(outbox);
	strays->counters.forwards++;
	strays->counters.forward_bytes += out->size;
	strays->counters.outer_fragmented += too_big;
	return DROP_NONE;
}

bool
outgoing_copy(struct strays *strays, struct instant now, struct flow *flow,
	      const struct outgoing *out, struct outbox *outbox)
{
	bool sent = false;

	for (uint32_t i = 0; i < FLOW_OTHERS; i++) {
		uint32_t other = flow->others[i];

		if (other == ENDPOINT_NONE ||
		    !flow_owner_usable(strays, now, flow, other))
			continue;
		struct tunnel_peer peer = flow_owner_peer(strays, other);
		(void)outgoing_forward(strays, now, flow, &peer, out, outbox);
		sent = true;
	}
	return sent;
}

static uint32_t
given_find(const struct flow *flow, uint32_t owner)
{
	uint32_t i = 0;

	while (i < flow->given_count && flow->given[i] != owner)
		i++;
	return i;
}

/* All who are named get marks of their own; where there are too few, what was
 * sent has been refused by enough. */
static void
given_make_room(struct strays *strays, struct flow *flow)
{
	uint32_t unknown = given_find(flow, flow->owner) == flow->given_count;

	for (uint32_t i = 0; i < FLOW_OTHERS; i++)
		unknown +=
			flow->others[i] != ENDPOINT_NONE &&
			given_find(flow, flow->others[i]) == flow->given_count;
	if (flow->given_count + unknown <= RECORDS_PER_KEY)
		return;
	for (uint32_t i = flow->held.packets; i > 0; i--) {
		uint8_t mark = hold_front(strays->held, &flow->held).mark;

		if ((mark & MARK_SENT) != 0)
			unhold(strays, flow);
		else
			hold_rotate(strays->held, &flow->held, mark);
	}
	flow->given_count = 0;
}

/* The first that is held, to one who has not had it. */
static enum drop
release_to(struct strays *strays, struct instant now, struct flow *flow,
	   uint32_t owner, struct outgoing *out, struct outbox *outbox)
{
	uint32_t i = given_find(flow, owner);

	if (i == flow->given_count) {
		assert(i < RECORDS_PER_KEY);
		flow->given[flow->given_count++] = owner;
	}
	uint8_t had = (uint8_t)(MARK_HAD << i);
	if ((out->mark & had) != 0)
		return DROP_NONE;
	struct tunnel_peer peer = flow_owner_peer(strays, owner);
	enum drop drop =
		outgoing_forward(strays, now, flow, &peer, out, outbox);
	if (drop == DROP_NONE)
		out->mark |= had;
	return drop;
}

/* The first that is held, to all who are named. Its mark then; without
 * MARK_SENT: it was dropped. */
static uint8_t
release_one(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	struct hold_packet front = hold_front(strays->held, &flow->held);
	struct outgoing out = { .size = front.size, .mark = front.mark };
	enum drop drop =
		release_to(strays, now, flow, flow->owner, &out, outbox);

	for (uint32_t i = 0; i < FLOW_OTHERS; i++)
		if (flow->others[i] != ENDPOINT_NONE &&
		    flow_owner_usable(strays, now, flow, flow->others[i]))
			(void)release_to(strays, now, flow, flow->others[i],
					 &out, outbox);
	if ((out.mark & MARK_SENT) != 0)
		return out.mark;
	if (drop != DROP_NONE) {
		count_drop(strays, drop);
		return out.mark;
	}
	strays->counters.released++;
	return out.mark | MARK_SENT;
}

void
outgoing_release(struct strays *strays, struct instant now, struct flow *flow,
		 struct outbox *outbox)
{
	given_make_room(strays, flow);
	uint32_t count = flow->held.packets;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t mark = release_one(strays, now, flow, outbox);

		if ((mark & MARK_SENT) != 0 && !flow->doubt)
			hold_rotate(strays->held, &flow->held, mark);
		else
			unhold(strays, flow);
	}
	if (flow->held.packets == 0)
		return;
	flow_quiet(strays->flows, flow, true);
	flow_schedule(strays->flows, flow,
		      instant_after(now, OUTGOING_KEPT_NS));
}

void
outgoing_keep(struct strays *strays, struct instant now, struct flow *flow,
	      const struct outgoing *out, bool copied)
{
	uint32_t given[RECORDS_PER_KEY] = { flow->owner };
	uint32_t count = 1;

	for (uint32_t i = 0; copied && i < FLOW_OTHERS; i++)
		if (flow->others[i] != ENDPOINT_NONE &&
		    flow_owner_usable(strays, now, flow, flow->others[i]))
			given[count++] = flow->others[i];
	struct outgoing kept = *out;
	kept.mark |= MARK_SENT | (uint8_t)((MARK_HAD << count) - MARK_HAD);
	/* What is due of it then is another's. */
	if (flow->mourning || flow->held.packets > 0 ||
	    append(strays, flow, &kept) != DROP_NONE)
		return;
	memcpy(flow->given, given, sizeof(given));
	flow->given_count = (uint8_t)count;
	flow_quiet(strays->flows, flow, true);
	flow_schedule(strays->flows, flow,
		      instant_after(now, OUTGOING_KEPT_NS));
}
