/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * opening.c - intervals, and openings moved apart
 */
#include "sim/model/opening.h"

#include <stdlib.h>

#include "sim/engine/memory.h"
#include "sim/engine/random_stream.h"

int64_t
opening_interval_ns(const struct settings *settings, struct rng *arrivals)
{
	const struct client_settings *clients = &settings->clients;

	if (clients->arrival == ARRIVAL_FIXED)
		return clients->interval_ns;
	return rng_exponential(arrivals, clients->interval_ns);
}

static int
opening_order(const void *a, const void *b)
{
	const struct opening *left = a, *right = b;

	if (left->at_ns != right->at_ns)
		return left->at_ns < right->at_ns ? -1 : 1;
	return left->flow < right->flow ? -1 : left->flow > right->flow;
}

struct opening *
openings_draw(const struct settings *settings, struct rng *arrivals,
	      uint32_t count, int64_t jitter_ns)
{
	struct opening *openings =
		memory_zeroed((size_t)count + 1, sizeof(*openings));
	int64_t at_ns = settings->clients.start_ns;

	for (uint32_t i = 0; i < count; i++) {
		struct rng rng = stream_rng(settings->seed, STREAM_JITTER, i);

		at_ns += i > 0 ? opening_interval_ns(settings, arrivals) : 0;
		openings[i] = (struct opening){
			.at_ns = at_ns +
				 (int64_t)rng_below(&rng, (uint64_t)jitter_ns),
			.flow = i,
		};
	}
	qsort(openings, count, sizeof(*openings), opening_order);
	return openings;
}
