/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_state.h - what the parts of the generator share
 *
 * generator.c decides the shape and writes keys, generator_events.c writes the
 * events of that shape.
 */
#ifndef HARNESS_EXPLORE_GENERATOR_STATE_H
#define HARNESS_EXPLORE_GENERATOR_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/rng.h"
#include "harness/scenario/key.h"
#include "sim/model/settings.h"

#define GENERATOR_PAIRS 256 /* more keys than any file writes */

/* A key and its value, as they will stand in the file. */
struct generator_pair {
	char path[KEY_TEXT];
	char value[2 * KEY_TEXT];
};

struct generator {
	struct rng rng;
	/* Its fabric, sessions and duration; the rest is the default. */
	struct settings shape;
	struct generator_pair pairs[GENERATOR_PAIRS];
	uint32_t pair_count;
};

/* Uniform over [low, high]. */
uint64_t generator_between(struct generator *, uint64_t low, uint64_t high);
/* True in so many of a hundred. */
bool generator_chance(struct generator *, uint32_t percent);
/* Milliseconds in seconds, "1.250"; GENERATOR_TIME bytes. */
#define GENERATOR_TIME 24
const char *generator_seconds(uint64_t ms, char *text);

/* The section `events`, if there are any. */
void generator_events(struct generator *, FILE *);

#endif
