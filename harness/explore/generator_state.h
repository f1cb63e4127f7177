/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator_state.h - what the parts of the generator share
 *
 * generator_shape.c decides how large the world is and when things happen in
 * it, generator.c writes the other keys, generator_events.c the events.
 *
 *	zero	openings and faults		calm		end
 *	|-------------------------------|-----------------------|	time
 *				   faults_ms		   duration_ns
 *
 * Sessions open while things break. Then there is room for what is promised:
 * the calm is longer than TCP's next try after any of the outages, and than a
 * refresh of the tables.
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
	/* Its fabric, hash table, sessions and duration; the rest is the
	 * default. */
	struct settings shape;
	uint64_t faults_ms; /* events and their ends are before */
	uint64_t burst_ms; /* many handshakes are under way then; 0: never */
	bool mourns; /* a server dies for good, and clients go on sending */
	struct generator_pair pairs[GENERATOR_PAIRS];
	uint32_t pair_count;
};

/* Uniform over [low, high]. */
uint64_t generator_between(struct generator *, uint64_t low, uint64_t high);
/* True in so many of a hundred. */
bool generator_chance(struct generator *, uint32_t percent);
/* One of the numbers, as often as it stands there. */
uint32_t generator_one_of(struct generator *, const uint32_t *numbers,
			  size_t count);
#define ONE_OF(generator, ...)                                                 \
	generator_one_of((generator), (const uint32_t[]){ __VA_ARGS__ },       \
			 sizeof((uint32_t[]){ __VA_ARGS__ }) /                 \
				 sizeof(uint32_t))
/* A key gets a value. */
__attribute__((format(printf, 3, 4))) void
generator_put(struct generator *, const char *path, const char *format, ...);
/* Milliseconds in seconds, "1.250"; GENERATOR_TIME bytes. */
#define GENERATOR_TIME 24
const char *generator_seconds(uint64_t ms, char *text);

/* What decides how large a world is; and is that a key which it writes, or
 * whose default it means? */
void generator_shape(struct generator *);
bool generator_is_shape(const char *path);
/* What a world that mourns has beside. */
void generator_mourning(struct generator *);
/* The section `events`, if there are any. */
void generator_events(struct generator *, FILE *);

#endif
