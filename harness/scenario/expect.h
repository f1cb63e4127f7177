/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * expect.h - a scenario's assertions about its results
 *
 *	expect:
 *	  - where: { service.homeward: on }
 *	    strayed_min: 1
 *	    outcome_all: [kept, closed]
 *	    cause_all: [owner_dead]	of those that end otherwise
 *	  - where: { service.homeward: off }
 *	    reset_min: 1
 *
 * A block's assertions are checked on every run whose settings agree with its
 * `where` (without one: on every run), by run/expectation.h. Each is a quantity
 * of one run, taken from the database by one query, with a least (_min) or a
 * greatest (_max) value; a unit comes last (stall_longest_max_ms). So a
 * scenario is a test: `homeward run` exits 1 and says what differs.
 */
#ifndef HARNESS_SCENARIO_EXPECT_H
#define HARNESS_SCENARIO_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/scenario/key.h"
#include "harness/scenario/reader.h"
#include "sim/model/settings.h"

#define EXPECT_BLOCKS	  16
#define EXPECT_LIMITS	  128
#define EXPECT_CONDITIONS 64
#define EXPECT_BOUND	  256 /* bytes: all words of a list */

struct scenario;

/* What can be asserted. */
struct expect_quantity {
	const char *name; /* "stall_longest" */
	const char *unit; /* "_ms" or "" */
	uint64_t scale; /* base units in one unit */
	const char *sql; /* of ?1, the run; NULL: there is nothing to judge */
	const char *help;
};

struct expect_limit {
	uint32_t block;
	const struct expect_quantity
		*quantity; /* NULL: outcome_all, cause_all */
	bool least;
	uint64_t bound; /* base units */
	bool by_cause; /* cause_all, if there is no quantity */
	/* outcome_all: bit per enum outcome; cause_all: per enum cause. */
	unsigned words;
};

struct expect_condition {
	uint32_t block;
	struct key_place place;
	char text[KEY_TEXT]; /* as key_format() prints it */
};

struct expect {
	uint32_t block_count, limit_count, condition_count;
	struct expect_limit limits[EXPECT_LIMITS];
	struct expect_condition conditions[EXPECT_CONDITIONS];
};

/* The table, for describe; ends with name NULL. */
const struct expect_quantity *expect_quantities(void);
/* Fill scenario->expect from the node under `expect`; complaints are the
 * reader's. */
void expect_read(struct scenario *, struct reader *, yaml_node_t *);
/* The words that outcome_all and cause_all take; NULL past the last, and for
 * what is none. */
const char *expect_word(bool by_cause, unsigned word);
/* "strays_min" and its bound, or the list of words; KEY_TEXT bytes for the
 * name, EXPECT_BOUND for the bound. */
void expect_format(const struct expect_limit *, char *name, char *bound);

#endif
