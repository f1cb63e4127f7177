/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_dialogue.h - both ends of the control socket in one process, for
 * tests only
 *
 *	tell() --> socket --> turn(): control --> socket --> hear()
 *
 * A test writes to the socket, turns the control as the daemon's loop would,
 * and reads. So nothing depends on how processes are scheduled, and time is
 * what the test says it is. The engine behind it is that of fake.h.
 */
#ifndef LIVE_TEST_CONTROL_DIALOGUE_H
#define LIVE_TEST_CONTROL_DIALOGUE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/test/check.h"
#include "live/control/control.h"
#include "live/test/fake.h"

#define ANSWER (24 << 20)

static char folder[] = "/tmp/homeward-control-XXXXXX";
static struct conf conf;
static struct instant now = { 1000 * NS_PER_S };
static char answer_bytes[ANSWER];

/* A folder of its own, and a server 10.0.0.1. */
static inline void
dialogue_open(void)
{
	if (mkdtemp(folder) == NULL) {
		perror(folder);
		exit(1);
	}
	conf.self = (struct endpoint){ .address = { .family = 4,
						    .bytes = { 10, 0, 0, 1 } },
				       .port = 7000 };
	snprintf(conf.control, sizeof(conf.control), "%s/run/control", folder);
}

/* Nothing is left in it. */
static inline void
dialogue_close(void)
{
	char run[64];

	snprintf(run, sizeof(run), "%s/run", folder);
	CHECK(rmdir(run) == 0);
	CHECK(rmdir(folder) == 0);
}

static inline struct control_parts
dialogue_parts(struct drain *drain)
{
	return (struct control_parts){ .conf = &conf, .drain = drain };
}

/* As the daemon's loop: ready, then tick. */
static inline void
turn(struct control *control)
{
	control_ready(control, now);
	control_tick(control, now);
}

static inline int
dialogue_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, conf.control, strlen(conf.control));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		perror(conf.control);
		exit(1);
	}
	return fd;
}

static inline void
tell(int fd, const char *text)
{
	CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) ==
	      (ssize_t)strlen(text));
}

/* What can be read now, added to `used` bytes; -1: the connection ended. */
static inline ssize_t
hear_more(int fd, size_t used)
{
	ssize_t size = recv(fd, answer_bytes + used, ANSWER - 1 - used, 0);

	if (size < 0 && errno == EAGAIN)
		return 0;
	return size == 0 ? -1 : size;
}

/* Does it end with the last line of an answer? */
static inline bool
is_whole(const char *text, size_t size)
{
	const char *last = text + size;

	if (size == 0 || text[size - 1] != '\n')
		return false;
	for (last--; last > text && last[-1] != '\n'; last--)
		;
	return strcmp(last, "ok\n") == 0 || strncmp(last, "error: ", 7) == 0;
}

/* Turn until an answer is whole, the connection ends, or nothing comes. */
static const char *
hear(struct control *control, int fd)
{
	size_t used = 0;
	int idle = 0;

	answer_bytes[0] = '\0';
	while (idle < 20 && !is_whole(answer_bytes, used)) {
		turn(control);
		ssize_t size = hear_more(fd, used);
		if (size < 0)
			break;
		idle = size == 0 ? idle + 1 : 0;
		used += (size_t)size;
		answer_bytes[used] = '\0';
	}
	return answer_bytes;
}

static const char *
ask(struct control *control, int fd, const char *line)
{
	tell(fd, line);
	return hear(control, fd);
}

static inline bool
is_closed(struct control *control, int fd)
{
	char byte;

	for (int i = 0; i < 5; i++)
		turn(control);
	ssize_t size;
	while ((size = recv(fd, &byte, 1, 0)) == 1)
		;
	return size == 0 || errno != EAGAIN;
}

static inline bool
contains(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return true;
	fprintf(stderr, "'%.300s' has no '%s'\n", text, part);
	return false;
}

#endif
