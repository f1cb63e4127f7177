/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vigil.c - questions, flows that wait, and flows whose owner is dead */
#include "core/steer/vigil.h"

#include <string.h>

#include "core/steer/classifier.h"
#include "core/steer/flow.h"
#include "core/steer/flow_owner.h"
#include "core/steer/outgoing.h"
#include "core/steer/search.h"
#include "core/steer/stray.h"
#include "core/steer/tunnel.h"
#include "core/wire/build.h"

#define ECHO_TTL       64
#define ECHO_TAG_BYTES 8
#define ECHO_BYTES_MAX 64
/* Of whom one is asked, when nobody else is heard: more contacts than a table
 * of 2^20 servers has. */
#define OTHERS_MAX 512
/* After which TCP sends again, unless it knows the way (RFC 6298, 2.1). */
#define FIRST_TRY_NS NS_PER_S

/*
 * Flows
 */

/* Has anybody else a record of it? why: LOOKING or DOUBTED. */
static void
look_past(struct strays *strays, struct instant now, struct flow *flow,
	  enum flow_past why, struct outbox *outbox)
{
	uint32_t past[FLOW_EXCLUDED + 1] = { flow->owner };
	uint32_t count = 1;

	for (uint32_t i = 0; i < flow->excluded_count; i++)
		past[count++] = flow->excluded[i];
	if (node_get(strays->node, now, &flow->key, NODE_ASKER_SILENT, past,
		     count, OUTBOX_ANY_UPLINK, &flow->ticket, outbox) != 0)
		return;
	strays->counters.lookups++;
	flow->past = (uint8_t)why;
	flow->past_until = instant_after(now, SEARCH_LOST_NS);
}

static bool
is_looking_past(const struct flow *flow)
{
	return flow->past == FLOW_PAST_LOOKING ||
	       flow->past == FLOW_PAST_DOUBTED;
}

bool
vigil_forwarded(struct strays *strays, struct instant now, struct flow *flow,
		const struct outgoing *out, bool repeated,
		struct outbox *outbox)
{
	const struct address *owner = flow_owner_address(strays, flow->owner);

	if (repeated)
		life_want(strays->vigil.lives, now, owner);
	bool silent = life_of(strays->vigil.lives, now, owner) != LIFE_ASSUMED;
	bool looking =
		is_looking_past(flow) && instant_before(now, flow->past_until);
	if (!silent && !looking)
		flow->past = FLOW_PAST_UNKNOWN;
	bool copied = (silent || repeated) &&
		      outgoing_copy(strays, now, flow, out, outbox);
	if (silent && repeated && !copied && !looking &&
	    flow->past != FLOW_PAST_NOBODY)
		look_past(strays, now, flow, FLOW_PAST_LOOKING, outbox);
	return copied;
}

void
vigil_doubted(struct strays *strays, struct instant now, struct flow *flow,
	      struct outbox *outbox)
{
	look_past(strays, now, flow, FLOW_PAST_DOUBTED, outbox);
}

/* Do its client's packets still come here? They may have gone home, though we
 * cannot reach the owner. TCP doubles its timer: the next try is due after as
 * long as it has tried so far, and the first timeout (RFC 6298, 5.5 and 2.1).
 * It has tried since its last news here, whoever the owner was then, and for
 * however short a time this one has been asked.
 */
static bool
is_here(const struct strays *strays, struct instant now,
	const struct flow *flow)
{
	struct instant since = instant_min(
		life_silent_since(strays->vigil.lives,
				  flow_owner_address(strays, flow->owner)),
		flow->news);
	if (instant_before(since, flow->strayed))
		since = flow->strayed;
	int64_t tried_ns = instant_before(since, flow->used)
				   ? instant_distance_ns(since, flow->used)
				   : 0;

	return instant_distance_ns(flow->used, now) <= tried_ns + FIRST_TRY_NS;
}

/* Its client is told, or searches once more: is there nobody else? */
static void
tell(struct strays *strays, struct instant now, struct flow *flow,
     struct outbox *outbox)
{
	bool nobody = flow->past == FLOW_PAST_NOBODY &&
		      !flow_owner_doubted(strays, now, flow);

	if (!nobody) {
		search_orphaned(strays, now, flow, outbox);
		return;
	}
	flow_owner_bury(flow, flow->owner);
	search_end(strays, now, flow, outbox);
}

static void
died(struct strays *strays, struct instant now, const struct address *address,
     struct outbox *outbox)
{
	uint32_t cursor = 0;
	const struct flow *next;

	while ((next = flow_next(strays->flows, &cursor)) != NULL) {
		if (next->state != FLOW_CACHED || next->doubt ||
		    !address_equal(address,
				   flow_owner_address(strays, next->owner)) ||
		    !is_here(strays, now, next) ||
		    !flow_owner_gone(strays, now, next, next->owner))
			continue;
		struct flow *flow = flow_find(strays->flows, &next->key);
		if (flow->held.packets > 0) {
			tell(strays, now, flow, outbox);
			continue;
		}
		/* Died again, by a word that had become old: it has its turn,
		 * and would lose it with each. */
		if (flow->mourning && flow->due.ns != INSTANT_NEVER.ns)
			continue;
		struct instant turn =
			flow->past == FLOW_PAST_NOBODY
				? turns_next(&strays->tells, now, TURNS_TELL_NS)
				: turns_next(&strays->looks, now,
					     TURNS_LOOK_NS);
		flow->mourning = true;
		flow_schedule(strays->flows, flow, turn);
	}
}

void
vigil_turn(struct strays *strays, struct instant now, struct flow *flow,
	   struct outbox *outbox)
{
	flow->mourning = false;
	if (life_has_died(strays->vigil.lives,
			  flow_owner_address(strays, flow->owner)) &&
	    is_here(strays, now, flow))
		tell(strays, now, flow, outbox);
	else
		search_settled(strays, flow);
}

bool
vigil_nobody_left(const struct strays *strays, struct instant now)
{
	uint32_t contacts[OTHERS_MAX];
	uint32_t count = node_contacts(strays->node, contacts, OTHERS_MAX);
	uint32_t dead = 0;

	while (dead < count && flow_owner_died(strays, now, contacts[dead]))
		dead++;
	return count > 0 && dead == count;
}

/* Of another owner: what is open and newer than its own is of the session that
 * has the port now. */
static void
take_record(const struct strays *strays, struct instant now, struct flow *flow,
	    const struct record *record)
{
	if (record->tombstone || record->owner == ENDPOINT_NONE ||
	    record->owner == flow->owner ||
	    !flow_owner_usable(strays, now, flow, record->owner))
		return;
	if (!record->half_open &&
	    version_compare(record->version, flow->version) > 0) {
		flow_owner_prefer(flow, record->owner);
		flow->version = record->version;
		return;
	}
	flow_owner_remove(flow, record->owner);
	flow_owner_add(flow, record->owner);
}

bool
vigil_learned(struct strays *strays, struct instant now, struct flow *flow,
	      const struct node_event *event, struct outbox *outbox)
{
	bool doubted = flow->past == FLOW_PAST_DOUBTED;
	uint32_t owner = flow->owner;

	if (flow->state == FLOW_LOOKING)
		return false;
	if (flow->state != FLOW_CACHED || flow->doubt ||
	    !is_looking_past(flow) || flow->ticket != event->ticket)
		return true;
	/* Of one that lives it is old news when he dies. */
	bool lives = life_of(strays->vigil.lives, now,
			     flow_owner_address(strays, flow->owner)) ==
		     LIFE_ASSUMED;
	flow->past = event->kind == NODE_MISSED && event->ok && !lives
			     ? FLOW_PAST_NOBODY
			     : FLOW_PAST_UNKNOWN;
	for (uint32_t i = 0; i < event->record_count; i++) {
		const struct record *record = &event->records[i];

		if (!doubted ||
		    version_compare(record->version, flow->version) > 0)
			take_record(strays, now, flow, record);
	}
	if (!doubted)
		return true;
	/* Who doubts is no other, for he would live on when the owner dies. */
	if (flow->owner != owner) {
		flow_owner_exclude(flow, owner);
		flow_owner_remove(flow, owner);
	}
	outgoing_release(strays, now, flow, outbox);
	return true;
}

/*
 * What is heard
 */

void
vigil_heard(struct strays *strays, struct instant now,
	    const struct address *from)
{
	life_heard(strays->vigil.lives, now, from);
}

/* A router's word. Our own kernel's is none: we are cut off, not they, and it
 * would answer our echoes. */
static void
refused(struct strays *strays, struct instant now, const struct address *from,
	const struct address *owner)
{
	if (address_equal(from, &strays->self))
		return;
	if (packet_source_valid(from))
		strays->vigil.router = *from;
	life_refused(strays->vigil.lives, now, owner);
}

void
vigil_error(struct strays *strays, struct instant now,
	    const struct classification *classification)
{
	const struct packet *packet = &classification->packet;
	struct lives *lives = strays->vigil.lives;
	uint8_t type = packet->icmp_type, code = packet->icmp_code;

	if (icmp_is_unreachable(packet->family, type, code) ||
	    icmp_is_loop(packet->family, type, code))
		refused(strays, now, &packet->src, &classification->peer);
	else if (icmp_is_port_unreachable(packet->family, type, code) &&
		 address_equal(&packet->src, &classification->peer))
		life_heard(lives, now, &classification->peer);
}

/* The table's, which its peers have, too. */
static uint16_t
own_port(const struct strays *strays)
{
	return endpoints_get(strays->endpoints, node_self(strays->node))->port;
}

/* Do these bytes, from an ICMP header on, have our echo's name? */
static bool
is_ours(const struct strays *strays, const uint8_t *bytes, uint8_t type)
{
	return bytes[0] == type && wire_get16(bytes + 4) == strays->vigil.id;
}

/* A datagram of the table, from its port to the same, or an echo. */
static bool
is_question(const struct strays *strays, const struct packet *quote,
	    const uint8_t *bytes)
{
	uint16_t port = own_port(strays);

	if (!quote->transport || !address_equal(&quote->src, &strays->self))
		return false;
	if (quote->protocol == IP_UDP)
		return quote->src_port == port && quote->dst_port == port;
	return quote->protocol == (quote->family == 4 ? IP_ICMP4 : IP_ICMP6) &&
	       is_ours(strays, bytes + quote->l4_offset,
		       icmp_echo_type(quote->family, false));
}

static void
question_refused(struct strays *strays, struct instant now,
		 const struct address *from, const uint8_t *bytes, size_t size)
{
	struct packet quote;

	if (packet_parse_quote(bytes, size, &quote) != DROP_NONE ||
	    !is_question(strays, &quote, bytes))
		return;
	/* Whoever wants it has asked before. */
	if (life_of(strays->vigil.lives, now, &quote.dst) != LIFE_ASSUMED)
		refused(strays, now, from, &quote.dst);
}

void
vigil_icmp(struct strays *strays, struct instant now,
	   const struct address *from, const uint8_t *bytes, size_t size)
{
	uint8_t family = from->family;

	if (size < ICMP_HEADER_BYTES)
		return;
	if (icmp_is_unreachable(family, bytes[0], bytes[1])) {
		question_refused(strays, now, from, bytes + ICMP_HEADER_BYTES,
				 size - ICMP_HEADER_BYTES);
		return;
	}
	if (size >= ICMP_HEADER_BYTES + ECHO_TAG_BYTES &&
	    is_ours(strays, bytes, icmp_echo_type(family, true)) &&
	    wire_get64(bytes + ICMP_HEADER_BYTES) ==
		    siphash_address(&strays->vigil.key, from))
		life_heard(strays->vigil.lives, now, from);
}

/*
 * Questions
 */

static void
send_echo(struct strays *strays, const struct address *to, uint16_t sequence,
	  struct outbox *outbox)
{
	uint8_t tag[ECHO_TAG_BYTES], echo[ECHO_BYTES_MAX], *bytes;

	wire_put64(tag, siphash_address(&strays->vigil.key, to));
	size_t size = packet_build_echo(
		&(struct packet_echo){
			.ip = { .src = strays->self,
				.dst = *to,
				.ttl = ECHO_TTL },
			.id = strays->vigil.id,
			.sequence = sequence,
			.payload = tag,
			.payload_bytes = sizeof(tag),
		},
		echo, sizeof(echo));
	struct outbox_item *item =
		outbox_add(outbox, OUTBOX_PACKET, (uint32_t)size, &bytes);
	if (item == NULL)
		return;
	memcpy(bytes, echo, size);
	item->to.address = *to;
}

/* The echo first: of two datagrams to a host that is not there a router says so
 * of the first alone, and an echo's way is another one's perhaps. */
static void
ask(struct strays *strays, const struct life_task *task, struct outbox *outbox)
{
	struct endpoint peer = {
		.address = task->address,
		.port = own_port(strays),
	};

	if (task->address.family != strays->self.family)
		return;
	if (task->echo)
		send_echo(strays, &task->address, task->sequence, outbox);
	node_ping(strays->node, &peer, outbox);
	strays->counters.asked++;
}

/* Does anybody hear us? Other servers may have died as this one; the router
 * that said so has not. */
static void
ask_other(struct strays *strays, const struct life_task *task,
	  struct outbox *outbox)
{
	const struct address *silent = &task->address;
	uint32_t contacts[OTHERS_MAX];
	uint32_t count = node_contacts(strays->node, contacts, OTHERS_MAX);

	if (strays->vigil.router.family == strays->self.family)
		send_echo(strays, &strays->vigil.router, task->sequence,
			  outbox);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t contact = contacts[strays->vigil.turn++ % count];
		const struct endpoint *other =
			endpoints_get(strays->endpoints, contact);

		if (address_equal(&other->address, silent))
			continue;
		node_ping(strays->node, other, outbox);
		strays->counters.asked++;
		return;
	}
}

struct instant
vigil_due(const struct strays *strays)
{
	return lives_due(strays->vigil.lives);
}

void
vigil_expire(struct strays *strays, struct instant now, struct outbox *outbox)
{
	for (;;) {
		struct life_task task = lives_task(strays->vigil.lives, now);
		switch (task.kind) {
		case LIFE_NOTHING:
			return;
		case LIFE_ASK:
			ask(strays, &task, outbox);
			break;
		case LIFE_ASK_OTHER:
			ask_other(strays, &task, outbox);
			break;
		case LIFE_DIED:
			strays->counters.dead_owners += !task.again;
			died(strays, now, &task.address, outbox);
			break;
		}
	}
}
