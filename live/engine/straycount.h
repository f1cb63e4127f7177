/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * straycount.h - strays of each flow, summed up before they are reported
 *
 * A moved upload strays a hundred thousand packets a second; whoever watches
 * wants a line every STRAYCOUNT_NS. Flows wait here from the first stray after
 * the last line until the interval ends.
 *
 * Full: straycount_add() gives the flow that waited longest to be reported
 * early, so nothing is left out.
 */
#ifndef LIVE_ENGINE_STRAYCOUNT_H
#define LIVE_ENGINE_STRAYCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/siphash.h"

#define STRAYCOUNT_NS (100 * NS_PER_MS)

struct straycount; /* in the caller's memory, see straycount_size() */

struct straycount_flow {
	struct session_key key;
	struct instant since; /* its first stray in this interval */
	uint64_t count;
};

/* A multiple of 8. */
size_t straycount_size(uint32_t capacity);
/* The memory is aligned for uint64_t; capacity > 0. hash: any secret. */
struct straycount *straycount_init(void *memory, uint32_t capacity,
				   const struct siphash_key *hash);
/* One stray. True: *early had to make room. */
bool straycount_add(struct straycount *, struct instant now,
		    const struct session_key *, struct straycount_flow *early);
/* When straycount_take() has something; INSTANT_NEVER: nothing waits. */
struct instant straycount_due(const struct straycount *);
/* The flow that has waited longest, if its interval is over; else false. */
bool straycount_take(struct straycount *, struct instant now,
		     struct straycount_flow *);
/* Nobody watches any more. */
void straycount_clear(struct straycount *);

#endif
