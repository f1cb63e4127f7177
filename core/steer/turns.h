/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns.h - what is due for many flows at once is done one after the other
 *
 *	owner of 50,000 sessions dies	each of its flows gets a turn
 *	no room in the outbox		another turn
 *
 *	turns	|10 flows|10|10| ...	TURNS_TICK_NS each, if a turn is 100 us
 *		now
 *
 * A queue that keeps one time, that of the first turn which is free; who waits
 * for which is in the heap of flow.h. Turns are given away as fast as they are
 * asked for, and never closer together than the caller says, whoever asked
 * before. Turns within a tick share an instant, so that a host wakes up a
 * thousand times a second and no more.
 */
#ifndef CORE_STEER_TURNS_H
#define CORE_STEER_TURNS_H

#include <stdint.h>

#include "core/instant.h"

#define TURNS_TICK_NS NS_PER_MS
/* Of RSTs: 10,000 small packets a second, so that 10,000 clients are told
 * within the next second. */
#define TURNS_TELL_NS (NS_PER_S / 10000)
/* Of lookups: as many as misses_per_s allows others. */
#define TURNS_LOOK_NS (NS_PER_S / 2000)

/* All zero: every turn is free. */
struct turns {
	struct instant free;
};

/* The next turn, now or later; the one after it is each_ns later. */
struct instant turns_next(struct turns *, struct instant now, int64_t each_ns);

#endif
