/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * excuse.h - over many worlds: did more sessions lose all their replicas than
 * chance allows?
 *
 *	world 1		0 of 60, expected 0.3	-->  0	  0.005
 *	world 2		4 of 40, expected 1.2	-->  0.1  0.030		sums
 *	...					     ----------
 *
 * Who lost all r replicas when a share f of the servers went is excused f^r of
 * the time (sim/judge/bereft.h). Sessions of one world are not independent: its
 * servers have large parts of the key space or small ones, and what a fault
 * takes, it takes from all sessions. So a world counts as one session of its
 * own, the mean of all of its; such sums stray from what is expected no more
 * than Poisson's do. Beyond chance is what Poisson's upper tail has less than
 * once in EXCUSE_ODDS.
 */
#ifndef HARNESS_EXPLORE_EXCUSE_H
#define HARNESS_EXPLORE_EXCUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/model/judge_facts.h"

#define EXCUSE_ODDS 1e4

struct excuse {
	uint64_t worlds; /* with sessions that were stored */
	uint64_t sessions, bereft; /* of all of them */
	uint64_t bereft_ppm, expected_ppm; /* sums of the worlds' means */
};

/* One more world that was judged. */
void excuse_add(struct excuse *, const struct judge_facts *);
/* What others have added up. */
void excuse_merge(struct excuse *, const struct excuse *);
/* The probability of so many or more. */
double excuse_chance(const struct excuse *);
/* Is that beyond chance? Then a sentence says so. */
bool excuse_beyond(const struct excuse *, char *sentence, size_t size);

#endif
