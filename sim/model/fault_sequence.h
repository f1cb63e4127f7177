/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_sequence.h - changes in a row, of random kinds at random places
 *
 *	kind: sequence, at_s: 5, count: 3, each_s: 6, for_s: 3
 *
 *	5 s  link_down spine1-leaf2	8 s  link_up
 *	11 s drain server7		14 s undrain
 *	17 s join			(nothing undoes it)
 *
 * An event that stands for `count` others, each_ns apart. Each is one of the
 * changes below, all equally likely, and is undone for_ns later (0: half of
 * each_ns), before the next begins: whatever a session met before, it meets the
 * next one in a fabric that is whole.
 *
 *	link	a link of the fabric or of a server goes down
 *	flap	such a link goes down and comes back, twice
 *	leaf	a leaf and its links fail
 *	spine	a spine does
 *	drain	a server withdraws its route
 *	restart	a server's daemon is killed, and starts again a little later
 *	join	a server enters that was not there
 *
 * No server dies: what ends here could have lived. The draws are of the run's
 * seed and the event's place, one after the other: of the same seed, the first
 * k changes of k + 1 are those of k, so that a sweep over `count` compares like
 * with like. A world unrolls its script before it begins, and knows of ordinary
 * events only; each counts as one that a server joins, since any may.
 */
#ifndef SIM_MODEL_FAULT_SEQUENCE_H
#define SIM_MODEL_FAULT_SEQUENCE_H

#include <stdint.h>

#include "sim/model/fabric.h"
#include "sim/model/settings.h"

/* How long a restarted daemon is away at most. */
#define FAULT_SEQUENCE_RESTART_NS (300 * NS_PER_MS)

/* How long a change lasts at least: no router sees one that is shorter, and a
 * flap takes a quarter of it for each of its four steps. */
#define FAULT_SEQUENCE_LEAST_NS NS_PER_MS

/* Servers that it adds at most; 0 of another kind. */
uint32_t fault_sequence_spares(const struct fault_settings *);
/* How long each of its changes lasts: for_ns, or half of each_ns. */
int64_t fault_sequence_lasts_ns(const struct fault_settings *);
/* When its last change is over, if it is one. */
int64_t fault_sequence_over_ns(const struct fault_settings *);
/* Each sequence becomes what it stands for: its first change in its place, the
 * others behind all events. faults and fault_count are new; the array is to be
 * freed, NULL when there was no sequence, and then nothing has changed. The
 * fabric is that of the events, with those that join. Aborts when out of
 * memory. */
struct fault_settings *fault_sequence_unroll(struct settings *,
					     const struct fabric *);

#endif
