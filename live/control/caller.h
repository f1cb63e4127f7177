/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * caller.h - one connection at the control socket
 *
 * What a caller is told gathers in its backlog; only caller_send() writes. So
 * anything may be said from anywhere, engine verbs included, and a caller
 * that cannot keep up becomes GONE, to be closed by control.c when that does
 * no harm.
 */
#ifndef LIVE_CONTROL_CALLER_H
#define LIVE_CONTROL_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/instant.h"
#include "live/control/backlog.h"
#include "live/control/listing.h"

#define CALLER_LINE 512 /* bytes of a command, newline too */

enum caller_state {
	CALLER_FREE,
	CALLER_IDLE,
	CALLER_ASKING, /* inquiry.h */
	CALLER_LISTING,
	CALLER_DRAINING, /* vigil.h */
	CALLER_UNDRAINING,
	CALLER_TRACING,
	CALLER_WATCHING,
	CALLER_ENDING, /* closed when its backlog is empty */
	CALLER_GONE, /* closed at the next opportunity */
};

struct caller {
	enum caller_state state;
	int fd;
	uint32_t events; /* what epoll watches for */
	bool ended; /* it will send no more */
	size_t line_size;
	char line[CALLER_LINE]; /* commands not yet done */
	struct backlog out;
	struct listing *listing;
	struct inquiry *inquiry;
	/* of a drain: */
	struct instant since, told;
	uint32_t sessions; /* told last */
	uint64_t home; /* packets that had come home when it began */
};

void caller_begin(struct caller *, int fd);
/* Close and free all that is its own. */
void caller_close(struct caller *);

/* Bytes of an answer, or of a stream (trace, watch): then at most `limit`
 * bytes may wait. */
void caller_say(struct caller *, const char *bytes, size_t size, size_t limit);
void caller_print(struct caller *, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The end of an answer: "ok", or "error: " and the sentence. IDLE again. */
void caller_answer(struct caller *, const char *error);

void caller_read(struct caller *);
/* False: something waits still, or the caller is GONE. */
bool caller_send(struct caller *);
/* The next whole command: its size without the newline, or -1: none. It is
 * taken away by caller_line_done(). */
int caller_line(const struct caller *);
void caller_line_done(struct caller *, size_t size);

#endif
