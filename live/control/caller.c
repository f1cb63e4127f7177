/* SPDX-License-Identifier: GPL-3.0-or-later */
/* caller.c - see caller.h */
#include "live/control/caller.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "live/control/control.h"
#include "live/control/inquiry.h"

/* Listings bound themselves; status and the like are short. */
#define ANSWER_LIMIT ((size_t)2 * CONTROL_BACKLOG)

void
caller_begin(struct caller *caller, int fd)
{
	*caller = (struct caller){ .state = CALLER_IDLE, .fd = fd };
}

void
caller_close(struct caller *caller)
{
	close(caller->fd);
	backlog_clear(&caller->out);
	listing_free(caller->listing);
	inquiry_abandon(caller->inquiry);
	*caller = (struct caller){ .state = CALLER_FREE, .fd = -1 };
}

void
caller_say(struct caller *caller, const char *bytes, size_t size, size_t limit)
{
	if (!backlog_add(&caller->out, bytes, size, limit))
		caller->state = CALLER_GONE;
}

void
caller_print(struct caller *caller, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	size_t size = (size_t)length < sizeof(text) ? (size_t)length
						    : sizeof(text) - 1;
	caller_say(caller, text, size, ANSWER_LIMIT);
}

void
caller_answer(struct caller *caller, const char *error)
{
	if (caller->state == CALLER_GONE)
		return;
	caller->state = CALLER_IDLE;
	if (error == NULL)
		caller_print(caller, "ok\n");
	else
		caller_print(caller, "error: %s\n", error);
}

void
caller_read(struct caller *caller)
{
	ssize_t size = recv(caller->fd, caller->line + caller->line_size,
			    CALLER_LINE - caller->line_size, MSG_DONTWAIT);

	if (size > 0)
		caller->line_size += (size_t)size;
	else if (size == 0)
		caller->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		caller->state = CALLER_GONE;
}

bool
caller_send(struct caller *caller)
{
	int result = backlog_send(&caller->out, caller->fd);

	if (result != 0 && result != -EAGAIN)
		caller->state = CALLER_GONE;
	return result == 0;
}

int
caller_line(const struct caller *caller)
{
	const char *end = memchr(caller->line, '\n', caller->line_size);

	return end == NULL ? -1 : (int)(end - caller->line);
}

void
caller_line_done(struct caller *caller, size_t size)
{
	caller->line_size -= size + 1;
	memmove(caller->line, caller->line + size + 1, caller->line_size);
}
