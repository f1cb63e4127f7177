/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_slots.h - what pending events carry, each in a slot that does not move
 *
 * A slot is free, or taken and named by one key of the queue. A cancelled
 * slot stays taken until that key is found: a bit says so, because a bit a
 * slot fits the cache where the slots do not, and keys that are moved in
 * bulk look at it.
 */
#ifndef SIM_ENGINE_EVENT_SLOTS_H
#define SIM_ENGINE_EVENT_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct payload {
	uint64_t c; /* an alarm's deadline; the event's own is 0 then */
	uint32_t a, b;
	uint16_t code;
	uint8_t kind;
	bool alarm;
	uint32_t next_free;
};
_Static_assert(sizeof(struct payload) == 24, "three words");

#define EVENT_SLOTS_NONE UINT32_MAX

struct event_slots {
	struct payload *payloads; /* by slot */
	uint64_t *cancelled; /* a bit a slot */
	uint32_t count, capacity, free;
	uint32_t live_count, cancelled_count; /* taken are both */
};

void event_slots_init(struct event_slots *);
void event_slots_free(struct event_slots *);
size_t event_slots_bytes(const struct event_slots *);
/* Twice as large; event_slots_take() calls it. */
void event_slots_grow(struct event_slots *);

/* A slot, live; its payload is anything. */
static inline uint32_t
event_slots_take(struct event_slots *event_slots)
{
	uint32_t slot = event_slots->free;

	event_slots->live_count++;
	if (slot != EVENT_SLOTS_NONE) {
		event_slots->free = event_slots->payloads[slot].next_free;
		return slot;
	}
	if (event_slots->count == event_slots->capacity)
		event_slots_grow(event_slots);
	return event_slots->count++;
}

static inline void
event_slots_return(struct event_slots *event_slots, uint32_t slot)
{
	event_slots->payloads[slot].next_free = event_slots->free;
	event_slots->free = slot;
}

/* The key of a live slot was popped. */
static inline void
event_slots_give(struct event_slots *event_slots, uint32_t slot)
{
	event_slots->live_count--;
	event_slots_return(event_slots, slot);
}

static inline bool
event_slots_is_cancelled(const struct event_slots *event_slots, uint32_t slot)
{
	return event_slots->cancelled[slot / 64] >> slot % 64 & 1;
}

static inline void
event_slots_cancel(struct event_slots *event_slots, uint32_t slot)
{
	event_slots->cancelled[slot / 64] |= UINT64_C(1) << slot % 64;
	event_slots->cancelled_count++;
	event_slots->live_count--;
}

/* The key of a cancelled slot was found. */
static inline void
event_slots_forget(struct event_slots *event_slots, uint32_t slot)
{
	event_slots->cancelled[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	event_slots->cancelled_count--;
	event_slots_return(event_slots, slot);
}

#endif
