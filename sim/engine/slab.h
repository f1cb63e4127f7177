/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slab.h - what pending events carry, each in a slot that does not move
 *
 * A slot is free, or taken and named by one entry of the queue. A cancelled
 * slot stays taken until that entry is found: a bit says so, because a bit a
 * slot fits the cache where the slots do not, and entries that are moved in
 * bulk look at it.
 */
#ifndef SIM_ENGINE_SLAB_H
#define SIM_ENGINE_SLAB_H

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

#define SLAB_NONE UINT32_MAX

struct slab {
	struct payload *payloads; /* by slot */
	uint64_t *cancelled; /* a bit a slot */
	uint32_t count, capacity, free;
	uint32_t live_count, cancelled_count; /* taken are both */
};

void slab_init(struct slab *);
void slab_free(struct slab *);
size_t slab_bytes(const struct slab *);
/* Twice as large; slab_take() calls it. */
void slab_grow(struct slab *);

/* A slot, live; its payload is anything. */
static inline uint32_t
slab_take(struct slab *slab)
{
	uint32_t slot = slab->free;

	slab->live_count++;
	if (slot != SLAB_NONE) {
		slab->free = slab->payloads[slot].next_free;
		return slot;
	}
	if (slab->count == slab->capacity)
		slab_grow(slab);
	return slab->count++;
}

static inline void
slab_return(struct slab *slab, uint32_t slot)
{
	slab->payloads[slot].next_free = slab->free;
	slab->free = slot;
}

/* The entry of a live slot was popped. */
static inline void
slab_give(struct slab *slab, uint32_t slot)
{
	slab->live_count--;
	slab_return(slab, slot);
}

static inline bool
slab_is_cancelled(const struct slab *slab, uint32_t slot)
{
	return slab->cancelled[slot / 64] >> slot % 64 & 1;
}

static inline void
slab_cancel(struct slab *slab, uint32_t slot)
{
	slab->cancelled[slot / 64] |= UINT64_C(1) << slot % 64;
	slab->cancelled_count++;
	slab->live_count--;
}

/* The entry of a cancelled slot was found. */
static inline void
slab_forget(struct slab *slab, uint32_t slot)
{
	slab->cancelled[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	slab->cancelled_count--;
	slab_return(slab, slot);
}

#endif
