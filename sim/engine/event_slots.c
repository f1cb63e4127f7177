/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_slots.c - what pending events carry
 */
#include "sim/engine/event_slots.h"

#include <assert.h>
#include <string.h>

#include "sim/engine/memory.h"

#define EVENT_SLOTS_LEAST 256

void
event_slots_init(struct event_slots *event_slots)
{
	*event_slots = (struct event_slots){ .free = EVENT_SLOTS_NONE };
}

void
event_slots_free(struct event_slots *event_slots)
{
	memory_unmap(event_slots->payloads,
		     event_slots->capacity * sizeof(struct payload));
	memory_unmap(event_slots->cancelled, event_slots->capacity / 8);
	event_slots_init(event_slots);
}

size_t
event_slots_bytes(const struct event_slots *event_slots)
{
	return event_slots->capacity * sizeof(struct payload) +
	       event_slots->capacity / 8;
}

static void *
grown(void *old, size_t old_bytes, size_t bytes)
{
	void *memory = memory_mapped(bytes);

	if (old_bytes > 0)
		memcpy(memory, old, old_bytes);
	memory_unmap(old, old_bytes);
	return memory;
}

void
event_slots_grow(struct event_slots *event_slots)
{
	size_t old = event_slots->capacity,
	       now = old > 0 ? 2 * old : EVENT_SLOTS_LEAST;

	assert(now < EVENT_SLOTS_NONE);
	event_slots->payloads =
		grown(event_slots->payloads, old * sizeof(struct payload),
		      now * sizeof(struct payload));
	event_slots->cancelled =
		grown(event_slots->cancelled, old / 8, now / 8);
	event_slots->capacity = (uint32_t)now;
}
