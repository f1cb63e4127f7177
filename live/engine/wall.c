/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wall.c - see wall.h */
#include "live/engine/wall.h"

#include <time.h>

#include "core/instant.h"

static int64_t
clock_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct wall_reading
wall_read(void)
{
	int64_t monotonic_ns = clock_ns(CLOCK_MONOTONIC);

	return (struct wall_reading){
		.offset_ns = clock_ns(CLOCK_REALTIME) - monotonic_ns,
		.asleep_ns = clock_ns(CLOCK_BOOTTIME) - monotonic_ns,
	};
}

struct wall
wall_begin(struct wall_reading reading)
{
	return (struct wall){ .offset_ns = reading.offset_ns, .seen = reading };
}

bool
wall_look(struct wall *wall, struct wall_reading reading, int64_t limit_ns)
{
	int64_t leapt_ns = reading.offset_ns - wall->seen.offset_ns;
	int64_t slept_ns = reading.asleep_ns - wall->seen.asleep_ns;

	if (reading.offset_ns > wall->offset_ns)
		wall->offset_ns = reading.offset_ns;
	/* Set back: a leap is counted from there. */
	if (leapt_ns < 0)
		wall->seen.offset_ns = reading.offset_ns;
	if (leapt_ns <= limit_ns && slept_ns <= limit_ns)
		return false;
	wall->seen = reading;
	return true;
}
