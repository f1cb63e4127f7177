/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output_buffer.c - see output_buffer.h */
#include "live/control/output_buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define OUTPUT_BUFFER_FIRST 4096
#define OUTPUT_BUFFER_KEEP  65536 /* an empty one of this size is kept */

size_t
output_buffer_size(const struct output_buffer *output_buffer)
{
	return output_buffer->end - output_buffer->start;
}

bool
output_buffer_add(struct output_buffer *output_buffer, const void *bytes,
		  size_t size, size_t limit)
{
	size_t waiting = output_buffer_size(output_buffer);

	if (size == 0)
		return true;
	if (waiting > limit || size > limit - waiting)
		return false;
	if (output_buffer->capacity - output_buffer->end < size &&
	    output_buffer->start > 0) {
		memmove(output_buffer->bytes,
			output_buffer->bytes + output_buffer->start, waiting);
		output_buffer->start = 0;
		output_buffer->end = waiting;
	}
	if (output_buffer->capacity - output_buffer->end < size) {
		size_t capacity = output_buffer->capacity > 0
					  ? output_buffer->capacity
					  : OUTPUT_BUFFER_FIRST;
		while (capacity < waiting + size)
			capacity *= 2;
		char *grown = realloc(output_buffer->bytes, capacity);
		if (grown == NULL)
			return false;
		output_buffer->bytes = grown;
		output_buffer->capacity = capacity;
	}
	memcpy(output_buffer->bytes + output_buffer->end, bytes, size);
	output_buffer->end += size;
	return true;
}

int
output_buffer_send(struct output_buffer *output_buffer, int fd)
{
	while (output_buffer->start < output_buffer->end) {
		ssize_t sent =
			send(fd, output_buffer->bytes + output_buffer->start,
			     output_buffer_size(output_buffer),
			     MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		output_buffer->start += (size_t)sent;
	}
	output_buffer->start = output_buffer->end = 0;
	if (output_buffer->capacity > OUTPUT_BUFFER_KEEP)
		output_buffer_clear(output_buffer);
	return 0;
}

void
output_buffer_clear(struct output_buffer *output_buffer)
{
	free(output_buffer->bytes);
	*output_buffer = (struct output_buffer){ .bytes = NULL };
}
