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

/* Dumps bound themselves; other answers are short. */
#define ANSWER_LIMIT ((size_t)2 * CONTROL_CLIENT_OUTPUT)

void
control_client_begin(struct control_client *client, int fd)
{
	*client = (struct control_client){ .state = CONTROL_CLIENT_IDLE,
					   .fd = fd };
}

void
control_client_close(struct control_client *client)
{
	assert(client->table_dump == NULL && client->lookup_request == NULL);
	close(client->fd);
	output_buffer_clear(&client->out);
	*client = (struct control_client){ .state = CONTROL_CLIENT_FREE,
					   .fd = -1 };
}

void
control_client_say(struct control_client *client, const char *bytes,
		   size_t size, size_t limit)
{
	if (!output_buffer_add(&client->out, bytes, size, limit))
		client->state = CONTROL_CLIENT_GONE;
}

void
control_client_print(struct control_client *client, const char *format, ...)
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
	control_client_say(client, text, size, ANSWER_LIMIT);
}

void
control_client_answer(struct control_client *client, const char *error)
{
	if (client->state == CONTROL_CLIENT_GONE)
		return;
	client->state = CONTROL_CLIENT_IDLE;
	if (error == NULL)
		control_client_print(client, "ok\n");
	else
		control_client_print(client, "error: %s\n", error);
}

void
control_client_read(struct control_client *client)
{
	ssize_t size =
		recv(client->fd, client->line + client->line_size,
		     CONTROL_CLIENT_LINE - client->line_size, MSG_DONTWAIT);

	if (size > 0)
		client->line_size += (size_t)size;
	else if (size == 0)
		client->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		client->state = CONTROL_CLIENT_GONE;
}

bool
control_client_send(struct control_client *client)
{
	int result = output_buffer_send(&client->out, client->fd);

	if (result != 0 && result != -EAGAIN)
		client->state = CONTROL_CLIENT_GONE;
	return result == 0;
}

int
control_client_line(const struct control_client *client)
{
	const char *end = memchr(client->line, '\n', client->line_size);

	return end == NULL ? -1 : (int)(end - client->line);
}

void
control_client_line_done(struct control_client *client, size_t size)
{
	client->line_size -= size + 1;
	memmove(client->line, client->line + size + 1, client->line_size);
}
