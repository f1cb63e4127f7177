/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * heap.c - a plain binary heap of events
 */
#include "harness/bench/heap.h"

#include "sim/engine/memory.h"

static bool
event_key_before(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->event.class != b->event.class)
		return a->event.class < b->event.class;
	if (a->event.destination != b->event.destination)
		return a->event.destination < b->event.destination;
	return a->sequence < b->sequence;
}

void
heap_schedule(struct heap *heap, uint32_t destination, int64_t delay_ns,
	      const struct event *event)
{
	if (heap->count == heap->capacity) {
		heap->capacity = heap->capacity ? 2 * heap->capacity : 1024;
		heap->entries = memory_grown(heap->entries, heap->capacity,
					     sizeof(*heap->entries));
	}

	struct heap_entry entry = { heap->now_ns + delay_ns, heap->sequence++,
				    *event };
	size_t hole = heap->count++;

	entry.event.destination = destination;
	while (hole > 0) {
		size_t parent = (hole - 1) / 2;
		if (!event_key_before(&entry, &heap->entries[parent]))
			break;
		heap->entries[hole] = heap->entries[parent];
		hole = parent;
	}
	heap->entries[hole] = entry;
}

bool
heap_next(struct heap *heap, struct event *event)
{
	if (heap->count == 0)
		return false;
	heap->now_ns = heap->entries[0].at_ns;
	*event = heap->entries[0].event;

	const struct heap_entry last = heap->entries[--heap->count];
	size_t hole = 0;

	for (;;) {
		size_t child = 2 * hole + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    event_key_before(&heap->entries[child + 1],
				     &heap->entries[child]))
			child++;
		if (!event_key_before(&heap->entries[child], &last))
			break;
		heap->entries[hole] = heap->entries[child];
		hole = child;
	}
	if (heap->count > 0)
		heap->entries[hole] = last;
	return true;
}
