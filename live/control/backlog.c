/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backlog.c - see backlog.h */
#include "live/control/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BACKLOG_FIRST 4096
#define BACKLOG_KEEP  65536 /* an empty one of this size is kept */

size_t
backlog_size(const struct backlog *backlog)
{
	return backlog->end - backlog->start;
}

bool
backlog_add(struct backlog *backlog, const void *bytes, size_t size,
	    size_t limit)
{
	size_t waiting = backlog_size(backlog);

	if (size == 0)
		return true;
	if (waiting > limit || size > limit - waiting)
		return false;
	if (backlog->capacity - backlog->end < size && backlog->start > 0) {
		memmove(backlog->bytes, backlog->bytes + backlog->start,
			waiting);
		backlog->start = 0;
		backlog->end = waiting;
	}
	if (backlog->capacity - backlog->end < size) {
		size_t capacity = backlog->capacity > 0 ? backlog->capacity
							: BACKLOG_FIRST;
		while (capacity < waiting + size)
			capacity *= 2;
		char *grown = realloc(backlog->bytes, capacity);
		if (grown == NULL)
			return false;
		backlog->bytes = grown;
		backlog->capacity = capacity;
	}
	memcpy(backlog->bytes + backlog->end, bytes, size);
	backlog->end += size;
	return true;
}

int
backlog_send(struct backlog *backlog, int fd)
{
	while (backlog->start < backlog->end) {
		ssize_t sent = send(fd, backlog->bytes + backlog->start,
				    backlog_size(backlog),
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		backlog->start += (size_t)sent;
	}
	backlog->start = backlog->end = 0;
	if (backlog->capacity > BACKLOG_KEEP)
		backlog_clear(backlog);
	return 0;
}

void
backlog_clear(struct backlog *backlog)
{
	free(backlog->bytes);
	*backlog = (struct backlog){ .bytes = NULL };
}
