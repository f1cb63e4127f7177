/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h - the counters, for Prometheus to fetch
 *
 *	GET /metrics HTTP/1.1	-->	text/plain; version=0.0.4, then closed
 *
 * Off by default; on a loopback address only. It is no web server: one
 * request a connection, METRICS_REQUEST bytes at most, everything within
 * METRICS_PATIENCE_NS of the connection, METRICS_CONNECTIONS at a time. A
 * client that asks for more is answered 404, 405 or 431, or dropped; of too
 * many clients the newest is.
 *
 * Names are homeward_PART_NAME_total for the counters of control.h's list,
 * drops carry a label `reason`; what can go down is a gauge without `_total`.
 * The cost of strays is a summary in seconds, since the daemon began.
 *
 * [1] Prometheus: exposition formats, text format 0.0.4.
 * [2] RFC 9112: HTTP/1.1.
 */
#ifndef LIVE_CONTROL_METRICS_H
#define LIVE_CONTROL_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/endpoint.h"
#include "core/instant.h"

#define METRICS_CONNECTIONS 16
#define METRICS_REQUEST	    4096
#define METRICS_PATIENCE_NS (5 * NS_PER_S)

struct control_parts;
struct metrics;

/* Listen there. The subject is borrowed. 0; -errno with a sentence. */
int metrics_open(struct metrics **, const struct endpoint *,
		 const struct control_parts *, char *error, size_t error_size);
void metrics_close(struct metrics *); /* NULL: nothing */
int metrics_fd(const struct metrics *); /* epoll: poll it for reading */
void metrics_ready(struct metrics *, struct instant now);
/* Drop connections that are too old; metrics_deadline() says when next. */
void metrics_tick(struct metrics *, struct instant now);
struct instant metrics_deadline(const struct metrics *);
/* The port that it listens on (it was asked for 0 in tests). */
uint16_t metrics_port(const struct metrics *);

/* The page itself. */
void metrics_print(const struct control_parts *, FILE *);

#endif
