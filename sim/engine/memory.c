/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory.c - large tables on huge pages
 *
 * A million nodes are 5 GiB, and every datagram reads some dozen lines of
 * one of them. With pages of 4 KiB each of these reads misses the TLB too, and
 * the walk through the page tables is memory as far away as the data. With
 * pages of 2 MiB there are 2,600 of them, and the second TLB holds most.
 * Setting up is faster as well: one fault in place of 512.
 *
 * Small tables come from the heap: they gain nothing, and a sanitizer sees
 * their ends.
 */
#include "sim/engine/memory.h"

#include <stdbool.h>
#include <sys/mman.h>

#define HUGE_BYTES ((size_t)2 << 20)
#define LEAST_HUGE 4 /* pages: else the ends that do not fill one are most */

static bool
is_large(size_t bytes)
{
	return bytes >= LEAST_HUGE * HUGE_BYTES;
}

void *
memory_mapped(size_t bytes)
{
	if (!is_large(bytes))
		return memory_zeroed(1, bytes);

	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	/* Advice: a kernel without them gives small pages. */
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

void
memory_unmap(void *memory, size_t bytes)
{
	if (memory == NULL)
		return;
	if (is_large(bytes))
		(void)munmap(memory, bytes);
	else
		free(memory);
}
