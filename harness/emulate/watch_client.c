/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_client.c - lines from Unix sockets
 */
#include "harness/emulate/watch_client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim/engine/memory.h"

#define EVENTS	   64
#define LINE_BYTES 1024
#define READ_BYTES 65536

struct source {
	char path[108]; /* sun_path */
	int fd; /* -1: not connected */
	char line[LINE_BYTES];
	size_t line_size;
};

struct watch_client {
	struct watch_client_listener listener;
	int epoll;
	struct source *sources;
	uint32_t count;
};

struct watch_client *
watch_client_create(const struct watch_client_listener *listener)
{
	struct watch_client *watch_client =
		memory_zeroed(1, sizeof(*watch_client));

	watch_client->listener = *listener;
	watch_client->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watch_client->epoll >= 0)
		return watch_client;
	free(watch_client);
	return NULL;
}

void
watch_client_destroy(struct watch_client *watch_client)
{
	if (watch_client == NULL)
		return;
	for (uint32_t i = 0; i < watch_client->count; i++)
		if (watch_client->sources[i].fd >= 0)
			close(watch_client->sources[i].fd);
	close(watch_client->epoll);
	free(watch_client->sources);
	free(watch_client);
}

int
watch_client_fd(const struct watch_client *watch_client)
{
	return watch_client->epoll;
}

/* Connect and say one line. The descriptor or -errno. */
static int
control_open(const char *path, const char *request, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strlen(path);

	if (size >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, size + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

static int
source_connect(struct watch_client *watch_client, uint32_t index)
{
	struct source *source = &watch_client->sources[index];
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
	int fd = control_open(source->path, "watch\n", SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	if (epoll_ctl(watch_client->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
		close(fd);
		return -errno;
	}
	source->fd = fd;
	source->line_size = 0;
	return 0;
}

int
watch_client_add(struct watch_client *watch_client, const char *path)
{
	size_t size = strlen(path);

	watch_client->sources =
		memory_grown(watch_client->sources, watch_client->count + 1,
			     sizeof(*watch_client->sources));
	struct source *source = &watch_client->sources[watch_client->count++];
	*source = (struct source){ .fd = -1 };
	if (size >= sizeof(source->path))
		return -ENAMETOOLONG;
	memcpy(source->path, path, size + 1);
	return source_connect(watch_client, watch_client->count - 1);
}

void
watch_client_tick(struct watch_client *watch_client)
{
	for (uint32_t i = 0; i < watch_client->count; i++)
		if (watch_client->sources[i].fd < 0 &&
		    watch_client->sources[i].path[0] != '\0')
			(void)source_connect(watch_client, i);
}

/* Whole lines of what came; the rest stays for the next. */
static void
lines_take(struct source *source, const char *bytes, size_t size,
	   void (*each)(void *, const char *line), void *context)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != '\n') {
			if (source->line_size < LINE_BYTES - 1)
				source->line[source->line_size++] = bytes[i];
			continue;
		}
		source->line[source->line_size] = '\0';
		source->line_size = 0;
		each(context, source->line);
	}
}

struct line_context {
	struct watch_client *watch_client;
	uint32_t server;
};

static void
line_report(void *context, const char *line)
{
	struct line_context *where = context;
	const struct watch_client_listener *listener =
		&where->watch_client->listener;
	struct report report;

	/* "ok", the answer to our request, is none. */
	if (report_parse(line, &report))
		listener->reported(listener->context, where->server, &report);
}

static void
source_read(struct watch_client *watch_client, uint32_t index)
{
	struct line_context context = { watch_client, index };
	char bytes[READ_BYTES];
	ssize_t size;

	while (watch_client->sources[index].fd >= 0) {
		struct source *source = &watch_client->sources[index];

		size = read(source->fd, bytes, sizeof(bytes));
		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size <= 0) {
			close(source->fd);
			source->fd = -1;
			return;
		}
		lines_take(source, bytes, (size_t)size, line_report, &context);
		if ((size_t)size < sizeof(bytes))
			return;
	}
}

void
watch_client_ready(struct watch_client *watch_client)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(watch_client->epoll, events, EVENTS, 0);

	for (int i = 0; i < count; i++)
		source_read(watch_client, events[i].data.u32);
}

/* ---- counters, and other questions ---- */

struct answer_context {
	void (*each)(void *, const char *, uint64_t); /* NULL: of no interest */
	void *context;
	bool ok, error;
};

static void
line_answer(void *context, const char *line)
{
	struct answer_context *answer = context;
	char name[64];
	uint64_t value;

	if (strcmp(line, "ok") == 0)
		answer->ok = true;
	else if (strncmp(line, "error", 5) == 0)
		answer->error = true;
	else if (answer->each != NULL &&
		 sscanf(line, "%63s %" SCNu64, name, &value) == 2)
		answer->each(answer->context, name, value);
}

static int
ask(const char *path, const char *request, struct answer_context *answer)
{
	const struct timeval patience = { .tv_sec = 1 };
	struct source source = { .line_size = 0 };
	int fd = control_open(path, request, 0);

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
			 sizeof(patience));
	while (!answer->ok && !answer->error) {
		char bytes[4096];
		ssize_t size = read(fd, bytes, sizeof(bytes));

		if (size <= 0)
			break;
		lines_take(&source, bytes, (size_t)size, line_answer, answer);
	}
	close(fd);
	return answer->ok ? 0 : answer->error ? -ENOTSUP : -ETIMEDOUT;
}

int
watch_client_ask(const char *path, const char *request)
{
	struct answer_context answer = { .each = NULL };

	return ask(path, request, &answer);
}

int
watch_client_counters(const char *path,
		      void (*each)(void *, const char *, uint64_t),
		      void *context)
{
	struct answer_context answer = { each, context, false, false };

	return ask(path, "counters\n", &answer);
}
