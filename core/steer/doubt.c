/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doubt.c - packets that an open socket here got; see doubt.h */
#include "core/steer/doubt.h"

#include "core/steer/classifier.h"
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/outgoing.h"
#include "core/steer/search.h"
#include "core/steer/tunnel.h"

/* No owner but us. */
static void
settle(struct strays *strays, struct instant now, struct flow *flow)
{
	outgoing_drop(strays, flow, DROP_NO_NEWS);
	flow->owner = ENDPOINT_NONE;
	flow->state = FLOW_NEGATIVE;
	flow->until = instant_after(now, strays->settings->negative_ns);
	flow_schedule(strays->flows, flow, INSTANT_NEVER);
}

/* As limiter.h's accounts. */
static bool
bucket_take(struct instant *until, struct instant now)
{
	struct instant paid_until = *until;

	if (instant_before(paid_until, now))
		paid_until = now;
	if (instant_distance_ns(now, paid_until) > NS_PER_S)
		return false;
	*until = instant_after(paid_until, NS_PER_S / DOUBTS_PER_S);
	return true;
}

/* The doubt of that session, new if need be. NULL: *drop says why. */
static struct flow *
doubt_get(struct strays *strays, struct instant now,
	  const struct classification *classification,
	  struct steer_result *result)
{
	const struct session_key *key = &classification->key;
	struct flow *flow = flow_find(strays->flows, key);
	int64_t idle_ns = strays->settings->owner_idle_ns;

	if (flow != NULL && ((flow->state == FLOW_NEGATIVE &&
			      !instant_before(now, flow->until)) ||
			     (flow->state == FLOW_CACHED &&
			      instant_distance_ns(flow->used, now) >= idle_ns)))
		search_forget(strays, flow, DROP_GONE);
	else if (flow != NULL)
		return flow;
	/* No numbers of its own: it follows those that have. */
	result->drop = DROP_FRAGMENT;
	if (classification->kind == CLASSIFICATION_LATER)
		return NULL;
	result->drop = DROP_DOUBTS;
	if (!bucket_take(&strays->doubts_paid_until, now))
		return NULL;
	result->drop = DROP_FLOWS;
	flow = flow_add(strays->flows, key);
	if (flow == NULL)
		return NULL;
	flow->doubt = true;
	flow->strayed = now;
	result->first = true;
	return flow;
}

static void
look(struct strays *strays, struct instant now, struct flow *flow,
     struct outbox *outbox)
{
	uint32_t past[FLOW_EXCLUDED + 1] = { node_self(strays->node) };
	uint32_t count = 1;
	uint8_t avoid = outgoing_in_window(strays, now, flow)
				? flow->uplink
				: OUTBOX_ANY_UPLINK;

	for (uint32_t i = 0; i < flow->excluded_count; i++)
		past[count++] = flow->excluded[i];
	flow_begin(flow, now, strays->settings->miss_retry_ns);
	if (node_get(strays->node, now, &flow->key, NODE_ASKER_DOUBT, past,
		     count, avoid, &flow->ticket, outbox) != 0) {
		settle(strays, now, flow);
		return;
	}
	strays->counters.lookups++;
	flow_schedule(strays->flows, flow, instant_after(now, SEARCH_LOST_NS));
}

/* The flow has an owner, and it is not gone. */
static bool
has_owner(struct strays *strays, struct instant now, struct flow *flow,
	  struct tunnel_peer *owner)
{
	if (flow->state != FLOW_CACHED)
		return false;
	*owner = flow_owner_peer(strays, flow->owner);
	if (!flow_owner_gone(strays, now, flow, flow->owner))
		return true;
	if (flow->doubt)
		settle(strays, now, flow);
	return false;
}

struct steer_result
doubt_packet(struct strays *strays, struct instant now,
	     const struct classification *classification, const uint8_t *bytes,
	     struct version local, uint8_t uplink, struct outbox *outbox)
{
	struct steer_result result = { .verdict = STEER_DROP,
				       .key = classification->key };
	struct flow *flow = doubt_get(strays, now, classification, &result);
	struct outgoing out = outgoing_of(classification, bytes);
	struct tunnel_peer owner;

	if (flow == NULL)
		return result;
	flow->uplink = uplink;
	flow->used = now;
	if (flow->state != FLOW_CACHED)
		flow->version = local;
	flow_touch(strays->flows, flow);
	if (has_owner(strays, now, flow, &owner)) {
		result.drop = outgoing_forward(strays, now, flow, &owner, &out,
					       outbox);
		if (result.drop == DROP_NONE)
			result.verdict = STEER_FORWARD;
		result.stray = true;
		return result;
	}
	/* Or strays of the key are looked for: they have packets enough. */
	result.drop = DROP_NO_NEWS;
	if (flow->state == FLOW_NEGATIVE || !flow->doubt)
		return result;
	/* Held first: the answer may come at once. */
	result.drop = DROP_HOLD_FLOW;
	if (flow->held.packets < DOUBT_HELD)
		result.drop = outgoing_hold(strays, flow, &out);
	if (result.drop == DROP_NONE)
		result.verdict = STEER_HOLD;
	if (result.first)
		look(strays, now, flow, outbox);
	return result;
}

/* Does a record, open or half-open, win against the socket here? */
static bool
is_better(const struct strays *strays, struct instant now,
	  const struct flow *flow, const struct record *record, bool half_open)
{
	return !record->tombstone && record->half_open == half_open &&
	       record->owner != ENDPOINT_NONE &&
	       version_compare(record->version, flow->version) > 0 &&
	       flow_owner_usable(strays, now, flow, record->owner);
}

void
doubt_learned(struct strays *strays, struct instant now, struct flow *flow,
	      const struct node_event *event, struct outbox *outbox)
{
	if (flow == NULL || !flow->doubt || flow->state != FLOW_LOOKING ||
	    flow->ticket != event->ticket)
		return;
	for (uint32_t i = 0; i < 2 * event->record_count; i++) {
		/* Newest first; those that are open before the others. */
		bool half_open = i >= event->record_count;
		uint32_t at = half_open ? i - event->record_count : i;

		if (!is_better(strays, now, flow, &event->records[at],
			       half_open))
			continue;
		flow->owner = event->records[at].owner;
		flow->version = event->records[at].version;
		flow->state = FLOW_CACHED;
		flow_schedule(strays->flows, flow, INSTANT_NEVER);
		outgoing_release(strays, now, flow, outbox);
		return;
	}
	settle(strays, now, flow);
}

void
doubt_refused(struct strays *strays, struct instant now, struct flow *flow,
	      uint32_t peer)
{
	if (flow->state == FLOW_CACHED &&
	    address_equal(flow_owner_address(strays, peer),
			  flow_owner_address(strays, flow->owner)))
		settle(strays, now, flow);
}

void
doubt_turn(struct strays *strays, struct instant now, struct flow *flow)
{
	settle(strays, now, flow);
}

bool
doubt_becomes_stray(struct strays *strays, struct flow *flow)
{
	if (flow->state == FLOW_CACHED) {
		flow->doubt = false;
		return true;
	}
	search_forget(strays, flow, DROP_GONE);
	return false;
}

void
doubt_forget(struct strays *strays, const struct session_key *key)
{
	struct flow *flow = flow_find(strays->flows, key);

	if (flow != NULL && flow->doubt)
		search_forget(strays, flow, DROP_GONE);
}

/*
 * Out of the tunnel
 */

void
doubt_say(struct strays *strays, struct instant now,
	  const struct endpoint *peer, const struct session_key *key,
	  struct version local, struct outbox *outbox)
{
	if (bucket_take(&strays->doubts_said_until, now))
		node_say_doubt(strays->node, peer, key, local, outbox);
}

bool
doubt_heard(struct strays *strays, struct instant now, struct flow *flow,
	    const struct node_event *event, struct outbox *outbox)
{
	if (flow->state != FLOW_CACHED || instant_before(now, flow->until) ||
	    !address_equal(flow_owner_address(strays, event->peer),
			   flow_owner_address(strays, flow->owner)) ||
	    !bucket_take(&strays->doubts_paid_until, now))
		return false;
	flow->until = instant_after(now, strays->settings->negative_ns);
	if (version_compare(event->version, flow->version) > 0)
		flow->version = event->version;
	if (!flow->doubt)
		return true;
	flow_owner_exclude(flow, flow->owner);
	flow->owner = ENDPOINT_NONE;
	flow->state = FLOW_LOOKING;
	look(strays, now, flow, outbox);
	return false;
}
