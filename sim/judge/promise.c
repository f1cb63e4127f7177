/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.c - nothing broken, and no session that stays behind
 */
#include "sim/judge/promise.h"

#include <stdlib.h>

#include "sim/judge/testimony.h"
#include "sim/model/workload.h"

struct judge_promise {
	struct judge_parts parts;
	struct instant zero;
	uint32_t ended; /* sessions whose end was looked at */
	uint64_t causes[CAUSES]; /* of those that ended badly */
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
	promise->zero = INSTANT_NEVER;
	return promise;
}

void
judge_promise_destroy(struct judge_promise *promise)
{
	free(promise);
}

void
judge_promise_zero(struct judge_promise *promise, struct instant now)
{
	promise->zero = now;
}

/* One that ended badly. */
static void
accuse(struct judge_promise *promise, struct instant now, uint32_t flow,
       const struct session *session, enum cause cause)
{
	enum violation kind = broken(cause);
	char text[TESTIMONY_BYTES];

	if (kind == VIOLATIONS ||
	    promise->parts.settings->service.scheme != SCHEME_HOMEWARD)
		return;
	testimony(&promise->parts, promise->zero, now, session, cause, text);
	verdict(promise->parts.verdicts, kind, now, session->owner, flow, "%s",
		text);
}

static void
ends_look(struct judge_promise *promise, struct instant now)
{
	const struct workload *workload = promise->parts.workload;

	while (promise->ended < workload_ended(workload)) {
		uint32_t flow = workload_ended_flow(workload, promise->ended);
		const struct session *session =
			workload_session(workload, flow);

		promise->ended++;
		promise->causes[session->cause]++;
		accuse(promise, now, flow, session, session->cause);
	}
}

void
judge_promise_before(struct judge_promise *promise, struct instant now,
		     uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)promise;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_promise_after(struct judge_promise *promise, struct instant now,
		    uint32_t device, const uint8_t *bytes, uint32_t size)
{
	(void)promise;
	(void)now;
	(void)device;
	(void)bytes;
	(void)size;
}

void
judge_promise_event(struct judge_promise *promise, struct instant now,
		    const struct event *event)
{
	(void)event;
	ends_look(promise, now);
}

void
judge_promise_finish(struct judge_promise *promise, struct instant now,
		     struct judge_facts *facts)
{
	ends_look(promise, now);
	for (unsigned cause = 1; cause < CAUSES; cause++)
		facts->causes[cause] = promise->causes[cause];
}
