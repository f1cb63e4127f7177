/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain.h - take this server out of service without breaking a session
 *
 *	SERVING --drain--> WITHDRAWING --done--> DRAINING --quiet--> EMPTY
 *	   ^		      | it failed	    |   ^   <--opened--'
 *	   +------------------'			    v   | drain again
 *	   |				    (deadline) EXPIRED
 *	   `--done-- ANNOUNCING <--undrain-- any of them
 *
 * Draining withdraws the anycast route (the configured command, run by
 * helper.h while packets go on), never the address: its sockets go on, and
 * their packets arrive as strays that other servers forward. New sessions go
 * elsewhere once the routers have heard; that takes a moment, so a server is
 * empty when it had no session for DRAIN_QUIET_NS. EXPIRED: the deadline passed
 * with sessions open; they are still served. Undrain announces the route
 * again. A daemon whose predecessor was drained begins as DRAINING
 * (helper_withdrawn()).
 */
#ifndef LIVE_CONTROL_DRAIN_H
#define LIVE_CONTROL_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/instant.h"
#include "live/control/helper.h"

/* About ten times what a withdrawal took to cross the reference lab. */
#define DRAIN_QUIET_NS NS_PER_S

#define DRAIN_STATE_LIST(X)                                                    \
	X(SERVING, "serving")                                                  \
	X(WITHDRAWING, "withdrawing")                                          \
	X(DRAINING, "draining")                                                \
	X(EMPTY, "empty")                                                      \
	X(EXPIRED, "expired")                                                  \
	X(ANNOUNCING, "announcing")

enum drain_state {
#define DRAIN_ENUM(name, text) DRAIN_##name,
	DRAIN_STATE_LIST(DRAIN_ENUM)
#undef DRAIN_ENUM
	DRAIN_STATES
};

struct drain;

/* Where the predecessor left it; helper is borrowed; NULL: drain and undrain
 * answer -ENOTSUP. NULL: no memory. */
struct drain *drain_create(struct helper *);
void drain_destroy(struct drain *);
/* deadline_ns from now; 0: none. When it drains already: another deadline. 0;
 * -ENOTSUP: no command is configured; -EBUSY: the route is being announced or
 * withdrawn; -EPIPE: no helper. */
int drain_begin(struct drain *, struct instant now, int64_t deadline_ns);
int drain_end(struct drain *);
/* sessions: open here now. Call it when drain_fd() is readable, at
 * drain_deadline() and when sessions come or go. */
enum drain_state drain_update(struct drain *, struct instant now,
			      uint32_t sessions);
enum drain_state drain_state(const struct drain *);
const char *drain_state_name(enum drain_state); /* "serving" ... */
/* The last command of the helper failed: then the state is what it was. */
bool drain_failed(const struct drain *);
int drain_fd(const struct drain *); /* -1: no helper */
struct instant drain_deadline(const struct drain *); /* NEVER: none */
/* What is left until the operator's deadline, in ns; -1: there is none, or
 * nothing is waited for. */
int64_t drain_left_ns(const struct drain *, struct instant now);

#endif
