/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.h - nothing broken, and no session that stays behind
 */
#ifndef SIM_JUDGE_PROMISE_H
#define SIM_JUDGE_PROMISE_H

#include "sim/judge/judge.h"

struct judge_promise;

struct judge_promise *judge_promise_create(const struct judge_parts *);
void judge_promise_destroy(struct judge_promise *);
/* As judge.h has them. */
void judge_promise_zero(struct judge_promise *, struct instant now);
void judge_promise_before(struct judge_promise *, struct instant now,
			  uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_promise_after(struct judge_promise *, struct instant now,
			 uint32_t device, const uint8_t *bytes, uint32_t size);
void judge_promise_event(struct judge_promise *, struct instant now,
			 const struct event *);
void judge_promise_finish(struct judge_promise *, struct instant now,
			  struct judge_facts *);

#endif
