/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drain.h - take this server out of service without breaking a session
 *
 *	SERVING --drain--> DRAINING --last session ends--> EMPTY
 *	   ^		      | deadline: EXPIRED, still serving strays
 *	   `------- undrain --+---------------------------------'
 *
 * Draining withdraws the anycast route (the configured command, run by
 * herald.h), never the address: its sockets go on, and their packets arrive
 * as strays that other servers forward. New sessions go elsewhere once the
 * routers have heard. Undrain announces the route again.
 */
#ifndef LIVE_DRAIN_H
#define LIVE_DRAIN_H

#include <stdint.h>

#include "core/instant.h"
#include "live/herald.h"

enum drain_state {
	DRAIN_SERVING,
	DRAIN_DRAINING,
	DRAIN_EMPTY,
	DRAIN_EXPIRED, /* the deadline passed with sessions open */
};

struct drain;

/* herald is borrowed; NULL: drain and undrain answer -ENOTSUP. */
struct drain *drain_create(struct herald *);
void drain_destroy(struct drain *);
/* deadline_ns from now; 0: none. 0; -ENOTSUP; -EALREADY; or the command's
 * failure, -EIO (state unchanged). */
int drain_begin(struct drain *, struct instant now, int64_t deadline_ns);
int drain_end(struct drain *, struct instant now);
/* sessions: open here now. */
enum drain_state drain_update(struct drain *, struct instant now,
			      uint32_t sessions);
enum drain_state drain_state(const struct drain *);
const char *drain_state_name(enum drain_state); /* "serving" ... */
struct instant drain_deadline(const struct drain *); /* NEVER: none */

#endif
