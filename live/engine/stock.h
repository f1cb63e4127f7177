/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stock.h - which sessions this host has, told to the core
 *
 *	what the kernel says			what steer hears
 *
 *	a socket comes, or goes -> stock_event -+-> steer_opening
 *	one is in the dump ------> stock_found -+-> steer_opened
 *	one was, and is not -----> stock_gone --+-> steer_closed
 *	waited long enough ------> stock_expire '
 *
 * Between the kernel, which has the sockets, and the core, which publishes
 * sessions. Two sources tell of one socket: events (datapath.h), as they
 * happen, and the dump (sockdiag.h), at start and whenever events were lost.
 * Both lead to the same place: an open session is in the table of sessions.h,
 * which alone remembers since when, and is published once. A handshake is
 * nowhere but at the core, so one in which the daemon was restarted is begun
 * again, with the time of the dump.
 *
 * A key has one socket at a time, and its newest decides. What the two rings
 * and the dump say may come in any order; each thing that is said has a time:
 *
 *	a handshake	ends a session of its key that opened before it, open
 *			or lingering, and is begun; it is none if the session
 *			has opened since
 *	an end		of a session that a handshake has followed, is no end
 *	a dump		is later than all that was said before it
 *
 * Three things wait, each in a list of core_memory.h, in the order in which
 * they are due:
 *
 *	unpublished	open, and younger than store_after
 *	handshakes	published half-open, to be looked at again (handshake.h)
 *	lingering	closed, but the kernel still answers for it (TIME_WAIT):
 *			published for linger_ns more, since the client's last
 *			segments may stray like any other
 *
 * A list that is full keeps no session from being published or withdrawn: it
 * happens at once. A handshake is then not looked at again.
 *
 * Each verb calls steer once, or twice where one socket follows another. Its
 * caller takes what that appended to the outbox before the next (engine.c),
 * however long a dump is.
 *
 * A session's version is the wall clock's time at which its handshake was
 * complete: of the event, or of the dump that found the socket first, by the
 * monotonic clock and wall.h's offset. Of a half-open one it is the time of the
 * SYN-ACK.
 */
#ifndef LIVE_ENGINE_STOCK_H
#define LIVE_ENGINE_STOCK_H

#include <stdbool.h>

#include "core/instant.h"
#include "core/session.h"
#include "live/conf/conf.h"
#include "live/engine/core_memory.h"
#include "live/engine/engine.h"
#include "live/engine/notify.h"
#include "live/engine/sessions.h"
#include "live/engine/wall.h"
#include "live/kernel/datapath.h"
#include "live/kernel/sockdiag.h"

struct stock { /* all of it is the engine's */
	struct core_memory *memory;
	struct sessions *sessions;
	const struct conf *conf;
	const struct engine_edge *edge;
	const struct wall *wall;
	struct notify *notify;
	struct engine_counters *counters;
};

void stock_event(struct stock *, struct instant now,
		 const struct socket_event *);
/* Between sessions_doubt() and sessions_settle(). */
void stock_found(struct stock *, struct instant now, const struct session_key *,
		 enum sockdiag_state);
/* It was doubted, and is in the table no more. */
void stock_gone(struct stock *, struct instant now, const struct session_key *);
struct instant stock_deadline(const struct stock *);
/* One of those that are due; false: none is. */
bool stock_expire(struct stock *, struct instant now);

#endif
