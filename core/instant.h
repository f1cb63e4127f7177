/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * instant.h - time as a type, so that seconds cannot be passed as nanoseconds
 *
 * The core never reads a clock. Whoever wakes it reads the time once and
 * hands it down; live that is CLOCK_MONOTONIC, simulated it is the event's
 * time. An instant is a point, a plain int64_t ending in _ns is a distance.
 * 2^63 ns are 292 years: sums saturate at NEVER and nothing wraps.
 */
#ifndef CORE_INSTANT_H
#define CORE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
	int64_t ns; /* monotonic, since the start of the run */
};

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* No event is due. Later than every other instant. */
#define INSTANT_NEVER ((struct instant){ .ns = INT64_MAX })

static inline bool
instant_before(struct instant a, struct instant b)
{
	return a.ns < b.ns;
}

static inline struct instant
instant_min(struct instant a, struct instant b)
{
	return b.ns < a.ns ? b : a;
}

/* distance_ns >= 0; saturates at INSTANT_NEVER. */
static inline struct instant
instant_after(struct instant a, int64_t distance_ns)
{
	if (a.ns > INT64_MAX - distance_ns)
		return INSTANT_NEVER;
	return (struct instant){ .ns = a.ns + distance_ns };
}

/* From a to b; negative when b is the earlier. Neither may be NEVER. */
static inline int64_t
instant_distance_ns(struct instant a, struct instant b)
{
	return b.ns - a.ns;
}

#endif
