/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns.c - one after the other; see turns.h */
#include "core/steer/turns.h"

struct instant
turns_next(struct turns *turns, struct instant now, int64_t each_ns)
{
	struct instant turn =
		instant_before(turns->free, now) ? now : turns->free;

	turns->free = instant_after(turn, each_ns);
	turn.ns -= turn.ns % TURNS_TICK_NS;
	return instant_before(turn, now) ? now : turn;
}
