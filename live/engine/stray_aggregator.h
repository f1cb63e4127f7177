/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray_aggregator.h - strays of each flow, summed up before they are reported
 *
 * A moved upload strays a hundred thousand packets a second; a client
 * that watches wants a line every STRAY_AGGREGATOR_NS. Flows wait here from the
 * first stray after the last line until the interval ends.
 *
 * Full: stray_aggregator_add() gives the flow that waited longest to be
 * reported early, so nothing is left out.
 */
#ifndef LIVE_ENGINE_STRAY_AGGREGATOR_H
#define LIVE_ENGINE_STRAY_AGGREGATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "core/session.h"
#include "core/siphash.h"

#define STRAY_AGGREGATOR_NS (100 * NS_PER_MS)

struct stray_aggregator; /* in the caller's memory, see stray_aggregator_size()
			  */

struct stray_aggregator_flow {
	struct session_key key;
	struct instant since; /* its first stray in this interval */
	uint64_t count;
};

/* A multiple of 8. */
size_t stray_aggregator_size(uint32_t capacity);
/* The memory is aligned for uint64_t; capacity > 0. hash: any secret. */
struct stray_aggregator *stray_aggregator_init(void *memory, uint32_t capacity,
					       const struct siphash_key *hash);
/* One stray. True: *early had to make room. */
bool stray_aggregator_add(struct stray_aggregator *, struct instant now,
			  const struct session_key *,
			  struct stray_aggregator_flow *early);
/* When stray_aggregator_take() has something; INSTANT_NEVER: nothing waits. */
struct instant stray_aggregator_due(const struct stray_aggregator *);
/* The flow that has waited longest, if its interval is over; else false. */
bool stray_aggregator_take(struct stray_aggregator *, struct instant now,
			   struct stray_aggregator_flow *);
/* Forget what waits: no client watches any more. */
void stray_aggregator_clear(struct stray_aggregator *);

#endif
