/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world_play.h - make a world, run it to its end and take it down; when it
 * cannot be made that is a failed check, and the sentence says why
 */
#ifndef SIM_TEST_WORLD_PLAY_H
#define SIM_TEST_WORLD_PLAY_H

#include <stdio.h>

#include "core/test/check.h"
#include "sim/world.h"

/* No events: it was not made. */
static inline struct world_result
world_play(const struct settings *settings, const struct watch *watch,
	   const char *sentence)
{
	struct world_result result = { .events = 0 };
	char error[200] = "";
	struct world *world;
	int status =
		world_create(&world, settings, watch, error, sizeof(error));

	CHECK_ROW(status == 0, sentence);
	if (status != 0) {
		fprintf(stderr, "%s: %s\n", sentence, error);
		return result;
	}
	result = world_run(world);
	world_destroy(world);
	return result;
}

#endif
