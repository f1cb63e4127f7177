/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory.h - memory from the heap, or the end of the program
 *
 * A simulation without memory has no sensible way on, and no caller could do
 * better than stop; so no caller checks. The core takes no part in this: its
 * memory is the caller's.
 */
#ifndef SIM_ENGINE_MEMORY_H
#define SIM_ENGINE_MEMORY_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* count items of size bytes, all zero; also for count 0. To be freed. */
static inline void *
memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (memory == NULL)
		abort();
	return memory;
}

/* The same of bytes in one piece, huge pages where the kernel has them: what
 * every event reads somewhere else in. Not to be freed but by memory_unmap().
 */
void *memory_mapped(size_t bytes);
void memory_unmap(void *memory, size_t bytes); /* NULL: nothing */

/* The array with room for count items, count > 0; what is new is not set.
 * NULL: a new one. */
static inline void *
memory_grown(void *array, size_t count, size_t size)
{
	assert(count > 0 && size > 0);
	if (count > SIZE_MAX / size)
		abort();
	void *grown = realloc(array, count * size);
	if (grown == NULL)
		abort();
	return grown;
}

#endif
