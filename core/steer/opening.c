/* SPDX-License-Identifier: GPL-3.0-or-later */
/* opening.c - which handshakes are published; see opening.h */
#include "core/steer/opening.h"

#define BURST_NS NS_PER_S

void
opening_init(struct opening *opening)
{
	*opening = (struct opening){ .paid_until = { .ns = INT64_MIN } };
}

/* False: none is left. */
static bool
take_token(struct opening *opening, struct instant now, uint32_t per_s)
{
	struct instant next = opening->paid_until;

	if (per_s == 0)
		return true;
	if (next.ns < now.ns)
		next = now;
	/* Rounded up: never more than the rate says. */
	next = instant_after(next, (NS_PER_S + per_s - 1) / per_s);
	if (next.ns > instant_after(now, BURST_NS).ns)
		return false;
	opening->paid_until = next;
	return true;
}

enum opening_choice
opening_choose(struct opening *opening, const struct steer_settings *settings,
	       struct instant now, uint32_t alive)
{
	switch (settings->store_at) {
	case STEER_STORE_ESTABLISHED:
		return OPENING_LATER;
	case STEER_STORE_SYN:
		return OPENING_STORE;
	case STEER_STORE_AUTO:
		break;
	}
	if (settings->store_after_ns > 0)
		return OPENING_LATER;
	if (settings->openings_most > 0 && alive >= settings->openings_most)
		return OPENING_SKIP;
	return take_token(opening, now, settings->openings_per_s)
		       ? OPENING_STORE
		       : OPENING_SKIP;
}
