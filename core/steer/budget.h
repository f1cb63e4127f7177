/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * budget.h - which lookups a flow is worth
 *
 *	accounts (limiter.h) --> level --.
 *					 +--> none, a glance, or a lookup
 *	sketch (sketch.h) ----> spoken --'
 *
 * Calm: each flow is worth a lookup at its first packet, and retries. Under
 * pressure a lookup is for flows that have spoken as often as the level says,
 * twice at least; each packet that comes while its flow is looked for is worth
 * one more. The last one of a series whose first one has missed is always run:
 * it gives certainty, and the client a RST, after which it is silent; without
 * it the first would have been for nothing. A first packet is worth a glance at
 * the first level, and nothing behind it.
 */
#ifndef CORE_STEER_BUDGET_H
#define CORE_STEER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/drop.h"
#include "core/instant.h"
#include "core/session.h"
#include "core/steer/stray.h"

struct flow;

enum budget_worth {
	BUDGET_NONE,
	BUDGET_GLANCE, /* cheap, and its miss proves nothing */
	BUDGET_LOOKUP,
};

struct budget {
	enum budget_worth worth;
	bool charge; /* when it starts; else when it misses */
	enum drop drop; /* NONE: why */
};

/* The first of a series, for a client whose flow has spoken so often. */
struct budget budget_first(const struct strays *, struct instant now,
			   const struct session_key *, uint32_t spoken);
/* Another. last: that of miss_deadline. */
struct budget budget_retry(const struct strays *, struct instant now,
			   const struct flow *, bool last);

#endif
