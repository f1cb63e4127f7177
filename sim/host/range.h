/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * range.h - which parts of a stream are there, as a few sorted intervals
 *
 *	[start, end) [start, end) ...	disjoint, not even touching, ascending
 *
 * A receiver keeps what arrived out of order, a sender what was acknowledged
 * selectively. Full: a part that would need one more interval is refused, and
 * TCP treats its segment as lost or its SACK block as not heard.
 */
#ifndef SIM_HOST_RANGE_H
#define SIM_HOST_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 32

struct range {
	uint64_t start, end;
};

struct ranges {
	uint32_t count;
	struct range items[RANGES_MAX];
};

/* False: full, nothing changed. start < end. */
bool ranges_add(struct ranges *, uint64_t start, uint64_t end);
/* Forget everything below the offset. */
void ranges_drop_below(struct ranges *, uint64_t offset);
/* Bytes of [start, end) that are there. */
uint64_t ranges_covered(const struct ranges *, uint64_t start, uint64_t end);
/* The first offset from here on that is not there. */
uint64_t ranges_skip(const struct ranges *, uint64_t offset);
/* Where the next interval after the offset starts; UINT64_MAX: none. */
uint64_t ranges_next(const struct ranges *, uint64_t offset);
/* The end of the last interval; 0 when there is none. */
uint64_t ranges_end(const struct ranges *);

#endif
