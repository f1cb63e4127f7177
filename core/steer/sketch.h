/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sketch.h - how often a flow has spoken lately
 *
 * A real stray speaks again: its sender has a window of segments in flight, or
 * a timer that sends the same one once more. Most bogus packets are the only
 * one of their flow. To tell the two apart it takes a memory of all that spoke,
 * a flood's flows too, in a room that does not grow: counters that flows
 * share, four for each flow, of which the least is the closest to the truth
 * (the "count-min" sketch [1], updated conservatively [2]). It never says less
 * than the truth, and says more where all four counters of a flow were
 * others', too.
 *
 *	hash --> one line of 64 bytes --> four bytes there
 *	byte:	| before, 4 bits | now, 4 bits |
 *
 * Two generations share a byte, so that old words fade: when a generation has
 * heard a flow for every 64 bytes, or has lasted 90 s, `now` becomes `before`
 * and the oldest are forgotten. Then a flow that spoke once passes for one that
 * spoke twice in four cases of ten thousand. At 50,000 new flows a second 4 MiB
 * remember 1.3 to 2.6 s, which are TCP's first retransmissions; in quiet,
 * keep-alive probes (75 s apart).
 *
 * The hash is keyed with a secret: nobody can aim at a flow's counters. They
 * lie together, so that a packet costs one or two lines of the processor's
 * cache.
 *
 * [1] Cormode, Muthukrishnan: An Improved Data Stream Summary. J. Algorithms
 *     55(1), 2005.
 * [2] Estan, Varghese: New Directions in Traffic Measurement and Accounting.
 *     SIGCOMM 2002.
 */
#ifndef CORE_STEER_SKETCH_H
#define CORE_STEER_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"

/* The most that it counts. */
#define SKETCH_MOST 30

struct sketch; /* in the caller's memory, see sketch_size() */

/* A multiple of 8. bytes: of counters, rounded down to a power of two, 64 at
 * least. */
size_t sketch_size(uint32_t bytes);
/* The memory is aligned for uint64_t; what is zero already is not touched. */
struct sketch *sketch_init(void *memory, uint32_t bytes);

/* A flow of this hash speaks: how often it has, this time included. */
uint32_t sketch_add(struct sketch *, struct instant now, uint32_t hash);

#endif
