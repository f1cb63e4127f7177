/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h - the daemon's Unix socket: one line in, lines out
 *
 *	status [json]		what it is and counts
 *	counters		a line "NAME VALUE" each, named as the
 *				simulator's rows: node_X, steer_X, engine_X,
 *				datapath_X, outlet_X, drop_REASON (packets
 *				and datagrams); kernel_resets, cost_p50_ns,
 *				cost_p99_ns, cost_count, cpu_ns, rss_bytes
 *	sessions [json]		open sessions and since when
 *	peers [json]		contacts of the node
 *	lookup CLIENT SERVICE [json]
 *				who owns it, in how many rounds and how long
 *	drain [SECONDS]		see drain.h; lines until empty or the deadline
 *	undrain
 *	trace			decisions, rate-limited, until the client goes
 *	watch			measurements (report.h), until the client goes
 *	reload
 *
 * A request is one line; the answer ends with a line "ok", or "error: WHY".
 * trace and watch answer "ok" first and then go on. Only root, the daemon's
 * user and its group may connect (mode 0660; root alone if it is "nobody"). A
 * client that does not read is dropped when CONTROL_CLIENT_OUTPUT bytes wait
 * for it: nothing that it does can hold up packets.
 *
 * control_fd() is an epoll descriptor of its own, so the daemon's loop polls
 * one thing whatever the number of clients. The Prometheus endpoint
 * (metrics.h) hangs on the same one.
 */
#ifndef LIVE_CONTROL_CONTROL_H
#define LIVE_CONTROL_CONTROL_H

#include <stddef.h>

#include "core/instant.h"
#include "live/control/parts.h"

struct control;

/* Listen. A socket of that name is replaced if no process listens on it. 0;
 * -errno with a sentence. */
int control_open(struct control **, const struct control_parts *, char *error,
		 size_t error_size);
/* Removes the socket, if it still may (helper.h does it otherwise). Lookups
 * that run are forgotten. NULL: nothing. */
void control_close(struct control *);
int control_fd(const struct control *);
/* control_fd() is readable. */
void control_ready(struct control *, struct instant now);
/* Call it once per wake-up: drains that ended, lines to flush. */
void control_tick(struct control *, struct instant now);
/* The next time at which control_tick() has something to do. */
struct instant control_deadline(const struct control *);

#endif
