/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * held.h - packets that wait at a server for an answer
 *
 *	shared pool	| flow | flow |  free  | flow |
 *
 * What is held belongs to a flow that a lookup runs for, or that waits for the
 * next one; it is let go when an owner is found, and at the latest when the
 * last lookup has ended, which begins miss_deadline after the first, or when
 * one ends that ran then (core/steer/search.h). So of a server at any time:
 *
 *  - A flow that holds is LOOKING or WAITING, has an alarm, and is no older
 *    than miss_deadline and the deadlines of two lookups together; or it is
 *    CACHED, and keeps what it has released for OUTGOING_KEPT_NS (of
 *    core/steer/outgoing.h).
 *  - Its packets, and the chunks that they lie in, are as many as it says; its
 *    server's are the sum of its flows', the pool's that of all servers'.
 *  - A server without a daemon holds nothing.
 *
 * Whatever is not so breaks HELD_LEAK.
 */
#ifndef SIM_JUDGE_HELD_H
#define SIM_JUDGE_HELD_H

#include "sim/judge/judge.h"

struct judge_held;
struct flow;

struct judge_held *judge_held_create(const struct judge_parts *);
void judge_held_destroy(struct judge_held *);
/* At all servers. */
void judge_held_look(struct judge_held *, struct instant now);

#endif
