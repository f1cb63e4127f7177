/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox.c - appending to the caller's two arrays
 *
 *	items	[0] [1] ... [item_count - 1]
 *	bytes	item 0's | item 1's | ... | the last item's | free
 *
 * Offsets are kept rather than pointers, so that a caller may copy the bytes.
 */
#include "core/outbox.h"

#include <assert.h>
#include <string.h>

struct outbox_item *
outbox_add(struct outbox *outbox, enum outbox_kind kind, uint32_t size,
	   uint8_t **bytes)
{
	if (outbox->item_count >= outbox->item_capacity ||
	    size > outbox->byte_capacity - outbox->byte_count) {
		outbox->refused++;
		return NULL;
	}

	struct outbox_item *item = &outbox->items[outbox->item_count++];
	memset(item, 0, sizeof(*item));
	item->kind = (uint8_t)kind;
	item->avoid_uplink = OUTBOX_ANY_UPLINK;
	item->offset = outbox->byte_count;
	item->size = size;
	*bytes = outbox->bytes + outbox->byte_count;
	outbox->byte_count += size;
	return item;
}

void
outbox_trim(struct outbox *outbox, uint32_t size)
{
	assert(outbox->item_count > 0);

	struct outbox_item *item = &outbox->items[outbox->item_count - 1];
	assert(size <= item->size);
	item->size = size;
	outbox->byte_count = item->offset + size;
}

void
outbox_clear(struct outbox *outbox)
{
	outbox->item_count = 0;
	outbox->byte_count = 0;
}
