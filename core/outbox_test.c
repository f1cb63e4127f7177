/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outbox_test.c - items lie one after the other; a full box refuses
 */
#include "core/outbox.h"

#include <string.h>

#include "core/test/check.h"

#define ITEMS 3
#define BYTES 10

static const struct {
	const char *sentence;
	uint32_t sizes[5]; /* 0 ends */
	uint32_t added, bytes, refused;
} fillings[] = {
	{ "nothing", { 0 }, 0, 0, 0 },
	{ "exactly the bytes", { 4, 6 }, 2, 10, 0 },
	{ "one byte too many", { 4, 7 }, 1, 4, 1 },
	{ "a smaller one fits behind a refused one", { 9, 2, 1 }, 2, 10, 1 },
	{ "exactly the items", { 1, 1, 1 }, 3, 3, 0 },
	{ "one item too many", { 1, 1, 1, 1 }, 3, 3, 1 },
	{ "a size that would wrap", { 1, UINT32_MAX }, 1, 1, 1 },
};

static struct outbox
box(struct outbox_item *items, uint8_t *bytes)
{
	return (struct outbox){
		.items = items,
		.item_capacity = ITEMS,
		.bytes = bytes,
		.byte_capacity = BYTES,
	};
}

static void
fills_up(void)
{
	struct outbox_item items[ITEMS];
	uint8_t bytes[BYTES];

	for (unsigned i = 0; i < sizeof(fillings) / sizeof(*fillings); i++) {
		struct outbox outbox = box(items, bytes);
		for (unsigned j = 0; fillings[i].sizes[j] != 0; j++) {
			uint32_t size = fillings[i].sizes[j];
			uint8_t *to;
			struct outbox_item *item =
				outbox_add(&outbox, OUTBOX_DATAGRAM, size, &to);
			if (item != NULL)
				memset(to, (int)j, size);
		}
		CHECK_ROW(outbox.item_count == fillings[i].added,
			  fillings[i].sentence);
		CHECK_ROW(outbox.byte_count == fillings[i].bytes,
			  fillings[i].sentence);
		CHECK_ROW(outbox.refused == fillings[i].refused,
			  fillings[i].sentence);
		outbox_clear(&outbox);
		CHECK_ROW(outbox.item_count == 0 && outbox.byte_count == 0 &&
				  outbox.refused == fillings[i].refused,
			  fillings[i].sentence);
	}
}

static void
trims_the_last(void)
{
	struct outbox_item items[ITEMS];
	uint8_t bytes[BYTES], *to;
	struct outbox outbox = box(items, bytes);

	memset(items, 0xee, sizeof(items));
	struct outbox_item *item = outbox_add(&outbox, OUTBOX_FORWARD, 8, &to);
	CHECK(item == &items[0] && to == bytes);
	CHECK(item->kind == OUTBOX_FORWARD && item->source_port == 0 &&
	      item->avoid_uplink == OUTBOX_ANY_UPLINK &&
	      item->to.address.family == 0);
	outbox_trim(&outbox, 3);
	CHECK(item->size == 3 && outbox.byte_count == 3);
	item = outbox_add(&outbox, OUTBOX_PACKET, 7, &to);
	CHECK(item == &items[1] && item->offset == 3 && to == bytes + 3);
	outbox_trim(&outbox, 0);
	CHECK(outbox.item_count == 2 && outbox.byte_count == 3);
}

int
main(void)
{
	fills_up();
	trims_the_last();
	return check_done();
}
