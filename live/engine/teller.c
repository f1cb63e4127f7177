/* SPDX-License-Identifier: GPL-3.0-or-later */
/* teller.c - events become reports; see teller.h */
#include "live/engine/teller.h"

#include "live/conf/place.h"

static void
tell(struct teller *teller, const struct report *report)
{
	teller->listener.report(teller->listener.context, report);
}

static bool
heard(const struct teller *teller)
{
	return teller->listener.report != NULL;
}

void
teller_listen(struct teller *teller, const struct engine_listener *listener)
{
	teller->listener =
		listener != NULL ? *listener
				 : (struct engine_listener){ .context = NULL };
	if (!heard(teller))
		straycount_clear(teller->strays);
}

void
teller_session(struct teller *teller, struct instant at, enum report_kind kind,
	       const struct session_key *key)
{
	if (!heard(teller))
		return;
	tell(teller, &(struct report){
			     .kind = kind,
			     .at = at,
			     .local = true,
			     .ok = true,
			     .key = *key,
		     });
}

/* ---- strays ---- */

static void
tell_sum(struct teller *teller, const struct straycount_flow *flow)
{
	tell(teller, &(struct report){
			     .kind = REPORT_STRAYS,
			     .at = flow->since,
			     .value = (int64_t)flow->count,
			     .ok = true,
			     .key = flow->key,
		     });
}

void
teller_stray(struct teller *teller, struct instant now,
	     const struct steer_result *result)
{
	struct straycount_flow early;

	if (!heard(teller) || !result->stray)
		return;
	if (result->first)
		tell(teller, &(struct report){
				     .kind = REPORT_STRAY,
				     .at = now,
				     .ok = true,
				     .key = result->key,
			     });
	if (straycount_add(teller->strays, now, &result->key, &early))
		tell_sum(teller, &early);
}

void
teller_decision(struct teller *teller, struct instant now,
		const struct steer_result *result, const char *what)
{
	if (teller->listener.decision != NULL)
		teller->listener.decision(teller->listener.context, now, result,
					  what);
}

void
teller_verdict(struct teller *teller, struct instant now,
	       const struct steer_result *result, const struct outbox *outbox)
{
	static const char *const words[] = {
		[STEER_LOCAL] = "no stray",
		[STEER_FORWARD] = "to its owner",
		[STEER_HOLD] = "for a lookup",
		[STEER_RESET] = "nobody owns it",
	};
	char owner[PLACE_TEXT + sizeof("to ")] = "to ";
	const char *what;

	if (teller->listener.decision == NULL)
		return;
	what = result->verdict == STEER_DROP ? drop_text(result->drop)
					     : words[result->verdict];
	for (uint32_t i = 0;
	     result->verdict == STEER_FORWARD && i < outbox->item_count; i++) {
		if (outbox->items[i].kind != OUTBOX_FORWARD)
			continue;
		/* The last one is this packet's. */
		(void)place_format(&outbox->items[i].to, owner + 3);
		what = owner;
	}
	teller_decision(teller, now, result, what);
}

struct instant
teller_deadline(const struct teller *teller)
{
	return straycount_due(teller->strays);
}

void
teller_expire(struct teller *teller, struct instant now)
{
	struct straycount_flow flow;

	while (straycount_take(teller->strays, now, &flow))
		if (heard(teller))
			tell_sum(teller, &flow);
}

/* ---- node events ---- */

static void
tell_stored(struct teller *teller, const struct node_event *event)
{
	bool first = event->first.ns != INT64_MAX;
	struct report report = {
		.kind = REPORT_SETTING_FIRST,
		.at = event->started,
		.value = instant_distance_ns(
			event->started, first ? event->first : event->finished),
		.hops = event->hops,
		.local = event->local,
		.ok = first,
		.key = event->key,
	};

	tell(teller, &report);
	report.kind = REPORT_SETTING_ALL;
	report.value = instant_distance_ns(event->started, event->finished);
	report.ok = event->ok;
	tell(teller, &report);
}

static void
tell_lookup(struct teller *teller, const struct node_event *event)
{
	struct report report = {
		.kind = REPORT_LOOKUP,
		.at = event->started,
		.hops = event->hops,
		.local = event->local,
		.ok = event->kind == NODE_FOUND,
		.key = event->key,
	};

	if (!event->local)
		report.value =
			instant_distance_ns(event->started, event->finished);
	tell(teller, &report);
}

void
teller_event(struct teller *teller, const struct node_event *event)
{
	if (!heard(teller))
		return;
	if (event->kind == NODE_STORED)
		tell_stored(teller, event);
	else if (event->kind == NODE_FOUND || event->kind == NODE_MISSED)
		tell_lookup(teller, event);
}
