/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output_buffer.h - bytes that wait for a client to read them
 *
 *	bytes [ sent | waiting ........ | room ]
 *		     ^start		^end	^capacity
 *
 * It grows on demand, never beyond its limit: then output_buffer_add() refuses
 * the whole piece, so that what waits always ends at the end of a piece. An
 * empty one gives large memory back.
 */
#ifndef LIVE_CONTROL_OUTPUT_BUFFER_H
#define LIVE_CONTROL_OUTPUT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: empty. */
struct output_buffer {
	char *bytes; /* malloc'ed */
	size_t start, end, capacity;
};

/* False: more than `limit` bytes would wait, or there is no memory. */
bool output_buffer_add(struct output_buffer *, const void *bytes, size_t size,
		       size_t limit);
/* How many bytes wait. */
size_t output_buffer_size(const struct output_buffer *);
/* Send what the socket takes now. 0: all; -EAGAIN: some waits; -errno. */
int output_buffer_send(struct output_buffer *, int fd);
/* Free the memory; empty again. */
void output_buffer_clear(struct output_buffer *);

#endif
