/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buffer_test.c - nothing overlaps, nothing moves, everything is reused
 */
#include "sim/net/buffer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/test/check.h"

static bool
filled(const struct buffer *buffer, uint8_t mark)
{
	for (uint32_t i = 0; i < buffer->size; i++)
		if (buffer->bytes[i] != mark)
			return false;
	return true;
}

int
main(void)
{
	enum {
		MOST = 600
	};
	static const uint32_t sizes[] = { 1,	96,   97,   480,  481,	1500,
					  2016, 2017, 9000, 9696, 65535 };
	static struct {
		uint32_t index;
		uint8_t mark;
		struct buffer *where;
	} held[MOST];
	uint32_t count = 0;
	struct buffers *buffers = buffers_create(8);
	struct rng rng;

	rng_init(&rng, 4, 4);
	for (int step = 0; step < 20000; step++) {
		if (count < MOST && rng_below(&rng, 100) < 55) {
			uint32_t size = sizes[rng_below(&rng, 11)];
			uint32_t index = buffer_take(buffers, size);
			struct buffer *buffer = buffer_get(buffers, index);
			CHECK(buffer->size == size);
			held[count].index = index;
			held[count].where = buffer;
			held[count].mark = (uint8_t)step;
			memset(buffer->bytes, (uint8_t)step, size);
			buffer->target = (uint32_t)step;
			memset(buffer_note(buffers, index), step & 255, 8);
			count++;
		} else if (count > 0) {
			uint32_t at = (uint32_t)rng_below(&rng, count);
			const struct buffer *buffer = held[at].where;
			CHECK(buffer_get(buffers, held[at].index) == buffer);
			CHECK(filled(buffer, held[at].mark));
			uint32_t copy = buffer_copy(buffers, held[at].index);
			CHECK(filled(buffer_get(buffers, copy), held[at].mark));
			CHECK(buffer_get(buffers, copy)->target ==
			      buffer->target);
			const uint8_t *note = buffer_note(buffers, copy);
			CHECK(note[0] == held[at].mark &&
			      note[7] == held[at].mark);
			buffer_release(buffers, held[at].index);
			buffer_release(buffers, copy);
			held[at] = held[--count];
		}
		CHECK(buffers_in_use(buffers) == count);
	}
	/* What was released last is taken first: warm, and the same in every
	 * run. */
	uint32_t index = buffer_take(buffers, 1400);
	buffer_release(buffers, index);
	CHECK(buffer_take(buffers, 1000) == index);
	buffers_destroy(buffers);
	return check_done();
}
