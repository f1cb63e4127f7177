/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * monitor.h - what the daemons of a lab report, as it comes
 *
 *	control socket of each <-- "watch", "counters"
 *		      --> lines of live/engine/report.h, "NAME VALUE"
 *
 * A daemon that goes away (it may have been killed on purpose) is tried again
 * at every tick. Lines of times when nobody listened are lost; counters are
 * the daemon's own and begin anew with it.
 */
#ifndef HARNESS_EMULATE_MONITOR_H
#define HARNESS_EMULATE_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "live/engine/report.h"

struct monitor;

struct monitor_listener {
	void *context;
	/* Times as the daemon gave them: CLOCK_MONOTONIC. */
	void (*reported)(void *, uint32_t server, const struct report *);
};

/* Copied. NULL: errno. */
struct monitor *monitor_create(const struct monitor_listener *);
void monitor_destroy(struct monitor *); /* NULL: nothing */
/* Listen to one more daemon, numbered in this order from 0. 0: connected;
 * -errno: not yet, tried again. */
int monitor_add(struct monitor *, const char *control_path);
int monitor_fd(const struct monitor *); /* poll for reading */
void monitor_ready(struct monitor *);
void monitor_tick(struct monitor *); /* ten times a second or so */
/* How many listen to us now. */
uint32_t monitor_connected(const struct monitor *);
/* Ask a control socket anything, a line with its end, and wait at most a second
 * for "ok". 0; -ENOTSUP: it said "error"; -errno. */
int monitor_ask(const char *control_path, const char *request);
/* Ask a control socket for counters, waiting at most a second. 0; -errno. */
int monitor_counters(const char *control_path,
		     void (*each)(void *, const char *name, uint64_t value),
		     void *context);

#endif
