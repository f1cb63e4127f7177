/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_heap.h - a heap of keys, for the few that neither run nor bucket takes
 *
 * Four children to a parent: half as deep as a binary heap, and siblings lie
 * in one or two cache lines. The queue needs it when more events are due in
 * one instant than its run has room for (event.c).
 */
#ifndef SIM_ENGINE_EVENT_HEAP_H
#define SIM_ENGINE_EVENT_HEAP_H

#include <stddef.h>

#include "sim/engine/event_key.h"

/* All zero at first; the least key comes first. */
struct event_heap {
	struct event_key *keys;
	size_t count, capacity;
};

void event_heap_push(struct event_heap *, const struct event_key *);
void event_heap_pop(struct event_heap *); /* not when it is empty */
void event_heap_free(struct event_heap *);

#endif
