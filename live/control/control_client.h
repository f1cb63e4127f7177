/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_client.h - one connection at the control socket
 *
 * Lines for a client gather in its output buffer; only control_client_send()
 * writes to the socket. So any file may add lines, from an engine callback too.
 * A client that does not keep up becomes GONE; control.c closes it later, when
 * no loop over the clients runs.
 */
#ifndef LIVE_CONTROL_CONTROL_CLIENT_H
#define LIVE_CONTROL_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "live/control/output_buffer.h"

#define CONTROL_CLIENT_LINE 512 /* bytes of a command, newline too */
/* Bytes of a stream that may wait for one client. */
#define CONTROL_CLIENT_OUTPUT (1 << 20)

enum control_client_state {
	CONTROL_CLIENT_FREE,
	CONTROL_CLIENT_IDLE,
	CONTROL_CLIENT_ASKING, /* lookup_request.h */
	CONTROL_CLIENT_DUMPING,
	CONTROL_CLIENT_DRAINING, /* drain_watcher.h */
	CONTROL_CLIENT_UNDRAINING,
	CONTROL_CLIENT_TRACING,
	CONTROL_CLIENT_WATCHING,
	CONTROL_CLIENT_ENDING, /* closed when its output buffer is empty */
	CONTROL_CLIENT_GONE, /* closed at the next opportunity */
};

struct table_dump;
struct lookup_request;

struct control_client {
	enum control_client_state state;
	int fd;
	uint32_t events; /* what epoll watches for */
	bool ended; /* it will send no more */
	size_t line_size;
	char line[CONTROL_CLIENT_LINE]; /* commands not yet done */
	struct output_buffer out;
	/* Work for this client, NULL: none. Its verbs are not called from
	 * here; control.c ends it before it closes the client. */
	struct table_dump *table_dump;
	struct lookup_request *lookup_request;
	/* of a drain: */
	struct instant since, reported;
	uint32_t sessions; /* in the last line */
	uint64_t home; /* packets that had come home when it began */
};

void control_client_begin(struct control_client *, int fd);
/* Close the descriptor and free what waits; no work may be left. */
void control_client_close(struct control_client *);

/* Bytes of an answer, or of a stream (trace, watch): then at most `limit`
 * bytes may wait. */
void control_client_say(struct control_client *, const char *bytes, size_t size,
			size_t limit);
void control_client_print(struct control_client *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The end of an answer: "ok", or "error: " and the sentence. IDLE again. */
void control_client_answer(struct control_client *, const char *error);

void control_client_read(struct control_client *);
/* False: something waits still, or the client is GONE. */
bool control_client_send(struct control_client *);
/* The next whole command: its size without the newline, or -1: none. It is
 * taken away by control_client_line_done(). */
int control_client_line(const struct control_client *);
void control_client_line_done(struct control_client *, size_t size);

#endif
