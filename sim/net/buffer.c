/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buffer.c - pages of equal slots, a free list a class
 *
 * The first pages of a class come one by one from the heap. A world that needs
 * more has thousands of packets on their way and touches another page of the
 * machine with each: further ones come ARENA_PAGES at a time, on huge pages.
 */
#include "sim/net/buffer.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/memory.h"

#define CLASS_BITS  3
#define CLASSES	    5
#define NONE	    UINT32_MAX
#define HEAP_PAGES  8
#define ARENA_PAGES 16

/* An acknowledgement or a ping; a reply with contacts; a full frame; a jumbo
 * frame; whatever IP allows. Slots are these sizes. */
static const struct {
	uint32_t slot_bytes;
	uint32_t page_shift; /* log2 of slots a page: pages of 32 to 256 KiB */
} classes[CLASSES] = {
	{ 128, 8 }, { 512, 8 }, { 2048, 6 }, { 9728, 4 }, { 65568, 0 },
};

struct shelf {
	uint8_t **pages; /* the first of each arena owns it */
	uint32_t page_count, page_capacity;
	uint32_t slot_count; /* handed out ever */
	uint32_t free; /* slot */
};

struct buffers {
	struct shelf shelves[CLASSES];
	uint32_t note_bytes;
	uint32_t in_use;
};

struct buffers *
buffers_create(uint32_t note_bytes)
{
	struct buffers *buffers = calloc(1, sizeof(*buffers));

	assert(note_bytes % 8 == 0);
	if (buffers == NULL)
		abort();
	buffers->note_bytes = note_bytes;
	for (size_t i = 0; i < CLASSES; i++)
		buffers->shelves[i].free = NONE;
	return buffers;
}

static size_t
slot_bytes(const struct buffers *buffers, uint32_t class)
{
	return classes[class].slot_bytes + buffers->note_bytes;
}

static size_t
page_bytes(const struct buffers *buffers, uint32_t class)
{
	return slot_bytes(buffers, class) << classes[class].page_shift;
}

static bool
page_begins_arena(uint32_t page)
{
	return page >= HEAP_PAGES && (page - HEAP_PAGES) % ARENA_PAGES == 0;
}

static void
page_free(const struct buffers *buffers, uint32_t class, uint32_t page)
{
	uint8_t *bytes = buffers->shelves[class].pages[page];

	if (page < HEAP_PAGES)
		free(bytes);
	else if (page_begins_arena(page))
		memory_unmap(bytes, ARENA_PAGES * page_bytes(buffers, class));
}

void
buffers_destroy(struct buffers *buffers)
{
	if (buffers == NULL)
		return;
	for (uint32_t i = 0; i < CLASSES; i++) {
		struct shelf *shelf = &buffers->shelves[i];
		for (uint32_t page = 0; page < shelf->page_count; page++)
			page_free(buffers, i, page);
		free(shelf->pages);
	}
	free(buffers);
}

static struct buffer *
slot_at(const struct buffers *buffers, uint32_t class, uint32_t slot)
{
	const struct shelf *shelf = &buffers->shelves[class];
	uint32_t shift = classes[class].page_shift;
	uint8_t *page = shelf->pages[slot >> shift];

	/* Pages come from malloc(), slots and notes are multiples of 8. */
	return (struct buffer *)(void *)(page + buffers->note_bytes +
					 (size_t)(slot & ((1U << shift) - 1)) *
						 slot_bytes(buffers, class));
}

struct buffer *
buffer_get(const struct buffers *buffers, uint32_t index)
{
	return slot_at(buffers, index & ((1U << CLASS_BITS) - 1),
		       index >> CLASS_BITS);
}

static void
shelf_grow(struct buffers *buffers, uint32_t class)
{
	struct shelf *shelf = &buffers->shelves[class];

	if (shelf->page_count == shelf->page_capacity) {
		shelf->page_capacity =
			shelf->page_capacity ? shelf->page_capacity * 2 : 8;
		shelf->pages =
			realloc(shelf->pages,
				shelf->page_capacity * sizeof(shelf->pages[0]));
		if (shelf->pages == NULL)
			abort();
	}

	uint32_t number = shelf->page_count;
	uint8_t *page;
	if (number < HEAP_PAGES)
		page = memory_grown(NULL, 1, page_bytes(buffers, class));
	else if (page_begins_arena(number))
		page = memory_mapped(ARENA_PAGES * page_bytes(buffers, class));
	else
		page = shelf->pages[number - 1] + page_bytes(buffers, class);
	shelf->pages[shelf->page_count++] = page;
}

uint32_t
buffer_take(struct buffers *buffers, uint32_t size)
{
	uint32_t class = 0;

	assert(size > 0 && size <= BUFFER_BYTES_MAX);
	while (sizeof(struct buffer) + size > classes[class].slot_bytes)
		class ++;

	struct shelf *shelf = &buffers->shelves[class];
	uint32_t slot = shelf->free;
	struct buffer *buffer;
	if (slot != NONE) {
		buffer = slot_at(buffers, class, slot);
		shelf->free = buffer->next_free;
	} else {
		slot = shelf->slot_count++;
		assert(slot < NONE >> CLASS_BITS);
		if (slot >> classes[class].page_shift >= shelf->page_count)
			shelf_grow(buffers, class);
		buffer = slot_at(buffers, class, slot);
	}
	buffer->size = size;
	buffer->next_free = NONE;
	buffers->in_use++;
	return slot << CLASS_BITS | class;
}

void
buffer_release(struct buffers *buffers, uint32_t index)
{
	struct shelf *shelf =
		&buffers->shelves[index & ((1U << CLASS_BITS) - 1)];
	struct buffer *buffer = buffer_get(buffers, index);

	assert(buffer->size > 0);
	buffer->size = 0;
	buffer->next_free = shelf->free;
	shelf->free = index >> CLASS_BITS;
	buffers->in_use--;
}

uint32_t
buffer_copy(struct buffers *buffers, uint32_t index)
{
	const struct buffer *from = buffer_get(buffers, index);
	uint32_t copy = buffer_take(buffers, from->size);
	struct buffer *to = buffer_get(buffers, copy);

	to->digest = from->digest;
	to->target = from->target;
	memcpy(to->bytes, from->bytes, from->size);
	memcpy(buffer_note(buffers, copy), buffer_note(buffers, index),
	       buffers->note_bytes);
	return copy;
}

void *
buffer_note(const struct buffers *buffers, uint32_t index)
{
	return (uint8_t *)buffer_get(buffers, index) - buffers->note_bytes;
}

uint32_t
buffers_in_use(const struct buffers *buffers)
{
	return buffers->in_use;
}
