/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hedge.c - when to ask one more; see hedge.h */
#include "core/dht/hedge.h"

#include "core/instant.h"

/* Of a hundred, so many are not slow. */
#define QUICK 99
/* Any round trip that matters; four times it is no overflow. */
#define USUAL_MAX_NS (6 * 3600 * NS_PER_S)

void
hedge_init(struct hedge *hedge)
{
	hedge->ratio = HEDGE_FIRST;
}

int64_t
hedge_after_ns(const struct hedge *hedge, int64_t usual_ns)
{
	if (usual_ns > USUAL_MAX_NS)
		usual_ns = USUAL_MAX_NS;
	/* No overflow: 2^45 times 2^14 at most. */
	return usual_ns * hedge->ratio / HEDGE_ONE;
}

void
hedge_learn(struct hedge *hedge, int64_t usual_ns, int64_t rtt_ns)
{
	if (rtt_ns > hedge_after_ns(hedge, usual_ns))
		hedge->ratio += QUICK * HEDGE_STEP;
	else
		hedge->ratio -= HEDGE_STEP;
	if (hedge->ratio < HEDGE_LEAST)
		hedge->ratio = HEDGE_LEAST;
	if (hedge->ratio > HEDGE_MOST)
		hedge->ratio = HEDGE_MOST;
}
