/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.c - nothing broken, and no session that stays behind
 */
#include "sim/judge/promise.h"

#include <stdlib.h>

struct judge_promise {
	struct judge_parts parts;
};

struct judge_promise *
judge_promise_create(const struct judge_parts *parts)
{
	struct judge_promise *promise = calloc(1, sizeof(*promise));

	if (promise == NULL)
		abort();
	promise->parts = *parts;
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
	(void)promise;
	(void)now;
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
	(void)promise;
	(void)now;
	(void)event;
}

void
judge_promise_finish(struct judge_promise *promise, struct instant now,
		     struct judge_facts *facts)
{
	(void)promise;
	(void)now;
	(void)facts;
}
