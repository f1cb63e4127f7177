/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - what kind of world it was
 *
 * A fault is a step of the script that harms (fault_kind.h), whatever the
 * number of its targets; a server that churn takes down is one. It is in force
 * from then on until what it did is undone, or until its own end; a daemon that
 * is back at once, and a server that leaves, are not in force at all. A fault
 * that begins while another is in force overlaps it. A cut of a path that has
 * to prove itself (fault.h) counts when it has.
 *
 * A session is in its handshake from its client's SYN until a server has
 * completed it.
 */
#ifndef SIM_JUDGE_TALLY_H
#define SIM_JUDGE_TALLY_H

#include "sim/judge/judge.h"

struct judge_tally;

struct judge_tally *judge_tally_create(const struct judge_parts *);
void judge_tally_destroy(struct judge_tally *);
/* As judge.h has them. */
void judge_tally_zero(struct judge_tally *, struct instant now);
/* A report of the script. */
void judge_tally_fault(struct judge_tally *, const char *kind,
		       const char *target);
void judge_tally_event(struct judge_tally *, struct instant now,
		       const struct event *);
void judge_tally_finish(const struct judge_tally *, struct judge_facts *);

#endif
