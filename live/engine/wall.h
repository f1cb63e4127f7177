/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wall.h - the wall clock beside the monotonic one, and what they tell apart
 *
 *	offset	= CLOCK_REALTIME - CLOCK_MONOTONIC
 *	asleep	= CLOCK_BOOTTIME - CLOCK_MONOTONIC
 *
 * A session's version is the wall clock's time of its handshake: the event's
 * monotonic time and the offset. A clock that is set forward is followed, so
 * that versions compare well with those of other servers; one that is set back
 * is not, or the next session by a port would be older than the last.
 *
 * While a machine sleeps, or a virtual one is paused, the monotonic clock
 * stands still and that of its peers goes on: what it published dies at the
 * replicas. The kernel says so itself (asleep), or somebody sets its wall clock
 * right (offset: the hypervisor's agent, NTP). Both have grown together by a
 * third of the records' time to live since the last time: all is to be
 * republished. A clock that was only wrong before costs the same: a few
 * datagrams.
 */
#ifndef LIVE_ENGINE_WALL_H
#define LIVE_ENGINE_WALL_H

#include <stdbool.h>
#include <stdint.h>

struct wall_reading {
	int64_t offset_ns, asleep_ns;
};

struct wall {
	int64_t offset_ns; /* of versions: never goes back */
	struct wall_reading seen; /* when all was last published */
};

/* Three clocks, read now. */
struct wall_reading wall_read(void);
struct wall wall_begin(struct wall_reading);
/* True: more than limit_ns have gone by that the monotonic clock did not see.
 */
bool wall_look(struct wall *, struct wall_reading, int64_t limit_ns);

#endif
