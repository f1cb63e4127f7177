/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_key.h - where an event comes in the total order, without the event
 *
 * What the queue moves and compares: time, then class (1 bit), destination
 * (32) and the sequence number's high 31 bits in one word, then its low 32
 * bits. The event itself lies still in a slot (event_slots.h).
 */
#ifndef SIM_ENGINE_EVENT_KEY_H
#define SIM_ENGINE_EVENT_KEY_H

#include <stdbool.h>
#include <stdint.h>

struct event_key {
	int64_t at_ns;
	uint64_t order; /* class 1, destination 32, sequence >> 32: 31 bits */
	uint32_t sequence; /* low 32 bits */
	uint32_t slot;
};
_Static_assert(sizeof(struct event_key) == 24, "three words");

static inline bool
event_key_before(const struct event_key *a, const struct event_key *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	if (a->order != b->order)
		return a->order < b->order;
	return a->sequence < b->sequence;
}

#endif
