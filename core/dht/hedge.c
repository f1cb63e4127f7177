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
	*hedge = (struct hedge){ .ratio = HEDGE_FIRST };
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
	uint32_t ratio = hedge->ratio;

	if (rtt_ns > hedge_after_ns(hedge, usual_ns))
		ratio += QUICK * HEDGE_STEP;
	else
		ratio -= HEDGE_STEP;
	if (ratio < HEDGE_LEAST)
		ratio = HEDGE_LEAST;
	if (ratio > HEDGE_MOST)
		ratio = HEDGE_MOST;
	hedge->ratio = (uint16_t)ratio;
}

void
hedge_silent(struct hedge *hedge)
{
	uint32_t silent = hedge->silent;

	silent += (HEDGE_ONE - silent) / HEDGE_SILENT;
	hedge->silent = silent & 0x1fff;
}

void
hedge_answered(struct hedge *hedge, bool late)
{
	uint32_t silent = hedge->silent;

	silent = late ? 0 : silent - silent / HEDGE_SILENT;
	hedge->silent = silent & 0x1fff;
}

uint32_t
hedge_begin(struct hedge *hedge, uint32_t alpha)
{
	uint32_t answer = HEDGE_ONE - hedge->silent;
	uint32_t asks = 2 * alpha;

	if (answer >= HEDGE_ONE / 2)
		asks = (alpha * HEDGE_ONE + answer / 2) / answer;
	if (asks == alpha || hedge->eager == HEDGE_EAGER)
		return alpha;
	hedge->eager = (hedge->eager + 1U) & 7U;
	return asks;
}

void
hedge_end(struct hedge *hedge, uint32_t alpha, uint32_t asks)
{
	if (asks > alpha)
		hedge->eager = (hedge->eager - 1U) & 7U;
}
