/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * entry.h - an event's place in the order, without the event
 *
 * What the queue moves and compares: time, then class (1 bit), destination
 * (32) and the sequence number's high 31 bits in one word, then its low 32
 * bits. The event itself lies still in a slab (slab.h).
 */
#ifndef SIM_ENGINE_ENTRY_H
#define SIM_ENGINE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

struct entry {
	int64_t at_ns;
	uint64_t order; /* class 1, destination 32, sequence >> 32: 31 bits */
	uint32_t sequence; /* low 32 bits */
	uint32_t slot;
};
_Static_assert(sizeof(struct entry) == 24, "three words");

static inline bool
entry_before(const struct entry *a, const struct entry *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->order != b->order)
		return a->order < b->order;
	return a->sequence < b->sequence;
}

#endif
