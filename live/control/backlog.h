/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backlog.h - bytes that wait for a reader who is slower than we are
 *
 *	bytes [ sent | waiting ........ | room ]
 *		     ^start		^end	^capacity
 *
 * It grows on demand, never beyond its limit: then backlog_add() refuses the
 * whole piece, so that what waits always ends at the end of a piece. An empty
 * one gives large memory back.
 */
#ifndef LIVE_CONTROL_BACKLOG_H
#define LIVE_CONTROL_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: empty. */
struct backlog {
	char *bytes; /* malloc'ed */
	size_t start, end, capacity;
};

/* False: more than `limit` bytes would wait, or there is no memory. */
bool backlog_add(struct backlog *, const void *bytes, size_t size,
		 size_t limit);
/* How many bytes wait. */
size_t backlog_size(const struct backlog *);
/* Send what the socket takes now. 0: all; -EAGAIN: some waits; -errno. */
int backlog_send(struct backlog *, int fd);
/* Free the memory; empty again. */
void backlog_clear(struct backlog *);

#endif
