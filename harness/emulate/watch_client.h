/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_client.h - what the daemons of a lab report, as it comes
 *
 *	control socket of each <-- "watch", "counters"
 *		      --> lines of live/engine/report.h, "NAME VALUE"
 *
 * A daemon that goes away (it may have been killed on purpose) is tried again
 * at every tick. Lines of times without a connection are lost; counters are
 * the daemon's own and begin anew with it.
 */
#ifndef HARNESS_EMULATE_WATCH_CLIENT_H
#define HARNESS_EMULATE_WATCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "live/engine/report.h"

struct watch_client;

struct watch_client_listener {
	void *context;
	/* Times as the daemon gave them: CLOCK_MONOTONIC. */
	void (*reported)(void *, uint32_t server, const struct report *);
};

/* Copied. NULL: errno. */
struct watch_client *watch_client_create(const struct watch_client_listener *);
void watch_client_destroy(struct watch_client *); /* NULL: nothing */
/* Listen to one more daemon, numbered in this order from 0. 0: connected;
 * -errno: not yet, tried again. */
int watch_client_add(struct watch_client *, const char *control_path);
int watch_client_fd(const struct watch_client *); /* poll for reading */
void watch_client_ready(struct watch_client *);
void watch_client_tick(struct watch_client *); /* ten times a second or so */
/* Ask a control socket anything, a line with its end, and wait at most a second
 * for "ok". 0; -ENOTSUP: it said "error"; -errno. */
int watch_client_ask(const char *control_path, const char *request);
/* Ask a control socket for counters, waiting at most a second. 0; -errno. */
int watch_client_counters(const char *control_path,
			  void (*each)(void *, const char *name,
				       uint64_t value),
			  void *context);

#endif
