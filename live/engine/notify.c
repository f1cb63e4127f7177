/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify.c - events become reports; see notify.h */
#include "live/engine/notify.h"

#include "live/conf/endpoint_text.h"

static void
report_out(struct notify *notify, const struct report *report)
{
	notify->listener.report(notify->listener.context, report);
}

static bool
heard(const struct notify *notify)
{
	return notify->listener.report != NULL;
}

void
notify_listen(struct notify *notify, const struct engine_listener *listener)
{
	notify->listener =
		listener != NULL ? *listener
				 : (struct engine_listener){ .context = NULL };
	if (!heard(notify))
		stray_aggregator_clear(notify->strays);
}

void
notify_session(struct notify *notify, struct instant at, enum report_kind kind,
	       const struct session_key *key)
{
	if (!heard(notify))
		return;
	report_out(notify, &(struct report){
				   .kind = kind,
				   .at = at,
				   .local = true,
				   .ok = true,
				   .key = *key,
			   });
}

void
notify_raised(struct notify *notify, struct instant at,
	      const struct session_key *key, int64_t ahead_ns)
{
	if (!heard(notify))
		return;
	report_out(notify, &(struct report){
				   .kind = REPORT_RAISED,
				   .at = at,
				   .value = ahead_ns,
				   .ok = true,
				   .key = *key,
			   });
}

/* ---- strays ---- */

static void
report_strays(struct notify *notify, const struct stray_aggregator_flow *flow)
{
	report_out(notify, &(struct report){
				   .kind = REPORT_STRAYS,
				   .at = flow->since,
				   .value = (int64_t)flow->count,
				   .ok = true,
				   .key = flow->key,
			   });
}

void
notify_stray(struct notify *notify, struct instant now,
	     const struct steer_result *result)
{
	struct stray_aggregator_flow early;

	if (!heard(notify) || !result->stray)
		return;
	if (result->first)
		report_out(notify, &(struct report){
					   .kind = REPORT_STRAY,
					   .at = now,
					   .ok = true,
					   .key = result->key,
				   });
	if (stray_aggregator_add(notify->strays, now, &result->key, &early))
		report_strays(notify, &early);
}

void
notify_decision(struct notify *notify, struct instant now,
		const struct steer_result *result, const char *what)
{
	if (notify->listener.decision != NULL)
		notify->listener.decision(notify->listener.context, now, result,
					  what);
}

void
notify_verdict(struct notify *notify, struct instant now,
	       const struct steer_result *result, const struct outbox *outbox)
{
	static const char *const words[] = {
		[STEER_LOCAL] = "no stray",
		[STEER_FORWARD] = "to its owner",
		[STEER_HOLD] = "for a lookup",
	};
	char owner[ENDPOINT_TEXT_BYTES + sizeof("to ")] = "to ";
	const char *what;

	if (notify->listener.decision == NULL)
		return;
	what = result->verdict == STEER_DROP ? drop_text(result->drop)
					     : words[result->verdict];
	for (uint32_t i = 0;
	     result->verdict == STEER_FORWARD && i < outbox->item_count; i++) {
		if (outbox->items[i].kind != OUTBOX_FORWARD)
			continue;
		/* The last one is this packet's. */
		(void)endpoint_text_format(&outbox->items[i].to, owner + 3);
		what = owner;
	}
	notify_decision(notify, now, result, what);
}

struct instant
notify_deadline(const struct notify *notify)
{
	return stray_aggregator_due(notify->strays);
}

void
notify_expire(struct notify *notify, struct instant now)
{
	struct stray_aggregator_flow flow;

	while (stray_aggregator_take(notify->strays, now, &flow))
		if (heard(notify))
			report_strays(notify, &flow);
}

/* ---- node events ---- */

static void
report_stored(struct notify *notify, const struct node_event *event)
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

	report_out(notify, &report);
	report.kind = REPORT_SETTING_ALL;
	report.value = instant_distance_ns(event->started, event->finished);
	report.ok = event->ok;
	report_out(notify, &report);
}

static void
report_lookup(struct notify *notify, const struct node_event *event,
	      const struct endpoint *owner)
{
	struct report report = {
		.kind = REPORT_LOOKUP,
		.at = event->started,
		.hops = event->hops,
		.local = event->local,
		.ok = event->kind == NODE_FOUND,
		.key = event->key,
		.asker = event->asker,
		.conclusive = event->kind == NODE_MISSED && event->ok,
	};

	if (report.ok)
		report.owner = *owner;
	if (!event->local)
		report.value =
			instant_distance_ns(event->started, event->finished);
	report_out(notify, &report);
}

void
notify_event(struct notify *notify, const struct node_event *event,
	     const struct endpoint *owner)
{
	if (!heard(notify))
		return;
	if (event->kind == NODE_STORED)
		report_stored(notify, event);
	else if (event->kind == NODE_FOUND || event->kind == NODE_MISSED)
		report_lookup(notify, event, owner);
}
