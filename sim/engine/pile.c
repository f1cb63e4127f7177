/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pile.c - a heap of entries; holes are moved, entries are not swapped
 */
#include "sim/engine/pile.h"

#include "sim/engine/memory.h"

#define ARITY	   4
#define PILE_LEAST 256

void
pile_push(struct pile *pile, const struct entry *entry)
{
	if (pile->count == pile->capacity) {
		pile->capacity =
			pile->capacity > 0 ? 2 * pile->capacity : PILE_LEAST;
		pile->entries = memory_grown(pile->entries, pile->capacity,
					     sizeof(struct entry));
	}

	struct entry *heap = pile->entries;
	size_t hole = pile->count++;

	while (hole > 0) {
		size_t parent = (hole - 1) / ARITY;
		if (!entry_before(entry, &heap[parent]))
			break;
		heap[hole] = heap[parent];
		hole = parent;
	}
	heap[hole] = *entry;
}

void
pile_pop(struct pile *pile)
{
	struct entry *heap = pile->entries;
	size_t count = --pile->count;
	const struct entry last = heap[count];
	size_t hole = 0;

	for (;;) {
		size_t child = hole * ARITY + 1;
		size_t end = child + ARITY < count ? child + ARITY : count;
		if (child >= count)
			break;
		size_t least = child;
		while (++child < end)
			if (entry_before(&heap[child], &heap[least]))
				least = child;
		if (!entry_before(&heap[least], &last))
			break;
		heap[hole] = heap[least];
		hole = least;
	}
	heap[hole] = last;
}

void
pile_free(struct pile *pile)
{
	free(pile->entries);
	*pile = (struct pile){ 0 };
}
