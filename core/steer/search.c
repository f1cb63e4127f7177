/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.c - lookups, misses, resets; see search.h */
#include "core/steer/search.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/steer/budget.h"
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/limiter.h"
#include "core/steer/outgoing.h"
#include "core/steer/sketch.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"
#include "core/wire/tcp.h"

#define RST_TTL	      64
#define RST_BYTES_MAX 60 /* IPv6 and TCP headers */

static int
reset(struct strays *strays, const struct flow *flow, struct outbox *outbox)
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
		return -EINVAL;
	if (outbox_add(outbox, OUTBOX_PACKET, (uint32_t)size, &bytes) == NULL)
		return -ENOBUFS;
	memcpy(bytes, rst, size);
	strays->counters.resets++;
	return 0;
}

void
search_forget(struct strays *strays, struct flow *flow, enum drop reason)
{
	outgoing_drop(strays, flow, reason);
	flow_remove(strays->flows, flow);
}

void
search_tell(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	int error = reset(strays, flow, outbox);

	if (error == -EINVAL) {
		search_forget(strays, flow, DROP_NONE);
		return;
	}
	outgoing_drop(strays, flow, DROP_NEGATIVE);
	flow->state = error == 0 ? FLOW_NEGATIVE : FLOW_TELLING;
	flow->until = instant_after(now, strays->settings->negative_ns);
	struct instant due = INSTANT_NEVER;
	if (error != 0)
		due = turns_next(&strays->tells,
				 instant_after(now, SEARCH_TELL_NS),
				 TURNS_TELL_NS);
	flow_schedule(strays->flows, flow, due);
}

/* An owner was found for it: it is no flood's. */
static const struct budget found_before = { .worth = BUDGET_LOOKUP };

/* The series is over, and no owner was found, or no replica could be asked. */
static void
give_up(struct strays *strays, struct instant now, struct flow *flow,
	struct outbox *outbox)
{
	if (flow_owner_revived(strays, now, flow)) {
		search_begin(strays, now, flow, found_before, outbox);
		return;
	}
	if (flow->missed_early && flow->missed_last && flow->segment.valid)
		search_tell(strays, now, flow, outbox);
	else
		search_forget(strays, flow, DROP_NONE);
}

void
search_end(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	flow->missed_early = flow->missed_last = true;
	give_up(strays, now, flow, outbox);
}

static struct instant
last_look(const struct strays *strays, const struct flow *flow)
{
	return instant_after(flow->missing_since,
			     strays->settings->miss_deadline_ns);
}

/* The next lookup comes later, the last one at the deadline. */
static void
wait_for_turn(struct strays *strays, struct instant now, struct flow *flow)
{
	/* Never now: a wait of no time would not end. */
	assert(instant_before(now, last_look(strays, flow)));
	assert(flow->retry_ns > 0);
	flow->state = FLOW_WAITING;
	flow_quiet(strays->flows, flow,
		   flow->looks > 0 && flow->spoken < 2 &&
			   flow->held.packets > 0);
	flow_schedule(strays->flows, flow,
		      instant_min(instant_after(now, flow->retry_ns),
				  last_look(strays, flow)));
	if (flow->retry_ns <= INT64_MAX / 2)
		flow->retry_ns *= 2;
}

/* False: it is worth none, or the node has no room for a lookup now. */
static bool
look(struct strays *strays, struct instant now, struct flow *flow,
     struct budget budget, struct outbox *outbox)
{
	bool glance = budget.worth == BUDGET_GLANCE;
	uint8_t avoid = outgoing_in_window(strays, now, flow)
				? flow->uplink
				: OUTBOX_ANY_UPLINK;

	(void)flow_owner_revived(strays, now, flow);
	enum node_asker asker = (enum node_asker)flow->asker;
	if (flow->orphaned)
		asker = NODE_ASKER_SILENT;
	if (budget.worth == BUDGET_NONE ||
	    (glance ? node_glance : node_get)(
		    strays->node, now, &flow->key, asker, flow->excluded,
		    flow->excluded_count, avoid, &flow->ticket, outbox) != 0)
		return false;
	if (budget.charge)
		limiter_charge(strays->limiter, now, flow->key.family,
			       flow->key.client);
	strays->counters.lookups++;
	strays->counters.glances += glance;
	if (flow->looks < UINT8_MAX)
		flow->looks++;
	flow->looked |= !glance;
	flow->glancing = glance;
	flow->charged = budget.charge;
	flow->last = !instant_before(now, last_look(strays, flow));
	flow_quiet(strays->flows, flow, false);
	flow->asker = NODE_ASKER_RETRY;
	flow->state = FLOW_LOOKING;
	flow_schedule(strays->flows, flow, instant_after(now, SEARCH_LOST_NS));
	return true;
}

/* The next one, when it is due. */
static bool
look_again(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	bool last = !instant_before(now, last_look(strays, flow));

	return look(strays, now, flow,
		    flow->orphaned ? found_before
				   : budget_retry(strays, now, flow, last),
		    outbox);
}

/* A lookup that began before the deadline and ended after it was not the last:
 * where each takes long, none would ever begin there, and nobody be reset. */
static void
retry(struct strays *strays, struct instant now, struct flow *flow,
      struct outbox *outbox)
{
	if (instant_before(now, last_look(strays, flow)))
		wait_for_turn(strays, now, flow);
	else if (flow->last || !flow->missed_early ||
		 !look_again(strays, now, flow, outbox))
		give_up(strays, now, flow, outbox);
}

void
search_begin(struct strays *strays, struct instant now, struct flow *flow,
	     struct budget budget, struct outbox *outbox)
{
	flow_begin(flow, now, strays->settings->miss_retry_ns);
	if (!look(strays, now, flow, budget, outbox))
		wait_for_turn(strays, now, flow);
}

void
search_orphaned(struct strays *strays, struct instant now, struct flow *flow,
		struct outbox *outbox)
{
	uint32_t dead = flow->owner;

	flow->past = FLOW_PAST_UNKNOWN;
	if (flow_owner_next(strays, now, flow))
		return;
	flow_owner_mourn(strays, now, flow, dead);
	search_begin(strays, now, flow, found_before, outbox);
}

/* The owner is none: another record's next, or another lookup. A deadline
 * that has not passed stays, so that a chain of wrong owners ends in time. */
static void
discard_owner(struct strays *strays, struct instant now, struct flow *flow,
	      struct outbox *outbox)
{
	if (flow_owner_next(strays, now, flow))
		return;
	if (!instant_before(now, last_look(strays, flow)))
		search_begin(strays, now, flow, found_before, outbox);
	else if (!look(strays, now, flow, found_before, outbox))
		wait_for_turn(strays, now, flow);
}

void
search_settled(struct strays *strays, struct flow *flow)
{
	outgoing_drop(strays, flow, DROP_NONE);
	flow_schedule(strays->flows, flow, INSTANT_NEVER);
}

void
search_turn(struct strays *strays, struct instant now, struct flow *flow,
	    struct outbox *outbox)
{
	if (flow->state == FLOW_WAITING &&
	    look_again(strays, now, flow, outbox))
		return;
	retry(strays, now, flow, outbox);
}

void
search_heard(struct strays *strays, struct instant now, struct flow *flow,
	     struct outbox *outbox)
{
	uint32_t spoken =
		sketch_add(strays->sketch, now, flow_hash(strays->flows, flow));

	/* Counted here, too: the sketch forgets. */
	if (flow->spoken < SKETCH_MOST)
		flow->spoken++;
	if (flow->heard < SKETCH_MOST)
		flow->heard++;
	if (spoken > flow->spoken)
		flow->spoken = (uint8_t)spoken;
	flow_quiet(strays->flows, flow, false);
	if (flow->state != FLOW_WAITING || flow->looked)
		return;
	/* Until now it was worth a glance at the most. */
	struct budget budget =
		budget_first(strays, now, &flow->key, flow->spoken);
	if (budget.worth == BUDGET_LOOKUP)
		search_begin(strays, now, flow, budget, outbox);
}

/* The lookup has shown that no owner has it. Late in the series that proves
 * nothing new, and early nothing yet: only both tell that no record was on its
 * way, and that none has gone lost for a moment. */
static void
note_miss(const struct strays *strays, struct instant now, struct flow *flow)
{
	int64_t half_ns = strays->settings->miss_deadline_ns / 2;

	if (flow->last)
		flow->missed_last = true;
	else if (instant_distance_ns(flow->missing_since, now) <= half_ns)
		flow->missed_early = true;
}

void
search_found(struct strays *strays, struct instant now, struct flow *flow,
	     const struct node_event *event, struct outbox *outbox)
{
	flow_owner_none(flow);
	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];
		if (record->tombstone || record->owner == ENDPOINT_NONE)
			continue;
		if (!flow_owner_usable(strays, now, flow, record->owner)) {
			if (flow_owner_gone(strays, now, flow, record->owner))
				flow_owner_mourn(strays, now, flow,
						 record->owner);
			else
				flow_owner_exclude(flow, record->owner);
		} else {
			if (flow->owner == ENDPOINT_NONE)
				flow->version = record->version;
			flow_owner_add(flow, record->owner);
		}
	}
	if (flow->owner == ENDPOINT_NONE) {
		note_miss(strays, now, flow);
		retry(strays, now, flow, outbox);
		return;
	}
	limiter_found(strays->limiter, now, flow->key.family, flow->key.client,
		      flow->charged);
	flow->spoken = SKETCH_MOST;
	flow->state = FLOW_CACHED;
	life_strayed(strays->vigil.lives, now,
		     flow_owner_address(strays, flow->owner));
	flow->orphaned = false;
	flow->past = FLOW_PAST_UNKNOWN;
	flow_schedule(strays->flows, flow, INSTANT_NEVER);
	outgoing_release(strays, now, flow, outbox);
}

void
search_missed(struct strays *strays, struct instant now, struct flow *flow,
	      bool conclusive, struct outbox *outbox)
{
	if (conclusive && !flow->glancing)
		note_miss(strays, now, flow);
	/* No record is on its way: the owner was found, and is dead. */
	if (conclusive && flow->orphaned && !flow->glancing)
		search_end(strays, now, flow, outbox);
	else if (flow->patient)
		retry(strays, now, flow, outbox);
	else
		search_forget(strays, flow, DROP_NONE);
}

void
search_not_mine(struct strays *strays, struct instant now, struct flow *flow,
		uint32_t peer, struct outbox *outbox)
{
	const struct address *says = flow_owner_address(strays, peer);

	if (flow->state != FLOW_CACHED)
		return;
	for (uint32_t i = 0; i < FLOW_OTHERS; i++) {
		uint32_t other = flow->others[i];

		if (other == ENDPOINT_NONE ||
		    !address_equal(says, flow_owner_address(strays, other)))
			continue;
		flow_owner_exclude(flow, other);
		flow_owner_remove(flow, other);
		break;
	}
	if (!address_equal(says, flow_owner_address(strays, flow->owner)))
		return;
	/* An owner that did not have this port's session before may have the
	 * one that uses the port now: a new series asks all of them. */
	if (!instant_before(now, last_look(strays, flow)))
		flow_owner_forgive(flow);
	flow_owner_exclude(flow, flow->owner);
	discard_owner(strays, now, flow, outbox);
	/* Who should know has said so. */
	flow->missed_early = true;
}

bool
search_overdue(const struct strays *strays, struct instant now,
	       const struct flow *flow)
{
	return flow->state == FLOW_WAITING &&
	       instant_before(last_look(strays, flow), now);
}

/* The owner that the flow's packets go to; false: none is known. One that is
 * gone is given up for another record's, which was found good, or none. */
bool
search_owner(struct strays *strays, struct instant now, struct flow *flow,
	     struct tunnel_peer *owner, struct outbox *outbox)
{
	if (flow->state != FLOW_CACHED)
		return false;
	if (flow_owner_gone(strays, now, flow, flow->owner))
		search_orphaned(strays, now, flow, outbox);
	if (flow->state != FLOW_CACHED)
		return false;
	*owner = flow_owner_peer(strays, flow->owner);
	return true;
}
