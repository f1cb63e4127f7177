/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise.h - nothing broken, and no session that stays behind
 *
 *	ends badly, and its cause (cause.h) excuses	nothing; it is counted
 *	ends badly, and it does not			BROKEN_<cause>
 *	is silent, and nothing explains it		BROKEN_<cause>
 *	does not go on after the last fault		LATE
 *	its owner is dead, and its client is not told	UNTOLD (orphans.h)
 *
 * Only the scheme homeward promises anything. A session is accused once.
 *
 * A cause is found when a session ends, from what was known then. The judge has
 * looked at its ways all the time, so it excuses more: a session that was reset
 * or given up when there had been no way within the last second, and one that
 * was given up, or cut off by the run's end, before its silence proved anything
 * (silence.h). Who answered for a session that was not his is never excused.
 *
 * It also accuses of what has no end yet: a session that is silent in the
 * middle of a run, and goes on afterwards, was broken, for its user has gone.
 * Then the cause is the one that it would have, were it given up now.
 *
 * Late is what waits when the script is over (healing.h) and routes have
 * settled: for a byte, or, when all have come, for its end. It has as long as
 * TCP's timers need for tries that are not lost by chance, and CAUSE_SILENT_NS
 * more. What has an excuse then is not late, nor what the run's end cuts off.
 *
 * Sessions that lost all their replicas are counted, beside what chance allows
 * (bereft.h). Which of them a user notices is broken, or unprotected (cause.h).
 */
#ifndef SIM_JUDGE_PROMISE_H
#define SIM_JUDGE_PROMISE_H

#include "sim/judge/judge.h"

struct judge_promise;

struct judge_promise *judge_promise_create(const struct judge_parts *);
void judge_promise_destroy(struct judge_promise *);
/* As judge.h has them. */
void judge_promise_zero(struct judge_promise *, struct instant now);
void judge_promise_event(struct judge_promise *, struct instant now,
			 const struct event *);
void judge_promise_finish(struct judge_promise *, struct instant now,
			  struct judge_facts *);

#endif
