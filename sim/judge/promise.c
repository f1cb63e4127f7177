/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.c - nothing broken, and no session that stays behind
 */
#include "sim/judge/promise.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/host/server.h"
#include "sim/judge/bereft.h"
#include "sim/judge/orphans.h"
#include "sim/judge/silence.h"
#include "sim/judge/testimony.h"
#include "sim/model/healing.h"
#include "sim/model/workload.h"
#include "sim/net/network.h"

/* What is known of each session. */
struct promised {
	struct silence silence;
	struct orphan orphan;
	struct instant waits; /* after the last fault, since then, */
	struct instant late; /* and has to go on by then; 0: it does not wait */
	bool accused;
};

struct judge_promise {
	struct judge_parts parts;
	struct instant zero, healed; /* healed: no fault from then on */
	struct instant look; /* next, at all that wait */
	uint64_t changes; /* of what ways depend on */
	uint32_t ended; /* sessions whose end was looked at */
	struct promised *sessions;
	uint64_t orphans; /* of them */
	struct bereft *bereft;
};

/* What a cause that does not excuse breaks; VIOLATIONS: it excuses. */
static enum violation
broken(enum cause cause)
{
	switch (cause) {
	case CAUSE_HANDSHAKE:
		return VIOLATION_BROKEN_HANDSHAKE;
	case CAUSE_RECORD_GONE:
		return VIOLATION_BROKEN_RECORD_GONE;
	case CAUSE_BUDGET:
		return VIOLATION_BROKEN_BUDGET;
	case CAUSE_HALF_OPEN:
		return VIOLATION_BROKEN_HALF_OPEN;
	case CAUSE_OLD_SOCKET:
		return VIOLATION_BROKEN_OLD_SOCKET;
	case CAUSE_NO_SOCKET:
		return VIOLATION_BROKEN_NO_SOCKET;
	case CAUSE_OWNER_CLOSED:
		return VIOLATION_BROKEN_OWNER_CLOSED;
	case CAUSE_SILENT:
		return VIOLATION_BROKEN_SILENT;
	case CAUSE_UNSURE:
		return VIOLATION_BROKEN_UNSURE;
	case CAUSE_NONE:
	case CAUSE_UNFINISHED:
	case CAUSE_OWNER_DEAD:
	case CAUSE_UNREACHABLE:
	case CAUSE_UNPROTECTED:
	case CAUSES:
		break;
	}
	return VIOLATIONS;
}

struct judge_promise *
judge_promise_create(const struct judge_parts *parts)
{
	struct judge_promise *promise = calloc(1, sizeof(*promise));

	if (promise == NULL)
		abort();
	promise->parts = *parts;
	promise->zero = promise->healed = promise->look = INSTANT_NEVER;
	promise->sessions =
		memory_zeroed((size_t)workload_count(parts->workload) + 1,
			      sizeof(*promise->sessions));
	promise->bereft = bereft_create(parts);
	return promise;
}

void
judge_promise_destroy(struct judge_promise *promise)
{
	if (promise == NULL)
		return;
	bereft_destroy(promise->bereft);
	free(promise->sessions);
	free(promise);
}

void
judge_promise_zero(struct judge_promise *promise, struct instant now)
{
	const struct judge_parts *parts = &promise->parts;
	const struct settings *settings = parts->settings;
	struct healing healing =
		healing_of(settings, network_fabric(parts->network));

	promise->zero = promise->look = now;
	if (healing.over_ns != HEALING_NEVER)
		promise->healed = instant_after(
			now, healing.over_ns + healing_routes_ns(settings));
}

static bool
is_promised(const struct judge_promise *promise)
{
	return promise->parts.settings->service.scheme == SCHEME_HOMEWARD;
}

static void
accuse(struct judge_promise *promise, struct instant now, uint32_t flow,
       enum violation kind, enum cause cause)
{
	const struct session *session =
		workload_session(promise->parts.workload, flow);
	struct promised *promised = &promise->sessions[flow];
	char text[TESTIMONY_BYTES];

	if (promised->accused || kind == VIOLATIONS || !is_promised(promise))
		return;
	promised->accused = true;
	testimony(&promise->parts, promise->zero, now, session, cause, text);
	verdict(promise->parts.verdicts, kind, now, session->owner, flow, "%s",
		text);
}

/* Of a session that ended badly: does what was seen meanwhile excuse it, too?
 * Not, if somebody answered for a session that was not his. */
static bool
is_excused(const struct judge_promise *promise, struct instant now,
	   uint32_t flow)
{
	const struct session *session =
		workload_session(promise->parts.workload, flow);
	const struct silence *silence = &promise->sessions[flow].silence;

	if (session->outcome != OUTCOME_RESET)
		return !silence_proven(silence, now);
	return session->cause != CAUSE_HALF_OPEN &&
	       session->cause != CAUSE_OLD_SOCKET &&
	       session->cause != CAUSE_NO_SOCKET &&
	       !silence_reachable(silence, now);
}

static void
ends_look(struct judge_promise *promise, struct instant now)
{
	const struct workload *workload = promise->parts.workload;

	while (promise->ended < workload_ended(workload)) {
		uint32_t flow = workload_ended_flow(workload, promise->ended++);
		const struct session *session =
			workload_session(workload, flow);

		bereft_end(promise->bereft, now, flow);
		if (!is_excused(promise, now, flow))
			accuse(promise, now, flow, broken(session->cause),
			       session->cause);
	}
}

/* One that is open. */
static void
silence_judge(struct judge_promise *promise, struct instant now, uint32_t flow)
{
	struct silence *silence = &promise->sessions[flow].silence;
	enum cause cause;

	silence_look(silence, &promise->parts, now, flow, promise->changes);
	if (promise->sessions[flow].accused || !silence_proven(silence, now))
		return;
	cause = workload_cause_now(promise->parts.workload, now, flow);
	accuse(promise, now, flow, broken(cause), cause);
}

/* One that is open, and whose owner may have crashed. */
static void
orphan_judge(struct judge_promise *promise, struct instant now, uint32_t flow)
{
	struct promised *promised = &promise->sessions[flow];
	const struct session *session =
		workload_session(promise->parts.workload, flow);

	if (promised->accused)
		return;
	if (orphan_untold(&promised->orphan, &promise->parts, now, session,
			  promise->changes))
		accuse(promise, now, flow, VIOLATION_UNTOLD, CAUSE_OWNER_DEAD);
	promise->orphans +=
		promised->orphan.since.ns > 0 && !promised->orphan.counted;
	promised->orphan.counted |= promised->orphan.since.ns > 0;
}

/* Since when it waits for a byte, or, with all bytes, for its end. */
static struct instant
due_since(const struct workload *workload, uint32_t flow)
{
	const struct session *session = workload_session(workload, flow);

	return session->bytes >= session->bytes_wanted
		       ? session->newest
		       : workload_waits_since(workload, flow);
}

/* One that is open, when no fault is to come. */
static void
late_judge(struct judge_promise *promise, struct instant now, uint32_t flow)
{
	const struct judge_parts *parts = &promise->parts;
	struct promised *promised = &promise->sessions[flow];
	struct instant from = due_since(parts->workload, flow);
	enum cause cause;

	if (from.ns == INT64_MAX || promised->accused ||
	    instant_before(now, instant_after(from, SILENCE_NEED_NS)) ||
	    silence_rests(parts, flow)) {
		promised->late = (struct instant){ 0 };
		return;
	}
	if (promised->late.ns == 0 || promised->waits.ns != from.ns) {
		promised->waits = from;
		promised->late = instant_after(
			silence_series_end(parts, now, flow), CAUSE_SILENT_NS);
	}
	if (instant_before(now, promised->late))
		return;
	promised->late = instant_after(now, CAUSE_SILENT_NS);
	if (workload_loss_ppm(parts->workload, flow) > CAUSE_LOSS_PPM)
		return;
	cause = workload_cause_now(parts->workload, now, flow);
	if (broken(cause) != VIOLATIONS)
		accuse(promise, now, flow, VIOLATION_LATE, CAUSE_NONE);
}

static void
waits_look(struct judge_promise *promise, struct instant now)
{
	const struct workload *workload = promise->parts.workload;

	for (uint32_t i = 0; i < workload_count(workload); i++) {
		if (workload_session(workload, i)->state != SESSION_OPEN)
			continue;
		silence_judge(promise, now, i);
		orphan_judge(promise, now, i);
		if (!instant_before(now, promise->healed))
			late_judge(promise, now, i);
	}
	promise->look = instant_after(now, SILENCE_LOOK_NS);
}

/* May ways be others now? */
static bool
is_change(const struct event *event)
{
	switch ((enum event_kind)event->kind) {
	case EVENT_ROUTE:
	case EVENT_FAULT:
		return true;
	case EVENT_HOST: /* it joins, leaves, or is switched off */
		return event->code >= SERVER_AGENT_CODES;
	default:
		return false;
	}
}

void
judge_promise_event(struct judge_promise *promise, struct instant now,
		    const struct event *event)
{
	if (is_change(event)) {
		promise->changes++;
		if (event->kind != EVENT_ROUTE)
			bereft_look(promise->bereft, now);
	}
	ends_look(promise, now);
	if (!instant_before(now, promise->look))
		waits_look(promise, now);
}

void
judge_promise_finish(struct judge_promise *promise, struct instant now,
		     struct judge_facts *facts)
{
	ends_look(promise, now);
	facts->orphans = promise->orphans;
	bereft_finish(promise->bereft, facts);
}
