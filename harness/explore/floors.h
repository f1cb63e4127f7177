/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * floors.h - were the worlds hard enough?
 *
 *	71.3 % of worlds have a stray (at least 60 %)
 *
 * A promise that held in worlds where nothing strays was not tested. So the
 * facts of all judged worlds are added up (judge_facts.h), and of what makes a
 * world hard there is a share that must be reached: a floor. Floors hold over
 * any FLOORS_WORLDS seeds in a row; of fewer worlds they are told, and missed
 * by chance. The struct is words only, so that others' may be added to it.
 */
#ifndef HARNESS_EXPLORE_FLOORS_H
#define HARNESS_EXPLORE_FLOORS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/json.h"
#include "sim/model/judge_facts.h"
#include "sim/model/settings.h"

#define FLOORS_WORLDS 300

enum floor {
	FLOOR_STRAY, /* a session strayed */
	FLOOR_OVERLAP, /* a fault began before another was over */
	FLOOR_HANDSHAKE, /* and while a session was in its handshake */
	FLOOR_LARGE, /* n > 3k: nobody knows everybody */
	FLOOR_ORPHAN, /* a client waits for word of a dead owner */
	FLOORS
};

struct floors {
	uint64_t worlds;
	uint64_t with[FLOORS]; /* worlds that have it */
	struct judge_facts total;
};

/* One more world that was judged. */
void floors_add(struct floors *, const struct settings *,
		const struct judge_facts *);
/* What others have added up. */
void floors_merge(struct floors *, const struct floors *);
/* A line each; then sessions, and bad ends by their causes. Nothing of no
 * world. */
void floors_print(const struct floors *, FILE *);
/* A member "floors", in an object that is open. */
void floors_json(const struct floors *, struct json *);
/* Is there one that was not reached, by FLOORS_WORLDS or more? */
bool floors_missed(const struct floors *);

#endif
