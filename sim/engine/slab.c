/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slab.c - what pending events carry
 */
#include "sim/engine/slab.h"

#include <assert.h>
#include <string.h>

#include "sim/engine/memory.h"

#define SLAB_LEAST 256

void
slab_init(struct slab *slab)
{
	*slab = (struct slab){ .free = SLAB_NONE };
}

void
slab_free(struct slab *slab)
{
	memory_unmap(slab->payloads, slab->capacity * sizeof(struct payload));
	memory_unmap(slab->cancelled, slab->capacity / 8);
	slab_init(slab);
}

size_t
slab_bytes(const struct slab *slab)
{
	return slab->capacity * sizeof(struct payload) + slab->capacity / 8;
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
slab_grow(struct slab *slab)
{
	size_t old = slab->capacity, now = old > 0 ? 2 * old : SLAB_LEAST;

	assert(now < SLAB_NONE);
	slab->payloads = grown(slab->payloads, old * sizeof(struct payload),
			       now * sizeof(struct payload));
	slab->cancelled = grown(slab->cancelled, old / 8, now / 8);
	slab->capacity = (uint32_t)now;
}
