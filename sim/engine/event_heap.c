/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_heap.c - a heap of keys; holes are moved, keys are not swapped
 */
#include "sim/engine/event_heap.h"

#include "sim/engine/memory.h"

#define ARITY		 4
#define EVENT_HEAP_LEAST 256

void
event_heap_push(struct event_heap *event_heap, const struct event_key *key)
{
	if (event_heap->count == event_heap->capacity) {
		event_heap->capacity = event_heap->capacity > 0
					       ? 2 * event_heap->capacity
					       : EVENT_HEAP_LEAST;
		event_heap->keys =
			memory_grown(event_heap->keys, event_heap->capacity,
				     sizeof(struct event_key));
	}

	struct event_key *heap = event_heap->keys;
	size_t hole = event_heap->count++;

	while (hole > 0) {
		size_t parent = (hole - 1) / ARITY;
		if (!event_key_before(key, &heap[parent]))
			break;
		heap[hole] = heap[parent];
		hole = parent;
	}
	heap[hole] = *key;
}

void
event_heap_pop(struct event_heap *event_heap)
{
	struct event_key *heap = event_heap->keys;
	size_t count = --event_heap->count;
	const struct event_key last = heap[count];
	size_t hole = 0;

	for (;;) {
		size_t child = hole * ARITY + 1;
		size_t end = child + ARITY < count ? child + ARITY : count;
		if (child >= count)
			break;
		size_t least = child;
		while (++child < end)
			if (event_key_before(&heap[child], &heap[least]))
				least = child;
		if (!event_key_before(&heap[least], &last))
			break;
		heap[hole] = heap[least];
		hole = least;
	}
	heap[hole] = last;
}

void
event_heap_free(struct event_heap *event_heap)
{
	free(event_heap->keys);
	*event_heap = (struct event_heap){ 0 };
}
