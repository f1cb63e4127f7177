/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_client.c - see control_client.h */
#include "live/control/control_client.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Listings bound themselves; status and the like are short. */
#define ANSWER_LIMIT ((size_t)2 * CONTROL_CLIENT_BACKLOG)

void
control_client_begin(struct control_client *caller, int fd)
{
	*caller = (struct control_client){ .state = CONTROL_CLIENT_IDLE,
					   .fd = fd };
}

void
control_client_close(struct control_client *caller)
{
	assert(caller->table_dump == NULL && caller->lookup_request == NULL);
	close(caller->fd);
	output_buffer_clear(&caller->out);
	*caller = (struct control_client){ .state = CONTROL_CLIENT_FREE,
					   .fd = -1 };
}

void
control_client_say(struct control_client *caller, const char *bytes,
		   size_t size, size_t limit)
{
	if (!output_buffer_add(&caller->out, bytes, size, limit))
		caller->state = CONTROL_CLIENT_GONE;
}

void
control_client_print(struct control_client *caller, const char *format, ...)
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
	control_client_say(caller, text, size, ANSWER_LIMIT);
}

void
control_client_answer(struct control_client *caller, const char *error)
{
	if (caller->state == CONTROL_CLIENT_GONE)
		return;
	caller->state = CONTROL_CLIENT_IDLE;
	if (error == NULL)
		control_client_print(caller, "ok\n");
	else
		control_client_print(caller, "error: %s\n", error);
}

void
control_client_read(struct control_client *caller)
{
	ssize_t size =
		recv(caller->fd, caller->line + caller->line_size,
		     CONTROL_CLIENT_LINE - caller->line_size, MSG_DONTWAIT);

	if (size > 0)
		caller->line_size += (size_t)size;
	else if (size == 0)
		caller->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		caller->state = CONTROL_CLIENT_GONE;
}

bool
control_client_send(struct control_client *caller)
{
	int result = output_buffer_send(&caller->out, caller->fd);

	if (result != 0 && result != -EAGAIN)
		caller->state = CONTROL_CLIENT_GONE;
	return result == 0;
}

int
control_client_line(const struct control_client *caller)
{
	const char *end = memchr(caller->line, '\n', caller->line_size);

	return end == NULL ? -1 : (int)(end - caller->line);
}

void
control_client_line_done(struct control_client *caller, size_t size)
{
	caller->line_size -= size + 1;
	memmove(caller->line, caller->line + size + 1, caller->line_size);
}
