/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.h - what an exploration says
 *
 *	seed 4: late: SENTENCE; repeat with: COMMAND	as it is found
 *	found: late in 2 of 300 worlds, first seed 4, 3 times
 *	known: storm in 1 of 300 worlds, first seed 9, 1 time
 *
 * All of that is on standard output, in an order that is the same each time; of
 * a kind that is not known the first FINDINGS_KEPT worlds are told in full. How
 * fast it went is talk. As JSON it is one object at the end.
 */
#ifndef HARNESS_EXPLORE_ACCOUNT_H
#define HARNESS_EXPLORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/findings.h"
#include "harness/explore/hunt.h"
#include "harness/explore/known.h"
#include "harness/explore/shrink.h"
#include "harness/explore/worlds.h"

/* Everything is borrowed. */
struct account {
	struct worlds *worlds;
	const struct known *known;
	const char *known_given; /* as --known had it; NULL: not given */
	const struct findings *findings;
	bool endless; /* only the minutes end it */
	const struct shrink_result *shrunk; /* by kind; shown: it was */
	bool drawn; /* a line that changes; it is cleared before others */
	double drawn_s;
	bool json;
};

/* (World, kind) pairs, of which the kind is known or not. */
uint64_t account_violations(const struct account *, bool known);
/* The world that was added to the findings last. */
void account_world(const struct account *, uint32_t index,
		   const struct trial *);
/* On a terminal a line that changes, else one a minute. */
void account_tick(struct account *, double elapsed_s, bool terminal);
/* The end. */
void account_print(const struct account *, const struct hunt_result *);
/* The words that make it the same: " --known none", or "". */
void account_known_option(const struct account *, FILE *);

#endif
