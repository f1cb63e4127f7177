/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hunt.h - world after world, twice each, until there is a reason to end
 *
 *	worlds.h -> two passes each (crew.h) -> trial.h -> take(), in order
 *
 *	 taken   | over, waits | runs | not yet begun
 *	---------+-------------+------+--------------> number
 *		 next			 at most next + HUNT_WINDOW
 *
 * Worlds end in any order and are taken in that of their numbers; so what is
 * found does not depend on how many run at a time, nor where, and an end in
 * between is at one number: all before were taken, none behind. A world that
 * takes long holds up at most HUNT_WINDOW others. That is all that is kept.
 */
#ifndef HARNESS_EXPLORE_HUNT_H
#define HARNESS_EXPLORE_HUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/explore/trial.h"
#include "harness/explore/worlds.h"
#include "harness/run/jobs.h"

#define HUNT_WINDOW 1024
#define HUNT_ALWAYS UINT64_MAX /* as minutes */

enum hunt_end {
	HUNT_OVER, /* all worlds were taken */
	HUNT_LATE, /* the minutes are over */
	HUNT_ENOUGH, /* take() said so */
	HUNT_INTERRUPTED, /* Ctrl-C */
	HUNT_FAILED, /* said */
};

/* Everything is borrowed. */
struct hunt_wish {
	struct worlds *worlds;
	uint32_t jobs; /* slots here */
	/* No world but the first is begun later than that. */
	uint64_t minutes;
	const char *out; /* a folder for the files of seeds; NULL: none */
	/* A world is over; its turn has come. False: enough. */
	bool (*take)(void *context, uint32_t index, const struct trial *);
	/* Now and then; worlds before `next` were taken. terminal: somebody
	 * looks. */
	void (*tick)(void *context, uint32_t next, double elapsed_s,
		     bool terminal);
	void *context;
};

struct hunt_result {
	enum hunt_end end;
	uint32_t next; /* the first world that was not taken */
	double elapsed_s;
	uint32_t ranks; /* mpirun's */
	bool worker; /* another rank tells what was found */
	int code; /* of HUNT_FAILED */
};

struct hunt_result hunt(const struct hunt_wish *);

#endif
