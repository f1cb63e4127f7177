/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handshake.c - which handshakes are published; see handshake.h */
#include "core/steer/handshake.h"

#define BURST_NS NS_PER_S

bool
handshakes_promised(const struct steer_settings *settings)
{
	return settings->store_at == STEER_STORE_SYN ||
	       (settings->store_at == STEER_STORE_AUTO &&
		settings->store_after_ns == 0);
}

void
handshakes_init(struct handshakes *handshakes)
{
	*handshakes = (struct handshakes){ .paid_until = { .ns = INT64_MIN } };
}

/* False: none is left. */
static bool
take_token(struct handshakes *handshakes, struct instant now, uint32_t per_s)
{
	struct instant next = handshakes->paid_until;

	if (per_s == 0)
		return true;
	if (next.ns < now.ns)
		next = now;
	/* Rounded up: never more than the rate says. */
	next = instant_after(next, (NS_PER_S + per_s - 1) / per_s);
	if (next.ns > instant_after(now, BURST_NS).ns)
		return false;
	handshakes->paid_until = next;
	return true;
}

enum handshake_choice
handshakes_choose(struct handshakes *handshakes,
		  const struct steer_settings *settings, struct instant now,
		  uint32_t alive)
{
	if (!handshakes_promised(settings))
		return HANDSHAKE_LATER;
	if (settings->store_at == STEER_STORE_SYN)
		return HANDSHAKE_STORE;
	if (settings->openings_most > 0 && alive >= settings->openings_most)
		return HANDSHAKE_SKIP;
	return take_token(handshakes, now, settings->openings_per_s)
		       ? HANDSHAKE_STORE
		       : HANDSHAKE_SKIP;
}
