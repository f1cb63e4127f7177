/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opening.h - when sessions open
 *
 * One after the other, at the intervals of clients.arrival. With a jitter each
 * is moved by what its own stream says, so that one may overtake another, and
 * all have to be known before the first.
 */
#ifndef SIM_MODEL_OPENING_H
#define SIM_MODEL_OPENING_H

#include <stdint.h>

#include "core/rng.h"
#include "sim/model/settings.h"

struct opening {
	int64_t at_ns; /* after the scenario's zero */
	uint32_t flow;
};

/* From one arrival to the next. */
int64_t opening_interval_ns(const struct settings *, struct rng *arrivals);
/* Of all sessions, in order, to be freed; each is moved by less than jitter_ns,
 * which is above 0. Aborts when out of memory. */
struct opening *openings_draw(const struct settings *, struct rng *arrivals,
			      uint32_t count, int64_t jitter_ns);

#endif
