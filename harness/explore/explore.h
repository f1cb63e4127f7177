/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * explore.h - worlds that nobody wrote, each run twice and judged
 *
 *	seed --> generator.h --.
 *	FILE ------------------+-> worlds.h -> hunt.h -> trial.h -> findings.h
 *						 |		       |
 *				    two passes, here or	   known.h -> account.h
 *				    on other ranks
 *
 * Of each world is asked what holds for all: its file is valid, both passes
 * end, and say the same, word by word and event by event (the second has
 * another heap, as in run --check-determinism); and a judge that looked on saw
 * nothing that no world may do (sim/judge/judge.h). What does not hold is a
 * violation, and has a kind (sim/model/violation.h).
 *
 * A violation of a known kind (known.h) is counted: exit 0. Any other is told
 * with the command that repeats it, on any build of this commit: exit 1. All
 * worlds are looked at unless --stop says that one is enough.
 *
 * Nothing is stored.
 */
#ifndef HARNESS_EXPLORE_EXPLORE_H
#define HARNESS_EXPLORE_EXPLORE_H

#include "harness/base/usage.h"

extern const struct verb verb_explore;

#endif
