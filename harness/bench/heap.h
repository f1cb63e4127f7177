/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.h - a plain binary heap of events: the reference of the event queue
 *
 * The queue that one would write first: an array of whole events, children of
 * i at 2 i + 1 and 2 i + 2, in exactly the order of sim/engine/event.h. Nothing
 * in it is clumsy on purpose (holes are moved, events are not swapped), and it
 * keeps no hash; the event queue has to beat it with one.
 */
#ifndef HARNESS_BENCH_HEAP_H
#define HARNESS_BENCH_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/engine/event.h"

struct heap_entry {
	int64_t at_ns;
	uint64_t sequence;
	struct event event;
};

struct heap {
	int64_t now_ns;
	uint64_t sequence;
	struct heap_entry *entries; /* to be freed */
	size_t count, capacity;
};

/* As queue_schedule() and queue_next(); a heap starts all zero. */
void heap_schedule(struct heap *, uint32_t destination, int64_t delay_ns,
		   const struct event *);
bool heap_next(struct heap *, struct event *);

#endif
